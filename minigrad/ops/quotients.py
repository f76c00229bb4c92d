"""Quotients that are 0 where the divisor is: gradients of lengths, which have none at 0."""

from __future__ import annotations

import numpy as np

from minigrad.graph import record
from minigrad.ops.operands import Operand, Tensor, Value, pair


def quotient_or_zero(x: Operand, y: Operand) -> Tensor:
    """Return ``x / y``, 0 where ``y`` is 0; of arrays of floats."""
    x_data, y_data = pair(quotient_or_zero, x, y)
    output = np.zeros(np.broadcast(x_data, y_data).shape, y_data.dtype)
    np.divide(x_data, y_data, out=output, where=y_data != 0)
    return record(quotient_or_zero, quotient_or_zero_vjp, output, (x, y), (y_data, output))


def quotient_or_zero_vjp(grad_output: Value, y: Value, output: Value) -> tuple[Value, Value]:
    """``grad_x = grad_output / y; grad_y = -grad_output * x / y**2``, 0 where y is 0."""
    grad_x = quotient_or_zero(grad_output, y)
    return grad_x, -grad_x * output
