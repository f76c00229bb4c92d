"""Comparisons that write over their first operand, in its dtype: 1 where they hold, else 0.

They have no slope: the gradient of both operands is 0.
"""

from __future__ import annotations

import numpy as np

from minigrad.ops.comparisons import eq, ge, gt, le, lt, ne
from minigrad.ops.operands import Operand, Tensor
from minigrad.ops.overwriting import write_over


def eq_(x: Tensor, y: Operand) -> Tensor:
    """Write ``x == y`` over ``x``; the gradient of both is 0."""
    return write_over(eq, x, (y,), np.equal)


def ne_(x: Tensor, y: Operand) -> Tensor:
    """Write ``x != y`` over ``x``; the gradient of both is 0."""
    return write_over(ne, x, (y,), np.not_equal)


def lt_(x: Tensor, y: Operand) -> Tensor:
    """Write ``x < y`` over ``x``; the gradient of both is 0."""
    return write_over(lt, x, (y,), np.less)


def le_(x: Tensor, y: Operand) -> Tensor:
    """Write ``x <= y`` over ``x``; the gradient of both is 0."""
    return write_over(le, x, (y,), np.less_equal)


def gt_(x: Tensor, y: Operand) -> Tensor:
    """Write ``x > y`` over ``x``; the gradient of both is 0."""
    return write_over(gt, x, (y,), np.greater)


def ge_(x: Tensor, y: Operand) -> Tensor:
    """Write ``x >= y`` over ``x``; the gradient of both is 0."""
    return write_over(ge, x, (y,), np.greater_equal)


class InPlaceComparisonMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    eq_ = eq_
    ne_ = not_equal_ = ne_
    lt_ = less_ = lt_
    le_ = less_equal_ = le_
    gt_ = greater_ = gt_
    ge_ = greater_equal_ = ge_
