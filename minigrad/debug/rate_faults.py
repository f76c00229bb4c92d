"""When a learning rate counts as too large."""

from __future__ import annotations

import math
from typing import Any

from minigrad.debug.curvature import has_theory
from minigrad.debug.report import Finding
from minigrad.debug.trials import losses_ahead, steps_to_grow
from minigrad.optim.sgd import SGD


def large_learning_rate(found: Any, known: list[Finding]) -> list[Finding]:
    """A step beyond which a quadratic loss diverges: for gradient descent lr > 2 / lambda_max.

    Before the first step theory is all that is known, and it decides for SGD; as it does of a model that is worse than
    an output of zeros. One that has learned something at a rate is another matter: training settles where lambda_max is
    about 2 / lr and stays there, because the curvature falls when the steps grow. So then a factor of 2 is needed,
    where this no longer holds (lr > 4 / lambda_max), or that the optimizer's next steps, tried on copies, make the
    model worse than it is and than an output of zeros. The same trial decides for Adam, whose scales mean nothing
    before the first step.

    Source: Cohen et al. 2021 (as in ``curvature.py``); Lewkowycz et al., "The large learning rate phase of deep
    learning: the catapult mechanism", 2020 (the factor of 2).
    """
    optimizer = found.optimizer
    if optimizer is None or found.excess is None or not math.isfinite(found.excess):
        return adam_at_start(found)
    if found.excess <= 1:
        return []
    losses: list[float] = []
    learned = found.zero_loss is None or found.loss.item() <= found.zero_loss
    if optimizer.has_stepped and learned and (found.excess <= 2 or not isinstance(optimizer, SGD)):
        momentum = max([momentum_of(optimizer, group) for group in optimizer.param_groups])
        losses = losses_ahead(found.subject, optimizer, min(steps_to_grow(found.excess, momentum), 50))
        if not worsens(found, losses):
            return []
    return [too_large(found, losses)]


def momentum_of(optimizer: Any, group: dict[str, Any]) -> float:
    """Return the share of the last step that the next one keeps."""
    return float(group["momentum"] if isinstance(optimizer, SGD) else group["betas"][0])


def adam_at_start(found: Any) -> list[Finding]:
    """Judge an Adam that has no moments yet by the steps that its momentum remembers, ``1 / (1 - beta1)``."""
    optimizer = found.optimizer
    if optimizer is None or not found.finite or not has_theory(optimizer) or isinstance(optimizer, SGD):
        return []
    memory = max([1 / (1 - group["betas"][0]) for group in optimizer.param_groups])
    losses = losses_ahead(found.subject, optimizer, min(math.ceil(memory), 50))
    return [too_large(found, losses)] if worsens(found, losses) else []


def worsens(found: Any, losses: list[float]) -> bool:
    """Return whether the last loss is above the first, and above that of an output of zeros."""
    bound = max(losses[0], losses[0] if found.zero_loss is None else found.zero_loss)
    return not losses[-1] <= bound


def too_large(found: Any, losses: list[float]) -> Finding:
    """Return the finding about a learning rate."""
    optimizer = found.optimizer
    lr = max([float(group["lr"]) for group in optimizer.param_groups])
    figures: dict[str, Any] = {"lr": lr, "lambda_max": found.largest}
    sentence = f"lr is {lr:.3g}"
    remedy = "Lower it by a factor of 10, or warm it up."
    if found.excess is not None:
        limit = lr / found.excess
        plain = isinstance(optimizer, SGD) and momentum_of(optimizer, optimizer.param_groups[0]) == 0
        what = "2 / lambda_max" if plain else f"what {type(optimizer).__name__} allows at this curvature"
        sentence += (
            f", {found.excess:.3g} times {what} = {limit:.3g} (lambda_max {found.largest:.3g}): along that eigenvector "
            f"each step overshoots"
        )
        figures.update(limit=limit, excess=found.excess)
        remedy = f"Lower it below {limit:.2g}; half of that is a good start."
    if losses:
        sentence += f"; {len(losses) - 1} steps tried on copies take the loss from {losses[0]:.3g} to {losses[-1]:.3g}"
        figures["losses"] = losses
    return Finding("learning rate too large", "", figures, sentence + ".", remedy)
