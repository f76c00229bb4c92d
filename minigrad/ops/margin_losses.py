"""Losses that vanish beyond a margin: of pairs, triplets and single scores, with labels 1 and -1."""

from __future__ import annotations

from typing import Any

from minigrad.errors import message
from minigrad.ops.activations import logsigmoid
from minigrad.ops.arithmetic import add, div, mul, neg, sub
from minigrad.ops.bounds import clamp_min
from minigrad.ops.comparisons import eq, ne
from minigrad.ops.composed_losses import (
    above_zero,
    check_axes,
    check_operands,
    listed,
    reduce_losses,
    refuse_label_gradient,
)
from minigrad.ops.elementwise import minimum, sqrt, square, where
from minigrad.ops.operands import Operand, Tensor, flag, real, unwrap
from minigrad.ops.reductions import sum
from minigrad.ops.similarities import pairwise_distance

LABELS = "1 and -1"
#: What is added to squared lengths, as in PyTorch, so that a vector of zeros has a cosine and a gradient.
EPSILON = 1e-12


def margin_ranking_loss(
    input1: Operand, input2: Operand, target: Operand, margin: float = 0.0, *, reduction: str = "mean"
) -> Tensor:
    """Return ``max(0, margin - target * (input1 - input2))``: with target 1 the first should be larger.

    Args:
        input1: scores, any shape.
        input2: scores to rank them with, of a shape that broadcasts, with as many axes.
        target: 1 or -1, broadcast likewise.
        margin: by how much they should differ; where they do so exactly, the gradient is still that of the slope.
        reduction: ``mean``, ``sum`` or ``none``.

    Returns:
        0-d, or with ``none`` the broadcast shape.

    Raises:
        ValueError: if the shapes do not fit, or ``reduction`` is another; TypeError: if nothing is floating.
    """
    check_operands(margin_ranking_loss, reduction, input1=input1, input2=input2, target=target)
    check_axes(margin_ranking_loss, input1=input1, input2=input2, target=target)
    margin = real(margin_ranking_loss, "margin", margin)
    return reduce_losses(clamp_min(add(mul(sub(input2, input1), target), margin), 0), reduction)


def hinge_embedding_loss(input: Operand, target: Operand, margin: float = 1.0, *, reduction: str = "mean") -> Tensor:
    """Return the input where the target is 1, and ``max(0, margin - input)`` where it is -1.

    Args:
        input: distances, any shape.
        target: 1 for what should be close, -1 for what should not, of a shape that broadcasts.
        margin: how far apart is far enough; at a distance of exactly the margin the gradient is still -1.
        reduction: ``mean``, ``sum`` or ``none``.

    Returns:
        0-d, or with ``none`` the broadcast shape.

    Raises:
        ValueError: if the shapes do not fit, or ``reduction`` is another; TypeError: if nothing is floating.
        RuntimeError: if the target requires grad.
    """
    check_operands(hinge_embedding_loss, reduction, input=input, target=target)
    refuse_label_gradient(hinge_embedding_loss, target, LABELS)
    margin = real(hinge_embedding_loss, "margin", margin)
    close = where(ne(target, -1), input, 0)
    apart = where(ne(target, 1), clamp_min(sub(margin, input), 0), 0)
    return reduce_losses(add(close, apart), reduction)


def soft_margin_loss(input: Operand, target: Operand, *, reduction: str = "mean") -> Tensor:
    """Return ``log(1 + exp(-target * input))``, also where the exponential would overflow.

    Args:
        input: scores, any shape.
        target: 1 or -1, of a shape that broadcasts.
        reduction: ``mean``, ``sum`` or ``none``.

    Returns:
        0-d, or with ``none`` the broadcast shape.

    Raises:
        ValueError: if the shapes do not fit, or ``reduction`` is another; TypeError: if nothing is floating.
    """
    check_operands(soft_margin_loss, reduction, input=input, target=target)
    return reduce_losses(neg(logsigmoid(mul(input, target))), reduction)


def cosine_embedding_loss(
    input1: Operand, input2: Operand, target: Operand, margin: float = 0.0, *, reduction: str = "mean"
) -> Tensor:
    """Return ``1 - cos`` of pairs with target 1, ``max(0, cos - margin)`` of those with -1.

    Args:
        input1: vectors, (N, D), or one, (D,).
        input2: what they are paired with, of a shape that broadcasts.
        target: 1 for pairs that should point the same way, -1 for those that should not: (N,), or 0-d for one pair.
        margin: the cosine that is small enough; at exactly the margin the gradient is still that of the cosine. The
            gradient of a vector of zeros is finite: 1e-12 is added to its squared length.
        reduction: ``mean``, ``sum`` or ``none``.

    Returns:
        0-d, or with ``none`` the target's shape.

    Raises:
        ValueError: if the shapes do not fit, or ``reduction`` is another; TypeError: if nothing is floating.
        RuntimeError: if the target requires grad.
    """
    op = cosine_embedding_loss
    check_operands(op, reduction, input1=input1, input2=input2)
    axes = unwrap(op, target).ndim
    if axes > 1 or {unwrap(op, input1).ndim, unwrap(op, input2).ndim} != {axes + 1}:
        raise ValueError(
            message(
                "cosine_embedding_loss",
                "inputs of (N, D) with a target of (N,), or of (D,) with one of (), are needed; "
                f"{listed({'input1': input1, 'input2': input2, 'target': target})}.",
                "One label belongs to each pair of vectors: target.squeeze(-1).",
            )
        )
    refuse_label_gradient(op, target, LABELS)
    margin = real(op, "margin", margin)
    squares = mul(add(sum(square(input1), -1), EPSILON), add(sum(square(input2), -1), EPSILON))
    cosine = div(sum(mul(input1, input2), -1), sqrt(squares))
    alike = where(eq(target, 1), sub(1, cosine), 0)
    unlike = where(eq(target, -1), clamp_min(sub(cosine, margin), 0), 0)
    return reduce_losses(add(alike, unlike), reduction)


def triplet_margin_loss(
    anchor: Operand,
    positive: Operand,
    negative: Operand,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    *,
    reduction: str = "mean",
) -> Tensor:
    """Return ``max(0, margin + |anchor - positive| - |anchor - negative|)``, the distances along the last axis.

    Args:
        anchor: vectors, (..., D).
        positive: what should be close to them, of a shape that broadcasts, with as many axes.
        negative: what should not, likewise.
        margin: by how much the second should be farther away, above 0; at exactly that the gradient is still that of
            the difference.
        p: the order of the norm.
        eps: added to each difference, so that equal vectors have a gradient.
        swap: take the distance of positive and negative where it is the smaller one; equal ones share the gradient
            in halves.
        reduction: ``mean``, ``sum`` or ``none``.

    Returns:
        0-d, or with ``none`` the broadcast shape without its last axis.

    Raises:
        ValueError: if the shapes do not fit, ``margin`` is not above 0, or ``reduction`` is another; TypeError: if
            nothing is floating.

    Source: Balntas et al., "Learning shallow convolutional feature descriptors with triplet losses", 2016.
    """
    operands: dict[str, Any] = {"anchor": anchor, "positive": positive, "negative": negative}
    check_operands(triplet_margin_loss, reduction, **operands)
    check_axes(triplet_margin_loss, **operands)
    margin = above_zero(triplet_margin_loss, "margin", margin)
    far = pairwise_distance(anchor, negative, p, eps)
    if flag(triplet_margin_loss, "swap", swap):
        far = minimum(far, pairwise_distance(positive, negative, p, eps))
    near = pairwise_distance(anchor, positive, p, eps)
    return reduce_losses(clamp_min(sub(add(near, margin), far), 0), reduction)
