"""Public softmax, log-softmax and their gradients along the rows of matrices: check, allocate, call `softmax_loops.py`.

Any layout is accepted; what is not C-contiguous is copied first. For rows of n numbers, and a number that lies d below
the largest of its row, the error of softmax is at most (n/2 + d + 5)·eps, relatively, and that of log-softmax
(n/2 + d + |result| + 5)·eps: the difference rounds once, exp and log are within 1 ulp, a sum of n rounds n − 1 times.
"""

import numpy as np

from minigrad_kernels.entries import Entries, made
from minigrad_kernels.jit import runs_python
from minigrad_kernels.softmax_loops import (
    log_softmax_backward,
    log_softmax_forward,
    softmax_backward,
    softmax_forward,
)
from minigrad_kernels.stored_arrays import readable

_FLOAT32 = np.dtype(np.float32)
_FLOAT64 = np.dtype(np.float64)
_ndarray = np.ndarray
_SOFTMAX = Entries(softmax_forward, _ndarray, _ndarray)
_LOG_SOFTMAX = Entries(log_softmax_forward, _ndarray, _ndarray)
_SOFTMAX_BACKWARD = Entries(softmax_backward, _ndarray, _ndarray, _ndarray)
_LOG_SOFTMAX_BACKWARD = Entries(log_softmax_backward, _ndarray, _ndarray, _ndarray)


def softmax_rows(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Compute exp(x)/Σ exp(x) along each row, without overflow.

    Args:
        x: Shape (rows, n), float32 or float64.
        out: Where to write, of x's shape and dtype; it may be x or overlap it.

    Returns:
        Shape (rows, n), of x's dtype; `out` if given. A row with NaN or +inf, or of −inf alone, is NaN.

    Raises:
        TypeError: `x` or `out` is no array of a fitting dtype.
        ValueError: `x` is not a matrix, or `out` has another shape or is read-only.

    Example:
        >>> softmax_rows(np.array([[0.0, 0.0], [1e4, 0.0]]))
        array([[0.5, 0.5],
               [1. , 0. ]])
    """
    return _map_one("softmax_rows", _SOFTMAX, x, out)


def log_softmax_rows(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Compute x − log Σ exp(x) along each row, without overflow. Arguments as for `softmax_rows`."""
    return _map_one("log_softmax_rows", _LOG_SOFTMAX, x, out)


def softmax_rows_backward(grad: np.ndarray, result: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Compute the gradient of softmax, result·(grad − Σ grad·result) along each row.

    Args:
        grad: Gradient with respect to the result, shape (rows, n), float32 or float64.
        result: What `softmax_rows` returned, of the same shape and dtype.
        out: Where to write, likewise; it may be one of them or overlap them.

    Returns:
        Shape (rows, n); `out` if given.

    Raises:
        TypeError: An operand or `out` is no array of a fitting dtype.
        ValueError: The shapes differ or are not of matrices, or `out` is read-only.
    """
    return _map_two("softmax_rows_backward", _SOFTMAX_BACKWARD, grad, result, out)


def log_softmax_rows_backward(grad: np.ndarray, result: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Compute the gradient of log-softmax, grad − exp(result)·Σ grad. Arguments as for `softmax_rows_backward`."""
    return _map_two("log_softmax_rows_backward", _LOG_SOFTMAX_BACKWARD, grad, result, out)


def _map_one(name: str, loop: Entries, x: np.ndarray, out: np.ndarray | None) -> np.ndarray:
    """Run a loop over the rows of a matrix."""
    # At 10 elements Python's checks would take longer than the loop, which therefore makes them itself.
    if type(x) is _ndarray and not runs_python():
        call = loop.get(x.dtype)
        if call is not None:
            filled = call(x, out)
            if filled is not None:
                return filled
    return _map_checked(name, loop, [x], out)


def _map_two(name: str, loop: Entries, grad: np.ndarray, result: np.ndarray, out: np.ndarray | None) -> np.ndarray:
    """Run a loop over the rows of two matrices."""
    if type(grad) is _ndarray and not runs_python():
        call = loop.get(grad.dtype)
        if call is not None:
            filled = call(grad, result, out)
            if filled is not None:
                return filled
    return _map_checked(name, loop, [grad, result], out)


def _map_checked(name: str, loop: Entries, operands: list[np.ndarray], out: np.ndarray | None) -> np.ndarray:
    """Run a loop over the rows of matrices of any layout, after all checks."""
    first = operands[0]
    for array in operands if out is None else [*operands, out]:
        _check_matrix(name, array, first)
    if out is not None and not out.flags.writeable:
        raise ValueError(f"{name}: needed out to write to, came a read-only array of shape {out.shape}; pass a copy")
    matrices = [readable(operand) for operand in operands]
    filled = made(name, loop.entry(first.dtype)(*matrices, None), *matrices)
    if out is None:
        return filled
    out[...] = filled
    return out


def _check_matrix(name: str, array: np.ndarray, pattern: np.ndarray) -> None:
    """Raise unless `array` is a floating matrix of the pattern's shape and dtype."""
    if type(array) is not np.ndarray or ((dtype := array.dtype) is not _FLOAT32 and dtype is not _FLOAT64):
        came = f"dtype {array.dtype}" if isinstance(array, np.ndarray) else type(array).__name__
        raise TypeError(f"{name}: needed arrays of float32 or float64, came {came}; use x.astype(float)")
    if array.ndim != 2:
        raise ValueError(
            f"{name}: needed matrices (rows, n), came shape {array.shape}; move the axis to the end and reshape"
        )
    if array is not pattern:
        if dtype is not pattern.dtype:
            raise TypeError(f"{name}: needed arrays of one dtype, came {pattern.dtype} and {dtype}; convert one")
        if array.shape != pattern.shape:
            raise ValueError(
                f"{name}: needed arrays of one shape, came {pattern.shape} and {array.shape}; use np.broadcast_to"
            )
