"""Elements by their place: slices, index arrays, masks, and writing to them."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

import minigrad_kernels
from minigrad import tensors
from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.modes import is_grad_enabled
from minigrad.ops.elementwise import where
from minigrad.ops.operands import Operand, Tensor, Value, broadcasts_to, ndarray, needs_grad, unwrap, unwrap_exact
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
    key = plain_index(index, needs_grad(x))
    basic = is_basic(key)
    try:
        if not basic:
            key = integers_first(key, x_data.shape)
        output = x_data[key]
    except (IndexError, ValueError):
        problem, remedy = misfit(x_data.shape, key)
        raise IndexError(message("x[index]", f"{problem}; x is {describe(x)}.", remedy)) from None
    if basic and type(output) is not ndarray:
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
    key = plain_index(index, needs_grad(x) or needs_grad(value))
    value_data = unwrap_exact(set_item, value)
    refuse_write("x[index] = value", x, (value,))
    try:
        if not is_basic(key):
            key = integers_first(key, x.shape)
        place = shape_of_place(x._data, key)
    except (IndexError, ValueError):
        problem, remedy = misfit(x.shape, key)
        problem += f"; x is {describe(x)}, value {describe(value)}."
        raise IndexError(message("x[index] = value", problem, remedy)) from None
    if value_data.shape != place:
        value = fitted(value, value_data.shape, place, x)
        value_data = unwrap_exact(set_item, value)
    last = written_last(x.shape, key) if needs_grad(value) and is_grad_enabled() else None
    stamp_write(x._stamp)
    # In x's dtype already: to convert while places are looked up takes seven times as long.
    x._data[key] = value_data.astype(x._data.dtype, copy=False)
    between = (None,) * edges_of_index(index)
    saved = (key, between, needs_grad(x), needs_grad(value), last)
    record(set_item, set_item_vjp, x._data, (x, index, value), saved, writes=x)


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
        if minigrad_kernels.first_outside(counted_from_0(key[0], x.shape[0]), x.shape[0]) >= 0:
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
    start, stop, step = part.start, part.stop, part.step
    if (
        (start is None or type(start) is int)
        and (stop is None or type(stop) is int)
        and (step is None or type(step) is int)
    ):
        return part
    bounds: list[int | None] = []
    for bound in (start, stop, step):
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
    turned into the index arrays of the elements that it selects.
    """
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
