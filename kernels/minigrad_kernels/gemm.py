"""The kernel of the matrix product, out = a @ b: which way to multiply for which shapes and layouts.

`blocks.py` has the loops around the micro-kernel of `tiles.py`, `packing.py` the copies, `dots.py` and `matvec.py` the
products with few rows or columns and with a vector, `vectors.py` the vector instructions. `product_calls.py` calls it,
`object_products.py` makes the checks before, `products.py` has the public wrapper.
"""

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.blocks import NR_BYTES, VECTOR_BYTES, multiply_blocks
from minigrad_kernels.dots import multiply_by_dot_tiles
from minigrad_kernels.jit import kernel
from minigrad_kernels.matvec import multiply_by_dots, multiply_by_rows
from minigrad_kernels.memory import release, reserve
from minigrad_kernels.narrow import are_short_rows, is_narrow, multiply_narrow, multiply_short_rows
from minigrad_kernels.packing import transpose_rows
from minigrad_kernels.vectors import itemsize_of

# A transposed a with so few columns of b: out is computed as its transpose, whose rows fill the vectors.
FEW_COLUMNS = 12


@kernel
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
            done = multiply_as_dots(zero, m, left, k, a, a_row, b_left, b_row, b_column, out_left, out_row)
        else:
            done = multiply_transposed(zero, m, left, k, a, a_column, b_left, b_row, b_column, out_left, out_row)
        if not done:
            return False
    if n == 1 and a_column == itemsize and are_short_rows(itemsize, m, k):
        multiply_short_rows(zero, m, k, a, a_row, b, out)
    elif n == 1 and a_column == itemsize:
        multiply_by_dots(zero, m, k, a, a_row, b, out)
    elif b_column == itemsize and is_narrow(itemsize, m, n, k):
        multiply_narrow(zero, m, n, k, a, a_row, a_column, b, b_row, out, out_row)
    elif n == 1:
        multiply_by_rows(zero, m, k, b, itemsize, a, a_column, out)
    elif m == 1 and b_column == itemsize:
        multiply_by_rows(zero, n, k, a, a_column, b, b_row, out)
    elif m == 1 and b_row == itemsize and a_column == itemsize:
        multiply_by_dots(zero, n, k, b, b_column, a, out)
    elif a_column == itemsize and (
        dots_pay(itemsize, m, n, k) if b_row == itemsize else dots_pay_packing(itemsize, m, n, k)
    ):
        return multiply_as_dots(zero, m, n, k, a, a_row, b, b_row, b_column, out, out_row)
    elif n <= FEW_COLUMNS and n < m and a_column != itemsize:
        return multiply_transposed(zero, m, n, k, a, a_column, b, b_row, b_column, out, out_row)
    else:
        return multiply_plain(zero, m, n, k, a, a_row, a_column, b, b_row, b_column, out, out_row)
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
    of its vector's lanes, which takes as long as three multiply-adds. With more rows than lanes packing is the faster
    way, as these tiles load a vector for every two multiply-adds: 0.6 of the time at 64×4096×64.
    """
    lanes = VECTOR_BYTES // itemsize
    return n * (k + 3 * lanes) <= lanes * k or (m <= lanes and m * 5 <= k)


@register_jitable
def dots_pay_packing(itemsize: int, m: int, n: int, k: int) -> bool:
    """Whether dot products are the fastest way if b must first be transposed."""
    lanes = VECTOR_BYTES // itemsize
    return n * (k + 3 * lanes) <= lanes * k and m >= 8


@register_jitable
def multiply_as_dots(
    zero: np.floating, m: int, n: int, k: int,
    a: int, a_row: int, b: int, b_row: int, b_column: int, out: int, out_row: int,
) -> bool:  # fmt: skip
    """Multiply by dot products, of columns of b that are first copied if they are not contiguous; False without memory.

    The kernel calls `multiply_by_dot_tiles` by this function only, as it does `multiply_blocks` by the next two: what
    both a kernel and a function of it call, Numba compiles twice, for the flags of the two differ.
    """
    itemsize = itemsize_of(zero)
    if b_row == itemsize:
        multiply_by_dot_tiles(zero, m, n, k, a, a_row, b, b_column, out, out_row)
        return True
    lanes = VECTOR_BYTES // itemsize
    packed_column = k * itemsize
    b_packed = reserve(n * packed_column)
    if b_packed == 0:
        return False
    for p in range(0, k, lanes):
        transpose_rows(zero, min(lanes, k - p), n, b + p * b_row, b_row, b_packed + p * itemsize, packed_column)
    multiply_by_dot_tiles(zero, m, n, k, a, a_row, b_packed, packed_column, out, out_row)
    release(b_packed)
    return True


@register_jitable
def multiply_plain(
    zero: np.floating, m: int, n: int, k: int,
    a: int, a_row: int, a_column: int, b: int, b_row: int, b_column: int, out: int, out_row: int,
) -> bool:  # fmt: skip
    """`multiply_blocks`, which must not be called by the kernel itself: see `multiply_as_dots`."""
    return multiply_blocks(zero, m, n, k, a, a_row, a_column, b, b_row, b_column, out, out_row)


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
