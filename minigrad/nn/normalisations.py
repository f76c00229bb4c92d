"""Each sample's numbers moved to mean 0 and variance 1, or divided by their size: layers without running statistics."""

from __future__ import annotations

from typing import Any

from minigrad.errors import describe, message
from minigrad.nn import init
from minigrad.nn.modules import Module
from minigrad.nn.parameters import Parameter
from minigrad.nn.settings import new_parameter, per_axis, positive_integer, shown
from minigrad.ops.average_poolings import local_response_norm
from minigrad.ops.layer_norms import group_norm, layer_norm, rms_norm
from minigrad.ops.operands import Operand, Tensor


class LayerNorm(Module):
    """The last axes of each sample moved to mean 0 and variance 1 together.

    Args:
        normalized_shape: the lengths of those axes; an integer for the last one.
        eps: what is added to the variance, so that it is not 0.
        elementwise_affine: whether the result is scaled and moved by learned numbers.
        bias: whether it is moved as well.
        dtype: float32 or float64; default: the default floating dtype.

    Attributes:
        weight, bias: of ``normalized_shape``, or None; ones and zeros at the start.

    Raises:
        ValueError: if a length is not positive; TypeError: if it is no integer.

    Source: Ba, Kiros and Hinton, "Layer normalization", 2016.
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        normalized_shape: Any,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        *,
        dtype: Any = None,
    ) -> None:
        """Make the parameters."""
        super().__init__()
        self.normalized_shape = lengths_of("LayerNorm", normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        self.weight = self.bias = None
        shape = self.normalized_shape
        self.register_parameter("weight", new_parameter(LayerNorm, shape, dtype) if elementwise_affine else None)
        moved = elementwise_affine and bias
        self.register_parameter("bias", new_parameter(LayerNorm, shape, dtype) if moved else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Begin anew: nothing scaled or moved."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Operand) -> Tensor:
        """Return the input's shape."""
        return layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """Return the settings."""
        text = f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        return text if self.bias is not None or not self.elementwise_affine else text + ", bias=False"


class RMSNorm(Module):
    """The last axes of each sample divided by the root of their mean square.

    Args:
        normalized_shape: the lengths of those axes; an integer for the last one.
        eps: what is added to the mean square; default: the smallest step above 1 of the input's dtype.
        elementwise_affine: whether the result is scaled by learned numbers.
        dtype: float32 or float64; default: the default floating dtype.

    Attributes:
        weight: of ``normalized_shape``, or None; ones at the start.

    Raises:
        ValueError: if a length is not positive; TypeError: if it is no integer.

    Source: Zhang and Sennrich, "Root mean square layer normalization", 2019.
    """

    weight: Parameter | None

    def __init__(
        self, normalized_shape: Any, eps: float | None = None, elementwise_affine: bool = True, *, dtype: Any = None
    ) -> None:
        """Make the scale."""
        super().__init__()
        self.normalized_shape = lengths_of("RMSNorm", normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        self.weight = None
        scale = new_parameter(RMSNorm, self.normalized_shape, dtype) if elementwise_affine else None
        self.register_parameter("weight", scale)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Begin anew: nothing scaled."""
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, input: Operand) -> Tensor:
        """Return the input's shape."""
        return rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        """Return the settings."""
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"


class GroupNorm(Module):
    """Groups of channels of each sample moved to mean 0 and variance 1.

    Args:
        num_groups: how many groups; divides the number of channels.
        num_channels: how many channels.
        eps: what is added to the variances, so that none is 0.
        affine: whether each channel is scaled and moved by learned numbers.
        dtype: float32 or float64; default: the default floating dtype.

    Attributes:
        weight, bias: (num_channels,), or None; ones and zeros at the start.

    Raises:
        ValueError: if a number is not positive, or does not divide the other; TypeError: if it is no integer.

    Source: Wu and He, "Group normalization", 2018.
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True, *, dtype: Any = None
    ) -> None:
        """Make the parameters."""
        super().__init__()
        self.num_groups = positive_integer("GroupNorm", "num_groups", num_groups)
        self.num_channels = positive_integer("GroupNorm", "num_channels", num_channels)
        if self.num_channels % self.num_groups:
            problem = f"num_groups must divide num_channels, got {num_groups} and {num_channels}."
            raise ValueError(message("GroupNorm", problem, "num_groups=1 normalises all channels together."))
        self.eps = eps
        self.affine = affine
        self.weight = self.bias = None
        for name in ("weight", "bias"):
            self.register_parameter(name, new_parameter(GroupNorm, (num_channels,), dtype) if affine else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Begin anew: nothing scaled or moved."""
        if self.weight is not None and self.bias is not None:
            init.ones_(self.weight)
            init.zeros_(self.bias)

    def forward(self, input: Operand) -> Tensor:
        """Return the input's shape, (N, C, ...)."""
        return group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """Return the settings."""
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}"


class LocalResponseNorm(Module):
    """Each number divided by a power of the mean square of its neighbours in other channels.

    Args:
        size: how many channels are neighbours.
        alpha: the weight of their mean square.
        beta: the power.
        k: what is added to it.

    Source: Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional neural networks", 2012.
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        """Keep the settings."""
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input: Operand) -> Tensor:
        """Return the input's shape, (N, C, ...)."""
        return local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        """Return the settings."""
        return shown(self, "size", "alpha", "beta", "k")


def lengths_of(who: str, shape: Any) -> tuple[int, ...]:
    """Return the lengths of the last axes; an integer is that of the last.

    Raises:
        ValueError: if there is none, or one is not positive; TypeError: if one is no integer.
    """
    found = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    if not found:
        problem = f"the lengths of the last axes are needed, got {describe(shape)}."
        raise ValueError(message(who, problem, f"Write nn.{who}(64) for a last axis of 64."))
    return per_axis(who, "normalized_shape", found, len(found))
