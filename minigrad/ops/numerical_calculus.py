"""Differences of sampled functions, and areas under them."""

from __future__ import annotations

from typing import Any

from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.arithmetic import div, mul
from minigrad.ops.conversion import clone
from minigrad.ops.joining import cat, zeros_of
from minigrad.ops.operands import Op, Operand, Tensor, Value, axis, real, unwrap, whole
from minigrad.ops.reductions import sum
from minigrad.ops.shapes import reshape


def diff(
    x: Operand, n: int = 1, dim: int = -1, prepend: Operand | None = None, append: Operand | None = None
) -> Tensor:
    """Return the differences of neighbours along an axis.

    Args:
        x: at least one axis; of bools, whether they differ.
        n: how often to take them; 0 for a copy of x, without what stands beside it.
        dim: the axis.
        prepend: what stands before x along the axis; other lengths as x's.
        append: what stands behind it.

    Returns:
        x's shape, longer along the axis by what stands beside it, and ``n`` shorter.

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
    if n == 0:
        # A copy, as of everything else, without what would stand beside it, as in PyTorch and NumPy.
        return clone(x)
    result: Any = cat(parts, along) if len(parts) > 1 else x
    for _ in range(n):
        result = neighbours(result, along, -1)
    return result


def neighbours(x: Operand, dim: int, sign: int) -> Tensor:
    """Return each element plus ``sign`` times the one before it, along an axis; of bools whether the two differ.

    Args:
        x: at least one axis.
        dim: the axis, from 0 up.
        sign: 1 for sums, -1 for differences.
    """
    x_data = unwrap(neighbours, x)
    behind, before = part(x_data, dim, 1, None), part(x_data, dim, None, -1)
    if x_data.dtype.kind == "b":
        output = behind ^ before
    else:
        output = behind - before if sign < 0 else behind + before
    return record(neighbours, neighbours_vjp, output, (x, dim, sign), (x_data.shape, dim, sign))


def neighbours_vjp(grad_output: Value, shape: tuple[int, ...], along: int, sign: int) -> Value:
    """``grad_x[k] = grad_output[k - 1] + sign * grad_output[k]``, with zeros beyond both ends."""
    if shape[along] == 0:
        return grad_output
    beyond = zeros_of(grad_output, (*shape[:along], 1, *shape[along + 1 :]))
    return sign * neighbours(cat([beyond, grad_output, beyond], along), along, sign)


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
    if y_data.dtype.kind == "b" or (x is not None and (dx is not None or unwrap(trapezoid, x).dtype.kind == "b")):
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
    pairs = neighbours(y, along, 1)
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
    gaps: Any = neighbours(x, place, -1)
    if x_data.ndim == 1:
        gaps = reshape(gaps, (-1,) + (1,) * (y_data.ndim - 1 - along))
    return div(sum(mul(pairs, gaps), along if x_data.ndim <= y_data.ndim else along - y_data.ndim), 2)


class NumericalCalculusMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    diff = diff
