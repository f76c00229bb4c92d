"""The largest number, or the mean, of each window of a signal or an image."""

from __future__ import annotations

from typing import Any

from minigrad.nn.modules import Module
from minigrad.nn.settings import shown
from minigrad.ops.average_poolings import adaptive_avg_pool1d, adaptive_avg_pool2d, avg_pool1d, avg_pool2d
from minigrad.ops.max_poolings import adaptive_max_pool1d, adaptive_max_pool2d, max_pool1d, max_pool2d
from minigrad.ops.operands import Operand, Tensor


class MaxPooling(Module):
    """What max poolings keep.

    Args:
        kernel_size: the length of the window along each axis; an integer counts for every axis.
        stride: how far it moves from one output to the next, likewise; default: ``kernel_size``.
        padding: how many numbers that are never the largest are put on each side, likewise.
        dilation: the distance between the numbers of a window, likewise.
        return_indices: return the places of the largest numbers too, counted through the image.
        ceil_mode: take a last window that reaches beyond the end.
    """

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        """Keep the settings."""
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def settings(self) -> tuple[Any, ...]:
        """Return the arguments of the function, in its order."""
        return self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices

    def extra_repr(self) -> str:
        """Return the settings."""
        names = ("kernel_size", "stride", "padding", "dilation", "return_indices", "ceil_mode")
        return shown(self, *names)


class MaxPool1d(MaxPooling):
    """The largest number of each window of (N, C, length) or (C, length); arguments as for ``MaxPooling``."""

    def forward(self, input: Operand) -> Any:
        """Return (N, C, places); with ``return_indices`` a pair."""
        return max_pool1d(input, *self.settings())


class MaxPool2d(MaxPooling):
    """The largest number of each window of (N, C, H, W) or (C, H, W); arguments as for ``MaxPooling``.

    Examples:
        >>> import minigrad as mg
        >>> MaxPool2d(2)(mg.zeros(5, 8, 28, 28)).shape
        (5, 8, 14, 14)
    """

    def forward(self, input: Operand) -> Any:
        """Return (N, C, rows, columns); with ``return_indices`` a pair."""
        return max_pool2d(input, *self.settings())


class AvgPool1d(Module):
    """The mean of each window of (N, C, length) or (C, length).

    Args:
        kernel_size: the length of the window.
        stride: how far it moves from one output to the next; default: ``kernel_size``.
        padding: how many zeros are put on each side.
        ceil_mode: take a last window that reaches beyond the end.
        count_include_pad: divide by the window's length where it holds padding too.
    """

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        """Keep the settings."""
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Operand) -> Tensor:
        """Return (N, C, places)."""
        settings = (self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)
        return avg_pool1d(input, *settings)

    def extra_repr(self) -> str:
        """Return the settings."""
        return shown(self, "kernel_size", "stride", "padding", "ceil_mode")


class AvgPool2d(AvgPool1d):
    """The mean of each window of (N, C, H, W) or (C, H, W).

    Args:
        kernel_size: the length of the window along each axis; an integer counts for every axis.
        stride: how far it moves from one output to the next, likewise; default: ``kernel_size``.
        padding: how many zeros are put on each side, likewise.
        ceil_mode: take a last window that reaches beyond the end.
        count_include_pad: divide by the window's size where it holds padding too.
        divisor_override: what to divide by instead.
    """

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        """Keep the settings."""
        super().__init__(kernel_size, stride, padding, ceil_mode, count_include_pad)
        self.divisor_override = divisor_override

    def forward(self, input: Operand) -> Tensor:
        """Return (N, C, rows, columns)."""
        settings = (self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)
        return avg_pool2d(input, *settings, self.divisor_override)


class AdaptivePooling(Module):
    """What poolings to a given size keep.

    Args:
        output_size: the lengths of the result; an integer counts for every axis, None leaves an axis as long as it is.
    """

    def __init__(self, output_size: Any) -> None:
        """Keep the size."""
        super().__init__()
        self.output_size = output_size

    def extra_repr(self) -> str:
        """Return the size."""
        return shown(self, "output_size")


class AdaptiveAvgPool1d(AdaptivePooling):
    """The means of as many stretches as are wanted, of (N, C, length) or (C, length)."""

    def forward(self, input: Operand) -> Tensor:
        """Return (N, C, output_size)."""
        return adaptive_avg_pool1d(input, self.output_size)


class AdaptiveAvgPool2d(AdaptivePooling):
    """The means of as many patches as are wanted, of (N, C, H, W) or (C, H, W).

    Examples:
        >>> import minigrad as mg
        >>> AdaptiveAvgPool2d(1)(mg.zeros(5, 8, 7, 9)).shape
        (5, 8, 1, 1)
    """

    def forward(self, input: Operand) -> Tensor:
        """Return (N, C, *output_size)."""
        return adaptive_avg_pool2d(input, self.output_size)


class AdaptiveMaxPool1d(AdaptivePooling):
    """The largest numbers of as many stretches as are wanted, of (N, C, length) or (C, length).

    Args:
        output_size: the length of the result.
        return_indices: return their places too.
    """

    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        """Keep the size."""
        super().__init__(output_size)
        self.return_indices = return_indices

    def forward(self, input: Operand) -> Any:
        """Return (N, C, output_size); with ``return_indices`` a pair."""
        return adaptive_max_pool1d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool2d(AdaptiveMaxPool1d):
    """The largest numbers of as many patches as are wanted, of (N, C, H, W) or (C, H, W).

    Args:
        output_size: the lengths of the result; an integer counts for every axis, None leaves an axis as long as it is.
        return_indices: return their places too, counted through the image.
    """

    def forward(self, input: Operand) -> Any:
        """Return (N, C, *output_size); with ``return_indices`` a pair."""
        return adaptive_max_pool2d(input, self.output_size, self.return_indices)
