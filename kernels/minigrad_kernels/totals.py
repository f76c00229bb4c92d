"""The sum of all numbers of an array times a factor, which makes it a mean, by one kernel call."""

from typing import Any

import numpy as np

from minigrad_kernels.entries import Entries, made
from minigrad_kernels.jit import runs_python
from minigrad_kernels.stored_arrays import stored
from minigrad_kernels.sum_loops import sum_all

_FLOAT32 = np.dtype(np.float32)
_FLOAT64 = np.dtype(np.float64)
_ndarray = np.ndarray
_SUM_ALL = Entries(sum_all, _ndarray, float)


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
        call = _SUM_ALL.get(x.dtype)
        if call is not None:
            result = call(x, share)
            if result is not None:
                return result
    return _checked_total(x, share)


def _checked_total(x: Any, share: float) -> np.ndarray:
    """`total` for whatever comes; the first call compiles."""
    if type(x) is not np.ndarray or (x.dtype is not _FLOAT32 and x.dtype is not _FLOAT64):
        came = f"dtype {x.dtype}" if isinstance(x, np.ndarray) else type(x).__name__
        raise TypeError(f"total: needed an array of float32 or float64, came {came}; use x.astype(float)")
    x = stored(x)
    return made("total", _SUM_ALL.entry(x.dtype)(x, share), x)
