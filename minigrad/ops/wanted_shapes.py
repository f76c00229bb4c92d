"""Shapes as they are asked for: what is meant by them, and whether the elements fit."""

from __future__ import annotations

from typing import Any

from minigrad.errors import describe, message
from minigrad.ops.operands import Op, ndarray, sizes

LENGTHS_MULTIPLY = "The lengths must multiply to the number of elements; one of them may be -1."


def in_shape(op: Op, x: ndarray, shape: tuple[Any, ...]) -> ndarray:
    """Return an array in a shape that was given as ``(2, -1)`` or ``2, -1``; a view where the memory allows it.

    Raises:
        ValueError: if the number of elements differs, or two lengths are -1.
    """
    wanted = shape[0] if len(shape) == 1 and type(shape[0]) is tuple else shape
    for size in wanted:
        if type(size) is not int or size < -1:
            wanted = fitting_shape(op, x, sizes(op, shape))
            break
    try:
        return x.reshape(wanted)
    except ValueError:
        # Or it says what does not fit; to look before takes 0.4 microseconds, as long as all the rest.
        return x.reshape(fitting_shape(op, x, wanted))


def fitting_shape(op: Op, x: ndarray, wanted: tuple[int, ...]) -> tuple[int, ...]:
    """Return a shape of as many elements as x has, with -1 worked out.

    Raises:
        ValueError: if there is none.
    """
    found = completed(wanted, x.size)
    if found is None:
        raise ValueError(
            message(
                op.__name__,
                f"{describe(x)} has {x.size} elements, which cannot be put into the shape {wanted}.",
                LENGTHS_MULTIPLY,
            )
        )
    return found


def completed(wanted: tuple[int, ...], number: int) -> tuple[int, ...] | None:
    """Return a shape with -1 worked out so that it has ``number`` elements, or None if it cannot have them."""
    known = 1
    for size in wanted:
        if size < -1:
            return None
        known *= size if size != -1 else 1
    unknown = wanted.count(-1)
    if unknown == 0:
        return wanted if known == number else None
    if unknown > 1 or known == 0 or number % known:
        return None
    return tuple([number // known if size == -1 else size for size in wanted])
