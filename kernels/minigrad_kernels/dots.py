"""Products with few rows or columns and long sums, for which both operands are read along k: dot products, in tiles."""

import numpy as np
from llvmlite import ir
from numba.extending import register_jitable

from minigrad_kernels.matvec import sums_of_lanes
from minigrad_kernels.vectors import INT64, Emitter, compiled_as, itemsize_of, numbers_at

# Rows and columns of a tile: 16 sums, each in a vector of its own, for which 8 (or 10) vectors are loaded. In the end
# they are added up together, so that the sums of all lanes take three instructions each.
SQUARE = 4
LONG, SHORT = 8, 2


def dot_tile(
    zero: np.floating, rows: int, k: int,
    a: int, a_row: int, b: int, b_column: int, out: int, out_row: int, valid_rows: int, valid_columns: int,
) -> None:  # fmt: skip
    """out[i, j] = Σ a[i, p]·b[p, j], where both lie contiguous along p.

    Args:
        zero: A zero of the operands' dtype.
        rows: Rows of the tile for which there is code: 4 (with 4 columns), 8 (with 2) or 2 (with 8).
        k: Length of the sums, at least 1.
        a: Address of the tile's first row of a.
        a_row: Bytes from row to row of a.
        b: Address of the tile's first column of b.
        b_column: Bytes from column to column of b.
        out: Address of the tile, whose rows are contiguous.
        out_row: Bytes from row to row of out.
        valid_rows: The rows that exist, at most `rows`.
        valid_columns: The columns that exist, at most as many as the tile has.
    """
    for i in range(valid_rows):
        a_numbers, out_numbers = numbers_at(a + i * a_row, k, zero), numbers_at(out + i * out_row, valid_columns, zero)
        for j in range(valid_columns):
            b_numbers = numbers_at(b + j * b_column, k, zero)
            total = zero
            for p in range(k):
                total += a_numbers[p] * b_numbers[p]
            out_numbers[j] = total


@register_jitable
def multiply_by_dot_tiles(
    zero: np.floating, m: int, n: int, k: int, a: int, a_row: int, b: int, b_column: int, out: int, out_row: int
) -> None:
    """Out = a·b for contiguous rows of a and contiguous columns of b."""
    # One or two columns that are left, or rows, get tiles of their shape.
    left = n % SQUARE if n % SQUARE <= SHORT else 0
    pairs = m % SQUARE if m % SQUARE <= SHORT else 0
    square_n, square_m, itemsize = n - left, m - pairs, itemsize_of(zero)
    for i in range(0, square_m, SQUARE):
        for j in range(0, square_n, SQUARE):
            dot_tile(
                zero, SQUARE, k, a + i * a_row, a_row, b + j * b_column, b_column,
                out + i * out_row + j * itemsize, out_row, min(SQUARE, m - i), min(SQUARE, n - j),
            )  # fmt: skip
    if pairs > 0:
        for j in range(0, square_n, LONG):
            dot_tile(
                zero, SHORT, k, a + square_m * a_row, a_row, b + j * b_column, b_column,
                out + square_m * out_row + j * itemsize, out_row, pairs, min(LONG, square_n - j),
            )  # fmt: skip
    if left > 0:
        for i in range(0, m, LONG):
            dot_tile(
                zero, LONG, k, a + i * a_row, a_row, b + square_n * b_column, b_column,
                out + i * out_row + square_n * itemsize, out_row, min(LONG, m - i), left,
            )  # fmt: skip


@compiled_as(dot_tile)
def _emit_dot_tiles(emit: Emitter, rows: ir.Value, *tile: ir.Value) -> None:
    """Emit: go to the code of the shape of tile that is asked for."""
    builder = emit.builder
    done = builder.append_basic_block("done")
    switch = builder.switch(rows, done)
    for i, j in ((SQUARE, SQUARE), (LONG, SHORT), (SHORT, LONG)):
        block = builder.append_basic_block(f"dots_{i}x{j}")
        switch.add_case(INT64(i), block)
        builder.position_at_end(block)
        _emit_dot_tile(emit, i, j, *tile)
        builder.branch(done)
    builder.position_at_end(done)


def _emit_dot_tile(
    emit: Emitter, rows: int, columns: int, k: ir.Value,
    a: ir.Value, a_row: ir.Value, b: ir.Value, b_column: ir.Value, out: ir.Value, out_row: ir.Value,
    valid_rows: ir.Value, valid_columns: ir.Value,
) -> None:  # fmt: skip
    """Emit the code of one shape of tile: whole vectors along k, then one that is masked."""
    builder = emit.builder
    a_rows = [builder.add(a, offset) for offset in emit.row_offsets(rows, valid_rows, a_row)]
    b_columns = [builder.add(b, offset) for offset in emit.row_offsets(columns, valid_columns, b_column)]

    def add_products(offset: ir.Value, left: ir.Value, *totals: ir.Value) -> list[ir.Value]:
        mask = emit.first_lanes(left)
        b_vectors = [emit.load(builder.add(column, offset), mask) for column in b_columns]
        sums = []
        for i, row in enumerate(a_rows):
            a_vector = emit.load(builder.add(row, offset), mask)
            for j, b_vector in enumerate(b_vectors):
                sums.append(emit.multiply_add(a_vector, b_vector, totals[i * columns + j]))
        return [builder.add(offset, INT64(emit.lanes * emit.itemsize)), builder.sub(left, INT64(emit.lanes)), *sums]

    steps = builder.sdiv(builder.add(k, INT64(emit.lanes - 1)), INT64(emit.lanes))
    _, _, *totals = emit.repeat(steps, [INT64(0), k] + [emit.zeros] * (rows * columns), add_products)
    out_rows = [builder.add(out, offset) for offset in emit.row_offsets(rows, valid_rows, out_row)]
    _emit_store_sums(emit, totals, columns, out_rows, valid_columns)


def _emit_store_sums(
    emit: Emitter, totals: list[ir.Value], columns: int, out_rows: list[ir.Value], valid_columns: ir.Value
) -> None:
    """Emit: add up the lanes of each vector and write the sums, row by row."""
    builder, lanes = emit.builder, emit.lanes
    vectors = [sums_of_lanes(emit, totals[i : i + lanes]) for i in range(0, len(totals), lanes)]
    for i, row in enumerate(out_rows):
        for j in range(0, columns, lanes):
            first = i * columns + j
            vector = vectors[first // lanes]
            # The row's sums, from the first lane on; what comes around after them is masked.
            moved = emit.shuffle(vector, vector, [(first + lane) % lanes for lane in range(lanes)])
            mask = builder.and_(
                emit.first_lanes(builder.sub(valid_columns, INT64(j))), emit.first_lanes(INT64(columns - j))
            )
            emit.store(moved, builder.add(row, INT64(j * emit.itemsize)), mask)
