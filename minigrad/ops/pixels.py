"""Channels exchanged for pixels."""

from __future__ import annotations

from typing import Any

from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.operands import Op, Operand, Tensor, Value, unwrap, whole


def pixel_shuffle(x: Operand, upscale_factor: int) -> Tensor:
    """Return (..., c, h·r, w·r) of (..., c·r², h, w): each pixel's channels become a square of pixels.

    Args:
        x: (..., channels, height, width).
        upscale_factor: r.

    Raises:
        ValueError: if x has fewer than three axes, or r² does not divide the channels.

    Source: Shi et al. 2016, Real-Time Single Image and Video Super-Resolution, section 3.2.
    """
    x_data = unwrap(pixel_shuffle, x)
    factor = factor_of(pixel_shuffle, x, x_data.ndim, "upscale_factor", upscale_factor)
    *batch, channels, height, width = x_data.shape
    if channels % factor**2:
        raise ValueError(
            message(
                "pixel_shuffle",
                f"{channels} channels cannot be squares of {factor} x {factor} pixels; x is {describe(x)}.",
                "The channels are axis -3, and a multiple of upscale_factor².",
            )
        )
    kept, ahead = channels // factor**2, len(batch)
    split = x_data.reshape((*batch, kept, factor, factor, height, width))
    order = (*range(ahead + 1), ahead + 3, ahead + 1, ahead + 4, ahead + 2)
    output = split.transpose(order).copy().reshape((*batch, kept, height * factor, width * factor))
    return record(pixel_shuffle, pixel_shuffle_vjp, output, (x, upscale_factor), (factor,))


def pixel_shuffle_vjp(grad_output: Value, factor: int) -> Value:
    """``grad_x = the pixels of grad_output back in their channels``."""
    return pixel_unshuffle(grad_output, factor)


def pixel_unshuffle(x: Operand, downscale_factor: int) -> Tensor:
    """Return (..., c·r², h, w) of (..., c, h·r, w·r): the opposite of ``pixel_shuffle``.

    Args:
        x: (..., channels, height, width).
        downscale_factor: r.

    Raises:
        ValueError: if x has fewer than three axes, or r does not divide height and width.
    """
    x_data = unwrap(pixel_unshuffle, x)
    factor = factor_of(pixel_unshuffle, x, x_data.ndim, "downscale_factor", downscale_factor)
    *batch, channels, height, width = x_data.shape
    if height % factor or width % factor:
        raise ValueError(
            message(
                "pixel_unshuffle",
                f"{height} x {width} pixels cannot be cut into squares of {factor} x {factor}; x is {describe(x)}.",
                "Pad or cut the image to a multiple first.",
            )
        )
    ahead = len(batch)
    low, narrow = height // factor, width // factor
    split = x_data.reshape((*batch, channels, low, factor, narrow, factor))
    order = (*range(ahead + 1), ahead + 2, ahead + 4, ahead + 1, ahead + 3)
    output = split.transpose(order).copy().reshape((*batch, channels * factor**2, low, narrow))
    return record(pixel_unshuffle, pixel_unshuffle_vjp, output, (x, downscale_factor), (factor,))


def pixel_unshuffle_vjp(grad_output: Value, factor: int) -> Value:
    """``grad_x = the channels of grad_output back in their pixels``."""
    return pixel_shuffle(grad_output, factor)


def factor_of(op: Op, x: Operand, ndim: int, name: str, value: Any) -> int:
    """Return the factor of a shuffle.

    Raises:
        ValueError: if it is not positive, or x is no image.
    """
    factor = whole(op, name, value)
    if factor < 1 or ndim < 3:
        raise ValueError(
            message(
                op.__name__,
                f"an image (channels, height, width) and a positive {name} are needed, got {describe(x)} and {factor}.",
                "Give it its missing axes: x.unsqueeze(0).",
            )
        )
    return factor
