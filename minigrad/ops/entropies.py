"""Products with a logarithm, in which 0 wins: the terms of entropies and likelihoods."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.graph import record
from minigrad.ops.elementwise import log, where
from minigrad.ops.logarithms import log1p
from minigrad.ops.operands import Op, Operand, Tensor, Value, floating, floating_pair, ndarray
from minigrad.ops.reductions import may_hold_nan


def xlogy(x: Operand, y: Operand) -> Tensor:
    """Return ``x * log(y)``, elementwise: 0 where ``x`` is 0, whatever ``y`` but NaN.

    Args:
        x: the factor, any shape.
        y: of what the logarithm is taken, of a shape that broadcasts with x's.

    Returns:
        The product, of the broadcast shape. Where x is 0 and y is not positive, the gradient of both is 0.

    Raises:
        ValueError: if the shapes do not broadcast.
    """
    x_data, y_data = floating_arrays(xlogy, x, y)
    output = zero_wins(x_data, y_data, np.log(y_data))
    return record(xlogy, xlogy_vjp, output, (x, y), (x_data, y_data))


def xlogy_vjp(grad_output: Value, x: Value, y: Value) -> tuple[Value, Value]:
    """``grad_x = grad_output * log(y); grad_y = grad_output * x / y``; 0 where x is 0 and y is not positive."""
    none = (x == 0) & (y <= 0)
    safe = where(none, 1, y)
    return grad_output * log(safe), grad_output * (x / safe)


def xlog1py(x: Operand, y: Operand) -> Tensor:
    """Return ``x * log(1 + y)``, elementwise: 0 where ``x`` is 0, whatever ``y`` but NaN; as ``xlogy``."""
    x_data, y_data = floating_arrays(xlog1py, x, y)
    output = zero_wins(x_data, y_data, np.log1p(y_data))
    return record(xlog1py, xlog1py_vjp, output, (x, y), (x_data, y_data))


def xlog1py_vjp(grad_output: Value, x: Value, y: Value) -> tuple[Value, Value]:
    """``grad_x = grad_output * log(1 + y); grad_y = grad_output * x / (1 + y)``; 0 where x is 0 and y <= -1."""
    none = (x == 0) & (y <= -1)
    safe = where(none, 0, y)
    return grad_output * log1p(safe), grad_output * (x / (1 + safe))


def floating_arrays(op: Op, x: Operand, y: Operand) -> tuple[ndarray, ndarray]:
    """Return the arrays of two operands in their common floating dtype; a number, too, has its logarithm in that."""
    x_data, y_data = floating_pair(op, x, y)
    if type(x_data) is ndarray and type(y_data) is ndarray:
        return x_data, y_data
    dtype = (x_data if type(x_data) is ndarray else y_data).dtype
    return np.asarray(x_data, dtype), np.asarray(y_data, dtype)


def zero_wins(x: Any, y: Any, logarithm: Any) -> Any:
    """Return ``x * logarithm``, with 0 where ``x`` is 0 and ``y`` is a number."""
    output = x * logarithm
    if type(output) is ndarray and not may_hold_nan(output):
        # 0 times a logarithm that is a number is 0 already.
        return output
    zero = np.equal(x, 0)
    return np.where(zero & np.equal(y, y), output.dtype.type(0), output) if np.count_nonzero(zero) else output


def entr(x: Operand) -> Tensor:
    """Return ``-x * log(x)``, elementwise: 0 at 0, with an infinite gradient, and ``-inf`` below."""
    x_data = floating(entr, x)
    output = -x_data * np.log(x_data)
    # The logarithm of what is negative is NaN, and so is 0 times that of 0.
    if type(output) is not ndarray or may_hold_nan(output):
        outside = x_data <= 0
        output = np.where(outside, np.where(x_data == 0, x_data.dtype.type(0), -math.inf), output)
    return record(entr, entr_vjp, output.astype(x_data.dtype, copy=False), (x,), (x_data,))


def entr_vjp(grad_output: Value, x: Value) -> Value:
    """``grad_x = -grad_output * (1 + log(x))``."""
    return -grad_output * (1 + log(x))


class EntropyMethods:
    """Those functions of this file that PyTorch has as methods of tensors."""

    __slots__ = ()

    xlogy = xlogy
