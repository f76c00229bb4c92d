"""Powers, products of several matrices, and the exponential."""

from __future__ import annotations

from typing import Any

import numpy as np

import minigrad_kernels
from minigrad import tensors
from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.constants import beside
from minigrad.ops.conversion import detach
from minigrad.ops.elementwise import abs, where
from minigrad.ops.extremes import amax
from minigrad.ops.joining import cat
from minigrad.ops.matrix_operands import shaped_square_matrices, square_matrices
from minigrad.ops.operands import Operand, Tensor, Value, unwrap, whole
from minigrad.ops.products import matmul
from minigrad.ops.shapes import matrix_transpose, reshape
from minigrad.ops.systems import inv


def matrix_exp(A: Operand) -> Tensor:
    """Return the exponential of square matrices, ``I + A + A @ A / 2 + ...``.

    Args:
        A: (..., n, n), float32 or float64.

    Returns:
        (..., n, n).

    Raises:
        TypeError: if A is of integers.
        ValueError: if A is not square or not finite.

    Examples:
        >>> import minigrad as mg
        >>> mg.matrix_exp(mg.tensor([[0.0, 1.0], [0.0, 0.0]])).tolist()
        [[1.0, 1.0], [0.0, 1.0]]

    Source: Higham (2005), see the kernel; for the derivative Mathias, "A chain rule for matrix functions and
    applications" (SIAM Journal on Matrix Analysis and Applications 17, 1996), theorem 2.1.
    """
    square_matrices(matrix_exp, "A", A)
    return exponential(A)


def exponential(A: Operand) -> Tensor:
    """Return ``matrix_exp(A)``, NaN where a matrix is not finite."""
    A_data = shaped_square_matrices(matrix_exp, "A", A)
    return record(exponential, exponential_vjp, minigrad_kernels.matrix_exp(A_data), (A,), (A_data,))


def exponential_vjp(grad_output: Value, A: Value) -> Value:
    """``grad_A = the upper right quarter of exp([[A.T, grad_output], [0, A.T]])``."""
    n = A.shape[-1]
    if n == 0:
        return grad_output
    # Linear in grad_output, whose size must not decide how often the kernel squares.
    scale = size_of(grad_output)
    A_T = matrix_transpose(A)
    upper = cat([A_T, grad_output / scale], -1)
    lower = cat([A_T * 0, A_T], -1)
    return exponential(cat([upper, lower], -2))[..., :n, n:] * scale


def size_of(x: Value) -> Value:
    """Return the largest size of an element of each matrix, 1 for zeros, as a constant (..., 1, 1)."""
    size = amax(abs(x), (-2, -1), True)
    size = where(size == 0, 1, size)
    return detach(size) if isinstance(size, tensors.Tensor) else size


def matrix_power(A: Operand, n: int) -> Tensor:
    """Return the product of n matrices A, by repeated squaring; the inverse's for a negative n.

    Args:
        A: (..., n, n); integers too, unless n is negative.
        n: the number of factors; 0 gives the identity.

    Returns:
        (..., n, n).

    Raises:
        LinAlgError: if n is negative and a matrix is singular.
        TypeError: if n is not an integer.
        ValueError: if A is not square.

    Examples:
        >>> import minigrad as mg
        >>> mg.matrix_power(mg.tensor([[1.0, 1.0], [0.0, 1.0]]), 10).tolist()
        [[1.0, 10.0], [0.0, 1.0]]
    """
    A_data = unwrap(matrix_power, A)
    result: Any = None
    power: Any = A
    n = whole(matrix_power, "n", n)
    if A_data.ndim < 2 or A_data.shape[-1] != A_data.shape[-2] or A_data.dtype.kind == "f":
        shaped_square_matrices(matrix_power, "A", A)
    if n < 0:
        power, n = inv(A), -n
    if n == 0:
        # Chosen over A, so that it belongs to the graph.
        return where(beside(np.array(False), A), A, beside(np.eye(A_data.shape[-1], dtype=A_data.dtype), A))
    if n == 1:
        return power * 1
    while n:
        if n % 2:
            result = power if result is None else matmul(result, power)
        n //= 2
        if n:
            power = matmul(power, power)
    return result


def multi_dot(tensors: Any) -> Tensor:
    """Return the product of several matrices, multiplied in the order that takes the fewest multiplications.

    Args:
        tensors: a sequence of at least two; matrices, but for the first and the last, which may be vectors.

    Returns:
        (m, n), without the axis of a vector.

    Raises:
        ValueError: if there are fewer than two, or the shapes do not fit.

    Examples:
        >>> import minigrad as mg
        >>> mg.linalg.multi_dot([mg.ones(3, 2), mg.ones(2, 4), mg.ones(4)])
        Tensor((3,) float32 | 8 8 8)

    Source: Cormen, Leiserson, Rivest and Stein, "Introduction to Algorithms", section 15.2.
    """
    if not isinstance(tensors, (tuple, list)):
        raise TypeError(
            message(
                "multi_dot",
                f"a tuple or list of matrices is needed, got {describe(tensors)}.",
                "Put them in a list: multi_dot([A, B, C]).",
            )
        )
    factors = list(tensors)
    shapes = [unwrap(multi_dot, each).shape for each in factors]
    check_chain(factors, shapes)
    # A vector in front is one row, one behind is one column.
    if len(shapes[0]) == 1:
        factors[0] = reshape(factors[0], (1, shapes[0][0]))
    if len(shapes[-1]) == 1:
        factors[-1] = reshape(factors[-1], (shapes[-1][0], 1))
    lengths = [unwrap(multi_dot, each).shape[0] for each in factors] + [unwrap(multi_dot, factors[-1]).shape[1]]
    splits = best_splits(lengths)
    result = product_of(factors, splits, 0, len(factors) - 1)
    shape = shapes[0][:-1] + shapes[-1][1:]
    return result if len(shape) == 2 else reshape(result, shape)


def check_chain(factors: list[Any], shapes: list[tuple[int, ...]]) -> None:
    """Raise a ValueError unless shapes fit into a chain of products."""
    if len(factors) < 2:
        raise ValueError(message("linalg.multi_dot", f"at least two tensors are needed, got {len(factors)}."))
    for place, shape in enumerate(shapes):
        vector = len(shape) == 1 and place in (0, len(shapes) - 1)
        if len(shape) != 2 and not vector:
            raise ValueError(
                message(
                    "linalg.multi_dot",
                    f"matrices are needed, and vectors only as first and last; tensor {place} is "
                    f"{describe(factors[place])}.",
                    "matmul takes batches, two at a time.",
                )
            )
        if place and shapes[place - 1][-1] != shape[0]:
            raise ValueError(
                message(
                    "linalg.multi_dot",
                    f"tensor {place} must have as many rows as tensor {place - 1} has columns; they are "
                    f"{describe(factors[place - 1])} and {describe(factors[place])}.",
                    "x.T exchanges rows and columns.",
                )
            )


def best_splits(lengths: list[int]) -> dict[tuple[int, int], int]:
    """Return for each run of factors, first to last, after which one it is best split into two products.

    Args:
        lengths: factor i has ``lengths[i]`` rows and ``lengths[i + 1]`` columns.
    """
    count = len(lengths) - 1
    costs = {}
    for first in range(count):
        costs[first, first] = 0
    splits = {}
    for distance in range(1, count):
        for first in range(count - distance):
            last = first + distance
            for split in range(first, last):
                cost = costs[first, split] + costs[split + 1, last]
                cost += lengths[first] * lengths[split + 1] * lengths[last + 1]
                if (first, last) not in costs or cost < costs[first, last]:
                    costs[first, last] = cost
                    splits[first, last] = split
    return splits


def product_of(factors: list[Any], splits: dict[tuple[int, int], int], first: int, last: int) -> Any:
    """Return the product of a run of factors."""
    if first == last:
        return factors[first]
    split = splits[first, last]
    return matmul(product_of(factors, splits, first, split), product_of(factors, splits, split + 1, last))


class MatrixFunctionMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    matrix_exp = matrix_exp
    matrix_power = matrix_power
