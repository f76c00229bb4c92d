"""Layers that are one matrix product or none: ``Linear``, ``Identity``, ``Flatten``."""

from __future__ import annotations

import math
from typing import Any

from minigrad.modes import no_grad
from minigrad.nn import init
from minigrad.nn.modules import Module
from minigrad.nn.parameters import Parameter
from minigrad.nn.settings import new_parameter, positive_integer
from minigrad.ops.bilinears import bilinear
from minigrad.ops.generators import Generator
from minigrad.ops.in_place import copy_
from minigrad.ops.linears import linear
from minigrad.ops.operands import Operand, Tensor
from minigrad.ops.products import matmul
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
        self.weight = new_parameter(Linear, (self.out_features, self.in_features), dtype)
        self.bias = None
        self.register_parameter("bias", new_parameter(Linear, (self.out_features,), dtype) if bias else None)
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


class Bilinear(Module):
    """``x1 @ weight[k] @ x2 + bias[k]`` for each output k.

    The weight and the bias start as uniform numbers in ±1 / sqrt(in1_features).

    Args:
        in1_features: the length of the first input's last axis.
        in2_features: that of the second input.
        out_features: the length of the output's last axis.
        bias: whether there is a bias.
        dtype: float32 or float64; default: the default floating dtype.
        generator: where the starting values are drawn from; default: the one that ``manual_seed`` seeds.

    Attributes:
        weight: (out_features, in1_features, in2_features).
        bias: (out_features,), or None.

    Raises:
        ValueError: if a number of features is not positive; TypeError: if it is no integer.
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        *,
        dtype: Any = None,
        generator: Generator | None = None,
    ) -> None:
        """Make the weight and the bias."""
        super().__init__()
        self.in1_features = positive_integer("Bilinear", "in1_features", in1_features)
        self.in2_features = positive_integer("Bilinear", "in2_features", in2_features)
        self.out_features = positive_integer("Bilinear", "out_features", out_features)
        shape = (self.out_features, self.in1_features, self.in2_features)
        self.weight = new_parameter(Bilinear, shape, dtype)
        self.bias = None
        self.register_parameter("bias", new_parameter(Bilinear, (self.out_features,), dtype) if bias else None)
        self.reset_parameters(generator)

    def reset_parameters(self, generator: Generator | None = None) -> None:
        """Draw the starting values anew."""
        bound = 1 / math.sqrt(self.in1_features)
        init.uniform_(self.weight, -bound, bound, generator)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound, generator)

    def forward(self, input1: Operand, input2: Operand) -> Tensor:
        """Return (..., out_features) for (..., in1_features) and (..., in2_features)."""
        return bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        """Return the sizes."""
        sizes = f"in1_features={self.in1_features}, in2_features={self.in2_features}, out_features={self.out_features}"
        return f"{sizes}, bias={self.bias is not None}"


class LoRALinear(Linear):
    """A linear layer that stays as it is, and a low-rank change of it that is learned: ``x W' + s (x A') B' + b``.

    B starts as zeros, so that the layer starts as the one that it changes.

    Args:
        in_features: the length of the input's last axis.
        out_features: the length of the output's last axis.
        rank: that of the change.
        alpha: the change counts ``alpha / rank`` times; default: ``rank``.
        bias: whether there is a bias.
        dtype: float32 or float64; default: the default floating dtype.
        generator: where the starting values are drawn from; default: the one that ``manual_seed`` seeds.

    Attributes:
        weight: (out_features, in_features), which does not require grad, as does not the bias.
        bias: (out_features,), or None.
        lora_A: (rank, in_features); uniform numbers in ±1 / sqrt(in_features) at the start.
        lora_B: (out_features, rank); zeros at the start.

    Raises:
        ValueError: if a size is not positive; TypeError: if it is no integer.

    Examples:
        >>> import minigrad as mg
        >>> layer = LoRALinear.of(Linear(8, 4), rank=2)
        >>> [name for name, parameter in layer.named_parameters() if parameter.requires_grad]
        ['lora_A', 'lora_B']

    Source: Hu et al., "LoRA: low-rank adaptation of large language models", 2021.
    """

    lora_A: Parameter
    lora_B: Parameter

    def __init__(
        self,
        in_features: int,
        out_features: int,
        rank: int,
        alpha: float | None = None,
        bias: bool = True,
        *,
        dtype: Any = None,
        generator: Generator | None = None,
    ) -> None:
        """Make the layer and its change."""
        self.rank = positive_integer("LoRALinear", "rank", rank)
        self.alpha = self.rank if alpha is None else alpha
        super().__init__(in_features, out_features, bias, dtype=dtype, generator=generator)
        self.lora_A = new_parameter(LoRALinear, (self.rank, self.in_features), self.weight.dtype)
        self.lora_B = new_parameter(LoRALinear, (self.out_features, self.rank), self.weight.dtype)
        bound = 1 / math.sqrt(self.in_features)
        init.uniform_(self.lora_A, -bound, bound, generator)
        init.zeros_(self.lora_B)
        self.weight.requires_grad = False
        if self.bias is not None:
            self.bias.requires_grad = False

    @classmethod
    def of(
        cls, layer: Linear, rank: int, alpha: float | None = None, *, generator: Generator | None = None
    ) -> LoRALinear:
        """Return a layer that starts as another one, whose weight and bias it takes over."""
        dtype = layer.weight.dtype
        sizes = (layer.in_features, layer.out_features, rank, alpha)
        made = cls(*sizes, layer.bias is not None, dtype=dtype, generator=generator)
        made.weight, made.bias = layer.weight, layer.bias
        for parameter in (made.weight, made.bias):
            if parameter is not None:
                parameter.requires_grad = False
        return made

    def merged(self) -> Linear:
        """Return an ordinary layer that does the same: the change is added to the weight."""
        layer = Linear(self.in_features, self.out_features, self.bias is not None, dtype=self.weight.dtype)
        with no_grad():
            copy_(layer.weight, self.weight + matmul(self.lora_B, self.lora_A) * (self.alpha / self.rank))
            if layer.bias is not None and self.bias is not None:
                copy_(layer.bias, self.bias)
        return layer

    def forward(self, input: Operand) -> Tensor:
        """Return (..., out_features) for an input of (..., in_features)."""
        change = linear(linear(input, self.lora_A), self.lora_B)
        return linear(input, self.weight, self.bias) + change * (self.alpha / self.rank)

    def extra_repr(self) -> str:
        """Return the sizes."""
        return f"{super().extra_repr()}, rank={self.rank}, alpha={self.alpha}"


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
