"""How products and losses are done to a batch; the form of the rules is that of ``batching_rules.py``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad import tensors
from minigrad.func.batched import Batched, each_example, named, ndim_of, spaced, whole_batch
from minigrad.ops import elementwise, products, reductions, shapes


def matmul(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """Vectors as matrices of one row or column, the batch axes in one place; then one product of batches."""
    x, y = inputs
    if not isinstance(x, Batched) and not isinstance(y, Batched):
        return whole_batch(products.matmul(x, y), size)
    if isinstance(x, Batched) and not isinstance(y, Batched) and ndim_of(y) <= 2:
        # One matrix (or vector) for all examples: they are the rows of one product, or stacks of rows.
        return products.matmul(x.tensor, y)
    ndim = max(ndim_of(x), ndim_of(y), 2)
    left = as_matrices(x, -2, ndim)
    right = as_matrices(y, -1, ndim)
    return shapes.reshape(products.matmul(left, right), (size, *result.shape))


def as_matrices(value: Any, place: int, ndim: int) -> Any:
    """Return an operand of a product: a vector with a new axis, and its batch axis before ``ndim`` others."""
    if not isinstance(value, Batched):
        return shapes.unsqueeze(value, place) if value.ndim == 1 else value
    if value.ndim == 1:
        value = Batched(shapes.unsqueeze(value.tensor, place))
    return spaced(value, ndim)


def linear(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """As it is where the layer is the same for all examples, else by its parts."""
    x, weight, bias, *rest = inputs
    if not isinstance(weight, Batched) and not isinstance(bias, Batched):
        return op(x.tensor, weight, bias, **dict(zip(op.__code__.co_varnames[3:], rest)))
    columns = Batched(shapes.matrix_transpose(weight.tensor)) if isinstance(weight, Batched) else weight.mT
    product = Batched(matmul(products.matmul, (x, columns), result, size))
    output = product.tensor if bias is None else product.tensor + spaced(bias, product.ndim)
    # Fused or not, an activation bears the name of its operation.
    return getattr(elementwise, rest[0])(output) if rest and rest[0] != "none" else output


def addmm(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """By its parts."""
    addend, mat1, mat2, beta, alpha = inputs
    product = matmul(products.matmul, (mat1, mat2), result, size) * alpha
    return product if beta == 0 else spaced(addend, 2) * beta + product


# Losses ---------------------------------------------------------------------------------------------------------------


def elementwise_loss(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """The losses of the elements, and their mean or sum in each example."""
    arguments = named(op, inputs)
    reduction = arguments["reduction"]
    ndim = max([ndim_of(value) for value in inputs])
    for name, value in arguments.items():
        if isinstance(value, (Batched, tensors.Tensor, np.ndarray)):
            arguments[name] = spaced(Batched(whole_batch(value, size)), ndim)
    arguments["reduction"] = "none"
    losses = op(**arguments)
    if reduction == "none":
        return losses
    flat = shapes.reshape(losses, (size, math.prod(losses.shape[1:])))
    return reductions.mean(flat, 1) if reduction == "mean" else reductions.sum(flat, 1)


def cross_entropy(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """The losses of the labels, and their mean or sum in each example."""
    arguments = named(op, inputs)
    x, target = whole_batch(arguments["input"], size), whole_batch(arguments["target"], size)
    if arguments.get("weight") is not None or target.dtype.kind == "f" or ndim_of(inputs[0]) > 2:
        return each_example(op, inputs, result, size)
    reduction, ignored = arguments["reduction"], arguments["ignore_index"]
    arguments["input"] = shapes.reshape(x, (math.prod(x.shape[:-1]), x.shape[-1]))
    arguments["target"] = labels = shapes.reshape(target, (target.numel(),))
    arguments["reduction"] = "none"
    losses = shapes.reshape(op(**arguments), (size, *target.shape[1:]))
    if reduction == "none":
        return losses
    counted = shapes.reshape((labels != ignored).to(losses.dtype), (size, -1))
    total = reductions.sum(shapes.reshape(losses, (size, counted.shape[1])), 1)
    return total / reductions.sum(counted, 1) if reduction == "mean" else total
