"""Smooth activations of each element, made of exponentials."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import minigrad_kernels
from minigrad.errors import message
from minigrad.graph import record
from minigrad.ops.arithmetic import neg
from minigrad.ops.choices import chosen
from minigrad.ops.elementwise import abs, exp, sigmoid, tanh, where
from minigrad.ops.operands import Operand, Tensor, Value, flag, floating, real
from minigrad.ops.overwriting import write_over
from minigrad.ops.softmaxes import softmax
from minigrad.ops.special_functions import erf

ROOT_HALF = math.sqrt(0.5)
ROOT_TWO_OVER_PI = math.sqrt(2 / math.pi)
# The fixed point of mean and variance. Source: Klambauer et al., "Self-normalizing neural networks", 2017.
SELU_SCALE = 1.0507009873554804934193349852946
SELU_ALPHA = 1.6732632423543772848170429916717


def elu(x: Operand, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """Return ``x`` where it is positive, else ``alpha * (exp(x) - 1)``; the gradient at 0 is ``alpha``.

    Args:
        x: any shape; integers become the default floating dtype.
        alpha: the size of the negative end.
        inplace: write the result over x.

    Raises:
        TypeError: if ``alpha`` is no number.

    Source: Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by exponential linear
    units", 2016.
    """
    if flag(elu, "inplace", inplace):
        return write_over(elu, x, (alpha,))  # type: ignore[arg-type]
    return exponential_unit(elu, (x, alpha), 1.0, real(elu, "alpha", alpha), 1.0)


def celu(x: Operand, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """Return ``x`` where it is positive, else ``alpha * (exp(x / alpha) - 1)``: its gradient is continuous, 1 at 0.

    Raises:
        TypeError: if ``alpha`` is no number; ZeroDivisionError: if it is 0.

    Source: Barron, "Continuously differentiable exponential linear units", 2017.
    """
    if flag(celu, "inplace", inplace):
        return write_over(celu, x, (alpha,))  # type: ignore[arg-type]
    alpha = real(celu, "alpha", alpha)
    if alpha == 0:
        raise ZeroDivisionError(message("celu", "alpha must not be 0.", "relu is its limit there."))
    return exponential_unit(celu, (x, alpha), 1.0, alpha, 1 / alpha)


def selu(x: Operand, inplace: bool = False) -> Tensor:
    """Return ``elu`` times a scale, both constants such that mean 0 and variance 1 stay; at 0 the gradient is 1.758."""
    if flag(selu, "inplace", inplace):
        return write_over(selu, x)  # type: ignore[arg-type]
    return exponential_unit(selu, (x,), SELU_SCALE, SELU_ALPHA, 1.0)


def exponential_unit(op: Any, inputs: tuple[Any, ...], scale: float, size: float, rate: float) -> Tensor:
    """Return ``scale * x`` where ``x`` is positive, else ``scale * size * (exp(rate * x) - 1)``.

    Args:
        op: the operation that calls.
        inputs: its arguments, ``x`` first.
        scale: the slope of the positive half.
        size: how far down the negative half goes, before it is scaled.
        rate: how fast.
    """
    x_data = floating(op, inputs[0])
    powers = np.expm1(x_data if rate == 1 else x_data * rate)
    powers *= scale * size
    output = chosen(x_data > 0, x_data if scale == 1 else x_data * scale, powers)
    return record(op, exponential_unit_vjp, output, inputs, (x_data, scale, size * rate, rate))


def exponential_unit_vjp(grad_output: Value, x: Value, scale: float, steepness: float, rate: float) -> Value:
    """``grad_x = grad_output * scale where x > 0, else grad_output * scale * size * rate * exp(rate * x)``."""
    bent = x <= 0
    below = exp(where(bent, x, 0) * rate) * (scale * steepness)
    return grad_output * where(bent, below, scale)


def gelu(x: Operand, approximate: str = "none") -> Tensor:
    """Return ``x`` times the probability that a normal number is smaller.

    Args:
        x: any shape.
        approximate: ``"none"``, or ``"tanh"`` for a formula with ``tanh`` in the place of ``erf``.

    Raises:
        ValueError: if ``approximate`` is another.

    Source: Hendrycks and Gimpel, "Gaussian error linear units", 2016.
    """
    x_data = floating(gelu, x)
    approximate = approximate if isinstance(approximate, str) else repr(approximate)
    if approximate == "none":
        output = minigrad_kernels.erf(np.asarray(x_data * ROOT_HALF))
    elif approximate == "tanh":
        output = x_data * x_data
        output *= 0.044715
        output += 1
        output *= x_data
        output *= ROOT_TWO_OVER_PI
        output = minigrad_kernels.tanh(np.asarray(output))
    else:
        raise ValueError(
            message("gelu", f"approximate is 'none' or 'tanh', got {approximate!r}.", "Leave it out for the exact one.")
        )
    output += 1
    output *= 0.5
    output *= x_data
    return record(gelu, gelu_vjp, output, (x, approximate), (x_data, approximate))


def gelu_vjp(grad_output: Value, x: Value, approximate: str) -> Value:
    """``grad_x = grad_output * (P(x) + x * dP/dx)``, P the probability, or its approximation."""
    if approximate == "none":
        share = 0.5 * (1 + erf(x * ROOT_HALF))
        slope = (0.5 * ROOT_TWO_OVER_PI) * exp(-0.5 * x * x)
    else:
        bend = tanh(ROOT_TWO_OVER_PI * x * (1 + 0.044715 * x * x))
        share = 0.5 * (1 + bend)
        slope = (0.5 * ROOT_TWO_OVER_PI) * (1 - bend * bend) * (1 + 0.134145 * x * x)
    return grad_output * (share + x * slope)


def silu(x: Operand, inplace: bool = False) -> Tensor:
    """Return ``x * sigmoid(x)``, elementwise, also called swish.

    Source: Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units", 2018.
    """
    if flag(silu, "inplace", inplace):
        return write_over(silu, x)  # type: ignore[arg-type]
    x_data = floating(silu, x)
    output = minigrad_kernels.sigmoid(x_data)
    output *= x_data
    return record(silu, silu_vjp, output, (x,), (x_data,))


def silu_vjp(grad_output: Value, x: Value) -> Value:
    """``grad_x = grad_output * s * (1 + x * (1 - s)), s = sigmoid(x)``."""
    share = sigmoid(x)
    return grad_output * (share * (1 + x * (1 - share)))


def softplus(x: Operand, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """Return ``log(1 + exp(beta * x)) / beta``, elementwise; ``x`` itself where ``beta * x > threshold``.

    Args:
        x: any shape.
        beta: how sharp the bend at 0 is.
        threshold: from where on it is linear; the gradient at the threshold itself is still that of the bend.

    Raises:
        TypeError: if ``beta`` or ``threshold`` is no number.
    """
    beta, threshold = real(softplus, "beta", beta), real(softplus, "threshold", threshold)
    x_data = floating(softplus, x)
    steep = x_data if beta == 1 else x_data * beta
    output = np.log1p(np.exp(steep))
    if beta != 1:
        output /= beta
    linear = steep > threshold
    # At 10 elements count_nonzero takes 0.2 µs, any() 0.9.
    if np.count_nonzero(linear):
        output = chosen(linear, x_data, output)
    return record(softplus, softplus_vjp, output, (x, beta, threshold), (x_data, beta, linear))


def softplus_vjp(grad_output: Value, x: Value, beta: float, linear: Value) -> Value:
    """``grad_x = grad_output * sigmoid(beta * x)``; grad_output where it is linear."""
    return where(linear, grad_output, grad_output * sigmoid(x * beta))


def mish(x: Operand, inplace: bool = False) -> Tensor:
    """Return ``x * tanh(log(1 + exp(x)))``, elementwise.

    Source: Misra, "Mish: a self regularized non-monotonic activation function", 2019.
    """
    if flag(mish, "inplace", inplace):
        return write_over(mish, x)  # type: ignore[arg-type]
    x_data = floating(mish, x)
    output = minigrad_kernels.tanh(np.asarray(np.log1p(np.exp(x_data))))
    output *= x_data
    return record(mish, mish_vjp, output, (x,), (x_data,))


def mish_vjp(grad_output: Value, x: Value) -> Value:
    """``grad_x = grad_output * (t + x * (1 - t**2) * sigmoid(x)), t = tanh(log(1 + exp(x)))``."""
    bend = tanh(softplus(x))
    return grad_output * (bend + x * (1 - bend * bend) * sigmoid(x))


def logsigmoid(x: Operand) -> Tensor:
    """Return the logarithm of ``sigmoid``, elementwise, also where that underflows."""
    x_data = floating(logsigmoid, x)
    # In one array: at a million numbers the memory for another costs as much as a logarithm.
    output = np.asarray(-x_data)
    np.log1p(np.exp(output, out=output), out=output)
    np.negative(output, out=output)
    # exp(88.8) is infinite in float32, and from 37 on log(1 + exp(-x)) is -x to the last bit of float64.
    linear = x_data < -80
    if np.count_nonzero(linear):
        output = chosen(linear, x_data, output)
    return record(logsigmoid, logsigmoid_vjp, output, (x,), (x_data,))


def logsigmoid_vjp(grad_output: Value, x: Value) -> Value:
    """``grad_x = grad_output * sigmoid(-x)``."""
    return grad_output * sigmoid(-x)


def softsign(x: Operand) -> Tensor:
    """Return ``x / (1 + |x|)``, elementwise, in (-1, 1)."""
    x_data = floating(softsign, x)
    return record(softsign, softsign_vjp, x_data / (1 + np.abs(x_data)), (x,), (x_data,))


def softsign_vjp(grad_output: Value, x: Value) -> Value:
    """``grad_x = grad_output / (1 + |x|)**2``."""
    size = 1 + abs(x)
    return grad_output / (size * size)


def tanhshrink(x: Operand) -> Tensor:
    """Return ``x - tanh(x)``, elementwise."""
    x_data = floating(tanhshrink, x)
    return record(tanhshrink, tanhshrink_vjp, x_data - np.tanh(x_data), (x,), (x_data,))


def tanhshrink_vjp(grad_output: Value, x: Value) -> Value:
    """``grad_x = grad_output * tanh(x)**2``."""
    bend = tanh(x)
    return grad_output * (bend * bend)


def softmin(x: Operand, dim: int, dtype: Any = None) -> Tensor:
    """Return ``softmax(-x)`` along an axis: the smaller, the more; arguments as for ``softmax``."""
    return softmax(neg(x), dim, dtype)
