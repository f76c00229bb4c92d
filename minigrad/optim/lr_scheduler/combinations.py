"""Schedules made of schedules: one after the other, or all at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Any, Self

from minigrad.errors import describe, message
from minigrad.optim.checks import whole_number
from minigrad.optim.lr_scheduler.plateaus import ReduceLROnPlateau
from minigrad.optim.lr_scheduler.schedulers import LRScheduler
from minigrad.optim.lr_scheduler.settings import needs_optimizer
from minigrad.optim.optimizers import Optimizer


class CombinedScheduler(LRScheduler):
    """What schedules that are made of others share: the parts' states are part of theirs."""

    _schedulers: list[LRScheduler]

    def keep(self, optimizer: Optimizer, schedulers: list[LRScheduler]) -> None:
        """Check the parts and keep them.

        Raises:
            TypeError: if one is no schedule.
            ValueError: if there is none, one has another optimizer, or one needs to be told a loss.
        """
        who = type(self).__name__
        needs_optimizer(who, optimizer)
        for index, scheduler in enumerate(schedulers):
            problem = ""
            if isinstance(scheduler, ReduceLROnPlateau):
                problem = f"schedule {index} is a ReduceLROnPlateau, whose step() needs to be told a loss."
            elif scheduler.optimizer is not optimizer:
                problem = f"schedule {index}, {type(scheduler).__name__}, has another optimizer."
            if problem:
                raise ValueError(message(who, problem, "Pass schedules of one optimizer that step by themselves."))
        self._schedulers = schedulers
        self.optimizer = optimizer

    @property
    def _step_count(self) -> int:  # type: ignore[override]
        """How often the first part has been stepped."""
        return self._schedulers[0]._step_count

    def copy_for(self, optimizer: Optimizer) -> Self:
        """Return a copy of the schedule and its parts for another optimizer."""
        twin = super().copy_for(optimizer)
        twin._schedulers = [scheduler.copy_for(optimizer) for scheduler in self._schedulers]
        return twin

    def family(self) -> list[LRScheduler]:
        """Return the schedule, and those that it is made of."""
        members: list[LRScheduler] = [self]
        for scheduler in self._schedulers:
            members += scheduler.family()
        return members

    def start(self) -> None:
        """Set the first rates; called on copies."""
        self.forward()

    def undo(self) -> None:
        """Take back the first step of the parts; called on copies."""
        for member in self.family():
            if not isinstance(member, CombinedScheduler):
                member.last_epoch -= 1

    def state_dict(self) -> dict[str, Any]:
        """Return every attribute but the optimizer; of the parts their states."""
        return {**super().state_dict(), "_schedulers": [scheduler.state_dict() for scheduler in self._schedulers]}

    def misfits(self, state_dict: dict[str, Any]) -> list[str]:
        """Return what keeps a state from belonging to this schedule."""
        misfits = super().misfits(state_dict)
        states = state_dict.get("_schedulers")
        if not isinstance(states, (list, tuple)) or len(states) != len(self._schedulers):
            return [*misfits, f"its schedules are {describe(states)}, and there are {len(self._schedulers)}"]
        for index, (scheduler, state) in enumerate(zip(self._schedulers, states)):
            if not isinstance(state, dict):
                misfits.append(f"its schedule {index} is {describe(state)}")
                continue
            for misfit in scheduler.misfits(state):
                misfits.append(f"of schedule {index}: {misfit}")
        return misfits

    def adopt(self, state: dict[str, Any]) -> None:
        """Take over a state, and those of the parts."""
        states = state.pop("_schedulers")
        super().adopt(state)
        for scheduler, part in zip(self._schedulers, states):
            scheduler.adopt(part)


class SequentialLR(CombinedScheduler):
    """Follow one schedule up to a milestone, then the next from its beginning, and so on.

    Args:
        optimizer: whose rates are set.
        schedulers: schedules of this optimizer, in order.
        milestones: the numbers of the steps at which to go on to the next, rising; one fewer than schedules.
        last_epoch: the number of steps done before; -1 to begin.

    Raises:
        TypeError: if one is no schedule, or a milestone no integer.
        ValueError: if the numbers do not fit, or a schedule cannot take part: one of another optimizer, one that needs
            a loss, or, after the first, one that is itself made of others.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad.optim import SGD
        >>> from minigrad.optim.lr_scheduler import ExponentialLR, LinearLR
        >>> optimizer = SGD([mg.zeros(1, requires_grad=True)], lr=1.0)
        >>> warm_up = LinearLR(optimizer, start_factor=0.25, total_iters=3)
        >>> decay = ExponentialLR(optimizer, gamma=0.5)
        >>> scheduler = SequentialLR(optimizer, [warm_up, decay], milestones=[3])
        >>> rates = scheduler.get_last_lr()
        >>> for _ in range(5):
        ...     optimizer.step()
        ...     scheduler.step()
        ...     rates = rates + scheduler.get_last_lr()
        >>> rates
        [0.25, 0.5, 0.75, 1.0, 0.5, 0.25]

    Source: PyTorch, torch.optim.lr_scheduler.SequentialLR.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: Sequence[LRScheduler],
        milestones: Iterable[int],
        last_epoch: int = -1,
    ) -> None:
        """Check the parts and go back to the beginning of the first."""
        who = type(self).__name__
        schedulers, milestones = listed_schedules(who, schedulers), list(milestones)
        self.keep(optimizer, schedulers)
        for milestone in milestones:
            whole_number(who, "milestones", milestone, 0)
        if len(milestones) != len(schedulers) - 1 or sorted(milestones) != milestones:
            problem = f"{len(schedulers)} schedules need {len(schedulers) - 1} rising milestones, got {milestones}."
            raise ValueError(message(who, problem, "A milestone is the step at which the next schedule begins."))
        for index, scheduler in enumerate(schedulers[1:], 1):
            if isinstance(scheduler, CombinedScheduler):
                problem = f"schedule {index}, {type(scheduler).__name__}, is made of others and has no beginning."
                raise ValueError(message(who, problem, "Put it first, or pass its parts with milestones of their own."))
        whole_number(who, "last_epoch", last_epoch, -1)
        self._milestones = milestones
        self.last_epoch = last_epoch + 1
        self._last_lr = []
        ahead = self.copy_ahead()
        for group in ahead.optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        ahead.undo()
        first = ahead._schedulers[bisect_right(milestones, 0)]
        first.start()
        ahead._last_lr = first.get_last_lr()
        self.take_over(ahead)

    def forward(self) -> None:
        """Go on by one in the schedule whose turn it is; called on copies."""
        self.last_epoch += 1
        index = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[index]
        if index > 0 and self._milestones[index - 1] == self.last_epoch:
            scheduler.restart()
        else:
            scheduler.forward()
        self._last_lr = scheduler.get_last_lr()


class ChainedScheduler(CombinedScheduler):
    """Follow several schedules at once: each changes what the one before has left.

    Args:
        schedulers: schedules of one optimizer.
        optimizer: the optimizer; that of the first schedule if None.

    Raises:
        TypeError: if one is no schedule.
        ValueError: if there is none, one has another optimizer, or one needs to be told a loss.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad.optim import SGD
        >>> from minigrad.optim.lr_scheduler import ConstantLR, ExponentialLR
        >>> optimizer = SGD([mg.zeros(1, requires_grad=True)], lr=1.0)
        >>> parts = [ConstantLR(optimizer, factor=0.5, total_iters=2), ExponentialLR(optimizer, gamma=0.5)]
        >>> scheduler = ChainedScheduler(parts)
        >>> for _ in range(2):
        ...     optimizer.step()
        ...     scheduler.step()
        >>> scheduler.get_last_lr()
        [0.25]

    Source: PyTorch, torch.optim.lr_scheduler.ChainedScheduler.
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        """Check the parts."""
        schedulers = listed_schedules(type(self).__name__, schedulers)
        self.keep(schedulers[0].optimizer if optimizer is None else optimizer, schedulers)
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]

    def forward(self) -> None:
        """Go on by one in each; called on copies."""
        for scheduler in self._schedulers:
            scheduler.forward()
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]


def listed_schedules(who: str, schedulers: Any) -> list[LRScheduler]:
    """Return schedules as a list.

    Raises:
        TypeError: if one is no schedule.
        ValueError: if there is none.
    """
    if not isinstance(schedulers, (list, tuple)):
        problem = f"a list of schedules is needed, got {describe(schedulers)}."
        raise TypeError(message(who, problem, "Put them into a list."))
    if not schedulers:
        raise ValueError(message(who, "the list of schedules is empty.", "Pass at least one."))
    for index, scheduler in enumerate(schedulers):
        if not isinstance(scheduler, LRScheduler):
            raise TypeError(message(who, f"schedule {index} must be a schedule, got {describe(scheduler)}."))
    return list(schedulers)
