"""Products of several operands, summed over axes that subscripts or numbers name."""

from __future__ import annotations

from typing import Any

from minigrad import tensors
from minigrad.errors import describe, message
from minigrad.ops.arithmetic import mul
from minigrad.ops.contractions import contract
from minigrad.ops.operands import Operand, Tensor, axis, ndarray, unwrap, whole
from minigrad.ops.products import dot, matmul, require_axes
from minigrad.ops.shapes import matrix_transpose
from minigrad.ops.subscripts import FORM, labels_of, listed, parsed


def einsum(equation: Any, *operands: Any) -> Tensor:
    """Return the sum of the products of operands over all subscripts that the result does not have.

    Args:
        equation: a letter for each axis, operands parted by commas, and behind ``->`` those of the result:
            ``"bij,bjk->bik"``. Without an arrow the result has what occurs once, in alphabetical order (capitals
            first). An ellipsis stands for the axes that are not named; they broadcast, and come first in a result that
            is not given. A letter that one operand has twice takes its diagonal.
        operands: tensors, or one sequence of them. Instead of an equation, operands and lists of integers below 52
            take turns, and a last list may name the result's: ``einsum(x, [0, 1], y, [1, 2], [0, 2])``.

    Returns:
        The sum. It is computed two operands at a time, as matrix products, in an order that keeps the parts small.

    Raises:
        ValueError: if the subscripts do not fit the operands; TypeError: if there is no operand.

    Examples:
        >>> import minigrad as mg
        >>> x = mg.tensor([[1.0, 2.0], [3.0, 4.0]])
        >>> mg.einsum("ij,j->i", x, mg.tensor([1.0, 1.0]))
        Tensor((2,) float32 | 3 7)
        >>> mg.einsum("ii", x)
        Tensor(() float32 | 5)
    """
    if isinstance(equation, str):
        if len(operands) == 1 and isinstance(operands[0], (tuple, list)):
            operands = tuple(operands[0])
        factors = checked(operands)
        terms, output = parsed(equation, len(factors))
    else:
        given = (equation, *operands)
        output = listed(given[-1]) if len(given) % 2 else None
        factors = checked(given[: len(given) // 2 * 2 : 2])
        terms = tuple([listed(each) for each in given[1 : len(given) // 2 * 2 : 2]])
    labels = labels_of(terms, output, tuple([each.shape for each in factors]))
    return contract(factors, *labels)


def checked(operands: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return operands as tensors and arrays.

    Raises:
        TypeError: if there is none.
    """
    if len(operands) == 0:
        raise TypeError(message("einsum", "at least one operand is needed, got none.", FORM))
    factors = []
    for each in operands:
        array = unwrap(einsum, each)
        factors.append(each if isinstance(each, tensors.Tensor) else array)
    return tuple(factors)


def tensordot(x: Operand, y: Operand, dims: Any = 2) -> Tensor:
    """Return the sum of products over some axes of x and as many of y.

    Args:
        x: any shape.
        y: any shape; the lengths of axes summed over together are equal, or one of them is 1.
        dims: how many of x's last and y's first axes; or two sequences, the axes of x and those of y.

    Returns:
        The other axes of x, then those of y.

    Raises:
        ValueError: if the axes do not fit; IndexError: if one is not there; TypeError: if ``dims`` is neither.
    """
    x_data, y_data = unwrap(tensordot, x), unwrap(tensordot, y)
    x_axes, y_axes = axes_of_both(x_data, y_data, dims)
    labels = list(range(x_data.ndim, x_data.ndim + y_data.ndim))
    sizes = dict(enumerate(x_data.shape + y_data.shape))
    for left, right in zip(x_axes, y_axes):
        labels[right] = left
        sizes[left] = y_data.shape[right] if x_data.shape[left] == 1 else x_data.shape[left]
        if y_data.shape[right] not in (1, sizes[left]):
            raise ValueError(
                message(
                    "tensordot",
                    f"axis {left} of x and axis {right} of y must be of one length: {describe(x)}, {describe(y)}.",
                    "Name the axes of both: dims=([1], [0]).",
                )
            )
    output = [label for label in range(x_data.ndim) if label not in x_axes]
    output += [label for label in labels if label >= x_data.ndim]
    factors = (x if isinstance(x, tensors.Tensor) else x_data, y if isinstance(y, tensors.Tensor) else y_data)
    used = tuple([(label, sizes[label]) for label in sorted({*range(x_data.ndim), *labels})])
    inputs = (tuple(range(x_data.ndim)), tuple(labels))
    return contract(factors, inputs, tuple(output), used)


def axes_of_both(x: ndarray, y: ndarray, dims: Any) -> tuple[list[int], list[int]]:
    """Return the axes of two operands that are summed over together.

    Raises:
        ValueError: if there are not as many of both, or one is named twice; TypeError: if ``dims`` names none.
    """
    if isinstance(dims, (tensors.Tensor, ndarray)) and dims.ndim > 0:
        dims = dims.tolist()
    if isinstance(dims, (tuple, list)):
        if len(dims) != 2 or not all(isinstance(each, (tuple, list)) for each in dims):
            raise TypeError(
                message(
                    "tensordot",
                    f"dims is a number of axes, or two sequences of axes; got {dims!r}.",
                    "A single pair is dims=([1], [0]).",
                )
            )
        x_axes = [axis(tensordot, each, x.ndim) for each in dims[0]]
        y_axes = [axis(tensordot, each, y.ndim) for each in dims[1]]
    else:
        number = whole(tensordot, "dims", dims)
        if not 0 <= number <= min(x.ndim, y.ndim):
            raise ValueError(
                message(
                    "tensordot",
                    f"dims must be from 0 to {min(x.ndim, y.ndim)}, the axes that both have; got {number}.",
                    "dims=0 multiplies each element with each.",
                )
            )
        x_axes, y_axes = list(range(x.ndim - number, x.ndim)), list(range(number))
    if len(x_axes) != len(y_axes) or len(set(x_axes)) < len(x_axes) or len(set(y_axes)) < len(y_axes):
        raise ValueError(
            message(
                "tensordot",
                f"as many axes of x as of y, each once, are needed; got {x_axes} and {y_axes}.",
                "The i-th axis of the one is summed with the i-th of the other.",
            )
        )
    return x_axes, y_axes


def inner(x: Operand, y: Operand) -> Tensor:
    """Return the sums of products over the last axis of both: x's other axes, then y's. A 0-d operand multiplies.

    Raises:
        ValueError: if the last axes are of two lengths.
    """
    x_data, y_data = unwrap(inner, x), unwrap(inner, y)
    if x_data.ndim == 0 or y_data.ndim == 0:
        return mul(x, y)
    if x_data.shape[-1] != y_data.shape[-1]:
        raise ValueError(
            message(
                "inner",
                f"the last axes must be of one length; x is {describe(x)}, y {describe(y)}.",
                "tensordot takes other axes: dims=([1], [0]).",
            )
        )
    if y_data.ndim == 1:
        return matmul(x, y)
    return matmul(x, matrix_transpose(y)) if y_data.ndim == 2 else tensordot(x, y, ([-1], [-1]))


def vdot(x: Operand, y: Operand) -> Tensor:
    """Return the sum of the products of two vectors of one length, 0-d: ``dot``, there being no complex numbers.

    Raises:
        ValueError: if an operand is not a vector, or the lengths differ.
    """
    if unwrap(vdot, x).ndim != 1 or unwrap(vdot, y).ndim != 1:
        require_axes(vdot, x, 1)
        require_axes(vdot, y, 1)
    return dot(x, y)


class EinsumMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    inner = inner
    vdot = vdot
