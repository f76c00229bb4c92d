"""Elements in order: sorted along an axis, and the largest or smallest few."""

from __future__ import annotations

import numpy as np

from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.extremes import Picked, record_picked
from minigrad.ops.gathering import gather_backward, taken_at
from minigrad.ops.operands import Op, Operand, Tensor, Value, axis, ndarray, refuse_no_bool, unwrap, whole
from minigrad.ops.reductions import may_hold_nan

#: Up to so long, NumPy's stable sort, of insertions, is as fast as its vectorised one.
SHORT = 64
#: Up to so many elements, it is so for lines of any length.
FEW = 2048


def sort(x: Operand, dim: int = -1, descending: bool = False, stable: bool = False) -> Picked:
    """Return the elements in order along an axis, and where each was.

    Args:
        x: any shape.
        dim: the axis.
        descending: the largest first.
        stable: equal elements keep their order; they do so in any case.

    Returns:
        ``(values, indices)`` of x's shape. NaN counts as the largest. The gradient of each value goes to the element
        that ``indices`` names, of equal ones too.

    Raises:
        IndexError: if ``dim`` is not an axis of x; TypeError: if a flag is no bool.

    Examples:
        >>> import minigrad as mg
        >>> mg.tensor([2.0, 3.0, 1.0]).sort(descending=True).indices
        Tensor((3,) int64 | 1 0 2)
    """
    x_data = unwrap(sort, x)
    along, indices = order(sort, x_data, dim, descending, stable)
    values = taken(x_data, indices, along)
    return record_picked(sort, (x, dim, descending, stable), x_data.shape, values, indices, along)


def argsort(x: Operand, dim: int = -1, descending: bool = False, stable: bool = False) -> Tensor:
    """Return the indices that put the elements in order along an axis; arguments as for ``sort``."""
    indices = order(argsort, unwrap(argsort, x), dim, descending, stable)[1]
    return record(argsort, None, indices, (x, dim, descending, stable))


def msort(x: Operand) -> Tensor:
    """Return the elements in ascending order along the first axis; gradient as of ``sort``."""
    return sorted_values(x, 0)


def sorted_values(x: Operand, dim: int) -> Tensor:
    """Return the elements in ascending order along an axis: without their indices that takes a tenth of the time."""
    x_data = unwrap(msort, x)
    along = axis(msort, dim, x_data.ndim)
    output = np.sort(x_data, axis=along) if x_data.ndim else x_data.copy()
    return record(sorted_values, sorted_values_vjp, output, (x, dim), (x_data, along))


def sorted_values_vjp(grad_output: Value, x: Value, along: int) -> Value:
    """``grad_x = grad_output where each element was``."""
    return gather_backward(grad_output, along, argsort(x, along), x.shape) if x.ndim > 0 else grad_output


def order(op: Op, x: ndarray, dim: int, descending: bool, stable: bool) -> tuple[int, ndarray]:
    """Return the axis as a number from 0 up, and the indices that sort along it."""
    refuse_no_bool(op, "descending", descending)
    refuse_no_bool(op, "stable", stable)
    along = axis(op, dim, x.ndim)
    if x.ndim == 1:
        return along, sorting_order(x, descending)
    if x.ndim == 0:
        return 0, np.zeros((), np.int64)
    return along, sorting_order(x.swapaxes(along, -1), descending).swapaxes(along, -1)


def sorting_order(x: ndarray, descending: bool) -> ndarray:
    """Return the indices that sort along the last axis, those of equal elements ascending; NaN is the largest."""
    if not descending:
        return ascending_order(x)
    # Read from its end, ascending order is descending order, and equal elements are in their order again.
    return x.shape[-1] - 1 - ascending_order(x[..., ::-1])[..., ::-1]


def ascending_order(x: ndarray) -> ndarray:
    """Return the indices that sort along the last axis, those of equal elements ascending, NaN last.

    NumPy's vectorised sort of numbers takes a fifteenth of the time of its stable sort of indices. So where an element
    and its index fit one integer, those are sorted, and the indices read out of them. A float64 leaves no room: there
    indices are sorted as they come, and those of equal elements once more.
    """
    length = x.shape[-1]
    if x.size <= FEW or x.itemsize < 4:
        return x.argsort(axis=-1, kind="stable")
    room = (length - 1).bit_length()
    packed = integers_in_order(x, 63 - room)
    if packed is not None:
        packed <<= room
        packed |= np.arange(length)
        packed.sort(axis=-1)
        packed &= (1 << room) - 1
        return packed
    if length <= SHORT:
        return x.argsort(axis=-1, kind="stable")
    indices = x.argsort(axis=-1)
    values = taken(x, indices, x.ndim - 1)
    rises = values[..., 1:] != values[..., :-1]
    if x.dtype.kind == "f":
        # NaN does not equal itself; here it does, and there is none before the last run.
        rises &= values[..., :-1] == values[..., :-1]
    if rises.all():
        return indices
    # Equal elements are a run. In one number, the run comes before the index. Of a million normal numbers in float32
    # some percent are in runs: those alone are sorted once more.
    equal = np.zeros(x.shape, np.bool_)
    equal[..., 1:] = ~rises
    inside = equal.copy()
    inside[..., :-1] |= equal[..., 1:]
    places = np.flatnonzero(inside)
    runs = np.cumsum(~equal.reshape(-1)[places])
    runs *= length
    flat = indices.reshape(-1)
    keys = flat[places] + runs
    keys.sort()
    flat[places] = keys - runs
    return indices


def integers_in_order(x: ndarray, bits: int) -> ndarray | None:
    """Return int64 numbers in the same order as elements, equal ones for equal elements; None if they have more bits.

    The bits of a positive float, read as an integer, rise with it; those of a negative one fall. All NaN are the same
    here, and larger than everything.
    """
    if x.dtype == np.float32 and bits >= 32:
        # Of two zeros, adding one more makes the positive one.
        codes = (x + 0).view(np.int32)
        codes ^= (codes >> 31) & np.int32(2**31 - 1)
        if may_hold_nan(x):
            codes[np.isnan(x)] = 2**31 - 1
        return codes.astype(np.int64)
    if x.dtype.kind in "iu":
        low = int(x.min())
        if (int(x.max()) - low).bit_length() <= bits:
            return np.subtract(x, low, dtype=np.int64)
    return None


def taken(x: ndarray, indices: ndarray, along: int) -> ndarray:
    """Return the elements at the indices along an axis; x and they have as many axes."""
    return x.take(indices) if x.ndim <= 1 else taken_at(x, along, indices)


def topk(x: Operand, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Picked:
    """Return the k largest elements along an axis, and where they are.

    Args:
        x: any shape.
        k: how many.
        dim: the axis.
        largest: False for the smallest.
        sorted: in order, the most extreme first; they are so in any case.

    Returns:
        ``(values, indices)``, x's shape but for the axis, which has length k. NaN counts as the largest. Of equal
        elements the first are taken, in their order, and have the gradient.

    Raises:
        ValueError: if k is negative or greater than the length of the axis.
        IndexError: if ``dim`` is not an axis of x.
    """
    x_data = unwrap(topk, x)
    k = whole(topk, "k", k)
    refuse_no_bool(topk, "largest", largest)
    refuse_no_bool(topk, "sorted", sorted)
    along = axis(topk, dim, x_data.ndim)
    length = x_data.shape[along] if x_data.ndim else 1
    if not 0 <= k <= length:
        raise ValueError(
            message(
                "topk",
                f"k must be in [0, {length}], the length of axis {along} of {describe(x)}; got {k}.",
                f"Take as many as there are: k=min(k, {length}).",
            )
        )
    if x_data.ndim == 0:
        indices = np.zeros((), np.int64)
    else:
        indices = best_places(x_data.swapaxes(along, -1), k, largest).swapaxes(along, -1)
    values = taken(x_data, indices, along)
    return record_picked(topk, (x, k, dim, largest, sorted), x_data.shape, values, indices, along)


def best_places(x: ndarray, k: int, largest: bool) -> ndarray:
    """Return where the k largest or smallest elements along the last axis are, in order."""
    length = x.shape[-1]
    if 4 * k >= length or length <= SHORT or k == 0:
        return sorting_order(x, largest)[..., :k]
    last = length - k if largest else k - 1
    order = x.argpartition(last, axis=-1)
    chosen = order[..., last:] if largest else order[..., :k]
    values = taken(x, chosen, x.ndim - 1)
    bound = values[..., :1] if largest else values[..., -1:]
    equal = values == bound
    # More elements are equal to a bound than were chosen, or it is NaN, which equals nothing. All lines are counted
    # together, because NumPy counts along an axis ten times as slowly.
    if np.count_nonzero(x == bound) > np.count_nonzero(equal) or not equal.any(axis=-1).all():
        # Then the first of them are taken, and not any.
        chosen = first_of_the_best(x, bound, k, largest)
    chosen = np.sort(chosen, axis=-1)
    return taken(chosen, sorting_order(taken(x, chosen, x.ndim - 1), largest), x.ndim - 1)


def first_of_the_best(x: ndarray, bound: ndarray, k: int, largest: bool) -> ndarray:
    """Return where the k largest or smallest elements are, of those equal to the last of them the first."""
    better = x > bound if largest else x < bound
    equal = x == bound
    if x.dtype.kind == "f":
        unknown, unknown_bound = np.isnan(x), np.isnan(bound)
        equal |= unknown & unknown_bound
        better |= unknown & ~unknown_bound if largest else ~unknown & unknown_bound
    room = k - np.count_nonzero(better, axis=-1, keepdims=True)
    equal &= np.cumsum(equal, axis=-1) <= room
    return np.nonzero(better | equal)[-1].reshape((*x.shape[:-1], k))


class SortingMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    sort = sort
    argsort = argsort
    msort = msort
    topk = topk
