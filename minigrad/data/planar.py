"""Points of the plane in classes that no straight line separates."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from minigrad.data.arguments import floating_dtype, real_number, whole_number
from minigrad.errors import message
from minigrad.ops import Generator, from_numpy, randn, randperm
from minigrad.tensors import Tensor


class Points(NamedTuple):
    """Points of the plane.

    Attributes:
        data: (N, 2) floats, a point a row.
        target: (N,) int64, the class of each.
    """

    data: Tensor
    target: Tensor


def moons(samples: int = 500, noise: float = 0.1, seed: int = 0, *, dtype: Any = None) -> Points:
    """Return points on two half circles that reach into each other.

    Args:
        samples: the number of points; the first class has one more where it is odd.
        noise: the standard deviation of the normal noise on each coordinate; the circles have radius 1.
        seed: the same seed gives the same points; independent of ``manual_seed``.
        dtype: float32 or float64; default: the default floating dtype.

    Returns:
        ``data`` (samples, 2) and ``target`` (samples,) int64, in random order: 0 for the upper half circle around
        (0, 0), 1 for the lower one around (1, 0.5).

    Raises:
        TypeError: if an argument is of another type.
        ValueError: if there are fewer points than classes, or ``noise`` is negative or not finite.

    Examples:
        >>> data, target = moons(100)
        >>> data.shape, target.sum().item()
        ((100, 2), 50)
    """
    sizes = class_sizes("moons", samples, 2)
    upper, lower = [math.pi * np.linspace(0, 1, size) for size in sizes]
    arcs = [
        np.column_stack([np.cos(upper), np.sin(upper)]),
        np.column_stack([1 - np.cos(lower), 0.5 - np.sin(lower)]),
    ]
    return shuffled("moons", arcs, noise, seed, dtype)


def circles(samples: int = 500, noise: float = 0.1, seed: int = 0, *, factor: float = 0.5, dtype: Any = None) -> Points:
    """Return points on two circles around the origin, one inside the other.

    Args:
        samples: the number of points; the first class has one more where it is odd.
        noise: the standard deviation of the normal noise on each coordinate; the outer circle has radius 1.
        seed: the same seed gives the same points; independent of ``manual_seed``.
        factor: the radius of the inner circle, between 0 and 1.
        dtype: float32 or float64; default: the default floating dtype.

    Returns:
        ``data`` (samples, 2) and ``target`` (samples,) int64, in random order: 0 for the outer circle, 1 for the inner.

    Raises:
        TypeError: if an argument is of another type.
        ValueError: if there are fewer points than classes, ``noise`` is negative or not finite, or ``factor`` is not
            between 0 and 1.

    Examples:
        >>> data, target = circles(100, noise=0.0)
        >>> data[target == 1].norm(dim=1).max().item()
        0.5
    """
    radius = real_number("circles", "factor", factor)
    if not 0 < radius < 1:
        raise ValueError(
            message(
                "circles",
                f"factor must be between 0 and 1, got {factor}.",
                "It is the radius of the inner circle; that of the outer one is 1.",
            )
        )
    rings = []
    for size, scale in zip(class_sizes("circles", samples, 2), (1.0, radius), strict=True):
        angle = 2 * math.pi * np.arange(size) / size
        rings.append(scale * np.column_stack([np.cos(angle), np.sin(angle)]))
    return shuffled("circles", rings, noise, seed, dtype)


def spirals(
    samples: int = 500, noise: float = 0.02, seed: int = 0, *, classes: int = 3, turns: float = 0.75, dtype: Any = None
) -> Points:
    """Return points on spiral arms that wind around the origin, evenly apart.

    Args:
        samples: the number of points; where it is no multiple of ``classes``, the first classes have one more.
        noise: the standard deviation of the normal noise on each coordinate; the arms reach radius 1.
        seed: the same seed gives the same points; independent of ``manual_seed``.
        classes: the number of arms, at least 2.
        turns: how often an arm winds around the origin, counter-clockwise; negative for clockwise.
        dtype: float32 or float64; default: the default floating dtype.

    Returns:
        ``data`` (samples, 2) and ``target`` (samples,) int64 from 0 to ``classes - 1``, in random order.

    Raises:
        TypeError: if an argument is of another type.
        ValueError: if there are fewer points than classes, fewer than two classes, ``turns`` is not finite, or
            ``noise`` is negative or not finite.

    Examples:
        >>> data, target = spirals(300, classes=4)
        >>> target.max().item()
        3
    """
    number = whole_number("spirals", "classes", classes, 2)
    winding = real_number("spirals", "turns", turns)
    if not math.isfinite(winding):
        raise ValueError(
            message(
                "spirals", f"turns must be finite, got {turns}.", "It counts the rounds about the origin, such as 0.75."
            )
        )
    arms = []
    for k, size in enumerate(class_sizes("spirals", samples, number)):
        # From the first step, not from 0: the origin would belong to every class.
        radius = np.arange(1, size + 1) / size
        angle = 2 * math.pi * (k / number + winding * radius)
        arms.append(radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)]))
    return shuffled("spirals", arms, noise, seed, dtype)


def class_sizes(who: str, samples: Any, classes: int) -> list[int]:
    """Return how many points each class gets: equally many, the first ones one more where there is a rest.

    Raises:
        TypeError: if the number of points is no integer; ValueError: if it is less than that of classes.
    """
    whole, rest = divmod(whole_number(who, "samples", samples, classes), classes)
    return [whole + 1] * rest + [whole] * (classes - rest)


def shuffled(who: str, parts: list[np.ndarray], noise: Any, seed: Any, dtype: Any) -> Points:
    """Return the points of all classes, with noise, in random order; everything is drawn from a generator of its own.

    Raises:
        ValueError: if the noise is negative or not finite.
    """
    wanted = floating_dtype(who, dtype)
    deviation = real_number(who, "noise", noise)
    if not 0 <= deviation < math.inf:
        raise ValueError(
            message(
                who,
                f"noise must be a finite number that is not negative, got {noise}.",
                "It is the standard deviation of each coordinate; 0 means no noise.",
            )
        )
    generator = Generator(seed)
    points = np.concatenate(parts)
    labels = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    # Drawn in float64 whatever the dtype, so that both dtypes show the same points.
    points = points + deviation * randn(points.shape, dtype=np.float64, generator=generator).numpy()
    order = randperm(len(points), generator=generator).numpy()
    return Points(from_numpy(points[order].astype(wanted)), from_numpy(labels[order].astype(np.int64)))
