"""Changes in place: the clock that nodes and writes are numbered from, stamps, and what must not be written to.

A stamp is ``[latest write, latest recorded write, position of the latest write]``, one for each memory: a tensor shares
it with its base, its views and its detached twins.
"""

from itertools import count
from typing import Any

import numpy as np

from minigrad import tensors
from minigrad.errors import describe, message
from minigrad.modes import STATE
from minigrad.positions import resolve

#: Nodes and in-place writes are numbered from this one clock, so "written after it was saved" is a comparison.
clock = count(1)
#: The number of the latest in-place write anywhere. A node made after it needs no look at its saved values.
latest_write = [0]


def stamp_write(stamp: list[Any], position: Any = None) -> None:
    """Note that the memory with this stamp is written to now; what was saved of it before is stale from here on."""
    number = next(clock)
    # Two threads that write at once: the later number must be the one that stays. A thread gives way to another where
    # it calls or loops, not between a comparison and what depends on it; a lock would take 0.1 microseconds.
    if stamp[0] < number:
        stamp[0] = number
    if latest_write[0] < number:
        latest_write[0] = number
    stamp[2] = position


def share_stamp(tensor: Any, stamp: list[Any]) -> None:
    """Give a tensor the stamp of another one, whose memory it shares."""
    if tensor._edge is tensor._stamp:
        tensor._edge = stamp
    tensor._stamp = stamp


def shares_memory(output: np.ndarray, base: Any) -> bool:
    """Return whether an array is a view of a tensor's memory; NumPy joins the bases of views of views into one."""
    array = base._data
    if output.base is array:
        return True
    # An array of another class (a memory map) may stand between a view and its owner.
    return output is array or (array.base is not None and output.base is array.base)


def guarded(array: np.ndarray) -> np.ndarray:
    """Return an array from outside, read-only where several of its elements share memory, as ``expand`` makes them."""
    if array.flags.forc or not array.flags.writeable:
        return array
    reach = array.itemsize
    for step, length in sorted([(abs(step), n) for step, n in zip(array.strides, array.shape, strict=True) if n > 1]):
        if step < reach:
            array = array.view()
            array.flags.writeable = False
            return array
        reach += step * (length - 1)
    return array


def refuse_outdated_view(who: str, tensor: Any) -> None:
    """Raise a RuntimeError if a tensor is a view whose base was changed after it was taken, as part of the graph."""
    if tensor._viewed is None or tensor._stamp[1] <= tensor._viewed:
        return
    place = ""
    if tensor._stamp[2] is not None:
        position = resolve(*tensor._stamp[2])
        place = f" ({position}: {position.source})"
    raise RuntimeError(
        message(
            who,
            f"the operand {describe(tensor)} is a view whose base has been changed in place{place} by an operation "
            "that is part of the graph, and the view does not know of it.",
            "Take the view again after the change, or clone() it before.",
        )
    )


def refuse_write(who: str, x: Any, operands: Any = ()) -> None:
    """Raise where writing to a tensor would break memory or a gradient.

    Args:
        who: the operation that wants to write.
        x: the tensor that it would write to.
        operands: what it would write.

    Raises:
        TypeError: if x is no Tensor.
        RuntimeError: if its memory cannot be written to, or the write would have to be recorded and cannot be.
    """
    if not isinstance(x, tensors.Tensor):
        raise TypeError(
            message(
                who, f"a Tensor is needed to be written to, got {describe(x)}.", "Make one of it: minigrad.tensor(...)."
            )
        )
    if not x._data.flags.writeable:
        raise RuntimeError(
            message(
                who,
                f"the memory of {describe(x)} is read-only, or shared by several of its elements.",
                "Write to a copy: x = x.clone().",
            )
        )
    refuse_outdated_view(who, x)
    for each in operands:
        if isinstance(each, tensors.Tensor):
            refuse_outdated_view(who, each)
    if not STATE.get().grad_enabled:
        return
    if x._edge is None:
        raise RuntimeError(
            message(
                who,
                f"{describe(x)} is a leaf that requires grad; written in place, its gradient would be of no value.",
                "Update parameters under minigrad.no_grad(), or make a new tensor: x = x + 1.",
            )
        )
    recorded = x.requires_grad
    for each in operands:
        recorded = recorded or (isinstance(each, tensors.Tensor) and each.requires_grad)
    if recorded and x._viewed is not None:
        raise RuntimeError(
            message(
                who,
                f"{describe(x)} is a view, and a write to it would have to be part of its base's graph.",
                "Write to the base instead: h[0] = h[0] + 1, not h[0] += 1; or clone() the view first.",
            )
        )
