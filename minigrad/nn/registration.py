"""What a module owns, under which names: parameters, buffers and other modules."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, Self

from minigrad.errors import describe, message
from minigrad.modes import State
from minigrad.nn.ownership import claim
from minigrad.nn.parameters import Parameter
from minigrad.tensors import Tensor

#: The attributes that every module has.
RESERVED = (
    "training",
    "_name",
    "_parameters",
    "_buffers",
    "_modules",
    "_non_persistent",
    "_forward_hooks",
    "_forward_pre_hooks",
    "_state",
    "_owner",
)


class Registration:
    """The names of a module.

    What is registered is an ordinary attribute too, so that reading it costs what any attribute costs and a debugger
    shows it. The registries say which attributes are parameters, buffers and modules, and in which order.
    """

    # _name: the dotted path from the module that calls this one; '' for a module that is part of no other.
    # _owner: (weak reference to the first module that owns it, the name there), or None.
    # _state: the modes in force when the module ran last; None after a change of its name or its forward, where it
    #         has hooks, and under a tape.
    training: bool
    _name: str
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Any]
    _non_persistent: set[str]
    _forward_hooks: dict[int, Any]
    _forward_pre_hooks: dict[int, Any]
    _state: State | None
    _owner: Any

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Make a module that owns nothing, before any ``__init__`` assigns to it."""
        module = super().__new__(cls)
        module.__dict__.update(
            training=True,
            _name="",
            _parameters={},
            _buffers={},
            _modules={},
            _non_persistent=set(),
            _forward_hooks={},
            _forward_pre_hooks={},
            _state=None,
            _owner=None,
        )
        return module

    def __setattr__(self, name: str, value: Any) -> None:
        """Register parameters and modules, replace what is registered, and set any other attribute as usual."""
        if isinstance(value, Parameter):
            self.register_parameter(name, value)
        elif isinstance(value, Registration):
            self.add_module(name, value)
        elif name in self._parameters:
            self.register_parameter(name, value)
        elif name in self._modules:
            self.add_module(name, value)
        elif name in self._buffers:
            self.register_buffer(name, value, name not in self._non_persistent)
        else:
            object.__setattr__(self, name, value)
            if name == "forward":
                self.__dict__["_state"] = None

    def __delattr__(self, name: str) -> None:
        """Take an attribute away, from the registries too."""
        object.__delattr__(self, name)
        self.__dict__["_state"] = None
        self._forget(name)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Own a parameter under a name; None stands for one that is left out (a layer without bias).

        Raises:
            TypeError: if it is no Parameter; ValueError: if the name cannot be used.
        """
        self._check("register_parameter", name, param, Parameter, "Wrap the tensor: nn.Parameter(x).")
        self._own(self._parameters, name, param)
        if param is not None:
            claim(param, self, name)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Own a tensor that is no parameter under a name, such as a running mean.

        Args:
            name: the attribute that it becomes.
            tensor: the tensor, or None for one that is left out.
            persistent: whether it belongs to the state dict.

        Raises:
            TypeError: if it is no Tensor; ValueError: if the name cannot be used.
        """
        self._check("register_buffer", name, tensor, Tensor, "Make a tensor of it: minigrad.tensor(x).")
        self._own(self._buffers, name, tensor)
        if not persistent:
            self._non_persistent.add(name)
        if tensor is not None and tensor.name is None:
            tensor.name = name

    def add_module(self, name: str, module: Any) -> None:
        """Own another module under a name; None stands for one that is left out.

        Raises:
            TypeError: if it is no Module; ValueError: if the name cannot be used, or the module contains this one.
        """
        self._check(
            "add_module", name, module, Registration, "Only objects of nn.Module have parameters and a forward."
        )
        self._own(self._modules, name, module)
        if module is not None:
            claim(module, self, name)
            if not module._name:
                module._take_name(name)

    def _check(self, who: str, name: Any, value: Any, kind: type, remedy: str) -> None:
        if not isinstance(name, str):
            raise TypeError(
                message(
                    who,
                    f"a name is a string, got {describe(name)}.",
                    "The name comes first, then the value; of a number make a string: str(k).",
                )
            )
        if value is not None and not isinstance(value, kind):
            wanted = "Module" if kind is Registration else kind.__name__
            raise TypeError(
                message(who, f"{type(self).__name__}.{name} is a {wanted} or None, got {describe(value)}.", remedy)
            )
        if not name or "." in name:
            raise ValueError(
                message(
                    who,
                    f"the name {name!r} cannot be used: it is empty or has a dot, which separates levels.",
                    "Choose a name, with '_' in the place of dots.",
                )
            )
        of_class = getattr(type(self), name, None)
        if callable(of_class) or isinstance(of_class, property) or name in RESERVED:
            raise ValueError(
                message(who, f"the name {name!r} would hide {type(self).__name__}.{name}.", "Choose another name.")
            )
        if isinstance(value, Registration) and any(inner is self for inner in value.modules()):
            raise ValueError(
                message(
                    who,
                    f"{type(self).__name__} would contain itself as {name!r}.",
                    "Keep a reference that is not a part in a tuple: self.parent = (parent,).",
                )
            )

    def _own(self, registry: dict[str, Any], name: str, value: Any) -> None:
        # Where the name stays in its registry, it keeps its place in the order.
        if name not in registry:
            self._forget(name)
        self._non_persistent.discard(name)
        registry[name] = value
        self.__dict__[name] = value

    def _forget(self, name: str) -> None:
        for registry in (self._parameters, self._buffers, self._modules):
            registry.pop(name, None)
        self._non_persistent.discard(name)

    def _take_name(self, name: str) -> None:
        self._name = name
        self._state = None

    # What is owned --------------------------------------------------------------------------------------------------

    def named_modules(self, prefix: str = "", remove_duplicate: bool = True) -> Iterator[tuple[str, Any]]:
        """Yield the path and the module of this one (path ``prefix``) and all below it, each before those below it.

        Args:
            prefix: what stands before the paths.
            remove_duplicate: yield a module that is owned under several names once.
        """
        seen: set[int] = set()
        stack: list[tuple[str, Any]] = [(prefix, self)]
        while stack:
            path, module = stack.pop()
            if remove_duplicate and id(module) in seen:
                continue
            seen.add(id(module))
            yield path, module
            for name, child in reversed(module._modules.items()):
                if child is not None:
                    stack.append((joined(path, name), child))

    def modules(self) -> Iterator[Any]:
        """Yield this module and all below it, each once."""
        for _, module in self.named_modules():
            yield module

    def named_children(self) -> Iterator[tuple[str, Any]]:
        """Yield the name and the module of those directly below, each once."""
        seen: set[int] = set()
        for name, child in self._modules.items():
            if child is not None and id(child) not in seen:
                seen.add(id(child))
                yield name, child

    def children(self) -> Iterator[Any]:
        """Yield the modules directly below, each once."""
        for _, child in self.named_children():
            yield child

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Yield the dotted name and the parameter of all parameters.

        Args:
            prefix: what stands before the names.
            recurse: also those of the modules below.
            remove_duplicate: yield a parameter that is owned under several names once, under the first.
        """
        return self._named_members("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Yield all parameters, each once; without ``recurse`` only the module's own."""
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Yield the dotted name and the tensor of all buffers; arguments as for ``named_parameters``."""
        return self._named_members("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Yield all buffers, each once; without ``recurse`` only the module's own."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def get_submodule(self, target: str) -> Any:
        """Return the module at a dotted path, ``encoder.0``; this one for ``""``.

        Raises:
            AttributeError: if there is none, naming those that are there.
        """
        return at_path("get_submodule", target, dict(self.named_modules(remove_duplicate=False)))

    def get_parameter(self, target: str) -> Parameter:
        """Return the parameter at a dotted path, ``encoder.0.weight``; errors as for ``get_submodule``."""
        found: Parameter = at_path("get_parameter", target, dict(self.named_parameters(remove_duplicate=False)))
        return found

    def get_buffer(self, target: str) -> Tensor:
        """Return the buffer at a dotted path, ``norm.running_mean``; errors as for ``get_submodule``."""
        found: Tensor = at_path("get_buffer", target, dict(self.named_buffers(remove_duplicate=False)))
        return found

    def _named_members(
        self, registry: str, prefix: str, recurse: bool, remove_duplicate: bool
    ) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        owners = self.named_modules(prefix, remove_duplicate) if recurse else iter([(prefix, self)])
        for path, module in owners:
            for name, member in getattr(module, registry).items():
                if member is None or (remove_duplicate and id(member) in seen):
                    continue
                seen.add(id(member))
                yield joined(path, name), member


def at_path(who: str, path: str, known: dict[str, Any]) -> Any:
    """Return what is at a path of a model.

    Raises:
        AttributeError: if nothing is, with the paths that are near it.
    """
    if path not in known:
        near = get_close_matches(str(path), known, 3) or list(known)[:3]
        names = ", ".join([repr(each) for each in near])
        raise AttributeError(message(who, f"there is nothing at {path!r}.", f"Near it: {names}." if near else ""))
    return known[path]


def joined(path: str, name: str) -> str:
    """Return ``path.name``, or the name where there is no path."""
    return f"{path}.{name}" if path else name
