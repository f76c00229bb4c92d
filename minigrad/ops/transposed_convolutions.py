"""Transposed convolutions, which compute what a convolution's backward pass does to a gradient."""

from __future__ import annotations

from typing import Any

import minigrad_kernels
from minigrad.graph import record
from minigrad.ops.convolution_arguments import transposed
from minigrad.ops.convolutions import convolution, convolution_backward
from minigrad.ops.operands import Operand, Tensor, Value, needs_grad
from minigrad.ops.reductions import sum
from minigrad_kernels import Geometry


def conv_transpose1d(
    input: Operand,
    weight: Operand,
    bias: Operand | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """Return the sums of ``weight[c, f, k] * input[n, c, i]`` at ``stride * i + dilation * k - padding``, and the bias.

    Args:
        input: (batch, in_channels, length), or without the batch.
        weight: (in_channels, out_channels // groups, kernel).
        bias: (out_channels,), or None.
        stride: from where an element is added to where the next one is.
        padding: how many elements are left away at both ends.
        output_padding: how many come after the end that no element reaches: of several lengths, a stride makes one.
        groups: how many parts the channels are divided into.
        dilation: from tap to tap of the kernel.

    Returns:
        (batch, out_channels, result), where the result has ``(length - 1) * stride - 2 * padding + dilation * (kernel -
        1) + output_padding + 1`` elements.

    Raises:
        TypeError: if the operands are not of one floating dtype, or a setting is no integer.
        ValueError: if the shapes do not fit, or the result would be empty.

    Examples:
        >>> import minigrad as mg
        >>> conv_transpose1d(mg.tensor([[1.0, 2.0]]), mg.tensor([[[1.0, 1.0, 0.5]]]), stride=2)
        Tensor((1, 5) float32 | 1 1 2.5 2 1)
    """
    settings = (stride, padding, output_padding, groups, dilation)
    x, w, b, geometry = transposed(conv_transpose1d, 1, input, weight, bias, settings)
    output = minigrad_kernels.transposed_convolution(x, w, b, geometry)
    saved = (x if needs_grad(weight) else None, w if needs_grad(input) else None, needs_grad(bias), geometry)
    return record(conv_transpose1d, conv_transpose1d_vjp, output, (input, weight, bias, *settings), saved)


def conv_transpose1d_vjp(
    grad_output: Value, input: Value, weight: Value, for_bias: bool, geometry: Geometry
) -> tuple[Value, Value, Value]:
    """``grad_input = convolution(grad_output, weight)``, and the weight's gradient has input and gradient exchanged.

    ``grad_weight = that of a convolution of grad_output that gave input; grad_bias = sum of grad_output``.
    """
    grad_input = None if weight is None else convolution(grad_output, weight, geometry)
    grad_weight = None if input is None else convolution_backward(input, grad_output, None, geometry, False)[1]
    grad_bias = sum(grad_output, (0, 2) if grad_output.ndim == 3 else 1) if for_bias else None
    return grad_input, grad_weight, grad_bias


def conv_transpose2d(
    input: Operand,
    weight: Operand,
    bias: Operand | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """Return what ``conv_transpose1d`` does, along rows and columns.

    Args:
        input: (batch, in_channels, rows, columns), or without the batch.
        weight: (in_channels, out_channels // groups, kernel rows, kernel columns).
        bias: (out_channels,), or None.
        stride: an integer, or one for the rows and one for the columns, as the next two and ``dilation``.
        padding: how many rows and columns are left away at each side.
        output_padding: how many come after the end.
        groups: how many parts the channels are divided into.
        dilation: from tap to tap of the kernel.

    Returns:
        (batch, out_channels, rows, columns) of the result.

    Raises:
        TypeError: if the operands are not of one floating dtype, or a setting is no integer.
        ValueError: if the shapes do not fit, or the result would be empty.
    """
    settings = (stride, padding, output_padding, groups, dilation)
    x, w, b, geometry = transposed(conv_transpose2d, 2, input, weight, bias, settings)
    output = minigrad_kernels.transposed_convolution(x, w, b, geometry)
    saved = (x if needs_grad(weight) else None, w if needs_grad(input) else None, needs_grad(bias), geometry)
    return record(conv_transpose2d, conv_transpose2d_vjp, output, (input, weight, bias, *settings), saved)


def conv_transpose2d_vjp(
    grad_output: Value, input: Value, weight: Value, for_bias: bool, geometry: Geometry
) -> tuple[Value, Value, Value]:
    """As ``conv_transpose1d_vjp``, along rows and columns.

    ``grad_input = convolution(grad_output, weight)``;
    ``grad_weight = that of a convolution of grad_output that gave input; grad_bias = sum of grad_output``.
    """
    grad_input = None if weight is None else convolution(grad_output, weight, geometry)
    grad_weight = None if input is None else convolution_backward(input, grad_output, None, geometry, False)[1]
    grad_bias = sum(grad_output, (0, 2, 3) if grad_output.ndim == 4 else (1, 2)) if for_bias else None
    return grad_input, grad_weight, grad_bias
