"""Convolutions whose kernel is as large as the image: there is one position, and they are linear layers."""

import numpy as np

from minigrad_kernels.convolution_plans import Geometry
from minigrad_kernels.linears import linear, linear_backward
from minigrad_kernels.products import matmul


def has_one_position(geometry: Geometry) -> bool:
    """Return whether each filter sees each number of the image once."""
    sees_all = geometry.image == geometry.kernel and geometry.result == (1, 1) and geometry.before == (0, 0)
    return sees_all and geometry.dilation == (1, 1) and geometry.groups == 1 and geometry.channels > 0


def convolve_whole(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, out: np.ndarray) -> None:
    """Fill `out` with the results, one number for each image and filter; arrays are contiguous."""
    filters = len(weight)
    linear(x.reshape(-1, weight.size // filters), weight.reshape(filters, -1), bias, out=out.reshape(-1, filters))


def transpose_whole(grad: np.ndarray, weight: np.ndarray, bias: np.ndarray, out: np.ndarray) -> None:
    """Fill `out` with the images of a transposed convolution."""
    filters, channels = weight.shape[:2]
    matmul(grad.reshape(-1, filters), weight.reshape(filters, -1), out=out.reshape(-1, weight.size // filters))
    planes = out.reshape(-1, channels, weight.size // (filters * channels))
    planes += bias[:, None]


def correlate_whole(
    x: np.ndarray, grad: np.ndarray, weight_shape: tuple[int, ...], bias: bool
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the gradients of the weight and, if needed, of the bias."""
    filters = weight_shape[0]
    rows = grad.reshape(-1, filters)
    _, grad_weight, grad_bias = linear_backward(rows, x.reshape(len(rows), -1), None, bias=bias)
    assert grad_weight is not None  # It was asked for.
    return grad_weight.reshape(weight_shape), grad_bias
