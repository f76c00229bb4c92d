"""How a result is written over an operand: ``copy_``, and ``write_over``, which every other form in place calls."""

from __future__ import annotations

from sys import _getframe
from types import FrameType
from typing import Any

import numpy as np

from minigrad import tensors
from minigrad.dtypes import CATEGORY
from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.modes import current_state, is_grad_enabled
from minigrad.ops.conversion import clone
from minigrad.ops.operands import (
    Op,
    Operand,
    Tensor,
    Value,
    broadcasts_to,
    is_small_number,
    ndarray,
    needs_grad,
    unwrap_exact,
)
from minigrad.positions import OWN_FILES, user_frame
from minigrad.writes import refuse_outdated_view, refuse_write, stamp_write


def copy_(x: Tensor, y: Operand) -> Tensor:
    """Write ``y`` over ``x``; a part of the graph where one of them is.

    Args:
        x: the tensor to change.
        y: what to write, of a shape that broadcasts to x's; it is converted to x's dtype.

    Returns:
        ``x``.

    Raises:
        RuntimeError: if x is a leaf that requires grad, a view where a gradient is at stake, or read-only memory.
        ValueError: if y does not broadcast to x's shape. ``x`` is unchanged then.
    """
    y_data = unwrap_exact(copy_, y)
    refuse_outdated_value("copy_", y)
    if is_written_at_once(x) and not (needs_grad(y) and is_grad_enabled()):
        if y_data.shape != x._data.shape:
            check_fits("copy_", x, y_data.shape)
        stamp_now(x, _getframe(1))
        x._data[...] = y_data
        return x
    refuse_write("copy_", x, (y,))
    check_fits("copy_", x, y_data.shape)
    # Before the write, so that an interrupt between the two leaves a stamp too late rather than none.
    stamp_write(x._stamp)
    np.copyto(x._data, y_data, casting="unsafe")
    written: Tensor = record(copy_, copy_vjp, x._data, (x, y), (), writes=x)
    return written


def copy_vjp(grad_output: Value) -> tuple[Value, Value]:
    """``grad_x = 0 (nothing of it is left); grad_y = grad_output``."""
    return None, grad_output


def write_over(
    op: Op,
    x: Tensor,
    arguments: tuple[Any, ...] = (),
    into: Any = None,
    kind: str = "f",
    settings: dict[str, Any] | None = None,
) -> Tensor:
    """Write ``op(x, *arguments, **settings)`` over ``x``.

    Args:
        op: the operation.
        x: its first operand.
        arguments: the others.
        into: a function like a ufunc, with ``out``, that computes the same: where nothing is recorded
            it writes its result at once.
        kind: the kind of dtype for which it computes the same.
        settings: the operation's arguments by name, if any, none of which ``into`` knows.

    Raises:
        RuntimeError, ValueError, TypeError: with ``x`` unchanged.
    """
    if not is_written_at_once(x):
        return write_recorded(op, x, arguments, settings)
    x_data = x._data
    if into is not None and x_data.dtype.kind == kind:
        if not arguments:
            stamp_now(x, _getframe(2))
            into(x_data, x_data)
            return x
        operands = fitting_operands(x_data, arguments)
        if operands is not None:
            stamp_now(x, _getframe(2))
            if len(operands) == 1:
                into(x_data, operands[0], out=x_data)
            else:
                into(x_data, *operands, out=x_data)
            return x
    if is_grad_enabled():
        for each in arguments:
            if needs_grad(each):
                return write_recorded(op, x, arguments, settings)
    result = op(x, *arguments, **(settings or {}))._data
    check_result(op, x, result)
    stamp_now(x, _getframe(2))
    x_data[...] = result
    return x


def refuse_outdated_value(who: str, value: Any) -> None:
    """Raise a RuntimeError if a value is an outdated view: also one that needs no grad may stand for what does."""
    if isinstance(value, tensors.Tensor) and value._viewed is not None:
        refuse_outdated_view(who, value)


def is_written_at_once(x: Any) -> bool:
    """Return whether a write to a tensor is neither recorded nor refused, as far as the tensor itself goes."""
    if not isinstance(x, tensors.Tensor) or not x._data.flags.writeable:
        return False
    state = current_state()
    return (
        state.tape is None
        and (type(x._edge) is list or not state.grad_enabled)
        and (x._viewed is None or x._stamp[1] <= x._viewed)
    )


def stamp_now(x: Tensor, frame: FrameType | None) -> None:
    """Stamp the memory of a tensor, before it is written to: an interrupt leaves a stamp too late rather than none.

    Args:
        x: the tensor.
        frame: the user's that called, or minigrad's own further in.
    """
    if frame is not None and OWN_FILES[frame.f_code.co_filename]:
        frame = user_frame(frame)
    stamp_write(x._stamp, None if frame is None else (frame.f_code, frame.f_lasti))


def fitting_operands(x: ndarray, arguments: tuple[Any, ...]) -> list[Any] | None:
    """Return arguments as the arrays and numbers that can be combined with x in place, or None.

    None where one does not fit, requires grad, or is a view, which may be outdated.
    """
    found: list[Any] = []
    for each in arguments:
        if isinstance(each, tensors.Tensor):
            array = each._data
            if array.dtype is not x.dtype or each._viewed is not None or type(each._edge) is not list:
                return None
            if array.shape != x.shape and not broadcasts_to(array.shape, x.shape):
                return None
            found.append(array)
        elif x.dtype.kind == "f" and is_small_number(each):
            found.append(each)
        else:
            return None
    return found


def write_recorded(op: Op, x: Tensor, arguments: tuple[Any, ...], settings: dict[str, Any] | None) -> Tensor:
    """Write ``op(x, *arguments, **settings)`` over ``x`` where that may have to be recorded, or raise.

    The operation itself is recorded on a copy of x's old value, which its rule may read; the write is then a ``copy_``.
    """
    who = op.__name__ + "_"
    if not isinstance(x, tensors.Tensor):
        raise TypeError(
            message(
                who,
                f"a Tensor is needed to be written to, got {describe(x)}.",
                "Make one of it, minigrad.tensor(...), or use the form without the underscore.",
            )
        )
    refuse_write(who, x, arguments)
    operands = [x, *arguments]
    recorded = False
    for each in operands:
        recorded = recorded or needs_grad(each)
    if recorded and is_grad_enabled():
        for index, each in enumerate(operands):
            # Also those that share its memory: x *= x, x *= x[0].
            if isinstance(each, tensors.Tensor) and each._stamp is x._stamp:
                operands[index] = clone(each)
    result: Tensor = op(*operands, **(settings or {}))
    check_result(op, x, result._data)
    return copy_(x, result)


def check_result(op: Op, x: Tensor, result: ndarray) -> None:
    """Raise a ValueError or TypeError unless a result has a shape and a dtype that can be written over ``x``."""
    who = op.__name__ + "_"
    check_fits(who, x, result.shape)
    if CATEGORY[result.dtype.kind] > CATEGORY[x._data.dtype.kind]:
        raise TypeError(
            message(who, f"a result of {result.dtype} cannot be written to {describe(x)}.", "Convert first: x.float().")
        )


def check_fits(who: str, x: Tensor, shape: tuple[int, ...]) -> None:
    """Raise a ValueError unless a result of ``shape`` can be written to all of ``x``."""
    if shape != x._data.shape and not broadcasts_to(shape, x._data.shape):
        raise ValueError(
            message(
                who,
                f"a value of shape {shape} does not broadcast to {describe(x)} in place.",
                "Make a new tensor instead: x = value.clone()."
                if who == "copy_"
                else "Use the form without the underscore, which makes a new tensor.",
            )
        )
