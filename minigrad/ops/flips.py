"""Elements in another order along axes: turned round, rolled, rotated by quarters."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.operands import Op, Operand, Tensor, Value, axis, ndarray, unwrap, whole


def flip(x: Operand, dims: Any, *more: int) -> Tensor:
    """Return a copy of ``x`` with the elements along some axes in reverse.

    Args:
        x: any shape.
        dims: the axes, as one sequence or as integers: ``x.flip(0, 1)``.
        more: the axes after the first, where they are integers.

    Raises:
        ValueError: if an axis is named twice.

    Examples:
        >>> import minigrad as mg
        >>> mg.flip(mg.tensor([[1, 2], [3, 4]]), (0,)).tolist()
        [[3, 4], [1, 2]]
    """
    x_data = unwrap(flip, x)
    turned = different_axes(flip, (dims, *more) if not isinstance(dims, (tuple, list)) else dims, x_data.ndim)
    return record(flip, flip_vjp, turned_round(x_data, turned), (x, turned), (turned,))


def flip_vjp(grad_output: Value, turned: tuple[int, ...]) -> Value:
    """``grad_x = grad_output with the same axes reversed again``."""
    return flip(grad_output, turned)


def different_axes(op: Op, dims: Any, ndim: int) -> tuple[int, ...]:
    """Return several axes as numbers from 0 up; an empty sequence stays one.

    Raises:
        ValueError: if an axis is named twice.
    """
    found = []
    for each in dims:
        found.append(axis(op, each, ndim))
    if len(set(found)) != len(found):
        raise ValueError(
            message(
                op.__name__, f"an axis is named twice in {tuple(dims)}.", "Twice reversed is as before: leave it out."
            )
        )
    return tuple(found)


def turned_round(x: ndarray, dims: tuple[int, ...]) -> ndarray:
    """Return a copy of an array with some axes reversed."""
    key: list[Any] = [slice(None)] * x.ndim
    for each in dims if x.ndim else ():
        key[each] = slice(None, None, -1)
    return x[tuple(key)].copy()


def fliplr(x: Operand) -> Tensor:
    """Return a copy of ``x``, of at least two axes, with axis 1 (left and right) reversed."""
    return flip_of_axis(fliplr, x, 1)


def flipud(x: Operand) -> Tensor:
    """Return a copy of ``x``, of at least one axis, with axis 0 (up and down) reversed."""
    return flip_of_axis(flipud, x, 0)


def flip_of_axis(op: Op, x: Operand, along: int) -> Tensor:
    """Return a copy of ``x`` with one axis reversed.

    Raises:
        ValueError: if x has no such axis.
    """
    x_data = unwrap(op, x)
    if x_data.ndim <= along:
        raise ValueError(
            message(op.__name__, f"at least {along + 1} axes are needed, got {describe(x)}.", "flip takes any axis.")
        )
    return record(flip, flip_vjp, turned_round(x_data, (along,)), (x, (along,)), ((along,),))


def roll(x: Operand, shifts: Any, dims: Any = None) -> Tensor:
    """Return a copy of ``x`` with the elements moved along axes; what is moved over the end begins again at the start.

    Args:
        x: any shape.
        shifts: how many places, an integer or one for each axis of ``dims``.
        dims: the axis or axes; None for all elements in row-major order, in x's shape.

    Raises:
        ValueError: if there are not as many shifts as axes.

    Examples:
        >>> import minigrad as mg
        >>> mg.roll(mg.tensor([1, 2, 3, 4]), 1).tolist()
        [4, 1, 2, 3]
    """
    x_data = unwrap(roll, x)
    steps = [whole(roll, "shifts", each) for each in (shifts if isinstance(shifts, (tuple, list)) else (shifts,))]
    if dims is None or (isinstance(dims, (tuple, list)) and len(dims) == 0):
        if len(steps) != 1:
            raise ValueError(
                message(
                    "roll",
                    f"one shift is needed without dims, got {shifts}.",
                    "Name an axis for each shift: dims=(0, 1).",
                )
            )
        output = rolled(x_data.reshape(-1), steps[0], 0).reshape(x_data.shape)
        return record(roll, roll_vjp, output, (x, shifts, dims), ((-steps[0],), None))
    along = [axis(roll, each, x_data.ndim) for each in (dims if isinstance(dims, (tuple, list)) else (dims,))]
    if len(steps) != len(along):
        raise ValueError(
            message(
                "roll", f"as many shifts as axes are needed, got {shifts} and {dims}.", "Give each axis its own shift."
            )
        )
    output = x_data
    for step, each in zip(steps, along):
        output = rolled(output, step, each) if x_data.ndim else x_data.copy()
    back = tuple([-step for step in steps])
    return record(roll, roll_vjp, output, (x, shifts, dims), (back, tuple(along)))


def roll_vjp(grad_output: Value, back: tuple[int, ...], along: tuple[int, ...] | None) -> Value:
    """``grad_x = grad_output rolled back``."""
    return roll(grad_output, back, along)


def rolled(x: ndarray, step: int, along: int) -> ndarray:
    """Return a copy of an array moved along one axis, in two pieces."""
    length = x.shape[along]
    cut = length - step % length if length else 0
    before = (slice(None),) * along
    return np.concatenate((x[(*before, slice(cut, None))], x[(*before, slice(None, cut))]), along)


def rot90(x: Operand, k: int = 1, dims: Any = (0, 1)) -> Tensor:
    """Return a copy of ``x`` rotated ``k`` times by 90 degrees, from the first of two axes towards the second.

    Args:
        x: at least two axes.
        k: how often; negative in the other direction.
        dims: the two axes.

    Raises:
        ValueError: if two different axes are not named.

    Examples:
        >>> import minigrad as mg
        >>> mg.rot90(mg.tensor([[1, 2], [3, 4]])).tolist()
        [[2, 4], [1, 3]]
    """
    x_data = unwrap(rot90, x)
    turns = whole(rot90, "k", k) % 4
    named = dims if isinstance(dims, (tuple, list)) else (dims,)
    if len(named) != 2 or x_data.ndim < 2 or axis(rot90, named[0], x_data.ndim) == axis(rot90, named[1], x_data.ndim):
        raise ValueError(
            message(
                "rot90", f"two different axes are needed, got {dims} of {describe(x)}.", "dims=(-2, -1) turns matrices."
            )
        )
    first, second = axis(rot90, named[0], x_data.ndim), axis(rot90, named[1], x_data.ndim)
    if turns % 2 == 0:
        output = turned_round(x_data, (first, second) if turns else ())
    else:
        # Before the axes are exchanged the second one is turned round, or after it.
        output = turned_round(x_data.swapaxes(first, second), (first,) if turns == 1 else (second,))
    return record(rot90, rot90_vjp, output, (x, k, dims), (-turns, (first, second)))


def rot90_vjp(grad_output: Value, back: int, plane: tuple[int, int]) -> Value:
    """``grad_x = grad_output rotated back``."""
    return rot90(grad_output, back, plane)


class FlipMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    flip = flip
    fliplr = fliplr
    flipud = flipud
    roll = roll
    rot90 = rot90
