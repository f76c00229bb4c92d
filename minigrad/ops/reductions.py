"""Operations that make fewer numbers out of many: sums, means, spreads, extremes and norms."""

from __future__ import annotations

import builtins
import math
from typing import Any, NamedTuple

import numpy as np

from minigrad.dtypes import as_dtype
from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.broadcasting import expand
from minigrad.ops.comparisons import isnan
from minigrad.ops.conversion import cast
from minigrad.ops.elementwise import exp, maximum, minimum, where
from minigrad.ops.indexing import gather_backward
from minigrad.ops.operands import Dim, Op, Operand, Tensor, Value, axes, axis, floating, ndarray, unwrap
from minigrad.ops.shapes import reshape


class Extreme(NamedTuple):
    """What ``max`` and ``min`` along an axis return."""

    values: Tensor
    indices: Tensor


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
    over = axes(sum, dim, x_data.ndim)
    total = np.int64 if x_data.dtype.kind != "f" else None
    output = np.add.reduce(x_data, axis=over, keepdims=keepdim, dtype=total)
    rule = sum_vjp if total is None else None
    return record(sum, rule, output, (x, dim, keepdim), (x_data.shape, over, keepdim))


def sum_vjp(grad_output: Value, shape: tuple[int, ...], axes: tuple[int, ...], keepdim: bool) -> Value:
    """``grad_x = grad_output, repeated along the summed axes``."""
    return expand(with_axes(grad_output, shape, axes, keepdim), shape)


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
    over = axes(mean, dim, x_data.ndim)
    number = count(x_data.shape, over)
    output = np.add.reduce(x_data, axis=over, keepdims=keepdim)
    output = output / number if number else output * np.nan
    return record(mean, mean_vjp, output, (x, dim, keepdim), (x_data.shape, over, keepdim))


def mean_vjp(grad_output: Value, shape: tuple[int, ...], axes: tuple[int, ...], keepdim: bool) -> Value:
    """``grad_x = grad_output / n, repeated along the averaged axes``."""
    share = grad_output * (1 / builtins.max(count(shape, axes), 1))
    return expand(with_axes(share, shape, axes, keepdim), shape)


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
        The variance; NaN where n - correction is not positive.

    Raises:
        TypeError: if x is not floating.
        ValueError: if both ``unbiased`` and ``correction`` are given.
    """
    x_data = unwrap(var, x)
    refuse_integers(var, x_data)
    over = axes(var, dim, x_data.ndim)
    freedom = degrees_of_freedom(var, count(x_data.shape, over), unbiased, correction)
    output = variance(x_data, over, freedom, keepdim)
    return record(var, var_vjp, output, (x, dim, unbiased, keepdim, correction), (x_data, over, freedom, keepdim))


def var_vjp(grad_output: Value, x: Value, axes: tuple[int, ...], freedom: float, keepdim: bool) -> Value:
    """``grad_x = grad_output * 2 * (x - mean(x)) / (n - correction)``."""
    centred = x - mean(x, axes, True) if axes else x * 0
    return with_axes(grad_output, x.shape, axes, keepdim) * (centred * (2 / freedom))


def std(
    x: Operand, dim: Dim = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: float | None = None
) -> Tensor:
    """Return the standard deviation, the root of ``var``; its gradient is 0 where the deviation is 0."""
    x_data = unwrap(std, x)
    refuse_integers(std, x_data)
    over = axes(std, dim, x_data.ndim)
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
    """Return what a sum of squares is divided by: n - correction, NaN where that is not positive."""
    if unbiased is not None and correction is not None:
        raise ValueError(message(op.__name__, "give unbiased or correction, not both."))
    if correction is None:
        correction = 1 if unbiased is None else int(unbiased)
    return number - correction if number > correction else math.nan


def variance(x: ndarray, over: tuple[int, ...], freedom: float, keepdim: bool) -> Any:
    """Return the sum of squared distances from the mean over the degrees of freedom."""
    if x.size == 0:
        return np.add.reduce(x, axis=over, keepdims=keepdim) * np.nan
    centred = x - np.add.reduce(x, axis=over, keepdims=True) / count(x.shape, over)
    return np.add.reduce(centred * centred, axis=over, keepdims=keepdim) / freedom


def max(x: Operand, dim: Any = None, keepdim: bool = False) -> Any:
    """Return the largest element; along an axis also where it is; of two operands the larger of each pair.

    Args:
        x: any shape.
        dim: None for the largest of all; an axis; or another operand (as ``maximum``).
        keepdim: keep the reduced axis with length 1.

    Returns:
        A Tensor, or with an axis ``(values, indices)``. NaN wins. Equal largest elements share the gradient of the
        whole; along an axis it goes to the one that ``indices`` names, the first.

    Raises:
        ValueError: if there is no element to choose from.
    """
    if dim is None:
        return amax(x)
    return maximum(x, dim) if is_operand(dim) else extreme(max, np.argmax, x, dim, keepdim)


def min(x: Operand, dim: Any = None, keepdim: bool = False) -> Any:
    """Return the smallest element; along an axis also where it is; as ``max``."""
    if dim is None:
        return amin(x)
    return minimum(x, dim) if is_operand(dim) else extreme(min, np.argmin, x, dim, keepdim)


def is_operand(value: Any) -> bool:
    """Return whether an argument is a second operand and not an axis."""
    return hasattr(value, "shape") and not isinstance(value, np.integer)


def extreme(op: Op, choose: Any, x: Operand, dim: int, keepdim: bool) -> Extreme:
    """Return the values that ``choose`` picks along an axis, and their indices."""
    x_data = unwrap(op, x)
    along = axis(op, dim, x_data.ndim)
    refuse_empty(op, x_data, (along,) if x_data.ndim else ())
    if x_data.ndim == 0:
        indices = np.zeros((1,), np.int64)
        values = x_data.reshape(1)
    else:
        indices = np.asarray(choose(x_data, axis=along, keepdims=True))
        values = np.take_along_axis(x_data, indices, along)
    shape = values.shape if keepdim and x_data.ndim else np.delete(np.array(values.shape, int), along)
    outputs = (values.reshape(tuple(shape)).copy(), indices.reshape(tuple(shape)))
    saved = (x_data.shape, indices, along)
    return Extreme(*record(op, extreme_vjp, outputs, (x, dim, keepdim), saved))


def extreme_vjp(grad_outputs: tuple[Value, ...], shape: tuple[int, ...], picked: Value, along: int) -> Value:
    """``grad_x = grad_values where the value was taken from, else 0``."""
    grad_values = reshape(grad_outputs[0], picked.shape)
    whole = shape if len(shape) > 0 else (1,)
    return reshape(gather_backward(grad_values, along, picked, whole), shape)


def amax(x: Operand, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Return the largest element over all axes, or along some; equal ones share the gradient equally."""
    x_data = unwrap(amax, x)
    over = axes(amax, dim, x_data.ndim)
    refuse_empty(amax, x_data, over)
    output = np.maximum.reduce(x_data, axis=over, keepdims=keepdim)
    return record(amax, amax_vjp, output, (x, dim, keepdim), (x_data, np.asarray(output), over, keepdim))


def amin(x: Operand, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Return the smallest element over all axes, or along some; equal ones share the gradient equally."""
    x_data = unwrap(amin, x)
    over = axes(amin, dim, x_data.ndim)
    refuse_empty(amin, x_data, over)
    output = np.minimum.reduce(x_data, axis=over, keepdims=keepdim)
    return record(amin, amax_vjp, output, (x, dim, keepdim), (x_data, np.asarray(output), over, keepdim))


def amax_vjp(grad_output: Value, x: Value, output: Value, axes: tuple[int, ...], keepdim: bool) -> Value:
    """``grad_x = grad_output / k where x is the extreme, else 0``, with k the number of equal ones."""
    wanted = with_axes(output, x.shape, axes, keepdim)
    taken = (x == wanted) | (isnan(x) & isnan(wanted))
    number = cast(sum(taken, axes, True), x.dtype)
    return where(taken, with_axes(grad_output, x.shape, axes, keepdim), 0) / number


def argmax(x: Operand, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Return where the largest element is, the first of equal ones: an index into the flattened x, or along an axis."""
    return position_of(argmax, np.argmax, x, dim, keepdim)


def argmin(x: Operand, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Return where the smallest element is, the first of equal ones; arguments as for ``argmax``."""
    return position_of(argmin, np.argmin, x, dim, keepdim)


def position_of(op: Op, choose: Any, x: Operand, dim: int | None, keepdim: bool) -> Tensor:
    """Return the indices that ``choose`` picks."""
    x_data = unwrap(op, x)
    along = None if dim is None or x_data.ndim == 0 else axis(op, dim, x_data.ndim)
    refuse_empty(op, x_data, tuple(range(x_data.ndim)) if along is None else (along,))
    return record(op, None, np.asarray(choose(x_data, axis=along, keepdims=keepdim)), (x, dim, keepdim))


def logsumexp(x: Operand, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Return ``log(sum(exp(x)))`` without overflow; arguments as for ``sum``."""
    x_data = floating(logsumexp, x)
    over = axes(logsumexp, dim, x_data.ndim)
    top = np.maximum.reduce(x_data, axis=over, keepdims=True, initial=-np.inf)
    # Where the largest is infinite, subtracting it would make NaN.
    top = np.where(np.isfinite(top), top, 0)
    output = np.log(np.add.reduce(np.exp(x_data - top), axis=over, keepdims=True)) + top
    output = output if keepdim else output.reshape(np.add.reduce(x_data, axis=over).shape)
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


def refuse_empty(op: Op, x: ndarray, over: tuple[int, ...]) -> None:
    """Raise a ValueError if a reduction that has no value for nothing would run over nothing."""
    if count(x.shape, over) == 0:
        raise ValueError(message(op.__name__, f"there is no element to choose from in {describe(x)}."))


class ReductionMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    sum = sum
    mean = mean
    var = var
    std = std
    max = max
    min = min
    amax = amax
    amin = amin
    argmax = argmax
    argmin = argmin
    logsumexp = logsumexp
