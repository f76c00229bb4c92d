"""Where the numbers of a convolution lie: the tables that its kernels follow, made once for each geometry.

A kernel reads its source as rows that follow each other at a fixed *pitch*, one channel after the other, so that one
position and the next lie side by side, also at a row's end. What a tap of the filter sees, for all positions, is then
one run of memory, which begins at the tap's *offset*:

    image, padded, pitch 5      tap (0, 0)          tap (1, 2), offset 1·5 + 2
    a b c d e                   a b c | d e         h i j | k l
    f g h i j                   f g h | i j         m n o | p q
    k l m n o                   k l m |             r s t |
    p q r s t                   positions 3 × 3; what is computed between the rows is thrown away

With a *stride* s, tap and tap + s see neighbours of every s-th row and column. So the image is taken apart into s × s
images (phases), one for each remainder, and a tap's offset begins in the phase of its own remainder.

The gradient of the image, which is a transposed convolution, is a convolution too: position u of the padded image gets
from tap k the gradient at (u − k)/s, if that is a whole number. For each remainder of u those are the taps of the same
remainder: a *class* of taps, with offsets that go backward, whose results are every s-th row and column of the image.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from minigrad_kernels.blocks import even_share
from minigrad_kernels.convolution_tiles import CONVOLVE_TILES
from minigrad_kernels.machine import L1_BYTES

Pair = tuple[int, int]

# What `sizes` of a plan holds, by its index: numbers (not bytes) from channel to channel of the source, its channels in
# a group, and the same of the target; groups; the pitch, and the numbers of a packed channel, 0 if the source is used
# where it is; the numbers from row to row and from column to column, as they are copied, of the source and the target;
# the numbers from group to group, and from target channel to target channel, of the weight; and the most numbers that
# are computed before they are unpacked.
(
    SOURCE_PLANE, SOURCE_CHANNELS, TARGET_PLANE, TARGET_CHANNELS, GROUPS, PITCH, PACKED_PLANE,
    SOURCE_ROW, SOURCE_STEP, TARGET_ROW, TARGET_STEP, WEIGHT_GROUP, WEIGHT_ROW, BLOCK,
) = range(14)  # fmt: skip
# What is copied into a packed channel: from where, rows and columns, to where.
FROM, COPIED_ROWS, COPIED_COLUMNS, TO = range(4)
COPY = 4
# A class of taps: its first pair of offsets, their number, where its first position lies in the source, its rows and
# columns of positions, where its first result belongs in the target, and the rows that are computed at a time.
FIRST, TAPS, START, ROWS, COLUMNS, TARGET, AT_A_TIME = range(7)
CLASS = 7
# The rows that are computed before they are unpacked, of all filters of a tile, stay in the L1 cache.
BLOCK_BYTES = L1_BYTES // 2


class Geometry(NamedTuple):
    """The lengths and settings of a convolution of images.

    Attributes:
        axes: 1 or 2 axes of an image; with one, everything along the rows is 1, and 0 comes before.
        channels: Channels of the image in one group.
        filters: Channels of the result in one group.
        groups: Groups of channels that have nothing to do with each other.
        image: Rows and columns of the image.
        kernel: Of a filter.
        result: Of the result.
        stride: From position to position, along rows and columns.
        before: Rows and columns of zeros before the image. As many come after it as the result needs.
        dilation: From tap to tap.
    """

    axes: int
    channels: int
    filters: int
    groups: int
    image: Pair
    kernel: Pair
    result: Pair
    stride: Pair
    before: Pair
    dilation: Pair


class Plan(NamedTuple):
    """The tables of a kernel: flat arrays of int64, explained above.

    Attributes:
        sizes: As the constants from SOURCE_PLANE on say.
        offsets: Two numbers of bytes for each tap: from a filter's first number, and from a position's.
        copies: COPY numbers for each part of a packed channel; none if the source is used where it is.
        classes: CLASS numbers for each class of taps.
    """

    sizes: np.ndarray
    offsets: np.ndarray
    copies: np.ndarray
    classes: np.ndarray


@lru_cache(maxsize=512)
def forward_plan(geometry: Geometry, itemsize: int) -> Plan:
    """The plan by which the result is computed from the image, and the weight's gradient from both."""
    _, channels, filters, groups, image, kernel, result, stride, before, dilation = geometry
    # Of each tap the remainder and how many steps of the stride lie before it, along rows and columns.
    parts = [np.divmod(np.arange(kernel[axis]) * dilation[axis], stride[axis]) for axis in (0, 1)]
    lengths = [result[axis] + int(parts[axis][0].max(initial=0)) for axis in (0, 1)]
    pitch, phase = lengths[1], lengths[0] * lengths[1]
    copies: list[list[int]] = []
    starts = np.zeros(stride, np.int64)
    for i in sorted(set(parts[0][1].tolist())):
        for j in sorted(set(parts[1][1].tolist())):
            starts[i, j] = len(copies) * phase
            rows = _kept(image[0], stride[0], before[0] - i, lengths[0])
            columns = _kept(image[1], stride[1], before[1] - j, lengths[1])
            source = (rows[0] * stride[0] + i - before[0]) * image[1] + columns[0] * stride[1] + j - before[1]
            copies.append([source, rows[1], columns[1], starts[i, j] + rows[0] * pitch + columns[0]])
    plane = image[0] * image[1]
    in_place = stride == (1, 1) and before == (0, 0) and pitch == image[1] and lengths[0] <= image[0]
    packed = 0 if in_place else len(copies) * phase
    (rows_in, row_remainders), (columns_in, column_remainders) = parts
    of_image = starts[row_remainders][:, column_remainders] + rows_in[:, None] * pitch + columns_in
    of_image = np.arange(channels)[:, None] * (packed or plane) + of_image.reshape(-1)
    offsets = np.stack([np.arange(of_image.size), of_image.reshape(-1)], axis=1) * itemsize
    a_filter = channels * kernel[0] * kernel[1]
    sizes = [
        plane, channels, result[0] * result[1], filters, groups, pitch, packed,
        stride[0] * image[1], stride[1], result[1], 1, filters * a_filter, a_filter,
    ]  # fmt: skip
    return _plan(itemsize, sizes, offsets, [] if in_place else copies, [[0, len(offsets), 0, *result, 0]])


@lru_cache(maxsize=512)
def backward_plan(geometry: Geometry, itemsize: int) -> Plan:
    """The plan by which the image's gradient is computed from the result's; its source is of the result's shape."""
    _, channels, filters, groups, image, kernel, result, stride, before, dilation = geometry
    axes = [_classes_of_axis(geometry, axis) for axis in (0, 1)]
    # Zeros before the gradient, for the positions that a tap would see there, and as long as the last one needs.
    lead, lengths = [0, 0], [0, 0]
    for axis in (0, 1):
        with_taps = [(first, last, int(back.max())) for first, last, _, back in axes[axis] if back.size > 0]
        for first, _, furthest in with_taps:
            lead[axis] = max(lead[axis], furthest - first)
        for _, last, _ in with_taps:
            lengths[axis] = max(lengths[axis], last + 1 + lead[axis])
    pitch, plane = lengths[1], result[0] * result[1]
    in_place = lead == [0, 0] and pitch == result[1] and lengths[0] <= result[0]
    packed = 0 if in_place else lengths[0] * pitch
    copied = [min(result[axis], lengths[axis] - lead[axis]) for axis in (0, 1)]
    copies = [] if in_place else [[0, *copied, lead[0] * pitch + lead[1]]]
    taps_of_filter = kernel[0] * kernel[1]
    numbers = np.arange(filters)[:, None, None] * channels * taps_of_filter + np.arange(taps_of_filter).reshape(kernel)
    classes, offsets, count = [], [np.empty((0, 2), np.int64)], 0
    for i, (first_row, last_row, row_taps, row_back) in enumerate(axes[0]):
        for j, (first_column, last_column, column_taps, column_back) in enumerate(axes[1]):
            of_weight = numbers[:, row_taps][:, :, column_taps].reshape(-1)
            of_source = -(row_back[:, None] * pitch + column_back).reshape(-1)
            of_source = (np.arange(filters)[:, None] * (packed or plane) + of_source).reshape(-1)
            offsets.append(np.stack([of_weight, of_source], axis=1) * itemsize)
            start = (first_row + lead[0]) * pitch + first_column + lead[1]
            row, column = first_row * stride[0] + i - before[0], first_column * stride[1] + j - before[1]
            shape = last_row - first_row + 1, last_column - first_column + 1
            classes.append([count, of_weight.size, start, *shape, row * image[1] + column])
            count += of_weight.size
    sizes = [
        plane, filters, image[0] * image[1], channels, groups, pitch, packed,
        result[1], 1, stride[0] * image[1], stride[1], filters * channels * taps_of_filter, taps_of_filter,
    ]  # fmt: skip
    return _plan(itemsize, sizes, np.concatenate(offsets), copies, classes)


@lru_cache(maxsize=512)
def counted_positions(geometry: Geometry, dtype: np.dtype, lanes: int) -> np.ndarray:
    """For each position of `forward_plan` 1 if it is of the result, 0 if it lies between rows, or after the last."""
    rows, columns = geometry.result
    pitch = int(forward_plan(geometry, dtype.itemsize).sizes[PITCH])
    counted = np.zeros((rows, pitch), dtype)
    counted[:, :columns] = 1
    positions = counted.reshape(-1)[: (rows - 1) * pitch + columns]
    return np.concatenate([positions, np.zeros(-positions.size % lanes, dtype)])


def _kept(length: int, stride: int, before: int, most: int) -> Pair:
    """The first of the numbers i for which i·stride − before is one of `length` places, and how many are below most."""
    first = max(0, -(-before // stride))
    last = (length - 1 + before) // stride
    return first, max(0, min(last, most - 1) - first + 1)


def _classes_of_axis(geometry: Geometry, axis: int) -> list[tuple[int, int, np.ndarray, np.ndarray]]:
    """For each remainder of a position in the padded image: the first and last quotient, the taps, their quotients."""
    length, before, stride = geometry.image[axis], geometry.before[axis], geometry.stride[axis]
    quotients, remainders = np.divmod(np.arange(geometry.kernel[axis]) * geometry.dilation[axis], stride)
    found = []
    for remainder in range(stride):
        first, last = -((remainder - before) // stride), (before + length - 1 - remainder) // stride
        taps = np.flatnonzero(remainders == remainder)
        found.append((first, last, taps, quotients[taps]))
    return found


def _plan(
    itemsize: int, sizes: list[int], offsets: np.ndarray, copies: list[list[int]], classes: list[list[int]]
) -> Plan:
    """A plan of flat arrays; adds to each class the rows that are computed at a time, and to the sizes the most."""
    block = 0
    for each in classes:
        rows = max(1, each[ROWS])
        each.append(even_share(rows, max(1, BLOCK_BYTES // max(1, CONVOLVE_TILES[0][0] * sizes[PITCH] * itemsize))))
        block = max(block, CONVOLVE_TILES[0][0] * sizes[PITCH] * each[AT_A_TIME])
    sizes.append(block)
    tables = [np.array(table, np.int64).reshape(-1) for table in (sizes, offsets, copies, classes)]
    return Plan(*tables)
