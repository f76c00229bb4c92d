"""Parts of a tensor by the places along an axis: views of a range, copies of chosen ones."""

from __future__ import annotations

from typing import Any

import numpy as np

import minigrad_kernels
from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.broadcasting import expand
from minigrad.ops.elementwise import where
from minigrad.ops.gathering import gather
from minigrad.ops.indexing import get_item_vjp
from minigrad.ops.operands import Op, Operand, Tensor, Value, axis, check_broadcast, ndarray, needs_grad, unwrap, whole
from minigrad.ops.places import add_along, check_places, counted_from_0, integer_index
from minigrad.ops.shapes import reshape


def select(x: Operand, dim: int, index: int) -> Tensor:
    """Return a view of ``x`` at one place of an axis, without that axis.

    Args:
        x: at least one axis.
        dim: the axis.
        index: the place; negative from the end.

    Raises:
        IndexError: if there is no such place, or no axis.
    """
    x_data = unwrap(select, x)
    shape = x_data.shape
    along = dim if type(dim) is int and 0 <= dim < len(shape) else axis(select, dim, len(shape))
    if type(index) is not int:
        index = whole(select, "index", index)
    if not shape or not -shape[along] <= index < shape[along]:
        raise IndexError(
            message(
                "select",
                f"index {index} is out of range for axis {along} of {describe(x)}." if shape else no_axis(x),
                "Indices count from 0, or from the end with -1.",
            )
        )
    key: Any = (*(slice(None),) * along, index, ...)
    return record(select, get_item_vjp, x_data[key], (x, dim, index), (key, shape), x)


def no_axis(x: Any) -> str:
    """Return the words about a 0-d operand."""
    return f"{describe(x)} is 0-d and has no axis."


def narrow(x: Operand, dim: int, start: Any, length: int) -> Tensor:
    """Return a view of ``length`` places of an axis from ``start`` on.

    Args:
        x: at least one axis.
        dim: the axis.
        start: the first place, an integer or a 0-d tensor of one; negative from the end.
        length: how many.

    Raises:
        ValueError: if the axis does not reach so far, ``length`` is negative, or x is 0-d.
    """
    x_data = unwrap(narrow, x)
    shape = x_data.shape
    along = dim if type(dim) is int and 0 <= dim < len(shape) else axis(narrow, dim, len(shape))
    first = start if type(start) is int else whole(narrow, "start", start)
    if type(length) is not int:
        length = whole(narrow, "length", length)
    size = shape[along] if shape else 0
    if first < 0:
        first += size
    if not shape or length < 0 or not 0 <= first <= size - length:
        raise ValueError(
            message(
                "narrow",
                f"{length} places from {start} on are not in axis {along} of {describe(x)}." if shape else no_axis(x),
                "start + length is at most the length of the axis.",
            )
        )
    key = (*(slice(None),) * along, slice(first, first + length))
    return record(narrow, get_item_vjp, x_data[key], (x, dim, start, length), (key, shape), x)


def index_select(x: Operand, dim: int, index: Operand) -> Tensor:
    """Return ``x`` at several places of an axis, in their order.

    Args:
        x: any shape.
        dim: the axis.
        index: integers from 0 up, shape (n,) or (); a place may be named several times.

    Returns:
        A copy, x's shape with n along the axis.

    Raises:
        TypeError: if the index is not of integers.
        ValueError: if it has several axes; IndexError: if one is out of range.

    Examples:
        >>> import minigrad as mg
        >>> mg.index_select(mg.tensor([[1, 2], [3, 4]]), 1, mg.tensor([1, 1])).tolist()
        [[2, 2], [4, 4]]
    """
    x_data = unwrap(index_select, x)
    ndim = x_data.ndim
    along = dim if type(dim) is int and 0 <= dim < ndim else axis(index_select, dim, ndim)
    places = vector_of_places(index_select, x_data, along, index)
    output = x_data.take(places.reshape(-1), along) if ndim else x_data.reshape(1).take(places.reshape(()))
    saved = (along, places, x_data.shape)
    return record(index_select, index_select_vjp, output, (x, dim, index), saved)


def index_select_vjp(grad_output: Value, along: int, index: Value, shape: tuple[int, ...]) -> Value:
    """``grad_x = zeros with grad_output added at the places``."""
    return index_select_backward(grad_output, along, index, shape)


def index_select_backward(grad: Operand, along: int, index: Operand, shape: tuple[int, ...]) -> Tensor:
    """Return zeros of ``shape`` with ``grad`` added at places of an axis."""
    grad_data, places = unwrap(index_select_backward, grad), unwrap(index_select_backward, index)
    output = np.zeros(shape, grad_data.dtype)
    add_along(output.reshape(shape or 1), along, places, grad_data)
    saved = (along, places)
    return record(index_select_backward, index_select_backward_vjp, output, (grad, along, index, shape), saved)


def index_select_backward_vjp(grad_output: Value, along: int, index: Value) -> Value:
    """``grad_grad = grad_output at the places``."""
    return index_select(grad_output, along, index)


def vector_of_places(op: Op, x: ndarray, along: int, index: Any, from_end: bool = False) -> ndarray:
    """Return an index operand, one place or a vector of them, as its array; if so, negative ones count from the end.

    Raises:
        TypeError, ValueError, IndexError: if it does not fit the axis.
    """
    places = integer_index(op, index)
    if places.ndim > 1 or (x.ndim == 0 and places.size != 1):
        raise ValueError(
            message(
                op.__name__,
                f"the index needs the shape (n,) for {describe(x)}, got {describe(index)}."
                if x.ndim
                else f"{describe(x)} is 0-d and has one place, got the index {describe(index)}.",
                "gather and take_along_dim take an index of x's axes; x[index] one of any shape.",
            )
        )
    length = x.shape[along] if x.ndim else 1
    if minigrad_kernels.first_outside(places, length) >= 0:
        places = counted_from_0(places, length) if from_end else places
        check_places(op, places, along, length)
    return places


def take(x: Operand, index: Operand) -> Tensor:
    """Return the elements of ``x``, counted in row-major order, at each index.

    Args:
        x: any shape.
        index: integers of any shape; negative ones count from the end.

    Returns:
        A copy, of the index's shape.

    Raises:
        TypeError: if the index is not of integers; IndexError: if one is out of range.
    """
    x_data, places = unwrap(take, x), integer_index(take, index)
    try:
        output = x_data.take(places)
    except IndexError:
        check_places(take, counted_from_0(places, x_data.size), 0, x_data.size)
        raise
    saved: tuple[Any, ...] = ()
    if needs_grad(x):
        # A copy, because the rule reads it later and its own tensor may change.
        saved = (counted_from_0(places, x_data.size).reshape(-1).copy(), x_data.shape, x_data.size)
    return record(take, take_vjp, output, (x, index), saved)


def take_vjp(grad_output: Value, places: Value, shape: tuple[int, ...], size: int) -> Value:
    """``grad_x = zeros with grad_output added where it was taken from``."""
    return reshape(index_select_backward(reshape(grad_output, (-1,)), 0, places, (size,)), shape)


def take_along_dim(x: Operand, indices: Operand, dim: int | None = None) -> Tensor:
    """Return ``gather`` of ``x`` and the indices, broadcast against each other but along the axis.

    Args:
        x: any shape.
        indices: integers, as many axes as x; negative ones count from the end.
        dim: the axis that they run over; None for all elements in row-major order.

    Raises:
        TypeError: if the indices are not of integers.
        ValueError: if the shapes do not broadcast; IndexError: if one is out of range.
    """
    x_data, places = unwrap(take_along_dim, x), integer_index(take_along_dim, indices)
    if dim is None:
        return take_along_dim(reshape(x, (-1,)), reshape(indices, (-1,)), 0)
    along = axis(take_along_dim, dim, x_data.ndim)
    if places.ndim != x_data.ndim:
        raise ValueError(
            message(
                "take_along_dim",
                f"the indices need as many axes as x, which is {describe(x)}; got {describe(indices)}.",
                "indices.unsqueeze(dim) adds an axis; dim=None counts all elements of x.",
            )
        )
    length = x_data.shape[along] if x_data.ndim else 1
    x_wanted, wanted = list(x_data.shape), list(places.shape)
    if x_data.ndim:
        x_wanted[along] = wanted[along] = 1
    if x_wanted != wanted:
        check_broadcast(take_along_dim, x, indices, tuple(x_wanted), tuple(wanted))
        whole_shape = np.broadcast_shapes(tuple(x_wanted), tuple(wanted))
        x = expand(x, (*whole_shape[:along], length, *whole_shape[along + 1 :]))
        indices = expand(indices, (*whole_shape[:along], places.shape[along], *whole_shape[along + 1 :]))
    if minigrad_kernels.first_outside(places, length) >= 0:
        indices = where(indices < 0, indices + length, indices)
    return gather(x, dim, indices)


class SelectionMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    select = select
    narrow = narrow
    index_select = index_select
    take = take
    take_along_dim = take_along_dim
