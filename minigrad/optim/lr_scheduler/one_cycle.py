"""One cycle: the rate rises to its highest and falls to next to nothing, the momentum goes the other way."""

from __future__ import annotations

import math
from typing import Any

from minigrad.errors import message
from minigrad.optim.checks import fraction, number, whole_number
from minigrad.optim.lr_scheduler.schedulers import LRScheduler
from minigrad.optim.lr_scheduler.settings import (
    for_each_group,
    needs_optimizer,
    one_of,
    set_momentum,
    uses_beta1,
)
from minigrad.optim.optimizers import Optimizer

RISE = {"start_lr": "initial_lr", "end_lr": "max_lr", "start_momentum": "max_momentum", "end_momentum": "base_momentum"}
FALL = {"start_lr": "max_lr", "end_lr": "min_lr", "start_momentum": "base_momentum", "end_momentum": "max_momentum"}
RETURN = {**FALL, "end_lr": "initial_lr"}
END = {"start_lr": "initial_lr", "end_lr": "min_lr", "start_momentum": "max_momentum", "end_momentum": "max_momentum"}


class OneCycleLR(LRScheduler):
    """Take the rate from ``max_lr / div_factor`` up to ``max_lr`` and down to a fraction of where it began.

    Args:
        optimizer: whose rates, and momenta, are set.
        max_lr: the highest rate, or a list with one for each group; the optimizer's own plays no part.
        total_steps: the number of steps of the whole cycle; or
        epochs, steps_per_epoch: two numbers whose product it is.
        pct_start: the part of the cycle in which the rate rises, from 0 to 1.
        anneal_strategy: ``"cos"`` or ``"linear"``.
        cycle_momentum: move the momentum, or the first of the betas, against the rate.
        base_momentum: the lowest momentum, or a list.
        max_momentum: the highest momentum, or a list.
        div_factor: the first rate is ``max_lr / div_factor``.
        final_div_factor: the last rate is the first divided by this.
        three_phase: fall to the first rate in as many steps as it rose, and to the last one in a third phase.
        last_epoch: the number of steps done before; -1 to begin.

    Raises:
        TypeError, ValueError: if a setting is no number in its range, there are more or fewer than groups, or the
            optimizer has no momentum to move; at a step after the last.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad.optim import SGD
        >>> optimizer = SGD([mg.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = OneCycleLR(optimizer, 1.0, total_steps=10, anneal_strategy="linear", div_factor=5)
        >>> for _ in range(2):
        ...     optimizer.step()
        ...     scheduler.step()
        >>> scheduler.get_last_lr()
        [1.0]

    Source: Smith and Topin 2018, Super-convergence: very fast training of neural networks using large learning rates.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        """Check the settings and set the rates of the beginning."""
        who = type(self).__name__
        needs_optimizer(who, optimizer)
        self.total_steps = steps_of_cycle(who, total_steps, epochs, steps_per_epoch)
        fraction(who, "pct_start", pct_start)
        one_of(who, "anneal_strategy", anneal_strategy, ("cos", "linear"))
        for name, divisor in (("div_factor", div_factor), ("final_div_factor", final_div_factor)):
            if number(who, name, divisor) == 0:
                raise ValueError(message(who, f"{name} must be above 0, got {divisor}."))
        self._schedule_phases = phases(pct_start, self.total_steps, three_phase)
        self._anneal_func_type = anneal_strategy
        self.cycle_momentum = cycle_momentum
        high = for_each_group(who, "max_lr", max_lr, optimizer)
        kept = {"max_lr": high, "initial_lr": [rate / div_factor for rate in high]}
        kept["min_lr"] = [rate / final_div_factor for rate in kept["initial_lr"]]
        if cycle_momentum:
            self.use_beta1 = uses_beta1(who, optimizer)
            kept["max_momentum"] = for_each_group(who, "max_momentum", max_momentum, optimizer)
            kept["base_momentum"] = for_each_group(who, "base_momentum", base_momentum, optimizer)
        self.kept = kept
        super().__init__(optimizer, last_epoch)
        del self.kept

    def begin(self) -> None:
        """Put the bounds of rates and momenta into the groups."""
        if self.last_epoch == -1:
            for name, values in self.kept.items():
                for group, value in zip(self.optimizer.param_groups, values):
                    group[name] = value
        super().begin()

    def get_lr(self) -> list[float]:
        """Return the rates, and set the momenta."""
        step = self.last_epoch
        if step > self.total_steps:
            problem = f"the cycle of {self.total_steps} steps is over, and this is step {step}."
            raise ValueError(message(type(self).__name__, problem, "Pass total_steps, or step once for each batch."))
        start = 0.0
        index = 0
        while index < len(self._schedule_phases) - 1 and step > self._schedule_phases[index]["end_step"]:
            start = self._schedule_phases[index]["end_step"]
            index += 1
        phase = self._schedule_phases[index]
        # A phase without a length is at its end.
        length = phase["end_step"] - start
        progress = (step - start) / length if length != 0 else 1.0
        rates = []
        for group in self.optimizer.param_groups:
            rates.append(self.between(group[phase["start_lr"]], group[phase["end_lr"]], progress))
            if self.cycle_momentum:
                momentum = self.between(group[phase["start_momentum"]], group[phase["end_momentum"]], progress)
                set_momentum(group, momentum, self.use_beta1)
        return rates

    def between(self, start: float, end: float, progress: float) -> float:
        """Return what lies between two numbers, along half a cosine or a line."""
        if self._anneal_func_type == "linear":
            return (end - start) * progress + start
        return end + (start - end) / 2.0 * (math.cos(math.pi * progress) + 1)


def steps_of_cycle(who: str, total_steps: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
    """Return the number of steps of a cycle.

    Raises:
        TypeError, ValueError: if it is not given, or no integer above 0.
    """
    if total_steps is not None:
        whole_number(who, "total_steps", total_steps, 1)
        return total_steps
    if epochs is None or steps_per_epoch is None:
        problem = "total_steps is needed, or epochs and steps_per_epoch."
        raise ValueError(message(who, problem, "Example: epochs=10, steps_per_epoch=len(loader)."))
    whole_number(who, "epochs", epochs, 1)
    whole_number(who, "steps_per_epoch", steps_per_epoch, 1)
    return epochs * steps_per_epoch


def phases(pct_start: float, total_steps: int, three_phase: bool) -> list[dict[str, Any]]:
    """Return the last step of each phase, and from where to where rates and momenta go in it."""
    top, end = float(pct_start * total_steps) - 1, total_steps - 1
    if three_phase:
        back = float(2 * pct_start * total_steps) - 2
        return [{"end_step": top, **RISE}, {"end_step": back, **RETURN}, {"end_step": end, **END}]
    return [{"end_step": top, **RISE}, {"end_step": end, **FALL}]
