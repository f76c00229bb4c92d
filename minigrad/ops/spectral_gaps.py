"""Differences of singular and of eigenvalues, and their reciprocals: what the rules of their vectors are made of."""

from __future__ import annotations

from minigrad.ops.elementwise import abs, where
from minigrad.ops.extremes import amax
from minigrad.ops.matrix_operands import ROUNDING
from minigrad.ops.operands import Value
from minigrad.ops.shapes import matrix_transpose, unsqueeze


def skew(x: Value) -> Value:
    """Return ``x - x.T``."""
    return x - matrix_transpose(x)


def differences(x: Value) -> Value:
    """Return ``d[i, j] = x[j] - x[i]`` of vectors, (..., n) to (..., n, n)."""
    return unsqueeze(x, -2) - unsqueeze(x, -1)


def resolution(x: Value) -> Value:
    """Return what the singular or eigenvalues of a matrix cannot be told apart by: n times the rounding of the largest.

    Args:
        x: (..., n), the values.

    Returns:
        (..., 1).

    Source: LAPACK Users' Guide (3rd edition, 1999), sections 4.7 and 4.9: the error bounds p(n) eps |A|.
    """
    if x.shape[-1] == 0:
        return 0
    return amax(abs(x), -1, True) * (x.shape[-1] * ROUNDING[x.dtype])


def reciprocal_or_zero(x: Value, negligible: Value) -> Value:
    """Return ``1 / x``, but 0 where x is negligible; the gradient there is 0 too."""
    return where(negligible, 0, 1 / where(negligible, 1, x))


def for_pairs(bound: Value) -> Value:
    """Return a bound of values, (..., 1), as one of their differences, (..., 1, 1); the 0 of no values as it is."""
    return bound if isinstance(bound, int) else unsqueeze(bound, -1)
