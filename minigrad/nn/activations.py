"""Layers without parameters that work on each number, or along one axis."""

from __future__ import annotations

from typing import Any

from minigrad.errors import message
from minigrad.nn.modules import Module
from minigrad.ops.elementwise import relu, sigmoid, tanh
from minigrad.ops.in_place import relu_
from minigrad.ops.operands import Operand, Tensor
from minigrad.ops.softmaxes import log_softmax, softmax


class ReLU(Module):
    """``max(x, 0)``, elementwise.

    Args:
        inplace: write the result over the input.
    """

    def __init__(self, inplace: bool = False) -> None:
        """Keep where the result goes."""
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Any) -> Tensor:
        """Return the input's shape."""
        return relu_(input) if self.inplace else relu(input)

    def extra_repr(self) -> str:
        """Return where the result goes if it is not new memory."""
        return "inplace=True" if self.inplace else ""


class Tanh(Module):
    """The hyperbolic tangent, elementwise."""

    def forward(self, input: Operand) -> Tensor:
        """Return the input's shape."""
        return tanh(input)


class Sigmoid(Module):
    """``1 / (1 + exp(-x))``, elementwise."""

    def forward(self, input: Operand) -> Tensor:
        """Return the input's shape."""
        return sigmoid(input)


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


def required_axis(who: str, dim: int | None) -> int:
    """Return an axis that must be given, because no default is right for all shapes."""
    if dim is None:
        raise ValueError(message(who, "the axis to normalise along is needed.", f"Write nn.{who}(dim=-1)."))
    return dim
