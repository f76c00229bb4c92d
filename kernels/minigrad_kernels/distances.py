"""Public distances between two sets of points: check, allocate, call a loop of `distance_loops.py`."""

import math
from typing import Any

import numpy as np

from minigrad_kernels.distance_loops import (
    distances_from_products,
    distances_of_long_points,
    distances_of_short_points,
)
from minigrad_kernels.jit import run
from minigrad_kernels.products import matmul
from minigrad_kernels.stored_arrays import stored

# From so many coordinates on, the sum over those of a pair fills the vectors. A maximum, which has to keep NaN, is not
# vectorised along them; only where points are fewer than coordinates that takes no longer.
LONG = 16
# From so many differences on, x·y is computed first: a matrix product takes a quarter of the time.
MANY = 2**18
_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


def pair_distances(x: np.ndarray, y: np.ndarray, p: float) -> np.ndarray:
    """Compute the p-norm of the difference of each point of x and each of y.

    |x|² + |y|² − 2·x·y, for which there is a matrix product, would lose all digits of small distances: it is used for
    those only that are not small beside |x| and |y|, and the differences are formed for the others. The error is at
    most (k/2 + 2)·eps, relatively, of k coordinates; k·eps for p = 1; with products 4·(k + 2)·eps.

    Args:
        x: Shape (batch, rows, k), float32 or float64.
        y: Shape (batch, n, k), of x's dtype.
        p: 1, 2 or infinity.

    Returns:
        Shape (batch, rows, n), of their dtype.

    Raises:
        TypeError: They are no arrays of float32 or float64, or of two dtypes.
        ValueError: Their shapes do not fit, or p is another number.

    Example:
        >>> pair_distances(np.array([[[0.0, 0.0]]]), np.array([[[3.0, 4.0], [0.0, 1.0]]]), 2)
        array([[[5., 1.]]])
    """
    for each in (x, y):
        _check_floats(each)
    if x.dtype is not y.dtype:
        raise TypeError(f"pair_distances: needed arrays of one dtype, came {x.dtype} and {y.dtype}; convert one")
    if x.ndim != 3 or y.ndim != 3 or x.shape[0] != y.shape[0] or x.shape[2] != y.shape[2]:
        raise ValueError(
            f"pair_distances: needed shapes (batch, rows, k) and (batch, n, k), came {x.shape} and {y.shape}"
        )
    if p not in (1, 2, math.inf):
        raise ValueError(f"pair_distances: needed p as 1, 2 or infinity, came {p}")
    out = np.empty((x.shape[0], x.shape[1], y.shape[1]), x.dtype)
    # Numba would compile the loop again for read-only and for unaligned arrays, which carray excludes.
    points = stored(x)
    if p == 2 and min(x.shape[2], y.shape[1]) >= LONG and out.size * x.shape[2] >= MANY:
        others = stored(y)
        for entry in range(len(out)):
            matmul(points[entry], others[entry].T, out[entry])
            run(distances_from_products)(points[entry], others[entry], out[entry])
    elif x.shape[2] >= LONG and (p != math.inf or y.shape[1] < LONG):
        run(distances_of_long_points)(points, stored(y), float(p), out)
    else:
        run(distances_of_short_points)(points, np.array(y.transpose(0, 2, 1), order="C"), float(p), out)
    return out


def _check_floats(x: Any) -> None:
    """Raise unless x is an array of float32 or float64."""
    if type(x) is not np.ndarray or x.dtype not in _FLOATS:
        came = f"dtype {x.dtype}" if isinstance(x, np.ndarray) else type(x).__name__
        raise TypeError(f"pair_distances: needed arrays of float32 or float64, came {came}; use x.astype(float)")
