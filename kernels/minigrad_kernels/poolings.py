"""The public poolings and their transposes: check, allocate, call."""

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad_kernels.entries import operand_call
from minigrad_kernels.jit import run, runs_python
from minigrad_kernels.pooling_loops import (
    add_at_places,
    largest_of_windows,
    means_of_windows,
    spread_over_windows,
    take_at_places,
)
from minigrad_kernels.pooling_windows import Pooling, windows_of
from minigrad_kernels.stored_arrays import readable_as
from minigrad_kernels.sums import sum_axes

_FLOAT32 = np.dtype(np.float32)
_FLOAT64 = np.dtype(np.float64)
_INT64 = np.dtype(np.int64)
_ndarray, _empty = np.ndarray, np.empty
# From so many numbers on the mean of whole images is a sum of rows; below, that takes two calls for one.
MANY = 4096
# For each kernel and dtype its machine code.
_entries: dict[tuple[Callable[..., None], np.dtype], Callable[..., None]] = {}


def max_pooling(x: np.ndarray, pooling: Pooling) -> tuple[np.ndarray, np.ndarray]:
    """Find the largest number of each window, and where it is.

    Args:
        x: Shape (..., *image), float32 or float64, any strides; what is not contiguous is copied.
        pooling: All lengths. With one axis, image and result have one each.

    Returns:
        The numbers, shape (..., *result), of x's dtype, and their places, int64, row·columns + column in the image. Of
        equal ones the first is taken; NaN is larger than all, and its last one is taken. A window that a dilation
        leaves without numbers gives −inf and the place −1.

    Raises:
        TypeError: `x` is no array of float32 or float64.
        ValueError: Its shape is not that of the pooling.

    Example:
        >>> max_pooling(np.array([3.0, 1.0, 2.0, 5.0]), Pooling(1, (1, 4), (1, 2), (1, 2), (1, 2)))
        (array([3., 5.]), array([0, 3]))
    """
    dtype = _check("max_pooling", "x", x, pooling.axes, pooling.image)
    out = _empty(x.shape[: x.ndim - pooling.axes] + pooling.result[2 - pooling.axes :], dtype)
    places = _empty(out.shape, _INT64)
    if out.size > 0:
        _run(largest_of_windows, readable_as(x, dtype), out, places, *windows_of(pooling)[:3])
    return out, places


def max_pooling_backward(grad: np.ndarray, places: np.ndarray, pooling: Pooling) -> np.ndarray:
    """Add each number of `grad` at its place in an image of zeros: the gradient of `max_pooling`.

    Args:
        grad: Shape (..., *result), float32 or float64.
        places: Of `max_pooling`, of the same shape.
        pooling: Its lengths.

    Returns:
        Shape (..., *image), of grad's dtype.

    Raises:
        TypeError: An argument is no array of a fitting dtype.
        ValueError: A shape does not fit.
    """
    dtype = _check("max_pooling_backward", "grad", grad, pooling.axes, pooling.result)
    _check_places("max_pooling_backward", places, grad.shape)
    out = _empty(grad.shape[: grad.ndim - pooling.axes] + pooling.image[2 - pooling.axes :], dtype)
    if out.size > 0:
        _run(add_at_places, readable_as(grad, dtype), readable_as(places, _INT64), out, windows_of(pooling).sizes)
    return out


def taken_at_places(x: np.ndarray, places: np.ndarray, pooling: Pooling) -> np.ndarray:
    """Return the numbers of images at some places: what `max_pooling_backward` is the transpose of.

    Args:
        x: Shape (..., *image), float32 or float64.
        places: int64, shape (..., *result); what lies outside the image gives 0.
        pooling: The lengths.

    Raises:
        TypeError: An argument is no array of a fitting dtype.
        ValueError: A shape does not fit.
    """
    dtype = _check("taken_at_places", "x", x, pooling.axes, pooling.image)
    shape = x.shape[: x.ndim - pooling.axes] + pooling.result[2 - pooling.axes :]
    _check_places("taken_at_places", places, shape)
    out = _empty(shape, dtype)
    if out.size > 0:
        _run(take_at_places, readable_as(x, dtype), readable_as(places, _INT64), out, windows_of(pooling).sizes)
    return out


def mean_pooling(x: np.ndarray, pooling: Pooling) -> np.ndarray:
    """Compute the mean of each window, or its sum over the pooling's divisor.

    Args:
        x: Shape (..., *image), float32 or float64, any strides; what is not contiguous is copied.
        pooling: All lengths, and what counts.

    Returns:
        Shape (..., *result), of x's dtype.

    Raises:
        TypeError: `x` is no array of float32 or float64.
        ValueError: Its shape is not that of the pooling.

    Example:
        >>> mean_pooling(np.array([3.0, 1.0, 2.0, 5.0]), Pooling(1, (1, 4), (1, 2), (1, 2), (1, 2)))
        array([2. , 3.5])
    """
    dtype = _check("mean_pooling", "x", x, pooling.axes, pooling.image)
    out = _empty(x.shape[: x.ndim - pooling.axes] + pooling.result[2 - pooling.axes :], dtype)
    if pooling.result == (1, 1) and pooling.kernel == (0, 0) and x.size >= MANY:
        # One window, all of the image: rows that are summed from end to end, in a third of the time.
        length = pooling.image[0] * pooling.image[1]
        np.divide(sum_axes(readable_as(x, dtype).reshape(-1, length), 1), length, out=out.reshape(-1))
    elif out.size > 0:
        _run(means_of_windows, readable_as(x, dtype), out, *windows_of(pooling))
    return out


def mean_pooling_backward(grad: np.ndarray, pooling: Pooling) -> np.ndarray:
    """Compute the gradient of `mean_pooling`: each number, over its divisor, added in its window.

    Args:
        grad: Shape (..., *result), float32 or float64.
        pooling: The lengths of `mean_pooling`.

    Returns:
        Shape (..., *image), of grad's dtype.

    Raises:
        TypeError: `grad` is no array of float32 or float64.
        ValueError: Its shape is not that of the pooling.
    """
    dtype = _check("mean_pooling_backward", "grad", grad, pooling.axes, pooling.result)
    out = _empty(grad.shape[: grad.ndim - pooling.axes] + pooling.image[2 - pooling.axes :], dtype)
    if out.size > 0:
        _run(spread_over_windows, readable_as(grad, dtype), out, *windows_of(pooling))
    return out


def _run(kernel: Callable[..., None], *arrays: Any) -> None:
    """Run a kernel on arrays: its machine code, compiled if need be, or its source as plain Python."""
    if runs_python():
        run(kernel)(*arrays)
        return
    key = kernel, arrays[0].dtype
    entry = _entries.get(key)
    if entry is None:
        entry = _entries[key] = operand_call(kernel, arrays)
    entry(*arrays)


def _check(name: str, role: str, x: Any, axes: int, lengths: tuple[int, int]) -> np.dtype:
    """Return the dtype to compute in; raises unless x is a floating array whose last axes have these lengths."""
    if not isinstance(x, _ndarray) or x.dtype.kind != "f" or x.dtype.itemsize not in (4, 8):
        came = f"{x.dtype} of shape {x.shape}" if isinstance(x, _ndarray) else type(x).__name__
        raise TypeError(
            f"{name}: needed {role} as an array of float32 or float64, came {came}; convert it with "
            f"np.asarray({role}, np.float32)"
        )
    wanted = lengths[2 - axes :]
    if x.ndim < axes or x.shape[x.ndim - axes :] != wanted:
        raise ValueError(
            f"{name}: needed {role} of shape (..., {', '.join(map(str, wanted))}), came shape {x.shape}; make the "
            "pooling of it"
        )
    return _FLOAT32 if x.dtype.itemsize == 4 else _FLOAT64


def _check_places(name: str, places: Any, shape: tuple[int, ...]) -> None:
    """Raise unless places are integers of the shape of the result."""
    if not isinstance(places, _ndarray) or places.dtype.kind not in "iu":
        came = places.dtype if isinstance(places, _ndarray) else type(places).__name__
        raise TypeError(f"{name}: needed places as an array of int64, came {came}; pass those of max_pooling")
    if places.shape != shape:
        raise ValueError(f"{name}: needed places of shape {shape}, came {places.shape}; pass those of max_pooling")
