"""The QR decomposition."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from minigrad.errors import message
from minigrad.graph import record
from minigrad.ops.constants import beside
from minigrad.ops.joining import cat
from minigrad.ops.matrix_operands import matrices
from minigrad.ops.operands import Operand, Tensor, Value, needs_grad
from minigrad.ops.products import matmul
from minigrad.ops.shapes import matrix_transpose
from minigrad.ops.triangles import triu
from minigrad.ops.triangular_parts import half_of_diagonal
from minigrad.ops.triangular_systems import solve_triangular


class QRResult(NamedTuple):
    """``A = Q @ R``; see ``qr`` for shapes."""

    Q: Tensor
    R: Tensor


def qr(A: Operand, mode: str = "reduced") -> QRResult:
    """Return ``A = Q @ R`` with orthonormal columns in Q and an upper triangle R.

    The gradient exists where the first k columns of A are linearly independent.

    Args:
        A: (..., m, n), float32 or float64.
        mode: ``"reduced"``; ``"complete"`` for a square Q; ``"r"`` for R alone, in less time. (PyTorch does not
            differentiate R alone.)

    Returns:
        A named tuple: Q (..., m, k) and R (..., k, n), k the lesser of m and n; of a complete one (..., m, m) and
        (..., m, n); of ``"r"`` an empty Q (0,).

    Raises:
        RuntimeError: if A is tall and requires grad, and ``mode="complete"``: what completes Q is any basis.
        TypeError: if A is of integers.
        ValueError: if A has fewer than two axes or is not finite, or the mode is unknown.

    Examples:
        >>> import minigrad as mg
        >>> Q, R = mg.linalg.qr(mg.tensor([[3.0], [4.0]]))
        >>> (Q @ R).tolist(), abs(R.item())
        ([[3.0], [4.0]], 5.0)

    Source: Walter and Lehmann, "Algorithmic differentiation of linear algebra functions" (2010), section 3.1; Roberts
    and Roberts, "QR and LQ decomposition matrix backpropagation algorithms" (2020) for wide matrices.
    """
    A_data = matrices(qr, "A", A)
    if not isinstance(mode, str) or mode not in ("reduced", "complete", "r"):
        raise ValueError(
            message(
                "linalg.qr",
                f"mode must be 'reduced', 'complete' or 'r', got {mode!r}.",
                "'reduced' is the usual one, 'complete' makes Q square, 'r' leaves Q out.",
            )
        )
    rows, columns = A_data.shape[-2:]
    if mode == "r":
        if needs_grad(A):
            return QRResult(beside(np.empty(0, A_data.dtype), A), qr(A).R)
        outputs: Any = (np.empty(0, A_data.dtype), np.linalg.qr(A_data, "r"))
    else:
        outputs = tuple(np.linalg.qr(A_data, "complete" if mode == "complete" else "reduced"))
    rule = None if mode == "complete" and rows > columns else qr_vjp
    return QRResult(*record(qr, rule, outputs, (A, mode), (outputs,)))


def qr_vjp(grad_outputs: tuple[Value, Value], outputs: tuple[Value, Value]) -> Value:
    """``grad_A = (gQ + Q sym(triu(gR R.T - Q.T gQ))) inv(R).T``, sym(M) = M mirrored at its diagonal, for R square.

    A wide A is ``[A1, A2] = Q [R1, R2]``: Q and R1 are those of A1, and ``R2 = Q.T A2``, so that ``grad_A2 = Q gR2``,
    and ``A2 gR2.T`` is added to gQ.
    """
    grad_Q, grad_R = grad_outputs
    Q, R = outputs
    k = Q.shape[-1]
    if R.shape[-1] == k:
        return grad_of_factored(grad_Q, grad_R, Q, R)
    if grad_R is None:
        return cat([grad_of_factored(grad_Q, None, Q, R[..., :k]), matmul(Q, R[..., k:]) * 0], -1)
    by_rest = matmul(Q, matmul(R[..., k:], matrix_transpose(grad_R[..., k:])))
    grad_Q = by_rest if grad_Q is None else grad_Q + by_rest
    grad_first = grad_of_factored(grad_Q, grad_R[..., :k], Q, R[..., :k])
    return cat([grad_first, matmul(Q, grad_R[..., k:])], -1)


def grad_of_factored(grad_Q: Value, grad_R: Value, Q: Value, R: Value) -> Value:
    """Return the gradient of Q @ R for a square R; a gradient may be None."""
    M: Value = 0 if grad_R is None else matmul(grad_R, matrix_transpose(R))
    if grad_Q is not None:
        M = M - matmul(matrix_transpose(Q), grad_Q)
    M = triu(M)
    grad = matmul(Q, half_of_diagonal(M + matrix_transpose(M)))
    if grad_Q is not None:
        grad = grad + grad_Q
    return solve_triangular(matrix_transpose(R), grad, upper=False, left=False)
