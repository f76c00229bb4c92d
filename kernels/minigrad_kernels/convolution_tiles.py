"""The micro-kernels of convolutions: tiles of sums that stay in registers, over operands whose parts lie at offsets.

A convolution is a matrix product, weight (filters × taps) @ columns (taps × positions), whose second operand repeats
every number of the image as often as the filter has taps. It need not be written down. Its row for one tap is the
image itself, seen from that tap on, so an *offset* for each tap is all that `multiply_tile` of `tiles.py` lacks.

Source: Dukhan 2019, The indirect convolution algorithm (a table of pointers in place of the columns).
"""

from typing import Any

import numpy as np
from llvmlite import ir

from minigrad_kernels.machine import VECTOR_BITS, VECTOR_REGISTERS
from minigrad_kernels.matvec import sums_of_lanes
from minigrad_kernels.vectors import INT64, Emitter, compiled_as, numbers_at

# Rows × vectors of the tiles. 24 sums of 32 registers, as in `tiles.py`, or 12 of 16. A load at an offset mostly
# crosses a cache line and counts twice: 8 × 3 is 14 loads for 24 multiply-adds, where the core does as many of either.
# The narrow ones are for what is left of a row of sums; with one filter every multiply-add needs a load anyway.
CONVOLVE_TILES = ((8, 3), (8, 1), (4, 6), (4, 2), (1, 8)) if VECTOR_REGISTERS == 32 else ((4, 3), (4, 1), (1, 6))
# Filters × taps of the tiles whose sums are vectors that run along the positions.
CORRELATE_TILES = ((8, 3), (4, 6), (1, 9)) if VECTOR_REGISTERS == 32 else ((4, 3), (1, 6))
# Numbers that a tile of the latter writes at most.
MOST_SUMS = 32
WORD = 8
# What `numbers_at` takes for integers.
WORDS: Any = np.int64(0)


def convolve_tile(
    zero: np.floating, rows: int, vectors: int, taps: int, weight: int, weight_row: int, offsets: int,
    image: int, bias: int, out: int, out_row: int, valid_rows: int, columns: int,
) -> None:  # fmt: skip
    """out[i, j] = bias[i] + Σ weight[i, tap]·image[tap's offset + j].

    Args:
        zero: A zero of the operands' dtype.
        rows: Filters of the tile, with `vectors` one of CONVOLVE_TILES.
        vectors: Vectors in a row of the tile.
        taps: The length of the sums, at least 1.
        weight: Address of the first filter.
        weight_row: Bytes from filter to filter.
        offsets: Address of two integers for each tap: the bytes to add to a filter's address and to the image's.
        image: Address of the first position.
        bias: Address of the first filter's bias.
        out: Address of the tile, whose rows are contiguous.
        out_row: Bytes from row to row of out.
        valid_rows: The filters that exist, at most `rows`. Compiled, the others compute the last one again.
        columns: The positions that exist. Compiled, all loads and stores are masked to them.
    """
    pairs = numbers_at(offsets, 2 * taps, WORDS).reshape(taps, 2)
    for i in range(valid_rows):
        totals = numbers_at(out + i * out_row, columns, zero)
        totals[:] = numbers_at(bias, valid_rows, zero)[i]
        for of_weight, of_image in pairs:
            number = numbers_at(weight + i * weight_row + int(of_weight), 1, zero)[0]
            seen = numbers_at(image + int(of_image), columns, zero)
            for j in range(columns):
                totals[j] += number * seen[j]


def correlate_tile(
    zero: np.floating, rows: int, images: int, steps: int, grad: int, grad_row: int, grad_image: int,
    image: int, next_image: int, offsets: int, counted: int, out: int, valid_rows: int, valid_taps: int,
) -> None:  # fmt: skip
    """out[i, t] = Σ grad[i, j]·image[t's offset + j] over some images and the positions j that count.

    Args:
        zero: A zero of the operands' dtype.
        rows: Filters of the tile, one of CORRELATE_TILES, which gives the taps.
        images: At least 1.
        steps: Vectors of positions, at least 1.
        grad: Address of the gradient of the first filter's positions.
        grad_row: Bytes from filter to filter.
        grad_image: Bytes from image to image.
        image: Address of the first position.
        next_image: Bytes from image to image.
        offsets: Address of the first tap's pair of offsets, of which the second is used.
        counted: Address of a number for each position, 0 for those that do not count. Their memory is not read, or
            0·inf would be NaN.
        out: Address of the sums, row by row: the tile's taps, though there be fewer. Whole vectors are written.
        valid_rows: The filters that exist, at most `rows`.
        valid_taps: The taps that exist.
    """
    lanes = VECTOR_BITS // 8 // zero.itemsize
    taps = dict(CORRELATE_TILES)[rows]
    pairs = numbers_at(offsets, 2 * valid_taps, WORDS).reshape(valid_taps, 2)
    mask = numbers_at(counted, steps * lanes, zero) != 0
    sums = numbers_at(out, rows * taps, zero)
    for i in range(valid_rows):
        for t in range(valid_taps):
            total = zero
            for n in range(images):
                slope, seen = grad + n * grad_image + i * grad_row, image + n * next_image + int(pairs[t, 1])
                for j in np.flatnonzero(mask).tolist():
                    place = j * zero.itemsize
                    total += numbers_at(slope + place, 1, zero)[0] * numbers_at(seen + place, 1, zero)[0]
            sums[i * taps + t] = total


@compiled_as(convolve_tile)
def _emit_convolve_tiles(emit: Emitter, rows: ir.Value, vectors: ir.Value, *tile: ir.Value) -> None:
    """Emit: go to the code of the shape of tile that is asked for."""
    builder = emit.builder
    done = builder.append_basic_block("done")
    switch = builder.switch(builder.add(builder.mul(rows, INT64(16)), vectors), done)
    for shape in CONVOLVE_TILES:
        block = builder.append_basic_block(f"convolve_{shape[0]}x{shape[1]}")
        switch.add_case(INT64(16 * shape[0] + shape[1]), block)
        builder.position_at_end(block)
        _emit_convolve_tile(emit, *shape, *tile)
        builder.branch(done)
    builder.position_at_end(done)


def _emit_convolve_tile(
    emit: Emitter, rows: int, vectors: int, taps: ir.Value, weight: ir.Value, weight_row: ir.Value, offsets: ir.Value,
    image: ir.Value, bias: ir.Value, out: ir.Value, out_row: ir.Value, valid_rows: ir.Value, columns: ir.Value,
) -> None:  # fmt: skip
    """Emit the code of one shape of tile."""
    builder = emit.builder
    vector_bytes = emit.lanes * emit.itemsize
    masks = [emit.first_lanes(builder.sub(columns, INT64(v * emit.lanes))) for v in range(vectors)]
    filters = [builder.add(weight, offset) for offset in emit.row_offsets(rows, valid_rows, weight_row)]
    out_rows = [builder.add(out, offset) for offset in emit.row_offsets(rows, valid_rows, out_row)]
    start: list[Any] = []
    for offset in emit.row_offsets(rows, valid_rows, INT64(emit.itemsize)):
        start += [emit.load_splat(builder.add(bias, offset))] * vectors

    def add_products(pair: ir.Value, *totals: ir.Value) -> list[Any]:
        of_weight, seen = _load_word(emit, pair), builder.add(image, _load_word(emit, builder.add(pair, INT64(WORD))))
        loaded = [emit.load(builder.add(seen, INT64(v * vector_bytes)), masks[v]) for v in range(vectors)]
        sums = []
        for i in range(rows):
            number = emit.load_splat(builder.add(filters[i], of_weight))
            for v in range(vectors):
                sums.append(emit.multiply_add(number, loaded[v], totals[i * vectors + v]))
        return [builder.add(pair, INT64(2 * WORD)), *sums]

    _, *totals = emit.repeat(taps, [offsets, *start], add_products)
    for i in range(rows):
        for v in range(vectors):
            emit.store(totals[i * vectors + v], builder.add(out_rows[i], INT64(v * vector_bytes)), masks[v])


@compiled_as(correlate_tile)
def _emit_correlate_tiles(emit: Emitter, rows: ir.Value, *tile: ir.Value) -> None:
    """Emit: go to the code of the shape of tile that is asked for."""
    builder = emit.builder
    done = builder.append_basic_block("done")
    switch = builder.switch(rows, done)
    for shape in CORRELATE_TILES:
        block = builder.append_basic_block(f"correlate_{shape[0]}x{shape[1]}")
        switch.add_case(INT64(shape[0]), block)
        builder.position_at_end(block)
        _emit_correlate_tile(emit, *shape, *tile)
        builder.branch(done)
    builder.position_at_end(done)


def _emit_correlate_tile(
    emit: Emitter, rows: int, taps: int, images: ir.Value, steps: ir.Value,
    grad: ir.Value, grad_row: ir.Value, grad_image: ir.Value, image: ir.Value, next_image: ir.Value,
    offsets: ir.Value, counted: ir.Value, out: ir.Value, valid_rows: ir.Value, valid_taps: ir.Value,
) -> None:  # fmt: skip
    """Emit the code of one shape of tile."""
    builder = emit.builder
    vector_bytes = emit.lanes * emit.itemsize
    every = emit.first_lanes(INT64(emit.lanes))
    grad_offsets = emit.row_offsets(rows, valid_rows, grad_row)
    tap_offsets = []
    for pair in emit.row_offsets(taps, valid_taps, INT64(2 * WORD)):
        tap_offsets.append(_load_word(emit, builder.add(builder.add(offsets, pair), INT64(WORD))))

    def add_image(grad: ir.Value, image: ir.Value, *totals: ir.Value) -> list[Any]:
        grads = [builder.add(grad, offset) for offset in grad_offsets]
        seen = [builder.add(image, offset) for offset in tap_offsets]

        def add_products(offset: ir.Value, *totals: ir.Value) -> list[Any]:
            mask = builder.fcmp_unordered("!=", emit.load(builder.add(counted, offset), every), emit.zeros)
            loaded = [emit.load(builder.add(each, offset), mask) for each in seen]
            sums = []
            for i in range(rows):
                slopes = emit.load(builder.add(grads[i], offset), mask)
                for t in range(taps):
                    sums.append(emit.multiply_add(slopes, loaded[t], totals[i * taps + t]))
            return [builder.add(offset, INT64(vector_bytes)), *sums]

        _, *sums = emit.repeat(steps, [INT64(0), *totals], add_products)
        return [builder.add(grad, grad_image), builder.add(image, next_image), *sums]

    _, _, *totals = emit.repeat(images, [grad, image] + [emit.zeros] * (rows * taps), add_image)
    for first in range(0, rows * taps, emit.lanes):
        sums = sums_of_lanes(emit, list(totals[first : first + emit.lanes]))
        emit.store(sums, builder.add(out, INT64(first * emit.itemsize)), every)


def _load_word(emit: Emitter, address: ir.Value) -> ir.Value:
    """Emit: the 64-bit integer at an address."""
    return emit.builder.load(emit.builder.inttoptr(address, INT64.as_pointer()), align=WORD)
