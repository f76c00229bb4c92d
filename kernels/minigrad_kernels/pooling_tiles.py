"""The micro-kernel of max pooling: a vector of windows, whose numbers are gathered and compared one by one.

Windows lie a stride apart, so that neighbours in the result are none in the image: their numbers are gathered. A loop
over windows that Numba compiles takes a branch for each comparison, and every second one is mispredicted: 512 images of
26 × 26 in windows of 2 × 2 took 1.0 ms, and now 0.37.
"""

from typing import Any

import numpy as np
from llvmlite import ir

from minigrad_kernels.vectors import INT64, Emitter, compiled_as, numbers_at

WORD = 8
# What `numbers_at` takes for integers.
WORDS: Any = np.int64(0)


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
    function = _declared(emit, f"llvm.masked.gather.{emit.suffix}.v{emit.lanes}p0", kind)
    return emit.builder.call(function, [pointers, ir.IntType(32)(emit.itemsize), mask, others])


def _store_integers(emit: Emitter, value: ir.Value, address: ir.Value, mask: ir.Value) -> None:
    """Emit: write the integers of the mask's lanes to memory."""
    pointer = emit.builder.inttoptr(address, value.type.as_pointer())
    kind = ir.FunctionType(ir.VoidType(), [value.type, pointer.type, ir.IntType(32), mask.type])
    function = _declared(emit, f"llvm.masked.store.v{emit.lanes}i64.p0", kind)
    emit.builder.call(function, [value, pointer, ir.IntType(32)(WORD), mask])


def _declared(emit: Emitter, name: str, kind: ir.FunctionType) -> Any:
    """Return a function of LLVM's."""
    module = emit.builder.module
    return module.globals.get(name) or ir.Function(module, kind, name)
