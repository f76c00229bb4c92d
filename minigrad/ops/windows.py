"""Windows that slide along an axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.operands import Operand, Tensor, Value, axis, ndarray, unwrap, whole
from minigrad.ops.views import strided_view


def unfold(x: Operand, dimension: int, size: int, step: int) -> Tensor:
    """Return a view of all windows of an axis; the elements of a window become the last axis.

    Args:
        x: any shape.
        dimension: the axis.
        size: how many elements a window has.
        step: how many places lie between the beginnings of neighbours.

    Returns:
        x's shape with ``(length - size) // step + 1`` windows along the axis, and ``size`` behind. Where windows
        overlap it cannot be written to.

    Raises:
        ValueError: if the axis is shorter than a window, ``size`` is negative, or ``step`` is not positive.

    Examples:
        >>> import minigrad as mg
        >>> mg.arange(4).unfold(0, 2, 1).tolist()
        [[0, 1], [1, 2], [2, 3]]
    """
    x_data = unwrap(unfold, x)
    ndim = x_data.ndim
    along = dimension if type(dimension) is int and 0 <= dimension < ndim else axis(unfold, dimension, ndim)
    if type(size) is not int or type(step) is not int:
        size, step = whole(unfold, "size", size), whole(unfold, "step", step)
    length = x_data.shape[along] if ndim else 1
    if step < 1 or not 0 <= size <= length:
        raise ValueError(
            message(
                "unfold",
                f"windows of {size} elements every {step} do not fit axis {along} of {describe(x)}.",
                "size is at most the length of the axis, and step at least 1.",
            )
        )
    output = windows_of(x_data if ndim else x_data.reshape(1), along, size, step)
    if ndim == 0:
        output = output[0]
    saved = (x_data.shape, along, size, step)
    return record(unfold, unfold_vjp, output, (x, dimension, size, step), saved, x)


def windows_of(x: ndarray, along: int, size: int, step: int) -> ndarray:
    """Return a view of the windows of an axis."""
    shape, strides = [*x.shape, size], [*x.strides, x.strides[along]]
    shape[along] = (shape[along] - size) // step + 1
    # A step beyond the axis leaves one window, wherever a next one would begin.
    strides[along] *= min(step, max(x.shape[along], 1))
    output: Any = strided_view(x, shape, strides)
    if step < size:
        output.setflags(False)
    return output


def unfold_vjp(grad_output: Value, shape: tuple[int, ...], along: int, size: int, step: int) -> Value:
    """``grad_x = zeros with each window of grad_output added at its place``."""
    return unfold_backward(grad_output, shape, along, size, step)


def unfold_backward(grad: Operand, shape: tuple[int, ...], along: int, size: int, step: int) -> Tensor:
    """Return zeros of ``shape`` with windows added along an axis."""
    grad_data = unwrap(unfold_backward, grad)
    output = np.zeros(shape, grad_data.dtype)
    if shape == ():
        output[...] = grad_data.sum()
    else:
        before = (slice(None),) * along
        windows = grad_data.shape[along]
        # One pass an element of the windows: within a pass no place is named twice.
        for place in range(size):
            output[(*before, slice(place, place + (windows - 1) * step + 1, step))] += grad_data[..., place]
    saved = (along, size, step)
    return record(unfold_backward, unfold_backward_vjp, output, (grad, shape, along, size, step), saved)


def unfold_backward_vjp(grad_output: Value, along: int, size: int, step: int) -> Value:
    """``grad_grad = the windows of grad_output``."""
    return unfold(grad_output, along, size, step)


class WindowMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    unfold = unfold
