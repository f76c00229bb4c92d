"""How far numbers spread around their mean: variance and standard deviation."""

from __future__ import annotations

import builtins
import math

import numpy as np

import minigrad_kernels
from minigrad.errors import message
from minigrad.graph import record
from minigrad.ops.floats import checked_floats
from minigrad.ops.operands import (
    Dim,
    Op,
    Operand,
    Tensor,
    Value,
    axes,
    ndarray,
    needs_grad,
    real,
    refuse_no_bool,
    unwrap,
)
from minigrad.ops.quotients import quotient_or_zero
from minigrad.ops.reductions import count, mean, sum, with_axes


def var(
    x: Operand, dim: Dim = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: float | None = None
) -> Tensor:
    """Return the variance over all axes, or along some.

    Args:
        x: floating, any shape.
        dim: the axis or axes; None for all.
        unbiased: False divides by n, True by n - 1.
        keepdim: keep the reduced axes with length 1.
        correction: divide by n - correction; default 1. Give this or ``unbiased``.

    Returns:
        The variance; where n - correction is not positive it divides by 0: NaN of one element, as is the gradient.

    Raises:
        TypeError: if x is not floating.
        ValueError: if both ``unbiased`` and ``correction`` are given.
    """
    if isinstance(dim, bool):
        # PyTorch's var(x, unbiased).
        dim, unbiased = None, dim
    x_data, over, freedom = arguments(var, x, dim, unbiased, keepdim, correction)
    middle, output = moments(x_data, over, freedom, keepdim)
    saved = (x_data, middle, over, freedom, keepdim)
    return record(var, var_vjp, output, (x, dim, unbiased, keepdim, correction), saved)


def var_vjp(grad_output: Value, x: Value, middle: Value, axes: tuple[int, ...], freedom: float, keepdim: bool) -> Value:
    """``grad_x = grad_output * 2 * (x - mean(x)) / (n - correction)``."""
    return var_backward(grad_output, x, middle, axes, freedom, keepdim)


def var_backward(
    grad: Operand, x: Operand, middle: Operand, axes: tuple[int, ...], freedom: float, keepdim: bool
) -> Tensor:
    """Return ``grad * 2 * (x - mean(x)) / freedom``.

    Args:
        grad: the gradient with respect to the variance.
        x: what it is the variance of.
        middle: its mean, with the reduced axes in place; a constant here.
        axes: the reduced axes.
        freedom: what the squares are divided by.
        keepdim: whether ``grad`` has the reduced axes.
    """
    grad_data, x_data = unwrap(var_backward, grad), unwrap(var_backward, x)
    mean_data = unwrap(var_backward, middle)
    share = grad_data * (2 / freedom if freedom else math.inf)
    output = np.asarray(x_data - mean_data)
    # Into the array that is there: a second one of a million numbers costs as much as the product.
    output *= share.reshape(mean_data.shape)
    saved = (grad_data if needs_grad(x) else None, x_data, axes, freedom, keepdim)
    return record(var_backward, var_backward_vjp, output, (grad, x, middle, axes, freedom, keepdim), saved)


def var_backward_vjp(
    grad_output: Value, grad: Value, x: Value, axes: tuple[int, ...], freedom: float, keepdim: bool
) -> tuple[Value, Value]:
    """``grad_grad = 2/f * sum(g * (x - mean(x))); grad_x = grad * 2/f * (g - mean(g))``, with f the freedom."""
    factor = 2 / freedom if freedom else math.inf
    centred = x - mean(x, axes, True) if axes else x * 0
    grad_grad = sum(grad_output * centred, axes, keepdim) * factor if axes else grad_output * centred * factor
    if grad is None:
        return grad_grad, None
    level = grad_output - mean(grad_output, axes, True) if axes else grad_output * 0
    return grad_grad, with_axes(grad, x.shape, axes, keepdim) * factor * level


def std(
    x: Operand, dim: Dim = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: float | None = None
) -> Tensor:
    """Return the standard deviation, the root of ``var``; its gradient is 0 where it is 0, NaN where it is NaN."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    x_data, over, freedom = arguments(std, x, dim, unbiased, keepdim, correction)
    middle, output = moments(x_data, over, freedom, keepdim)
    output = np.sqrt(output)
    saved = (x_data, output, middle, over, freedom, keepdim)
    return record(std, std_vjp, output, (x, dim, unbiased, keepdim, correction), saved)


def std_vjp(
    grad_output: Value, x: Value, output: Value, middle: Value, axes: tuple[int, ...], freedom: float, keepdim: bool
) -> Value:
    """``grad_x = grad_output * (x - mean(x)) / ((n - correction) * std)``, 0 where ``std`` is 0."""
    return var_backward(quotient_or_zero(grad_output, output), x, middle, axes, 2 * freedom, keepdim)


def var_mean(
    x: Operand, dim: Dim = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: float | None = None
) -> tuple[Tensor, Tensor]:
    """Return the variance and the mean; arguments as for ``var``."""
    variance = var(x, dim, unbiased, keepdim, correction=correction)
    return variance, mean(x, None if isinstance(dim, bool) else dim, keepdim)


def std_mean(
    x: Operand, dim: Dim = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: float | None = None
) -> tuple[Tensor, Tensor]:
    """Return the standard deviation and the mean; arguments as for ``var``, gradients as of ``std`` and ``mean``."""
    deviation = std(x, dim, unbiased, keepdim, correction=correction)
    return deviation, mean(x, None if isinstance(dim, bool) else dim, keepdim)


def arguments(
    op: Op, x: Operand, dim: Dim, unbiased: bool | None, keepdim: bool, correction: float | None
) -> tuple[ndarray, tuple[int, ...], float]:
    """Return the array, the reduced axes, and what a sum of squares is divided by: n - correction, at least 0."""
    x_data = checked_floats(op, x)
    over = axes(op, dim, x_data.ndim, keepdim)
    if unbiased is not None and correction is not None:
        raise ValueError(
            message(
                op.__name__,
                "give unbiased or correction, not both.",
                "unbiased=False is correction=0, unbiased=True is correction=1.",
            )
        )
    if correction is None:
        if unbiased is not None:
            refuse_no_bool(op, "unbiased", unbiased)
        correction = 1 if unbiased is None else int(unbiased)
    return x_data, over, builtins.max(count(x_data.shape, over) - real(op, "correction", correction), 0)


def moments(x: ndarray, over: tuple[int, ...], freedom: float, keepdim: bool) -> tuple[ndarray, ndarray]:
    """Return the mean, with the reduced axes, and the sum of squared distances from it over the freedom."""
    shape = x.shape
    number = count(shape, over)
    # The kernel divides by n less an integer.
    correction = number - freedom if freedom.__class__ is int else 0
    if len(over) == len(shape):
        middle, spread = minigrad_kernels.mean_variance_rows(x.reshape(1, number), correction)
        kept: list[int] = []
    else:
        middle, spread, kept = moments_along(x, over, number, correction)
    if freedom.__class__ is not int:
        spread *= number / freedom if freedom else math.inf
    whole = list(shape)
    for place in over:
        whole[place] = 1
    return middle.reshape(whole), spread.reshape(whole if keepdim else kept)


def moments_along(
    x: ndarray, over: tuple[int, ...], number: int, correction: int
) -> tuple[ndarray, ndarray, list[int]]:
    """Return means and variances along some axes, one after the other, and the lengths of the other axes."""
    others, kept = [], []
    for place, size in enumerate(x.shape):
        if place not in over:
            others.append(place)
            kept.append(size)
    lines = math.prod(kept)
    if over[-1] == len(over) - 1:
        # The first axes: columns of a matrix.
        return *minigrad_kernels.mean_variance_columns(x.reshape(number, lines), correction), kept
    if over[0] != len(others):
        x = x.transpose(*others, *over)
    return *minigrad_kernels.mean_variance_rows(x.reshape(lines, number), correction), kept


class VarianceMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    var = var
    std = std
