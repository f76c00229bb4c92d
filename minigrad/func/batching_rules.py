"""How an operation on one example is done to a batch: one rule for each family of operations.

A rule is called as ``rule(op, inputs, result, size)``: the operation, its inputs with a ``Batched`` in the place of
each tensor that differs between the examples, what it returned for one example, and the number of examples. It returns
what the operation returns for all of them, with the batch as first axis. Rules are compositions of operations, so that
they are differentiated like any other.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad import tensors
from minigrad.errors import message
from minigrad.func.batched import (
    Batched,
    call,
    each_example,
    fitted,
    named,
    ndim_of,
    require_first,
    shifted,
    spaced,
    whole_batch,
)
from minigrad.ops import broadcasting, indexing, shapes
from minigrad.ops.conversion import cast, detach
from minigrad.ops.ranges import arange

#: The parameters that name axes.
AXES = ("dim", "dim0", "dim1", "dim2", "dims", "axis")


# Families -------------------------------------------------------------------------------------------------------------


def elementwise(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """Each element alone, operands broadcast: the batch axes are brought to one place."""
    ndim = max([ndim_of(value) for value in inputs])
    return call(op, [spaced(value, ndim) for value in inputs])


def along_axes(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """Along axes that the operation is told: they are one further to the right; all axes are flattened into one."""
    arguments = named(op, inputs)
    source = inputs[0]
    require_first(op, source)
    tensor = source.tensor
    if source.ndim == 0 and "dim" not in arguments:
        return tensor
    if source.ndim == 0 or arguments.get("dim", 0) in (None, (), []):
        tensor = shapes.reshape(tensor, (size, math.prod(tensor.shape[1:])))
        arguments["dim"] = 1
    else:
        for name in AXES:
            if name in arguments:
                arguments[name] = shifted(arguments[name], source.ndim)
    outputs = op(tensor, **dict(list(arguments.items())[1:]))
    return fitted(outputs, result, size)


def last_axes(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """On the last axes, whatever stands before them."""
    require_first(op, inputs[0])
    return call(op, [inputs[0].tensor, *inputs[1:]])


def ranks_in_front(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """Along an axis one further to the right; the new axis, of ranks, comes behind the batch."""
    source, ranks, along = inputs
    return shapes.movedim(op(source.tensor, ranks, along + 1), 1, 0)


def of_unknown_shape(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """Refused: as many elements as the numbers of an example say do not stack.

    Raises:
        TypeError: always.
    """
    problem = f"{op.__name__} cannot be mapped: the shape of its result depends on the numbers of each example."
    raise TypeError(message("vmap", problem, "where(mask, x, 0) keeps the shape; so do x * mask and topk."))


# Shapes ---------------------------------------------------------------------------------------------------------------


def reshape(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """Into the shape that came out for one example."""
    return shapes.reshape(inputs[0].tensor, (size, *result.shape))


def permute(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """The order of the axes, behind the batch axis."""
    dims = inputs[1] if len(inputs) == 2 and isinstance(inputs[1], (tuple, list)) else inputs[1:]
    return shapes.permute(inputs[0].tensor, (0, *shifted(tuple(dims), inputs[0].ndim)))


def expand(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """To the shape that came out for one example."""
    return broadcasting.expand(spaced(inputs[0], result.ndim), (size, *result.shape))


def sum_to_size(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """To the shape that came out for one example."""
    missing = inputs[0].ndim - result.ndim
    kept = broadcasting.sum_to_size(inputs[0].tensor, (size, *(1,) * missing, *result.shape))
    return shapes.reshape(kept, (size, *result.shape))


def join(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """``cat`` and ``stack``: what is the same for all examples is repeated."""
    operands, dim = inputs
    whole = []
    for each in operands:
        batch = whole_batch(each, size)
        # Among others, cat passes over an empty 1-d tensor.
        if batch.ndim == 2 < result.ndim + 1 and op.__name__ == "cat":
            continue
        whole.append(batch)
    return op(whole, dim % result.ndim + 1)


def get_item(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """A place in each example, or with a mapped index another place in each."""
    source, index = inputs
    parts = list(index) if isinstance(index, tuple) else [index]
    arrays = [place for place, part in enumerate(parts) if is_array_index(part)]
    mapped = [place for place in arrays if isinstance(parts[place], Batched)]
    if any(is_mask(parts[place]) for place in mapped):
        return of_unknown_shape(op, inputs, result, size)
    if arrays and arrays[-1] - arrays[0] + 1 != len(arrays):
        # With a slice between them, what they make is the first axis, before that of the batch.
        return each_example(op, inputs, result, size)
    if not mapped:
        return indexing.get_item(source.tensor, (slice(None), *parts))
    if arrays != list(range(len(arrays))) or any(is_mask(parts[place]) for place in arrays):
        return each_example(op, inputs, result, size)
    ndim = max([ndim_of(parts[place]) for place in arrays])
    for place in arrays:
        parts[place] = spaced(parts[place], ndim)
    if not isinstance(source, Batched):
        return indexing.get_item(source, tuple(parts))
    # Each example is read at its own places: the number of the example is one more index.
    numbers = shapes.reshape(arange(size), (size, *(1,) * ndim))
    return indexing.get_item(source.tensor, (numbers, *parts))


def is_array_index(part: Any) -> bool:
    """Return whether a part of an index is an array of places, so that others stand beside it and not behind."""
    return isinstance(part, (Batched, tensors.Tensor, np.ndarray, list, int, np.integer)) and not isinstance(part, bool)


def is_mask(part: Any) -> bool:
    """Return whether a part of an index selects by bools."""
    array = part.tensor if isinstance(part, Batched) else part
    return bool(getattr(array, "dtype", None) == np.bool_)


def gather(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """At each example's own index."""
    source, dim, index = inputs
    ndim = ndim_of(source)
    if ndim == 0:
        return each_example(op, inputs, result, size)
    return op(whole_batch(source, size), shifted(dim, ndim), whole_batch(index, size))


def one_hot(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """As it is, for a number of classes that is given."""
    if inputs[1] == -1:
        problem = "the number of classes cannot be seen from one example."
        raise TypeError(message("vmap", f"one_hot: {problem}", "Pass it: num_classes=10."))
    return op(inputs[0].tensor, inputs[1])


def normal(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """The drawn numbers scaled and moved; with the gradients of 0 that it has for one example."""
    mean, std, standard = [spaced(each, result.ndim) for each in inputs]
    numbers = standard * std + mean
    return cast(detach(numbers) + numbers * 0, result.dtype)


def bernoulli(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """1 where the drawn number is below the probability; with the gradient of 0 that it has for one example."""
    x, p, level = inputs
    x, level = spaced(x, result.ndim), spaced(level, result.ndim)
    return cast(level < (x if p is None else p), result.dtype) + x * 0
