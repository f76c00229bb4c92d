"""Operands as a loop can read them: as they are where possible, otherwise copied."""

import numpy as np


def stored(x: np.ndarray) -> np.ndarray:
    """Return a C-contiguous, aligned, writeable array: Numba would compile the loop again for any other."""
    return x if x.flags.carray else np.array(x, order="C")


def readable(x: np.ndarray) -> np.ndarray:
    """Return a C-contiguous, aligned array: a kernel of array objects reads what may not be written to as well."""
    return x if x.flags.c_contiguous and x.flags.aligned else np.array(x, order="C")


def readable_as(x: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Return a C-contiguous, aligned array of a dtype."""
    flags = x.flags
    return x if x.dtype is dtype and flags.c_contiguous and flags.aligned else np.array(x, dtype, order="C")
