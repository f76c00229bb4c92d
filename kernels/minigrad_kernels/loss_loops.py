"""The loops of losses that compare each number with its target: the sum of all losses, and the gradient of each.

Memory is read once. Blocks of losses are summed in the arrays' dtype, in vectors and in any order, and the blocks'
totals in float64, as in `sum_loops.py`: the error is at most BLOCK·eps·Σ|loss|, however many numbers there are.

Every kernel takes array objects, contiguous and of one dtype and shape (any shape), and returns a new array: of shape
(), or the gradient, of that shape. It sees itself whether they fit, and returns None if not.
"""

from typing import Any

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.arrays import alike, axes, flat, is_none, matches
from minigrad_kernels.jit import choose_by_width, object_kernel, ordered_helper
from minigrad_kernels.new_arrays import dropped, new_array, new_like, no_array, release_gil_for, take_gil
from minigrad_kernels.scalar_functions import (
    HALF_32,
    ONE_32,
    Scalar,
    exp_float32,
    exp_float64,
    log_float32,
    log_float64,
    sigmoid_of,
)

# Losses of a block: adding up a vector's lanes at its end costs little, and a second pass over it reads from L1.
BLOCK = 512

# The smallest logarithm that binary cross-entropy counts with, and the smallest x·(1 − x) that its gradient divides by.
# Source: PyTorch, torch.nn.BCELoss.
SMALLEST_LOG_32, SMALLEST_LOG_64 = np.float32(-100), -100.0
SMALLEST_VARIANCE_32, SMALLEST_VARIANCE_64 = np.float32(1e-12), 1e-12


@ordered_helper
def tail_float32(x: np.float32) -> np.float32:
    """log(1 + exp(−|x|)), which cannot overflow: with max(−x, 0) it is −log(sigmoid(x))."""
    small = exp_float32(-abs(x))
    total = ONE_32 + small
    # What the sum lost (fast two-sum) is all there is of a small exp; 1 − small/2 is 1/total within 9 %.
    lost = small - (total - ONE_32)
    return log_float32(total) + lost * (ONE_32 - HALF_32 * small)


@ordered_helper
def tail_float64(x: float) -> float:
    """As `tail_float32`."""
    small = exp_float64(-abs(x))
    total = 1.0 + small
    lost = small - (total - 1.0)
    return log_float64(total) + lost * (1.0 - 0.5 * small)


@ordered_helper
def bounded_log_float32(x: np.float32) -> np.float32:
    """log(x), at least −100."""
    result = log_float32(x)
    return result if result > SMALLEST_LOG_32 else SMALLEST_LOG_32


@ordered_helper
def bounded_log_float64(x: float) -> float:
    """As `bounded_log_float32`."""
    result = log_float64(x)
    return result if result > SMALLEST_LOG_64 else SMALLEST_LOG_64


@ordered_helper
def bounded_log_rest_float32(x: np.float32) -> np.float32:
    """log(1 − x), at least −100, for 0 ≤ x ≤ 1."""
    rest = ONE_32 - x
    # What the difference lost is all there is of a small x. Above ½ nothing is lost; below, 1 + x is 1/rest within
    # 25 %.
    lost = (ONE_32 - rest) - x
    result = log_float32(rest) + lost * (ONE_32 + x)
    return result if result > SMALLEST_LOG_32 else SMALLEST_LOG_32


@ordered_helper
def bounded_log_rest_float64(x: float) -> float:
    """As `bounded_log_rest_float32`."""
    rest = 1.0 - x
    lost = (1.0 - rest) - x
    result = log_float64(rest) + lost * (1.0 + x)
    return result if result > SMALLEST_LOG_64 else SMALLEST_LOG_64


@ordered_helper
def variance_float32(x: np.float32) -> np.float32:
    """x·(1 − x), at least 1e-12."""
    product = x * (ONE_32 - x)
    return product if product > SMALLEST_VARIANCE_32 else SMALLEST_VARIANCE_32


@ordered_helper
def variance_float64(x: float) -> float:
    """As `variance_float32`."""
    product = x * (1.0 - x)
    return product if product > SMALLEST_VARIANCE_64 else SMALLEST_VARIANCE_64


@choose_by_width(tail_float32, tail_float64)
def tail_of(x: Scalar) -> Scalar:
    """log(1 + exp(−|x|)) in the precision of x."""
    return tail_float32(x) if isinstance(x, np.float32) else tail_float64(x)


@choose_by_width(bounded_log_float32, bounded_log_float64)
def bounded_log(x: Scalar) -> Scalar:
    """log(x), at least −100, in the precision of x."""
    return bounded_log_float32(x) if isinstance(x, np.float32) else bounded_log_float64(x)


@choose_by_width(bounded_log_rest_float32, bounded_log_rest_float64)
def bounded_log_rest(x: Scalar) -> Scalar:
    """log(1 − x), at least −100, in the precision of x."""
    return bounded_log_rest_float32(x) if isinstance(x, np.float32) else bounded_log_rest_float64(x)


@choose_by_width(variance_float32, variance_float64)
def variance_of(x: Scalar) -> Scalar:
    """x·(1 − x), at least 1e-12, in the precision of x."""
    return variance_float32(x) if isinstance(x, np.float32) else variance_float64(x)


@ordered_helper
def logits_loss(x: Scalar, target: Scalar, zero: Scalar, one: Scalar) -> Scalar:
    """−(target·log(p) + (1 − target)·log(1 − p)), p = sigmoid(x), as a sum of two terms of which none is negative."""
    return x * ((one if x > zero else zero) - target) + tail_of(x)


@ordered_helper
def probability_loss(x: Scalar, target: Scalar, one: Scalar) -> Scalar:
    """−(target·log(x) + (1 − target)·log(1 − x)), each logarithm at least −100."""
    return (target - one) * bounded_log_rest(x) - target * bounded_log(x)


@register_jitable
def in_unit_interval(x: np.ndarray) -> bool:
    """Whether all numbers are in [0, 1]; NaN is not. Shape (n,)."""
    zero, one = x.dtype.type(0), x.dtype.type(1)
    inside = True
    for i in range(x.size):
        inside &= (x[i] >= zero) & (x[i] <= one)
    return inside


@register_jitable
def squares_of_block(x: np.ndarray, target: np.ndarray) -> float:
    """Σ (x − target)², shapes (n,)."""
    total = x.dtype.type(0)
    for i in range(x.size):
        difference = x[i] - target[i]
        total += difference * difference
    return total


@register_jitable
def distances_of_block(x: np.ndarray, target: np.ndarray) -> float:
    """Σ |x − target|, shapes (n,)."""
    total = x.dtype.type(0)
    for i in range(x.size):
        total += abs(x[i] - target[i])
    return total


@register_jitable
def logits_losses_of_block(x: np.ndarray, target: np.ndarray) -> float:
    """Σ of the losses of logits, shapes (n,)."""
    zero, one = x.dtype.type(0), x.dtype.type(1)
    total = zero
    for i in range(x.size):
        total += logits_loss(x[i], target[i], zero, one)
    return total


@register_jitable
def probability_losses_of_block(x: np.ndarray, target: np.ndarray) -> float:
    """Σ of the losses of probabilities, shapes (n,)."""
    total, one = x.dtype.type(0), x.dtype.type(1)
    for i in range(x.size):
        total += probability_loss(x[i], target[i], one)
    return total


@register_jitable
def sum_for(x: np.ndarray, target: Any) -> Any:
    """A new array of shape () for the sum of all losses, or None if x and target do not fit."""
    return new_array(x, 0, 0, 0, 0, 0) if matches(x, target) else no_array(x)


@register_jitable
def slopes_for(grad: np.ndarray, x: Any, target: Any) -> Any:
    """A new array like x for the gradient of each number, or None if x and target or a 0-d grad do not fit."""
    return new_like(x) if alike(grad, x) and axes(grad) == 0 and matches(x, target) else no_array(grad)


@object_kernel
def sum_squared_errors(x: np.ndarray, target: Any, share: float) -> Any:
    """Return share·Σ (x − target)², shape ()."""
    loss = sum_for(x, target)
    if is_none(loss):
        return loss
    thread = release_gil_for(x)
    x_flat, t_flat, total = flat(x), flat(target), 0.0
    for first in range(0, x_flat.size, BLOCK):
        total += np.float64(squares_of_block(x_flat[first : first + BLOCK], t_flat[first : first + BLOCK]))
    flat(loss)[0] = total * share
    take_gil(thread)
    return loss


@object_kernel
def sum_absolute_errors(x: np.ndarray, target: Any, share: float) -> Any:
    """Return share·Σ |x − target|, shape ()."""
    loss = sum_for(x, target)
    if is_none(loss):
        return loss
    thread = release_gil_for(x)
    x_flat, t_flat, total = flat(x), flat(target), 0.0
    for first in range(0, x_flat.size, BLOCK):
        total += np.float64(distances_of_block(x_flat[first : first + BLOCK], t_flat[first : first + BLOCK]))
    flat(loss)[0] = total * share
    take_gil(thread)
    return loss


@object_kernel
def sum_logits_losses(x: np.ndarray, target: Any, share: float) -> Any:
    """Return share·Σ of the binary cross-entropies of logits, shape (); None if a target is no probability."""
    loss = sum_for(x, target)
    if is_none(loss):
        return loss
    thread = release_gil_for(x)
    x_flat, t_flat, total = flat(x), flat(target), 0.0
    valid = True
    for first in range(0, x_flat.size, BLOCK):
        x_block, t_block = x_flat[first : first + BLOCK], t_flat[first : first + BLOCK]
        valid &= in_unit_interval(t_block)
        total += np.float64(logits_losses_of_block(x_block, t_block))
    flat(loss)[0] = total * share
    take_gil(thread)
    return loss if valid else dropped(loss)


@object_kernel
def sum_probability_losses(x: np.ndarray, target: Any, share: float) -> Any:
    """Return share·Σ of the binary cross-entropies of probabilities, shape (); None if a number is none."""
    loss = sum_for(x, target)
    if is_none(loss):
        return loss
    thread = release_gil_for(x)
    x_flat, t_flat, total = flat(x), flat(target), 0.0
    valid = True
    for first in range(0, x_flat.size, BLOCK):
        x_block, t_block = x_flat[first : first + BLOCK], t_flat[first : first + BLOCK]
        valid &= in_unit_interval(x_block) & in_unit_interval(t_block)
        total += np.float64(probability_losses_of_block(x_block, t_block))
    flat(loss)[0] = total * share
    take_gil(thread)
    return loss if valid else dropped(loss)


@object_kernel
def squared_errors_slope(grad: np.ndarray, x: Any, target: Any, share: float) -> Any:
    """Return grad·share·2·(x − target); grad has shape ()."""
    slopes = slopes_for(grad, x, target)
    if is_none(slopes):
        return slopes
    thread = release_gil_for(x)
    x_flat, t_flat, out_flat = flat(x), flat(target), flat(slopes)
    factor = x_flat.dtype.type(flat(grad)[0] * (2.0 * share))
    for i in range(x_flat.size):
        out_flat[i] = factor * (x_flat[i] - t_flat[i])
    take_gil(thread)
    return slopes


@object_kernel
def absolute_errors_slope(grad: np.ndarray, x: Any, target: Any, share: float) -> Any:
    """Return grad·share·sign(x − target); grad has shape ()."""
    slopes = slopes_for(grad, x, target)
    if is_none(slopes):
        return slopes
    thread = release_gil_for(x)
    x_flat, t_flat, out_flat = flat(x), flat(target), flat(slopes)
    zero, one = x_flat.dtype.type(0), x_flat.dtype.type(1)
    factor = x_flat.dtype.type(flat(grad)[0] * share)
    for i in range(x_flat.size):
        difference = x_flat[i] - t_flat[i]
        # What is neither above nor below 0 is 0, or NaN and stays it.
        sign = one if difference > zero else difference
        out_flat[i] = factor * (-one if difference < zero else sign)
    take_gil(thread)
    return slopes


@object_kernel
def logits_losses_slope(grad: np.ndarray, x: Any, target: Any, share: float) -> Any:
    """Return grad·share·(sigmoid(x) − target); grad has shape ()."""
    slopes = slopes_for(grad, x, target)
    if is_none(slopes):
        return slopes
    thread = release_gil_for(x)
    x_flat, t_flat, out_flat = flat(x), flat(target), flat(slopes)
    factor = x_flat.dtype.type(flat(grad)[0] * share)
    for i in range(x_flat.size):
        out_flat[i] = factor * (sigmoid_of(x_flat[i]) - t_flat[i])
    take_gil(thread)
    return slopes


@object_kernel
def probability_losses_slope(grad: np.ndarray, x: Any, target: Any, share: float) -> Any:
    """Return grad·share·(x − target)/max(x·(1 − x), 1e-12); grad has shape ()."""
    slopes = slopes_for(grad, x, target)
    if is_none(slopes):
        return slopes
    thread = release_gil_for(x)
    x_flat, t_flat, out_flat = flat(x), flat(target), flat(slopes)
    factor = x_flat.dtype.type(flat(grad)[0] * share)
    for i in range(x_flat.size):
        out_flat[i] = factor * (x_flat[i] - t_flat[i]) / variance_of(x_flat[i])
    take_gil(thread)
    return slopes
