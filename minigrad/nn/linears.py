"""Layers that are one matrix product or none: ``Linear``, ``Identity``, ``Flatten``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.errors import describe, message, number_remedy
from minigrad.nn import init
from minigrad.nn.modules import Module
from minigrad.nn.parameters import Parameter
from minigrad.ops.creation import array_of
from minigrad.ops.generators import Generator
from minigrad.ops.linears import linear
from minigrad.ops.operands import Operand, Tensor
from minigrad.ops.shapes import flatten


class Linear(Module):
    """``input @ weight.T + bias``.

    The weight and the bias start as uniform numbers in ±1 / sqrt(in_features).

    Args:
        in_features: the length of the input's last axis.
        out_features: the length of the output's last axis.
        bias: whether there is a bias.
        dtype: float32 or float64; default: the default floating dtype.
        generator: where the starting values are drawn from; default: the one that ``manual_seed`` seeds.

    Attributes:
        weight: (out_features, in_features).
        bias: (out_features,), or None.

    Raises:
        ValueError: if a number of features is not positive; TypeError: if it is no integer.

    Examples:
        >>> import minigrad as mg
        >>> layer = Linear(2, 3)
        >>> layer(mg.zeros(5, 2)).shape
        (5, 3)
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        dtype: Any = None,
        generator: Generator | None = None,
    ) -> None:
        """Make the weight and the bias."""
        super().__init__()
        self.in_features = positive_integer("Linear", "in_features", in_features)
        self.out_features = positive_integer("Linear", "out_features", out_features)
        wanted = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype("Linear", dtype)
        self.weight = Parameter(array_of(Linear, (self.out_features, self.in_features), 0, wanted))
        self.bias = None
        self.register_parameter("bias", Parameter(np.empty(self.out_features, wanted)) if bias else None)
        self.reset_parameters(generator)

    def reset_parameters(self, generator: Generator | None = None) -> None:
        """Draw the starting values anew."""
        bound = 1 / math.sqrt(self.in_features)
        init.uniform_(self.weight, -bound, bound, generator)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound, generator)

    def forward(self, input: Operand) -> Tensor:
        """Return (..., out_features) for an input of (..., in_features)."""
        return linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        """Return the sizes."""
        has_bias = self.bias is not None
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={has_bias}"


class Identity(Module):
    """What is given comes back; takes the place of a layer. Arguments are accepted and ignored."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Ignore what the layer whose place it takes would be given."""
        super().__init__()

    def forward(self, input: Any) -> Any:
        """Return the input."""
        return input


class Flatten(Module):
    """Axes taken as one: (N, C, H, W) becomes (N, C * H * W).

    Args:
        start_dim: the first of them; the default leaves the batch axis alone.
        end_dim: the last of them.
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        """Keep which axes."""
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Operand) -> Tensor:
        """Return a view, or a copy where the memory does not allow one."""
        return flatten(input, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        """Return the axes."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


def positive_integer(who: str, what: str, value: Any) -> int:
    """Return a size as an int.

    Raises:
        TypeError: if it is no integer; ValueError: if it is not positive.
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(message(who, f"{what} must be an integer, got {describe(value)}.", number_remedy(value, int)))
    if value < 1:
        raise ValueError(message(who, f"{what} must be at least 1, got {value}."))
    return int(value)
