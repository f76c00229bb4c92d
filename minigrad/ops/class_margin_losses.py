"""Losses of classes that ask for a margin between the right ones and the others."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.dtypes import int64
from minigrad.errors import describe, message
from minigrad.ops.activations import logsigmoid
from minigrad.ops.arithmetic import add, mul, neg, sub
from minigrad.ops.comparisons import any, eq, logical_and, logical_not, lt, ne
from minigrad.ops.composed_losses import check_operands, reduce_losses
from minigrad.ops.constants import beside
from minigrad.ops.conversion import cast
from minigrad.ops.elementwise import relu, square, where
from minigrad.ops.gathering import gather
from minigrad.ops.loss_operands import require_reduction
from minigrad.ops.operands import Op, Operand, Tensor, ndarray, real, unwrap
from minigrad.ops.products import matmul
from minigrad.ops.reductions import mean, sum
from minigrad.ops.shapes import reshape, unsqueeze


def multi_margin_loss(
    input: Operand,
    target: Operand,
    p: float = 1,
    margin: float = 1.0,
    weight: Operand | None = None,
    *,
    reduction: str = "mean",
) -> Tensor:
    """Return the mean over the classes of ``max(0, margin - x[target] + x[i])**p``, without the target itself.

    Args:
        input: scores, (N, C) or (C,).
        target: classes from 0 to C - 1, integers, (N,) or ().
        p: 1 or 2.
        margin: by how much the score of the target should exceed the others; where it does so exactly, the gradient
            is 0.
        weight: (C,), a factor of the losses of each target class.
        reduction: ``mean``, ``sum`` or ``none``.

    Returns:
        0-d, or with ``none`` the target's shape.

    Raises:
        IndexError: if a label is not in [0, C).
        TypeError: if labels are not integers, or the input is not floating; ValueError: if a shape does not fit, or
            ``p`` or ``reduction`` is another.
    """
    op = multi_margin_loss
    x_data, labels = scores_and_labels(op, input, target, reduction)
    if labels.shape != x_data.shape[:-1]:
        refuse_label_shape(op, input, target, "(N,) for an input of (N, C), () for one of (C,)")
    refuse_outsiders(op, labels, x_data.shape[-1], 0)
    p = real(op, "p", p)
    if p not in (1, 2):
        raise ValueError(message(op.__name__, f"p is 1 or 2, got {p!r}.", "2 squares what exceeds the margin."))
    margin = real(op, "margin", margin)
    label = unsqueeze(target, -1)
    right = gather(input, -1, label)
    others = ne(beside(np.arange(x_data.shape[-1]), label), label)
    excess = relu(add(sub(input, right), margin))
    losses = mean(where(others, excess if p == 1 else square(excess), 0), -1)
    if weight is not None:
        losses = mul(losses, weight_of(op, weight, x_data, target))
    return reduce_losses(losses, reduction)


def weight_of(op: Op, weight: Operand, x: ndarray, target: Operand) -> Tensor:
    """Return the weight of each target class.

    Raises:
        ValueError: if there is not one weight a class.
    """
    if unwrap(op, weight).shape != x.shape[-1:]:
        raise ValueError(
            message(
                op.__name__,
                f"weight needs one number for each of the {x.shape[-1]} classes, got {describe(weight)}.",
                "Factors of single samples are multiplied with the losses of reduction='none'.",
            )
        )
    return reshape(gather(weight, 0, reshape(target, -1)), unwrap(op, target).shape)


def multilabel_margin_loss(input: Operand, target: Operand, *, reduction: str = "mean") -> Tensor:
    """Return the mean over the classes of ``max(0, 1 - (x[target] - x[other]))``, summed over the targets.

    Args:
        input: scores, (N, C) or (C,).
        target: classes from 0 to C - 1, integers, of the input's shape; those from the first -1 on do not count.
            Where a margin is kept exactly, the gradient is 0.
        reduction: ``mean``, ``sum`` or ``none``.

    Returns:
        0-d, or with ``none`` (N,) or ().

    Raises:
        IndexError: if a label is not in [-1, C).
        TypeError: if labels are not integers, or the input is not floating; ValueError: if a shape does not fit, or
            ``reduction`` is another.
    """
    op = multilabel_margin_loss
    x_data, labels = scores_and_labels(op, input, target, reduction)
    if labels.shape != x_data.shape:
        refuse_label_shape(op, input, target, "the input's shape, filled up with -1")
    refuse_outsiders(op, labels, x_data.shape[-1], -1)
    numbers: Any = np.arange(x_data.shape[-1])
    upwards = beside((numbers[:, None] <= numbers).astype(int64), target)
    numbers = beside(numbers, target)
    # As many as there are negative labels up to each: a label counts where there is none.
    counts = eq(matmul(cast(lt(target, 0), int64), upwards), 0)
    classes = where(counts, target, 0)
    listed = any(logical_and(unsqueeze(counts, -1), eq(unsqueeze(classes, -1), numbers)), -2)
    # (..., target, class): a loss for each pair of a class that is listed and one that is not.
    pairs = logical_and(unsqueeze(counts, -1), logical_not(unsqueeze(listed, -2)))
    excess = relu(add(sub(unsqueeze(input, -2), unsqueeze(gather(input, -1, classes), -1)), 1))
    return reduce_losses(sum(mean(where(pairs, excess, 0), -1), -1), reduction)


def multilabel_soft_margin_loss(
    input: Operand, target: Operand, weight: Operand | None = None, *, reduction: str = "mean"
) -> Tensor:
    """Return the mean over the classes of ``-(target * log(p) + (1 - target) * log(1 - p))``, p = sigmoid(input).

    Args:
        input: logits, (..., C).
        target: 0 or 1 for each class, of the input's shape.
        weight: a factor of each class, of a shape that broadcasts.
        reduction: ``mean``, ``sum`` or ``none``.

    Returns:
        0-d, or with ``none`` the input's shape without C.

    Raises:
        ValueError: if the shapes do not fit, or ``reduction`` is another; TypeError: if nothing is floating.
    """
    op = multilabel_soft_margin_loss
    operands = {"input": input, "target": target}
    check_operands(op, reduction, **(operands if weight is None else {**operands, "weight": weight}))
    if unwrap(op, input).ndim == 0:
        raise ValueError(
            message(op.__name__, f"an axis of classes is needed, got {describe(input)}.", "Give it one: x.reshape(1).")
        )
    losses = neg(add(mul(target, logsigmoid(input)), mul(sub(1, target), logsigmoid(neg(input)))))
    return reduce_losses(mean(losses if weight is None else mul(losses, weight), -1), reduction)


def scores_and_labels(op: Op, input: Operand, target: Operand, reduction: str) -> tuple[ndarray, ndarray]:
    """Return the arrays of scores, (N, C) or (C,), and of integer labels.

    Raises:
        TypeError: if the labels are not integers, or the scores not floating; ValueError: if there are no classes, or
            ``reduction`` is another.
    """
    require_reduction(op.__name__, reduction)
    x_data, labels = unwrap(op, input), unwrap(op, target)
    if x_data.dtype.kind != "f" or labels.dtype.kind not in "iu":
        raise TypeError(
            message(
                op.__name__,
                f"floating scores and integer labels are needed; input {describe(input)}, target {describe(target)}.",
                "Convert them: input.float(), target.long().",
            )
        )
    if x_data.ndim not in (1, 2) or x_data.shape[-1] == 0:
        raise ValueError(
            message(
                op.__name__, f"an input of (N, C) or (C,) is needed, got {describe(input)}.", "Flatten the axes before."
            )
        )
    return x_data, labels


def refuse_label_shape(op: Op, input: Operand, target: Operand, wanted: str) -> None:
    """Raise the ValueError about the shape of labels."""
    raise ValueError(
        message(
            op.__name__,
            f"the target must have {wanted}; input {describe(input)}, target {describe(target)}.",
            "One label belongs to each sample, or one list of them.",
        )
    )


def refuse_outsiders(op: Op, labels: ndarray, classes: int, lowest: int) -> None:
    """Raise an IndexError, naming the first offender, unless all labels are in [lowest, classes)."""
    outside = (labels < lowest) | (labels >= classes)
    if np.count_nonzero(outside):
        index = tuple([int(each) for each in np.unravel_index(np.argmax(outside), labels.shape)])
        where = f" at {index if len(index) != 1 else index[0]}" if index else ""
        raise IndexError(
            message(
                op.__name__,
                f"label {labels[index]}{where} is none of the {classes} classes, {lowest} to {classes - 1}.",
                "Labels count from 0; the input needs one score for each class.",
            )
        )
