"""Index arrays: what they must be, and numbers added at places that they may name several times."""

from __future__ import annotations

from typing import Any

import numpy as np

import minigrad_kernels
from minigrad.errors import describe, message
from minigrad.ops.operands import Op, ndarray, unwrap

_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
COUNT_FROM_0 = "Negative ones do not count from the end here: add the length."
CHECK_INDEX = "Check which axis dim names; indices that count from 1 need index - 1."


def integer_index(op: Op, index: Any) -> ndarray:
    """Return an index operand as its array.

    Raises:
        TypeError: if it is not of integers.
    """
    array = unwrap(op, index)
    if array.dtype.kind not in "iu":
        raise TypeError(
            message(
                op.__name__,
                f"the index must be of integers, got {describe(index)}.",
                "Convert it, index.long(); a mask selects by x[mask].",
            )
        )
    return array


def same_dtype(op: Op, x: ndarray, source: ndarray) -> None:
    """Raise a TypeError unless what is written into a copy of x has x's dtype, as PyTorch wants it."""
    if x.dtype != source.dtype:
        raise TypeError(
            message(
                op.__name__,
                f"source needs the dtype of x, {x.dtype}, got {describe(source)}.",
                "Convert it: source.to(x.dtype).",
            )
        )


def check_places(op: Op, index: ndarray, along: int, length: int) -> None:
    """Raise an IndexError unless integers are places of an axis, from 0 up to its length."""
    if minigrad_kernels.first_outside(index, length) < 0:
        return
    bad = index.min() if index.min() < 0 else index.max()
    raise IndexError(
        message(
            op.__name__,
            f"index {bad} is out of range for axis {along} of length {length}.",
            COUNT_FROM_0 if bad < 0 else CHECK_INDEX,
        )
    )


def counted_from_0(index: ndarray, length: int) -> ndarray:
    """Return indices, of which negative ones count from the end, as places from 0 up; what is outside stays outside."""
    if minigrad_kernels.first_outside(index, length) < 0:
        return index
    return np.where(index < 0, index + length, index)


def last_named(places: ndarray, length: int) -> ndarray | None:
    """Return for each of some places, from 0 up, whether no later one is the same; None if none is named twice."""
    numbers = np.zeros(length, np.int64)
    order = np.arange(places.size)
    flat = places.reshape(-1)
    numbers[flat] = order
    last: ndarray = numbers[flat] == order
    return None if last.all() else last.reshape(places.shape)


def add_at(out: ndarray, key: tuple[Any, ...], values: ndarray) -> None:
    """Add values to ``out[key]``, in place: a place that is named several times receives the sum.

    Args:
        out: any shape, contiguous.
        key: an index that fits, as ``plain_index`` makes it.
        values: of the shape of ``out[key]`` and the dtype of out.
    """
    if values.size == 0:
        return
    kinds = {part.dtype.kind if part.__class__ is ndarray else part.__class__ for part in key}
    along = only_axis(key)
    if along is not None:
        add_along(out, along, counted_from_0(key[along], out.shape[along]), values)
    elif kinds <= {"i", "u"}:
        places = []
        for part, length in zip(key, out.shape):
            places.append(counted_from_0(part, length))
        rows = np.ravel_multi_index(tuple(places), out.shape[: len(key)])
        add_along(out.reshape(-1, *out.shape[len(key) :]), 0, rows, values)
    elif kinds <= {"b", slice}:
        # A mask names each place once.
        out[key] += values
    else:
        np.add.at(out, key, values)


def only_axis(key: tuple[Any, ...]) -> int | None:
    """Return the axis that an index of one integer array, behind whole axes, runs along; None for any other index."""
    for part in key[:-1]:
        if part.__class__ is not slice or part != slice(None):
            return None
    return len(key) - 1 if key and key[-1].__class__ is ndarray and key[-1].dtype.kind in "iu" else None


def add_along(out: ndarray, along: int, index: ndarray, values: ndarray) -> None:
    """Add values to ``out`` at places, an index from 0 up of any shape, of one axis; out is contiguous."""
    shape = (*out.shape[:along], index.size, *out.shape[along + 1 :])
    rows = index.reshape(-1)
    if out.dtype in _FLOATS:
        minigrad_kernels.index_add(out, along, rows, values.reshape(shape))
    else:
        key: Any = (*(slice(None),) * along, rows)
        np.add.at(out, key, values.reshape(shape))


def add_elements(out: ndarray, along: int, index: ndarray, values: ndarray) -> None:
    """Add numbers to ``out``, each at its own place of an axis, as ``gather`` reads them; out is contiguous."""
    if out.ndim == 0:
        out, index, values = out.reshape(1), index.reshape(1), values.reshape(1)
    if out.dtype in _FLOATS:
        minigrad_kernels.scatter_add(out, along, index, values)
    else:
        np.add.at(out, places_of(index, along), values)


def flat_places(index: ndarray, along: int, shape: tuple[int, ...]) -> ndarray:
    """Return the elements that ``gather`` reads of an array of a shape, counted in row-major order: int64.

    A million are read or written so in a quarter of the time that an index array for each axis takes.
    """
    found = index.astype(np.int64, copy=False)
    step = 1
    for place in range(len(shape) - 1, -1, -1):
        if place == along:
            found = found if step == 1 else found * step
            break
        step *= shape[place]
    own, step = found is index, 1
    for place in range(len(shape) - 1, -1, -1):
        if place != along and index.shape[place] > 1:
            offsets = np.arange(0, index.shape[place] * step, step or 1)
            offsets = offsets.reshape((-1, *(1,) * (len(shape) - place - 1)))
            # The index itself is somebody else's.
            found = found + offsets if own else np.add(found, offsets, out=found)
            own = False
        step *= shape[place]
    return found


def places_of(index: ndarray, along: int) -> tuple[Any, ...]:
    """Return the index arrays, one for each axis, of the elements that ``gather`` reads."""
    ndim = index.ndim
    if ndim == 1:
        return (index,)
    grids: list[Any] = []
    for place, length in enumerate(index.shape):
        if place == along:
            grids.append(index)
        else:
            grids.append(np.arange(length).reshape((length, *(1,) * (ndim - place - 1))))
    return tuple(grids)
