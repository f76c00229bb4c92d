"""Public `index_add` and `scatter_add`: add slices, or numbers, at places of an axis; check, call `scatter_loops.py`.

NumPy's `np.add.at` does the same for any index, and takes 5 to 20 times as long for rows.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad_kernels.entries import Entries
from minigrad_kernels.jit import runs_python
from minigrad_kernels.scatter_loops import add_elements_at, add_rows_at, find_outside
from minigrad_kernels.stored_arrays import readable_as, stored

_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
_INT64 = np.dtype(np.int64)
_FIND_OUTSIDE = Entries(find_outside, np.ndarray, int)
_ADD_ROWS = Entries(add_rows_at, np.ndarray, _INT64, np.ndarray, int, int, int)
_ADD_ELEMENTS = Entries(add_elements_at, np.ndarray, _INT64, np.ndarray, int, int, int)


def first_outside(index: np.ndarray, n: int) -> int:
    """Return the position of the first number of an index that is no place of an axis of length n; -1 if all are.

    Args:
        index: Integers, any shape and layout.
        n: The length; places count from 0.

    Example:
        >>> first_outside(np.array([[0, 2], [-1, 3]]), 3)
        2
    """
    return _entry(_FIND_OUTSIDE, _INT64)(readable_as(index, _INT64), n)


def index_add(out: np.ndarray, axis: int, index: np.ndarray, source: np.ndarray) -> np.ndarray:
    """Add slices of an array at places of an axis: for axis 0, out[index[j]] += source[j] for each j in order.

    Args:
        out: What to add to, float32 or float64, any layout; at least one axis.
        axis: The axis of out, from 0 up.
        index: Integers, shape (m,), from 0 up; a place may be named several times.
        source: Of out's dtype and shape, but m long along the axis; any layout. It must not overlap out.

    Returns:
        `out`.

    Raises:
        TypeError: `out` and `source` are no arrays of one floating dtype, or `index` is none of integers.
        ValueError: A shape does not fit, or `out` is read-only.
        IndexError: An index is out of range; nothing has been added then.

    Example:
        >>> index_add(np.zeros((3, 2)), 0, np.array([2, 0, 2]), np.ones((3, 2)))
        array([[1., 1.],
               [0., 0.],
               [2., 2.]])
    """
    _check("index_add", out, axis, index, source)
    if index.ndim != 1 or source.shape != (*out.shape[:axis], index.size, *out.shape[axis + 1 :]):
        raise ValueError(
            f"index_add: needed index of shape (m,) and source like out but m long along axis {axis}, came out "
            f"{out.shape}, index {index.shape}, source {source.shape}"
        )
    return _add("index_add", _ADD_ROWS, out, axis, index, source)


def scatter_add(out: np.ndarray, axis: int, index: np.ndarray, source: np.ndarray) -> np.ndarray:
    """Add numbers at places of an axis: for axis 0 of a matrix, out[index[i, j], j] += source[i, j], row by row.

    Args:
        out: What to add to, float32 or float64, any layout; at least one axis.
        axis: The axis of out, from 0 up.
        index: Integers from 0 up, as many axes as out, and no longer than out but along the axis.
        source: Of out's dtype and of index's shape; any layout. It must not overlap out.

    Returns:
        `out`.

    Raises:
        TypeError, ValueError, IndexError: As `index_add`.

    Example:
        >>> scatter_add(np.zeros((2, 3)), 1, np.array([[0, 0], [2, 1]]), np.ones((2, 2)))
        array([[2., 0., 0.],
               [0., 1., 1.]])
    """
    _check("scatter_add", out, axis, index, source)
    fits = index.ndim == out.ndim and index.shape == source.shape
    whole = True
    for place in range(out.ndim if fits else 0):
        if place != axis:
            fits = fits and index.shape[place] <= out.shape[place]
            whole = whole and index.shape[place] == out.shape[place]
    if not fits:
        raise ValueError(
            f"scatter_add: needed index and source of one shape, no longer than out but along axis {axis}, came out "
            f"{out.shape}, index {index.shape}, source {source.shape}"
        )
    if not whole:
        part = list(map(slice, index.shape))
        part[axis] = slice(None)
        _add("scatter_add", _ADD_ELEMENTS, out[tuple(part)], axis, index, source)
        return out
    return _add("scatter_add", _ADD_ELEMENTS, out, axis, index, source)


def _add(name: str, loop: Entries, out: np.ndarray, axis: int, index: np.ndarray, source: np.ndarray) -> np.ndarray:
    """Run a loop over arrays of three axes: those before the axis as one, the axis, and those behind it as one."""
    target = stored(out)
    outer, inner = math.prod(out.shape[:axis]), math.prod(out.shape[axis + 1 :])
    places, numbers = readable_as(index, _INT64), readable_as(source, out.dtype)
    bad = _entry(loop, out.dtype)(target, places, numbers, outer, out.shape[axis], inner)
    if bad >= 0:
        raise IndexError(
            f"{name}: needed indices in [0, {out.shape[axis]}), the length of axis {axis}, came "
            f"{index.reshape(-1)[bad]} at position {bad}"
        )
    if target is not out:
        out[...] = target
    return out


def _entry(loop: Entries, dtype: np.dtype) -> Callable[..., int]:
    """Return what to call to run a loop on arrays of a dtype."""
    call = None if runs_python() else loop.get(dtype)
    return loop.entry(dtype) if call is None else call


def _check(name: str, out: Any, axis: int, index: Any, source: Any) -> None:
    """Raise unless they are arrays of fitting dtypes, `out` can be written to and has the axis."""
    usual = type(out) is np.ndarray and type(source) is np.ndarray and type(index) is np.ndarray
    if usual and out.dtype in _FLOATS and source.dtype is out.dtype and index.dtype is _INT64:
        fits = 0 <= axis < out.ndim and out.flags.writeable
        if fits:
            return
    for array in (out, source):
        if not isinstance(array, np.ndarray) or array.dtype not in _FLOATS or array.dtype != out.dtype:
            came = f"dtype {array.dtype}" if isinstance(array, np.ndarray) else type(array).__name__
            raise TypeError(f"{name}: needed arrays of one dtype, float32 or float64, came {came}; convert one")
    if not isinstance(index, np.ndarray) or index.dtype.kind not in "iu":
        came = f"dtype {index.dtype}" if isinstance(index, np.ndarray) else type(index).__name__
        raise TypeError(f"{name}: needed an index array of integers, came {came}; use index.astype(np.int64)")
    if not 0 <= axis < out.ndim:
        raise ValueError(f"{name}: needed an axis in [0, {out.ndim}), came {axis}")
    if not out.flags.writeable:
        raise ValueError(f"{name}: needed out to write to, came a read-only array of shape {out.shape}; pass a copy")
