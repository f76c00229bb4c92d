"""Convolutions of small images with many channels: vectors of channels, and tiles of images.

Where a result has a few positions, vectors of them stay half empty. So the operands of `convolve_tile` change places:
the rows of a tile are the same position of several images, and its vectors run along the channels of the target, for
which the weight is turned round first, to a row of channels for each tap. The tables are those of
`convolution_plans.py`.

In the gradient of a weight the rows of a tile are channels of the image, the vectors run along the filters, and the
sums over images and positions.
"""

from collections.abc import Sequence

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.arrays import flat
from minigrad_kernels.convolution_loops import TALL_ROWS, convolve_rows, pack_image, tile_height
from minigrad_kernels.convolution_plans import (
    CLASS,
    COLUMNS,
    FIRST,
    PACKED_PLANE,
    PITCH,
    ROWS,
    SOURCE_CHANNELS,
    SOURCE_PLANE,
    START,
    TAPS,
    TARGET,
    TARGET_CHANNELS,
    TARGET_PLANE,
    TARGET_ROW,
    TARGET_STEP,
    WEIGHT_ROW,
)
from minigrad_kernels.convolution_tiles import WORD
from minigrad_kernels.jit import kernel
from minigrad_kernels.tables import integers_of
from minigrad_kernels.vectors import address, itemsize_of, keep_alive, numbers_at

# Positions, of all images together, whose gradients are summed in the arrays' dtype; their totals are added in float64.
SUMMED = 512


@kernel
def convolve_channels(
    source: np.ndarray, weight: np.ndarray, bias: np.ndarray, target: np.ndarray,
    sizes: np.ndarray, offsets: np.ndarray, copies: np.ndarray, classes: np.ndarray,
) -> None:  # fmt: skip
    """Do what `convolve_images` does, with its arguments, for one group."""
    images, results, numbers, parts = flat(source), flat(target), integers_of(sizes), integers_of(classes)
    zero, itemsize, filters = images.dtype.type(0), images.itemsize, numbers[TARGET_CHANNELS]
    image_size, result_size = numbers[SOURCE_CHANNELS] * numbers[SOURCE_PLANE], filters * numbers[TARGET_PLANE]
    packed_size, most = numbers[SOURCE_CHANNELS] * numbers[PACKED_PLANE], 0
    for c in range(0, len(parts), CLASS):
        most = max(most, max(0, parts[c + ROWS]) * max(0, parts[c + COLUMNS]))
    pairs, turned = np.empty(flat(offsets).size, np.int64), np.empty(flat(offsets).size // 2 * filters, images.dtype)
    turn_weight(flat(weight), numbers[WEIGHT_ROW], flat(offsets), pairs, turned, filters)
    packed, zeros = np.zeros(TALL_ROWS * packed_size, images.dtype), np.zeros(TALL_ROWS, images.dtype)
    block = np.empty(TALL_ROWS * most * filters, images.dtype)
    count = results.size // result_size
    for n in range(0, count, TALL_ROWS):
        some = min(TALL_ROWS, count - n)
        image, next_image = address(images) + n * image_size * itemsize, image_size * itemsize
        if packed_size > 0:
            for i in range(some):
                place = address(packed) + i * packed_size * itemsize
                pack_image(zero, image + i * next_image, place, numbers, integers_of(copies))
            image, next_image = address(packed), packed_size * itemsize
        for c in range(0, len(parts), CLASS):
            rows, columns = max(0, parts[c + ROWS]), max(0, parts[c + COLUMNS])
            for position in range(rows * columns):
                start = parts[c + START] + position // columns * numbers[PITCH] + position % columns
                convolve_rows(
                    zero, tile_height(some), some, filters, parts[c + TAPS], image + start * itemsize, next_image,
                    address(pairs) + 2 * WORD * parts[c + FIRST], address(turned), address(zeros),
                    address(block) + position * filters * itemsize, rows * columns * filters * itemsize,
                )  # fmt: skip
            for i in range(some):
                place = address(results) + ((n + i) * result_size + parts[c + TARGET]) * itemsize
                spread_channels(
                    zero, address(block) + i * rows * columns * filters * itemsize, rows, columns, flat(bias), place,
                    numbers,
                )  # fmt: skip
    keep_alive(pairs)
    keep_alive(turned)
    keep_alive(packed)
    keep_alive(zeros)
    keep_alive(block)


@register_jitable
def turn_weight(
    weight: np.ndarray, weight_row: int, offsets: np.ndarray, pairs: np.ndarray, turned: np.ndarray, filters: int
) -> None:
    """Write a row of channels for each tap to `turned`, and the offsets of the source and of that row to `pairs`."""
    itemsize = weight.itemsize
    for tap in range(offsets.size // 2):
        pairs[2 * tap], pairs[2 * tap + 1] = offsets[2 * tap + 1], tap * filters * itemsize
    for f in range(filters):
        for tap in range(offsets.size // 2):
            turned[tap * filters + f] = weight[f * weight_row + offsets[2 * tap] // itemsize]


@register_jitable
def spread_channels(
    zero: np.floating, block: int, rows: int, columns: int, bias: np.ndarray, target: int, sizes: Sequence[int]
) -> None:
    """Write rows of channels, one for each position of a class, to the channels of an image, with the bias."""
    itemsize, filters = itemsize_of(zero), bias.size
    numbers = numbers_at(block, rows * columns * filters, zero)
    for f in range(filters):
        for row in range(rows):
            start = f * sizes[TARGET_PLANE] + row * sizes[TARGET_ROW]
            places = numbers_at(target + start * itemsize, (columns - 1) * sizes[TARGET_STEP] + 1, zero)
            for column in range(columns):
                places[column * sizes[TARGET_STEP]] = numbers[(row * columns + column) * filters + f] + bias[f]


@kernel
def correlate_channels(
    source: np.ndarray, grad: np.ndarray, grad_weight: np.ndarray, sizes: np.ndarray, offsets: np.ndarray,
    copies: np.ndarray,
) -> None:  # fmt: skip
    """Fill the gradient of a weight as `correlate_images` does, for one group; without a bias's, and without marks."""
    images, slopes, numbers, starts = flat(source), flat(grad), integers_of(sizes), integers_of(offsets)
    zero, itemsize, channels = images.dtype.type(0), images.itemsize, numbers[SOURCE_CHANNELS]
    filters, positions = numbers[TARGET_CHANNELS], numbers[TARGET_PLANE]
    count, taps = slopes.size // (filters * positions), len(starts) // 2 // channels
    together = min(count, max(1, SUMMED // positions))
    image_size, packed_size = channels * numbers[SOURCE_PLANE], channels * numbers[PACKED_PLANE]
    plane = (numbers[PACKED_PLANE] if packed_size > 0 else numbers[SOURCE_PLANE]) * itemsize
    packed, zeros = np.zeros(together * packed_size, images.dtype), np.zeros(TALL_ROWS, images.dtype)
    # For each position of each image its gradients, and where it and they lie.
    turned, pairs = np.empty(together * positions * filters, images.dtype), np.empty(2 * together * positions, np.int64)
    sums, totals = np.empty(TALL_ROWS * filters, images.dtype), np.zeros(taps * channels * filters)
    for n in range(0, count, together):
        some = min(together, count - n)
        image, next_image = address(images) + n * image_size * itemsize, image_size * itemsize
        if packed_size > 0:
            for i in range(some):
                place = address(packed) + i * packed_size * itemsize
                pack_image(zero, image + i * next_image, place, numbers, integers_of(copies))
            image, next_image = address(packed), packed_size * itemsize
        turn_slopes(slopes[n * filters * positions :], some, numbers, next_image, pairs, turned)
        for tap in range(taps):
            first = 0
            while first < channels:
                height = tile_height(channels - first)
                valid = min(height, channels - first)
                convolve_rows(
                    zero, height, valid, filters, some * positions, image + starts[2 * tap + 1] + first * plane, plane,
                    address(pairs), address(turned), address(zeros), address(sums), filters * itemsize,
                )  # fmt: skip
                start = (tap * channels + first) * filters
                for i in range(valid * filters):
                    totals[start + i] += sums[i]
                first += height
    keep_alive(packed)
    keep_alive(zeros)
    keep_alive(turned)
    keep_alive(pairs)
    out = flat(grad_weight)
    for f in range(filters):
        for c in range(channels):
            for tap in range(taps):
                out[(f * channels + c) * taps + tap] = totals[(tap * channels + c) * filters + f]


@register_jitable
def turn_slopes(
    slopes: np.ndarray, images: int, sizes: Sequence[int], next_image: int, pairs: np.ndarray, turned: np.ndarray
) -> None:
    """Write a row of gradients for each position to `turned`, and the offsets of it and of that row to `pairs`."""
    itemsize, filters, positions, columns = (
        slopes.itemsize, sizes[TARGET_CHANNELS], sizes[TARGET_PLANE], sizes[TARGET_ROW]
    )  # fmt: skip
    for i in range(images):
        for position in range(positions):
            place, row = position // columns * sizes[PITCH] + position % columns, i * positions + position
            pairs[2 * row], pairs[2 * row + 1] = i * next_image + place * itemsize, row * filters * itemsize
        for f in range(filters):
            for position in range(positions):
                slope = slopes[(i * filters + f) * positions + position]
                turned[(i * positions + position) * filters + f] = slope
