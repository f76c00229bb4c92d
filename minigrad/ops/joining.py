"""Several tensors into one, and one into several."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.dtypes import result_type
from minigrad.errors import describe, message, no_memory
from minigrad.graph import record
from minigrad.ops.operands import Op, Operand, Tensor, Value, axis, ndarray, sizes, unwrap, whole
from minigrad.ops.shapes import reshape


def cat(tensors: Any, dim: int = 0) -> Tensor:
    """Return tensors joined along an axis that they have.

    Args:
        tensors: a sequence of at least one; shapes equal but for axis ``dim``. Empty 1-d ones are passed over.
        dim: the axis to join along.

    Returns:
        A copy, of the promoted dtype.

    Raises:
        ValueError: if there is none, or the shapes do not fit.

    Examples:
        >>> import minigrad as mg
        >>> mg.cat([mg.ones(1, 2), mg.zeros(2, 2)]).shape
        (3, 2)
    """
    operands, arrays = sequence(cat, tensors)
    first = arrays[0]
    ndim = first.ndim
    if type(dim) is int and 0 <= dim < ndim:
        lengths = lengths_along(arrays, dim)
        if lengths is not None:
            output = joined(arrays, dim)
            return record(cat, cat_vjp, output, (operands, dim), (tuple(lengths), dim))
    return cat_unlike(operands, arrays, dim)


def joined(arrays: list[ndarray], along: int, dtype: np.dtype | None = None) -> ndarray:
    """Return arrays joined along an axis, converted where a dtype is given.

    Raises:
        MemoryError: if there is not enough memory for it.
    """
    try:
        return np.concatenate(arrays, along) if dtype is None else np.concatenate(arrays, along, dtype=dtype)
    except MemoryError as error:
        raise no_memory("cat", error, *arrays) from None


def lengths_along(arrays: list[ndarray], along: int) -> list[int] | None:
    """Return the lengths of arrays along an axis if they have one dtype and else equal shapes, or None."""
    first = arrays[0]
    lengths = []
    for array in arrays:
        shape = array.shape
        if array.dtype is not first.dtype or array.ndim != first.ndim or not fit_along(shape, first.shape, along):
            return None
        lengths.append(shape[along])
    return lengths


def cat_unlike(operands: tuple[Any, ...], arrays: list[ndarray], dim: int) -> Tensor:
    """Return ``cat`` of tensors of several dtypes, or of which some are empty.

    Raises:
        ValueError: if the shapes do not fit.
    """
    shaped = [array for array in arrays if array.shape != (0,)] or arrays[:1]
    first = shaped[0]
    ndim = first.ndim
    if ndim == 0:
        raise ValueError(message("cat", "0-d tensors have no axis to be joined along.", "Use stack, which makes one."))
    along = dim if type(dim) is int and 0 <= dim < ndim else axis(cat, dim, ndim)
    lengths = []
    one_dtype = True
    for array in arrays:
        fits = array.ndim == ndim and fit_along(array.shape, first.shape, along)
        if not fits and array.shape != (0,):
            refuse_misfit(dim, arrays, array)
        # -1 for an empty 1-d tensor among others, which has no part of the output.
        lengths.append(array.shape[along] if fits else -1)
        one_dtype = one_dtype and array.dtype is first.dtype
    # To promote the dtypes, and to tell NumPy the result, takes 1.5 microseconds, as long as all the rest.
    output = joined(shaped, along, None if one_dtype else result_type(*arrays))
    return record(cat, cat_vjp, output, (operands, dim), (tuple(lengths), along))


def fit_along(shape: tuple[int, ...], other: tuple[int, ...], along: int) -> bool:
    """Return whether two shapes of as many axes are equal but for one axis."""
    return shape == other or (shape[:along] == other[:along] and shape[along + 1 :] == other[along + 1 :])


def refuse_misfit(dim: int, arrays: list[ndarray], array: ndarray) -> None:
    """Raise the ValueError about arrays of which one cannot be joined to the others."""
    axes = [each.ndim for each in arrays if each.shape != (0,)]
    raise ValueError(
        message(
            "cat",
            f"along dim {dim} the other lengths must agree, got {[each.shape for each in arrays]}.",
            "Give each as many axes: x.unsqueeze(0)."
            if array.ndim != axes[0]
            else "Join along the axis in which they differ, or cut or pad the others first.",
        )
    )


def cat_vjp(grad_output: Value, lengths: tuple[int, ...], along: int) -> list[Value]:
    """``grad_tensors[i] = the slice of grad_output that tensors[i] became``."""
    return parts_of(grad_output, lengths, along)


def parts_of(x: Value, lengths: tuple[int, ...], along: int) -> list[Value]:
    """Return consecutive slices of the given lengths along an axis; for -1 an empty 1-d one."""
    parts: list[Value] = []
    start = 0
    before = (slice(None),) * along
    for length in lengths:
        if length < 0:
            parts.append(reshape(x[(*before, slice(0, 0))], (0,)))
        else:
            parts.append(x[(*before, slice(start, start + length))])
            start += length
    return parts


def stack(tensors: Any, dim: int = 0) -> Tensor:
    """Return tensors of one shape joined along a new axis.

    Raises:
        ValueError: if there is none, or the shapes differ.
    """
    operands, arrays = sequence(stack, tensors)
    shape = arrays[0].shape
    along = axis(stack, dim, len(shape) + 1)
    for array in arrays:
        if array.shape != shape:
            raise ValueError(
                message(
                    "stack",
                    f"the shapes must be equal, got {[a.shape for a in arrays]}.",
                    "Pad them to one shape, or join them with cat along an axis that is there.",
                )
            )
    output = stacked(arrays, along)
    return record(stack, stack_vjp, output, (operands, dim), (len(arrays), along))


def stacked(arrays: list[ndarray], along: int) -> ndarray:
    """Return arrays of one shape joined along a new axis, in the promoted dtype."""
    shape, dtype = arrays[0].shape, arrays[0].dtype
    for array in arrays:
        if array.dtype is not dtype:
            dtype = result_type(*arrays)
            break
    try:
        output = np.empty((*shape[:along], len(arrays), *shape[along:]), dtype)
    except MemoryError as error:
        raise no_memory("stack", error, *arrays) from None
    before = (slice(None),) * along
    for place, array in enumerate(arrays):
        key: Any = (*before, place)
        output[key] = array
    return output


def stack_vjp(grad_output: Value, number: int, along: int) -> list[Value]:
    """``grad_tensors[i] = grad_output at place i of the new axis``."""
    return places_of(grad_output, number, along)


def places_of(x: Value, number: int, along: int) -> list[Value]:
    """Return what lies at each place of an axis."""
    found: list[Value] = []
    before = (slice(None),) * along
    for index in range(number):
        # With Ellipsis NumPy gives an array, and a view, also for one element.
        found.append(x[(*before, index, ...)])
    return found


def sequence(op: Op, tensors: Any) -> tuple[tuple[Any, ...], list[ndarray]]:
    """Return a sequence of operands as a tuple, and their arrays.

    Raises:
        TypeError: if it is no sequence; ValueError: if it is empty.
    """
    if not isinstance(tensors, (tuple, list)):
        raise TypeError(
            message(
                op.__name__,
                f"a list or tuple of tensors is needed, got {describe(tensors)}.",
                f"Write {op.__name__}([x, y]); list(...) takes what a generator yields.",
            )
        )
    if len(tensors) == 0:
        raise ValueError(message(op.__name__, "at least one tensor is needed, got an empty sequence."))
    arrays = []
    for each in tensors:
        arrays.append(unwrap(op, each))
    return tuple(tensors), arrays


def split(x: Operand, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Return views of consecutive parts of x along an axis.

    Args:
        x: any shape but 0-d.
        split_size_or_sections: the length of every part (the last may be shorter), or a sequence of the lengths.
        dim: the axis to split.

    Raises:
        ValueError: if the lengths are negative or do not add up to the axis' length.
    """
    x_data = unwrap(split, x)
    along = dim if type(dim) is int and 0 <= dim < x_data.ndim else axis(split, dim, x_data.ndim)
    length_of_all = x_data.shape[along] if x_data.ndim else 0
    lengths: list[int] = []
    if isinstance(split_size_or_sections, (tuple, list)):
        lengths += sizes(split, (split_size_or_sections,))
        fits = x_data.ndim > 0 and sum(lengths) == length_of_all and min(lengths, default=0) >= 0
    else:
        size = whole(split, "split_size_or_sections", split_size_or_sections)
        fits = x_data.ndim > 0 and (size > 0 or (size == 0 and length_of_all == 0))
        for start in range(0, max(length_of_all, 1) if fits else 0, size or 1):
            lengths.append(min(size, length_of_all - start))
    if not fits:
        raise ValueError(
            message(
                "split",
                f"axis {dim} of {describe(x)} cannot be split into parts of {split_size_or_sections}.",
                "Lengths add up to that of the axis; for a number of parts use chunk."
                if x_data.ndim
                else "Give it an axis: x.reshape(1).",
            )
        )
    parts = parts_of(x_data, tuple(lengths), along)
    saved = (tuple(lengths), along, x_data.shape)
    inputs = (x, split_size_or_sections, dim)
    outputs: tuple[Tensor, ...] = record(split, split_vjp, tuple(parts), inputs, saved, x)
    return outputs


def split_vjp(grad_outputs: tuple[Value, ...], lengths: tuple[int, ...], along: int, shape: tuple[int, ...]) -> Value:
    """``grad_x = the gradients of the parts joined again``, zeros where none arrived."""
    return cat(completed(grad_outputs, lengths, along, shape), along)


def completed(grads: tuple[Value, ...], lengths: tuple[int, ...], along: int, shape: tuple[int, ...]) -> list[Value]:
    """Return the gradients of parts, with zeros of their shape for those that did not arrive.

    Args:
        grads: those that arrived, else None.
        lengths: of the parts along an axis of the operand; empty where all parts have the shape that is given.
        along: the axis.
        shape: of the operand.
    """
    arrived = None
    for grad in grads:
        arrived = grad if grad is not None else arrived
    parts: list[Value] = []
    for number, grad in enumerate(grads):
        missing = (*shape[:along], lengths[number], *shape[along + 1 :]) if lengths else shape
        parts.append(zeros_of(arrived, missing) if grad is None else grad)
    return parts


def zeros_of(like: Value, shape: tuple[int, ...]) -> Value:
    """Return zeros of a shape as an array of the dtype of ``like``."""
    return np.zeros(shape, like.dtype)


def chunk(x: Operand, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """Return views of at most ``chunks`` parts of x along an axis, all but the last of equal length.

    Of an axis without elements there are ``chunks`` parts without elements.

    Raises:
        ValueError: if ``chunks`` is not positive, or x is 0-d.
    """
    x_data = unwrap(chunk, x)
    along = axis(chunk, dim, x_data.ndim)
    chunks = whole(chunk, "chunks", chunks)
    refuse_scalar(chunk, x_data)
    if chunks < 1:
        raise ValueError(message("chunk", f"chunks must be at least 1, got {chunks}."))
    length = x_data.shape[along]
    return split(x, -(-length // chunks) if length else [0] * chunks, along)


def unbind(x: Operand, dim: int = 0) -> tuple[Tensor, ...]:
    """Return views of x at each place of an axis, without that axis.

    Raises:
        ValueError: if x is 0-d.
    """
    x_data = unwrap(unbind, x)
    along = axis(unbind, dim, x_data.ndim)
    refuse_scalar(unbind, x_data)
    number = x_data.shape[along]
    if number == 0:
        return ()
    shape = (*x_data.shape[:along], *x_data.shape[along + 1 :])
    parts = places_of(x_data, number, along)
    outputs: tuple[Tensor, ...] = record(unbind, unbind_vjp, tuple(parts), (x, dim), (along, shape), x)
    return outputs


def unbind_vjp(grad_outputs: tuple[Value, ...], along: int, shape: tuple[int, ...]) -> Value:
    """``grad_x = the gradients of the parts stacked again``, zeros where none arrived."""
    return stack(completed(grad_outputs, (), 0, shape), along)


def refuse_scalar(op: Op, x: ndarray) -> None:
    """Raise a ValueError if an array has no axis to be taken apart along."""
    if x.ndim == 0:
        raise ValueError(
            message(
                op.__name__,
                f"{describe(x)} is 0-d and has no axis to be taken apart along.",
                "Give it one: x.reshape(1).",
            )
        )


class JoiningMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    split = split
    chunk = chunk
    unbind = unbind


concat = concatenate = cat
