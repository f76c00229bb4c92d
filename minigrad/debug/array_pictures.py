"""An array as the page shows it: its numbers, or a corner, the figures, and a coarse picture of it.

Equal arrays are described once: what a step contributes is often the gradient that a later step begins with.
"""

import math
from typing import Any

import numpy as np

from minigrad.debug.statistics import Statistics

ndarray = np.ndarray
#: Arrays of at most so many numbers are shown whole.
WHOLE = 36
#: Rows and columns of a picture, and of a corner; where there are many steps they are smaller, to hold 500 in 1 MB.
FINE, COARSE = (24, 40), (8, 14)
CORNER, SMALL_CORNER = (5, 5), (3, 4)
MANY_STEPS = 120
#: Of a larger array a picture shows every n-th row and column.
SAMPLED = 1 << 20
#: Shades below and above zero. A cell is a letter: "a" to "y", "m" being zero; "N" for NaN, "I" for infinity.
SHADES = 12
ZERO = ord("a") + SHADES
#: Larger arrays are told apart by their memory; the bits of smaller ones are compared.
COMPARED = 4096
#: Digits that are written of a number.
DIGITS = 5


class ArrayPool:
    """The arrays of a page, each described once.

    Attributes:
        descriptions: what goes into the page's data.
    """

    def __init__(self, steps: int) -> None:
        """Start empty; ``steps`` says how many the page has."""
        self.descriptions: list[dict[str, Any]] = []
        self._known: dict[Any, int] = {}
        self._alive: list[Any] = []  # so that no two arrays of a page have had the same memory
        many = steps > MANY_STEPS
        self._picture = COARSE if many else FINE
        self._corner = SMALL_CORNER if many else CORNER

    def add(self, array: Any) -> int | None:
        """Return the number of an array's description; None for what is no array."""
        if not isinstance(array, (ndarray, Statistics)):
            return None
        self._alive.append(array)
        key = key_of(array)
        if key not in self._known:
            self._known[key] = len(self.descriptions)
            self.descriptions.append(describe_array(array, self._corner, self._picture))
        return self._known[key]


def key_of(array: Any) -> Any:
    """Return what two descriptions of one array have in common."""
    if isinstance(array, Statistics):
        return id(array)
    if array.size <= COMPARED:
        return array.shape, array.dtype.str, array.tobytes()
    return array.__array_interface__["data"][0], array.shape, array.strides, array.dtype.str


def describe_array(array: Any, corner: tuple[int, int], picture: tuple[int, int]) -> dict[str, Any]:
    """Return shape, dtype and figures of an array, and its numbers or a corner and a picture."""
    figures = array if isinstance(array, Statistics) else Statistics(array)
    found: dict[str, Any] = {"shape": list(figures.shape), "dtype": str(figures.dtype)}
    if figures.size > 1:
        found["norm"], found["mean"] = short(figures.norm), short(figures.mean)
        found["least"], found["greatest"] = short(figures.least), short(figures.greatest)
    for name, count in (("zeros", figures.zeros), ("nan", figures.nans), ("inf", figures.infs)):
        if count:
            found[name] = count
    if isinstance(array, Statistics) or array.size == 0:
        return found
    table = as_table(array)
    if array.size <= WHOLE:
        found["numbers"] = rows_of(table)
    else:
        found["corner"] = rows_of(table[: corner[0], : corner[1]])
        found["rows"], found["columns"] = table.shape
        found["picture"] = shades_of(table, picture)
    return found


def as_table(array: ndarray) -> ndarray:
    """Return an array with two axes: the last one across, all others down."""
    if array.ndim == 2:
        return array
    return array.reshape(-1, array.shape[-1]) if array.ndim > 2 else array.reshape(1, -1)


def rows_of(table: ndarray) -> list[list[Any]]:
    """Return the numbers of a table, those that JSON does not know as words."""
    return [[short(each) for each in row] for row in table.tolist()]


def short(number: Any) -> Any:
    """Return a number with a few digits; ``"nan"``, ``"inf"`` and ``"-inf"`` as words, as JSON has none.

    Examples:
        >>> short(1 / 3), short(2.0), short(float("-inf")), short(7)
        (0.33333, 2, '-inf', 7)
    """
    if isinstance(number, (bool, int)):
        return number
    if not math.isfinite(number):
        return str(number)
    cut = float(f"{number:.{DIGITS}g}")
    return int(cut) if cut == int(cut) and abs(cut) < 1e15 and not (cut == 0 and number != 0) else cut


def shades_of(table: ndarray, limits: tuple[int, int]) -> list[str]:
    """Return a coarse picture of a table, a string a row: in each cell the number of largest size that falls into it."""
    if table.size > SAMPLED:
        steps = [max(1, length // (16 * limit)) for length, limit in zip(table.shape, limits)]
        table = table[:: steps[0], :: steps[1]]
    values = table.astype(np.float64)
    broken = ~np.isfinite(values)
    codes = np.where(np.isnan(values), ord("N"), ord("I"))
    values[broken] = 0
    scale = max(values.max(), -values.min())
    levels = np.rint(values / scale * SHADES).astype(np.int64) if scale else np.zeros(values.shape, np.int64)
    # What is not zero is never shown as zero.
    levels = np.where(levels == 0, np.sign(values).astype(np.int64), levels)
    # Along both axes the cell of largest size wins; NaN and infinity before all.
    ranks = np.where(broken, 1000 + codes, np.abs(levels) * 2 + (levels > 0))
    for axis, limit in enumerate(limits):
        length = ranks.shape[axis]
        if length > limit:
            starts = np.arange(limit) * length // limit
            ranks = np.maximum.reduceat(ranks, starts, axis)
    found = []
    for row in ranks.tolist():
        text = ""
        for rank in row:
            text += chr(rank - 1000) if rank >= 1000 else chr(ZERO + (rank // 2 if rank % 2 else -(rank // 2)))
        found.append(text)
    return found
