"""Elements by their place: slices, index arrays, masks, and writing to them."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from minigrad import tensors
from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.operands import Op, Operand, Tensor, Value, ndarray, needs_grad, unwrap
from minigrad.ops.shapes import base_of
from minigrad.writes import refuse_write


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
    key = plain_index(get_item, index)
    try:
        output = x_data[key]
    except (IndexError, ValueError) as error:
        raise IndexError(message("x[index]", f"{error}; x is {describe(x)}, index {show_index(index)}.")) from None
    if not isinstance(output, ndarray) and is_basic(key):
        # NumPy gives a scalar for one element, which is a copy; a view of it is what is wanted.
        output = x_data[(*key, ...) if key.__class__ is tuple else (key, ...)]
    return record(get_item, get_item_vjp, output, (x, index), (key, x_data.shape), base=base_of(x))


def get_item_vjp(grad_output: Value, key: Any, shape: tuple[int, ...]) -> Value:
    """``grad_x = zeros with grad_output added at the index``."""
    return embed(grad_output, key, shape)


def embed(grad: Operand, key: Any, shape: tuple[int, ...]) -> Tensor:
    """Return zeros of ``shape`` with ``grad`` added at the index; places named twice receive the sum."""
    grad_data = unwrap(embed, grad)
    output = np.zeros(shape, grad_data.dtype)
    if is_basic(key):
        output[key] = grad_data
    else:
        np.add.at(output, key, grad_data)
    return record(embed, embed_vjp, output, (grad, key, shape), (key,))


def embed_vjp(grad_output: Value, key: Any) -> Value:
    """``grad_grad = grad_output at the index``."""
    return grad_output[key]


def set_item(x: Tensor, index: Any, value: Operand) -> None:
    """Write ``value`` to ``x[index]``, in place.

    Args:
        x: the tensor to change; neither a leaf that requires grad nor, where a gradient is at stake, a view.
        index: as for ``get_item``.
        value: what to write, of a shape that broadcasts to that of ``x[index]``.

    Raises:
        IndexError, ValueError, RuntimeError: with ``x`` unchanged.
    """
    key = plain_index(set_item, index)
    value_data = unwrap(set_item, value)
    refuse_write("x[index] = value", x, (value,))
    try:
        place = x._data[key]
    except (IndexError, ValueError) as error:
        raise IndexError(message("x[index]", f"{error}; x is {describe(x)}, index {show_index(index)}.")) from None
    if np.shape(place) != value_data.shape:
        refuse_misfit(index, np.shape(place), value_data.shape, x)
    if needs_grad(value) and np.may_share_memory(value_data, x._data):
        value_data = value_data.copy()
    x._data[key] = value_data
    record(set_item, set_item_vjp, x._data, (x, value, index), (key, needs_grad(x), needs_grad(value)), writes=x)


def set_item_vjp(grad_output: Value, key: Any, for_x: bool, for_value: bool) -> tuple[Value, Value]:
    """``grad_x = grad_output with zeros at the index; grad_value = grad_output at the index``."""
    grad_x = erase(grad_output, key) if for_x else None
    grad_value = grad_output[key] if for_value else None
    return grad_x, grad_value


def erase(x: Operand, key: Any) -> Tensor:
    """Return a copy of ``x`` with zeros at an index."""
    output = unwrap(erase, x).copy()
    output[key] = 0
    return record(erase, erase_vjp, output, (x, key), (key,))


def erase_vjp(grad_output: Value, key: Any) -> Value:
    """``grad_x = grad_output with zeros at the index``."""
    return erase(grad_output, key)


def refuse_misfit(index: Any, place: tuple[int, ...], value: tuple[int, ...], x: Any) -> None:
    """Raise unless a value broadcasts to the place it is written to."""
    lengths = (1,) * builtins.max(len(place) - len(value), 0) + value[builtins.max(len(value) - len(place), 0) :]
    surplus = value[: builtins.max(len(value) - len(place), 0)]
    fits = builtins.all(size == 1 for size in surplus)
    for have, want in zip(lengths, place, strict=True):
        fits = fits and have in (1, want)
    if not fits:
        raise ValueError(
            message(
                "x[index] = value",
                f"the value of shape {value} does not broadcast to {place}, the shape of x[{show_index(index)}]; "
                f"x is {describe(x)}.",
            )
        )


def plain_index(op: Op, index: Any) -> Any:
    """Return an index with tensors and lists turned into arrays of their own; NumPy takes the rest as it is.

    Raises:
        TypeError: if a part is of a type that cannot index.
    """
    if index.__class__ is builtins.int or index.__class__ is slice:
        return index
    if isinstance(index, tuple):
        return tuple([plain_index(op, part) for part in index])
    if index is None or index is Ellipsis or isinstance(index, (slice, builtins.int, np.integer, np.bool_)):
        return index
    if isinstance(index, tensors.Tensor):
        # Copied, because the rule reads it later and its own tensor may change.
        index = index._data.copy()
    elif isinstance(index, (list, ndarray)):
        index = np.array(index)
        index = index.astype(np.int64) if index.size == 0 else index
    if not isinstance(index, ndarray) or index.dtype.kind not in "iub":
        raise TypeError(
            message(
                "x[index]",
                f"an index is made of integers, slices, None, Ellipsis, and tensors of integers or bools, got "
                f"{describe(index)}.",
            )
        )
    return index


def is_basic(key: Any) -> bool:
    """Return whether an index selects each place at most once, by integers and slices alone."""
    for part in key if key.__class__ is tuple else (key,):
        if isinstance(part, (ndarray, np.bool_, builtins.bool)):
            return False
    return True


def show_index(index: Any) -> str:
    """Return an index as text, arrays by their shapes."""
    if isinstance(index, tuple):
        return ", ".join([show_index(part) for part in index])
    return describe(index) if hasattr(index, "shape") else repr(index)


class IndexingMethods:
    """The functions of this file as methods and operators of Tensor."""

    __slots__ = ()

    __getitem__ = get_item
    __setitem__ = set_item
