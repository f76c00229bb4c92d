"""Elements, and whole tensors, repeated."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import tensors
from minigrad.errors import describe, message, no_memory
from minigrad.graph import record
from minigrad.ops.creation import affordable
from minigrad.ops.operands import Operand, Tensor, Value, axis, ndarray, needs_grad, sizes, unwrap, whole
from minigrad.ops.places import integer_index
from minigrad.ops.reductions import sum
from minigrad.ops.selections import index_select_backward
from minigrad.ops.shapes import reshape


def repeat(x: Operand, *repeats: Any) -> Tensor:
    """Return copies of ``x`` side by side along each axis.

    Args:
        x: any shape.
        repeats: how many copies along each axis, as integers or one sequence; more of them than x has axes make new
            axes in front.

    Raises:
        ValueError: if there are fewer than x has axes, or one is negative.

    Examples:
        >>> import minigrad as mg
        >>> mg.tensor([1, 2]).repeat(2, 2).tolist()
        [[1, 2, 1, 2], [1, 2, 1, 2]]
    """
    x_data = unwrap(repeat, x)
    counts = sizes(repeat, repeats)
    if len(counts) < x_data.ndim or min(counts, default=0) < 0:
        raise ValueError(
            message(
                "repeat",
                f"a number of copies, 0 or more, is needed for each of the {x_data.ndim} axes of {describe(x)}, got "
                f"{counts}.",
                "tile takes fewer numbers, for the last axes; expand repeats without a copy.",
            )
        )
    shape = (*(1,) * (len(counts) - x_data.ndim), *x_data.shape)
    # Each axis as two: the copies, and the elements of one.
    paired: list[int] = []
    single: list[int] = []
    joined: list[int] = []
    for count, length in zip(counts, shape):
        paired += [count, length]
        single += [1, length]
        joined.append(count * length)
    affordable(repeat, tuple(joined))
    try:
        output = np.empty(paired, x_data.dtype)
    except MemoryError as error:
        raise no_memory("repeat", error, x) from None
    output[...] = x_data.reshape(single)
    return record(repeat, repeat_vjp, output.reshape(joined), (x, *repeats), (tuple(paired), x_data.shape))


def repeat_vjp(grad_output: Value, paired: tuple[int, ...], shape: tuple[int, ...]) -> Value:
    """``grad_x = the sum of grad_output over the copies``."""
    if len(paired) == 0:
        return grad_output
    return reshape(sum(reshape(grad_output, paired), tuple(range(0, len(paired), 2))), shape)


def tile(x: Operand, dims: Any, *more: int) -> Tensor:
    """Return ``repeat`` of ``x``, where fewer numbers than axes are those of the last axes.

    Args:
        x: any shape.
        dims: how many copies along each axis, as one sequence or as integers.
        more: those after the first, where they are integers.

    Raises:
        ValueError: if one is negative.
    """
    counts = sizes(tile, (dims, *more))
    missing = unwrap(tile, x).ndim - len(counts)
    return repeat(x, (*(1,) * missing, *counts))


def repeat_interleave(
    x: Operand, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Return ``x`` with each element, or slice along an axis, repeated in place.

    Args:
        x: any shape; without ``repeats``, a vector of integers, and the result is how often each index is wanted.
        repeats: how often each is repeated, an integer or a vector of them, one for each.
        dim: the axis; None for all elements in row-major order.
        output_size: the length of the result along the axis, which is checked where it is given.

    Raises:
        TypeError: if ``repeats`` is not of integers.
        ValueError: if there are not as many as elements, one is negative, or ``output_size`` is another.

    Examples:
        >>> import minigrad as mg
        >>> mg.repeat_interleave(mg.tensor([5, 6]), mg.tensor([1, 3])).tolist()
        [5, 6, 6, 6]
        >>> mg.repeat_interleave(mg.tensor([2, 1])).tolist()
        [0, 0, 1]
    """
    x_data = unwrap(repeat_interleave, x)
    if repeats is None:
        counts = checked_counts(x, x_data.size if x_data.ndim == 1 else -1, output_size)
        return record(repeat_interleave, None, np.repeat(np.arange(x_data.size), counts), (x, None, dim, output_size))
    if dim is None and x_data.ndim == 1:
        dim = 0
    if dim is None:
        return repeat_interleave(reshape(x, (-1,)), repeats, 0, output_size=output_size)
    along = axis(repeat_interleave, dim, x_data.ndim)
    length = x_data.shape[along] if x_data.ndim else 1
    counts = checked_counts(repeats, length, output_size)
    places = np.arange(length).repeat(counts) if needs_grad(x) else None
    # A 0-d operand is taken as a vector of one element.
    output = (x_data if x_data.ndim else x_data.reshape(1)).repeat(counts, along)
    saved = (along, places, x_data.shape)
    return record(repeat_interleave, repeat_interleave_vjp, output, (x, repeats, dim, output_size), saved)


def repeat_interleave_vjp(grad_output: Value, along: int, places: Value, shape: tuple[int, ...]) -> Value:
    """``grad_x = zeros with grad_output added where each slice came from``."""
    return index_select_backward(grad_output, along, places, shape)


def checked_counts(repeats: Any, length: int, output_size: int | None) -> Any:
    """Return how often each of ``length`` elements is repeated, as one number for all or an array.

    Raises:
        TypeError, ValueError: as ``repeat_interleave``.
    """
    if isinstance(repeats, (tuple, list)):
        repeats = np.array([whole(repeat_interleave, "each of the repeats", each) for each in repeats], np.int64)
    if isinstance(repeats, (tensors.Tensor, ndarray)):
        counts = integer_index(repeat_interleave, repeats)
        fits = counts.ndim <= 1 and counts.size in (1, length) and (counts.size == 0 or counts.min() >= 0)
        # NumPy repeats by one number twice as fast as by an array of it.
        result: Any = int(counts.reshape(())) if counts.size == 1 and fits else counts
    else:
        result = whole(repeat_interleave, "repeats", repeats)
        fits = result >= 0
        affordable(repeat_interleave, (result, max(length, 1)))
    if not fits or length < 0:
        numbers = f", {result.tolist()}" if isinstance(result, ndarray) and result.size < 9 else ""
        raise ValueError(
            message(
                "repeat_interleave",
                f"repeats is one number, 0 or more, or a vector with one for each of {max(length, 0)} elements; got "
                f"{describe(repeats)}{numbers}.",
                "dim names the axis whose elements are repeated.",
            )
        )
    if output_size is not None:
        output_size = whole(repeat_interleave, "output_size", output_size)
        total = int(result.sum()) if isinstance(result, ndarray) else result * length
        if output_size != total:
            problem = f"output_size is {output_size}, and the repeats give {total}."
            raise ValueError(message("repeat_interleave", problem, "Leave it out."))
    return result


class TilingMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    repeat = repeat
    repeat_interleave = repeat_interleave
    tile = tile
