"""The loops of normalisation: x̂ = (x − mean)/√(variance + eps), times a weight, plus a bias; and their gradients.

From the naive loop up. The definition takes a group of numbers, its mean, its variance, and then each number again:

    for group in groups:
        mean = sum(group)/n
        variance = sum((x − mean)²)/n
        out = (x − mean)/sqrt(variance + eps)·weight + bias

NumPy makes ten passes of it over memory. Here all that is done to a group is done while it lies in the L1 cache.

Every layer is one of two loops over an array of shape (outer, groups, members, inner), in row-major order; the weight
has shape (groups, members), a number for each channel:

- `normalise_rows`: a group is one [outer, group], all of whose numbers lie side by side. Layer and RMS normalisation
  have one group, whose members are the features; group normalisation has images, groups, channels of a group, pixels;
  instance normalisation has one member a group.
- `normalise_channels`: a group is a channel of all images, [:, group], for batch normalisation. Its numbers lie in
  `outer` runs of `inner` numbers; where inner is 1 the loops run along the channels instead.

The gradient, with g the gradient of the result, h = g·weight, ⟨·⟩ the mean over a group and r = 1/√(variance + eps):

    grad_weight = Σ g·x̂        grad_bias = Σ g        grad_x = r·(h − ⟨h⟩ − x̂·⟨h·x̂⟩)

Without a mean to subtract (RMS), ⟨h⟩ is left out; with statistics that do not depend on x, ⟨h·x̂⟩ too.

Blocks of `BLOCK` numbers are summed in the array's dtype, and their totals in float64. The variance is a sum of squared
deviations from the mean, made in a second pass: Σx² − n·mean² would lose all digits where the mean is large.

Sources: Ioffe and Szegedy 2015, Batch normalization. Ba, Kiros and Hinton 2016, Layer normalization. Wu and He 2018,
Group normalization. Zhang and Sennrich 2019, Root mean square layer normalization. Chan, Golub and LeVeque 1983,
Algorithms for computing the sample variance (equation 1.7: the corrected two-pass).
"""

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.jit import kernel
from minigrad_kernels.vectors import address, numbers_at

# Numbers of a row that are summed in its dtype, and rows whose numbers are: as in `sum_loops.py`.
BLOCK = 512
ROWS = 64


@register_jitable
def total_of(x: np.ndarray) -> float:
    """The sum of x, shape (n,)."""
    total = 0.0
    for first in range(0, x.size, BLOCK):
        block, part = x[first : first + BLOCK], x.dtype.type(0)
        for i in range(block.size):
            part += block[i]
        total += np.float64(part)
    return total


@register_jitable
def deviations_of(x: np.ndarray, center: np.floating) -> tuple[float, float]:
    """The sums of x − center and of its square, shape (n,)."""
    deviation, square = 0.0, 0.0
    for first in range(0, x.size, BLOCK):
        block, part, part_of_squares = x[first : first + BLOCK], x.dtype.type(0), x.dtype.type(0)
        for i in range(block.size):
            difference = block[i] - center
            part += difference
            part_of_squares += difference * difference
        deviation += np.float64(part)
        square += np.float64(part_of_squares)
    return deviation, square


@register_jitable
def scale_run(x: np.ndarray, out: np.ndarray, mean: np.floating, factor: np.floating, bias: np.floating) -> None:
    """Compute out = (x − mean)·factor + bias, shapes (n,)."""
    for i in range(x.size):
        out[i] = (x[i] - mean) * factor + bias


@register_jitable
def scale_each(
    x: np.ndarray, out: np.ndarray, mean: np.floating, inverse: np.floating, weight: np.ndarray, bias: np.ndarray
) -> None:
    """Compute out = (x − mean)·inverse·weight + bias, shapes (n,)."""
    for i in range(x.size):
        out[i] = (x[i] - mean) * inverse * weight[i] + bias[i]


@register_jitable
def inverse_deviation(n: int, deviation: float, square: float, eps: float) -> float:
    """1/√(variance + eps) of n numbers, from the sums of their deviations from a rounded mean and of the squares."""
    # What was rounded off the mean adds to the squares; and the difference may come out below 0 by as little.
    variance = (square - deviation * deviation / max(n, 1)) / max(n, 1)
    if variance < 0:
        variance = 0.0
    return np.float64(1.0) / np.sqrt(variance + eps)


@kernel
def normalise_rows(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray, eps: float, centred: int,
    out: np.ndarray, mean: np.ndarray, inverse: np.ndarray,
) -> None:  # fmt: skip
    """Normalise each x[outer, group].

    Args:
        x: Shape (outer, groups, members, inner).
        weight: Shape (groups, members).
        bias: Likewise.
        eps: Added to the variance.
        centred: 1; or 0 to leave the mean where it is and divide by the root of the mean square.
        out: x's shape, written.
        mean: Shape (outer, groups), written; 0 if not centred.
        inverse: Likewise, with 1/√(variance + eps).
    """
    outer, groups, members, inner = x.shape
    n, zero, step = members * inner, x.dtype.type(0), x.itemsize
    for r in range(outer * groups):
        o, g = r // groups, r % groups
        start, target = address(x) + r * n * step, address(out) + r * n * step
        row = numbers_at(start, n, zero)
        middle = x.dtype.type(total_of(row) / max(n, 1)) if centred else zero
        deviation, square = deviations_of(row, middle)
        r_inverse = x.dtype.type(inverse_deviation(n, deviation if centred else 0.0, square, eps))
        mean[o, g], inverse[o, g] = middle, r_inverse
        if inner == 1:
            here = g * members * step
            weights = numbers_at(address(weight) + here, members, zero)
            biases = numbers_at(address(bias) + here, members, zero)
            scale_each(row, numbers_at(target, n, zero), middle, r_inverse, weights, biases)
        else:
            for m in range(members):
                there = m * inner * step
                run, out_run = numbers_at(start + there, inner, zero), numbers_at(target + there, inner, zero)
                scale_run(run, out_run, middle, r_inverse * weight[g, m], bias[g, m])


@register_jitable
def projections_of(grad: np.ndarray, x: np.ndarray, mean: np.floating, inverse: np.floating) -> tuple[float, float]:
    """The sums of grad and of grad·x̂, shape (n,)."""
    total, along = 0.0, 0.0
    for first in range(0, x.size, BLOCK):
        block, grads = x[first : first + BLOCK], grad[first : first + BLOCK]
        part, part_along = x.dtype.type(0), x.dtype.type(0)
        for i in range(block.size):
            part += grads[i]
            part_along += grads[i] * ((block[i] - mean) * inverse)
        total += np.float64(part)
        along += np.float64(part_along)
    return total, along


@register_jitable
def weighted_projections_of(
    grad: np.ndarray, x: np.ndarray, weight: np.ndarray, mean: np.floating, inverse: np.floating
) -> tuple[float, float]:
    """The sums of h = grad·weight and of h·x̂, shape (n,)."""
    total, along = 0.0, 0.0
    for first in range(0, x.size, BLOCK):
        block, grads, weights = x[first : first + BLOCK], grad[first : first + BLOCK], weight[first : first + BLOCK]
        part, part_along = x.dtype.type(0), x.dtype.type(0)
        for i in range(block.size):
            h = grads[i] * weights[i]
            part += h
            part_along += h * ((block[i] - mean) * inverse)
        total += np.float64(part)
        along += np.float64(part_along)
    return total, along


@register_jitable
def add_projections(
    grad: np.ndarray, x: np.ndarray, mean: np.floating, inverse: np.floating, sums: np.ndarray, along: np.ndarray
) -> None:
    """Add grad to `sums` and grad·x̂ to `along`, number by number, shapes (n,)."""
    for i in range(x.size):
        sums[i] += grad[i]
        along[i] += grad[i] * ((x[i] - mean) * inverse)


@register_jitable
def slope_each(
    grad: np.ndarray, x: np.ndarray, weight: np.ndarray, out: np.ndarray, mean: np.floating, inverse: np.floating,
    total: np.floating, along: np.floating,
) -> None:  # fmt: skip
    """Compute out = inverse·(grad·weight − total − x̂·along), shapes (n,)."""
    for i in range(x.size):
        out[i] = inverse * (grad[i] * weight[i] - total - (x[i] - mean) * inverse * along)


@register_jitable
def slope_run(
    grad: np.ndarray, x: np.ndarray, weight: np.floating, out: np.ndarray, mean: np.floating, inverse: np.floating,
    total: np.floating, along: np.floating,
) -> None:  # fmt: skip
    """Compute the same for one weight."""
    for i in range(x.size):
        out[i] = inverse * (grad[i] * weight - total - (x[i] - mean) * inverse * along)


@register_jitable
def add_up(partial: np.ndarray, totals: np.ndarray) -> None:
    """Add partial sums to totals in float64, and start them again."""
    for i in range(partial.size):
        totals[i] += np.float64(partial[i])
        partial[i] = 0


@register_jitable
def features_gradients(
    grad: np.ndarray, x: np.ndarray, weight: np.ndarray, mean: np.ndarray, inverse: np.ndarray, centred: int,
    grad_x: np.ndarray, sums: np.ndarray, sums_along: np.ndarray,
) -> None:  # fmt: skip
    """Fill grad_x, and add to the sums of grad and grad·x̂, where inner is 1: each number of a row has its own weight.

    The whole loop is one function: one for a row is not inlined, and at 64 features took twice as long.
    """
    outer, groups, members, _ = x.shape
    zero, step = x.dtype.type(0), x.itemsize
    share = 1.0 / max(members, 1)
    part, part_along = np.zeros(members, x.dtype), np.zeros(members, x.dtype)
    for g in range(groups):
        weights = numbers_at(address(weight) + g * members * step, members, zero)
        for o in range(outer):
            there = (o * groups + g) * members * step
            grads, row = numbers_at(address(grad) + there, members, zero), numbers_at(address(x) + there, members, zero)
            middle, r_inverse = mean[o, g], inverse[o, g]
            total, along = weighted_projections_of(grads, row, weights, middle, r_inverse)
            add_projections(grads, row, middle, r_inverse, part, part_along)
            mean_h, mean_along = x.dtype.type(total * share * centred), x.dtype.type(along * share)
            out = numbers_at(address(grad_x) + there, members, zero)
            slope_each(grads, row, weights, out, middle, r_inverse, mean_h, mean_along)
            if o % ROWS == ROWS - 1 or o == outer - 1:
                add_up(part, sums[g])
                add_up(part_along, sums_along[g])


@register_jitable
def groups_gradients(
    grad: np.ndarray, x: np.ndarray, weight: np.ndarray, mean: np.ndarray, inverse: np.ndarray, centred: int,
    grad_x: np.ndarray, sums: np.ndarray, sums_along: np.ndarray,
) -> None:  # fmt: skip
    """Do the same where each of a group's members is a run of `inner` numbers with one weight."""
    outer, groups, members, inner = x.shape
    zero, step = x.dtype.type(0), x.itemsize
    share = 1.0 / max(members * inner, 1)
    for r in range(outer * groups):
        o, g = r // groups, r % groups
        middle, r_inverse = mean[o, g], inverse[o, g]
        total, along = 0.0, 0.0
        for m in range(members):
            there = (r * members + m) * inner * step
            grads, run = numbers_at(address(grad) + there, inner, zero), numbers_at(address(x) + there, inner, zero)
            run_total, run_along = projections_of(grads, run, middle, r_inverse)
            sums[g, m] += run_total
            sums_along[g, m] += run_along
            total += run_total * weight[g, m]
            along += run_along * weight[g, m]
        mean_h, mean_along = x.dtype.type(total * share * centred), x.dtype.type(along * share)
        for m in range(members):
            there = (r * members + m) * inner * step
            grads, run = numbers_at(address(grad) + there, inner, zero), numbers_at(address(x) + there, inner, zero)
            out = numbers_at(address(grad_x) + there, inner, zero)
            slope_run(grads, run, weight[g, m], out, middle, r_inverse, mean_h, mean_along)


@kernel
def rows_gradients(
    grad: np.ndarray, x: np.ndarray, weight: np.ndarray, mean: np.ndarray, inverse: np.ndarray, centred: int,
    grad_x: np.ndarray, grad_weight: np.ndarray, grad_bias: np.ndarray,
) -> None:  # fmt: skip
    """Fill the gradients of `normalise_rows`.

    Args:
        grad: Gradient with respect to the result, of x's shape.
        x: Shape (outer, groups, members, inner).
        weight: Shape (groups, members).
        mean: Shape (outer, groups), as `normalise_rows` filled it.
        inverse: Likewise.
        centred: As there.
        grad_x: x's shape, written.
        grad_weight: The weight's shape, written.
        grad_bias: Likewise.
    """
    groups, members = weight.shape
    sums, sums_along = np.zeros((groups, members)), np.zeros((groups, members))
    if x.shape[3] == 1:
        features_gradients(grad, x, weight, mean, inverse, centred, grad_x, sums, sums_along)
    else:
        groups_gradients(grad, x, weight, mean, inverse, centred, grad_x, sums, sums_along)
    for g in range(groups):
        for m in range(members):
            grad_weight[g, m], grad_bias[g, m] = sums_along[g, m], sums[g, m]
