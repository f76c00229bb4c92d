"""How far to go along a direction: a search for a step that meets the strong Wolfe conditions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

# Nocedal and Wright's values for quasi-Newton methods, chapter 3.1.
SUFFICIENT_DECREASE = 1e-4
CURVATURE = 0.9


class Point(NamedTuple):
    """A place on the line.

    Attributes:
        t: how far along the direction.
        loss: the loss there.
        gradient: the gradient there, shape (n,).
        slope: the loss's derivative along the direction.
    """

    t: float
    loss: float
    gradient: np.ndarray
    slope: float


def strong_wolfe(
    evaluate: Callable[[float], Point], t: float, start: Point, largest: float, tolerance_change: float, max_ls: int
) -> tuple[Point, int]:
    """Search for a step after which the loss has fallen enough, and its slope has become flat enough.

    Args:
        evaluate: returns the point at a distance.
        t: the first distance to try.
        start: where the line begins, at distance 0; its slope is negative.
        largest: the largest element of the direction, by size.
        tolerance_change: the search ends where no parameter would change by more.
        max_ls: how many points may be tried after the first.

    Returns:
        The best point found, and how many were evaluated.

    Source: Nocedal and Wright 2006, Numerical optimization, algorithms 3.5 and 3.6, as PyTorch has them.
    """
    points, done, tried = bracketed(evaluate, t, start, max_ls)
    low, high = lower_first(points)
    stalled = False
    while not done and tried < max_ls:
        if abs(points[1].t - points[0].t) * largest < tolerance_change:
            break
        t, stalled = next_distance(points, stalled)
        point = evaluate(t)
        tried += 1
        if too_high(point, start) or point.loss >= points[low].loss:
            points[high] = point
            low, high = lower_first(points)
        else:
            if abs(point.slope) <= -CURVATURE * start.slope:
                done = True
            elif point.slope * (points[high].t - points[low].t) >= 0:
                points[high] = points[low]
            points[low] = point
    return points[low], tried + 1


def bracketed(evaluate: Callable[[float], Point], t: float, start: Point, max_ls: int) -> tuple[list[Point], bool, int]:
    """Go on along the line until two points have a good one between them.

    Returns:
        The two points, or one that is good; whether it is; how many were tried after the first.
    """
    before, point = start, evaluate(t)
    tried = 0
    while tried < max_ls:
        if too_high(point, start) or (tried > 1 and point.loss >= before.loss):
            return [before, point], False, tried
        if abs(point.slope) <= -CURVATURE * start.slope:
            return [point], True, tried
        if point.slope >= 0:
            return [before, point], False, tried
        least = point.t + 0.01 * (point.t - before.t)
        t = cubic_minimum(before, point, least, 10 * point.t)
        before, point = point, evaluate(t)
        tried += 1
    return [start, point], False, tried


def too_high(point: Point, start: Point) -> bool:
    """Return whether the loss has not fallen enough."""
    return point.loss > start.loss + SUFFICIENT_DECREASE * point.t * start.slope


def lower_first(points: list[Point]) -> tuple[int, int]:
    """Return the numbers of the lower and the higher of two points."""
    return (0, 1) if points[0].loss <= points[-1].loss else (1, 0)


def next_distance(points: list[Point], stalled: bool) -> tuple[float, bool]:
    """Return where to look between two points, and whether that is close to one of them."""
    least, most = min(points[0].t, points[1].t), max(points[0].t, points[1].t)
    t = cubic_minimum(points[0], points[1], least, most)
    margin = 0.1 * (most - least)
    if min(most - t, t - least) >= margin:
        return t, False
    if not stalled and least < t < most:
        return t, True
    # Twice in a row so close to an end: away from it.
    return (most - margin if abs(t - most) < abs(t - least) else least + margin), False


def cubic_minimum(first: Point, second: Point, least: float, most: float) -> float:
    """Return where the cubic polynomial through two points with their slopes is least, between two bounds.

    Source: Nocedal and Wright 2006, Numerical optimization, equation 3.59.
    """
    if first.t == second.t:
        return (least + most) / 2
    bend = first.slope + second.slope - 3 * (first.loss - second.loss) / (first.t - second.t)
    square = bend * bend - first.slope * second.slope
    if not square >= 0:
        return (least + most) / 2
    root = math.sqrt(square)
    if first.t > second.t:
        first, second = second, first
    width = second.slope - first.slope + 2 * root
    if width == 0:
        return (least + most) / 2
    t = second.t - (second.t - first.t) * ((second.slope + root - bend) / width)
    return min(max(t, least), most)
