"""The public convolutions, three linear maps of one geometry: check, allocate, call.

result      = convolution(image, weight, bias)
image       = transposed_convolution(result, weight, bias), which is also the image's gradient
grad_weight = weight_gradient(image, grad)
"""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from minigrad_kernels.convolution_channels import convolve_channels, correlate_channels
from minigrad_kernels.convolution_loops import convolve_images, correlate_images
from minigrad_kernels.convolution_plans import (
    CLASS,
    COLUMNS,
    PITCH,
    ROWS,
    TAPS,
    TARGET_CHANNELS,
    Geometry,
    Plan,
    backward_plan,
    counted_positions,
    forward_plan,
)
from minigrad_kernels.entries import operand_call
from minigrad_kernels.jit import run, runs_python
from minigrad_kernels.machine import VECTOR_BITS
from minigrad_kernels.single_positions import convolve_whole, correlate_whole, has_one_position, transpose_whole
from minigrad_kernels.stored_arrays import readable_as
from minigrad_kernels.sums import sum_axes

_FLOAT32 = np.dtype(np.float32)
_FLOAT64 = np.dtype(np.float64)
_ndarray, _empty = np.ndarray, np.empty
Shape = tuple[int, ...]
# Vectors of channels need tiles of images, or of channels, that are not nearly empty; and as many taps as make up for
# what is turned round before and after; each of their multiply-adds, with that, takes so much longer.
LEAST_IMAGES, LEAST_TAPS, CHANNELS_COST = 4, 32, 1.7


class _Ready(NamedTuple):
    """What is made once for a geometry and a dtype.

    Attributes:
        forward: The tables that lead from the image to the result.
        backward: Those that lead back.
        counted: The marks of positions that a weight's gradient sums over.
        no_bias: Zeros for each channel of the result, and of the image.
        image: The shape of an image without its batch, as of the next.
        result: Of a result.
        weight: Of the weight.
        one_position: Whether it is a linear layer.
        by_channels: Whether vectors of channels are the faster way forward, and back.
    """

    forward: Plan
    backward: Plan
    counted: np.ndarray
    no_bias: tuple[np.ndarray, np.ndarray]
    image: Shape
    result: Shape
    weight: Shape
    one_position: bool
    by_channels: tuple[bool, bool]


def convolution(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, geometry: Geometry) -> np.ndarray:
    """Compute out[n, f, i] = bias[f] + Σ weight[f, c, k]·x[n, c, stride·i + dilation·k − before], zeros around x.

    With groups, each takes its share of the channels and gives its share of the filters.

    Args:
        x: Shape (..., groups·channels, *image), float32 or float64, any strides; what is not contiguous is copied.
        weight: Shape (groups·filters, channels, *kernel), of x's dtype.
        bias: Shape (groups·filters,), likewise, or None.
        geometry: All lengths. With one axis, image, kernel and result have one each.

    Returns:
        Shape (..., groups·filters, *result), of x's dtype.

    Raises:
        TypeError: An argument is no array of a fitting dtype.
        ValueError: A shape is not that of the geometry.

    Example:
        >>> x, weight = np.array([[[1.0, 2.0, 3.0, 4.0]]]), np.array([[[1.0, -1.0]]])
        >>> convolution(x, weight, None, Geometry(1, 1, 1, 1, (1, 4), (1, 2), (1, 3), (1, 1), (0, 0), (1, 1)))
        array([[[-1., -1., -1.]]])
    """
    dtype = _dtype_of("convolution", x=x, weight=weight, bias=bias)
    ready = _ready(geometry, dtype)
    batch = _check_image("convolution", "x", x, ready.image)
    _check_shape("convolution", "weight", weight, ready.weight)
    if bias is None:
        bias = ready.no_bias[0]
    _check_shape("convolution", "bias", bias, ready.no_bias[0].shape)
    out = _empty(batch + ready.result, dtype)
    if out.size > 0:
        arrays = readable_as(x, dtype), readable_as(weight, dtype), readable_as(bias, dtype), out
        if ready.one_position:
            convolve_whole(*arrays)
        else:
            by_channels = ready.by_channels[0] and math.prod(batch) >= LEAST_IMAGES
            _convolve(by_channels, arrays, ready.forward)
    return out


def transposed_convolution(
    grad: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, geometry: Geometry
) -> np.ndarray:
    """Compute what a convolution's transpose makes of `grad`: the gradient of its image, and perhaps a bias.

    Args:
        grad: Shape (..., groups·filters, *result), float32 or float64.
        weight: Shape (groups·filters, channels, *kernel), of grad's dtype.
        bias: Shape (groups·channels,), a number for each channel of the image, or None.
        geometry: That of the convolution.

    Returns:
        Shape (..., groups·channels, *image), of grad's dtype.

    Raises:
        TypeError: An argument is no array of a fitting dtype.
        ValueError: A shape is not that of the geometry.
    """
    dtype = _dtype_of("transposed_convolution", grad=grad, weight=weight, bias=bias)
    ready = _ready(geometry, dtype)
    batch = _check_image("transposed_convolution", "grad", grad, ready.result)
    _check_shape("transposed_convolution", "weight", weight, ready.weight)
    if bias is None:
        bias = ready.no_bias[1]
    _check_shape("transposed_convolution", "bias", bias, ready.no_bias[1].shape)
    out = _empty(batch + ready.image, dtype)
    if out.size > 0:
        arrays = readable_as(grad, dtype), readable_as(weight, dtype), readable_as(bias, dtype), out
        if ready.one_position:
            transpose_whole(*arrays)
        else:
            by_channels = ready.by_channels[1] and math.prod(batch) >= LEAST_IMAGES
            _convolve(by_channels, arrays, ready.backward)
    return out


def weight_gradient(
    x: np.ndarray, grad: np.ndarray, geometry: Geometry, bias: bool = False
) -> tuple[np.ndarray, np.ndarray | None]:
    """Compute the gradient of a convolution's weight, the sums of grad·x over images and positions.

    Numbers are summed in their dtype over some thousand positions at most, and these sums in float64.

    Args:
        x: Shape (..., groups·channels, *image), float32 or float64.
        grad: Gradient with respect to the result, shape (..., groups·filters, *result), of x's dtype.
        geometry: That of the convolution.
        bias: Whether the bias's gradient is needed, the sum of `grad` over images and positions.

    Returns:
        The weight's gradient, shape (groups·filters, channels, *kernel), and the bias's, shape (groups·filters,), or
        None.

    Raises:
        TypeError: An argument is no array of a fitting dtype.
        ValueError: A shape is not that of the geometry, or the batches differ.
    """
    dtype = _dtype_of("weight_gradient", x=x, grad=grad)
    ready = _ready(geometry, dtype)
    batch = _check_image("weight_gradient", "x", x, ready.image)
    _check_shape("weight_gradient", "grad", grad, batch + ready.result)
    grad_weight, tables = _empty(ready.weight, dtype), ready.forward[:3]
    grad_bias = _empty(ready.result[0] if bias else 0, dtype)
    if grad.size == 0 or grad_weight.size == 0:
        grad_weight[...] = 0
        if bias:
            grad_bias[...] = grad.reshape(math.prod(batch), len(grad_bias), math.prod(ready.result[1:])).sum((0, 2))
    elif ready.one_position:
        return correlate_whole(readable_as(x, dtype), readable_as(grad, dtype), ready.weight, bias)
    elif ready.by_channels[0] and geometry.channels >= LEAST_IMAGES:
        three = readable_as(x, dtype), readable_as(grad, dtype), grad_weight
        _compiled(correlate_channels, three, tables)(*three, *tables)
        if bias:
            grad_bias = sum_axes(three[1].reshape(-1, *ready.result), (0, 2, 3)[: geometry.axes + 1])
    else:
        arrays = readable_as(x, dtype), readable_as(grad, dtype), grad_weight, grad_bias, ready.counted
        _compiled(correlate_images, arrays, tables)(*arrays, *tables)
    return grad_weight, grad_bias if bias else None


@lru_cache(maxsize=512)
def _ready(geometry: Geometry, dtype: np.dtype) -> _Ready:
    """Return the plans and shapes of a geometry."""
    skipped = 2 - geometry.axes
    channels, filters = geometry.groups * geometry.channels, geometry.groups * geometry.filters
    lanes = VECTOR_BITS // 8 // dtype.itemsize
    forward, backward = forward_plan(geometry, dtype.itemsize), backward_plan(geometry, dtype.itemsize)
    return _Ready(
        forward,
        backward,
        counted_positions(geometry, dtype, lanes),
        (np.zeros(filters, dtype), np.zeros(channels, dtype)),
        (channels, *geometry.image[skipped:]),
        (filters, *geometry.result[skipped:]),
        (filters, geometry.channels, *geometry.kernel[skipped:]),
        has_one_position(geometry),
        (_channels_pay(forward, geometry.groups, lanes), _channels_pay(backward, geometry.groups, lanes)),
    )


def _channels_pay(plan: Plan, groups: int, lanes: int) -> bool:
    """Return whether vectors of channels need so much less multiply-adds than those of positions that they pay."""
    pitch, filters = int(plan.sizes[PITCH]), int(plan.sizes[TARGET_CHANNELS])
    by_positions = by_channels = 0
    for each in plan.classes.reshape(-1, CLASS).tolist():
        if each[ROWS] > 0 and each[COLUMNS] > 0:
            by_positions += each[TAPS] * filters * -(-((each[ROWS] - 1) * pitch + each[COLUMNS]) // lanes)
            by_channels += each[TAPS] * -(-filters // lanes) * each[ROWS] * each[COLUMNS]
    return groups == 1 and plan.offsets.size >= 2 * LEAST_TAPS and CHANNELS_COST * by_channels < by_positions


def _convolve(by_channels: bool, arrays: tuple[np.ndarray, ...], plan: Plan) -> None:
    """Run one of the two kernels that take the same arguments."""
    kernel = convolve_channels if by_channels else convolve_images
    _compiled(kernel, arrays, plan)(*arrays, *plan)


# For each kernel and dtype its machine code.
_entries: dict[tuple[Callable[..., None], np.dtype], Callable[..., None]] = {}


def _compiled(kernel: Callable[..., None], arrays: tuple[np.ndarray, ...], tables: Any) -> Callable[..., None]:
    """Return what to call to run a kernel: machine code, compiled if need be, or the source as plain Python."""
    if runs_python():
        return run(kernel)
    key = kernel, arrays[0].dtype
    if key not in _entries:
        _entries[key] = operand_call(kernel, (*arrays, *tables))
    return _entries[key]


def _dtype_of(name: str, **arrays: Any) -> np.dtype:
    """Return the arrays' dtype, in the machine's byte order; raises unless it is one, float32 or float64."""
    first = ""
    for role, x in arrays.items():
        if x is None:
            continue
        if not isinstance(x, _ndarray) or x.dtype.kind != "f" or x.dtype.itemsize not in (4, 8):
            came = f"{x.dtype} of shape {x.shape}" if isinstance(x, _ndarray) else type(x).__name__
            raise TypeError(
                f"{name}: needed {role} as an array of float32 or float64, came {came}; convert it with "
                f"np.asarray({role}, np.float32)"
            )
        if not first:
            first = role
        elif x.dtype.itemsize != arrays[first].dtype.itemsize:
            raise TypeError(
                f"{name}: needed arrays of one dtype, came {first} of {arrays[first].dtype} and {role} of {x.dtype}; "
                f"convert one with .astype(np.{arrays[first].dtype})"
            )
    return _FLOAT32 if arrays[first].dtype.itemsize == 4 else _FLOAT64


def _check_image(name: str, role: str, x: np.ndarray, shape: Shape) -> Shape:
    """Return the batch axes of images; raises unless the others have the lengths of the geometry."""
    batch = x.shape[: max(0, x.ndim - len(shape))]
    if x.shape[len(batch) :] != shape:
        raise ValueError(
            f"{name}: needed {role} of shape {_with_batch(shape)}, came shape {x.shape}; make the geometry of it"
        )
    return batch


def _check_shape(name: str, role: str, x: np.ndarray, shape: Shape) -> None:
    """Raise unless an array has the shape of the geometry."""
    if x.shape != shape:
        raise ValueError(f"{name}: needed {role} of shape {shape}, came shape {x.shape}; make the geometry of it")


def _with_batch(shape: Shape) -> str:
    """Return a shape with any axes before it."""
    return f"(..., {', '.join(map(str, shape))})"
