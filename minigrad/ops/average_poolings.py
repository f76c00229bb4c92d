"""The mean of each window of an image, and what is computed from such means."""

from __future__ import annotations

import math
from typing import Any

import minigrad_kernels
from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.operands import Op, Operand, Tensor, Value, flag, ndarray, unwrap, whole
from minigrad.ops.pooling_arguments import pooled, require_floats, shared_out
from minigrad.ops.shapes import reshape
from minigrad_kernels import Pooling


def avg_pool1d(
    input: Operand,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """Return the mean of each window.

    Args:
        input: (batch, channels, length), or without the batch.
        kernel_size: the elements of a window.
        stride: from window to window; None for ``kernel_size``.
        padding: zeros at both ends, at most half of ``kernel_size``.
        ceil_mode: whether a last window may reach beyond the padding.
        count_include_pad: whether the zeros of the padding count as elements.

    Returns:
        (batch, channels, result), where the result has ``(length + 2 * padding - kernel) // stride + 1`` elements.

    Raises:
        TypeError: if the input is not of floats, or a setting is no integer; ValueError: if the shapes do not fit.

    Examples:
        >>> import minigrad as mg
        >>> avg_pool1d(mg.tensor([[1.0, 3.0, 2.0, 2.0]]), 2)
        Tensor((1, 2) float32 | 2 2)
    """
    settings = (kernel_size, stride, padding, 1)
    counted = flag(avg_pool1d, "count_include_pad", count_include_pad)
    x, pooling = pooled(avg_pool1d, 1, input, settings, ceil_mode, counted)
    return averaged(avg_pool1d, x, pooling, (input, kernel_size, stride, padding, ceil_mode, count_include_pad))


def avg_pool2d(
    input: Operand,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """Return the mean of each window of rows and columns; as ``avg_pool1d``.

    Args:
        input: (batch, channels, rows, columns), or without the batch.
        kernel_size: an integer, or one for rows and one for columns, as the next two.
        stride: from window to window; None for ``kernel_size``.
        padding: zeros at each side, at most half of ``kernel_size``.
        ceil_mode: whether last windows may reach beyond the padding.
        count_include_pad: whether the zeros of the padding count as elements.
        divisor_override: what each sum is divided by instead of the number of elements.

    Returns:
        (batch, channels, rows, columns) of the result.

    Raises:
        TypeError: if the input is not of floats, or a setting is no integer; ValueError: if the shapes do not fit.
    """
    divisor = 0 if divisor_override is None else whole(avg_pool2d, "divisor_override", divisor_override)
    if divisor == 0 and divisor_override is not None:
        raise ValueError(message("avg_pool2d", "divisor_override must not be 0.", "None divides by the elements."))
    settings = (kernel_size, stride, padding, 1)
    counted = flag(avg_pool2d, "count_include_pad", count_include_pad)
    x, pooling = pooled(avg_pool2d, 2, input, settings, ceil_mode, counted, divisor)
    inputs = (input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
    return averaged(avg_pool2d, x, pooling, inputs)


def adaptive_avg_pool1d(input: Operand, output_size: Any) -> Tensor:
    """Return the means of ``output_size`` windows that share out the length: from i / size of it to (i + 1) / size.

    Where that is no whole number, a window begins before and ends after it, so that neighbours overlap.

    Args:
        input: (batch, channels, length), or without the batch.
        output_size: the length of the result.

    Returns:
        (batch, channels, output_size).

    Raises:
        TypeError: if the input is not of floats, or the size is no integer; ValueError: if the shapes do not fit.
    """
    x, pooling = shared_out(adaptive_avg_pool1d, 1, input, output_size)
    return averaged(adaptive_avg_pool1d, x, pooling, (input, output_size))


def adaptive_avg_pool2d(input: Operand, output_size: Any) -> Tensor:
    """Return the means of windows that share out rows and columns; as ``adaptive_avg_pool1d``.

    Args:
        input: (batch, channels, rows, columns), or without the batch.
        output_size: rows and columns of the result; an integer for both, None for as many as there are.
    """
    x, pooling = shared_out(adaptive_avg_pool2d, 2, input, output_size)
    return averaged(adaptive_avg_pool2d, x, pooling, (input, output_size))


def averaged(op: Op, x: ndarray, pooling: Pooling, inputs: tuple[Any, ...]) -> Tensor:
    """Return the means as the result of ``op``."""
    return record(op, avg_pool_vjp, minigrad_kernels.mean_pooling(x, pooling), inputs, (pooling,))


def avg_pool_vjp(grad_output: Value, pooling: Pooling) -> Value:
    """``grad_input = the sums of grad_output / elements of those windows that an element is in``."""
    return avg_pool_backward(grad_output, pooling)


def avg_pool_backward(grad: Operand, pooling: Pooling) -> Tensor:
    """Return images to which each element of ``grad``, over its window's divisor, is added in its window."""
    output = minigrad_kernels.mean_pooling_backward(unwrap(avg_pool_backward, grad), pooling)
    return record(avg_pool_backward, avg_pool_backward_vjp, output, (grad, pooling), (pooling,))


def avg_pool_backward_vjp(grad_output: Value, pooling: Pooling) -> Value:
    """``grad_grad = the means of grad_output``."""
    return window_means(grad_output, pooling)


def window_means(x: Operand, pooling: Pooling) -> Tensor:
    """Return the means of the windows of a pooling."""
    return averaged(window_means, unwrap(window_means, x), pooling, (x, pooling))


def local_response_norm(input: Operand, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """Return ``input / (k + alpha * mean) ** beta``, with the mean of the squares over ``size`` neighbouring channels.

    Args:
        input: (batch, channels, ...), at least three axes.
        size: how many channels there are around each, itself included; beyond the first and the last there are zeros.
        alpha: weighs the mean.
        beta: the exponent.
        k: added to the mean.

    Returns:
        The input's shape.

    Raises:
        TypeError: if the input is not of floats; ValueError: if it has fewer axes, or ``size`` is below 1.
    """
    x, size = unwrap(local_response_norm, input), whole(local_response_norm, "size", size)
    if x.ndim < 3 or size < 1:
        problem = f"at least (batch, channels, length) and a positive size are needed, got {describe(input)}, {size}."
        raise ValueError(message("local_response_norm", problem, "A batch axis is added by input.unsqueeze(0)."))
    require_floats(local_response_norm, input, x)
    if x.size == 0:
        return input  # type: ignore[return-value]
    plane = (x.shape[1], math.prod(x.shape[2:]))
    pooling = Pooling(2, plane, plane, (size, 1), before=(size // 2, 0), divisor=size)
    means = reshape(window_means(reshape(input * input, (x.shape[0], *plane)), pooling), x.shape)
    return input / (means * alpha + k) ** beta  # type: ignore[return-value]
