"""Checks of arguments that several files of this folder share."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.dtypes import as_dtype, get_default_dtype
from minigrad.errors import describe, message, number_remedy
from minigrad.ops import Generator


def floating_dtype(who: str, dtype: Any) -> np.dtype:
    """Return float32 or float64; the default floating dtype for None.

    Raises:
        TypeError: if it is another dtype.
    """
    wanted = get_default_dtype() if dtype is None else as_dtype(who, dtype)
    if wanted.kind != "f":
        raise TypeError(
            message(
                who,
                f"dtype must be float32 or float64, got {wanted}.",
                "Leave dtype out, and convert what is returned: x.to(dtype).",
            )
        )
    return wanted


def whole_number(who: str, name: str, value: Any, least: int, remedy: str = "") -> int:
    """Return an integer argument that has a least value; ``remedy`` is for what is no integer.

    Raises:
        TypeError: if it is no integer; ValueError: if it is less.
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise TypeError(
            message(who, f"{name} must be an integer, got {describe(value)}.", remedy or number_remedy(value, int))
        )
    if value < least:
        raise ValueError(message(who, f"{name} must be at least {least}, got {value}."))
    return int(value)


def real_number(who: str, name: str, value: Any) -> float:
    """Return a number argument as a float.

    Raises:
        TypeError: if it is no number.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        raise TypeError(message(who, f"{name} must be a number, got {describe(value)}.", number_remedy(value)))
    return float(value)


def check_generator(who: str, generator: Any) -> None:
    """Raise TypeError unless a generator is minigrad's, or None."""
    if generator is not None and not isinstance(generator, Generator):
        raise TypeError(
            message(
                who,
                f"generator must be a minigrad.Generator, got {describe(generator)}.",
                "Make one of a seed: minigrad.Generator(0).",
            )
        )
