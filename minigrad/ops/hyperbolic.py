"""Hyperbolic sine and cosine, and the inverses of the hyperbolic functions."""

from __future__ import annotations

import numpy as np

from minigrad.graph import record
from minigrad.ops.elementwise import sqrt
from minigrad.ops.operands import Operand, Tensor, Value, floating


def sinh(x: Operand) -> Tensor:
    """Return the hyperbolic sine, elementwise."""
    x_data = floating(sinh, x)
    return record(sinh, sinh_vjp, np.sinh(x_data), (x,), (x_data,))


def sinh_vjp(grad_output: Value, x: Value) -> Value:
    """``grad_x = grad_output * cosh(x)``."""
    return grad_output * cosh(x)


def cosh(x: Operand) -> Tensor:
    """Return the hyperbolic cosine, elementwise."""
    x_data = floating(cosh, x)
    return record(cosh, cosh_vjp, np.cosh(x_data), (x,), (x_data,))


def cosh_vjp(grad_output: Value, x: Value) -> Value:
    """``grad_x = grad_output * sinh(x)``."""
    return grad_output * sinh(x)


def asinh(x: Operand) -> Tensor:
    """Return the inverse of ``sinh``, elementwise."""
    x_data = floating(asinh, x)
    return record(asinh, asinh_vjp, np.arcsinh(x_data), (x,), (x_data,))


def asinh_vjp(grad_output: Value, x: Value) -> Value:
    """``grad_x = grad_output / sqrt(x**2 + 1)``."""
    return grad_output / sqrt(x * x + 1)


def acosh(x: Operand) -> Tensor:
    """Return the inverse of ``cosh``, elementwise; NaN below 1, and the gradient at 1 is infinite."""
    x_data = floating(acosh, x)
    return record(acosh, acosh_vjp, np.arccosh(x_data), (x,), (x_data,))


def acosh_vjp(grad_output: Value, x: Value) -> Value:
    """``grad_x = grad_output / sqrt(x**2 - 1)``."""
    return grad_output / sqrt((x - 1) * (x + 1))


def atanh(x: Operand) -> Tensor:
    """Return the inverse of ``tanh``, elementwise; infinite at 1 and -1, as is the gradient, and NaN beyond."""
    x_data = floating(atanh, x)
    return record(atanh, atanh_vjp, np.arctanh(x_data), (x,), (x_data,))


def atanh_vjp(grad_output: Value, x: Value) -> Value:
    """``grad_x = grad_output / (1 - x**2)``."""
    return grad_output / ((1 - x) * (1 + x))


class HyperbolicMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    sinh = sinh
    cosh = cosh
    asinh = arcsinh = asinh
    acosh = arccosh = acosh
    atanh = arctanh = atanh


arcsinh = asinh
arccosh = acosh
arctanh = atanh
