"""Diagonals: taken out of two axes, and laid out along them."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.errors import describe, message, no_memory
from minigrad.graph import record
from minigrad.ops.conversion import clone
from minigrad.ops.creation import affordable
from minigrad.ops.operands import Operand, Tensor, Value, axis, ndarray, unwrap, whole
from minigrad.ops.shapes import reshape


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
    ndim = x_data.ndim
    # The usual axes are checked here: axis() takes 0.2 microseconds, as long as all the rest.
    first = dim1 if type(dim1) is int and 0 <= dim1 < ndim else axis(diagonal, dim1, ndim)
    second = dim2 if type(dim2) is int and 0 <= dim2 < ndim else axis(diagonal, dim2, ndim)
    if first == second:
        raise ValueError(
            message(
                "diagonal",
                f"two different axes are needed, got {dim1} and {dim2} of {describe(x)}.",
                "dim1=0, dim2=1 are those of a matrix, dim1=-2, dim2=-1 those of a batch of matrices.",
            )
        )
    if type(offset) is not int:
        offset = whole(diagonal, "offset", offset)
    if not -x_data.shape[first] <= offset <= x_data.shape[second]:
        # NumPy takes C's integers; beyond the corners the diagonal is empty.
        offset = x_data.shape[second]
    output: Any = x_data.diagonal(offset, first, second)
    # NumPy marks diagonals read-only though the memory is the operand's.
    output.setflags(x_data.flags.writeable)
    saved = (x_data.shape, offset, first, second)
    return record(diagonal, diagonal_vjp, output, (x, offset, dim1, dim2), saved, x)


def diagonal_vjp(grad_output: Value, shape: tuple[int, ...], offset: int, first: int, second: int) -> Value:
    """``grad_x = zeros with grad_output on the diagonal``."""
    return diagonal_backward(grad_output, shape, offset, first, second)


def diagonal_backward(grad: Operand, shape: tuple[int, ...], offset: int, first: int, second: int) -> Tensor:
    """Return zeros of ``shape`` with ``grad`` on a diagonal."""
    grad_data = unwrap(diagonal_backward, grad)
    output = laid_out(grad_data, shape, offset, first, second)
    saved = (offset, first, second)
    return record(diagonal_backward, diagonal_backward_vjp, output, (grad, shape, offset, first, second), saved)


def diagonal_backward_vjp(grad_output: Value, offset: int, first: int, second: int) -> Value:
    """``grad_grad = the diagonal of grad_output``."""
    return diagonal(grad_output, offset, first, second)


def diag_embed(x: Operand, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Return zeros with the last axis of ``x`` laid out along a diagonal of two new axes.

    Args:
        x: at least one axis, (..., n).
        offset: above (positive) or below (negative) the main diagonal.
        dim1: where the first of the two axes is in the result.
        dim2: where the second is.

    Returns:
        x's other axes in their order, and two of length ``n + abs(offset)``.

    Raises:
        ValueError: if x is 0-d, or the axes are the same.

    Examples:
        >>> import minigrad as mg
        >>> mg.diag_embed(mg.tensor([1, 2]), 1).tolist()
        [[0, 1, 0], [0, 0, 2], [0, 0, 0]]
    """
    x_data = unwrap(diag_embed, x)
    if x_data.ndim == 0:
        raise ValueError(
            message(
                "diag_embed", f"{describe(x)} has no axis to lay out along a diagonal.", "Give it one: x.reshape(1)."
            )
        )
    first, second = axis(diag_embed, dim1, x_data.ndim + 1), axis(diag_embed, dim2, x_data.ndim + 1)
    if first == second:
        raise ValueError(
            message(
                "diag_embed",
                f"two different axes are needed, got {dim1} and {dim2} of a result with {x_data.ndim + 1} axes.",
                "dim1=-2, dim2=-1 makes matrices.",
            )
        )
    offset = whole(diag_embed, "offset", offset)
    length = x_data.shape[-1] + abs(offset)
    shape = list(x_data.shape[:-1])
    for place in sorted((first, second)):
        shape.insert(place, length)
    output = laid_out(x_data, tuple(shape), offset, first, second)
    return record(diag_embed, diag_embed_vjp, output, (x, offset, dim1, dim2), (offset, first, second))


def diag_embed_vjp(grad_output: Value, offset: int, first: int, second: int) -> Value:
    """``grad_x = the diagonal of grad_output``."""
    return diagonal(grad_output, offset, first, second)


def laid_out(numbers: ndarray, shape: tuple[int, ...], offset: int, first: int, second: int) -> ndarray:
    """Return zeros of a shape with numbers on a diagonal."""
    affordable(diag_embed, shape)
    try:
        output = np.zeros(shape, numbers.dtype)
    except MemoryError as error:
        raise no_memory("diag_embed", error, numbers) from None
    # NumPy marks diagonals read-only though the memory is ours.
    place: Any = output.diagonal(offset, first, second)
    place.setflags(True)
    place[...] = numbers
    return output


def diag(x: Operand, diagonal: int = 0) -> Tensor:
    """Return the square matrix with a vector on a diagonal, or a copy of the diagonal of a matrix.

    Args:
        x: a vector or a matrix.
        diagonal: above (positive) or below (negative) the main one.

    Raises:
        ValueError: if x has neither one nor two axes.
    """
    ndim = unwrap(diag, x).ndim
    if ndim not in (1, 2):
        raise ValueError(
            message(
                "diag", f"a vector or a matrix is needed, got {describe(x)}.", "For batches use diagonal or diag_embed."
            )
        )
    return diag_embed(x, diagonal) if ndim == 1 else clone(diagonal_of(x, diagonal))


def diagflat(x: Operand, offset: int = 0) -> Tensor:
    """Return the square matrix with all elements of ``x``, of any shape, in row-major order on a diagonal."""
    unwrap(diagflat, x)
    return diag_embed(reshape(x, -1), offset)


class DiagonalMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    diag = diag
    diag_embed = diag_embed
    diagflat = diagflat
    diagonal = diagonal


#: The function under a name that the parameter of diag does not hide.
diagonal_of = diagonal
