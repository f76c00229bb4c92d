"""What all normalisations share: groups of numbers brought to mean 0 and variance 1, and the derivatives of that.

With x̂ = (x - mean) * r and r = 1 / sqrt(variance + eps), every layer is ``x̂ * weight + bias``. They differ in which
numbers form a group, which a ``Grouping`` says. The formulas of the derivatives are then the same for all.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import minigrad_kernels
from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.broadcasting import expand
from minigrad.ops.operands import Op, Operand, Value, ndarray, real, unwrap
from minigrad.ops.powers import rsqrt
from minigrad.ops.reductions import mean, sum
from minigrad.ops.shapes import reshape


class Grouping(NamedTuple):
    """Which numbers are brought to mean 0 and variance 1 together.

    Attributes:
        shape: (outer, groups, members, inner), to which an operand is reshaped. Weights are one a group and member.
        kind: ``rows``, where each [outer, group] is a group of numbers; ``squares``, likewise without a mean;
            ``channels``, where [:, group] is one; ``given``, where the statistics of [:, group] are.
        parameters: the shape of weight and bias.
        eps: what is added to the variance.
    """

    shape: tuple[int, int, int, int]
    kind: str
    parameters: tuple[int, ...]
    eps: float

    @property
    def axes(self) -> tuple[int, ...]:
        """The axes of the numbers of a group."""
        return (2, 3) if self.kind in ("rows", "squares") else (0, 2, 3)


def standardised(x: ndarray, weight: Any, bias: Any, grouping: Grouping) -> tuple[ndarray, ndarray, ndarray]:
    """Return ``x̂ * weight + bias``, of x's shape, and for the backward mean and r of each group; on arrays."""
    return minigrad_kernels.normalised_rows(x, grouping.shape, weight, bias, grouping.eps, grouping.kind == "rows")


def normalise_backward(
    grad: Operand,
    x: Operand,
    weight: Any,
    mean: Operand,
    inverse: Operand,
    grouping: Grouping,
    for_weight: bool,
    for_bias: bool,
) -> tuple[Value, Value, Value]:
    """Return the gradients of ``x̂ * weight + bias`` with respect to x, weight and bias.

    Args:
        grad: the gradient of the result, of x's shape.
        x: any shape.
        weight: of ``grouping.parameters``, or None for 1.
        mean: of each group.
        inverse: r = 1 / sqrt(variance + eps) of each group.
        grouping: which numbers form a group.
        for_weight: whether the gradient of the weight is wanted; None is returned otherwise.
        for_bias: likewise for the bias.
    """
    if grad.__class__ is ndarray:
        # In an ordinary backward nothing is a Tensor.
        return slopes(grad, x, weight, mean, inverse, grouping, for_weight, for_bias)
    arrays: list[Any] = []
    for each in (grad, x, weight, mean, inverse):
        arrays.append(None if each is None else unwrap(normalise_backward, each))
    g_data, x_data, w_data, m_data, i_data = arrays
    outputs = slopes(g_data, x_data, w_data, m_data, i_data, grouping, for_weight, for_bias)
    inputs = (grad, x, weight, mean, inverse, grouping, for_weight, for_bias)
    return record(normalise_backward, normalise_backward_vjp, outputs, inputs, (*arrays, grouping))


def normalise_backward_vjp(
    grad_outputs: tuple[Value, Value, Value],
    grad: Value,
    x: Value,
    weight: Value,
    mean: Value,
    inverse: Value,
    grouping: Grouping,
) -> tuple[Value, ...]:
    """``grad_grad = weight * r * N(for_x) + for_weight * x̂ + for_bias``, and so on for x and weight.

    The first result was ``r * N(h)`` with ``h = grad * weight`` and ``N(h) = h - <h> - x̂ * <h * x̂>``, which is
    symmetric: ``sum(a * N(h)) = sum(N(a) * h)``. Here <h> is the mean over a group, and ``for_x`` the gradient of the
    first result. x acts through x̂, whose own derivative is ``r * N``, and through r, whose is ``-r**2 * x̂ / n``.
    """
    for_x, for_weight, for_bias = grad_outputs
    grad, (x_hat, r) = in_groups(grad, grouping), recomputed(x, mean, inverse, grouping)
    factor = 1 if weight is None else of_channels(weight, grouping)
    grad_grad: Value = None
    grad_weight = grad_x_hat = grad_x = None
    if for_x is not None:
        a, h = in_groups(for_x, grouping), grad * factor
        projected = r * without_mean_and_slope(a, x_hat, grouping)
        grad_grad = projected * factor
        grad_weight = per_channel(grad * projected, grouping)
        if grouping.kind != "given":
            grad_x_hat = -r * (a * average(h * x_hat, grouping) + h * average(a * x_hat, grouping))
            grad_x = -x_hat * (r * average(projected * h, grouping))
    if for_weight is not None:
        c = of_channels(for_weight, grouping)
        grad_grad = c * x_hat if grad_grad is None else grad_grad + c * x_hat
        grad_x_hat = c * grad if grad_x_hat is None else grad_x_hat + c * grad
    if for_bias is not None:
        d = expand(of_channels(for_bias, grouping), grouping.shape)
        grad_grad = d if grad_grad is None else grad_grad + d
    if grad_x_hat is not None:
        term = r * without_mean_and_slope(grad_x_hat, x_hat, grouping)
        grad_x = term if grad_x is None else grad_x + term
    return (
        reshape(grad_grad, x.shape),
        None if grad_x is None else reshape(grad_x, x.shape),
        None if weight is None or grad_weight is None else grad_weight,
    )


def slopes(
    grad: Any, x: Any, weight: Any, middle: Any, inverse: Any, grouping: Grouping, for_weight: bool, for_bias: bool
) -> tuple[Any, Any, Any]:
    """Return what ``normalise_backward`` does, of arrays."""
    shape, kind = grouping.shape, grouping.kind
    if kind in ("rows", "squares"):
        found = minigrad_kernels.normalised_rows_backward(
            grad, x, shape, weight, middle, inverse, kind == "rows", grouping.parameters
        )
    else:
        stack = (shape[0], shape[1], shape[3])
        found = minigrad_kernels.normalised_channels_backward(grad, x, stack, weight, middle, inverse, kind == "given")
    return found[0], (found[1] if for_weight else None), (found[2] if for_bias else None)


def recomputed(x: Value, middle: Value, inverse: Value, grouping: Grouping) -> tuple[Value, Value]:
    """Return x̂ and r as functions of x, so that they can be differentiated; of given statistics where they are."""
    x = in_groups(x, grouping)
    if grouping.kind == "given":
        r = of_channels(inverse, grouping)
        return (x - of_channels(middle, grouping)) * r, r
    deviation = x if grouping.kind == "squares" else x - average(x, grouping)
    r = rsqrt(average(deviation * deviation, grouping) + grouping.eps)
    return deviation * r, r


def without_mean_and_slope(h: Value, x_hat: Value, grouping: Grouping) -> Value:
    """Return ``h - <h> - x̂ * <h * x̂>``: what of a change h of the numbers normalisation lets through."""
    if grouping.kind == "given":
        return h
    along = h - x_hat * average(h * x_hat, grouping)
    return along if grouping.kind == "squares" else along - average(h, grouping)


def in_groups(value: Value, grouping: Grouping) -> Value:
    """Return a value in the shape of the grouping."""
    return reshape(value, grouping.shape)


def of_channels(value: Value, grouping: Grouping) -> Value:
    """Return a number for each group and member, as it broadcasts with a value in the shape of the grouping."""
    _, groups, members, _ = grouping.shape
    return reshape(value, (1, groups, members, 1))


def per_channel(value: Value, grouping: Grouping) -> Value:
    """Return the sum over all but groups and members, in the shape of a weight."""
    return reshape(sum(value, (0, 3)), grouping.parameters)


def average(value: Value, grouping: Grouping) -> Value:
    """Return the mean over each group, as it broadcasts."""
    return mean(value, grouping.axes, True)


def checked_parameter(op: Op, role: str, value: Any, input: ndarray, shape: tuple[int, ...]) -> Any:
    """Return the array of a weight, a bias or a statistic, or None.

    Raises:
        ValueError: if its shape does not fit; TypeError: if its dtype is not the input's.
    """
    if value is None:
        return None
    array = unwrap(op, value)
    if array.shape != shape:
        raise ValueError(
            message(
                op.__name__,
                f"{role} needs the shape {shape} for an input of shape {input.shape}, got {describe(value)}.",
                "One number for each channel, or for each of the numbers that are normalised together.",
            )
        )
    if array.dtype is not input.dtype and array.dtype != input.dtype:
        raise TypeError(
            message(
                op.__name__,
                f"{role} must have the input's dtype {input.dtype}, got {describe(value)}.",
                "Convert the input (x.float()) or the module (model.to(dtype)).",
            )
        )
    return array


def checked_eps(op: Op, eps: Any) -> float:
    """Return what is added to a variance.

    Raises:
        TypeError: if it is no number; ValueError: if it is negative.
    """
    eps = real(op, "eps", eps)
    if eps < 0:
        raise ValueError(message(op.__name__, f"eps must not be negative, got {eps}.", "The default is 1e-5."))
    return float(eps)
