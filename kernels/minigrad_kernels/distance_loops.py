"""The loop of the distances between two sets of points."""

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.jit import kernel

# Points whose distances from one point are computed together: 8 kB of float64, which stay in L1 between the
# coordinates.
TILE = 1024


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


@kernel
def all_distances(x: np.ndarray, y: np.ndarray, p: float, out: np.ndarray) -> None:
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
