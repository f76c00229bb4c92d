"""Which numbers of an image each number of a pooling comes from: windows along rows and columns, made once."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

Pair = tuple[int, int]

# What `sizes` holds, by its index: rows and columns of the image and of the result, from number to number of a window
# along rows and columns, the most columns that a window has, at least 1, and whether a window has no numbers.
IMAGE_ROWS, IMAGE_COLUMNS, RESULT_ROWS, RESULT_COLUMNS, ROW_STEP, COLUMN_STEP, MOST_COLUMNS, SOME_EMPTY = range(8)
# Columns of windows are padded to a multiple of the lanes of the widest vector.
LANES = 16


class Pooling(NamedTuple):
    """The lengths and settings of a pooling.

    Attributes:
        axes: 1 or 2 axes of an image; with one, there is one row.
        image: Rows and columns of the image.
        result: Of the result.
        kernel: Of a window; (0, 0) for windows that share out the image evenly (adaptive).
        stride: From window to window.
        before: Rows and columns of padding before the image; as much comes after it.
        dilation: From number to number of a window whose largest is looked for; a mean has none.
        count_padding: Whether a mean counts the padding, up to `before` beyond the image, as zeros.
        divisor: What a mean divides by instead of a number of numbers; 0 for none.
    """

    axes: int
    image: Pair
    result: Pair
    kernel: Pair = (0, 0)
    stride: Pair = (1, 1)
    before: Pair = (0, 0)
    dilation: Pair = (1, 1)
    count_padding: bool = True
    divisor: int = 0


class Windows(NamedTuple):
    """The tables of a pooling.

    Attributes:
        sizes: int64, as the constants above say.
        rows: int64, the first row and the end of each row of windows.
        columns: int64, the first column of each column of windows, padded with empty ones, then the end of each.
        divisors: float64, one factor of what a mean divides by for each row of windows, then one for each column.
    """

    sizes: np.ndarray
    rows: np.ndarray
    columns: np.ndarray
    divisors: np.ndarray


@lru_cache(maxsize=512)
def windows_of(pooling: Pooling) -> Windows:
    """Return the tables of a pooling."""
    first_rows, row_ends, row_counts = _windows_along(pooling, 0)
    first_columns, column_ends, column_counts = _windows_along(pooling, 1)
    columns = np.zeros((2, column_ends.size + -column_ends.size % LANES), np.int64)
    columns[:, : column_ends.size] = first_columns, column_ends
    most = max(1, -(-int((column_ends - first_columns).max(initial=1)) // pooling.dilation[1]))
    empty = bool(np.any(first_rows >= row_ends)) or bool(np.any(first_columns >= column_ends))
    divisors = [row_counts, column_counts]
    if pooling.divisor:
        divisors = [np.full(row_counts.size, pooling.divisor), np.ones(column_counts.size)]
    return Windows(
        np.array([*pooling.image, *pooling.result, *pooling.dilation, most, empty], np.int64),
        np.stack([first_rows, row_ends], axis=1).reshape(-1),
        columns.reshape(-1),
        np.concatenate(divisors).astype(np.float64),
    )


def _windows_along(pooling: Pooling, axis: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The first place of each window along an axis, its end, and how many places it counts, at least 1."""
    length, kernel, dilation = pooling.image[axis], pooling.kernel[axis], pooling.dilation[axis]
    before, place = pooling.before[axis], np.arange(pooling.result[axis], dtype=np.int64)
    if kernel == 0:
        count = max(1, pooling.result[axis])
        first, end = place * length // count, -(-(place + 1) * length // count)
        return first, end, end - first
    start = place * pooling.stride[axis] - before
    counted = np.minimum(start + kernel, length + before) - start
    end = np.minimum(start + dilation * (kernel - 1) + 1, length)
    # In steps of the dilation from before the image into it.
    first = start + np.maximum(0, -(start // dilation)) * dilation
    if not pooling.count_padding:
        counted = end - first
    return first, end, np.maximum(counted, 1)
