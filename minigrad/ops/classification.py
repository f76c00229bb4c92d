"""Losses of classes: cross-entropy from logits, negative log-likelihood from log-probabilities.

In an input of several axes, axis 1 runs over the classes, (N, C, d1, ...); a vector is one sample, (C,).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import minigrad_kernels
from minigrad import tensors
from minigrad.dtypes import float32, float64, int64, result_type
from minigrad.errors import message
from minigrad.graph import record
from minigrad.ops.broadcasting import expand
from minigrad.ops.class_labels import (
    Labels,
    checked_labels,
    class_axis,
    class_weight,
    classes_in_place,
    logits,
    refuse_float_labels,
    require_label,
    require_share,
    rows_of_classes,
    weighted_total,
    weights_of,
)
from minigrad.ops.conversion import cast, detach
from minigrad.ops.gathering import gather, gather_backward
from minigrad.ops.loss_operands import arrays, require_probabilities
from minigrad.ops.operands import Operand, Tensor, Value, ndarray, needs_grad, unwrap
from minigrad.ops.reductions import sum
from minigrad.ops.shapes import reshape, squeeze, unsqueeze
from minigrad.ops.softmaxes import log_softmax, softmax

#: How far above 1 a class probability may be: one that was computed can miss it by some roundings.
SLACK = 1e-5


def cross_entropy(
    input: Operand,
    target: Operand,
    weight: Operand | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Return ``-log(softmax(input))`` at the target classes.

    Args:
        input: logits, (C,), (N, C) or (N, C, d1, ...).
        target: classes from 0 to C - 1, integers, of the input's shape without C; or probabilities of the classes,
            floating, of the input's shape.
        weight: (C,), a constant factor of each class.
        ignore_index: a label that does not count.
        reduction: ``mean`` (over what counts, weighted; NaN of nothing), ``sum``, or ``none``.
        label_smoothing: the share of the target that is spread evenly over the classes, from 0 to 1.

    Returns:
        0-d, or with ``none`` the input's shape without C.

    Raises:
        IndexError: if a label is not in [0, C).
        TypeError: if labels are not integers; ValueError: if a shape does not fit, or a probability is not in [0, 1].

    Examples:
        >>> import minigrad as mg
        >>> cross_entropy(mg.zeros(2, 4), mg.tensor([0, 3]))
        Tensor(() float32 | 1.386)
    """
    inputs = (input, target, weight, ignore_index, reduction, label_smoothing)
    if weight is None and type(label_smoothing) is float and label_smoothing == 0:
        fused = fused_cross_entropy(input, target, ignore_index, reduction)
        if fused is not None:
            return record(cross_entropy, cross_entropy_vjp, fused[0], inputs, fused[1])
    x_data, y_data = logits(cross_entropy, input, target, reduction)
    require_share("cross_entropy", label_smoothing)
    if y_data.dtype.kind == "f":
        return cross_entropy_of_shares(input, target, weight, ignore_index, reduction, label_smoothing)
    labels = checked_labels(cross_entropy, input, target, weight, ignore_index, reduction)
    if label_smoothing:
        return smoothed_cross_entropy(input, labels, weight, reduction, label_smoothing)
    rows = rows_of_classes(x_data)
    classes = labels.classes.reshape(-1)
    shifted = rows - np.maximum.reduce(rows, axis=1, keepdims=True)
    probabilities = np.exp(shifted)
    totals = np.add.reduce(probabilities, axis=1, keepdims=True)
    losses = np.log(totals[:, 0]) - shifted[np.arange(len(rows)), classes]
    output = weighted_total(losses.reshape(y_data.shape), labels, reduction)
    if needs_grad(input):
        probabilities /= totals
    saved = (x_data, labels.classes, probabilities, weights_of(labels))
    return record(cross_entropy, cross_entropy_vjp, output, inputs, saved)


def fused_cross_entropy(
    input: Operand, target: Operand, ignore_index: int, reduction: str
) -> tuple[ndarray, tuple[Any, ...]] | None:
    """Return the mean over rows of logits by one kernel, and what its rule reads, or None if that is not what is asked.

    It is asked for the mean over rows of logits with one int64 label each, all in range and none ignored. Nothing is
    refused here: the general way checks one thing after the other.
    """
    x = input._data if isinstance(input, tensors.Tensor) else input
    labels = target._data if isinstance(target, tensors.Tensor) else target
    if type(x) is not ndarray or type(labels) is not ndarray or type(ignore_index) is not int:
        return None
    if x.ndim != 2 or labels.dtype is not int64 or (x.dtype is not float32 and x.dtype is not float64):
        return None
    if len(x) == 0 or x.shape[:1] != labels.shape or not isinstance(reduction, str) or reduction != "mean":
        return None
    try:
        loss, probabilities, share = minigrad_kernels.cross_entropy_rows(x, labels, ignore_index)
    except IndexError:
        # The general way says which label it is, in the words of all losses.
        return None
    return (loss, (x, labels, probabilities, share)) if share == 1 / len(x) else None


def cross_entropy_vjp(grad_output: Value, input: Value, target: Value, probabilities: Value, factors: Value) -> Value:
    """``grad_input = grad_output * factors * (softmax(input) - one_hot(target))``."""
    return cross_entropy_backward(grad_output, input, target, probabilities, factors)


def cross_entropy_backward(
    grad: Operand, input: Operand, target: Operand, probabilities: Operand, factors: Operand
) -> Tensor:
    """Return ``grad * factors * (softmax(input) - one_hot(target))``.

    Args:
        grad: 0-d, or of the target's shape.
        input: logits, (C,) or (N, C, ...); read for its shape, and by the rule.
        target: classes, of the input's shape without C.
        probabilities: the softmax of the input, as rows (samples, C).
        factors: how much each sample counts: a number, or of the target's shape.
    """
    g_data, x_data, classes = arrays(cross_entropy_backward, grad, input, target)
    rows = unwrap(cross_entropy_backward, probabilities)
    # A number stays one: as an array it would be rounded to the default dtype.
    each = factors if type(factors) is float else unwrap(cross_entropy_backward, factors)
    inputs = (grad, input, target, probabilities, factors)
    saved = (g_data, x_data, classes, factors)
    if g_data.ndim == 0 and type(each) is float and x_data.ndim == 2 and classes.dtype == int64:
        output = minigrad_kernels.cross_entropy_rows_backward(g_data, rows, classes, -100, each)
        if g_data is grad and x_data is input:
            return output  # type: ignore[return-value]
        return record(cross_entropy_backward, cross_entropy_backward_vjp, output, inputs, saved)
    weights = g_data * each
    output = rows * (weights.reshape(-1, 1) if weights.ndim else weights)
    output[np.arange(len(rows)), classes.reshape(-1)] -= weights.reshape(-1)
    if x_data.ndim != 2:
        output = classes_in_place(output, x_data.shape)
    return record(cross_entropy_backward, cross_entropy_backward_vjp, output, inputs, saved)


def cross_entropy_backward_vjp(
    grad_output: Value, grad: Value, input: Value, target: Value, factors: Value
) -> tuple[Value, Value]:
    """``grad_grad = factors * (mean - grad_output[target]); grad_input = grad * factors * p * (grad_output - mean)``.

    Here ``p = softmax(input)``, and ``mean = sum(grad_output * p)``.
    """
    dim = class_axis(input)
    p = softmax(input, dim)
    mean = sum(grad_output * p, dim, True)
    at_target = gather(grad_output, dim, unsqueeze(target, dim))
    grad_grad = squeeze(mean - at_target, dim) * factors
    weights = grad * factors
    weights = unsqueeze(weights, dim) if weights.ndim > 0 else weights
    grad_input = weights * p * (grad_output - mean)
    return grad_grad, grad_input


def soft_cross_entropy(input: Operand, target: Operand) -> Tensor:
    """Return ``-sum(target * log(softmax(input)))`` over the classes.

    Args:
        input: logits, (C,) or (N, C, ...).
        target: the share of each class, of the same shape; the shares of a sample may sum to any number.

    Returns:
        The input's shape without C.
    """
    x_data, y_data = unwrap(soft_cross_entropy, input), unwrap(soft_cross_entropy, target)
    dtype = result_type(x_data, y_data)
    x_data, y_data = x_data.astype(dtype, copy=False), y_data.astype(dtype, copy=False)
    dim = class_axis(x_data)
    output = -np.add.reduce(log_softmax(x_data, dim) * y_data, axis=dim)
    saved = (x_data, y_data, dim, needs_grad(input), needs_grad(target))
    return record(soft_cross_entropy, soft_cross_entropy_vjp, output, (input, target), saved)


def soft_cross_entropy_vjp(
    grad_output: Value, input: Value, target: Value, dim: int, for_input: bool, for_target: bool
) -> tuple[Value, Value]:
    """``grad_input = g * (softmax(input) * sum(target) - target); grad_target = -g * log(softmax(input))``."""
    grad_losses = unsqueeze(grad_output, dim)
    grad_input = grad_target = None
    if for_input:
        grad_input = grad_losses * (softmax(input, dim) * sum(target, dim, True) - target)
    if for_target:
        grad_target = -grad_losses * log_softmax(input, dim)
    return grad_input, grad_target


def cross_entropy_of_shares(
    input: Operand,
    target: Any,
    weight: Operand | None,
    ignore_index: int,
    reduction: str,
    label_smoothing: float,
) -> Tensor:
    """Return the cross-entropy to probabilities of the classes; gradients flow to them too."""
    x_data, y_data = unwrap(cross_entropy, input), unwrap(cross_entropy, target)
    number = x_data.shape[class_axis(x_data)]
    if y_data.shape != x_data.shape:
        refuse_float_labels(cross_entropy, input, target)
    require_probabilities(cross_entropy, "target", y_data, slack=SLACK)
    require_label("cross_entropy", ignore_index)
    if ignore_index >= 0:
        raise ValueError(
            message(
                "cross_entropy",
                f"ignore_index is a label; probabilities have none, got {ignore_index}.",
                "Leave it out, and select the samples that count: input[kept], target[kept].",
            )
        )
    if label_smoothing:
        target = target * (1 - label_smoothing) + label_smoothing / number
    if weight is not None:
        of_class: Any = class_weight(cross_entropy, weight, x_data)
        if isinstance(weight, tensors.Tensor):
            of_class = cast(detach(weight), of_class.dtype)
        target = target * reshape(of_class, (number,) + (1,) * max(x_data.ndim - 2, 0))
    losses = soft_cross_entropy(input, target)
    if reduction == "none":
        return losses
    samples = x_data.size // number
    return sum(losses) * (1.0 if reduction == "sum" else 1 / samples if samples else math.nan)


def smoothed_cross_entropy(
    input: Operand, labels: Labels, weight: Operand | None, reduction: str, label_smoothing: float
) -> Tensor:
    """Return the cross-entropy to labels of which a share is spread evenly over the classes."""
    x_data = unwrap(cross_entropy, input)
    number = x_data.shape[class_axis(x_data)]
    of_class = np.ones(number, x_data.dtype) if weight is None else class_weight(cross_entropy, weight, x_data)
    rows = np.empty((labels.classes.size, number), x_data.dtype)
    rows[...] = of_class * (label_smoothing / number)
    classes = labels.classes.reshape(-1)
    rows[np.arange(len(rows)), classes] += of_class[classes] * (1 - label_smoothing)
    if labels.ignored is not None:
        rows[labels.ignored.reshape(-1)] = 0
    losses = soft_cross_entropy(input, classes_in_place(rows, x_data.shape))
    return losses if reduction == "none" else sum(losses) * labels.share


def nll_loss(
    input: Operand,
    target: Operand,
    weight: Operand | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    """Return ``-input`` at the target classes; with log-probabilities, the negative log-likelihood.

    Args:
        input: log-probabilities, (C,), (N, C) or (N, C, d1, ...).
        target: classes from 0 to C - 1, integers, of the input's shape without C.
        weight: (C,), a constant factor of each class.
        ignore_index: a label that does not count.
        reduction: ``mean`` (over what counts, weighted; NaN of nothing), ``sum``, or ``none``.

    Returns:
        0-d, or with ``none`` the input's shape without C.

    Raises:
        IndexError: if a label is not in [0, C).
        TypeError: if labels are not integers; ValueError: if a shape does not fit.
    """
    x_data, y_data = logits(nll_loss, input, target, reduction)
    if y_data.dtype.kind == "f":
        refuse_float_labels(nll_loss, input, target)
    labels = checked_labels(nll_loss, input, target, weight, ignore_index, reduction)
    rows = rows_of_classes(x_data)
    losses = -rows[np.arange(len(rows)), labels.classes.reshape(-1)]
    output = weighted_total(losses.reshape(y_data.shape), labels, reduction)
    saved = (labels.classes, weights_of(labels), class_axis(x_data), x_data.shape)
    return record(nll_loss, nll_loss_vjp, output, (input, target, weight, ignore_index, reduction), saved)


def nll_loss_vjp(grad_output: Value, target: Value, factors: Value, dim: int, shape: tuple[int, ...]) -> Value:
    """``grad_input = -grad_output * factors`` at the target, 0 elsewhere."""
    at_target = expand(-(grad_output * factors), target.shape)
    return gather_backward(unsqueeze(at_target, dim), dim, unsqueeze(target, dim), shape)
