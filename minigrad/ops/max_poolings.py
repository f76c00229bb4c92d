"""The largest element of each window of an image."""

from __future__ import annotations

from typing import Any

import minigrad_kernels
from minigrad.graph import record
from minigrad.ops.operands import Op, Operand, Tensor, Value, flag, ndarray, unwrap
from minigrad.ops.pooling_arguments import pooled, shared_out
from minigrad_kernels import Pooling


def max_pool1d(
    input: Operand,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Return the largest element of each window.

    Args:
        input: (batch, channels, length), or without the batch.
        kernel_size: the elements of a window.
        stride: from window to window; None for ``kernel_size``.
        padding: at both ends, at most half of ``kernel_size``; what is there is never the largest.
        dilation: from element to element of a window.
        ceil_mode: whether a last window may reach beyond the padding.
        return_indices: whether to return as well where the elements are.

    Returns:
        (batch, channels, result), where the result has ``(length + 2 * padding - dilation * (kernel - 1) - 1) // stride
        + 1`` elements; or a tuple of that and int64 indices along the length. NaN counts as the largest, and the last
        one as the one; of equal elements the first gets the gradient. A window that a dilation leaves without elements
        gives -inf, and the index -1.

    Raises:
        TypeError: if the input is not of floats, or a setting is no integer; ValueError: if the shapes do not fit.

    Examples:
        >>> import minigrad as mg
        >>> max_pool1d(mg.tensor([[1.0, 3.0, 2.0, 2.0]]), 2)
        Tensor((1, 2) float32 | 3 2)
    """
    x, pooling = pooled(max_pool1d, 1, input, (kernel_size, stride, padding, dilation), ceil_mode)
    inputs = (input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)
    return largest(max_pool1d, x, pooling, inputs, return_indices)


def max_pool2d(
    input: Operand,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Return the largest element of each window of rows and columns; NaN and gradients as for ``max_pool1d``.

    Args:
        input: (batch, channels, rows, columns), or without the batch.
        kernel_size: an integer, or one for rows and one for columns, as the next three.
        stride: from window to window; None for ``kernel_size``.
        padding: at each side, at most half of ``kernel_size``.
        dilation: from element to element of a window.
        ceil_mode: whether last windows may reach beyond the padding.
        return_indices: whether to return as well where the elements are: ``row * columns + column``.

    Returns:
        (batch, channels, rows, columns) of the result, or a tuple of that and the indices.

    Raises:
        TypeError: if the input is not of floats, or a setting is no integer; ValueError: if the shapes do not fit.
    """
    x, pooling = pooled(max_pool2d, 2, input, (kernel_size, stride, padding, dilation), ceil_mode)
    inputs = (input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)
    return largest(max_pool2d, x, pooling, inputs, return_indices)


def adaptive_max_pool1d(input: Operand, output_size: Any, return_indices: bool = False) -> Any:
    """Return the largest elements of ``output_size`` windows that share out the length, as ``adaptive_avg_pool1d``.

    Arguments, result and gradient else as for ``max_pool1d``.
    """
    x, pooling = shared_out(adaptive_max_pool1d, 1, input, output_size)
    return largest(adaptive_max_pool1d, x, pooling, (input, output_size, return_indices), return_indices)


def adaptive_max_pool2d(input: Operand, output_size: Any, return_indices: bool = False) -> Any:
    """Return the largest elements of windows that share out rows and columns, as ``adaptive_avg_pool2d``.

    Arguments, result and gradient else as for ``max_pool2d``.
    """
    x, pooling = shared_out(adaptive_max_pool2d, 2, input, output_size)
    return largest(adaptive_max_pool2d, x, pooling, (input, output_size, return_indices), return_indices)


def largest(op: Op, x: ndarray, pooling: Pooling, inputs: tuple[Any, ...], with_indices: bool) -> Any:
    """Return the largest elements, with their indices if wanted, as the result of ``op``."""
    output, places = minigrad_kernels.max_pooling(x, pooling)
    if flag(op, "return_indices", with_indices):
        return record(op, max_pool_with_indices_vjp, (output, places), inputs, (places, pooling))
    return record(op, max_pool_vjp, output, inputs, (places, pooling))


def max_pool_vjp(grad_output: Value, places: Value, pooling: Pooling) -> Value:
    """``grad_input = zeros with grad_output added where the largest elements were``."""
    return max_pool_backward(grad_output, places, pooling)


def max_pool_with_indices_vjp(grad_outputs: tuple[Value, ...], places: Value, pooling: Pooling) -> Value:
    """As ``max_pool_vjp``; the indices have no gradient.

    ``grad_input = zeros with grad_outputs[0] added where the largest elements were``.
    """
    return max_pool_backward(grad_outputs[0], places, pooling)


def max_pool_backward(grad: Operand, places: Operand, pooling: Pooling) -> Tensor:
    """Return images of zeros with ``grad`` added at its places."""
    g_data, places_data = unwrap(max_pool_backward, grad), unwrap(max_pool_backward, places)
    output = minigrad_kernels.max_pooling_backward(g_data, places_data, pooling)
    return record(max_pool_backward, max_pool_backward_vjp, output, (grad, places, pooling), (places_data, pooling))


def max_pool_backward_vjp(grad_output: Value, places: Value, pooling: Pooling) -> Value:
    """``grad_grad = grad_output at the places``."""
    return taken_at_places(grad_output, places, pooling)


def taken_at_places(x: Operand, places: Operand, pooling: Pooling) -> Tensor:
    """Return the elements of images that lie at the places; their gradients go there, as those of a pooling do."""
    x_data, places_data = unwrap(taken_at_places, x), unwrap(taken_at_places, places)
    output = minigrad_kernels.taken_at_places(x_data, places_data, pooling)
    return record(taken_at_places, max_pool_vjp, output, (x, places, pooling), (places_data, pooling))
