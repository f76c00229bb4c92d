"""Sine, cosine, tangent, their inverses, and the conversions of angles."""

from __future__ import annotations

import math

import numpy as np

from minigrad.graph import record
from minigrad.ops.elementwise import abs, sqrt, where
from minigrad.ops.operands import Operand, Tensor, Value, floating, floating_pair

DEGREE = math.pi / 180
# Where |x| is smaller, the slope of sinc is a series: (cos u - sin(u)/u)/u loses its digits to cancellation, at 0.1
# one in 30. With u = 0.1 pi the first term that is left out is 3e-17 of the first one.
SINC_NEAR = 0.1


def sin(x: Operand) -> Tensor:
    """Return the sine of angles in radians, elementwise; integers become the default floating dtype."""
    x_data = floating(sin, x)
    return record(sin, sin_vjp, np.sin(x_data), (x,), (x_data,))


def sin_vjp(grad_output: Value, x: Value) -> Value:
    """``grad_x = grad_output * cos(x)``."""
    return grad_output * cos(x)


def cos(x: Operand) -> Tensor:
    """Return the cosine of angles in radians, elementwise."""
    x_data = floating(cos, x)
    return record(cos, cos_vjp, np.cos(x_data), (x,), (x_data,))


def cos_vjp(grad_output: Value, x: Value) -> Value:
    """``grad_x = -grad_output * sin(x)``."""
    return -grad_output * sin(x)


def tan(x: Operand) -> Tensor:
    """Return the tangent of angles in radians, elementwise."""
    output = np.tan(floating(tan, x))
    return record(tan, tan_vjp, output, (x,), (output,))


def tan_vjp(grad_output: Value, output: Value) -> Value:
    """``grad_x = grad_output * (1 + tan(x)**2)``."""
    return grad_output * (1 + output * output)


def asin(x: Operand) -> Tensor:
    """Return the angle in [-pi/2, pi/2] of a sine, elementwise; NaN beyond ±1, where the gradient is infinite."""
    x_data = floating(asin, x)
    return record(asin, asin_vjp, np.arcsin(x_data), (x,), (x_data,))


def asin_vjp(grad_output: Value, x: Value) -> Value:
    """``grad_x = grad_output / sqrt(1 - x**2)``."""
    return grad_output / sqrt((1 - x) * (1 + x))


def acos(x: Operand) -> Tensor:
    """Return the angle in [0, pi] of a cosine, elementwise; NaN beyond ±1, where the gradient is infinite."""
    x_data = floating(acos, x)
    return record(acos, acos_vjp, np.arccos(x_data), (x,), (x_data,))


def acos_vjp(grad_output: Value, x: Value) -> Value:
    """``grad_x = -grad_output / sqrt(1 - x**2)``."""
    return -grad_output / sqrt((1 - x) * (1 + x))


def atan(x: Operand) -> Tensor:
    """Return the angle in (-pi/2, pi/2) of a tangent, elementwise."""
    x_data = floating(atan, x)
    return record(atan, atan_vjp, np.arctan(x_data), (x,), (x_data,))


def atan_vjp(grad_output: Value, x: Value) -> Value:
    """``grad_x = grad_output / (1 + x**2)``."""
    return grad_output / (1 + x * x)


def atan2(x: Operand, y: Operand) -> Tensor:
    """Return the angle in [-pi, pi] of the point whose height is ``x`` and whose width is ``y``, elementwise.

    Args:
        x: the height, any shape.
        y: the width, of a shape that broadcasts with x's.

    Returns:
        The angle, of the broadcast shape. The gradient at the origin, which has no angle, is 0.

    Raises:
        ValueError: if the shapes do not broadcast.
    """
    x_data, y_data = floating_pair(atan2, x, y)
    return record(atan2, atan2_vjp, np.arctan2(x_data, y_data), (x, y), (x_data, y_data))


def atan2_vjp(grad_output: Value, x: Value, y: Value) -> tuple[Value, Value]:
    """``grad_x = grad_output * y / (x**2 + y**2); grad_y = -grad_output * x / (x**2 + y**2)``."""
    square = x * x + y * y
    share = grad_output / where(square == 0, 1, square)
    return share * y, -share * x


def sinc(x: Operand) -> Tensor:
    """Return ``sin(pi * x) / (pi * x)``, elementwise: 1 at 0, where the gradient is 0."""
    x_data = floating(sinc, x)
    return record(sinc, sinc_vjp, np.sinc(x_data), (x,), (x_data,))


def sinc_vjp(grad_output: Value, x: Value) -> Value:
    """``grad_x = grad_output * pi * (cos(u) - sin(u)/u) / u, u = pi * x``; near 0 its Taylor series."""
    near = abs(x) < SINC_NEAR
    u = math.pi * where(near, x, 0)
    z = u * u
    tail = 1 / 45360 - z * (1 / 3991680 - z / 518918400)
    series = -u * (1 / 3 - z * (1 / 30 - z * (1 / 840 - z * tail)))
    far = math.pi * where(near, 1, x)
    return grad_output * (math.pi * where(near, series, (cos(far) - sin(far) / far) / far))


def deg2rad(x: Operand) -> Tensor:
    """Return angles in degrees as radians, elementwise."""
    return record(deg2rad, deg2rad_vjp, np.deg2rad(floating(deg2rad, x)), (x,))


def deg2rad_vjp(grad_output: Value) -> Value:
    """``grad_x = grad_output * pi / 180``."""
    return grad_output * DEGREE


def rad2deg(x: Operand) -> Tensor:
    """Return angles in radians as degrees, elementwise."""
    return record(rad2deg, rad2deg_vjp, np.rad2deg(floating(rad2deg, x)), (x,))


def rad2deg_vjp(grad_output: Value) -> Value:
    """``grad_x = grad_output * 180 / pi``."""
    return grad_output * (1 / DEGREE)


class TrigonometricMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    sin = sin
    cos = cos
    tan = tan
    asin = arcsin = asin
    acos = arccos = acos
    atan = arctan = atan
    atan2 = arctan2 = atan2
    sinc = sinc
    deg2rad = deg2rad
    rad2deg = rad2deg


arcsin = asin
arccos = acos
arctan = atan
arctan2 = atan2
