"""Square systems of linear equations: their solution, and the inverse."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

import minigrad_kernels
from minigrad.errors import message
from minigrad.graph import record
from minigrad.ops.matrix_operands import (
    EPSILON,
    LinAlgError,
    entry_name,
    refuse_infinite,
    right_hand_side,
    shaped_square_matrices,
    square_matrices,
    squares,
    who,
)
from minigrad.ops.operands import Op, Operand, Tensor, Value, ndarray, needs_grad, unwrap
from minigrad.ops.products import matmul
from minigrad.ops.shapes import matrix_transpose, squeeze, unsqueeze
from minigrad.ops.singular_values import values_of

#: The square of 100 times the rounding of 1.
MOST_GROWTH = (100 * EPSILON) ** 2


class InvExResult(NamedTuple):
    """What ``inv_ex`` finds; see there for shapes."""

    inverse: Tensor
    info: Tensor


def solve(A: Operand, B: Operand, *, left: bool = True) -> Tensor:
    """Return the X of ``A @ X = B``.

    Args:
        A: (..., n, n), float32 or float64.
        B: (n,) or (..., n), vectors, or (..., n, k); of A's dtype; leading axes broadcast with A's. It holds vectors
            if it has one axis, or exactly the axes of A but the last. NaN and infinity stay in their column.
        left: if False, return the X of ``X @ A = B``, with B of shape (..., k, n).

    Returns:
        X, of the shape of B with the leading axes broadcast.

    Raises:
        LinAlgError: if a matrix is singular; the message gives its place in the batch and its rank. Where rounding has
            hidden it and B is one that has solutions all the same, one of them may be returned; ``inv`` always raises.
        TypeError: if A or B is of integers, or the dtypes differ.
        ValueError: if A is not square or not finite, or the shapes do not fit.

    Examples:
        >>> import minigrad as mg
        >>> A = mg.tensor([[2.0, 3.0], [1.0, -1.0]])
        >>> mg.linalg.solve(A, mg.tensor([13.0, -1.0]))
        Tensor((2,) float32 | 2 3)

    Source: Giles, "An extended collection of matrix derivative results" (2008), section 2.3.1.
    """
    A_data = shaped_square_matrices(solve, "A", A)
    B_data, vector = right_hand_side(solve, A, A_data, B, left)
    columns = B_data[..., None] if vector else B_data
    if left:
        found = solution(solve, A, A_data, columns)
    else:
        found = solution(solve, A, A_data.swapaxes(-2, -1), columns.swapaxes(-2, -1)).swapaxes(-2, -1)
    output = found[..., 0] if vector else found
    saved = (A_data, output if needs_grad(A) else None, vector, left)
    return record(solve, solve_vjp, output, (A, B, left), saved)


def solve_vjp(grad_output: Value, A: Value, output: Value, vector: bool, left: bool) -> tuple[Value, Value]:
    """``grad_B = solve(A.T, grad_output); grad_A = -grad_B @ X.T``; for X A = B ``grad_A = -X.T @ grad_B``."""
    grad_X = unsqueeze(grad_output, -1) if vector else grad_output
    grad_B = solve(matrix_transpose(A), grad_X, left=left)
    grad_A = None
    if output is not None:
        X = unsqueeze(output, -1) if vector else output
        if left:
            grad_A = -matmul(grad_B, matrix_transpose(X))
        else:
            grad_A = -matmul(matrix_transpose(X), grad_B)
    return grad_A, squeeze(grad_B, -1) if vector else grad_B


def inv(A: Operand) -> Tensor:
    """Return the inverse of a square matrix.

    ``solve(A, B)`` is faster and more accurate than ``inv(A) @ B``.

    Args:
        A: (..., n, n), float32 or float64.

    Returns:
        (..., n, n).

    Raises:
        LinAlgError: if a matrix is singular; the message gives its place in the batch and its rank.
        TypeError: if A is of integers.
        ValueError: if A is not square or not finite.

    Examples:
        >>> import minigrad as mg
        >>> mg.linalg.inv(mg.tensor([[2.0, 0.0], [0.0, 4.0]])).tolist()
        [[0.5, 0.0], [0.0, 0.25]]

    Source: Giles, "An extended collection of matrix derivative results" (2008), section 2.2.3.
    """
    A_data = shaped_square_matrices(inv, "A", A)
    output = solution(inv, A, A_data, None)
    return record(inv, inv_vjp, output, (A,), (output,))


def inv_vjp(grad_output: Value, output: Value) -> Value:
    """``grad_A = -inv(A).T @ grad_output @ inv(A).T``."""
    transposed = matrix_transpose(output)
    return -matmul(matmul(transposed, grad_output), transposed)


def inverse(input: Operand) -> Tensor:
    """Return the inverse of a square matrix: ``linalg.inv``."""
    return inv(input)


def inv_ex(A: Operand, *, check_errors: bool = False) -> InvExResult:
    """Return the inverse of square matrices, and where there is none, say so instead of raising.

    Only a pivot that is exactly 0 counts, and not, as in ``inv``, what is singular but for rounding.

    Args:
        A: as for ``inv``.
        check_errors: raise all the same.

    Returns:
        A named tuple: ``inverse`` (..., n, n), NaN for a singular matrix; and ``info``, int32 (...), 0 or the number of
        the pivot that is 0, counted from 1. The gradient of a singular matrix is NaN.

    Raises:
        LinAlgError: only with ``check_errors``; TypeError, ValueError as ``inv``.

    Examples:
        >>> import minigrad as mg
        >>> mg.linalg.inv_ex(mg.tensor([[1.0, 2.0], [2.0, 4.0]])).info
        Tensor(() int32 | 2)
    """
    A_data = square_matrices(inv_ex, "A", A)
    info = np.zeros(A_data.shape[:-2], np.int32)
    try:
        inverses = np.linalg.inv(A_data)
    except np.linalg.LinAlgError:
        if check_errors:
            raise singular(inv_ex, A_data, *most_singular(inv_ex, A_data)) from None
        inverses = each_inverse(A_data, info)
    outputs = (inverses, info)
    return InvExResult(*record(inv_ex, inv_ex_vjp, outputs, (A, check_errors), (outputs[:1],)))


def inv_ex_vjp(grad_outputs: tuple[Value, Value], outputs: tuple[Value]) -> Value:
    """``grad_A = -inv(A).T @ grad_inverse @ inv(A).T``."""
    transposed = matrix_transpose(outputs[0])
    return -matmul(matmul(transposed, grad_outputs[0]), transposed)


def each_inverse(A: ndarray, info: ndarray) -> ndarray:
    """Return the inverse of each matrix, NaN for singular ones, the number of whose pivot is written to ``info``."""
    inverses = np.full_like(A, np.nan)
    for place in np.ndindex(info.shape):
        try:
            inverses[place] = np.linalg.inv(A[place])
        except np.linalg.LinAlgError:
            pivots = minigrad_kernels.lu_factor(A[place])[0].diagonal()
            # The first that is 0; of two factorisations one may have rounded it to something else.
            info[place] = np.argmin(np.abs(pivots)) + 1
    return inverses


def solution(op: Op, A: Operand, A_data: ndarray, B: ndarray | None) -> ndarray:
    """Return the X of ``A X = B``; the inverse if there is no B. ``A_data`` is the array of A, or turned.

    LAPACK fails only where a pivot is exactly 0, and whether that is so for [[1, 2, 3], [4, 5, 6], [7, 8, 9]] depends
    on the order of its sums: one build raises, another returns elements of 1e16. Here both raise.

    Raises:
        LinAlgError: if a matrix is singular to working precision; ValueError: if A is not finite.
    """
    try:
        X: ndarray = np.linalg.inv(A_data) if B is None else np.linalg.solve(A_data, B)
    except np.linalg.LinAlgError:
        X = None  # type: ignore[assignment]
    # An inverse of a matrix that is singular to working precision has elements of about 1 / EPSILON of A's. The 100
    # is for norms that underestimate, and for the rounding of float32 sums; only what passes it costs singular values.
    if X is not None and minigrad_kernels.solutions_are_bounded(A_data, X, B, MOST_GROWTH):
        return X
    if not math.isfinite(squares(A_data)):
        refuse_infinite(op, "A", A, unwrap(op, A))
    if X is None:
        raise singular(op, A_data, *most_singular(op, A_data)) from None
    right = 1.0 if B is None else largest(B)
    if (largest(A_data) * largest(X) * EPSILON * 100 > right).any():
        place, values = most_singular(op, A_data)
        if values[-1] <= EPSILON * values[0]:
            raise singular(op, A_data, place, values)
    return X


def largest(x: ndarray) -> ndarray:
    """Return the largest size of an element of each matrix, (..., m, n) to (...)."""
    sizes: ndarray = np.maximum.reduce(np.abs(x), axis=(-2, -1), initial=0.0)
    return sizes


def most_singular(op: Op, A: ndarray) -> tuple[tuple[int, ...], ndarray]:
    """Return the place in the batch, and the singular values, of the matrix whose smallest is least beside its largest.

    Rows and columns are scaled to 1 first: it is no trouble to solve with diag(1, 1e-30), and scaling keeps the rank.

    Source: LAPACK Users' Guide, driver routine xGESVX, which equilibrates and then tells "singular to working
    precision" by the machine's epsilon.
    """
    values = values_of(op, scaled(A.astype(np.float64, copy=False)))
    ratio = values[..., -1] / np.where(values[..., 0] == 0, 1, values[..., 0])
    flat = int(np.argmin(ratio))
    place = tuple([int(index) for index in np.unravel_index(flat, ratio.shape)])
    return place, values[place]


def singular(op: Op, A: ndarray, place: tuple[int, ...], values: ndarray) -> LinAlgError:
    """Return the error about a singular matrix: which of the batch, and its rank, counted as ``matrix_rank`` does."""
    size = len(values)
    # Where a pivot was 0 the rank is less than n, whatever the singular values say.
    rank = min(int(np.sum(values > values[0] * size * EPSILON)), size - 1)
    ratio = values[-1] / values[0] if values[0] > 0 else 0.0
    return LinAlgError(
        message(
            who(op),
            f"{entry_name('A', place)} is singular: its numerical rank is {rank} of {size}; its smallest singular "
            f"value is {ratio:.1e} of its largest, with rows and columns scaled to 1. A has shape {A.shape}.",
            "Use linalg.lstsq(A, B) or linalg.pinv(A), which take any rank, or add a little to the diagonal.",
        )
    )


def scaled(A: ndarray) -> ndarray:
    """Return matrices with the largest element of each row, then of each column, made 1; zeros stay."""
    rows = np.abs(A).max(axis=-1, keepdims=True)
    by_rows = A / np.where(rows == 0, 1, rows)
    columns = np.abs(by_rows).max(axis=-2, keepdims=True)
    balanced: ndarray = by_rows / np.where(columns == 0, 1, columns)
    return balanced


class SystemMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    inverse = inverse
