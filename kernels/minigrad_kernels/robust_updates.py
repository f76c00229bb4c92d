"""Updates that hardly mind noise or scale: Rprop and averaged descent; what `updates.py` says holds here too."""

import numpy as np

from minigrad_kernels.arrays import flat
from minigrad_kernels.jit import kernel
from minigrad_kernels.updates import descent_gradient


@kernel
def rprop_update(
    parameter: np.ndarray,
    gradient: np.ndarray,
    prev: np.ndarray,
    step_size: np.ndarray,
    step: np.ndarray,
    lr: float,
    eta_minus: float,
    eta_plus: float,
    smallest: float,
    largest: float,
    maximize: bool,
) -> None:
    """Rprop: step against the sign of the gradient, farther where it is the last one's, shorter where it has turned.

    Where it has turned, the parameter waits, and the next gradient counts as new. At the first step (`step` is 0) all
    step sizes are the rate, whatever they were.

    Args:
        parameter: Shape (n,), written.
        gradient: Shape (n,).
        prev: Shape (n,), the last gradient, 0 where it had turned, written.
        step_size: Shape (n,), written.
        step: Shape (), updates made so far, incremented.
        lr: The first step size.
        eta_minus: Factor of the step size where the sign has turned.
        eta_plus: Factor of the step size where it has not.
        smallest: The least step size.
        largest: The greatest step size.
        maximize: Ascend instead.

    Source: Riedmiller and Braun 1993, A direct adaptive method for faster backpropagation learning; PyTorch,
    torch.optim.Rprop.
    """
    values, slopes, count = flat(parameter), flat(gradient), flat(step)
    olds, sizes = flat(prev), flat(step_size)
    as_dtype = values.dtype.type
    start, minus, plus = as_dtype(lr), as_dtype(eta_minus), as_dtype(eta_plus)
    low, high, still, zero = as_dtype(smallest), as_dtype(largest), as_dtype(1.0), as_dtype(0.0)
    first = count[0] == 0
    for i in range(values.size):
        slope = -slopes[i] if maximize else slopes[i]
        turn = slope * olds[i]
        factor = plus if turn > 0 else minus if turn < 0 else still
        size = (start if first else sizes[i]) * factor
        size = low if size < low else high if size > high else size
        if turn < 0:
            slope = zero
        sizes[i] = size
        olds[i] = slope
        # NaN has no sign, as in PyTorch: the parameter waits.
        values[i] -= size if slope > 0 else -size if slope < 0 else zero
    count[0] += 1


@kernel
def asgd_update(
    parameter: np.ndarray,
    gradient: np.ndarray,
    ax: np.ndarray,
    eta: np.ndarray,
    mu: np.ndarray,
    step: np.ndarray,
    lr: float,
    lambd: float,
    alpha: float,
    t0: float,
    weight_decay: float,
    maximize: bool,
) -> None:
    """Averaged descent: parameter = (1 − lambd·eta)·parameter − eta·gradient; ax += mu·(parameter − ax).

    Then eta = lr/(1 + lambd·lr·step)^alpha and mu = 1/max(1, step − t0). At the first step (`step` is 0) they are lr
    and 1, whatever they were.

    Args:
        parameter: Shape (n,), written.
        gradient: Shape (n,).
        ax: Shape (n,), the average of the parameter, written.
        eta: Shape (), the rate of the next step, written.
        mu: Shape (), the weight of the next parameter in the average, written.
        step: Shape (), updates made so far, incremented.
        lr: Learning rate.
        lambd: Decay of parameter and rate.
        alpha: Exponent of the rate's decay.
        t0: The step from which on the average is taken.
        weight_decay: L2 penalty, added to the gradient.
        maximize: Ascend instead.

    Source: Polyak and Juditsky 1992, Acceleration of stochastic approximation by averaging; PyTorch, torch.optim.ASGD.
    """
    values, slopes, averages = flat(parameter), flat(gradient), flat(ax)
    count, rates, weights = flat(step), flat(eta), flat(mu)
    as_dtype = values.dtype.type
    if count[0] == 0:
        rates[0] = lr
        weights[0] = 1.0
    count[0] += 1
    rate, shrink, decay = as_dtype(rates[0]), as_dtype(1.0 - lambd * rates[0]), as_dtype(weight_decay)
    weight = as_dtype(weights[0])
    averaging = weights[0] != 1
    for i in range(values.size):
        slope = descent_gradient(values[i], slopes[i], decay, maximize)
        value = shrink * values[i] - rate * slope
        values[i] = value
        averages[i] = averages[i] + weight * (value - averages[i]) if averaging else value
    rates[0] = lr / (1.0 + lambd * lr * count[0]) ** alpha
    weights[0] = 1.0 / max(1.0, count[0] - t0)
