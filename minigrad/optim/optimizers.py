"""``Optimizer``: groups of parameters, and a step that updates all of them or none.

A kind of optimizer is a class with a method ``rule``, which names the kernel, the state that the kernel keeps for each
parameter, and its arguments; everything else is here.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable, Iterator
from itertools import chain, starmap
from operator import call, is_, setitem
from sys import _getframe
from typing import Any

from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.modes import current_state, enable_grad, no_grad
from minigrad.optim import states
from minigrad.optim.checks import check_parameters, read_group, read_groups
from minigrad.optim.slots import Rule, Slot, WriteBack
from minigrad.positions import OWN_FILES, user_frame
from minigrad.tensors import Tensor
from minigrad.writes import clock, latest_write
from minigrad_kernels import runs_python


class Optimizer:
    """The base of all optimizers.

    Args:
        params: tensors, or dicts with tensors under ``"params"`` and options of their own.
        defaults: the options of groups that do not have their own.

    Attributes:
        param_groups: a dict for each group: its parameters under ``"params"``, and its options, which may be changed
            between two steps.
        defaults: as given.

    Raises:
        ValueError, TypeError: as documented at the optimizer, before anything is kept.
    """

    #: Every name that a rule of this class may keep state under; none where step() is overridden.
    state_names: tuple[str, ...] = ()

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        """Check and keep the groups."""
        self.defaults = defaults
        self.param_groups: list[dict[str, Any]] = []
        self.has_stepped = False
        self._slots: list[list[Slot]] = []
        # For each group what was in it when its options were checked last, and the rule that they gave.
        self._rules: list[tuple[list[Any], Rule | None]] = []
        who = type(self).__name__
        groups = read_groups(who, params)
        everything = []
        for group in groups:
            everything += group["params"]
        check_parameters(who, everything, [])
        for group in groups:
            self.add_param_group(group)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group of parameters, with options of its own or the defaults.

        Args:
            param_group: a dict with a tensor or a sequence of tensors under ``"params"``.

        Raises:
            ValueError, TypeError: as at construction; no group is added then.
        """
        who = type(self).__name__
        group = {**self.defaults, **read_group(who, param_group)}
        known = [slot.parameter for slot in chain(*self._slots)]
        check_parameters(who, group["params"], known)
        rule = self.rule(group)
        self._rules.append((list(group.values()), rule))
        self._slots.append([Slot(parameter) for parameter in group["params"]])
        self.param_groups.append(group)

    def rule(self, group: dict[str, Any]) -> Rule | None:
        """Check the options of a group and return how its parameters are updated.

        Args:
            group: the options by name.

        Returns:
            The kernel, the state that it keeps, and its arguments; None for an optimizer that overrides ``step``.

        Raises:
            ValueError, TypeError: if an option cannot work.
        """
        return None

    def read_state(self, found: dict[str, Any]) -> dict[str, Any]:
        """Return a copy of the state of one parameter that was saved; for an optimizer with a step of its own.

        Args:
            found: what was saved.

        Raises:
            ValueError, TypeError: if it does not fit.
        """
        return copy.deepcopy(found)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, so that the next backward does not add to them.

        Args:
            set_to_none: set them to None, which frees their memory; else they become zeros where they are.
        """
        for group in self.param_groups:
            for parameter in group["params"]:
                if set_to_none:
                    parameter._grad = None
                elif parameter._grad is not None:
                    with no_grad():
                        parameter.grad.detach_().zero_()

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient.

        Everything is checked first; then one loop in C calls the kernels, in which no KeyboardInterrupt can fall:
        after an error or an interrupt, either all parameters and their state are updated or none is.

        Args:
            closure: computes the loss anew, with backward, and returns it.

        Returns:
            What ``closure`` returned, else None.

        Raises:
            ValueError, TypeError: if an option, a gradient or a piece of state does not fit.
            RuntimeError: if the memory of a parameter cannot be written to.
        """
        loss = None if closure is None else self.evaluate(closure)
        rows: list[tuple[Any, ...]] = []
        stamps: list[Any] = []
        write_backs: list[WriteBack] = []
        interpreted = runs_python()
        if len(self.param_groups) != len(self._slots):
            self.refuse_other_parameters()
        for group, slots, (known, rule) in zip(self.param_groups, self._slots, self._rules):
            # Whatever else was put into the group since is another object.
            if rule is None or len(group) != len(known) or not all(map(is_, group.values(), known)):
                rule = self.checked_rule(group)
            parameters = group["params"]
            if len(parameters) != len(slots):
                self.refuse_other_parameters()
            for parameter, slot in zip(parameters, slots):
                if parameter is not slot.parameter:
                    self.refuse_other_parameters()
                if parameter._grad is not None:
                    rows.append(slot.row(self, rule, interpreted, write_backs))
                    stamps += slot.stamps
        self.has_stepped = True
        stamp(stamps, _getframe(1))
        if current_state().tape is not None:
            self.note()
        # From here on nothing runs Python code, except kernels that run as plain Python, on copies.
        calls: Iterator[Any] = starmap(call, rows)
        if write_backs:
            calls = chain(calls, starmap(setitem, write_backs))
        deque(calls, maxlen=0)
        return loss

    def note(self) -> None:
        """Put the updates to come onto the tape of a capture."""
        with no_grad():
            for slot in chain(*self._slots):
                if slot.parameter._grad is not None:
                    rule = slot.rule
                    inputs = (slot.parameter, slot.parameter.grad, *slot.tensors[1:], *rule.arguments)
                    record(rule.kernel, None, slot.arrays, inputs, writes=slot.tensors)

    def evaluate(self, closure: Callable[[], Any]) -> Any:
        """Return what a closure returns, with gradients enabled.

        Raises:
            TypeError: if it is no function.
        """
        if not callable(closure):
            problem = f"the closure must be a function that computes the loss, got {describe(closure)}."
            remedy = "Pass the function, not the loss; after loss.backward() call step() without it."
            raise TypeError(message(f"{type(self).__name__}.step", problem, remedy))
        with enable_grad():
            return closure()

    def refuse_other_parameters(self) -> None:
        """Raise a ValueError: the groups hold other parameters than when they were added."""
        problem = "the parameters in param_groups are no longer those that the optimizer keeps state for."
        remedy = "Add parameters with add_param_group(), and freeze them with requires_grad_(False)."
        raise ValueError(message(type(self).__name__, problem, remedy))

    def checked_rule(self, group: dict[str, Any]) -> Rule:
        """Return the rule of a group in which something has changed, after checking its options."""
        index = 0
        while self.param_groups[index] is not group:
            index += 1
        states.refuse_missing(type(self).__name__, index, group, self.defaults)
        rule = self.rule(group)
        if rule is None:
            problem = "the optimizer has neither a rule() nor a step() of its own."
            raise TypeError(message(type(self).__name__, problem, "Define one of them."))
        self._rules[index] = (list(group.values()), rule)
        return rule

    @property
    def state(self) -> States:
        """The state by parameter: ``optimizer.state[w]["exp_avg"]``; empty before the first step."""
        return States(self._slots)

    def state_dict(self) -> dict[str, Any]:
        """Return everything that ``load_state_dict`` needs to go on from here, in PyTorch's form.

        Returns:
            ``{"state": {0: {"step": ..., ...}, ...}, "param_groups": [{"lr": ..., "params": [0, 1]}, ...]}``, where
            the parameters are counted through all groups. The tensors are the optimizer's own, and change with the
            next step: ``copy.deepcopy`` keeps them as they are.
        """
        return states.state_dict(self.param_groups, self._slots)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take copies of a state and its options. Everything is checked first.

        Args:
            state_dict: what ``state_dict`` returned, or PyTorch's; tensors may be arrays.

        Raises:
            ValueError: if it belongs to other parameters or another kind of optimizer; every misfit is named.
            TypeError: if it is no state dict.
        """
        checked = states.Loading(type(self).__name__, self, state_dict)
        vars(self).update(param_groups=checked.groups, _slots=checked.slots, _rules=checked.rules)

    def __repr__(self) -> str:
        """Return the number of tensors and elements and the options, for each group, in one line."""
        texts = []
        for group in self.param_groups:
            elements = 0
            for parameter in group["params"]:
                elements += parameter.numel()
            options = [f"{name}={value!r}" for name, value in group.items() if name != "params"]
            texts.append(f"{len(group['params'])} tensors, {elements} elements: {', '.join(options)}")
        return f"{type(self).__name__}({' | '.join(texts)})"


class States:
    """The state of each parameter by the parameter itself, not by its values or id.

    Args:
        slots: of each group.
    """

    def __init__(self, slots: list[list[Slot]]) -> None:
        """Look at an optimizer's slots."""
        self._slots = slots

    def __getitem__(self, parameter: Tensor) -> dict[str, Any]:
        """Return the state of a parameter by name, a dict that an optimizer with its own ``step`` may fill."""
        for slot in chain(*self._slots):
            if slot.parameter is parameter:
                return slot.state
        raise ValueError(
            message(
                "state",
                f"{describe(parameter)} is no parameter of this optimizer.",
                "Ask with the tensor itself, not a copy; add_param_group takes in new ones.",
            )
        )

    def __contains__(self, parameter: Tensor) -> bool:
        """Return whether the optimizer keeps state for a parameter."""
        for slot in chain(*self._slots):
            if slot.parameter is parameter:
                return len(slot.state) > 0
        return False

    def __iter__(self) -> Iterator[Tensor]:
        """Return the parameters that have state."""
        for slot in chain(*self._slots):
            if slot.state:
                yield slot.parameter

    def __len__(self) -> int:
        """Return how many parameters have state."""
        return len(list(iter(self)))

    def __repr__(self) -> str:
        """Return how many parameters have which state."""
        names: dict[str, int] = {}
        for parameter in self:
            for name in self[parameter]:
                names[name] = names.get(name, 0) + 1
        return f"States({', '.join([f'{name} of {count}' for name, count in names.items()])})"


def stamp(stamps: list[Any], frame: Any) -> None:
    """Count the writes to come, so that no backward reads a value that a step has changed since.

    They are counted before they happen: what an interrupt prevents is then counted, but never the other way round.

    Args:
        stamps: those of what is written.
        frame: where step() was called.
    """
    # One number for all, and no call for each: the writes are one change. And no lock, which an interrupt could leave
    # locked.
    now = latest_write[0] = next(clock)
    if OWN_FILES[frame.f_code.co_filename]:
        frame = user_frame(frame)
    position = None if frame is None else (frame.f_code, frame.f_lasti)
    for written in stamps:
        written[0] = now
        written[2] = position
