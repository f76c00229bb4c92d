"""An array as cells of colour: negative numbers blue, positive ones red, the larger the stronger."""

from typing import Any, NamedTuple

import numpy as np

from minigrad.display import number

#: Of 0, of the largest number, of the most negative one, of NaN and of infinity. On the neutral grey, and on both ends
#: (ColorBrewer's RdBu, a step darker), white text is legible.
NEUTRAL, POSITIVE, NEGATIVE = (48, 48, 48), (190, 62, 48), (43, 108, 166)
NAN, INFINITE = (200, 30, 200), (190, 140, 0)
#: Up to so many rows and columns the cells hold their numbers.
WRITTEN_ROWS, WRITTEN_COLUMNS = 6, 6


class Cell(NamedTuple):
    """One cell: what is written in it, and its colour as red, green, blue."""

    text: str
    colour: tuple[int, int, int]


def heat(array: Any, rows: int = 10, columns: int = 24) -> list[list[Cell]]:
    """Return the cells of an array, row by row: a vector is a row, and what has more axes is stacked.

    An array of more rows or columns than fit is drawn in blocks, each the number that is largest in size in it: a lone
    NaN or spike in a large array is not averaged away.

    Args:
        array: floats or integers of any shape.
        rows: the most there may be.
        columns: the most there may be.

    Examples:
        >>> import numpy as np
        >>> [cell.text for cell in heat(np.array([1.0, -2.5]))[0]]
        ['1', '-2.5']
    """
    grid = as_grid(np.asarray(array))
    if grid.size == 0:
        return []
    written = grid.shape[0] <= WRITTEN_ROWS and grid.shape[1] <= WRITTEN_COLUMNS
    if not written:
        grid = reduced(reduced(grid, rows, 0), columns, 1)
    finite = np.abs(grid[np.isfinite(grid)])
    largest = float(finite.max()) if finite.size else 0.0
    cells = []
    for row in grid:
        cells.append([Cell(cell_text(value) if written else "", colour(float(value), largest)) for value in row])
    return cells


def as_grid(array: np.ndarray) -> np.ndarray:
    """Return an array with two axes, as float64."""
    grid = np.atleast_2d(array)
    return grid.reshape(-1, grid.shape[-1] if grid.size else 1).astype(np.float64)


def reduced(grid: np.ndarray, most: int, axis: int) -> np.ndarray:
    """Return a grid with at most so many rows or columns: of each block the number that is largest in size."""
    length = grid.shape[axis]
    if length <= most:
        return grid
    parts = []
    # NaN is the largest of all here, so that it is seen.
    size = np.where(np.isnan(grid), np.inf, np.abs(grid))
    for block, sizes in zip(np.array_split(grid, most, axis), np.array_split(size, most, axis)):
        place = np.expand_dims(np.argmax(sizes, axis), axis)
        parts.append(np.take_along_axis(block, place, axis))
    return np.concatenate(parts, axis)


def cell_text(value: float) -> str:
    """Return a number short enough for a cell: up to three digits.

    Examples:
        >>> cell_text(0.123456), cell_text(-1234567.0), cell_text(float("nan"))
        ('0.123', '-1.23e+06', 'nan')
    """
    return f"{value:.3g}" if np.isfinite(value) else number(np.float64(value))


def colour(value: float, largest: float) -> tuple[int, int, int]:
    """Return the colour of a number, where ``largest`` is the largest size among the finite ones."""
    if np.isnan(value):
        return NAN
    if np.isinf(value):
        return INFINITE
    share = abs(value) / largest if largest else 0.0
    end = POSITIVE if value > 0 else NEGATIVE
    red, green, blue = [round(low + (high - low) * share) for low, high in zip(NEUTRAL, end)]
    return red, green, blue
