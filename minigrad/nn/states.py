"""The state of a module: its parameters and buffers by dotted name, taken out and put back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from minigrad.errors import describe, message
from minigrad.modes import no_grad
from minigrad.ops.overwriting import copy_
from minigrad.tensors import Tensor
from minigrad.writes import refuse_write

#: Which dtypes may be written over which without losing what they say: bools over anything, floats over floats only.
_RANKS = {"b": 0, "u": 1, "i": 1, "f": 2}


class IncompatibleKeys(NamedTuple):
    """What ``load_state_dict`` found to differ."""

    missing_keys: list[str]
    unexpected_keys: list[str]


def state_dict(module: Any, *, prefix: str = "") -> dict[str, Tensor]:
    """Return all parameters and persistent buffers by dotted name.

    Args:
        module: the module.
        prefix: what stands before each name, such as ``"model."``.

    Returns:
        Detached tensors that share the module's memory; clone them to keep the values while training goes on. What is
        owned under several names is there under each.

    Examples:
        >>> from minigrad import nn
        >>> list(nn.Sequential(nn.Linear(2, 3), nn.ReLU()).state_dict())
        ['0.weight', '0.bias']
    """
    state = {}
    for name, tensor in named_state(module).items():
        state[prefix + name] = tensor.detach()
    return state


def named_state(module: Any) -> dict[str, Tensor]:
    """Return the parameters and persistent buffers themselves by dotted name."""
    found: dict[str, Tensor] = {}
    for path, owner in module.named_modules(remove_duplicate=False):
        for name, tensor in [*owner._parameters.items(), *owner._buffers.items()]:
            if tensor is not None and name not in owner._non_persistent:
                found[f"{path}.{name}" if path else name] = tensor
    return found


def load_state_dict(module: Any, state_dict: Mapping[str, Any], strict: bool = True) -> IncompatibleKeys:
    """Copy values into the module's parameters and buffers by dotted name: all of them, or none.

    Args:
        module: the module.
        state_dict: tensors or arrays by name, as ``state_dict`` returns them; converted to the module's dtypes.
        strict: whether the names must be exactly the module's. Shapes must fit in any case.

    Returns:
        ``(missing_keys, unexpected_keys)``; both are empty if ``strict``.

    Raises:
        ValueError: naming every key that is missing, unexpected, of another shape or not of numbers that fit. Nothing
            is copied then.
        TypeError: if ``state_dict`` is no mapping.
    """
    if not isinstance(state_dict, Mapping):
        raise TypeError(
            message(
                "load_state_dict",
                f"a mapping of names to tensors is needed, got {describe(state_dict)}.",
                "Pass what model.state_dict() returned; read a file first, and pass its tensors by name.",
            )
        )
    own = named_state(module)
    missing = [name for name in own if name not in state_dict]
    unexpected = [str(name) for name in state_dict if name not in own]
    problems = []
    if strict:
        problems += [f"missing: {name} {describe(own[name].data)}" for name in missing]
        problems += [f"unexpected: {name}" for name in unexpected]
    arrays = {}
    for name, tensor in own.items():
        if name in state_dict:
            array = as_state(state_dict[name])
            problem = misfit(tensor, state_dict[name], array)
            if problem:
                problems.append(f"{name}: {problem}")
            else:
                # A copy, because what is loaded may be the memory of another parameter of this very module.
                arrays[name] = np.array(array, tensor.dtype)
    if problems:
        raise ValueError(
            message(
                "load_state_dict",
                f"the state does not fit {type(module).__name__}; nothing was loaded:\n    " + "\n    ".join(problems),
                "Build the model with the same layers and sizes; strict=False ignores missing and unexpected names.",
            )
        )
    with no_grad():
        for name in arrays:
            refuse_write("load_state_dict", own[name])
        for name, array in arrays.items():
            copy_(own[name], array)
    return IncompatibleKeys(missing, unexpected)


def as_state(value: Any) -> np.ndarray | None:
    """Return what a state holds under a name as an array, or None if it is none."""
    if isinstance(value, Tensor):
        return value.data
    if isinstance(value, (np.ndarray, np.generic, int, float)):
        return np.asarray(value)
    if hasattr(value, "__array__"):
        try:
            return np.asarray(value)
        except (TypeError, ValueError, RuntimeError):
            return None
    return None


def misfit(tensor: Tensor, value: Any, array: np.ndarray | None) -> str:
    """Return what keeps a value from being written over a tensor; nothing if it fits."""
    if array is None or array.dtype.kind not in _RANKS:
        return f"a tensor or array of numbers is needed, got {describe(value)}"
    if array.shape != tensor.shape:
        return f"the shape is {tensor.shape} here and {array.shape} in the state"
    if _RANKS[array.dtype.kind] > _RANKS[tensor.dtype.kind]:
        return f"the dtype is {tensor.dtype} here and {array.dtype} in the state, which would lose values"
    return ""
