"""Vectors of length one, the cosine between vectors, and their distance."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.arithmetic import add, div, mul, sub
from minigrad.ops.bounds import clamp_min
from minigrad.ops.broadcasting import expand
from minigrad.ops.norms import norm
from minigrad.ops.operands import Dim, Operand, Tensor, Value, check_broadcast, real, unwrap
from minigrad.ops.reductions import sum


def normalize(input: Operand, p: float = 2.0, dim: Dim = 1, eps: float = 1e-12) -> Tensor:
    """Return vectors divided by their p-norm.

    Args:
        input: any shape.
        p: the order of the norm.
        dim: the axis of the vectors, or several axes.
        eps: the smallest divisor; a vector of zeros stays one, and its gradient is ``grad_output / eps``.

    Returns:
        input's shape.

    Raises:
        IndexError: if ``dim`` is not an axis of input; TypeError: if ``eps`` is no number.
    """
    eps = real(normalize, "eps", eps)
    return div(input, clamp_min(norm(input, p, dim, True), eps))


def cosine_similarity(x1: Operand, x2: Operand, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """Return the cosine of the angle between vectors.

    Args:
        x1: floating, any shape.
        x2: floating, of a shape that broadcasts with x1's.
        dim: the axis of the vectors, of the broadcast shape.
        eps: the smallest length that is divided by. The gradient is that of the quotient as if there were no such
            bound; that of the length of a vector of zeros is 0.

    Returns:
        The broadcast shape without that axis, each in [-1, 1].

    Raises:
        TypeError: if the operands are not floating.
        ValueError: if the shapes do not broadcast.
        IndexError: if ``dim`` is not an axis.
    """
    x1_data, x2_data = unwrap(cosine_similarity, x1), unwrap(cosine_similarity, x2)
    if x1_data.dtype.kind != "f" and x2_data.dtype.kind != "f":
        raise TypeError(
            message(
                "cosine_similarity",
                f"floating numbers are needed, got {describe(x1)} and {describe(x2)}.",
                "Convert them: x.float().",
            )
        )
    eps = real(cosine_similarity, "eps", eps)
    check_broadcast(cosine_similarity, x1, x2, x1_data.shape, x2_data.shape)
    shape = np.broadcast_shapes(x1_data.shape, x2_data.shape)
    first: Any = x1 if x1_data.shape == shape else expand(x1, shape)
    second: Any = x2 if x2_data.shape == shape else expand(x2, shape)
    lengths = mul(at_least(norm(first, 2, dim), eps), at_least(norm(second, 2, dim), eps))
    return div(sum(mul(first, second), dim), lengths)


def at_least(x: Operand, bound: float) -> Tensor:
    """Return ``x``, but at least ``bound``; the gradient passes also below it."""
    return record(at_least, at_least_vjp, np.maximum(unwrap(at_least, x), bound), (x, bound))


def at_least_vjp(grad_output: Value) -> Value:
    """``grad_x = grad_output``."""
    return grad_output


def pairwise_distance(x1: Operand, x2: Operand, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """Return the p-norm of ``x1 - x2 + eps`` along the last axis.

    Args:
        x1: any shape.
        x2: of a shape that broadcasts with x1's.
        p: the order of the norm.
        eps: added to each difference, so that equal vectors have a gradient.
        keepdim: keep the last axis with length 1.

    Returns:
        The broadcast shape without its last axis, unless ``keepdim``.

    Raises:
        ValueError: if the shapes do not broadcast; TypeError: if ``eps`` is no number.
    """
    eps = real(pairwise_distance, "eps", eps)
    return norm(add(sub(x1, x2), eps), p, -1, keepdim)
