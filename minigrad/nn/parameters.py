"""``Parameter``: a tensor that a module owns and an optimizer changes."""

from __future__ import annotations

from typing import Any

from minigrad.errors import describe, message
from minigrad.nn.ownership import path_of
from minigrad.tensors import Tensor

_given_name: Any = Tensor.__dict__["name"]  # the slot, which the property below hides


class Parameter(Tensor):
    """A tensor that becomes part of a module when it is assigned to one of its attributes.

    Args:
        data: floating numbers: nested lists, an array or a tensor, of any shape; copied.
        requires_grad: whether gradients with respect to it are wanted.

    Raises:
        TypeError: if the data are not floating.

    Examples:
        >>> Parameter([1.0, 2.0])
        Parameter((2,) float32 requires grad | 1 2)
    """

    # (weak reference to the first module that owns it, the name there), once there is one.
    __slots__ = ("_owner",)

    def __init__(self, data: Any, requires_grad: bool = True) -> None:
        """Make a leaf with a copy of ``data``."""
        super().__init__(data)
        if self.dtype.kind != "f":
            raise TypeError(
                message(
                    "Parameter",
                    f"floating numbers are needed, got {describe(data)}.",
                    "Convert them (x.float()), or register a buffer: module.register_buffer(name, x).",
                )
            )
        self.requires_grad = requires_grad

    @property
    def name(self) -> str | None:
        """The name that it was given, else its path in the model: ``mlp.0.weight``, as in ``named_parameters()``."""
        given = _given_name.__get__(self)
        return path_of(self) if given is None else given

    @name.setter
    def name(self, value: str | None) -> None:
        _given_name.__set__(self, value)

    def __getstate__(self) -> dict[str, Any]:
        """Return everything but the graph, the hooks, and the path, which is that of the copy's own model."""
        return {**super().__getstate__(), "name": _given_name.__get__(self)}
