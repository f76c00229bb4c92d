"""The loops of LU factors and triangular systems: one block of columns or rows, in each matrix of a stack.

`triangular.py` drives them from block to block, with matrix products in between.
"""

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.jit import kernel


@kernel
def factor_block(stack: np.ndarray, pivots: np.ndarray, start: int, stop: int, pivot: bool) -> None:
    """Factor columns start to stop from row start down, and finish rows start to stop on their right.

    Args:
        stack: Shape (entries, m, n), overwritten; columns before `start` are factored already.
        pivots: Shape (entries, min(m, n)), where the row exchanged with row k is written, counted from 1.
        start: The first column of the block.
        stop: Where the block ends, at most min(m, n).
        pivot: Whether to exchange rows at all.
    """
    entries, m, n = stack.shape
    columns = np.empty((stop - start, m - start), stack.dtype)
    for entry in range(entries):
        matrix = stack[entry]
        # Columns of the block lie in one piece each: walking down them in the matrix would cost a cache line a number.
        for i in range(start, m):
            for j in range(start, stop):
                columns[j - start, i - start] = matrix[i, j]
        for k in range(stop - start):
            chosen = largest_from(columns[k], k) if pivot else k
            pivots[entry, start + k] = start + chosen + 1
            if chosen != k:
                exchange_columns(columns, k, chosen)
                exchange_rows(matrix, start + k, start + chosen)
            eliminate(columns, k)
        for i in range(start, m):
            for j in range(start, stop):
                matrix[i, j] = columns[j - start, i - start]
        for i in range(start + 1, stop):
            for k in range(start, i):
                factor = matrix[i, k]
                for j in range(stop, n):
                    matrix[i, j] -= factor * matrix[k, j]


@register_jitable
def largest_from(column: np.ndarray, k: int) -> int:
    """Where the largest size of column[k:] is, the first of equal ones."""
    chosen = k
    largest = abs(column[k])
    for i in range(k + 1, column.size):
        size = abs(column[i])
        if size > largest:
            largest = size
            chosen = i
    return chosen


@register_jitable
def exchange_columns(x: np.ndarray, first: int, second: int) -> None:
    """Exchange two columns of a matrix."""
    for i in range(x.shape[0]):
        x[i, first], x[i, second] = x[i, second], x[i, first]


@register_jitable
def exchange_rows(x: np.ndarray, first: int, second: int) -> None:
    """Exchange two rows of a matrix."""
    for j in range(x.shape[1]):
        x[first, j], x[second, j] = x[second, j], x[first, j]


@register_jitable
def eliminate(columns: np.ndarray, k: int) -> None:
    """Divide column k below its pivot, and take its multiples from the columns behind; a pivot of 0 leaves them."""
    width, height = columns.shape
    pivot = columns[k, k]
    if pivot != 0:
        for i in range(k + 1, height):
            columns[k, i] /= pivot
        for j in range(k + 1, width):
            factor = columns[j, k]
            for i in range(k + 1, height):
                columns[j, i] -= factor * columns[k, i]


@kernel
def solve_block(stack: np.ndarray, x: np.ndarray, start: int, stop: int, upper: bool, unit: bool) -> None:
    """Solve the equations start to stop of triangular systems in place, unknowns outside of them known to be 0.

    Args:
        stack: Shape (entries, n, n), or (1, n, n) for all; only its triangle is read.
        x: Shape (entries, n, k): right-hand sides, which become solutions.
        start: The first equation.
        stop: Where the block ends.
        upper: Whether the triangle is the upper one.
        unit: Whether the diagonal counts as 1, unread.
    """
    for entry in range(x.shape[0]):
        triangle = stack[entry if stack.shape[0] > 1 else 0]
        known = x[entry]
        for step in range(start, stop):
            i = start + stop - 1 - step if upper else step
            for j in range(i + 1 if upper else start, stop if upper else i):
                factor = triangle[i, j]
                for column in range(known.shape[1]):
                    known[i, column] -= factor * known[j, column]
            if not unit:
                for column in range(known.shape[1]):
                    known[i, column] /= triangle[i, i]
