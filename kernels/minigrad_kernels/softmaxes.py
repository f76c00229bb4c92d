"""Public softmax, log-softmax and their gradients along the rows of matrices: check, allocate, call `softmax_loops.py`.

Any layout is accepted; what is not C-contiguous is copied first. For rows of n numbers, and a number that lies d below
the largest of its row, the error of softmax is at most (n/2 + d + 5)·eps, relatively, and that of log-softmax
(n/2 + d + |result| + 5)·eps: the difference rounds once, exp and log are within 1 ulp, a sum of n rounds n − 1 times.
"""

from collections.abc import Callable

import numpy as np

from minigrad_kernels.jit import run
from minigrad_kernels.softmax_loops import (
    log_softmax_backward,
    log_softmax_forward,
    softmax_backward,
    softmax_forward,
)

_FLOAT32 = np.dtype(np.float32)
_FLOAT64 = np.dtype(np.float64)
_ndarray, _empty = np.ndarray, np.empty


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
    return _map_rows("softmax_rows", softmax_forward, x, out)


def log_softmax_rows(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Compute x − log Σ exp(x) along each row, without overflow. Arguments as for `softmax_rows`."""
    return _map_rows("log_softmax_rows", log_softmax_forward, x, out)


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
    return _map_rows("softmax_rows_backward", softmax_backward, grad, out, result)


def log_softmax_rows_backward(grad: np.ndarray, result: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Compute the gradient of log-softmax, grad − exp(result)·Σ grad. Arguments as for `softmax_rows_backward`."""
    return _map_rows("log_softmax_rows_backward", log_softmax_backward, grad, out, result)


def _map_rows(
    name: str, loop: Callable[..., None], x: np.ndarray, out: np.ndarray | None, result: np.ndarray | None = None
) -> np.ndarray:
    """Run a loop over the rows of one or two matrices."""
    # At 10 elements the checks take longer than the loop: the common case has the shortest way.
    if (
        _is_matrix(x)
        and (result is None or _is_like(result, x))
        and (out is None or (_is_like(out, x) and _apart(x, out) and (result is None or _apart(result, out))))
    ):
        target = _empty(x.shape, x.dtype) if out is None else out
        if result is None:
            run(loop)(x, target)
        else:
            run(loop)(x, result, target)
        return target
    return _map_checked(name, loop, [x] if result is None else [x, result], out)


def _is_matrix(x: np.ndarray) -> bool:
    """Return whether a loop can read an array where it is."""
    return (
        type(x) is _ndarray and ((dtype := x.dtype) is _FLOAT32 or dtype is _FLOAT64) and x.ndim == 2 and x.flags.carray
    )


def _is_like(array: np.ndarray, pattern: np.ndarray) -> bool:
    """Return whether a loop can use an array together with the pattern."""
    return (
        type(array) is _ndarray and array.dtype is pattern.dtype and array.shape == pattern.shape and array.flags.carray
    )


def _apart(x: np.ndarray, out: np.ndarray) -> bool:
    """Return whether two arrays do not overlap: certainly if both own their memory, which costs a tenth to ask."""
    return x is not out and (x.base is out.base is None or not np.may_share_memory(x, out))


def _map_checked(
    name: str, loop: Callable[..., None], operands: list[np.ndarray], out: np.ndarray | None
) -> np.ndarray:
    """Run a loop over the rows of matrices of any layout, after all checks."""
    first = operands[0]
    for array in operands if out is None else [*operands, out]:
        _check_matrix(name, array, first)
    if out is not None and not out.flags.writeable:
        raise ValueError(f"{name}: needed out to write to, came a read-only array of shape {out.shape}; pass a copy")
    if out is None or not out.flags.carray or any(np.may_share_memory(each, out) for each in operands):
        # Also where out is an operand: LLVM's vector loop runs only if the arrays do not overlap.
        target = np.empty(first.shape, first.dtype)
    else:
        target = out
    stored = []
    for operand in operands:
        # Numba would compile the loop again for other layouts, read-only and unaligned arrays.
        stored.append(operand if operand.flags.carray else np.array(operand, order="C"))
    run(loop)(*stored, target)
    if out is None or target is out:
        return target
    out[...] = target
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
