"""Public normalisation of groups of numbers, and its gradients: checks, allocates, calls a loop.

Any layout is accepted; what is not C-contiguous is copied first. Of n numbers in a group the mean is off by at most
(512 + n/512·2⁻²⁹)·eps·⟨|x|⟩ in float32; a blocked sum, see `normalisation_loops.py`, which also says what is computed.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad_kernels.channel_loops import channels_gradients, move_averages, normalise_channels
from minigrad_kernels.jit import runs_python
from minigrad_kernels.normalisation_loops import normalise_rows, rows_gradients
from minigrad_kernels.signatures import contiguous, typed_entry

_FLOAT32, _FLOAT64 = _FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
_ndarray, _empty = np.ndarray, np.empty
_Three = tuple[np.ndarray, np.ndarray, np.ndarray]
# The compiled kernels that have been used, by loop and dtype: a lookup in place of a signature saves 1 µs.
_entries: dict[tuple[Callable[..., Any], np.dtype], Callable[..., Any]] = {}
# What each takes: numbers of axes, numbers, flags.
_SIGNATURES: dict[Callable[..., Any], tuple[Any, ...]] = {
    normalise_rows: (4, 2, 2, float, int, 4, 2, 2),
    rows_gradients: (4, 4, 2, 2, 2, int, 4, 2, 2),
    normalise_channels: (3, 1, 1, float, int, 3, 1, 1, 1),
    channels_gradients: (3, 3, 1, 1, 1, int, 3, 1, 1),
    move_averages: (1, 1, 1, 1, float),
}


def normalised_rows(
    x: np.ndarray, weight: np.ndarray | None, bias: np.ndarray | None, eps: float, centred: bool = True
) -> _Three:
    """Compute (x − mean)/√(variance + eps)·weight + bias, with the mean and variance of each x[outer, group].

    Args:
        x: Shape (outer, groups, members, inner), float32 or float64.
        weight: Shape (groups, members), of x's dtype; None for 1.
        bias: Likewise; None for 0.
        eps: Added to the variance.
        centred: False to subtract no mean and divide by the root of the mean square.

    Returns:
        The result, of x's shape; the mean and 1/√(variance + eps), shape (outer, groups), for the gradients.

    Raises:
        TypeError: An argument is no array of a fitting dtype.
        ValueError: The shapes do not fit.

    Example:
        >>> normalised_rows(np.array([1.0, 3.0]).reshape(1, 1, 2, 1), None, None, 0.0)[0].reshape(2)
        array([-1.,  1.])
    """
    _check("normalised_rows", x, 4)
    outer, groups, members, _ = x.shape
    weight = _parameter("normalised_rows", "weight", weight, 1, x, (groups, members))
    bias = _parameter("normalised_rows", "bias", bias, 0, x, (groups, members))
    out, mean, inverse = _empty(x.shape, x.dtype), _empty((outer, groups), x.dtype), _empty((outer, groups), x.dtype)
    _entry(normalise_rows, x.dtype)(_stored(x), weight, bias, eps, int(centred), out, mean, inverse)
    return out, mean, inverse


def normalised_rows_backward(
    grad: np.ndarray, x: np.ndarray, weight: np.ndarray | None, mean: np.ndarray, inverse: np.ndarray,
    centred: bool = True,
) -> _Three:  # fmt: skip
    """Compute the gradients of `normalised_rows` with respect to x, weight and bias.

    Args:
        grad: Gradient with respect to the result, of x's shape and dtype.
        x: What `normalised_rows` was given.
        weight: Likewise.
        mean: What it returned.
        inverse: Likewise.
        centred: What it was given.

    Returns:
        Of x's shape, and twice of shape (groups, members).
    """
    _check("normalised_rows_backward", x, 4)
    _check_like("normalised_rows_backward", "grad", grad, x, x.shape)
    _check_like("normalised_rows_backward", "mean", mean, x, x.shape[:2])
    _check_like("normalised_rows_backward", "inverse", inverse, x, x.shape[:2])
    weight = _parameter("normalised_rows_backward", "weight", weight, 1, x, x.shape[1:3])
    grad_x, grad_weight, grad_bias = (
        _empty(x.shape, x.dtype),
        _empty(x.shape[1:3], x.dtype),
        _empty(x.shape[1:3], x.dtype),
    )
    _entry(rows_gradients, x.dtype)(
        _stored(grad), _stored(x), weight, _stored(mean), _stored(inverse), int(centred), grad_x, grad_weight, grad_bias
    )
    return grad_x, grad_weight, grad_bias


def normalised_channels(
    x: np.ndarray, weight: np.ndarray | None, bias: np.ndarray | None, eps: float, statistics: Any = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Compute (x − mean)/√(variance + eps)·weight + bias, with the mean and variance of each x[:, channel].

    Args:
        x: Shape (outer, channels, inner), float32 or float64.
        weight: Shape (channels,), of x's dtype; None for 1.
        bias: Likewise; None for 0.
        eps: Added to the variance.
        statistics: Mean and 1/√(variance + eps), shape (channels,), to be used instead of x's own.

    Returns:
        The result, of x's shape; mean, unbiased variance (not set where statistics are given) and 1/√(variance + eps),
        shape (channels,).

    Raises:
        TypeError: An argument is no array of a fitting dtype.
        ValueError: The shapes do not fit.

    Example:
        >>> normalised_channels(np.array([1.0, 3.0]).reshape(2, 1, 1), None, None, 0.0)[0].reshape(2)
        array([-1.,  1.])
    """
    _check("normalised_channels", x, 3)
    channels = x.shape[1:2]
    weight = _parameter("normalised_channels", "weight", weight, 1, x, channels)
    bias = _parameter("normalised_channels", "bias", bias, 0, x, channels)
    if statistics is None:
        mean, inverse = _empty(channels, x.dtype), _empty(channels, x.dtype)
    else:
        mean = _parameter("normalised_channels", "mean", statistics[0], 0, x, channels)
        inverse = _parameter("normalised_channels", "inverse", statistics[1], 0, x, channels)
    out, variance = _empty(x.shape, x.dtype), _empty(channels, x.dtype)
    given = int(statistics is not None)
    _entry(normalise_channels, x.dtype)(_stored(x), weight, bias, eps, given, out, mean, variance, inverse)
    return out, mean, variance, inverse


def normalised_channels_backward(
    grad: np.ndarray, x: np.ndarray, weight: np.ndarray | None, mean: np.ndarray, inverse: np.ndarray,
    given: bool = False,
) -> _Three:  # fmt: skip
    """Compute the gradients of `normalised_channels` with respect to x, weight and bias.

    Args:
        grad: Gradient with respect to the result, of x's shape and dtype.
        x: What `normalised_channels` was given.
        weight: Likewise.
        mean: What it returned, or was given.
        inverse: Likewise.
        given: Whether it was given them, so that they do not depend on x.

    Returns:
        Of x's shape, and twice of shape (channels,).
    """
    _check("normalised_channels_backward", x, 3)
    channels = x.shape[1:2]
    _check_like("normalised_channels_backward", "grad", grad, x, x.shape)
    _check_like("normalised_channels_backward", "mean", mean, x, channels)
    _check_like("normalised_channels_backward", "inverse", inverse, x, channels)
    weight = _parameter("normalised_channels_backward", "weight", weight, 1, x, channels)
    grad_x, grad_weight, grad_bias = _empty(x.shape, x.dtype), _empty(channels, x.dtype), _empty(channels, x.dtype)
    _entry(channels_gradients, x.dtype)(
        _stored(grad), _stored(x), weight, _stored(mean), _stored(inverse), int(given), grad_x, grad_weight, grad_bias
    )
    return grad_x, grad_weight, grad_bias


def moved_averages(
    mean: np.ndarray, variance: np.ndarray, new_mean: np.ndarray, new_variance: np.ndarray, momentum: float
) -> None:
    """Write (1 − momentum)·old + momentum·new over running statistics.

    Args:
        mean: Shape (channels,), float32 or float64, written.
        variance: Likewise.
        new_mean: Of the same shape and dtype.
        new_variance: Likewise.
        momentum: The share of the new ones.

    Raises:
        TypeError: An argument is no array of a fitting dtype.
        ValueError: The shapes differ.
    """
    _check("moved_averages", mean, 1)
    for role, value in (("variance", variance), ("new_mean", new_mean), ("new_variance", new_variance)):
        _check_like("moved_averages", role, value, mean, mean.shape)
    stored = _stored(mean), _stored(variance)
    _entry(move_averages, mean.dtype)(*stored, _stored(new_mean), _stored(new_variance), momentum)
    for old, filled in zip((mean, variance), stored):
        if filled is not old:
            old[...] = filled


def _entry(loop: Callable[..., Any], dtype: np.dtype) -> Callable[..., Any]:
    """Return what to call to run a loop on contiguous arrays of a dtype."""
    if runs_python():
        return typed_entry(loop)
    entry = _entries.get((loop, dtype))
    if entry is None:
        kinds = []
        for kind in _SIGNATURES[loop]:
            kinds.append(kind if kind is float or kind is int else contiguous(dtype, kind))
        entry = _entries[loop, dtype] = typed_entry(loop, *kinds)
    return entry


def _stored(x: np.ndarray) -> np.ndarray:
    """Return an array that a loop can read where it is."""
    return x if x.flags.carray else np.array(x, order="C")


def _parameter(
    name: str, role: str, value: np.ndarray | None, default: float, x: np.ndarray, shape: tuple[int, ...]
) -> np.ndarray:
    """Return a number for each channel: the given ones, checked, or one and the same."""
    if value is None:
        return np.full(shape, default, x.dtype)
    if type(value) is not _ndarray or value.dtype is not x.dtype or value.shape != shape:
        _check_like(name, role, value, x, shape)
    return value if value.flags.carray else np.array(value, order="C")


def _check(name: str, x: Any, axes: int) -> None:
    """Raise unless x is a floating array of so many axes."""
    if type(x) is not _ndarray or (x.dtype is not _FLOAT32 and x.dtype is not _FLOAT64 and x.dtype not in _FLOATS):
        came = f"dtype {x.dtype}" if isinstance(x, np.ndarray) else type(x).__name__
        raise TypeError(f"{name}: needed x as an array of float32 or float64, came {came}; use x.astype(float)")
    if x.ndim != axes:
        wanted = {4: "(outer, groups, members, inner)", 3: "(outer, channels, inner)", 1: "(channels,)"}[axes]
        raise ValueError(f"{name}: needed x of shape {wanted}, came shape {x.shape}; reshape it")


def _check_like(name: str, role: str, value: Any, x: np.ndarray, shape: tuple[int, ...]) -> None:
    """Raise unless an argument is an array of x's dtype and of a shape."""
    if type(value) is not _ndarray or value.dtype != x.dtype:
        came = f"dtype {value.dtype}" if isinstance(value, np.ndarray) else type(value).__name__
        raise TypeError(f"{name}: needed {role} as an array of {x.dtype}, came {came}; convert it with .astype")
    if value.shape != shape:
        raise ValueError(f"{name}: needed {role} of shape {shape}, came shape {value.shape}; reshape it")
