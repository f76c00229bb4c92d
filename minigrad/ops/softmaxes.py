"""Functions that make the numbers along an axis comparable: softmax and its logarithm."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import minigrad_kernels
from minigrad.dtypes import as_dtype
from minigrad.graph import record
from minigrad.ops.conversion import cast
from minigrad.ops.elementwise import exp
from minigrad.ops.operands import Operand, Tensor, Value, add_reduce, axis, floating, maximum_reduce, ndarray, unwrap
from minigrad.ops.reductions import sum


def softmax(x: Operand, dim: int, dtype: Any = None) -> Tensor:
    """Return ``exp(x) / sum(exp(x))`` along an axis, without overflow.

    Args:
        x: any shape.
        dim: the axis along which the results sum to 1.
        dtype: convert to it first.

    Returns:
        x's shape, each in [0, 1]. At ``-inf`` result and gradient are 0; where all are ``-inf`` both are NaN.

    Raises:
        IndexError: if ``dim`` is not an axis of x.
    """
    if dtype is not None:
        x = cast(x, as_dtype("softmax", dtype))
    x_data = floating(softmax, x)
    along = axis(softmax, dim, x_data.ndim)
    if x_data.ndim and along == x_data.ndim - 1:
        output = minigrad_kernels.softmax_rows(rows_of(x_data))
        output = output if x_data.ndim == 2 else output.reshape(x_data.shape)
    else:
        over = (along,) if x_data.ndim else ()
        powers = np.exp(x_data - maximum_reduce(x_data, axis=over, keepdims=True, initial=-np.inf))
        output = powers / add_reduce(powers, axis=over, keepdims=True)
    return record(softmax, softmax_vjp, output, (x, dim, dtype), (output, along))


def softmax_vjp(grad_output: Value, output: Value, along: int) -> Value:
    """``grad_x = softmax * (grad_output - sum(grad_output * softmax))``."""
    return softmax_backward(grad_output, output, along)


def softmax_backward(grad: Operand, result: Operand, dim: int) -> Tensor:
    """Return ``result * (grad - sum(grad * result))`` along an axis.

    Args:
        grad: the gradient with respect to the result.
        result: what ``softmax`` returned, of the same shape and dtype.
        dim: its axis, from 0 up.
    """
    g_data, r_data = unwrap(softmax_backward, grad), unwrap(softmax_backward, result)
    if g_data.ndim and dim == g_data.ndim - 1:
        output = minigrad_kernels.softmax_rows_backward(rows_of(g_data), rows_of(r_data))
        output = output if g_data.ndim == 2 else output.reshape(g_data.shape)
    else:
        over = (dim,) if g_data.ndim else ()
        output = r_data * (g_data - add_reduce(g_data * r_data, axis=over, keepdims=True))
    if type(grad) is ndarray and type(result) is ndarray:
        return output  # type: ignore[return-value]
    return record(softmax_backward, softmax_backward_vjp, output, (grad, result, dim), (g_data, r_data, dim))


def softmax_backward_vjp(grad_output: Value, grad: Value, result: Value, dim: int) -> tuple[Value, Value]:
    """``grad_grad = softmax_backward(g, result); grad_result = g * (grad - level) - grad * sum(g * result)``.

    Here ``level = sum(grad * result)``. The matrix of the derivatives of softmax is symmetric.
    """
    level = sum(grad * result, dim, True)
    share = sum(grad_output * result, dim, True)
    return softmax_backward(grad_output, result, dim), grad_output * (grad - level) - grad * share


def log_softmax(x: Operand, dim: int, dtype: Any = None) -> Tensor:
    """Return ``x - log(sum(exp(x)))`` along an axis, without overflow; arguments as for ``softmax``.

    The gradient at ``-inf`` is that of the element itself; where all are ``-inf`` it is NaN, as the result is.
    """
    if dtype is not None:
        x = cast(x, as_dtype("log_softmax", dtype))
    x_data = floating(log_softmax, x)
    along = axis(log_softmax, dim, x_data.ndim)
    if x_data.ndim and along == x_data.ndim - 1:
        output = minigrad_kernels.log_softmax_rows(rows_of(x_data))
        output = output if x_data.ndim == 2 else output.reshape(x_data.shape)
    else:
        over = (along,) if x_data.ndim else ()
        shifted = x_data - maximum_reduce(x_data, axis=over, keepdims=True, initial=-np.inf)
        output = shifted - np.log(add_reduce(np.exp(shifted), axis=over, keepdims=True))
    return record(log_softmax, log_softmax_vjp, output, (x, dim, dtype), (output, along))


def log_softmax_vjp(grad_output: Value, output: Value, along: int) -> Value:
    """``grad_x = grad_output - softmax * sum(grad_output)``."""
    return log_softmax_backward(grad_output, output, along)


def log_softmax_backward(grad: Operand, result: Operand, dim: int) -> Tensor:
    """Return ``grad - exp(result) * sum(grad)`` along an axis; arguments as for ``softmax_backward``."""
    g_data, r_data = unwrap(log_softmax_backward, grad), unwrap(log_softmax_backward, result)
    if g_data.ndim and dim == g_data.ndim - 1:
        output = minigrad_kernels.log_softmax_rows_backward(rows_of(g_data), rows_of(r_data))
        output = output if g_data.ndim == 2 else output.reshape(g_data.shape)
    else:
        over = (dim,) if g_data.ndim else ()
        output = g_data - np.exp(r_data) * add_reduce(g_data, axis=over, keepdims=True)
    if type(grad) is ndarray and type(result) is ndarray:
        return output  # type: ignore[return-value]
    return record(log_softmax_backward, log_softmax_backward_vjp, output, (grad, result, dim), (g_data, r_data, dim))


def log_softmax_backward_vjp(grad_output: Value, grad: Value, result: Value, dim: int) -> tuple[Value, Value]:
    """``grad_grad = g - sum(g * exp(result)); grad_result = -g * exp(result) * sum(grad)``."""
    weighted = grad_output * exp(result)
    return grad_output - sum(weighted, dim, True), -weighted * sum(grad, dim, True)


def rows_of(x: ndarray) -> ndarray:
    """Return an array as a matrix whose rows are along the last axis; a view where the memory allows it."""
    return x if x.ndim == 2 else x.reshape(math.prod(x.shape[:-1]), x.shape[-1])


class SoftmaxMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    softmax = softmax
    log_softmax = log_softmax
