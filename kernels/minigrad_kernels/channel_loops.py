"""The loops of batch normalisation: statistics of each channel over all images and pixels.

The formulas are in `normalisation_loops.py`.

An array of shape (outer, channels, inner) has a channel's numbers in `outer` runs of `inner`. Where inner is 1, as for
the features of a batch, a run is one number: then the loops run along the channels of a row, with arrays of sums.
"""

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.jit import kernel
from minigrad_kernels.normalisation_loops import (
    ROWS,
    add_up,
    deviations_of,
    inverse_deviation,
    projections_of,
    scale_run,
    slope_run,
    total_of,
)
from minigrad_kernels.vectors import address, numbers_at


@register_jitable
def add_row(x: np.ndarray, sums: np.ndarray) -> None:
    """Add x to the sums, shapes (n,)."""
    for i in range(x.size):
        sums[i] += x[i]


@register_jitable
def add_row_deviations(x: np.ndarray, center: np.ndarray, sums: np.ndarray, squares: np.ndarray) -> None:
    """Add x − center and its square to the sums, shapes (n,)."""
    for i in range(x.size):
        difference = x[i] - center[i]
        sums[i] += difference
        squares[i] += difference * difference


@register_jitable
def add_row_projections(
    grad: np.ndarray, x: np.ndarray, mean: np.ndarray, inverse: np.ndarray, sums: np.ndarray, along: np.ndarray
) -> None:
    """Add grad and grad·x̂ to the sums, shapes (n,)."""
    for i in range(x.size):
        sums[i] += grad[i]
        along[i] += grad[i] * ((x[i] - mean[i]) * inverse[i])


@register_jitable
def scale_row(x: np.ndarray, out: np.ndarray, mean: np.ndarray, factor: np.ndarray, bias: np.ndarray) -> None:
    """Compute out = (x − mean)·factor + bias, shapes (n,)."""
    for i in range(x.size):
        out[i] = (x[i] - mean[i]) * factor[i] + bias[i]


@register_jitable
def slope_row(
    grad: np.ndarray, x: np.ndarray, out: np.ndarray, mean: np.ndarray, inverse: np.ndarray, factor: np.ndarray,
    total: np.ndarray, along: np.ndarray,
) -> None:  # fmt: skip
    """Compute out = factor·(grad − total − x̂·along), shapes (n,)."""
    for i in range(x.size):
        out[i] = factor[i] * (grad[i] - total[i] - (x[i] - mean[i]) * inverse[i] * along[i])


@register_jitable
def statistics_of_columns(
    x: np.ndarray, eps: float, mean: np.ndarray, variance: np.ndarray, inverse: np.ndarray
) -> None:
    """Fill mean, unbiased variance and 1/√(variance + eps) of each column, shapes (rows, n) and (n,)."""
    rows, n = x.shape
    zero, step = x.dtype.type(0), x.itemsize
    part, part_of_squares = np.zeros(n, x.dtype), np.zeros(n, x.dtype)
    deviations, squares = np.zeros(n), np.zeros(n)
    for o in range(rows):
        add_row(numbers_at(address(x) + o * n * step, n, zero), part)
        if o % ROWS == ROWS - 1 or o == rows - 1:
            add_up(part, deviations)
    for c in range(n):
        mean[c] = deviations[c] / max(rows, 1)
        deviations[c] = 0.0
    for o in range(rows):
        add_row_deviations(numbers_at(address(x) + o * n * step, n, zero), mean, part, part_of_squares)
        if o % ROWS == ROWS - 1 or o == rows - 1:
            add_up(part, deviations)
            add_up(part_of_squares, squares)
    for c in range(n):
        variance[c] = (squares[c] - deviations[c] * deviations[c] / max(rows, 1)) / max(rows - 1, 1)
        inverse[c] = inverse_deviation(rows, deviations[c], squares[c], eps)


@register_jitable
def statistics_of_channels(
    x: np.ndarray, eps: float, mean: np.ndarray, variance: np.ndarray, inverse: np.ndarray
) -> None:
    """Fill the same for each channel of x, shape (outer, channels, inner)."""
    outer, channels, inner = x.shape
    zero, step, n = x.dtype.type(0), x.itemsize, outer * inner
    for c in range(channels):
        total, deviation, squares = 0.0, 0.0, 0.0
        for o in range(outer):
            total += total_of(numbers_at(address(x) + (o * channels + c) * inner * step, inner, zero))
        mean[c] = total / max(n, 1)
        for o in range(outer):
            run = numbers_at(address(x) + (o * channels + c) * inner * step, inner, zero)
            off, of_squares = deviations_of(run, mean[c])
            deviation += off
            squares += of_squares
        variance[c] = (squares - deviation * deviation / max(n, 1)) / max(n - 1, 1)
        inverse[c] = inverse_deviation(n, deviation, squares, eps)


@kernel
def normalise_channels(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray, eps: float, given: int,
    out: np.ndarray, mean: np.ndarray, variance: np.ndarray, inverse: np.ndarray,
) -> None:  # fmt: skip
    """Normalise each x[:, channel].

    Args:
        x: Shape (outer, channels, inner).
        weight: Shape (channels,).
        bias: Likewise.
        eps: Added to the variance.
        given: 1 if mean and variance are there already, and are to be used.
        out: x's shape, written.
        mean: Shape (channels,), written unless given, as is the next.
        variance: The sum of the squared deviations from the mean, over n − 1.
        inverse: Likewise, written: 1/√(variance + eps), of a variance over n where it is x's.
    """
    outer, channels, inner = x.shape
    zero, step = x.dtype.type(0), x.itemsize
    if given:
        for c in range(channels):
            inverse[c] = np.float64(1.0) / np.sqrt(np.float64(variance[c]) + eps)
    if inner == 1:
        if not given:
            statistics_of_columns(x.reshape(outer, channels), eps, mean, variance, inverse)
        factor = np.empty(channels, x.dtype)
        for c in range(channels):
            factor[c] = inverse[c] * weight[c]
        for o in range(outer):
            there = o * channels * step
            row, target = (
                numbers_at(address(x) + there, channels, zero),
                numbers_at(address(out) + there, channels, zero),
            )
            scale_row(row, target, mean, factor, bias)
        return
    if not given:
        statistics_of_channels(x, eps, mean, variance, inverse)
    for o in range(outer):
        for c in range(channels):
            there = (o * channels + c) * inner * step
            run, target = numbers_at(address(x) + there, inner, zero), numbers_at(address(out) + there, inner, zero)
            scale_run(run, target, mean[c], inverse[c] * weight[c], bias[c])


@kernel
def move_averages(
    mean: np.ndarray, variance: np.ndarray, new_mean: np.ndarray, new_variance: np.ndarray, momentum: float
) -> None:
    """Compute old = (1 − momentum)·old + momentum·new, for both, shapes (channels,)."""
    kept, share = mean.dtype.type(1 - momentum), mean.dtype.type(momentum)
    for c in range(mean.size):
        mean[c] = kept * mean[c] + share * new_mean[c]
        variance[c] = kept * variance[c] + share * new_variance[c]


@register_jitable
def column_projections(
    grad: np.ndarray, x: np.ndarray, mean: np.ndarray, inverse: np.ndarray, sums: np.ndarray, along: np.ndarray
) -> None:
    """Add the sums of grad and of grad·x̂ in each column, shapes (rows, n) and (n,), to `sums` and `along`, float64."""
    rows, n = x.shape
    zero, step = x.dtype.type(0), x.itemsize
    part, part_along = np.zeros(n, x.dtype), np.zeros(n, x.dtype)
    for o in range(rows):
        there = o * n * step
        grads, row = numbers_at(address(grad) + there, n, zero), numbers_at(address(x) + there, n, zero)
        add_row_projections(grads, row, mean, inverse, part, part_along)
        if o % ROWS == ROWS - 1 or o == rows - 1:
            add_up(part, sums)
            add_up(part_along, along)


@register_jitable
def channel_projections(
    grad: np.ndarray, x: np.ndarray, mean: np.ndarray, inverse: np.ndarray, sums: np.ndarray, along: np.ndarray
) -> None:
    """Add the same sums of each channel, shape (outer, channels, inner)."""
    outer, channels, inner = x.shape
    zero, step = x.dtype.type(0), x.itemsize
    for o in range(outer):
        for c in range(channels):
            there = (o * channels + c) * inner * step
            grads, run = numbers_at(address(grad) + there, inner, zero), numbers_at(address(x) + there, inner, zero)
            run_total, run_along = projections_of(grads, run, mean[c], inverse[c])
            sums[c] += run_total
            along[c] += run_along


@kernel
def channels_gradients(
    grad: np.ndarray, x: np.ndarray, weight: np.ndarray, mean: np.ndarray, inverse: np.ndarray, given: int,
    grad_x: np.ndarray, grad_weight: np.ndarray, grad_bias: np.ndarray,
) -> None:  # fmt: skip
    """Fill the gradients of `normalise_channels`.

    Args:
        grad: Gradient with respect to the result, of x's shape.
        x: Shape (outer, channels, inner).
        weight: Shape (channels,).
        mean: Shape (channels,).
        inverse: Likewise.
        given: 1 if the statistics do not depend on x.
        grad_x: x's shape, written.
        grad_weight: Shape (channels,), written.
        grad_bias: Likewise.
    """
    outer, channels, inner = x.shape
    zero, step, n = x.dtype.type(0), x.itemsize, max(outer * inner, 1)
    sums, along = np.zeros(channels), np.zeros(channels)
    if inner == 1:
        column_projections(grad.reshape(outer, channels), x.reshape(outer, channels), mean, inverse, sums, along)
    else:
        channel_projections(grad, x, mean, inverse, sums, along)
    factor, total, slope = np.empty(channels, x.dtype), np.zeros(channels, x.dtype), np.zeros(channels, x.dtype)
    for c in range(channels):
        grad_weight[c], grad_bias[c] = along[c], sums[c]
        factor[c] = inverse[c] * weight[c]
        if not given:
            total[c], slope[c] = sums[c] / n, along[c] / n
    for o in range(outer):
        if inner == 1:
            there = o * channels * step
            grads, row = (
                numbers_at(address(grad) + there, channels, zero),
                numbers_at(address(x) + there, channels, zero),
            )
            target = numbers_at(address(grad_x) + there, channels, zero)
            slope_row(grads, row, target, mean, inverse, factor, total, slope)
        else:
            for c in range(channels):
                there = (o * channels + c) * inner * step
                grads, run = numbers_at(address(grad) + there, inner, zero), numbers_at(address(x) + there, inner, zero)
                target = numbers_at(address(grad_x) + there, inner, zero)
                # The weight is a factor of all three terms here; in a group of several it is not.
                slope_run(
                    grads, run, weight[c], target, mean[c], inverse[c], total[c] * weight[c], slope[c] * weight[c]
                )
