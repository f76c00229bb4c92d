"""Distances between points, and vectors shortened to a largest length."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import minigrad_kernels
from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.arithmetic import add, div, mul, sub
from minigrad.ops.constants import beside
from minigrad.ops.elementwise import abs, sign, where
from minigrad.ops.floats import checked_floats
from minigrad.ops.norms import norm
from minigrad.ops.operands import Operand, Tensor, Value, axis, ndarray, needs_grad, real, unwrap
from minigrad.ops.products import matmul
from minigrad.ops.quotients import quotient_or_zero
from minigrad.ops.reductions import sum
from minigrad.ops.shapes import matrix_transpose, unsqueeze

COMPUTE_MODES = (
    "use_mm_for_euclid_dist_if_necessary",
    "use_mm_for_euclid_dist",
    "donot_use_mm_for_euclid_dist",
)


def dist(x: Operand, y: Operand, p: float = 2) -> Tensor:
    """Return the p-norm of ``x - y`` over all axes; its gradient at 0 is 0.

    Raises:
        ValueError: if the shapes do not broadcast; TypeError: if the operands are not floating.
    """
    if unwrap(dist, x).dtype.kind != "f" and unwrap(dist, y).dtype.kind != "f":
        checked_floats(dist, x)
    return norm(sub(x, y), p)


def cdist(
    x1: Operand, x2: Operand, p: float = 2.0, compute_mode: str = "use_mm_for_euclid_dist_if_necessary"
) -> Tensor:
    """Return the p-norms of the differences of every point of one set and every point of another.

    Args:
        x1: (..., n, k), n points with k coordinates, floating.
        x2: (..., m, k); leading axes broadcast with x1's.
        p: the order of the norm, from 0 (how many coordinates differ) to infinity.
        compute_mode: PyTorch's; here matrix products are used, in any mode, for those distances alone that do not lose
            digits by it.

    Returns:
        (..., n, m). The gradient of the distance of equal points is 0.

    Raises:
        TypeError: if the operands are not floating, or of two dtypes.
        ValueError: if an operand has less than two axes, the shapes do not fit, ``p`` is negative or ``compute_mode``
            unknown.
    """
    x1_data, x2_data = unwrap(cdist, x1), unwrap(cdist, x2)
    p = real(cdist, "p", p)
    check_points(x1, x2, x1_data, x2_data, p, compute_mode)
    output = point_distances(x1_data, x2_data, p)
    saved = (x1_data, x2_data, output, p, needs_grad(x1), needs_grad(x2))
    return record(cdist, cdist_vjp, output, (x1, x2, p, compute_mode), saved)


def cdist_vjp(
    grad_output: Value, x1: Value, x2: Value, output: Value, order: float, for_x1: bool, for_x2: bool
) -> tuple[Value, Value]:
    """``grad_x1[i] = sum over j of g[i,j] * sign(d) * |d|**(p-1) / distance[i,j]**(p-1)``, d = x1[i] - x2[j].

    For p = 2 that is ``x1[i] * sum(ratio[i]) - ratio[i] @ x2`` with ratio = g / distance. For infinite p each of the
    largest coordinates receives the gradient, for p = 0 none. Where a distance is 0 its gradient is.
    """
    if order == 2:
        ratio = quotient_or_zero(grad_output, output)
        mirrored = matrix_transpose(ratio)
        grad_x1 = x1 * sum(ratio, -1, True) - matmul(ratio, x2) if for_x1 else None
        grad_x2 = x2 * sum(mirrored, -1, True) - matmul(mirrored, x1) if for_x2 else None
        return grad_x1, grad_x2
    difference = unsqueeze(x1, -2) - unsqueeze(x2, -3)
    share = sign(difference) * unsqueeze(where(output == 0, 0, grad_output), -1)
    if order == 0:
        share = share * 0
    elif order == math.inf:
        share = where(abs(difference) == unsqueeze(output, -1), share, 0)
    elif order != 1:
        # Of coordinates that agree, a power below 0 would be infinite.
        size = where(difference == 0, 1, abs(difference)) / unsqueeze(where(output == 0, 1, output), -1)
        share = share * size ** (order - 1)
    return sum(share, -2) if for_x1 else None, -sum(share, -3) if for_x2 else None


def point_distances(x1: ndarray, x2: ndarray, p: float) -> ndarray:
    """Return the distances of points, by a kernel for the usual norms."""
    if p not in (1, 2, math.inf):
        differences = np.abs(x1[..., :, None, :] - x2[..., None, :, :])
        if p == 0:
            return np.count_nonzero(differences, axis=-1).astype(x1.dtype)
        return np.asarray(np.add.reduce(differences**p, axis=-1) ** (1 / p), x1.dtype)
    (n, k), m = x1.shape[-2:], x2.shape[-2]
    if x1.ndim == x2.ndim == 2:
        return minigrad_kernels.pair_distances(x1[None], x2[None], p)[0]
    batch = np.broadcast_shapes(x1.shape[:-2], x2.shape[:-2])
    number = math.prod(batch)
    left = np.broadcast_to(x1, (*batch, n, k)).reshape(number, n, k)
    right = np.broadcast_to(x2, (*batch, m, k)).reshape(number, m, k)
    return minigrad_kernels.pair_distances(left, right, p).reshape(*batch, n, m)


def check_points(x1: Operand, x2: Operand, x1_data: ndarray, x2_data: ndarray, p: float, compute_mode: str) -> None:
    """Raise unless the arguments of ``cdist`` fit."""
    checked_floats(cdist, x1)
    checked_floats(cdist, x2)
    if x1_data.dtype != x2_data.dtype:
        raise TypeError(
            message(
                "cdist",
                f"operands of one dtype are needed; x1 is {describe(x1)}, x2 {describe(x2)}.",
                "Convert one: x.double().",
            )
        )
    fits = x1_data.ndim > 1 and x2_data.ndim > 1 and x1_data.shape[-1] == x2_data.shape[-1]
    for left, right in zip(reversed(x1_data.shape[:-2]), reversed(x2_data.shape[:-2])):
        fits = fits and (left == right or left == 1 or right == 1)
    if not fits:
        raise ValueError(
            message(
                "cdist",
                "points with equally many coordinates are needed, (..., n, k) and (..., m, k), with leading axes that "
                f"broadcast; x1 is {describe(x1)}, x2 {describe(x2)}.",
                "A single point is x.unsqueeze(0).",
            )
        )
    if not p >= 0 or compute_mode not in COMPUTE_MODES:
        raise ValueError(
            message(
                "cdist",
                f"p must be 0 or greater, and compute_mode one of PyTorch's; got p={p}, compute_mode={compute_mode!r}.",
                "Leave both out for Euclid's distance.",
            )
        )


def pdist(input: Operand, p: float = 2.0) -> Tensor:
    """Return the p-norms of the differences of all pairs of rows: (0, 1), (0, 2), ... (1, 2) and so on.

    Args:
        input: (n, k), n points with k coordinates, floating.
        p: the order of the norm, as for ``cdist``.

    Returns:
        (n * (n - 1) / 2,). Gradients at equal rows or coordinates are those of ``cdist``.

    Raises:
        ValueError: if input is not a matrix, or ``p`` is negative; TypeError: if it is not floating.
    """
    input_data = checked_floats(pdist, input)
    if input_data.ndim != 2 or not real(pdist, "p", p) >= 0:
        raise ValueError(
            message(
                "pdist",
                f"a matrix (n, k) and p from 0 up are needed, got {describe(input)} and p={p}.",
                "cdist takes batches.",
            )
        )
    rows, columns = np.triu_indices(input_data.shape[0], 1)
    whole: Any = cdist(input, input, p)
    return whole[beside(rows, whole), beside(columns, whole)]


def renorm(x: Operand, p: float, dim: int, maxnorm: float) -> Tensor:
    """Return x with each slice along an axis shortened to a p-norm of ``maxnorm`` where it is longer.

    Args:
        x: floating, at least two axes.
        p: the order of the norm, positive.
        dim: the axis whose slices are measured.
        maxnorm: the largest norm; the gradient at a norm of exactly that is the one of a slice that is kept.

    Raises:
        TypeError: if x is not floating; IndexError: if ``dim`` is not an axis of x.
        ValueError: if x has less than two axes, ``p`` is not positive or ``maxnorm`` negative.
    """
    x_data = checked_floats(renorm, x)
    p, maxnorm = real(renorm, "p", p), real(renorm, "maxnorm", maxnorm)
    if x_data.ndim < 2 or not p > 0 or not maxnorm >= 0:
        raise ValueError(
            message(
                "renorm",
                f"at least two axes, a positive p and maxnorm from 0 up are needed; got {describe(x)}, p={p}, "
                f"maxnorm={maxnorm}.",
                "A vector alone is x.unsqueeze(0), with dim=0.",
            )
        )
    along = axis(renorm, dim, x_data.ndim)
    others = [place for place in range(x_data.ndim) if place != along]
    lengths: Any = norm(x, p, others, True)
    # PyTorch's guard against a division by 0.
    return mul(x, where(lengths > maxnorm, div(maxnorm, add(lengths, 1e-7)), 1))


class DistanceMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    dist = dist
    renorm = renorm
