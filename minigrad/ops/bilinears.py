"""The bilinear layer: a linear one of all products of two inputs."""

from __future__ import annotations

from typing import Any

from minigrad.errors import describe, message
from minigrad.ops.arithmetic import mul
from minigrad.ops.linears import linear
from minigrad.ops.operands import Operand, Tensor, unwrap
from minigrad.ops.shapes import reshape, unsqueeze


def bilinear(input1: Operand, input2: Operand, weight: Operand, bias: Operand | None = None) -> Tensor:
    """Return ``input1 @ weight[o] @ input2 + bias[o]`` for each output o.

    Args:
        input1: (..., in1_features).
        input2: (..., in2_features), leading axes as input1's.
        weight: (out_features, in1_features, in2_features).
        bias: (out_features,), or None.

    Returns:
        (..., out_features).

    Raises:
        ValueError: if the shapes do not fit; TypeError: if the dtypes differ.
    """
    one, two = unwrap(bilinear, input1).shape, unwrap(bilinear, input2).shape
    three = unwrap(bilinear, weight).shape
    fits = len(one) > 0 and len(two) > 0 and len(three) == 3 and one[:-1] == two[:-1]
    if not fits or three[1:] != (one[-1], two[-1]):
        raise ValueError(
            message(
                "bilinear",
                "inputs (..., in1_features) and (..., in2_features) and a weight (out_features, in1_features, "
                f"in2_features) are needed; they are {describe(input1)}, {describe(input2)} and {describe(weight)}.",
                "Leading axes of the inputs must be equal: expand one of them.",
            )
        )
    # All products of a row are the inputs of one matrix product.
    pairs: Any = mul(unsqueeze(input1, -1), unsqueeze(input2, -2))
    return linear(reshape(pairs, (*one[:-1], one[-1] * two[-1])), reshape(weight, (three[0], -1)), bias)
