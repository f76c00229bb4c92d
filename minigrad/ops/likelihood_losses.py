"""Losses that are negative logarithms of a likelihood: normal, Poisson, and the divergence of distributions."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.errors import describe, message
from minigrad.ops.arithmetic import add, div, mul, sub
from minigrad.ops.comparisons import gt
from minigrad.ops.composed_losses import LOG_TWO_PI, check_operands, reduce_losses, require_none_negative
from minigrad.ops.elementwise import exp, log, square, where
from minigrad.ops.entropies import xlogy
from minigrad.ops.loss_operands import REDUCTIONS
from minigrad.ops.operands import Operand, Tensor, flag, real, unwrap
from minigrad.ops.reductions import sum
from minigrad.ops.shapes import unsqueeze
from minigrad.ops.similarities import at_least


def gaussian_nll_loss(
    input: Operand, target: Operand, var: Operand, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Tensor:
    """Return ``(log(var) + (input - target)**2 / var) / 2``: minus the logarithm of a normal density.

    Args:
        input: the mean, any shape.
        target: what was observed, of a shape that broadcasts.
        var: the variance, not negative: a number, or of the input's shape, also with one axis of length 1 or without
            the last axis.
        full: add the constant ``log(2 * pi) / 2``.
        eps: the smallest variance that is counted with; the gradient of a smaller one is that at ``eps``.
        reduction: ``mean``, ``sum`` or ``none``.

    Returns:
        0-d, or with ``none`` the broadcast shape.

    Raises:
        ValueError: if a shape does not fit, a variance is negative, or ``reduction`` is another; TypeError: if nothing
            is floating.

    Source: Nix and Weigend, "Estimating the mean and variance of the target probability distribution", 1994.
    """
    op = gaussian_nll_loss
    check_operands(op, reduction, input=input, target=target)
    x_data, var_data = unwrap(op, input), unwrap(op, var)
    require_none_negative(op, "var", var)
    eps = real(op, "eps", eps)
    spread: Any = var
    if var_data.shape != x_data.shape and not isinstance(var, (int, float)):
        if var_data.shape == x_data.shape[:-1]:
            spread = unsqueeze(var, -1)
        elif not is_shared_along_one_axis(var_data.shape, x_data.shape):
            raise ValueError(
                message(
                    "gaussian_nll_loss",
                    f"var must have the input's shape {x_data.shape}, one axis of length 1 or the last one left out "
                    f"excepted; it is {describe(var)}.",
                    "Give it the shape of the input: var.expand_as(input).",
                )
            )
    if isinstance(spread, (int, float)):
        bounded: Any = max(spread, eps)
        logs: Any = float(np.log(bounded))
    else:
        bounded = at_least(spread, eps)
        logs = log(bounded)
    losses = mul(add(logs, div(square(sub(input, target)), bounded)), 0.5)
    return reduce_losses(add(losses, 0.5 * LOG_TWO_PI) if flag(gaussian_nll_loss, "full", full) else losses, reduction)


def is_shared_along_one_axis(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Return whether a shape is the wanted one but for one axis of length 1."""
    differing = []
    for have, want in zip(shape, wanted):
        if have != want:
            differing.append(have)
    return len(shape) == len(wanted) and differing == [1]


def poisson_nll_loss(
    input: Operand,
    target: Operand,
    log_input: bool = True,
    full: bool = False,
    *,
    eps: float = 1e-8,
    reduction: str = "mean",
) -> Tensor:
    """Return ``exp(input) - target * input``: minus the logarithm of a Poisson probability, but for a constant.

    Args:
        input: the logarithm of the rate, any shape.
        target: what was counted, of a shape that broadcasts.
        log_input: if not, the input is the rate, and the loss ``input - target * log(input + eps)``.
        full: add Stirling's approximation of ``log(target!)`` where the target is above 1; the gradient of the target
            at 1 is that of the other terms alone.
        eps: keeps the logarithm of a rate of 0 finite.
        reduction: ``mean``, ``sum`` or ``none``.

    Returns:
        0-d, or with ``none`` the broadcast shape.

    Raises:
        ValueError: if the shapes do not fit, or ``reduction`` is another; TypeError: if nothing is floating.
    """
    check_operands(poisson_nll_loss, reduction, input=input, target=target)
    eps = real(poisson_nll_loss, "eps", eps)
    if flag(poisson_nll_loss, "log_input", log_input):
        losses = sub(exp(input), mul(target, input))
    else:
        losses = sub(input, mul(target, log(add(input, eps))))
    if flag(poisson_nll_loss, "full", full):
        many = gt(target, 1)
        # Where it is not wanted it is that of 1, so that no logarithm of 0 is in the graph.
        count = where(many, target, 1)
        stirling = add(sub(mul(count, log(count)), count), mul(add(log(count), LOG_TWO_PI), 0.5))
        losses = add(losses, where(many, stirling, 0))
    return reduce_losses(losses, reduction)


def kl_div(input: Operand, target: Operand, reduction: str = "mean", *, log_target: bool = False) -> Tensor:
    """Return ``target * (log(target) - input)``: the terms of the divergence of a prediction from a distribution.

    Args:
        input: logarithms of probabilities, any shape: the prediction.
        target: probabilities, of a shape that broadcasts. The gradient of one of 0 is that of the product with the
            input alone.
        reduction: ``batchmean`` (the sum divided by the length of the first axis: the divergence), ``mean`` (over all
            elements, which is less by the number of classes), ``sum``, or ``none``.
        log_target: whether the target too is given as logarithms.

    Returns:
        0-d, or with ``none`` the broadcast shape.

    Raises:
        ValueError: if the shapes do not fit, or ``reduction`` is another; TypeError: if nothing is floating.

    Examples:
        >>> import minigrad as mg
        >>> even, other = mg.tensor([[0.5, 0.5]]), mg.tensor([[0.25, 0.75]])
        >>> kl_div(other.log(), even, "batchmean")
        Tensor(() float32 | 0.1438)
    """
    if not isinstance(reduction, str) or reduction not in (*REDUCTIONS, "batchmean"):
        raise ValueError(
            message(
                "kl_div",
                f"reduction is 'batchmean', 'mean', 'sum' or 'none', got {reduction!r}.",
                "'batchmean' is the divergence; to divide by another number take 'sum', and divide.",
            )
        )
    check_operands(kl_div, "none", input=input, target=target)
    if flag(kl_div, "log_target", log_target):
        losses = mul(exp(target), sub(target, input))
    else:
        losses = sub(xlogy(target, target), mul(target, input))
    if reduction != "batchmean":
        return reduce_losses(losses, reduction)
    shape = unwrap(kl_div, input).shape
    return div(sum(losses), shape[0]) if shape else sum(losses)
