"""Rates that rise and fall in turn, between two bounds, with the momentum going the other way."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from minigrad.errors import describe, message
from minigrad.optim.checks import number, whole_number
from minigrad.optim.lr_scheduler.functions import contents_of
from minigrad.optim.lr_scheduler.schedulers import LRScheduler
from minigrad.optim.lr_scheduler.settings import (
    for_each_group,
    needs_optimizer,
    one_of,
    set_momentum,
    uses_beta1,
)
from minigrad.optim.optimizers import Optimizer

MODES = ("triangular", "triangular2", "exp_range")


class CyclicLR(LRScheduler):
    """Take the rate up and down along lines between ``base_lr`` and ``max_lr``, one step at each call.

    Args:
        optimizer: whose rates, and momenta, are set.
        base_lr: the lowest rate, or a list with one for each group; it takes the place of the optimizer's.
        max_lr: the highest rate, or a list.
        step_size_up: the number of steps up.
        step_size_down: the number of steps down; as many as up if None.
        mode: ``"triangular"``, where all cycles are alike, ``"triangular2"``, where each is half as high as the one
            before, or ``"exp_range"``, where the height is that times ``gamma ** step``.
        gamma: for ``"exp_range"``.
        scale_fn: a function that scales the height instead; ``mode`` is not used then.
        scale_mode: of what: the number of the cycle, ``"cycle"``, or of the step, ``"iterations"``.
        cycle_momentum: move the momentum, or the first of the betas, against the rate.
        base_momentum: the lowest momentum, or a list.
        max_momentum: the highest momentum, or a list.
        last_epoch: the number of steps done before; -1 to begin.

    Raises:
        TypeError, ValueError: if a setting is no number in its range, there are more or fewer than groups, or the
            optimizer has no momentum to move.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad.optim import SGD
        >>> optimizer = SGD([mg.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = CyclicLR(optimizer, 0.0, 1.0, step_size_up=2)
        >>> rates = scheduler.get_last_lr()
        >>> for _ in range(4):
        ...     optimizer.step()
        ...     scheduler.step()
        ...     rates += scheduler.get_last_lr()
        >>> rates
        [0.0, 0.5, 1.0, 0.5, 0.0]

    Source: Smith 2017, Cyclical learning rates for training neural networks.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.8,
        max_momentum: float | list[float] = 0.9,
        last_epoch: int = -1,
    ) -> None:
        """Check the settings and set the rates of the beginning."""
        who = type(self).__name__
        needs_optimizer(who, optimizer)
        whole_number(who, "step_size_up", step_size_up, 1)
        whole_number(who, "step_size_down", step_size_up if step_size_down is None else step_size_down, 1)
        if scale_fn is None:
            one_of(who, "mode", mode, MODES)
        elif not callable(scale_fn):
            raise TypeError(message(who, f"scale_fn must be a function of one number, got {describe(scale_fn)}."))
        one_of(who, "scale_mode", scale_mode, ("cycle", "iterations"))
        number(who, "gamma", gamma)
        self.lowest_lrs = for_each_group(who, "base_lr", base_lr, optimizer)
        self.max_lrs = for_each_group(who, "max_lr", max_lr, optimizer)
        down = step_size_up if step_size_down is None else step_size_down
        self.total_size = float(step_size_up) + float(down)
        self.step_ratio = step_size_up / self.total_size
        self.mode = mode
        self.gamma = gamma
        self._scale_fn_custom = scale_fn
        self.scale_mode = scale_mode
        if scale_fn is None:
            self.scale_mode = "iterations" if mode == "exp_range" else "cycle"
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.use_beta1 = uses_beta1(who, optimizer)
            self.base_momentums = for_each_group(who, "base_momentum", base_momentum, optimizer)
            self.max_momentums = for_each_group(who, "max_momentum", max_momentum, optimizer)
        super().__init__(optimizer, last_epoch)
        del self.lowest_lrs

    def begin(self) -> None:
        """Put the lowest rates and the highest momenta into the groups."""
        groups = self.optimizer.param_groups
        if self.last_epoch == -1:
            for group, base_lr in zip(groups, self.lowest_lrs):
                group["lr"] = base_lr
            if self.cycle_momentum:
                for group, low, high in zip(groups, self.base_momentums, self.max_momentums):
                    set_momentum(group, high, self.use_beta1)
                    group["max_momentum"] = high
                    group["base_momentum"] = low
        super().begin()
        self.base_lrs = self.lowest_lrs

    def get_lr(self) -> list[float]:
        """Return the rates, and set the momenta."""
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        position = 1.0 + self.last_epoch / self.total_size - cycle
        if position <= self.step_ratio:
            height = position / self.step_ratio
        else:
            height = (position - 1) / (self.step_ratio - 1)
        scale = self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        rates = []
        for base_lr, max_lr in zip(self.base_lrs, self.max_lrs):
            rates.append(base_lr + (max_lr - base_lr) * height * scale)
        if self.cycle_momentum:
            for group, low, high in zip(self.optimizer.param_groups, self.base_momentums, self.max_momentums):
                set_momentum(group, high - (high - low) * height * scale, self.use_beta1)
        return rates

    def scale_fn(self, x: float) -> float:
        """Return the height of a cycle, or at a step, relative to the first one's.

        Args:
            x: the number of the cycle, from 1, or of the step, as ``scale_mode`` says.
        """
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        if self.mode == "triangular2":
            return 1 / 2.0 ** (x - 1)
        return self.gamma**x if self.mode == "exp_range" else 1.0

    def state_dict(self) -> dict[str, Any]:
        """Return every attribute but the optimizer; of ``scale_fn`` only what an object holds, else None."""
        return {**super().state_dict(), "_scale_fn_custom": contents_of(self._scale_fn_custom)}

    def adopt(self, state: dict[str, Any]) -> None:
        """Take over a state: a function stays, an object gets what it held."""
        held = state.pop("_scale_fn_custom")
        super().adopt(state)
        if held is not None and self._scale_fn_custom is not None:
            vars(self._scale_fn_custom).update(held)
