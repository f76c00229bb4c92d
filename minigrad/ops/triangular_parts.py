"""Triangles and diagonals of matrices, and reciprocals of differences: what the rules of decompositions are made of."""

from __future__ import annotations

import numpy as np

from minigrad.ops.elementwise import abs, where
from minigrad.ops.extremes import amax
from minigrad.ops.matrix_operands import ROUNDING
from minigrad.ops.operands import Value, ndarray
from minigrad.ops.shapes import matrix_transpose, unsqueeze


def lower(x: Value, offset: int = 0) -> Value:
    """Return matrices with zeros above their diagonal, or above the one ``offset`` to its right."""
    return where(lower_mask(x, offset), x, 0)


def upper(x: Value, offset: int = 0) -> Value:
    """Return matrices with zeros below their diagonal, or below the one ``offset`` to its right."""
    return where(lower_mask(x, offset - 1), 0, x)


def lower_mask(x: Value, offset: int) -> ndarray:
    """Return where a matrix of x's last two axes is not above a diagonal."""
    return np.tri(x.shape[-2], x.shape[-1], offset, dtype=np.bool_)


def unit_lower(x: Value) -> Value:
    """Return square matrices with zeros above their diagonal and ones on it."""
    return where(np.eye(x.shape[-2], x.shape[-1], dtype=np.bool_), 1, lower(x, -1))


def on_diagonal(x: Value) -> Value:
    """Return vectors (..., n) as matrices (..., n, n) with zeros beside their diagonal."""
    return where(np.eye(x.shape[-1], dtype=np.bool_), unsqueeze(x, -1), 0)


def half_of_diagonal(x: Value) -> Value:
    """Return square matrices with half of their diagonal."""
    return where(np.eye(x.shape[-1], dtype=np.bool_), x / 2, x)


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
