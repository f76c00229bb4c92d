"""Elements gathered along an axis, along a diagonal, and integers as rows of zeros and a one."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.dtypes import int64
from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.operands import Op, Operand, Tensor, Value, axis, ndarray, unwrap, whole
from minigrad.ops.shapes import base_of


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
        raise TypeError(
            message(
                op.__name__,
                f"the index must be of integers, got {describe(index)}.",
                "Convert it, index.long(); a mask selects by x[mask].",
            )
        )
    fits = index.ndim == x.ndim
    for place in range(x.ndim if fits else 0):
        fits = fits and (place == along or index.shape[place] <= x.shape[place])
    if not fits:
        raise ValueError(
            message(
                op.__name__,
                f"the index needs as many axes as x, and no longer ones but axis {along}; x is {describe(x)}, index "
                f"{index.shape}.",
                "index.unsqueeze(-1) adds an axis; whole rows are taken by x[index].",
            )
        )
    length = x.shape[along] if x.ndim else 1
    if index.size and (index.min() < 0 or index.max() >= length):
        bad = index.min() if index.min() < 0 else index.max()
        raise IndexError(
            message(
                op.__name__,
                f"index {bad} is out of range for axis {along} of length {length}.",
                "Negative ones do not count from the end here: add the length."
                if bad < 0
                else "Check which axis dim names; indices that count from 1 need index - 1.",
            )
        )


def diagonal(x: Operand, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
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
        raise ValueError(
            message(
                "diagonal",
                f"two different axes are needed, got {dim1} and {dim2} of {describe(x)}.",
                "dim1=0, dim2=1 are those of a matrix, dim1=-2, dim2=-1 those of a batch of matrices.",
            )
        )
    offset = whole(diagonal, "offset", offset)
    if not -x_data.shape[first] <= offset <= x_data.shape[second]:
        # NumPy takes C's integers; beyond the corners the diagonal is empty.
        offset = x_data.shape[second]
    output = x_data.diagonal(offset, first, second)
    # NumPy marks diagonals read-only though the memory is the operand's.
    output.flags.writeable = x_data.flags.writeable
    saved = (x_data.shape, offset, first, second)
    return record(diagonal, diagonal_vjp, output, (x, offset, dim1, dim2), saved, base=base_of(x))


def diagonal_vjp(grad_output: Value, shape: tuple[int, ...], offset: int, first: int, second: int) -> Value:
    """``grad_x = zeros with grad_output on the diagonal``."""
    return diagonal_backward(grad_output, shape, offset, first, second)


def diagonal_backward(grad: Operand, shape: tuple[int, ...], offset: int, first: int, second: int) -> Tensor:
    """Return zeros of ``shape`` with ``grad`` on a diagonal."""
    grad_data = unwrap(diagonal_backward, grad)
    output = np.zeros(shape, grad_data.dtype)
    # NumPy marks diagonals read-only though the memory is ours.
    place = output.diagonal(offset, first, second)
    place.flags.writeable = True
    place[...] = grad_data
    saved = (offset, first, second)
    return record(diagonal_backward, diagonal_backward_vjp, output, (grad, shape, offset, first, second), saved)


def diagonal_backward_vjp(grad_output: Value, offset: int, first: int, second: int) -> Value:
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
    num_classes = whole(one_hot, "num_classes", num_classes)
    if num_classes < -1 or num_classes == 0:
        raise ValueError(message("one_hot", f"num_classes is positive, or -1 to be seen from x; got {num_classes}."))
    if num_classes == -1:
        if x_data.size == 0:
            raise ValueError(
                message("one_hot", "the number of classes cannot be seen from no element.", "Pass it: num_classes=10.")
            )
        num_classes = int(x_data.max()) + 1
    if x_data.size and (x_data.min() < 0 or x_data.max() >= num_classes):
        raise ValueError(
            message(
                "one_hot",
                f"classes must be in [0, {num_classes - 1}], got {x_data.min()} to {x_data.max()}.",
                "Pass a larger num_classes, or let the labels begin at 0: x - x.min().",
            )
        )
    output = (x_data[..., None] == np.arange(num_classes)).astype(int64)
    return record(one_hot, None, output, (x, num_classes))


class GatheringMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    gather = gather
    diagonal = diagonal
