"""The element types, their promotion and the default: PyTorch's rules on NumPy's dtypes."""

import functools
from typing import Any

import numpy as np

from minigrad.errors import message

float32 = np.dtype(np.float32)
float64 = np.dtype(np.float64)
int8 = np.dtype(np.int8)
int16 = np.dtype(np.int16)
int32 = np.dtype(np.int32)
int64 = np.dtype(np.int64)
uint8 = np.dtype(np.uint8)
bool_ = np.dtype(np.bool_)

SUPPORTED = (float32, float64, int8, int16, int32, int64, uint8, bool_)
#: The dtypes by themselves, and by NumPy's class of their numbers, as in dtype=np.float32.
KNOWN: dict[Any, np.dtype] = {each: each for each in SUPPORTED} | {each.type: each for each in SUPPORTED}
#: PyTorch's three categories in rising order; a higher one decides the dtype of a result.
CATEGORY = {"b": 0, "u": 1, "i": 1, "f": 2}
LIMITS = "minigrad has float32, float64, int8 to int64, uint8 and bool; no complex, sparse or half precision."

_default: list[np.dtype] = [float32]


def get_default_dtype() -> np.dtype:
    """Return the dtype that Python floats and creation functions get; float32 unless set."""
    return _default[0]


def set_default_dtype(d: Any) -> None:
    """Set the default floating dtype.

    Args:
        d: ``minigrad.float32`` or ``minigrad.float64``, or whatever NumPy takes for one of them.

    Raises:
        TypeError: if ``d`` is not one of the two.
    """
    checked = as_dtype("set_default_dtype", d)
    if checked.kind != "f":
        raise TypeError(
            message(
                "set_default_dtype",
                f"a floating dtype is needed, got {checked}",
                "Integers keep their own dtype: pass dtype= where they are made.",
            )
        )
    _default[0] = checked


def as_dtype(who: str, dtype: Any) -> np.dtype:
    """Return ``dtype`` as one of the supported NumPy dtypes.

    Raises:
        TypeError: if it is no dtype, or one that minigrad does not have.
    """
    # A dtype of ours or NumPy's class of its numbers, at once: the checks below take 0.7 microseconds.
    if type(dtype) is type or isinstance(dtype, np.dtype):
        known = KNOWN.get(dtype)
        if known is not None:
            return known
    try:
        checked = None if dtype is None else np.dtype(dtype)
    except TypeError:
        checked = None
    # np.dtype(None) would be float64.
    if checked is None:
        raise TypeError(message(who, f"{dtype!r} is not a dtype.", LIMITS))
    if checked not in SUPPORTED:
        raise TypeError(message(who, f"dtype {checked} is not supported", LIMITS))
    return native(checked)


def native(dtype: np.dtype) -> np.dtype:
    """Return the one object of a supported dtype, in this machine's byte order.

    NumPy makes equal dtypes that are other objects (``newbyteorder``, pickle); operations compare with ``is`` first,
    and Numba takes 30 microseconds to look at a dtype that it has not met.
    """
    plain = dtype.newbyteorder("=")
    return SUPPORTED[SUPPORTED.index(plain)] if plain in SUPPORTED else plain


def promote_types(type1: np.dtype, type2: np.dtype) -> np.dtype:
    """Return the dtype that holds both, as PyTorch does: a float keeps its width beside an integer.

    Examples:
        >>> promote_types(float32, int64)
        dtype('float32')
        >>> promote_types(uint8, int8)
        dtype('int16')
    """
    if (type1.kind == "f") != (type2.kind == "f"):
        return type1 if type1.kind == "f" else type2
    return np.promote_types(type1, type2)


def result_type(*operands: Any) -> np.dtype:
    """Return the dtype of an operation on these arrays and Python numbers.

    Arrays with dimensions decide before 0-d arrays, and those before Python numbers; the lesser one counts only where
    its category (bool, integer, float) is higher.

    Source: PyTorch documentation, "Tensor Attributes", section on type promotion.
    """
    ranks: list[list[np.dtype]] = [[], [], []]
    for operand in operands:
        if isinstance(operand, bool):
            ranks[2].append(bool_)
        elif isinstance(operand, int):
            ranks[2].append(int64)
        elif isinstance(operand, float):
            ranks[2].append(get_default_dtype())
        else:
            ranks[0 if operand.ndim else 1].append(operand.dtype)
    result: np.dtype = bool_
    decided = False
    for found in ranks:
        if found:
            dtype = functools.reduce(promote_types, found)
            if not decided or CATEGORY[dtype.kind] > CATEGORY[result.kind]:
                result = dtype
            decided = True
    return result
