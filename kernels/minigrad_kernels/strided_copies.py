"""Copies between rows whose numbers lie apart: what a convolution with a stride packs and unpacks.

Rows of an image are short, and numbers that lie apart are copied one by one: with that, a convolution with stride 2 of
images of 14 × 14 spent half of its time on packing. So every second number is taken and put in registers.
"""

import numpy as np
from llvmlite import ir

from minigrad_kernels.vectors import INT64, Emitter, compiled_as, numbers_at


def take_every_second(
    zero: np.floating, rows: int, columns: int, source: int, source_row: int, target: int, target_row: int
) -> None:
    """target[i, j] = source[i, 2·j].

    Args:
        zero: A zero of the numbers' dtype.
        rows: At least 1.
        columns: Of the target, at least 1.
        source: Address of the first number; rows are contiguous.
        source_row: Bytes from row to row of the source.
        target: Address of where to write; rows are contiguous.
        target_row: Bytes from row to row of the target.
    """
    for i in range(rows):
        numbers = numbers_at(source + i * source_row, 2 * columns - 1, zero)
        numbers_at(target + i * target_row, columns, zero)[:] = numbers[::2]


def put_every_second(
    zero: np.floating, rows: int, columns: int, source: int, source_row: int, target: int, target_row: int
) -> None:
    """target[i, 2·j] = source[i, j]; what lies between stays as it is.

    Args:
        zero: A zero of the numbers' dtype.
        rows: At least 1.
        columns: Of the source, at least 1.
        source: Address of the first number; rows are contiguous.
        source_row: Bytes from row to row of the source.
        target: Address of where to write; rows are contiguous.
        target_row: Bytes from row to row of the target.
    """
    for i in range(rows):
        numbers = numbers_at(target + i * target_row, 2 * columns - 1, zero)
        numbers[::2] = numbers_at(source + i * source_row, columns, zero)


def copy_steps(
    zero: np.floating, rows: int, columns: int, source: int, source_row: int, source_step: int,
    target: int, target_row: int, target_step: int,
) -> None:  # fmt: skip
    """target[i, j·target_step] = source[i, j·source_step], where all steps are bytes.

    Args:
        zero: A zero of the numbers' dtype.
        rows: At least 1.
        columns: At least 1.
        source: Address of the first number.
        source_row: Bytes from row to row of the source.
        source_step: Bytes from number to number of a row.
        target: Address of where to write.
        target_row: Bytes from row to row of the target.
        target_step: Bytes from number to number of a row.
    """
    for i in range(rows):
        for j in range(columns):
            number = numbers_at(source + i * source_row + j * source_step, 1, zero)
            numbers_at(target + i * target_row + j * target_step, 1, zero)[:] = number


@compiled_as(take_every_second)
def _emit_take_every_second(
    emit: Emitter, rows: ir.Value, columns: ir.Value,
    source: ir.Value, source_row: ir.Value, target: ir.Value, target_row: ir.Value,
) -> None:  # fmt: skip
    """Emit: for each row, for each vector of the target, two vectors of which every second lane is taken."""
    builder, lanes = emit.builder, emit.lanes
    vector_bytes = lanes * emit.itemsize
    vectors = builder.sdiv(builder.add(columns, INT64(lanes - 1)), INT64(lanes))

    def copy_row(source: ir.Value, target: ir.Value) -> list[ir.Value]:
        def copy_vector(source: ir.Value, target: ir.Value, left: ir.Value) -> list[ir.Value]:
            read = builder.sub(builder.mul(left, INT64(2)), INT64(1))
            first = emit.load(source, emit.first_lanes(read))
            after = builder.add(source, INT64(vector_bytes))
            second = emit.load(after, emit.first_lanes(builder.sub(read, INT64(lanes))))
            taken = emit.shuffle(first, second, range(0, 2 * lanes, 2))
            emit.store(taken, target, emit.first_lanes(left))
            following = builder.add(after, INT64(vector_bytes)), builder.add(target, INT64(vector_bytes))
            return [*following, builder.sub(left, INT64(lanes))]

        emit.repeat(vectors, [source, target, columns], copy_vector)
        return [builder.add(source, source_row), builder.add(target, target_row)]

    emit.repeat(rows, [source, target], copy_row)


@compiled_as(put_every_second)
def _emit_put_every_second(
    emit: Emitter, rows: ir.Value, columns: ir.Value,
    source: ir.Value, source_row: ir.Value, target: ir.Value, target_row: ir.Value,
) -> None:  # fmt: skip
    """Emit: for each row, for each vector of the source, two vectors of which every second lane is written."""
    builder, lanes = emit.builder, emit.lanes
    vector_bytes = lanes * emit.itemsize
    vectors = builder.sdiv(builder.add(columns, INT64(lanes - 1)), INT64(lanes))
    even = ir.Constant(emit.mask, [lane % 2 == 0 for lane in range(lanes)])

    def copy_row(source: ir.Value, target: ir.Value) -> list[ir.Value]:
        def copy_vector(source: ir.Value, target: ir.Value, left: ir.Value) -> list[ir.Value]:
            numbers = emit.load(source, emit.first_lanes(left))
            written = builder.mul(left, INT64(2))
            for half in range(2):
                spread = emit.shuffle(numbers, numbers, [half * lanes // 2 + lane // 2 for lane in range(lanes)])
                inside = emit.first_lanes(builder.sub(written, INT64(half * lanes)))
                emit.store(spread, builder.add(target, INT64(half * vector_bytes)), builder.and_(inside, even))
            following = builder.add(source, INT64(vector_bytes)), builder.add(target, INT64(2 * vector_bytes))
            return [*following, builder.sub(left, INT64(lanes))]

        emit.repeat(vectors, [source, target, columns], copy_vector)
        return [builder.add(source, source_row), builder.add(target, target_row)]

    emit.repeat(rows, [source, target], copy_row)


@compiled_as(copy_steps)
def _emit_copy_steps(
    emit: Emitter, rows: ir.Value, columns: ir.Value, source: ir.Value, source_row: ir.Value, source_step: ir.Value,
    target: ir.Value, target_row: ir.Value, target_step: ir.Value,
) -> None:  # fmt: skip
    """Emit: for each row, for each number."""
    builder, pointer = emit.builder, emit.scalar.as_pointer()

    def copy_row(source: ir.Value, target: ir.Value) -> list[ir.Value]:
        def copy_number(source: ir.Value, target: ir.Value) -> list[ir.Value]:
            number = builder.load(builder.inttoptr(source, pointer), align=emit.itemsize)
            builder.store(number, builder.inttoptr(target, pointer), align=emit.itemsize)
            return [builder.add(source, source_step), builder.add(target, target_step)]

        emit.repeat(columns, [source, target], copy_number)
        return [builder.add(source, source_row), builder.add(target, target_row)]

    emit.repeat(rows, [source, target], copy_row)
