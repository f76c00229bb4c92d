"""The kernels of the matrix product, out = a @ b: which way to multiply for which shapes and layouts.

`blocks.py` has the loops around the micro-kernel of `tiles.py`, `packing.py` the copies, `dots.py` and `matvec.py` the
products with few rows or columns and with a vector, `vectors.py` the vector instructions. `operands.py` reads the
arrays that come. `products.py` has the public wrapper.
"""

from functools import partial
from typing import Any

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.arrays import (
    alike,
    axes,
    dropped,
    is_none,
    new_array,
    no_array,
    release_gil,
    returned,
    take_gil,
    zero_of,
)
from minigrad_kernels.blocks import NR_BYTES, VECTOR_BYTES, multiply_blocks
from minigrad_kernels.dots import multiply_by_dot_tiles
from minigrad_kernels.jit import kernel
from minigrad_kernels.matvec import multiply_by_dots, multiply_by_rows
from minigrad_kernels.memory import release, reserve
from minigrad_kernels.operands import apart, batch_of, common_batch, matrix_in, takes
from minigrad_kernels.packing import transpose_rows
from minigrad_kernels.vectors import address, itemsize_of

# Multiplications, some microseconds of them, during which no other Python thread can run: letting go of the GIL and
# taking it again costs 20 ns.
MOST_WORK_WITH_GIL = 200_000
# A transposed a with so few columns of b: out is computed as its transpose, whose rows fill the vectors.
FEW_COLUMNS = 12


@partial(kernel, nogil=False)
def multiply(a: Any, b: Any, out: Any, most_work: int) -> Any:
    """Check the operands and return a @ b, if it can be computed from the operands as they are.

    Args:
        a: An array, shape (..., m, k) or (k,). Any object, in fact, as are the others: they are looked at.
        b: Shape (..., k, n) or (k,).
        out: Where to write, or None for a new array.
        most_work: How many multiplications a product of two matrices may take at most.

    Returns:
        A new array or `out`. None, with nothing written, if the dtypes or shapes do not fit, or an axis is empty, or
        the numbers of a matrix lie apart along both axes, or the matrices of a stack at no constant distance, or batch
        axes differ, or `out` is not C-contiguous or shares memory with an operand; or there is too much work, or no
        memory.
    """
    if not alike(a, b) or axes(a) == 0 or axes(b) == 0:
        return no_array(a)
    m, k, a_row, a_column, a_readable = matrix_in(a, True)
    b_rows, n, b_row, b_column, b_readable = matrix_in(b, False)
    batch, a_step, b_step, even = common_batch(a, b)
    work = batch * m * n * k
    if b_rows != k or not a_readable or not b_readable or not even or work == 0 or (batch == 1 and work > most_work):
        return no_array(a)
    result = result_array(
        a, b, out, batch, m, n, k, a_step, a_row, a_column, b_step, b_row, b_column,
    )  # fmt: skip
    if is_none(result):
        return result
    if b_step == 0 and (m == 1 or a_step == m * a_row):
        # Rows of a, one below the other: one tall matrix.
        a_row = a_step if m == 1 and batch > 1 else a_row
        m, batch = m * batch, 1
    thread = release_gil(work > MOST_WORK_WITH_GIL)
    done, start, size = True, address(result), m * n * itemsize_of(zero_of(a))
    for i in range(batch):
        done = done and multiply_matrices(
            zero_of(a), m, n, k, address(a) + i * a_step, a_row, a_column,
            address(b) + i * b_step, b_row, b_column, start + i * size, n * itemsize_of(zero_of(a)),
        )  # fmt: skip
    take_gil(thread)
    return result if done else dropped(result)


@register_jitable
def result_array(
    a: Any, b: Any, out: Any, batch: int, m: int, n: int, k: int,
    a_step: int, a_row: int, a_column: int, b_step: int, b_row: int, b_column: int,
) -> Any:  # fmt: skip
    """Return a new array for the product, or `out` if it can be written to while a and b are read, or None."""
    # The one that has the result's batch axes.
    a_is_single = axes(a) < axes(b) or (axes(a) == axes(b) and batch_of(a)[0] == 1)
    stack = b if a_is_single else a
    batch_axes = max(axes(stack) - 2, 0)
    rows, columns = min(axes(a) - 1, 1), min(axes(b) - 1, 1)
    if is_none(out):
        return new_array(stack, batch_axes, rows, m, columns, n)
    itemsize = itemsize_of(zero_of(a))
    start, size = address(out), batch * m * n * itemsize
    if (
        takes(out, stack, batch_axes, rows, m, columns, n)
        and apart(start, size, address(a), itemsize, batch, a_step, m, a_row, k, a_column)
        and apart(start, size, address(b), itemsize, batch, b_step, k, b_row, n, b_column)
    ):
        return returned(out)
    return no_array(a)


@register_jitable
def multiply_matrices(
    zero: np.floating, m: int, n: int, k: int,
    a: int, a_row: int, a_column: int, b: int, b_row: int, b_column: int, out: int, out_row: int,
) -> bool:  # fmt: skip
    """Multiply in the way that suits the shapes and layouts; returns whether there was memory to pack in.

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
    left = columns_left(itemsize, m, n, k, b_column)
    if left > 0:
        n -= left
        b_left, out_left = b + n * b_column, out + n * itemsize
        if a_column == itemsize:
            done = multiply_by_dots_packed(zero, m, left, k, a, a_row, b_left, b_row, out_left, out_row)
        else:
            done = multiply_transposed(zero, m, left, k, a, a_column, b_left, b_row, b_column, out_left, out_row)
        if not done:
            return False
    if n == 1 and a_column == itemsize:
        multiply_by_dots(zero, m, k, a, a_row, b, out)
    elif n == 1:
        multiply_by_rows(zero, m, k, b, itemsize, a, a_column, out)
    elif m == 1 and b_column == itemsize:
        multiply_by_rows(zero, n, k, a, a_column, b, b_row, out)
    elif m == 1 and b_row == itemsize and a_column == itemsize:
        multiply_by_dots(zero, n, k, b, b_column, a, out)
    elif a_column == itemsize and b_row == itemsize and dots_pay(itemsize, m, n, k):
        multiply_by_dot_tiles(zero, m, n, k, a, a_row, b, b_column, out, out_row)
    elif a_column == itemsize and b_column == itemsize and dots_pay_packing(itemsize, m, n, k):
        return multiply_by_dots_packed(zero, m, n, k, a, a_row, b, b_row, out, out_row)
    elif n <= FEW_COLUMNS and n < m and a_column != itemsize:
        return multiply_transposed(zero, m, n, k, a, a_column, b, b_row, b_column, out, out_row)
    else:
        return multiply_blocks(zero, m, n, k, a, a_row, a_column, b, b_row, b_column, out, out_row)
    return True


@register_jitable
def columns_left(itemsize: int, m: int, n: int, k: int, b_column: int) -> int:
    """The columns to be multiplied apart: one or two that would need a vector more, of which they would fill little."""
    lanes = VECTOR_BYTES // itemsize
    left = n % lanes
    return left if left <= 2 and n > lanes and k >= 32 and m >= 24 and b_column == itemsize and n <= 4 * lanes else 0


@register_jitable
def dots_pay(itemsize: int, m: int, n: int, k: int) -> bool:
    """Whether dot products are the fastest way if both operands lie along k.

    A tile of `multiply_tile` fills n of the lanes, and a transposed b must be packed; a dot product ends with the sum
    of its vector's lanes, which takes as long as three multiply-adds.
    """
    lanes = VECTOR_BYTES // itemsize
    return n * (k + 3 * lanes) <= lanes * k or m * 5 <= k


@register_jitable
def dots_pay_packing(itemsize: int, m: int, n: int, k: int) -> bool:
    """Whether dot products are the fastest way if b must first be transposed."""
    lanes = VECTOR_BYTES // itemsize
    return n * (k + 3 * lanes) <= lanes * k and m >= 8


@register_jitable
def multiply_by_dots_packed(
    zero: np.floating, m: int, n: int, k: int, a: int, a_row: int, b: int, b_row: int, out: int, out_row: int
) -> bool:
    """Transpose a narrow row-major b, then multiply by dot products; False without memory."""
    itemsize = itemsize_of(zero)
    lanes = VECTOR_BYTES // itemsize
    b_column = k * itemsize
    b_packed = reserve(n * b_column)
    if b_packed == 0:
        return False
    for p in range(0, k, lanes):
        transpose_rows(zero, min(lanes, k - p), n, b + p * b_row, b_row, b_packed + p * itemsize, b_column)
    multiply_by_dot_tiles(zero, m, n, k, a, a_row, b_packed, b_column, out, out_row)
    release(b_packed)
    return True


@register_jitable
def multiply_transposed(
    zero: np.floating, m: int, n: int, k: int,
    a: int, a_column: int, b: int, b_row: int, b_column: int, out: int, out_row: int,
) -> bool:  # fmt: skip
    """Compute out as (bᵀ @ aᵀ)ᵀ for a transposed a, a few panels of its rows at a time; False without memory."""
    itemsize = itemsize_of(zero)
    lanes = VECTOR_BYTES // itemsize
    width = 4 * NR_BYTES // itemsize
    out_transposed = reserve(n * width * itemsize)
    if out_transposed == 0:
        return False
    done = True
    for ic in range(0, m, width):
        mc = min(width, m - ic)
        a_rows = a + ic * itemsize
        done = done and multiply_blocks(
            zero, n, mc, k, b, b_column, b_row, a_rows, a_column, itemsize, out_transposed, width * itemsize
        )
        for j in range(0, n, lanes):
            transpose_rows(
                zero, min(lanes, n - j), mc, out_transposed + j * width * itemsize, width * itemsize,
                out + ic * out_row + j * itemsize, out_row,
            )  # fmt: skip
    release(out_transposed)
    return done
