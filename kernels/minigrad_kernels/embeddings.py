"""Rows of a table gathered, and rows added up where an index says: the two directions of an embedding.

The naive loops are `out[i] = table[index[i]]` and `out[index[i]] += rows[i]`. NumPy has the first one, behind two more
passes that look for indices out of range; its second, `np.add.at`, looks at every number's index anew. Here an index is
checked once, before anything is written, and a row is added in vectors. Rows that meet in one place are added one after
the other, in the order of the index, so nothing is lost however often one is repeated.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.entries import entry
from minigrad_kernels.jit import kernel
from minigrad_kernels.signatures import contiguous
from minigrad_kernels.stored_arrays import stored
from minigrad_kernels.vectors import address, numbers_at

_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
_INT64 = np.dtype(np.int64)


def gather_rows(table: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Return rows of a table.

    Args:
        table: Shape (rows, n), float32 or float64, any strides.
        index: Shape (k,), int64, from 0 up.

    Returns:
        Shape (k, n), of the table's dtype.

    Raises:
        TypeError: An argument is no array of a fitting dtype.
        ValueError: The shapes do not fit.
        IndexError: An index is out of range.

    Example:
        >>> gather_rows(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1, 1]))
        array([[3., 4.],
               [3., 4.]])
    """
    _check("gather_rows", "table", table, 2)
    _check_index("gather_rows", index, None)
    out = np.empty((index.size, table.shape[1]), table.dtype)
    bad = _entry(copy_rows_at, table.dtype, 2, 2)(stored(table), stored(index), out)
    if bad >= 0:
        _refuse_index("gather_rows", index, bad, len(table))
    return out


def scatter_rows(rows: np.ndarray, index: np.ndarray, length: int, factors: np.ndarray | None = None) -> np.ndarray:
    """Return zeros to which each row is added at its index.

    Args:
        rows: Shape (k, n), float32 or float64, any strides.
        index: Shape (k,), int64, from 0 up.
        length: How many rows the result has.
        factors: Shape (k,), of the rows' dtype, what each is multiplied by; None for 1.

    Returns:
        Shape (length, n), of the rows' dtype.

    Raises:
        TypeError: An argument is no array of a fitting dtype.
        ValueError: The shapes do not fit.
        IndexError: An index is out of range.

    Example:
        >>> scatter_rows(np.array([[1.0], [2.0], [4.0]]), np.array([0, 2, 0]), 3)
        array([[5.],
               [0.],
               [2.]])
    """
    _check("scatter_rows", "rows", rows, 2)
    _check_index("scatter_rows", index, len(rows))
    if factors is None:
        factors = np.ones(len(rows), rows.dtype)
    _check("scatter_rows", "factors", factors, 1)
    if factors.shape != index.shape or factors.dtype != rows.dtype:
        raise ValueError(
            f"scatter_rows: needed factors of shape {index.shape} and {rows.dtype}, came shape {factors.shape} and "
            f"{factors.dtype}; give each row one"
        )
    out = np.zeros((length, rows.shape[1]), rows.dtype)
    bad = _entry(add_rows_at, rows.dtype, 2, 1, 2)(stored(rows), stored(index), stored(factors), out)
    if bad >= 0:
        _refuse_index("scatter_rows", index, bad, length)
    return out


def largest_places(rows: np.ndarray, index: np.ndarray, length: int) -> np.ndarray:
    """Return for each index and column which of its rows holds the largest number, the first of equals.

    Args:
        rows: Shape (k, n), float32 or float64, any strides.
        index: Shape (k,), int64, from 0 up; rows of a negative index do not count.
        length: How many indices there are.

    Returns:
        Shape (length, n), int64; −1 where an index has no row.

    Raises:
        TypeError: An argument is no array of a fitting dtype.
        ValueError: The shapes do not fit.
        IndexError: An index is not below `length`.

    Example:
        >>> largest_places(np.array([[1.0], [3.0], [2.0]]), np.array([0, 0, 2]), 3).T
        array([[ 1, -1,  2]])
    """
    _check("largest_places", "rows", rows, 2)
    _check_index("largest_places", index, len(rows))
    places = np.full((length, rows.shape[1]), -1, _INT64)
    call = entry(find_largest, contiguous(rows.dtype, 2), contiguous(_INT64, 1), contiguous(_INT64, 2))
    bad = call(stored(rows), stored(index), places)
    if bad >= 0:
        _refuse_index("largest_places", index, bad, length)
    return places


@register_jitable
def first_outsider(index: np.ndarray, lowest: int, length: int) -> int:
    """The position of the first index not in [lowest, length); −1 if there is none."""
    outside = 0
    for i in range(index.size):
        outside += index[i] < lowest or index[i] >= length
    if outside > 0:
        for i in range(index.size):
            if index[i] < lowest or index[i] >= length:
                return i
    return -1


@kernel
def copy_rows_at(table: np.ndarray, index: np.ndarray, out: np.ndarray) -> int:
    """Compute out[i] = table[index[i]], shapes (rows, n), (k,) and (k, n).

    Returns:
        The position of the first index out of range, with nothing written; else −1.
    """
    bad = first_outsider(index, 0, table.shape[0])
    if bad >= 0:
        return bad
    n, zero, step = table.shape[1], table.dtype.type(0), table.itemsize
    for i in range(index.size):
        source = numbers_at(address(table) + int(index[i]) * n * step, n, zero)
        target = numbers_at(address(out) + i * n * step, n, zero)
        for j in range(n):
            target[j] = source[j]
    return -1


@kernel
def add_rows_at(rows: np.ndarray, index: np.ndarray, factors: np.ndarray, out: np.ndarray) -> int:
    """Compute out[index[i]] += factors[i]·rows[i], shapes (k, n), (k,), (k,) and (length, n).

    A row whose factor is 0 is left out, whatever is in it.

    Returns:
        The position of the first index out of range, with nothing written; else −1.
    """
    bad = first_outsider(index, 0, out.shape[0])
    if bad >= 0:
        return bad
    n, zero, step = rows.shape[1], rows.dtype.type(0), rows.itemsize
    for i in range(index.size):
        factor = factors[i]
        if factor != zero:
            source = numbers_at(address(rows) + i * n * step, n, zero)
            target = numbers_at(address(out) + int(index[i]) * n * step, n, zero)
            for j in range(n):
                target[j] += factor * source[j]
    return -1


@kernel
def find_largest(rows: np.ndarray, index: np.ndarray, places: np.ndarray) -> int:
    """Fill places[index[i], j] with the i for which rows[i, j] is largest, shapes (k, n), (k,) and (length, n).

    Returns:
        The position of the first index that is too large, with nothing written; else −1.
    """
    for i in range(index.size):
        if index[i] >= places.shape[0]:
            return i
    for i in range(index.size):
        group = index[i]
        if group >= 0:
            for j in range(rows.shape[1]):
                best = places[group, j]
                if best < 0 or rows[i, j] > rows[best, j]:
                    places[group, j] = i
    return -1


def _entry(loop: Callable[..., Any], dtype: np.dtype, first: int, *others: int) -> Callable[..., Any]:
    """Return what to call to run a loop on an array of so many axes, an index, and others."""
    kinds = []
    for axes in others:
        kinds.append(contiguous(dtype, axes))
    return entry(loop, contiguous(dtype, first), contiguous(_INT64, 1), *kinds)


def _check(name: str, role: str, x: Any, axes: int) -> None:
    """Raise unless an argument is a floating array of so many axes."""
    if type(x) is not np.ndarray or x.dtype not in _FLOATS:
        came = f"dtype {x.dtype}" if isinstance(x, np.ndarray) else type(x).__name__
        raise TypeError(f"{name}: needed {role} as an array of float32 or float64, came {came}; use x.astype(float)")
    if x.ndim != axes:
        raise ValueError(f"{name}: needed {role} with {axes} axes, came shape {x.shape}; reshape it")


def _check_index(name: str, index: Any, count: int | None) -> None:
    """Raise unless an argument is an index, of so many rows."""
    if type(index) is not np.ndarray or index.dtype != _INT64:
        came = f"dtype {index.dtype}" if isinstance(index, np.ndarray) else type(index).__name__
        raise TypeError(f"{name}: needed the index as an array of int64, came {came}; use index.astype(np.int64)")
    if index.ndim != 1 or (count is not None and index.size != count):
        wanted = "(k,)" if count is None else f"({count},)"
        raise ValueError(f"{name}: needed an index of shape {wanted}, came shape {index.shape}; reshape it")


def _refuse_index(name: str, index: np.ndarray, position: int, length: int) -> None:
    """Raise an IndexError for the index at a position."""
    raise IndexError(
        f"{name}: needed indices from 0 to {length - 1}, came {index[position]} at position {position}; negative ones "
        "do not count from the end here"
    )
