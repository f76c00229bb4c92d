"""How the operands of a matrix product lie in memory, and whether an array can take the result."""

from typing import Any

from numba.extending import register_jitable

from minigrad_kernels.arrays import alike, axes, length, stride, writeable, zero_of
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
    """As `matrix_in` of a matrix whose rows are those of all of x's matrices; readable if they lie evenly."""
    last = axes(x) - 1
    if last < 2:
        return matrix_in(x, True)
    rows, row, itemsize = length(x, last - 1), stride(x, last - 1), itemsize_of(zero_of(x))
    count, step, even = batch_of(x)
    if rows == 1:
        row = step
    elif count > 1:
        even = even and step == rows * row
    row, column, readable = matrix_strides(rows * count, length(x, last), row, stride(x, last), itemsize)
    return rows * count, length(x, last), row, column, readable and (even or rows * count == 0)


@register_jitable
def transposed_in(x: Any) -> tuple[int, int, bool]:
    """As `matrix_strides` of the transpose of a matrix."""
    return matrix_strides(length(x, 1), length(x, 0), stride(x, 1), stride(x, 0), itemsize_of(zero_of(x)))


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
    if not alike(stack, out) or not writeable(out) or axes(out) != batch_axes + rows + columns:
        return False
    step = itemsize_of(zero_of(out))
    for i in range(axes(out) - 1, -1, -1):
        needed = n
        if i < batch_axes:
            needed = length(stack, i)
        elif i == batch_axes and rows == 1:
            needed = m
        if length(out, i) != needed or (needed != 1 and stride(out, i) != step):
            return False
        step *= needed
    return True


@register_jitable
def apart(
    start: int, size: int, x: int, itemsize: int,
    count: int, step: int, rows: int, row: int, columns: int, column: int,
) -> bool:  # fmt: skip
    """Whether the bytes from `start` on lie before or after the matrices at address x."""
    steps, rows_end, columns_end = (count - 1) * step, (rows - 1) * row, (columns - 1) * column
    first = x + min(0, steps) + min(0, rows_end) + min(0, columns_end)
    last = x + max(0, steps) + max(0, rows_end) + max(0, columns_end) + itemsize
    return last <= start or start + size <= first
