"""Determinants, with derivatives that are right at singular matrices too."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

import minigrad_kernels
from minigrad.graph import record
from minigrad.ops.comparisons import lt
from minigrad.ops.elementwise import where
from minigrad.ops.lapack import determinants, signs_and_logarithms
from minigrad.ops.matrix_operands import refuse_infinite, shaped_square_matrices, square_matrices, squares
from minigrad.ops.operands import Op, Operand, Tensor, Value, floating, ndarray
from minigrad.ops.products import matmul
from minigrad.ops.reductions import sum
from minigrad.ops.shapes import matrix_transpose, unsqueeze
from minigrad.ops.singular_values import thin_decomposition
from minigrad.ops.systems import inv

#: Below twice the logarithm of the largest float32.
SAFE_LOGARITHM = 170


class SlogdetResult(NamedTuple):
    """The determinant in two parts: ``det = sign * exp(logabsdet)``, each of shape (...)."""

    sign: Tensor
    logabsdet: Tensor


def det(A: Operand) -> Tensor:
    """Return the determinant of a square matrix.

    Its gradient is the matrix of cofactors, which exists at every matrix: at one of rank n - 1 it is not zero (PyTorch
    returns zeros where a pivot is exactly 0), and below it is. First and second derivatives are right at any rank; the
    third needs an inverse.

    Args:
        A: (..., n, n), float32 or float64.

    Returns:
        (...); 1 for the empty matrix.

    Raises:
        TypeError: if A is of integers.
        ValueError: if A is not square or not finite.

    Examples:
        >>> import minigrad as mg
        >>> mg.det(mg.tensor([[2.0, 0.0], [1.0, 3.0]]))
        Tensor(() float32 | 6)

    Source: Magnus and Neudecker, "Matrix Differential Calculus" (3rd edition, 2007), chapter 8, theorem 1.
    """
    A_data = shaped_square_matrices(det, "A", A)
    if minigrad_kernels.log_determinant_bound(A_data) < SAFE_LOGARITHM:
        output = determinants(A_data)
    else:
        if not math.isfinite(squares(A_data)):
            refuse_infinite(det, "A", A, A_data)
        # A determinant of many factors overflows quietly, as any product. Saying so to NumPy takes 1 microsecond.
        with np.errstate(over="ignore", under="ignore"):
            output = determinants(A_data)
    return record(det, det_vjp, output, (A,), (A_data,))


def det_vjp(grad_output: Value, A: Value) -> Value:
    """``grad_A = grad_output * cofactor(A)``."""
    return over_matrix(grad_output) * cofactor(A)


def over_matrix(x: Value) -> Value:
    """Return one number for each matrix with two axes of length 1 behind."""
    return unsqueeze(unsqueeze(x, -1), -1)


def cofactor(A: Operand) -> Tensor:
    """Return the matrix of cofactors, ``det(A) * inv(A).T`` where A has an inverse; (..., n, n).

    From the singular values, ``A = U diag(s) V.T``: the cofactors of a diagonal matrix are the products of all other
    elements, and those of a product are the product of the cofactors.

    Source: Stewart, "On the adjugate matrix" (Linear Algebra and its Applications 283, 1998).
    """
    A_data = square_matrices(cofactor, "A", A)
    U, s, Vh, sign = oriented_singular_values(cofactor, A_data)
    logs, zero = logarithms(s)
    others = products_without(logs, zero, logs, zero)
    output = (sign * U * others[..., None, :]) @ Vh
    return record(cofactor, cofactor_vjp, output.astype(A_data.dtype, copy=False), (A,), (A_data,))


def cofactor_vjp(grad_output: Value, A: Value) -> Value:
    """``grad_A = the second derivative of det(A), applied to grad_output``."""
    return cofactor_backward(grad_output, A)


def cofactor_backward(grad: Operand, A: Operand) -> Tensor:
    """Return the second derivative of ``det`` at A applied to ``grad``, (..., n, n).

    In the basis of the singular vectors, ``H = U.T @ grad @ V``, it is R with ``R[i, i] = sum_j p[i, j] H[j, j]`` and
    ``R[i, j] = -p[i, j] H[j, i]``, where ``p[i, j]`` is the product of all singular values but the i-th and the j-th:
    the part of ``det(diag(s) + E)`` that is quadratic in E.
    """
    grad_data, A_data = floating(cofactor_backward, grad), square_matrices(cofactor_backward, "A", A)
    U, s, Vh, sign = oriented_singular_values(cofactor_backward, A_data)
    logs, zero = logarithms(s)
    pairs = products_without(logs, zero, logs[..., :, None] + logs[..., None, :], pairwise(zero))
    size = A_data.shape[-1]
    pairs = np.where(np.eye(size, dtype=bool), 0, pairs)
    H = Vh @ grad_data.astype(np.float64, copy=False).swapaxes(-2, -1) @ U
    R = -pairs * H
    diagonal = np.arange(size)
    R[..., diagonal, diagonal] = (pairs @ H[..., diagonal, diagonal][..., None])[..., 0]
    output = (sign * (U @ R @ Vh)).astype(A_data.dtype, copy=False)
    return record(cofactor_backward, cofactor_backward_vjp, output, (grad, A), (grad_data, A_data))


def cofactor_backward_vjp(grad_output: Value, grad: Value, A: Value) -> tuple[Value, Value]:
    """``grad_grad``: the same second derivative, for it is symmetric; ``grad_A``: the third derivative of ``det``.

    The latter is ``det(A) * (M @ inv(A)).T``, with ``e = inv(A) @ grad_output``, ``f = inv(A) @ grad`` and
    ``M = (tr(e) tr(f) - tr(e f)) I + e f + f e - tr(f) e - tr(e) f``.
    """
    grad_grad = cofactor_backward(grad_output, A)
    inverse = inv(A)
    e, f = matmul(inverse, grad_output), matmul(inverse, grad)
    trace_e = sum(matrix_transpose(inverse) * grad_output, (-2, -1), True)
    trace_f = sum(matrix_transpose(inverse) * grad, (-2, -1), True)
    trace_ef = sum(e * matrix_transpose(f), (-2, -1), True)
    products = matmul(e, f) + matmul(f, e) - trace_f * e - trace_e * f
    third = (trace_e * trace_f - trace_ef) * inverse + matmul(products, inverse)
    return grad_grad, over_matrix(det(A)) * matrix_transpose(third)


def oriented_singular_values(op: Op, A: ndarray) -> tuple[ndarray, ndarray, ndarray, ndarray]:
    """Return U, s, Vh and ``det(U) * det(Vh)``, which is 1 or -1, (..., 1, 1)."""
    U, s, Vh = thin_decomposition(op, A)
    sign = np.sign(np.linalg.det(U) * np.linalg.det(Vh))
    return U, s, Vh, np.asarray(sign)[..., None, None]


def logarithms(s: ndarray) -> tuple[ndarray, ndarray]:
    """Return the logarithms of numbers that are not negative, 0 for 0, and whether each is 0, as 0 or 1."""
    zero = s == 0
    return np.log(np.where(zero, 1, s)), zero.astype(np.int64)


def pairwise(zero: ndarray) -> ndarray:
    """Return how many of each two are 0."""
    both: ndarray = zero[..., :, None] + zero[..., None, :]
    return both


def products_without(logs: ndarray, zero: ndarray, left_out: ndarray, left_out_zero: ndarray) -> ndarray:
    """Return the products of all numbers but those left out, by their logarithms: a partial product may overflow.

    Args:
        logs: (..., n), as ``logarithms`` gives them.
        zero: (..., n).
        left_out: (..., n) or (..., n, n), the logarithms of those left out.
        left_out_zero: how many zeros are among them.
    """
    axes = tuple(range(-1, -1 - (left_out.ndim - logs.ndim + 1), -1))
    total = np.expand_dims(logs.sum(axis=-1), axes)
    zeros = np.expand_dims(zero.sum(axis=-1), axes)
    products: ndarray = np.where(zeros > left_out_zero, 0, np.exp(total - left_out))
    return products


def slogdet(A: Operand) -> SlogdetResult:
    """Return the sign of the determinant and the logarithm of its size, which does not overflow.

    Args:
        A: (..., n, n), float32 or float64.

    Returns:
        ``sign`` (1, -1, or 0 for a singular matrix) and ``logabsdet`` (``-inf`` for a singular one), each (...). The
        gradient of the sign is 0; ``logabsdet`` has no gradient at a singular matrix: asking for it raises.

    Raises:
        TypeError: if A is of integers.
        ValueError: if A is not square or not finite.
        LinAlgError: in the backward pass, if a matrix is singular: ``logabsdet`` has no gradient there.

    Examples:
        >>> import minigrad as mg
        >>> sign, logabsdet = mg.slogdet(mg.tensor([[0.0, 1.0], [1.0, 0.0]]))
        >>> sign.item(), logabsdet.item()
        (-1.0, 0.0)

    Source: Giles, "An extended collection of matrix derivative results" (2008), section 2.2.4.
    """
    A_data = shaped_square_matrices(slogdet, "A", A)
    # Where it is finite, so are the elements.
    if not math.isfinite(minigrad_kernels.log_determinant_bound(A_data)):
        square_matrices(slogdet, "A", A)
    outputs = signs_and_logarithms(A_data)
    return SlogdetResult(*record(slogdet, slogdet_vjp, outputs, (A,), (A_data,)))


def slogdet_vjp(grad_outputs: tuple[Value, Value], A: Value) -> Value:
    """``grad_A = grad_logabsdet * inv(A).T``."""
    grad_logabsdet = grad_outputs[1]
    if grad_logabsdet is None:
        return A * 0
    return over_matrix(grad_logabsdet) * matrix_transpose(inv(A))


def logdet(A: Operand) -> Tensor:
    """Return the logarithm of the determinant of a square matrix, (..., n, n) to (...).

    It is ``-inf`` where the determinant is 0, which has no gradient there: asking for it raises. It is NaN where the
    determinant is negative. Raises as ``slogdet``.

    Examples:
        >>> import minigrad as mg
        >>> mg.logdet(mg.tensor([[2.0, 0.0], [0.0, 0.5]])).item()
        0.0
    """
    sign, logabsdet = slogdet(A)
    return where(lt(sign, 0), math.nan, logabsdet)


class DeterminantMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    det = det
    logdet = logdet
    slogdet = slogdet
