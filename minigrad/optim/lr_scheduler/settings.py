"""What schedules are told, and what of it they refuse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.errors import describe, message
from minigrad.optim.checks import number
from minigrad.optim.optimizers import Optimizer


def needs_optimizer(who: str, optimizer: Any) -> None:
    """Raise unless a schedule got an optimizer.

    Raises:
        TypeError: if it is none.
    """
    if not isinstance(optimizer, Optimizer):
        problem = f"an Optimizer is needed, got {describe(optimizer)}."
        raise TypeError(message(who, problem, f"The optimizer comes first: {who}(optimizer, ...)."))


def one_of(who: str, name: str, value: Any, choices: Sequence[Any]) -> None:
    """Raise unless a setting is one of some words.

    Raises:
        ValueError: if it is another.
    """
    if value not in choices:
        known = " or ".join([repr(choice) for choice in choices])
        raise ValueError(message(who, f"{name} must be {known}, got {describe(value)}."))


def for_each_group(who: str, name: str, value: Any, optimizer: Optimizer) -> list[float]:
    """Return a setting as a list with a number for each group: one number is that of all.

    Raises:
        TypeError: if one is no number.
        ValueError: if there are more or fewer than groups, or one is negative, NaN or infinite.
    """
    groups = len(optimizer.param_groups)
    values = list(value) if isinstance(value, (list, tuple)) else [value] * groups
    if len(values) != groups:
        problem = f"{name} has {len(values)} numbers, and the optimizer has {groups} groups."
        raise ValueError(message(who, problem, "Pass one number for all, or a list with one for each group."))
    for each in values:
        number(who, name, each)
    return values


def uses_beta1(who: str, optimizer: Optimizer) -> bool:
    """Return whether what a schedule of the momentum changes is the first of ``betas``.

    Raises:
        ValueError: if the optimizer has neither momentum nor betas.
    """
    if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
        problem = f"cycle_momentum needs an optimizer with momentum or betas, got {type(optimizer).__name__}."
        raise ValueError(message(who, problem, "Pass cycle_momentum=False."))
    return "betas" in optimizer.defaults


def set_momentum(group: dict[str, Any], momentum: float, use_beta1: bool) -> None:
    """Set the momentum of a group, or the first of its betas."""
    if use_beta1:
        group["betas"] = (momentum, *group["betas"][1:])
    else:
        group["momentum"] = momentum


def alike(own: Any, saved: Any) -> bool:
    """Return whether a saved setting may take the place of one's own: a number that of a number, a list of a list."""
    if isinstance(own, (int, float)) and not isinstance(own, bool):
        return isinstance(saved, (int, float, np.integer, np.floating)) and not isinstance(saved, bool)
    if isinstance(own, list):
        return isinstance(saved, (list, tuple)) and all(alike(own[0] if own else None, each) for each in saved)
    return True
