"""Layers without parameters that put the numbers of a signal or an image elsewhere: windows, pixels, sizes, axes."""

from __future__ import annotations

from typing import Any

from minigrad.nn.modules import Module
from minigrad.nn.settings import shown
from minigrad.ops.operands import Operand, Tensor
from minigrad.ops.pixels import pixel_shuffle, pixel_unshuffle
from minigrad.ops.resampling import interpolate
from minigrad.ops.shapes import unflatten
from minigrad.ops.unfolding import fold, unfold


class Unfold(Module):
    """The patches of an image as columns.

    Args:
        kernel_size: the size of a patch; an integer counts for every axis, as for the others.
        dilation: the distance between the numbers of a patch.
        padding: how many zeros are put on each side of the image.
        stride: how far it is from one patch to the next.
    """

    def __init__(self, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> None:
        """Keep the settings."""
        super().__init__()
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Operand) -> Tensor:
        """Return (N, C * numbers of a patch, patches) for (N, C, H, W)."""
        return unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        """Return the settings."""
        return shown(self, "kernel_size", "dilation", "padding", "stride")


class Fold(Module):
    """Columns of patches added up to an image: the gradient of ``Unfold``.

    Args:
        output_size: the height and width of the image.
        kernel_size: the size of a patch; an integer counts for every axis, as for the others.
        dilation: the distance between the numbers of a patch.
        padding: how many numbers on each side of the image are cut off.
        stride: how far it is from one patch to the next.
    """

    def __init__(
        self, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
    ) -> None:
        """Keep the settings."""
        super().__init__()
        self.output_size = output_size
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Operand) -> Tensor:
        """Return (N, C, H, W) for (N, C * numbers of a patch, patches)."""
        return fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        """Return the settings."""
        return shown(self, "output_size", "kernel_size", "dilation", "padding", "stride")


class PixelShuffle(Module):
    """Channels made into pixels: (N, C * r * r, H, W) becomes (N, C, H * r, W * r).

    Args:
        upscale_factor: r.

    Source: Shi et al., "Real-time single image and video super-resolution", 2016.
    """

    def __init__(self, upscale_factor: int) -> None:
        """Keep the factor."""
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input: Operand) -> Tensor:
        """Return (..., C, H * r, W * r)."""
        return pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        """Return the factor."""
        return shown(self, "upscale_factor")


class PixelUnshuffle(Module):
    """Pixels made into channels: (N, C, H * r, W * r) becomes (N, C * r * r, H, W).

    Args:
        downscale_factor: r.
    """

    def __init__(self, downscale_factor: int) -> None:
        """Keep the factor."""
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input: Operand) -> Tensor:
        """Return (..., C * r * r, H, W)."""
        return pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        """Return the factor."""
        return shown(self, "downscale_factor")


class Upsample(Module):
    """A signal or an image in another size; see ``functional.interpolate``.

    Args:
        size: the lengths of the result; or
        scale_factor: how many times as long it is.
        mode: ``"nearest"``, ``"linear"``, ``"bilinear"``, or another of ``interpolate``.
        align_corners: whether the first and the last numbers stay in their places.
        recompute_scale_factor: see there.
    """

    def __init__(
        self,
        size: Any = None,
        scale_factor: Any = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        """Keep the settings."""
        super().__init__()
        self.size = size
        self.scale_factor = scale_factor
        self.mode = mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input: Operand) -> Tensor:
        """Return (N, C, ...) with other lengths of the last axes."""
        settings = (self.size, self.scale_factor, self.mode, self.align_corners, self.recompute_scale_factor)
        return interpolate(input, *settings)

    def extra_repr(self) -> str:
        """Return the settings."""
        return shown(self, "scale_factor" if self.size is None else "size", "mode")


class Unflatten(Module):
    """One axis split into several.

    Args:
        dim: the axis.
        unflattened_size: the lengths of the new ones; one of them may be -1.
    """

    def __init__(self, dim: int, unflattened_size: Any) -> None:
        """Keep the axis and the lengths."""
        super().__init__()
        self.dim = dim
        self.unflattened_size = unflattened_size

    def forward(self, input: Operand) -> Tensor:
        """Return a view where the memory allows one."""
        return unflatten(input, self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        """Return the axis and the lengths."""
        return shown(self, "dim", "unflattened_size")
