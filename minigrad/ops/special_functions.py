"""The error function and its relatives, the logarithm of the gamma function and its slopes."""

from __future__ import annotations

import math

import minigrad_kernels
from minigrad.errors import message
from minigrad.graph import record
from minigrad.ops.elementwise import exp
from minigrad.ops.operands import Operand, Tensor, Value, floating, whole

TWO_OVER_ROOT_PI = 2 / math.sqrt(math.pi)


def erf(x: Operand) -> Tensor:
    """Return the error function, ``2 / sqrt(pi)`` times the integral of ``exp(-t**2)`` from 0 to ``x``, elementwise."""
    x_data = floating(erf, x)
    return record(erf, erf_vjp, minigrad_kernels.erf(x_data), (x,), (x_data,))


def erf_vjp(grad_output: Value, x: Value) -> Value:
    """``grad_x = grad_output * 2 / sqrt(pi) * exp(-x**2)``."""
    return grad_output * (TWO_OVER_ROOT_PI * exp(-x * x))


def erfc(x: Operand) -> Tensor:
    """Return ``1 - erf(x)``, elementwise, to the last places also where that is next to 0."""
    x_data = floating(erfc, x)
    return record(erfc, erfc_vjp, minigrad_kernels.erfc(x_data), (x,), (x_data,))


def erfc_vjp(grad_output: Value, x: Value) -> Value:
    """``grad_x = -grad_output * 2 / sqrt(pi) * exp(-x**2)``."""
    return -grad_output * (TWO_OVER_ROOT_PI * exp(-x * x))


def erfinv(x: Operand) -> Tensor:
    """Return the inverse of ``erf``, elementwise; infinite at 1 and -1, as is the gradient, and NaN beyond."""
    output = minigrad_kernels.erfinv(floating(erfinv, x))
    return record(erfinv, erfinv_vjp, output, (x,), (output,))


def erfinv_vjp(grad_output: Value, output: Value) -> Value:
    """``grad_x = grad_output * sqrt(pi) / 2 * exp(erfinv(x)**2)``."""
    return grad_output * (exp(output * output) / TWO_OVER_ROOT_PI)


def lgamma(x: Operand) -> Tensor:
    """Return the logarithm of the absolute value of the gamma function, elementwise; infinite at 0, -1 and so on."""
    x_data = floating(lgamma, x)
    return record(lgamma, lgamma_vjp, minigrad_kernels.lgamma(x_data), (x,), (x_data,))


def lgamma_vjp(grad_output: Value, x: Value) -> Value:
    """``grad_x = grad_output * digamma(x)``."""
    return grad_output * digamma(x)


def digamma(x: Operand) -> Tensor:
    """Return the slope of ``lgamma``, elementwise; ``-inf`` at 0, ``inf`` at -0.0, NaN at -1 and so on."""
    x_data = floating(digamma, x)
    return record(digamma, digamma_vjp, minigrad_kernels.digamma(x_data), (x,), (x_data,))


def digamma_vjp(grad_output: Value, x: Value) -> Value:
    """``grad_x = grad_output * polygamma(1, x)``."""
    return grad_output * polygamma(1, x)


def polygamma(n: int, x: Operand) -> Tensor:
    """Return the n-th derivative of ``digamma``, elementwise; infinite at 0, -1 and so on where n is not 0.

    Args:
        n: the order, from 0 (digamma itself) to 170.
        x: any shape.

    Raises:
        TypeError: if ``n`` is no integer; ValueError: if it is out of range.
    """
    order = whole(polygamma, "n", n)
    if not 0 <= order <= 170:
        raise ValueError(
            message("polygamma", f"n must be in [0, 170], got {order}.", "Beyond, its factor n! is not finite.")
        )
    x_data = floating(polygamma, x)
    output = minigrad_kernels.polygamma(order, x_data)
    return record(polygamma, polygamma_vjp, output, (order, x), (order, x_data))


def polygamma_vjp(grad_output: Value, n: int, x: Value) -> tuple[None, Value]:
    """``grad_x = grad_output * polygamma(n + 1, x)``."""
    return None, grad_output * polygamma(n + 1, x)


def polygamma_of(x: Tensor, n: int) -> Tensor:
    """Return ``polygamma(n, x)``: ``polygamma`` as a method."""
    return polygamma(n, x)


class SpecialMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    erf = erf
    erfc = erfc
    erfinv = erfinv
    lgamma = lgamma
    digamma = digamma
    polygamma = polygamma_of
