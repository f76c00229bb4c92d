"""Public sums over axes, and mean and variance in one pass: check, allocate, call a loop of `sum_loops.py`.

C- and Fortran-contiguous arrays are read where they are; other ones are copied first. Blocks of B numbers are summed in
the array's dtype and their totals in float64: B is 512 along the last axis, else 64 (1024 with at most 32 columns). The
error of a float32 sum is at most (B + 1)·eps·Σ|x|, however long it is; of a float64 one (B + blocks)·eps·Σ|x|.
"""

import math
from typing import Any

import numpy as np

from minigrad_kernels.entries import Entries, made
from minigrad_kernels.jit import run, runs_python
from minigrad_kernels.stored_arrays import stored
from minigrad_kernels.sum_loops import (
    moments_of_columns,
    moments_of_rows,
    sum_all,
    sum_columns,
    sum_middle,
    sum_rows,
)

_FLOAT32 = np.dtype(np.float32)
_FLOAT64 = np.dtype(np.float64)
_ndarray = np.ndarray
_SUM_ALL = Entries(sum_all, _ndarray, float)
_SUM_ROWS = Entries(sum_rows, _ndarray)
_SUM_COLUMNS = Entries(sum_columns, _ndarray, _ndarray)


def column_sums(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Sum the rows of a matrix, as for the gradient of a bias.

    Args:
        x: Shape (rows, n), float32 or float64.
        out: Where to write, shape (n,), of x's dtype.

    Returns:
        Shape (n,); `out` if given.

    Raises:
        TypeError: `x` or `out` is no array of a fitting dtype.
        ValueError: `x` is not a matrix, or `out` does not fit.

    Example:
        >>> column_sums(np.array([[1.0, 2.0], [3.0, 4.0]]))
        array([4., 6.])
    """
    # At 10 elements Python's checks would take longer than the loop, which therefore makes them itself.
    if type(x) is _ndarray and not runs_python():
        call = _SUM_COLUMNS.get(x.dtype)
        if call is not None:
            result = call(x, out)
            if result is not None:
                return result
    return _checked_column_sums(x, out)


def _checked_column_sums(x: np.ndarray, out: np.ndarray | None) -> np.ndarray:
    """`column_sums` for whatever comes: any layout, an `out` that overlaps, and what must be refused."""
    _check_matrix("column_sums", x)
    n = x.shape[1]
    if out is not None and (not isinstance(out, np.ndarray) or out.dtype != x.dtype):
        came = out.dtype if isinstance(out, np.ndarray) else type(out).__name__
        raise TypeError(f"column_sums: needed out as an array of {x.dtype}, came {came}; pass np.empty({n}, x.dtype)")
    if out is not None and (out.shape != (n,) or not out.flags.writeable):
        raise ValueError(
            f"column_sums: needed a writeable out of shape ({n},), came shape {out.shape}, "
            f"writeable={out.flags.writeable}; pass np.empty({n}, x.dtype)"
        )
    matrix = stored(x)
    result = made("column_sums", _SUM_COLUMNS.entry(x.dtype)(matrix, None), matrix)
    if out is None:
        return result
    out[...] = result
    return out


def sum_axes(x: np.ndarray, axis: int | tuple[int, ...] | None = None, keepdims: bool = False) -> np.ndarray:
    """Sum over some axes.

    Args:
        x: Any shape, float32 or float64.
        axis: The axes to sum over; None for all.
        keepdims: Keep them, with length 1.

    Returns:
        x's shape without those axes, of x's dtype; 0-d if none is left.

    Raises:
        TypeError: `x` is no array of float32 or float64.
        numpy.exceptions.AxisError: `axis` is none of x's, or twice the same.

    Example:
        >>> sum_axes(np.ones((2, 3, 4)), (0, 2))
        array([8., 8., 8.])
    """
    # As in `column_sums`; these cases are the common ones.
    if type(x) is _ndarray and not keepdims and not runs_python():
        result = None
        if axis is None:
            call = _SUM_ALL.get(x.dtype)
            result = call and call(x, 1.0)
        elif x.ndim == 2 and (axis == 1 or axis == -1) and type(axis) is int:
            call = _SUM_ROWS.get(x.dtype)
            result = call and call(x)
        if result is not None:
            return result
    return _checked_sum_axes(x, axis, keepdims)


def _checked_sum_axes(x: np.ndarray, axis: int | tuple[int, ...] | None, keepdims: bool) -> np.ndarray:
    """`sum_axes` for whatever comes: any axes and layout, and what must be refused."""
    _check_floats("sum_axes", x)
    if axis is None and not keepdims and x.flags.carray:
        return made("sum_axes", _SUM_ALL.entry(x.dtype)(x, 1.0), x)
    axes = _normalised(axis, x.ndim)
    kept = []
    for i in range(x.ndim):
        if i not in axes:
            kept.append(x.shape[i])
        elif keepdims:
            kept.append(1)
    if not x.flags.c_contiguous and x.flags.f_contiguous:
        # The transpose is the contiguous array; its axes are numbered from the other end.
        mirrored = tuple(x.ndim - 1 - i for i in axes)
        return np.asarray(sum_axes(x.T, mirrored, keepdims).T)
    result = stored(x)
    # Neighbouring axes are one. What remains alternates, and is summed from the last on; `inner` numbers follow it.
    end, inner = x.ndim, 1
    while end > 0:
        start = end
        while start > 0 and (start - 1 in axes) == (end - 1 in axes):
            start -= 1
        length = math.prod(x.shape[start:end])
        if end - 1 in axes:
            result = _sum_middle(result, math.prod(x.shape[:start]), length, inner)
        else:
            inner *= length
        end = start
    # Without axes to sum over, the result is a copy.
    return (x.copy() if result is x else result).reshape(kept)


def mean_variance_rows(x: np.ndarray, correction: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Compute mean and variance of each row, reading x once.

    Args:
        x: Shape (rows, n), float32 or float64.
        correction: What the variance's divisor is smaller than n by: 1 for the unbiased estimate.

    Returns:
        Two arrays of shape (rows,), of x's dtype; NaN of nothing, and where the divisor is 0 NaN or inf.

    Raises:
        TypeError: `x` is no array of float32 or float64.
        ValueError: `x` is not a matrix.

    Example:
        >>> mean_variance_rows(np.array([[1.0, 3.0]]))
        (array([2.]), array([1.]))
    """
    _check_matrix("mean_variance_rows", x)
    mean, variance = np.empty(x.shape[0], x.dtype), np.empty(x.shape[0], x.dtype)
    if x.flags.f_contiguous and not x.flags.c_contiguous:
        run(moments_of_columns)(stored(x.T), correction, mean, variance)
    else:
        run(moments_of_rows)(stored(x), correction, mean, variance)
    return mean, variance


def mean_variance_columns(x: np.ndarray, correction: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Compute mean and variance of each column, shape (n,). Arguments as for `mean_variance_rows`."""
    _check_matrix("mean_variance_columns", x)
    return mean_variance_rows(x.T, correction)


def _sum_middle(x: np.ndarray, outer: int, length: int, inner: int) -> np.ndarray:
    """Sum the middle axis of a contiguous array of outer·length·inner numbers; returns shape (outer, inner)."""
    if inner == 1:
        rows = x.reshape(outer, length)
        return made("sum_axes", _SUM_ROWS.entry(x.dtype)(rows), rows)
    out = np.empty((outer, inner), x.dtype)
    run(sum_middle)(x.reshape(outer, length, inner), out)
    return out


def _normalised(axis: int | tuple[int, ...] | None, ndim: int) -> tuple[int, ...]:
    """Return the axes as numbers from 0; raises as NumPy does."""
    if axis is None:
        return tuple(range(ndim))
    if axis.__class__ is int and -ndim <= axis < ndim:
        return (axis % ndim,)  # NumPy's function takes a microsecond
    return np.lib.array_utils.normalize_axis_tuple(axis, ndim)


def _check_floats(name: str, x: Any) -> None:
    """Raise unless x is an array of float32 or float64."""
    if type(x) is not np.ndarray or ((dtype := x.dtype) is not _FLOAT32 and dtype is not _FLOAT64):
        came = f"dtype {x.dtype}" if isinstance(x, np.ndarray) else type(x).__name__
        raise TypeError(f"{name}: needed an array of float32 or float64, came {came}; use x.astype(float)")


def _check_matrix(name: str, x: Any) -> None:
    """Raise unless x is a matrix of float32 or float64."""
    _check_floats(name, x)
    if x.ndim != 2:
        raise ValueError(f"{name}: needed a matrix (rows, n), came shape {x.shape}; reshape it")
