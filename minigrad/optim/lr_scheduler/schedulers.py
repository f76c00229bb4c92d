"""Schedules of the learning rate, in PyTorch's chainable form: the next rate is computed from the present one."""

from __future__ import annotations

import copy
import warnings
from collections import deque
from collections.abc import Iterable
from itertools import chain
from typing import Any, Self

from minigrad.errors import describe, message
from minigrad.optim.checks import number, whole_number
from minigrad.optim.lr_scheduler.settings import alike, needs_optimizer
from minigrad.optim.optimizers import Optimizer


class LRScheduler:
    """The base of all schedules: a subclass says in ``get_lr`` what the next rates are.

    Args:
        optimizer: whose groups' ``"lr"`` is set, at once and at each step. What it is now becomes ``"initial_lr"``.
        last_epoch: the number of steps done before; -1 to begin.

    Attributes:
        base_lrs: the initial rate of each group.
        last_epoch: the number of steps done.

    Raises:
        TypeError: if ``optimizer`` is none, or ``last_epoch`` no integer.
        ValueError: if the groups have no ``"initial_lr"`` to resume from.
    """

    #: Attributes that lead to other objects: neither copied nor part of the state.
    links: tuple[str, ...] = ("optimizer", "_schedulers")

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        """Set the rates of the beginning."""
        who = type(self).__name__
        needs_optimizer(who, optimizer)
        whole_number(who, "last_epoch", last_epoch, -1)
        for index, group in enumerate(optimizer.param_groups):
            if last_epoch >= 0 and "initial_lr" not in group:
                problem = f"param_groups[{index}] has no 'initial_lr' to resume from at last_epoch={last_epoch}."
                raise ValueError(message(who, problem, "Load the optimizer's state first, or begin with -1."))
        self.optimizer = optimizer
        self.base_lrs: list[float] = []
        self.last_epoch = last_epoch
        self._step_count = 0
        self._last_lr: list[float] = []
        ahead = self.copy_ahead()
        ahead.begin()
        ahead.start()
        self.take_over(ahead)

    def begin(self) -> None:
        """Put into the groups what the schedule keeps there, and find the initial rates; called on copies."""
        for group in self.optimizer.param_groups:
            group.setdefault("initial_lr", group["lr"])
        self.base_lrs = [group["initial_lr"] for group in self.optimizer.param_groups]

    def start(self) -> None:
        """Set the first rates; called on copies."""
        self._step_count = 0
        self.forward()

    def get_lr(self) -> Iterable[float]:
        """Return the rate of each group at ``last_epoch``, computed from the group's present ``"lr"``.

        It may change the schedule and the groups, too: it is called on copies, taken over when all has gone well.
        """
        problem = "a schedule needs a get_lr() that returns the rate of each group."
        remedy = "Define it in the class: it starts from self.base_lrs and self.last_epoch."
        raise NotImplementedError(message(type(self).__name__, problem, remedy))

    def closed_form_lr(self) -> Iterable[float]:
        """Return the rate of each group at ``last_epoch``, computed from the initial rates."""
        return self.get_lr()

    @property
    def starting(self) -> bool:
        """Whether ``get_lr`` is asked for the first rates: a recursion leaves them as they are."""
        return self._step_count == 1

    def get_last_lr(self) -> list[float]:
        """Return the rates in force, one for each group."""
        return self._last_lr

    def step(self) -> None:
        """Go on by one and set the rates of the groups; all of them or, after an error or interrupt, none.

        Call it after ``optimizer.step()``.

        Raises:
            ValueError: if a rate would be negative, NaN or infinite.
        """
        if self._step_count == 1 and not self.optimizer.has_stepped and type(self.optimizer).step is Optimizer.step:
            problem = "step() comes before the first optimizer.step(), so the first rate of the schedule is skipped."
            remedy = "Call optimizer.step() first, then scheduler.step()."
            warnings.warn(message(type(self).__name__, problem, remedy), UserWarning, stacklevel=2)
        ahead = self.copy_ahead()
        ahead.forward()
        self.take_over(ahead)

    def forward(self) -> None:
        """Go on by one; called on copies."""
        self._step_count += 1
        self.last_epoch += 1
        self.set_rates(self.get_lr())

    def restart(self) -> None:
        """Go back to the first rates, as ``SequentialLR`` asks for; called on copies."""
        self.last_epoch = 0
        self.set_rates(self.closed_form_lr())

    def set_rates(self, rates: Iterable[float]) -> None:
        """Set the rates of the groups; called on copies.

        Raises:
            ValueError, TypeError: if they are not one number of at least 0 for each group.
        """
        groups = self.optimizer.param_groups
        rates = list(rates)
        if len(rates) != len(groups):
            problem = f"get_lr() returned {len(rates)} rates for {len(groups)} groups."
            remedy = "Return a list with one for each of self.base_lrs."
            raise ValueError(message(type(self).__name__, problem, remedy))
        for rate in rates:
            number(type(self).__name__, "the next lr", rate)
        for group, rate in zip(groups, rates):
            group["lr"] = rate
        self._last_lr = rates

    def copy_ahead(self) -> Self:
        """Return a copy of the schedule whose optimizer has copies of the groups: it may go on, or fail."""
        optimizer = copy.copy(self.optimizer)
        optimizer.param_groups = [dict(group) for group in self.optimizer.param_groups]
        return self.copy_for(optimizer)

    def copy_for(self, optimizer: Optimizer) -> Self:
        """Return a copy of the schedule for another optimizer."""
        twin = copy.copy(self)
        twin.optimizer = optimizer
        return twin

    def family(self) -> list[LRScheduler]:
        """Return the schedule, and those that it is made of."""
        return [self]

    def take_over(self, ahead: Self) -> None:
        """Become what a copy has become, in one loop in C, in which no interrupt can fall."""
        own, later = list(map(vars, self.family())), list(map(vars, ahead.family()))
        groups, later_groups = self.optimizer.param_groups, ahead.optimizer.param_groups
        for attributes, new in zip(own, later):
            for name in self.links:
                if name in attributes:
                    new[name] = attributes[name]
        deque(chain(map(dict.update, groups, later_groups), map(dict.update, own, later)), maxlen=0)

    def state_dict(self) -> dict[str, Any]:
        """Return every attribute but the optimizer."""
        return {name: value for name, value in vars(self).items() if name not in self.links}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what ``state_dict`` returned. The rates in force are in the optimizer's own state.

        Raises:
            TypeError: if it is no dict.
            ValueError: if it belongs to another kind of schedule or another number of groups; nothing is taken then.
        """
        who = f"{type(self).__name__}.load_state_dict"
        if not isinstance(state_dict, dict):
            raise TypeError(
                message(
                    who,
                    f"a dict is needed, got {describe(state_dict)}.",
                    f"Pass what {type(self).__name__}.state_dict() returned.",
                )
            )
        misfits = self.misfits(state_dict)
        if misfits:
            problem = "the state does not belong to this schedule: " + "; ".join(misfits) + "."
            raise ValueError(message(who, problem, "Load it into the same kind of schedule."))
        ahead = self.copy_ahead()
        ahead.adopt(copy.deepcopy(state_dict))
        self.take_over(ahead)

    def misfits(self, state_dict: dict[str, Any]) -> list[str]:
        """Return what keeps a state from belonging to this schedule."""
        misfits = []
        own = self.state_dict()
        for name in own:
            if name not in state_dict:
                misfits.append(f"it lacks {name!r}")
            elif not alike(own[name], state_dict[name]):
                misfits.append(f"its {name} is {describe(state_dict[name])}")
        for name in state_dict:
            if name not in own and not str(name).startswith("_"):
                misfits.append(f"it has an unexpected {name!r}")
        known = getattr(self, "base_lrs", [])
        base_lrs = state_dict.get("base_lrs", known)
        if isinstance(base_lrs, (list, tuple)) and len(base_lrs) != len(known):
            misfits.append(f"its base_lrs are {describe(base_lrs)}, and the optimizer has {len(known)} groups")
        return misfits

    def adopt(self, state: dict[str, Any]) -> None:
        """Take over a state that fits; called on a copy."""
        vars(self).update(state)

    def __repr__(self) -> str:
        """Return the settings and where it stands."""
        settings = [f"{name}={value!r}" for name, value in self.state_dict().items() if not name.startswith("_")]
        return f"{type(self).__name__}({', '.join(settings)} | lr {self._last_lr})"
