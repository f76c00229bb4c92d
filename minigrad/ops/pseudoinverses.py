"""Least squares and the pseudo-inverse: systems of any shape and rank."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from minigrad import tensors
from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.conversion import detach
from minigrad.ops.matrix_operands import ROUNDING, matrices, right_hand_side, square_matrices, squares
from minigrad.ops.operands import Op, Operand, Tensor, Value, ndarray, needs_grad
from minigrad.ops.products import matmul
from minigrad.ops.ranks import largest_negligible
from minigrad.ops.shapes import matrix_transpose, squeeze, unsqueeze
from minigrad.ops.singular_values import thin_decomposition

#: LAPACK's drivers, which PyTorch lets the user choose from.
DRIVERS = ("gels", "gelsy", "gelsd", "gelss")


class LstsqResult(NamedTuple):
    """What ``lstsq`` finds; see there for shapes."""

    solution: Tensor
    residuals: Tensor
    rank: Tensor
    singular_values: Tensor


def pinv(A: Operand, *, atol: Any = None, rtol: Any = None, hermitian: bool = False) -> Tensor:
    """Return the Moore-Penrose pseudo-inverse: ``V @ diag(1/s) @ U.T``, with 0 for 1/s where s counts as 0.

    Its derivative is right where the rank does not change nearby: at full rank, and along changes that keep the rank.

    Args:
        A: (..., m, n), float32 or float64.
        atol: singular values up to ``max(atol, rtol * largest)`` count as 0; a number, or one for each matrix, (...).
            Default: 0.
        rtol: see ``atol``. Default: ``max(m, n)`` times the dtype's epsilon; 0 where an ``atol`` above 0 is given.
        hermitian: whether A is symmetric; its lower triangle is then read, and the work is less.

    Returns:
        (..., n, m).

    Raises:
        TypeError: if A is of integers.
        ValueError: if A has fewer than two axes, is not finite, or is ``hermitian`` and not square.

    Examples:
        >>> import minigrad as mg
        >>> mg.linalg.pinv(mg.tensor([[3.0], [4.0]]))
        Tensor((1, 2) float32 | 0.12 0.16)

    Source: Golub and Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems whose
    variables separate" (SIAM Journal on Numerical Analysis 10, 1973), theorem 4.3.
    """
    A_data = square_matrices(pinv, "A", A) if hermitian else matrices(pinv, "A", A)
    U, s, Vh = thin_decomposition(pinv, A_data, hermitian)
    for name, tolerance in (("atol", atol), ("rtol", rtol)):
        if needs_grad(tolerance):
            refuse_gradient_of(name, tolerance)
    inverted = inverted_singular_values(pinv, A_data, s, atol, rtol)
    output = ((Vh.swapaxes(-2, -1) * inverted[..., None, :]) @ U.swapaxes(-2, -1)).astype(A_data.dtype, copy=False)
    return record(pinv, pinv_vjp, output, (A, atol, rtol, hermitian), (A_data, output))


def pinv_vjp(grad_output: Value, A: Value, output: Value) -> Value:
    """``grad_A = -P.T g P.T + (I - A P) g.T P P.T + P.T P g.T (I - P A)``, with P the result and g its gradient.

    The order of the products keeps every one of them thin: n by n for a tall A, and a wide one is transposed.
    """
    if A.shape[-2] < A.shape[-1]:
        return matrix_transpose(pinv_vjp(matrix_transpose(grad_output), matrix_transpose(A), matrix_transpose(output)))
    P, P_T, g_T = output, matrix_transpose(output), matrix_transpose(grad_output)
    P_g = matmul(P, g_T)
    inverse_part = -matmul(P_T, matrix_transpose(P_g))
    left_part = matmul(g_T - matmul(A, P_g), matmul(P, P_T))
    right_part = matmul(P_T, P_g - matmul(matmul(P_g, P), A))
    return inverse_part + left_part + right_part


def pinverse(input: Operand, rcond: float = 1e-15) -> Tensor:
    """Return the pseudo-inverse: ``linalg.pinv`` with ``rtol=rcond``."""
    return pinv(input, rtol=rcond)


def refuse_gradient_of(name: str, tolerance: Any) -> None:
    """Raise a RuntimeError about a tolerance that requires grad."""
    raise RuntimeError(
        message(
            "linalg.pinv",
            f"{name} tells which singular values count, without a derivative; {describe(tolerance)} requires grad.",
            f"Pass {name}.detach().",
        )
    )


def inverted_singular_values(op: Op, A: ndarray, s: ndarray, atol: Any, rtol: Any) -> ndarray:
    """Return 1/s, with 0 where s counts as 0. Arguments as for ``pinv``."""
    counts = s > largest_negligible(op, A, s, atol, rtol)
    inverted: ndarray = np.where(counts, 1 / np.where(counts, s, 1), 0)
    return inverted


def lstsq(A: Operand, B: Operand, rcond: float | None = None, *, driver: str | None = None) -> LstsqResult:
    """Return the X for which ``A @ X - B`` has the smallest norm, and of those the X of smallest norm.

    The solution's derivative is right where the rank of A does not change nearby.

    Args:
        A: (..., m, n), float32 or float64.
        B: (m,) or (..., m), vectors, or (..., m, k); of A's dtype; leading axes broadcast with A's. It holds vectors if
            it has one axis, or exactly the axes of A but the last. A column with NaN or infinity has a solution of NaN.
        rcond: singular values up to ``rcond`` times the largest count as 0. Default: ``max(m, n)`` times the dtype's
            epsilon.
        driver: ``"gels"``, ``"gelsy"``, ``"gelsd"``, ``"gelss"`` or None; all are one method here, that of gelsd, by
            singular values.

    Returns:
        A named tuple: ``solution`` (..., n, k) or (..., n); ``residuals`` (..., k), the squared norms of
        ``A @ X - B`` (k is 1 for vectors), where m > n and every matrix has rank n, else empty (0,); ``rank`` (...)
        int64; and ``singular_values`` (..., min(m, n)), outside of the graph.

    Raises:
        TypeError: if A or B is of integers, or the dtypes differ.
        ValueError: if the shapes do not fit, A is not finite, or the driver is unknown.

    Examples:
        >>> import minigrad as mg
        >>> A = mg.tensor([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]])
        >>> found = mg.linalg.lstsq(A, mg.tensor([1.0, 3.0, 5.0]))
        >>> [round(x, 4) for x in found.solution.tolist()], found.rank.item()
        ([1.0, 2.0], 2)

    Source: Golub and Pereyra (1973), as for ``pinv``.
    """
    if driver is not None and driver not in DRIVERS:
        raise ValueError(
            message(
                "linalg.lstsq",
                f"driver must be one of {DRIVERS} or None, got {driver!r}.",
                "Leave it out: there is one method for all matrices.",
            )
        )
    A_data = matrices(lstsq, "A", A)
    B_data, vector = right_hand_side(lstsq, A, A_data, B)
    columns = B_data[..., None] if vector else B_data
    X, residuals, rank, s = least_squares(A_data, columns, rcond)
    measured = residuals.ndim > 1 or residuals.size > 0
    outputs = (X[..., 0] if vector else X, residuals, rank, s)
    saved = (A_data, B_data, outputs[:1], rcond, vector, measured)
    solution, residuals, rank, values = record(lstsq, lstsq_vjp, outputs, (A, B, rcond), saved)
    return LstsqResult(solution, residuals, rank, detach(values) if isinstance(values, tensors.Tensor) else values)


def lstsq_vjp(
    grad_outputs: tuple[Value, ...],
    A: Value,
    B: Value,
    outputs: tuple[Value],
    rcond: float | None,
    vector: bool,
    measured: bool,
) -> tuple[Value, Value]:
    """``grad_B = K; grad_A = -K X.T + R (P K).T + P.T X (g - A.T K).T``, with P = pinv(A), K = P.T g, R = B - A X.

    The residuals, the sums of R * R, add ``2 R grad_residuals`` to the K of the first two.
    """
    grad_solution, grad_residuals = grad_outputs[0], grad_outputs[1] if measured else None
    if grad_solution is None and grad_residuals is None:
        return A * 0, B * 0
    X = unsqueeze(outputs[0], -1) if vector else outputs[0]
    X_T = matrix_transpose(X)
    R = (unsqueeze(B, -1) if vector else B) - matmul(A, X)
    grad_A: Value = 0
    grad_B: Value = 0
    if grad_residuals is not None:
        grad_B = 2 * R * unsqueeze(grad_residuals, -2)
        grad_A = -matmul(grad_B, X_T)
    if grad_solution is not None:
        g = unsqueeze(grad_solution, -1) if vector else grad_solution
        P = pinv(A, rtol=rcond)
        P_T = matrix_transpose(P)
        K = matmul(P_T, g)
        grad_B = grad_B + K
        grad_A = grad_A - matmul(K, X_T) + matmul(R, matrix_transpose(matmul(P, K)))
        grad_A = grad_A + matmul(matmul(P_T, X), matrix_transpose(g - matmul(matrix_transpose(A), K)))
    return grad_A, squeeze(grad_B, -1) if vector else grad_B


def least_squares(A: ndarray, B: ndarray, rcond: float | None) -> tuple[ndarray, ndarray, ndarray, ndarray]:
    """Return what ``lstsq`` does for matrices, by LAPACK's gelsd.

    A column of B with NaN or infinity has a solution of NaN: gelsd, which scales B as a whole, would spread it.
    """
    if rcond is None:
        rcond = max(A.shape[-2:]) * ROUNDING[A.dtype]
    bad = None
    if not math.isfinite(squares(B)):
        bad = ~np.isfinite(B).all(axis=-2, keepdims=True)
        B = np.where(bad, 0, B)
    if A.ndim == B.ndim == 2:
        X, residuals, rank, s = np.linalg.lstsq(A, B, rcond)
        rank = np.asarray(rank, np.int64)
    else:
        X, residuals, rank, s = each_least_squares(A, B, rcond)
    if bad is not None:
        X = np.where(bad, np.nan, X).astype(A.dtype, copy=False)
        residuals = (
            np.where(bad[..., 0, :], np.nan, residuals).astype(A.dtype, copy=False) if residuals.size else residuals
        )
    return X, residuals, rank, s


def each_least_squares(A: ndarray, B: ndarray, rcond: float) -> tuple[ndarray, ndarray, ndarray, ndarray]:
    """Return what ``least_squares`` does, one system after the other: NumPy takes no batches here."""
    batch = np.broadcast_shapes(A.shape[:-2], B.shape[:-2])
    rows, unknowns = A.shape[-2:]
    lefts, rights = np.broadcast_to(A, batch + A.shape[-2:]), np.broadcast_to(B, batch + B.shape[-2:])
    X = np.empty(batch + (unknowns, B.shape[-1]), A.dtype)
    residuals = np.empty(batch + (B.shape[-1],), A.dtype)
    rank = np.empty(batch, np.int64)
    s = np.empty(batch + (min(rows, unknowns),), A.dtype)
    measured = rows > unknowns
    for place in np.ndindex(batch):
        X[place], found, rank[place], s[place] = np.linalg.lstsq(lefts[place], rights[place], rcond)
        measured = measured and rank[place] == unknowns
        if measured:
            residuals[place] = found
    # A may be the same for many: what is said of it is said once.
    own: list[Any] = [0] * (len(batch) - A.ndim + 2)
    own += [slice(0, length) for length in A.shape[:-2]]
    return X, residuals if measured else np.zeros(0, A.dtype), rank[tuple(own)], s[tuple(own)]


class PseudoinverseMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    pinverse = pinverse
