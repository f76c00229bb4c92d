"""The bits of integers, moved to the left or to the right: multiplied or divided by powers of two."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.operands import Op, Operand, Tensor, pair
from minigrad.ops.overwriting import write_over


def bitwise_left_shift(x: Operand, y: Operand) -> Tensor:
    """Return ``x << y`` of integers: ``x * 2**y``, of which the bits that the dtype has no place for are lost.

    Args:
        x: integers; bools only beside integers.
        y: how far, of a shape that broadcasts with x's; by a negative number, or by all bits or more, gives 0.

    Raises:
        TypeError: if an operand is of floats, or both are of bools.
        ValueError: if the shapes do not broadcast.

    Examples:
        >>> import minigrad as mg
        >>> (mg.tensor([1, 2, 3]) << 2).tolist()
        [4, 8, 12]
    """
    x_data, y_data = integers(bitwise_left_shift, x, y)
    # NumPy looks at the distance, other than the processor, which takes it modulo the number of bits.
    return record(bitwise_left_shift, None, np.left_shift(x_data, y_data), (x, y))


def bitwise_right_shift(x: Operand, y: Operand) -> Tensor:
    """Return ``x >> y`` of integers: ``x // 2**y``; arguments as for ``bitwise_left_shift``.

    By a negative number, or by all bits or more, it gives 0, and -1 for negative ``x``.
    """
    x_data, y_data = integers(bitwise_right_shift, x, y)
    return record(bitwise_right_shift, None, np.right_shift(x_data, y_data), (x, y))


def integers(op: Op, x: Operand, y: Operand) -> tuple[Any, Any]:
    """Return the arrays of two operands in their common dtype.

    Raises:
        TypeError: if it is not one of integers.
    """
    x_data, y_data = pair(op, x, y)
    x_data, y_data = np.asarray(x_data), np.asarray(y_data)
    if x_data.dtype.kind not in "iu" or y_data.dtype.kind not in "iu":
        raise TypeError(
            message(
                op.__name__,
                f"integers are needed, got {describe(x)} and {describe(y)}.",
                "Convert them, x.int(), or multiply by a power of two: x * 2**y.",
            )
        )
    return x_data, y_data


def rlshift(x: Operand, y: Operand) -> Tensor:
    """Return ``y << x``."""
    return bitwise_left_shift(y, x)


def rrshift(x: Operand, y: Operand) -> Tensor:
    """Return ``y >> x``."""
    return bitwise_right_shift(y, x)


def bitwise_left_shift_(x: Tensor, y: Operand) -> Tensor:
    """Write ``x << y`` over ``x``."""
    return write_over(bitwise_left_shift, x, (y,))


def bitwise_right_shift_(x: Tensor, y: Operand) -> Tensor:
    """Write ``x >> y`` over ``x``."""
    return write_over(bitwise_right_shift, x, (y,))


class ShiftMethods:
    """The functions of this file as methods and operators of Tensor."""

    __slots__ = ()

    bitwise_left_shift = __lshift__ = bitwise_left_shift
    bitwise_right_shift = __rshift__ = bitwise_right_shift
    __rlshift__ = rlshift
    __rrshift__ = rrshift
    bitwise_left_shift_ = __ilshift__ = bitwise_left_shift_
    bitwise_right_shift_ = __irshift__ = bitwise_right_shift_
