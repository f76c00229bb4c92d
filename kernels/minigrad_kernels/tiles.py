"""The micro-kernel of the matrix product: a tile of `out` that stays in registers while k runs."""

from typing import Any

import numpy as np
from llvmlite import ir

from minigrad_kernels.machine import VECTOR_REGISTERS
from minigrad_kernels.vectors import INT64, Emitter, compiled_as, numbers_at

# 6 rows × 4 vectors are 24 of 32 registers; 4 vectors of b and one number of a take 5 more. Each k then needs 10 loads
# for 24 multiply-adds, where the core does as many loads as multiply-adds. With 16 registers 6 × 2 is the same idea.
TILE_ROWS = 6
TILE_VECTORS = 4 if VECTOR_REGISTERS == 32 else 2
# Narrower tiles have 8 rows: fewer tiles, and enough sums for two multiply-adds a cycle that take four cycles each.
TALL_ROWS = 8
# 6 and 4 add up to every even number of rows from 4 on but need no surplus row.
SHORT_ROWS = 4
# Of the full width only: with one or two rows of a, the time goes into reading b.
PAIR_ROWS = 2


def multiply_tile(
    zero: np.floating, rows: int, vectors: int, k: int,
    a: int, a_row: int, a_column: int, b: int, b_row: int, out: int, out_row: int,
    valid_rows: int, columns: int, add: bool,
) -> None:  # fmt: skip
    """Write (or add) a tile of a @ b to `out`.

    Args:
        zero: A zero of the operands' dtype.
        rows: Rows of the tile for which there is code: 6 or 4, or 8 for fewer than TILE_VECTORS, or 2 for as many.
        vectors: Vectors in a row of the tile, from 1 to TILE_VECTORS.
        k: Length of the sums, at least 1.
        a: Address of the tile's first row of a.
        a_row: Bytes from row to row of a.
        a_column: Bytes from column to column of a.
        b: Address of the tile's first column of b, whose rows are contiguous.
        b_row: Bytes from row to row of b.
        out: Address of the tile, whose rows are contiguous.
        out_row: Bytes from row to row of out.
        valid_rows: The rows that exist, at most `rows`. Compiled, the others compute the last one again.
        columns: The columns that exist. Compiled, all loads and stores are masked to them.
        add: Add to `out` and not overwrite it.
    """
    totals = np.zeros((valid_rows, columns), zero.dtype)
    for p in range(k):
        b_numbers = numbers_at(b + p * b_row, columns, zero)
        for i in range(valid_rows):
            a_number = numbers_at(a + i * a_row + p * a_column, 1, zero)[0]
            for j in range(columns):
                totals[i, j] += a_number * b_numbers[j]
    for i in range(valid_rows):
        out_numbers = numbers_at(out + i * out_row, columns, zero)
        for j in range(columns):
            out_numbers[j] = out_numbers[j] + totals[i, j] if add else totals[i, j]


@compiled_as(multiply_tile)
def _emit_tiles(emit: Emitter, rows: ir.Value, vectors: ir.Value, *tile: ir.Value) -> None:
    """Emit: go to the code of the shape of tile that is asked for."""
    builder = emit.builder
    shapes = [(TILE_ROWS, v) for v in range(1, TILE_VECTORS + 1)]
    shapes += [(SHORT_ROWS, v) for v in range(1, TILE_VECTORS + 1)]
    shapes += [(PAIR_ROWS, TILE_VECTORS)]
    shapes += [(TALL_ROWS, v) for v in range(1, TILE_VECTORS)]
    done = builder.append_basic_block("done")
    switch = builder.switch(builder.add(builder.mul(rows, INT64(16)), vectors), done)
    for shape in shapes:
        block = builder.append_basic_block(f"tile_{shape[0]}x{shape[1]}")
        switch.add_case(INT64(16 * shape[0] + shape[1]), block)
        builder.position_at_end(block)
        _emit_tile(emit, *shape, *tile)
        builder.branch(done)
    builder.position_at_end(done)


def _emit_tile(
    emit: Emitter, rows: int, vectors: int, k: ir.Value,
    a: ir.Value, a_row: ir.Value, a_column: ir.Value, b: ir.Value, b_row: ir.Value, out: ir.Value, out_row: ir.Value,
    valid_rows: ir.Value, columns: ir.Value, add: ir.Value,
) -> None:  # fmt: skip
    """Emit the code of one shape of tile."""
    builder = emit.builder
    vector_bytes = emit.lanes * emit.itemsize
    masks = [emit.first_lanes(builder.sub(columns, INT64(v * emit.lanes))) for v in range(vectors)]
    a_rows = [builder.add(a, offset) for offset in emit.row_offsets(rows, valid_rows, a_row)]
    out_rows = [builder.add(out, offset) for offset in emit.row_offsets(rows, valid_rows, out_row)]

    # What is to be added to lies far away by then, as products with such long sums are large: 5 % at 2048³.
    with builder.if_then(add):
        for address in out_rows:
            for v in range(vectors):
                emit.prefetch(builder.add(address, INT64(v * vector_bytes)))

    def add_products(a_offset: ir.Value, b_address: ir.Value, *totals: ir.Value) -> list[Any]:
        loaded = []
        for v in range(vectors):
            loaded.append(emit.load(builder.add(b_address, INT64(v * vector_bytes)), masks[v]))
        sums = []
        for i in range(rows):
            number = emit.load_splat(builder.add(a_rows[i], a_offset))
            for v in range(vectors):
                sums.append(emit.multiply_add(number, loaded[v], totals[i * vectors + v]))
        return [builder.add(a_offset, a_column), builder.add(b_address, b_row), *sums]

    _, _, *totals = emit.repeat(k, [INT64(0), b] + [emit.zeros] * (rows * vectors), add_products)
    _emit_store(emit, totals, out_rows, masks, add)


def _emit_store(emit: Emitter, totals: list[Any], out_rows: list[Any], masks: list[Any], add: ir.Value) -> None:
    """Emit: write the totals to `out`, or their sums with what is there."""
    builder = emit.builder
    addresses, row_masks = [], []
    for row in out_rows:
        for v, mask in enumerate(masks):
            addresses.append(builder.add(row, INT64(v * emit.lanes * emit.itemsize)))
            row_masks.append(mask)
    before, adding, storing = builder.block, builder.append_basic_block("add"), builder.append_basic_block("store")
    builder.cbranch(add, adding, storing)
    builder.position_at_end(adding)
    # All loads come before the first store: surplus rows are the last row once more, which is added to once.
    sums = [builder.fadd(emit.load(at, mask), total) for at, mask, total in zip(addresses, row_masks, totals)]
    builder.branch(storing)
    builder.position_at_end(storing)
    results = []
    for total, total_sum in zip(totals, sums):
        phi = builder.phi(emit.vector)
        phi.add_incoming(total, before)
        phi.add_incoming(total_sum, adding)
        results.append(phi)
    for result, address, mask in zip(results, addresses, row_masks):
        emit.store(result, address, mask)
