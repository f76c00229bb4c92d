"""One line for a tensor: shape first, cheap, without side effects, short enough for a debugger's variable view."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from minigrad.errors import describe, message

#: How much of a name is shown.
NAME = 30


@dataclass(frozen=True)
class Options:
    """How tensors are shown; see ``set_printoptions``."""

    precision: int = 4
    #: All of a small tensor.
    threshold: float = 6
    edgeitems: int = 3
    #: Debuggers cut what stands in lists at about this many characters.
    linewidth: float = 127
    sci_mode: bool | None = None


PROFILES = {
    "default": Options(),
    "short": Options(precision=2, edgeitems=2),
    "full": Options(threshold=math.inf, linewidth=math.inf),
}
_options = [Options()]


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: float | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors are shown by ``repr``, on their one line; what is None stays as it is.

    Args:
        precision: how many digits, 4 by default: significant ones, or with ``sci_mode`` those behind the point.
        threshold: up to how many elements all are shown, 6 by default.
        edgeitems: of more elements, how many are shown before the last one, 3 by default.
        linewidth: how many characters the line may have, 127 by default; to keep to it, fewer elements are shown.
        profile: ``"default"``, ``"short"`` (2 digits, 2 elements before the last one) or ``"full"`` (all elements, on a
            line of any length), from which the other arguments start.
        sci_mode: always (True) or never (False) write exponents; None, which this is set to each time, goes by the
            number.

    Raises:
        TypeError: if a number is none; ValueError: if it is negative, or the profile is another.

    Examples:
        >>> import minigrad as mg
        >>> mg.set_printoptions(precision=2)
        >>> mg.tensor([1 / 3])
        Tensor((1,) float32 | 0.33)
        >>> mg.set_printoptions(profile="default")
    """
    if profile is not None and profile not in PROFILES:
        raise ValueError(
            message(
                "set_printoptions", f"profile is one of {', '.join(PROFILES)}; got {profile!r}.", "Or leave it out."
            )
        )
    chosen: dict[str, Any] = {"sci_mode": sci_mode}
    wanted = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    for name, value in wanted.items():
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise TypeError(
                message("set_printoptions", f"{name} must be a number, got {describe(value)}.", "None leaves it.")
            )
        counts = name in ("precision", "edgeitems")
        if not value >= 0 or (counts and not isinstance(value, int)):
            raise ValueError(
                message(
                    "set_printoptions",
                    f"{name} must be {'an integer' if counts else 'a number'} from 0 up, got {value}.",
                    "math.inf is allowed for threshold and linewidth." if not counts else "",
                )
            )
        chosen[name] = value
    _options[0] = replace(_options[0] if profile is None else PROFILES[profile], **chosen)


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
    options = _options[0]
    # How many numbers are tried, most first.
    shown = int(min(options.threshold, max(tensor._data.size, 6)))
    text = ""
    while True:
        text = f"{type(tensor).__name__}({head} | {numbers(tensor._data, shown)})"
        if len(text) <= options.linewidth or shown <= 1:
            return text
        shown = shown // 2 if shown >= 12 else min(shown - 1, 4)


def numbers(array: np.ndarray, shown: int | None = None) -> str:
    """Return the numbers of an array in row-major order, the middle left out where there are more than ``shown``."""
    options = _options[0]
    if shown is None:
        shown = int(min(options.threshold, array.size))
    if array.size == 0:
        return "empty"
    if array.size <= max(shown, 1):
        return " ".join([number(each) for each in array.flat])
    ahead = options.edgeitems if shown >= options.threshold else min(options.edgeitems, max(shown // 2, 1))
    first = [number(array.flat[index]) for index in range(min(ahead, array.size - 1))]
    return " ".join([*first, "…", number(array.flat[array.size - 1])])


def number(value: Any) -> str:
    """Return one number with up to four digits, or as ``set_printoptions`` has it."""
    if not isinstance(value, np.floating):
        return str(value)
    options = _options[0]
    kind = "g" if options.sci_mode is None else "e" if options.sci_mode else "f"
    return f"{value:.{options.precision}{kind}}"
