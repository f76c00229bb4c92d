"""Elements by their place: slices, index arrays, masks, and writing to them."""

from __future__ import annotations

from sys import _getframe
from typing import Any

import numpy as np

import minigrad_kernels
from minigrad import tensors
from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.modes import is_grad_enabled
from minigrad.ops.elementwise import where
from minigrad.ops.index_keys import basic_key, integers_first, is_basic, misfit, plain_index
from minigrad.ops.operands import Operand, Tensor, Value, broadcasts_to, ndarray, needs_grad, unwrap, unwrap_exact
from minigrad.ops.overwriting import is_written_at_once, refuse_outdated_value, stamp_now
from minigrad.ops.places import add_at, counted_from_0
from minigrad.ops.shapes import reshape
from minigrad.ops.views import strided_view
from minigrad.writes import refuse_write, stamp_write


def get_item(x: Operand, index: Any) -> Tensor:
    """Return ``x[index]``.

    Args:
        x: any shape.
        index: integers, slices, None, Ellipsis, and tensors, arrays or lists of integers or bools, or a tuple of them.

    Returns:
        A view where the index is made of integers, slices, None and Ellipsis, else a copy.

    Raises:
        IndexError: if an index is out of range, or there are too many.
        TypeError: if an index is of another type.
    """
    x_data = unwrap(get_item, x)
    key = basic_key(index)
    basic = key is not None
    if key is None:
        key = plain_index(index, needs_grad(x))
        basic = is_basic(key)
    try:
        if not basic and len(key) > 1:
            key = integers_first(key, x_data.shape)
        output = x_data[key]
    except (IndexError, ValueError):
        problem, remedy = misfit(x_data.shape, key)
        raise IndexError(message("x[index]", f"{problem}; x is {describe(x)}.", remedy)) from None
    if not basic:
        return record(get_item, get_item_vjp, output, (x, index), (key, x_data.shape))
    if type(output) is not ndarray:
        # NumPy gives a scalar for one element, which is a copy; a view of it is what is wanted.
        output = x_data[(*key, ...)]
    return record(get_item, get_item_vjp, output, (x, index), (key, x_data.shape), x)


def get_item_vjp(grad_output: Value, key: Any, shape: tuple[int, ...]) -> Value:
    """``grad_x = zeros with grad_output added at the index``."""
    return embed(grad_output, key, shape)


def embed(grad: Operand, index: tuple[Any, ...], shape: tuple[int, ...]) -> Tensor:
    """Return zeros of ``shape`` with ``grad`` added at the index; places named twice receive the sum."""
    grad_data = unwrap(embed, grad)
    output = np.zeros(shape, grad_data.dtype)
    if is_basic(index):
        output[index] = grad_data
    else:
        add_at(output, index, grad_data)
    return record(embed, embed_vjp, output, (grad, index, shape), (index,))


def embed_vjp(grad_output: Value, key: Any) -> Value:
    """``grad_grad = grad_output at the index``."""
    return grad_output[key]


def set_item(x: Tensor, index: Any, value: Operand) -> None:
    """Write ``value`` to ``x[index]``, in place.

    Args:
        x: the tensor to change; neither a leaf that requires grad nor, where a gradient is at stake, a view.
        index: as for ``get_item``.
        value: what to write, of a shape that broadcasts to that of ``x[index]``. Where the index names a place twice,
            the later one stays.

    Raises:
        IndexError, TypeError, ValueError, RuntimeError: with ``x`` unchanged.
    """
    value_data = unwrap_exact(set_item, value)
    refuse_outdated_value("x[index] = value", value)
    at_once = is_written_at_once(x) and not (needs_grad(value) and is_grad_enabled())
    if at_once and write_view(x, index, value_data):
        return
    key = plain_index(index, not at_once)
    if not at_once:
        refuse_write("x[index] = value", x, (value,))
    try:
        if len(key) > 1 and not is_basic(key):
            key = integers_first(key, x.shape)
        place = shape_of_place(x._data, key)
    except (IndexError, ValueError):
        problem, remedy = misfit(x.shape, key)
        problem += f"; x is {describe(x)}, value {describe(value)}."
        raise IndexError(message("x[index] = value", problem, remedy)) from None
    if value_data.shape != place:
        value = fitted(value, value_data.shape, place, x)
        value_data = unwrap_exact(set_item, value)
    # In x's dtype already: to convert while places are looked up takes seven times as long.
    value_data = value_data.astype(x._data.dtype, copy=False)
    if at_once:
        stamp_now(x, _getframe(1))
        x._data[key] = value_data
        return
    last = written_last(x.shape, key) if needs_grad(value) and is_grad_enabled() else None
    stamp_write(x._stamp)
    x._data[key] = value_data
    between = (None,) * edges_of_index(index)
    saved = (key, between, needs_grad(x), needs_grad(value), last)
    record(set_item, set_item_vjp, x._data, (x, index, value), saved, writes=x)


def write_view(x: Tensor, index: Any, value: ndarray) -> bool:
    """Write to the view that an index of integers and slices is; return whether it is one, and the value fits it."""
    key = basic_key(index)
    if key is None:
        return False
    try:
        place = x._data[(*key, ...)] if Ellipsis not in key else x._data[key]
    except IndexError:
        return False
    if value.shape != place.shape and not broadcasts_to(value.shape, place.shape):
        return False
    stamp_now(x, _getframe(2))
    place[...] = value
    return True


#: Less than any element.
NOTHING = np.zeros(1, np.bool_)


def shape_of_place(x: ndarray, key: tuple[Any, ...]) -> tuple[int, ...]:
    """Return the shape of ``x[key]`` without reading the elements.

    Raises:
        IndexError, ValueError: if the index does not fit.
    """
    if is_basic(key):
        return np.shape(x[key])
    if len(key) == 1 and x.ndim and type(key[0]) is ndarray and key[0].dtype.kind in "iu":
        # Where all are from 0 up, which is the usual case, they are looked at once.
        length = x.shape[0]
        outside = minigrad_kernels.first_outside(key[0], length) >= 0
        if outside and minigrad_kernels.first_outside(counted_from_0(key[0], length), length) >= 0:
            raise IndexError
        shape: tuple[int, ...] = key[0].shape + x.shape[1:]
        return shape
    # One element in the place of all: its shape is as good.
    return np.shape(strided_view(NOTHING, x.shape, (0,) * x.ndim)[key])


def set_item_vjp(
    grad_output: Value, key: Any, between: tuple[None, ...], for_x: bool, for_value: bool, last: Value
) -> tuple[Value, ...]:
    """``grad_x = grad_output with zeros at the index; grad_value = grad_output at the index``."""
    grad_x = erase(grad_output, key) if for_x else None
    grad_value: Value = grad_output[key] if for_value else None
    if last is not None:
        # A place that was named twice holds the value that was written last.
        grad_value = where(last, grad_value, 0)
    return grad_x, *between, grad_value


def erase(x: Operand, index: tuple[Any, ...]) -> Tensor:
    """Return a copy of ``x`` with zeros at an index."""
    output = unwrap(erase, x).copy()
    output[index] = 0
    return record(erase, erase_vjp, output, (x, index), (index,))


def erase_vjp(grad_output: Value, key: Any) -> Value:
    """``grad_x = grad_output with zeros at the index``."""
    return erase(grad_output, key)


def fitted(value: Operand, shape: tuple[int, ...], place: tuple[int, ...], x: Any) -> Operand:
    """Return a value without the leading axes of length 1 that the place it is written to does not have.

    Raises:
        ValueError: if it does not broadcast to the place.
    """
    kept = shape
    while len(kept) > len(place) and kept[0] == 1:
        kept = kept[1:]
    if not broadcasts_to(kept, place):
        raise ValueError(
            message(
                "x[index] = value",
                f"the value of shape {shape} does not broadcast to {place}, the shape of x[index]; x is {describe(x)}.",
                "From the right, each length must be that of x[index], or 1: reshape the value, or unsqueeze an axis.",
            )
        )
    return value if kept == shape else reshape(value, kept)


def written_last(shape: tuple[int, ...], key: tuple[Any, ...]) -> ndarray | None:
    """Return for each place of an index whether no later one names the same element; None if that is clear."""
    if is_basic(key):
        return None
    numbers = np.zeros(shape, np.int64)
    order = np.arange(numbers[key].size).reshape(numbers[key].shape)
    numbers[key] = order
    last: ndarray = numbers[key] == order
    return None if last.all() else last


def edges_of_index(index: Any) -> int:
    """Return how many inputs an index counts as: a tuple or list with tensors in it counts as its elements."""
    if isinstance(index, (tuple, list)):
        for part in index:
            if isinstance(part, tensors.Tensor):
                return len(index)
    return 1


def delete_item(x: Tensor, index: Any) -> None:
    """Raise: a tensor keeps its shape.

    Raises:
        TypeError: always.
    """
    raise TypeError(
        message("del x[index]", f"elements of {describe(x)} cannot be taken out.", "Select those to keep: x[mask].")
    )


class IndexingMethods:
    """The functions of this file as methods and operators of Tensor."""

    __slots__ = ()

    __getitem__ = get_item
    __setitem__ = set_item
    __delitem__ = delete_item
