"""Elements gathered along an axis, and integers as rows of zeros and a one."""

from __future__ import annotations

import numpy as np

from minigrad.dtypes import int64
from minigrad.errors import describe, message, no_memory
from minigrad.graph import record
from minigrad.ops.creation import affordable
from minigrad.ops.operands import Op, Operand, Tensor, Value, axis, ndarray, unwrap, whole
from minigrad.ops.places import add_elements, check_places, flat_places, integer_index, places_of


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
    x_data = unwrap(gather, x)
    along = axis(gather, dim, x_data.ndim)
    index_data = check_gather(gather, x_data, along, index)
    output = taken_at(x_data, along, index_data)
    return record(gather, gather_vjp, output, (x, dim, index), (along, index_data, x_data.shape))


def taken_at(x: ndarray, along: int, index: ndarray) -> ndarray:
    """Return what ``gather`` reads, at an index that fits."""
    if x.ndim == 0:
        return x.copy()
    if x.flags.c_contiguous and x.size:
        return x.take(flat_places(index, along, x.shape))
    return x[places_of(index, along)]


def gather_vjp(grad_output: Value, along: int, index: Value, shape: tuple[int, ...]) -> Value:
    """``grad_x = zeros with grad_output added where it was gathered from``."""
    return gather_backward(grad_output, along, index, shape)


def gather_backward(grad: Operand, along: int, index: Operand, shape: tuple[int, ...]) -> Tensor:
    """Return zeros of ``shape`` with ``grad`` added at ``index`` along an axis."""
    grad_data, index_data = unwrap(gather_backward, grad), unwrap(gather_backward, index)
    output = np.zeros(shape, grad_data.dtype)
    add_elements(output, along, index_data, grad_data)
    return record(gather_backward, gather_backward_vjp, output, (grad, along, index, shape), (along, index_data))


def gather_backward_vjp(grad_output: Value, along: int, index: Value) -> Value:
    """``grad_grad = grad_output gathered at the index``."""
    return gather(grad_output, along, index)


def check_gather(op: Op, x: ndarray, along: int, index: Operand) -> ndarray:
    """Return the array of an index that fits the operand that is read, or written to, along an axis.

    Raises:
        TypeError, ValueError, IndexError: if it does not.
    """
    index_data = integer_index(op, index)
    fits = index_data.ndim == x.ndim
    for place in range(x.ndim if fits else 0):
        fits = fits and (place == along or index_data.shape[place] <= x.shape[place])
    if not fits:
        raise ValueError(
            message(
                op.__name__,
                f"the index needs as many axes as x, and no longer ones but axis {along}; x is {describe(x)}, index "
                f"{index_data.shape}.",
                "index.unsqueeze(-1) adds an axis; whole rows are taken by x[index].",
            )
        )
    check_places(op, index_data, along, x.shape[along] if x.ndim else 1)
    return index_data


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
    affordable(one_hot, (*x_data.shape, num_classes))
    try:
        output = (x_data[..., None] == np.arange(num_classes)).astype(int64)
    except MemoryError as error:
        raise no_memory("one_hot", error, x) from None
    return record(one_hot, None, output, (x, num_classes))


class GatheringMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    gather = gather
