"""Numbers dropped at random."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.errors import describe, message, number_remedy
from minigrad.graph import record
from minigrad.ops.generators import Generator
from minigrad.ops.operands import Operand, Tensor, Value, unwrap
from minigrad.ops.randomness import rand


def dropout(input: Operand, p: float = 0.5, training: bool = True, *, generator: Generator | None = None) -> Tensor:
    """Return ``input`` with each number set to 0 with probability ``p`` and the others scaled by ``1 / (1 - p)``.

    Args:
        input: floating, any shape.
        p: the probability, from 0 to 1.
        training: whether to drop at all; if not, the input itself is returned.
        generator: where to draw from; default: the one that ``manual_seed`` seeds.

    Returns:
        The input's shape; its expected value is the input.

    Raises:
        ValueError: if ``p`` is not in [0, 1]; TypeError: if it is no number, or the input is not floating.

    Examples:
        >>> import minigrad as mg
        >>> dropout(mg.ones(8), 0.5, generator=mg.Generator(0)).sum().item() in range(0, 17, 2)
        True
    """
    p = checked_probability("dropout", p)
    input_data = unwrap(dropout, input)
    if input_data.dtype.kind != "f":
        raise TypeError(message("dropout", f"floating numbers are needed, got {describe(input)}.", "Use x.float()."))
    if not training or p == 0:
        same: Any = input
        return same
    return drop(input, rand(input_data.shape, dtype=input_data.dtype, generator=generator), p)


def drop(input: Operand, noise: Operand, p: float) -> Tensor:
    """Return ``input / (1 - p)`` where ``noise``, uniform in [0, 1), is at least ``p``, and 0 elsewhere."""
    input_data, noise_data = unwrap(drop, input), unwrap(drop, noise)
    factors = (noise_data >= p) * input_data.dtype.type(1 / (1 - p) if p < 1 else 0)
    return record(drop, drop_vjp, input_data * factors, (input, noise, p), (factors,))


def drop_vjp(grad_output: Value, factors: Value) -> Value:
    """``grad_input = grad_output * factors``, which are 0 or 1 / (1 - p)."""
    return grad_output * factors


def checked_probability(who: str, p: Any) -> float:
    """Return a probability as a float.

    Raises:
        TypeError: if it is no number; ValueError: if it is not in [0, 1].
    """
    if isinstance(p, bool) or not isinstance(p, (int, float, np.integer, np.floating)):
        raise TypeError(message(who, f"p must be a number, got {describe(p)}.", number_remedy(p)))
    if not 0 <= p <= 1:
        raise ValueError(
            message(
                who,
                f"p is a probability, so it must be in [0, 1], got {p}.",
                "It is the share that is dropped, such as 0.2 for a fifth.",
            )
        )
    return float(p)
