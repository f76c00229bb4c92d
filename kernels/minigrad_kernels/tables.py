"""Tables of integers that kernels follow."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba.extending import overload

from minigrad_kernels.arrays import flat


def integers_of(table: np.ndarray) -> Any:
    """The integers of a table, an operand: compiled an array, in plain Python a list, whose integers have no size."""
    return flat(table).tolist()


@overload(integers_of, strict=False)
def _compile_integers_of(table: Any) -> Callable[[Any], Any]:
    def compiled(table: Any) -> Any:
        return flat(table)

    return compiled
