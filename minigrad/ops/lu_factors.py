"""The LU decomposition, and systems of equations by it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

import minigrad_kernels
from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.comparisons import eq
from minigrad.ops.constants import beside
from minigrad.ops.conversion import cast
from minigrad.ops.joining import cat
from minigrad.ops.matrix_operands import (
    LinAlgError,
    entry_name,
    matrices,
    right_hand_side,
    shaped_square_matrices,
    who,
)
from minigrad.ops.operands import Op, Operand, Tensor, Value, flag, ndarray, unwrap
from minigrad.ops.products import matmul
from minigrad.ops.shapes import matrix_transpose, unsqueeze
from minigrad.ops.sorting import argsort
from minigrad.ops.triangles import tril, triu
from minigrad.ops.triangular_parts import unit_lower
from minigrad.ops.triangular_systems import solve_triangular


class LUResult(NamedTuple):
    """``A = P @ L @ U``; see ``lu`` for shapes."""

    P: Tensor
    L: Tensor
    U: Tensor


class LUFactorExResult(NamedTuple):
    """As ``LUFactorResult``, and whether a pivot is 0; see ``lu_factor_ex`` for shapes."""

    LU: Tensor
    pivots: Tensor
    info: Tensor


class LUFactorResult(NamedTuple):
    """Both triangles in one matrix, and the exchanges of rows; see ``lu_factor`` for shapes."""

    LU: Tensor
    pivots: Tensor


def lu_factor(A: Operand, *, pivot: bool = True) -> LUFactorResult:
    """Return the LU decomposition with both triangles in one matrix, as ``lu_solve`` takes it.

    Args:
        A: (..., m, n), float32 or float64.
        pivot: whether to exchange rows, so that pivots are large. (PyTorch insists on it on the CPU.)

    Returns:
        A named tuple: ``LU`` (..., m, n), U from the diagonal up and below it L, whose diagonal of ones is not kept;
        and ``pivots``, int32 (..., k) with k the lesser of m and n: step i exchanged row i with row ``pivots[i] - 1``.

    Raises:
        LinAlgError: if a pivot is 0; the message gives its place. ``lu`` takes such matrices.
        TypeError: if A is of integers.
        ValueError: if A has fewer than two axes or is not finite.

    Examples:
        >>> import minigrad as mg
        >>> mg.linalg.lu_factor(mg.tensor([[1.0, 2.0], [2.0, 8.0]])).LU.tolist()
        [[2.0, 8.0], [0.5, -2.0]]

    Source: de Hoog, Anderssen and Lukas, "Differentiation of matrix functionals using triangular factorization"
    (Mathematics of Computation 80, 2011).
    """
    matrices(lu_factor, "A", A)
    LU, pivots, info = lu_factor_ex(A, pivot=pivot)
    numbers = unwrap(lu_factor, info)
    if numbers.any():
        raise without_pivot(lu_factor, unwrap(lu_factor, LU), numbers, pivot)
    return LUFactorResult(LU, pivots)


def lu_factor_ex(A: Operand, *, pivot: bool = True, check_errors: bool = False) -> LUFactorExResult:
    """Return the LU decomposition as ``lu_factor`` does, and where a pivot is 0, say so instead of raising.

    Args:
        A: as for ``lu_factor``.
        pivot: likewise.
        check_errors: raise all the same.

    Returns:
        A named tuple: ``LU``, ``pivots``, and ``info``, int32 (...), 0 or the number of the first pivot that is 0,
        counted from 1.

    Raises:
        LinAlgError: only with ``check_errors``; TypeError, ValueError as ``lu_factor``.
    """
    A_data = matrices(lu_factor_ex, "A", A)
    factors, pivots = minigrad_kernels.lu_factor(A_data, flag(lu_factor_ex, "pivot", pivot))
    info = first_zeros(factors)
    if check_errors and info.any():
        raise without_pivot(lu_factor_ex, factors, info, pivot)
    outputs = (factors, pivots, info)
    return LUFactorExResult(*record(lu_factor_ex, lu_factor_ex_vjp, outputs, (A, pivot, check_errors), (outputs,)))


def first_zeros(factors: ndarray) -> ndarray:
    """Return the number of the first pivot of each matrix that is 0, counted from 1, else 0; int32 (...)."""
    zero = factors.diagonal(0, -2, -1) == 0
    if not zero.any():
        return np.zeros(factors.shape[:-2], np.int32)
    return np.where(zero.any(axis=-1), zero.argmax(axis=-1) + 1, 0).astype(np.int32)


def lu_factor_ex_vjp(grad_outputs: tuple[Value, ...], outputs: tuple[Value, ...]) -> Value:
    """``grad_A = P inv(L).T (tril(L.T gL, -1) + triu(gU U.T)) inv(U).T`` for a square A.

    The rows of a tall one below the square are ``A2 = L2 U``: ``grad_A2 = gL2 inv(U).T``, and ``L2.T grad_A2`` is taken
    from gU. The columns of a wide one behind the square are ``A2 = L U2``: ``grad_A2 = inv(L).T gU2``, and
    ``grad_A2 U2.T`` is taken from gL.
    """
    grad, LU = grad_outputs[0], outputs[0]
    k = min(LU.shape[-2:])
    L, U = unit_lower(LU[..., :k, :k]), triu(LU[..., :k, :k])
    L_T, U_T = matrix_transpose(L), matrix_transpose(U)
    grad_L = grad_U = grad[..., :k, :k]
    if LU.shape[-2] > k:
        grad_rest = solve_triangular(U_T, grad[..., k:, :], upper=False, left=False)
        grad_U = grad_U - matmul(matrix_transpose(LU[..., k:, :]), grad_rest)
    elif LU.shape[-1] > k:
        grad_rest = solve_triangular(L_T, grad[..., k:], upper=True, unitriangular=True)
        grad_L = grad_L - matmul(grad_rest, matrix_transpose(LU[..., k:]))
    middle = tril(matmul(L_T, tril(grad_L, -1)), -1) + triu(matmul(triu(grad_U), U_T))
    middle = solve_triangular(U_T, middle, upper=False, left=False)
    grad_A = solve_triangular(L_T, middle, upper=True, unitriangular=True)
    if LU.shape[-2] > k:
        grad_A = cat([grad_A, grad_rest], -2)
    elif LU.shape[-1] > k:
        grad_A = cat([grad_A, grad_rest], -1)
    return rows_at(grad_A, argsort(order_of(outputs[1], LU.shape[-2])))


def rows_at(x: Operand, order: Operand) -> Tensor:
    """Return the rows of matrices in another order, (..., n, k) and (..., n), batches broadcast."""
    x_data, places = unwrap(rows_at, x), unwrap(rows_at, order)
    batch = np.broadcast_shapes(x_data.shape[:-2], places.shape[:-1])
    rows = np.broadcast_to(x_data, (*batch, *x_data.shape[-2:]))
    output = np.take_along_axis(rows, np.broadcast_to(places, (*batch, places.shape[-1]))[..., None], -2)
    return record(rows_at, rows_at_vjp, output, (x, order), (places,))


def rows_at_vjp(grad_output: Value, order: Value) -> Value:
    """``grad_x = the rows of grad_output where they came from`` (the engine sums over batches)."""
    return rows_at(grad_output, argsort(order))


def order_of(pivots: Operand, rows: int) -> Tensor:
    """Return the order of rows that exchanges lead to, (..., rows); what undoes an order is its ``argsort``."""
    places = minigrad_kernels.permutation(unwrap(order_of, pivots), rows)
    return record(order_of, None, places, (pivots, rows))


def lu(A: Operand, *, pivot: bool = True) -> LUResult:
    """Return ``A = P @ L @ U``: a permutation of rows, a lower triangle with ones on its diagonal, an upper triangle.

    Args:
        A: (..., m, n), float32 or float64.
        pivot: whether to exchange rows; without, P is empty, (0,), and ``A = L @ U``.

    Returns:
        A named tuple: P (..., m, m), L (..., m, k) and U (..., k, n), k the lesser of m and n. A pivot of 0 is left on
        U's diagonal; there is no gradient there.

    Raises:
        LinAlgError: without ``pivot``, if a pivot is 0 and rows below it are not.
        TypeError: if A is of integers.
        ValueError: if A has fewer than two axes or is not finite.

    Examples:
        >>> import minigrad as mg
        >>> P, L, U = mg.linalg.lu(mg.tensor([[1.0, 2.0], [2.0, 8.0]]))
        >>> (P @ L @ U).tolist()
        [[1.0, 2.0], [2.0, 8.0]]
    """
    matrices(lu, "A", A)
    LU, pivots, info = lu_factor_ex(A, pivot=pivot)
    if not pivot:
        refuse_undivided(unwrap(lu, LU), unwrap(lu, info))
    rows, columns = LU.shape[-2:]
    k = min(rows, columns)
    L, U = unit_lower(LU[..., :k]), triu(LU[..., :k, :])
    if not pivot:
        return LUResult(beside(np.empty(0, LU.dtype), LU), L, U)
    order = unsqueeze(order_of(pivots, rows), -2)
    # Row i of A[order] is row i of L U: P has its 1 of column i in row order[i].
    P = cast(eq(order, beside(np.arange(rows)[:, None], order)), LU.dtype)
    return LUResult(P, L, U)


def lu_solve(LU: Operand, pivots: Operand, B: Operand, *, left: bool = True, adjoint: bool = False) -> Tensor:
    """Return the X of ``A @ X = B``, for A as ``lu_factor`` has left it.

    Args:
        LU: (..., n, n), float32 or float64, as from ``lu_factor``.
        pivots: (..., n), likewise.
        B: (..., n, k), of LU's dtype; leading axes broadcast with LU's.
        left: if False, return the X of ``X @ A = B``, with B of shape (..., k, n).
        adjoint: solve with the transpose of A.

    Returns:
        X, of the shape of B with the leading axes broadcast.

    Raises:
        LinAlgError: if a pivot is 0.
        TypeError: if LU or B is of integers, the dtypes differ, or pivots are not of integers.
        ValueError: if LU is not square or the shapes do not fit; IndexError: if a pivot is no row.

    Examples:
        >>> import minigrad as mg
        >>> A = mg.tensor([[2.0, 3.0], [1.0, -1.0]])
        >>> mg.linalg.lu_solve(*mg.linalg.lu_factor(A), mg.tensor([[13.0], [-1.0]])).tolist()
        [[2.0], [3.0]]
    """
    LU_data = shaped_square_matrices(lu_solve, "LU", LU)
    right_hand_side(lu_solve, LU, LU_data, B, left, False)
    check_pivots(pivots, LU_data)
    order = order_of(pivots, LU_data.shape[-1])
    X: Any = B if left else matrix_transpose(B)
    if left != flag(lu_solve, "adjoint", adjoint):
        # A = P L U.
        X = solve_triangular(LU, rows_at(X, order), upper=False, unitriangular=True)
        X = solve_triangular(LU, X, upper=True)
    else:
        # A.T = U.T L.T P.T.
        turned: Any = matrix_transpose(LU)
        X = solve_triangular(turned, X, upper=False)
        X = rows_at(solve_triangular(turned, X, upper=True, unitriangular=True), argsort(order))
    return X if left else matrix_transpose(X)


def check_pivots(pivots: Operand, LU: ndarray) -> None:
    """Raise unless pivots are row numbers from 1 up, one for each row of ``LU``."""
    array = unwrap(lu_solve, pivots)
    if array.dtype.kind not in "iu":
        raise TypeError(
            message(
                "linalg.lu_solve", f"pivots must be of integers, got {describe(pivots)}.", "lu_factor returns them."
            )
        )
    n = LU.shape[-1]
    if array.ndim == 0 or array.shape[-1] != n or array.shape[:-1] != LU.shape[:-2]:
        raise ValueError(
            message(
                "linalg.lu_solve",
                f"pivots must be {LU.shape[:-1]}, one for each row of LU; they are {describe(pivots)}.",
                "lu_factor returns both.",
            )
        )
    if array.size and (array.min() < 1 or array.max() > n):
        raise IndexError(
            message(
                "linalg.lu_solve",
                f"pivots are row numbers from 1 to {n}, got {array.min()} to {array.max()}.",
                "lu_factor returns them; they count from 1.",
            )
        )


def without_pivot(op: Op, factors: ndarray, info: ndarray, pivot: bool) -> LinAlgError:
    """Return the error about a pivot that is 0: of which matrix, and where."""
    place = tuple(np.argwhere(info)[0].tolist())
    step = int(info[place]) - 1
    remedy = "linalg.lu takes it, lu_solve could not; linalg.lstsq takes any rank." if pivot else "Pass pivot=True."
    return LinAlgError(
        message(
            who(op),
            f"{entry_name('A', place)} has no pivot in column {step}: element [{step}, {step}] of U is 0. A has shape "
            f"{factors.shape}.",
            remedy,
        )
    )


def refuse_undivided(factors: ndarray, info: ndarray) -> None:
    """Raise if numbers below a pivot of 0 were to be divided by it: then there is no such decomposition."""
    k = min(factors.shape[-2:])
    below = np.tril(factors, -1)[..., :k].any(axis=-2)
    undivided = (below & (factors.diagonal(0, -2, -1) == 0)).any(axis=-1)
    if undivided.any():
        raise without_pivot(lu, factors, np.where(undivided, info, 0), False)
