"""How the operands of a matrix product lie in memory, and whether an array can take the result."""

from typing import Any

from numba.extending import register_jitable

from minigrad_kernels.arrays import alike, axes, contiguous, length, same_lengths, size_of, stride, writeable, zero_of
from minigrad_kernels.vectors import itemsize_of


@register_jitable
def matrix_in(x: Any, vector_is_row: bool) -> tuple[int, int, int, int, bool]:
    """Return rows, columns, the strides of both and whether numbers are contiguous along one, of x's last two axes.

    A vector is a matrix of one row or of one column.
    """
    last = axes(x) - 1
    itemsize = itemsize_of(zero_of(x))
    rows, row, columns, column = length(x, last), stride(x, last), 1, itemsize
    if last > 0 or vector_is_row:
        columns, column = rows, row
        rows, row = (length(x, last - 1), stride(x, last - 1)) if last > 0 else (1, 0)
    row, column, readable = matrix_strides(rows, columns, row, column, itemsize)
    return rows, columns, row, column, readable


@register_jitable
def rows_in(x: Any) -> tuple[int, int, int, int, bool]:
    """As `matrix_in`, of all of x's matrices as one, which can be read if they are contiguous."""
    last, itemsize = axes(x) - 1, itemsize_of(zero_of(x))
    columns, column, row = length(x, last), stride(x, last), 0
    rows = size_of(x) // max(1, columns)
    if last == 1:
        rows, row = length(x, 0), stride(x, 0)
    elif last > 1:
        row, column = columns * itemsize, itemsize
    row, column, readable = matrix_strides(rows, columns, row, column, itemsize)
    return rows, columns, row, column, readable and (last < 2 or contiguous(x))


@register_jitable
def matrix_strides(rows: int, columns: int, row: int, column: int, itemsize: int) -> tuple[int, int, bool]:
    """Return the bytes from row to row and from column to column, and whether numbers are contiguous along one axis.

    NumPy leaves the stride of an axis of length 1 open; here a contiguous vector is contiguous along both axes.
    """
    if rows == 0 or columns == 0:
        return itemsize, itemsize, True
    if columns == 1:
        return itemsize, itemsize, rows == 1 or row == itemsize
    if rows == 1:
        return columns * itemsize, itemsize, column == itemsize
    return row, column, row == itemsize or column == itemsize


@register_jitable
def common_batch(a: Any, b: Any) -> tuple[int, int, int, bool]:
    """Return the number of products, the bytes from matrix to matrix of a and b, and whether these are constant.

    They are not if both have batch axes and their shapes differ, unless one has a single matrix and as many axes.
    """
    if axes(a) <= 2 and axes(b) <= 2:
        return 1, 0, 0, True
    a_count, a_step, a_even = batch_of(a)
    b_count, b_step, b_even = batch_of(b)
    even = a_even and b_even
    if axes(a) > 2 and axes(b) > 2:
        even = even and axes(a) == axes(b)
        if even and a_count != 1 and b_count != 1:
            for i in range(axes(a) - 2):
                even = even and length(a, i) == length(b, i)
    return (b_count if a_count == 1 else a_count), a_step, b_step, even


@register_jitable
def batch_of(x: Any) -> tuple[int, int, bool]:
    """Return how many matrices x has, the bytes from one to the next (0 if it is one), and whether it is constant."""
    count, step, even = 1, 0, True
    for i in range(axes(x) - 3, -1, -1):
        if length(x, i) != 1:
            if count == 1:
                step = stride(x, i)
            even = even and stride(x, i) == step * count
            count *= length(x, i)
    return count, step, even


@register_jitable
def takes(out: Any, stack: Any, batch_axes: int, rows: int, m: int, columns: int, n: int) -> bool:
    """Whether `out` can be written to as to the `new_array` of the same arguments: rows and all, one after another."""
    if not alike(stack, out) or not writeable(out) or not contiguous(out) or axes(out) != batch_axes + rows + columns:
        return False
    if rows == 1 and length(out, batch_axes) != m:
        return False
    return same_lengths(stack, out, batch_axes) and (columns == 0 or length(out, batch_axes + rows) == n)
