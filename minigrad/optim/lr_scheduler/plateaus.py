"""Rates that fall when what is watched no longer gets better."""

from __future__ import annotations

import copy
import math
from typing import Any

from minigrad.errors import describe, message
from minigrad.optim.checks import number, whole_number
from minigrad.optim.lr_scheduler.schedulers import LRScheduler
from minigrad.optim.lr_scheduler.settings import for_each_group, needs_optimizer, one_of
from minigrad.optim.optimizers import Optimizer


class ReduceLROnPlateau(LRScheduler):
    """Multiply the rate by ``factor`` when a loss, say, has not got better for more than ``patience`` steps.

    Args:
        optimizer: whose rates are set.
        mode: ``"min"`` if less is better, ``"max"`` if more is.
        factor: the factor, below 1.
        patience: how many steps may pass without getting better.
        threshold: by how much better counts.
        threshold_mode: ``"rel"``, relative to the best so far, or ``"abs"``.
        cooldown: how many steps after a change do not count.
        min_lr: the lowest rate, or a list with one for each group.
        eps: a change of the rate by less is not made.

    Raises:
        TypeError, ValueError: if a setting is no number in its range, or there are more or fewer than groups.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad.optim import SGD
        >>> optimizer = SGD([mg.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
        >>> for loss in (0.9, 0.8, 0.8, 0.8):
        ...     optimizer.step()
        ...     scheduler.step(loss)
        >>> scheduler.get_last_lr()
        [0.5]

    Source: PyTorch, torch.optim.lr_scheduler.ReduceLROnPlateau.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | list[float] = 0,
        eps: float = 1e-8,
    ) -> None:
        """Check the settings."""
        who = type(self).__name__
        needs_optimizer(who, optimizer)
        one_of(who, "mode", mode, ("min", "max"))
        one_of(who, "threshold_mode", threshold_mode, ("rel", "abs"))
        number(who, "factor", factor, 1.0)
        number(who, "threshold", threshold)
        number(who, "eps", eps)
        whole_number(who, "patience", patience, 0)
        whole_number(who, "cooldown", cooldown, 0)
        self.min_lrs = for_each_group(who, "min_lr", min_lr, optimizer)
        self.default_min_lr = None if isinstance(min_lr, (list, tuple)) else min_lr
        self.optimizer = optimizer
        self.factor = factor
        self.patience = patience
        self.cooldown = cooldown
        self.eps = eps
        self.mode = mode
        self.threshold = threshold
        self.threshold_mode = threshold_mode
        self.last_epoch = 0
        self._last_lr = [group["lr"] for group in optimizer.param_groups]
        self.mode_worse = math.inf if mode == "min" else -math.inf
        self.best = self.mode_worse
        self.cooldown_counter = 0
        self.num_bad_epochs = 0

    def step(self, metrics: Any) -> None:  # type: ignore[override]
        """Look at what is watched, and lower the rates if it is time; all of it or, after an error, nothing.

        Args:
            metrics: a number, or a tensor of one element. NaN is not better.

        Raises:
            TypeError: if it is no number.
            ValueError: if groups were added and ``min_lr`` was a list.
        """
        if not hasattr(metrics, "__float__"):
            problem = f"what is watched must be a number, got {describe(metrics)}."
            raise TypeError(message(f"{type(self).__name__}.step", problem, "Example: scheduler.step(loss.item())."))
        current = float(metrics)
        ahead = self.copy_ahead()
        ahead.look_at(current)
        self.take_over(ahead)

    def look_at(self, current: float) -> None:
        """Count a step, and lower the rates if it is time; called on copies."""
        self.last_epoch += 1
        if self.is_better(current):
            self.best = current
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        rates = [group["lr"] for group in self.optimizer.param_groups]
        if self.num_bad_epochs > self.patience:
            rates = self.lowered(rates)
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self.set_rates(rates)

    def lowered(self, rates: list[float]) -> list[float]:
        """Return the rates times the factor, none below its least one."""
        if len(self.min_lrs) != len(rates):
            if self.default_min_lr is None:
                problem = f"min_lr has {len(self.min_lrs)} numbers, and the optimizer now has {len(rates)} groups."
                remedy = "Set scheduler.min_lrs when you add a group."
                raise ValueError(message(type(self).__name__, problem, remedy))
            self.min_lrs = [self.default_min_lr] * len(rates)
        lowered = []
        for rate, least in zip(rates, self.min_lrs):
            lower = max(rate * self.factor, least)
            lowered.append(lower if rate - lower > self.eps else rate)
        return lowered

    def is_better(self, current: float) -> bool:
        """Return whether a value is better than the best so far, by more than the threshold."""
        sign = 1.0 if self.mode == "max" else -1.0
        if self.threshold_mode == "rel":
            bound = self.best * (1.0 + sign * self.threshold)
        else:
            bound = self.best + sign * self.threshold
        return current > bound if self.mode == "max" else current < bound

    @property
    def in_cooldown(self) -> bool:
        """Whether the last change is so recent that steps do not count."""
        return self.cooldown_counter > 0

    def adopt(self, state: dict[str, Any]) -> None:
        """Take over a state, and what follows from its mode."""
        super().adopt(copy.copy(state))
        self.mode_worse = math.inf if self.mode == "min" else -math.inf
