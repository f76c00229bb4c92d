"""Rounding: to integers in each direction, to decimals, and what it leaves over."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.arithmetic import are_floats, refuse_bool, refuse_division_by_zero
from minigrad.ops.elementwise import vanish
from minigrad.ops.floats import checked_floats
from minigrad.ops.operands import Op, Operand, Tensor, Value, needs_grad, pair, unwrap, whole


def ceil(x: Operand) -> Tensor:
    """Return the smallest integers not below ``x``, in its dtype; the gradient is 0.

    Raises:
        TypeError: if x is of bools.
    """
    return rounded(ceil, np.ceil, x)


def floor(x: Operand) -> Tensor:
    """Return the largest integers not above ``x``, in its dtype; the gradient is 0."""
    return rounded(floor, np.floor, x)


def trunc(x: Operand) -> Tensor:
    """Return ``x`` rounded towards zero, in its dtype; the gradient is 0."""
    return rounded(trunc, np.trunc, x)


def rounded(op: Op, ufunc: Any, x: Operand) -> Tensor:
    """Return what a rounding ufunc makes of floats; integers are as they are."""
    x_data = unwrap(op, x)
    if x_data.dtype.kind == "f":
        return record(op, rounded_vjp, ufunc(x_data), (x,))
    refuse_bool(op, x_data)
    return record(op, rounded_vjp, x_data.copy(), (x,))


def rounded_vjp(grad_output: Value) -> Value:
    """``grad_x = 0``: the operation is constant between its jumps."""
    return vanish(grad_output)


def round(x: Operand, decimals: int = 0) -> Tensor:
    """Return ``x`` rounded to the nearest number with so many decimals, in its dtype; of two, to the even one.

    Args:
        x: any shape.
        decimals: how many digits remain behind the point; a negative number rounds before it.

    Returns:
        The rounded numbers; the gradient is 0.

    Raises:
        TypeError: if x is of bools, or of integers and there are decimals, or ``decimals`` is no integer.
    """
    digits = whole(round, "decimals", decimals)
    if abs(digits) > 308:  # 10**308 is the largest power of ten that a float64 holds
        raise ValueError(message("round", f"decimals must be in [-308, 308], got {digits}.", "Floats hold 17 digits."))
    x_data = unwrap(round, x)
    refuse_bool(round, x_data)
    if x_data.dtype.kind != "f":
        if digits != 0:
            raise TypeError(
                message("round", f"integers have no decimals={digits}, got {describe(x)}.", "Convert: x.float().")
            )
        output = x_data.copy()
    elif digits == 0:
        output = np.rint(x_data)
    elif digits > 0:
        output = np.rint(x_data * 10.0**digits) / 10.0**digits
    else:
        output = np.rint(x_data / 10.0**-digits) * 10.0**-digits
    return record(round, rounded_vjp, output, (x, decimals))


def frac(x: Operand) -> Tensor:
    """Return what ``trunc`` takes away, ``x - trunc(x)``: it has the sign of x, and the gradient passes.

    Raises:
        TypeError: if x is not of floats.
    """
    x_data = checked_floats(frac, x)
    return record(frac, frac_vjp, x_data - np.trunc(x_data), (x,))


def frac_vjp(grad_output: Value) -> Value:
    """``grad_x = grad_output``."""
    return grad_output


def fmod(x: Operand, y: Operand) -> Tensor:
    """Return ``x - y * trunc(x / y)``, C's remainder: the result has the sign of ``x``.

    At its jumps, where ``x / y`` is an integer, the gradient is that of the piece farther from 0 in ``x / y``.

    Raises:
        TypeError: if both are of bools.
        ValueError: if the shapes do not broadcast.
        ZeroDivisionError: if an integer is divided by zero.
    """
    x_data, y_data = pair(fmod, x, y)
    if not are_floats(x_data, y_data):
        refuse_bool(fmod, x_data, y_data)
        refuse_division_by_zero(fmod, x_data, y_data)
    saved = (x_data if needs_grad(y) else None, y_data if needs_grad(y) else None)
    return record(fmod, fmod_vjp, np.fmod(x_data, y_data), (x, y), saved)


def fmod_vjp(grad_output: Value, x: Value, y: Value) -> tuple[Value, Value]:
    """``grad_x = grad_output; grad_y = -grad_output * trunc(x / y)``."""
    grad_y = None if x is None else -grad_output * trunc(x / y)
    return grad_output, grad_y


class RoundingMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    ceil = ceil
    floor = floor
    trunc = fix = trunc
    round = round
    frac = frac
    fmod = fmod


fix = trunc
