"""Gated units: one half of an axis multiplied with an activation of the other."""

from __future__ import annotations

from minigrad.errors import describe, message
from minigrad.ops.activations import silu
from minigrad.ops.arithmetic import mul
from minigrad.ops.elementwise import sigmoid
from minigrad.ops.joining import split
from minigrad.ops.operands import Op, Operand, Tensor, axis, floating


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
    first, second = halves(glu, x, dim)
    return mul(first, sigmoid(second))


def swiglu(x: Operand, dim: int = -1) -> Tensor:
    """Return the ``silu`` of the first half of an axis times the second half; arguments as for ``glu``.

    Source: Shazeer, "GLU variants improve Transformer", 2020: ``SwiGLU``, of which x holds ``xW + b`` and ``xV + c``.
    """
    first, second = halves(swiglu, x, dim)
    return mul(silu(first), second)


def halves(op: Op, x: Operand, dim: int) -> tuple[Tensor, Tensor]:
    """Return the two halves of an axis, as views."""
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
    first, second = split(x, [length // 2, length // 2], along)
    return first, second
