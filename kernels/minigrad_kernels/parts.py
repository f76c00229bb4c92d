"""A matrix product in parts: blocks of out that threads compute on their own, each as a product of its own.

Never parts of k: each number of out is one thread's sum, so the bits do not depend on who does what.
"""

from typing import Any

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.arrays import zero_of
from minigrad_kernels.atomics import load_word
from minigrad_kernels.blocks import LINE_BYTES, NR_BYTES
from minigrad_kernels.jit import kernel
from minigrad_kernels.layouts import matrix_in
from minigrad_kernels.pool import run_parts, worth_waking
from minigrad_kernels.product_calls import multiply_at
from minigrad_kernels.vectors import address, itemsize_of, keep_alive

# More parts than threads, so that a thread whose core others use too does fewer, and nobody waits long for its last
# one. Twice as many took up to 8 % more (1024³), because each reads all of a.
PARTS_PER_THREAD = 4
# A part is at least so many multiplications, 2.5 µs of them: taking one costs 0.05 µs.
MIN_PART_WORK = 1 << 18
# Rows of a part: with fewer, reading b takes longer than multiplying (64×4096×64: 73 µs in parts of 32 rows, 86 of 8).
LEAST_ROWS = 32
# The same for parts that pack an operand: to pack a transposed b is as much work as to multiply some ten rows.
LEAST_ROWS_PACKING = 256
# Tiles have 6 or 4 rows, which add up to any even number from 4 on.
ROW_UNIT = 2
# Columns of a part that is a sum of rows, for a product with a vector: rows that lie apart are read in long runs.
LEAST_COLUMNS_SUMMED = 1024
# What `multiply_parts` returns.
UNREADABLE, FAILED, WORTH_WAKING, MULTIPLIED = 0, 1, 2, 3
# Multiplications, 0.5 ms of them, that are done alone before threads that sleep are woken, which costs 5 to 15 µs.
WAKING_WORK = 50_000_000
# What describes the work to whoever does a part, as words: shapes, addresses and strides, the rows and columns of a
# part, the address of the compiled product, and what the parts of a linear layer take besides.
M, N, K, A, A_ROW, A_COLUMN, B, B_ROW, B_COLUMN, OUT, OUT_ROW, ROWS, COLUMNS, PRODUCT, BIAS, ACTIVATION = range(16)
DESCRIPTION = 16
WORD = 8


@kernel
def multiply_parts(a: Any, b: Any, out: Any, product: int, function: int, board: int, threads: int) -> int:
    """Fill `out` with a @ b, in parts, with the help of other threads, unless an operand must be copied first.

    Args:
        a: An array, shape (m, k), any strides; no axis is empty.
        b: Shape (k, n), any strides, like the array a, as is the next one.
        out: Shape (m, n), contiguous, written; shares no memory with the others.
        product: What `product_address` returned for the dtype of the arrays.
        function: Address of the kernel below that multiplies a part of such arrays.
        board: Address of the pool's board.
        threads: How many threads may work, this one included.

    Returns:
        MULTIPLIED; or UNREADABLE if the shapes do not fit or the numbers of a or b lie apart along both axes, and
        nothing was written; or WORTH_WAKING if nothing was written yet because other threads should be woken first;
        or FAILED if a thread had no memory.
    """
    m, k, a_row, a_column, a_readable = matrix_in(a, True)
    b_rows, n, b_row, b_column, b_readable = matrix_in(b, False)
    if b_rows != k or not a_readable or not b_readable:
        return UNREADABLE
    description = np.zeros(DESCRIPTION, np.int64)
    describe(description, m, n, k, address(a), a_row, a_column, address(b), b_row, b_column, product)
    description[OUT], description[OUT_ROW] = address(out), n * itemsize_of(zero_of(out))
    return post_parts(description, itemsize_of(zero_of(out)), function, board, threads)


@register_jitable
def describe(
    description: np.ndarray, m: int, n: int, k: int,
    a: int, a_row: int, a_column: int, b: int, b_row: int, b_column: int, product: int,
) -> None:  # fmt: skip
    """Write down the operands of a product: their addresses, and the bytes from row to row and column to column."""
    # One by one: Numba takes four seconds to compile an assignment of them all.
    description[M], description[N], description[K] = m, n, k
    description[A], description[A_ROW], description[A_COLUMN] = a, a_row, a_column
    description[B], description[B_ROW], description[B_COLUMN] = b, b_row, b_column
    description[PRODUCT] = product


@register_jitable
def post_parts(description: np.ndarray, itemsize: int, function: int, board: int, threads: int) -> int:
    """Divide a product and do its parts, with the help of others; returns what `multiply_parts` returns.

    Args:
        description: Of the product; its parts' shape is written to it.
        itemsize: The bytes of a number.
        function: Address of the kernel that does a part.
        board: Address of the pool's board.
        threads: How many threads may work, this one included.
    """
    m, n, k = description[M], description[N], description[K]
    if worth_waking(board, threads - 1, m * n * k, WAKING_WORK):
        return WORTH_WAKING
    rows, columns = part_shape(m, n, k, itemsize, description[A_COLUMN], description[B_COLUMN], threads)
    description[ROWS], description[COLUMNS] = rows, columns
    parts = parts_along(m, rows) * parts_along(n, columns)
    succeeded = run_parts(board, function, address(description), parts, threads - 1)
    keep_alive(description)
    return MULTIPLIED if succeeded else FAILED


@register_jitable
def word(description: int, number: int) -> int:
    """A word of the description at an address."""
    return load_word(description + number * WORD)


@register_jitable
def block_of_part(description: int, part: int) -> tuple[int, int, int, int]:
    """Return the first row and the first column of a part, and how many of them it has."""
    m, n, rows, columns = (
        word(description, M),
        word(description, N),
        word(description, ROWS),
        word(description, COLUMNS),
    )
    down, across = parts_along(m, rows), parts_along(n, columns)
    i, j = part // across * rows, part % across * columns
    return i, j, m - i if part // across == down - 1 else rows, n - j if part % across == across - 1 else columns


@register_jitable
def part_shape(
    m: int, n: int, k: int, itemsize: int, a_column: int, b_column: int, threads: int
) -> tuple[int, int]:  # fmt: skip
    """Return the rows and the columns of a part; the last ones may be smaller, or larger by one."""
    parts = max(threads, min(threads * PARTS_PER_THREAD, m * n * k // MIN_PART_WORK))
    line = LINE_BYTES // itemsize
    if n == 1:
        return part_length(m, parts if a_column == itemsize else parts_of_sum(m, parts, threads), line), 1
    if m == 1:
        return 1, part_length(n, parts if b_column != itemsize else parts_of_sum(n, parts, threads), line)
    # Columns first: each thread then packs its own part of b only.
    NR = NR_BYTES // itemsize
    panels = -(-n // NR)
    # A transposed a is packed anew for each part, unless that is but one panel wide. So these parts are squarer: 2048³
    # took 45 ms in 2×4 parts, 53 in 16 of two panels.
    packing_a = a_column != itemsize and panels > parts
    columns = part_length(n, parts // 2 if packing_a else min(panels, parts), NR)
    across = parts_along(n, columns)
    # Then rows, if there are too few parts yet, or so few that one thread would have much more than another.
    least = LEAST_ROWS_PACKING if packing_a or b_column != itemsize else LEAST_ROWS
    down = max(1, min(-(-parts // across), m // least))
    if across * down < 4 * threads and across % threads != 0:
        down = -(-down // threads) * threads
    return part_length(m, down, ROW_UNIT), columns


@register_jitable
def parts_along(length: int, step: int) -> int:
    """The parts along an axis. A last one of a single row or column belongs to the part before.

    The numbers of a row of a transposed matrix lie apart along both axes, which the product cannot read.
    """
    return max(1, (length + step - 2) // step)


@register_jitable
def parts_of_sum(length: int, parts: int, threads: int) -> int:
    """Parts of a vector of so many numbers that is a sum of rows: fewer, because each has a piece of every row."""
    return max(threads, min(parts, length // LEAST_COLUMNS_SUMMED))


@register_jitable
def part_length(length: int, parts: int, unit: int) -> int:
    """The length of at most so many parts, in whole units."""
    return -(-length // (parts * unit)) * unit


@kernel
def multiply_part_float32(description: int, part: int) -> int:
    """Multiply a part of the float32 matrices described at an address; returns 1, or 0 if it had no memory."""
    return int(multiply_part(np.float32(0), description, part))


@kernel
def multiply_part_float64(description: int, part: int) -> int:
    """Multiply a part of the float64 matrices described at an address; returns 1, or 0 if it had no memory."""
    return int(multiply_part(np.float64(0), description, part))


@register_jitable
def multiply_part(zero: np.floating, description: int, part: int) -> bool:
    """Multiply the rows of a by the columns of b that the part's number stands for; returns whether it had memory."""
    i, j, rows, columns = block_of_part(description, part)
    a_row, a_column = word(description, A_ROW), word(description, A_COLUMN)
    b_row, b_column, out_row = word(description, B_ROW), word(description, B_COLUMN), word(description, OUT_ROW)
    k, itemsize = word(description, K), itemsize_of(zero)
    first_row, first_column = word(description, A) + i * a_row, word(description, B) + j * b_column
    # By its address: a kernel that named the product would have it compiled into itself, for some seconds.
    return multiply_at(
        word(description, PRODUCT), zero, rows, columns, k, first_row, a_row, a_column, first_column, b_row, b_column,
        word(description, OUT) + i * out_row + j * itemsize, out_row,
    )  # fmt: skip
