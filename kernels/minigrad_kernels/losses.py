"""Public losses that compare numbers with their targets, summed by one kernel call; and their gradients.

Any layout is accepted; what is not C-contiguous is copied first. `share` is a factor of the whole: 1/n makes a mean.
The error of a sum is at most 512·eps·Σ|loss| in float32 and float64, and each loss rounds some times more.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad_kernels.contiguous import contiguous_entry
from minigrad_kernels.jit import runs_python
from minigrad_kernels.loss_loops import (
    DONE,
    absolute_errors_slope,
    logits_losses_slope,
    probability_losses_slope,
    squared_errors_slope,
    sum_absolute_errors,
    sum_logits_losses,
    sum_probability_losses,
    sum_squared_errors,
)

_FLOAT32 = np.dtype(np.float32)
_FLOAT64 = np.dtype(np.float64)
_ndarray, _empty = np.ndarray, np.empty
# The compiled kernels that have been used, by loop, dtype and number of axes.
_entries: dict[tuple[Any, np.dtype, int], Callable[..., int]] = {}
# A kernel is compiled for each number of axes, for up to a second. Arrays of others are read as vectors.
_AXES = (1, 2)


def squared_errors(x: np.ndarray, target: np.ndarray, share: float = 1.0) -> np.ndarray:
    """Compute share·Σ (x − target)².

    Args:
        x: Any shape, float32 or float64.
        target: Of x's shape and dtype.
        share: Factor of the sum; 1/x.size makes the mean.

    Returns:
        0-d, of x's dtype.

    Raises:
        TypeError: `x` or `target` is no array of a fitting dtype.
        ValueError: The shapes differ.

    Example:
        >>> squared_errors(np.array([1.0, 2.0]), np.array([1.0, 4.0]), 0.5)
        array(2.)
    """
    return _total("squared_errors", sum_squared_errors, x, target, share)


def absolute_errors(x: np.ndarray, target: np.ndarray, share: float = 1.0) -> np.ndarray:
    """Compute share·Σ |x − target|. Arguments as for `squared_errors`."""
    return _total("absolute_errors", sum_absolute_errors, x, target, share)


def logits_cross_entropies(x: np.ndarray, target: np.ndarray, share: float = 1.0) -> np.ndarray:
    """Compute share·Σ −(target·log p + (1 − target)·log(1 − p)), p = sigmoid(x). Arguments as for `squared_errors`.

    Raises:
        ValueError: A target is not in [0, 1].
    """
    return _total("logits_cross_entropies", sum_logits_losses, x, target, share)


def binary_cross_entropies(x: np.ndarray, target: np.ndarray, share: float = 1.0) -> np.ndarray:
    """Compute share·Σ −(target·log x + (1 − target)·log(1 − x)), each logarithm at least −100.

    Arguments as for `squared_errors`.

    Raises:
        ValueError: A number of `x` or `target` is not in [0, 1].
    """
    return _total("binary_cross_entropies", sum_probability_losses, x, target, share)


def squared_errors_backward(grad: np.ndarray, x: np.ndarray, target: np.ndarray, share: float = 1.0) -> np.ndarray:
    """Compute the gradient of `squared_errors`, grad·share·2·(x − target).

    Args:
        grad: Gradient with respect to the result, 0-d, of x's dtype.
        x: What `squared_errors` was given.
        target: Likewise.
        share: Likewise.

    Returns:
        The gradient with respect to x, of its shape and dtype; that with respect to the target is its negative.

    Raises:
        TypeError: An operand is no array of a fitting dtype.
        ValueError: The shapes do not fit.
    """
    return _slope("squared_errors_backward", squared_errors_slope, grad, x, target, share)


def absolute_errors_backward(grad: np.ndarray, x: np.ndarray, target: np.ndarray, share: float = 1.0) -> np.ndarray:
    """Compute grad·share·sign(x − target). Arguments as for `squared_errors_backward`."""
    return _slope("absolute_errors_backward", absolute_errors_slope, grad, x, target, share)


def logits_cross_entropies_backward(
    grad: np.ndarray, x: np.ndarray, target: np.ndarray, share: float = 1.0
) -> np.ndarray:
    """Compute grad·share·(sigmoid(x) − target). Arguments as for `squared_errors_backward`."""
    return _slope("logits_cross_entropies_backward", logits_losses_slope, grad, x, target, share)


def binary_cross_entropies_backward(
    grad: np.ndarray, x: np.ndarray, target: np.ndarray, share: float = 1.0
) -> np.ndarray:
    """Compute grad·share·(x − target)/max(x·(1 − x), 1e-12). Arguments as for `squared_errors_backward`."""
    return _slope("binary_cross_entropies_backward", probability_losses_slope, grad, x, target, share)


def _total(name: str, loop: Callable[..., int], x: np.ndarray, target: np.ndarray, share: float) -> np.ndarray:
    """Run a loop that sums."""
    # At 10 elements the loop takes 0.01 µs and the rest 0.6: the common case has the shortest way.
    if type(x) is _ndarray is type(target) and not runs_python():
        dtype, ndim = x.dtype, x.ndim
        sum_here = _entries.get((loop, dtype, ndim))
        if sum_here is not None and target.dtype is dtype and target.ndim == ndim:
            out = _empty((), dtype)
            if sum_here(x, target, share, out) == DONE:
                return out
    _check(name, x, target)
    out = _empty((), x.dtype)
    x, target = _stored(x), _stored(target)
    place = _compiled(loop, x.dtype, x.ndim, (x.ndim, x.ndim, float, 0))(x, target, share, out)
    if place != DONE:
        _refuse_outsider(name, {"x": x, "target": target})
    return out


def _slope(
    name: str, loop: Callable[..., int], grad: np.ndarray, x: np.ndarray, target: np.ndarray, share: float
) -> np.ndarray:
    """Run a loop that computes a gradient."""
    if type(x) is _ndarray is type(target) and type(grad) is _ndarray and not runs_python():
        dtype, ndim = x.dtype, x.ndim
        slope_here = _entries.get((loop, dtype, ndim))
        if slope_here is not None and target.dtype is dtype is grad.dtype and target.ndim == ndim and grad.ndim == 0:
            out = _empty(x.shape, dtype)
            if slope_here(grad, x, target, share, out) == DONE:
                return out
    _check(name, x, target)
    if type(grad) is not _ndarray or grad.dtype is not x.dtype:
        came = grad.dtype if isinstance(grad, np.ndarray) else type(grad).__name__
        raise TypeError(f"{name}: needed grad as an array of {x.dtype}, came {came}; convert it")
    if grad.ndim != 0:
        raise ValueError(f"{name}: needed a 0-d grad, came shape {grad.shape}; each loss of its own has no kernel")
    shape = x.shape
    x, target = _stored(x), _stored(target)
    out = _empty(x.shape, x.dtype)
    _compiled(loop, x.dtype, x.ndim, (0, x.ndim, x.ndim, float, x.ndim))(grad, x, target, share, out)
    return out.reshape(shape)


def _compiled(loop: Callable[..., int], dtype: np.dtype, ndim: int, arguments: tuple[Any, ...]) -> Callable[..., int]:
    """Return what to call to run a loop, and remember it for the next time."""
    run_here = contiguous_entry(loop, dtype, *arguments)
    if not runs_python():
        _entries[loop, dtype, ndim] = run_here
    return run_here


def _stored(x: np.ndarray) -> np.ndarray:
    """Return an array that a loop can read from end to end, with one axis or two."""
    x = x if x.flags.carray else np.array(x, order="C")
    return x if x.ndim in _AXES else x.reshape(-1)


def _refuse_outsider(name: str, operands: dict[str, np.ndarray]) -> None:
    """Raise a ValueError that names the first number outside [0, 1]."""
    for role, array in operands.items():
        outside = ~((array >= 0) & (array <= 1))
        if outside.any():
            place = int(np.argmax(outside))
            raise ValueError(
                f"{name}: needed probabilities in [0, 1], came {array.reshape(-1)[place]} at position {place} of {role}"
            )


def _check(name: str, x: Any, target: Any) -> None:
    """Raise unless they are floating arrays of one dtype and shape."""
    for array in (x, target):
        if type(array) is not np.ndarray or (array.dtype is not _FLOAT32 and array.dtype is not _FLOAT64):
            came = f"dtype {array.dtype}" if isinstance(array, np.ndarray) else type(array).__name__
            raise TypeError(f"{name}: needed arrays of float32 or float64, came {came}; use x.astype(float)")
    if x.dtype is not target.dtype:
        raise TypeError(f"{name}: needed arrays of one dtype, came {x.dtype} and {target.dtype}; convert one")
    if x.shape != target.shape:
        raise ValueError(f"{name}: needed arrays of one shape, came {x.shape} and {target.shape}; use np.broadcast_to")
