"""Numbers put around a signal or an image: zeros, a constant, or what lies at its border."""

from __future__ import annotations

from typing import Any

from minigrad.nn.modules import Module
from minigrad.nn.settings import per_side, shown
from minigrad.ops.operands import Operand, Tensor
from minigrad.ops.padding import pad


class Padding(Module):
    """What all paddings keep.

    Args:
        padding: how many numbers are put on each side: one integer for all, or (left, right), for an image (left,
            right, top, bottom). A negative number cuts so many off.

    Raises:
        TypeError: if a number is no integer; ValueError: if there are more or fewer than sides.
    """

    axes = 1
    mode = "constant"

    def __init__(self, padding: Any) -> None:
        """Keep how many."""
        super().__init__()
        self.padding = per_side(type(self).__name__, padding, self.axes)

    def forward(self, input: Operand) -> Tensor:
        """Return (N, C, ...) or (C, ...) with longer last axes."""
        return pad(input, self.padding, self.mode)

    def extra_repr(self) -> str:
        """Return how many."""
        return str(self.padding)


class ConstantPad1d(Padding):
    """A number put at both ends of a signal; arguments as for ``Padding``.

    Args:
        padding: how many.
        value: the number.
    """

    def __init__(self, padding: Any, value: float) -> None:
        """Keep how many, and the number."""
        super().__init__(padding)
        self.value = value

    def forward(self, input: Operand) -> Tensor:
        """Return (N, C, ...) or (C, ...) with longer last axes."""
        return pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        """Return how many, and the number."""
        return shown(self, "padding", "value")


class ConstantPad2d(ConstantPad1d):
    """A number put around an image; arguments as for ``ConstantPad1d``."""

    axes = 2


class ZeroPad1d(Padding):
    """Zeros put at both ends of a signal; arguments as for ``Padding``."""


class ZeroPad2d(Padding):
    """Zeros put around an image; arguments as for ``Padding``."""

    axes = 2


class ReflectionPad1d(Padding):
    """A signal mirrored at both ends, whose numbers are not repeated; arguments as for ``Padding``."""

    mode = "reflect"


class ReflectionPad2d(Padding):
    """An image mirrored at its border, whose numbers are not repeated; arguments as for ``Padding``."""

    axes = 2
    mode = "reflect"


class ReplicationPad1d(Padding):
    """The first and the last number of a signal repeated; arguments as for ``Padding``."""

    mode = "replicate"


class ReplicationPad2d(Padding):
    """The numbers at the border of an image repeated; arguments as for ``Padding``."""

    axes = 2
    mode = "replicate"
