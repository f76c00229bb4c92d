"""Schedules of the learning rate, in PyTorch's chainable form: the next rate is computed from the present one."""

from __future__ import annotations

import copy
import math
import warnings
from collections import deque
from collections.abc import Iterable
from itertools import chain, repeat
from operator import setitem
from typing import Any

import numpy as np

from minigrad.errors import describe, message, number_remedy
from minigrad.optim.checks import number
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

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        """Set the rates of the beginning."""
        who = type(self).__name__
        if not isinstance(optimizer, Optimizer):
            raise TypeError(
                message(
                    who,
                    f"an Optimizer is needed, got {describe(optimizer)}.",
                    f"The optimizer comes first: {who}(optimizer, ...).",
                )
            )
        whole_number(who, "last_epoch", last_epoch, -1)
        for index, group in enumerate(optimizer.param_groups):
            if last_epoch >= 0 and "initial_lr" not in group:
                problem = f"param_groups[{index}] has no 'initial_lr' to resume from at last_epoch={last_epoch}."
                raise ValueError(message(who, problem, "Load the optimizer's state first, or begin with -1."))
        self.optimizer = optimizer
        self.base_lrs = [group.get("initial_lr", group["lr"]) for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._step_count = 0
        self._last_lr: list[float] = []
        new = [group for group in optimizer.param_groups if "initial_lr" not in group]
        for group in new:
            group["initial_lr"] = group["lr"]
        try:
            self.advance()
        except BaseException:
            for group in new:
                group.pop("initial_lr", None)
            raise

    def get_lr(self) -> Iterable[float]:
        """Return the rate of each group at ``last_epoch``, computed from the group's present ``"lr"``."""
        problem = "a schedule needs a get_lr() that returns the rate of each group."
        remedy = "Define it in the class: it starts from self.base_lrs and self.last_epoch."
        raise NotImplementedError(message(type(self).__name__, problem, remedy))

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
        self.advance()

    def advance(self) -> None:
        """Compute the next rates on a copy of the schedule, and take over both in one loop in C."""
        groups = self.optimizer.param_groups
        ahead = copy.copy(self)
        ahead._step_count += 1
        ahead.last_epoch += 1
        rates = list(ahead.get_lr())
        if len(rates) != len(groups):
            problem = f"get_lr() returned {len(rates)} rates for {len(groups)} groups."
            remedy = "Return a list with one for each of self.base_lrs."
            raise ValueError(message(type(self).__name__, problem, remedy))
        for rate in rates:
            number(type(self).__name__, "the next lr", rate)
        ahead._last_lr = rates
        writes = chain(map(setitem, groups, repeat("lr"), rates), map(dict.update, (vars(self),), (vars(ahead),)))
        deque(writes, maxlen=0)

    def state_dict(self) -> dict[str, Any]:
        """Return every attribute but the optimizer."""
        return {name: value for name, value in vars(self).items() if name != "optimizer"}

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
        base_lrs = state_dict.get("base_lrs", self.base_lrs)
        if isinstance(base_lrs, (list, tuple)) and len(base_lrs) != len(self.base_lrs):
            misfits.append(f"its base_lrs are {describe(base_lrs)}, and the optimizer has {len(self.base_lrs)} groups")
        if misfits:
            problem = "the state does not belong to this schedule: " + "; ".join(misfits) + "."
            raise ValueError(message(who, problem, "Load it into the same kind of schedule."))
        vars(self).update(copy.deepcopy(state_dict))

    def __repr__(self) -> str:
        """Return the settings and where it stands."""
        settings = [f"{name}={value!r}" for name, value in self.state_dict().items() if not name.startswith("_")]
        return f"{type(self).__name__}({', '.join(settings)} | lr {self._last_lr})"


class StepLR(LRScheduler):
    """Multiply the rate by ``gamma`` every ``step_size`` steps.

    Args:
        optimizer: whose rates are set.
        step_size: the number of steps between two changes.
        gamma: the factor.
        last_epoch: the number of steps done before; -1 to begin.

    Raises:
        TypeError, ValueError: if ``step_size`` is no integer above 0, or ``gamma`` no finite number of at least 0.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad.optim import SGD
        >>> optimizer = SGD([mg.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = StepLR(optimizer, step_size=2, gamma=0.5)
        >>> for _ in range(4):
        ...     optimizer.step()
        ...     scheduler.step()
        >>> scheduler.get_last_lr()
        [0.25]

    Source: PyTorch, torch.optim.lr_scheduler.StepLR.
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        """Check the settings and set the rates of the beginning."""
        who = type(self).__name__
        whole_number(who, "step_size", step_size, 1)
        number(who, "gamma", gamma)
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the present rates, times gamma where a multiple of ``step_size`` is reached."""
        rates = [group["lr"] for group in self.optimizer.param_groups]
        if self.last_epoch == 0 or self.last_epoch % self.step_size != 0:
            return rates
        return [rate * self.gamma for rate in rates]


class CosineAnnealingLR(LRScheduler):
    """Lower the rate along half a cosine: ``eta_min + (lr - eta_min) * (1 + cos(pi * t / T_max)) / 2``.

    Args:
        optimizer: whose rates are set.
        T_max: the number of steps from the initial rate to ``eta_min``; after it the rate rises again.
        eta_min: the lowest rate.
        last_epoch: the number of steps done before; -1 to begin.

    Raises:
        TypeError, ValueError: if ``T_max`` is no integer above 0, or ``eta_min`` no finite number of at least 0.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad.optim import SGD
        >>> optimizer = SGD([mg.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = CosineAnnealingLR(optimizer, T_max=4)
        >>> for _ in range(2):
        ...     optimizer.step()
        ...     scheduler.step()
        >>> print(f"{scheduler.get_last_lr()[0]:.6f}")
        0.500000

    Source: Loshchilov and Hutter 2017, SGDR: stochastic gradient descent with warm restarts, equation 5, without the
    restarts; the recursion is PyTorch's, torch.optim.lr_scheduler.CosineAnnealingLR.
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        """Check the settings and set the rates of the beginning."""
        who = type(self).__name__
        whole_number(who, "T_max", T_max, 1)
        number(who, "eta_min", eta_min)
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the present rates, scaled by the quotient of this cosine and the last."""
        rates = []
        for group, base_lr in zip(self.optimizer.param_groups, self.base_lrs):
            rates.append(self.next_rate(group["lr"], base_lr))
        return rates

    def next_rate(self, lr: float, base_lr: float) -> float:
        """Return the rate at ``last_epoch`` of a group whose rate is ``lr`` and was ``base_lr``."""
        t, T_max, eta_min = self.last_epoch, self.T_max, self.eta_min
        if t == 0:
            return lr
        if self._step_count == 1:
            return eta_min + (base_lr - eta_min) * (1 + math.cos(t * math.pi / T_max)) / 2
        if (t - 1 - T_max) % (2 * T_max) == 0:
            # At the lowest rate the quotient would be 0/0.
            return lr + (base_lr - eta_min) * (1 - math.cos(math.pi / T_max)) / 2
        quotient = (1 + math.cos(math.pi * t / T_max)) / (1 + math.cos(math.pi * (t - 1) / T_max))
        return quotient * (lr - eta_min) + eta_min


def alike(own: Any, saved: Any) -> bool:
    """Return whether a saved setting may take the place of one's own: a number that of a number, a list of a list."""
    if isinstance(own, (int, float)) and not isinstance(own, bool):
        return isinstance(saved, (int, float, np.integer, np.floating)) and not isinstance(saved, bool)
    if isinstance(own, list):
        return isinstance(saved, (list, tuple)) and all(alike(own[0] if own else None, each) for each in saved)
    return True


def whole_number(who: str, name: str, value: Any, lowest: int) -> None:
    """Raise unless a setting is an integer of at least ``lowest``.

    Raises:
        TypeError: if it is no integer.
        ValueError: if it is too low.
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(message(who, f"{name} must be an integer, got {describe(value)}.", number_remedy(value, int)))
    if value < lowest:
        raise ValueError(message(who, f"{name} must be at least {lowest}, got {value}."))
