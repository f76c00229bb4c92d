"""Products along axes, with gradients that are exact where elements are 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.graph import record
from minigrad.ops.cumulative import converted, cumprod, cumprod_vjp, delayed
from minigrad.ops.operands import Operand, Tensor, Value, axis, refuse_no_bool, unwrap
from minigrad.ops.reductions import with_axes
from minigrad.ops.shapes import reshape

multiply_reduce: Any = np.multiply.reduce


def prod(x: Operand, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """Return the product over all axes, or along one.

    Args:
        x: any shape; integers and bools are multiplied as int64.
        dim: the axis; None for all elements.
        keepdim: keep the reduced axes with length 1.
        dtype: convert to it first.

    Returns:
        The product, 1 of nothing. The gradient is exact also where one element or several are 0.

    Raises:
        IndexError: if ``dim`` is not an axis of x.
    """
    x = converted(prod, x, dtype)
    x_data = unwrap(prod, x)
    refuse_no_bool(prod, "keepdim", keepdim)
    along = None if dim is None else axis(prod, dim, x_data.ndim)
    over = tuple(range(x_data.ndim)) if along is None or x_data.ndim == 0 else (along,)
    if x_data.dtype.kind == "f":
        output = np.asarray(multiply_reduce(x_data, axis=over, keepdims=keepdim))
        return record(prod, prod_vjp, output, (x, dim, keepdim), (x_data, output, along, keepdim))
    total = x_data.dtype if dtype is not None and x_data.dtype.kind != "b" else np.int64
    return record(prod, None, multiply_reduce(x_data, axis=over, dtype=total, keepdims=keepdim), (x, dim, keepdim))


def prod_vjp(grad_output: Value, x: Value, output: Value, along: int | None, keepdim: bool) -> Value:
    """``grad_x = grad_output * the product of all other elements``."""
    if x.ndim == 0:
        return grad_output
    if along is None:
        # All axes are one.
        others = prod_backward(reshape(grad_output, ()), reshape(x, (-1,)), reshape(output, ()), 0)
        return reshape(others, x.shape)
    grad = with_axes(grad_output, x.shape, (along,), keepdim)
    return prod_backward(grad, x, with_axes(output, x.shape, (along,), keepdim), along)


def prod_backward(grad: Operand, x: Operand, total: Operand, along: int) -> Tensor:
    """Return ``grad`` times the product of all other elements along an axis.

    Args:
        grad: the gradient with respect to the product, of a shape that broadcasts with x's.
        x: at least one axis.
        total: the product along the axis, which is kept; a constant here.
        along: the axis, from 0 up.
    """
    grad_data, x_data = unwrap(prod_backward, grad), unwrap(prod_backward, x)
    product = unwrap(prod_backward, total)
    if np.all(np.isfinite(product) & (product != 0)):
        # No element is 0, and none has been lost to an overflow or underflow of the product.
        output = grad_data * (product / x_data)
    else:
        output = grad_data * products_of_others(x_data, along)
    return record(prod_backward, prod_backward_vjp, output, (grad, x, total, along), (grad_data, x_data, along))


def prod_backward_vjp(grad_output: Value, grad: Value, x: Value, along: int) -> tuple[Value, Value]:
    """``grad_grad = grad_output * others``, and ``grad_x`` through the two products that ``others`` is made of."""
    backwards = (slice(None),) * along + (slice(None, None, -1),)
    mirrored = x[backwards]
    forth, back = cumprod(x, along), cumprod(mirrored, along)
    before, behind = delayed(forth, along, 1), delayed(back, along, 1)[backwards]
    weight = grad_output * grad
    # The adjoint of one place later is one place earlier: the same, mirrored.
    earlier = delayed((weight * behind)[backwards], along, 0)[backwards]
    later = delayed(weight * before, along, 0)[backwards]
    grad_x = cumprod_vjp(earlier, x, forth, along) + cumprod_vjp(later, mirrored, back, along)[backwards]
    return grad_output * (before * behind), grad_x


def products_of_others(x: Value, along: int) -> Value:
    """Return for each element the product of all others along an axis: of those before, times those behind."""
    backwards = (slice(None),) * along + (slice(None, None, -1),)
    before = delayed(cumprod(x, along), along, 1)
    behind = delayed(cumprod(x[backwards], along), along, 1)[backwards]
    return before * behind


class TotalProductMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    prod = prod
