"""What layers are told: sizes, lengths along each axis, parameters still to be filled, and how all that is shown."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.errors import describe, message, number_remedy
from minigrad.nn.parameters import Parameter
from minigrad.ops.creation import array_of


def positive_integer(who: str, what: str, value: Any) -> int:
    """Return a size as an int.

    Raises:
        TypeError: if it is no integer; ValueError: if it is not positive.
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(message(who, f"{what} must be an integer, got {describe(value)}.", number_remedy(value, int)))
    if value < 1:
        raise ValueError(message(who, f"{what} must be at least 1, got {value}."))
    return int(value)


def per_axis(who: str, what: str, value: Any, axes: int, least: int = 1) -> tuple[int, ...]:
    """Return a length along each axis: an integer counts for every axis.

    Raises:
        TypeError: if it is neither an integer nor a sequence of them; ValueError: if there are more or fewer than axes,
            or one is below ``least``.
    """
    found = list(value) if isinstance(value, (tuple, list)) else [value] * axes
    for each in found:
        if isinstance(each, bool) or not isinstance(each, (int, np.integer)):
            raise TypeError(message(who, f"{what} must be an integer, got {describe(each)}.", number_remedy(each, int)))
    if len(found) == 1:
        found = found * axes
    if len(found) != axes or min(found) < least:
        problem = f"{what} must be an integer from {least} on, or {axes} of them, got {describe(value)}."
        raise ValueError(message(who, problem, f"One integer counts for every axis: {what}={max(1, least)}."))
    return tuple(int(each) for each in found)


def per_side(who: str, padding: Any, axes: int) -> tuple[int, ...]:
    """Return how much is put on each side, the last axis first: (left, right, top, bottom).

    Raises:
        TypeError: if it is neither an integer nor a sequence of them; ValueError: if they are not as many as sides.
    """
    found = list(padding) if isinstance(padding, (tuple, list)) else [padding] * (2 * axes)
    for each in found:
        if isinstance(each, bool) or not isinstance(each, (int, np.integer)):
            problem = f"padding must be an integer, got {describe(each)}."
            raise TypeError(message(who, problem, number_remedy(each, int)))
    if len(found) != 2 * axes:
        sides = "(left, right)" if axes == 1 else "(left, right, top, bottom)"
        raise ValueError(message(who, f"padding is one integer or {sides}, got {describe(padding)}."))
    return tuple(int(each) for each in found)


def new_parameter(layer: type, shape: tuple[int, ...], dtype: Any) -> Parameter:
    """Return a parameter whose values are still to be set.

    Args:
        layer: the class that asks, for messages.
        shape: of the parameter.
        dtype: float32 or float64, or None for the default.

    Raises:
        MemoryError: if there is not enough memory for it.
    """
    wanted = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(layer.__name__, dtype)
    return Parameter(array_of(layer, shape, 0, wanted))


def shown(module: Any, *names: str) -> str:
    """Return ``name=value`` of settings for a repr, without those of bools that are False."""
    texts = []
    for name in names:
        value = getattr(module, name)
        if value is not False:
            texts.append(f"{name}={value!r}")
    return ", ".join(texts)
