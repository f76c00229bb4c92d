"""Losses that are squared for small errors and absolute for large ones."""

from __future__ import annotations

from minigrad.nn.losses import Loss
from minigrad.ops.operands import Operand, Tensor
from minigrad.ops.robust_losses import huber_loss, smooth_l1_loss


class HuberLoss(Loss):
    """Half the squared error up to ``delta``, beyond it ``delta`` times the absolute one.

    See ``functional.huber_loss``.

    Args:
        delta: where the one becomes the other, positive.
        reduction: ``mean``, ``sum``, or ``none``.
    """

    def __init__(self, *, delta: float = 1.0, reduction: str = "mean") -> None:
        """Keep the settings."""
        super().__init__(reduction)
        self.delta = delta

    def forward(self, input: Operand, target: Operand) -> Tensor:
        """Return the loss of a prediction and a target."""
        return huber_loss(input, target, delta=self.delta, reduction=self.reduction)


class SmoothL1Loss(Loss):
    """The squared error over ``2 * beta`` up to ``beta``, beyond it the absolute one less ``beta / 2``.

    See ``functional.smooth_l1_loss``.

    Args:
        beta: where the one becomes the other; at 0 the loss is absolute throughout.
        reduction: ``mean``, ``sum``, or ``none``.
    """

    def __init__(self, *, beta: float = 1.0, reduction: str = "mean") -> None:
        """Keep the settings."""
        super().__init__(reduction)
        self.beta = beta

    def forward(self, input: Operand, target: Operand) -> Tensor:
        """Return the loss of a prediction and a target."""
        return smooth_l1_loss(input, target, beta=self.beta, reduction=self.reduction)
