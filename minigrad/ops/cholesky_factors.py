"""The Cholesky decomposition of positive definite matrices."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from minigrad.errors import message
from minigrad.graph import record
from minigrad.ops.elementwise import where
from minigrad.ops.matrix_operands import LinAlgError, entry_name, square_matrices, who
from minigrad.ops.operands import Op, Operand, Tensor, Value, flag, ndarray
from minigrad.ops.products import matmul
from minigrad.ops.shapes import matrix_transpose
from minigrad.ops.singular_values import first_failing
from minigrad.ops.triangles import tril
from minigrad.ops.triangular_parts import half_of_diagonal
from minigrad.ops.triangular_systems import solve_triangular


class CholeskyExResult(NamedTuple):
    """What ``cholesky_ex`` finds; see there for shapes."""

    L: Tensor
    info: Tensor


def cholesky(A: Operand, upper: bool = False) -> Tensor:
    """Return the Cholesky factor of symmetric positive definite matrices: ``A = L @ L.T``, or ``U.T @ U``.

    The gradient is with respect to all of A, as if the whole of it were read, and symmetric.

    Args:
        A: (..., n, n), float32 or float64; only the triangle that is returned is read.
        upper: return the upper triangle U, not the lower one L.

    Returns:
        (..., n, n), with zeros in the other triangle.

    Raises:
        LinAlgError: if a matrix is not positive definite; the message gives its place in the batch, and the order of
            the first leading minor that is not.
        TypeError: if A is of integers.
        ValueError: if A is not square or not finite.

    Examples:
        >>> import minigrad as mg
        >>> mg.linalg.cholesky(mg.tensor([[4.0, 2.0], [2.0, 5.0]])).tolist()
        [[2.0, 0.0], [1.0, 2.0]]

    Source: Murray, "Differentiation of the Cholesky decomposition" (2016), equation 10.
    """
    A_data = square_matrices(cholesky, "A", A)
    upper = flag(cholesky, "upper", upper)
    try:
        output = np.linalg.cholesky(A_data, upper=True) if upper else np.linalg.cholesky(A_data)
    except np.linalg.LinAlgError:
        raise indefinite(cholesky, A_data, upper) from None
    return record(cholesky, cholesky_vjp, output, (A, upper), (output, upper))


def cholesky_vjp(grad_output: Value, output: Value, upper: bool) -> Value:
    """``grad_A = (S + S.T) / 2, S = inv(L).T P inv(L)``, P the lower triangle of ``L.T gL`` with half its diagonal."""
    L, grad_L = output, grad_output
    if upper:
        L, grad_L = matrix_transpose(output), matrix_transpose(grad_output)
    L_T = matrix_transpose(L)
    P = half_of_diagonal(tril(matmul(L_T, tril(grad_L))))
    S = solve_triangular(L, solve_triangular(L_T, P, upper=True), upper=False, left=False)
    return (S + matrix_transpose(S)) / 2


def cholesky_ex(A: Operand, *, upper: bool = False, check_errors: bool = False) -> CholeskyExResult:
    """Return the Cholesky factor, and where there is none, say so instead of raising.

    Args:
        A: as for ``cholesky``.
        upper: likewise.
        check_errors: raise all the same.

    Returns:
        A named tuple: ``L``, as from ``cholesky``, NaN for a matrix that is not positive definite; and ``info``, int32
        (...), 0 or the order of the first leading minor that is not positive. The gradient of a matrix that is not
        positive definite is 0.

    Raises:
        LinAlgError: only with ``check_errors``; TypeError, ValueError as ``cholesky``.

    Examples:
        >>> import minigrad as mg
        >>> mg.linalg.cholesky_ex(mg.tensor([[1.0, 2.0], [2.0, 1.0]])).info
        Tensor(() int32 | 2)
    """
    A_data = square_matrices(cholesky_ex, "A", A)
    info = np.zeros(A_data.shape[:-2], np.int32)
    try:
        return CholeskyExResult(cholesky(A, upper), record(cholesky_ex, None, info, (A, upper, check_errors)))
    except LinAlgError:
        if check_errors:
            raise
    for place in np.ndindex(info.shape):
        info[place] = order_of_minor(A_data[place], upper)
    good = (info == 0)[..., None, None]
    definite = where(good, A, np.eye(A_data.shape[-1], dtype=A_data.dtype))
    L = where(good, cholesky(definite, upper), np.nan)
    return CholeskyExResult(L, record(cholesky_ex, None, info, (A, upper, check_errors)))


def indefinite(op: Op, A: ndarray, upper: bool) -> LinAlgError:
    """Return the error about a matrix that is not positive definite: which of the batch, and where it shows."""
    place = first_failing(np.linalg.cholesky, A.swapaxes(-2, -1) if upper else A) or ()
    order = order_of_minor(A[place], upper)
    return LinAlgError(
        message(
            who(op),
            f"{entry_name('A', place)} is not positive definite: its leading minor of order {order} of {A.shape[-1]} "
            f"is not positive. A has shape {A.shape}.",
            "linalg.eigvalsh(A) shows how far it is from it; add as much to the diagonal: A + 1e-6 * mg.eye(n).",
        )
    )


def order_of_minor(A: ndarray, upper: bool) -> int:
    """Return the order of the first leading minor of a matrix that LAPACK finds not to be positive, 0 if there is none.

    Found by halving: if one is not positive, neither are the larger ones in LAPACK's eyes, for it comes by them first.
    """
    if first_failing(np.linalg.cholesky, A[None].swapaxes(-2, -1) if upper else A[None]) is None:
        return 0
    good, bad = 0, A.shape[-1]
    while bad - good > 1:
        middle = (good + bad) // 2
        minor = A[None, :middle, :middle]
        if first_failing(np.linalg.cholesky, minor.swapaxes(-2, -1) if upper else minor) is None:
            good = middle
        else:
            bad = middle
    return bad


class CholeskyMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    cholesky = cholesky
