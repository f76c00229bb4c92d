"""Tensors brought to at least some axes or one shape, and joined along an axis counted from the left or in blocks."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.dtypes import get_default_dtype, result_type
from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.broadcasting import expand
from minigrad.ops.creation import leaf
from minigrad.ops.joining import cat, sequence, stack
from minigrad.ops.operands import Op, Operand, Tensor, Value, broadcasts_to, ndarray, unwrap
from minigrad.ops.shapes import reshape, unsqueeze


def atleast_1d(*tensors: Any) -> Any:
    """Return a tensor with at least one axis: as it is, or a view.

    Args:
        tensors: one, or several (also as one sequence).

    Returns:
        A tensor for one, a tuple for several.
    """
    return with_axes(atleast_1d, tensors, 1)


def atleast_2d(*tensors: Any) -> Any:
    """Return a tensor with at least two axes; new ones stand in front. Arguments as for ``atleast_1d``."""
    return with_axes(atleast_2d, tensors, 2)


def atleast_3d(*tensors: Any) -> Any:
    """Return a tensor with at least three axes: (n,) as (1, n, 1), (m, n) as (m, n, 1). As for ``atleast_1d``."""
    return with_axes(atleast_3d, tensors, 3)


def with_axes(op: Op, operands: tuple[Any, ...], ndim: int) -> Any:
    """Return one tensor or several with at least so many axes."""
    if len(operands) == 1 and not isinstance(operands[0], (tuple, list)):
        return raised(op, operands[0], ndim)
    found = []
    for each in sequence_of(operands):
        found.append(raised(op, each, ndim))
    return tuple(found)


def sequence_of(operands: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return operands that were given one by one, or as one sequence."""
    return tuple(operands[0]) if len(operands) == 1 and isinstance(operands[0], (tuple, list)) else operands


def raised(op: Op, x: Operand, ndim: int) -> Any:
    """Return a tensor with at least so many axes."""
    shape = unwrap(op, x).shape
    if len(shape) >= ndim:
        return x
    if ndim == 3:
        return reshape(x, {0: (1, 1, 1), 1: (1, *shape, 1), 2: (*shape, 1)}[len(shape)])
    return reshape(x, (*(1,) * (ndim - len(shape)), *shape))


def hstack(tensors: Any) -> Tensor:
    """Return tensors joined along axis 1, or along axis 0 where they are vectors or 0-d.

    Raises:
        TypeError: if it is no sequence; ValueError: if it is empty, or the shapes do not fit.
    """
    operands, _ = sequence(hstack, tensors)
    parts = [raised(hstack, each, 1) for each in operands]
    return cat(parts, 0 if unwrap(hstack, parts[0]).ndim == 1 else 1)


def vstack(tensors: Any) -> Tensor:
    """Return tensors joined along axis 0, each with at least two axes: vectors are rows. Raises as ``hstack``."""
    operands, arrays = sequence(vstack, tensors)
    if are_vectors(arrays):
        return stack(operands, 0)
    return cat([raised(vstack, each, 2) for each in operands], 0)


def dstack(tensors: Any) -> Tensor:
    """Return tensors joined along axis 2, each with at least three axes. Raises as ``hstack``."""
    operands, arrays = sequence(dstack, tensors)
    if are_vectors(arrays):
        return unsqueeze(stack(operands, 1), 0)
    return cat([raised(dstack, each, 3) for each in operands], 2)


def column_stack(tensors: Any) -> Tensor:
    """Return tensors joined along axis 1; vectors and 0-d tensors are columns. Raises as ``hstack``."""
    operands, arrays = sequence(column_stack, tensors)
    if are_vectors(arrays):
        return stack(operands, 1)
    parts = []
    for each, array in zip(operands, arrays):
        parts.append(reshape(each, (array.size, 1)) if array.ndim <= 1 else each)
    return cat(parts, 1)


def are_vectors(arrays: list[ndarray]) -> bool:
    """Return whether arrays are vectors of one length: to stack them is one operation, to join views of them more."""
    shape = arrays[0].shape
    return len(shape) == 1 and [array.shape for array in arrays] == [shape] * len(arrays)


def block_diag(*tensors: Any) -> Tensor:
    """Return a matrix with matrices one after the other along its diagonal, and zeros elsewhere.

    Args:
        tensors: matrices, vectors (which are rows) and 0-d tensors.

    Returns:
        Of the promoted dtype; (1, 0) for none.

    Raises:
        ValueError: if one has more than two axes.

    Examples:
        >>> import minigrad as mg
        >>> mg.block_diag(mg.ones(1, 2), mg.tensor([[2.0], [3.0]])).tolist()
        [[1.0, 1.0, 0.0], [0.0, 0.0, 2.0], [0.0, 0.0, 3.0]]
    """
    arrays = [unwrap(block_diag, each) for each in tensors]
    corners: list[tuple[int, int]] = [(0, 0)]
    for array in arrays:
        if array.ndim > 2:
            raise ValueError(
                message(
                    "block_diag",
                    f"matrices are needed, got {describe(array)}.",
                    "Give the matrices of a batch one by one.",
                )
            )
        rows, columns = array.shape if array.ndim == 2 else (1, array.size)
        corners.append((corners[-1][0] + rows, corners[-1][1] + columns))
    dtype = result_type(*arrays) if arrays else get_default_dtype()
    output = np.zeros(corners[-1] if arrays else (1, 0), dtype)
    for array, first, last in zip(arrays, corners, corners[1:]):
        output[first[0] : last[0], first[1] : last[1]] = array
    shapes = tuple([array.shape for array in arrays])
    if not arrays:
        return leaf(output, False, None)
    return record(block_diag, block_diag_vjp, output, tensors, (tuple(corners), shapes))


def block_diag_vjp(
    grad_output: Value, corners: tuple[tuple[int, int], ...], shapes: tuple[tuple[int, ...], ...]
) -> list[Value]:
    """``grad_tensors[i] = the block of grad_output that tensors[i] became``."""
    return blocks_of(grad_output, corners, shapes)


def blocks_of(x: Value, corners: tuple[tuple[int, int], ...], shapes: tuple[tuple[int, ...], ...]) -> list[Value]:
    """Return the blocks along the diagonal of a matrix, each in the shape that is wanted."""
    blocks: list[Value] = []
    for first, last, shape in zip(corners, corners[1:], shapes):
        blocks.append(reshape(x[first[0] : last[0], first[1] : last[1]], shape))
    return blocks


def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """Return views of tensors, given one by one or as one sequence, expanded to one shape.

    Raises:
        ValueError: if the shapes do not broadcast.
    """
    operands = sequence_of(tensors)
    shapes = [unwrap(broadcast_tensors, each).shape for each in operands]
    wanted = broadcast_shape(shapes)
    found = []
    for each in operands:
        found.append(expand(each, wanted))
    return tuple(found)


def broadcast_shape(shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    """Return the shape that some shapes broadcast to.

    Raises:
        ValueError: if there is none.
    """
    wanted = [1] * max([len(shape) for shape in shapes], default=0)
    for shape in shapes:
        for place in range(1, len(shape) + 1):
            if shape[-place] != 1:
                wanted[-place] = shape[-place]
    for shape in shapes:
        if not broadcasts_to(shape, tuple(wanted)):
            raise ValueError(
                message(
                    "broadcast_tensors",
                    f"the shapes {shapes} do not broadcast.",
                    "From the right, the lengths of each axis must be equal, or 1.",
                )
            )
    return tuple(wanted)


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """Return views that hold the coordinates of each point of a grid.

    Args:
        tensors: vectors or 0-d tensors of one dtype, one for each axis; one by one or as one sequence.
        indexing: ``"ij"``: the i-th vector runs along axis i; ``"xy"``: the first one along axis 1, the second along
            axis 0.

    Returns:
        A tensor for each vector, all of one shape.

    Raises:
        ValueError: if there is none, one has several axes, or ``indexing`` is unknown; TypeError: if dtypes differ.

    Examples:
        >>> import minigrad as mg
        >>> [each.tolist() for each in mg.meshgrid(mg.tensor([1, 2]), mg.tensor([3, 4, 5]))]
        [[[1, 1, 1], [2, 2, 2]], [[3, 4, 5], [3, 4, 5]]]
    """
    operands = sequence_of(tensors)
    arrays = [unwrap(meshgrid, each) for each in operands]
    known = isinstance(indexing, str) and indexing in ("ij", "xy")
    if len(arrays) == 0 or max(array.ndim for array in arrays) > 1 or not known:
        raise ValueError(
            message(
                "meshgrid",
                f"vectors, and indexing 'ij' or 'xy', are needed; got shapes {[array.shape for array in arrays]} and "
                f"{indexing!r}.",
                "Make vectors of them: x.flatten().",
            )
        )
    if len({array.dtype for array in arrays}) > 1:
        raise TypeError(
            message(
                "meshgrid",
                f"one dtype is needed, got {[str(array.dtype) for array in arrays]}.",
                "Convert: x.to(dtype).",
            )
        )
    order = list(range(len(arrays)))
    if indexing == "xy" and len(order) > 1:
        order[0], order[1] = 1, 0
    shape = [1] * len(arrays)
    for array, along in zip(arrays, order):
        shape[along] = array.size
    found = []
    for each, array, along in zip(operands, arrays, order):
        alone = [1] * len(arrays)
        alone[along] = array.size
        found.append(expand(reshape(each, tuple(alone)), tuple(shape)))
    return tuple(found)
