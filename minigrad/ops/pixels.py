"""Channels exchanged for pixels."""

from __future__ import annotations

from typing import Any

from minigrad.errors import describe, message
from minigrad.ops.operands import Op, Operand, Tensor, unwrap, whole
from minigrad.ops.shapes import permute, reshape


def pixel_shuffle(x: Operand, upscale_factor: int) -> Tensor:
    """Return (..., c, h·r, w·r) of (..., c·r², h, w): each pixel's channels become a square of pixels.

    Args:
        x: (..., channels, height, width).
        upscale_factor: r.

    Raises:
        ValueError: if x has fewer than three axes, or r² does not divide the channels.

    Source: Shi et al. 2016, Real-Time Single Image and Video Super-Resolution, section 3.2.
    """
    factor = factor_of(pixel_shuffle, x, "upscale_factor", upscale_factor)
    *batch, channels, height, width = unwrap(pixel_shuffle, x).shape
    if channels % factor**2:
        raise ValueError(
            message(
                "pixel_shuffle",
                f"{channels} channels cannot be squares of {factor} x {factor} pixels; x is {describe(x)}.",
                "The channels are axis -3, and a multiple of upscale_factor².",
            )
        )
    kept, ahead = channels // factor**2, len(batch)
    split = reshape(x, (*batch, kept, factor, factor, height, width))
    order = (*range(ahead), ahead, ahead + 3, ahead + 1, ahead + 4, ahead + 2)
    return reshape(permute(split, order), (*batch, kept, height * factor, width * factor))


def pixel_unshuffle(x: Operand, downscale_factor: int) -> Tensor:
    """Return (..., c·r², h, w) of (..., c, h·r, w·r): the opposite of ``pixel_shuffle``.

    Args:
        x: (..., channels, height, width).
        downscale_factor: r.

    Raises:
        ValueError: if x has fewer than three axes, or r does not divide height and width.
    """
    factor = factor_of(pixel_unshuffle, x, "downscale_factor", downscale_factor)
    *batch, channels, height, width = unwrap(pixel_unshuffle, x).shape
    if height % factor or width % factor:
        raise ValueError(
            message(
                "pixel_unshuffle",
                f"{height} x {width} pixels cannot be cut into squares of {factor} x {factor}; x is {describe(x)}.",
                "Pad or cut the image to a multiple first.",
            )
        )
    ahead = len(batch)
    split = reshape(x, (*batch, channels, height // factor, factor, width // factor, factor))
    order = (*range(ahead), ahead, ahead + 2, ahead + 4, ahead + 1, ahead + 3)
    return reshape(permute(split, order), (*batch, channels * factor**2, height // factor, width // factor))


def factor_of(op: Op, x: Operand, name: str, value: Any) -> int:
    """Return the factor of a shuffle.

    Raises:
        ValueError: if it is not positive, or x is no image.
    """
    factor = whole(op, name, value)
    if factor < 1 or unwrap(op, x).ndim < 3:
        raise ValueError(
            message(
                op.__name__,
                f"an image (channels, height, width) and a positive {name} are needed, got {describe(x)} and {factor}.",
                "Give it its missing axes: x.unsqueeze(0).",
            )
        )
    return factor
