"""Kinds of arrays of declared layouts, for `entry`: a kernel takes them as Numba knows them, for 20 ns an array.

Nothing is checked: whoever calls knows the dtypes and the numbers of axes, and that what is declared contiguous is.
"""

import numpy as np


def contiguous(dtype: np.dtype, axes: int) -> tuple[np.dtype, int, str]:
    """The kind of a C-contiguous array."""
    return dtype, axes, "C"


def strided(dtype: np.dtype, axes: int) -> tuple[np.dtype, int, str]:
    """The kind of an array of any strides."""
    return dtype, axes, "A"
