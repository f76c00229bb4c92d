"""Modules made of modules: in a row, in a list, by name."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

from minigrad.errors import describe, message
from minigrad.nn.modules import Module
from minigrad.nn.registration import joined


class UnknownNameError(KeyError):
    """A KeyError that shows its message as it is, where KeyError would quote it."""

    def __str__(self) -> str:
        """Return the message."""
        return str(self.args[0])


class Numbered(Module):
    """What ``Sequential`` and ``ModuleList`` share: modules with an order, reached by index."""

    def __len__(self) -> int:
        """Return the number of modules."""
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        """Return the modules in order."""
        return iter(self._modules.values())

    def __contains__(self, module: Any) -> bool:
        """Return whether a module is one of them."""
        return any(each is module for each in self._modules.values())

    def __getitem__(self, index: Any) -> Any:
        """Return a module by its index, or a container of the same kind by a slice."""
        if isinstance(index, slice):
            return self._part(list(self._modules.items())[index])
        return self._modules[self._key(index)]

    def __setitem__(self, index: int, module: Module) -> None:
        """Put a module in the place of another."""
        self.add_module(self._key(index), module)

    def __delitem__(self, index: Any) -> None:
        """Take modules out; those behind move up."""
        modules = list(self._modules.values())
        if isinstance(index, slice):
            del modules[index]
        else:
            del modules[list(self._modules).index(self._key(index))]
        self._renumber(modules)

    def append(self, module: Module) -> Self:
        """Add a module at the end; return the container itself."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add modules at the end, all or none; return the container itself."""
        for module in modules_of(type(self).__name__, modules):
            self.append(module)
        return self

    def insert(self, index: int, module: Module) -> Self:
        """Add a module before the one at ``index``; return the container itself."""
        self._check("insert", str(len(self)), module, Module, NO_FUNCTIONS)
        modules = list(self._modules.values())
        modules.insert(self._integer(index), module)
        self._renumber(modules)
        return self

    def _part(self, items: list[tuple[str, Any]]) -> Any:
        raise NotImplementedError

    def _key(self, index: Any) -> str:
        keys = list(self._modules)
        place = self._integer(index)
        if not -len(keys) <= place < len(keys):
            raise IndexError(
                message(
                    type(self).__name__,
                    f"index {place} is out of range: there are {len(keys)} modules.",
                    "Indices count from 0; append(module) adds one at the end.",
                )
            )
        return keys[place]

    def _integer(self, index: Any) -> int:
        try:
            return operator.index(index)
        except TypeError:
            raise TypeError(
                message(
                    type(self).__name__,
                    f"an index is an integer or a slice, got {describe(index)}.",
                    "Modules with names belong into nn.ModuleDict.",
                )
            ) from None

    def _renumber(self, modules: list[Any]) -> None:
        for name in list(self._modules):
            delattr(self, name)
        for number, module in enumerate(modules):
            module._take_name("")
            self.add_module(str(number), module)


class Sequential(Numbered):
    """Modules in a row: each gets what the one before it returned.

    Args:
        modules: the modules, or one dict of them by name.

    Raises:
        TypeError: if one is no Module.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad import nn
        >>> model = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
        >>> model(mg.zeros(5, 2)).shape
        (5, 3)
        >>> model[0]
        Linear(in_features=2, out_features=3, bias=True)
    """

    def __init__(self, *modules: Any) -> None:
        """Own the modules, under their names or numbers."""
        super().__init__()
        named: Any = modules[0].items() if len(modules) == 1 and isinstance(modules[0], Mapping) else None
        if named is None:
            named = [(str(number), module) for number, module in enumerate(modules)]
        for name, module in named:
            require_module("Sequential", name, module)
            self.add_module(name, module)

    def forward(self, input: Any) -> Any:
        """Return what the last module returns."""
        for module in self._modules.values():
            input = module(input)
        return input

    def _part(self, items: list[tuple[str, Any]]) -> Sequential:
        return Sequential(dict(items))


class ModuleList(Numbered):
    """Modules in a list that ``forward`` loops over.

    Args:
        modules: the modules.

    Raises:
        TypeError: if one is no Module.
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        """Own the modules, under their numbers."""
        super().__init__()
        self.extend([] if modules is None else modules)

    def add_module(self, name: str, module: Any) -> None:
        """Own another module under a name."""
        super().add_module(name, module)
        name_below(self, self._name)

    def _take_name(self, name: str) -> None:
        before = self._name
        super()._take_name(name)
        name_below(self, before)

    def _part(self, items: list[tuple[str, Any]]) -> ModuleList:
        return ModuleList([module for _, module in items])


class ModuleDict(Module):
    """Modules by name, that ``forward`` chooses from.

    Args:
        modules: a mapping of names to modules, a ModuleDict, or (name, module) pairs.

    Raises:
        TypeError: if one is no Module; ValueError: if a name cannot be used.
    """

    def __init__(self, modules: Any = None) -> None:
        """Own the modules, under their names."""
        super().__init__()
        self.update({} if modules is None else modules)

    def __len__(self) -> int:
        """Return the number of modules."""
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        """Return the names in order."""
        return iter(self._modules)

    def __contains__(self, name: Any) -> bool:
        """Return whether there is a module of that name."""
        return name in self._modules

    def __getitem__(self, name: str) -> Any:
        """Return a module by its name."""
        if not isinstance(name, str) or name not in self._modules:
            raise UnknownNameError(
                message(
                    "ModuleDict",
                    f"there is no {name!r}; the names are {list(self._modules)}.",
                    "Add it first, modules[name] = module, or ask for it: name in modules.",
                )
            )
        return self._modules[name]

    def __setitem__(self, name: str, module: Module) -> None:
        """Own a module under a name."""
        require_module("ModuleDict", name, module)
        self.add_module(name, module)

    def __delitem__(self, name: str) -> None:
        """Take a module out."""
        self[name]
        delattr(self, name)

    def keys(self) -> Iterable[str]:
        """Return the names."""
        return self._modules.keys()

    def values(self) -> Iterable[Any]:
        """Return the modules."""
        return self._modules.values()

    def items(self) -> Iterable[tuple[str, Any]]:
        """Return the names with their modules."""
        return self._modules.items()

    def update(self, modules: Any) -> None:
        """Own more modules, under their names, all or none: a mapping, a ModuleDict, or (name, module) pairs."""
        named = pairs_of(modules)
        for name, module in named:
            require_module("ModuleDict", name, module)
            self._check("ModuleDict", name, module, Module, NO_FUNCTIONS)
        for name, module in named:
            self.add_module(name, module)

    def add_module(self, name: str, module: Any) -> None:
        """Own another module under a name."""
        super().add_module(name, module)
        name_below(self, self._name)

    def _take_name(self, name: str) -> None:
        before = self._name
        super()._take_name(name)
        name_below(self, before)


NO_FUNCTIONS = "A function has a module of the same meaning: nn.ReLU() for relu. A class is called: nn.ReLU()."


def require_module(who: str, name: Any, module: Any) -> None:
    """Raise a TypeError unless an element of a container is a Module."""
    if not isinstance(module, Module):
        raise TypeError(message(who, f"element {name} must be a Module, got {describe(module)}.", NO_FUNCTIONS))


def modules_of(who: str, modules: Any) -> list[Module]:
    """Return modules as a list.

    Raises:
        TypeError: if they are not modules one after the other.
    """
    if isinstance(modules, (Mapping, str)) or not isinstance(modules, Iterable):
        raise TypeError(message(who, f"a list of Modules is needed, got {describe(modules)}.", NO_FUNCTIONS))
    found = list(modules)
    for number, module in enumerate(found):
        require_module(who, number, module)
    return found


def pairs_of(modules: Any) -> list[tuple[str, Module]]:
    """Return what names modules as a list of pairs.

    Raises:
        TypeError: if it is neither a mapping nor pairs.
    """
    if isinstance(modules, (Mapping, ModuleDict)):
        return list(modules.items())
    found: list[Any] = list(modules) if isinstance(modules, Iterable) and not isinstance(modules, str) else [modules]
    for pair in found:
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            remedy = "Example: nn.ModuleDict({'encoder': nn.Linear(4, 2)})."
            raise TypeError(message("ModuleDict", f"Modules by name are needed, got {describe(modules)}.", remedy))
    return [(name, module) for name, module in found]


def name_below(container: Module, before: str) -> None:
    """Give the modules of a list or dict their paths through it: it is not called itself, so it cannot add its own.

    Args:
        container: the list or dict.
        before: the name that it had when its modules got theirs.
    """
    for key, module in container._modules.items():
        if module is not None and module._name in ("", key, joined(before, key)):
            module._take_name(joined(container._name, key))
