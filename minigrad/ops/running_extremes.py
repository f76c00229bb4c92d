"""The largest and the smallest element so far along an axis, and where it is."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops.cumulative import accumulated
from minigrad.ops.extremes import Picked, record_picked
from minigrad.ops.operands import Op, Operand, axis, unwrap


def cummax(x: Operand, dim: int) -> Picked:
    """Return the largest of the first 1, 2, ... elements along an axis, and its index.

    Args:
        x: any shape.
        dim: the axis.

    Returns:
        ``(values, indices)`` of x's shape. The first NaN and what follows it are NaN. Of equal elements the latest is
        named, and receives the gradient.

    Raises:
        IndexError: if ``dim`` is not an axis of x.
    """
    return running_extreme(cummax, np.maximum, x, dim)


def cummin(x: Operand, dim: int) -> Picked:
    """Return the smallest of the first 1, 2, ... elements along an axis, and its index; gradient as ``cummax``."""
    return running_extreme(cummin, np.minimum, x, dim)


def running_extreme(op: Op, choose: Any, x: Operand, dim: int) -> Picked:
    """Return what ``choose`` picks of the elements so far, and where that was."""
    x_data = unwrap(op, x)
    along = axis(op, dim, x_data.ndim)
    values = accumulated(choose, x_data, along)
    if x_data.ndim == 0:
        indices = np.zeros((), np.int64)
    else:
        # An element equal to the extreme so far is the latest of its kind; elsewhere the one before stays.
        taken = x_data == values
        if x_data.dtype.kind == "f":
            taken |= np.isnan(x_data)
        places = np.arange(x_data.shape[along]).reshape((-1,) + (1,) * (x_data.ndim - 1 - along))
        indices = np.maximum.accumulate(np.where(taken, places, 0), axis=along)
    return record_picked(op, (x, dim), x_data.shape, values, indices, along)


class RunningExtremeMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    cummax = cummax
    cummin = cummin
