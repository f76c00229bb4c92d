"""Images as the columns of a matrix, one for each position of a window, and back."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.operands import Op, Operand, Tensor, Value, ndarray, unwrap
from minigrad.ops.window_arguments import AXES, RESULT, Lengths, lengths


class Blocks(NamedTuple):
    """Where the windows of an image lie: each attribute is of rows and columns.

    Attributes:
        image: the lengths of the image.
        kernel: those of a window.
        dilation: from element to element of a window.
        padding: zeros around the image.
        stride: from window to window.
        windows: how many there are along the rows and the columns.
    """

    image: Lengths
    kernel: Lengths
    dilation: Lengths
    padding: Lengths
    stride: Lengths
    windows: Lengths


def unfold(input: Operand, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """Return the elements of each window of an image as a column.

    Args:
        input: (batch, channels, rows, columns), or without the batch.
        kernel_size: the window; an integer, or one for rows and one for columns, as the others.
        dilation: from element to element of a window.
        padding: zeros around the image.
        stride: from window to window.

    Returns:
        (batch, channels * kernel rows * kernel columns, windows).

    Raises:
        TypeError: if a setting is no integer.
        ValueError: if the input has other axes, or no window fits into it.

    Examples:
        >>> import minigrad as mg
        >>> unfold(mg.tensor([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]), 2).tolist()
        [[1.0, 2.0], [2.0, 3.0], [4.0, 5.0], [5.0, 6.0]]
    """
    x = unwrap(unfold, input)
    if x.ndim not in (3, 4) or 0 in x.shape[x.ndim - 3 :]:
        problem = f"images of {AXES[2]}, or a batch of them, are needed, got {describe(input)}."
        raise ValueError(message("unfold", problem, "Only the batch axis may be empty; unsqueeze adds an axis."))
    blocks = blocks_of(unfold, x.shape[-2:], (kernel_size, dilation, padding, stride))
    inputs = (input, kernel_size, dilation, padding, stride)
    return record(unfold, unfold_vjp, columns_of(x, blocks), inputs, tuple(blocks[:5]))


def unfold_vjp(
    grad_output: Value, image: Lengths, kernel: Lengths, dilation: Lengths, padding: Lengths, stride: Lengths
) -> Value:
    """``grad_input = fold(grad_output)``."""
    return fold(grad_output, image, kernel, dilation, padding, stride)


def fold(
    input: Operand, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    """Return an image to which the elements of each window, the columns of the input, were added.

    Args:
        input: (batch, channels * kernel rows * kernel columns, windows), or without the batch.
        output_size: rows and columns of the image.
        kernel_size: the window; the other arguments as for ``unfold``.
        dilation: from element to element of a window.
        padding: how much around the image is left away.
        stride: from window to window.

    Returns:
        (batch, channels, rows, columns). Where windows overlap it is not what was unfolded, but a multiple of it.

    Raises:
        TypeError: if a setting is no integer.
        ValueError: if there are not as many columns as windows, or rows as a multiple of the window.

    Examples:
        >>> import minigrad as mg
        >>> fold(unfold(mg.ones(1, 2, 3), 2), (2, 3), 2)
        Tensor((1, 2, 3) float32 | 1 2 1 1 2 1)
    """
    x = unwrap(fold, input)
    blocks = blocks_of(fold, lengths(fold, "output_size", output_size, 2, 1), (kernel_size, dilation, padding, stride))
    number, size = blocks.windows[0] * blocks.windows[1], blocks.kernel[0] * blocks.kernel[1]
    if x.ndim not in (2, 3) or x.shape[-1] != number or x.shape[-2] % size or x.shape[-2] == 0:
        problem = (
            f"{blocks.windows[0]} * {blocks.windows[1]} columns, one for each window, of channels * {size} elements "
            f"are needed, got {describe(input)}."
        )
        raise ValueError(message("fold", problem, RESULT))
    inputs = (input, output_size, kernel_size, dilation, padding, stride)
    return record(fold, fold_vjp, image_of(x, blocks), inputs, tuple(blocks[1:5]))


def fold_vjp(grad_output: Value, kernel: Lengths, dilation: Lengths, padding: Lengths, stride: Lengths) -> Value:
    """``grad_input = unfold(grad_output)``."""
    return unfold(grad_output, kernel, dilation, padding, stride)


def blocks_of(op: Op, image: Lengths, settings: tuple[Any, ...]) -> Blocks:
    """Return where the windows of an image lie; settings are kernel_size, dilation, padding and stride as given."""
    kernel_size, dilation, padding, stride = settings
    return blocks_within(
        op,
        image,
        lengths(op, "kernel_size", kernel_size, 2, 1),
        lengths(op, "dilation", dilation, 2, 1),
        lengths(op, "padding", padding, 2, 0),
        lengths(op, "stride", stride, 2, 1),
    )


@lru_cache(maxsize=512)
def blocks_within(
    op: Op, image: Lengths, kernel: Lengths, dilation: Lengths, padding: Lengths, stride: Lengths
) -> Blocks:
    """Return where the windows of an image lie, or raise a ValueError if none fits."""
    count = []
    for axis in (0, 1):
        room = image[axis] + 2 * padding[axis] - dilation[axis] * (kernel[axis] - 1) - 1
        count.append(room // stride[axis] + 1)
    if min(count) < 1:
        problem = f"no window of {kernel} with dilation={dilation} fits into an image of {image}, padding={padding}."
        raise ValueError(message(op.__name__, problem, RESULT))
    return Blocks(image, kernel, dilation, padding, stride, tuple(count))


def padded_shape(blocks: Blocks) -> Lengths:
    """Return the lengths of the image with its padding."""
    return tuple([length + 2 * more for length, more in zip(blocks.image, blocks.padding)])


def window_slices(blocks: Blocks, row: int, column: int) -> tuple[slice, slice]:
    """Return the slices of the padded image that hold one element of every window."""
    found = []
    for axis, place in enumerate((row, column)):
        first = place * blocks.dilation[axis]
        found.append(slice(first, first + (blocks.windows[axis] - 1) * blocks.stride[axis] + 1, blocks.stride[axis]))
    return found[0], found[1]


def columns_of(x: ndarray, blocks: Blocks) -> ndarray:
    """Return the windows of images as columns."""
    (top, left), (rows, columns), kernel = blocks.padding, blocks.image, blocks.kernel
    padded = x
    if top or left:
        padded = np.zeros((*x.shape[:-2], *padded_shape(blocks)), x.dtype)
        padded[..., top : top + rows, left : left + columns] = x
    found = np.empty((*x.shape[:-2], *kernel, *blocks.windows), x.dtype)
    for row in range(kernel[0]):
        for column in range(kernel[1]):
            found[..., row, column, :, :] = padded[(..., *window_slices(blocks, row, column))]
    return found.reshape((*x.shape[:-3], x.shape[-3] * kernel[0] * kernel[1], blocks.windows[0] * blocks.windows[1]))


def image_of(x: ndarray, blocks: Blocks) -> ndarray:
    """Return images of which x holds the windows as columns."""
    (top, left), (rows, columns), kernel = blocks.padding, blocks.image, blocks.kernel
    lead = (*x.shape[:-2], x.shape[-2] // (kernel[0] * kernel[1]))
    windows = x.reshape((*lead, *kernel, *blocks.windows))
    padded = np.zeros((*lead, *padded_shape(blocks)), x.dtype)
    for row in range(kernel[0]):
        for column in range(kernel[1]):
            padded[(..., *window_slices(blocks, row, column))] += windows[..., row, column, :, :]
    return padded if not (top or left) else padded[..., top : top + rows, left : left + columns].copy()
