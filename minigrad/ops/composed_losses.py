"""What losses that are composed of other operations share: checks of their operands, and the reduction."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.errors import describe, message
from minigrad.ops.arithmetic import div, mul
from minigrad.ops.loss_operands import require_reduction
from minigrad.ops.operands import Op, Tensor, broadcasts_to, needs_grad, real, unwrap
from minigrad.ops.reductions import mean, sum


def reduce_losses(losses: Any, reduction: str) -> Tensor:
    """Return the mean or the sum of losses, or all of them."""
    if reduction == "mean":
        return mean(losses)
    return sum(losses) if reduction == "sum" else losses


def weighted_errors(op: Op, input: Any, target: Any, weight: Any, reduction: str) -> Tensor:
    """Return the losses of ``op`` times their weights, reduced; a mean divides by the sum of the weights.

    Raises:
        ValueError: if the weight has not the input's shape, or there is no such reduction.
    """
    require_reduction(op.__name__, reduction)
    losses = mul(op(input, target, "none"), factor_of(op, weight, input))
    return div(sum(losses), sum(weight)) if reduction == "mean" else reduce_losses(losses, reduction)


def check_operands(op: Op, reduction: Any, **operands: Any) -> None:
    """Raise unless the operands of a loss broadcast with each other and one of them is floating.

    Args:
        op: the loss that asks.
        reduction: checked too.
        operands: its operands by their names.

    Raises:
        ValueError: if the shapes do not fit, or ``reduction`` is another; TypeError: if nothing is floating.
    """
    require_reduction(op.__name__, reduction)
    shapes = []
    floats = False
    for operand in operands.values():
        data = unwrap(op, operand)
        shapes.append(data.shape)
        floats = floats or data.dtype.kind == "f"
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        raise ValueError(
            message(
                op.__name__,
                f"{listed(operands)} must have one shape.",
                "From the right, the lengths of each axis must be equal, or one of them 1.",
            )
        ) from None
    if not floats:
        raise TypeError(
            message(op.__name__, f"a floating operand is needed; {listed(operands)}.", "Convert it: x.float().")
        )


def listed(operands: dict[str, Any]) -> str:
    """Return ``input (2, 3) float32, target (2,) float32``."""
    return ", ".join([f"{name} {describe(operand)}" for name, operand in operands.items()])


def check_axes(op: Op, **operands: Any) -> None:
    """Raise a ValueError unless some operands have equally many axes."""
    numbers = set()
    for operand in operands.values():
        numbers.add(unwrap(op, operand).ndim)
    if len(numbers) > 1:
        raise ValueError(
            message(
                op.__name__,
                f"equally many axes are needed; {listed(operands)}.",
                "x.unsqueeze(dim) adds one, x.squeeze(dim) takes one of length 1 away.",
            )
        )


def above_zero(op: Op, name: str, value: Any, zero: bool = False) -> float:
    """Return a setting that must be a positive number, or with ``zero`` none below 0.

    Raises:
        TypeError: if it is no number; ValueError: if it is not above 0.
    """
    number = real(op, name, value)
    if not (number > 0 or (zero and number == 0)):
        needed = "must not be negative" if zero else "must be above 0"
        raise ValueError(message(op.__name__, f"{name} {needed}, got {number}.", f"{name}=1.0 is the default."))
    return number


def refuse_label_gradient(op: Op, target: Any, labels: str) -> None:
    """Raise a RuntimeError if a target of labels, between which there is no slope, requires grad."""
    if needs_grad(target):
        raise RuntimeError(
            message(
                op.__name__,
                f"the target holds labels, {labels}, and has no derivative; {describe(target)} requires grad.",
                "Pass target.detach().",
            )
        )


def require_none_negative(op: Op, name: str, value: Any) -> None:
    """Raise a ValueError, naming the first offender, if a number is negative."""
    data = unwrap(op, value)
    negative = data < 0
    if not np.count_nonzero(negative):
        return
    index = tuple([int(each) for each in np.unravel_index(np.argmax(negative), data.shape)])
    where = f" at {index if len(index) != 1 else index[0]}" if index else ""
    raise ValueError(
        message(
            op.__name__,
            f"{name} must not be negative, got {data[index]:.6g}{where}.",
            f"Let the model predict its logarithm: {name} = log_{name}.exp().",
        )
    )


def factor_of(op: Op, weight: Any, input: Any) -> Any:
    """Return the weight of each loss as it is.

    Raises:
        ValueError: if its shape is not the input's.
    """
    shape, wanted = unwrap(op, weight).shape, unwrap(op, input).shape
    if shape != wanted:
        fits = broadcasts_to(shape, wanted)
        raise ValueError(
            message(
                op.__name__,
                f"weight must have the input's shape {wanted}; it is {describe(weight)}.",
                "Repeat it: weight.expand_as(input)." if fits else "It weighs each element's loss.",
            )
        )
    return weight


LOG_TWO_PI = math.log(2 * math.pi)
