"""Triangles of matrices, and the indices of their elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.creation import leaf
from minigrad.ops.operands import Op, Operand, Tensor, Value, ndarray, unwrap, whole


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
    return whole(op, "diagonal", diagonal)


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
    return places_where(tril_indices, row, col, offset, 0, dtype)


def triu_indices(row: int, col: int, offset: int = 0, *, dtype: Any = dtypes.int64) -> Tensor:
    """Return the rows and columns of the elements on a diagonal and above it; arguments as for ``tril_indices``."""
    return places_where(triu_indices, row, col, offset, 1, dtype)


def places_where(op: Op, row: Any, col: Any, offset: Any, above: int, dtype: Any) -> Tensor:
    """Return the indices of the elements below a diagonal, or above it."""
    rows, columns = whole(op, "row", row), whole(op, "col", col)
    if rows < 0 or columns < 0:
        raise ValueError(message(op.__name__, f"lengths must not be negative, got {rows} and {columns}."))
    inside = below(rows, columns, whole(op, "offset", offset) - above)
    found = np.array(np.nonzero(~inside if above else inside))
    return leaf(found.astype(dtypes.as_dtype(op.__name__, dtype), copy=False), False, None)


class TriangleMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    tril = tril
    triu = triu


"""Triangles and diagonals of matrices, and reciprocals of differences: what the rules of decompositions are made of."""

from __future__ import annotations

from minigrad.ops.elementwise import abs, where
from minigrad.ops.extremes import amax
from minigrad.ops.shapes import matrix_transpose, unsqueeze


def lower(x: Value, offset: int = 0) -> Value:
    """Return matrices with zeros above their diagonal, or above the one ``offset`` to its right."""
    return where(lower_mask(x, offset), x, 0)


def upper(x: Value, offset: int = 0) -> Value:
    """Return matrices with zeros below their diagonal, or below the one ``offset`` to its right."""
    return where(lower_mask(x, offset - 1), 0, x)


def lower_mask(x: Value, offset: int) -> ndarray:
    """Return where a matrix of x's last two axes is not above a diagonal."""
    return np.tri(x.shape[-2], x.shape[-1], offset, dtype=np.bool_)


def unit_lower(x: Value) -> Value:
    """Return square matrices with zeros above their diagonal and ones on it."""
    return where(np.eye(x.shape[-2], x.shape[-1], dtype=np.bool_), 1, lower(x, -1))


def on_diagonal(x: Value) -> Value:
    """Return vectors (..., n) as matrices (..., n, n) with zeros beside their diagonal."""
    return where(np.eye(x.shape[-1], dtype=np.bool_), unsqueeze(x, -1), 0)


def half_of_diagonal(x: Value) -> Value:
    """Return square matrices with half of their diagonal."""
    return where(np.eye(x.shape[-1], dtype=np.bool_), x / 2, x)


def skew(x: Value) -> Value:
    """Return ``x - x.T``."""
    return x - matrix_transpose(x)


def differences(x: Value) -> Value:
    """Return ``d[i, j] = x[j] - x[i]`` of vectors, (..., n) to (..., n, n)."""
    return unsqueeze(x, -2) - unsqueeze(x, -1)


def resolution(x: Value) -> Value:
    """Return what the singular or eigenvalues of a matrix cannot be told apart by: n times the rounding of the largest.

    Args:
        x: (..., n), the values.

    Returns:
        (..., 1).

    Source: LAPACK Users' Guide (3rd edition, 1999), sections 4.7 and 4.9: the error bounds p(n) eps |A|.
    """
    if x.shape[-1] == 0:
        return 0
    return amax(abs(x), -1, True) * (x.shape[-1] * float(np.finfo(x.dtype).eps))


def reciprocal_or_zero(x: Value, negligible: Value) -> Value:
    """Return ``1 / x``, but 0 where x is negligible; the gradient there is 0 too."""
    return where(negligible, 0, 1 / where(negligible, 1, x))
