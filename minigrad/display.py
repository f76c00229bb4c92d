"""One line for a tensor: shape first, cheap, without side effects, short enough for a debugger's variable view."""

from typing import Any

import numpy as np

#: How many numbers of a tensor are shown: all up to this many, else the first and the last few.
SHOWN = 6
EDGE = 3


def line(tensor: Any) -> str:
    """Return ``Tensor((2, 3) float32 'h' from matmul, grad set | 0.12 -1.3 0.5 … 0.9)``."""
    parts = [f"{tensor.shape} {tensor.dtype}"]
    if tensor.name:
        parts.append(repr(tensor.name))
    node = tensor.grad_fn
    if node is not None:
        parts.append(f"from {node.name}")
    elif tensor.requires_grad:
        parts.append("requires grad")
    head = " ".join(parts) + (", grad set" if tensor._grad is not None else "")
    return f"{type(tensor).__name__}({head} | {numbers(tensor._data)})"


def numbers(array: np.ndarray) -> str:
    """Return the numbers of an array in row-major order, the middle left out where there are many."""
    if array.size == 0:
        return "empty"
    if array.size <= SHOWN:
        return " ".join([number(each) for each in array.flat])
    first = [number(array.flat[index]) for index in range(EDGE)]
    return " ".join([*first, "…", number(array.flat[array.size - 1])])


def number(value: Any) -> str:
    """Return one number with up to four digits."""
    return f"{value:.4g}" if isinstance(value, np.floating) else str(value)
