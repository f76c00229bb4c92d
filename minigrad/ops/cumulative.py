"""Sums and products of the first elements along an axis, and what all of their derivatives are made of: recurrences."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import minigrad_kernels
from minigrad.dtypes import as_dtype
from minigrad.graph import record
from minigrad.ops.conversion import cast
from minigrad.ops.elementwise import exp, where
from minigrad.ops.floats import checked_floats
from minigrad.ops.joining import cat
from minigrad.ops.operands import Op, Operand, Tensor, Value, axis, ndarray, unwrap


def cumsum(x: Operand, dim: int, *, dtype: Any = None) -> Tensor:
    """Return the sums of the first 1, 2, ... elements along an axis.

    Args:
        x: any shape; integers and bools are summed as int64.
        dim: the axis.
        dtype: convert to it first.

    Returns:
        x's shape. Sums of float32 are carried on in float64, and so are products.

    Raises:
        IndexError: if ``dim`` is not an axis of x.

    Examples:
        >>> import minigrad as mg
        >>> mg.tensor([1.0, 2.0, 3.0]).cumsum(0)
        Tensor((3,) float32 | 1 3 6)
    """
    x = converted(cumsum, x, dtype)
    x_data = unwrap(cumsum, x)
    along = axis(cumsum, dim, x_data.ndim)
    if x_data.dtype.kind == "f":
        return record(cumsum, cumsum_vjp, running_sums(x_data, along, False), (x, dim), (along,))
    # Integers that were asked for by dtype wrap around in it.
    total = x_data.dtype if dtype is not None and x_data.dtype.kind != "b" else np.int64
    return record(cumsum, None, accumulated(np.add, x_data, along, total), (x, dim))


def cumsum_vjp(grad_output: Value, along: int) -> Value:
    """``grad_x = the sums of grad_output from each place to the end``."""
    return cumsum_backward(grad_output, along)


def cumsum_backward(grad: Operand, along: int) -> Tensor:
    """Return the sums of floats from each place to the end of an axis."""
    output = running_sums(unwrap(cumsum_backward, grad), along, True)
    return record(cumsum_backward, cumsum_backward_vjp, output, (grad, along), (along,))


def cumsum_backward_vjp(grad_output: Value, along: int) -> Value:
    """``grad_grad = cumsum(grad_output)``."""
    return cumsum(grad_output, along)


def running_sums(x: ndarray, along: int, backwards: bool) -> ndarray:
    """Return the running sums of floats; of a 0-d array a copy."""
    return minigrad_kernels.running_sums(x, along, backwards) if x.ndim else x.copy()


def accumulated(ufunc: Any, x: ndarray, along: int, dtype: Any = None) -> ndarray:
    """Return what a function of two elements makes of the first 1, 2, ... along an axis; of a 0-d array a copy."""
    if x.ndim == 0:
        return x.astype(x.dtype if dtype is None else dtype)
    result: ndarray = ufunc.accumulate(x, along, dtype)
    return result


def converted(op: Op, x: Operand, dtype: Any) -> Operand:
    """Return an operand in the dtype that was asked for."""
    return x if dtype is None else cast(x, as_dtype(op.__name__, dtype))


def cumprod(x: Operand, dim: int, *, dtype: Any = None) -> Tensor:
    """Return the products of the first 1, 2, ... elements along an axis; arguments as for ``cumsum``.

    The gradient is exact where elements are 0, and never divides by one.
    """
    x = converted(cumprod, x, dtype)
    x_data = unwrap(cumprod, x)
    along = axis(cumprod, dim, x_data.ndim)
    if x_data.dtype.kind == "f":
        output = minigrad_kernels.running_products(x_data, along) if x_data.ndim else x_data.copy()
        return record(cumprod, cumprod_vjp, output, (x, dim), (x_data, output, along))
    total = x_data.dtype if dtype is not None and x_data.dtype.kind != "b" else np.int64
    return record(cumprod, None, accumulated(np.multiply, x_data, along, total), (x, dim))


def cumprod_vjp(grad_output: Value, x: Value, output: Value, along: int) -> Value:
    """``grad_x[k] = prod(x[:k]) * sum over i >= k of grad_output[i] * prod(x[k+1 : i+1])``.

    The sum is a recurrence from the end, ``s[k] = grad_output[k] + x[k+1] * s[k+1]``.
    """
    return delayed(output, along, 1) * recurrence(x, grad_output, along, True)


def recurrence(a: Operand, b: Operand, along: int, backwards: bool) -> Tensor:
    """Return ``y[k] = b[k] + a[k] * y[k-1]`` along an axis, from ``y[0] = b[0]`` on.

    Args:
        a: the factors, floating; the first is not read.
        b: the summands, of a's shape and dtype.
        along: the axis, from 0 up.
        backwards: return its adjoint, ``y[k] = b[k] + a[k+1] * y[k+1]`` from the end on.
    """
    a_data, b_data = unwrap(recurrence, a), unwrap(recurrence, b)
    if b_data.ndim:
        output = minigrad_kernels.linear_recurrence(a_data, b_data, along, backwards)
    else:
        output = b_data.copy()
    saved = (a_data, output, along, backwards)
    return record(recurrence, recurrence_vjp, output, (a, b, along, backwards), saved)


def recurrence_vjp(grad_output: Value, a: Value, output: Value, along: int, backwards: bool) -> tuple[Value, Value]:
    """``grad_b`` is the recurrence of grad_output the other way; ``grad_a[k]`` that times y from before."""
    grad_b = recurrence(a, grad_output, along, not backwards)
    if backwards:
        return delayed(grad_b, along, 0) * output, grad_b
    return delayed(output, along, 0) * grad_b, grad_b


def delayed(x: Value, along: int, first: float) -> Value:
    """Return x one place later along an axis, with a constant in the first place."""
    if x.ndim == 0:
        return np.full((), first, x.dtype)
    if x.shape[along] == 0:
        return x
    before = (slice(None),) * along
    start = np.full((*x.shape[:along], 1, *x.shape[along + 1 :]), first, x.dtype)
    return cat([start, x[(*before, slice(None, -1))]], along)


def logcumsumexp(x: Operand, dim: int) -> Tensor:
    """Return ``log(cumsum(exp(x)))`` along an axis, without overflow; the gradient is 0 at ``-inf``.

    Args:
        x: floating, any shape.
        dim: the axis.

    Raises:
        TypeError: if x is not floating; IndexError: if ``dim`` is not an axis of x.
    """
    x_data = checked_floats(logcumsumexp, x)
    along = axis(logcumsumexp, dim, x_data.ndim)
    output = accumulated(np.logaddexp, x_data, along)
    return record(logcumsumexp, logcumsumexp_vjp, output, (x, dim), (x_data, output, along))


def logcumsumexp_vjp(grad_output: Value, x: Value, output: Value, along: int) -> Value:
    """``grad_x[k] = exp(x[k] - output[k]) * sum over i >= k of grad_output[i] * exp(output[k] - output[i])``.

    No exponent is positive. The sum is ``s[k] = grad_output[k] + exp(output[k] - output[k+1]) * s[k+1]``.
    """
    before = delayed(output, along, -math.inf)
    # Where all so far are -inf the share of each is 0, not exp(-inf - -inf).
    decay = exp(where(before == -math.inf, -math.inf, before - output))
    level = where(output == -math.inf, 0, output)
    return exp(x - level) * recurrence(decay, grad_output, along, True)


class CumulativeMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    cumsum = cumsum
    cumprod = cumprod
    logcumsumexp = logcumsumexp
