"""Public normalisation of groups of numbers, and its gradients: checks, allocates, calls a loop.

Any layout is accepted; what is not C-contiguous is copied first. Of n numbers in a group the mean is off by at most
(512 + n/512·2⁻²⁹)·eps·⟨|x|⟩ in float32; a blocked sum, see `normalisation_loops.py`, which also says what is computed.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad_kernels.channel_loops import channels_gradients, move_averages, normalise_channels
from minigrad_kernels.entries import entry
from minigrad_kernels.jit import runs_python
from minigrad_kernels.normalisation_loops import normalise_rows, rows_gradients
from minigrad_kernels.signatures import contiguous

_FLOAT32, _FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)
# Stands for what is no array; None would not do, which NumPy takes for float64.
_NO_FLOAT = np.dtype(np.void)
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
    x: np.ndarray,
    shape: tuple[int, ...],
    weight: np.ndarray | None = None,
    bias: np.ndarray | None = None,
    eps: float = 1e-5,
    centred: bool = True,
) -> _Three:
    """Compute (x − mean)/√(variance + eps)·weight + bias, with the mean and variance of each x[outer, group].

    Args:
        x: Any shape, float32 or float64.
        shape: (outer, groups, members, inner), which x is read as.
        weight: groups·members numbers of x's dtype, any shape; None for 1.
        bias: Likewise; None for 0.
        eps: Added to the variance.
        centred: False to subtract no mean and divide by the root of the mean square.

    Returns:
        The result, of x's shape; the mean and 1/√(variance + eps), shape (outer, groups), for the gradients.

    Raises:
        TypeError: An argument is no array of a fitting dtype.
        ValueError: The shapes do not fit.

    Example:
        >>> normalised_rows(np.array([1.0, 3.0]), (1, 1, 2, 1), eps=0.0)[0]
        array([-1.,  1.])
    """
    dtype = _dtype_of("normalised_rows", x, shape, 4)
    outer, groups, members, _ = shape
    weight = _parameter("normalised_rows", "weight", weight, 1, dtype, (groups, members))
    bias = _parameter("normalised_rows", "bias", bias, 0, dtype, (groups, members))
    out, mean, inverse = _empty(x.shape, dtype), _empty((outer, groups), dtype), _empty((outer, groups), dtype)
    operands = (_seen(x, shape), weight, bias, eps, int(centred), out.reshape(shape), mean, inverse)
    _entry(normalise_rows, dtype)(*operands)
    return out, mean, inverse


def normalised_rows_backward(
    grad: np.ndarray,
    x: np.ndarray,
    shape: tuple[int, ...],
    weight: np.ndarray | None,
    mean: np.ndarray,
    inverse: np.ndarray,
    centred: bool = True,
    parameters: tuple[int, ...] | None = None,
) -> _Three:
    """Compute the gradients of `normalised_rows` with respect to x, weight and bias.

    Args:
        grad: Gradient with respect to the result, of x's shape and dtype.
        x: What `normalised_rows` was given, as are shape and weight.
        shape: (outer, groups, members, inner).
        weight: groups·members numbers, or None.
        mean: What it returned.
        inverse: Likewise.
        centred: What it was given.
        parameters: The shape of the gradients of weight and bias; None for (groups, members).

    Returns:
        Of x's shape, and twice of `parameters`.

    Raises:
        TypeError: An argument is no array of a fitting dtype.
        ValueError: The shapes do not fit.
    """
    name = "normalised_rows_backward"
    dtype = _dtype_of(name, x, shape, 4)
    _check_like(name, "grad", grad, dtype, x.shape)
    _check_like(name, "mean", mean, dtype, shape[:2])
    _check_like(name, "inverse", inverse, dtype, shape[:2])
    channels = shape[1:3]
    weight = _parameter(name, "weight", weight, 1, dtype, channels)
    parameters = channels if parameters is None else parameters
    grad_x, grad_weight, grad_bias = _empty(x.shape, dtype), _empty(parameters, dtype), _empty(parameters, dtype)
    operands = (_seen(grad, shape), _seen(x, shape), weight, _seen(mean, shape[:2]), _seen(inverse, shape[:2]))
    filled = (grad_x.reshape(shape), grad_weight.reshape(channels), grad_bias.reshape(channels))
    _entry(rows_gradients, dtype)(*operands, int(centred), *filled)
    return grad_x, grad_weight, grad_bias


def normalised_channels(
    x: np.ndarray,
    shape: tuple[int, ...],
    weight: np.ndarray | None = None,
    bias: np.ndarray | None = None,
    eps: float = 1e-5,
    statistics: tuple[np.ndarray, np.ndarray] | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Compute (x − mean)/√(variance + eps)·weight + bias, with the mean and variance of each x[:, channel].

    Args:
        x: Any shape, float32 or float64.
        shape: (outer, channels, inner), which x is read as.
        weight: Shape (channels,), of x's dtype; None for 1.
        bias: Likewise; None for 0.
        eps: Added to the variance.
        statistics: Mean and variance, shape (channels,), to be used instead of x's own.

    Returns:
        The result, of x's shape; mean, unbiased variance (or those given) and 1/√(variance + eps), shape (channels,).

    Raises:
        TypeError: An argument is no array of a fitting dtype.
        ValueError: The shapes do not fit.

    Example:
        >>> normalised_channels(np.array([[1.0], [3.0]]), (2, 1, 1), eps=0.0)[0].T
        array([[-1.,  1.]])
    """
    name = "normalised_channels"
    dtype = _dtype_of(name, x, shape, 3)
    channels = shape[1:2]
    weight = _parameter(name, "weight", weight, 1, dtype, channels)
    bias = _parameter(name, "bias", bias, 0, dtype, channels)
    if statistics is None:
        mean, variance = _empty(channels, dtype), _empty(channels, dtype)
    else:
        mean = _parameter(name, "mean", statistics[0], 0, dtype, channels)
        variance = _parameter(name, "variance", statistics[1], 0, dtype, channels)
    out, inverse = _empty(x.shape, dtype), _empty(channels, dtype)
    filled = (out.reshape(shape), mean, variance, inverse)
    _entry(normalise_channels, dtype)(_seen(x, shape), weight, bias, eps, int(statistics is not None), *filled)
    return out, mean, variance, inverse


def normalised_channels_backward(
    grad: np.ndarray,
    x: np.ndarray,
    shape: tuple[int, ...],
    weight: np.ndarray | None,
    mean: np.ndarray,
    inverse: np.ndarray,
    given: bool = False,
) -> _Three:
    """Compute the gradients of `normalised_channels` with respect to x, weight and bias.

    Args:
        grad: Gradient with respect to the result, of x's shape and dtype.
        x: What `normalised_channels` was given, as are shape and weight.
        shape: (outer, channels, inner).
        weight: Shape (channels,), or None.
        mean: What it returned, or was given.
        inverse: Likewise.
        given: Whether it was given them, so that they do not depend on x.

    Returns:
        Of x's shape, and twice of shape (channels,).

    Raises:
        TypeError: An argument is no array of a fitting dtype.
        ValueError: The shapes do not fit.
    """
    name = "normalised_channels_backward"
    dtype = _dtype_of(name, x, shape, 3)
    channels = shape[1:2]
    _check_like(name, "grad", grad, dtype, x.shape)
    weight = _parameter(name, "weight", weight, 1, dtype, channels)
    mean = _parameter(name, "mean", mean, 0, dtype, channels)
    inverse = _parameter(name, "inverse", inverse, 1, dtype, channels)
    grad_x, grad_weight, grad_bias = _empty(x.shape, dtype), _empty(channels, dtype), _empty(channels, dtype)
    operands = (_seen(grad, shape), _seen(x, shape), weight, mean, inverse, int(given))
    _entry(channels_gradients, dtype)(*operands, grad_x.reshape(shape), grad_weight, grad_bias)
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
    shape = np.shape(mean)
    dtype = _dtype_of("moved_averages", mean, shape, 1)
    for role, value in (("variance", variance), ("new_mean", new_mean), ("new_variance", new_variance)):
        if type(value) is not _ndarray or value.dtype is not dtype or value.shape != shape:
            _check_like("moved_averages", role, value, dtype, shape)
    stored = _seen(mean, shape), _seen(variance, shape)
    _entry(move_averages, dtype)(*stored, _seen(new_mean, shape), _seen(new_variance, shape), momentum)
    for old, filled in zip((mean, variance), stored):
        if filled is not old:
            old[...] = filled


def _entry(loop: Callable[..., Any], dtype: np.dtype) -> Callable[..., Any]:
    """Return what to call to run a loop on contiguous arrays of a dtype."""
    if runs_python():
        return entry(loop)
    call = _entries.get((loop, dtype))
    if call is None:
        kinds = []
        for kind in _SIGNATURES[loop]:
            kinds.append(kind if kind is float or kind is int else contiguous(dtype, kind))
        call = _entries[loop, dtype] = entry(loop, *kinds)
    return call


def _seen(x: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Return an array in another shape, that a loop can read where it is."""
    if not x.flags.carray:
        x = np.array(x, order="C")
    return x if x.shape == shape else x.reshape(shape)


def _parameter(
    name: str, role: str, value: np.ndarray | None, default: float, dtype: np.dtype, shape: tuple[int, ...]
) -> np.ndarray:
    """Return a number for each channel: the given ones, checked, or one and the same."""
    if value is None:
        return np.full(shape, default, dtype)
    if type(value) is not _ndarray or value.dtype is not dtype or value.size != math.prod(shape):
        _check_like(name, role, value, dtype, shape)
    return _seen(value, shape)


def _dtype_of(name: str, x: Any, shape: tuple[int, ...], axes: int) -> np.dtype:
    """Return x's dtype, or raise unless it is a floating array of as many numbers as a shape of so many axes has."""
    dtype = x.dtype if type(x) is _ndarray else _NO_FLOAT
    if dtype is not _FLOAT32 and dtype is not _FLOAT64:
        if dtype != _FLOAT32 and dtype != _FLOAT64:
            came = f"dtype {x.dtype}" if isinstance(x, np.ndarray) else type(x).__name__
            raise TypeError(f"{name}: needed x as an array of float32 or float64, came {came}; use x.astype(float)")
        dtype = _FLOAT32 if dtype == _FLOAT32 else _FLOAT64
    if len(shape) != axes or math.prod(shape) != x.size:
        wanted = {4: "(outer, groups, members, inner)", 3: "(outer, channels, inner)", 1: "(channels,)"}[axes]
        raise ValueError(f"{name}: needed a shape {wanted} of as many numbers as x has, came {shape}, x {x.shape}")
    return dtype


def _check_like(name: str, role: str, value: Any, dtype: np.dtype, shape: tuple[int, ...]) -> None:
    """Raise unless an argument is an array of a dtype and a shape."""
    if type(value) is not _ndarray or (value.dtype is not dtype and value.dtype != dtype):
        came = f"dtype {value.dtype}" if isinstance(value, np.ndarray) else type(value).__name__
        raise TypeError(f"{name}: needed {role} as an array of {dtype}, came {came}; convert it with .astype")
    if value.shape != shape:
        raise ValueError(f"{name}: needed {role} of shape {shape}, came shape {value.shape}; reshape it")
