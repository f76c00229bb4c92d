"""Triangles of matrices, and the indices of their elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.creation import leaf
from minigrad.ops.operands import Op, Operand, Tensor, Value, ndarray, unwrap, whole
from minigrad.ops.overwriting import write_over


def tril(x: Operand, diagonal: int = 0) -> Tensor:
    """Return ``x`` with zeros above a diagonal of its last two axes.

    Args:
        x: at least two axes.
        diagonal: the last one to keep: 0 the main one, 1 the one above it, -1 the one below.

    Raises:
        ValueError: if x has fewer than two axes.

    Examples:
        >>> import minigrad as mg
        >>> mg.tril(mg.ones(2, 3)).tolist()
        [[1.0, 0.0, 0.0], [1.0, 1.0, 0.0]]
    """
    x_data = unwrap(tril, x)
    diagonal = last_diagonal(tril, x, x_data, diagonal)
    kept = below(x_data.shape[-2], x_data.shape[-1], diagonal)
    output = np.where(kept, x_data, x_data.dtype.type(0))
    return record(tril, tril_vjp, output, (x, diagonal), (diagonal,))


def tril_vjp(grad_output: Value, diagonal: int) -> Value:
    """``grad_x = grad_output with zeros above the diagonal``."""
    return tril(grad_output, diagonal)


def triu(x: Operand, diagonal: int = 0) -> Tensor:
    """Return ``x`` with zeros below a diagonal of its last two axes; arguments as for ``tril``."""
    x_data = unwrap(triu, x)
    diagonal = last_diagonal(triu, x, x_data, diagonal)
    dropped = below(x_data.shape[-2], x_data.shape[-1], diagonal - 1)
    output = np.where(dropped, x_data.dtype.type(0), x_data)
    return record(triu, triu_vjp, output, (x, diagonal), (diagonal,))


def triu_vjp(grad_output: Value, diagonal: int) -> Value:
    """``grad_x = grad_output with zeros below the diagonal``."""
    return triu(grad_output, diagonal)


def tril_(x: Tensor, diagonal: int = 0) -> Tensor:
    """Write zeros over ``x`` above a diagonal."""
    return write_over(tril, x, (diagonal,))


def triu_(x: Tensor, diagonal: int = 0) -> Tensor:
    """Write zeros over ``x`` below a diagonal."""
    return write_over(triu, x, (diagonal,))


def last_diagonal(op: Op, x: Any, x_data: ndarray, diagonal: Any) -> int:
    """Return the number of a diagonal.

    Raises:
        ValueError: if x is neither a matrix nor a batch of them; TypeError: if the number is no integer.
    """
    if x_data.ndim < 2:
        raise ValueError(
            message(
                op.__name__, f"a matrix or a batch of them is needed, got {describe(x)}.", "x.unsqueeze(0) is a row."
            )
        )
    # Beyond the corners all diagonals are alike, and NumPy's integers end.
    return min(max(whole(op, "diagonal", diagonal), -(2**62)), 2**62)


def below(rows: int, columns: int, diagonal: int) -> ndarray:
    """Return where a matrix has its elements on a diagonal or below it."""
    return np.arange(rows)[:, None] + diagonal >= np.arange(columns)


def tril_indices(row: int, col: int, offset: int = 0, *, dtype: Any = dtypes.int64) -> Tensor:
    """Return the rows and columns of the elements on a diagonal of a (row, col) matrix and below it.

    Args:
        row: how many rows.
        col: how many columns.
        offset: the number of the diagonal.
        dtype: of integers.

    Returns:
        (2, n): rows, then columns, in row-major order.

    Raises:
        ValueError: if a length is negative.

    Examples:
        >>> import minigrad as mg
        >>> mg.tril_indices(2, 3).tolist()
        [[0, 1, 1], [0, 0, 1]]
    """
    return places_where(tril_indices, row, col, offset, False, dtype)


def triu_indices(row: int, col: int, offset: int = 0, *, dtype: Any = dtypes.int64) -> Tensor:
    """Return the rows and columns of the elements on a diagonal and above it; arguments as for ``tril_indices``."""
    return places_where(triu_indices, row, col, offset, True, dtype)


def places_where(op: Op, row: Any, col: Any, offset: Any, above: bool, dtype: Any) -> Tensor:
    """Return the indices of the elements below a diagonal, or above it."""
    rows, columns = whole(op, "row", row), whole(op, "col", col)
    if rows < 0 or columns < 0:
        raise ValueError(message(op.__name__, f"lengths must not be negative, got {rows} and {columns}."))
    function: Any = np.triu_indices if above else np.tril_indices
    found = np.array(function(rows, whole(op, "offset", offset), columns))
    return leaf(found.astype(dtypes.as_dtype(op.__name__, dtype), copy=False), False, None)


class TriangleMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    tril = tril
    tril_ = tril_
    triu = triu
    triu_ = triu_
