"""One element of many by its rank: medians, the k-th smallest; and the most frequent one."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.extremes import Picked, record_picked, refuse_empty, sharing_vjp
from minigrad.ops.operands import (
    Dim,
    Op,
    Operand,
    Tensor,
    axes,
    axis,
    ndarray,
    refuse_no_bool,
    unwrap,
    whole,
)
from minigrad.ops.reductions import may_hold_nan

#: Integers are counted rather than sorted if there are at most so many possible ones for each that there is.
DENSE = 4


def kthvalue(x: Operand, k: int, dim: int = -1, keepdim: bool = False) -> Picked:
    """Return the k-th smallest element along an axis, and its index.

    Args:
        x: any shape, no bools.
        k: from 1 up to the length of the axis.
        dim: the axis.
        keepdim: keep the axis with length 1.

    Returns:
        ``(values, indices)``. NaN counts as the largest. Of equal elements the first is named, and receives the
        gradient.

    Raises:
        ValueError: if k is out of range; TypeError: if x is of bools; IndexError: if ``dim`` is not an axis of x.
    """
    x_data = unwrap(kthvalue, x)
    refuse_bools(kthvalue, x_data)
    refuse_no_bool(kthvalue, "keepdim", keepdim)
    along = axis(kthvalue, dim, x_data.ndim)
    k = whole(kthvalue, "k", k)
    length = x_data.shape[along] if x_data.ndim else 1
    if not 1 <= k <= length:
        raise ValueError(
            message(
                "kthvalue",
                f"k must be in [1, {length}], the length of axis {along} of {describe(x)}; got {k}.",
                "The smallest is k=1, the largest k=x.shape[dim].",
            )
        )
    return ranked(kthvalue, (x, k, dim, keepdim), x_data, along, k - 1, keepdim)


def median(x: Operand, dim: int | None = None, keepdim: bool = False) -> Any:
    """Return the median, of an even number of elements the lower one; along an axis also where it is.

    Args:
        x: any shape, no bools.
        dim: the axis; None for the median of all elements.
        keepdim: keep the axis with length 1.

    Returns:
        A Tensor, or with an axis ``(values, indices)``. NaN wins. Elements equal to the median of all share the
        gradient; along an axis it goes to the one that ``indices`` names, the first.

    Raises:
        IndexError: if ``dim`` is not an axis of x; ValueError: if there is no element along it; TypeError: if x is of
            bools.
    """
    return middle_value(x) if dim is None else middle(median, x, dim, keepdim)


def nanmedian(x: Operand, dim: int | None = None, keepdim: bool = False) -> Any:
    """Return the median of the elements that are not NaN; NaN where all are. Else as ``median``, also the gradient."""
    return nan_middle_value(x) if dim is None else middle(nanmedian, x, dim, keepdim)


def middle(op: Op, x: Operand, dim: int, keepdim: bool) -> Picked:
    """Return the median along an axis, and its index."""
    x_data = unwrap(op, x)
    refuse_bools(op, x_data)
    refuse_no_bool(op, "keepdim", keepdim)
    along = axis(op, dim, x_data.ndim)
    refuse_empty(op, x_data, (along,) if x_data.ndim else ())
    return ranked(op, (x, dim, keepdim), x_data, along, middle_rank(op, x_data, along), keepdim)


def middle_rank(op: Op, x: ndarray, along: int) -> int | ndarray:
    """Return the rank of the median along an axis: a number, or one for each line where some hold NaN."""
    length = x.shape[along] if x.ndim else 1
    rank = (length - 1) // 2
    if x.dtype.kind != "f" or x.ndim == 0 or x.size == 0 or not may_hold_nan(x):
        return rank
    missing = np.count_nonzero(np.isnan(x), axis=along, keepdims=True)
    if op is median:
        # NaN is sorted behind everything else.
        return np.where(missing > 0, length - 1, rank)
    return np.maximum((length - missing - 1) // 2, 0)


def middle_value(x: Operand, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Return the median over all axes, or along some; equal ones share the gradient equally."""
    return shared_middle(middle_value, median, x, dim, keepdim)


def nan_middle_value(x: Operand, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Return the median of what is not NaN over all axes, or along some; equal ones share the gradient equally."""
    return shared_middle(nan_middle_value, nanmedian, x, dim, keepdim)


def shared_middle(op: Op, who: Op, x: Operand, dim: Dim, keepdim: bool) -> Tensor:
    """Return the median over some axes, whose gradient all elements that are equal to it share.

    Args:
        op: the operation to record.
        who: the function that the user knows.
        x: as for it.
        dim: likewise, or several axes.
        keepdim: likewise.
    """
    x_data = unwrap(who, x)
    refuse_bools(who, x_data)
    over = axes(who, dim, x_data.ndim, keepdim)
    lines = x_data.reshape(-1)
    kept: tuple[int, ...] = ()
    if len(over) < x_data.ndim:
        lines = np.moveaxis(x_data, over, range(x_data.ndim - len(over), x_data.ndim))
        kept = lines.shape[: x_data.ndim - len(over)]
    if x_data.size == 0:
        if x_data.dtype.kind != "f":
            refuse_empty(who, x_data, over)
        output = np.full(kept, np.nan, x_data.dtype)
    else:
        lines = lines.reshape((*kept, -1)) if kept else lines
        output = at_rank(lines, len(kept), middle_rank(who, lines, len(kept))).reshape(kept)
    output = np.expand_dims(output, over) if keepdim else output
    return record(op, sharing_vjp, output, (x, dim, keepdim), (x_data, output, over, keepdim))


def ranked(op: Op, inputs: Any, x: ndarray, along: int, rank: int | ndarray, keepdim: bool) -> Picked:
    """Return the elements of a rank along an axis, and the index of the first that is equal."""
    if x.ndim == 0:
        values, indices = x.copy(), np.zeros((), np.int64)
    else:
        values = at_rank(x, along, rank)
        indices = first_equal(x, values, along)
    return recorded(op, inputs, x.shape, values, indices, along, keepdim)


def recorded(
    op: Op, inputs: Any, shape: tuple[int, ...], values: ndarray, indices: ndarray, along: int, keepdim: bool
) -> Picked:
    """Record values and indices along an axis, which they have, without it unless ``keepdim``."""
    if not keepdim and shape:
        kept = (*shape[:along], *shape[along + 1 :])
        values, indices = values.reshape(kept), indices.reshape(kept)
    return record_picked(op, inputs, shape, values, indices, along, keepdim)


def at_rank(x: ndarray, along: int, rank: int | ndarray) -> ndarray:
    """Return the elements of a rank along an axis, which is kept; NaN is the largest."""
    if isinstance(rank, ndarray):
        return np.take_along_axis(np.sort(x, axis=along), rank, along)
    place = (slice(None),) * along + (slice(rank, rank + 1),)
    copy = x.copy()
    copy.partition(rank, along)
    # A view would keep all of the copy.
    return copy[place].copy()


def mode(x: Operand, dim: int = -1, keepdim: bool = False) -> Picked:
    """Return the most frequent element along an axis, of equally frequent ones the smallest, and its last index.

    Args:
        x: any shape.
        dim: the axis.
        keepdim: keep the axis with length 1.

    Returns:
        ``(values, indices)``. Each NaN counts for itself, and as the largest. The gradient goes to the element that
        ``indices`` names.

    Raises:
        IndexError: if ``dim`` is not an axis of x; ValueError: if there is no element along it.
    """
    x_data = unwrap(mode, x)
    refuse_no_bool(mode, "keepdim", keepdim)
    along = axis(mode, dim, x_data.ndim)
    refuse_empty(mode, x_data, (along,) if x_data.ndim else ())
    if x_data.ndim == 0:
        values, indices = x_data.copy(), np.zeros((), np.int64)
    else:
        values = most_frequent(x_data.swapaxes(along, -1)).swapaxes(along, -1)
        indices = x_data.shape[along] - 1 - first_equal(np.flip(x_data, along), values, along)
    return recorded(mode, (x, dim, keepdim), x_data.shape, values, indices, along, keepdim)


def most_frequent(x: ndarray) -> ndarray:
    """Return the most frequent element along the last axis, which is kept; of equally frequent ones the smallest."""
    if x.dtype.kind in "iu" and x.size:
        low, lines = int(x.min()), x.size // x.shape[-1]
        span = int(x.max()) - low + 1
        if span * lines <= DENSE * x.size:
            # Counted, each line among numbers of its own, and not sorted.
            own = np.arange(0, lines * span, span)[:, None] + (x.reshape(lines, -1).astype(np.int64) - low)
            counts = np.bincount(own.reshape(-1), minlength=lines * span).reshape(lines, span)
            return (counts.argmax(axis=1) + low).astype(x.dtype).reshape((*x.shape[:-1], 1))
    values = np.sort(x, axis=-1)
    places = np.arange(x.shape[-1])
    # Where a run of equal elements begins, its place; the latest beginning so far tells how long a run has become.
    begins = np.zeros(x.shape, np.int64)
    begins[..., 1:] = np.where(values[..., 1:] != values[..., :-1], places[1:], 0)
    lengths = places - np.maximum.accumulate(begins, axis=-1)
    return np.take_along_axis(values, lengths.argmax(axis=-1, keepdims=True), -1)


def first_equal(x: ndarray, values: ndarray, along: int) -> ndarray:
    """Return the index of the first element along an axis that equals the value there; NaN equals NaN."""
    equal = x == values
    if x.dtype.kind == "f" and np.count_nonzero(values != values):
        equal |= np.isnan(x) & np.isnan(values)
    return equal.argmax(axis=along, keepdims=True)


def refuse_bools(op: Op, x: ndarray) -> None:
    """Raise a TypeError if an array is of bools, which have no median."""
    if x.dtype.kind == "b":
        raise TypeError(message(op.__name__, f"numbers are needed, got {describe(x)}.", "Convert: x.int()."))


class MedianMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    kthvalue = kthvalue
    median = median
    nanmedian = nanmedian
    mode = mode
