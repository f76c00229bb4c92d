"""An array as the page shows it: its numbers, or a corner, the figures, and a coarse picture of it.

Equal arrays are described once: what a step contributes is often the gradient that a later step begins with.
"""

import math
from typing import Any

import numpy as np

from minigrad.debug.statistics import Statistics
from minigrad.dtypes import float32

ndarray = np.ndarray
#: Arrays of at most so many numbers are shown whole.
WHOLE = 36
#: Rows and columns of a picture and of a corner, and the digits of a number. Where there are many steps there is less
#: of each, to hold 500 operations in 1 MB.
FINE, COARSE = (24, 40), (6, 10)
CORNER, SMALL_CORNER = (4, 4), (3, 3)
DIGITS, FEW_DIGITS = 5, 4
MANY_STEPS = 200
#: Shades below and above zero. A cell is a letter: "a" to "y", "m" being zero; "N" for NaN, "I" for infinity.
SHADES = 12
ZERO = ord("a") + SHADES
#: Larger arrays are told apart by their memory; the bits of smaller ones are compared.
COMPARED = 4096


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
        self._many = steps > MANY_STEPS

    def add(self, array: Any) -> int | None:
        """Return the number of an array's description; None for what is no array."""
        if not isinstance(array, (ndarray, Statistics)):
            return None
        self._alive.append(array)
        key = key_of(array)
        if key not in self._known:
            self._known[key] = len(self.descriptions)
            self.descriptions.append(describe_array(array, self._many))
        return self._known[key]


def key_of(array: Any) -> Any:
    """Return what two descriptions of one array have in common."""
    if isinstance(array, Statistics):
        return id(array)
    if array.size <= COMPARED:
        return array.shape, array.dtype.str, array.tobytes()
    return array.__array_interface__["data"][0], array.shape, array.strides, array.dtype.str


def describe_array(array: Any, briefly: bool = False) -> dict[str, Any]:
    """Return shape, dtype (but for float32) and figures of an array, and its numbers, or a corner and a picture of it.

    Examples:
        >>> describe_array(np.array([[1.0, -1.0]]))["figures"]  # norm, mean, least, greatest
        [1.4142, 0, -1, 1]
    """
    digits = FEW_DIGITS if briefly else DIGITS
    figures = array if isinstance(array, Statistics) else Statistics(array)
    found: dict[str, Any] = {"shape": list(figures.shape)}
    if figures.dtype != float32:
        found["dtype"] = str(figures.dtype)
    finite = figures
    if (figures.nans or figures.infs) and isinstance(array, ndarray):
        finite = Statistics(array[np.isfinite(array)])  # the others would make NaN of all
    if figures.size > 1:
        numbers = (finite.norm, finite.mean, finite.least, finite.greatest)
        found["figures"] = [short(number, digits - briefly) for number in numbers]
    for name, count in (("zeros", figures.zeros), ("nan", figures.nans), ("inf", figures.infs)):
        if count:
            found[name] = count
    if isinstance(array, Statistics) or array.size == 0:
        return found
    table = as_table(array)
    if array.size <= WHOLE:
        found["numbers"] = rows_of(table, digits)
    else:
        rows, columns = SMALL_CORNER if briefly else CORNER
        found["corner"] = rows_of(table[:rows, :columns], digits - 1)
        found["picture"] = " ".join(shades_of(table, COARSE if briefly else FINE))
    return found


def as_table(array: ndarray) -> ndarray:
    """Return an array with two axes: the last one across, all others down."""
    if array.ndim == 2:
        return array
    return array.reshape(-1, array.shape[-1]) if array.ndim > 2 else array.reshape(1, -1)


def rows_of(table: ndarray, digits: int) -> list[list[Any]]:
    """Return the numbers of a table, those that JSON does not know as words."""
    return [[short(each, digits) for each in row] for row in table.tolist()]


def short(number: Any, digits: int = DIGITS) -> Any:
    """Return a number with a few digits; ``"nan"``, ``"inf"`` and ``"-inf"`` as words, as JSON has none.

    Examples:
        >>> short(1 / 3), short(2.0), short(float("-inf")), short(7)
        (0.33333, 2, '-inf', 7)
    """
    if isinstance(number, (bool, int)):
        return number
    if not math.isfinite(number):
        return str(number)
    cut = float(f"{number:.{digits}g}")
    return int(cut) if cut.is_integer() and abs(cut) < 1e15 else cut


def shades_of(table: ndarray, limits: tuple[int, int]) -> list[str]:
    """Return a coarse picture of a table, a string a row: in each cell the number of largest size in it."""
    top = low = table if table.dtype.kind == "f" else table.astype(np.float64)
    for axis, limit in enumerate(limits):
        length = table.shape[axis]
        if length > limit:
            starts = np.arange(limit) * length // limit
            # Both pass NaN on.
            top = np.maximum.reduceat(top, starts, axis)
            low = np.minimum.reduceat(low, starts, axis)
    cells = np.where(top >= -low, top, low)
    finite = np.isfinite(cells)
    sizes = np.where(finite, cells, 0).astype(np.float64)
    scale = np.abs(sizes).max() or 1.0
    # Rounded away from zero: what is not zero is never shown as zero.
    levels = np.copysign(np.ceil(np.abs(sizes) / scale * SHADES), sizes)
    codes = (ZERO + levels).astype(np.uint8)
    if not finite.all():
        codes[~finite] = ord("I")
        codes[np.isnan(cells)] = ord("N")
    return [row.tobytes().decode("ascii") for row in codes]
