"""The arguments of convolutions, checked, and the geometry that follows from them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from minigrad.errors import describe, message
from minigrad.ops.operands import Op, Operand, ndarray, unwrap, whole
from minigrad.ops.window_arguments import AXES, RESULT, Lengths, as_two, lengths
from minigrad_kernels import Geometry

TRANSPOSED = (
    "The result has (length - 1) * stride - 2 * padding + dilation * (kernel - 1) + output_padding + 1 elements along "
    "an axis."
)


def convolved(
    op: Op, axes: int, input: Operand, weight: Operand, bias: Operand | None, settings: tuple[Any, ...]
) -> tuple[ndarray, ndarray, ndarray | None, Geometry]:
    """Return the arrays of a convolution's operands, and its geometry.

    Args:
        op: the operation that asks.
        axes: the axes of an image.
        input: the images, with a batch axis or without.
        weight: (out_channels, in_channels / groups, ...).
        bias: (out_channels,), or None.
        settings: stride, padding, dilation and groups, as the user gave them.

    Raises:
        TypeError, ValueError: if something does not fit.
    """
    x, w = unwrap(op, input), unwrap(op, weight)
    stride, padding, dilation, groups = settings
    geometry = forward_geometry(
        op,
        axes,
        x.shape,
        w.shape,
        lengths(op, "stride", stride, axes, 1),
        padding if isinstance(padding, str) else lengths(op, "padding", padding, axes, 0),
        lengths(op, "dilation", dilation, axes, 1),
        whole(op, "groups", groups),
    )
    b = None if bias is None else unwrap(op, bias)
    check_operands(op, x, w, b, geometry.groups * geometry.filters)
    return x, w, b, geometry


def transposed(
    op: Op, axes: int, input: Operand, weight: Operand, bias: Operand | None, settings: tuple[Any, ...]
) -> tuple[ndarray, ndarray, ndarray | None, Geometry]:
    """Return the arrays of a transposed convolution's operands, and the geometry of the convolution.

    Arguments as for ``convolved``, but the weight is (in_channels, out_channels / groups, ...), and the settings are
    stride, padding, output_padding, groups and dilation.
    """
    x, w = unwrap(op, input), unwrap(op, weight)
    stride, padding, output_padding, groups, dilation = settings
    geometry = transposed_geometry(
        op,
        axes,
        x.shape,
        w.shape,
        lengths(op, "stride", stride, axes, 1),
        lengths(op, "padding", padding, axes, 0),
        lengths(op, "output_padding", output_padding, axes, 0),
        lengths(op, "dilation", dilation, axes, 1),
        whole(op, "groups", groups),
    )
    b = None if bias is None else unwrap(op, bias)
    check_operands(op, x, w, b, geometry.groups * geometry.channels)
    return x, w, b, geometry


@lru_cache(maxsize=512)
def forward_geometry(
    op: Op,
    axes: int,
    input: Lengths,
    weight: Lengths,
    stride: Lengths,
    padding: Lengths | str,
    dilation: Lengths,
    groups: int,
) -> Geometry:
    """Return the geometry of a convolution of operands of these shapes, or raise where there is none."""
    came = f"input is {input}, weight {weight}, groups={groups}"
    check_axes(op, axes, input, weight, came)
    channels = weight[1]
    if groups < 1 or channels * groups != input[-axes - 1] or weight[0] % groups or weight[0] == 0:
        problem = (
            f"the input needs groups * {channels} channels (axis 1 of the weight), and the weight a positive multiple "
            f"of groups filters; {came}."
        )
        raise ValueError(message(op.__name__, problem, remedy_for_channels(axes, input, weight, groups)))
    image, kernel, before, result = input[-axes:], weight[2:], [], []
    for axis in range(axes):
        reach = dilation[axis] * (kernel[axis] - 1)
        total = padding_of(op, padding, axis, reach, stride)
        before.append(total // 2)
        result.append((image[axis] + total - reach - 1) // stride[axis] + 1)
        if kernel[axis] < 1 or result[axis] < 1:
            problem = (
                f"the kernel reaches over {reach + 1} elements of an axis that has {image[axis] + total} with its "
                f"padding; {came}."
            )
            raise ValueError(message(op.__name__, problem, RESULT + " Pad more, or take a smaller kernel."))
    pairs = as_two(image, 1), as_two(kernel, 1), as_two(tuple(result), 1), as_two(stride, 1)
    filters = weight[0] // groups
    return Geometry(axes, channels, filters, groups, *pairs, as_two(tuple(before), 0), as_two(dilation, 1))


def padding_of(op: Op, padding: Lengths | str, axis: int, reach: int, stride: Lengths) -> int:
    """Return the zeros before and after an axis together; of an odd number there is one more after it."""
    if not isinstance(padding, str):
        return 2 * padding[axis]
    if padding not in ("same", "valid"):
        remedy = "'valid' pads nothing, 'same' as much as keeps the lengths."
        raise ValueError(message(op.__name__, f"padding is integers, 'same' or 'valid', got {padding!r}.", remedy))
    if padding == "same" and max(stride) > 1:
        problem = f"padding='same' keeps the lengths, which stride={stride} does not."
        raise ValueError(message(op.__name__, problem, "Give the padding as integers: dilation * (kernel - 1) // 2."))
    return reach if padding == "same" else 0


@lru_cache(maxsize=512)
def transposed_geometry(
    op: Op,
    axes: int,
    input: Lengths,
    weight: Lengths,
    stride: Lengths,
    padding: Lengths,
    output_padding: Lengths,
    dilation: Lengths,
    groups: int,
) -> Geometry:
    """Return the geometry of the convolution that is transposed, or raise where there is none."""
    came = f"input is {input}, weight {weight}, groups={groups}"
    check_axes(op, axes, input, weight, came)
    if groups < 1 or weight[0] != input[-axes - 1] or weight[0] % groups or min(weight) == 0:
        problem = f"the input needs {weight[0]} channels, axis 0 of the weight, a positive multiple of groups; {came}."
        remedy = "The weight of a transposed convolution is (in_channels, out_channels // groups, ...)."
        raise ValueError(message(op.__name__, problem, remedy))
    image, kernel, result = [], weight[2:], input[-axes:]
    for axis in range(axes):
        if output_padding[axis] >= max(stride[axis], dilation[axis]):
            problem = f"output_padding={output_padding} must be below stride={stride} or dilation={dilation}."
            raise ValueError(message(op.__name__, problem, "It chooses among the lengths that the stride allows."))
        length = (result[axis] - 1) * stride[axis] - 2 * padding[axis] + dilation[axis] * (kernel[axis] - 1)
        image.append(length + output_padding[axis] + 1)
        if image[axis] < 1 or result[axis] < 1:
            problem = f"the result would have {image[axis]} elements along an axis; {came}, padding={padding}."
            raise ValueError(message(op.__name__, problem, TRANSPOSED + " Pad less."))
    pairs = as_two(tuple(image), 1), as_two(kernel, 1), as_two(result, 1), as_two(stride, 1)
    filters = weight[0] // groups
    return Geometry(axes, weight[1], filters, groups, *pairs, as_two(padding, 0), as_two(dilation, 1))


def check_axes(op: Op, axes: int, input: Lengths, weight: Lengths, came: str) -> None:
    """Raise unless the operands have as many axes as a convolution's."""
    if len(weight) != axes + 2 or len(input) not in (axes + 1, axes + 2):
        problem = f"images of {AXES[axes]}, or a batch of them, and a weight of {axes + 2} axes are needed; {came}."
        remedy = "A batch axis is added by input.unsqueeze(0), one of channels by input.unsqueeze(-3)."
        raise ValueError(message(op.__name__, problem, remedy if axes == 2 else remedy.replace("-3", "-2")))


def remedy_for_channels(axes: int, input: Lengths, weight: Lengths, groups: int) -> str:
    """Return the remedy for channels that do not fit, as specific as it can be."""
    if input[-1] == weight[1] * groups:
        order = (2, 0, 1) if axes == 2 else (1, 0)
        place = order if len(input) == axes + 1 else (0, *[each + 1 for each in order])
        return f"The channels seem to come last; they come first here: input.permute{place}."
    if groups > 1 and input[-axes - 1] % groups == 0:
        return f"In {groups} groups, each filter sees {input[-axes - 1] // groups} of the input's channels."
    return f"A weight for this input is (out_channels, {input[-axes - 1]}, ...)."


def check_operands(op: Op, x: ndarray, weight: ndarray, bias: ndarray | None, channels: int) -> None:
    """Raise unless a convolution's operands are of one floating dtype, and the bias has a number for each channel."""
    if bias is not None and bias.shape != (channels,):
        problem = f"the bias has a number for each of the {channels} channels of the result, got {describe(bias)}."
        raise ValueError(message(op.__name__, problem, f"Its shape is ({channels},)."))
    if x.dtype.kind != "f" or x.dtype != weight.dtype or (bias is not None and bias.dtype != x.dtype):
        came = "none" if bias is None else bias.dtype
        problem = f"one floating dtype is needed; input is {x.dtype}, weight {weight.dtype}, bias {came}."
        raise TypeError(message(op.__name__, problem, "Convert the input (x.float()) or the module (model.to(dtype))."))
