"""Updates that divide by a running root mean square of the gradient: RMSprop; what `updates.py` says holds here too."""

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.arrays import flat
from minigrad_kernels.jit import kernel
from minigrad_kernels.updates import descent_gradient


@register_jitable
def rms_elements(
    values: np.ndarray,
    slopes: np.ndarray,
    squares: np.ndarray,
    means: np.ndarray,
    velocities: np.ndarray,
    centered: bool,
    rolling: bool,
    settings: tuple[float, float, float, float, float],
    maximize: bool,
) -> None:
    """Update all elements; `means` is only used if centered, `velocities` only if rolling."""
    lr, alpha, eps, weight_decay, momentum = settings
    as_dtype = values.dtype.type
    rate, epsilon, decay = as_dtype(lr), as_dtype(eps), as_dtype(weight_decay)
    kept, added, rolled = as_dtype(alpha), as_dtype(1.0 - alpha), as_dtype(momentum)
    for i in range(values.size):
        slope = descent_gradient(values[i], slopes[i], decay, maximize)
        squares[i] = kept * squares[i] + added * slope * slope
        spread = squares[i]
        if centered:
            means[i] += added * (slope - means[i])
            spread = spread - means[i] * means[i]
            # A difference of equals, rounded. NaN stays.
            if spread < 0:
                spread = as_dtype(0.0)
        slope = slope / (np.sqrt(spread) + epsilon)
        if rolling:
            slope = rolled * velocities[i] + slope
            velocities[i] = slope
        values[i] -= rate * slope


@kernel
def rmsprop_update(
    parameter: np.ndarray,
    gradient: np.ndarray,
    square_avg: np.ndarray,
    step: np.ndarray,
    lr: float,
    alpha: float,
    eps: float,
    weight_decay: float,
    momentum: float,
    maximize: bool,
) -> None:
    """RMSprop: square_avg = alpha·square_avg + (1 − alpha)·gradient²; parameter -= lr·gradient/(√square_avg + eps).

    Args:
        parameter: Shape (n,), written.
        gradient: Shape (n,).
        square_avg: Shape (n,), the running mean of the square, written.
        step: Shape (), updates made so far, incremented.
        lr: Learning rate.
        alpha: Decay of the running means.
        eps: Added to the denominator.
        weight_decay: L2 penalty, added to the gradient.
        momentum: Not used.
        maximize: Ascend instead.

    Source: Tieleman and Hinton 2012, Lecture 6.5: rmsprop; PyTorch, torch.optim.RMSprop.
    """
    squares, count = flat(square_avg), flat(step)
    settings = (lr, alpha, eps, weight_decay, momentum)
    rms_elements(flat(parameter), flat(gradient), squares, squares, squares, False, False, settings, maximize)
    count[0] += 1


@kernel
def rmsprop_momentum_update(
    parameter: np.ndarray,
    gradient: np.ndarray,
    square_avg: np.ndarray,
    momentum_buffer: np.ndarray,
    step: np.ndarray,
    lr: float,
    alpha: float,
    eps: float,
    weight_decay: float,
    momentum: float,
    maximize: bool,
) -> None:
    """`rmsprop_update` along a buffer: buffer = momentum·buffer + gradient/(√square_avg + eps); parameter -= lr·buffer.

    Args:
        parameter: Shape (n,), written.
        gradient: Shape (n,).
        square_avg: Shape (n,), the running mean of the square, written.
        momentum_buffer: Shape (n,), written.
        step: Shape (), updates made so far, incremented.
        lr: Learning rate.
        alpha: Decay of the running means.
        eps: Added to the denominator.
        weight_decay: L2 penalty, added to the gradient.
        momentum: Factor of the old buffer.
        maximize: Ascend instead.
    """
    squares, velocities, count = flat(square_avg), flat(momentum_buffer), flat(step)
    settings = (lr, alpha, eps, weight_decay, momentum)
    rms_elements(flat(parameter), flat(gradient), squares, squares, velocities, False, True, settings, maximize)
    count[0] += 1


@kernel
def rmsprop_centered_update(
    parameter: np.ndarray,
    gradient: np.ndarray,
    square_avg: np.ndarray,
    grad_avg: np.ndarray,
    step: np.ndarray,
    lr: float,
    alpha: float,
    eps: float,
    weight_decay: float,
    momentum: float,
    maximize: bool,
) -> None:
    """`rmsprop_update` by the root of the variance, square_avg − grad_avg², instead of that of the mean square.

    Args:
        parameter: Shape (n,), written.
        gradient: Shape (n,).
        square_avg: Shape (n,), the running mean of the square, written.
        grad_avg: Shape (n,), the running mean of the gradient, written.
        step: Shape (), updates made so far, incremented.
        lr: Learning rate.
        alpha: Decay of the running means.
        eps: Added to the denominator.
        weight_decay: L2 penalty, added to the gradient.
        momentum: Not used.
        maximize: Ascend instead.

    Source: Graves 2013, Generating sequences with recurrent neural networks, equations 38 to 45.
    """
    squares, means, count = flat(square_avg), flat(grad_avg), flat(step)
    settings = (lr, alpha, eps, weight_decay, momentum)
    rms_elements(flat(parameter), flat(gradient), squares, means, squares, True, False, settings, maximize)
    count[0] += 1


@kernel
def rmsprop_centered_momentum_update(
    parameter: np.ndarray,
    gradient: np.ndarray,
    square_avg: np.ndarray,
    grad_avg: np.ndarray,
    momentum_buffer: np.ndarray,
    step: np.ndarray,
    lr: float,
    alpha: float,
    eps: float,
    weight_decay: float,
    momentum: float,
    maximize: bool,
) -> None:
    """`rmsprop_centered_update` along a buffer, as `rmsprop_momentum_update`.

    Args:
        parameter: Shape (n,), written.
        gradient: Shape (n,).
        square_avg: Shape (n,), the running mean of the square, written.
        grad_avg: Shape (n,), the running mean of the gradient, written.
        momentum_buffer: Shape (n,), written.
        step: Shape (), updates made so far, incremented.
        lr: Learning rate.
        alpha: Decay of the running means.
        eps: Added to the denominator.
        weight_decay: L2 penalty, added to the gradient.
        momentum: Factor of the old buffer.
        maximize: Ascend instead.
    """
    squares, means, velocities, count = flat(square_avg), flat(grad_avg), flat(momentum_buffer), flat(step)
    settings = (lr, alpha, eps, weight_decay, momentum)
    rms_elements(flat(parameter), flat(gradient), squares, means, velocities, True, True, settings, maximize)
    count[0] += 1
