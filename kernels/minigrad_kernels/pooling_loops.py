"""The kernels of poolings, over windows from the tables of `pooling_windows.py`.

The definition has four loops, over the results and over the numbers of their windows:

    for i, j in the result
        for row in the rows of window i
            for column in the columns of window j
                out[i, j] += image[row, column]

A mean's loops may change their order: whole rows of the image are added first, in vectors of neighbouring columns, and
of what remains each result takes its few columns. The largest number is looked for in vectors of results
(`pooling_tiles.py`), as of equal ones the first counts.
"""

import numpy as np

from minigrad_kernels.arrays import flat
from minigrad_kernels.jit import kernel
from minigrad_kernels.pooling_tiles import WORD, add_to_rows, largest_of_row, sum_of_rows
from minigrad_kernels.pooling_windows import (
    COLUMN_STEP,
    IMAGE_COLUMNS,
    IMAGE_ROWS,
    MOST_COLUMNS,
    RESULT_COLUMNS,
    RESULT_ROWS,
    ROW_STEP,
    SOME_EMPTY,
)
from minigrad_kernels.tables import integers_of
from minigrad_kernels.vectors import address, keep_alive


@kernel
def largest_of_windows(
    x: np.ndarray, out: np.ndarray, places: np.ndarray, sizes: np.ndarray, rows: np.ndarray, columns: np.ndarray
) -> None:
    """Fill `out` with the largest number of each window, and `places` with where it is, as operands.

    Of equal numbers it is the first, row by row; NaN is larger than all, and of several the last one counts.

    Args:
        x: Images, contiguous, as all arrays are.
        out: A number for each window of each image.
        places: int64, likewise: the place in the image, row·columns + column; −1 for a window without numbers.
        sizes: Of the windows, as the others.
        rows: Likewise.
        columns: Likewise.
    """
    images, results, found, lengths = flat(x), flat(out), flat(places), integers_of(sizes)
    zero, itemsize, bounds, windows = images.dtype.type(0), images.itemsize, integers_of(rows), integers_of(columns)
    width, count, padded = lengths[IMAGE_COLUMNS], lengths[RESULT_COLUMNS], len(windows) // 2
    image_size, result_size = lengths[IMAGE_ROWS] * width, lengths[RESULT_ROWS] * count
    for n in range(results.size // result_size):
        image = address(images) + n * image_size * itemsize
        for i in range(lengths[RESULT_ROWS]):
            start, step = n * result_size + i * count, lengths[ROW_STEP]
            some_rows = (bounds[2 * i + 1] - bounds[2 * i] + step - 1) // step
            if some_rows > 0:
                largest_of_row(
                    zero, image, width, bounds[2 * i], some_rows, step, address(flat(columns)), padded,
                    lengths[MOST_COLUMNS], lengths[COLUMN_STEP], count, address(results) + start * itemsize,
                    address(found) + start * WORD,
                )  # fmt: skip
            for j in range(count if lengths[SOME_EMPTY] else 0):
                if some_rows <= 0 or windows[j] >= windows[padded + j]:
                    results[start + j], found[start + j] = -np.inf, -1


@kernel
def add_at_places(grad: np.ndarray, places: np.ndarray, out: np.ndarray, sizes: np.ndarray) -> None:
    """Fill `out`, images, with zeros to which each number of `grad` is added at its place, as operands.

    Args:
        grad: Contiguous, as all arrays are.
        places: Of `largest_of_windows`; what lies outside the image is left out.
        out: Images to write.
        sizes: Of the windows.
    """
    slopes, found, images, lengths = flat(grad), flat(places), flat(out), integers_of(sizes)
    image_size = lengths[IMAGE_ROWS] * lengths[IMAGE_COLUMNS]
    result_size = lengths[RESULT_ROWS] * lengths[RESULT_COLUMNS]
    for n in range(images.size // image_size):
        image = images[n * image_size : (n + 1) * image_size]
        image[:] = 0
        for i in range(n * result_size, (n + 1) * result_size):
            place = found[i]
            if 0 <= place < image_size:
                image[place] += slopes[i]


@kernel
def take_at_places(x: np.ndarray, places: np.ndarray, out: np.ndarray, sizes: np.ndarray) -> None:
    """Fill `out` with the numbers of images at the places of `largest_of_windows`, 0 outside the image, as operands."""
    images, found, results, lengths = flat(x), flat(places), flat(out), integers_of(sizes)
    image_size = lengths[IMAGE_ROWS] * lengths[IMAGE_COLUMNS]
    result_size = lengths[RESULT_ROWS] * lengths[RESULT_COLUMNS]
    for n in range(images.size // image_size):
        image = images[n * image_size : (n + 1) * image_size]
        for i in range(n * result_size, (n + 1) * result_size):
            place = found[i]
            results[i] = image[place] if 0 <= place < image_size else 0


@kernel
def means_of_windows(
    x: np.ndarray, out: np.ndarray, sizes: np.ndarray, rows: np.ndarray, columns: np.ndarray, divisors: np.ndarray
) -> None:
    """Fill `out` with the sum of each window's numbers over its two divisors, as operands.

    Args:
        x: Images, contiguous, as all arrays are.
        out: A number for each window of each image.
        sizes: Of the windows, as the others.
        rows: Likewise.
        columns: Likewise.
        divisors: Likewise.
    """
    images, results, lengths, parts = flat(x), flat(out), integers_of(sizes), flat(divisors)
    row_bounds, bounds = integers_of(rows), integers_of(columns)
    width, height, count = lengths[IMAGE_COLUMNS], lengths[RESULT_ROWS], lengths[RESULT_COLUMNS]
    image_size, zero, itemsize = lengths[IMAGE_ROWS] * width, images.dtype.type(0), images.itemsize
    sums = np.empty(width, images.dtype)
    for n in range(results.size // (height * count)):
        for i in range(height):
            first, end = row_bounds[2 * i], row_bounds[2 * i + 1]
            image = address(images) + (n * image_size + first * width) * itemsize
            sums[:] = 0
            if first < end:
                sum_of_rows(zero, end - first, width, image, width * itemsize, address(sums))
            start = (n * height + i) * count
            for j in range(count):
                total = zero
                for column in range(bounds[j], bounds[len(bounds) // 2 + j]):
                    total += sums[column]
                results[start + j] = total / images.dtype.type(parts[i] * parts[height + j])
    keep_alive(sums)


@kernel
def spread_over_windows(
    grad: np.ndarray, out: np.ndarray, sizes: np.ndarray, rows: np.ndarray, columns: np.ndarray, divisors: np.ndarray
) -> None:
    """Fill `out`, images, with each number of `grad`, over its two divisors, added in its window, as operands.

    Arguments as for `means_of_windows`, of which this is the transpose.
    """
    slopes, images, lengths, parts = flat(grad), flat(out), integers_of(sizes), flat(divisors)
    row_bounds, bounds = integers_of(rows), integers_of(columns)
    width, height, count = lengths[IMAGE_COLUMNS], lengths[RESULT_ROWS], lengths[RESULT_COLUMNS]
    image_size, zero, itemsize = lengths[IMAGE_ROWS] * width, images.dtype.type(0), images.itemsize
    sums = np.empty(width, images.dtype)
    for n in range(images.size // image_size):
        images[n * image_size : (n + 1) * image_size] = 0
        for i in range(height):
            sums[:] = 0
            start = (n * height + i) * count
            for j in range(count):
                share = slopes[start + j] / images.dtype.type(parts[i] * parts[height + j])
                for column in range(bounds[j], bounds[len(bounds) // 2 + j]):
                    sums[column] += share
            first, end = row_bounds[2 * i], row_bounds[2 * i + 1]
            image = address(images) + (n * image_size + first * width) * itemsize
            if first < end:
                add_to_rows(zero, end - first, width, address(sums), image, width * itemsize)
    keep_alive(sums)
