"""How operations on the places of axes are done to a batch; the form of the rules is that of ``batching_rules.py``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from minigrad import tensors
from minigrad.func.batched import Batched, call, each_example, named, ndim_of, shifted, spaced, whole_batch
from minigrad.func.batching_rules import of_unknown_shape
from minigrad.ops import broadcasting, elementwise, flips, gathering, shapes
from minigrad.ops.conversion import cast


def masked_fill(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """As a choice between the values, of which each example may have its own."""
    x, mask, value = inputs
    if not isinstance(value, Batched):
        return call(op, [spaced(each, max(ndim_of(x), ndim_of(mask))) for each in inputs])
    ndim = max(ndim_of(x), ndim_of(mask))
    return elementwise.where(spaced(mask, ndim), cast(spaced(value, ndim), result.dtype), spaced(x, ndim))


def flip(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """The axes are one further to the right."""
    dims = inputs[1] if inputs[0].ndim else ()
    return op(inputs[0].tensor, shifted(dims, inputs[0].ndim))


def roll(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """Without axes, all of an example as one axis."""
    source, shifts, dims = inputs
    if source.ndim and dims not in (None, (), []):
        return op(source.tensor, shifts, shifted(dims, source.ndim))
    flat = shapes.reshape(source.tensor, (size, math.prod(source.tensor.shape[1:])))
    return shapes.reshape(flips.roll(flat, shifts, 1), source.tensor.shape)


def rot90(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """In the plane one further to the right."""
    return op(inputs[0].tensor, inputs[1], shifted(tuple(inputs[2]), inputs[0].ndim))


def diag_embed(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """The new axes are counted in the result."""
    source, offset, *dims = inputs
    return op(source.tensor, offset, *shifted(tuple(dims), result.ndim))


def unfold(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """The windows of an axis one further to the right."""
    source, dimension, length, step = inputs
    if source.ndim == 0:
        return each_example(op, inputs, result, size)
    return op(source.tensor, shifted(dimension, source.ndim), length, step)


def repeat(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """The copies of each example."""
    source, *repeats = inputs
    counts = repeats[0] if isinstance(repeats[0], (tuple, list)) else repeats
    return op(spaced(source, len(counts)), (1, *counts))


def repeat_interleave(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """By numbers that are the same for all examples: the results need one shape."""
    source, repeats, dim, output_size = inputs
    if isinstance(repeats, Batched) or repeats is None:
        return of_unknown_shape(op, inputs, result, size)
    if source.ndim == 0:
        return each_example(op, inputs, result, size)
    return op(source.tensor, repeats, shifted(dim, source.ndim), output_size=output_size)


def index_select(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """At the same places of all examples, or as ``gather`` where each has its own."""
    source, dim, index = inputs
    ndim = ndim_of(source)
    if ndim == 0:
        return each_example(op, inputs, result, size)
    if not isinstance(index, Batched):
        return op(source.tensor, shifted(dim, ndim), index)
    along = dim % ndim
    places = shapes.reshape(index.tensor, (size, *(1,) * along, result.shape[along], *(1,) * (ndim - along - 1)))
    return gathering.gather(whole_batch(source, size), along + 1, broadcasting.expand(places, (size, *result.shape)))


def pad_along(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """Along the axis one further to the right."""
    source, dim, *others = inputs
    return op(source.tensor, dim + 1, *others)


def take(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """Counted in each example."""
    source, index = whole_batch(inputs[0], size), whole_batch(inputs[1], size)
    number = math.prod(source.shape[1:])
    places = shapes.reshape(index, (size, math.prod(index.shape[1:])))
    counted = elementwise.where(places < 0, places + number, places)
    flat = shapes.reshape(source, (size, number))
    return shapes.reshape(gathering.gather(flat, 1, counted), (size, *result.shape))


def scatter(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """At each example's own places; what is the same for all is repeated."""
    x, dim, index, src, *others = inputs
    if ndim_of(x) == 0 or ndim_of(index) == 0:
        return each_example(op, inputs, result, size)
    source = whole_batch(src, size) if isinstance(src, (Batched, tensors.Tensor)) else src
    given = [each for each in others if each is not None]
    return op(whole_batch(x, size), shifted(dim, ndim_of(x)), whole_batch(index, size), source, *given)


def index_write(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """Slices written to the same places of all examples, or, where each has its own, to one after the other."""
    arguments = named(op, inputs)
    x, index = arguments["x"], arguments["index"]
    if isinstance(index, Batched) or result.ndim == 0 or isinstance(arguments.get("value"), Batched):
        return each_example(op, inputs, result, size)
    arguments["x"], arguments["dim"] = whole_batch(x, size), shifted(arguments["dim"], result.ndim)
    if "source" in arguments:
        arguments["source"] = whole_batch(arguments["source"], size)
    return op(**arguments)
