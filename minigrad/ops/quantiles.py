"""Quantiles: elements by their rank, and numbers between two of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad import tensors
from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.constants import beside
from minigrad.ops.floats import checked_floats
from minigrad.ops.gathering import gather_backward
from minigrad.ops.interpolation import lerp
from minigrad.ops.operands import Operand, Tensor, Value, axis, ndarray, needs_grad, refuse_no_bool, unwrap
from minigrad.ops.shapes import movedim, reshape

INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")
#: For more ranks than this, sorting all is faster than partitioning at each.
MANY_RANKS = 16


def quantile(
    x: Operand, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Tensor:
    """Return the elements below which the shares ``q`` of all lie, interpolated between two where it falls there.

    Args:
        x: floating, any shape, not empty.
        q: a number in [0, 1], or a 0-d or 1-d operand of them, of x's dtype.
        dim: the axis; None for all elements.
        keepdim: keep the reduced axes with length 1.
        interpolation: ``"linear"``, ``"lower"``, ``"higher"``, ``"midpoint"`` or ``"nearest"`` (of two as near, the one
            of even rank).

    Returns:
        For a number x's shape without the reduced axes; for several they stand in front of it. NaN wins. The gradient
        goes to the elements that were taken, by their weights, and to ``q``.

    Raises:
        TypeError: if x is not floating, or q of another dtype.
        ValueError: if a q is outside of [0, 1], x is empty, or ``interpolation`` is another.
        IndexError: if ``dim`` is not an axis of x.
    """
    x_data = unwrap(quantile, x)
    refuse_no_bool(quantile, "keepdim", keepdim)
    along = 0 if dim is None else axis(quantile, dim, x_data.ndim)
    shares = checked_shares(x, x_data, q, interpolation)
    lines: Any = reshape(x, (-1,)) if dim is None or x_data.ndim == 0 else x
    last = unwrap(quantile, lines).shape[along] - 1
    ranks = shares.reshape(-1) * x_data.dtype.type(last)
    if interpolation == "nearest":
        ranks = np.round(ranks)
    below = np.ceil(ranks) if interpolation == "higher" else np.floor(ranks)
    above = below if interpolation == "lower" else np.ceil(ranks)
    # The ranks stand in front. Each is taken twice, so that slices part those below and those above.
    found = order_statistics(lines, tuple(below.astype(int).tolist() + above.astype(int).tolist()), along)
    result = found[: below.size]
    if interpolation in ("linear", "midpoint") and (needs_grad(q) or not np.array_equal(below, above)):
        weight: Any = x_data.dtype.type(0.5)
        if interpolation == "linear":
            column = (-1,) + (1,) * (found.ndim - 1)
            weight = reshape(q, (-1,)) * last - beside(below, q) if needs_grad(q) else beside(ranks - below, x)
            weight = reshape(weight, column)
        result = lerp(result, found[below.size :], weight)
    kept = tuple(np.shape(found)[1:])
    if keepdim:
        kept = (1,) * x_data.ndim if dim is None or x_data.ndim == 0 else (*kept[:along], 1, *kept[along:])
    return reshape(result, shares.shape + kept)


def checked_shares(x: Operand, x_data: ndarray, q: Any, interpolation: str) -> ndarray:
    """Return the shares as an array of x's dtype, after all checks of ``quantile``."""
    if not isinstance(interpolation, str) or interpolation not in INTERPOLATIONS:
        raise ValueError(
            message(
                "quantile", f"interpolation is one of {', '.join(INTERPOLATIONS)}, got {interpolation!r}.", "Name one."
            )
        )
    checked_floats(quantile, x)
    if x_data.size == 0:
        raise ValueError(message("quantile", f"there is no element in {describe(x)}.", "Ask x.numel() before."))
    several = isinstance(q, (tensors.Tensor, ndarray))
    # A number is not rounded to the default dtype first.
    shares = np.asarray(q) if isinstance(q, float) else unwrap(quantile, q)
    if several and shares.dtype != x_data.dtype:
        raise TypeError(
            message(
                "quantile",
                f"q must have x's dtype: q is {describe(q)}, x {describe(x)}.",
                f"Convert it: q.to('{x_data.dtype}').",
            )
        )
    if shares.ndim > 1 or not np.all((shares >= 0) & (shares <= 1)):
        shown = describe(q) if shares.ndim > 1 or not several else f"{shares.min()} to {shares.max()}"
        raise ValueError(
            message(
                "quantile",
                f"q must be a number, or a vector of numbers, in [0, 1]; got {shown}.",
                "The 90th percentile is q=0.9.",
            )
        )
    return shares.astype(x_data.dtype)


def order_statistics(x: Operand, ranks: tuple[int, ...], along: int) -> Tensor:
    """Return the elements of several ranks along an axis, which comes to the front; in a line with NaN only NaN.

    Args:
        x: floating, at least one axis.
        ranks: 0 for the smallest element, and so on.
        along: the axis, from 0 up.
    """
    lines = np.moveaxis(unwrap(order_statistics, x), along, 0)
    picked = None
    if needs_grad(x):
        picked = np.argpartition(lines, sorted(set(ranks)), axis=0)[list(ranks)]
        output = np.take_along_axis(lines, picked, 0)
    else:
        output = partitioned(lines, ranks)[list(ranks)]
    unknown = np.isnan(lines)
    if unknown.any():
        output = np.where(unknown.any(axis=0), math.nan, output).astype(lines.dtype, copy=False)
        if picked is not None:
            # The last, as in PyTorch.
            picked = np.where(unknown.any(axis=0), len(lines) - 1 - np.argmax(unknown[::-1], axis=0), picked)
    return record(order_statistics, order_statistics_vjp, output, (x, ranks, along), (along, picked, lines.shape))


def partitioned(x: ndarray, ranks: tuple[int, ...]) -> ndarray:
    """Return a copy in which the elements of some ranks are in their places along the first axis."""
    if len(set(ranks)) > MANY_RANKS:
        return np.sort(x, axis=0)
    copy = np.array(x)
    end = len(x)
    # One rank at a time, for which NumPy has a vectorised way, and the next one among the smaller elements.
    for rank in sorted(set(ranks), reverse=True):
        copy[:end].partition(rank, axis=0)
        end = rank
    return copy


def order_statistics_vjp(grad_output: Value, along: int, picked: Value, shape: tuple[int, ...]) -> Value:
    """``grad_x = zeros with grad_output added where each element was taken from``."""
    return movedim(gather_backward(grad_output, 0, picked, shape), 0, along)


class QuantileMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    quantile = quantile
