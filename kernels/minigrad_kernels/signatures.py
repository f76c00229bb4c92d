"""Arrays of declared layouts, for kernels that take them as Numba knows them: 20 ns an array, and nothing is checked.

Whoever calls knows the dtypes and the numbers of axes, and that what is declared contiguous is.
"""

import numpy as np

from minigrad_kernels.entries import entry

__all__ = ["contiguous", "strided", "typed_entry"]

#: Takes what the functions of this file return.
typed_entry = entry


def contiguous(dtype: np.dtype, axes: int) -> tuple[np.dtype, int, str]:
    """The kind of a C-contiguous array."""
    return dtype, axes, "C"


def strided(dtype: np.dtype, axes: int) -> tuple[np.dtype, int, str]:
    """The kind of an array of any strides."""
    return dtype, axes, "A"
