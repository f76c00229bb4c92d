"""Rates that fall by a factor: at every step, at every so many, or at given ones."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable

from minigrad.optim.checks import number, whole_number
from minigrad.optim.lr_scheduler.schedulers import LRScheduler
from minigrad.optim.optimizers import Optimizer


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

    def closed_form_lr(self) -> list[float]:
        """Return ``base_lr * gamma ** (last_epoch // step_size)``."""
        return [base_lr * self.gamma ** (self.last_epoch // self.step_size) for base_lr in self.base_lrs]


class MultiStepLR(LRScheduler):
    """Multiply the rate by ``gamma`` at each of the milestones.

    Args:
        optimizer: whose rates are set.
        milestones: the numbers of the steps, in any order; one that comes twice counts twice.
        gamma: the factor.
        last_epoch: the number of steps done before; -1 to begin.

    Raises:
        TypeError, ValueError: if a milestone is no integer of at least 0, or ``gamma`` no finite number of at least 0.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad.optim import SGD
        >>> optimizer = SGD([mg.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = MultiStepLR(optimizer, milestones=[1, 3], gamma=0.5)
        >>> for _ in range(4):
        ...     optimizer.step()
        ...     scheduler.step()
        >>> scheduler.get_last_lr()
        [0.25]

    Source: PyTorch, torch.optim.lr_scheduler.MultiStepLR.
    """

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        """Check the settings and set the rates of the beginning."""
        who = type(self).__name__
        milestones = list(milestones)
        for milestone in milestones:
            whole_number(who, "milestones", milestone, 0)
        number(who, "gamma", gamma)
        self.milestones = Counter(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the present rates, times gamma where a milestone is reached."""
        rates = [group["lr"] for group in self.optimizer.param_groups]
        if self.last_epoch not in self.milestones:
            return rates
        return [rate * self.gamma ** self.milestones[self.last_epoch] for rate in rates]

    def closed_form_lr(self) -> list[float]:
        """Return ``base_lr * gamma ** n`` after n milestones."""
        count = bisect_right(sorted(self.milestones.elements()), self.last_epoch)
        return [base_lr * self.gamma**count for base_lr in self.base_lrs]


class ExponentialLR(LRScheduler):
    """Multiply the rate by ``gamma`` at each step.

    Args:
        optimizer: whose rates are set.
        gamma: the factor.
        last_epoch: the number of steps done before; -1 to begin.

    Raises:
        TypeError, ValueError: if ``gamma`` is no finite number of at least 0.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad.optim import SGD
        >>> optimizer = SGD([mg.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = ExponentialLR(optimizer, gamma=0.5)
        >>> for _ in range(3):
        ...     optimizer.step()
        ...     scheduler.step()
        >>> scheduler.get_last_lr()
        [0.125]

    Source: PyTorch, torch.optim.lr_scheduler.ExponentialLR.
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        """Check the settings and set the rates of the beginning."""
        number(type(self).__name__, "gamma", gamma)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the present rates, times gamma."""
        factor = 1.0 if self.starting else self.gamma
        return [group["lr"] * factor for group in self.optimizer.param_groups]

    def closed_form_lr(self) -> list[float]:
        """Return ``base_lr * gamma ** last_epoch``."""
        return [base_lr * self.gamma**self.last_epoch for base_lr in self.base_lrs]
