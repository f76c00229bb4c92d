"""Updates akin to Adam's: Adamax, NAdam and RAdam; what `updates.py` says holds here too."""

import numpy as np

from minigrad_kernels.arrays import flat
from minigrad_kernels.jit import kernel
from minigrad_kernels.updates import descent_gradient


@kernel
def adamax_update(
    parameter: np.ndarray,
    gradient: np.ndarray,
    exp_avg: np.ndarray,
    exp_inf: np.ndarray,
    step: np.ndarray,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
    maximize: bool,
) -> None:
    """Adamax: Adam that divides by a decaying maximum of the gradient, max(beta2·exp_inf, |gradient| + eps).

    Args:
        parameter: Shape (n,), written.
        gradient: Shape (n,).
        exp_avg: Shape (n,), first moment, written.
        exp_inf: Shape (n,), the maximum, written.
        step: Shape (), updates made so far, incremented first.
        lr: Learning rate.
        beta1: Decay of the first moment.
        beta2: Decay of the maximum.
        eps: Added to the gradient's size.
        weight_decay: L2 penalty, added to the gradient.
        maximize: Ascend instead.

    Source: Kingma and Ba 2015, Adam, algorithm 2; PyTorch, torch.optim.Adamax.
    """
    values, slopes, count = flat(parameter), flat(gradient), flat(step)
    means, maxima = flat(exp_avg), flat(exp_inf)
    as_dtype = values.dtype.type
    count[0] += 1
    rate = as_dtype(lr / (1.0 - beta1 ** float(count[0])))
    weight1, kept2 = as_dtype(1.0 - beta1), as_dtype(beta2)
    epsilon, decay = as_dtype(eps), as_dtype(weight_decay)
    for i in range(values.size):
        slope = descent_gradient(values[i], slopes[i], decay, maximize)
        means[i] += weight1 * (slope - means[i])
        old, new = kept2 * maxima[i], abs(slope) + epsilon
        # NaN wins from either side, as in torch.maximum.
        largest = new if new >= old or new != new else old
        maxima[i] = largest
        values[i] -= rate * (means[i] / largest)


@kernel
def nadam_update(
    parameter: np.ndarray,
    gradient: np.ndarray,
    exp_avg: np.ndarray,
    exp_avg_sq: np.ndarray,
    mu_product: np.ndarray,
    step: np.ndarray,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
    momentum_decay: float,
    decoupled: bool,
    maximize: bool,
) -> None:
    """NAdam: Adam with Nesterov's look ahead, whose momentum warms up: mu = beta1·(1 − 0.96^(step·momentum_decay)/2).

    At the first step (`step` is 0) the product of the momenta starts from 1, whatever it held.

    Args:
        parameter: Shape (n,), written.
        gradient: Shape (n,).
        exp_avg: Shape (n,), first moment, written.
        exp_avg_sq: Shape (n,), second moment, written.
        mu_product: Shape (), the product of the momenta so far, written.
        step: Shape (), updates made so far, incremented first.
        lr: Learning rate.
        beta1: Decay of the first moment.
        beta2: Decay of the second moment.
        eps: Added to the denominator, after the bias correction.
        weight_decay: L2 penalty, added to the gradient; if decoupled, the parameter is scaled by 1 − lr·weight_decay.
        momentum_decay: How fast the momentum warms up.
        decoupled: Decay as AdamW does.
        maximize: Ascend instead.

    Source: Dozat 2016, Incorporating Nesterov momentum into Adam; PyTorch, torch.optim.NAdam.
    """
    values, slopes, count, product = flat(parameter), flat(gradient), flat(step), flat(mu_product)
    means, squares = flat(exp_avg), flat(exp_avg_sq)
    as_dtype = values.dtype.type
    first = count[0] == 0
    count[0] += 1
    steps = float(count[0])
    mu = beta1 * (1.0 - 0.5 * 0.96 ** (steps * momentum_decay))
    next_mu = beta1 * (1.0 - 0.5 * 0.96 ** ((steps + 1.0) * momentum_decay))
    product[0] = mu if first else product[0] * mu
    slope_rate = as_dtype(lr * (1.0 - mu) / (1.0 - product[0]))
    mean_rate = as_dtype(lr * next_mu / (1.0 - product[0] * next_mu))
    correction = as_dtype(1.0 - beta2**steps)
    shrink = as_dtype(1.0 - lr * weight_decay) if decoupled else as_dtype(1.0)
    decay = as_dtype(0.0) if decoupled else as_dtype(weight_decay)
    weight1, weight2, kept2, epsilon = as_dtype(1.0 - beta1), as_dtype(1.0 - beta2), as_dtype(beta2), as_dtype(eps)
    for i in range(values.size):
        value = shrink * values[i]
        slope = descent_gradient(value, slopes[i], decay, maximize)
        means[i] += weight1 * (slope - means[i])
        squares[i] = kept2 * squares[i] + weight2 * slope * slope
        denominator = np.sqrt(squares[i] / correction) + epsilon
        values[i] = value - slope_rate * (slope / denominator) - mean_rate * (means[i] / denominator)


@kernel
def radam_update(
    parameter: np.ndarray,
    gradient: np.ndarray,
    exp_avg: np.ndarray,
    exp_avg_sq: np.ndarray,
    step: np.ndarray,
    lr: float,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
    decoupled: bool,
    maximize: bool,
) -> None:
    """RAdam: Adam that goes along the first moment alone until the variance of the second is known well enough.

    Args:
        parameter: Shape (n,), written.
        gradient: Shape (n,).
        exp_avg: Shape (n,), first moment, written.
        exp_avg_sq: Shape (n,), second moment, written.
        step: Shape (), updates made so far, incremented first.
        lr: Learning rate.
        beta1: Decay of the first moment.
        beta2: Decay of the second moment.
        eps: Added to the denominator, before the bias correction.
        weight_decay: L2 penalty, added to the gradient; if decoupled, the parameter is scaled by 1 − lr·weight_decay.
        decoupled: Decay as AdamW does.
        maximize: Ascend instead.

    Source: Liu et al. 2020, On the variance of the adaptive learning rate and beyond, algorithm 2; PyTorch,
    torch.optim.RAdam.
    """
    values, slopes, count = flat(parameter), flat(gradient), flat(step)
    means, squares = flat(exp_avg), flat(exp_avg_sq)
    as_dtype = values.dtype.type
    count[0] += 1
    steps = float(count[0])
    correction = 1.0 - beta2**steps
    longest = 2.0 / (1.0 - beta2) - 1.0
    length = longest - 2.0 * steps * beta2**steps / correction
    step_size = lr / (1.0 - beta1**steps)
    # PyTorch's bound; the paper's is 4, where the rectification is 0.
    rectified = length > 5.0
    if rectified:
        spread = (length - 4.0) * (length - 2.0) * longest / ((longest - 4.0) * (longest - 2.0) * length)
        step_size *= np.sqrt(spread) * np.sqrt(correction)
    rate, epsilon = as_dtype(step_size), as_dtype(eps)
    shrink = as_dtype(1.0 - lr * weight_decay) if decoupled else as_dtype(1.0)
    decay = as_dtype(0.0) if decoupled else as_dtype(weight_decay)
    weight1, weight2, kept2 = as_dtype(1.0 - beta1), as_dtype(1.0 - beta2), as_dtype(beta2)
    for i in range(values.size):
        value = shrink * values[i]
        slope = descent_gradient(value, slopes[i], decay, maximize)
        means[i] += weight1 * (slope - means[i])
        squares[i] = kept2 * squares[i] + weight2 * slope * slope
        change = means[i]
        if rectified:
            change = change / (np.sqrt(squares[i]) + epsilon)
        values[i] = value - rate * change
