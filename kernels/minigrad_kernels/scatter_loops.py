"""The loops that add numbers at places that may be named several times: each number is added, one after the other.

They take operands (`operands.py`), contiguous, and see whether all places are there before they add anything.
"""

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.arrays import flat
from minigrad_kernels.jit import kernel


@register_jitable
def outside(index: np.ndarray, n: int) -> int:
    """The position of the first number of index, shape (m,), that is not in [0, n); -1 if there is none."""
    count = 0
    for j in range(index.size):
        # A count and no exit, so that LLVM turns the loop into vector instructions.
        count += (index[j] < 0) | (index[j] >= n)
    if count:
        for j in range(index.size):
            if index[j] < 0 or index[j] >= n:
                return j
    return -1


@kernel
def find_outside(index: np.ndarray, n: int) -> int:
    """The position of the first number of index, any shape, that is not in [0, n); -1 if there is none."""
    return outside(flat(index), n)


@kernel
def add_rows_at(out: np.ndarray, index: np.ndarray, source: np.ndarray, outer: int, n: int, inner: int) -> int:
    """Compute out[i, index[j], k] += source[i, j, k], shapes (outer, n, inner), (m,) and (outer, m, inner).

    Returns:
        The position of the first index that is out of range, with nothing added; -1 if there is none.
    """
    target, places, values = flat(out), flat(index), flat(source)
    bad = outside(places, n)
    if bad >= 0:
        return bad
    m = places.size
    for i in range(outer):
        if inner == 1:
            part, row = target[i * n : (i + 1) * n], values[i * m : (i + 1) * m]
            for j in range(m):
                # Unsigned, or Numba looks at each index whether it counts from the end.
                part[np.uint64(places[j])] += row[j]
        else:
            for j in range(m):
                first, start = (i * n + places[j]) * inner, (i * m + j) * inner
                part, row = target[first : first + inner], values[start : start + inner]
                for k in range(inner):
                    part[k] += row[k]
    return -1


@kernel
def add_elements_at(out: np.ndarray, index: np.ndarray, source: np.ndarray, outer: int, n: int, inner: int) -> int:
    """Compute out[i, index[i, j, k], k] += source[i, j, k], shapes (outer, n, inner) and twice (outer, m, inner).

    Returns:
        The position of the first index that is out of range, with nothing added; -1 if there is none.
    """
    target, places, values = flat(out), flat(index), flat(source)
    bad = outside(places, n)
    if bad >= 0:
        return bad
    rows = places.size // max(1, outer * inner)
    for i in range(outer):
        part = target[i * n * inner : (i + 1) * n * inner]
        if inner == 1:
            row, chosen = values[i * rows : (i + 1) * rows], places[i * rows : (i + 1) * rows]
            for j in range(rows):
                part[np.uint64(chosen[j])] += row[j]
        else:
            for j in range(rows):
                start = (i * rows + j) * inner
                row, chosen = values[start : start + inner], places[start : start + inner]
                for k in range(inner):
                    part[np.uint64(chosen[k] * inner + k)] += row[k]
    return -1
