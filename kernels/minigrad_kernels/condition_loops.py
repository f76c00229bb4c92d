"""What sums of squares say of matrices: whether a solution can be trusted, how large a determinant can be.

NumPy takes 0.4 µs for one such sum, as long as LAPACK for a quarter of a system of 8 equations; three take 0.1 here.
"""

from math import inf, log, nan

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.arrays import alike, axes, contiguous, flat, is_none, length, size_of
from minigrad_kernels.jit import kernel

# Sums below may have lost the digits of squares that are less than the smallest float32.
SMALLEST = 1e-30


@register_jitable
def squares(x: np.ndarray, first: int, last: int) -> float:
    """The sum of the squares of x[first:last], x of shape (n,), in float64, in any order."""
    total = 0.0
    for i in range(first, last):
        number = np.float64(x[i])
        total += number * number
    return total


@kernel
def bound_solutions(A: np.ndarray, X: np.ndarray, B: np.ndarray, growth: float) -> bool:
    """Whether |A|²·|X|²·growth ≤ |B|² for each system A X = B; without B for each inverse X, with |B|² = n.

    False also where it cannot be said: of arrays that are not contiguous, of another class or dtype, or broadcast, of
    sums that are not finite or too small, and of systems without numbers.
    """
    if not (alike(A, X) and contiguous(A) and contiguous(X)) or size_of(A) == 0 or size_of(X) == 0:
        return False
    if not is_none(B) and not (alike(A, B) and contiguous(B) and size_of(B) == size_of(X)):
        return False
    n = length(A, axes(A) - 1)
    count = size_of(A) // (n * n)
    columns = size_of(X) // count
    if axes(A) != axes(X) or columns * count != size_of(X) or columns != n * length(X, axes(X) - 1):
        return False
    matrices, solutions = flat(A), flat(X)
    for i in range(count):
        size = squares(matrices, i * n * n, (i + 1) * n * n)
        product = size * squares(solutions, i * columns, (i + 1) * columns)
        right = np.float64(n) if is_none(B) else squares(flat(B), i * columns, (i + 1) * columns)
        if not (size > SMALLEST and product > SMALLEST and product * growth <= right):
            return False
    return True


@kernel
def bound_determinant(A: np.ndarray) -> float:
    """n·log Σ a², which is at least the logarithm of each determinant's square; NaN if A is not contiguous.

    Infinite or NaN as well if an element is, or the sum overflows.

    Source: Hadamard's inequality, |det A| ≤ Π |row| ≤ (Σ a²)^(n/2).
    """
    if not contiguous(A):
        return nan
    total = squares(flat(A), 0, size_of(A))
    if not total > 0.0:
        return -inf if total == 0.0 else nan
    return length(A, axes(A) - 1) * log(total)
