"""Rates that fall along half a cosine, once or again and again."""

from __future__ import annotations

import math

from minigrad.optim.checks import number, whole_number
from minigrad.optim.lr_scheduler.schedulers import LRScheduler
from minigrad.optim.optimizers import Optimizer


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
            rates.append(group["lr"] if self.starting else self.next_rate(group["lr"], base_lr))
        return rates

    def next_rate(self, lr: float, base_lr: float) -> float:
        """Return the rate at ``last_epoch`` of a group whose rate is ``lr`` and was ``base_lr``."""
        t, T_max, eta_min = self.last_epoch, self.T_max, self.eta_min
        if (t - 1 - T_max) % (2 * T_max) == 0:
            # At the lowest rate the quotient would be 0/0.
            return lr + (base_lr - eta_min) * (1 - math.cos(math.pi / T_max)) / 2
        quotient = (1 + math.cos(math.pi * t / T_max)) / (1 + math.cos(math.pi * (t - 1) / T_max))
        return quotient * (lr - eta_min) + eta_min

    def closed_form_lr(self) -> list[float]:
        """Return ``eta_min + (base_lr - eta_min) * (1 + cos(pi * t / T_max)) / 2``."""
        height = (1 + math.cos(math.pi * self.last_epoch / self.T_max)) / 2
        return [self.eta_min + (base_lr - self.eta_min) * height for base_lr in self.base_lrs]


class CosineAnnealingWarmRestarts(LRScheduler):
    """Lower the rate along half a cosine, and begin again at the initial rate, each time for longer.

    Args:
        optimizer: whose rates are set.
        T_0: the number of steps of the first fall.
        T_mult: each fall takes so many times as many steps as the one before.
        eta_min: the lowest rate.
        last_epoch: the number of steps done before; -1 to begin.

    Raises:
        TypeError, ValueError: if ``T_0`` or ``T_mult`` is no integer above 0, or ``eta_min`` no finite number of at
            least 0.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad.optim import SGD
        >>> optimizer = SGD([mg.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = CosineAnnealingWarmRestarts(optimizer, T_0=2, T_mult=2)
        >>> rates = scheduler.get_last_lr()
        >>> for _ in range(4):
        ...     optimizer.step()
        ...     scheduler.step()
        ...     rates += scheduler.get_last_lr()
        >>> [f"{rate:.2f}" for rate in rates]
        ['1.00', '0.50', '1.00', '0.85', '0.50']

    Source: Loshchilov and Hutter 2017, SGDR: stochastic gradient descent with warm restarts, equation 5.
    """

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        """Check the settings and set the rates of the beginning."""
        who = type(self).__name__
        whole_number(who, "T_0", T_0, 1)
        whole_number(who, "T_mult", T_mult, 1)
        number(who, "eta_min", eta_min)
        self.T_0 = T_0
        self.T_i = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return ``eta_min + (base_lr - eta_min) * (1 + cos(pi * T_cur / T_i)) / 2``."""
        height = (1 + math.cos(math.pi * self.T_cur / self.T_i)) / 2
        return [self.eta_min + (base_lr - self.eta_min) * height for base_lr in self.base_lrs]

    def forward(self) -> None:
        """Go on by one within the fall, or to the next."""
        self._step_count += 1
        self.last_epoch += 1
        if self.last_epoch == 0:
            self.T_i, self.T_cur = self.T_0, 0
        else:
            self.T_cur += 1
        if self.T_cur >= self.T_i:
            self.T_cur %= self.T_i
            self.T_i *= self.T_mult
        self.set_rates(self.get_lr())

    def step(self, epoch: float | None = None) -> None:
        """Go on by one, or to an epoch, which may be a fraction: within an epoch, after each batch.

        Args:
            epoch: where to go; the next whole one if None.

        Raises:
            TypeError, ValueError: if ``epoch`` is no finite number of at least 0.
        """
        if epoch is None:
            super().step()
            return
        number(type(self).__name__, "epoch", epoch)
        ahead = self.copy_ahead()
        ahead.go_to(epoch)
        self.take_over(ahead)

    def go_to(self, epoch: float) -> None:
        """Find the fall in which an epoch lies; called on a copy."""
        self.T_i, self.T_cur = self.T_0, epoch
        if epoch >= self.T_0 and self.T_mult == 1:
            self.T_cur = epoch % self.T_0
        elif epoch >= self.T_0:
            falls = int(math.log(epoch / self.T_0 * (self.T_mult - 1) + 1, self.T_mult))
            self.T_cur = epoch - self.T_0 * (self.T_mult**falls - 1) / (self.T_mult - 1)
            self.T_i = self.T_0 * self.T_mult**falls
        self.last_epoch = math.floor(epoch)
        self.set_rates(self.get_lr())
