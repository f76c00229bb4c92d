"""Powers of 2 and of e, logarithms to several bases, and what is made of them without overflow."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.graph import record
from minigrad.ops.comparisons import isinf
from minigrad.ops.elementwise import sigmoid, where
from minigrad.ops.operands import Operand, Tensor, Value, floating, floating_pair, needs_grad, real

LN2 = math.log(2)
LN10 = math.log(10)


def exp2(x: Operand) -> Tensor:
    """Return 2 to the power ``x``, elementwise; integers become the default floating dtype."""
    output = np.exp2(floating(exp2, x))
    return record(exp2, exp2_vjp, output, (x,), (output,))


def exp2_vjp(grad_output: Value, output: Value) -> Value:
    """``grad_x = grad_output * 2**x * log(2)``."""
    return grad_output * (output * LN2)


def expm1(x: Operand) -> Tensor:
    """Return ``exp(x) - 1``, elementwise, to the last places also near 0."""
    output = np.expm1(floating(expm1, x))
    return record(expm1, expm1_vjp, output, (x,), (output,))


def expm1_vjp(grad_output: Value, output: Value) -> Value:
    """``grad_x = grad_output * exp(x)``."""
    return grad_output * (output + 1)


def log2(x: Operand) -> Tensor:
    """Return the logarithm to base 2, elementwise: ``-inf`` at 0, with an infinite gradient, and NaN below."""
    x_data = floating(log2, x)
    return record(log2, log2_vjp, np.log2(x_data), (x,), (x_data,))


def log2_vjp(grad_output: Value, x: Value) -> Value:
    """``grad_x = grad_output / (x * log(2))``."""
    return grad_output / (x * LN2)


def log10(x: Operand) -> Tensor:
    """Return the logarithm to base 10, elementwise: ``-inf`` at 0, with an infinite gradient, and NaN below."""
    x_data = floating(log10, x)
    return record(log10, log10_vjp, np.log10(x_data), (x,), (x_data,))


def log10_vjp(grad_output: Value, x: Value) -> Value:
    """``grad_x = grad_output / (x * log(10))``."""
    return grad_output / (x * LN10)


def log1p(x: Operand) -> Tensor:
    """Return ``log(1 + x)``, also near 0 to the last places: ``-inf`` at -1, with an infinite gradient, NaN below."""
    x_data = floating(log1p, x)
    return record(log1p, log1p_vjp, np.log1p(x_data), (x,), (x_data,))


def log1p_vjp(grad_output: Value, x: Value) -> Value:
    """``grad_x = grad_output / (1 + x)``."""
    return grad_output / (1 + x)


def logit(x: Operand, eps: float | None = None) -> Tensor:
    """Return ``log(x / (1 - x))``, the inverse of ``sigmoid``: infinite at 0 and 1, as is the gradient, and NaN beyond.

    Args:
        x: probabilities, any shape.
        eps: limit x to ``[eps, 1 - eps]`` first; the gradient is 0 beyond these bounds.

    Raises:
        TypeError: if ``eps`` is no number.
    """
    x_data = floating(logit, x)
    inside: Any = None
    if eps is not None:
        low = real(logit, "eps", eps)
        if needs_grad(x):
            inside = (x_data >= low) & (x_data <= 1 - low)
        bounded = x_data.clip(low, 1 - low)
    else:
        bounded = x_data
    return record(logit, logit_vjp, np.log(bounded / (1 - bounded)), (x, eps), (x_data, inside))


def logit_vjp(grad_output: Value, x: Value, inside: Value) -> Value:
    """``grad_x = grad_output / (x * (1 - x))``; 0 beyond the bounds, and NaN beyond 0 and 1 if there are none."""
    if inside is None:
        return where((x < 0) | (x > 1), math.nan, grad_output / (x * (1 - x)))
    safe = where(inside, x, 0.5)
    return where(inside, grad_output / (safe * (1 - safe)), 0)


def logaddexp(x: Operand, y: Operand) -> Tensor:
    """Return ``log(exp(x) + exp(y))``, elementwise, without overflow.

    Args:
        x: the first operand, any shape.
        y: the second operand, of a shape that broadcasts with x's.

    Returns:
        The logarithm, of the broadcast shape. Where both are the same infinity they share the gradient in halves.

    Raises:
        ValueError: if the shapes do not broadcast.
    """
    x_data, y_data = floating_pair(logaddexp, x, y)
    return record(logaddexp, logaddexp_vjp, np.logaddexp(x_data, y_data), (x, y), (x_data, y_data))


def logaddexp_vjp(grad_output: Value, x: Value, y: Value) -> tuple[Value, Value]:
    """``grad_x = grad_output * sigmoid(x - y); grad_y = grad_output * sigmoid(y - x)``."""
    difference = where((x == y) & isinf(y), 0, x - y)
    return grad_output * sigmoid(difference), grad_output * sigmoid(-difference)


def logaddexp2(x: Operand, y: Operand) -> Tensor:
    """Return ``log2(2**x + 2**y)``, elementwise, without overflow; arguments and gradient as for ``logaddexp``."""
    x_data, y_data = floating_pair(logaddexp2, x, y)
    return record(logaddexp2, logaddexp2_vjp, np.logaddexp2(x_data, y_data), (x, y), (x_data, y_data))


def logaddexp2_vjp(grad_output: Value, x: Value, y: Value) -> tuple[Value, Value]:
    """``grad_x = grad_output * 2**x / (2**x + 2**y); grad_y = grad_output * 2**y / (2**x + 2**y)``."""
    difference = where((x == y) & isinf(y), 0, (x - y) * LN2)
    return grad_output * sigmoid(difference), grad_output * sigmoid(-difference)


class LogarithmMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    exp2 = exp2
    expm1 = expm1
    log2 = log2
    log10 = log10
    log1p = log1p
    logit = logit
    logaddexp = logaddexp
    logaddexp2 = logaddexp2
