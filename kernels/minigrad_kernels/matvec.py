"""Matrix times vector, limited by how fast the matrix can be read: one form for each way in which it lies."""

import numpy as np
from llvmlite import ir
from numba.extending import register_jitable

from minigrad_kernels.machine import VECTOR_BITS
from minigrad_kernels.vectors import INT64, Emitter, compiled_as, itemsize_of, numbers_at

# Rows of b that are added to out in one pass: out is then read and written once for eight multiply-adds.
ADDED_ROWS = 8
# Dot products that are computed at a time: as many as a vector has lanes, so that all sums end up in one vector. From
# DEEP numbers on only four: more rows at a distance of 4096 bytes would collide in one set of the L1 cache, and the
# final sums are by then a small part of the time.
FEW_DOTS = 4
DEEP = 128
# Numbers of a block of a product of two long vectors: the totals of the blocks are summed in float64.
BLOCK = 1024


def dot_rows(zero: np.floating, rows: int, wide: bool, k: int, a: int, a_row: int, x: int, out: int) -> None:
    """out[i] = Σ a[i, p]·x[p], for contiguous rows of a and contiguous x and out.

    Args:
        zero: A zero of the numbers' dtype.
        rows: At least 1, at most the lanes of a vector, or FEW_DOTS if not `wide`.
        wide: Which of the two compiled forms to use.
        k: Length of the sums, at least 1.
        a: Address of the first row.
        a_row: Bytes from row to row.
        x: Address of the vector.
        out: Address of the result.
    """
    x_numbers, out_numbers = numbers_at(x, k, zero), numbers_at(out, rows, zero)
    for i in range(rows):
        a_numbers = numbers_at(a + i * a_row, k, zero)
        total = zero
        for p in range(k):
            total += a_numbers[p] * x_numbers[p]
        out_numbers[i] = total


def add_rows(
    zero: np.floating, rows: int, n: int, x: int, x_step: int, b: int, b_row: int, out: int, add: bool
) -> None:
    """Write (or add) Σ x[p]·b[p, j] to out[j], for contiguous rows of b and contiguous out.

    Args:
        zero: A zero of the numbers' dtype.
        rows: Rows of b for which there is code: ADDED_ROWS or 1.
        n: Length of a row, at least 1.
        x: Address of the vector.
        x_step: Bytes from number to number.
        b: Address of the first row.
        b_row: Bytes from row to row.
        out: Address of the result.
        add: Add to `out` and not overwrite it.
    """
    out_numbers = numbers_at(out, n, zero)
    for j in range(n):
        total = out_numbers[j] if add else zero
        for p in range(rows):
            total += numbers_at(x + p * x_step, 1, zero)[0] * numbers_at(b + p * b_row, n, zero)[j]
        out_numbers[j] = total


@register_jitable
def multiply_by_dots(zero: np.floating, m: int, k: int, a: int, a_row: int, x: int, out: int) -> None:
    """Out = a·x for contiguous rows of a."""
    if m == 1 and k > DEEP:
        numbers_at(out, 1, zero)[0] = long_dot(numbers_at(a, k, zero), numbers_at(x, k, zero))
        return
    itemsize = itemsize_of(zero)
    wide = k <= DEEP
    lanes = VECTOR_BITS // (8 * itemsize)
    step = lanes if wide else min(lanes, FEW_DOTS)
    for i in range(0, m, step):
        dot_rows(zero, min(step, m - i), wide, k, a + i * a_row, a_row, x, out + i * itemsize)


@register_jitable
def long_dot(x: np.ndarray, y: np.ndarray) -> float:
    """The sum of x·y, shape (n,), in its dtype within blocks.

    LLVM's loop reads two streams of 16 MB in a third of the time that masked loads take.
    """
    total = 0.0
    for first in range(0, x.size, BLOCK):
        left, right = x[first : first + BLOCK], y[first : first + BLOCK]
        partial = x.dtype.type(0)
        for i in range(left.size):
            partial += left[i] * right[i]
        total += np.float64(partial)
    return total


@register_jitable
def multiply_by_rows(zero: np.floating, n: int, k: int, x: int, x_step: int, b: int, b_row: int, out: int) -> None:
    """Out = x·b for contiguous rows of b."""
    p = 0
    while p < k:
        rows = ADDED_ROWS if p + ADDED_ROWS <= k else 1
        add_rows(zero, rows, n, x + p * x_step, x_step, b + p * b_row, b_row, out, p > 0)
        p += rows


@compiled_as(dot_rows)
def _emit_dot_rows(emit: Emitter, rows: ir.Value, wide: ir.Value, *rest: ir.Value) -> None:
    """Emit both forms."""
    with emit.builder.if_else(wide) as (then, otherwise):
        with then:
            _emit_dots(emit, emit.lanes, 1, rows, *rest)
        with otherwise:
            _emit_dots(emit, min(emit.lanes, FEW_DOTS), 2, rows, *rest)


@compiled_as(add_rows)
def _emit_add_rows(emit: Emitter, rows: ir.Value, *rest: ir.Value) -> None:
    """Emit both numbers of rows."""
    with emit.builder.if_else(emit.builder.icmp_signed("==", rows, INT64(1))) as (then, otherwise):
        with then:
            _emit_sums(emit, 1, *rest)
        with otherwise:
            _emit_sums(emit, ADDED_ROWS, *rest)


def _emit_dots(
    emit: Emitter, count: int, unroll: int, rows: ir.Value, k: ir.Value, a: ir.Value, a_row: ir.Value, x: ir.Value,
    out: ir.Value,
) -> None:  # fmt: skip
    """Emit: `count` rows at a time, `unroll` vectors of each row in a step of the loop."""
    builder = emit.builder
    vector_bytes = emit.lanes * emit.itemsize
    a_rows = [builder.add(a, offset) for offset in emit.row_offsets(count, rows, a_row)]

    def add_products(offset: ir.Value, left: ir.Value, *totals: ir.Value) -> list[ir.Value]:
        sums = []
        for u in range(unroll):
            mask = emit.first_lanes(builder.sub(left, INT64(u * emit.lanes)))
            here = builder.add(offset, INT64(u * vector_bytes))
            x_vector = emit.load(builder.add(x, here), mask)
            for i in range(count):
                a_vector = emit.load(builder.add(a_rows[i], here), mask)
                sums.append(emit.multiply_add(a_vector, x_vector, totals[u * count + i]))
        step = unroll * emit.lanes
        return [builder.add(offset, INT64(step * emit.itemsize)), builder.sub(left, INT64(step)), *sums]

    step = unroll * emit.lanes
    steps = builder.sdiv(builder.add(k, INT64(step - 1)), INT64(step))
    _, _, *totals = emit.repeat(steps, [INT64(0), k] + [emit.zeros] * (count * unroll), add_products)
    for u in range(1, unroll):
        for i in range(count):
            totals[i] = builder.fadd(totals[i], totals[u * count + i])
    emit.store(sums_of_lanes(emit, totals[:count]), out, emit.first_lanes(rows))


def sums_of_lanes(emit: Emitter, vectors: list[ir.Value], halves: int = 1) -> ir.Value:
    """Emit: a vector whose lane i is the sum of the lanes of vectors[i], or, of 2 halves, of its i-th half vector."""
    even, odd = list(range(0, 2 * emit.lanes, 2)), list(range(1, 2 * emit.lanes, 2))
    size = 1
    while size < emit.lanes // halves:
        # Neighbours are added; so two vectors become one, with the first one's sums before the second one's.
        pairs = []
        for i in range(0, len(vectors), 2):
            x, y = vectors[i], vectors[i + 1] if i + 1 < len(vectors) else emit.zeros
            pairs.append(emit.builder.fadd(emit.shuffle(x, y, even), emit.shuffle(x, y, odd)))
        vectors = pairs
        size *= 2
    return vectors[0]


def _emit_sums(
    emit: Emitter, rows: int, n: ir.Value, x: ir.Value, x_step: ir.Value, b: ir.Value, b_row: ir.Value, out: ir.Value,
    add: ir.Value,
) -> None:  # fmt: skip
    """Emit: for each vector of out, a multiply-add for each of the rows."""
    builder = emit.builder
    numbers = [emit.load_splat(builder.add(x, builder.mul(INT64(p), x_step))) for p in range(rows)]
    b_rows = [builder.add(b, builder.mul(INT64(p), b_row)) for p in range(rows)]
    kept = builder.select(add, INT64(emit.lanes), INT64(0))

    def add_products(offset: ir.Value, left: ir.Value) -> list[ir.Value]:
        mask = emit.first_lanes(left)
        # Nothing is loaded from an out that is to be overwritten: it may hold anything, NaN too.
        total = emit.load(builder.add(out, offset), builder.and_(mask, emit.first_lanes(kept)))
        for p in range(rows):
            total = emit.multiply_add(numbers[p], emit.load(builder.add(b_rows[p], offset), mask), total)
        emit.store(total, builder.add(out, offset), mask)
        return [builder.add(offset, INT64(emit.lanes * emit.itemsize)), builder.sub(left, INT64(emit.lanes))]

    steps = builder.sdiv(builder.add(n, INT64(emit.lanes - 1)), INT64(emit.lanes))
    emit.repeat(steps, [INT64(0), n], add_products)
