"""Activations of each number alone that are made of straight pieces: clipped, shrunk, leaky."""

from __future__ import annotations

from typing import Any

from minigrad.nn import init
from minigrad.nn.activations import Activation
from minigrad.nn.modules import Module
from minigrad.nn.parameters import Parameter
from minigrad.nn.settings import new_parameter, positive_integer
from minigrad.ops.generators import Generator
from minigrad.ops.operands import Operand, Tensor
from minigrad.ops.piecewise import (
    hardshrink,
    hardsigmoid,
    hardswish,
    hardtanh,
    leaky_relu,
    prelu,
    rrelu,
    softshrink,
    threshold,
)


class Hardtanh(Activation):
    """``x`` held between two bounds, elementwise.

    Args:
        min_val: the least result.
        max_val: the largest.
        inplace: write the result over the input.
    """

    settings = ("min_val", "max_val", "inplace")

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        """Keep the settings."""
        super().__init__()
        self.min_val = min_val
        self.max_val = max_val
        self.inplace = inplace

    def forward(self, input: Operand) -> Tensor:
        """Return the input's shape."""
        return hardtanh(input, self.min_val, self.max_val, self.inplace)


class Hardsigmoid(Activation):
    """``x / 6 + 1 / 2`` held between 0 and 1, elementwise.

    Args:
        inplace: write the result over the input.
    """

    settings = ("inplace",)

    def __init__(self, inplace: bool = False) -> None:
        """Keep the settings."""
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Operand) -> Tensor:
        """Return the input's shape."""
        return hardsigmoid(input, self.inplace)


class Hardswish(Activation):
    """``x`` times its ``Hardsigmoid``, elementwise.

    Args:
        inplace: write the result over the input.

    Source: Howard et al., "Searching for MobileNetV3", 2019.
    """

    settings = ("inplace",)

    def __init__(self, inplace: bool = False) -> None:
        """Keep the settings."""
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Operand) -> Tensor:
        """Return the input's shape."""
        return hardswish(input, self.inplace)


class Hardshrink(Activation):
    """``x``, or 0 where its size is at most ``lambd``, elementwise.

    Args:
        lambd: the largest size that becomes 0.
    """

    settings = ("lambd",)

    def __init__(self, lambd: float = 0.5) -> None:
        """Keep the settings."""
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Operand) -> Tensor:
        """Return the input's shape."""
        return hardshrink(input, self.lambd)


class Softshrink(Activation):
    """``x`` moved towards 0 by ``lambd``, and 0 where it would pass it, elementwise.

    Args:
        lambd: how far, at least 0.
    """

    settings = ("lambd",)

    def __init__(self, lambd: float = 0.5) -> None:
        """Keep the settings."""
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Operand) -> Tensor:
        """Return the input's shape."""
        return softshrink(input, self.lambd)


class Threshold(Activation):
    """``x`` where it is above a threshold, else a value, elementwise.

    Args:
        threshold: what is to be exceeded.
        value: what stands for the rest.
        inplace: write the result over the input.
    """

    settings = ("threshold", "value", "inplace")

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        """Keep the settings."""
        super().__init__()
        self.threshold = threshold
        self.value = value
        self.inplace = inplace

    def forward(self, input: Operand) -> Tensor:
        """Return the input's shape."""
        return threshold(input, self.threshold, self.value, self.inplace)


class LeakyReLU(Activation):
    """``x`` where it is positive, else ``negative_slope * x``, elementwise.

    Args:
        negative_slope: the slope below 0.
        inplace: write the result over the input.
    """

    settings = ("negative_slope", "inplace")

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        """Keep the settings."""
        super().__init__()
        self.negative_slope = negative_slope
        self.inplace = inplace

    def forward(self, input: Operand) -> Tensor:
        """Return the input's shape."""
        return leaky_relu(input, self.negative_slope, self.inplace)


class RReLU(Activation):
    """``x`` where it is positive, else ``a * x``, with a slope ``a`` drawn for each number while training.

    Args:
        lower: the least slope.
        upper: the largest; in ``eval()`` the slope is the mean of the two.
        inplace: write the result over the input.
        generator: where to draw from; default: the one that ``manual_seed`` seeds.

    Source: Xu et al., "Empirical evaluation of rectified activations in convolutional network", 2015.
    """

    settings = ("lower", "upper", "inplace")

    def __init__(
        self, lower: float = 1 / 8, upper: float = 1 / 3, inplace: bool = False, *, generator: Generator | None = None
    ) -> None:
        """Keep the settings."""
        super().__init__()
        self.lower = lower
        self.upper = upper
        self.inplace = inplace
        self.generator = generator

    def forward(self, input: Operand) -> Tensor:
        """Return the input's shape."""
        return rrelu(input, self.lower, self.upper, self.training, self.inplace, generator=self.generator)


class PReLU(Module):
    """``x`` where it is positive, else ``weight * x``, with learned slopes.

    Args:
        num_parameters: 1 for one slope, or the number of channels, the input's axis 1, for one each.
        init: the slope at the start.
        dtype: float32 or float64; default: the default floating dtype.

    Attributes:
        weight: (num_parameters,).

    Raises:
        ValueError: if the number is not positive; TypeError: if it is no integer.

    Source: He et al., "Delving deep into rectifiers", 2015.
    """

    weight: Parameter

    def __init__(self, num_parameters: int = 1, init: float = 0.25, *, dtype: Any = None) -> None:
        """Make the slopes."""
        super().__init__()
        self.num_parameters = positive_integer("PReLU", "num_parameters", num_parameters)
        self.init = init
        self.weight = new_parameter(PReLU, (self.num_parameters,), dtype)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set the slopes to what they were at the start."""
        init.constant_(self.weight, self.init)

    def forward(self, input: Operand) -> Tensor:
        """Return the input's shape."""
        return prelu(input, self.weight)

    def extra_repr(self) -> str:
        """Return the number of slopes."""
        return f"num_parameters={self.num_parameters}"
