"""Public losses that compare numbers with their targets, summed by one kernel call; and their gradients.

Any layout is accepted; what is not C-contiguous is copied first. `share` is a factor of the whole: 1/n makes a mean.
The error of a sum is at most 512·eps·Σ|loss| in float32 and float64, and each loss rounds some times more.
"""

from typing import Any

import numpy as np

from minigrad_kernels.entries import Entries, made
from minigrad_kernels.jit import runs_python
from minigrad_kernels.loss_loops import (
    absolute_errors_slope,
    logits_losses_slope,
    probability_losses_slope,
    squared_errors_slope,
    sum_absolute_errors,
    sum_logits_losses,
    sum_probability_losses,
    sum_squared_errors,
)
from minigrad_kernels.stored_arrays import readable

_FLOAT32 = np.dtype(np.float32)
_FLOAT64 = np.dtype(np.float64)
_ndarray = np.ndarray
_SQUARED = Entries(sum_squared_errors, _ndarray, _ndarray, float)
_ABSOLUTE = Entries(sum_absolute_errors, _ndarray, _ndarray, float)
_LOGITS = Entries(sum_logits_losses, _ndarray, _ndarray, float)
_PROBABILITIES = Entries(sum_probability_losses, _ndarray, _ndarray, float)
_SQUARED_SLOPE = Entries(squared_errors_slope, _ndarray, _ndarray, _ndarray, float)
_ABSOLUTE_SLOPE = Entries(absolute_errors_slope, _ndarray, _ndarray, _ndarray, float)
_LOGITS_SLOPE = Entries(logits_losses_slope, _ndarray, _ndarray, _ndarray, float)
_PROBABILITIES_SLOPE = Entries(probability_losses_slope, _ndarray, _ndarray, _ndarray, float)


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
    return _total("squared_errors", _SQUARED, x, target, share)


def absolute_errors(x: np.ndarray, target: np.ndarray, share: float = 1.0) -> np.ndarray:
    """Compute share·Σ |x − target|. Arguments as for `squared_errors`."""
    return _total("absolute_errors", _ABSOLUTE, x, target, share)


def logits_cross_entropies(x: np.ndarray, target: np.ndarray, share: float = 1.0) -> np.ndarray:
    """Compute share·Σ −(target·log p + (1 − target)·log(1 − p)), p = sigmoid(x). Arguments as for `squared_errors`.

    Raises:
        ValueError: A target is not in [0, 1].
    """
    return _total("logits_cross_entropies", _LOGITS, x, target, share)


def binary_cross_entropies(x: np.ndarray, target: np.ndarray, share: float = 1.0) -> np.ndarray:
    """Compute share·Σ −(target·log x + (1 − target)·log(1 − x)), each logarithm at least −100.

    Arguments as for `squared_errors`.

    Raises:
        ValueError: A number of `x` or `target` is not in [0, 1].
    """
    return _total("binary_cross_entropies", _PROBABILITIES, x, target, share)


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
    return _slope("squared_errors_backward", _SQUARED_SLOPE, grad, x, target, share)


def absolute_errors_backward(grad: np.ndarray, x: np.ndarray, target: np.ndarray, share: float = 1.0) -> np.ndarray:
    """Compute grad·share·sign(x − target). Arguments as for `squared_errors_backward`."""
    return _slope("absolute_errors_backward", _ABSOLUTE_SLOPE, grad, x, target, share)


def logits_cross_entropies_backward(
    grad: np.ndarray, x: np.ndarray, target: np.ndarray, share: float = 1.0
) -> np.ndarray:
    """Compute grad·share·(sigmoid(x) − target). Arguments as for `squared_errors_backward`."""
    return _slope("logits_cross_entropies_backward", _LOGITS_SLOPE, grad, x, target, share)


def binary_cross_entropies_backward(
    grad: np.ndarray, x: np.ndarray, target: np.ndarray, share: float = 1.0
) -> np.ndarray:
    """Compute grad·share·(x − target)/max(x·(1 − x), 1e-12). Arguments as for `squared_errors_backward`."""
    return _slope("binary_cross_entropies_backward", _PROBABILITIES_SLOPE, grad, x, target, share)


def _total(name: str, loop: Entries, x: np.ndarray, target: np.ndarray, share: float) -> np.ndarray:
    """Run a loop that sums losses."""
    # At 10 elements Python's checks would take longer than the loop, which therefore makes them itself.
    if type(x) is _ndarray and not runs_python():
        call = loop.get(x.dtype)
        if call is not None:
            result = call(x, target, share)
            if result is not None:
                return result
    _check(name, x, target)
    stored = readable(x), readable(target)
    result = loop.entry(x.dtype)(*stored, share)
    if result is None and loop is not _SQUARED and loop is not _ABSOLUTE:
        _refuse_outsider(name, {"target": target} if loop is _LOGITS else {"x": x, "target": target})
    return made(name, result, *stored)


def _slope(name: str, loop: Entries, grad: np.ndarray, x: np.ndarray, target: np.ndarray, share: float) -> np.ndarray:
    """Run a loop that computes a gradient."""
    if type(grad) is _ndarray and not runs_python():
        call = loop.get(grad.dtype)
        if call is not None:
            result = call(grad, x, target, share)
            if result is not None:
                return result
    _check(name, x, target)
    if type(grad) is not _ndarray or grad.dtype is not x.dtype:
        came = grad.dtype if isinstance(grad, np.ndarray) else type(grad).__name__
        raise TypeError(f"{name}: needed grad as an array of {x.dtype}, came {came}; convert it")
    if grad.ndim != 0:
        raise ValueError(f"{name}: needed a 0-d grad, came shape {grad.shape}; each loss of its own has no kernel")
    stored = readable(x), readable(target)
    return made(name, loop.entry(x.dtype)(grad, *stored, share), *stored)


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
