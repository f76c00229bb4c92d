"""``Parameter``: a tensor that a module owns and an optimizer changes."""

from __future__ import annotations

from typing import Any

from minigrad.errors import describe, message
from minigrad.tensors import Tensor


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

    __slots__ = ()

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
