"""Updates that divide by what gradients have amounted to: Adagrad, Adadelta; what `updates.py` says holds here too."""

import numpy as np

from minigrad_kernels.arrays import flat
from minigrad_kernels.jit import kernel
from minigrad_kernels.updates import descent_gradient


@kernel
def adagrad_update(
    parameter: np.ndarray,
    gradient: np.ndarray,
    sum: np.ndarray,
    step: np.ndarray,
    lr: float,
    lr_decay: float,
    initial_accumulator_value: float,
    eps: float,
    weight_decay: float,
    maximize: bool,
) -> None:
    """Adagrad: sum += gradient²; parameter -= lr/(1 + step·lr_decay)·gradient/(√sum + eps).

    At the first step (`step` is 0) the sum starts from the initial value, whatever it held.

    Args:
        parameter: Shape (n,), written.
        gradient: Shape (n,).
        sum: Shape (n,), the sum of the squares, written.
        step: Shape (), updates made so far, incremented.
        lr: Learning rate.
        lr_decay: How fast the rate falls with the steps.
        initial_accumulator_value: What the sum starts from.
        eps: Added to the denominator.
        weight_decay: L2 penalty, added to the gradient.
        maximize: Ascend instead.

    Source: Duchi et al. 2011, Adaptive subgradient methods; PyTorch, torch.optim.Adagrad.
    """
    values, slopes, sums, count = flat(parameter), flat(gradient), flat(sum), flat(step)
    as_dtype = values.dtype.type
    rate = as_dtype(lr / (1.0 + count[0] * lr_decay))
    start, epsilon, decay = as_dtype(initial_accumulator_value), as_dtype(eps), as_dtype(weight_decay)
    first = count[0] == 0
    for i in range(values.size):
        slope = descent_gradient(values[i], slopes[i], decay, maximize)
        total = (start if first else sums[i]) + slope * slope
        sums[i] = total
        values[i] -= rate * (slope / (np.sqrt(total) + epsilon))
    count[0] += 1


@kernel
def adadelta_update(
    parameter: np.ndarray,
    gradient: np.ndarray,
    square_avg: np.ndarray,
    acc_delta: np.ndarray,
    step: np.ndarray,
    lr: float,
    rho: float,
    eps: float,
    weight_decay: float,
    maximize: bool,
) -> None:
    """Adadelta: a gradient scaled by the quotient of the root mean squares of past changes and past gradients.

    Args:
        parameter: Shape (n,), written.
        gradient: Shape (n,).
        square_avg: Shape (n,), the running mean of the gradient's square, written.
        acc_delta: Shape (n,), the running mean of the change's square, written.
        step: Shape (), updates made so far, incremented.
        lr: Factor of the change.
        rho: Decay of the running means.
        eps: Added to both means before the root.
        weight_decay: L2 penalty, added to the gradient.
        maximize: Ascend instead.

    Source: Zeiler 2012, ADADELTA: an adaptive learning rate method, algorithm 1; PyTorch, torch.optim.Adadelta.
    """
    values, slopes, count = flat(parameter), flat(gradient), flat(step)
    squares, changes = flat(square_avg), flat(acc_delta)
    as_dtype = values.dtype.type
    rate, kept, added = as_dtype(lr), as_dtype(rho), as_dtype(1.0 - rho)
    epsilon, decay = as_dtype(eps), as_dtype(weight_decay)
    for i in range(values.size):
        slope = descent_gradient(values[i], slopes[i], decay, maximize)
        squares[i] = kept * squares[i] + added * slope * slope
        change = np.sqrt(changes[i] + epsilon) / np.sqrt(squares[i] + epsilon) * slope
        changes[i] = kept * changes[i] + added * change * change
        values[i] -= rate * change
    count[0] += 1
