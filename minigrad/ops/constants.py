"""Arrays of an operation's own that it uses with its operands."""

from __future__ import annotations

from typing import Any

from numpy import ndarray

from minigrad import tensors
from minigrad.graph import wrap


def beside(array: ndarray, operand: Any) -> Any:
    """Return an array as a Tensor without gradient if the operand is one, so that vmap knows it, else as it is."""
    return wrap(array) if isinstance(operand, tensors.Tensor) else array
