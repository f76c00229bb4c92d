"""Binary cross-entropies, of probabilities and of logits."""

from __future__ import annotations

from typing import Any

import numpy as np

import minigrad_kernels
from minigrad.graph import record
from minigrad.ops.elementwise import abs, clamp, exp, log, maximum, relu, sigmoid, where
from minigrad.ops.loss_operands import arrays, compared, constant, reduced, require_probabilities
from minigrad.ops.operands import Operand, Tensor, Value, ndarray, needs_grad, unwrap

#: The smallest logarithm that ``binary_cross_entropy`` counts with, as in PyTorch: an infinite loss teaches nothing.
SMALLEST_LOG = -100.0
#: The smallest variance p * (1 - p) that its gradient divides by, as in PyTorch.
SMALLEST_VARIANCE = 1e-12
USE_LOGITS = "Apply sigmoid first, or use binary_cross_entropy_with_logits on the logits: it is more exact too."


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
    op = binary_cross_entropy
    x_data, y_data, factors = compared(op, input, target, reduction, same=True)
    if factors is not None and weight is None:
        try:
            output = minigrad_kernels.binary_cross_entropies(x_data, y_data, factors)
        except ValueError:
            # Said in the words of all losses.
            require_probabilities(op, "input", x_data, USE_LOGITS)
            require_probabilities(op, "target", y_data)
            raise
    else:
        output, factors = weighted_losses(x_data, y_data, weight, reduction)
    saved = (x_data, y_data, factors, needs_grad(target))
    return record(op, binary_cross_entropy_vjp, output, (input, target, weight, reduction), saved)


def weighted_losses(x: ndarray, y: ndarray, weight: Operand | None, reduction: str) -> tuple[Any, Any]:
    """Return the losses of probabilities weighted and reduced, and what each is multiplied by."""
    op = binary_cross_entropy
    require_probabilities(op, "input", x, USE_LOGITS)
    require_probabilities(op, "target", y)
    logs = np.maximum(np.log(x), SMALLEST_LOG)
    logs_of_rest = np.maximum(np.log1p(-x), SMALLEST_LOG)
    factors = constant(op, "weight", weight, x)
    losses = (y - 1) * logs_of_rest - y * logs
    output, share = reduced(op, losses if factors is None else losses * factors, reduction)
    return output, share if factors is None else factors * share


def binary_cross_entropy_vjp(
    grad_output: Value, input: Value, target: Value, factors: Value, for_target: bool
) -> tuple[Value, Value]:
    """``grad_input = g * (input - target) / (input * (1 - input)); grad_target = g * log((1 - input) / input)``."""
    grad_input = binary_cross_entropy_backward(grad_output, input, target, factors)
    grad_target = None
    if for_target:
        logs = clamp(log(1 - input), SMALLEST_LOG) - clamp(log(input), SMALLEST_LOG)
        grad_target = grad_output * factors * logs
    return grad_input, grad_target


def binary_cross_entropy_backward(grad: Operand, input: Operand, target: Operand, factors: Any) -> Tensor:
    """Return ``grad * factors * (input - target) / (input * (1 - input))``, the divisor at least 1e-12.

    Args:
        grad: 0-d, or of the input's shape.
        input: probabilities, any shape.
        target: probabilities, of the input's shape.
        factors: how much each loss counts: a number, or of a shape that broadcasts to the input's.
    """
    g_data, x_data, y_data = arrays(binary_cross_entropy_backward, grad, input, target)
    if g_data.ndim == 0 and type(factors) is float:
        output = minigrad_kernels.binary_cross_entropies_backward(g_data, x_data, y_data, factors)
    else:
        each = factors if type(factors) is float else unwrap(binary_cross_entropy_backward, factors)
        output = g_data * each * (x_data - y_data) / np.maximum(x_data * (1 - x_data), SMALLEST_VARIANCE)
    if g_data is grad and x_data is input:
        return output  # type: ignore[return-value]
    inputs = (grad, input, target, factors)
    saved = (g_data, x_data, y_data, factors)
    return record(binary_cross_entropy_backward, binary_cross_entropy_backward_vjp, output, inputs, saved)


def binary_cross_entropy_backward_vjp(
    grad_output: Value, grad: Value, input: Value, target: Value, factors: Value
) -> tuple[Value, Value, Value]:
    """``grad_grad = w * (input - target); grad_input = w * grad * (1 - (input - target) * (1 - 2 * input) / v)``.

    Here ``v = input * (1 - input)`` and ``w = grad_output * factors / v``; and ``grad_target = -w * grad``.
    """
    variance = input * (1 - input)
    bounded = maximum(variance, SMALLEST_VARIANCE)
    slope = where(variance > SMALLEST_VARIANCE, 1 - 2 * input, 0)
    weights = grad_output * factors / bounded
    grad_target = -(weights * grad)
    grad_input = grad_target * ((input - target) * slope / bounded - 1)
    return weights * (input - target), grad_input, grad_target


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
    x_data, y_data, factors = compared(op, input, target, reduction, same=True)
    positive = None
    if factors is not None and weight is None and pos_weight is None:
        try:
            output = minigrad_kernels.logits_cross_entropies(x_data, y_data, factors)
        except ValueError:
            # Said in the words of all losses.
            require_probabilities(op, "target", y_data)
            raise
    else:
        output, factors, positive = weighted_losses_of_logits(x_data, y_data, weight, reduction, pos_weight)
    saved = (x_data, y_data, factors, positive, needs_grad(target))
    inputs = (input, target, weight, reduction, pos_weight)
    return record(op, binary_cross_entropy_with_logits_vjp, output, inputs, saved)


def weighted_losses_of_logits(
    x: ndarray, y: ndarray, weight: Operand | None, reduction: str, pos_weight: Operand | None
) -> tuple[Any, Any, Any]:
    """Return the losses of logits weighted and reduced, what each is multiplied by, and the factor of the positive."""
    op = binary_cross_entropy_with_logits
    require_probabilities(op, "target", y)
    positive = constant(op, "pos_weight", pos_weight, x)
    # log(1 + exp(-|x|)) never overflows; with max(-x, 0) it is -log(sigmoid(x)).
    tails = np.log1p(np.exp(-np.abs(x)))
    if positive is None:
        losses = x * ((x > 0) - y) + tails
    else:
        losses = (1 - y) * x + (1 + (positive - 1) * y) * (tails + np.maximum(-x, 0))
    factors = constant(op, "weight", weight, x)
    output, share = reduced(op, losses if factors is None else losses * factors, reduction)
    return output, share if factors is None else factors * share, positive


def binary_cross_entropy_with_logits_vjp(
    grad_output: Value, input: Value, target: Value, factors: Value, positive: Value, for_target: bool
) -> tuple[Value, Value]:
    """``grad_input = g * (sigmoid(input) - target)``, with a weight ``g * ((1 - t + w*t) * sigmoid(input) - w*t)``."""
    grad_target = None
    if positive is None:
        grad_input = binary_cross_entropy_with_logits_backward(grad_output, input, target, factors)
        grad_target = grad_output * factors * -input if for_target else None
    else:
        grad_losses = grad_output * factors
        grad_input = grad_losses * ((1 - target + positive * target) * sigmoid(input) - positive * target)
        if for_target:
            negative_log = log(1 + exp(-abs(input))) + relu(-input)
            grad_target = grad_losses * ((positive - 1) * negative_log - input)
    return grad_input, grad_target


def binary_cross_entropy_with_logits_backward(grad: Operand, input: Operand, target: Operand, factors: Any) -> Tensor:
    """Return ``grad * factors * (sigmoid(input) - target)``; arguments as for ``binary_cross_entropy_backward``."""
    op = binary_cross_entropy_with_logits_backward
    g_data, x_data, y_data = arrays(op, grad, input, target)
    if g_data.ndim == 0 and type(factors) is float:
        output = minigrad_kernels.logits_cross_entropies_backward(g_data, x_data, y_data, factors)
    else:
        each = factors if type(factors) is float else unwrap(op, factors)
        output = g_data * each * (minigrad_kernels.sigmoid(x_data) - y_data)
    if g_data is grad and x_data is input:
        return output  # type: ignore[return-value]
    saved = (g_data, x_data, y_data, factors)
    return record(op, binary_cross_entropy_with_logits_backward_vjp, output, (grad, input, target, factors), saved)


def binary_cross_entropy_with_logits_backward_vjp(
    grad_output: Value, grad: Value, input: Value, target: Value, factors: Value
) -> tuple[Value, Value, Value]:
    """``grad_grad = w * (p - target); grad_input = w * grad * p * (1 - p); grad_target = -w * grad``.

    Here ``p = sigmoid(input)`` and ``w = grad_output * factors``.
    """
    probability = sigmoid(input)
    weights = grad_output * factors
    grad_losses = weights * grad
    return weights * (probability - target), grad_losses * (probability * (1 - probability)), -grad_losses
