"""The singular value decomposition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from minigrad.errors import message
from minigrad.graph import record
from minigrad.ops.diagonals import diag_embed
from minigrad.ops.elementwise import abs
from minigrad.ops.matrix_operands import LinAlgError, entry_name, matrices, who
from minigrad.ops.operands import Op, Operand, Tensor, Value, flag, ndarray, needs_grad
from minigrad.ops.products import matmul
from minigrad.ops.shapes import matrix_transpose, unsqueeze
from minigrad.ops.spectral_gaps import differences, for_pairs, reciprocal_or_zero, resolution, skew


class SVDResult(NamedTuple):
    """``A = U @ diag(S) @ Vh``; see ``svd`` for shapes."""

    U: Tensor
    S: Tensor
    Vh: Tensor


def svd(A: Operand, full_matrices: bool = True, *, driver: str | None = None) -> SVDResult:
    """Return the singular value decomposition ``A = U @ diag(S) @ Vh``.

    Singular vectors are determined but for a common sign of each pair, and where values are equal but for a common
    rotation. The gradient is that of whatever does not depend on signs and rotations of vectors. Where two values
    cannot be told apart (they differ by less than k times the dtype's epsilon of the largest), a rotation between their
    vectors gets the gradient 0, which is right for whatever depends on them only by the space that they span; what
    would be divided by a value of 0 gets 0 too. The gradient of the values is always ``U @ diag(grad_S) @ Vh``.
    PyTorch's is infinite or NaN where values are equal or 0.

    Args:
        A: (..., m, n), float32 or float64.
        full_matrices: whether U is (..., m, m) and Vh (..., n, n); the vectors beyond the first k complete a basis and
            have the gradient 0. If False, U is (..., m, k) and Vh (..., k, n).
        driver: None: there is one method.

    Returns:
        A named tuple: U, S (..., k) in falling order, and Vh, where k is the lesser of m and n.

    Raises:
        LinAlgError: if LAPACK's iteration does not converge.
        TypeError: if A is of integers.
        ValueError: if A has fewer than two axes or is not finite, or a driver is named.

    Examples:
        >>> import minigrad as mg
        >>> mg.linalg.svd(mg.tensor([[3.0, 0.0], [0.0, -2.0]])).S
        Tensor((2,) float32 | 3 2)

    Source: Townsend, "Differentiating the singular value decomposition" (2016).
    """
    A_data = matrices(svd, "A", A)
    refuse_driver(svd, driver)
    full_matrices = flag(svd, "full_matrices", full_matrices)
    outputs = tuple(converged(svd, "A", np.linalg.svd, A_data, full_matrices))
    return SVDResult(*record(svd, svd_vjp, outputs, (A, full_matrices, driver), (outputs,)))


def svd_vjp(grad_outputs: tuple[Value, Value, Value], outputs: tuple[Value, Value, Value]) -> Value:
    """``grad_A = U (diag(gS) + (P + Q) / 2D + (P - Q) / 2E) V.T + (I - U U.T) gU / S V.T + U / S gV.T (I - V V.T)``.

    Here ``P = U.T gU - gU.T U``, ``Q = V.T gV - gV.T V``, ``D[i, j] = S[j] - S[i]``, ``E[i, j] = S[j] + S[i]``, and
    1 / 0 counts as 0. With ``P S + S Q`` over ``D * E`` both would be lost where values are equal though P + Q is 0.
    """
    grad_U, grad_S, grad_Vh = grad_outputs
    S = outputs[1]
    k = S.shape[-1]
    U, Vh = outputs[0][..., :k], outputs[2][..., :k, :]
    bound = resolution(S)
    inverse = unsqueeze(reciprocal_or_zero(S, bound >= S), -2)
    along_U: Value = 0
    along_V: Value = 0
    outside: Value = 0
    if grad_U is not None:
        along_U = matmul(matrix_transpose(U), grad_U[..., :k])
        if U.shape[-2] > k:
            outside = matmul((grad_U[..., :k] - matmul(U, along_U)) * inverse, Vh)
    if grad_Vh is not None:
        along_V = matmul(Vh, matrix_transpose(grad_Vh[..., :k, :]))
        if Vh.shape[-1] > k:
            rest = grad_Vh[..., :k, :] - matmul(matrix_transpose(along_V), Vh)
            outside = outside + matmul(U * inverse, rest)
    inside: Value = 0 if grad_S is None else diag_embed(grad_S)
    if grad_U is not None or grad_Vh is not None:
        inside = inside + turned(along_U, along_V, S, for_pairs(bound))
    return matmul(matmul(U, inside), Vh) + outside


def turned(along_U: Value, along_V: Value, S: Value, bound: Value) -> Value:
    """Return the part of the gradient that turns singular vectors, in their own basis: (P + Q) / 2D + (P - Q) / 2E."""
    gaps, sums = differences(S), unsqueeze(S, -2) + unsqueeze(S, -1)
    alike = skew(along_U + along_V) * reciprocal_or_zero(gaps, abs(gaps) <= bound)
    apart = skew(along_U - along_V) * reciprocal_or_zero(sums, sums <= bound)
    return (alike + apart) / 2


def svdvals(A: Operand, *, driver: str | None = None) -> Tensor:
    """Return the singular values in falling order, (..., m, n) to (..., k) with k the lesser of m and n.

    Their gradient, ``U @ diag(grad) @ Vh``, is one of the subgradients also where values are equal or 0. Raises as
    ``svd``.

    Examples:
        >>> import minigrad as mg
        >>> mg.linalg.svdvals(mg.tensor([[0.0, 2.0], [3.0, 0.0]]))
        Tensor((2,) float32 | 3 2)
    """
    if needs_grad(A):
        # The gradient needs the vectors, which take most of the time: here they are computed once.
        return svd(A, False, driver=driver).S
    A_data = matrices(svdvals, "A", A)
    refuse_driver(svdvals, driver)
    return record(svdvals, None, values_of(svdvals, A_data), (A, driver))


def values_of(op: Op, x: ndarray) -> ndarray:
    """Return the singular values of matrices in falling order."""
    values: ndarray = converged(op, "A", np.linalg.svd, x, False, False)
    return values


def refuse_driver(op: Op, driver: Any) -> None:
    """Raise a ValueError if a driver is named."""
    if driver is not None:
        raise ValueError(
            message(
                who(op),
                f"driver must be None, got {driver!r}.",
                "PyTorch's drivers are those of another library than LAPACK, for GPUs.",
            )
        )


def thin_decomposition(op: Op, x: ndarray, hermitian: bool = False) -> tuple[ndarray, ndarray, ndarray]:
    """Return U, s and Vh of ``x = U diag(s) Vh`` in float64, thin.

    Args:
        op: the operation that asks.
        x: (..., m, n), finite.
        hermitian: whether x is symmetric, of which only the lower triangle is then read.

    Returns:
        U (..., m, k), s (..., k) in falling order, Vh (..., k, n), where k is the lesser of m and n.

    Raises:
        LinAlgError: if LAPACK's iteration does not converge.
    """
    U, s, Vh = converged(op, "A", np.linalg.svd, x.astype(np.float64, copy=False), False, True, hermitian)
    return U, s, Vh


def converged(op: Op, name: str, lapack: Callable[..., Any], x: ndarray, *arguments: Any) -> Any:
    """Return what an iterative function of NumPy's makes of finite matrices.

    Raises:
        LinAlgError: naming the entry of the batch, if it does not converge.
    """
    try:
        return lapack(x, *arguments)
    except np.linalg.LinAlgError:
        place = first_failing(lapack, x, *arguments)
    raise LinAlgError(
        message(
            who(op),
            f"LAPACK's iteration did not converge for {entry_name(name, place or ())}; {name} has shape {x.shape}.",
            "Its elements may be of extreme sizes: scale its rows or columns.",
        )
    )


def first_failing(lapack: Callable[..., Any], x: ndarray, *arguments: Any) -> tuple[int, ...] | None:
    """Return the place of the first matrix of a batch on which a function of NumPy's fails, None if there is none."""
    for place in np.ndindex(x.shape[:-2]):
        try:
            lapack(x[place], *arguments)
        except np.linalg.LinAlgError:
            return place
    return None
