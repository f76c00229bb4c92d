"""Normalisation of each channel over the samples of a batch, with running statistics."""

from __future__ import annotations

import math
from sys import _getframe
from typing import Any, NoReturn

import minigrad_kernels
from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.modes import is_grad_enabled
from minigrad.ops.floats import checked_floats
from minigrad.ops.layer_norms import channels_of
from minigrad.ops.operands import Op, Operand, Tensor, Value, flag, ndarray, needs_grad, real, unwrap
from minigrad.ops.overwriting import is_written_at_once, stamp_now
from minigrad.ops.standardising import (
    Grouping,
    checked_eps,
    checked_parameter,
    normalise_backward,
)
from minigrad.writes import refuse_write


def batch_norm(
    input: Operand,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Operand | None = None,
    bias: Operand | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Return ``(x - mean) / sqrt(variance + eps) * weight + bias`` with the statistics of each channel.

    Args:
        input: (N, C, ...), floating.
        running_mean: (C,), or None. While training it is written in place, ``(1 - momentum) * old + momentum * mean``;
            otherwise it is what is subtracted.
        running_var: (C,), or None; likewise, with the unbiased variance.
        weight: (C,); None for 1.
        bias: (C,); None for 0.
        training: whether the statistics are those of the input.
        momentum: the share of the new statistics.
        eps: added to the variance, so that the gradient at equal numbers is 0; with ``eps=0`` it is NaN.

    Returns:
        The input's shape.

    Raises:
        ValueError: if the shapes do not fit, a channel has a single number while training, or running statistics are
            missing otherwise; TypeError: if the dtypes differ or are not floating.
        RuntimeError: if the running statistics cannot be written to.

    Examples:
        >>> import minigrad as mg
        >>> mean, variance = mg.zeros(1), mg.ones(1)
        >>> batch_norm(mg.tensor([[1.0], [3.0]]), mean, variance, training=True, eps=0.0)
        Tensor((2, 1) float32 | -1 1)
        >>> mean, variance
        (Tensor((1,) float32 | 0.2), Tensor((1,) float32 | 1.1))

    Source: Ioffe and Szegedy, "Batch normalization: accelerating deep network training by reducing internal covariate
    shift", ICML 2015.
    """
    x_data = checked_floats(batch_norm, input)
    check_statistics(batch_norm, input, x_data, running_mean, running_var, weight, bias)
    eps = checked_eps(batch_norm, eps)
    if not flag(batch_norm, "training", training):
        if running_mean is None or running_var is None:
            refuse_missing_statistics("batch_norm", "training=True")
        return normalise_by(input, running_mean, running_var, weight, bias, eps)
    momentum = checked_momentum(batch_norm, momentum)
    count = x_data.size // max(x_data.shape[1], 1)
    if count == 1:
        refuse_single_number("batch_norm", input, "a batch of several samples, or training=False")
    if running_mean is not None and not (is_written_at_once(running_mean) and is_written_at_once(running_var)):
        refuse_write("batch_norm", running_mean)
        refuse_write("batch_norm", running_var)
    output, center, variance = normalise_channels(input, weight, bias, eps)
    if running_mean is not None and running_var is not None and count > 0:
        update_statistics(running_mean, running_var, center, variance, momentum)
    return output


def normalise_channels(
    input: Operand, weight: Operand | None, bias: Operand | None, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Return each channel of ``input`` brought to mean 0 and variance 1, times weight plus bias; and its statistics.

    Args:
        input: (N, C, ...).
        weight: (C,), or None for 1.
        bias: (C,), or None for 0.
        eps: added to the variance.

    Returns:
        The input's shape; and twice (C,), without gradient: the mean and the unbiased variance.
    """
    x_data = unwrap(normalise_channels, input)
    w_data = None if weight is None else unwrap(normalise_channels, weight)
    b_data = None if bias is None else unwrap(normalise_channels, bias)
    grouping = of_channels(x_data, "channels", eps)
    outer, channels, _, inner = grouping.shape
    output, center, variance, inverse = minigrad_kernels.normalised_channels(
        x_data, (outer, channels, inner), w_data, b_data, eps
    )
    saved = (x_data, w_data, center, inverse, grouping, needs_grad(weight), needs_grad(bias))
    outputs = (output, center, variance)
    return record(normalise_channels, normalise_channels_vjp, outputs, (input, weight, bias, eps), saved)


def normalise_channels_vjp(
    grad_outputs: tuple[Value, Value, Value],
    input: Value,
    weight: Value,
    center: Value,
    inverse: Value,
    grouping: Grouping,
    for_weight: bool,
    for_bias: bool,
) -> tuple[Value, Value, Value]:
    """``grad_input = r * (h - <h> - x̂ * <h * x̂>)`` with ``h = grad_output * weight``; <h> is the mean over a channel.

    And ``grad_weight = sum(grad_output * x̂); grad_bias = sum(grad_output)``. The statistics carry no gradient.
    """
    return normalise_backward(grad_outputs[0], input, weight, center, inverse, grouping, for_weight, for_bias)


def normalise_by(
    input: Operand, mean: Operand, variance: Operand, weight: Operand | None, bias: Operand | None, eps: float
) -> Tensor:
    """Return ``(input - mean) / sqrt(variance + eps) * weight + bias`` with given statistics, which get no gradient.

    Arguments as for ``normalise_channels``; mean and variance are (C,).
    """
    x_data, m_data, v_data = unwrap(normalise_by, input), unwrap(normalise_by, mean), unwrap(normalise_by, variance)
    w_data = None if weight is None else unwrap(normalise_by, weight)
    b_data = None if bias is None else unwrap(normalise_by, bias)
    grouping = of_channels(x_data, "given", eps)
    outer, channels, _, inner = grouping.shape
    output, _, _, inverse = minigrad_kernels.normalised_channels(
        x_data, (outer, channels, inner), w_data, b_data, eps, (m_data, v_data)
    )
    # A copy of the mean: the next training step writes over it, which does not make this one's gradient wrong.
    saved = (x_data, w_data, m_data.copy(), inverse, grouping, needs_grad(weight), needs_grad(bias))
    inputs = (input, mean, variance, weight, bias, eps)
    return record(normalise_by, normalise_by_vjp, output, inputs, saved)


def normalise_by_vjp(
    grad_output: Value,
    input: Value,
    weight: Value,
    center: Value,
    inverse: Value,
    grouping: Grouping,
    for_weight: bool,
    for_bias: bool,
) -> tuple[Value, ...]:
    """``grad_input = grad_output * weight * r; grad_weight = sum(grad_output * x̂); grad_bias = sum(grad_output)``."""
    grad_input, grad_weight, grad_bias = normalise_backward(
        grad_output, input, weight, center, inverse, grouping, for_weight, for_bias
    )
    return grad_input, None, None, grad_weight, grad_bias


def update_statistics(
    running_mean: Tensor, running_var: Tensor, mean: Operand, variance: Operand, momentum: float
) -> tuple[Tensor, Tensor]:
    """Write ``(1 - momentum) * old + momentum * new`` over both running statistics; no part of any graph."""
    # Before the write, so that an interrupt between the two leaves a stamp too late rather than none.
    frame = _getframe(1)
    stamp_now(running_mean, frame)
    stamp_now(running_var, frame)
    arrays = (running_mean._data, running_var._data)
    new_mean, new_variance = unwrap(update_statistics, mean), unwrap(update_statistics, variance)
    minigrad_kernels.moved_averages(*arrays, new_mean, new_variance, momentum)
    writes = (running_mean, running_var)
    if is_written_at_once(running_mean) and is_written_at_once(running_var):
        return writes
    inputs = (running_mean, running_var, mean, variance, momentum)
    written: tuple[Tensor, Tensor] = record(update_statistics, None, arrays, inputs, (), writes=writes)
    return written


def of_channels(x: ndarray, kind: str, eps: float) -> Grouping:
    """Return the grouping of an input (N, C, ...) by its channels."""
    shape = (x.shape[0], x.shape[1], 1, math.prod(x.shape[2:]))
    return Grouping(shape, kind, x.shape[1:2], eps)


def check_statistics(
    op: Op, input: Any, x: ndarray, running_mean: Any, running_var: Any, weight: Any, bias: Any
) -> None:
    """Raise unless running statistics, weight and bias are numbers for each channel; the former both or neither.

    Raises:
        ValueError: if a shape does not fit; TypeError: if a dtype does not.
        RuntimeError: if a gradient of the running statistics would be lost.
    """
    channels = (channels_of(op, input, x),)
    if (running_mean is None) != (running_var is None):
        raise ValueError(
            message(
                op.__name__,
                "running_mean and running_var must both be given, or neither; got one of them.",
                "They start as minigrad.zeros(C) and minigrad.ones(C).",
            )
        )
    given = (("running_mean", running_mean), ("running_var", running_var), ("weight", weight), ("bias", bias))
    for role, value in given:
        checked_parameter(op, role, value, x, channels)
    if (needs_grad(running_mean) or needs_grad(running_var)) and is_grad_enabled():
        raise RuntimeError(
            message(
                op.__name__,
                f"running statistics have no gradient, and one requires grad; running_mean is "
                f"{describe(running_mean)}, running_var {describe(running_var)}.",
                "Detach them; or write (x - mean) / (var + eps).sqrt(), which has all gradients.",
            )
        )


def checked_momentum(op: Op, momentum: Any) -> float:
    """Return the share of new statistics as a float.

    Raises:
        TypeError: if it is no number.
    """
    if momentum is None:
        raise TypeError(
            message(
                op.__name__,
                "momentum must be a number, got None.",
                "For the average over all batches, which None stands for in a layer, pass 1 / batches so far.",
            )
        )
    return float(real(op, "momentum", momentum))


def refuse_missing_statistics(who: str, otherwise: str) -> NoReturn:
    """Raise a ValueError because running statistics are needed."""
    raise ValueError(
        message(
            who,
            "running_mean and running_var are needed where the input's own statistics are not used, got None.",
            f"Pass them, or {otherwise} for the statistics of the input.",
        )
    )


def refuse_single_number(who: str, input: Any, remedy: str) -> NoReturn:
    """Raise a ValueError because the variance of a single number is 0."""
    raise ValueError(
        message(
            who,
            f"the statistics of a channel need more than one number; the input is {describe(input)}.",
            f"Give it {remedy}.",
        )
    )
