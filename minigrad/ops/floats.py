"""The operand of an operation that integers have none of: means, variances, distances, normalisations."""

from __future__ import annotations

from numpy import ndarray

from minigrad.errors import describe, message
from minigrad.ops.operands import Op, Operand, unwrap


def checked_floats(op: Op, x: Operand) -> ndarray:
    """Return the array of an operand.

    Raises:
        TypeError: if it is not floating.
    """
    array = unwrap(op, x)
    if array.dtype.kind != "f":
        raise TypeError(
            message(op.__name__, f"a floating tensor is needed, got {describe(x)}.", "Convert it: x.float().")
        )
    return array
