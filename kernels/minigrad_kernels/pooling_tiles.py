"""The micro-kernels of poolings.

`largest_of_row` works on a vector of windows, whose numbers are gathered and compared one by one: windows lie a stride
apart, so that neighbours in the result are none in the image. A loop over windows that Numba compiles has a branch for
each comparison, and every second one is mispredicted: 512 images of 26 × 26 in windows of 2 × 2 took 1.0 ms, not 0.27.
"""

from typing import Any

import numpy as np
from llvmlite import ir

from minigrad_kernels.vectors import INT64, Emitter, compiled_as, numbers_at

WORD = 8
# What `numbers_at` takes for integers.
WORDS: Any = np.int64(0)


def sum_of_rows(zero: np.floating, rows: int, columns: int, source: int, source_row: int, out: int) -> None:
    """out[j] = Σ source[i, j].

    Args:
        zero: A zero of the numbers' dtype.
        rows: At least 1.
        columns: At least 1.
        source: Address of the first number; rows are contiguous.
        source_row: Bytes from row to row.
        out: Address of the sums.
    """
    sums = numbers_at(out, columns, zero)
    sums[:] = 0
    for i in range(rows):
        sums += numbers_at(source + i * source_row, columns, zero)


def add_to_rows(zero: np.floating, rows: int, columns: int, source: int, target: int, target_row: int) -> None:
    """target[i, j] += source[j].

    Args:
        zero: A zero of the numbers' dtype.
        rows: At least 1.
        columns: At least 1.
        source: Address of the numbers.
        target: Address of the first number to add to; rows are contiguous.
        target_row: Bytes from row to row.
    """
    for i in range(rows):
        numbers = numbers_at(target + i * target_row, columns, zero)
        numbers += numbers_at(source, columns, zero)


def largest_of_row(
    zero: np.floating, image: int, width: int, first_row: int, rows: int, row_step: int,
    columns: int, padded: int, taps: int, column_step: int, count: int, out: int, places: int,
) -> None:  # fmt: skip
    """Find the largest number of each window in a row of windows, and its place: the first, or the last NaN.

    Args:
        zero: A zero of the numbers' dtype.
        image: Address of the image.
        width: Its columns.
        first_row: The windows' first row.
        rows: Their rows, at least 1.
        row_step: From row to row of them.
        columns: Address of the first column of each window, as integers; further on there is the end of each.
        padded: How many integers further on. They are as many as fill whole vectors.
        taps: The most columns of a window, at least 1.
        column_step: From column to column of a window.
        count: Windows, at least 1.
        out: Address of the numbers to write.
        places: Address of their places, integers.
    """
    bounds = numbers_at(columns, 2 * padded, WORDS).reshape(2, padded)
    results, found = numbers_at(out, count, zero), numbers_at(places, count, WORDS)
    for j in range(count):
        first, end = int(bounds[0, j]), int(bounds[1, j])
        results[j], found[j] = -np.inf, first_row * width + first
        for row in range(first_row, first_row + rows * row_step, row_step):
            for column in range(first, min(end, first + taps * column_step), column_step):
                place = row * width + column
                number = numbers_at(image + place * zero.itemsize, 1, zero)[0]
                if number > results[j] or np.isnan(number):
                    results[j], found[j] = number, place


@compiled_as(sum_of_rows)
def _emit_sum_of_rows(
    emit: Emitter, rows: ir.Value, columns: ir.Value, source: ir.Value, source_row: ir.Value, out: ir.Value
) -> None:
    """Emit: for each vector of columns, for each row."""
    builder, vector_bytes = emit.builder, INT64(emit.lanes * emit.itemsize)
    vectors = builder.sdiv(builder.add(columns, INT64(emit.lanes - 1)), INT64(emit.lanes))

    def sum_vector(offset: ir.Value, left: ir.Value) -> list[ir.Value]:
        mask = emit.first_lanes(left)

        def add_row(row: ir.Value, total: ir.Value) -> list[ir.Value]:
            return [builder.add(row, source_row), builder.fadd(total, emit.load(row, mask))]

        _, total = emit.repeat(rows, [builder.add(source, offset), emit.zeros], add_row)
        emit.store(total, builder.add(out, offset), mask)
        return [builder.add(offset, vector_bytes), builder.sub(left, INT64(emit.lanes))]

    emit.repeat(vectors, [INT64(0), columns], sum_vector)


@compiled_as(add_to_rows)
def _emit_add_to_rows(
    emit: Emitter, rows: ir.Value, columns: ir.Value, source: ir.Value, target: ir.Value, target_row: ir.Value
) -> None:
    """Emit: for each vector of columns, for each row."""
    builder, vector_bytes = emit.builder, INT64(emit.lanes * emit.itemsize)
    vectors = builder.sdiv(builder.add(columns, INT64(emit.lanes - 1)), INT64(emit.lanes))

    def add_vector(offset: ir.Value, left: ir.Value) -> list[ir.Value]:
        mask = emit.first_lanes(left)
        numbers = emit.load(builder.add(source, offset), mask)

        def add_to_row(row: ir.Value) -> list[ir.Value]:
            emit.store(builder.fadd(numbers, emit.load(row, mask)), row, mask)
            return [builder.add(row, target_row)]

        emit.repeat(rows, [builder.add(target, offset)], add_to_row)
        return [builder.add(offset, vector_bytes), builder.sub(left, INT64(emit.lanes))]

    emit.repeat(vectors, [INT64(0), columns], add_vector)


@compiled_as(largest_of_row)
def _emit_largest_of_row(
    emit: Emitter, image: ir.Value, width: ir.Value, first_row: ir.Value, rows: ir.Value, row_step: ir.Value,
    columns: ir.Value, padded: ir.Value, taps: ir.Value, column_step: ir.Value, count: ir.Value,
    out: ir.Value, places: ir.Value,
) -> None:  # fmt: skip
    """Emit: for each vector of windows, for each of their rows, for each column, gather and compare."""
    builder, lanes = emit.builder, emit.lanes
    integers = ir.VectorType(INT64, lanes)
    least = ir.Constant(emit.vector, [-np.inf] * lanes)
    next_row, next_column = builder.mul(row_step, width), emit.splat(column_step)
    to_end, start_row = builder.mul(padded, INT64(WORD)), builder.mul(first_row, width)

    def compare(block: ir.Value, left: ir.Value) -> list[ir.Value]:
        bounds = builder.add(columns, builder.mul(block, INT64(WORD)))
        first = builder.load(builder.inttoptr(bounds, integers.as_pointer()), align=WORD)
        end = builder.load(builder.inttoptr(builder.add(bounds, to_end), integers.as_pointer()), align=WORD)

        def compare_row(row: ir.Value, best: ir.Value, place: ir.Value) -> list[ir.Value]:
            def compare_column(column: ir.Value, best: ir.Value, place: ir.Value) -> list[ir.Value]:
                here = builder.add(column, emit.splat(row))
                inside = builder.icmp_signed("<", column, end)
                offsets = builder.mul(here, emit.splat(INT64(emit.itemsize)))
                number = _gather(emit, builder.add(emit.splat(image), offsets), inside, least)
                # Greater, or NaN.
                taken = builder.or_(
                    builder.fcmp_ordered(">", number, best), builder.fcmp_unordered("uno", number, number)
                )
                best, place = builder.select(taken, number, best), builder.select(taken, here, place)
                return [builder.add(column, next_column), best, place]

            _, best, place = emit.repeat(taps, [first, best, place], compare_column)
            return [builder.add(row, next_row), best, place]

        start = [start_row, least, builder.add(first, emit.splat(start_row))]
        _, best, place = emit.repeat(rows, start, compare_row)
        mask = emit.first_lanes(left)
        emit.store(best, builder.add(out, builder.mul(block, INT64(emit.itemsize))), mask)
        _store_integers(emit, place, builder.add(places, builder.mul(block, INT64(WORD))), mask)
        return [builder.add(block, INT64(lanes)), builder.sub(left, INT64(lanes))]

    blocks = builder.sdiv(builder.add(count, INT64(lanes - 1)), INT64(lanes))
    emit.repeat(blocks, [INT64(0), count], compare)


def _gather(emit: Emitter, addresses: ir.Value, mask: ir.Value, others: ir.Value) -> ir.Value:
    """Emit: the numbers at the addresses of the mask's lanes, and `others` in the rest."""
    pointers = emit.builder.inttoptr(addresses, ir.VectorType(emit.scalar.as_pointer(), emit.lanes))
    kind = ir.FunctionType(emit.vector, [pointers.type, ir.IntType(32), mask.type, emit.vector])
    function = emit.declare(f"llvm.masked.gather.{emit.suffix}.v{emit.lanes}p0", kind)
    return emit.builder.call(function, [pointers, ir.IntType(32)(emit.itemsize), mask, others])


def _store_integers(emit: Emitter, value: ir.Value, address: ir.Value, mask: ir.Value) -> None:
    """Emit: write the integers of the mask's lanes to memory."""
    pointer = emit.builder.inttoptr(address, value.type.as_pointer())
    kind = ir.FunctionType(ir.VoidType(), [value.type, pointer.type, ir.IntType(32), mask.type])
    function = emit.declare(f"llvm.masked.store.v{emit.lanes}i64.p0", kind)
    emit.builder.call(function, [value, pointer, ir.IntType(32)(WORD), mask])
