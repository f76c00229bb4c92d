"""The loops of the distances between two sets of points: for few coordinates, and for many."""

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.jit import kernel

# Points whose distances from one point are computed together: 8 kB of float64, which stay in L1 between the
# coordinates.
TILE = 1024
# The part of |x|² + |y|² from which on the square of a distance is taken from it: at most two binary digits are lost.
NEAR = 0.25


@register_jitable
def add_squares(a: float, b: np.ndarray, total: np.ndarray) -> None:
    """Add (a − b)² to the totals, shapes (n,)."""
    for j in range(total.size):
        difference = a - b[j]
        total[j] += difference * difference


@register_jitable
def add_sizes(a: float, b: np.ndarray, total: np.ndarray) -> None:
    """Add |a − b| to the totals, shapes (n,)."""
    for j in range(total.size):
        total[j] += abs(a - b[j])


@register_jitable
def take_largest(a: float, b: np.ndarray, total: np.ndarray) -> None:
    """Replace the totals by |a − b| where that is larger, or NaN; shapes (n,)."""
    for j in range(total.size):
        size = abs(a - b[j])
        # A comparison with NaN is false, so a NaN in the totals stays.
        total[j] = size if size > total[j] or size != size else total[j]


@register_jitable
def squares_between(a: np.ndarray, b: np.ndarray) -> float:
    """The sum of (a − b)², shapes (k,)."""
    total = a.dtype.type(0)
    for c in range(a.size):
        difference = a[c] - b[c]
        total += difference * difference
    return total


@register_jitable
def sizes_between(a: np.ndarray, b: np.ndarray) -> float:
    """The sum of |a − b|, shapes (k,)."""
    total = a.dtype.type(0)
    for c in range(a.size):
        total += abs(a[c] - b[c])
    return total


@register_jitable
def largest_between(a: np.ndarray, b: np.ndarray) -> float:
    """The largest |a − b|, shapes (k,)."""
    largest = a.dtype.type(0)
    for c in range(a.size):
        size = abs(a[c] - b[c])
        largest = size if size > largest or size != size else largest
    return largest


@kernel
def distances_of_long_points(x: np.ndarray, y: np.ndarray, p: float, out: np.ndarray) -> None:
    """Compute out[b, i, j] = the p-norm of x[b, i] − y[b, j] for p of 1, 2 or infinity, one pair after the other.

    Shapes (batch, rows, k), (batch, n, k) and (batch, rows, n).
    """
    batch, rows, k = x.shape
    for entry in range(batch):
        for i in range(rows):
            point, target = x[entry][i], out[entry][i]
            for j in range(y.shape[1]):
                other = y[entry][j]
                if p == 2:
                    target[j] = np.sqrt(squares_between(point, other))
                elif p == 1:
                    target[j] = sizes_between(point, other)
                else:
                    target[j] = largest_between(point, other)


@register_jitable
def square_size(a: np.ndarray) -> float:
    """The sum of a², shape (k,)."""
    total = a.dtype.type(0)
    for c in range(a.size):
        total += a[c] * a[c]
    return total


@kernel
def distances_from_products(x: np.ndarray, y: np.ndarray, out: np.ndarray) -> None:
    """Replace out[i, j] = x[i]·y[j] by the distance, √(|x[i]|² + |y[j]|² − 2·x[i]·y[j]).

    Where that is a small part of |x[i]|² + |y[j]|², or NaN, digits were lost, and it is computed from the differences.
    Shapes (rows, k), (n, k) and (rows, n).
    """
    two, share = x.dtype.type(2), x.dtype.type(NEAR)
    sizes = np.empty(len(y), x.dtype)
    for j in range(sizes.size):
        sizes[j] = square_size(y[j])
    for i in range(len(x)):
        size, target = square_size(x[i]), out[i]
        near = 0
        for j in range(target.size):
            whole = size + sizes[j]
            target[j] = whole - two * target[j]
            near += 0 if target[j] >= share * whole else 1
        if near > 0:
            for j in range(target.size):
                if not target[j] >= share * (size + sizes[j]):
                    target[j] = squares_between(x[i], y[j])
        for j in range(target.size):
            target[j] = np.sqrt(target[j])


@kernel
def distances_of_short_points(x: np.ndarray, y: np.ndarray, p: float, out: np.ndarray) -> None:
    """Compute out[b, i, j] = the p-norm of x[b, i] − y[b, :, j] for p of 1, 2 or infinity.

    Shapes (batch, rows, k), (batch, k, n) and (batch, rows, n): y holds a coordinate a row, so that the points beside
    each other fill the vectors however few coordinates there are.
    """
    batch, rows, k = x.shape
    n = y.shape[2]
    for entry in range(batch):
        for left in range(0, n, TILE):
            right = min(n, left + TILE)
            for i in range(rows):
                point, total = x[entry][i], out[entry][i][left:right]
                total[:] = 0
                for coordinate in range(k):
                    others = y[entry][coordinate][left:right]
                    if p == 2:
                        add_squares(point[coordinate], others, total)
                    elif p == 1:
                        add_sizes(point[coordinate], others, total)
                    else:
                        take_largest(point[coordinate], others, total)
                if p == 2:
                    for j in range(total.size):
                        total[j] = np.sqrt(total[j])
