"""The loops that add numbers at places that may be named several times: each number is added, one after the other."""

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.jit import kernel


@register_jitable
def first_outside(index: np.ndarray, n: int) -> int:
    """The position of the first number of index, shape (m,), that is not in [0, n); -1 if there is none."""
    outside = 0
    for j in range(index.size):
        # A count and no exit, so that LLVM turns the loop into vector instructions.
        outside += (index[j] < 0) | (index[j] >= n)
    if outside:
        for j in range(index.size):
            if index[j] < 0 or index[j] >= n:
                return j
    return -1


@kernel
def add_rows_at(out: np.ndarray, index: np.ndarray, source: np.ndarray) -> int:
    """Compute out[i, index[j], k] += source[i, j, k], shapes (outer, n, inner), (m,) and (outer, m, inner).

    Returns:
        The position of the first index that is out of range, with nothing added; -1 if there is none.
    """
    bad = first_outside(index, out.shape[1])
    if bad >= 0:
        return bad
    outer, m, inner = source.shape
    for i in range(outer):
        if inner == 1:
            for j in range(m):
                out[i, np.uint64(index[j]), 0] += source[i, j, 0]
        else:
            for j in range(m):
                # Unsigned, or Numba looks at each index whether it counts from the end.
                place = np.uint64(index[j])
                for k in range(inner):
                    out[i, place, k] += source[i, j, k]
    return -1


@kernel
def add_elements_at(out: np.ndarray, index: np.ndarray, source: np.ndarray) -> int:
    """Compute out[i, index[i, j, k], k] += source[i, j, k], shapes (outer, n, inner) and twice (outer, m, inner).

    Returns:
        The position of the first index that is out of range, with nothing added; -1 if there is none.
    """
    bad = first_outside(index.reshape(-1), out.shape[1])
    if bad >= 0:
        return bad
    outer, m, inner = source.shape
    for i in range(outer):
        for j in range(m):
            for k in range(inner):
                out[i, np.uint64(index[i, j, k]), k] += source[i, j, k]
    return -1
