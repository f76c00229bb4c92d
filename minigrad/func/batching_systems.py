"""How equations, attention and rows of tables are done to a batch; for the form of rules see ``batching_rules.py``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from minigrad.func.batched import Batched, call, each_example, ndim_of, shifted, spaced, whole_batch
from minigrad.ops import shapes
from minigrad.ops.ranges import arange


def cross(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """Along the axis one further to the right."""
    x, y, dim = inputs
    return op(whole_batch(x, size), whole_batch(y, size), dim=shifted(dim, result.ndim))


def cholesky_info(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """As it is; the factors beside it are an operation of their own."""
    A, upper, check_errors = inputs
    return op(A.tensor, upper=upper, check_errors=check_errors).info


def qr(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """As it is; where no Q is wanted, an empty one for each example."""
    Q, R = call(op, [inputs[0].tensor, *inputs[1:]])
    return (Q if result[0].ndim > 1 else shapes.reshape(Q, (size, 0))), R


def solve(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """Vectors as matrices of one column, the batch axes in one place."""
    A, B, left = inputs
    right = whole_batch(B, size)
    vector = ndim_of(B) == 1 or (left and right.shape[1:] == shape_of(A)[:-1])
    if vector:
        right = shapes.unsqueeze(right, -1)
    ndim = max(ndim_of(A), right.ndim - 1)
    X = op(spaced(A, ndim), spaced(Batched(right), ndim), left=left)
    return shapes.reshape(X, (size, *result.shape))


def shape_of(value: Any) -> tuple[int, ...]:
    """Return the shape of an operand for one example."""
    shape: tuple[int, ...] = value.tensor.shape[1:] if isinstance(value, Batched) else value.shape
    return shape


def solve_triangular(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """The batch axes in one place."""
    A, B, upper, left, unitriangular = inputs
    ndim = max(ndim_of(A), ndim_of(B))
    return op(spaced(A, ndim), spaced(B, ndim), upper=upper, left=left, unitriangular=unitriangular)


def rows_at(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """The batch axes in one place; an order has one axis less than what it orders."""
    x, order = inputs
    ndim = max(ndim_of(x), ndim_of(order) + 1)
    return op(spaced(x, ndim), spaced(order, ndim - 1))


def attend(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """The batch axes in one place; where weights are dropped, one example after the other."""
    query, key, value, mask, *settings = inputs
    dropout_p = settings[2]
    if dropout_p > 0:
        return each_example(op, inputs, result, size)
    operands = [spaced(each, result.ndim) for each in (query, key, value)]
    return op(*operands, None if mask is None else spaced(mask, result.ndim), *settings)


def take_rows(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """The rows of one table for all examples, or of each example's own, which follow each other."""
    weight, index, padding_idx, by_frequency = inputs
    if by_frequency or (isinstance(weight, Batched) and padding_idx is not None):
        return each_example(op, inputs, result, size)
    if not isinstance(weight, Batched):
        return op(weight, index.tensor, padding_idx)
    rows, columns = weight.tensor.shape[1:]
    places = whole_batch(index, size)
    starts = shapes.reshape(arange(size) * rows, (size, *(1,) * (places.ndim - 1)))
    return op(shapes.reshape(weight.tensor, (size * rows, columns)), places + starts)


def soft_cross_entropy(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """The samples of all examples as those of one."""
    whole = [whole_batch(each, size) for each in inputs]
    if result.ndim == 0:
        return op(*whole)
    flat = [shapes.reshape(each, (math.prod(each.shape[:2]), *each.shape[2:])) for each in whole]
    return shapes.reshape(op(*flat), (size, *result.shape))
