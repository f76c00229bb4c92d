"""Products with a narrow result or short sums, for which other ways fill few lanes or have few sums on their way.

A multiply-add takes four cycles, and two begin in each: eight sums must be on their way at a time. A tile of one row
and one vector has one, and the functions of `matvec.py`, made for long vectors, load and store theirs every eight rows.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba.extending import register_jitable

from minigrad_kernels.machine import VECTOR_BITS, VECTOR_REGISTERS
from minigrad_kernels.matvec import sums_of_lanes
from minigrad_kernels.vectors import INT64, Emitter, compiled_as, itemsize_of, numbers_at

# Rows of a narrow result for which there is code, and vectors of columns up to which it is used.
NARROW_ROWS, NARROW_VECTORS = 4, 2
# Sums of one vector that are on their way at a time, for one row of the result; more rows have fewer each.
SUMS_AT_A_TIME = 8 if VECTOR_REGISTERS == 32 else 4
# Rows of a matrix that is multiplied by a vector have at most so many halves of a vector, 24 float32 numbers of 512
# bits: with 4 of them 300×32×1 took 0.2 µs more than by `multiply_by_dots`.
MOST_HALVES = 3


def sum_narrow(
    zero: np.floating, rows: int, n: int, k: int,
    a: int, a_row: int, a_column: int, b: int, b_row: int, out: int, out_row: int,
) -> None:  # fmt: skip
    """out[i, j] = Σ a[i, p]·b[p, j], for a few rows of contiguous numbers in each.

    Args:
        zero: A zero of the operands' dtype.
        rows: Rows of out, from 1 to NARROW_ROWS.
        n: Columns of b, at most the lanes of a vector.
        k: Length of the sums, at least SUMS_AT_A_TIME.
        a: Address of a.
        a_row: Bytes from row to row of a.
        a_column: Bytes from column to column of a.
        b: Address of b, whose rows are contiguous.
        b_row: Bytes from row to row of b.
        out: Address of out, whose rows are contiguous.
        out_row: Bytes from row to row of out.
    """
    for i in range(rows):
        out_numbers = numbers_at(out + i * out_row, n, zero)
        for j in range(n):
            total = zero
            for p in range(k):
                a_number = numbers_at(a + i * a_row + p * a_column, 1, zero)[0]
                total += a_number * numbers_at(b + p * b_row, n, zero)[j]
            out_numbers[j] = total


def dot_short_rows(
    zero: np.floating, halves: int, m: int, k: int, a: int, a_row: int, x: int, out: int
) -> None:  # fmt: skip
    """out[i] = Σ a[i, p]·x[p], for short contiguous rows of a.

    Args:
        zero: A zero of the operands' dtype.
        halves: Half vectors of a row, from 1 to MOST_HALVES.
        m: The number of rows, at least as many as a vector has lanes.
        k: Length of the sums.
        a: Address of the first row.
        a_row: Bytes from row to row.
        x: Address of the vector.
        out: Address of the result.
    """
    x_numbers, out_numbers = numbers_at(x, k, zero), numbers_at(out, m, zero)
    for i in range(m):
        a_numbers = numbers_at(a + i * a_row, k, zero)
        total = zero
        for p in range(k):
            total += a_numbers[p] * x_numbers[p]
        out_numbers[i] = total


@register_jitable
def is_narrow(itemsize: int, m: int, n: int, k: int) -> bool:
    """Whether `sum_narrow` is the fastest way to multiply by a row-major b."""
    lanes = VECTOR_BITS // (8 * itemsize)
    return m <= NARROW_ROWS and n <= NARROW_VECTORS * lanes and k >= SUMS_AT_A_TIME


@register_jitable
def are_short_rows(itemsize: int, m: int, k: int) -> bool:
    """Whether `dot_short_rows` is the fastest way to multiply rows by a vector."""
    lanes = VECTOR_BITS // (8 * itemsize)
    return m >= lanes and 2 * k <= MOST_HALVES * lanes


@register_jitable
def multiply_narrow(
    zero: np.floating, m: int, n: int, k: int,
    a: int, a_row: int, a_column: int, b: int, b_row: int, out: int, out_row: int,
) -> None:  # fmt: skip
    """Out = a·b, where `is_narrow`, for contiguous rows of b."""
    itemsize = itemsize_of(zero)
    lanes = VECTOR_BITS // (8 * itemsize)
    for j in range(0, n, lanes):
        first = j * itemsize
        sum_narrow(zero, m, min(lanes, n - j), k, a, a_row, a_column, b + first, b_row, out + first, out_row)


@register_jitable
def multiply_short_rows(zero: np.floating, m: int, k: int, a: int, a_row: int, x: int, out: int) -> None:
    """Out = a·x, where `are_short_rows`, for contiguous rows of a and contiguous x and out."""
    half = VECTOR_BITS // (16 * itemsize_of(zero))
    dot_short_rows(zero, (k + half - 1) // half, m, k, a, a_row, x, out)


@compiled_as(sum_narrow)
def _emit_narrow_sums(emit: Emitter, rows: ir.Value, *rest: ir.Value) -> None:
    """Emit: go to the code for so many rows."""
    builder = emit.builder
    done = builder.append_basic_block("done")
    switch = builder.switch(rows, done)
    for count in range(1, NARROW_ROWS + 1):
        block = builder.append_basic_block(f"narrow_{count}")
        switch.add_case(INT64(count), block)
        builder.position_at_end(block)
        _emit_narrow_sum(emit, count, *rest)
        builder.branch(done)
    builder.position_at_end(done)


def _emit_narrow_sum(
    emit: Emitter, rows: int, n: ir.Value, k: ir.Value,
    a: ir.Value, a_row: ir.Value, a_column: ir.Value, b: ir.Value, b_row: ir.Value, out: ir.Value, out_row: ir.Value,
) -> None:  # fmt: skip
    """Emit: several rows of b in a step of the loop, each with sums of its own."""
    builder = emit.builder
    together = max(1, SUMS_AT_A_TIME // rows)
    mask = emit.first_lanes(n)
    a_rows = [builder.mul(a_row, INT64(i)) for i in range(rows)]

    def add_products(count: int, a_address: ir.Value, b_address: ir.Value, totals: list[ir.Value]) -> list[Any]:
        sums = []
        for u in range(count):
            b_vector = emit.load(b_address, mask)
            for i in range(rows):
                number = emit.load_splat(builder.add(a_address, a_rows[i]))
                sums.append(emit.multiply_add(number, b_vector, totals[u * rows + i]))
            a_address, b_address = builder.add(a_address, a_column), builder.add(b_address, b_row)
        return [a_address, b_address, *sums]

    def step(a_address: ir.Value, b_address: ir.Value, *totals: ir.Value) -> list[Any]:
        return add_products(together, a_address, b_address, list(totals))

    def single(a_address: ir.Value, b_address: ir.Value, *totals: ir.Value) -> list[Any]:
        return add_products(1, a_address, b_address, list(totals))

    start = [a, b] + [emit.zeros] * (together * rows)
    a_address, b_address, *totals = emit.repeat(builder.sdiv(k, INT64(together)), start, step)
    while len(totals) > rows:
        half = len(totals) // rows // 2 * rows
        sums = [builder.fadd(x, y) for x, y in zip(totals[:half], totals[half : 2 * half])]
        totals = sums + totals[2 * half :]
    totals = _emit_rest(emit, builder.srem(k, INT64(together)), [a_address, b_address, *totals], single)[2:]
    for i, total in enumerate(totals):
        emit.store(total, builder.add(out, builder.mul(out_row, INT64(i))), mask)


def _emit_rest(emit: Emitter, count: ir.Value, start: list[ir.Value], body: Any) -> list[ir.Value]:
    """Emit: a loop as `Emitter.repeat` makes it, that may be left out."""
    builder = emit.builder
    before = builder.block
    looping, after = builder.append_basic_block("rest"), builder.append_basic_block("after_rest")
    builder.cbranch(builder.icmp_signed(">", count, INT64(0)), looping, after)
    builder.position_at_end(looping)
    results = emit.repeat(count, start, body)
    last = builder.block
    builder.branch(after)
    builder.position_at_end(after)
    merged = []
    for first, result in zip(start, results):
        phi = builder.phi(first.type)
        phi.add_incoming(first, before)
        phi.add_incoming(result, last)
        merged.append(phi)
    return merged


@compiled_as(dot_short_rows)
def _emit_short_dots(emit: Emitter, halves: ir.Value, *rest: ir.Value) -> None:
    """Emit: go to the code for so many halves."""
    builder = emit.builder
    done = builder.append_basic_block("done")
    switch = builder.switch(halves, done)
    for count in range(1, MOST_HALVES + 1):
        block = builder.append_basic_block(f"short_dots_{count}")
        switch.add_case(INT64(count), block)
        builder.position_at_end(block)
        _emit_short_dot(emit, count, *rest)
        builder.branch(done)
    builder.position_at_end(done)


def _emit_short_dot(
    emit: Emitter, halves: int, m: ir.Value, k: ir.Value, a: ir.Value, a_row: ir.Value, x: ir.Value, out: ir.Value
) -> None:  # fmt: skip
    """Emit: as many rows at a time as a vector has lanes, two in a vector, which saves half of the final sums."""
    builder, half = emit.builder, emit.lanes // 2
    half_bytes = half * emit.itemsize
    lower, upper, x_vectors = [], [], []
    for h in range(halves):
        left = builder.sub(k, INT64(h * half))
        count = builder.select(builder.icmp_signed("<", left, INT64(half)), left, INT64(half))
        lower.append(emit.first_lanes(count))
        beyond = builder.not_(emit.first_lanes(INT64(half)))
        upper.append(builder.and_(emit.first_lanes(builder.add(count, INT64(half))), beyond))
        at = builder.add(x, INT64(h * half_bytes))
        x_vectors.append(_emit_two(emit, at, at, lower[h], upper[h], half_bytes))

    def multiply_rows(i: ir.Value) -> list[ir.Value]:
        # The last rows begin where they end with the last one; some are computed twice, to the same bits.
        last = builder.sub(m, INT64(emit.lanes))
        first = builder.select(builder.icmp_signed("<", i, last), i, last)
        row, totals = builder.add(a, builder.mul(first, a_row)), []
        for _ in range(half):
            second = builder.add(row, a_row)
            total = emit.zeros
            for h in range(halves):
                offset = INT64(h * half_bytes)
                pair = _emit_two(
                    emit, builder.add(row, offset), builder.add(second, offset), lower[h], upper[h], half_bytes
                )
                total = builder.fmul(pair, x_vectors[h]) if h == 0 else emit.multiply_add(pair, x_vectors[h], total)
            totals.append(total)
            row = builder.add(second, a_row)
        at = builder.add(out, builder.mul(first, INT64(emit.itemsize)))
        emit.store(sums_of_lanes(emit, totals, 2), at, emit.first_lanes(INT64(emit.lanes)))
        return [builder.add(i, INT64(emit.lanes))]

    steps = builder.sdiv(builder.add(m, INT64(emit.lanes - 1)), INT64(emit.lanes))
    emit.repeat(steps, [INT64(0)], multiply_rows)


def _emit_two(
    emit: Emitter, first: ir.Value, second: ir.Value, lower: ir.Value, upper: ir.Value, half_bytes: int
) -> ir.Value:  # fmt: skip
    """Emit: a vector of numbers from one address in its lower half, and from another one in its upper half."""
    before = emit.builder.sub(second, INT64(half_bytes))
    return emit.load(before, upper, emit.load(first, lower))
