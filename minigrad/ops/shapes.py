"""The same numbers in another shape or order of axes; views wherever NumPy can give one."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.dtypes import as_dtype
from minigrad.errors import describe, message, no_memory
from minigrad.graph import record
from minigrad.ops import operands
from minigrad.ops.operands import Operand, Tensor, Value, axes, axis, ndarray, sizes, unwrap
from minigrad.ops.wanted_shapes import LENGTHS_MULTIPLY, completed, in_shape


def reshape(x: Operand, *shape: Any) -> Tensor:
    """Return the same elements, in row-major order, in another shape; a view where the memory allows it.

    Args:
        x: any shape.
        shape: the wanted shape, as integers or one sequence; one of them may be -1, which is worked out.

    Raises:
        ValueError: if the number of elements differs, or two lengths are -1.
    """
    x_data = unwrap(reshape, x)
    try:
        output = in_shape(reshape, x_data, shape)
    except MemoryError as error:
        raise no_memory("reshape", error, x) from None
    return record(reshape, reshape_vjp, output, (x, *shape), (x_data.shape,), x)


def reshape_vjp(grad_output: Value, source: tuple[int, ...]) -> Value:
    """``grad_x = grad_output in the shape of x``."""
    return reshape(grad_output, source)


def reshaped(x: Operand, x_data: ndarray, shape: tuple[int, ...]) -> Tensor:
    """Return ``reshape`` to a shape that is known to fit."""
    return record(reshape, reshape_vjp, x_data.reshape(shape), (x, shape), (x_data.shape,), x)


def view(x: Operand, *shape: Any, dtype: Any = None) -> Tensor:
    """Return a view of the same memory in another shape, or its bytes as numbers of another dtype.

    Args:
        x: any shape.
        shape: as for ``reshape``; or a dtype alone.
        dtype: the dtype, by name. Its numbers may be wider or narrower, and the last axis is shorter or longer then. To
            other floats there is no derivative.

    Raises:
        ValueError: if the number of elements differs, or the elements do not lie so that a view can show them.
        RuntimeError: if floats are seen as other floats where x requires grad.
    """
    x_data = unwrap(view, x)
    if dtype is not None or (shape and type(shape[0]) is not int and isinstance(shape[0], (np.dtype, type))):
        return seen_as(x, x_data, shape[0] if dtype is None else dtype)
    output = in_shape(view, x_data, shape)
    if not (x_data.flags.c_contiguous or x_data.size == 0 or np.may_share_memory(output, x_data)):
        raise ValueError(
            message(
                "view",
                f"{describe(x)} with strides {x_data.strides} cannot be seen as {output.shape} without a copy.",
                "Use reshape, which copies where it must.",
            )
        )
    return record(view, reshape_vjp, output, (x, *shape), (x_data.shape,), x)


def seen_as(x: Operand, x_data: ndarray, dtype: Any) -> Tensor:
    """Return the bytes of ``x`` as numbers of another dtype."""
    wanted = as_dtype("view", dtype)
    if wanted is x_data.dtype:
        return record(view, reshape_vjp, x_data[...], (x, dtype), (x_data.shape,), x)
    try:
        output = x_data.view(wanted)
    except ValueError:
        raise ValueError(
            message(
                "view",
                f"{describe(x)} with strides {x_data.strides} cannot be seen as {wanted}.",
                "Of wider or narrower numbers whole ones must fit into the last axis, side by side in memory; "
                "x.to(dtype) converts.",
            )
        ) from None
    return record(view, None, output, (x, dtype), (), x)


def view_as(x: Operand, y: Operand) -> Tensor:
    """Return ``x`` viewed in the shape of ``y``."""
    return view(x, unwrap(view_as, y).shape)


def reshape_as(x: Operand, y: Operand) -> Tensor:
    """Return ``x`` in the shape of ``y``."""
    return reshape(x, unwrap(reshape_as, y).shape)


def flatten(x: Operand, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Return x with the axes from ``start_dim`` to ``end_dim`` joined into one.

    Raises:
        ValueError: if ``start_dim`` comes after ``end_dim``.
    """
    x_data = unwrap(flatten, x)
    if type(start_dim) is int and type(end_dim) is int and start_dim == 0 and end_dim == -1:
        return reshaped(x, x_data, (x_data.size,))
    first, last = axis(flatten, start_dim, x_data.ndim), axis(flatten, end_dim, x_data.ndim)
    if first > last:
        raise ValueError(
            message(
                "flatten",
                f"start_dim {start_dim} comes after end_dim {end_dim}.",
                f"Exchange them: flatten({end_dim}, {start_dim}).",
            )
        )
    shape = x_data.shape or (1,)
    joined = 1
    for size in shape[first : last + 1]:
        joined *= size
    return reshaped(x, x_data, (*shape[:first], joined, *shape[last + 1 :]))


def ravel(x: Operand) -> Tensor:
    """Return x with all its axes joined into one."""
    return flatten(x)


def unflatten(x: Operand, dim: int, sizes: Any) -> Tensor:
    """Return x with one axis split into several of the given sizes, one of which may be -1.

    Raises:
        ValueError: if the sizes do not multiply to the length of the axis.
    """
    x_data = unwrap(unflatten, x)
    along = axis(unflatten, dim, x_data.ndim)
    if x_data.ndim == 0:
        raise ValueError(message("unflatten", f"{describe(x)} has no axis to split.", "Give it axes with reshape."))
    parts = operands.sizes(unflatten, (sizes,))
    wanted = completed(parts, x_data.shape[along])
    if wanted is None:
        raise ValueError(
            message("unflatten", f"axis {along} of {describe(x)} cannot be split into {parts}.", LENGTHS_MULTIPLY)
        )
    return reshaped(x, x_data, (*x_data.shape[:along], *wanted, *x_data.shape[along + 1 :]))


def permute(x: Operand, *dims: Any) -> Tensor:
    """Return a view of x with its axes in another order.

    Args:
        x: any shape.
        dims: the axes in their new order, as integers or one sequence.

    Raises:
        ValueError: if ``dims`` does not name every axis once.
    """
    x_data = unwrap(permute, x)
    named = dims[0] if len(dims) == 1 and type(dims[0]) is tuple else sizes(permute, dims)
    for each in named:
        if type(each) is not int:
            named = tuple([axis(permute, each, x_data.ndim) for each in named])
            break
    try:
        output = x_data.transpose(named)
    except ValueError:
        # Of no axis, or one that is named twice.
        order = tuple([axis(permute, each, x_data.ndim) for each in named])
        raise ValueError(
            message(
                "permute",
                f"every axis of {describe(x)} must be named once, got {order}.",
                "To exchange two axes use transpose, to move one movedim.",
            )
        ) from None
    return record(permute, permute_vjp, output, (x, *dims), (named,), x)


def permute_vjp(grad_output: Value, order: tuple[int, ...]) -> Value:
    """``grad_x = grad_output with its axes back in their old order``."""
    return permute(grad_output, inverse_of(order))


def permuted(x: Operand, x_data: ndarray, order: tuple[int, ...]) -> Tensor:
    """Return ``permute`` to an order that names every axis once."""
    return record(permute, permute_vjp, x_data.transpose(order), (x, order), (order,), x)


def inverse_of(order: tuple[int, ...]) -> tuple[int, ...]:
    """Return the order of axes that undoes another, in which axes may be counted from the end."""
    inverse = [0] * len(order)
    for place, each in enumerate(order):
        inverse[each] = place
    return tuple(inverse)


def transpose(x: Operand, dim0: int, dim1: int) -> Tensor:
    """Return a view of x with two axes exchanged."""
    x_data = unwrap(transpose, x)
    if type(dim0) is not int or type(dim1) is not int or x_data.ndim == 0:
        dim0, dim1 = axis(transpose, dim0, x_data.ndim), axis(transpose, dim1, x_data.ndim)
    try:
        output = x_data.swapaxes(dim0, dim1)
    except IndexError:
        # A 0-d tensor has an axis to exchange with itself; or it says what does not fit.
        axis(transpose, dim0, x_data.ndim), axis(transpose, dim1, x_data.ndim)
        output = x_data[...]
    return record(transpose, transpose_vjp, output, (x, dim0, dim1), (dim0, dim1), x)


def transposed(x: Operand, output: ndarray, first: int, second: int) -> Tensor:
    """Return ``transpose``, of which the array is known."""
    return record(transpose, transpose_vjp, output, (x, first, second), (first, second), x)


def transpose_vjp(grad_output: Value, first: int, second: int) -> Value:
    """``grad_x = grad_output with the two axes exchanged again``."""
    return transpose(grad_output, first, second)


def swapaxes(x: Operand, axis0: int, axis1: int) -> Tensor:
    """Return a view of x with two axes exchanged."""
    return transpose(x, axis0, axis1)


def t(x: Operand) -> Tensor:
    """Return the transpose of a matrix; a vector or scalar as it is.

    Raises:
        ValueError: if x has more than two axes.
    """
    x_data = unwrap(t, x)
    if x_data.ndim > 2:
        raise ValueError(message("t", f"at most two axes can be transposed, got {describe(x)}.", "Use mT or permute."))
    return transposed(x, x_data.T, 0, 1) if x_data.ndim == 2 else x  # type: ignore[return-value]


def matrix_transpose(x: Operand) -> Tensor:
    """Return a view of x with its last two axes exchanged: ``x.mT``.

    Raises:
        ValueError: if x has fewer than two axes.
    """
    x_data = unwrap(matrix_transpose, x)
    if x_data.ndim < 2:
        raise ValueError(
            message(
                "mT",
                f"a matrix or a batch of them is needed, got {describe(x)}.",
                "Give a vector a second axis: x.unsqueeze(-1).",
            )
        )
    return transposed(x, x_data.swapaxes(-1, -2), -2, -1)


def reverse_axes(x: Operand) -> Tensor:
    """Return a view of x with its axes in reverse: ``x.T``."""
    x_data = unwrap(reverse_axes, x)
    if x_data.ndim == 2:
        return transposed(x, x_data.T, 0, 1)
    return permuted(x, x_data, tuple(range(x_data.ndim))[::-1])


def movedim(x: Operand, source: Any, destination: Any) -> Tensor:
    """Return a view of x with axes moved to other places, the rest in their order.

    Raises:
        ValueError: if as many sources as destinations are not given, or one is named twice.
    """
    x_data = unwrap(movedim, x)
    if type(source) is int and type(destination) is int:
        order = list(range(x_data.ndim)) or [0]
        order.insert(axis(movedim, destination, x_data.ndim), order.pop(axis(movedim, source, x_data.ndim)))
        return permuted(x, x_data, tuple(order if x_data.ndim else ()))
    sources = list(source) if isinstance(source, (tuple, list)) else [source]
    destinations = list(destination) if isinstance(destination, (tuple, list)) else [destination]
    old = [axis(movedim, each, x_data.ndim) for each in sources]
    new = [axis(movedim, each, x_data.ndim) for each in destinations]
    if len(old) != len(new) or len(set(old)) != len(old) or len(set(new)) != len(new):
        raise ValueError(
            message(
                "movedim",
                f"axes {sources} cannot be moved to {destinations}.",
                "Name each axis once, and as many destinations as sources; permute takes the whole order.",
            )
        )
    order = [each for each in range(x_data.ndim) if each not in old]
    for place, each in sorted(zip(new, old, strict=True)):
        order.insert(place, each)
    return permuted(x, x_data, tuple(order))


def squeeze(x: Operand, dim: Any = None) -> Tensor:
    """Return a view of x without axes of length 1: all of them, or those of ``dim`` that have it."""
    x_data = unwrap(squeeze, x)
    ndim, known = x_data.ndim, x_data.shape
    if type(dim) is int and 0 <= dim < ndim:
        return reshaped(x, x_data, (*known[:dim], *known[dim + 1 :]) if known[dim] == 1 else known)
    if dim is None:
        dropped: Any = range(ndim)
    else:
        # For reductions an empty dim means all axes; here it means none.
        none = isinstance(dim, (tuple, list)) and len(dim) == 0
        dropped = () if none else axes(squeeze, dim, ndim)
    shape = []
    for index, size in enumerate(known):
        if size != 1 or index not in dropped:
            shape.append(size)
    return reshaped(x, x_data, tuple(shape))


def unsqueeze(x: Operand, dim: int) -> Tensor:
    """Return a view of x with a new axis of length 1 before axis ``dim``."""
    x_data = unwrap(unsqueeze, x)
    shape = x_data.shape
    place = dim if type(dim) is int and 0 <= dim <= len(shape) else axis(unsqueeze, dim, len(shape) + 1)
    return reshaped(x, x_data, (*shape[:place], 1, *shape[place:]))


def numel(x: Operand) -> int:
    """Return the number of elements."""
    return unwrap(numel, x).size


class ShapeMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    reshape = reshape
    reshape_as = reshape_as
    view = view
    view_as = view_as
    flatten = flatten
    ravel = ravel
    unflatten = unflatten
    permute = permute
    transpose = swapdims = transpose
    swapaxes = swapaxes
    t = t
    movedim = moveaxis = movedim
    squeeze = squeeze
    unsqueeze = unsqueeze
    T = property(reverse_axes)
    mT = property(matrix_transpose)


swapdims = transpose
moveaxis = movedim
