"""Parameters in a list, and by name, for modules with a number of them that is not known beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

import numpy as np

from minigrad.errors import describe, message
from minigrad.nn.containers import UnknownNameError
from minigrad.nn.modules import Module
from minigrad.nn.parameters import Parameter
from minigrad.tensors import is_tensor


class ParameterList(Module):
    """Parameters in a list.

    Args:
        values: parameters; a tensor becomes one.

    Raises:
        TypeError: if one is neither a Parameter nor a floating tensor.

    Examples:
        >>> import minigrad as mg
        >>> steps = ParameterList([mg.ones(2), mg.zeros(3)])
        >>> [name for name, _ in steps.named_parameters()]
        ['0', '1']
    """

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        """Own the parameters, under their numbers."""
        super().__init__()
        self.extend([] if values is None else values)

    def __len__(self) -> int:
        """Return the number of parameters."""
        return len(self._parameters)

    def __iter__(self) -> Iterator[Any]:
        """Return the parameters in order."""
        return iter(self._parameters.values())

    def __getitem__(self, index: Any) -> Any:
        """Return a parameter by its index, or a list of them by a slice."""
        if isinstance(index, slice):
            return ParameterList(list(self)[index])
        return self._parameters[self._key(index)]

    def __setitem__(self, index: int, value: Any) -> None:
        """Put a parameter in the place of another."""
        self.register_parameter(self._key(index), as_parameter("ParameterList", index, value))

    def append(self, value: Any) -> Self:
        """Add a parameter at the end; return the list itself."""
        return self.extend([value])

    def extend(self, values: Iterable[Any]) -> Self:
        """Add parameters at the end, all or none; return the list itself."""
        if is_tensor(values) or isinstance(values, (str, Mapping)) or not isinstance(values, Iterable):
            problem = f"a list of parameters is needed, got {describe(values)}."
            raise TypeError(message("ParameterList", problem, "Put a single one in brackets: [p]."))
        found: list[Parameter] = []
        for value in values:
            found.append(as_parameter("ParameterList", len(self) + len(found), value))
        for parameter in found:
            self.register_parameter(str(len(self)), parameter)
        return self

    def _key(self, index: Any) -> str:
        if isinstance(index, bool) or not isinstance(index, (int, np.integer)):
            raise TypeError(message("ParameterList", f"an index is an integer or a slice, got {describe(index)}."))
        if not -len(self) <= index < len(self):
            problem = f"index {index} is out of range: there are {len(self)} parameters."
            raise IndexError(message("ParameterList", problem, "append(parameter) adds one at the end."))
        return str(index % len(self))

    def extra_repr(self) -> str:
        """Return one line a parameter."""
        return "\n  ".join([f"({name}): {describe_shape(each)}" for name, each in self._parameters.items()])


class ParameterDict(Module):
    """Parameters by name.

    Args:
        parameters: a mapping of names to parameters or tensors, a ParameterDict, or (name, parameter) pairs.

    Raises:
        TypeError: if one is neither a Parameter nor a floating tensor; ValueError: if a name cannot be used.
    """

    def __init__(self, parameters: Any = None) -> None:
        """Own the parameters, under their names."""
        super().__init__()
        self.update({} if parameters is None else parameters)

    def __len__(self) -> int:
        """Return the number of parameters."""
        return len(self._parameters)

    def __iter__(self) -> Iterator[str]:
        """Return the names in order."""
        return iter(self._parameters)

    def __contains__(self, name: Any) -> bool:
        """Return whether there is a parameter of that name."""
        return name in self._parameters

    def __getitem__(self, name: str) -> Any:
        """Return a parameter by its name."""
        if not isinstance(name, str) or name not in self._parameters:
            problem = f"there is no {name!r}; the names are {list(self._parameters)}."
            raise UnknownNameError(message("ParameterDict", problem, "Add it first: parameters[name] = tensor."))
        return self._parameters[name]

    def __setitem__(self, name: str, value: Any) -> None:
        """Own a parameter under a name."""
        self.register_parameter(name, as_parameter("ParameterDict", name, value))

    def __delitem__(self, name: str) -> None:
        """Take a parameter out."""
        self[name]
        delattr(self, name)

    def keys(self) -> Iterable[str]:
        """Return the names."""
        return self._parameters.keys()

    def values(self) -> Iterable[Any]:
        """Return the parameters."""
        return self._parameters.values()

    def items(self) -> Iterable[tuple[str, Any]]:
        """Return the names with their parameters."""
        return self._parameters.items()

    def update(self, parameters: Any) -> None:
        """Own more parameters, under their names, all or none."""
        pairs = list(parameters.items() if isinstance(parameters, (Mapping, ParameterDict)) else parameters)
        found = []
        for name, value in pairs:
            parameter = as_parameter("ParameterDict", name, value)
            self._check("ParameterDict", name, parameter, Parameter, "Wrap the tensor: nn.Parameter(x).")
            found.append((name, parameter))
        for name, parameter in found:
            self.register_parameter(name, parameter)

    def extra_repr(self) -> str:
        """Return one line a parameter."""
        return "\n  ".join([f"({name}): {describe_shape(each)}" for name, each in self._parameters.items()])


def as_parameter(who: str, place: Any, value: Any) -> Parameter:
    """Return a parameter as it is, and a tensor or array as a new one.

    Raises:
        TypeError: if it is neither.
    """
    if isinstance(value, Parameter):
        return value
    if not is_tensor(value) and not isinstance(value, np.ndarray):
        problem = f"element {place} must be a Parameter or a Tensor, got {describe(value)}."
        raise TypeError(message(who, problem, "Wrap the numbers: nn.Parameter([1.0, 2.0])."))
    return Parameter(value)


def describe_shape(parameter: Any) -> str:
    """Return ``Parameter (2, 3) float32``."""
    return f"Parameter {parameter.shape} {parameter.dtype}"
