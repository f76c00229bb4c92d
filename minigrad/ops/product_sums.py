"""Products of matrices and vectors added to something: ``beta * input + alpha * product``."""

from __future__ import annotations

from typing import Any

from minigrad.errors import describe, message
from minigrad.ops.arithmetic import add, mul
from minigrad.ops.elementwise import where
from minigrad.ops.operands import Op, Operand, Tensor, broadcasts_to, needs_grad, real, unwrap
from minigrad.ops.products import factors, matmul, require_axes
from minigrad.ops.reductions import sum
from minigrad.ops.shapes import permute, reshape


def addmv(input: Operand, mat: Operand, vec: Operand, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """Return ``beta * input + alpha * (mat @ vec)``.

    Args:
        input: broadcasts to (m,); not read where ``beta`` is 0.
        mat: (m, k).
        vec: (k,).
        beta: factor of ``input``.
        alpha: factor of the product.

    Raises:
        TypeError: if a factor is no number, or a float where all operands are of integers.
        ValueError: if the shapes do not fit.
    """
    mat_data, vec_data = unwrap(addmv, mat), unwrap(addmv, vec)
    if mat_data.ndim != 2 or vec_data.ndim != 1 or mat_data.shape[1] != vec_data.shape[0]:
        require_axes(addmv, mat, 2)
        require_axes(addmv, vec, 1)
        factors(addmv, mat, vec)
    check_sum(addmv, input, (mat_data.shape[0],), (mat, vec), beta, alpha)
    return weighted_sum(addmv, input, matmul(mat, vec), beta, alpha)


def addr(input: Operand, vec1: Operand, vec2: Operand, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """Return ``beta * input + alpha * outer(vec1, vec2)``, (m, n), of vectors (m,) and (n,); as ``addmv``."""
    require_axes(addr, vec1, 1)
    require_axes(addr, vec2, 1)
    shape = (unwrap(addr, vec1).shape[0], unwrap(addr, vec2).shape[0])
    check_sum(addr, input, shape, (vec1, vec2), beta, alpha)
    return weighted_sum(addr, input, mul(reshape(vec1, (shape[0], 1)), vec2), beta, alpha)


def baddbmm(input: Operand, batch1: Operand, batch2: Operand, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """Return ``beta * input + alpha * (batch1 @ batch2)``, (b, m, n); batches (b, m, k) and (b, k, n)."""
    m, n = check_batches(baddbmm, batch1, batch2)
    check_sum(baddbmm, input, (unwrap(baddbmm, batch1).shape[0], m, n), (batch1, batch2), beta, alpha)
    return weighted_sum(baddbmm, input, matmul(batch1, batch2), beta, alpha)


def addbmm(input: Operand, batch1: Operand, batch2: Operand, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """Return ``beta * input + alpha *`` the sum of the products of a batch, (m, n); as ``baddbmm``."""
    m, n = check_batches(addbmm, batch1, batch2)
    check_sum(addbmm, input, (m, n), (batch1, batch2), beta, alpha)
    number, k, _ = unwrap(addbmm, batch2).shape
    if m * n <= k * (m + n):
        # The products take no more memory than their factors.
        return weighted_sum(addbmm, input, sum(matmul(batch1, batch2), 0), beta, alpha)
    # One product: the matrices of the first batch beside each other, those of the second one below the other.
    beside = reshape(permute(batch1, (1, 0, 2)), (m, number * k))
    below = reshape(batch2, (number * k, n))
    return weighted_sum(addbmm, input, matmul(beside, below), beta, alpha)


def check_batches(op: Op, batch1: Operand, batch2: Operand) -> tuple[int, int]:
    """Return the rows and columns of the products of two batches of matrices.

    Raises:
        ValueError: if they are no batches of one length, or the matrices do not fit.
    """
    first, second = unwrap(op, batch1), unwrap(op, batch2)
    if first.ndim != 3 or second.ndim != 3:
        require_axes(op, batch1, 3)
        require_axes(op, batch2, 3)
    if first.shape[0] != second.shape[0]:
        raise ValueError(
            message(
                op.__name__,
                f"batches of one length are needed; batch1 is {describe(batch1)}, batch2 {describe(batch2)}.",
                "Repeat a single matrix: x.expand(b, -1, -1).",
            )
        )
    if first.shape[2] != second.shape[1]:
        factors(op, batch1, batch2)
    return first.shape[1], second.shape[2]


def check_sum(
    op: Op, input: Operand, shape: tuple[int, ...], products: tuple[Operand, ...], beta: float, alpha: float
) -> None:
    """Raise unless something can be added to a product of a shape, with these factors."""
    input_data = unwrap(op, input)
    if input_data.shape != shape and not broadcasts_to(input_data.shape, shape):
        raise ValueError(
            message(
                op.__name__,
                f"input must broadcast to {shape}, the product's shape; it is {describe(input)}.",
                "From the right, each of its lengths is the product's, or 1.",
            )
        )
    if type(beta) is int and type(alpha) is int:
        return
    whole = input_data.dtype.kind != "f"
    for each in products:
        whole = whole and unwrap(op, each).dtype.kind != "f"
    if (isinstance(real(op, "beta", beta), float) or isinstance(real(op, "alpha", alpha), float)) and whole:
        raise TypeError(
            message(
                op.__name__,
                f"integers need integer factors, got beta={beta} and alpha={alpha}.",
                "Convert the operands: x.float().",
            )
        )


def weighted_sum(op: Op, input: Operand, product: Tensor, beta: float, alpha: float) -> Tensor:
    """Return ``beta * input + alpha * product``; ``input`` is not read where ``beta`` is 0, its gradient is 0 then."""
    if type(beta) is not int or type(alpha) is not int:
        beta, alpha = real(op, "beta", beta), real(op, "alpha", alpha)
    result: Any = product if alpha == 1 else mul(product, alpha)
    if beta == 0:
        return add(where(False, input, 0), result) if needs_grad(input) else result
    return add(input if beta == 1 else mul(input, beta), result)


class ProductSumMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    addmv = addmv
    addr = addr
    baddbmm = baddbmm
    addbmm = addbmm
