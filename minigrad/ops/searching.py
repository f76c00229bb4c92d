"""Where elements are: the places of what is not zero, membership, distinct values, and places in a sorted sequence."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.dtypes import int32, int64
from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.operands import Operand, Tensor, axis, flag, ndarray, unwrap, unwrap_exact


def nonzero(x: Operand, *, as_tuple: bool = False) -> Any:
    """Return the indices of all elements that are not zero (NaN is not), in row-major order.

    Args:
        x: any shape.
        as_tuple: return a vector for each axis, as an index takes them, and not the rows of a matrix.

    Returns:
        int64, (n, ndim); or a tuple of ndim vectors (n,), of one for 0-d x.
    """
    x_data = unwrap(nonzero, x)
    if flag(nonzero, "as_tuple", as_tuple):
        found = tuple(np.nonzero(x_data if x_data.ndim else x_data.reshape(1)))
        return record(nonzero, None, found, (x, as_tuple))
    return record(nonzero, None, rows_of_nonzero(x_data), (x, as_tuple))


def argwhere(x: Operand) -> Tensor:
    """Return the indices of all elements that are not zero as the rows of a matrix, int64, (n, ndim)."""
    return record(argwhere, None, rows_of_nonzero(unwrap(argwhere, x)), (x,))


def rows_of_nonzero(x: ndarray) -> ndarray:
    """Return the index of each element that is not zero as a row."""
    if x.ndim == 0:
        return np.empty((int(bool(x)), 0), np.int64)
    found = np.nonzero(x)
    output = np.empty((found[0].size, x.ndim), np.int64)
    for along, places in enumerate(found):
        output[:, along] = places
    return output


def isin(elements: Operand, test_elements: Operand, *, assume_unique: bool = False, invert: bool = False) -> Tensor:
    """Return for each element whether it is among the test elements; NaN is not.

    Args:
        elements: any shape, or a number.
        test_elements: any shape, or a number.
        assume_unique: neither holds a value twice, which makes it faster.
        invert: return whether it is not among them.

    Returns:
        bool, of the shape of ``elements``.
    """
    x_data, test = unwrap_exact(isin, elements), unwrap_exact(isin, test_elements)
    assume_unique, invert = flag(isin, "assume_unique", assume_unique), flag(isin, "invert", invert)
    output = np.asarray(np.isin(x_data, test, assume_unique=assume_unique, invert=invert))
    return record(isin, None, output, (elements, test_elements, assume_unique, invert))


def unique(
    x: Operand,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """Return the values of ``x``, each once, in rising order; every NaN is a value of its own.

    Args:
        x: any shape.
        sorted: they are in rising order also without.
        return_inverse: return also for each element the index of its value.
        return_counts: return also how often each value occurs.
        dim: compare the slices along an axis, in lexicographic order; None for elements.

    Returns:
        A tensor, or a tuple of it and the int64 tensors that are asked for.

    Raises:
        ValueError: if slices without elements are compared; RuntimeError: if x requires grad.

    Examples:
        >>> import minigrad as mg
        >>> [each.tolist() for each in mg.unique(mg.tensor([3, 1, 3]), return_counts=True)]
        [[1, 3], [1, 2]]
    """
    x_data = unwrap(unique, x)
    along = None if dim is None else axis(unique, dim, x_data.ndim)
    if along is not None and x_data.ndim and 0 in x_data.shape:
        others = (*x_data.shape[:along], *x_data.shape[along + 1 :])
        if 0 in others:
            raise ValueError(
                message(
                    "unique", f"the slices of {describe(x)} along axis {along} have no elements.", "Name another axis."
                )
            )
    array = x_data if x_data.ndim or along is None else x_data.reshape(1)
    inputs = (x, sorted, return_inverse, return_counts, dim)
    return_inverse = flag(unique, "return_inverse", return_inverse)
    return_counts = flag(unique, "return_counts", return_counts)
    function: Any = np.unique
    found = function(array, False, return_inverse, return_counts, axis=along, equal_nan=False)
    if not return_inverse and not return_counts:
        return record(unique, None, found.reshape(()) if along is not None and x_data.ndim == 0 else found, inputs)
    outputs = [found[0].reshape(()) if along is not None and x_data.ndim == 0 else found[0]]
    if return_inverse:
        shape = x_data.shape if along is None else x_data.shape[along : along + 1]
        outputs.append(found[1].reshape(shape).astype(int64, copy=False))
    if return_counts:
        outputs.append(found[-1].astype(int64, copy=False))
    return record(unique, None, tuple(outputs), inputs)


def bucketize(x: Operand, boundaries: Operand, *, out_int32: bool = False, right: bool = False) -> Tensor:
    """Return for each element how many boundaries lie below it: its place among them.

    Args:
        x: any shape, or a number.
        boundaries: a vector in rising order.
        out_int32: return int32 and not int64.
        right: count also boundaries that are equal to the element.

    Raises:
        ValueError: if ``boundaries`` is no vector.

    Examples:
        >>> import minigrad as mg
        >>> mg.bucketize(mg.tensor([0.5, 2.0, 9.0]), mg.tensor([1.0, 2.0, 3.0])).tolist()
        [0, 1, 3]
    """
    x_data, sequence = unwrap_exact(bucketize, x), unwrap(bucketize, boundaries)
    if sequence.ndim != 1:
        raise ValueError(
            message(
                "bucketize", f"boundaries are a vector, got {describe(boundaries)}.", "searchsorted takes rows of them."
            )
        )
    output = places_in(sequence, x_data, right, out_int32)
    return record(bucketize, None, output, (x, boundaries, out_int32, right))


def searchsorted(
    sorted_sequence: Operand,
    x: Operand,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Operand | None = None,
) -> Tensor:
    """Return for each element the place where it would have to be put into a sequence that is in rising order.

    Args:
        sorted_sequence: a vector, or (..., n) with a sequence for each row of ``x``.
        x: any shape for a vector, else (..., m) with the same axes in front; a number for a vector.
        out_int32: return int32 and not int64.
        right: behind elements that are equal, not before them.
        side: ``"left"`` or ``"right"``, the same in words.
        sorter: int64, of the shape of the sequence: the indices that would sort it, if it is not.

    Returns:
        x's shape.

    Raises:
        ValueError: if shapes do not fit, or ``side`` is unknown or not what ``right`` says.
    """
    sequence, x_data = unwrap(searchsorted, sorted_sequence), unwrap_exact(searchsorted, x)
    if not isinstance(side, str | None) or side not in (None, "left", "right") or (side == "left" and right):
        raise ValueError(
            message(
                "searchsorted", f"side is 'left' or 'right', got {side!r} with right={right}.", "Give one of the two."
            )
        )
    if (
        sequence.ndim == 0
        or (sequence.ndim > 1 and sequence.shape[:-1] != x_data.shape[:-1])
        or (sequence.ndim > 1 and x_data.ndim != sequence.ndim)
    ):
        raise ValueError(
            message(
                "searchsorted",
                f"the sequence is a vector, or has a row for each of x's; got {describe(sorted_sequence)} and x "
                f"{describe(x)}.",
                "One sequence for all rows is a vector.",
            )
        )
    if sorter is not None:
        order = unwrap(searchsorted, sorter)
        if order.shape != sequence.shape or order.dtype != int64:
            raise ValueError(
                message(
                    "searchsorted",
                    f"sorter needs int64 of the shape {sequence.shape}, got {describe(sorter)}.",
                    "It is what argsort gives.",
                )
            )
        sequence = np.take_along_axis(sequence, order, -1)
    output = places_in(sequence, x_data, right or side == "right", out_int32)
    return record(searchsorted, None, output, (sorted_sequence, x, out_int32, right, side, sorter))


def places_in(sequence: ndarray, x: ndarray, right: bool, out_int32: bool) -> ndarray:
    """Return the places of elements in one sequence, or of rows of them in rows of sequences."""
    side: Any = "right" if flag(searchsorted, "right", right) else "left"
    dtype = int32 if flag(searchsorted, "out_int32", out_int32) else int64
    if sequence.ndim == 1:
        return np.asarray(np.searchsorted(sequence, x, side)).astype(dtype, copy=False)
    output = np.empty(x.shape, dtype)
    for place in np.ndindex(x.shape[:-1]):
        output[place] = np.searchsorted(sequence[place], x[place], side)
    return output


class SearchMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    argwhere = argwhere
    nonzero = nonzero
    unique = unique
