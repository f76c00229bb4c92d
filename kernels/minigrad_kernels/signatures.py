"""Machine code for arguments of declared types: called without Numba's dispatcher, which looks at each for 50 ns.

Nothing is checked: whoever calls knows the dtypes and the numbers of axes, and that what is declared contiguous is.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numba
import numpy as np
from numba import types

from minigrad_kernels.jit import run


def contiguous(dtype: np.dtype, axes: int) -> tuple[np.dtype, int, str]:
    """The kind of a C-contiguous array."""
    return dtype, axes, "C"


def strided(dtype: np.dtype, axes: int) -> tuple[np.dtype, int, str]:
    """The kind of an array of any strides."""
    return dtype, axes, "A"


def typed_entry(kernel: Callable[..., Any], *kinds: Any) -> Callable[..., Any]:
    """Return what to call to run a kernel on arguments of these kinds; its source inside `python_kernels()`.

    Args:
        kernel: What `kernel` returned.
        kinds: For each argument what `contiguous` or `strided` returned, or `int`, `float` or `np.uint64`.
    """
    return _compiled_entry(kernel, kinds) if hasattr(run(kernel), "py_func") else run(kernel)


@cache
def _compiled_entry(dispatcher: Any, kinds: tuple[Any, ...]) -> Callable[..., Any]:
    """The C function with which a dispatcher calls the machine code for such arguments."""
    signature: list[Any] = []
    for kind in kinds:
        if kind is float:
            signature.append(types.float64)
        elif kind is int:
            signature.append(types.intp)
        elif kind is np.uint64:
            signature.append(types.uint64)
        else:
            dtype, axes, layout = kind
            signature.append(types.Array(numba.from_dtype(dtype), axes, layout))
    dispatcher.compile(tuple(signature))
    entry_point: Callable[..., Any] = dispatcher.overloads[tuple(signature)].entry_point
    return entry_point
