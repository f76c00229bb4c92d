"""The bilinear layer: outputs that are linear in each of two inputs."""

from __future__ import annotations

import math
from typing import Any

from minigrad.errors import describe, message
from minigrad.ops.arithmetic import add
from minigrad.ops.contractions import contract
from minigrad.ops.operands import Operand, Tensor, unwrap
from minigrad.ops.shapes import reshape


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
        ValueError: if the shapes do not fit.
    """
    one, two = unwrap(bilinear, input1).shape, unwrap(bilinear, input2).shape
    three = unwrap(bilinear, weight).shape
    fits = len(one) > 0 and len(two) > 0 and len(three) == 3 and one[:-1] == two[:-1]
    fits = fits and three[1:] == (one[-1], two[-1])
    if not fits or (bias is not None and unwrap(bilinear, bias).shape != three[:1]):
        raise ValueError(
            message(
                "bilinear",
                "inputs (..., in1_features) and (..., in2_features) and a weight (out_features, in1_features, "
                f"in2_features) are needed, and a bias (out_features,) or None; they are {describe(input1)}, "
                f"{describe(input2)}, {describe(weight)} and {describe(bias)}.",
                "Leading axes of the inputs must be equal: expand one of them.",
            )
        )
    i, j = one[-1], two[-1]
    rows = math.prod(one[:-1])
    # In the order that keeps the parts small: all products of a row's inputs first, or one input after the other.
    factors: Any = (reshape(input1, (rows, i)), reshape(input2, (rows, j)), weight)
    sizes = ((0, rows), (1, i), (2, j), (3, three[0]))
    result = reshape(contract(factors, ((0, 1), (0, 2), (3, 1, 2)), (0, 3), sizes), (*one[:-1], three[0]))
    return result if bias is None else add(result, bias)
