"""Normalisation within each sample: over its last axes, or over groups of its channels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.floats import checked_floats
from minigrad.ops.operands import Op, Operand, Tensor, Value, ndarray, needs_grad, sizes, whole
from minigrad.ops.standardising import (
    Grouping,
    checked_eps,
    checked_parameter,
    normalise_backward,
    standardised,
)


def layer_norm(
    input: Operand,
    normalized_shape: Any,
    weight: Operand | None = None,
    bias: Operand | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Return ``(x - mean) / sqrt(variance + eps) * weight + bias`` with the statistics of each sample's last axes.

    Args:
        input: (..., then the axes of normalized_shape), floating.
        normalized_shape: the lengths of the axes that are normalised together.
        weight: of ``normalized_shape``; None for 1.
        bias: likewise; None for 0.
        eps: added to the variance, so that the gradient at equal numbers is 0; with ``eps=0`` it is NaN.

    Returns:
        The input's shape.

    Raises:
        ValueError: if the shapes do not fit; TypeError: if the dtypes differ or are not floating.

    Examples:
        >>> import minigrad as mg
        >>> layer_norm(mg.tensor([[1.0, 3.0], [0.0, 8.0]]), (2,), eps=0.0)
        Tensor((2, 2) float32 | -1 1 -1 1)

    Source: Ba, Kiros and Hinton, "Layer normalization", 2016.
    """
    x_data = checked_floats(layer_norm, input)
    shape = last_axes(layer_norm, input, x_data, normalized_shape)
    w_data = checked_parameter(layer_norm, "weight", weight, x_data, shape)
    b_data = checked_parameter(layer_norm, "bias", bias, x_data, shape)
    grouping = rows_of(x_data, shape, "rows", checked_eps(layer_norm, eps))
    output, mean, inverse = standardised(x_data, w_data, b_data, grouping)
    saved = (x_data, w_data, mean, inverse, grouping, needs_grad(weight), needs_grad(bias))
    return record(layer_norm, layer_norm_vjp, output, (input, normalized_shape, weight, bias, eps), saved)


def layer_norm_vjp(
    grad_output: Value,
    input: Value,
    weight: Value,
    mean: Value,
    inverse: Value,
    grouping: Grouping,
    for_weight: bool,
    for_bias: bool,
) -> tuple[Value, ...]:
    """``grad_input = r * (h - <h> - x̂ * <h * x̂>)`` with ``h = grad_output * weight``.

    And ``grad_weight = sum(grad_output * x̂); grad_bias = sum(grad_output)``. <h> is the mean over a sample.
    """
    grad_input, grad_weight, grad_bias = normalise_backward(
        grad_output, input, weight, mean, inverse, grouping, for_weight, for_bias
    )
    return grad_input, None, grad_weight, grad_bias


def rms_norm(input: Operand, normalized_shape: Any, weight: Operand | None = None, eps: float | None = None) -> Tensor:
    """Return ``x / sqrt(mean(x**2) + eps) * weight`` with the mean over each sample's last axes.

    Args:
        input: (..., then the axes of normalized_shape), floating.
        normalized_shape: the lengths of the axes that are normalised together.
        weight: of ``normalized_shape``; None for 1.
        eps: added to the mean square; None for the dtype's machine epsilon. The gradient at zeros is
            ``weight / sqrt(eps)``.

    Returns:
        The input's shape.

    Raises:
        ValueError: if the shapes do not fit; TypeError: if the dtypes differ or are not floating.

    Examples:
        >>> import minigrad as mg
        >>> rms_norm(mg.tensor([[1.0, 7.0]]), (2,), eps=0.0)
        Tensor((1, 2) float32 | 0.2 1.4)

    Source: Zhang and Sennrich, "Root mean square layer normalization", NeurIPS 2019.
    """
    x_data = checked_floats(rms_norm, input)
    shape = last_axes(rms_norm, input, x_data, normalized_shape)
    w_data = checked_parameter(rms_norm, "weight", weight, x_data, shape)
    smallest = float(np.finfo(x_data.dtype).eps) if eps is None else checked_eps(rms_norm, eps)
    grouping = rows_of(x_data, shape, "squares", smallest)
    output, mean, inverse = standardised(x_data, w_data, None, grouping)
    saved = (x_data, w_data, mean, inverse, grouping, needs_grad(weight))
    return record(rms_norm, rms_norm_vjp, output, (input, normalized_shape, weight, eps), saved)


def rms_norm_vjp(
    grad_output: Value,
    input: Value,
    weight: Value,
    mean: Value,
    inverse: Value,
    grouping: Grouping,
    for_weight: bool,
) -> tuple[Value, ...]:
    """``grad_input = r * (h - x̂ * <h * x̂>)`` with ``h = grad_output * weight; grad_weight = sum(grad_output * x̂)``."""
    grad_input, grad_weight, _ = normalise_backward(
        grad_output, input, weight, mean, inverse, grouping, for_weight, False
    )
    return grad_input, None, grad_weight


def group_norm(
    input: Operand, num_groups: int, weight: Operand | None = None, bias: Operand | None = None, eps: float = 1e-5
) -> Tensor:
    """Return ``(x - mean) / sqrt(variance + eps) * weight + bias`` with the statistics of groups of channels.

    Args:
        input: (N, C, ...), floating.
        num_groups: into how many groups of neighbours the C channels are divided.
        weight: (C,); None for 1.
        bias: (C,); None for 0.
        eps: added to the variance, so that the gradient at equal numbers is 0; with ``eps=0`` it is NaN.

    Returns:
        The input's shape.

    Raises:
        ValueError: if the shapes do not fit; TypeError: if the dtypes differ or are not floating.

    Source: Wu and He, "Group normalization", ECCV 2018.
    """
    x_data = checked_floats(group_norm, input)
    num_groups = whole(group_norm, "num_groups", num_groups)
    channels = channels_of(group_norm, input, x_data)
    if num_groups < 1 or channels % num_groups:
        raise ValueError(
            message(
                "group_norm",
                f"the channels must divide into num_groups, got {num_groups} groups and {describe(input)}.",
                f"num_groups is a divisor of {channels}, the length of axis 1.",
            )
        )
    w_data = checked_parameter(group_norm, "weight", weight, x_data, (channels,))
    b_data = checked_parameter(group_norm, "bias", bias, x_data, (channels,))
    inner = math.prod(x_data.shape[2:])
    if x_data.shape[0] * inner * (channels // num_groups) == 1:
        raise ValueError(
            message(
                "group_norm",
                f"a group of a single number is 0 whatever it was; the input is {describe(input)}.",
                "Use fewer groups.",
            )
        )
    shape = (x_data.shape[0], num_groups, channels // num_groups, inner)
    grouping = Grouping(shape, "rows", (channels,), checked_eps(group_norm, eps))
    output, mean, inverse = standardised(x_data, w_data, b_data, grouping)
    saved = (x_data, w_data, mean, inverse, grouping, needs_grad(weight), needs_grad(bias))
    return record(group_norm, group_norm_vjp, output, (input, num_groups, weight, bias, eps), saved)


def group_norm_vjp(
    grad_output: Value,
    input: Value,
    weight: Value,
    mean: Value,
    inverse: Value,
    grouping: Grouping,
    for_weight: bool,
    for_bias: bool,
) -> tuple[Value, ...]:
    """``grad_input = r * (h - <h> - x̂ * <h * x̂>)``, as in ``layer_norm_vjp``; <h> is the mean over a group.

    And ``grad_weight = sum(grad_output * x̂); grad_bias = sum(grad_output)``.
    """
    grad_input, grad_weight, grad_bias = normalise_backward(
        grad_output, input, weight, mean, inverse, grouping, for_weight, for_bias
    )
    return grad_input, None, grad_weight, grad_bias


def rows_of(x: ndarray, shape: tuple[int, ...], kind: str, eps: float) -> Grouping:
    """Return the grouping of samples along their last axes, each number with a weight of its own."""
    outer = math.prod(x.shape[: x.ndim - len(shape)])
    return Grouping((outer, 1, math.prod(shape), 1), kind, shape, eps)


def last_axes(op: Op, input: Any, x: ndarray, normalized_shape: Any) -> tuple[int, ...]:
    """Return the lengths of the axes that are normalised together.

    Raises:
        ValueError: if the input does not end with them.
    """
    shape = sizes(op, (normalized_shape,))
    if len(shape) == 0 or x.shape[-len(shape) :] != shape:
        raise ValueError(
            message(
                op.__name__,
                f"the input must end with the axes of normalized_shape={shape}, got {describe(input)}.",
                f"For the last axis alone it is ({x.shape[-1] if x.ndim else 1},).",
            )
        )
    return shape


def channels_of(op: Op, input: Any, x: ndarray) -> int:
    """Return the length of the axis of channels, 1.

    Raises:
        ValueError: if there is none.
    """
    if x.ndim < 2:
        raise ValueError(
            message(
                op.__name__,
                f"an input of shape (N, C, ...) is needed, got {describe(input)}.",
                "x.unsqueeze(0) adds the axis of samples.",
            )
        )
    return x.shape[1]
