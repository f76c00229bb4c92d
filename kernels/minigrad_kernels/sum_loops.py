"""The loops of sums, means and variances over axes of contiguous arrays.

Memory is read once. Blocks are summed in the array's dtype, in vectors and in any order, and the blocks' totals in
float64. So a float32 sum is off by at most B·eps·Σ|x|, B numbers a block, however many blocks there are; a float64 one
by (B + blocks)·eps·Σ|x|.

Source: Higham, Accuracy and Stability of Numerical Algorithms, section 4.2 (blocked sums); Chan, Golub and LeVeque
1983, Algorithms for computing the sample variance (equations 1.5 to 1.7: merging blocks, corrected two-pass).
"""

from typing import Any

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.arrays import (
    alike,
    axes,
    contiguous,
    flat,
    is_none,
    length,
    matrix,
    separate,
    writeable,
)
from minigrad_kernels.jit import kernel, object_kernel
from minigrad_kernels.new_arrays import new_array, no_array, release_gil_for, returned, take_gil

# Numbers of a block along a row: large enough that adding up a vector's lanes at its end costs little, and two passes
# over it read from L1.
ROW_BLOCK = 512
# Rows of a block, and columns that are summed together: 64 × 1024 float32 are 256 kB, which the second pass of the
# variance finds in L2; the accumulators stay in L1, and rows of up to 1000 columns are read from end to end.
COLUMN_BLOCK = 64
TILE = 1024
# Up to so many columns, 16 rows are summed as one: a vector holds up to 16 numbers, so no lane stays empty.
NARROW, ROWS_AS_ONE = 32, 16


@register_jitable
def block_total(x: np.ndarray) -> float:
    """The sum of x, shape (n,), in its dtype, in any order."""
    total = x.dtype.type(0)
    for i in range(x.size):
        total += x[i]
    return total


@register_jitable
def add_rows(x: np.ndarray, first: int, last: int, left: int, partial: np.ndarray) -> None:
    """Compute partial = the sum of x[first:last, left:left + n], shape (n,).

    Eight rows at a time, to store the partial sums less often (four: 4 % slower on 10⁷ numbers, limited by memory).
    Rows are sliced one by one: to Numba a slice of a matrix is not contiguous, and loops over it are not vectorised.
    """
    size = partial.size
    partial[:] = 0
    eights = last - (last - first) % 8
    for i in range(first, eights, 8):
        a, b = x[i][left : left + size], x[i + 1][left : left + size]
        c, d = x[i + 2][left : left + size], x[i + 3][left : left + size]
        e, f = x[i + 4][left : left + size], x[i + 5][left : left + size]
        g, h = x[i + 6][left : left + size], x[i + 7][left : left + size]
        for j in range(size):
            partial[j] += ((a[j] + b[j]) + (c[j] + d[j])) + ((e[j] + f[j]) + (g[j] + h[j]))
    for i in range(eights, last):
        row = x[i][left : left + size]
        for j in range(size):
            partial[j] += row[j]


@register_jitable
def add_deviations(
    x: np.ndarray, first: int, last: int, left: int, center: np.ndarray, deviation: np.ndarray, total: np.ndarray
) -> None:
    """Sum x − center and its square over x[first:last, left:left + n]; the others have shape (n,)."""
    deviation[:] = 0
    total[:] = 0
    for i in range(first, last):
        row = x[i][left : left + center.size]
        for j in range(center.size):
            difference = row[j] - center[j]
            deviation[j] += difference
            total[j] += difference * difference


@register_jitable
def long_total(x: np.ndarray) -> float:
    """The sum of x, shape (n,), in float64 over blocks."""
    total = 0.0
    for first in range(0, x.size, ROW_BLOCK):
        total += np.float64(block_total(x[first : first + ROW_BLOCK]))
    return total


@object_kernel
def sum_all(x: np.ndarray, share: float) -> Any:
    """Return share·Σ x as a new array of shape (), or None if x is not contiguous; any shape."""
    total = new_array(x, 0, 0, 0, 0, 0) if contiguous(x) else no_array(x)
    if is_none(total):
        return total
    thread = release_gil_for(x)
    flat(total)[0] = long_total(flat(x)) * share
    take_gil(thread)
    return total


@object_kernel
def sum_rows(x: np.ndarray) -> Any:
    """Return the sum of each row, shapes (rows, n) and (rows,), or None if x is no contiguous matrix."""
    sums = new_array(x, 1, 0, 0, 0, 0) if contiguous(x) and axes(x) == 2 else no_array(x)
    if is_none(sums):
        return sums
    thread = release_gil_for(x)
    rows, totals = matrix(x), flat(sums)
    for i in range(totals.size):
        totals[i] = long_total(rows[i])
    take_gil(thread)
    return sums


@register_jitable
def fold_rows(x: np.ndarray, first: int, total: np.ndarray) -> None:
    """Add the totals of the rows that were summed as one, and the rows from `first` on, to the first n totals."""
    rows, n = x.shape
    for k in range(1, total.size // max(1, n)):
        for j in range(n):
            total[j] += total[k * n + j]
    for i in range(first, rows):
        for j in range(n):
            total[j] += x[i, j]


@register_jitable
def add_columns(x: np.ndarray, out: np.ndarray) -> None:
    """Compute out = the sum of each column, shapes (rows, n) and (n,)."""
    rows, n = x.shape
    together = ROWS_AS_ONE if n <= NARROW else 1
    wide_rows, width = rows // together, n * together
    partial, total = np.empty(min(TILE, width), x.dtype), np.empty(min(TILE, width))
    wide = x[: wide_rows * together].reshape(wide_rows, width)
    for left in range(0, width, TILE):
        size = min(TILE, width - left)
        total[:] = 0
        for first in range(0, wide_rows, COLUMN_BLOCK):
            add_rows(wide, first, min(first + COLUMN_BLOCK, wide_rows), left, partial[:size])
            for j in range(size):
                total[j] += partial[j]
        if together > 1:
            fold_rows(x, wide_rows * together, total)
        for j in range(min(n, size)):
            out[left + j] = total[j]


@object_kernel
def sum_columns(x: np.ndarray, out: Any) -> Any:
    """Return the sum of each column, shapes (rows, n) and (n,), in a new array or in `out`.

    Returns:
        None, with nothing written, if x is no contiguous matrix or `out` does not fit, or shares memory with x.
    """
    if not contiguous(x) or axes(x) != 2:
        return no_array(x)
    if is_none(out):
        sums = new_array(x, 0, 1, length(x, 1), 0, 0)
    elif takes_columns(x, out):
        sums = returned(out)
    else:
        sums = no_array(x)
    if is_none(sums):
        return sums
    thread = release_gil_for(x)
    add_columns(matrix(x), flat(sums))
    take_gil(thread)
    return sums


@register_jitable
def takes_columns(x: np.ndarray, out: Any) -> bool:
    """Whether `out` can be filled with a number for each column of x."""
    if not alike(x, out) or not contiguous(out) or not writeable(out):
        return False
    return axes(out) == 1 and length(out, 0) == length(x, 1) and separate(x, out)


@kernel
def sum_middle(x: np.ndarray, out: np.ndarray) -> None:
    """Compute out = the sum over the middle axis, shapes (outer, rows, n) and (outer, n)."""
    for i in range(x.shape[0]):
        add_columns(x[i], out[i])


@register_jitable
def merged(
    count: int, mean: float, square: float, block: int, block_mean: float, block_square: float
) -> tuple[float, float]:
    """Mean and sum of squared deviations of two sets of numbers together."""
    share = block / (count + block)
    difference = block_mean - mean
    return mean + difference * share, square + block_square + difference * difference * count * share


@kernel
def moments_of_rows(x: np.ndarray, correction: int, mean: np.ndarray, variance: np.ndarray) -> None:
    """Mean and variance of each row, shapes (rows, n), (rows,) and (rows,); the divisor is n − correction."""
    rows, n = x.shape
    for i in range(rows):
        middle, square = np.nan, np.nan
        for first in range(0, n, ROW_BLOCK):
            block = x[i][first : first + ROW_BLOCK]
            center = x.dtype.type(block_total(block) / block.size)
            deviation, total = x.dtype.type(0), x.dtype.type(0)
            for j in range(block.size):
                difference = block[j] - center
                deviation += difference
                total += difference * difference
            # The center was rounded: what is left of it shifts the mean and adds to the squares.
            shift = np.float64(deviation) / block.size
            block_mean, block_square = center + shift, total - shift * deviation
            if first == 0:
                middle, square = block_mean, block_square
            else:
                middle, square = merged(first, middle, square, block.size, block_mean, block_square)
        mean[i] = middle
        # In plain Python a quotient of floats by 0 raises; one of NumPy scalars is NaN or inf, as compiled.
        variance[i] = np.float64(square) / max(n - correction, 0)


@kernel
def moments_of_columns(x: np.ndarray, correction: int, mean: np.ndarray, variance: np.ndarray) -> None:
    """Mean and variance of each column, shapes (rows, n), (n,) and (n,); the divisor is rows − correction."""
    rows, n = x.shape
    width = min(n, TILE)
    center, deviation, total = np.empty(width, x.dtype), np.empty(width, x.dtype), np.empty(width, x.dtype)
    middle, square = np.empty(width), np.empty(width)
    for left in range(0, n, max(1, width)):
        size = min(width, n - left)
        middle[:] = np.nan
        square[:] = np.nan
        for first in range(0, rows, COLUMN_BLOCK):
            count = min(COLUMN_BLOCK, rows - first)
            add_rows(x, first, first + count, left, center[:size])
            for j in range(size):
                center[j] /= x.dtype.type(count)
            add_deviations(x, first, first + count, left, center[:size], deviation[:size], total[:size])
            for j in range(size):
                shift = np.float64(deviation[j]) / count
                block_mean, block_square = center[j] + shift, total[j] - shift * deviation[j]
                if first == 0:
                    middle[j], square[j] = block_mean, block_square
                else:
                    middle[j], square[j] = merged(first, middle[j], square[j], count, block_mean, block_square)
        for j in range(size):
            mean[left + j] = middle[j]
            variance[left + j] = square[j] / max(rows - correction, 0)
