"""What optimizers refuse: parameters and options that cannot work, each with its reason, before anything changes."""

import math
import sys
from collections.abc import Iterable
from typing import Any

import numpy as np

from minigrad.errors import describe, message, number_remedy
from minigrad.tensors import Tensor

PASS_PARAMETERS = "Pass model.parameters(), a list of tensors, or a list of dicts such as {'params': ..., 'lr': 0.01}."
COUNTS = {2: "two", 3: "three"}
#: Every finite number is at least this.
ANY = -sys.float_info.max
UPHILL = "A rate is a length; to climb, negate the loss, or pass maximize=True where the optimizer takes it."


def number(who: str, name: str, value: Any, below: float = math.inf, lowest: float = 0) -> float:
    """Return an option as a float.

    Args:
        who: the optimizer's name.
        name: the option's name.
        value: what the user gave.
        below: the option must be smaller than this.
        lowest: and at least this: 0, or ``ANY`` for every finite number.

    Raises:
        TypeError: if it is no number.
        ValueError: unless lowest <= value < below. NaN and infinity never are.
    """
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.integer, np.floating)):
        remedy = f"Pass {name}.item()." if hasattr(value, "item") else number_remedy(value)
        raise TypeError(message(who, f"{name} must be a number, got {describe(value)}.", remedy))
    if not lowest <= value < below:
        wanted = f"at least {lowest:g} and below {below:g}"
        if below == math.inf:
            wanted = "a finite number" if lowest == ANY else f"a finite number, at least {lowest:g}"
        raise ValueError(
            message(who, f"{name} must be {wanted}, got {value!r}.", UPHILL if name == "lr" and value < 0 else "")
        )
    return float(value)


def whole_number(who: str, name: str, value: Any, lowest: int) -> None:
    """Raise unless a setting is an integer of at least ``lowest``.

    Raises:
        TypeError: if it is no integer.
        ValueError: if it is too low.
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(message(who, f"{name} must be an integer, got {describe(value)}.", number_remedy(value, int)))
    if value < lowest:
        raise ValueError(message(who, f"{name} must be at least {lowest}, got {value}."))


def fraction(who: str, name: str, value: Any) -> float:
    """Return an option as a float from 0 to 1.

    Raises:
        TypeError: if it is no number.
        ValueError: if it is outside.
    """
    if number(who, name, value) > 1:
        raise ValueError(message(who, f"{name} must be from 0 to 1, got {value!r}."))
    return float(value)


def pair_of_betas(who: str, group: dict[str, Any]) -> tuple[float, ...]:
    """Return Adam's two decay rates; a list, as JSON gives it, becomes a tuple in the group.

    Raises:
        TypeError: if they are not two numbers.
        ValueError: unless both are in [0, 1).
    """
    return numbers(who, group, "betas", (0.9, 0.999), 1.0)


def numbers(
    who: str,
    group: dict[str, Any],
    name: str,
    example: tuple[float, ...],
    below: float = math.inf,
    lowest: float = 0,
) -> tuple[float, ...]:
    """Return an option of several numbers; a list, as JSON gives it, becomes a tuple in the group.

    Args:
        who: the optimizer's name.
        group: the options by name.
        name: the option's name.
        example: as many numbers as are needed.
        below: each must be smaller than this.
        lowest: each must be at least this.

    Raises:
        TypeError: if it is not so many numbers.
        ValueError: unless lowest <= number < below for each.
    """
    values = group[name]
    if not isinstance(values, (tuple, list)) or len(values) != len(example):
        problem = f"{name} must be {COUNTS[len(example)]} numbers, got {describe(values)}."
        raise TypeError(message(who, problem, f"Example: {example}."))
    if isinstance(values, list):
        group[name] = tuple(values)
    checked = []
    for index, value in enumerate(values):
        checked.append(number(who, f"{name}[{index}]", value, below, lowest))
    return tuple(checked)


def listed(who: str, params: Any) -> list[Any]:
    """Return the elements of a parameter list, once: ``model.parameters()`` is a generator.

    Raises:
        TypeError: if it is no sequence of tensors or dicts, or has no order.
    """
    if hasattr(params, "parameters"):
        problem = f"the parameters are needed, got the module {type(params).__name__}."
        raise TypeError(message(who, problem, "Pass model.parameters()."))
    if isinstance(params, (Tensor, np.ndarray)):
        problem = f"a sequence of tensors is needed, got the one {type(params).__name__} {describe(params)}."
        raise TypeError(message(who, problem, "Put it into a list: [w]."))
    if isinstance(params, (set, frozenset)):
        problem = "a set has no order, and would give each run another one."
        raise TypeError(message(who, problem, "Pass a list."))
    if isinstance(params, (dict, str)) or not isinstance(params, Iterable):
        problem = f"a sequence of tensors or of dicts is needed, got {describe(params)}."
        raise TypeError(message(who, problem, PASS_PARAMETERS))
    return list(params)


def read_groups(who: str, params: Any) -> list[dict[str, Any]]:
    """Return what an optimizer was given as a list of groups, each a new dict with a list under ``"params"``.

    Raises:
        TypeError: if an element is neither a tensor nor a dict, or both kinds are mixed.
        ValueError: if there is no parameter at all.
    """
    elements = listed(who, params)
    groups = []
    if len(elements) > 0 and isinstance(elements[0], dict):
        for element in elements:
            groups.append(read_group(who, element))
    else:
        groups.append({"params": elements})
    if not any(group["params"] for group in groups):
        raise ValueError(
            message(
                who,
                "the parameter list is empty.",
                "Pass model.parameters() itself: a generator that was looped over once is exhausted.",
            )
        )
    return groups


def read_group(who: str, group: Any) -> dict[str, Any]:
    """Return a copy of one group with its parameters as a list.

    Raises:
        TypeError: if it is no dict.
        ValueError: if it has no ``"params"``.
    """
    if not isinstance(group, dict):
        problem = f"a group of parameters is a dict, got {describe(group)}."
        raise TypeError(message(who, problem, PASS_PARAMETERS))
    if "params" not in group:
        problem = f"a group of parameters needs the key 'params', got the keys {sorted(map(str, group))}."
        raise ValueError(message(who, problem, PASS_PARAMETERS))
    params = group["params"]
    return {**group, "params": [params] if isinstance(params, Tensor) else listed(who, params)}


def check_parameters(who: str, parameters: list[Any], known: Iterable[Any]) -> None:
    """Raise unless all are different leaf tensors of floats, none of them among the ``known``.

    Raises:
        TypeError: if one is no Tensor, or holds no floats.
        ValueError: if one was computed from others, or comes twice.
    """
    seen = {id(parameter) for parameter in known}
    for index, parameter in enumerate(parameters):
        if not isinstance(parameter, Tensor):
            problem = f"parameter {index} must be a Tensor, got {describe(parameter)}."
            raise TypeError(message(who, problem, PASS_PARAMETERS))
        what = f"parameter {index}, {describe(parameter)},"
        if parameter.dtype.kind != "f":
            raise TypeError(message(who, f"{what} holds no floats, so it has no gradient.", "Convert it: w.float()."))
        if not parameter.is_leaf:
            node = parameter.grad_fn.name
            problem = f"{what} is not a leaf: {node} computed it from other tensors, and would compute it anew."
            raise ValueError(message(who, problem, "Pass the tensors it was computed from, or detach it first."))
        if id(parameter) in seen:
            problem = f"{what} comes twice, and would be updated twice in each step."
            raise ValueError(message(who, problem, "Pass each parameter once, in one group only."))
        seen.add(id(parameter))
