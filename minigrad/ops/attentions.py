"""Scaled dot-product attention: each query returns the mean of the values, weighted by how well their keys fit it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import minigrad_kernels
from minigrad.graph import record
from minigrad.modes import is_grad_enabled
from minigrad.ops.attention_operands import (
    back_to,
    batch_shape,
    check_operands,
    four_axes,
    repeated_heads,
    visible_keys,
)
from minigrad.ops.comparisons import eq
from minigrad.ops.dropouts import checked_probability, first_block
from minigrad.ops.elementwise import where
from minigrad.ops.extremes import amax
from minigrad.ops.generators import Generator, checked_generator
from minigrad.ops.operands import Operand, Tensor, Value, flag, ndarray, needs_grad, real, refuse_no_bool, unwrap
from minigrad.ops.products import matmul
from minigrad.ops.shapes import matrix_transpose
from minigrad.ops.softmaxes import softmax, softmax_backward, softmax_backward_vjp


def scaled_dot_product_attention(
    query: Operand,
    key: Operand,
    value: Operand,
    attn_mask: Operand | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """Return ``dropout(softmax(scale * query @ key.mT + mask)) @ value``, a head at a time.

    A query that sees no key, because a mask hides them all or there are none, returns 0, and its gradients are 0.

    Args:
        query: (..., L, E), floating.
        key: (..., S, E); the axes before the last two broadcast with those of query and value.
        value: (..., S, D).
        attn_mask: broadcasts to (..., L, S): bools, True where a query sees a key, or numbers that are added.
        dropout_p: the probability that a weight is dropped. It always is: pass 0 when not training.
        is_causal: whether query i sees keys 0 to i only; without ``attn_mask``.
        scale: what scores are multiplied by; None for ``1 / sqrt(E)``.
        enable_gqa: whether key and value may have fewer heads (axis -3) than query, each for several of its.
        generator: where dropout draws from; default: the one that ``manual_seed`` seeds.

    Returns:
        (..., L, D).

    Raises:
        ValueError: if the shapes do not fit, both masks are given, or ``dropout_p`` is not in [0, 1].
        TypeError: if the dtypes differ or are not floating.

    Examples:
        >>> import minigrad as mg
        >>> x = mg.tensor([[1.0, 0.0], [0.0, 1.0]])
        >>> scaled_dot_product_attention(x, x, x, is_causal=True, scale=0.0)
        Tensor((2, 2) float32 | 1 0 0.5 0.5)

    Source: Vaswani et al., "Attention is all you need", NeurIPS 2017; for ``enable_gqa`` Ainslie et al., "GQA: training
    generalized multi-query transformer models from multi-head checkpoints", EMNLP 2023.
    """
    if is_causal.__class__ is not bool:
        refuse_no_bool(scaled_dot_product_attention, "is_causal", is_causal)
    if type(dropout_p) is not float or dropout_p != 0:
        dropout_p = checked_probability("scaled_dot_product_attention", dropout_p)
    if flag(scaled_dot_product_attention, "enable_gqa", enable_gqa):
        key, value = repeated_heads(scaled_dot_product_attention, query, key, value)
    shape = check_operands(scaled_dot_product_attention, query, key, value, attn_mask, bool(is_causal))
    if scale is None:
        scale = 1 / math.sqrt(max(unwrap(scaled_dot_product_attention, query).shape[-1], 1))
    else:
        scale = float(real(scaled_dot_product_attention, "scale", scale))
    seed, counter = 0, None
    if dropout_p > 0:
        source = checked_generator(scaled_dot_product_attention, generator)
        seed, counter = source.seed, first_block(math.prod(shape), source)
    return attend(query, key, value, attn_mask, bool(is_causal), scale, dropout_p, counter, seed)


def attend(
    query: Operand,
    key: Operand,
    value: Operand,
    attn_mask: Operand | None,
    is_causal: bool,
    scale: float,
    dropout_p: float,
    counter: Operand | None,
    seed: int,
) -> Tensor:
    """Return attention as ``scaled_dot_product_attention`` does, with the first block of random numbers to read."""
    q_data, k_data, v_data = unwrap(attend, query), unwrap(attend, key), unwrap(attend, value)
    mask = None if attn_mask is None else unwrap(attend, attn_mask)
    place = None if counter is None else unwrap(attend, counter)
    batch = batch_shape(q_data, k_data, v_data)
    area = (q_data.shape[-2], k_data.shape[-2])
    keep = is_grad_enabled() and (needs_grad(query) or needs_grad(key) or needs_grad(value) or needs_grad(attn_mask))
    factors = factors_of(batch + area, q_data.dtype, dropout_p, place, seed)
    output, weights = minigrad_kernels.attention(
        four_axes(q_data, batch),
        four_axes(k_data, batch),
        four_axes(v_data, batch),
        added_mask(mask, batch + area, q_data.dtype),
        None if factors is None else factors.reshape(math.prod(batch), *area),
        scale,
        is_causal,
        keep,
    )
    output = back_to(batch, output)
    inputs = (query, key, value, attn_mask, is_causal, scale, dropout_p, counter, seed)
    settings = (is_causal, scale, dropout_p, place, seed)
    saved = (q_data, k_data, v_data, mask, weights, *settings, needs_grad(attn_mask))
    return record(attend, attend_vjp, output, inputs, saved)


def attend_vjp(
    grad_output: Value,
    query: Value,
    key: Value,
    value: Value,
    attn_mask: Value,
    weights: Value,
    is_causal: bool,
    scale: float,
    dropout_p: float,
    counter: Value,
    seed: int,
    for_mask: bool,
) -> tuple[Value, ...]:
    """``grad_query = scale * slope @ key; grad_key = scale * slope.mT @ query; grad_value = weights.mT @ grad_output``.

    With ``slope = weights * (w - sum(weights * w))``, ``w = grad_output @ value.mT``; ``grad_attn_mask = slope``.
    """
    settings = (is_causal, scale, dropout_p, counter, seed)
    return attend_backward(grad_output, query, key, value, attn_mask, weights, *settings, for_mask)


def attend_backward(
    grad: Operand,
    query: Operand,
    key: Operand,
    value: Operand,
    attn_mask: Operand | None,
    weights: Operand,
    is_causal: bool,
    scale: float,
    dropout_p: float,
    counter: Operand | None,
    seed: int,
    for_mask: bool,
) -> tuple[Value, Value, Value, Value]:
    """Return the gradients of ``attend`` with respect to query, key, value and, if wanted, the mask.

    Args:
        grad: the gradient of its result.
        query: what it was given; likewise the others that bear the names of its parameters.
        key: likewise.
        value: likewise.
        attn_mask: likewise.
        weights: what it computed: the softmax of the scores, (heads of all batch entries, L, S).
        is_causal: likewise.
        scale: likewise.
        dropout_p: likewise.
        counter: likewise.
        seed: likewise.
        for_mask: whether the gradient of the mask is wanted; None is returned otherwise.

    Returns:
        Of the shapes that query, key, value and mask were broadcast to.
    """
    arrays: list[Any] = []
    for each in (grad, query, key, value, weights):
        # In an ordinary backward nothing is a Tensor.
        arrays.append(each if each.__class__ is ndarray else unwrap(attend_backward, each))
    g_data, q_data, k_data, v_data, w_data = arrays
    place = None if counter is None else unwrap(attend_backward, counter)
    batch = batch_shape(q_data, k_data, v_data)
    factors = factors_of((*batch, *w_data.shape[1:]), q_data.dtype, dropout_p, place, seed)
    for_query, for_key, for_value, for_mask_too = minigrad_kernels.attention_backward(
        four_axes(g_data, batch),
        four_axes(q_data, batch),
        four_axes(k_data, batch),
        four_axes(v_data, batch),
        w_data,
        None if factors is None else factors.reshape(w_data.shape),
        scale,
        for_mask,
    )
    outputs = (
        back_to(batch, for_query),
        back_to(batch, for_key),
        back_to(batch, for_value),
        None if for_mask_too is None else back_to(batch, for_mask_too),
    )
    if grad.__class__ is ndarray:
        return outputs
    mask = None if attn_mask is None else unwrap(attend_backward, attn_mask)
    settings = (is_causal, scale, dropout_p)
    inputs = (grad, query, key, value, attn_mask, weights, *settings, counter, seed, for_mask)
    saved = (g_data, q_data, k_data, v_data, mask, *settings, place, seed)
    return record(attend_backward, attend_backward_vjp, outputs, inputs, saved)


def attend_backward_vjp(
    grad_outputs: tuple[Value, Value, Value, Value],
    grad: Value,
    query: Value,
    key: Value,
    value: Value,
    attn_mask: Value,
    is_causal: bool,
    scale: float,
    dropout_p: float,
    counter: Value,
    seed: int,
) -> tuple[Value, ...]:
    """The rule of ``matmul``, ``softmax_backward``, ``matmul``, written out from the end.

    The gradients were ``scale * slope @ key``, ``scale * slope.mT @ query``, ``(weights * factors).mT @ grad`` and
    ``slope = softmax_backward(w, weights)`` with ``w = (grad @ value.mT) * factors``; the weights are a function of
    query, key and mask, and ``for_query`` is the gradient of the first of them.
    """
    for_query, for_key, for_value, for_mask = grad_outputs
    weights = attention_weights(query, key, attn_mask, is_causal, scale)
    last = weights.ndim - 1
    factors = 1 if dropout_p == 0 else factors_of(weights.shape, weights.dtype, dropout_p, counter, seed)
    w = matmul(grad, matrix_transpose(value)) * factors
    slope = softmax_backward(w, weights, last)
    for_weights: Value = None
    grad_query = grad_key = grad_value = grad_grad = for_slope = None
    if for_query is not None:
        for_slope = scale * matmul(for_query, matrix_transpose(key))
        grad_key = scale * matmul(matrix_transpose(slope), for_query)
    if for_key is not None:
        for_slope = total(for_slope, scale * matmul(query, matrix_transpose(for_key)))
        grad_query = scale * matmul(slope, for_key)
    for_slope = total(for_slope, for_mask)
    if for_slope is not None:
        for_w, for_weights = softmax_backward_vjp(for_slope, w, weights, last)
        for_w = for_w * factors
        grad_grad, grad_value = matmul(for_w, value), matmul(matrix_transpose(for_w), grad)
    if for_value is not None:
        grad_grad = total(grad_grad, matmul(weights * factors, for_value))
        for_weights = total(for_weights, matmul(grad, matrix_transpose(for_value)) * factors)
    for_scores = softmax_backward(for_weights, weights, last)
    grad_query = total(grad_query, scale * matmul(for_scores, key))
    grad_key = total(grad_key, scale * matmul(matrix_transpose(for_scores), query))
    return grad_grad, grad_query, grad_key, grad_value, for_scores


def total(x: Value, y: Value) -> Value:
    """Return the sum of two gradients, of which None stands for nothing."""
    if x is None:
        return y
    return x if y is None else x + y


def attention_weights(query: Value, key: Value, attn_mask: Value, is_causal: bool, scale: float) -> Value:
    """Return ``softmax(scale * query @ key.mT + mask)``, 0 in rows where all scores are minus infinity."""
    scores = matmul(query, matrix_transpose(key)) * scale
    if is_causal:
        scores = where(visible_keys(scores.shape), scores, -math.inf)
    if attn_mask is not None:
        scores = where(attn_mask, scores, -math.inf) if attn_mask.dtype == bool else scores + attn_mask
    if scores.shape[-1] == 0:
        return scores
    blind = eq(amax(scores, -1, True), -math.inf)
    return where(blind, 0.0, softmax(where(blind, 0.0, scores), -1))


def factors_of(shape: tuple[int, ...], dtype: np.dtype, p: float, counter: Any, seed: int) -> Any:
    """Return what dropout multiplies weights by, 0 or 1 / (1 - p), an array; None where nothing is dropped."""
    if p == 0:
        return None
    return minigrad_kernels.dropped(np.ones(shape, dtype), seed, int(unwrap(attend, counter)), p)


def added_mask(mask: ndarray | None, shape: tuple[int, ...], dtype: np.dtype) -> ndarray | None:
    """Return what is added to the scores, with four axes, or None: minus infinity where a mask of bools is False."""
    if mask is None:
        return None
    if mask.dtype.kind == "b":
        mask = np.where(mask, dtype.type(0), dtype.type(-np.inf))
    return four_axes(np.broadcast_to(mask, shape), shape[:-2])
