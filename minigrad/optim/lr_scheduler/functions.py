"""Rates that a function of the user's gives."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

from minigrad.errors import describe, message
from minigrad.optim.lr_scheduler.schedulers import LRScheduler
from minigrad.optim.lr_scheduler.settings import needs_optimizer
from minigrad.optim.optimizers import Optimizer

Factor = Callable[[int], float]


class FunctionLR(LRScheduler):
    """What schedules with a function for each group share: functions are no part of the state, but objects are.

    Args:
        optimizer: whose rates are set.
        lr_lambda: a function of the number of steps, or a list with one for each group.
        last_epoch: the number of steps done before; -1 to begin.
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Factor | list[Factor], last_epoch: int = -1) -> None:
        """Check the functions and set the rates of the beginning."""
        who = type(self).__name__
        needs_optimizer(who, optimizer)
        groups = len(optimizer.param_groups)
        functions = list(lr_lambda) if isinstance(lr_lambda, (list, tuple)) else [lr_lambda] * groups
        if len(functions) != groups:
            problem = f"lr_lambda has {len(functions)} functions, and the optimizer has {groups} groups."
            raise ValueError(message(who, problem, "Pass one for all, or a list with one for each group."))
        for function in functions:
            if not callable(function):
                problem = f"lr_lambda must be a function of the number of steps, got {describe(function)}."
                raise TypeError(message(who, problem, f"Example: {who}(optimizer, factor_at_step)."))
        self.lr_lambdas = functions
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        """Return every attribute but the optimizer; of the functions only what objects among them hold, else None."""
        state = super().state_dict()
        state["lr_lambdas"] = [contents_of(function) for function in self.lr_lambdas]
        return state

    def misfits(self, state_dict: dict[str, Any]) -> list[str]:
        """Return what keeps a state from belonging to this schedule."""
        misfits = super().misfits(state_dict)
        saved = state_dict.get("lr_lambdas")
        if isinstance(saved, (list, tuple)) and len(saved) != len(self.lr_lambdas):
            misfits.append(f"it has {len(saved)} lr_lambdas, the schedule {len(self.lr_lambdas)}")
        return misfits

    def adopt(self, state: dict[str, Any]) -> None:
        """Take over a state: functions stay, objects get what they held."""
        contents = state.pop("lr_lambdas")
        super().adopt(state)
        for function, held in zip(self.lr_lambdas, contents):
            if held is not None:
                vars(function).update(held)


class LambdaLR(FunctionLR):
    """Set the rate to the initial one times a function of the number of steps.

    Args:
        optimizer: whose rates are set.
        lr_lambda: the function, or a list with one for each group.
        last_epoch: the number of steps done before; -1 to begin.

    Raises:
        TypeError: if ``lr_lambda`` is no function.
        ValueError: if there are more or fewer functions than groups.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad.optim import SGD
        >>> optimizer = SGD([mg.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = LambdaLR(optimizer, lambda step: 1 / (1 + step))
        >>> optimizer.step()
        >>> scheduler.step()
        >>> scheduler.get_last_lr()
        [0.5]

    Source: PyTorch, torch.optim.lr_scheduler.LambdaLR.
    """

    def get_lr(self) -> list[float]:
        """Return ``base_lr * lr_lambda(last_epoch)``."""
        rates = []
        for function, base_lr in zip(self.lr_lambdas, self.base_lrs):
            rates.append(base_lr * function(self.last_epoch))
        return rates


class MultiplicativeLR(FunctionLR):
    """Multiply the rate at each step by a function of the number of steps.

    Args:
        optimizer: whose rates are set.
        lr_lambda: the function, or a list with one for each group.
        last_epoch: the number of steps done before; -1 to begin.

    Raises:
        TypeError: if ``lr_lambda`` is no function.
        ValueError: if there are more or fewer functions than groups.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad.optim import SGD
        >>> optimizer = SGD([mg.zeros(1, requires_grad=True)], lr=1.0)
        >>> scheduler = MultiplicativeLR(optimizer, lambda step: 0.5)
        >>> for _ in range(2):
        ...     optimizer.step()
        ...     scheduler.step()
        >>> scheduler.get_last_lr()
        [0.25]

    Source: PyTorch, torch.optim.lr_scheduler.MultiplicativeLR.
    """

    def get_lr(self) -> list[float]:
        """Return the present rates, times ``lr_lambda(last_epoch)``."""
        if self.starting:
            return [group["lr"] for group in self.optimizer.param_groups]
        return self.closed_form_lr()

    def closed_form_lr(self) -> list[float]:
        """Return the present rates, times ``lr_lambda(last_epoch)``: there is no closed form."""
        rates = []
        for function, group in zip(self.lr_lambdas, self.optimizer.param_groups):
            rates.append(group["lr"] * function(self.last_epoch))
        return rates


def contents_of(function: Any) -> dict[str, Any] | None:
    """Return what an object that is called as a function holds; None for a function."""
    if function is None or isinstance(function, types.FunctionType) or not hasattr(function, "__dict__"):
        return None
    return dict(vars(function))
