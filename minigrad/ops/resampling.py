"""Signals, images and volumes in another size.

Every mode is linear and works along one axis after the other: an element of the result is a weighted sum of a few
neighbours, the taps. ``taps_of`` says which and with which weights; ``interpolate`` adds them up, axis by axis.

Source: Keys 1981, Cubic Convolution Interpolation for Digital Image Processing (bicubic, with a = -0.75 as in PyTorch).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from minigrad.errors import describe, message
from minigrad.ops.constants import beside
from minigrad.ops.creation import affordable
from minigrad.ops.operands import Operand, Tensor, flag, ndarray, real, unwrap, whole
from minigrad.ops.selections import index_select

#: How many axes each mode resizes; None for any of 1 to 3.
MODES = {
    "nearest": None,
    "nearest-exact": None,
    "area": None,
    "linear": 1,
    "bilinear": 2,
    "bicubic": 2,
    "trilinear": 3,
}
WITH_CORNERS = ("linear", "bilinear", "bicubic", "trilinear")
CUBIC = -0.75


class Taps(NamedTuple):
    """What the elements of a result are sums of, along one axis.

    Attributes:
        places: (taps, size), the places that are read.
        weights: (taps, size), float64, or None where each element is one that is read.
    """

    places: ndarray
    weights: ndarray | None


def interpolate(
    x: Operand,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Return ``x`` with another number of elements along its last axes.

    Args:
        x: (batch, channels, length), (batch, channels, height, width) or with a depth before the height; floats.
        size: the lengths wanted, an integer for all or one for each.
        scale_factor: what to multiply the lengths by, rounded down, likewise; instead of ``size``.
        mode: ``"nearest"``, ``"nearest-exact"`` (which rounds as images do), ``"linear"``, ``"bilinear"``,
            ``"trilinear"``, ``"bicubic"``, or ``"area"`` (means).
        align_corners: the first and last elements stay where they are; otherwise it is the edges of the elements that
            stay. Of the linear modes and bicubic.
        recompute_scale_factor: measure with the ratio of the lengths, not with ``scale_factor`` as it was given.
        antialias: of modes bilinear and bicubic: where they shrink, an element is a mean over all that it stands for,
            and not only over the nearest ones.

    Raises:
        ValueError: if the size is not given once, an argument does not fit the mode, or a length is 0.
        TypeError: if x is not of floats.

    Examples:
        >>> import minigrad as mg
        >>> x = mg.tensor([[[0.0, 1.0]]])
        >>> mg.nn.functional.interpolate(x, 4).tolist()
        [[[0.0, 0.0, 1.0, 1.0]]]
        >>> mg.nn.functional.interpolate(x, 3, mode="linear", align_corners=True).tolist()
        [[[0.0, 0.5, 1.0]]]
    """
    x_data = unwrap(interpolate, x)
    check_mode(x, x_data, mode, align_corners, antialias)
    smooth = "smooth " if antialias else ""
    lengths, scales = wanted_lengths(x, x_data, size, scale_factor, recompute_scale_factor)
    result: Any = x
    for number, (length, scale) in enumerate(zip(lengths, scales)):
        along = number + 2
        if length < 1 or x_data.shape[along] < 1:
            raise ValueError(
                message(
                    "interpolate", f"no length may be 0, got {lengths} for {describe(x)}.", "Give a size of 1 or more."
                )
            )
        if mode == "nearest" and len(lengths) == 2 and length in (x_data.shape[along], 2 * x_data.shape[along]):
            # As PyTorch does with images: the same or twice the length is measured by that, whatever the factor was.
            scale = None
        taps = taps_of(smooth + mode, x_data.shape[along], length, scale, bool(align_corners))
        result = weighted(result, along, taps, x_data)
    return result


def check_mode(x: Operand, x_data: ndarray, mode: str, align_corners: bool | None, antialias: bool) -> None:
    """Raise unless a mode exists and fits the operand and the other arguments."""
    if not isinstance(mode, str) or mode not in MODES:
        raise ValueError(
            message("interpolate", f"mode is one of {', '.join(MODES)}; got {mode!r}.", "An image is bilinear.")
        )
    resized = x_data.ndim - 2
    wanted = MODES[mode]
    if resized not in ((1, 2, 3) if wanted is None else (wanted,)):
        raise ValueError(
            message(
                "interpolate",
                f"mode {mode!r} needs a batch and channels before {wanted or '1 to 3'} axes, got {describe(x)}.",
                "x.unsqueeze(0) adds an axis; linear, bilinear and trilinear are for 1, 2 and 3 axes.",
            )
        )
    if align_corners is not None and mode not in WITH_CORNERS:
        raise ValueError(
            message("interpolate", f"mode {mode!r} takes no align_corners, got {align_corners}.", "Leave it out.")
        )
    if align_corners is not None:
        flag(interpolate, "align_corners", align_corners)
    if flag(interpolate, "antialias", antialias) and mode not in ("bilinear", "bicubic"):
        raise ValueError(
            message(
                "interpolate",
                f"antialias is for modes bilinear and bicubic, not for {mode!r}.",
                "Mode 'area' takes means, which does it for shrinking.",
            )
        )
    if x_data.dtype.kind != "f":
        raise TypeError(message("interpolate", f"floats are needed, got {describe(x)}.", "Convert them: x.float()."))


def wanted_lengths(
    x: Operand, x_data: ndarray, size: Any, scale_factor: Any, recompute_scale_factor: bool | None
) -> tuple[list[int], list[float | None]]:
    """Return the lengths of the result's last axes, and the factors to measure with, None for the lengths' ratio.

    Raises:
        ValueError: if not exactly one of size and factor is given, or not as many as axes.
    """
    if recompute_scale_factor is not None:
        recompute_scale_factor = flag(interpolate, "recompute_scale_factor", recompute_scale_factor)
    axes = x_data.ndim - 2
    given = scale_factor if size is None else size
    numbers = list(given) if isinstance(given, (tuple, list)) else [given] * axes
    if (
        (size is None) == (scale_factor is None)
        or len(numbers) != axes
        or (recompute_scale_factor and size is not None)
    ):
        raise ValueError(
            message(
                "interpolate",
                f"either size or scale_factor is needed, one number or {axes}, for {describe(x)}; got size={size}, "
                f"scale_factor={scale_factor}.",
                "Leave out recompute_scale_factor, or give a scale_factor."
                if recompute_scale_factor
                else "The numbers are for the axes behind batch and channels.",
            )
        )
    if size is not None:
        return [whole(interpolate, "size", each) for each in numbers], [None] * axes
    factors = [real(interpolate, "scale_factor", each) for each in numbers]
    lengths = []
    for length, factor in zip(x_data.shape[2:], factors):
        if not math.isfinite(length * factor):
            problem = f"scale_factor must be finite, and leave a length that is; got {scale_factor} for {describe(x)}."
            raise ValueError(message("interpolate", problem, "size= gives the lengths themselves."))
        lengths.append(math.floor(length * factor))
    affordable(interpolate, (*x_data.shape[:2], *lengths))
    return lengths, [None] * axes if recompute_scale_factor else list(factors)


def weighted(x: Operand, along: int, taps: Taps, like: ndarray) -> Any:
    """Return the weighted sum of the taps along one axis."""
    if taps.weights is None:
        return index_select(x, along, beside(taps.places[0], x))
    total: Any = None
    for places, weights in zip(taps.places, taps.weights):
        column = weights.astype(like.dtype).reshape((-1, *(1,) * (like.ndim - along - 1)))
        term = index_select(x, along, beside(places, x)) * beside(column, x)
        total = term if total is None else total + term
    return total


@lru_cache(64)
def taps_of(mode: str, length: int, size: int, scale: float | None, align_corners: bool) -> Taps:
    """Return the taps of an axis of some length that gets another size; kept for the next call.

    Args:
        mode: one of MODES, after ``"smooth "`` with antialias.
        length: of the operand.
        size: of the result.
        scale: the factor that was given, or None for the ratio of the two.
        align_corners: see ``interpolate``.
    """
    if mode == "area":
        return area_taps(length, size)
    step = length / size if scale is None else 1 / scale
    places = np.arange(size)
    if mode == "nearest":
        # In float32, as PyTorch, which decides where the product would be a whole number.
        nearest = np.floor(places.astype(np.float32) * np.float32(step)).astype(np.int64)
        return Taps(np.minimum(nearest, length - 1)[None], None)
    if mode == "nearest-exact":
        nearest = np.floor((places + 0.5) * step).astype(np.int64)
        return Taps(np.minimum(nearest, length - 1)[None], None)
    if align_corners:
        step = (length - 1) / (size - 1) if size > 1 else 0.0
    if mode.startswith("smooth ") and size != length:
        return smooth_taps((places + 0.5) * step, step, length, mode == "smooth bicubic")
    positions = places * step if align_corners else (places + 0.5) * step - 0.5
    if mode != "bicubic" and size == length:
        # As PyTorch does: what keeps its length stays as it is, whatever the factor was; but bicubic without antialias.
        positions = places.astype(np.float64)
    if mode == "bicubic":
        return cubic_taps(positions, length)
    positions = np.maximum(positions, 0)
    first = np.minimum(np.floor(positions).astype(np.int64), length - 1)
    share = np.clip(positions - first, 0, 1)
    return Taps(np.stack([first, np.minimum(first + 1, length - 1)]), np.stack([1 - share, share]))


def cubic_taps(positions: ndarray, length: int) -> Taps:
    """Return the four taps of Keys' cubic convolution; beyond the ends the first and last element are repeated."""
    first = np.floor(positions)
    share = positions - first
    near, far = [], []
    for distance in (share, 1 - share):
        near.append(((CUBIC + 2) * distance - (CUBIC + 3)) * distance**2 + 1)
        away = distance + 1
        far.append(((CUBIC * away - 5 * CUBIC) * away + 8 * CUBIC) * away - 4 * CUBIC)
    places = first.astype(np.int64) + np.arange(-1, 3)[:, None]
    return Taps(np.clip(places, 0, length - 1), np.stack([far[0], near[0], near[1], far[1]]))


def smooth_taps(centers: ndarray, step: float, length: int, cubic: bool) -> Taps:
    """Return the taps of an axis that is smoothed as it shrinks: a bump as wide as the step, around each center.

    Args:
        centers: where the middle of each element of the result lies, in elements of the operand, whose first one's
            middle is at 0.5.
        step: the distance of the centers; below 1 the bump is as wide as without smoothing.
        length: of the operand.
        cubic: whether the bump is Keys' cubic, here with a = -0.5, which reaches twice as far as the straight one.
    """
    width = max(step, 1.0)
    reach = (2 if cubic else 1) * width
    first = np.maximum((centers - reach + 0.5).astype(np.int64), 0)
    count = np.minimum((centers + reach + 0.5).astype(np.int64), length) - first
    steps = np.arange(count.max())[:, None]
    distance = np.abs(first + steps + 0.5 - centers) / width
    if cubic:
        near = (1.5 * distance - 2.5) * distance**2 + 1
        far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
        bump = np.where(distance < 1, near, np.where(distance < 2, far, 0.0))
    else:
        bump = np.maximum(1 - distance, 0.0)
    weights = np.where(steps < count, bump, 0.0)
    return Taps(first + np.minimum(steps, count - 1), weights / weights.sum(0))


def area_taps(length: int, size: int) -> Taps:
    """Return the taps of means over windows that cover the axis: window i is [⌊i·n/m⌋, ⌈(i+1)·n/m⌉) of n, for m."""
    places = np.arange(size)
    first = places * length // size
    count = -((-(places + 1) * length) // size) - first
    steps = np.arange(count.max())[:, None]
    weights = np.where(steps < count, 1 / count, 0.0)
    return Taps(first + np.minimum(steps, count - 1), weights)
