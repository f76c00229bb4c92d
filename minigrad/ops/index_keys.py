"""What an index is made of: the parts as NumPy takes them, and why an index does not fit."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from minigrad import tensors
from minigrad.errors import describe, message
from minigrad.ops.operands import ndarray


def basic_key(index: Any) -> tuple[Any, ...] | None:
    """Return an index of Python's integers, slices of them, None and Ellipsis as a tuple; None for any other."""
    parts = index if type(index) is tuple else (index,)
    for part in parts:
        if type(part) is slice:
            start, stop, step = part.start, part.stop, part.step
            if not (
                (start is None or type(start) is int)
                and (stop is None or type(stop) is int)
                and (step is None or type(step) is int)
            ):
                return None
        elif type(part) is not int and part is not None and part is not Ellipsis:
            return None
    return parts


def plain_index(index: Any, kept: bool = True) -> tuple[Any, ...]:
    """Return an index as a tuple, with tensors and lists turned into arrays.

    Args:
        index: what stands between the brackets.
        kept: a rule will read it later, when the user's own arrays may have changed: the arrays are copies.

    Raises:
        TypeError: if a part is of a type that cannot index.
    """
    if type(index) is not tuple:
        return (index if type(index) is int else plain_part(index, kept),)
    parts = []
    for part in index:
        parts.append(part if type(part) is int else plain_part(part, kept))
    return tuple(parts)


def plain_part(part: Any, kept: bool) -> Any:
    """Return one part of an index as what NumPy takes for it."""
    if type(part) is slice:
        return plain_slice(part)
    if part is None or part is Ellipsis or isinstance(part, (int, np.integer, np.bool_)):
        return part
    array = part
    if isinstance(part, tensors.Tensor):
        array = part._data.copy() if kept else part._data
        if array.ndim == 0 and array.dtype.kind in "iu":
            return int(array)
    elif isinstance(part, (list, tuple, ndarray)):
        try:
            array = np.array(part) if kept or type(part) is not ndarray else part
        except ValueError:
            raise TypeError(
                message(
                    "x[index]",
                    f"the index {describe(part)} is ragged.",
                    "Give all its rows one length, or put several indices into a tuple: x[i, j].",
                )
            ) from None
        array = array.astype(np.int64) if array.size == 0 and array.dtype.kind == "f" else array
    if not isinstance(array, ndarray) or array.dtype.kind not in "iub":
        raise TypeError(
            message(
                "x[index]",
                "an index is made of integers, slices, None, Ellipsis, and tensors of integers or bools, got "
                f"{describe(part)}.",
                "Convert floats first: int(i), or index.long() of a tensor.",
            )
        )
    return array


def plain_slice(part: slice) -> slice:
    """Return a slice with Python's integers in it.

    Raises:
        TypeError: if something else is in it.
    """
    if basic_key(part) is not None:
        return part
    bounds: list[int | None] = []
    for bound in (part.start, part.stop, part.step):
        try:
            bounds.append(bound if bound is None else operator.index(bound))
        except TypeError:
            raise TypeError(
                message(
                    "x[index]",
                    f"a slice is made of integers, got {part}.",
                    "Divide with // to stay with integers, or convert: int(n).",
                )
            ) from None
    return slice(*bounds)


def integers_first(key: tuple[Any, ...], shape: tuple[int, ...]) -> tuple[Any, ...]:
    """Return an index in which integers select before index arrays do, as in PyTorch.

    NumPy counts an integer as an index array, and where a slice stands between two of them it puts their common axis
    first: ``x[0, :, [0, 1]]`` of shape (2, 3, 4) is (2, 3) there and (3, 2) here. Such an index, and no other, is
    turned into the index arrays of the elements that it selects. An Ellipsis that stands for no axis is left out: to
    NumPy ``x[[0, 1], ..., [0, 1]]`` of a matrix has a slice between its arrays, to PyTorch it has not.
    """
    ellipses = [place for place, part in enumerate(key) if part is Ellipsis]
    if len(ellipses) == 1 and sum([axes_taken(part) for part in key]) == len(shape):
        key = (*key[: ellipses[0]], *key[ellipses[0] + 1 :])
    arrays = [place for place, part in enumerate(key) if type(part) is ndarray]
    counted = [place for place, part in enumerate(key) if isinstance(part, (ndarray, int, np.integer))]
    if not arrays or len(counted) == len(arrays) or counted[-1] - counted[0] + 1 == len(counted):
        return key
    skipped = len(shape) - sum([axes_taken(part) for part in key])
    first: list[Any] = []
    then: list[Any] = []
    for part in key:
        if type(part) is ndarray:
            first += [slice(None)] * axes_taken(part)
            then.append(part)
        else:
            first.append(part)
            if part is Ellipsis:
                then += [slice(None)] * skipped
            elif part is None or type(part) is slice:
                then.append(slice(None))
    numbers = np.arange(math.prod(shape)).reshape(shape)
    return np.unravel_index(numbers[tuple(first)][tuple(then)], shape)


def is_basic(key: tuple[Any, ...]) -> bool:
    """Return whether an index selects each place at most once, by integers and slices alone."""
    for part in key:
        if type(part) is not int and type(part) is not slice and isinstance(part, (ndarray, np.bool_, bool)):
            return False
    return True


def misfit(shape: tuple[int, ...], key: tuple[Any, ...]) -> tuple[str, str]:
    """Return why an index does not fit an array of a shape, and the remedy."""
    used = [axes_taken(part) for part in key]
    ellipses = [place for place, part in enumerate(key) if part is Ellipsis]
    if len(ellipses) > 1:
        return f"the index holds Ellipsis {len(ellipses)} times, and may once", "Write : for each other axis."
    if sum(used) > len(shape):
        remedy = "Take out parts, or put several places along one axis into a list: x[[0, 2]]."
        return f"the index takes {sum(used)} axes, and there are {len(shape)}", remedy if shape else "Use x.item()."
    along = 0
    for part, taken in zip(key, used, strict=True):
        if part is Ellipsis:
            along += len(shape) - sum(used)
        if isinstance(part, slice) and part.step == 0:
            return "a slice cannot have the step 0", "Leave the step out for every element."
        if isinstance(part, ndarray) and part.dtype.kind == "b" and part.shape != shape[along : along + taken]:
            problem = f"the mask of shape {part.shape} does not fit the axes of lengths {shape[along : along + taken]}"
            return problem, "Make it of x itself, x[x > 0]; one of columns is the second index, x[:, mask]."
        if taken == 1 and not isinstance(part, slice) and np.asarray(part).dtype.kind != "b":
            for number in np.ravel(part):
                if not -shape[along] <= number < shape[along]:
                    problem = f"index {number} is out of range for axis {along} of length {shape[along]}"
                    return problem, "Indices count from 0, or from the end with -1."
        along += taken
    problem = f"the shapes {[part.shape for part in key if isinstance(part, ndarray)]} of the indices do not broadcast"
    return problem, "Index one axis after the other to choose rows and columns apart: x[rows][:, columns]."


def axes_taken(part: Any) -> int:
    """Return how many axes one part of an index stands for: a mask for as many as it has."""
    if isinstance(part, ndarray) and part.dtype.kind == "b":
        return part.ndim
    return 0 if part is None or part is Ellipsis or isinstance(part, (bool, np.bool_)) else 1
