"""Public running sums, products and linear recurrences along an axis: check, allocate, call `scan_loops.py`.

Any layout is accepted; what is not C-contiguous is copied first.
"""

import math
from typing import Any

import numpy as np

from minigrad_kernels.jit import run
from minigrad_kernels.scan_loops import recurrence, running_total
from minigrad_kernels.stored_arrays import stored

_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))


def running_sums(x: np.ndarray, axis: int, backwards: bool = False) -> np.ndarray:
    """Compute the sums of the first 1, 2, … n numbers along an axis.

    Args:
        x: At least one axis, float32 or float64.
        axis: The axis, from 0 up.
        backwards: Sum from the end of the axis instead.

    Returns:
        x's shape and dtype. The sums are carried on in float64: the error is at most n·eps64·Σ|x| and a rounding.

    Raises:
        TypeError: `x` is no array of float32 or float64.
        ValueError: It has no such axis.

    Example:
        >>> running_sums(np.array([1.0, 2.0, 3.0]), 0)
        array([1., 3., 6.])
    """
    _check("running_sums", x, axis)
    out = np.empty(x.shape, x.dtype)
    run(running_total)(_in_three(x, axis), False, backwards, _in_three(out, axis))
    return out


def running_products(x: np.ndarray, axis: int) -> np.ndarray:
    """Compute the products of the first 1, 2, … numbers along an axis, carried on in float64, as `running_sums`.

    Example:
        >>> running_products(np.array([2.0, 3.0, 4.0]), 0)
        array([ 2.,  6., 24.])
    """
    _check("running_products", x, axis)
    out = np.empty(x.shape, x.dtype)
    run(running_total)(_in_three(x, axis), True, False, _in_three(out, axis))
    return out


def linear_recurrence(a: np.ndarray, b: np.ndarray, axis: int, backwards: bool = False) -> np.ndarray:
    """Compute y[k] = b[k] + a[k]·y[k − 1] along an axis, from y[0] = b[0] on; a[0] is not read.

    Args:
        a: The factors, at least one axis, float32 or float64.
        b: The summands, of a's shape and dtype.
        axis: The axis, from 0 up.
        backwards: Compute the adjoint: y[k] = b[k] + a[k + 1]·y[k + 1], from y[n − 1] = b[n − 1] on.

    Returns:
        Their shape and dtype; y is carried on in float64.

    Raises:
        TypeError: They are no arrays of float32 or float64, or of two dtypes.
        ValueError: Their shapes differ, or they have no such axis.

    Example:
        >>> linear_recurrence(np.array([9.0, 2.0, 2.0]), np.array([1.0, 0.0, 5.0]), 0)
        array([1., 2., 9.])
    """
    _check("linear_recurrence", a, axis)
    _check("linear_recurrence", b, axis)
    if a.dtype is not b.dtype:
        raise TypeError(f"linear_recurrence: needed arrays of one dtype, came {a.dtype} and {b.dtype}; convert one")
    if a.shape != b.shape:
        raise ValueError(
            f"linear_recurrence: needed arrays of one shape, came {a.shape} and {b.shape}; use np.broadcast_to"
        )
    out = np.empty(b.shape, b.dtype)
    run(recurrence)(_in_three(a, axis), _in_three(b, axis), backwards, _in_three(out, axis))
    return out


def _in_three(x: np.ndarray, axis: int) -> np.ndarray:
    """Return an array with the axes before and after one joined, contiguous, as (outer, n, inner)."""
    numbers = stored(x)
    if x.ndim == 1:
        return numbers.reshape(1, x.size, 1)
    return numbers.reshape(math.prod(x.shape[:axis]), x.shape[axis], math.prod(x.shape[axis + 1 :]))


def _check(name: str, x: Any, axis: int) -> None:
    """Raise unless x is an array of floats that has the axis."""
    if type(x) is not np.ndarray or x.dtype not in _FLOATS:
        came = f"dtype {x.dtype}" if isinstance(x, np.ndarray) else type(x).__name__
        raise TypeError(f"{name}: needed an array of float32 or float64, came {came}; use x.astype(float)")
    if not 0 <= axis < x.ndim:
        raise ValueError(f"{name}: needed an axis from 0 to {x.ndim - 1}, came {axis} for shape {x.shape}")
