"""Sums along axes and what is made of them: means, spreads, the logarithm of a sum of exponentials."""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

import minigrad_kernels
from minigrad.dtypes import as_dtype
from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.broadcasting import expand
from minigrad.ops.conversion import cast
from minigrad.ops.elementwise import exp, where
from minigrad.ops.operands import (
    Dim,
    Op,
    Operand,
    Tensor,
    Value,
    add_reduce,
    axes,
    floating,
    maximum_reduce,
    ndarray,
    real,
    refuse_no_bool,
    unwrap,
)
from minigrad.ops.shapes import reshape

#: From so many numbers on the kernel sums over some of the axes in less time than NumPy: at 64x128 it takes 2.7 and 2.9
#: microseconds, at 100x16 2.7 and 2.5.
MANY = 8192


def sum(x: Operand, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """Return the sum over all axes, or along some.

    Args:
        x: any shape; integers and bools are summed as int64.
        dim: the axis or axes to sum over; None for all.
        keepdim: keep summed axes with length 1.
        dtype: convert to it before summing.

    Returns:
        The sum, without the summed axes unless ``keepdim``.

    Raises:
        IndexError: if ``dim`` is not an axis of x.

    Examples:
        >>> import minigrad as mg
        >>> mg.tensor([[1.0, 2.0], [3.0, 4.0]]).sum(dim=0)
        Tensor((2,) float32 | 4 6)
    """
    if dtype is not None:
        x = cast(x, as_dtype("sum", dtype))
    x_data = unwrap(sum, x)
    over = axes(sum, dim, x_data.ndim, keepdim)
    floats = x_data.dtype.kind == "f"
    total = x_data.dtype if dtype is not None else np.int64
    output = total_of_floats(x_data, over, keepdim) if floats else add_reduce(x_data, over, total, None, keepdim)
    rule = sum_vjp if floats else None
    return record(sum, rule, output, (x, dim, keepdim), (x_data.shape, over, keepdim))


def sum_vjp(grad_output: Value, shape: tuple[int, ...], axes: tuple[int, ...], keepdim: bool) -> Value:
    """``grad_x = grad_output, repeated along the summed axes``."""
    return spread(grad_output, shape, axes, keepdim)


def total_of_floats(x: ndarray, over: tuple[int, ...], keepdim: bool) -> Any:
    """Return the sum of floats over some axes, by a kernel where it is the faster way."""
    if x.flags.carray:
        if x.ndim == 2 and over == (0,) and not keepdim:
            return minigrad_kernels.column_sums(x)
        if len(over) == x.ndim and not keepdim:
            return minigrad_kernels.total(x)
        if x.size >= MANY:
            return minigrad_kernels.sum_axes(x, over, keepdim)
    return add_reduce(x, over, None, None, keepdim)


def spread(reduced: Value, shape: tuple[int, ...], axes: tuple[int, ...], keepdim: bool) -> Value:
    """Return a reduced value repeated along its reduced axes."""
    if isinstance(reduced, np.generic):
        reduced = np.asarray(reduced)
    if reduced.__class__ is not ndarray or not reduced.flags.c_contiguous:
        return expand(with_axes(reduced, shape, axes, keepdim), shape)
    # np.broadcast_to takes 2 microseconds.
    strides = []
    place = 0
    for each in range(len(shape)):
        if each in axes:
            strides.append(0)
            place += keepdim
        else:
            strides.append(reduced.strides[place])
            place += 1
    view = ndarray(shape, reduced.dtype, reduced, 0, strides)
    view.setflags(write=False)
    return view


def with_axes(reduced: Value, shape: tuple[int, ...], axes: tuple[int, ...], keepdim: bool) -> Value:
    """Return a reduced value with its reduced axes in place again, of length 1."""
    if keepdim or len(axes) == len(shape):
        return reduced
    kept = list(shape)
    for each in axes:
        kept[each] = 1
    return reshape(reduced, tuple(kept))


def count(shape: tuple[int, ...], axes: tuple[int, ...]) -> int:
    """Return how many numbers each result of a reduction is made of."""
    total = 1
    for each in axes:
        total *= shape[each]
    return total


def mean(x: Operand, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """Return the mean over all axes, or along some; NaN of nothing. Arguments as for ``sum``.

    Raises:
        TypeError: if x is of integers or bools and no floating ``dtype`` is given.
    """
    if dtype is not None:
        x = cast(x, as_dtype("mean", dtype))
    x_data = unwrap(mean, x)
    refuse_integers(mean, x_data)
    over = axes(mean, dim, x_data.ndim, keepdim)
    number = count(x_data.shape, over)
    if len(over) == x_data.ndim and not keepdim and x_data.flags.carray:
        output = minigrad_kernels.total(x_data, 1 / number if number else math.nan)
    else:
        output = total_of_floats(x_data, over, keepdim)
        output = output / number if number else output * np.nan
    return record(mean, mean_vjp, output, (x, dim, keepdim), (x_data.shape, over, keepdim))


def mean_vjp(grad_output: Value, shape: tuple[int, ...], axes: tuple[int, ...], keepdim: bool) -> Value:
    """``grad_x = grad_output / n, repeated along the averaged axes``."""
    return spread(grad_output * (1 / (count(shape, axes) or 1)), shape, axes, keepdim)


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
        The variance; where n - correction is not positive it divides by 0: NaN of one element.

    Raises:
        TypeError: if x is not floating.
        ValueError: if both ``unbiased`` and ``correction`` are given.
    """
    if isinstance(dim, bool):
        # PyTorch's var(x, unbiased).
        dim, unbiased = None, dim
    x_data = unwrap(var, x)
    refuse_integers(var, x_data)
    over = axes(var, dim, x_data.ndim, keepdim)
    freedom = degrees_of_freedom(var, count(x_data.shape, over), unbiased, correction)
    output = variance(x_data, over, freedom, keepdim)
    return record(var, var_vjp, output, (x, dim, unbiased, keepdim, correction), (x_data, over, freedom, keepdim))


def var_vjp(grad_output: Value, x: Value, axes: tuple[int, ...], freedom: float, keepdim: bool) -> Value:
    """``grad_x = grad_output * 2 * (x - mean(x)) / (n - correction)``."""
    centred = x - mean(x, axes, True) if axes else x * 0
    return with_axes(grad_output, x.shape, axes, keepdim) * (2 * centred / freedom)


def std(
    x: Operand, dim: Dim = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: float | None = None
) -> Tensor:
    """Return the standard deviation, the root of ``var``; its gradient is 0 where the deviation is 0."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    x_data = unwrap(std, x)
    refuse_integers(std, x_data)
    over = axes(std, dim, x_data.ndim, keepdim)
    freedom = degrees_of_freedom(std, count(x_data.shape, over), unbiased, correction)
    output = np.sqrt(variance(x_data, over, freedom, keepdim))
    saved = (x_data, output, over, freedom, keepdim)
    return record(std, std_vjp, output, (x, dim, unbiased, keepdim, correction), saved)


def std_vjp(grad_output: Value, x: Value, output: Value, axes: tuple[int, ...], freedom: float, keepdim: bool) -> Value:
    """``grad_x = grad_output * (x - mean(x)) / ((n - correction) * std)``, 0 where ``std`` is 0."""
    centred = x - mean(x, axes, True) if axes else x * 0
    share = where(output == 0, 0, grad_output) / (where(output == 0, 1, output) * freedom)
    return with_axes(share, x.shape, axes, keepdim) * centred


def degrees_of_freedom(op: Op, number: int, unbiased: bool | None, correction: float | None) -> float:
    """Return what a sum of squares is divided by: n - correction, and 0 where that is negative."""
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
    return builtins.max(number - real(op, "correction", correction), 0)


def variance(x: ndarray, over: tuple[int, ...], freedom: float, keepdim: bool) -> Any:
    """Return the sum of squared distances from the mean over the degrees of freedom."""
    if x.size == 0:
        return add_reduce(x, axis=over, keepdims=keepdim) * np.nan
    number = count(x.shape, over)
    behind = over == tuple(range(x.ndim - len(over), x.ndim))
    if behind and x.flags.carray and freedom.__class__ is int:
        # The last axes, in memory one after the other.
        rows = x.reshape(x.size // number, number)
        output = minigrad_kernels.mean_variance_rows(rows, int(number - freedom))[1]
        kept = x.shape[: x.ndim - len(over)]
        return output.reshape(kept + (1,) * len(over) if keepdim else kept)
    centred = x - add_reduce(x, axis=over, keepdims=True) / number
    return add_reduce(centred * centred, axis=over, keepdims=keepdim) / freedom


def logsumexp(x: Operand, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Return ``log(sum(exp(x)))`` without overflow; arguments as for ``sum``."""
    x_data = floating(logsumexp, x)
    over = axes(logsumexp, dim, x_data.ndim, keepdim)
    top = maximum_reduce(x_data, axis=over, keepdims=True, initial=-np.inf)
    # Where the largest is infinite, subtracting it would make NaN.
    top = np.where(np.isfinite(top), top, 0)
    output = np.log(add_reduce(np.exp(x_data - top), axis=over, keepdims=True)) + top
    output = output if keepdim else np.squeeze(output, axis=over)
    return record(logsumexp, logsumexp_vjp, output, (x, dim, keepdim), (x_data, output, over, keepdim))


def logsumexp_vjp(grad_output: Value, x: Value, output: Value, axes: tuple[int, ...], keepdim: bool) -> Value:
    """``grad_x = grad_output * exp(x - logsumexp(x))``, the softmax."""
    level = with_axes(output, x.shape, axes, keepdim)
    # Where everything is -inf the share of each is 0, not exp(-inf - -inf).
    level = where(level == -math.inf, 0, level)
    return with_axes(grad_output, x.shape, axes, keepdim) * exp(x - level)


def refuse_integers(op: Op, x: ndarray) -> None:
    """Raise a TypeError unless an array is floating."""
    if x.dtype.kind != "f":
        raise TypeError(
            message(op.__name__, f"a floating tensor is needed, got {describe(x)}.", "Convert it: x.float().")
        )


class ReductionMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    sum = sum
    mean = mean
    var = var
    std = std
    logsumexp = logsumexp
