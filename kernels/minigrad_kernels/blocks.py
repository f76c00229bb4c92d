"""The loops of the matrix product around the micro-kernel: blocks for the caches, panels, tiles for the registers.

    for jc                      PANELS panels of b's columns
      for pc                    KC numbers of k: pack that block of b into panels, if need be
        for ic                  MC rows of a: pack that block of a, if need be
          for jr                a panel of b, NR columns
            for ir              a tile of out, up to 6 rows: `multiply_tile`

Operands come as byte addresses and byte strides, so that one compiled body serves matrices that are row-major,
transposed, sliced and packed. Names are the literature's: out is m×n, a is m×k, b is k×n.

Sources: Goto and van de Geijn 2008, Anatomy of high-performance matrix multiplication. Van Zee and van de Geijn 2015,
BLIS: a framework for rapidly instantiating BLAS functionality.
"""

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.machine import L1_BYTES, L2_BYTES, VECTOR_BITS
from minigrad_kernels.memory import LINE_BYTES, release, reserve
from minigrad_kernels.packing import copy_rows, transpose_rows
from minigrad_kernels.tiles import PAIR_ROWS, SHORT_ROWS, TALL_ROWS, TILE_ROWS, TILE_VECTORS, multiply_tile
from minigrad_kernels.vectors import itemsize_of

VECTOR_BYTES = VECTOR_BITS // 8
# A panel of b is as wide as a tile.
NR_BYTES = TILE_VECTORS * VECTOR_BYTES
# A panel of KC × NR numbers (128 kB at 512 bits) and a block of a (MC × KC) stay together in an L2 cache of 1 MB: 2 kB
# of each row, 512 float32 or 256 float64 numbers. The micro-kernel is as fast from L2 as from L1, and the longer k
# runs, the less often a tile of out is loaded and stored.
KC_BYTES = max(512, L2_BYTES // 512)
# Rows of a that are read in place: of those 8 kB apart every eighth falls on the same sets of the L2 cache, and 96 of
# them push each other out (2048³: 2 % slower). Packed rows lie side by side, and a copy of 96 at a time reads 384 bytes
# of a page where 48 would read 192.
MC_IN_PLACE = 48
MC_PACKED = 96
# Rows of b that are copied into all panels before the next ones: their pages are fewer than a core's page table cache
# holds, and each page is read to its end.
ROWS_AT_A_TIME = 8
# 32 panels × KC are at most 4 MB, which an L3 cache holds; wider gave nothing.
PANELS = 32
# Up to 300 kB a row-major b stays in an L2 cache of 1 MB whatever the order in which it is read: packing gains nothing.
IN_PLACE_BYTES = 3 * L2_BYTES // 10
# Up to so many rows of a (four tiles), copying b costs more than it saves: 4×1024×1024 took 52 µs and not 133, and
# 20×1024×2048 556 and not 663.
ROWS_IN_PLACE = 4 * TILE_ROWS
# Rows at a distance of a multiple of 2 kB share two sets of the L1 cache, and push each other out.
ALIAS_BYTES = 2048


@register_jitable
def reading_in_place_pays(itemsize: int, m: int, n: int, k: int, a_row: int, a_column: int, b_column: int) -> bool:
    """Whether multiplying without blocks and packing is the fastest way."""
    return (
        b_column == itemsize
        and k * itemsize <= KC_BYTES
        and k * n * itemsize <= IN_PLACE_BYTES
        and not packing_a_pays(itemsize, m, n, k, a_row, a_column)
    )


@register_jitable
def packing_a_pays(itemsize: int, m: int, n: int, k: int, a_row: int, a_column: int) -> bool:
    """Whether a transposed a should be copied in blocks: it is read several times, and not from the L1 cache."""
    transposed = a_row == itemsize and a_column != itemsize
    return transposed and n * itemsize > NR_BYTES and (m * k * itemsize > L1_BYTES or a_column % ALIAS_BYTES == 0)


@register_jitable
def packing_b_pays(itemsize: int, m: int, n: int, k: int, b_column: int) -> bool:
    """Whether b must be copied into panels, because it is transposed, or should be: it is large and read often."""
    # A row-major b no wider than a panel is one.
    large = k * n * itemsize > IN_PLACE_BYTES and n * itemsize > NR_BYTES
    return b_column != itemsize or (large and m > ROWS_IN_PLACE)


@register_jitable
def multiply_blocks(
    zero: np.floating, m: int, n: int, k: int,
    a: int, a_row: int, a_column: int, b: int, b_row: int, b_column: int, out: int, out_row: int,
) -> bool:  # fmt: skip
    """The loops jc, pc and ic: the scheme at the top of this file. Returns whether there was memory to pack in."""
    itemsize = itemsize_of(zero)
    NR = NR_BYTES // itemsize
    MC, KC, NC, b_bytes = m, k, n, 0
    pack_a, pack_b = False, False
    if not reading_in_place_pays(itemsize, m, n, k, a_row, a_column, b_column):
        pack_a = packing_a_pays(itemsize, m, n, k, a_row, a_column)
        pack_b = packing_b_pays(itemsize, m, n, k, b_column)
        MC = MC_PACKED if pack_a else MC_IN_PLACE
        KC = even_share(k, KC_BYTES // itemsize)
        NC = min(PANELS * NR, (n + NR - 1) // NR * NR)
    # A line more than MC rows keeps the distance of the packed rows off multiples of ALIAS_BYTES.
    a_packed_row = MC * itemsize + LINE_BYTES
    b_packed = 0
    if pack_a or pack_b:
        b_bytes = KC * itemsize * NC if pack_b else 0
        b_packed = reserve(b_bytes + (KC * a_packed_row if pack_a else 0))
        if b_packed == 0:
            return False
    a_packed = b_packed + b_bytes
    for jc in range(0, n, NC):
        nc = min(NC, n - jc)
        for pc in range(0, k, KC):
            kc = min(KC, k - pc)
            b_block, b_block_row, b_panel = b + pc * b_row + jc * b_column, b_row, NR_BYTES
            if pack_b:
                pack_panels(zero, kc, nc, b_block, b_row, b_column, b_packed)
                b_block, b_block_row, b_panel = b_packed, NR_BYTES, kc * NR_BYTES
            for ic in range(0, m, MC):
                mc = min(MC, m - ic)
                a_block, a_block_column = a + ic * a_row + pc * a_column, a_column
                if pack_a:
                    copy_rows(zero, kc, mc, a_block, a_column, a_packed, a_packed_row)
                    a_block, a_block_column = a_packed, a_packed_row
                multiply_block(
                    zero, mc, nc, kc, a_block, a_row, a_block_column, b_block, b_block_row, b_panel,
                    out + ic * out_row + jc * itemsize, out_row, pc > 0,
                )  # fmt: skip
    if pack_a or pack_b:
        release(b_packed)
    return True


@register_jitable
def even_share(total: int, most: int) -> int:
    """The length of equal parts of at most `most`: 513 is 257 + 256, where 512 + 1 would load out for one product."""
    parts = (total + most - 1) // most
    return (total + parts - 1) // parts


@register_jitable
def pack_panels(zero: np.floating, kc: int, nc: int, b: int, b_row: int, b_column: int, packed: int) -> None:
    """Copy a block of b into panels of NR columns, each contiguous."""
    itemsize = itemsize_of(zero)
    lanes, NR = VECTOR_BYTES // itemsize, NR_BYTES // itemsize
    # Few rows at a time of a row-major b, so that their pages stay known while all panels take their part.
    step = ROWS_AT_A_TIME if b_column == itemsize else kc
    for p in range(0, kc, step):
        rows = min(step, kc - p)
        for jr in range(0, nc, NR):
            columns = min(NR, nc - jr)
            source, panel = b + p * b_row + jr * b_column, packed + jr * kc * itemsize + p * NR_BYTES
            if b_column == itemsize:
                copy_rows(zero, rows, columns, source, b_row, panel, NR_BYTES)
            else:
                for j in range(0, columns, lanes):
                    transpose_rows(
                        zero, min(lanes, columns - j), kc, source + j * b_column, b_column, panel + j * itemsize,
                        NR_BYTES,
                    )  # fmt: skip


@register_jitable
def multiply_block(
    zero: np.floating, mc: int, nc: int, kc: int,
    a: int, a_row: int, a_column: int, b: int, b_row: int, b_panel: int, out: int, out_row: int, add: bool,
) -> None:  # fmt: skip
    """The loops jr and ir: multiply a block of a with panels of b, b_panel bytes apart."""
    itemsize = itemsize_of(zero)
    lanes, NR = VECTOR_BYTES // itemsize, NR_BYTES // itemsize
    for jr in range(0, nc, NR):
        columns = min(NR, nc - jr)
        vectors = (columns + lanes - 1) // lanes
        ir = 0
        while ir < mc:
            rows = tile_rows(mc - ir, vectors)
            multiply_tile(
                zero, rows, vectors, kc, a + ir * a_row, a_row, a_column, b, b_row,
                out + ir * out_row + jr * itemsize, out_row, min(rows, mc - ir), columns, add,
            )  # fmt: skip
            ir += rows
        b += b_panel


@register_jitable
def tile_rows(left: int, vectors: int) -> int:
    """The rows of the next tile when so many are left: 6 and 4 so that few are surplus, or 8."""
    if left <= SHORT_ROWS:
        return PAIR_ROWS if left <= PAIR_ROWS and vectors == TILE_VECTORS else SHORT_ROWS
    if vectors < TILE_VECTORS and left > TILE_ROWS:
        return TALL_ROWS
    # 7 and 8 rows are 4 + 4.
    return SHORT_ROWS if left in (7, 8) else TILE_ROWS
