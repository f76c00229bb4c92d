"""Convolutions and transposed convolutions over one or two axes."""

from __future__ import annotations

import math
from typing import Any

from minigrad.errors import message
from minigrad.nn import init
from minigrad.nn.modules import Module
from minigrad.nn.parameters import Parameter
from minigrad.nn.settings import new_parameter, per_axis, positive_integer
from minigrad.ops.convolutions import conv1d, conv2d
from minigrad.ops.generators import Generator
from minigrad.ops.operands import Operand, Tensor
from minigrad.ops.padding import pad
from minigrad.ops.transposed_convolutions import conv_transpose1d, conv_transpose2d

#: What stands around an image, by PyTorch's name, and what ``pad`` calls it.
PADDING_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}


class Convolution(Module):
    """What all convolutions keep: sizes, settings, the weight and the bias.

    The weight and the bias start as uniform numbers in ±1 / sqrt(fan_in), the inputs that one output sums over.

    Args:
        in_channels: the channels of the input.
        out_channels: the channels of the output.
        kernel_size: the length of the kernel along each axis; an integer counts for every axis.
        stride: how far the kernel moves from one output to the next, likewise.
        padding: how many numbers are put around the input on each side, likewise; for a convolution that is not
            transposed also ``"valid"`` for none and ``"same"`` for the input's size with stride 1.
        dilation: the distance between the numbers that the kernel reads, likewise.
        groups: into how many parts the channels are divided, each convolved alone; divides both numbers of channels.
        bias: whether there is a bias.
        padding_mode: ``"zeros"``, ``"reflect"``, ``"replicate"`` or ``"circular"``.
        dtype: float32 or float64; default: the default floating dtype.
        generator: where the starting values are drawn from; default: the one that ``manual_seed`` seeds.

    Attributes:
        weight: (out_channels, in_channels / groups, *kernel_size); transposed (in_channels, out_channels / groups,
            *kernel_size).
        bias: (out_channels,), or None.

    Raises:
        ValueError: if a size is not positive, ``groups`` does not divide the channels, or a mode is unknown.
        TypeError: if a size is no integer.
    """

    axes = 2
    transposed = False
    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        *,
        dtype: Any = None,
        generator: Generator | None = None,
    ) -> None:
        """Make the weight and the bias."""
        super().__init__()
        who = type(self).__name__
        self.in_channels = positive_integer(who, "in_channels", in_channels)
        self.out_channels = positive_integer(who, "out_channels", out_channels)
        self.groups = positive_integer(who, "groups", groups)
        self.kernel_size = per_axis(who, "kernel_size", kernel_size, self.axes)
        self.stride = per_axis(who, "stride", stride, self.axes)
        self.dilation = per_axis(who, "dilation", dilation, self.axes)
        self.padding = padding if isinstance(padding, str) else per_axis(who, "padding", padding, self.axes, 0)
        self.padding_mode = padding_mode
        self.check_settings(who)
        first, second = self.out_channels, self.in_channels // self.groups
        if self.transposed:
            first, second = self.in_channels, self.out_channels // self.groups
        self.weight = new_parameter(type(self), (first, second, *self.kernel_size), dtype)
        self.bias = None
        self.register_parameter("bias", new_parameter(type(self), (self.out_channels,), dtype) if bias else None)
        self.reset_parameters(generator)

    def check_settings(self, who: str) -> None:
        """Raise a ValueError unless the settings fit together."""
        if self.in_channels % self.groups or self.out_channels % self.groups:
            channels = f"in_channels={self.in_channels} and out_channels={self.out_channels}"
            problem = f"groups must divide both numbers of channels; groups={self.groups}, {channels}."
            raise ValueError(message(who, problem, "groups=1 convolves all channels together."))
        if self.padding_mode not in PADDING_MODES or (self.transposed and self.padding_mode != "zeros"):
            known = ["zeros"] if self.transposed else list(PADDING_MODES)
            raise ValueError(message(who, f"padding_mode is one of {known}, got {self.padding_mode!r}."))
        if isinstance(self.padding, str):
            if self.transposed or self.padding not in ("valid", "same"):
                known_words = "" if self.transposed else ", 'valid' or 'same'"
                raise ValueError(message(who, f"padding is a number of elements{known_words}, got {self.padding!r}."))
            if self.padding == "same" and self.stride != (1,) * self.axes:
                problem = f"padding='same' needs stride 1, got {self.stride}."
                raise ValueError(message(who, problem, "Give the padding as a number."))

    def reset_parameters(self, generator: Generator | None = None) -> None:
        """Draw the starting values anew."""
        bound = 1 / math.sqrt(math.prod(self.weight.shape[1:]))
        init.uniform_(self.weight, -bound, bound, generator)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound, generator)

    def surrounded(self, input: Operand) -> tuple[Operand, Any]:
        """Return the input with what stands around it, and how many zeros are still to be put there."""
        if self.padding_mode == "zeros":
            return input, self.padding
        amounts = []
        # pad() takes the last axis first.
        for axis in reversed(range(self.axes)):
            if isinstance(self.padding, str):
                whole = self.dilation[axis] * (self.kernel_size[axis] - 1) if self.padding == "same" else 0
                amounts += [whole // 2, whole - whole // 2]
            else:
                amounts += [self.padding[axis]] * 2
        return pad(input, amounts, PADDING_MODES[self.padding_mode]), 0

    def extra_repr(self) -> str:
        """Return the sizes, and the settings that are not the default."""
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        defaults = {"padding": (0,) * self.axes, "dilation": (1,) * self.axes, "groups": 1, "padding_mode": "zeros"}
        for name, default in defaults.items():
            if getattr(self, name) != default:
                text += f", {name}={getattr(self, name)!r}"
        return text if self.bias is not None else text + ", bias=False"


class Conv1d(Convolution):
    """Sums of products of a kernel with each stretch of a signal; arguments as for ``Convolution``.

    Examples:
        >>> import minigrad as mg
        >>> Conv1d(2, 3, kernel_size=3, padding="same")(mg.zeros(5, 2, 8)).shape
        (5, 3, 8)
    """

    axes = 1

    def forward(self, input: Operand) -> Tensor:
        """Return (N, out_channels, places) for (N, in_channels, length); both may be without N."""
        source, padding = self.surrounded(input)
        return conv1d(source, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class Conv2d(Convolution):
    """Sums of products of a kernel with each patch of an image; arguments as for ``Convolution``.

    Examples:
        >>> import minigrad as mg
        >>> Conv2d(1, 8, kernel_size=3, stride=2, padding=1)(mg.zeros(5, 1, 28, 28)).shape
        (5, 8, 14, 14)
    """

    axes = 2

    def forward(self, input: Operand) -> Tensor:
        """Return (N, out_channels, rows, columns) for (N, in_channels, H, W); both may be without N."""
        source, padding = self.surrounded(input)
        return conv2d(source, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class TransposedConvolution(Convolution):
    """What transposed convolutions keep; arguments as for ``Convolution``, in PyTorch's order, and one more.

    A transposed convolution is the gradient of a convolution with respect to its input: it turns the small image that
    one with the same settings returns into one of the size that it was given.

    Args:
        output_padding: how many elements are added on one side of the result, along each axis: several sizes of input
            give a convolution one size of output, and this says which one is meant. Less than stride or dilation.

    Raises:
        ValueError, TypeError: as ``Convolution``.
    """

    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        *,
        dtype: Any = None,
        generator: Generator | None = None,
    ) -> None:
        """Make the weight and the bias."""
        sizes = (in_channels, out_channels, kernel_size, stride, padding, dilation, groups)
        super().__init__(*sizes, bias, padding_mode, dtype=dtype, generator=generator)
        self.output_padding = per_axis(type(self).__name__, "output_padding", output_padding, self.axes, 0)

    def missing(self, input: Any, output_size: Any) -> Any:
        """Return the output padding that gives a result the wanted size.

        Args:
            input: (N, in_channels, ...) or (in_channels, ...).
            output_size: the lengths of the last axes, or the whole shape; None for what was said at the start.

        Raises:
            ValueError: if no output padding gives that size.
        """
        if output_size is None:
            return self.output_padding
        who = type(self).__name__
        wanted = list(output_size)[-self.axes :]
        found = []
        for axis, length in enumerate(wanted):
            given = input.shape[len(input.shape) - self.axes + axis]
            reach = self.dilation[axis] * (self.kernel_size[axis] - 1) + 1
            least = (given - 1) * self.stride[axis] - 2 * self.padding[axis] + reach
            more = max(self.stride[axis], self.dilation[axis]) - 1
            if not least <= length <= least + more:
                problem = f"an output of {tuple(wanted)} cannot come of an input of shape {tuple(input.shape)}."
                remedy = f"Along axis {axis} it has {least} to {least + more} elements."
                raise ValueError(message(who, problem, remedy))
            found.append(length - least)
        return tuple(found)


class ConvTranspose1d(TransposedConvolution):
    """The kernel added at each place of a longer signal, times each number of the input; see its base for arguments."""

    axes = 1

    def forward(self, input: Operand, output_size: Any = None) -> Tensor:
        """Return (N, out_channels, length) for (N, in_channels, places); both may be without N."""
        added = self.missing(input, output_size)
        settings = (self.stride, self.padding, added, self.groups, self.dilation)
        return conv_transpose1d(input, self.weight, self.bias, *settings)


class ConvTranspose2d(TransposedConvolution):
    """The kernel added at each place of a larger image, times each number of the input; see its base for arguments.

    Examples:
        >>> import minigrad as mg
        >>> ConvTranspose2d(8, 1, kernel_size=2, stride=2)(mg.zeros(5, 8, 14, 14)).shape
        (5, 1, 28, 28)
    """

    axes = 2

    def forward(self, input: Operand, output_size: Any = None) -> Tensor:
        """Return (N, out_channels, H, W) for (N, in_channels, rows, columns); both may be without N."""
        added = self.missing(input, output_size)
        settings = (self.stride, self.padding, added, self.groups, self.dilation)
        return conv_transpose2d(input, self.weight, self.bias, *settings)
