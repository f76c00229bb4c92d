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
from minigrad.ops import broadcasting, indexing, shapes
from minigrad.ops.operands import Tensor
from minigrad.ops.ranges import arange

#: The parameters that name axes.
AXES = ("dim", "dim0", "dim1", "dim2", "dims", "axis")


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
    positional = code.co_argcount
    names = code.co_varnames[positional : positional + code.co_kwonlyargcount]
    return op(*inputs[:positional], **dict(zip(names, inputs[positional:])))


def named(op: Callable[..., Any], inputs: Any) -> dict[str, Any]:
    """Return the inputs of an operation by the names of its parameters."""
    return dict(zip(op.__code__.co_varnames, inputs))


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


def last_axes(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """On the last axes, whatever stands before them."""
    require_first(op, inputs[0])
    return call(op, [inputs[0].tensor, *inputs[1:]])


def require_first(op: Callable[..., Any], source: Any) -> None:
    """Raise a TypeError unless it is the first operand that is mapped."""
    if not isinstance(source, Batched):
        remedy = "Map the operand itself too (in_dims), or stack the results of a loop."
        raise TypeError(message("vmap", f"{op.__name__} is mapped over its first operand only.", remedy))


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
    if arrays and arrays[-1] - arrays[0] + 1 != len(arrays):
        problem = "index arrays with a slice between them cannot be mapped over a batch."
        raise TypeError(message("vmap", problem, "Index one axis after the other, x[rows][:, columns]."))
    mapped = [place for place in arrays if isinstance(parts[place], Batched)]
    if not mapped:
        return indexing.get_item(source.tensor, (slice(None), *parts))
    ndim = max([ndim_of(parts[place]) for place in arrays])
    for place in arrays:
        parts[place] = spaced(parts[place], ndim)
    if not isinstance(source, Batched):
        require_no_slice(parts, arrays)
        return indexing.get_item(source, tuple(parts))
    # Each example is read at its own places: the number of the example is one more index.
    require_no_slice(parts, arrays)
    numbers = shapes.reshape(arange(size), (size, *(1,) * ndim))
    return indexing.get_item(source.tensor, (numbers, *parts))


def is_array_index(part: Any) -> bool:
    """Return whether a part of an index is an array of places, so that others stand beside it and not behind."""
    return isinstance(part, (Batched, tensors.Tensor, np.ndarray, list, int, np.integer)) and not isinstance(part, bool)


def require_no_slice(parts: list[Any], arrays: list[int]) -> None:
    """Raise a TypeError if something stands before index arrays, or one is a mask: NumPy orders the axes anew."""
    masks = [place for place in arrays if getattr(parts[place], "dtype", None) == np.bool_]
    if arrays != list(range(len(arrays))) or masks:
        problem = "a mapped index must be of integers, and stand before any slice."
        raise TypeError(message("vmap", problem, "Bring the axis to the front: x.movedim(dim, 0)[index]."))


def gather(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """At each example's own index."""
    source, dim, index = inputs
    ndim = ndim_of(source)
    if ndim == 0:
        raise TypeError(
            message("vmap", "gather of 0-d examples cannot be mapped.", "Give them an axis: x.unsqueeze(0).")
        )
    return op(whole_batch(source, size), shifted(dim, ndim), whole_batch(index, size))


def one_hot(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """As it is, for a number of classes that is given."""
    if inputs[1] == -1:
        problem = "the number of classes cannot be seen from one example."
        raise TypeError(message("vmap", f"one_hot: {problem}", "Pass it: num_classes=10."))
    return op(inputs[0].tensor, inputs[1])
