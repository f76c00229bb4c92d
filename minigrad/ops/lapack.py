"""Determinants by LAPACK, without the Python code that NumPy has around it.

Of the 2.1 microseconds that ``np.linalg.det`` takes for 8 rows, LAPACK takes 0.9; of 2.9 for ``slogdet`` 1.0. The loops
that NumPy calls are not among its public names: where they are missing, its functions do the same.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy import ndarray

from minigrad.dtypes import float64

LOOPS: Any = getattr(np.linalg, "_umath_linalg", None)


def determinants(x: ndarray) -> Any:
    """Return the determinants of floating matrices, (..., n, n) to (...), of their dtype: ``np.linalg.det``."""
    if LOOPS is None:
        return np.linalg.det(x)
    found = LOOPS.det(x, signature="d->d")
    return found if x.dtype is float64 else found.astype(x.dtype)


def signs_and_logarithms(x: ndarray) -> tuple[Any, Any]:
    """Return the signs of determinants and the logarithms of their sizes: ``np.linalg.slogdet``."""
    if LOOPS is None:
        return tuple(np.linalg.slogdet(x))
    sign, logarithm = LOOPS.slogdet(x, signature="d->dd")
    return (sign, logarithm) if x.dtype is float64 else (sign.astype(x.dtype), logarithm.astype(x.dtype))
