"""Rates that go from one to another during the first steps: at once, along a line, or along a power of one."""

from __future__ import annotations

from minigrad.errors import message
from minigrad.optim.checks import fraction, number, whole_number
from minigrad.optim.lr_scheduler.schedulers import LRScheduler
from minigrad.optim.optimizers import Optimizer


class ConstantLR(LRScheduler):
    """Multiply the rate by ``factor`` for the first ``total_iters`` steps.

    Args:
        optimizer: whose rates are set.
        factor: the factor, from 0 to 1.
        total_iters: the number of steps.
        last_epoch: the number of steps done before; -1 to begin.

    Raises:
        TypeError, ValueError: if ``factor`` is no number from 0 to 1, or ``total_iters`` no integer of at least 0.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad.optim import SGD
        >>> optimizer = SGD([mg.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = ConstantLR(optimizer, factor=0.25, total_iters=2)
        >>> rates = scheduler.get_last_lr()
        >>> for _ in range(2):
        ...     optimizer.step()
        ...     scheduler.step()
        ...     rates += scheduler.get_last_lr()
        >>> rates
        [0.25, 0.25, 1.0]

    Source: PyTorch, torch.optim.lr_scheduler.ConstantLR.
    """

    def __init__(
        self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        """Check the settings and set the rates of the beginning."""
        who = type(self).__name__
        fraction(who, "factor", factor)
        whole_number(who, "total_iters", total_iters, 0)
        self.factor = factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the present rates, times the factor at the beginning and by it at the end."""
        rates = [group["lr"] for group in self.optimizer.param_groups]
        if self.last_epoch == 0:
            return [rate * self.factor for rate in rates]
        if self.last_epoch != self.total_iters:
            return rates
        if self.factor == 0:
            # 0 has no inverse to go back by.
            return self.base_lrs
        return [rate * (1.0 / self.factor) for rate in rates]

    def closed_form_lr(self) -> list[float]:
        """Return ``base_lr * factor``, and from ``total_iters`` on ``base_lr``."""
        factor = self.factor if self.last_epoch < self.total_iters else 1.0
        return [base_lr * factor for base_lr in self.base_lrs]


class LinearLR(LRScheduler):
    """Take the factor of the rate along a line from ``start_factor`` to ``end_factor``: a warm-up.

    Args:
        optimizer: whose rates are set.
        start_factor: the first factor, above 0 and at most 1.
        end_factor: the last factor, from 0 to 1.
        total_iters: the number of steps from one to the other.
        last_epoch: the number of steps done before; -1 to begin.

    Raises:
        TypeError, ValueError: if a factor is no number in its range, or ``total_iters`` no integer of at least 0.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad.optim import SGD
        >>> optimizer = SGD([mg.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = LinearLR(optimizer, start_factor=0.25, total_iters=3)
        >>> rates = scheduler.get_last_lr()
        >>> for _ in range(3):
        ...     optimizer.step()
        ...     scheduler.step()
        ...     rates += scheduler.get_last_lr()
        >>> rates
        [0.25, 0.5, 0.75, 1.0]

    Source: PyTorch, torch.optim.lr_scheduler.LinearLR.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        """Check the settings and set the rates of the beginning."""
        who = type(self).__name__
        fraction(who, "start_factor", start_factor)
        if start_factor == 0:
            problem = "start_factor must be above 0, got 0: each rate is computed from the one before."
            raise ValueError(message(who, problem, "Example: start_factor=1e-3."))
        fraction(who, "end_factor", end_factor)
        whole_number(who, "total_iters", total_iters, 0)
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the present rates, times the quotient of this factor and the last."""
        rates = [group["lr"] for group in self.optimizer.param_groups]
        if self.last_epoch == 0:
            return [rate * self.start_factor for rate in rates]
        if self.starting or self.last_epoch > self.total_iters:
            return rates
        rise = self.end_factor - self.start_factor
        quotient = 1.0 + rise / (self.total_iters * self.start_factor + (self.last_epoch - 1) * rise)
        return [rate * quotient for rate in rates]

    def closed_form_lr(self) -> list[float]:
        """Return ``base_lr * (start_factor + (end_factor - start_factor) * t / total_iters)``."""
        progress = min(self.total_iters, self.last_epoch) / max(self.total_iters, 1)
        factor = self.start_factor + (self.end_factor - self.start_factor) * progress
        return [base_lr * factor for base_lr in self.base_lrs]


class PolynomialLR(LRScheduler):
    """Lower the rate to 0 in ``total_iters`` steps: ``base_lr * (1 - t / total_iters) ** power``.

    Args:
        optimizer: whose rates are set.
        total_iters: the number of steps to 0.
        power: the exponent: 1 is a line.
        last_epoch: the number of steps done before; -1 to begin.

    Raises:
        TypeError, ValueError: if ``total_iters`` is no integer or ``power`` no finite number, or one is negative.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad.optim import SGD
        >>> optimizer = SGD([mg.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = PolynomialLR(optimizer, total_iters=4, power=2.0)
        >>> for _ in range(2):
        ...     optimizer.step()
        ...     scheduler.step()
        >>> print(f"{scheduler.get_last_lr()[0]:.6f}")
        0.250000

    Source: PyTorch, torch.optim.lr_scheduler.PolynomialLR.
    """

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        """Check the settings and set the rates of the beginning."""
        who = type(self).__name__
        whole_number(who, "total_iters", total_iters, 0)
        number(who, "power", power)
        self.total_iters = total_iters
        self.power = power
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the present rates, times the quotient of this power and the last."""
        rates = [group["lr"] for group in self.optimizer.param_groups]
        if self.starting or self.last_epoch > self.total_iters:
            return rates
        left, left_before = 1.0 - self.last_epoch / self.total_iters, 1.0 - (self.last_epoch - 1) / self.total_iters
        return [rate * (left / left_before) ** self.power for rate in rates]

    def closed_form_lr(self) -> list[float]:
        """Return ``base_lr * (1 - t / total_iters) ** power``."""
        progress = min(self.total_iters, self.last_epoch) / max(self.total_iters, 1)
        return [base_lr * (1.0 - progress) ** self.power for base_lr in self.base_lrs]
