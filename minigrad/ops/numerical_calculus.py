"""Differences, slopes and areas of sampled functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import tensors
from minigrad.dtypes import get_default_dtype
from minigrad.errors import describe, message
from minigrad.ops.arithmetic import add, div, mul, sub
from minigrad.ops.comparisons import logical_xor
from minigrad.ops.conversion import cast, clone
from minigrad.ops.joining import cat
from minigrad.ops.operands import Dim, Op, Operand, Tensor, axes, axis, ndarray, real, unwrap, whole
from minigrad.ops.reductions import sum
from minigrad.ops.shapes import reshape


def diff(
    x: Operand, n: int = 1, dim: int = -1, prepend: Operand | None = None, append: Operand | None = None
) -> Tensor:
    """Return the differences of neighbours along an axis.

    Args:
        x: at least one axis; of bools, whether they differ.
        n: how often to take them.
        dim: the axis.
        prepend: what stands before x along the axis; other lengths as x's.
        append: what stands behind it.

    Returns:
        x's shape, ``n`` shorter along the axis.

    Raises:
        ValueError: if x is 0-d, ``n`` is negative, or ``prepend`` or ``append`` does not fit.
        IndexError: if ``dim`` is not an axis of x.
    """
    x_data = unwrap(diff, x)
    n = whole(diff, "n", n)
    if x_data.ndim == 0 or n < 0:
        raise ValueError(
            message(
                "diff",
                f"at least one axis and n from 0 up are needed, got {describe(x)} and n={n}.",
                "cumsum takes differences back.",
            )
        )
    along = axis(diff, dim, x_data.ndim)
    parts: list[Any] = [each for each in (prepend, x, append) if each is not None]
    for each in parts:
        require_beside(diff, each, x, along)
    # A copy where there is nothing to do, as of everything else.
    result: Any = cat(parts, along) if len(parts) > 1 else x if n > 0 else clone(x)
    for _ in range(n):
        after, before = part(result, along, 1, None), part(result, along, None, -1)
        result = logical_xor(after, before) if x_data.dtype == np.bool_ else sub(after, before)
    return result


def part(x: Any, along: int, start: int | None, stop: int | None) -> Any:
    """Return a slice along an axis."""
    return x[(slice(None),) * along + (slice(start, stop),)]


def require_beside(op: Op, other: Operand, x: Operand, along: int) -> None:
    """Raise a ValueError unless an operand can stand beside another along an axis."""
    shape, wanted = unwrap(op, other).shape, unwrap(op, x).shape
    fits = len(shape) == len(wanted)
    if not fits or (*shape[:along], *shape[along + 1 :]) != (*wanted[:along], *wanted[along + 1 :]):
        raise ValueError(
            message(
                op.__name__,
                f"prepend and append must have x's shape but for axis {along}: x is {describe(x)}, one is "
                f"{describe(other)}.",
                "Give it as many axes: other.unsqueeze(dim), or expand it.",
            )
        )


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
        found.append(slopes_along(samples, along, step, order))
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


def slopes_along(x: Any, along: int, step: Any, order: int) -> Any:
    """Return the slopes along an axis of samples at a distance, or at coordinates.

    Between two neighbours at the distances a before and b behind, the slope is that of the parabola through all three,
    ``(b/a * (f0 - f[-a]) + a/b * (f[b] - f0)) / (a + b)``, whose error is of second order.

    Source: Fornberg 1988, Generation of finite difference formulas on arbitrarily spaced grids.
    """
    length = unwrap(gradient, x).shape[along]
    if isinstance(step, (int, float)):
        gaps: Any = None
        slopes = div(sub(part(x, along, 1, None), part(x, along, None, -1)), step)
    else:
        gaps = sub(part(step, 0, 1, None), part(step, 0, None, -1))
        gaps = reshape(gaps, (length - 1,) + (1,) * (unwrap(gradient, x).ndim - 1 - along))
        slopes = div(sub(part(x, along, 1, None), part(x, along, None, -1)), gaps)
    # The slopes between neighbours, before and behind each inner sample; weighted by the other's distance.
    before, behind = part(slopes, along, None, -1), part(slopes, along, 1, None)
    share: Any = 0.5
    if gaps is not None:
        first, second = part(gaps, 0, None, -1), part(gaps, 0, 1, None)
        share = div(first, add(first, second))
    inner = add(before, mul(sub(behind, before), share))
    left, right = part(slopes, along, None, 1), part(slopes, along, -1, None)
    if order == 2:
        # The parabola through the three samples at the end, at the end.
        at_left, at_right = (share, share) if gaps is None else (part(share, 0, None, 1), part(share, 0, -1, None))
        left = sub(left, mul(sub(part(behind, along, None, 1), left), at_left))
        weight = sub(1, at_right)
        right = add(right, mul(sub(right, part(before, along, -1, None)), weight))
    return cat([left, inner, right], along)


def trapezoid(y: Operand, x: Operand | None = None, *, dx: float | None = None, dim: int = -1) -> Tensor:
    """Return the area under a sampled function along an axis, by the trapezoidal rule.

    Args:
        y: the samples, numbers, at least one axis.
        x: their coordinates: a vector as long as the axis, or of a shape that broadcasts with y's.
        dx: the distance of neighbours instead; default 1.
        dim: the axis.

    Returns:
        y's shape without the axis; 0 of fewer than two samples.

    Raises:
        TypeError: if y is of bools, or both x and dx are given.
        ValueError: if y is 0-d, or x does not fit; IndexError: if ``dim`` is not an axis of y.
    """
    y_data = unwrap(trapezoid, y)
    if y_data.dtype == np.bool_ or (x is not None and (dx is not None or unwrap(trapezoid, x).dtype == np.bool_)):
        raise TypeError(
            message(
                "trapezoid",
                f"y and x are of numbers, and x or dx is given, not both; y is {describe(y)}, dx is {dx}.",
                "Convert bools: y.float().",
            )
        )
    if y_data.ndim == 0:
        raise ValueError(message("trapezoid", f"{describe(y)} has no axis to sum along.", "Give it samples."))
    along = axis(trapezoid, dim, y_data.ndim)
    pairs = add(part(y, along, 1, None), part(y, along, None, -1))
    if x is None:
        step = 1 if dx is None else real(trapezoid, "dx", dx)
        return mul(sum(pairs, along), step / 2)
    x_data = unwrap(trapezoid, x)
    place = 0 if x_data.ndim == 1 else along - y_data.ndim + x_data.ndim
    if place < 0 or x_data.ndim == 0 or x_data.shape[place] != y_data.shape[along]:
        raise ValueError(
            message(
                "trapezoid",
                f"one coordinate for each sample along axis {along} is needed: y is {describe(y)}, x is {describe(x)}.",
                "For samples at one distance pass that: dx=0.1.",
            )
        )
    gaps: Any = sub(part(x, place, 1, None), part(x, place, None, -1))
    if x_data.ndim == 1:
        gaps = reshape(gaps, (-1,) + (1,) * (y_data.ndim - 1 - along))
    return div(sum(mul(pairs, gaps), along if x_data.ndim <= y_data.ndim else along - y_data.ndim), 2)


class NumericalCalculusMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    diff = diff
