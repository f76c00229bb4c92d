"""Systems of linear equations with triangular matrices."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import minigrad_kernels
from minigrad.errors import message
from minigrad.graph import record
from minigrad.ops.matrix_operands import (
    LinAlgError,
    entry_name,
    refuse_infinite,
    right_hand_side,
    shaped_square_matrices,
    squares,
    who,
)
from minigrad.ops.operands import Op, Operand, Tensor, Value, flag, ndarray, needs_grad
from minigrad.ops.products import matmul
from minigrad.ops.shapes import matrix_transpose
from minigrad.ops.triangles import tril, triu


def solve_triangular(A: Operand, B: Operand, *, upper: bool, left: bool = True, unitriangular: bool = False) -> Tensor:
    """Return the X of ``A @ X = B`` for triangular A: by substitution, in half the work of one product.

    Args:
        A: (..., n, n), float32 or float64; the other triangle is not read.
        B: (..., n, k), of A's dtype; leading axes broadcast with A's. NaN and infinity stay in their column.
        upper: whether A is an upper triangle.
        left: if False, return the X of ``X @ A = B``, with B of shape (..., k, n).
        unitriangular: whether the diagonal of A counts as 1, unread.

    Returns:
        X, of the shape of B with the leading axes broadcast.

    Raises:
        LinAlgError: if an element of the diagonal is 0; the message gives its place. (PyTorch returns infinities.)
        TypeError: if A or B is of integers, or the dtypes differ.
        ValueError: if A is not square or its triangle not finite, or the shapes do not fit.

    Examples:
        >>> import minigrad as mg
        >>> A = mg.tensor([[2.0, 0.0], [1.0, 1.0]])
        >>> mg.linalg.solve_triangular(A, mg.tensor([[2.0], [3.0]]), upper=False).tolist()
        [[1.0], [2.0]]

    Source: Giles, "An extended collection of matrix derivative results" (2008), section 2.3.1.
    """
    A_data = shaped_square_matrices(solve_triangular, "A", A)
    upper = flag(solve_triangular, "upper", upper)
    unitriangular = flag(solve_triangular, "unitriangular", unitriangular)
    B_data, _ = right_hand_side(solve_triangular, A, A_data, B, left, False)
    refuse_triangle(solve_triangular, A, A_data, upper, unitriangular)
    if left:
        output = minigrad_kernels.solve_triangular(A_data, B_data, upper, unitriangular)
    else:
        # X A = B is A.T X.T = B.T.
        turned = A_data.swapaxes(-2, -1), B_data.swapaxes(-2, -1)
        output = minigrad_kernels.solve_triangular(*turned, not upper, bool(unitriangular)).swapaxes(-2, -1)
    saved = (A_data, output if needs_grad(A) else None, upper, left, unitriangular)
    return record(solve_triangular, solve_triangular_vjp, output, (A, B, upper, left, unitriangular), saved)


def solve_triangular_vjp(
    grad_output: Value, A: Value, output: Value, upper: bool, left: bool, unitriangular: bool
) -> tuple[Value, Value]:
    """``grad_B = solve_triangular(A.T, grad_output); grad_A = the triangle of -grad_B @ X.T`` (X A = B turned)."""
    grad_B = solve_triangular(matrix_transpose(A), grad_output, upper=not upper, left=left, unitriangular=unitriangular)
    if output is None:
        return None, grad_B
    X_T = matrix_transpose(output)
    grad_A = -matmul(grad_B, X_T) if left else -matmul(X_T, grad_B)
    offset = 1 if unitriangular else 0
    return triu(grad_A, offset) if upper else tril(grad_A, -offset), grad_B


def refuse_triangle(op: Op, A: Any, A_data: ndarray, upper: bool, unitriangular: bool) -> None:
    """Raise if a triangle holds NaN or infinity, or a 0 on its diagonal that is to be divided by."""
    if not math.isfinite(squares(A_data)):
        offset = 1 if unitriangular else 0
        refuse_infinite(op, "A", A, np.triu(A_data, offset) if upper else np.tril(A_data, -offset))
    zero = A_data.diagonal(0, -2, -1) == 0
    if unitriangular or not zero.any():
        return
    *place, pivot = np.argwhere(zero)[0].tolist()
    raise LinAlgError(
        message(
            who(op),
            f"{entry_name('A', tuple(place))} is singular: element {pivot} of its diagonal is 0. A has shape "
            f"{A_data.shape}.",
            "Use linalg.lstsq(A, B), which takes any rank, or add a little to the diagonal.",
        )
    )
