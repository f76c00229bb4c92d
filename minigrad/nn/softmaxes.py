"""Numbers along an axis made into shares of 1, or into the logarithms of shares."""

from __future__ import annotations

from typing import Any

from minigrad.errors import describe, message
from minigrad.nn.modules import Module
from minigrad.ops.activations import softmin
from minigrad.ops.operands import Operand, Tensor
from minigrad.ops.softmaxes import log_softmax, softmax


class Softmax(Module):
    """Numbers in [0, 1] that sum to 1 along an axis.

    Args:
        dim: the axis.

    Raises:
        ValueError: if no axis is given.
    """

    def __init__(self, dim: int | None = None) -> None:
        """Keep the axis."""
        super().__init__()
        self.dim = required_axis("Softmax", dim)

    def forward(self, input: Operand) -> Tensor:
        """Return the input's shape."""
        return softmax(input, self.dim)

    def extra_repr(self) -> str:
        """Return the axis."""
        return f"dim={self.dim}"


class LogSoftmax(Module):
    """The logarithm of ``Softmax``, exact where that underflows.

    Args:
        dim: the axis.

    Raises:
        ValueError: if no axis is given.
    """

    def __init__(self, dim: int | None = None) -> None:
        """Keep the axis."""
        super().__init__()
        self.dim = required_axis("LogSoftmax", dim)

    def forward(self, input: Operand) -> Tensor:
        """Return the input's shape."""
        return log_softmax(input, self.dim)

    def extra_repr(self) -> str:
        """Return the axis."""
        return f"dim={self.dim}"


class Softmin(Module):
    """``Softmax`` of the negated numbers: the smallest has the largest share.

    Args:
        dim: the axis.

    Raises:
        ValueError: if no axis is given.
    """

    def __init__(self, dim: int | None = None) -> None:
        """Keep the axis."""
        super().__init__()
        self.dim = required_axis("Softmin", dim)

    def forward(self, input: Operand) -> Tensor:
        """Return the input's shape."""
        return softmin(input, self.dim)

    def extra_repr(self) -> str:
        """Return the axis."""
        return f"dim={self.dim}"


class Softmax2d(Module):
    """``Softmax`` over the channels of each place: (N, C, H, W) or (C, H, W)."""

    def forward(self, input: Any) -> Tensor:
        """Return the input's shape.

        Raises:
            ValueError: if the input has neither 3 nor 4 axes.
        """
        if len(input.shape) not in (3, 4):
            problem = f"(N, C, H, W) or (C, H, W) is needed, got {describe(input)}."
            raise ValueError(message("Softmax2d", problem, "nn.Softmax(dim) takes any shape."))
        return softmax(input, -3)


def required_axis(who: str, dim: int | None) -> int:
    """Return an axis that must be given, because no default is right for all shapes."""
    if dim is None:
        raise ValueError(message(who, "the axis to normalise along is needed.", f"Write nn.{who}(dim=-1)."))
    return dim
