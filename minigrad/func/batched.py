"""``Batched``: a tensor of all examples, and what the rules of ``vmap`` do with its axes."""

from __future__ import annotations

from collections.abc import Callable
from inspect import CO_VARARGS
from typing import Any

import numpy as np

from minigrad import tensors
from minigrad.errors import message
from minigrad.ops import broadcasting, indexing, joining, shapes
from minigrad.ops.operands import Tensor


class Batched:
    """A tensor of all examples.

    Attributes:
        tensor: (size, ...), the batch as first axis.
        ndim: the number of axes of one example.
    """

    __slots__ = ("ndim", "tensor")

    def __init__(self, tensor: Tensor) -> None:
        """Hold the tensor."""
        self.tensor = tensor
        self.ndim = tensor.ndim - 1


def whole_batch(value: Any, size: int) -> Tensor:
    """Return an operand for all examples: the batch, or a tensor that is the same for all repeated."""
    if isinstance(value, Batched):
        return value.tensor
    tensor = value if isinstance(value, tensors.Tensor) else tensors.Tensor(value)
    return broadcasting.expand(tensor, (size, *tensor.shape))


def spaced(value: Any, ndim: int) -> Any:
    """Return an operand that broadcasts: of a batch with axes of length 1 behind its first, for ``ndim`` behind it."""
    if not isinstance(value, Batched):
        return value
    shape = value.tensor.shape
    if value.ndim == ndim:
        return value.tensor
    return shapes.reshape(value.tensor, (shape[0], *(1,) * (ndim - value.ndim), *shape[1:]))


def ndim_of(value: Any) -> int:
    """Return the number of axes of an input for one example; 0 for what is no array."""
    return value.ndim if isinstance(value, (Batched, tensors.Tensor, np.ndarray)) else 0


def call(op: Callable[..., Any], inputs: Any) -> Any:
    """Call an operation with its inputs in the order of its parameters, some of which are keywords only."""
    code = op.__code__
    if code.co_flags & CO_VARARGS:
        return op(*inputs)
    positional = code.co_argcount
    names = code.co_varnames[positional : positional + code.co_kwonlyargcount]
    return op(*inputs[:positional], **dict(zip(names, inputs[positional:])))


def named(op: Callable[..., Any], inputs: Any) -> dict[str, Any]:
    """Return the inputs of an operation by the names of its parameters."""
    return dict(zip(op.__code__.co_varnames, inputs))


def shifted(dim: Any, ndim: int) -> Any:
    """Return axes of an example as axes of the batch."""
    if isinstance(dim, (tuple, list)):
        return tuple([each % ndim + 1 for each in dim])
    return dim % ndim + 1


def fitted(outputs: Any, result: Any, size: int) -> Any:
    """Return outputs in the shapes that they have for one example, behind the batch axis."""
    if isinstance(result, tensors.Tensor):
        wanted = (size, *result.shape)
        return outputs if outputs.shape == wanted else shapes.reshape(outputs, wanted)
    found = []
    for output, each in zip(outputs, result, strict=True):
        found.append(fitted(output, each, size))
    return tuple(found)


def require_first(op: Callable[..., Any], source: Any) -> None:
    """Raise a TypeError unless it is the first operand that is mapped."""
    if not isinstance(source, Batched):
        remedy = "Map the operand itself too (in_dims), or stack the results of a loop."
        raise TypeError(message("vmap", f"{op.__name__} is mapped over its first operand only.", remedy))


def joined(value: Any, size: int, axis: int) -> Tensor:
    """Return an operand for all examples with the batch and one of an example's axes as one: (..., size * n, ...)."""
    whole = whole_batch(value, size)
    place = axis % (whole.ndim - 1)
    moved = shapes.movedim(whole, 0, place)
    shape = moved.shape
    return shapes.reshape(moved, (*shape[:place], size * shape[place + 1], *shape[place + 2 :]))


def parted(tensor: Tensor, size: int, axis: int) -> Tensor:
    """Return a result of what ``joined`` has joined, with the batch as first axis again."""
    place = axis % tensor.ndim
    shape = tensor.shape
    apart = shapes.reshape(tensor, (*shape[:place], size, shape[place] // size, *shape[place + 1 :]))
    return shapes.movedim(apart, place, 0)


def each_example(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """One example after the other, as a loop would: where no one operation does it to all."""
    found = [call(op, example_of(inputs, number)) for number in range(size)]
    if isinstance(result, tensors.Tensor):
        return joining.stack(found)
    return tuple([None if each is None else joining.stack(column) for each, column in zip(result, zip(*found))])


def example_of(value: Any, number: int) -> Any:
    """Return inputs with those of one example in the place of each ``Batched``."""
    if isinstance(value, Batched):
        return indexing.get_item(value.tensor, number)
    if type(value) is tuple or type(value) is list:
        return value.__class__([example_of(each, number) for each in value])
    return value
