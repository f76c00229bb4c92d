"""Eigenvalues and eigenvectors of symmetric matrices."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from minigrad.errors import message
from minigrad.graph import record
from minigrad.ops.elementwise import abs
from minigrad.ops.matrix_operands import square_matrices, who
from minigrad.ops.operands import Op, Operand, Tensor, Value, needs_grad
from minigrad.ops.products import matmul
from minigrad.ops.shapes import matrix_transpose, unsqueeze
from minigrad.ops.singular_values import converged
from minigrad.ops.spectral_gaps import differences, for_pairs, reciprocal_or_zero, resolution


class EighResult(NamedTuple):
    """``A = eigenvectors @ diag(eigenvalues) @ eigenvectors.T``; see ``eigh`` for shapes."""

    eigenvalues: Tensor
    eigenvectors: Tensor


def eigh(A: Operand, UPLO: str = "L") -> EighResult:
    """Return the eigenvalues and eigenvectors of symmetric matrices.

    Eigenvectors are determined but for their signs, and where values are equal but for a rotation. The gradient is that
    of whatever does not depend on signs and rotations of vectors; it is symmetric, as if all of A were read. Where two
    values cannot be told apart (they differ by less than n times the dtype's epsilon of the largest), a rotation
    between their vectors gets the gradient 0, which is right for whatever depends on them only by the space that they
    span; the gradient of the values is always ``V @ diag(grad) @ V.T``. PyTorch's is infinite or NaN there.

    Args:
        A: (..., n, n), float32 or float64; only one triangle is read.
        UPLO: ``"L"`` for the lower triangle, ``"U"`` for the upper one.

    Returns:
        A named tuple: ``eigenvalues`` (..., n) in rising order, and ``eigenvectors`` (..., n, n), one a column.

    Raises:
        LinAlgError: if LAPACK's iteration does not converge.
        TypeError: if A is of integers.
        ValueError: if A is not square or not finite, or UPLO is something else.

    Examples:
        >>> import minigrad as mg
        >>> mg.linalg.eigh(mg.tensor([[2.0, 0.0], [0.0, -1.0]])).eigenvalues
        Tensor((2,) float32 | -1 2)

    Source: Giles, "An extended collection of matrix derivative results" (2008), section 3.1.
    """
    A_data = square_matrices(eigh, "A", A)
    outputs = tuple(converged(eigh, "A", np.linalg.eigh, A_data, triangle_name(eigh, UPLO)))
    return EighResult(*record(eigh, eigh_vjp, outputs, (A, UPLO), (outputs,)))


def eigh_vjp(grad_outputs: tuple[Value, Value], outputs: tuple[Value, Value]) -> Value:
    """``grad_A = sym(V (diag(g) + (V.T gV) / E) V.T)``, with ``E[i, j] = values[j] - values[i]``; 0 for 1 / 0."""
    grad_values, grad_vectors = grad_outputs
    values, V = outputs
    V_T = matrix_transpose(V)
    grad_A: Value = 0
    if grad_vectors is not None:
        gaps = differences(values)
        turns = reciprocal_or_zero(gaps, abs(gaps) <= for_pairs(resolution(values)))
        grad_A = matmul(V, matmul(matmul(V_T, grad_vectors) * turns, V_T))
        grad_A = (grad_A + matrix_transpose(grad_A)) / 2
    if grad_values is not None:
        grad_A = grad_A + matmul(V * unsqueeze(grad_values, -2), V_T)
    return grad_A


def eigvalsh(A: Operand, UPLO: str = "L") -> Tensor:
    """Return the eigenvalues of symmetric matrices in rising order, (..., n, n) to (..., n).

    Their gradient, ``V @ diag(grad) @ V.T``, is one of the subgradients also where values are equal. Raises as
    ``eigh``.

    Examples:
        >>> import minigrad as mg
        >>> mg.linalg.eigvalsh(mg.tensor([[0.0, 1.0], [1.0, 0.0]]))
        Tensor((2,) float32 | -1 1)
    """
    if needs_grad(A):
        # The gradient needs the vectors, which take most of the time: here they are computed once.
        return eigh(A, UPLO).eigenvalues
    A_data = square_matrices(eigvalsh, "A", A)
    values = converged(eigvalsh, "A", np.linalg.eigvalsh, A_data, triangle_name(eigvalsh, UPLO))
    return record(eigvalsh, None, values, (A, UPLO))


def triangle_name(op: Op, UPLO: str) -> str:
    """Return the name of a triangle as a capital.

    Raises:
        ValueError: if it is neither L nor U.
    """
    if not isinstance(UPLO, str) or UPLO.upper() not in ("L", "U"):
        raise ValueError(
            message(
                who(op),
                f"UPLO must be 'L' or 'U', got {UPLO!r}.",
                "It names the triangle that is read, the lower or the upper one.",
            )
        )
    return UPLO.upper()
