"""Lengths of vectors and matrices, with gradients that are finite at zero."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.dtypes import as_dtype
from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops import matrix_norms
from minigrad.ops.conversion import cast
from minigrad.ops.elementwise import abs, sign, where
from minigrad.ops.operands import (
    Dim,
    Operand,
    Tensor,
    Value,
    add_reduce,
    axes,
    floating,
    maximum_reduce,
    minimum_reduce,
    ndarray,
    unwrap,
)
from minigrad.ops.reductions import sum, with_axes


def norm(
    x: Operand, p: float | str | None = "fro", dim: Dim = None, keepdim: bool = False, dtype: Any = None
) -> Tensor:
    """Return the p-norm of the elements, over all axes or along some.

    Args:
        x: any shape; integers become the default floating dtype.
        p: the order: ``"fro"`` or None for 2, any number, or ``inf`` or ``-inf``; or ``"nuc"``, the sum of a matrix's
            singular values.
        dim: the axis or axes; None for all. For ``"nuc"`` the two axes of the matrices.
        keepdim: keep the reduced axes with length 1.
        dtype: convert to it first.

    Returns:
        ``sum(|x|**p)**(1/p)``. Its gradient at 0 is 0; that of ``"nuc"`` is the one of ``linalg.matrix_norm``.

    Raises:
        ValueError: if ``p`` is another string, or ``"nuc"`` is asked of other than two axes.
    """
    if dtype is not None:
        x = cast(x, as_dtype("norm", dtype))
    if p is None or (isinstance(p, str) and p == "fro"):
        p = 2.0
    if isinstance(p, str) and p == "nuc":
        return nuclear(x, dim, keepdim)
    if type(p) is not float and (isinstance(p, bool) or not isinstance(p, (int, float, np.floating, np.integer))):
        raise ValueError(
            message(
                "norm",
                f"p is a number, 'fro' or 'nuc', got {p!r}.",
                "p=1 sums the absolute values, p=float('inf') takes the largest.",
            )
        )
    x_data = floating(norm, x)
    over = axes(norm, dim, x_data.ndim, keepdim)
    sizes = x_data if p == 2 else np.abs(x_data)
    if p == 2:
        output = euclidean(x_data, over, keepdim)
    elif p == 1:
        output = add_reduce(sizes, axis=over, keepdims=keepdim)
    elif p == math.inf:
        output = maximum_reduce(sizes, axis=over, keepdims=keepdim, initial=0)
    elif p == -math.inf:
        output = minimum_reduce(sizes, axis=over, keepdims=keepdim, initial=math.inf)
    elif p == 0:
        output = add_reduce(sizes != 0, axis=over, keepdims=keepdim, dtype=x_data.dtype)
    else:
        output = add_reduce(sizes**p, axis=over, keepdims=keepdim) ** (1 / p)
    output = np.asarray(output, x_data.dtype)
    return record(norm, norm_vjp, output, (x, p, dim, keepdim), (x_data, output, p, over, keepdim))


def nuclear(x: Operand, dim: Dim, keepdim: bool) -> Tensor:
    """Return the sums of the singular values of matrices."""
    x_data = floating(norm, x)
    over = tuple(range(x_data.ndim)) if dim is None else tuple(dim) if isinstance(dim, (tuple, list)) else (dim,)
    if len(over) != 2:
        raise ValueError(
            message(
                "norm",
                f"'nuc' is of the two axes of a matrix, got {describe(x)} and dim={dim}.",
                "Name two: dim=(-2, -1).",
            )
        )
    return matrix_norms.matrix_norm(x if x_data is unwrap(norm, x) else cast(x, x_data.dtype), "nuc", over, keepdim)


def euclidean(x: ndarray, over: tuple[int, ...], keepdim: bool) -> Any:
    """Return the root of the sum of squares along some axes."""
    if len(over) == x.ndim and not keepdim and x.flags.c_contiguous:
        # A product with itself needs no array of squares: at a million elements 0.05 ms and not 0.24.
        flat = x if x.ndim == 1 else x.reshape(-1)
        return np.sqrt(flat.dot(flat))
    return np.sqrt(add_reduce(x * x, axis=over, keepdims=keepdim))


def norm_vjp(grad_output: Value, x: Value, output: Value, order: float, axes: tuple[int, ...], keepdim: bool) -> Value:
    """``grad_x = grad_output * sign(x) * |x|**(p-1) / norm**(p-1)``, 0 at 0; the infinite norms share it equally."""
    length = with_axes(output, x.shape, axes, keepdim)
    # An infinite gradient of the norm at 0, as of norm**0.5, would make 0 * inf.
    grad = where(length == 0, 0, with_axes(grad_output, x.shape, axes, keepdim))
    if order == 0:
        return grad * (x * 0)
    if order == 1:
        return grad * sign(x)
    if order in (math.inf, -math.inf):
        taken = abs(x) == length
        return where(taken, grad * sign(x), 0) / cast(sum(taken, axes, True), x.dtype)
    safe = where(length == 0, 1, length)
    if order == 2:
        return grad * (x / safe)
    size = where(x == 0, 1, abs(x))
    return grad * (sign(x) * (size / safe) ** (order - 1))


class NormMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    norm = norm
