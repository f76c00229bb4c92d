"""Losses that are squares of small errors and grow linearly with large ones, so that outliers count less."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.graph import record
from minigrad.ops.arithmetic import mul
from minigrad.ops.composed_losses import above_zero, factor_of, reduce_losses
from minigrad.ops.elementwise import clamp
from minigrad.ops.loss_operands import compared, reduced, require_reduction
from minigrad.ops.losses import l1_loss
from minigrad.ops.operands import Op, Operand, Tensor, Value, needs_grad


def huber_loss(
    input: Operand, target: Operand, reduction: str = "mean", delta: float = 1.0, weight: Operand | None = None
) -> Tensor:
    """Return half the squared error up to ``delta``, and beyond ``delta * (|error| - delta / 2)``.

    Args:
        input: the prediction, any shape.
        target: what it should be, of the same shape; another one that broadcasts is warned about.
        reduction: ``mean`` (NaN of nothing; a weighted one divides by the number too), ``sum``, or ``none``.
        delta: from which error on the loss is linear, above 0; the gradient there is continuous, ``delta``.
        weight: a factor of each element's loss, of the input's shape.

    Returns:
        0-d, or with ``none`` the shape of the operands.

    Raises:
        ValueError: if a shape does not fit, ``delta`` is not above 0, or ``reduction`` is another; TypeError: if
            nothing is floating, or ``delta`` is no number.

    Examples:
        >>> import minigrad as mg
        >>> huber_loss(mg.tensor([0.0, 3.0]), mg.tensor([1.0, 0.0]), "none")
        Tensor((2,) float32 | 0.5 2.5)

    Source: Huber, "Robust estimation of a location parameter", 1964.
    """
    delta = above_zero(huber_loss, "delta", delta)
    require_reduction("huber_loss", reduction)
    if weight is not None:
        losses = mul(huber_loss(input, target, "none", delta), factor_of(huber_loss, weight, input))
        return reduce_losses(losses, reduction)
    return bounded_errors(huber_loss, (input, target, reduction, delta, weight), delta, 1.0)


def smooth_l1_loss(input: Operand, target: Operand, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """Return ``error**2 / (2 * beta)`` up to ``beta``, and beyond ``|error| - beta / 2``.

    It is ``huber_loss`` divided by ``beta``. With ``beta=0`` it is ``l1_loss``, whose gradient at 0 is 0.

    Args:
        input: the prediction, any shape.
        target: what it should be, of the same shape; another one that broadcasts is warned about.
        reduction: ``mean``, ``sum`` or ``none``.
        beta: from which error on the loss is linear, not below 0.

    Returns:
        0-d, or with ``none`` the shape of the operands.

    Raises:
        ValueError: if the shapes do not fit, ``beta`` is negative, or ``reduction`` is another; TypeError: if nothing
            is floating, or ``beta`` is no number.

    Source: Girshick, "Fast R-CNN", 2015.
    """
    beta = above_zero(smooth_l1_loss, "beta", beta, zero=True)
    require_reduction("smooth_l1_loss", reduction)
    if beta == 0:
        return l1_loss(input, target, reduction)
    return bounded_errors(smooth_l1_loss, (input, target, reduction, beta), beta, 1 / beta)


def bounded_errors(op: Op, inputs: tuple[Any, ...], bound: float, scale: float) -> Tensor:
    """Return ``scale * inner * (|error| - inner / 2)`` with ``inner = min(|error|, bound)``, reduced.

    Args:
        op: the loss that is recorded.
        inputs: its arguments: input, target, reduction, and its setting.
        bound: from which error on it is linear.
        scale: what it is multiplied by.
    """
    input, target, reduction = inputs[:3]
    x_data, y_data, _ = compared(op, input, target, reduction)
    size = np.abs(x_data - y_data)
    inner = np.minimum(size, bound)
    size -= 0.5 * inner
    inner *= size
    if scale != 1:
        inner *= scale
    output, share = reduced(op, inner, reduction)
    saved = (x_data, y_data, bound, scale * share, needs_grad(target))
    return record(op, bounded_errors_vjp, output, inputs, saved)


def bounded_errors_vjp(
    grad_output: Value, input: Value, target: Value, bound: float, factor: float, for_target: bool
) -> tuple[Value, Value]:
    """``grad_input = grad_output * clamp(input - target, -bound, bound) * factor; grad_target = -grad_input``."""
    grad_input = grad_output * factor * clamp(input - target, -bound, bound)
    return grad_input, (-grad_input if for_target else None)
