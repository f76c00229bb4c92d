"""The kernels of convolutions: image by image, with the tables of a plan and the tiles of `convolution_tiles.py`.

    for each image
      pack                      its rows at the plan's pitch, with zeros around, in phases
      for each group, class, block of rows
        for each block of filters, up to 8
          for each tile of positions        `convolve_tile`
          unpack                            the rows without what lies between them

The weight's gradient has the same source, packed in the same way. Its sums run over the positions, which are therefore
what vectors hold: `correlate_tile` leaves one sum for each filter and tap. Those of all images are added in float64.
"""

from collections.abc import Sequence

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.arrays import flat
from minigrad_kernels.blocks import even_share
from minigrad_kernels.convolution_plans import (
    AT_A_TIME,
    BLOCK,
    CLASS,
    COLUMNS,
    COPIED_COLUMNS,
    COPIED_ROWS,
    COPY,
    FIRST,
    FROM,
    GROUPS,
    PACKED_PLANE,
    PITCH,
    ROWS,
    SOURCE_CHANNELS,
    SOURCE_PLANE,
    SOURCE_ROW,
    SOURCE_STEP,
    START,
    TAPS,
    TARGET,
    TARGET_CHANNELS,
    TARGET_PLANE,
    TARGET_ROW,
    TARGET_STEP,
    TO,
    WEIGHT_GROUP,
    WEIGHT_ROW,
)
from minigrad_kernels.convolution_tiles import (
    CONVOLVE_TILES,
    CORRELATE_TILES,
    MOST_SUMS,
    WORD,
    convolve_tile,
    correlate_tile,
)
from minigrad_kernels.jit import kernel
from minigrad_kernels.machine import VECTOR_BITS
from minigrad_kernels.packing import copy_rows
from minigrad_kernels.strided_copies import copy_steps, put_every_second, take_every_second
from minigrad_kernels.sum_loops import long_total
from minigrad_kernels.tables import integers_of
from minigrad_kernels.vectors import address, itemsize_of, keep_alive, numbers_at

VECTOR_BYTES = VECTOR_BITS // 8
# Vectors of positions that a tile sums over, so that adding up their lanes at the end costs little: of several images
# where these are small. The gradients of 8 filters, 32 kB of them, are read again for each three taps.
SUMMED_VECTORS = 4096 // VECTOR_BYTES
TALL_ROWS, TALL_VECTORS = CONVOLVE_TILES[0]
TALL_LEFT = CONVOLVE_TILES[1][1]
SHORT_ROWS, SHORT_VECTORS = CONVOLVE_TILES[-3] if len(CONVOLVE_TILES) == 5 else CONVOLVE_TILES[0]
SHORT_LEFT = CONVOLVE_TILES[-2][1]
ONE_ROW_VECTORS = CONVOLVE_TILES[-1][1]


@kernel
def convolve_images(
    source: np.ndarray, weight: np.ndarray, bias: np.ndarray, target: np.ndarray,
    sizes: np.ndarray, offsets: np.ndarray, copies: np.ndarray, classes: np.ndarray,
) -> None:  # fmt: skip
    """Fill `target` with the convolution that a plan describes, as operands, of which nothing is checked.

    Args:
        source: The images, contiguous, as all arrays are.
        weight: Filters.
        bias: A number for each channel of the target.
        target: The images to write.
        sizes: Of the plan, as the others.
        offsets: Likewise.
        copies: Likewise.
        classes: Likewise.
    """
    images, results, numbers = flat(source), flat(target), integers_of(sizes)
    zero, itemsize = images.dtype.type(0), images.itemsize
    channels, filters, groups = numbers[SOURCE_CHANNELS], numbers[TARGET_CHANNELS], numbers[GROUPS]
    image_size = groups * channels * numbers[SOURCE_PLANE]
    result_size = groups * filters * numbers[TARGET_PLANE]
    group_size = channels * (numbers[PACKED_PLANE] if numbers[PACKED_PLANE] > 0 else numbers[SOURCE_PLANE])
    packed = np.zeros(groups * channels * numbers[PACKED_PLANE], images.dtype)
    block = np.empty(numbers[BLOCK], images.dtype)
    weight_start, bias_start = address(flat(weight)), address(flat(bias))
    for n in range(results.size // result_size):
        image = address(images) + n * image_size * itemsize
        if packed.size > 0:
            pack_image(zero, image, address(packed), numbers, integers_of(copies))
            image = address(packed)
        for group in range(groups):
            convolve_group(
                zero, image + group * group_size * itemsize, weight_start + group * numbers[WEIGHT_GROUP] * itemsize,
                bias_start + group * filters * itemsize,
                address(results) + (n * result_size + group * filters * numbers[TARGET_PLANE]) * itemsize,
                address(block), numbers, address(flat(offsets)), integers_of(classes),
            )  # fmt: skip
    keep_alive(packed)
    keep_alive(block)


@register_jitable
def pack_image(zero: np.floating, image: int, packed: int, sizes: Sequence[int], copies: Sequence[int]) -> None:
    """Copy the channels of an image into their packed places, around which there are zeros."""
    itemsize = itemsize_of(zero)
    for channel in range(sizes[GROUPS] * sizes[SOURCE_CHANNELS]):
        for c in range(0, len(copies), COPY):
            rows, columns = copies[c + COPIED_ROWS], copies[c + COPIED_COLUMNS]
            source = image + (channel * sizes[SOURCE_PLANE] + copies[c + FROM]) * itemsize
            target = packed + (channel * sizes[PACKED_PLANE] + copies[c + TO]) * itemsize
            copy_part(zero, rows, columns, source, sizes[SOURCE_ROW], sizes[SOURCE_STEP], target, sizes[PITCH], 1)


@register_jitable
def copy_part(
    zero: np.floating, rows: int, columns: int, source: int, source_row: int, source_step: int,
    target: int, target_row: int, target_step: int,
) -> None:  # fmt: skip
    """Copy rows and columns between addresses; rows and steps are numbers, not bytes, apart."""
    itemsize = itemsize_of(zero)
    if rows <= 0 or columns <= 0:
        return
    from_row, to_row = source_row * itemsize, target_row * itemsize
    if source_step == 1 and target_step == 1:
        copy_rows(zero, rows, columns, source, from_row, target, to_row)
    elif source_step == 2 and target_step == 1:
        take_every_second(zero, rows, columns, source, from_row, target, to_row)
    elif source_step == 1 and target_step == 2:
        put_every_second(zero, rows, columns, source, from_row, target, to_row)
    else:
        copy_steps(
            zero, rows, columns, source, from_row, source_step * itemsize, target, to_row, target_step * itemsize
        )


@register_jitable
def convolve_group(
    zero: np.floating, image: int, weight: int, bias: int, target: int, block: int,
    sizes: Sequence[int], offsets: int, classes: Sequence[int],
) -> None:  # fmt: skip
    """Fill the target's channels of one group."""
    itemsize, pitch, filters = itemsize_of(zero), sizes[PITCH], sizes[TARGET_CHANNELS]
    for c in range(0, len(classes), CLASS):
        rows, columns = classes[c + ROWS], classes[c + COLUMNS]
        if rows <= 0 or columns <= 0:
            continue
        # Where nothing lies between rows, results need no unpacking.
        direct = sizes[TARGET_STEP] == 1 and (rows == 1 or (columns == pitch and sizes[TARGET_ROW] == pitch))
        first = 0
        while first < filters:
            height = tile_height(filters - first)
            valid = min(height, filters - first)
            step = rows if direct else classes[c + AT_A_TIME]
            for row in range(0, rows, step):
                some = min(step, rows - row)
                positions = (some - 1) * pitch + columns
                place = first * sizes[TARGET_PLANE] + classes[c + TARGET] + row * sizes[TARGET_ROW]
                place = target + place * itemsize
                out, out_row = (place, sizes[TARGET_PLANE]) if direct else (block, pitch * some)
                convolve_rows(
                    zero, height, valid, positions, classes[c + TAPS], weight + first * sizes[WEIGHT_ROW] * itemsize,
                    sizes[WEIGHT_ROW] * itemsize, offsets + 2 * WORD * classes[c + FIRST],
                    image + (classes[c + START] + row * pitch) * itemsize, bias + first * itemsize, out,
                    out_row * itemsize,
                )  # fmt: skip
                for i in range(0 if direct else valid):
                    copy_part(
                        zero, some, columns, block + i * out_row * itemsize, pitch, 1,
                        place + i * sizes[TARGET_PLANE] * itemsize, sizes[TARGET_ROW], sizes[TARGET_STEP],
                    )  # fmt: skip
            first += height


@register_jitable
def tile_height(left: int) -> int:
    """The rows of the next tile when so many are left."""
    return TALL_ROWS if left > SHORT_ROWS else SHORT_ROWS if left > 1 else 1


@register_jitable
def convolve_rows(
    zero: np.floating, height: int, valid: int, positions: int, taps: int, weight: int, weight_row: int, offsets: int,
    image: int, bias: int, out: int, out_row: int,
) -> None:  # fmt: skip
    """Compute up to `height` filters at all positions, by tiles; without taps there is only the bias."""
    itemsize = itemsize_of(zero)
    lanes = VECTOR_BYTES // itemsize
    if taps == 0:
        for i in range(valid):
            numbers_at(out + i * out_row, positions, zero)[:] = numbers_at(bias, valid, zero)[i]
        return
    wide, narrow = TALL_VECTORS, TALL_LEFT
    if height == 1:
        wide, narrow = ONE_ROW_VECTORS, ONE_ROW_VECTORS
    elif height == SHORT_ROWS:
        wide, narrow = SHORT_VECTORS, SHORT_LEFT
    position = 0
    while position < positions:
        # Two narrow tiles take less time than a wide one.
        vectors = wide if positions - position > 2 * narrow * lanes or wide == narrow else narrow
        columns = min(vectors * lanes, positions - position)
        start = position * itemsize
        convolve_tile(
            zero, height, vectors, taps, weight, weight_row, offsets, image + start, bias, out + start, out_row, valid,
            columns,
        )  # fmt: skip
        position += columns


@kernel
def correlate_images(
    source: np.ndarray, grad: np.ndarray, grad_weight: np.ndarray, grad_bias: np.ndarray, counted: np.ndarray,
    sizes: np.ndarray, offsets: np.ndarray, copies: np.ndarray,
) -> None:  # fmt: skip
    """Fill the gradients of the weight and the bias of a convolution, as operands, of which nothing is checked.

    Args:
        source: The images, contiguous, as all arrays are.
        grad: The gradient of the result.
        grad_weight: The weight's, to be written.
        grad_bias: The bias's, likewise; of no length where it is not needed.
        counted: Of `counted_positions`.
        sizes: Of the forward plan, as the others.
        offsets: Likewise.
        copies: Likewise.
    """
    images, slopes, numbers, marks = flat(source), flat(grad), integers_of(sizes), flat(counted)
    zero, itemsize = images.dtype.type(0), images.itemsize
    channels, filters, groups = numbers[SOURCE_CHANNELS], numbers[TARGET_CHANNELS], numbers[GROUPS]
    plane, columns = numbers[TARGET_PLANE], numbers[TARGET_ROW]
    image_size, result_size = groups * channels * numbers[SOURCE_PLANE], groups * filters * plane
    group_size = channels * (numbers[PACKED_PLANE] if numbers[PACKED_PLANE] > 0 else numbers[SOURCE_PLANE])
    count, together = slopes.size // result_size, max(1, SUMMED_VECTORS * VECTOR_BYTES // (marks.size * itemsize))
    together = min(count, together)
    packed_size = groups * channels * numbers[PACKED_PLANE]
    packed = np.zeros(together * packed_size, images.dtype)
    in_place = columns == plane or columns == numbers[PITCH]
    spread_size = 0 if in_place else groups * filters * marks.size
    spread = np.empty(together * spread_size, images.dtype)
    totals = np.zeros(flat(grad_weight).size)
    bias_totals = np.zeros(flat(grad_bias).size)
    group_totals = totals.size // groups
    for n in range(0, count, together):
        some = min(together, count - n)
        image, slope = address(images) + n * image_size * itemsize, address(slopes) + n * result_size * itemsize
        next_image, next_slope = image_size * itemsize, result_size * itemsize
        for f in range(bias_totals.size):
            for i in range(some):
                bias_totals[f] += long_total(numbers_at(slope + f * plane * itemsize + i * next_slope, plane, zero))
        if packed_size > 0:
            for i in range(some):
                place = address(packed) + i * packed_size * itemsize
                pack_image(zero, image + i * next_image, place, numbers, integers_of(copies))
            image, next_image = address(packed), packed_size * itemsize
        slope_row = plane * itemsize
        if not in_place:
            for i in range(some):
                place = address(spread) + i * spread_size * itemsize
                spread_rows(zero, slope + i * next_slope, place, groups * filters, marks.size, numbers)
            slope, slope_row, next_slope = address(spread), marks.size * itemsize, spread_size * itemsize
        for group in range(groups):
            correlate_group(
                zero, some, image + group * group_size * itemsize, next_image, slope + group * filters * slope_row,
                slope_row, next_slope, filters, address(flat(offsets)), marks,
                totals[group * group_totals : (group + 1) * group_totals],
            )  # fmt: skip
    keep_alive(packed)
    keep_alive(spread)
    for i in range(totals.size):
        flat(grad_weight)[i] = totals[i]
    for i in range(bias_totals.size):
        flat(grad_bias)[i] = bias_totals[i]


@register_jitable
def spread_rows(zero: np.floating, slope: int, target: int, filters: int, size: int, sizes: Sequence[int]) -> None:
    """Copy the gradients of an image's filters to the pitch of the image; a filter takes `size` numbers."""
    itemsize, plane, columns = itemsize_of(zero), sizes[TARGET_PLANE], sizes[TARGET_ROW]
    for f in range(filters):
        source, place = slope + f * plane * itemsize, target + f * size * itemsize
        copy_part(zero, plane // columns, columns, source, columns, 1, place, sizes[PITCH], 1)


@register_jitable
def correlate_group(
    zero: np.floating, images: int, image: int, next_image: int, slope: int, slope_row: int, next_slope: int,
    filters: int, offsets: int, marks: np.ndarray, totals: np.ndarray,
) -> None:  # fmt: skip
    """Add some images' sums over the positions, of all filters and taps of a group, to the totals, in that order."""
    itemsize = itemsize_of(zero)
    lanes = VECTOR_BYTES // itemsize
    taps, vectors = totals.size // filters, marks.size // lanes
    sums = np.empty(MOST_SUMS, marks.dtype)
    step = even_share(vectors, SUMMED_VECTORS)
    for vector in range(0, vectors, step):
        start, steps = vector * VECTOR_BYTES, min(step, vectors - vector)
        first = 0
        while first < filters:
            height, width = correlate_shape(filters - first)
            valid = min(height, filters - first)
            for tap in range(0, taps, width):
                valid_taps = min(width, taps - tap)
                correlate_tile(
                    zero, height, images, steps, slope + first * slope_row + start, slope_row, next_slope,
                    image + start, next_image, offsets + 2 * WORD * tap, address(marks) + start, address(sums), valid,
                    valid_taps,
                )  # fmt: skip
                for i in range(valid):
                    for t in range(valid_taps):
                        totals[(first + i) * taps + tap + t] += sums[i * width + t]
            first += height
    keep_alive(sums)


@register_jitable
def correlate_shape(filters: int) -> tuple[int, int]:
    """The filters and taps of the next tile when so many filters are left."""
    if filters == 1:
        return CORRELATE_TILES[-1]
    if len(CORRELATE_TILES) == 3 and filters <= CORRELATE_TILES[1][0]:
        return CORRELATE_TILES[1]
    return CORRELATE_TILES[0]
