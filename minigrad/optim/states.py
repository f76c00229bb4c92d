"""The state dict of an optimizer: PyTorch's form, checked whole before anything is taken over."""

from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.errors import describe, message
from minigrad.graph import wrap
from minigrad.optim.slots import Rule, Slot, state_kind
from minigrad.tensors import Tensor

if TYPE_CHECKING:
    from minigrad.optim.optimizers import Optimizer

#: It tells AdamW from Adam, whose moments and other options are the same; PyTorch's older states do not have it.
DECOUPLED = "decoupled_weight_decay"
#: How PyTorch runs its step, which says nothing here.
EXECUTION = ("foreach", "fused", "capturable", "differentiable")


def state_dict(groups: list[dict[str, Any]], slots: list[list[Slot]]) -> dict[str, Any]:
    """Return the state and options of an optimizer, parameters counted through all groups."""
    state: dict[int, dict[str, Any]] = {}
    packed = []
    count = 0
    for group, members in zip(groups, slots):
        numbers = []
        for slot in members:
            if slot.state:
                state[count] = dict(slot.state)
            numbers.append(count)
            count += 1
        packed.append({**group, "params": numbers})
    return {"state": state, "param_groups": packed}


def missing_options(group: dict[str, Any], defaults: dict[str, Any]) -> list[str]:
    """Return the options that a group lacks."""
    return [name for name in defaults if name not in group]


def refuse_missing(who: str, index: int, group: dict[str, Any], defaults: dict[str, Any]) -> None:
    """Raise a ValueError if an option of a group has been deleted."""
    missing = missing_options(group, defaults)
    if missing:
        raise ValueError(
            message(
                who,
                f"param_groups[{index}] has lost {', '.join(map(repr, missing))}.",
                f"Put it back: optimizer.param_groups[{index}][{missing[0]!r}] = ...",
            )
        )


def numbers_of(saved: Any) -> list[int] | None:
    """Return the numbers of a saved group's parameters, or None if it has none such."""
    if not isinstance(saved, dict) or not isinstance(saved.get("params"), (list, tuple)):
        return None
    for key in saved["params"]:
        if not isinstance(key, int):
            return None
    return list(saved["params"])


class Loading:
    """A state dict, checked against an optimizer; what takes the place of the optimizer's attributes.

    Args:
        who: the optimizer's name.
        optimizer: what the state is for; not changed.
        state_dict: the state.

    Attributes:
        groups, slots, rules: as ``Optimizer`` keeps them.
        misfits: what does not fit, a sentence each.

    Raises:
        TypeError: if it is no state dict.
        ValueError: with every misfit.
    """

    def __init__(self, who: str, optimizer: "Optimizer", state_dict: Any) -> None:
        """Check everything."""
        self.optimizer = optimizer
        self.misfits: list[str] = []
        self.groups: list[dict[str, Any]] = []
        self.slots: list[list[Slot]] = []
        self.rules: list[tuple[list[Any], Rule | None]] = []
        fits = isinstance(state_dict, dict) and isinstance(state_dict.get("param_groups"), (list, tuple))
        if not fits or not isinstance(state_dict.get("state"), dict):
            what = f"a dict with the keys {sorted(map(str, state_dict))}" if isinstance(state_dict, dict) else ""
            problem = f"a dict with 'state' and 'param_groups' is needed, got {what or describe(state_dict)}."
            raise TypeError(message("load_state_dict", problem, f"Pass what {who}.state_dict() returned."))
        saved_groups = state_dict["param_groups"]
        if len(saved_groups) != len(optimizer.param_groups):
            have = len(optimizer.param_groups)
            self.misfits.append(f"it has {len(saved_groups)} groups of parameters, the optimizer {have}")
        known = set()
        for index, saved in enumerate(saved_groups[: len(optimizer.param_groups)]):
            known.update(self.check_group(index, saved, state_dict["state"]))
        if len(saved_groups) == len(optimizer.param_groups):
            for key in state_dict["state"]:
                if key not in known:
                    self.misfits.append(f"it has a state {key!r} that belongs to none of its groups")
        if self.misfits:
            problem = "the state does not belong to this optimizer:\n  - " + "\n  - ".join(self.misfits)
            remedy = "Load it into the same kind of optimizer, made for the same model with the same groups."
            raise ValueError(message(f"{who}.load_state_dict", problem, remedy))

    def check_group(self, index: int, saved: Any, states: dict[Any, Any]) -> list[Any]:
        """Check one group and the state of its parameters, and return the keys of the states."""
        optimizer = self.optimizer
        group = optimizer.param_groups[index]
        keys = numbers_of(saved)
        if keys is None:
            self.misfits.append(f"group {index} is no dict with a list of numbers under 'params'")
            return []
        options = {name: value for name, value in saved.items() if name not in (*EXECUTION, "params")}
        missing = [name for name in missing_options(saved, optimizer.defaults) if name != DECOUPLED]
        if missing:
            self.misfits.append(f"group {index} lacks the options {', '.join(map(repr, missing))}")
        if len(keys) != len(group["params"]):
            self.misfits.append(f"group {index} has {len(keys)} parameters, the optimizer's {len(group['params'])}")
        rule = None if missing else self.check_options(index, {**group, **options})
        members = []
        for key, slot in zip(keys, optimizer._slots[index]):
            members.append(Slot(slot.parameter, self.check_state(key, slot.parameter, states.get(key), rule)))
        self.slots.append(members)
        return keys

    def check_options(self, index: int, group: dict[str, Any]) -> Rule | None:
        """Check the options of a group by asking the optimizer for their rule."""
        optimizer = self.optimizer
        # NAdam and RAdam have it as an option like any other.
        if "amsgrad" in optimizer.defaults and group[DECOUPLED] != optimizer.defaults[DECOUPLED]:
            self.misfits.append(f"group {index} has {DECOUPLED}={group[DECOUPLED]}: Adam and AdamW differ in it")
        try:
            rule = optimizer.rule(group)
        except (TypeError, ValueError) as error:
            self.misfits.append(f"group {index}: {str(error).splitlines()[0]}")
            # The states are looked at all the same.
            return optimizer._rules[index][1]
        self.groups.append(group)
        self.rules.append((list(group.values()), rule))
        return rule

    def check_state(self, key: Any, parameter: Tensor, found: Any, rule: Rule | None) -> dict[str, Any]:
        """Check the state of one parameter and return copies of it as tensors."""
        if found is None or found == {}:
            return {}
        if not isinstance(found, dict):
            self.misfits.append(f"the state of parameter {key} is {describe(found)}, not a dict")
            return {}
        where = f"the state of parameter {key}, {describe(parameter)},"
        # PyTorch's SGD counts no steps: where there is a buffer, there was one.
        counted_by_buffer = set(self.optimizer.state_names) == {"momentum_buffer", "step"}
        if rule is not None:
            uncounted = counted_by_buffer and "momentum_buffer" in found
            needed = [name for name in rule.state_names if name != "step" or not uncounted]
            for name in needed:
                # PyTorch's SGD writes None for a buffer that there is not yet.
                if name not in found or (found[name] is None and name != "momentum_buffer"):
                    self.misfits.append(f"{where} lacks {name!r}")
        state: dict[str, Any] = {}
        if len(self.optimizer.state_names) == 0:
            try:
                return self.optimizer.read_state(found)
            except (TypeError, ValueError) as error:
                self.misfits.append(f"{where} does not fit: {str(error).splitlines()[0]}")
                return {}
        for name, value in found.items():
            if name not in self.optimizer.state_names:
                self.misfits.append(f"{where} has an unexpected {name!r}")
            elif value is not None:
                state[name] = self.as_state(where, name, parameter, value)
        if counted_by_buffer and "momentum_buffer" in state and "step" not in state:
            state["step"] = wrap(np.ones(()))
        return state

    def as_state(self, where: str, name: str, parameter: Tensor, value: Any) -> Any:
        """Return one piece of state as a tensor of the parameter's kind."""
        shape, dtype = state_kind(name, parameter._data)
        try:
            array = np.asarray(value._data if isinstance(value, Tensor) else value)
        except ValueError:
            self.misfits.append(f"{where} has {name!r} as ragged lists")
            return None
        if array.shape != shape or array.dtype.kind not in "iuf":
            self.misfits.append(f"{where} has {name!r} as {describe(array)}, where the shape is {shape}")
            return None
        return wrap(array.astype(dtype, order="C"))
