"""Convolutions of images and of sequences, and all their gradients in one pass."""

from __future__ import annotations

from typing import Any

import minigrad_kernels
from minigrad.graph import record
from minigrad.ops.broadcasting import broadcast_to
from minigrad.ops.convolution_arguments import convolved
from minigrad.ops.operands import Operand, Tensor, Value, needs_grad, unwrap
from minigrad.ops.shapes import reshape
from minigrad_kernels import Geometry


def conv1d(
    input: Operand,
    weight: Operand,
    bias: Operand | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Return ``output[n, f, i] = bias[f] + sum(weight[f, c, k] * input[n, c, stride * i + dilation * k - padding])``.

    The sum is over c and k; outside the input there are zeros. (Nothing is turned round: PyTorch's convolution is what
    others call a cross-correlation.)

    Args:
        input: (batch, in_channels, length), or without the batch.
        weight: (out_channels, in_channels // groups, kernel).
        bias: (out_channels,), or None.
        stride: from position to position.
        padding: zeros before and after the input; ``"same"`` for as many as keep its length, ``"valid"`` for none.
        dilation: from tap to tap of the kernel.
        groups: how many parts the channels are divided into, each with its share of the filters.

    Returns:
        (batch, out_channels, result), where the result has ``(length + 2 * padding - dilation * (kernel - 1) - 1) //
        stride + 1`` elements.

    Raises:
        TypeError: if the operands are not of one floating dtype, or a setting is no integer.
        ValueError: if the shapes do not fit, or the result would be empty.

    Examples:
        >>> import minigrad as mg
        >>> conv1d(mg.tensor([[1.0, 2.0, 4.0, 8.0]]), mg.tensor([[[-1.0, 1.0]]]))
        Tensor((1, 3) float32 | 1 2 4)
    """
    x, w, b, geometry = convolved(conv1d, 1, input, weight, bias, (stride, padding, dilation, groups))
    output = minigrad_kernels.convolution(x, w, b, geometry)
    saved = (x if needs_grad(weight) else None, w if needs_grad(input) else None, needs_grad(bias), geometry)
    return record(conv1d, conv1d_vjp, output, (input, weight, bias, stride, padding, dilation, groups), saved)


def conv1d_vjp(
    grad_output: Value, input: Value, weight: Value, for_bias: bool, geometry: Geometry
) -> tuple[Value, Value, Value]:
    """``grad_input[n, c, stride * i + dilation * k - padding] += weight[f, c, k] * grad_output[n, f, i]``; more below.

    ``grad_weight[f, c, k] = sum over n, i of grad_output * input, both as above; grad_bias = sum of grad_output``.
    """
    return convolution_backward(grad_output, input, weight, geometry, for_bias)


def conv2d(
    input: Operand,
    weight: Operand,
    bias: Operand | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Return what ``conv1d`` does, along rows and columns.

    Args:
        input: (batch, in_channels, rows, columns), or without the batch.
        weight: (out_channels, in_channels // groups, kernel rows, kernel columns).
        bias: (out_channels,), or None.
        stride: from position to position; an integer, or one for the rows and one for the columns, as the next two.
        padding: zeros around the input; ``"same"`` for as many as keep its lengths, ``"valid"`` for none.
        dilation: from tap to tap of the kernel.
        groups: how many parts the channels are divided into, each with its share of the filters.

    Returns:
        (batch, out_channels, rows, columns) of the result.

    Raises:
        TypeError: if the operands are not of one floating dtype, or a setting is no integer.
        ValueError: if the shapes do not fit, or the result would be empty.

    Examples:
        >>> import minigrad as mg
        >>> image = mg.tensor([[[1.0, 2.0, 0.0], [0.0, 1.0, 0.0], [3.0, 0.0, 1.0]]])
        >>> conv2d(image, mg.ones(1, 1, 2, 2))
        Tensor((1, 2, 2) float32 | 4 3 4 2)
    """
    x, w, b, geometry = convolved(conv2d, 2, input, weight, bias, (stride, padding, dilation, groups))
    output = minigrad_kernels.convolution(x, w, b, geometry)
    saved = (x if needs_grad(weight) else None, w if needs_grad(input) else None, needs_grad(bias), geometry)
    return record(conv2d, conv2d_vjp, output, (input, weight, bias, stride, padding, dilation, groups), saved)


def conv2d_vjp(
    grad_output: Value, input: Value, weight: Value, for_bias: bool, geometry: Geometry
) -> tuple[Value, Value, Value]:
    """As ``conv1d_vjp``, along rows and columns: i, k, stride, dilation and padding are pairs.

    ``grad_input[n, c, stride * i + dilation * k - padding] += weight[f, c, k] * grad_output[n, f, i]``;
    ``grad_weight[f, c, k] = sum over n, i of grad_output * input, both as above; grad_bias = sum of grad_output``.
    """
    return convolution_backward(grad_output, input, weight, geometry, for_bias)


def convolution_backward(
    grad: Operand, x: Any, weight: Any, geometry: Geometry, for_bias: bool
) -> tuple[Value, Value, Value]:
    """Return the gradients of a convolution.

    Args:
        grad: the gradient of its result.
        x: its input; None where the weight's gradient is not wanted.
        weight: None where the input's gradient is not wanted.
        geometry: its lengths and settings.
        for_bias: whether the bias's gradient is wanted.

    Returns:
        The gradients of the input, the weight and the bias, None for what is not wanted.
    """
    g_data = unwrap(convolution_backward, grad)
    x_data = None if x is None else unwrap(convolution_backward, x)
    w_data = None if weight is None else unwrap(convolution_backward, weight)
    grad_x = grad_weight = grad_bias = None
    if w_data is not None:
        grad_x = minigrad_kernels.transposed_convolution(g_data, w_data, None, geometry)
    if x_data is not None:
        grad_weight, grad_bias = minigrad_kernels.weight_gradient(x_data, g_data, geometry, for_bias)
    elif for_bias:
        over = (0, 2, 3)[: geometry.axes + 1] if g_data.ndim == geometry.axes + 2 else (1, 2)[: geometry.axes]
        grad_bias = minigrad_kernels.sum_axes(g_data, over)
    outputs = (grad_x, grad_weight, grad_bias)
    inputs = (grad, x, weight, geometry, for_bias)
    return record(convolution_backward, convolution_backward_vjp, outputs, inputs, (g_data, x_data, w_data, geometry))


def convolution_backward_vjp(
    grad_outputs: tuple[Value, Value, Value], grad: Value, x: Value, weight: Value, geometry: Geometry
) -> tuple[Value, Value, Value]:
    """``grad_grad = convolution(for_x, weight) + convolution(x, for_weight) + for_bias``, and the factors likewise.

    The three gradients are linear in ``grad``; ``for_x`` is the gradient of the first.
    """
    for_x, for_weight, for_bias = grad_outputs
    grad_grad = grad_x = grad_weight = None
    if for_x is not None:
        grad_grad = convolution(for_x, weight, geometry)
        grad_weight = convolution_backward(grad, for_x, None, geometry, False)[1]
    if for_weight is not None:
        term = convolution(x, for_weight, geometry)
        grad_grad = term if grad_grad is None else grad_grad + term
        grad_x = convolution_backward(grad, None, for_weight, geometry, False)[0]
    if for_bias is not None:
        term = reshape(for_bias, (for_bias.shape[0],) + (1,) * geometry.axes)
        grad_grad = broadcast_to(term, grad.shape) if grad_grad is None else grad_grad + term
    return grad_grad, grad_x, grad_weight


def convolution(x: Operand, weight: Operand, geometry: Geometry) -> Tensor:
    """Return the convolution of a geometry, without a bias: what the gradients of its gradients are made of."""
    x_data, w_data = unwrap(convolution, x), unwrap(convolution, weight)
    output = minigrad_kernels.convolution(x_data, w_data, None, geometry)
    saved = (x_data if needs_grad(weight) else None, w_data if needs_grad(x) else None, geometry)
    return record(convolution, convolution_vjp, output, (x, weight, geometry), saved)


def convolution_vjp(grad_output: Value, x: Value, weight: Value, geometry: Geometry) -> tuple[Value, Value, Value]:
    """As ``conv1d_vjp``."""
    return convolution_backward(grad_output, x, weight, geometry, False)
