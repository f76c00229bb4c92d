"""The kernels of the matrix product, out = a @ b: which way to multiply for which shapes and layouts.

`blocks.py` has the loops around the micro-kernel of `tiles.py`, `packing.py` the copies, `matvec.py` the products with
a vector, `vectors.py` the vector instructions. `products.py` has the public wrapper.
"""

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.blocks import LINE_BYTES, NR_BYTES, VECTOR_BYTES, line_address, multiply_blocks, multiply_in_place
from minigrad_kernels.jit import kernel
from minigrad_kernels.matvec import multiply_by_dots, multiply_by_rows
from minigrad_kernels.packing import transpose_rows
from minigrad_kernels.vectors import address, itemsize_of, keep_alive

# Up to so many rows of a, dot products with a transposed b cost less than packing it, which is as much work as
# multiplying some ten rows.
FEW_ROWS = 4
# A transposed a with so few columns of b: out is computed as its transpose, whose rows fill the vectors.
FEW_COLUMNS = 12


@kernel
def multiply(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> bool:
    """Fill `out` with a @ b, unless an operand must be copied first.

    Args:
        a: Shape (m, k), any strides.
        b: Shape (k, n), any strides.
        out: Shape (m, n), contiguous rows, written; shares no memory with the others.

    Returns:
        False if the shapes do not fit or the numbers of a or b lie apart along both axes. Then nothing was written.
    """
    (m, k), n = a.shape, b.shape[1]
    if b.shape[0] != k:
        return False
    a_row, a_column, a_readable = matrix_strides(m, k, a.strides[0], a.strides[1], a.itemsize)
    b_row, b_column, b_readable = matrix_strides(k, n, b.strides[0], b.strides[1], b.itemsize)
    if k == 0 or m == 0 or n == 0:
        out[:] = 0
    elif a_readable and b_readable:
        multiply_matrices(
            out.dtype.type(0), m, n, k, address(a), a_row, a_column,
            address(b), b_row, b_column, address(out), out.strides[0],
        )  # fmt: skip
    else:
        return False
    return True


@kernel
def multiply_stack(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> bool:
    """Fill `out` with the products of two stacks of matrices, unless an operand must be copied first.

    Args:
        a: Shape (batch or 1, m, k), any strides. A stack of one serves every product.
        b: Shape (batch or 1, k, n), any strides.
        out: Shape (batch, m, n), C-contiguous, written; shares no memory with the others.

    Returns:
        False if the numbers of a or b lie apart along both axes of the matrices. Then nothing was written.
    """
    batch, m, n = out.shape
    k = a.shape[2]
    a_row, a_column, a_readable = matrix_strides(m, k, a.strides[1], a.strides[2], a.itemsize)
    b_row, b_column, b_readable = matrix_strides(k, n, b.strides[1], b.strides[2], b.itemsize)
    if k == 0 or m == 0 or n == 0:
        out[:] = 0
    elif a_readable and b_readable:
        a_step = 0 if a.shape[0] == 1 else a.strides[0]
        b_step = 0 if b.shape[0] == 1 else b.strides[0]
        for i in range(batch):
            multiply_matrices(
                out.dtype.type(0), m, n, k, address(a) + i * a_step, a_row, a_column,
                address(b) + i * b_step, b_row, b_column,
                address(out) + i * out.strides[0], n * out.itemsize,
            )  # fmt: skip
    else:
        return False
    return True


@register_jitable
def matrix_strides(rows: int, columns: int, row: int, column: int, itemsize: int) -> tuple[int, int, bool]:
    """Return the bytes from row to row and from column to column, and whether numbers are contiguous along one axis.

    NumPy leaves the stride of an axis of length 1 open; here a contiguous vector is contiguous along both axes.
    """
    if columns == 1:
        return itemsize, itemsize, rows == 1 or row == itemsize
    if rows == 1:
        return columns * itemsize, itemsize, column == itemsize
    return row, column, row == itemsize or column == itemsize


@register_jitable
def multiply_matrices(
    zero: np.floating, m: int, n: int, k: int,
    a: int, a_row: int, a_column: int, b: int, b_row: int, b_column: int, out: int, out_row: int,
) -> None:  # fmt: skip
    """Multiply in the way that suits the shapes and layouts.

    Args:
        zero: A zero of the operands' dtype.
        m: The rows of a and of out, at least 1, as are the others.
        n: The columns of b and of out.
        k: The columns of a and the rows of b.
        a: Address of a, of which one axis is contiguous, as of b.
        a_row: Bytes from row to row of a.
        a_column: Bytes from column to column of a.
        b: Address of b.
        b_row: Bytes from row to row of b.
        b_column: Bytes from column to column of b.
        out: Address of out, whose rows are contiguous.
        out_row: Bytes from row to row of out.
    """
    itemsize = itemsize_of(zero)
    if n == 1 and a_column == itemsize:
        multiply_by_dots(zero, m, k, a, a_row, b, out)
    elif n == 1:
        multiply_by_rows(zero, m, k, b, itemsize, a, a_column, out)
    elif m == 1 and b_column == itemsize:
        multiply_by_rows(zero, n, k, a, a_column, b, b_row, out)
    elif m <= FEW_ROWS and b_column != itemsize and a_column == itemsize:
        for i in range(m):
            multiply_by_dots(zero, n, k, b, b_column, a + i * a_row, out + i * out_row)
    elif n <= FEW_COLUMNS and n < m and a_column != itemsize:
        multiply_transposed(zero, m, n, k, a, a_column, b, b_row, b_column, out, out_row)
    elif not multiply_in_place(zero, m, n, k, a, a_row, a_column, b, b_row, b_column, out, out_row):
        multiply_blocks(zero, m, n, k, a, a_row, a_column, b, b_row, b_column, out, out_row)


@register_jitable
def multiply_transposed(
    zero: np.floating, m: int, n: int, k: int,
    a: int, a_column: int, b: int, b_row: int, b_column: int, out: int, out_row: int,
) -> None:  # fmt: skip
    """Compute out as (bᵀ @ aᵀ)ᵀ for a transposed a, a few panels of its rows at a time."""
    itemsize = itemsize_of(zero)
    lanes = VECTOR_BYTES // itemsize
    width = 4 * NR_BYTES // itemsize
    buffer = np.empty(n * width * itemsize + LINE_BYTES, np.uint8)
    out_transposed = line_address(buffer)
    for ic in range(0, m, width):
        mc = min(width, m - ic)
        a_rows = a + ic * itemsize
        multiply_blocks(
            zero, n, mc, k, b, b_column, b_row, a_rows, a_column, itemsize, out_transposed, width * itemsize
        )
        for j in range(0, n, lanes):
            transpose_rows(
                zero, min(lanes, n - j), mc, out_transposed + j * width * itemsize, width * itemsize,
                out + ic * out_row + j * itemsize, out_row,
            )  # fmt: skip
    keep_alive(buffer)
