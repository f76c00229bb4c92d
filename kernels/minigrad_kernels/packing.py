"""Copies that bring a block of an operand into the order in which the micro-kernel reads it."""

import numpy as np
from llvmlite import ir

from minigrad_kernels.vectors import INT64, Emitter, compiled_as, numbers_at


def copy_rows(
    zero: np.floating, rows: int, columns: int, source: int, source_row: int, target: int, target_row: int
) -> None:
    """target[i, j] = source[i, j], for rows of contiguous numbers.

    Args:
        zero: A zero of the numbers' dtype.
        rows: At least 1.
        columns: At least 1.
        source: Address of the first number.
        source_row: Bytes from row to row of the source.
        target: Address of where to write.
        target_row: Bytes from row to row of the target.
    """
    for i in range(rows):
        numbers_at(target + i * target_row, columns, zero)[:] = numbers_at(source + i * source_row, columns, zero)


def transpose_rows(
    zero: np.floating, rows: int, columns: int, source: int, source_row: int, target: int, target_row: int
) -> None:
    """target[j, i] = source[i, j], for as many rows as a vector has lanes, or fewer.

    Args:
        zero: A zero of the numbers' dtype.
        rows: At least 1, at most the lanes of a vector.
        columns: At least 1.
        source: Address of the first number; rows are contiguous.
        source_row: Bytes from row to row of the source.
        target: Address of where to write; rows are contiguous.
        target_row: Bytes from row to row of the target.
    """
    for j in range(columns):
        row = numbers_at(target + j * target_row, rows, zero)
        for i in range(rows):
            row[i] = numbers_at(source + i * source_row, columns, zero)[j]


@compiled_as(copy_rows)
def _emit_copy_rows(
    emit: Emitter, rows: ir.Value, columns: ir.Value,
    source: ir.Value, source_row: ir.Value, target: ir.Value, target_row: ir.Value,
) -> None:  # fmt: skip
    """Emit: for each row, for each vector of it."""
    builder = emit.builder
    vector_bytes = INT64(emit.lanes * emit.itemsize)
    vectors = builder.sdiv(builder.add(columns, INT64(emit.lanes - 1)), INT64(emit.lanes))

    def copy_row(source: ir.Value, target: ir.Value) -> list[ir.Value]:
        def copy_vector(offset: ir.Value, left: ir.Value) -> list[ir.Value]:
            mask = emit.first_lanes(left)
            emit.store(emit.load(builder.add(source, offset), mask), builder.add(target, offset), mask)
            return [builder.add(offset, vector_bytes), builder.sub(left, INT64(emit.lanes))]

        emit.repeat(vectors, [INT64(0), columns], copy_vector)
        return [builder.add(source, source_row), builder.add(target, target_row)]

    emit.repeat(rows, [source, target], copy_row)


@compiled_as(transpose_rows)
def _emit_transpose_rows(
    emit: Emitter, rows: ir.Value, columns: ir.Value,
    source: ir.Value, source_row: ir.Value, target: ir.Value, target_row: ir.Value,
) -> None:  # fmt: skip
    """Emit: transpose squares of lanes × lanes numbers in registers."""
    builder = emit.builder
    lanes = emit.lanes
    squares = builder.sdiv(builder.add(columns, INT64(lanes - 1)), INT64(lanes))
    target_mask = emit.first_lanes(rows)
    source_rows = [builder.add(source, offset) for offset in emit.row_offsets(lanes, rows, source_row)]

    def transpose_square(offset: ir.Value, target: ir.Value, left: ir.Value) -> list[ir.Value]:
        source_mask = emit.first_lanes(left)
        square = [emit.load(builder.add(row, offset), source_mask) for row in source_rows]
        target_rows = emit.row_offsets(lanes, left, target_row)
        # From the last row up: surplus rows are written to the last row that exists, and then overwritten by it.
        for target_offset, vector in reversed(list(zip(target_rows, transposed(emit, square)))):
            emit.store(vector, builder.add(target, target_offset), target_mask)
        return [
            builder.add(offset, INT64(lanes * emit.itemsize)),
            builder.add(target, builder.mul(target_row, INT64(lanes))),
            builder.sub(left, INT64(lanes)),
        ]

    emit.repeat(squares, [INT64(0), target, columns], transpose_square)


def transposed(emit: Emitter, square: list[ir.Value]) -> list[ir.Value]:
    """Transpose a square of vectors: for 1, 2, 4, ... swap the off-diagonal quarters of each square twice that size."""
    lanes = emit.lanes
    size = 1
    while size < lanes:
        upper, lower = [], []
        for lane in range(lanes):
            upper.append(lane if not lane & size else lanes + lane - size)
            lower.append(lane + size if not lane & size else lanes + lane)
        for i in range(lanes):
            if not i & size:
                x, y = square[i], square[i + size]
                square[i], square[i + size] = emit.shuffle(x, y, upper), emit.shuffle(x, y, lower)
        size *= 2
    return square
