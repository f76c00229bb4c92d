"""Activations of each element that are made of straight pieces (and one parabola)."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.choices import chosen
from minigrad.ops.elementwise import where
from minigrad.ops.generators import Generator
from minigrad.ops.operands import Op, Operand, Tensor, Value, flag, floating, ndarray, needs_grad, pair, real, unwrap
from minigrad.ops.overwriting import write_over
from minigrad.ops.randomness import rand
from minigrad.ops.shapes import reshape


def hardtanh(x: Operand, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """Return ``x`` limited to ``[min_val, max_val]``; unlike that of ``clamp``, the gradient at the bounds is 0.

    Args:
        x: any shape; bools become the default floating dtype.
        min_val: the lower bound; beside integers, rounded towards 0.
        max_val: the upper bound; likewise.
        inplace: write the result over x.

    Raises:
        TypeError: if a bound is no number; ValueError: if the lower one is above the upper one.
    """
    if flag(hardtanh, "inplace", inplace):
        return write_over(hardtanh, x, (min_val, max_val))  # type: ignore[arg-type]
    low, high = real(hardtanh, "min_val", min_val), real(hardtanh, "max_val", max_val)
    if low > high:
        raise ValueError(
            message("hardtanh", f"min_val must not be above max_val, got {low} and {high}.", "Exchange the two.")
        )
    return limited(hardtanh, (x, low, high), low, high)


def relu6(x: Operand, inplace: bool = False) -> Tensor:
    """Return ``x`` limited to ``[0, 6]``; integers keep their dtype, and the gradient at the bounds is 0."""
    if flag(relu6, "inplace", inplace):
        return write_over(relu6, x)  # type: ignore[arg-type]
    return limited(relu6, (x,), 0.0, 6.0)


def limited(op: Op, inputs: tuple[Any, ...], low: float, high: float) -> Tensor:
    """Return ``x``, the first input of an operation, limited to bounds, NaN as it is."""
    x_data = numbers(op, inputs[0])
    if x_data.dtype.kind != "f":
        limits = np.iinfo(x_data.dtype)
        least, most = [min(max(int(each), limits.min), limits.max) for each in (low, high)]
        return record(op, None, x_data.clip(least, most), inputs)
    return record(op, limited_vjp, x_data.clip(low, high), inputs, (x_data, low, high))


def numbers(op: Op, x: Operand) -> ndarray:
    """Return the array of an operand, bools in the default floating dtype."""
    x_data = unwrap(op, x)
    return x_data if x_data.dtype.kind != "b" else floating(op, x)


def limited_vjp(grad_output: Value, x: Value, low: float, high: float) -> Value:
    """``grad_x = grad_output where low < x < high, else 0``."""
    return where((x <= low) | (x >= high), 0, grad_output)


def hardsigmoid(x: Operand, inplace: bool = False) -> Tensor:
    """Return ``x / 6 + 1/2`` limited to ``[0, 1]``; the gradient at the bounds is 0."""
    if inplace:
        return write_over(hardsigmoid, x)  # type: ignore[arg-type]
    x_data = floating(hardsigmoid, x)
    output = np.asarray(x_data + 3)
    output.clip(0, 6, out=output)
    output /= 6
    return record(hardsigmoid, hardsigmoid_vjp, output, (x,), (x_data,))


def hardsigmoid_vjp(grad_output: Value, x: Value) -> Value:
    """``grad_x = grad_output / 6 where -3 < x < 3, else 0``."""
    return where((x > -3) & (x < 3), grad_output / 6, 0)


def hardswish(x: Operand, inplace: bool = False) -> Tensor:
    """Return ``x * hardsigmoid(x)``; the gradient is 0 at -3 and 1 at 3.

    Source: Howard et al., "Searching for MobileNetV3", 2019.
    """
    if flag(hardswish, "inplace", inplace):
        return write_over(hardswish, x)  # type: ignore[arg-type]
    x_data = floating(hardswish, x)
    output = np.asarray(x_data + 3)
    output.clip(0, 6, out=output)
    output *= x_data
    output /= 6
    return record(hardswish, hardswish_vjp, output, (x,), (x_data,))


def hardswish_vjp(grad_output: Value, x: Value) -> Value:
    """``grad_x = grad_output * (x / 3 + 1/2) where -3 < x < 3; 0 below; grad_output above``."""
    return where(x <= -3, 0, where(x < 3, grad_output * (x / 3 + 0.5), grad_output))


def leaky_relu(x: Operand, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """Return ``x`` where it is positive, else ``negative_slope * x``; the gradient at 0 is that slope.

    Raises:
        TypeError: if ``negative_slope`` is no number.
    """
    if flag(leaky_relu, "inplace", inplace):
        return write_over(leaky_relu, x, (negative_slope,))  # type: ignore[arg-type]
    slope = real(leaky_relu, "negative_slope", negative_slope)
    x_data = floating(leaky_relu, x)
    # One pass less where the larger of the two is the right one; of slope 0 it is NaN at infinity.
    lower = x_data * slope
    output = np.maximum(x_data, lower) if 0 < slope <= 1 else chosen(x_data > 0, x_data, lower)
    return record(leaky_relu, leaky_relu_vjp, output, (x, slope), (x_data, slope))


def leaky_relu_vjp(grad_output: Value, x: Value, slope: float) -> Value:
    """``grad_x = grad_output where x > 0, else grad_output * negative_slope``."""
    return where(x > 0, grad_output, grad_output * slope)


def prelu(x: Operand, weight: Operand) -> Tensor:
    """Return ``x`` where it is positive, else ``weight * x``; the gradient at 0 is that of the negative side.

    Args:
        x: any shape; axis 1 counts the channels.
        weight: one slope for all, 0-d or (1,), or one a channel, (C,).

    Raises:
        TypeError: if the operands are not floating.
        ValueError: if the number of slopes is neither 1 nor that of the channels.

    Source: He et al., "Delving deep into rectifiers", 2015.
    """
    x_data, weight_data = unwrap(prelu, x), unwrap(prelu, weight)
    channels = x_data.shape[1] if x_data.ndim > 1 else 1
    if weight_data.ndim > 1 or weight_data.size not in (1, channels):
        raise ValueError(
            message(
                "prelu",
                f"one slope is needed, or one a channel, {channels} for {describe(x)}, got {describe(weight)}.",
                "A weight of shape (1,) serves every shape.",
            )
        )
    if x_data.dtype.kind != "f" or weight_data.dtype.kind != "f":
        raise TypeError(
            message(
                "prelu", f"floating numbers are needed, got {describe(x)} and {describe(weight)}.", "Use x.float()."
            )
        )
    along = (1,) * x_data.ndim
    if weight_data.size > 1:
        along = (1, channels) + (1,) * (x_data.ndim - 2)
    return sloped(x, reshape(weight, along))


def sloped(x: Operand, slope: Operand) -> Tensor:
    """Return ``x`` where it is positive, else ``slope * x``, with broadcasting."""
    x_data, slope_data = pair(sloped, x, slope)
    output = chosen(x_data > 0, x_data, x_data * slope_data)
    return record(sloped, sloped_vjp, output, (x, slope), (x_data, slope_data, needs_grad(slope)))


def sloped_vjp(grad_output: Value, x: Value, slope: Value, for_slope: bool) -> tuple[Value, Value]:
    """``grad_x = grad_output where x > 0, else grad_output * slope; grad_slope = grad_output * x where x <= 0``."""
    positive = x > 0
    grad_slope = where(positive, 0, grad_output * x) if for_slope else None
    return where(positive, grad_output, grad_output * slope), grad_slope


def rrelu(
    x: Operand,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    training: bool = False,
    inplace: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """Return ``x`` where it is positive, else ``x`` times a random slope; the gradient at 0 is that slope.

    Args:
        x: floating, any shape.
        lower: the lowest slope.
        upper: the highest slope.
        training: draw a slope for each element; if not, all have the mean of the two.
        inplace: write the result over x.
        generator: where to draw from; default: the one that ``manual_seed`` seeds.

    Raises:
        TypeError: if a bound is no number; ValueError: if the lower one is above the upper one.

    Source: Xu et al., "Empirical evaluation of rectified activations in convolutional network", 2015.
    """
    low, high = real(rrelu, "lower", lower), real(rrelu, "upper", upper)
    if low > high:
        raise ValueError(message("rrelu", f"lower must not be above upper, got {low} and {high}.", "Exchange the two."))
    if not flag(rrelu, "training", training):
        return leaky_relu(x, (low + high) / 2, inplace)
    x_data = floating(rrelu, x)
    slope = rand(x_data.shape, dtype=x_data.dtype, generator=generator) * (high - low) + low
    return write_over(sloped, x, (slope,)) if inplace else sloped(x, slope)  # type: ignore[arg-type]


def hardshrink(x: Operand, lambd: float = 0.5) -> Tensor:
    """Return ``x``, but 0 where ``|x| <= lambd``; the gradient there is 0.

    Raises:
        TypeError: if ``lambd`` is no number.
    """
    bound = real(hardshrink, "lambd", lambd)
    x_data = floating(hardshrink, x)
    output = chosen(np.abs(x_data) <= bound, 0, x_data)
    return record(hardshrink, shrunk_vjp, output, (x, bound), (output,))


def shrunk_vjp(grad_output: Value, output: Value) -> Value:
    """``grad_x = grad_output where the output is not 0, else 0``."""
    return where(output == 0, 0, grad_output)


def softshrink(x: Operand, lambd: float = 0.5) -> Tensor:
    """Return ``x`` moved by ``lambd`` towards 0, and 0 where ``|x| <= lambd``; the gradient there is 0.

    Raises:
        TypeError: if ``lambd`` is no number; ValueError: if it is negative.
    """
    bound = real(softshrink, "lambd", lambd)
    if not bound >= 0:
        raise ValueError(message("softshrink", f"lambd must not be negative, got {bound}.", "Write its size."))
    x_data = floating(softshrink, x)
    output = x_data - x_data.clip(-bound, bound)
    return record(softshrink, shrunk_vjp, output, (x, bound), (output,))


def threshold(x: Operand, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """Return ``x`` where it is above ``threshold``, else ``value``; the gradient at the threshold is 0.

    Integers keep their dtype, and both numbers are rounded towards 0 for them; bools become floats.

    Raises:
        TypeError: if ``threshold`` or ``value`` is no number; ValueError: if it does not fit the dtype of integers.
    """
    if flag(THRESHOLD, "inplace", inplace):
        return write_over(THRESHOLD, x, (threshold, value))  # type: ignore[arg-type]
    bound, other = real(THRESHOLD, "threshold", threshold), real(THRESHOLD, "value", value)
    x_data = numbers(THRESHOLD, x)
    if x_data.dtype.kind != "f":
        bound, other = int(bound), int(other)
        limits = np.iinfo(x_data.dtype)
        if not (limits.min <= bound <= limits.max and limits.min <= other <= limits.max):
            raise ValueError(
                message(
                    "threshold", f"{x_data.dtype} does not hold {bound} and {other}.", "Convert the operand: x.float()."
                )
            )
    below = x_data <= bound
    output = chosen(below, x_data.dtype.type(other), x_data)
    return record(THRESHOLD, threshold_vjp, output, (x, bound, other), (below,))


def threshold_vjp(grad_output: Value, below: Value) -> Value:
    """``grad_x = grad_output where x > threshold, else 0``."""
    return where(below, 0, grad_output)


# Inside of the function its parameter has the name.
THRESHOLD: Op = threshold


class PiecewiseMethods:
    """Those functions of this file that PyTorch has as methods."""

    __slots__ = ()

    hardshrink = hardshrink
    prelu = prelu
