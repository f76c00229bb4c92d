"""Masks of attention layers: turned into numbers that are added to the scores, put together, made longer."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.errors import describe, message
from minigrad.ops.creation import as_tensor
from minigrad.ops.elementwise import where
from minigrad.ops.joining import cat
from minigrad.ops.shapes import reshape


def added_mask(what: str, mask: Any, dtype: np.dtype, shapes: tuple[tuple[int, ...], ...]) -> Any:
    """Return what a mask adds to the scores: minus infinity where one of bools is True; None for None.

    Args:
        what: it is, for messages.
        mask: bools, True where a key is hidden, or numbers.
        dtype: of the scores.
        shapes: which it may have.

    Raises:
        ValueError: if it has none of the shapes; TypeError: if it holds neither bools nor floating numbers.
    """
    if mask is None:
        return None
    if tuple(getattr(mask, "shape", ())) not in shapes:
        wanted = " or ".join([str(shape) for shape in shapes])
        problem = f"{what} must have shape {wanted}, got {describe(mask)}."
        raise ValueError(message("MultiheadAttention", problem, "Its last axis is that of the keys."))
    if mask.dtype == bool:
        return where(mask, np.array(-np.inf, dtype), np.array(0, dtype))
    if mask.dtype != dtype:
        problem = f"{what} must be of bools, True for what is hidden, or of {dtype}, got {describe(mask)}."
        raise TypeError(message("MultiheadAttention", problem, "Convert it: mask.bool() or mask.to(x.dtype)."))
    return mask


def merged_mask(mask: Any, padding: Any, batch: int, heads: int) -> Any:
    """Return both masks as one that fits scores of (N, heads, L, S), or None if there are none.

    Args:
        mask: added to the scores, (L, S) or (N * heads, L, S), or None.
        padding: likewise, (N, S) or (S,), or None.
        batch: N.
        heads: how many.
    """
    if mask is not None and mask.ndim == 3:
        mask = reshape(mask, (batch, heads, *mask.shape[1:]))
    if padding is None:
        return mask
    padding = reshape(padding, (batch, 1, 1, padding.shape[-1]))
    return padding if mask is None else mask + padding


def extended_mask(mask: Any, added: int) -> Any:
    """Return a mask for so many further keys, which every query sees."""
    if mask is None or added == 0:
        return mask
    return cat([mask, as_tensor(np.zeros((*mask.shape[:-1], added), mask.dtype))], -1)
