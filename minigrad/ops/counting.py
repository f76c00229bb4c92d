"""How many elements are not zero."""

from __future__ import annotations

import numpy as np

from minigrad.graph import record
from minigrad.ops.operands import Dim, Operand, Tensor, axes, unwrap


def count_nonzero(x: Operand, dim: Dim = None) -> Tensor:
    """Return how many elements are not zero (NaN is not), int64.

    Args:
        x: any shape.
        dim: the axis or axes to count along; None for all.

    Raises:
        IndexError: if ``dim`` is not an axis of x.
    """
    x_data = unwrap(count_nonzero, x)
    if dim is None:
        output = np.asarray(np.count_nonzero(x_data))
    else:
        output = np.asarray(np.count_nonzero(x_data, axis=axes(count_nonzero, dim, x_data.ndim)))
    return record(count_nonzero, None, output, (x, dim))


class CountingMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    count_nonzero = count_nonzero
