"""The sum of all numbers of an array times a factor, which makes it a mean, by one kernel call."""

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad_kernels.contiguous import contiguous_entry, is_contiguous
from minigrad_kernels.jit import kernel, runs_python
from minigrad_kernels.sum_loops import ROW_BLOCK, block_total

_FLOAT32 = np.dtype(np.float32)
_FLOAT64 = np.dtype(np.float64)
_ndarray, _empty = np.ndarray, np.empty
# The compiled kernel for each dtype and number of axes that has been summed.
_entries: dict[tuple[np.dtype, int], Callable[..., bool]] = {}
# The kernel is compiled for each number of axes. Arrays of others are read as vectors.
_AXES = (1, 2)


def total(x: np.ndarray, share: float = 1.0) -> np.ndarray:
    """Compute share·Σ x; 1/x.size as the share makes the mean, rounded once.

    The error of the sum is that of a row of `sum_axes`, at most 513·eps·Σ|x| in float32.

    Args:
        x: Any shape, float32 or float64, any layout (what is not C-contiguous is copied).
        share: Factor of the sum.

    Returns:
        0-d, of x's dtype.

    Raises:
        TypeError: `x` is no array of float32 or float64.

    Example:
        >>> total(np.array([[1.0, 2.0], [3.0, 6.0]]), 0.25)
        array(3.)
    """
    if type(x) is _ndarray and not runs_python():
        dtype = x.dtype
        sum_here = _entries.get((dtype, x.ndim))
        if sum_here is not None:
            out = _empty((), dtype)
            if sum_here(x, share, out):
                return out
    return _checked_total(x, share)


def _checked_total(x: Any, share: float) -> np.ndarray:
    """`total` for whatever comes; the first call compiles."""
    if type(x) is not np.ndarray or (x.dtype is not _FLOAT32 and x.dtype is not _FLOAT64):
        came = f"dtype {x.dtype}" if isinstance(x, np.ndarray) else type(x).__name__
        raise TypeError(f"total: needed an array of float32 or float64, came {came}; use x.astype(float)")
    x = x if x.flags.carray else np.array(x, order="C")
    x = x if x.ndim in _AXES else x.reshape(-1)
    out = _empty((), x.dtype)
    sum_here = contiguous_entry(sum_numbers, x.dtype, x.ndim, float, 0)
    if not runs_python():
        _entries[x.dtype, x.ndim] = sum_here
    sum_here(x, share, out)
    return out


@kernel
def sum_numbers(x: np.ndarray, share: float, out: np.ndarray) -> bool:
    """Compute out = share·Σ x, shape (); False, and nothing is written, if x is not contiguous."""
    if not is_contiguous(x):
        return False
    flat = x.reshape(x.size)
    result = 0.0
    for first in range(0, x.size, ROW_BLOCK):
        result += np.float64(block_total(flat[first : first + ROW_BLOCK]))
    out[()] = result * share
    return True
