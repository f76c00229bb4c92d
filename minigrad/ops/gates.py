"""Gated units: one half of an axis multiplied with an activation of the other."""

from __future__ import annotations

from typing import Any

import minigrad_kernels
from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.activations import silu
from minigrad.ops.elementwise import sigmoid
from minigrad.ops.joining import cat, split
from minigrad.ops.operands import Op, Operand, Tensor, Value, axis, floating


def glu(x: Operand, dim: int = -1) -> Tensor:
    """Return the first half of an axis times the ``sigmoid`` of the second half.

    Args:
        x: any shape; the axis has an even length.
        dim: the axis.

    Returns:
        x's shape with the axis half as long.

    Raises:
        IndexError: if ``dim`` is not an axis of x; ValueError: if its length is odd.

    Source: Dauphin et al., "Language modeling with gated convolutional networks", 2017.
    """
    x_data, first, second, along = halves(glu, x, dim)
    output = minigrad_kernels.sigmoid(second)
    output *= first
    return record(glu, glu_vjp, output, (x, dim), (x_data, along))


def glu_vjp(grad_output: Value, x: Value, along: int) -> Value:
    """``grad_first = grad_output * s; grad_second = grad_output * first * s * (1 - s), s = sigmoid(second)``."""
    first, second = split(x, x.shape[along] // 2, along) if x.shape[along] > 0 else (x, x)
    gate = sigmoid(second)
    passed = grad_output * gate
    return cat((passed, passed * first * (1 - gate)), along)


def swiglu(x: Operand, dim: int = -1) -> Tensor:
    """Return the ``silu`` of the first half of an axis times the second half; arguments as for ``glu``.

    Source: Shazeer, "GLU variants improve Transformer", 2020: ``SwiGLU``, of which x holds ``xW + b`` and ``xV + c``.
    """
    x_data, first, second, along = halves(swiglu, x, dim)
    output = minigrad_kernels.sigmoid(first)
    output *= first
    output *= second
    return record(swiglu, swiglu_vjp, output, (x, dim), (x_data, along))


def swiglu_vjp(grad_output: Value, x: Value, along: int) -> Value:
    """``grad_first = grad_output * second * s * (1 + first * (1 - s)); grad_second = grad_output * silu(first)``."""
    first, second = split(x, x.shape[along] // 2, along) if x.shape[along] > 0 else (x, x)
    share = sigmoid(first)
    grad_first = grad_output * second * (share * (1 + first * (1 - share)))
    return cat((grad_first, grad_output * silu(first)), along)


def halves(op: Op, x: Operand, dim: int) -> tuple[Any, Any, Any, int]:
    """Return the array of an operand, the two halves of an axis, as views, and the number of the axis."""
    x_data = floating(op, x)
    along = axis(op, dim, x_data.ndim)
    length = x_data.shape[along] if x_data.ndim else 1
    if length % 2:
        raise ValueError(
            message(
                op.__name__,
                f"an axis of even length is needed to halve, got length {length} of axis {along} of {describe(x)}.",
                "The first half and the second come from one layer of twice as many features.",
            )
        )
    before = (slice(None),) * along
    first = x_data[(*before, slice(0, length // 2))]
    return x_data, first, x_data[(*before, slice(length // 2, None))], along
