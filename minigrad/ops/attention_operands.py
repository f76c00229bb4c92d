"""What attention is given: checked, its heads repeated, its axes brought to four."""

from __future__ import annotations

import math
from typing import Any, NoReturn

import numpy as np

from minigrad.errors import describe, message
from minigrad.ops.broadcasting import expand
from minigrad.ops.operands import Op, Operand, Value, broadcasts_to, ndarray, unwrap
from minigrad.ops.shapes import reshape, unsqueeze


def check_operands(
    op: Op, query: Operand, key: Operand, value: Operand, attn_mask: Operand | None, is_causal: bool
) -> tuple[int, ...]:
    """Return the shape of the scores, or raise where the operands of attention do not fit together.

    Raises:
        ValueError: if the shapes do not fit, or both masks are given.
        TypeError: if the dtypes differ or are not floating.
    """
    q, k, v = unwrap(op, query), unwrap(op, key), unwrap(op, value)
    dtype = q.dtype
    fits = dtype.kind == "f" and k.dtype == dtype and v.dtype == dtype and min(q.ndim, k.ndim, v.ndim) >= 2
    if not fits or q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        refuse_misfit(op, query, key, value)
    try:
        batch = batch_shape(q, k, v)
    except ValueError:
        refuse_misfit(op, query, key, value)
    shape = (*batch, q.shape[-2], k.shape[-2])
    if attn_mask is not None:
        check_mask(op, attn_mask, q, shape, is_causal)
    return shape


def refuse_misfit(op: Op, query: Operand, key: Operand, value: Operand) -> NoReturn:
    """Raise where query, key and value do not fit together.

    Raises:
        ValueError, TypeError: as ``check_operands``.
    """
    q, k, v = unwrap(op, query), unwrap(op, key), unwrap(op, value)
    came = f"query is {describe(query)}, key {describe(key)}, value {describe(value)}."
    if q.dtype.kind != "f" or k.dtype != q.dtype or v.dtype != q.dtype:
        problem = "query, key and value must have one floating dtype"
        raise TypeError(message(op.__name__, f"{problem}; {came}", "Convert the inputs, x.float(), or the module."))
    if min(q.ndim, k.ndim, v.ndim) < 2:
        problem = "query (..., L, E), key (..., S, E) and value (..., S, D) are needed"
        remedy = "x.unsqueeze(0) makes a sequence of length 1 of a vector."
    elif q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        problem = "query and key must have equal last axes, key and value as many rows"
        remedy = "Sequences lie along axis -2, features along axis -1."
    else:
        problem = "the axes before the last two cannot be broadcast"
        remedy = "From the right, their lengths must be equal or 1; enable_gqa=True lets several heads share a key."
    raise ValueError(message(op.__name__, f"{problem}; {came}", remedy))


def check_mask(op: Op, attn_mask: Operand, query: ndarray, shape: tuple[int, ...], is_causal: bool) -> None:
    """Raise unless a mask can be applied to scores of a shape."""
    mask = unwrap(op, attn_mask)
    if is_causal:
        problem = f"is_causal=True is a mask of its own, and attn_mask {describe(attn_mask)} is given too."
        raise ValueError(message(op.__name__, problem, "Put both into attn_mask."))
    if mask.dtype.kind != "b" and mask.dtype != query.dtype:
        problem = f"attn_mask must be of bools or of the query's dtype {query.dtype}, got {describe(attn_mask)}."
        raise TypeError(message(op.__name__, problem, "Integers that mean yes and no become a mask with mask.bool()."))
    if not broadcasts_to(mask.shape, shape):
        problem = f"attn_mask must broadcast to the scores' shape {shape}, got {describe(attn_mask)}."
        raise ValueError(message(op.__name__, problem, "A mask of keys (N, S) needs axes: mask[:, None, None, :]."))


def batch_shape(q: ndarray, k: ndarray, v: ndarray) -> tuple[int, ...]:
    """Return what the axes before the last two broadcast to."""
    batch = q.shape[:-2]
    if k.shape[:-2] == batch and v.shape[:-2] == batch:
        return batch
    return np.broadcast_shapes(batch, k.shape[:-2], v.shape[:-2])


def four_axes(x: ndarray, batch: tuple[int, ...]) -> ndarray:
    """Return an array repeated to the batch axes, and these as two: (N, H, rows, columns)."""
    shape = (*batch, *x.shape[-2:])
    if x.shape != shape:
        x = np.broadcast_to(x, shape)
    if len(batch) == 2:
        return x
    if len(batch) < 2:
        return x[(None,) * (2 - len(batch))]
    return x.reshape(batch[0], math.prod(batch[1:]), *x.shape[-2:])


def back_to(batch: tuple[int, ...], x: ndarray) -> ndarray:
    """Return an array of four axes with its first two as the batch axes again."""
    return x if len(batch) == 2 else x.reshape(*batch, *x.shape[2:])


def repeated_heads(op: Op, query: Operand, key: Operand, value: Operand) -> tuple[Value, Value]:
    """Return key and value with each head repeated for the heads of the query that share it.

    Raises:
        ValueError: if their numbers do not divide the query's.
    """
    found: list[Value] = []
    q = unwrap(op, query)
    for role, operand in (("key", key), ("value", value)):
        array: Any = unwrap(op, operand)
        if min(q.ndim, array.ndim) < 3 or array.shape[-3] == 0 or q.shape[-3] % array.shape[-3]:
            problem = f"the heads (axis -3) of {role} must divide those of query, got {role} {describe(operand)}"
            remedy = "With enable_gqa=True the shapes are (..., heads, length, features)."
            raise ValueError(message(op.__name__, f"{problem} and query {describe(query)}.", remedy))
        *batch, heads, rows, columns = array.shape
        times = q.shape[-3] // heads
        if times > 1:
            repeated = expand(unsqueeze(operand, -3), (*batch, heads, times, rows, columns))
            operand = reshape(repeated, (*batch, heads * times, rows, columns))
        found.append(operand)
    return found[0], found[1]


def visible_keys(shape: tuple[int, ...]) -> ndarray:
    """Return which keys each query sees that sees those up to its own place only, (L, S) of bools."""
    return np.tri(shape[-2], shape[-1], dtype=bool)
