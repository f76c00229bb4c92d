"""Losses that ask for a distance between what is to be told apart."""

from __future__ import annotations

from minigrad.nn.losses import Loss
from minigrad.ops.class_margin_losses import multi_margin_loss, multilabel_margin_loss, multilabel_soft_margin_loss
from minigrad.ops.margin_losses import (
    cosine_embedding_loss,
    hinge_embedding_loss,
    margin_ranking_loss,
    soft_margin_loss,
    triplet_margin_loss,
)
from minigrad.ops.operands import Operand, Tensor


class MarginRankingLoss(Loss):
    """What the first of two inputs lacks to being above the second, or below it where the target is -1.

    See ``functional.margin_ranking_loss``.

    Args:
        margin: by how much it should be.
        reduction: ``mean``, ``sum``, or ``none``.
    """

    def __init__(self, margin: float = 0.0, *, reduction: str = "mean") -> None:
        """Keep the settings."""
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input1: Operand, input2: Operand, target: Operand) -> Tensor:
        """Return the loss of two inputs and a target of 1 and -1."""
        return margin_ranking_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class HingeEmbeddingLoss(Loss):
    """Distances where the target is 1, what they lack to the margin where it is -1.

    See ``functional.hinge_embedding_loss``.

    Args:
        margin: how far apart different things should be.
        reduction: ``mean``, ``sum``, or ``none``.
    """

    def __init__(self, margin: float = 1.0, *, reduction: str = "mean") -> None:
        """Keep the settings."""
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input: Operand, target: Operand) -> Tensor:
        """Return the loss of a prediction and a target."""
        return hinge_embedding_loss(input, target, margin=self.margin, reduction=self.reduction)


class SoftMarginLoss(Loss):
    """``log(1 + exp(-target * input))`` for targets of 1 and -1.

    See ``functional.soft_margin_loss``.

    Args:
        reduction: ``mean``, ``sum``, or ``none``.
    """

    def __init__(self, *, reduction: str = "mean") -> None:
        """Keep the settings."""
        super().__init__(reduction)

    def forward(self, input: Operand, target: Operand) -> Tensor:
        """Return the loss of a prediction and a target."""
        return soft_margin_loss(input, target, reduction=self.reduction)


class CosineEmbeddingLoss(Loss):
    """``1 - cos`` of two vectors where the target is 1, their cosine above the margin where it is -1.

    See ``functional.cosine_embedding_loss``.

    Args:
        margin: the largest cosine of different things.
        reduction: ``mean``, ``sum``, or ``none``.
    """

    def __init__(self, margin: float = 0.0, *, reduction: str = "mean") -> None:
        """Keep the settings."""
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input1: Operand, input2: Operand, target: Operand) -> Tensor:
        """Return the loss of two batches of vectors and a target of 1 and -1."""
        return cosine_embedding_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class TripletMarginLoss(Loss):
    """How much less than a margin an anchor is nearer to a positive than to a negative example.

    See ``functional.triplet_margin_loss``.

    Args:
        margin: how much nearer it should be.
        p: the norm that measures distances.
        eps: added to differences, so that distances have gradients.
        swap: take the negative's distance from the positive where that is smaller.
        reduction: ``mean``, ``sum``, or ``none``.
    """

    def __init__(
        self, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6, swap: bool = False, *, reduction: str = "mean"
    ) -> None:
        """Keep the settings."""
        super().__init__(reduction)
        self.margin = margin
        self.p = p
        self.eps = eps
        self.swap = swap

    def forward(self, anchor: Operand, positive: Operand, negative: Operand) -> Tensor:
        """Return the loss of three batches of vectors."""
        return triplet_margin_loss(
            anchor,
            positive,
            negative,
            margin=self.margin,
            p=self.p,
            eps=self.eps,
            swap=self.swap,
            reduction=self.reduction,
        )


class MultiMarginLoss(Loss):
    """What the score of the right class lacks to being a margin above each other one.

    See ``functional.multi_margin_loss``.

    Args:
        p: the power of what is lacking, 1 or 2.
        margin: how far above it should be.
        weight: (C,), a factor of each class.
        reduction: ``mean``, ``sum``, or ``none``.
    """

    weight: Tensor | None

    def __init__(
        self, p: float = 1, margin: float = 1.0, weight: Operand | None = None, *, reduction: str = "mean"
    ) -> None:
        """Keep the settings."""
        super().__init__(reduction)
        self.p = p
        self.margin = margin
        self.keep_weight("weight", weight)

    def forward(self, input: Operand, target: Operand) -> Tensor:
        """Return the loss of a prediction and a target."""
        return multi_margin_loss(
            input, target, p=self.p, margin=self.margin, weight=self.weight, reduction=self.reduction
        )


class MultiLabelMarginLoss(Loss):
    """What the scores of the right classes, of which there may be several, lack to being 1 above the others.

    See ``functional.multilabel_margin_loss``.

    Args:
        reduction: ``mean``, ``sum``, or ``none``.
    """

    def __init__(self, *, reduction: str = "mean") -> None:
        """Keep the settings."""
        super().__init__(reduction)

    def forward(self, input: Operand, target: Operand) -> Tensor:
        """Return the loss of a prediction and a target."""
        return multilabel_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(Loss):
    """The mean binary cross-entropy over classes that are each there or not.

    See ``functional.multilabel_soft_margin_loss``.

    Args:
        weight: (C,), a factor of each class.
        reduction: ``mean``, ``sum``, or ``none``.
    """

    weight: Tensor | None

    def __init__(self, weight: Operand | None = None, *, reduction: str = "mean") -> None:
        """Keep the settings."""
        super().__init__(reduction)
        self.keep_weight("weight", weight)

    def forward(self, input: Operand, target: Operand) -> Tensor:
        """Return the loss of a prediction and a target."""
        return multilabel_soft_margin_loss(input, target, weight=self.weight, reduction=self.reduction)
