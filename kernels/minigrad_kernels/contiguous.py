"""Kernels that read and write whole arrays from end to end: how they are called, and how they see that they may.

Compiled for contiguous arrays, a kernel takes an array of any shape as one row of numbers. Nothing checks what it is
given: it asks `alike` itself, which takes 1 ns where Python's checks of two arrays take 200.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numba
import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.jit import run
from minigrad_kernels.vectors import address


def contiguous_entry(kernel: Callable[..., Any], dtype: np.dtype, *arguments: Any) -> Callable[..., Any]:
    """Return what to call to run a kernel on C-contiguous arrays of one dtype and numbers, without Numba's dispatcher.

    The dispatcher looks at each argument's type, for 0.2 µs. This checks nothing: arrays of another dtype or number of
    axes give garbage or a TypeError, and what is not contiguous is read as if it were, unless the kernel asks `alike`.

    Args:
        kernel: What `kernel` returned.
        dtype: The dtype of each array.
        arguments: For each argument the number of axes of an array, or `float`.
    """
    if not hasattr(run(kernel), "py_func"):
        return run(kernel)
    return _compiled_entry(kernel, dtype, arguments)


@cache
def _compiled_entry(dispatcher: Any, dtype: np.dtype, arguments: tuple[Any, ...]) -> Callable[..., Any]:
    """The C function with which a dispatcher calls the machine code for such arguments."""
    signature = []
    for each in arguments:
        signature.append(
            numba.types.float64 if each is float else numba.types.Array(numba.from_dtype(dtype), each, "C")
        )
    dispatcher.compile(tuple(signature))
    entry_point: Callable[..., Any] = dispatcher.overloads[tuple(signature)].entry_point
    return entry_point


@register_jitable
def is_contiguous(x: np.ndarray) -> bool:
    """Whether the numbers of x follow each other in row-major order, from an aligned address on."""
    expected = x.itemsize
    for axis in range(x.ndim - 1, -1, -1):
        if x.shape[axis] != 1 and x.strides[axis] != expected:
            # NumPy leaves strides open where there is nothing to step over.
            return x.size == 0
        expected *= x.shape[axis]
    return address(x) % x.itemsize == 0


@register_jitable
def alike(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether two arrays of as many axes have one shape and are contiguous, so that one index serves both."""
    return x.shape == y.shape and is_contiguous(x) and is_contiguous(y)
