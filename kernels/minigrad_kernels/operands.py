"""Names of `arrays.py` and `entries.py` under which kernels that fill an array they are given know them."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.arrays import alike, contiguous, flat, matrix, separate, writeable
from minigrad_kernels.arrays import axes as axis_count
from minigrad_kernels.arrays import length as axis_length
from minigrad_kernels.entries import Entries, operand_call
from minigrad_kernels.new_arrays import fills

__all__ = ["OperandKernel", "axis_count", "axis_length", "fit", "flat", "matrix", "operand_call", "usable"]


@register_jitable
def usable(x: np.ndarray, out: Any) -> bool:
    """Whether they are arrays of one dtype that do not overlap, contiguous, and `out` can be written to."""
    return alike(x, out) and contiguous(x) and contiguous(out) and writeable(out) and separate(x, out)


@register_jitable
def fit(x: np.ndarray, out: Any) -> bool:
    """Whether a loop over `flat(x)` can fill `flat(out)`: they are `usable`, and of one shape."""
    return fills(out, x)


class OperandKernel(Entries):
    """The entries of a kernel of so many arrays, of which the first is one of the dtype in question.

    Args:
        name: The public function's name, for messages.
        kernel: What `kernel` returned.
        count: The number of arrays.
    """

    __slots__ = ("name",)

    def __init__(self, name: str, kernel: Callable[..., Any], count: int) -> None:
        super().__init__(kernel, *(np.ndarray,) * count)
        self.name = name

    @property
    def entries(self) -> Entries:
        """What to call for each dtype."""
        return self
