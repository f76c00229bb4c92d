"""The norms of vectors and matrices as ``minigrad.linalg`` names them, and the condition number."""

from __future__ import annotations

import math
from typing import Any

from minigrad.dtypes import as_dtype
from minigrad.errors import describe, message
from minigrad.ops import norms
from minigrad.ops.conversion import cast
from minigrad.ops.elementwise import abs, where
from minigrad.ops.extremes import amax, amin
from minigrad.ops.matrix_operands import floats, square_matrices, who
from minigrad.ops.operands import Dim, Op, Operand, Tensor, axes, axis, real
from minigrad.ops.reductions import sum
from minigrad.ops.shapes import movedim, squeeze, unsqueeze
from minigrad.ops.singular_values import svdvals
from minigrad.ops.systems import inv_ex

#: The orders of matrix norms that are made of singular values.
OF_SINGULAR_VALUES = ("nuc", 2, -2)


def vector_norm(x: Operand, ord: float = 2, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """Return the norm of vectors, ``sum(|x|**ord)**(1/ord)``.

    Args:
        x: any shape, float32 or float64.
        ord: any number; 0 counts what is not 0, ``inf`` and ``-inf`` take the largest and smallest size.
        dim: the axis or axes of the vectors; None for all.
        keepdim: keep the reduced axes with length 1.
        dtype: convert to it first.

    Returns:
        x without the reduced axes, unless ``keepdim``. The gradient at 0 is 0, a subgradient for orders from 1 up;
        equal extremes share it equally.

    Raises:
        TypeError: if x is of integers, or ``ord`` is no number.
        ValueError: if there is no element to take the ``inf`` norm of, or one of a negative order.

    Examples:
        >>> import minigrad as mg
        >>> x = mg.tensor([3.0, -4.0])
        >>> [mg.linalg.vector_norm(x, ord).item() for ord in (1, 2, float("inf"), 0)]
        [7.0, 5.0, 4.0, 2.0]
    """
    x = converted(vector_norm, x, dtype)
    shape = floats(vector_norm, "x", x).shape
    order = real(vector_norm, "ord", ord)
    lengths = [shape[each] for each in axes(vector_norm, dim, len(shape), keepdim)]
    if (order < 0 or order == math.inf) and 0 in lengths:
        raise ValueError(
            message(
                "linalg.vector_norm",
                f"the norm of order {order} of no element is not defined; x is {describe(x)}, dim={dim}.",
                "Orders from 0 up, but inf, give 0.",
            )
        )
    return norms.norm(x, order, dim, keepdim)


def matrix_norm(
    A: Operand, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: Any = None
) -> Tensor:
    """Return the norm of matrices.

    Args:
        A: (..., m, n), float32 or float64.
        ord: ``"fro"``, the square root of the sum of squares; ``"nuc"``, the sum of the singular values; 2 or -2, the
            largest or smallest one; 1 or -1, the largest or smallest sum of a column's sizes; ``inf`` or ``-inf``, of a
            row's.
        dim: the two axes of the matrices: rows, columns.
        keepdim: keep them with length 1.
        dtype: convert to it first.

    Returns:
        A without the two axes, unless ``keepdim``; of matrices without elements 0, for orders above 0. The gradient is
        a subgradient at the edges: of ``"fro"`` 0 at a matrix of zeros, of ``"nuc"`` always ``U @ Vh``; equal
        extremes share it equally.

    Raises:
        TypeError: if A is of integers.
        ValueError: if there is no such norm, ``dim`` does not name two axes, or the order is of singular values and A
            is not finite.

    Examples:
        >>> import minigrad as mg
        >>> A = mg.tensor([[1.0, -2.0], [3.0, 4.0]])
        >>> [mg.linalg.matrix_norm(A, ord).item() for ord in (1, float("inf"))]
        [6.0, 7.0]
    """
    A = converted(matrix_norm, A, dtype)
    ndim = floats(matrix_norm, "A", A).ndim
    if not isinstance(dim, (tuple, list)) or len(dim) != 2:
        raise ValueError(
            message(
                "linalg.matrix_norm", f"dim must name two axes, rows and columns, got {dim!r}.", "One: vector_norm."
            )
        )
    return norm_of_matrices(A, checked_order(matrix_norm, ord), places_of(matrix_norm, dim, ndim, keepdim), keepdim)


def checked_order(op: Op, ord: Any) -> Any:
    """Return the order of a matrix norm.

    Raises:
        ValueError: if there is none of that order.
    """
    order = ord if isinstance(ord, str) else real(op, "ord", ord)
    if order not in ("fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf):
        raise ValueError(
            message(
                who(op),
                f"the norms of matrices are 'fro', 'nuc', 1, -1, 2, -2, inf and -inf, got ord={ord!r}.",
                "For vectors name one axis: dim=-1.",
            )
        )
    return order


def places_of(op: Op, dim: Any, ndim: int, keepdim: Any) -> tuple[int, int]:
    """Return two different axes as numbers from 0 up.

    Raises:
        TypeError, IndexError: if one is no axis, or ``keepdim`` is no bool; ValueError: if they are the same.
    """
    first, second = axis(op, dim[0], ndim), axis(op, dim[1], ndim)
    if first == second or type(keepdim) is not bool:
        axes(op, dim, ndim, keepdim)
    return first, second


def norm_of_matrices(A: Operand, order: Any, over: tuple[int, int], keepdim: bool) -> Tensor:
    """Return a norm of matrices whose rows and columns are the axes ``over``."""
    shape = floats(matrix_norm, "A", A).shape
    rows, columns = shape[over[0]], shape[over[1]]
    # The smallest singular value, sum of a column, sum of a row: of as many.
    if {-2: min(rows, columns), -1: columns, -math.inf: rows}.get(order) == 0:
        refuse_smallest(order, A)
    if order == "fro" or rows == 0 or columns == 0:
        return norms.norm(A, 2, over, keepdim)
    if order in OF_SINGULAR_VALUES:
        last = (len(shape) - 2, len(shape) - 1)
        # Of a transposed matrix they are the same.
        values = svdvals(A if over in (last, last[::-1]) else movedim(A, over, (-2, -1)))
        if order == "nuc":
            result = sum(values, -1)
        else:
            result = amax(values, -1) if order == 2 else amin(values, -1)
        return restored(result, over) if keepdim else result
    summed, compared = over if math.isfinite(order) else over[::-1]
    sums = sum(abs(A), summed, True)
    extremes = amax(sums, compared, True) if order > 0 else amin(sums, compared, True)
    return extremes if keepdim else squeeze(extremes, over)


def refuse_smallest(order: float, A: Operand) -> None:
    """Raise the ValueError about the smallest of nothing."""
    raise ValueError(
        message(
            "linalg.matrix_norm",
            f"the norm of order {order} of matrices without elements is not defined; A is {describe(A)}.",
            "Orders above 0 give 0.",
        )
    )


def restored(x: Any, over: tuple[int, ...]) -> Any:
    """Return an array with axes of length 1 at the places ``over``."""
    for place in sorted(over):
        x = unsqueeze(x, place)
    return x


def norm(A: Operand, ord: Any = None, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """Return the norm of vectors or matrices: ``vector_norm`` or ``matrix_norm``, as ``ord`` and the axes say.

    Args:
        A: any shape, float32 or float64; with an ``ord`` and without ``dim`` a vector or a matrix.
        ord: None for the square root of the sum of squares; others as for the two.
        dim: one axis for vectors, two for matrices (rows, columns), None for all.
        keepdim: keep the reduced axes with length 1.
        dtype: convert to it first.

    Returns:
        A without the reduced axes, unless ``keepdim``. The gradient at 0 is 0.

    Raises:
        ValueError: if there is no such norm; further as the two.

    Examples:
        >>> import minigrad as mg
        >>> mg.linalg.norm(mg.tensor([3.0, -4.0]), 1)
        Tensor(() float32 | 7)
        >>> mg.linalg.norm(mg.tensor([[1.0, 2.0], [3.0, 4.0]]), 1)
        Tensor(() float32 | 6)
    """
    A = converted(norm, A, dtype)
    ndim = floats(norm, "A", A).ndim
    if ord is None:
        return norms.norm(A, 2, dim, keepdim)
    over = tuple(range(ndim)) if dim is None else tuple(dim) if isinstance(dim, (tuple, list)) else (dim,)
    if len(over) == 1 and not isinstance(ord, str):
        return vector_norm(A, ord, over[0], keepdim)
    if len(over) != 2:
        raise ValueError(
            message(
                "linalg.norm",
                f"ord={ord!r} needs one axis (a vector's norm) or two (a matrix's), got dim={dim} for {describe(A)}.",
                "Name the axes: dim=-1 for vectors, dim=(-2, -1) for matrices.",
            )
        )
    order = checked_order(norm, ord)
    return norm_of_matrices(A, order, places_of(norm, over, ndim, keepdim), keepdim)


def converted(op: Op, x: Any, dtype: Any) -> Any:
    """Return an operand in the dtype that is asked for, if one is."""
    return x if dtype is None else cast(x, as_dtype(who(op), dtype))


def cond(A: Operand, p: Any = None) -> Tensor:
    """Return the condition number of matrices: how much a relative error can grow when they are solved with.

    Args:
        A: (..., n, n), float32 or float64; (..., m, n) for p of None, 2 or -2.
        p: None or 2 for the largest singular value by the smallest, -2 for the inverse of that; another order of
            ``matrix_norm`` for the norm of A times that of its inverse.

    Returns:
        (...); ``inf`` of a singular matrix, which has no gradient there. NaN of zeros, 0 of a matrix without elements.

    Raises:
        TypeError: if A is of integers.
        ValueError: if A is not finite, or not square where it must be, or there is no such norm.

    Examples:
        >>> import minigrad as mg
        >>> mg.linalg.cond(mg.tensor([[4.0, 0.0], [0.0, 0.5]]))
        Tensor(() float32 | 8)
    """
    order = 2 if p is None else checked_order(cond, p)
    A_data = floats(cond, "A", A) if order in (2, -2) else square_matrices(cond, "A", A)
    if A_data.ndim >= 2 and 0 in A_data.shape[-2:]:
        return norms.norm(A, 2, (-2, -1))
    if order in (2, -2):
        values = svdvals(A)
        return values[..., 0] / values[..., -1] if order == 2 else values[..., -1] / values[..., 0]
    over = (A_data.ndim - 2, A_data.ndim - 1)
    inverse, info = inv_ex(A)
    there = where(info == 0, norm_of_matrices_or_nan(inverse, order, over), math.inf)
    return norm_of_matrices(A, order, over, False) * there


def norm_of_matrices_or_nan(A: Any, order: Any, over: tuple[int, int]) -> Any:
    """Return a norm of matrices, NaN or anything for those that are not finite."""
    if order != "nuc":
        return norm_of_matrices(A, order, over, False)
    # Singular values of NaN are refused; a matrix of NaN counts as one of zeros.
    return norm_of_matrices(where(A == A, A, 0), order, over, False)
