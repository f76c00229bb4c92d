"""Optimizers around optimizers: what all of them share."""

from __future__ import annotations

import copy
from typing import Any, Self

from minigrad.errors import describe, message
from minigrad.optim.optimizers import Optimizer
from minigrad.optim.slots import Rule, Slot


class Wrapper(Optimizer):
    """An optimizer that does something before or after the steps of another, whose groups and state are its own.

    Args:
        base: the other.

    Raises:
        TypeError: if it is none.
    """

    def __init__(self, base: Optimizer) -> None:
        """Keep the other."""
        if not isinstance(base, Optimizer):
            who = type(self).__name__
            problem = f"an Optimizer is needed, got {describe(base)}."
            raise TypeError(message(who, problem, f"Example: {who}(SGD(model.parameters(), lr=0.1), ...)."))
        self.base = base
        self.defaults = base.defaults

    def __copy__(self) -> Self:
        """Return a copy around a copy of the other, whose groups may be replaced."""
        twin = object.__new__(type(self))
        vars(twin).update(vars(self), base=copy.copy(self.base))
        return twin

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The groups of the other."""
        return self.base.param_groups

    @param_groups.setter
    def param_groups(self, groups: list[dict[str, Any]]) -> None:
        self.base.param_groups = groups

    @property
    def _slots(self) -> list[list[Slot]]:  # type: ignore[override]
        return self.base._slots

    @property
    def has_stepped(self) -> bool:  # type: ignore[override]
        """Whether the other has stepped."""
        return self.base.has_stepped

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group to the other.

        Raises:
            ValueError, TypeError: as the other.
        """
        self.base.add_param_group(param_group)

    def rule(self, group: dict[str, Any]) -> Rule | None:
        """Return the other's rule."""
        return self.base.rule(group)

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the other."""
        return self.base.state_dict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Load the state of the other.

        Raises:
            ValueError, TypeError: as the other.
        """
        self.base.load_state_dict(state_dict)
