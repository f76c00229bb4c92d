"""Copies of a tensor with other values at places of an axis, or of an index: added, written or filled."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import tensors
from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.arithmetic import scaled
from minigrad.ops.elementwise import where
from minigrad.ops.index_keys import misfit, plain_index
from minigrad.ops.indexing import edges_of_index, set_item_vjp, shape_of_place, written_last
from minigrad.ops.operands import (
    Op,
    Operand,
    Tensor,
    Value,
    axis,
    broadcasts_to,
    flag,
    ndarray,
    needs_grad,
    real,
    unwrap,
    unwrap_exact,
)
from minigrad.ops.overwriting import write_over
from minigrad.ops.places import add_along, add_at, last_named, same_dtype
from minigrad.ops.reductions import sum
from minigrad.ops.selections import index_select, vector_of_places
from minigrad.ops.shapes import reshape


def index_add(x: Operand, dim: int, index: Operand, source: Operand, *, alpha: float = 1) -> Tensor:
    """Return ``x`` with ``alpha`` times the slices of ``source`` added at places of an axis.

    Args:
        x: any shape.
        dim: the axis.
        index: integers from 0 up, shape (n,) or (); a place that is named several times receives the sum.
        source: of x's dtype and shape, but n long along the axis.
        alpha: what the source is multiplied by.

    Raises:
        TypeError: if the index is not of integers, or ``source`` is of another dtype.
        ValueError: if a shape does not fit; IndexError: if an index is out of range.

    Examples:
        >>> import minigrad as mg
        >>> mg.index_add(mg.zeros(3), 0, mg.tensor([2, 0, 2]), mg.tensor([1.0, 2.0, 3.0])).tolist()
        [2.0, 0.0, 4.0]
    """
    x_data, along, places, source_data = operands_of_write(index_add, x, dim, index, source)
    factor = alpha if alpha.__class__ is int else real(index_add, "alpha", alpha)
    if isinstance(factor, float) and x_data.dtype.kind != "f":
        raise TypeError(
            message("index_add", f"alpha must be an integer for {describe(x)}, got {factor}.", "x.float().")
        )
    output = x_data.copy()
    added = source_data if factor == 1 else (source_data * factor).astype(x_data.dtype, copy=False)
    add_along(output.reshape(x_data.shape or 1), along, places, added)
    saved = (along, places, source_data.shape, factor)
    return record(index_add, index_add_vjp, output, (x, dim, index, source, alpha), saved)


def index_add_vjp(
    grad_output: Value, along: int, index: Value, shape: tuple[int, ...], alpha: float
) -> tuple[Value, ...]:
    """``grad_x = grad_output; grad_source = alpha * grad_output at the places``."""
    return grad_output, None, None, reshape(index_select(grad_output, along, index), shape) * alpha


def operands_of_write(
    op: Op, x: Operand, dim: int, index: Operand, source: Operand
) -> tuple[ndarray, int, ndarray, ndarray]:
    """Return the array to be copied, the axis, the places, and the array to be written to them.

    Raises:
        TypeError, ValueError, IndexError: if they do not fit.
    """
    x_data, source_data = unwrap(op, x), unwrap(op, source)
    along = dim if dim.__class__ is int and 0 <= dim < x_data.ndim else axis(op, dim, x_data.ndim)
    places = vector_of_places(op, x_data, along, index)
    same_dtype(op, x_data, source_data)
    wanted = (*x_data.shape[:along], places.size, *x_data.shape[along + 1 :])
    # A scalar is as good as a vector of one element.
    if source_data.shape != wanted and not (x_data.ndim <= 1 and source_data.size == places.size == 1):
        raise ValueError(
            message(
                op.__name__,
                f"source needs the shape {wanted}, one slice for each of the {places.size} places, got "
                f"{describe(source)}; x is {describe(x)}.",
                "One slice for all places: source.expand(...).",
            )
        )
    return x_data, along, places, source_data


def index_copy(x: Operand, dim: int, index: Operand, source: Operand) -> Tensor:
    """Return ``x`` with the slices of ``source`` at places of an axis; arguments as for ``index_add``.

    Where the index names a place twice, the later slice stays, and it alone has a gradient.
    """
    x_data, along, places, source_data = operands_of_write(index_copy, x, dim, index, source)
    output = x_data.copy()
    rows = output.reshape(x_data.shape or 1)
    key: Any = (*(slice(None),) * along, places)
    rows[key] = source_data.reshape(source_data.shape if x_data.ndim > 1 else places.shape)
    last = last_named(places.reshape(-1), rows.shape[along]) if needs_grad(source) else None
    if last is not None:
        last = last.reshape((-1, *(1,) * (x_data.ndim - along - 1)))
    saved = (along, places, source_data.shape, last)
    return record(index_copy, index_copy_vjp, output, (x, dim, index, source), saved)


def index_copy_vjp(
    grad_output: Value, along: int, index: Value, shape: tuple[int, ...], last: Value
) -> tuple[Value, ...]:
    """``grad_x = grad_output, 0 at the places; grad_source = grad_output at the places``."""
    grad_source = index_select(grad_output, along, index)
    if last is not None:
        grad_source = where(last, grad_source, 0)
    return index_fill(grad_output, along, index, 0), None, None, reshape(grad_source, shape)


def index_fill(x: Operand, dim: int, index: Operand, value: Operand) -> Tensor:
    """Return ``x`` with one number at places of an axis.

    Args:
        x: any shape.
        dim: the axis.
        index: integers, shape (n,) or (); negative ones count from the end.
        value: a number or a 0-d tensor; it is converted to x's dtype.

    Raises:
        TypeError: if the index is not of integers.
        ValueError: if a shape does not fit; IndexError: if an index is out of range.
    """
    x_data, filling = unwrap(index_fill, x), unwrap_exact(index_fill, value)
    along = dim if dim.__class__ is int and 0 <= dim < x_data.ndim else axis(index_fill, dim, x_data.ndim)
    if filling.ndim:
        raise ValueError(
            message(
                "index_fill", f"one number is needed to fill with, got {describe(value)}.", "index_copy writes slices."
            )
        )
    places = vector_of_places(index_fill, x_data, along, index, from_end=True)
    output = x_data.copy()
    key: Any = (*(slice(None),) * along, places)
    output.reshape(x_data.shape or 1)[key] = filling.astype(x_data.dtype)
    once = np.unique(places) if needs_grad(value) else None
    return record(index_fill, index_fill_vjp, output, (x, dim, index, value), (along, places, once, needs_grad(x)))


def index_fill_vjp(grad_output: Value, along: int, places: Value, once: Value, for_x: bool) -> tuple[Value, ...]:
    """``grad_x = grad_output, 0 at the places; grad_value = the sum of grad_output at the places``."""
    grad_x = index_fill(grad_output, along, places, 0) if for_x else None
    return grad_x, None, None, None if once is None else sum(index_select(grad_output, along, once))


def index_put(x: Operand, indices: Any, values: Operand, accumulate: bool = False) -> Tensor:
    """Return a copy of ``x`` in which ``x[indices]`` is ``values``.

    Args:
        x: any shape.
        indices: a tuple of tensors of integers or bools, as in ``x[i, j]``.
        values: of x's dtype, of a shape that broadcasts to that of ``x[indices]``.
        accumulate: add the values to what is there: a place that is named several times receives the sum. Otherwise
            the later value stays.

    Raises:
        TypeError: if an index is of another type, or ``values`` of another dtype.
        ValueError: if the values do not broadcast; IndexError: if the index does not fit.

    Examples:
        >>> import minigrad as mg
        >>> mg.index_put(mg.zeros(3), (mg.tensor([0, 2, 0]),), mg.tensor([1.0, 2.0, 3.0]), accumulate=True).tolist()
        [4.0, 0.0, 2.0]
    """
    x_data, values_data = unwrap(index_put, x), unwrap_exact(index_put, values)
    if not isinstance(indices, (tuple, list)):
        raise TypeError(
            message("index_put", f"a tuple of index tensors is needed, got {describe(indices)}.", "Write (index,).")
        )
    if isinstance(values, (tensors.Tensor, ndarray)):
        same_dtype(index_put, x_data, values_data)
    recorded = needs_grad(x) or needs_grad(values)
    key = plain_index(tuple(indices), recorded)
    output = x_data.copy()
    inputs = (x, indices, values, accumulate)
    added = values_data.astype(x_data.dtype, copy=False)
    if flag(index_put, "accumulate", accumulate):
        place = place_of(x_data, key, values)
        add_at(output, key, added if added.shape == place else np.broadcast_to(added, place))
        between = (None,) * edges_of_index(indices)
        return record(index_put, index_put_accumulate_vjp, output, inputs, (key, between, needs_grad(values)))
    if added.ndim and added.shape[0] == 1:
        # NumPy would leave out an axis of length 1.
        place_of(x_data, key, values)
    try:
        output[key] = added
    except (IndexError, ValueError):
        place_of(x_data, key, values)
        raise
    if not recorded:
        return record(index_put, set_item_vjp, output, inputs)
    last = written_last(x_data.shape, key) if needs_grad(values) else None
    saved = (key, (None,) * edges_of_index(indices), needs_grad(x), needs_grad(values), last)
    return record(index_put, set_item_vjp, output, inputs, saved)


def index_put_accumulate_vjp(
    grad_output: Value, key: Any, between: tuple[None, ...], for_values: bool
) -> tuple[Value, ...]:
    """``grad_x = grad_output; grad_values = grad_output at the index`` (the engine sums what was broadcast)."""
    return grad_output, *between, grad_output[key] if for_values else None


def place_of(x: ndarray, key: tuple[Any, ...], values: Operand) -> tuple[int, ...]:
    """Return the shape of ``x[key]``.

    Raises:
        IndexError: if the index does not fit; ValueError: if the values do not broadcast to it.
    """
    try:
        place = shape_of_place(x, key)
    except (IndexError, ValueError):
        problem, remedy = misfit(x.shape, key)
        raise IndexError(message("index_put", f"{problem}; x is {describe(x)}.", remedy)) from None
    if not broadcasts_to(np.shape(unwrap_exact(index_put, values)), place):
        raise ValueError(
            message(
                "index_put",
                f"the values, {describe(values)}, do not broadcast to {place}, the shape of x[indices].",
                "From the right, each length must be that of x[indices], or 1.",
            )
        )
    return place


def index_add_(x: Tensor, dim: int, index: Operand, source: Operand, *, alpha: float = 1) -> Tensor:
    """Add ``alpha`` times the slices of ``source`` to ``x`` at places of an axis, in place."""
    return write_over(index_add, x, (dim, index, source if alpha == 1 else scaled(index_add_, source, alpha)))


def index_copy_(x: Tensor, dim: int, index: Operand, source: Operand) -> Tensor:
    """Write the slices of ``source`` over ``x`` at places of an axis."""
    return write_over(index_copy, x, (dim, index, source))


def index_fill_(x: Tensor, dim: int, index: Operand, value: Operand) -> Tensor:
    """Write one number over ``x`` at places of an axis."""
    return write_over(index_fill, x, (dim, index, value))


def index_put_(x: Tensor, indices: Any, values: Operand, accumulate: bool = False) -> Tensor:
    """Write ``values`` over ``x[indices]``, or add them to it."""
    return write_over(index_put, x, (indices, values, accumulate))


class IndexWriteMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    index_add = index_add
    index_add_ = index_add_
    index_copy = index_copy
    index_copy_ = index_copy_
    index_fill = index_fill
    index_fill_ = index_fill_
    index_put = index_put
    index_put_ = index_put_
