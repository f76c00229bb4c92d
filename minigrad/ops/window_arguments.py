"""The arguments of convolutions and poolings: lengths along each axis of an image."""

from __future__ import annotations

from typing import Any

from minigrad.errors import describe, message
from minigrad.ops.operands import Op, whole

Lengths = tuple[int, ...]

AXES = {1: "(channels, length)", 2: "(channels, rows, columns)"}
RESULT = "The result has (length + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1 elements along an axis."


#: Windows are laid out with int64: sums and products of two lengths below this one fit.
LARGEST = 2**31


def lengths(op: Op, name: str, value: Any, axes: int, least: int) -> Lengths:
    """Return an argument that is an integer, or one for each axis, as a tuple with one for each axis.

    Raises:
        TypeError: if it is of other types; ValueError: if there are more or fewer, or one is below ``least``.
    """
    if type(value) is int and least <= value < LARGEST:
        return (value,) * axes
    found = []
    for each in value if isinstance(value, (tuple, list)) else (value,):
        found.append(whole(op, name, each))
    if len(found) == 1:
        found = found * axes
    if len(found) != axes or min(found) < least or max(found) >= LARGEST:
        raise ValueError(
            message(
                op.__name__,
                f"{name} must be an integer from {least} on, below 2**31, or {axes} of them, got {describe(value)}.",
                f"One integer counts for every axis: {name}={max(1, least)}.",
            )
        )
    return tuple(found)


def as_two(lengths: Lengths, fill: int) -> tuple[int, int]:
    """Return the lengths along rows and columns; an image with one axis has one row."""
    return (lengths[0], lengths[1]) if len(lengths) == 2 else (fill, lengths[0])
