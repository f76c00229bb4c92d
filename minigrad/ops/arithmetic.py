"""Sums, products, quotients and powers of two operands, with broadcasting."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from minigrad.errors import describe, message, no_memory
from minigrad.graph import record
from minigrad.ops.elementwise import log, vanish, where
from minigrad.ops.operands import Op, Operand, Tensor, Value, floating, ndarray, needs_grad, pair, real, unwrap


def add(x: Operand, y: Operand, *, alpha: float = 1) -> Tensor:
    """Return ``x + alpha * y``.

    Args:
        x: the first operand, any shape.
        y: the second operand, of a shape that broadcasts with x's.
        alpha: a number that multiplies y.

    Returns:
        The sum, of the broadcast shape and the promoted dtype.

    Raises:
        ValueError: if the shapes do not broadcast.

    Examples:
        >>> import minigrad as mg
        >>> mg.add(mg.tensor([1.0, 2.0]), 10)
        Tensor((2,) float32 | 11 12)
    """
    if type(alpha) not in (int, float) or alpha != 1:
        y = scaled(add, y, alpha)
    x_data, y_data = pair(add, x, y)
    try:
        output = x_data + y_data
    except MemoryError as error:
        raise no_memory("add", error, x, y) from None
    return record(add, add_vjp, output, (x, y))


def add_vjp(grad_output: Value) -> tuple[Value, Value]:
    """``grad_x = grad_output; grad_y = grad_output``."""
    return grad_output, grad_output


def sub(x: Operand, y: Operand, *, alpha: float = 1) -> Tensor:
    """Return ``x - alpha * y``; arguments as for ``add``."""
    if type(alpha) not in (int, float) or alpha != 1:
        y = scaled(sub, y, alpha)
    x_data, y_data = pair(sub, x, y)
    if not are_floats(x_data, y_data):
        refuse_bool(sub, x_data, y_data)
    try:
        output = x_data - y_data
    except MemoryError as error:
        raise no_memory("sub", error, x, y) from None
    return record(sub, sub_vjp, output, (x, y))


def sub_vjp(grad_output: Value) -> tuple[Value, Value]:
    """``grad_x = grad_output; grad_y = -grad_output``."""
    return grad_output, -grad_output


def scaled(op: Op, y: Operand, alpha: float) -> Any:
    """Return ``alpha * y``; a Python number stays one, so that it takes the dtype of what it is added to."""
    factor = real(op, "alpha", alpha)
    return y * factor if isinstance(y, (int, float)) else mul(y, factor)


def rsub(x: Operand, y: Operand, *, alpha: float = 1) -> Tensor:
    """Return ``y - alpha * x``."""
    return sub(y, x, alpha=alpha)


def mul(x: Operand, y: Operand) -> Tensor:
    """Return ``x * y``, elementwise.

    Args:
        x: the first operand, any shape.
        y: the second operand, of a shape that broadcasts with x's.

    Returns:
        The product, of the broadcast shape and the promoted dtype.

    Raises:
        ValueError: if the shapes do not broadcast.
    """
    x_data, y_data = pair(mul, x, y)
    saved = (x_data if needs_grad(y) else None, y_data if needs_grad(x) else None)
    try:
        output = x_data * y_data
    except MemoryError as error:
        raise no_memory("mul", error, x, y) from None
    return record(mul, mul_vjp, output, (x, y), saved)


def mul_vjp(grad_output: Value, x: Value, y: Value) -> tuple[Value, Value]:
    """``grad_x = grad_output * y; grad_y = grad_output * x``."""
    grad_x = None if y is None else grad_output * y
    grad_y = None if x is None else grad_output * x
    return grad_x, grad_y


def div(x: Operand, y: Operand, *, rounding_mode: str | None = None) -> Tensor:
    """Return ``x / y``, elementwise; integers are divided as floats.

    Args:
        x: the dividend, any shape.
        y: the divisor, of a shape that broadcasts with x's.
        rounding_mode: None, ``"trunc"`` (towards zero) or ``"floor"``; the rounded quotients have gradient 0.

    Raises:
        ValueError: if the shapes do not broadcast, or ``rounding_mode`` is another.
    """
    if rounding_mode is not None:
        if isinstance(rounding_mode, str) and rounding_mode in ("floor", "trunc"):
            return floor_divide(x, y) if rounding_mode == "floor" else trunc_divide(x, y)
        raise ValueError(message("div", f"rounding_mode is None, 'trunc' or 'floor', got {rounding_mode!r}."))
    x_data, y_data = pair(div, x, y)
    if not are_floats(x_data, y_data):
        x_data, y_data = floating(div, x_data), floating(div, y_data)
    saved = (x_data if needs_grad(y) else None, y_data)
    try:
        output = x_data / y_data
    except MemoryError as error:
        raise no_memory("div", error, x, y) from None
    return record(div, div_vjp, output, (x, y), saved)


def div_vjp(grad_output: Value, x: Value, y: Value) -> tuple[Value, Value]:
    """``grad_x = grad_output / y; grad_y = -grad_output * x / y**2``."""
    grad_x = grad_output / y
    grad_y = None if x is None else -grad_x * (x / y)
    return grad_x, grad_y


def floor_divide(x: Operand, y: Operand) -> Tensor:
    """Return the largest integers not above ``x / y``, in the promoted dtype; the gradient is 0.

    Raises:
        ZeroDivisionError: if an integer is divided by zero.
    """
    x_data, y_data = pair(floor_divide, x, y)
    if not are_floats(x_data, y_data):
        refuse_bool(floor_divide, x_data, y_data)
        refuse_division_by_zero(floor_divide, x_data, y_data)
    return record(floor_divide, zero_pair_vjp, np.floor_divide(x_data, y_data), (x, y))


def trunc_divide(x: Operand, y: Operand) -> Tensor:
    """Return ``x / y`` rounded towards zero, in the promoted dtype; the gradient is 0."""
    x_data, y_data = pair(trunc_divide, x, y)
    if not are_floats(x_data, y_data):
        refuse_bool(trunc_divide, x_data, y_data)
        refuse_division_by_zero(trunc_divide, x_data, y_data)
    if are_floats(x_data, y_data):
        output = np.trunc(x_data / y_data)
    else:
        # Not by way of floats, which are exact only up to 2**53.
        floor = np.floor_divide(x_data, y_data)
        output = floor + ((floor < 0) & (floor * y_data != x_data))
    return record(trunc_divide, zero_pair_vjp, output, (x, y))


def zero_pair_vjp(grad_output: Value) -> tuple[Value, Value]:
    """``grad_x = 0; grad_y = 0``: the operation is constant between its jumps."""
    return vanish(grad_output), vanish(grad_output)


def remainder(x: Operand, y: Operand) -> Tensor:
    """Return ``x - y * floor(x / y)``, Python's ``%``: the result has the sign of ``y``.

    At its jumps, where ``x / y`` is an integer, the gradient is that of the piece to the right in ``x / y``.
    """
    x_data, y_data = pair(remainder, x, y)
    if not are_floats(x_data, y_data):
        refuse_bool(remainder, x_data, y_data)
        refuse_division_by_zero(remainder, x_data, y_data)
    saved = (x_data if needs_grad(y) else None, y_data if needs_grad(y) else None)
    return record(remainder, remainder_vjp, np.remainder(x_data, y_data), (x, y), saved)


def remainder_vjp(grad_output: Value, x: Value, y: Value) -> tuple[Value, Value]:
    """``grad_x = grad_output; grad_y = -grad_output * floor(x / y)``."""
    grad_y = None if x is None else -grad_output * floor_divide(x, y)
    return grad_output, grad_y


def neg(x: Operand) -> Tensor:
    """Return ``-x``."""
    x_data = unwrap(neg, x)
    if x_data.dtype.kind == "b":
        refuse_bool(neg, x_data)
    return record(neg, neg_vjp, -x_data, (x,))


def neg_vjp(grad_output: Value) -> Value:
    """``grad_x = -grad_output``."""
    return -grad_output


def positive(x: Operand) -> Tensor:
    """Return ``x`` itself: ``+x``."""
    unwrap(positive, x)
    return x  # type: ignore[return-value]


def pow(x: Operand, y: Operand) -> Tensor:
    """Return ``x`` to the power ``y``, elementwise.

    Args:
        x: the base, any shape.
        y: the exponent, a number or an operand that broadcasts with x.

    Returns:
        The power. Its gradient with respect to ``x`` is 0 where ``y`` is 0, and infinite at 0 where ``y`` is below 1;
        that with respect to ``y`` is 0 where ``x`` is 0 and ``y`` is not negative, and NaN where ``x`` is negative.

    Raises:
        TypeError: if both are of bools.
        ValueError: if the shapes do not broadcast, or an integer is raised to a negative integer.
    """
    x_data, y_data = pair(pow, x, y)
    if not are_floats(x_data, y_data):
        if type(y) is bool and x_data.dtype == np.bool_:
            return record(pow, None, x_data.copy() if y else np.ones_like(x_data), (x, y))
        refuse_bool(pow, x_data, y_data)
        if np.any(np.less(y_data, 0)):
            remedy = "Convert the base: x.float() ** y."
            raise ValueError(message("pow", "an integer cannot be raised to a negative integer.", remedy))
    output = x_data**y_data
    if needs_grad(y):
        # As an array, a number has the logarithm of the result's dtype.
        saved = (np.asarray(x_data, y_data.dtype), y_data, output)
    else:
        saved = (x_data, y_data, None)
    return record(pow, pow_vjp, output, (x, y), saved)


def pow_vjp(grad_output: Value, x: Value, y: Value, output: Value) -> tuple[Value, Value]:
    """``grad_x = grad_output * y * x**(y - 1); grad_y = grad_output * x**y * log(x)``."""
    if hasattr(y, "shape"):
        # Where y is 0 the slope is 0; 0 * x**-1 would be NaN at x = 0, and so would the slope of that.
        grad_x = grad_output * where(y == 0, 0, y * x ** where(y == 0, 1, y - 1))
    else:
        grad_x = grad_output * (y * x ** (y - 1) if y != 0 else 0)
    if output is None:
        return grad_x, None
    flat = (x == 0) & (y >= 0)
    grad_y = grad_output * (output * log(where(flat, 1, x)))
    return grad_x, grad_y


def rpow(x: Operand, y: Operand) -> Tensor:
    """Return ``y ** x``."""
    return pow(y, x)


def rdiv(x: Operand, y: Operand) -> Tensor:
    """Return ``y / x``."""
    return div(y, x)


def rfloor_divide(x: Operand, y: Operand) -> Tensor:
    """Return ``y // x``."""
    return floor_divide(y, x)


def rremainder(x: Operand, y: Operand) -> Tensor:
    """Return ``y % x``."""
    return remainder(y, x)


def are_floats(x_data: Any, y_data: Any) -> bool:
    """Return whether what ``pair`` returned is of floats: both have one dtype, or a number is beside an array."""
    kind: str = (x_data if type(x_data) is ndarray else y_data).dtype.kind
    return kind == "f"


def refuse_bool(op: Op, x_data: Any, *others: Any) -> None:
    """Raise a TypeError if the operands, which have one dtype, are of bools, for which an operation has no meaning."""
    if getattr(x_data, "dtype", None) == np.bool_:
        came = " and ".join([describe(each) for each in (x_data, *others)])
        raise TypeError(
            message(op.__name__, f"it has no meaning for bools, got {came}.", "Use ^ or ~, or convert: x.int().")
        )


def refuse_division_by_zero(op: Op, x_data: Any, y_data: Any) -> None:
    """Raise a ZeroDivisionError if integers are divided by zero; floats give inf or NaN as IEEE says."""
    if not are_floats(x_data, y_data) and builtins.bool(np.any(np.equal(y_data, 0))):
        raise ZeroDivisionError(
            message(op.__name__, "an integer is divided by zero.", "Convert first: x.float() // y.")
        )


true_divide = divide = div
subtract = sub
multiply = mul


class ArithmeticMethods:
    """The functions of this file as methods and operators of Tensor."""

    __slots__ = ()

    add = __add__ = __radd__ = add
    sub = subtract = __sub__ = sub
    rsub = __rsub__ = rsub
    mul = multiply = __mul__ = __rmul__ = mul
    div = divide = true_divide = __truediv__ = div
    __rtruediv__ = rdiv
    floor_divide = __floordiv__ = floor_divide
    __rfloordiv__ = rfloor_divide
    remainder = __mod__ = remainder
    __rmod__ = rremainder
    neg = negative = __neg__ = neg
    positive = __pos__ = positive
    pow = __pow__ = pow
    __rpow__ = rpow


negative = neg
