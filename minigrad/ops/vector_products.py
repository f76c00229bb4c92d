"""Products that vectors have: the cross product, inner products along an axis, Kronecker's; and powers side by side."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.arithmetic import mul, pow
from minigrad.ops.constants import beside
from minigrad.ops.matrix_operands import floats
from minigrad.ops.operands import Operand, Tensor, Value, axis, check_broadcast, ndarray, pair, unwrap, whole
from minigrad.ops.reductions import sum
from minigrad.ops.shapes import reshape, unsqueeze


def cross(input: Operand, other: Operand, *, dim: int = -1) -> Tensor:
    """Return the cross product of vectors of three elements.

    Args:
        input: three elements along ``dim``.
        other: as many axes as input; other lengths broadcast.
        dim: the axis of the vectors.

    Returns:
        The broadcast shape, of the promoted dtype.

    Raises:
        ValueError: if the axis has not three elements, the numbers of axes differ, or the shapes do not broadcast.

    Examples:
        >>> import minigrad as mg
        >>> mg.linalg.cross(mg.tensor([1.0, 0.0, 0.0]), mg.tensor([0.0, 1.0, 0.0]))
        Tensor((3,) float32 | 0 0 1)
    """
    x_data, y_data = unwrap(cross, input), unwrap(cross, other)
    if x_data.ndim != y_data.ndim or x_data.ndim == 0:
        raise ValueError(
            message(
                "linalg.cross",
                f"two tensors of as many axes are needed, at least one; they are {describe(input)} and "
                f"{describe(other)}.",
                "x.unsqueeze(0) gives a vector an axis that broadcasts.",
            )
        )
    along = axis(cross, dim, x_data.ndim)
    if x_data.shape[along] != 3 or y_data.shape[along] != 3:
        raise ValueError(
            message(
                "linalg.cross",
                f"axis {dim} must have 3 elements; the operands are {describe(input)} and {describe(other)}.",
                "dim names the axis of the vectors.",
            )
        )
    x_data, y_data = pair(cross, input, other)
    return record(cross, cross_vjp, cross_product(x_data, y_data, along), (input, other, dim), (x_data, y_data, along))


def cross_vjp(grad_output: Value, input: Value, other: Value, along: int) -> tuple[Value, Value]:
    """``grad_input = other x grad_output; grad_other = grad_output x input``."""
    return cross(other, grad_output, dim=along), cross(grad_output, input, dim=along)


def cross_product(x: ndarray, y: ndarray, along: int) -> ndarray:
    """Return the cross product along an axis of length 3: element i is ``x[i+1] y[i+2] - x[i+2] y[i+1]``, mod 3."""
    before: tuple[Any, ...] = (slice(None),) * along
    output = np.empty(np.broadcast_shapes(x.shape, y.shape), x.dtype)
    for i in range(3):
        after, last = (*before, (i + 1) % 3), (*before, (i + 2) % 3)
        output[(*before, i)] = x[after] * y[last] - x[last] * y[after]
    return output


def vecdot(x: Operand, y: Operand, *, dim: int = -1) -> Tensor:
    """Return the sum of ``x * y`` along an axis.

    Args:
        x: any shape, float32 or float64.
        y: of x's dtype and a shape that broadcasts with x's.
        dim: the axis.

    Returns:
        The broadcast shape without that axis.

    Raises:
        TypeError: if an operand is of integers, or the dtypes differ.
        ValueError: if the shapes do not broadcast.

    Examples:
        >>> import minigrad as mg
        >>> mg.linalg.vecdot(mg.tensor([1.0, 2.0, 3.0]), mg.tensor([4.0, 5.0, 6.0])).item()
        32.0
    """
    x_data, y_data = floats(vecdot, "x", x), floats(vecdot, "y", y)
    if x_data.dtype != y_data.dtype:
        raise TypeError(
            message(
                "linalg.vecdot",
                f"x and y must have one dtype; x is {describe(x)}, y is {describe(y)}.",
                "Convert one of them: y.double() or x.float(), for instance.",
            )
        )
    check_broadcast(vecdot, x, y, x_data.shape, y_data.shape)
    return sum(mul(x, y), dim)


def kron(input: Operand, other: Operand) -> Tensor:
    """Return the Kronecker product: each element of ``input`` times all of ``other``, in its place.

    Args:
        input: any shape; the one of fewer axes gets axes of length 1 in front.
        other: any shape.

    Returns:
        An array whose lengths are the products of theirs, of the promoted dtype.

    Examples:
        >>> import minigrad as mg
        >>> mg.kron(mg.tensor([1.0, 10.0]), mg.tensor([1.0, 2.0]))
        Tensor((4,) float32 | 1 2 10 20)
    """
    x_shape, y_shape = unwrap(kron, input).shape, unwrap(kron, other).shape
    ndim = max(len(x_shape), len(y_shape))
    x_shape = (1,) * (ndim - len(x_shape)) + x_shape
    y_shape = (1,) * (ndim - len(y_shape)) + y_shape
    left: list[int] = []
    right: list[int] = []
    shape: list[int] = []
    for mine, its in zip(x_shape, y_shape):
        left += [mine, 1]
        right += [1, its]
        shape.append(mine * its)
    return reshape(mul(reshape(input, tuple(left)), reshape(other, tuple(right))), tuple(shape))


def vander(x: Operand, N: int | None = None) -> Tensor:
    """Return the Vandermonde matrix: the powers 0 to N - 1 of each element, in a row.

    Args:
        x: (..., n), floats or integers.
        N: how many powers, at least 2. Default: n.

    Returns:
        (..., n, N), of x's dtype (int64 for integers).

    Raises:
        TypeError: if x is of bools; ValueError: if x is 0-d or N is below 2.

    Examples:
        >>> import minigrad as mg
        >>> mg.linalg.vander(mg.tensor([2.0, 3.0]), N=3).tolist()
        [[1.0, 2.0, 4.0], [1.0, 3.0, 9.0]]
    """
    x_data = unwrap(vander, x)
    if x_data.dtype.kind == "b":
        raise TypeError(message("linalg.vander", f"numbers are needed, got {describe(x)}.", "Convert them: x.float()."))
    if x_data.ndim == 0:
        raise ValueError(message("linalg.vander", "a vector is needed, got a 0-d tensor.", "x.reshape(1) has an axis."))
    count = x_data.shape[-1] if N is None else whole(vander, "N", N)
    if count < 2 and N is not None:
        raise ValueError(message("linalg.vander", f"N must be at least 2, got {count}.", "N counts the powers from 0."))
    dtype = x_data.dtype if x_data.dtype.kind == "f" else np.dtype(np.int64)
    return pow(unsqueeze(x, -1), beside(np.arange(count).astype(dtype), x))
