"""Bounds on one side, and the extremes of two operands that pass over NaN."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.graph import record
from minigrad.ops.elementwise import clamp, where
from minigrad.ops.operands import Op, Operand, Tensor, Value, needs_grad, pair


def clamp_min(x: Operand, min: Operand) -> Tensor:
    """Return ``x``, but at least ``min``; bounds and gradient as for ``clamp``."""
    return clamp(x, min=min)


def clamp_max(x: Operand, max: Operand) -> Tensor:
    """Return ``x``, but at most ``max``; bounds and gradient as for ``clamp``."""
    return clamp(x, max=max)


def fmax(x: Operand, y: Operand) -> Tensor:
    """Return the larger of two operands, elementwise, where one is NaN the other; of equal ones x has the gradient.

    Args:
        x: the first operand, any shape.
        y: the second operand, of a shape that broadcasts with x's.

    Raises:
        ValueError: if the shapes do not broadcast.
    """
    return extreme_of_numbers(fmax, np.fmax, np.greater_equal, x, y)


def fmin(x: Operand, y: Operand) -> Tensor:
    """Return the smaller of two operands, elementwise, where one is NaN the other; of equal ones x has the gradient."""
    return extreme_of_numbers(fmin, np.fmin, np.less_equal, x, y)


def extreme_of_numbers(op: Op, ufunc: Any, prefers: Any, x: Operand, y: Operand) -> Tensor:
    """Return what a ufunc takes of two operands; ``prefers`` says where that is the first."""
    x_data, y_data = pair(op, x, y)
    output = ufunc(x_data, y_data)
    first = None
    if needs_grad(x) or needs_grad(y):
        first = prefers(x_data, y_data) | (np.not_equal(y_data, y_data))
    return record(op, choice_vjp, output, (x, y), (first,))


def choice_vjp(grad_output: Value, first: Value) -> tuple[Value, Value]:
    """``grad_x = grad_output where x was taken, else 0; grad_y`` the other way round."""
    return where(first, grad_output, 0), where(first, 0, grad_output)


class BoundMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    clamp_min = clamp_min
    clamp_max = clamp_max
    fmax = fmax
    fmin = fmin
