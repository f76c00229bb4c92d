"""What is said of an array in a line: shape, norm, extremes, how much of it is zero, NaN or infinite."""

from typing import Any

import numpy as np

from minigrad.errors import message

#: From this size on a number is called large. Gradients of healthy networks are far below, exploding ones soon above.
LARGE = 1e3


class Statistics:
    """The figures of one array; it stands in the place of an array that a history no longer keeps.

    Attributes:
        shape, dtype, size: of the array.
        norm: the square root of the sum of its squares, in float64.
        least, greatest: its extremes; NaN where one of its numbers is.
        mean: of its numbers, in float64.
        zeros, nans, infs: how many of its numbers are.

    Examples:
        >>> statistics = Statistics(np.array([[3.0, 0.0, -4.0]]))
        >>> statistics
        <Statistics (1, 3) float64  norm 5  from -4 to 3  mean -0.3333  zeros 1>
        >>> sorted(statistics.flags())
        []
    """

    __slots__ = ("dtype", "greatest", "infs", "least", "mean", "nans", "norm", "shape", "size", "zeros")

    def __init__(self, array: np.ndarray) -> None:
        """Work out the figures; no copy of the array is made, but for one of its bits."""
        self.shape = array.shape
        self.dtype = array.dtype
        self.size = array.size
        self.norm = norm(array)
        self.least, self.greatest = extremes(array)
        with np.errstate(all="ignore"):
            self.mean = float(array.mean(dtype=np.float64)) if array.size else 0.0
        self.zeros = int(array.size - np.count_nonzero(array))
        self.nans = self.infs = 0
        if not np.isfinite(self.least) or not np.isfinite(self.greatest):
            self.nans = int(np.count_nonzero(np.isnan(array)))
            self.infs = int(np.count_nonzero(np.isinf(array)))

    def flags(self, large: float = LARGE) -> set[str]:
        """Return which of ``nan``, ``inf``, ``zero`` (all of it) and ``large`` hold."""
        found = set()
        if self.nans:
            found.add("nan")
        if self.infs:
            found.add("inf")
        if self.size and self.zeros == self.size:
            found.add("zero")
        if self.size and max(abs(self.least), abs(self.greatest)) > large:
            found.add("large")
        return found

    def __repr__(self) -> str:
        """Return one line."""
        text = f"<Statistics {self.shape} {self.dtype}  norm {self.norm:.4g}"
        text += f"  from {self.least:.4g} to {self.greatest:.4g}  mean {self.mean:.4g}"
        for name, count in (("zeros", self.zeros), ("nans", self.nans), ("infs", self.infs)):
            text += f"  {name} {count}" if count else ""
        return text + ">"

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        """Raise: the numbers themselves are gone."""
        raise RuntimeError(
            message(
                "Statistics",
                f"the {self.shape} array is past the memory that a stepping's history may take: its statistics are "
                f"all that is left of it (norm {self.norm:.4g}).",
                "Give the history more, Stepper(loss, memory=bytes), or look at the step when it is taken.",
            )
        )


def norm(array: np.ndarray) -> float:
    """Return the square root of the sum of the squares, summed in float64."""
    with np.errstate(all="ignore"):
        flat = array.reshape(-1)
        if array.dtype == np.float64:
            return float(np.sqrt(np.dot(flat, flat)))
        return float(np.sqrt(np.einsum("i,i->", flat, flat, dtype=np.float64)))


def extremes(array: np.ndarray) -> tuple[float, float]:
    """Return the least and the greatest number of an array, NaN where one of its numbers is; 0 where it is empty."""
    if array.size == 0:
        return 0.0, 0.0
    return float(array.min()), float(array.max())


def flags_of(array: Any, large: float = LARGE) -> set[str]:
    """Return which of ``nan``, ``inf``, ``zero`` (all of it) and ``large`` hold for an array; nothing for None.

    Two passes without temporaries, where the numbers are finite.
    """
    if array is None:
        return set()
    if isinstance(array, Statistics):
        return array.flags(large)
    least, greatest = extremes(array)
    found = set()
    if not np.isfinite(least) or not np.isfinite(greatest):
        if np.isnan(least):
            found.add("nan")
        if np.count_nonzero(np.isinf(array)):
            found.add("inf")
    if array.size and least == greatest == 0:
        found.add("zero")
    if max(abs(least), abs(greatest)) > large:
        found.add("large")
    return found
