"""The arguments of poolings, checked, and the windows that follow from them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from minigrad.errors import describe, message
from minigrad.ops.operands import Op, Operand, flag, ndarray, unwrap
from minigrad.ops.window_arguments import AXES, RESULT, Lengths, as_two, lengths
from minigrad_kernels import Pooling


def pooled(
    op: Op,
    axes: int,
    input: Operand,
    settings: tuple[Any, ...],
    ceil_mode: Any,
    count_padding: bool = True,
    divisor: int = 0,
) -> tuple[ndarray, Pooling]:
    """Return the array of a pooling's operand, and the pooling.

    Args:
        op: the operation that asks.
        axes: the axes of an image.
        input: the images, with a batch axis or without.
        settings: kernel_size, stride, padding and dilation, as the user gave them.
        ceil_mode: whether a last window may reach beyond the padding.
        count_padding: whether a mean counts the padding.
        divisor: what a mean divides by instead; 0 for none.

    Raises:
        TypeError, ValueError: if something does not fit.
    """
    x = images(op, axes, input)
    kernel_size, stride, padding, dilation = settings
    kernel = lengths(op, "kernel_size", kernel_size, axes, 1)
    is_default = stride is None or (isinstance(stride, (tuple, list)) and len(stride) == 0)
    strides = kernel if is_default else lengths(op, "stride", stride, axes, 1)
    before = lengths(op, "padding", padding, axes, 0)
    dilations = lengths(op, "dilation", dilation, axes, 1)
    size = x.shape[x.ndim - axes :]
    ceil_mode = flag(op, "ceil_mode", ceil_mode)
    return x, pooling_of(op, size, kernel, strides, before, dilations, ceil_mode, count_padding, divisor)


@lru_cache(maxsize=512)
def pooling_of(
    op: Op,
    image: Lengths,
    kernel: Lengths,
    stride: Lengths,
    padding: Lengths,
    dilation: Lengths,
    ceil_mode: bool,
    count_padding: bool,
    divisor: int,
) -> Pooling:
    """Return the pooling of images of this size, or raise where there is none."""
    result = []
    for axis in range(len(image)):
        if padding[axis] > kernel[axis] // 2:
            problem = f"padding is at most half of the kernel's size, got padding={padding}, kernel_size={kernel}."
            raise ValueError(
                message(op.__name__, problem, "Larger windows would see padding only; use nn.functional.pad.")
            )
        room = image[axis] + 2 * padding[axis] - dilation[axis] * (kernel[axis] - 1) - 1
        length = (room + (stride[axis] - 1 if ceil_mode else 0)) // stride[axis] + 1
        # The last window begins in the image or the padding before it.
        if ceil_mode and (length - 1) * stride[axis] >= image[axis] + padding[axis]:
            length -= 1
        result.append(length)
    if min(result) < 1:
        problem = f"windows of {kernel} do not fit into images of {image}: the result would be {tuple(result)}."
        raise ValueError(message(op.__name__, problem, RESULT))
    pairs = as_two(image, 1), as_two(tuple(result), 1), as_two(kernel, 1), as_two(stride, 1)
    return Pooling(len(image), *pairs, as_two(padding, 0), as_two(dilation, 1), count_padding, divisor)


def shared_out(op: Op, axes: int, input: Operand, output_size: Any) -> tuple[ndarray, Pooling]:
    """Return the array of an adaptive pooling's operand, and the pooling; None keeps a length."""
    x = images(op, axes, input)
    size = x.shape[x.ndim - axes :]
    wanted = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * axes
    kept = []
    for axis, each in enumerate(wanted):
        kept.append(size[axis] if each is None and axis < axes else each)
    result = lengths(op, "output_size", tuple(kept), axes, 0)
    return x, Pooling(axes, as_two(size, 1), as_two(result, 1))


def images(op: Op, axes: int, input: Operand) -> ndarray:
    """Return the array of images, whose axes but the batch have elements.

    Raises:
        TypeError: if they are not floating; ValueError: if the axes are others.
    """
    x = unwrap(op, input)
    if x.ndim not in (axes + 1, axes + 2) or 0 in x.shape[x.ndim - axes - 1 :]:
        problem = f"images of {AXES[axes]}, or a batch of them, are needed, got {describe(input)}."
        raise ValueError(message(op.__name__, problem, "Only the batch axis may be empty; unsqueeze adds an axis."))
    require_floats(op, input, x)
    return x


def require_floats(op: Op, input: Operand, x: ndarray) -> None:
    """Raise a TypeError unless the array of an operand is floating."""
    if x.dtype.kind != "f":
        raise TypeError(message(op.__name__, f"floats are needed, got {describe(input)}.", "Convert them: x.float()."))
