"""How convolutions and poolings are done to a batch; the form of the rules is that of ``batching_rules.py``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from minigrad.errors import message
from minigrad.func.batching_rules import Batched, fitted, require_first
from minigrad.ops import shapes


def images(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """The images of all examples as the images of one."""
    require_first(op, inputs[0])
    for each in inputs[1:]:
        if isinstance(each, Batched):
            remedy = "Stack the results of a loop, or convolve in groups: each example's weight is one."
            raise TypeError(message("vmap", f"{op.__name__} is mapped over its input only.", remedy))
    tensor = inputs[0].tensor
    # A sequence, and what is folded, has two axes behind the batch: of channels, and one more.
    lead = tensor.shape[: -2 if op.__name__ == "fold" or op.__name__.endswith("1d") else -3]
    outputs = op(shapes.reshape(tensor, (math.prod(lead), *tensor.shape[len(lead) :])), *inputs[1:])
    return fitted(outputs, result, size)
