"""One line for a tensor: shape first, cheap, without side effects, short enough for a debugger's variable view."""

from typing import Any

import numpy as np

#: Debuggers cut what stands in lists at about this many characters.
WIDTH = 127
#: How many numbers are tried, most first: all of a small tensor, else the first few and the last.
SHOWN = (6, 4, 3, 2, 1)
#: How much of a name is shown.
NAME = 30


def line(tensor: Any) -> str:
    """Return ``Tensor((2, 3) float32 'h' from matmul, grad set | 0.12 -1.3 0.5 … 0.9)``."""
    parts = [f"{tensor.shape} {tensor.dtype}"]
    if tensor.name:
        name = str(tensor.name)
        parts.append(repr(name if len(name) <= NAME else name[: NAME - 1] + "…"))
    node = tensor.grad_fn
    if node is not None:
        parts.append(f"from {node.name}")
    elif tensor.requires_grad:
        parts.append("requires grad")
    head = " ".join(parts) + (", grad set" if tensor._grad is not None else "")
    text = ""
    for shown in SHOWN:
        text = f"{type(tensor).__name__}({head} | {numbers(tensor._data, shown)})"
        if len(text) <= WIDTH:
            break
    return text


def numbers(array: np.ndarray, shown: int = SHOWN[0]) -> str:
    """Return the numbers of an array in row-major order, the middle left out where there are more than ``shown``."""
    if array.size == 0:
        return "empty"
    if array.size <= shown:
        return " ".join([number(each) for each in array.flat])
    first = [number(array.flat[index]) for index in range(max(shown // 2, 1))]
    return " ".join([*first, "…", number(array.flat[array.size - 1])])


def number(value: Any) -> str:
    """Return one number with up to four digits."""
    return f"{value:.4g}" if isinstance(value, np.floating) else str(value)
