"""Slopes of sampled functions, by differences of second order."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import tensors
from minigrad.dtypes import get_default_dtype
from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.arithmetic import add, div, mul, sub
from minigrad.ops.conversion import cast
from minigrad.ops.joining import cat
from minigrad.ops.numerical_calculus import neighbours, part
from minigrad.ops.operands import Dim, Operand, Tensor, Value, axes, axis, ndarray, real, unwrap, whole
from minigrad.ops.shapes import reshape

#: The weights of the first samples in the slope at the first one, by the order of the error.
WEIGHTS_AT_END = {1: (-1.0, 1.0), 2: (-1.5, 2.0, -0.5)}


def gradient(x: Operand, *, spacing: Any = 1, dim: Dim = None, edge_order: int = 1) -> tuple[Tensor, ...]:
    """Return the slopes of a sampled function along axes, by central differences.

    Args:
        x: the samples, any shape; integers become the default floating dtype.
        spacing: the distance of neighbours: one number for all axes, a number for each, or for each axis a vector of
            coordinates.
        dim: the axis or axes; None for all.
        edge_order: 1 or 2, the order of the differences at both ends, whose error is of that order.

    Returns:
        One tensor of x's shape for each axis.

    Raises:
        ValueError: if there is not one spacing for each axis, an axis has at most ``edge_order`` samples, or
            ``edge_order`` is another.
        IndexError: if ``dim`` is not an axis of x.
    """
    x_data = unwrap(gradient, x)
    over = gradient_axes(x_data, dim)
    steps = spacings(spacing, over, x_data)
    order = whole(gradient, "edge_order", edge_order)
    for along in over:
        if order not in (1, 2) or x_data.shape[along] <= order:
            raise ValueError(
                message(
                    "gradient",
                    f"edge_order is 1 or 2, and each axis longer; got {edge_order} and {describe(x)}.",
                    "Name the axes that are long enough: dim=...",
                )
            )
    samples: Any = x if x_data.dtype.kind == "f" else cast(x, get_default_dtype())
    found = []
    for along, step in zip(over, steps):
        if isinstance(step, (int, float)):
            found.append(even_slopes(samples, along, step, order))
        else:
            found.append(uneven_slopes(samples, along, step, order))
    return tuple(found)


def gradient_axes(x: ndarray, dim: Dim) -> list[int]:
    """Return the axes in the order in which they were named."""
    axes(gradient, dim, x.ndim)
    if dim is None:
        return list(range(x.ndim))
    found = []
    for each in dim if isinstance(dim, (tuple, list)) else (dim,):
        found.append(axis(gradient, each, x.ndim))
    return found


def spacings(spacing: Any, over: list[int], x: ndarray) -> list[Any]:
    """Return a number or a vector of coordinates for each axis.

    Raises:
        ValueError: if there are more or fewer, or a vector is not as long as its axis.
    """
    if not isinstance(spacing, (tuple, list)):
        number = real(gradient, "spacing", spacing)
        return [number] * len(over)
    if len(spacing) != len(over):
        raise ValueError(
            message(
                "gradient",
                f"spacing is one number, or one for each of the {len(over)} axes; got {len(spacing)}.",
                "Name the axes with dim=..., or give a spacing to each.",
            )
        )
    steps: list[Any] = []
    for along, each in zip(over, spacing):
        if not isinstance(each, (tensors.Tensor, ndarray)) or unwrap(gradient, each).ndim == 0:
            steps.append(real(gradient, "spacing", each))
            continue
        if unwrap(gradient, each).shape != (x.shape[along],):
            raise ValueError(
                message(
                    "gradient",
                    f"coordinates along axis {along} of {describe(x)} must be a vector of its length, got "
                    f"{describe(each)}.",
                    "A distance of neighbours is a number: spacing=0.1.",
                )
            )
        steps.append(each)
    return steps


def even_slopes(x: Operand, dim: int, step: float, order: int) -> Tensor:
    """Return ``(x[k+1] - x[k-1]) / (2 * step)`` along an axis, and at both ends the one-sided slopes of an order."""
    x_data = np.moveaxis(unwrap(even_slopes, x), dim, 0)
    output = np.empty_like(x_data)
    inner = output[1:-1]
    np.subtract(x_data[2:], x_data[:-2], out=inner)
    inner /= 2 * step
    output[0] = output[-1] = 0
    for place, weight in enumerate(WEIGHTS_AT_END[order]):
        output[0] += x_data[place] * weight
        output[-1] -= x_data[-1 - place] * weight
    output[0] /= step
    output[-1] /= step
    inputs = (x, dim, step, order)
    return record(even_slopes, even_slopes_vjp, np.moveaxis(output, 0, dim), inputs, (dim, step, order))


def even_slopes_vjp(grad_output: Value, along: int, step: float, order: int) -> Value:
    """``grad_x[k] = (grad_output[k-1] - grad_output[k+1]) / (2 * step)``, and what the ends take from theirs."""
    return even_slopes_backward(grad_output, along, step, order)


def even_slopes_backward(grad: Operand, along: int, step: float, order: int) -> Tensor:
    """Return the adjoint of ``even_slopes``."""
    grad_data = np.moveaxis(unwrap(even_slopes_backward, grad), along, 0)
    output = np.zeros_like(grad_data)
    inner = grad_data[1:-1] / (2 * step)
    output[2:] += inner
    output[:-2] -= inner
    for place, weight in enumerate(WEIGHTS_AT_END[order]):
        output[place] += grad_data[0] * weight / step
        output[-1 - place] -= grad_data[-1] * weight / step
    inputs = (grad, along, step, order)
    rule = even_slopes_backward_vjp
    return record(even_slopes_backward, rule, np.moveaxis(output, 0, along), inputs, (along, step, order))


def even_slopes_backward_vjp(grad_output: Value, along: int, step: float, order: int) -> Value:
    """``grad_grad = even_slopes(grad_output)``: the operation is linear."""
    return even_slopes(grad_output, along, step, order)


def uneven_slopes(x: Any, along: int, coordinates: Any, order: int) -> Any:
    """Return the slopes along an axis of samples at coordinates.

    Between neighbours at the distances a before and b behind, with the slopes s and t to them, the slope is that of the
    parabola through all three samples, ``(b * s + a * t) / (a + b)``.

    Source: Fornberg 1988, Generation of finite difference formulas on arbitrarily spaced grids.
    """
    gaps: Any = neighbours(coordinates, 0, -1)
    gaps = reshape(gaps, (-1,) + (1,) * (unwrap(gradient, x).ndim - 1 - along))
    slopes = div(neighbours(x, along, -1), gaps)
    before, behind = part(slopes, along, None, -1), part(slopes, along, 1, None)
    share: Any = div(part(gaps, 0, None, -1), neighbours(gaps, 0, 1))
    inner = add(before, mul(sub(behind, before), share))
    left, right = part(slopes, along, None, 1), part(slopes, along, -1, None)
    if order == 2:
        # That of the parabola through the three samples at the end, there.
        left = sub(left, mul(sub(part(behind, along, None, 1), left), part(share, 0, None, 1)))
        right = add(right, mul(sub(right, part(before, along, -1, None)), sub(1, part(share, 0, -1, None))))
    return cat([left, inner, right], along)
