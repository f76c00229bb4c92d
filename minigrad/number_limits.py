"""What the numbers of a dtype can be: PyTorch's ``finfo`` and ``iinfo``."""

from typing import Any, NamedTuple

import numpy as np

from minigrad.dtypes import as_dtype, get_default_dtype
from minigrad.errors import message


class FloatLimits(NamedTuple):
    """The limits of a floating dtype, as Python's numbers.

    Attributes:
        bits: how many a number takes.
        eps: the distance from 1 to the next number.
        max: the largest number.
        min: the smallest, ``-max``.
        tiny: the smallest positive number of full precision.
        smallest_normal: the same.
        resolution: the last decimal digit that can be relied on.
        dtype: its name.
    """

    bits: int
    eps: float
    max: float
    min: float
    tiny: float
    smallest_normal: float
    resolution: float
    dtype: str


class IntegerLimits(NamedTuple):
    """The limits of an integer dtype.

    Attributes:
        bits: how many a number takes.
        max: the largest number.
        min: the smallest.
        dtype: its name.
    """

    bits: int
    max: int
    min: int
    dtype: str


def finfo(type: Any = None) -> FloatLimits:
    """Return the limits of a floating dtype; by default, of the default one.

    Raises:
        TypeError: if it is not floating.

    Examples:
        >>> finfo(np.float32).eps == 2**-23
        True
    """
    dtype = get_default_dtype() if type is None else as_dtype("finfo", type)
    if dtype.kind != "f":
        raise TypeError(message("finfo", f"a floating dtype is needed, got {dtype}.", "Integers have iinfo."))
    limits: Any = np.finfo(dtype)
    tiny = float(limits.tiny)
    return FloatLimits(
        dtype.itemsize * 8,
        float(limits.eps),
        float(limits.max),
        float(limits.min),
        tiny,
        tiny,
        float(limits.resolution),
        dtype.name,
    )


def iinfo(type: Any) -> IntegerLimits:
    """Return the limits of an integer dtype.

    Raises:
        TypeError: if it is not one of integers.

    Examples:
        >>> iinfo(np.uint8).max
        255
    """
    dtype = as_dtype("iinfo", type)
    if dtype.kind not in "iu":
        raise TypeError(
            message("iinfo", f"an integer dtype is needed, got {dtype}.", "Floats have finfo; a bool is False or True.")
        )
    limits = np.iinfo(dtype)
    return IntegerLimits(dtype.itemsize * 8, int(limits.max), int(limits.min), dtype.name)
