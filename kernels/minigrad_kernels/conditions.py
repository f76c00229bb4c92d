"""Public bounds on solutions of linear equations and on determinants, by one kernel call each."""

import math

import numpy as np

from minigrad_kernels.condition_loops import bound_determinant, bound_solutions
from minigrad_kernels.entries import Entries
from minigrad_kernels.jit import runs_python

_ndarray = np.ndarray
_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
_SOLUTIONS = Entries(bound_solutions, _ndarray, _ndarray, _ndarray, float)
_DETERMINANT = Entries(bound_determinant, _ndarray)


def solutions_are_bounded(A: np.ndarray, X: np.ndarray, B: np.ndarray | None, growth: float) -> bool:
    """Return whether |A|²·|X|²·growth ≤ |B|² for each system A X = B, with |·|² the sum of the squares.

    A solution of a matrix that is singular to working precision is far longer than |B| / |A|.

    Args:
        A: Shape (..., n, n), float32 or float64.
        X: Shape (..., n, k), of A's dtype.
        B: X's shape, of A's dtype; None for an inverse, for which |B|² = n.
        growth: 1 over what |A|·|X| may be of |B|, squared.

    Returns:
        Also False where that was not computed: for other shapes or dtypes, arrays that are not C-contiguous, elements
        that are not finite, and sums below 1e-30.

    Example:
        >>> solutions_are_bounded(np.eye(2), np.eye(2), None, 1e-20)
        True
    """
    if type(A) is not _ndarray:
        return False
    call = None if runs_python() else _SOLUTIONS.get(A.dtype)
    if call is None:
        if A.dtype not in _FLOATS:
            return False
        call = _SOLUTIONS.entry(A.dtype)
    bounded: bool = call(A, X, B, growth)
    return bounded


def log_determinant_bound(A: np.ndarray) -> float:
    """Return what the logarithm of the square of a determinant is at most: n times the logarithm of Σ a².

    Args:
        A: Shape (..., n, n), float32 or float64.

    Returns:
        Infinite or NaN if an element is, or A is not C-contiguous.

    Example:
        >>> round(log_determinant_bound(np.array([[2.0]])), 4)
        1.3863
    """
    if type(A) is not _ndarray:
        return math.nan
    call = None if runs_python() else _DETERMINANT.get(A.dtype)
    if call is None:
        if A.dtype not in _FLOATS:
            return math.nan
        call = _DETERMINANT.entry(A.dtype)
    bound: float = call(A)
    return bound
