"""A module called with other parameters than its own."""

from __future__ import annotations

from typing import Any

from minigrad import tensors
from minigrad.errors import describe, message
from minigrad.nn.modules import Module


def functional_call(
    module: Module,
    parameter_and_buffer_dicts: Any,
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """Return ``module(*args, **kwargs)`` with other tensors in the place of its parameters and buffers.

    Args:
        module: the module; it is as before when the call returns, also by an error. While it runs, another thread
            that calls it sees the other tensors.
        parameter_and_buffer_dicts: tensors by their dotted names, as ``dict(module.named_parameters())`` has them; or
            a sequence of such dicts. What is not named stays the module's own, and a name that the module does not have
            is passed over. Where the module replaces a tensor (``self.count = self.count + 1``), the new one is put
            into the dict.
        args: the arguments; what is no tuple is the only one.
        kwargs: the arguments by keyword.
        tie_weights: a parameter that the module owns under several names is replaced under all of them.
        strict: whether the names must be those of all parameters and buffers.

    Raises:
        TypeError: if ``module`` is none, or something else than a Tensor is put into the place of one.
        ValueError: if two dicts give one name different tensors, or tied names are given different ones; with
            ``strict``, if a name is missing or unknown.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad import nn
        >>> from minigrad.func import functional_call
        >>> layer = nn.Linear(2, 1)
        >>> weights = {"weight": mg.tensor([[1.0, 10.0]]), "bias": mg.tensor([0.5])}
        >>> functional_call(layer, weights, mg.tensor([1.0, 2.0]))
        Tensor((1,) float32 | 21.5)
    """
    if not isinstance(module, Module):
        raise TypeError(message("functional_call", f"a Module is needed, got {describe(module)}.", "It comes first."))
    given, source = merged(parameter_and_buffer_dicts)
    places = places_of(module)
    if strict:
        check_names(module, given, places)
    named = {name: tensor for name, tensor in given.items() if name in places}
    wanted = tied(module, named, places) if tie_weights else named
    kept: dict[str, Any] = {}
    arguments = () if args is None else args if isinstance(args, tuple) else (args,)
    try:
        for name, tensor in wanted.items():
            kept[name] = exchange(places[name], tensor)
        return module(*arguments, **(kwargs or {}))
    finally:
        for name, own in kept.items():
            left = exchange(places[name], own)
            if name in named and left is not named[name]:
                source[name][name] = left


def merged(dicts: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return all tensors by name, and for each name the dict that it came from."""
    parts = dicts if isinstance(dicts, (tuple, list)) else [dicts]
    given: dict[str, Any] = {}
    source: dict[str, Any] = {}
    for part in parts:
        if not isinstance(part, dict):
            problem = f"the tensors are given as a dict by name, or a tuple of dicts; got {describe(part)}."
            raise TypeError(message("functional_call", problem, "dict(module.named_parameters()) is one."))
        for name, tensor in part.items():
            if name in given and given[name] is not tensor:
                problem = f"{name!r} is in two of the dicts, with different tensors."
                raise ValueError(message("functional_call", problem, "Take it out of one."))
            if not isinstance(tensor, tensors.Tensor):
                problem = f"{name!r} must be a Tensor, got {describe(tensor)}."
                raise TypeError(message("functional_call", problem, "Make one of it: minigrad.tensor(...)."))
            given[name] = tensor
            source[name] = part
    return given, source


def places_of(module: Module) -> dict[str, tuple[Any, dict[str, Any], str]]:
    """Return where each parameter and buffer is kept: the module that owns it, the registry, and its name there."""
    places: dict[str, tuple[Any, dict[str, Any], str]] = {}
    for path, owner in module.named_modules(remove_duplicate=False):
        for registry in (owner._parameters, owner._buffers):
            for name, tensor in registry.items():
                if tensor is not None:
                    places[f"{path}.{name}" if path else name] = (owner, registry, name)
    return places


def check_names(module: Module, given: dict[str, Any], places: dict[str, Any]) -> None:
    """Raise a ValueError unless the names are those of all parameters and buffers."""
    missing = [name for name in places if name not in given]
    unknown = [name for name in given if name not in places]
    if missing or unknown:
        problem = f"strict=True, and of {type(module).__name__} {missing} are missing; it has no {unknown}."
        remedy = "Names are dotted paths, as named_parameters() yields them; without strict the module keeps its own."
        raise ValueError(message("functional_call", problem, remedy))


def tied(module: Module, given: dict[str, Any], places: dict[str, Any]) -> dict[str, Any]:
    """Return the given tensors also under the other names of the parameters that they replace."""
    names: dict[int, list[str]] = {}
    for name, (_, registry, key) in places.items():
        names.setdefault(id(registry[key]), []).append(name)
    wanted = dict(given)
    for same in names.values():
        values = [given[name] for name in same if name in given]
        for name in same:
            if values and wanted.setdefault(name, values[0]) is not values[0]:
                problem = f"{same} are one tensor of {type(module).__name__}, and were given different ones."
                remedy = "Give one of them, or pass tie_weights=False."
                raise ValueError(message("functional_call", problem, remedy))
    return wanted


def exchange(place: tuple[Any, dict[str, Any], str], tensor: Any) -> Any:
    """Put a tensor into a place of a module, and return the one that was there; no check, no change of order."""
    owner, registry, name = place
    before = registry[name]
    registry[name] = tensor
    owner.__dict__[name] = tensor
    return before
