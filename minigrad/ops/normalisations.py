"""Functions that make the numbers along an axis comparable: softmax and its logarithm."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.dtypes import as_dtype
from minigrad.graph import record
from minigrad.ops.conversion import cast
from minigrad.ops.elementwise import exp
from minigrad.ops.operands import Operand, Tensor, Value, add_reduce, axis, floating, maximum_reduce
from minigrad.ops.reductions import sum


def softmax(x: Operand, dim: int, dtype: Any = None) -> Tensor:
    """Return ``exp(x) / sum(exp(x))`` along an axis, without overflow.

    Args:
        x: any shape.
        dim: the axis along which the results sum to 1.
        dtype: convert to it first.

    Returns:
        x's shape, each in [0, 1].

    Raises:
        IndexError: if ``dim`` is not an axis of x.
    """
    if dtype is not None:
        x = cast(x, as_dtype("softmax", dtype))
    x_data = floating(softmax, x)
    along = axis(softmax, dim, x_data.ndim)
    over = (along,) if x_data.ndim else ()
    shifted = x_data - maximum_reduce(x_data, axis=over, keepdims=True, initial=-np.inf)
    powers = np.exp(shifted)
    output = powers / add_reduce(powers, axis=over, keepdims=True)
    return record(softmax, softmax_vjp, output, (x, dim, dtype), (output, over))


def softmax_vjp(grad_output: Value, output: Value, over: tuple[int, ...]) -> Value:
    """``grad_x = softmax * (grad_output - sum(grad_output * softmax))``."""
    weighted = grad_output * output
    return weighted - output * sum(weighted, over, True) if over else weighted * 0


def log_softmax(x: Operand, dim: int, dtype: Any = None) -> Tensor:
    """Return ``x - log(sum(exp(x)))`` along an axis, without overflow; arguments as for ``softmax``."""
    if dtype is not None:
        x = cast(x, as_dtype("log_softmax", dtype))
    x_data = floating(log_softmax, x)
    along = axis(log_softmax, dim, x_data.ndim)
    over = (along,) if x_data.ndim else ()
    shifted = x_data - maximum_reduce(x_data, axis=over, keepdims=True, initial=-np.inf)
    output = shifted - np.log(add_reduce(np.exp(shifted), axis=over, keepdims=True))
    return record(log_softmax, log_softmax_vjp, output, (x, dim, dtype), (output, over))


def log_softmax_vjp(grad_output: Value, output: Value, over: tuple[int, ...]) -> Value:
    """``grad_x = grad_output - softmax * sum(grad_output)``."""
    return grad_output - exp(output) * sum(grad_output, over, True) if over else grad_output * 0


class NormalisationMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    softmax = softmax
    log_softmax = log_softmax
