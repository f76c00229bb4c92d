"""How far a prediction is from its target, one number each: squared and absolute errors, binary cross-entropies."""

from __future__ import annotations

import numpy as np

from minigrad.graph import record
from minigrad.ops.elementwise import abs, clamp, exp, log, maximum, relu, sigmoid, sign
from minigrad.ops.loss_operands import compared, constant, reduced, require_probabilities
from minigrad.ops.operands import Operand, Tensor, Value, needs_grad

#: The smallest logarithm that ``binary_cross_entropy`` counts with, as in PyTorch: an infinite loss teaches nothing.
SMALLEST_LOG = -100.0
#: The smallest variance p * (1 - p) that its gradient divides by, as in PyTorch.
SMALLEST_VARIANCE = 1e-12
USE_LOGITS = "Apply sigmoid first, or use binary_cross_entropy_with_logits on the logits: it is more exact too."


def mse_loss(input: Operand, target: Operand, reduction: str = "mean") -> Tensor:
    """Return the squared differences, or their mean or sum.

    Args:
        input: the prediction, any shape.
        target: what it should be, of the same shape; another one that broadcasts is warned about.
        reduction: ``mean`` (NaN of nothing), ``sum``, or ``none``.

    Returns:
        0-d, or with ``none`` the shape of the operands.

    Raises:
        ValueError: if the shapes do not broadcast, or ``reduction`` is another; TypeError: if nothing is floating.

    Examples:
        >>> import minigrad as mg
        >>> mse_loss(mg.tensor([1.0, 2.0]), mg.tensor([1.0, 4.0]))
        Tensor(() float32 | 2)
    """
    x_data, y_data = compared(mse_loss, input, target)
    difference = x_data - y_data
    output, share = reduced(mse_loss, difference * difference, reduction)
    saved = (x_data, y_data, share, needs_grad(input), needs_grad(target))
    return record(mse_loss, mse_loss_vjp, output, (input, target, reduction), saved)


def mse_loss_vjp(
    grad_output: Value, input: Value, target: Value, share: float, for_input: bool, for_target: bool
) -> tuple[Value, Value]:
    """``grad_input = grad_output * 2 * (input - target) * share; grad_target = -grad_input``; in a mean share = 1/n."""
    grad_input = (grad_output * (2 * share)) * (input - target)
    grad_target = -grad_input if for_target else None
    return (grad_input if for_input else None), grad_target


def l1_loss(input: Operand, target: Operand, reduction: str = "mean") -> Tensor:
    """Return the absolute differences, or their mean or sum; their gradient where they are 0 is 0.

    Arguments, result and errors as for ``mse_loss``.
    """
    x_data, y_data = compared(l1_loss, input, target)
    output, share = reduced(l1_loss, np.abs(x_data - y_data), reduction)
    saved = (x_data, y_data, share, needs_grad(input), needs_grad(target))
    return record(l1_loss, l1_loss_vjp, output, (input, target, reduction), saved)


def l1_loss_vjp(
    grad_output: Value, input: Value, target: Value, share: float, for_input: bool, for_target: bool
) -> tuple[Value, Value]:
    """``grad_input = grad_output * sign(input - target) * share; grad_target = -grad_input``; in a mean share = 1/n."""
    grad_input = (grad_output * share) * sign(input - target)
    grad_target = -grad_input if for_target else None
    return (grad_input if for_input else None), grad_target


def binary_cross_entropy(
    input: Operand, target: Operand, weight: Operand | None = None, *, reduction: str = "mean"
) -> Tensor:
    """Return ``-(target * log(input) + (1 - target) * log(1 - input))``, each logarithm at least -100.

    Args:
        input: probabilities, any shape.
        target: probabilities, often 0 or 1, of the same shape.
        weight: a constant factor of each element's loss, of a shape that broadcasts to the input's.
        reduction: ``mean``, ``sum`` or ``none``.

    Returns:
        0-d, or with ``none`` the input's shape.

    Raises:
        ValueError: if the shapes differ, or a probability is not in [0, 1].
    """
    x_data, y_data = compared(binary_cross_entropy, input, target, same=True)
    require_probabilities(binary_cross_entropy, "input", x_data, USE_LOGITS)
    require_probabilities(binary_cross_entropy, "target", y_data)
    logs = np.maximum(np.log(x_data), SMALLEST_LOG)
    logs_of_rest = np.maximum(np.log1p(-x_data), SMALLEST_LOG)
    factors = constant(binary_cross_entropy, "weight", weight, x_data)
    losses = (y_data - 1) * logs_of_rest - y_data * logs
    output, share = reduced(binary_cross_entropy, losses if factors is None else losses * factors, reduction)
    factors = share if factors is None else factors * share
    saved = (x_data, y_data, factors, needs_grad(input), needs_grad(target))
    return record(binary_cross_entropy, binary_cross_entropy_vjp, output, (input, target, weight, reduction), saved)


def binary_cross_entropy_vjp(
    grad_output: Value, input: Value, target: Value, factors: Value, for_input: bool, for_target: bool
) -> tuple[Value, Value]:
    """``grad_input = g * (input - target) / (input * (1 - input)); grad_target = g * log((1 - input) / input)``."""
    grad_losses = grad_output * factors
    grad_input = grad_target = None
    if for_input:
        grad_input = grad_losses * (input - target) / maximum(input * (1 - input), SMALLEST_VARIANCE)
    if for_target:
        grad_target = grad_losses * (clamp(log(1 - input), SMALLEST_LOG) - clamp(log(input), SMALLEST_LOG))
    return grad_input, grad_target


def binary_cross_entropy_with_logits(
    input: Operand,
    target: Operand,
    weight: Operand | None = None,
    *,
    reduction: str = "mean",
    pos_weight: Operand | None = None,
) -> Tensor:
    """Return ``-(pos_weight * target * log(p) + (1 - target) * log(1 - p))`` with ``p = sigmoid(input)``, exactly.

    Args:
        input: logits, any shape.
        target: probabilities, often 0 or 1, of the same shape.
        weight: a constant factor of each element's loss, of a shape that broadcasts to the input's.
        reduction: ``mean``, ``sum`` or ``none``.
        pos_weight: a constant factor of the loss of what is positive, broadcast likewise; above 1 favours recall.

    Returns:
        0-d, or with ``none`` the input's shape.

    Raises:
        ValueError: if the shapes differ, or a target is not in [0, 1].
    """
    op = binary_cross_entropy_with_logits
    x_data, y_data = compared(op, input, target, same=True)
    require_probabilities(op, "target", y_data)
    positive = constant(op, "pos_weight", pos_weight, x_data)
    # log(1 + exp(-|x|)) never overflows; with max(-x, 0) it is -log(sigmoid(x)).
    tails = np.log1p(np.exp(-np.abs(x_data)))
    if positive is None:
        losses = np.maximum(x_data, 0) - x_data * y_data + tails
    else:
        losses = (1 - y_data) * x_data + (1 + (positive - 1) * y_data) * (tails + np.maximum(-x_data, 0))
    factors = constant(op, "weight", weight, x_data)
    output, share = reduced(op, losses if factors is None else losses * factors, reduction)
    factors = share if factors is None else factors * share
    saved = (x_data, y_data, factors, positive, needs_grad(input), needs_grad(target))
    inputs = (input, target, weight, reduction, pos_weight)
    return record(op, binary_cross_entropy_with_logits_vjp, output, inputs, saved)


def binary_cross_entropy_with_logits_vjp(
    grad_output: Value,
    input: Value,
    target: Value,
    factors: Value,
    positive: Value,
    for_input: bool,
    for_target: bool,
) -> tuple[Value, Value]:
    """``grad_input = g * (sigmoid(input) - target)``, with a weight ``g * ((1 - t + w*t) * sigmoid(input) - w*t)``."""
    grad_losses = grad_output * factors
    grad_input = grad_target = None
    if for_input and positive is None:
        grad_input = grad_losses * (sigmoid(input) - target)
    elif for_input:
        grad_input = grad_losses * ((1 - target + positive * target) * sigmoid(input) - positive * target)
    if for_target and positive is None:
        grad_target = grad_losses * -input
    elif for_target:
        negative_log = log(1 + exp(-abs(input))) + relu(-input)
        grad_target = grad_losses * ((positive - 1) * negative_log - input)
    return grad_input, grad_target
