"""How convolutions, poolings and normalisations are done to a batch; see ``batching_rules.py`` for the form."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from minigrad import tensors
from minigrad.func.batched import Batched, call, fitted, joined, named, parted, spaced, whole_batch
from minigrad.ops import shapes


def images(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """The images of all examples as the images of one."""
    if any(isinstance(each, Batched) for each in inputs[1:]):
        return in_groups(op, inputs, result, size)
    tensor = inputs[0].tensor
    # A sequence, and what is folded, has two axes behind the batch: of channels, and one more.
    lead = tensor.shape[: -2 if op.__name__ == "fold" or op.__name__.endswith("1d") else -3]
    outputs = op(shapes.reshape(tensor, (math.prod(lead), *tensor.shape[len(lead) :])), *inputs[1:])
    return fitted(outputs, result, size)


def in_groups(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """Each example's own filters as a group of one convolution."""
    arguments = named(op, inputs)
    channels = -2 if op.__name__.endswith("1d") else -3
    arguments["input"] = joined(arguments["input"], size, channels)
    arguments["weight"] = joined(arguments["weight"], size, 0)
    if arguments["bias"] is not None:
        arguments["bias"] = joined(arguments["bias"], size, 0)
    arguments["groups"] = arguments["groups"] * size
    return parted(op(**arguments), size, channels)


def channels(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """The channels of all examples as those of one, each with its own statistics, weights and biases."""
    arguments = named(op, inputs)
    for name, value in arguments.items():
        if isinstance(value, (Batched, tensors.Tensor)):
            arguments[name] = joined(value, size, 1 if name == "input" else 0)
    if "num_groups" in arguments:
        arguments["num_groups"] = arguments["num_groups"] * size
    outputs = op(**arguments)
    if isinstance(result, tensors.Tensor):
        return parted(outputs, size, 1)
    output, *statistics = outputs
    return parted(output, size, 1), *[parted(each, size, 0) for each in statistics]


def last_axes_and_weights(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """On the last axes; weights and biases of each example's own are applied afterwards."""
    arguments = named(op, inputs)
    own = [name for name in ("weight", "bias") if isinstance(arguments.get(name), Batched)]
    if not own:
        return call(op, [whole_batch(inputs[0], size), *inputs[1:]])
    weight, bias = arguments["weight"], arguments.get("bias")
    for name in ("weight", "bias"):
        if name in arguments:
            arguments[name] = None
    arguments["input"] = whole_batch(arguments["input"], size)
    output = op(**arguments)
    output = output if weight is None else output * spaced(weight, result.ndim)
    return output if bias is None else output + spaced(bias, result.ndim)
