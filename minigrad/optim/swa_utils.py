"""Averages of the weights of a model over its training, and the schedule that goes with them."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

from minigrad.errors import describe, message
from minigrad.modes import no_grad
from minigrad.nn.batch_normalisations import BatchNorm1d
from minigrad.nn.modules import Module
from minigrad.ops import tensor
from minigrad.optim.checks import fraction, whole_number
from minigrad.optim.lr_scheduler.schedulers import LRScheduler
from minigrad.optim.lr_scheduler.settings import for_each_group, needs_optimizer, one_of
from minigrad.optim.optimizers import Optimizer
from minigrad.tensors import Tensor

Average = Callable[[Tensor, Tensor, int], Tensor]
ManyAverages = Callable[[list[Tensor], list[Tensor], int], None]


class SwaAverage:
    """The arithmetic mean: ``averaged + (current - averaged) / (num_averaged + 1)``."""

    def __call__(self, averaged: Tensor, current: Tensor, num_averaged: int) -> Tensor:
        """Return the mean with one more."""
        return averaged + (current - averaged) / (num_averaged + 1)


class EmaAverage:
    """The exponential mean: ``decay * averaged + (1 - decay) * current``.

    Args:
        decay: from 0 to 1.
    """

    def __init__(self, decay: float) -> None:
        """Check and keep the decay."""
        self.decay = fraction("get_ema_avg_fn", "decay", decay)

    def __call__(self, averaged: Tensor, current: Tensor, num_averaged: int) -> Tensor:
        """Return the mean with one more."""
        return self.decay * averaged + (1 - self.decay) * current


class ForEach:
    """An average of one tensor, for lists of them, in place.

    Args:
        average: of one.
    """

    def __init__(self, average: Average) -> None:
        """Keep it."""
        self.average = average

    def __call__(self, averaged: list[Tensor], current: list[Tensor], num_averaged: int) -> None:
        """Average each with its counterpart."""
        with no_grad():
            for mean, new in zip(averaged, current):
                mean.copy_(self.average(mean, new, num_averaged))


def get_swa_avg_fn() -> Average:
    """Return the arithmetic mean, for ``AveragedModel(avg_fn=...)``."""
    return SwaAverage()


def get_ema_avg_fn(decay: float = 0.999) -> Average:
    """Return the exponential mean, for ``AveragedModel(avg_fn=...)``.

    Args:
        decay: how much of the old mean stays, from 0 to 1.

    Raises:
        TypeError, ValueError: if ``decay`` is no number from 0 to 1.
    """
    return EmaAverage(decay)


def get_swa_multi_avg_fn() -> ManyAverages:
    """Return the arithmetic mean, for ``AveragedModel(multi_avg_fn=...)``."""
    return ForEach(SwaAverage())


def get_ema_multi_avg_fn(decay: float = 0.999) -> ManyAverages:
    """Return the exponential mean, for ``AveragedModel(multi_avg_fn=...)``.

    Args:
        decay: how much of the old mean stays, from 0 to 1.

    Raises:
        TypeError, ValueError: if ``decay`` is no number from 0 to 1.
    """
    return ForEach(EmaAverage(decay))


class AveragedModel(Module):
    """A model whose parameters are a running average of another's: by default the arithmetic mean.

    Args:
        model: the model that is trained; a copy of it is kept as ``module``.
        device: None or ``"cpu"``.
        avg_fn: ``avg_fn(averaged, current, num_averaged)`` returns the new average of one parameter.
        multi_avg_fn: ``multi_avg_fn(averaged, current, num_averaged)`` changes a list of averages in place.
        use_buffers: average buffers too; else they are copied.

    Attributes:
        module: the averaged model.
        n_averaged: how many models are in the average, a buffer of shape ().

    Raises:
        TypeError: if ``model`` is no module.
        ValueError: if both functions are given.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad import nn
        >>> model = nn.Linear(1, 1, bias=False)
        >>> averaged = AveragedModel(model)
        >>> for weight in (1.0, 2.0, 6.0):
        ...     with mg.no_grad():
        ...         _ = model.weight.fill_(weight)
        ...     averaged.update_parameters(model)
        >>> averaged.module.weight.item()
        3.0

    Source: Izmailov et al. 2018, Averaging weights leads to wider optima and better generalization; PyTorch,
    torch.optim.swa_utils.AveragedModel.
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: Average | None = None,
        multi_avg_fn: ManyAverages | None = None,
        use_buffers: bool = False,
    ) -> None:
        """Copy the model."""
        if not isinstance(model, Module):
            problem = f"a module is needed, got {describe(model)}."
            raise TypeError(message("AveragedModel", problem, "Pass the model that is trained."))
        if avg_fn is not None and multi_avg_fn is not None:
            problem = "avg_fn and multi_avg_fn are two ways to say the same."
            raise ValueError(message("AveragedModel", problem, "Pass one of them."))
        super().__init__()
        self.module = copy.deepcopy(model)
        if device is not None:
            self.module = self.module.to(device=device)
        self.register_buffer("n_averaged", tensor(0))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Return what the averaged model makes of its arguments."""
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Take the parameters of a model into the average; the first are the average.

        Args:
            model: of the same shape as the one that was copied.

        Raises:
            ValueError: if it has other parameters; nothing is changed then.
        """
        own, current = self.averaged_of(self.module), self.averaged_of(model)
        if [each.shape for each in own] != [each.shape for each in current]:
            problem = f"the model has {len(current)} parameters of other shapes than the {len(own)} averaged ones."
            raise ValueError(message("AveragedModel.update_parameters", problem, "Pass the model that was copied."))
        count = int(self.n_averaged.item())
        with no_grad():
            if count == 0:
                copy_all(own, current)
            elif self.multi_avg_fn is not None:
                self.multi_avg_fn(own, current, count)
            else:
                ForEach(self.avg_fn or SwaAverage())(own, current, count)
            if not self.use_buffers:
                copy_all(list(self.module.buffers()), list(model.buffers()))
            self.n_averaged += 1

    def averaged_of(self, model: Module) -> list[Tensor]:
        """Return what is averaged of a model, detached."""
        buffers = model.buffers() if self.use_buffers else ()
        return [each.detach() for each in chain(model.parameters(), buffers)]


def copy_all(own: list[Tensor], current: list[Tensor]) -> None:
    """Copy tensors into others, in place."""
    for mean, new in zip(own, current):
        mean.copy_(new)


def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Compute the running statistics of a model's batch normalisations anew, by one pass over data.

    Args:
        loader: batches, or sequences whose first element is one.
        model: whose weights have been averaged.
        device: None or ``"cpu"``.
    """
    momenta = {}
    for module in model.modules():
        if isinstance(module, BatchNorm1d):
            module.reset_running_stats()
            momenta[module] = module.momentum
    if not momenta:
        return
    was_training = model.training
    model.train()
    try:
        for module in momenta:
            # None is the mean of all batches.
            module.momentum = None
        with no_grad():
            for batch in loader:
                batch = batch[0] if isinstance(batch, (list, tuple)) else batch
                model(batch if device is None else batch.to(device=device))
    finally:
        for module, momentum in momenta.items():
            module.momentum = momentum
        model.train(was_training)


class SWALR(LRScheduler):
    """Take the rate to ``swa_lr``, along half a cosine or a line, and keep it there.

    Args:
        optimizer: whose rates are set.
        swa_lr: the rate of averaging, or a list with one for each group.
        anneal_epochs: the number of steps to it.
        anneal_strategy: ``"cos"`` or ``"linear"``.
        last_epoch: the number of steps done before; -1 to begin.

    Raises:
        TypeError, ValueError: if a setting is no number in its range, or there are more or fewer than groups.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad.optim import SGD
        >>> optimizer = SGD([mg.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = SWALR(optimizer, swa_lr=0.5, anneal_epochs=2, anneal_strategy="linear")
        >>> for _ in range(3):
        ...     optimizer.step()
        ...     scheduler.step()
        >>> scheduler.get_last_lr()
        [0.5]

    Source: PyTorch, torch.optim.swa_utils.SWALR.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float | list[float],
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        """Check the settings and set the rates of the beginning."""
        who = type(self).__name__
        needs_optimizer(who, optimizer)
        one_of(who, "anneal_strategy", anneal_strategy, ("cos", "linear"))
        whole_number(who, "anneal_epochs", anneal_epochs, 0)
        self.swa_lrs = for_each_group(who, "swa_lr", swa_lr, optimizer)
        self.anneal_epochs = anneal_epochs
        self._anneal_strategy = anneal_strategy
        super().__init__(optimizer, last_epoch)
        del self.swa_lrs

    def begin(self) -> None:
        """Put the rates of averaging into the groups."""
        for group, swa_lr in zip(self.optimizer.param_groups, self.swa_lrs):
            group["swa_lr"] = swa_lr
        super().begin()

    def get_lr(self) -> list[float]:
        """Return the rates between the initial one and that of averaging; the initial one follows from the present."""
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = self.progress(step - 1), self.progress(step)
        rates = []
        for group in self.optimizer.param_groups:
            lr, swa_lr = group["lr"], group["swa_lr"]
            initial = swa_lr if before == 1 else (lr - before * swa_lr) / (1 - before)
            rates.append(swa_lr * now + initial * (1 - now))
        return rates

    def progress(self, step: int) -> float:
        """Return how much of the way is done after so many steps, from 0 to 1."""
        t = max(0, min(1, step / max(1, self.anneal_epochs)))
        return (1 - math.cos(math.pi * t)) / 2 if self._anneal_strategy == "cos" else t
