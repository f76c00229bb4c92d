"""Normalisation of each channel of each sample."""

from __future__ import annotations

import math

from minigrad.graph import record
from minigrad.modes import no_grad
from minigrad.ops.batch_norms import (
    check_statistics,
    checked_momentum,
    normalise_by,
    of_channels,
    refuse_missing_statistics,
    refuse_single_number,
    update_statistics,
)
from minigrad.ops.floats import checked_floats
from minigrad.ops.operands import Operand, Tensor, Value, flag, needs_grad, unwrap
from minigrad.ops.reductions import mean
from minigrad.ops.shapes import flatten
from minigrad.ops.standardising import Grouping, checked_eps, normalise_backward, standardised
from minigrad.ops.variances import var
from minigrad.writes import refuse_write


def instance_norm(
    input: Operand,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Operand | None = None,
    bias: Operand | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Return ``(x - mean) / sqrt(variance + eps) * weight + bias`` with the statistics of each channel of each sample.

    Arguments as for ``batch_norm``, but that ``use_input_stats`` stands for ``training`` and is the default: running
    statistics are written with the mean over the samples of their channels' statistics.

    Returns:
        The input's shape.

    Raises:
        ValueError: if the shapes do not fit, a channel has a single number, or running statistics are missing where
            they are needed; TypeError: if the dtypes differ or are not floating.

    Source: Ulyanov, Vedaldi and Lempitsky, "Instance normalization: the missing ingredient for fast stylization", 2016.
    """
    x_data = checked_floats(instance_norm, input)
    check_statistics(instance_norm, input, x_data, running_mean, running_var, weight, bias)
    eps = checked_eps(instance_norm, eps)
    if not flag(instance_norm, "use_input_stats", use_input_stats):
        if running_mean is None or running_var is None:
            refuse_missing_statistics("instance_norm", "use_input_stats=True")
        return normalise_by(input, running_mean, running_var, weight, bias, eps)
    momentum = checked_momentum(instance_norm, momentum)
    if math.prod(x_data.shape[2:]) == 1:
        refuse_single_number("instance_norm", input, "an input of (N, C, L) or (N, C, H, W)")
    if running_mean is not None and running_var is not None:
        refuse_write("instance_norm", running_mean)
        refuse_write("instance_norm", running_var)
        if x_data.size > 0:
            with no_grad():
                numbers = flatten(input, 2) if x_data.ndim > 3 else input
                update_statistics(running_mean, running_var, mean(numbers, (0, 2)), mean(var(numbers, 2), 0), momentum)
    return normalise_instances(input, weight, bias, eps)


def normalise_instances(input: Operand, weight: Operand | None, bias: Operand | None, eps: float) -> Tensor:
    """Return each channel of each sample brought to mean 0 and variance 1; arguments as for ``normalise_channels``."""
    x_data = unwrap(normalise_instances, input)
    w_data = None if weight is None else unwrap(normalise_instances, weight)
    b_data = None if bias is None else unwrap(normalise_instances, bias)
    grouping = of_channels(x_data, "rows", eps)
    output, center, inverse = standardised(x_data, w_data, b_data, grouping)
    saved = (x_data, w_data, center, inverse, grouping, needs_grad(weight), needs_grad(bias))
    return record(normalise_instances, normalise_instances_vjp, output, (input, weight, bias, eps), saved)


def normalise_instances_vjp(
    grad_output: Value,
    input: Value,
    weight: Value,
    center: Value,
    inverse: Value,
    grouping: Grouping,
    for_weight: bool,
    for_bias: bool,
) -> tuple[Value, Value, Value]:
    """``grad_input = r * (h - <h> - x̂ * <h * x̂>)``, as in ``normalise_channels_vjp``; <h> of each channel.

    And ``grad_weight = sum(grad_output * x̂); grad_bias = sum(grad_output)``.
    """
    return normalise_backward(grad_output, input, weight, center, inverse, grouping, for_weight, for_bias)
