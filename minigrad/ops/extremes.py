"""The largest and the smallest element, and where they are."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.comparisons import isnan
from minigrad.ops.conversion import cast, clone
from minigrad.ops.elementwise import maximum, minimum, where
from minigrad.ops.gathering import gather_backward
from minigrad.ops.operands import (
    Dim,
    Op,
    Operand,
    Tensor,
    Value,
    axes,
    axis,
    maximum_reduce,
    minimum_reduce,
    ndarray,
    refuse_no_bool,
    unwrap,
)
from minigrad.ops.reductions import count, sum, with_axes
from minigrad.ops.shapes import unsqueeze


class Picked(NamedTuple):
    """What operations return that take elements along an axis: ``max``, ``sort``, ``median`` and their like."""

    values: Tensor
    indices: Tensor


def max(x: Operand, dim: Any = None, keepdim: bool = False) -> Any:
    """Return the largest element; along an axis also where it is; of two operands the larger of each pair.

    Args:
        x: any shape.
        dim: None for the largest of all; an axis; or another operand (as ``maximum``).
        keepdim: keep the reduced axis with length 1.

    Returns:
        A Tensor, or with an axis ``(values, indices)``. NaN wins. Equal largest elements share the gradient of the
        whole; along an axis it goes to the one that ``indices`` names, the first.

    Raises:
        ValueError: if there is no element to choose from.
    """
    if dim is None:
        return largest_value(x)
    return maximum(x, dim) if is_operand(dim) else extreme(max, maximum_reduce, ndarray.argmax, x, dim, keepdim)


def min(x: Operand, dim: Any = None, keepdim: bool = False) -> Any:
    """Return the smallest element; along an axis also where it is; arguments and gradient as for ``max``."""
    if dim is None:
        return smallest_value(x)
    return minimum(x, dim) if is_operand(dim) else extreme(min, minimum_reduce, ndarray.argmin, x, dim, keepdim)


def largest_value(x: Operand, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Return the largest element over some axes, as ``amax``; but NaN alone receives the gradient where it is."""
    return extreme_value(largest_value, max, maximum_reduce, x, dim, keepdim)


def smallest_value(x: Operand, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Return the smallest element over some axes, as ``amin``; but NaN alone receives the gradient where it is."""
    return extreme_value(smallest_value, min, minimum_reduce, x, dim, keepdim)


def extreme_value(op: Op, who: Op, reduce: Any, x: Operand, dim: Dim, keepdim: bool) -> Tensor:
    """Return the extreme element over some axes for ``op``, which the user knows as ``who``."""
    x_data = unwrap(who, x)
    over = axes(who, dim, x_data.ndim, keepdim)
    refuse_empty(who, x_data, over)
    output = reduce(x_data, axis=over, keepdims=keepdim)
    return record(op, sharing_vjp, output, (x, dim, keepdim), (x_data, np.asarray(output), over, keepdim))


def sharing_vjp(grad_output: Value, x: Value, output: Value, axes: tuple[int, ...], keepdim: bool) -> Value:
    """``grad_x = grad_output / k where x is the extreme, or NaN as that is, else 0``, k the number of equal ones."""
    wanted = with_axes(output, x.shape, axes, keepdim)
    taken = (x == wanted) | (isnan(x) & isnan(wanted))
    number = cast(sum(taken, axes, True), x.dtype)
    return where(taken, with_axes(grad_output, x.shape, axes, keepdim), 0) / number


def is_operand(value: Any) -> bool:
    """Return whether an argument is a second operand and not an axis."""
    return hasattr(value, "shape") and not isinstance(value, np.integer)


def extreme(op: Op, reduce: Any, choose: Any, x: Operand, dim: int, keepdim: bool) -> Picked:
    """Return the values that ``reduce`` makes along an axis, and the indices that ``choose`` finds them at."""
    x_data = unwrap(op, x)
    refuse_no_bool(op, "keepdim", keepdim)
    along = axis(op, dim, x_data.ndim)
    if x_data.ndim == 0:
        values, indices = x_data.copy(), np.zeros((), np.int64)
    else:
        if x_data.size == 0:
            refuse_empty(op, x_data, (along,))
        values, indices = reduce(x_data, along, None, None, keepdim), choose(x_data, along, None, keepdims=keepdim)
    return record_picked(op, (x, dim, keepdim), x_data.shape, values, indices, along, keepdim)


def record_picked(
    op: Op, inputs: Any, shape: tuple[int, ...], values: ndarray, indices: ndarray, along: int, keepdim: bool = True
) -> Picked:
    """Record an operation that has taken elements along an axis; return values and indices.

    Args:
        op: the operation.
        inputs: its arguments.
        shape: of the operand.
        values: the elements.
        indices: where each was along the axis.
        along: the axis, from 0 up.
        keepdim: whether they have that axis.
    """
    indices = np.asarray(indices)
    saved = (indices, shape, along, keepdim)
    return Picked(*record(op, picked_vjp, (np.asarray(values), indices), inputs, saved))


def picked_vjp(
    grad_outputs: tuple[Value, ...], picked: Value, shape: tuple[int, ...], along: int, keepdim: bool
) -> Value:
    """``grad_x = grad_values where each value was taken from, else 0``."""
    grad_values = grad_outputs[0]
    if len(shape) == 0:
        # In memory of its own: of several outputs, the engine does not see which gradient is handed on.
        return clone(grad_values)
    if not keepdim:
        grad_values, picked = unsqueeze(grad_values, along), unsqueeze(picked, along)
    return gather_backward(grad_values, along, picked, shape)


class Extremes(NamedTuple):
    """What ``aminmax`` returns."""

    min: Tensor
    max: Tensor


def aminmax(x: Operand, *, dim: int | None = None, keepdim: bool = False) -> Extremes:
    """Return the smallest and the largest element over all axes, or along one; gradients as ``amin``, ``amax``."""
    if dim is not None:
        axis(aminmax, dim, unwrap(aminmax, x).ndim)
    return Extremes(amin(x, dim, keepdim), amax(x, dim, keepdim))


def amax(x: Operand, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Return the largest element over all axes, or along some; equal ones share the gradient equally.

    NaN is the largest, and the gradient of all elements is NaN then.
    """
    x_data = unwrap(amax, x)
    over = axes(amax, dim, x_data.ndim, keepdim)
    refuse_empty(amax, x_data, over)
    output = maximum_reduce(x_data, axis=over, keepdims=keepdim)
    return record(amax, amax_vjp, output, (x, dim, keepdim), (x_data, np.asarray(output), over, keepdim))


def amin(x: Operand, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Return the smallest element over all axes, or along some; equal ones share the gradient equally.

    NaN is the smallest, and the gradient of all elements is NaN then.
    """
    x_data = unwrap(amin, x)
    over = axes(amin, dim, x_data.ndim, keepdim)
    refuse_empty(amin, x_data, over)
    output = minimum_reduce(x_data, axis=over, keepdims=keepdim)
    return record(amin, amax_vjp, output, (x, dim, keepdim), (x_data, np.asarray(output), over, keepdim))


def amax_vjp(grad_output: Value, x: Value, output: Value, axes: tuple[int, ...], keepdim: bool) -> Value:
    """``grad_x = grad_output / k where x is the extreme, else 0``, k the number of equal ones, 0 if it is NaN."""
    wanted = with_axes(output, x.shape, axes, keepdim)
    taken = x == wanted
    number = cast(sum(taken, axes, True), x.dtype)
    return where(taken, with_axes(grad_output, x.shape, axes, keepdim), 0) / number


def argmax(x: Operand, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Return where the largest element is, the first of equal ones: an index into the flattened x, or along an axis."""
    return position_of(argmax, ndarray.argmax, x, dim, keepdim)


def argmin(x: Operand, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Return where the smallest element is, the first of equal ones; arguments as for ``argmax``."""
    return position_of(argmin, ndarray.argmin, x, dim, keepdim)


def position_of(op: Op, choose: Any, x: Operand, dim: int | None, keepdim: bool) -> Tensor:
    """Return the indices that ``choose`` picks."""
    x_data = unwrap(op, x)
    if type(keepdim) is not bool:
        refuse_no_bool(op, "keepdim", keepdim)
    along = None if dim is None else axis(op, dim, x_data.ndim)
    if x_data.ndim == 0:
        along = None
    if x_data.size == 0:
        refuse_empty(op, x_data, tuple(range(x_data.ndim)) if along is None else (along,))
    return record(op, None, np.asarray(choose(x_data, along, None, keepdims=keepdim)), (x, dim, keepdim))


def refuse_empty(op: Op, x: ndarray, over: tuple[int, ...]) -> None:
    """Raise a ValueError if a reduction that has no value for nothing would run over nothing."""
    if count(x.shape, over) == 0:
        raise ValueError(
            message(
                op.__name__,
                f"there is no element to choose from in {describe(x)}.",
                "Ask x.numel() before, or choose along another axis.",
            )
        )


class ExtremeMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    max = max
    min = min
    amax = amax
    amin = amin
    aminmax = aminmax
    argmax = argmax
    argmin = argmin
