"""What Python asks of a tensor: its number, its truth, its length, what it contains, how it is printed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad import ops
from minigrad.errors import describe, message

if TYPE_CHECKING:
    from minigrad.tensors import Tensor


class PythonProtocol:
    """Numbers, truth, length, iteration and formats of a tensor."""

    __slots__ = ()

    _data: np.ndarray

    def item(self) -> Any:
        """Return the one element as a Python number.

        Raises:
            ValueError: if there is not exactly one.
        """
        return self._only_element("item")

    def tolist(self) -> Any:
        """Return the elements as nested lists of Python numbers; a number for a 0-d tensor."""
        return self._data.tolist()

    def _only_element(self, who: str) -> Any:
        if self._data.size != 1:
            raise ValueError(
                message(who, f"a tensor of one element is needed, got {describe(self)}.", "Reduce it, or index it.")
            )
        return self._data.item()

    def __bool__(self) -> bool:
        """Return whether the one element is nonzero."""
        if self._data.size != 1:
            raise ValueError(
                message(
                    "bool",
                    f"the truth of a tensor with {self._data.size} elements is not one answer: {describe(self)}.",
                    "Ask for .any() or .all().",
                )
            )
        return bool(self._data.item())

    def __float__(self) -> float:
        """Return the one element as a float."""
        return float(self._only_element("float"))

    def __int__(self) -> int:
        """Return the one element as an int."""
        return int(self._only_element("int"))

    def __index__(self) -> int:
        """Return the one integer element, for use as an index."""
        if self._data.dtype.kind not in "iub" or self._data.size != 1:
            raise TypeError(
                message(
                    "index",
                    f"one integer is needed, got {describe(self)}.",
                    "Convert it: int(x)." if self._data.size == 1 else "Take one element of it first.",
                )
            )
        return int(self._data.item())

    def __len__(self) -> int:
        """Return the length of the first axis."""
        if self._data.ndim == 0:
            raise TypeError(message("len", "a 0-d tensor has no length.", "Use .item() for its number."))
        return self._data.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        """Return the tensors along the first axis, one after the other."""
        if self._data.ndim == 0:
            raise TypeError(message("iter", "a 0-d tensor has nothing to iterate over.", "Use .item() for its number."))
        tensor: Any = self
        return iter(ops.joining.unbind(tensor))

    def __contains__(self, value: Any) -> bool:
        """Return whether any element equals ``value``."""
        tensor: Any = self
        return bool(np.any(ops.comparisons.eq(tensor, value)._data))

    def __format__(self, spec: str) -> str:
        """Format the one element; a tensor of several only without a format."""
        return format(self._only_element("format"), spec) if spec else str(self)
