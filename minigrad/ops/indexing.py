"""Elements by their place: slices, index arrays, masks, and writing to them."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from minigrad import tensors
from minigrad.dtypes import int64
from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.operands import Op, Operand, Tensor, Value, axis, ndarray, needs_grad, unwrap
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


def gather(x: Operand, dim: int, index: Operand) -> Tensor:
    """Return ``out[i][j][k] = x[index[i][j][k]][j][k]`` (for dim 0; likewise for others).

    Args:
        x: any shape.
        dim: the axis that the index runs over.
        index: integers, as many axes as x, and no longer than x along the other axes.

    Returns:
        A copy, of the index's shape.

    Raises:
        TypeError: if the index is not of integers.
        ValueError: if its shape does not fit; IndexError: if an index is out of range.
    """
    x_data, index_data = unwrap(gather, x), unwrap(gather, index)
    along = axis(gather, dim, x_data.ndim)
    check_gather(gather, x_data, along, index_data)
    output = x_data[places(index_data, along)] if x_data.ndim else x_data.copy()
    return record(gather, gather_vjp, output, (x, dim, index), (along, index_data, x_data.shape))


def gather_vjp(grad_output: Value, along: int, index: Value, shape: tuple[int, ...]) -> Value:
    """``grad_x = zeros with grad_output added where it was gathered from``."""
    return gather_backward(grad_output, along, index, shape)


def gather_backward(grad: Operand, along: int, index: Operand, shape: tuple[int, ...]) -> Tensor:
    """Return zeros of ``shape`` with ``grad`` added at ``index`` along an axis."""
    grad_data, index_data = unwrap(gather_backward, grad), unwrap(gather_backward, index)
    output = np.zeros(shape, grad_data.dtype)
    np.add.at(output, places(index_data, along), grad_data)
    return record(gather_backward, gather_backward_vjp, output, (grad, along, index, shape), (along, index_data))


def gather_backward_vjp(grad_output: Value, along: int, index: Value) -> Value:
    """``grad_grad = grad_output gathered at the index``."""
    return gather(grad_output, along, index)


def places(index: ndarray, along: int) -> tuple[Any, ...]:
    """Return the index arrays of every axis that ``gather`` reads at."""
    grids: list[Any] = list(np.indices(index.shape, sparse=True))
    if grids:
        grids[along] = index
    return tuple(grids)


def check_gather(op: Op, x: ndarray, along: int, index: ndarray) -> None:
    """Raise unless an index array fits the operand that it gathers from."""
    if index.dtype.kind not in "iu":
        raise TypeError(message(op.__name__, f"the index must be of integers, got {describe(index)}."))
    fits = index.ndim == x.ndim
    for place in range(x.ndim if fits else 0):
        fits = fits and (place == along or index.shape[place] <= x.shape[place])
    if not fits:
        raise ValueError(
            message(
                op.__name__,
                f"the index needs as many axes as x, and no longer ones but axis {along}; x is {describe(x)}, index "
                f"{index.shape}.",
            )
        )
    length = x.shape[along] if x.ndim else 1
    if index.size and (index.min() < 0 or index.max() >= length):
        bad = index.min() if index.min() < 0 else index.max()
        raise IndexError(message(op.__name__, f"index {bad} is out of range for axis {along} of length {length}."))


def diagonal(x: Operand, offset: builtins.int = 0, dim1: builtins.int = 0, dim2: builtins.int = 1) -> Tensor:
    """Return a view of a diagonal of two axes, which becomes the last axis.

    Args:
        x: at least two axes.
        offset: above (positive) or below (negative) the main diagonal.
        dim1: the first of the two axes.
        dim2: the second.

    Raises:
        ValueError: if the axes are the same.
    """
    x_data = unwrap(diagonal, x)
    first, second = axis(diagonal, dim1, x_data.ndim), axis(diagonal, dim2, x_data.ndim)
    if first == second:
        raise ValueError(message("diagonal", f"two different axes are needed, got {dim1} and {dim2} of {describe(x)}."))
    output = x_data.diagonal(offset, first, second)
    saved = (x_data.shape, offset, first, second)
    return record(diagonal, diagonal_vjp, output, (x, offset, dim1, dim2), saved, base=base_of(x))


def diagonal_vjp(
    grad_output: Value, shape: tuple[int, ...], offset: builtins.int, first: builtins.int, second: builtins.int
) -> Value:
    """``grad_x = zeros with grad_output on the diagonal``."""
    return diagonal_backward(grad_output, shape, offset, first, second)


def diagonal_backward(
    grad: Operand, shape: tuple[int, ...], offset: builtins.int, first: builtins.int, second: builtins.int
) -> Tensor:
    """Return zeros of ``shape`` with ``grad`` on a diagonal."""
    grad_data = unwrap(diagonal_backward, grad)
    output = np.zeros(shape, grad_data.dtype)
    # NumPy marks diagonals read-only though the memory is ours.
    place = output.diagonal(offset, first, second)
    place.flags.writeable = True
    place[...] = grad_data
    saved = (offset, first, second)
    return record(diagonal_backward, diagonal_backward_vjp, output, (grad, shape, offset, first, second), saved)


def diagonal_backward_vjp(grad_output: Value, offset: builtins.int, first: builtins.int, second: builtins.int) -> Value:
    """``grad_grad = the diagonal of grad_output``."""
    return diagonal(grad_output, offset, first, second)


def one_hot(x: Operand, num_classes: int = -1) -> Tensor:
    """Return for each integer a row of zeros with a 1 at its place.

    Args:
        x: int64, any shape, from 0 up.
        num_classes: the length of the rows; -1 for one more than the largest element.

    Returns:
        int64, x's shape with ``num_classes`` behind.

    Raises:
        TypeError: if x is not of integers; ValueError: if an element is negative or not below ``num_classes``.
    """
    x_data = unwrap(one_hot, x)
    if x_data.dtype.kind not in "iu":
        raise TypeError(message("one_hot", f"integers are needed, got {describe(x)}.", "Convert them: x.long()."))
    if num_classes == -1:
        if x_data.size == 0:
            raise ValueError(message("one_hot", "the number of classes cannot be seen from no element."))
        num_classes = builtins.int(x_data.max()) + 1
    if x_data.size and (x_data.min() < 0 or x_data.max() >= num_classes):
        raise ValueError(
            message("one_hot", f"classes must be in [0, {num_classes - 1}], got {x_data.min()} to {x_data.max()}.")
        )
    output = (x_data[..., None] == np.arange(num_classes)).astype(int64)
    return record(one_hot, None, output, (x, num_classes))


class IndexingMethods:
    """The functions of this file as methods and operators of Tensor."""

    __slots__ = ()

    __getitem__ = get_item
    __setitem__ = set_item
    gather = gather
    diagonal = diagonal
