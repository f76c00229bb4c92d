"""Negative logarithms of likelihoods, and the divergence of one distribution from another."""

from __future__ import annotations

from minigrad.nn.losses import Loss
from minigrad.ops.likelihood_losses import gaussian_nll_loss, kl_div, poisson_nll_loss
from minigrad.ops.operands import Operand, Tensor


class GaussianNLLLoss(Loss):
    """The negative log-likelihood of targets that are normal around a prediction.

    See ``functional.gaussian_nll_loss``.

    Args:
        full: add the constant ``log(2 * pi) / 2``.
        eps: the least variance.
        reduction: ``mean``, ``sum``, or ``none``.
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        """Keep the settings."""
        super().__init__(reduction)
        self.full = full
        self.eps = eps

    def forward(self, input: Operand, target: Operand, var: Operand) -> Tensor:
        """Return the loss of means, targets and variances."""
        return gaussian_nll_loss(input, target, var, full=self.full, eps=self.eps, reduction=self.reduction)


class PoissonNLLLoss(Loss):
    """The negative log-likelihood of counts that are Poisson distributed.

    See ``functional.poisson_nll_loss``.

    Args:
        log_input: whether the prediction is the logarithm of the rate.
        full: add Stirling's approximation of ``log(target!)``.
        eps: added to a rate before its logarithm is taken.
        reduction: ``mean``, ``sum``, or ``none``.
    """

    def __init__(
        self, log_input: bool = True, full: bool = False, *, eps: float = 1e-8, reduction: str = "mean"
    ) -> None:
        """Keep the settings."""
        super().__init__(reduction)
        self.log_input = log_input
        self.full = full
        self.eps = eps

    def forward(self, input: Operand, target: Operand) -> Tensor:
        """Return the loss of a prediction and a target."""
        return poisson_nll_loss(
            input, target, log_input=self.log_input, full=self.full, eps=self.eps, reduction=self.reduction
        )


class KLDivLoss(Loss):
    """The divergence of a distribution from one that is given by its logarithms.

    See ``functional.kl_div``.

    Args:
        log_target: whether the target is given by its logarithms too.
        reduction: ``mean``, ``sum``, or ``none``, ``batchmean`` for the sum by sample.
    """

    def __init__(self, *, log_target: bool = False, reduction: str = "mean") -> None:
        """Keep the settings."""
        super().__init__("mean" if reduction == "batchmean" else reduction)
        self.reduction = reduction
        self.log_target = log_target

    def forward(self, input: Operand, target: Operand) -> Tensor:
        """Return the loss of a prediction and a target."""
        return kl_div(input, target, log_target=self.log_target, reduction=self.reduction)
