"""Triangles with another diagonal: what the rules of triangular factors are made of."""

from __future__ import annotations

import numpy as np

from minigrad.ops.constants import beside
from minigrad.ops.elementwise import where
from minigrad.ops.operands import Value
from minigrad.ops.triangles import tril


def unit_lower(x: Value) -> Value:
    """Return matrices with zeros above their diagonal and ones on it."""
    return where(beside(np.eye(x.shape[-2], x.shape[-1], dtype=np.bool_), x), 1, tril(x, -1))


def half_of_diagonal(x: Value) -> Value:
    """Return square matrices with half of their diagonal."""
    return where(beside(np.eye(x.shape[-1], dtype=np.bool_), x), x / 2, x)
