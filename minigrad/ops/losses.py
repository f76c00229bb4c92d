"""How far a prediction is from its target, one number each: squared and absolute errors."""

from __future__ import annotations

import numpy as np

import minigrad_kernels
from minigrad.graph import record
from minigrad.ops.composed_losses import weighted_errors
from minigrad.ops.elementwise import sign
from minigrad.ops.loss_operands import arrays, compared, reduced
from minigrad.ops.operands import Operand, Tensor, Value, needs_grad


def mse_loss(input: Operand, target: Operand, reduction: str = "mean", weight: Operand | None = None) -> Tensor:
    """Return the squared differences, or their mean or sum.

    Args:
        input: the prediction, any shape.
        target: what it should be, of the same shape; another one that broadcasts is warned about.
        reduction: ``mean`` (NaN of nothing; a weighted one divides by the sum of the weights), ``sum``, or ``none``.
        weight: a factor of each element's loss, of the input's shape.

    Returns:
        0-d, or with ``none`` the shape of the operands.

    Raises:
        ValueError: if the shapes do not broadcast, or ``reduction`` is another; TypeError: if nothing is floating.

    Examples:
        >>> import minigrad as mg
        >>> mse_loss(mg.tensor([1.0, 2.0]), mg.tensor([1.0, 4.0]))
        Tensor(() float32 | 2)
    """
    if weight is not None:
        return weighted_errors(mse_loss, input, target, weight, reduction)
    x_data, y_data, share = compared(mse_loss, input, target, reduction)
    if share is not None:
        output = minigrad_kernels.squared_errors(x_data, y_data, share)
    else:
        difference = x_data - y_data
        output, share = reduced(mse_loss, difference * difference, reduction)
    saved = (x_data, y_data, share, needs_grad(target))
    return record(mse_loss, mse_loss_vjp, output, (input, target, reduction, weight), saved)


def mse_loss_vjp(
    grad_output: Value, input: Value, target: Value, share: float, for_target: bool
) -> tuple[Value, Value]:
    """``grad_input = grad_output * 2 * (input - target) * share; grad_target = -grad_input``; in a mean share = 1/n."""
    grad_input = mse_loss_backward(grad_output, input, target, share)
    return grad_input, (-grad_input if for_target else None)


def mse_loss_backward(grad: Operand, input: Operand, target: Operand, share: float) -> Tensor:
    """Return ``grad * 2 * (input - target) * share``, by one kernel where ``grad`` is 0-d and the shapes are one."""
    g_data, x_data, y_data = arrays(mse_loss_backward, grad, input, target)
    if g_data.ndim == 0 and x_data.shape == y_data.shape:
        output = minigrad_kernels.squared_errors_backward(g_data, x_data, y_data, share)
    else:
        output = (g_data * (2 * share)) * (x_data - y_data)
    if g_data is grad and x_data is input:
        return output  # type: ignore[return-value]
    saved = (g_data, x_data, y_data, share)
    return record(mse_loss_backward, mse_loss_backward_vjp, output, (grad, input, target, share), saved)


def mse_loss_backward_vjp(
    grad_output: Value, grad: Value, input: Value, target: Value, share: float
) -> tuple[Value, Value, Value]:
    """``grad_grad = grad_output * 2 * (input - target) * share; grad_input = grad_output * grad * 2 * share``."""
    scaled = grad_output * (2 * share)
    grad_input = scaled * grad
    return scaled * (input - target), grad_input, -grad_input


def l1_loss(input: Operand, target: Operand, reduction: str = "mean", weight: Operand | None = None) -> Tensor:
    """Return the absolute differences, or their mean or sum; their gradient where they are 0 is 0.

    Arguments, result and errors as for ``mse_loss``.
    """
    if weight is not None:
        return weighted_errors(l1_loss, input, target, weight, reduction)
    x_data, y_data, share = compared(l1_loss, input, target, reduction)
    if share is not None:
        output = minigrad_kernels.absolute_errors(x_data, y_data, share)
    else:
        output, share = reduced(l1_loss, np.abs(x_data - y_data), reduction)
    saved = (x_data, y_data, share, needs_grad(target))
    return record(l1_loss, l1_loss_vjp, output, (input, target, reduction, weight), saved)


def l1_loss_vjp(grad_output: Value, input: Value, target: Value, share: float, for_target: bool) -> tuple[Value, Value]:
    """``grad_input = grad_output * sign(input - target) * share; grad_target = -grad_input``; in a mean share = 1/n."""
    grad_input = l1_loss_backward(grad_output, input, target, share)
    return grad_input, (-grad_input if for_target else None)


def l1_loss_backward(grad: Operand, input: Operand, target: Operand, share: float) -> Tensor:
    """Return ``grad * sign(input - target) * share``, by one kernel where ``grad`` is 0-d and the shapes are one."""
    g_data, x_data, y_data = arrays(l1_loss_backward, grad, input, target)
    if g_data.ndim == 0 and x_data.shape == y_data.shape:
        output = minigrad_kernels.absolute_errors_backward(g_data, x_data, y_data, share)
    else:
        output = (g_data * share) * np.sign(x_data - y_data)
    if g_data is grad and x_data is input:
        return output  # type: ignore[return-value]
    saved = (x_data, y_data, share)
    return record(l1_loss_backward, l1_loss_backward_vjp, output, (grad, input, target, share), saved)


def l1_loss_backward_vjp(grad_output: Value, input: Value, target: Value, share: float) -> Value:
    """``grad_grad = grad_output * sign(input - target) * share``."""
    return grad_output * share * sign(input - target)
