"""Operations that write their result over their first operand: PyTorch's trailing underscore."""

from __future__ import annotations

from sys import _getframe

import numpy as np

import minigrad_kernels
from minigrad.dtypes import int64
from minigrad.errors import describe, message
from minigrad.ops.arithmetic import add, div, floor_divide, mul, neg, pow, remainder, scaled, sub
from minigrad.ops.comparisons import bitwise_and, bitwise_or, bitwise_xor
from minigrad.ops.elementwise import abs, clamp, exp, log, relu, sigmoid, sqrt, tanh
from minigrad.ops.operands import Operand, Tensor, is_small_number, unwrap
from minigrad.ops.overwriting import copy_, is_written_at_once, stamp_now, write_over
from minigrad.writes import refuse_write


def add_(x: Tensor, y: Operand, *, alpha: float = 1) -> Tensor:
    """Write ``x + alpha * y`` over ``x``."""
    return write_over(add, x, (y if type(alpha) is int and alpha == 1 else scaled(add_, y, alpha),), np.add)


def sub_(x: Tensor, y: Operand, *, alpha: float = 1) -> Tensor:
    """Write ``x - alpha * y`` over ``x``."""
    return write_over(sub, x, (y if type(alpha) is int and alpha == 1 else scaled(sub_, y, alpha),), np.subtract)


def mul_(x: Tensor, y: Operand) -> Tensor:
    """Write ``x * y`` over ``x``."""
    return write_over(mul, x, (y,), np.multiply)


def div_(x: Tensor, y: Operand, *, rounding_mode: str | None = None) -> Tensor:
    """Write ``x / y`` over ``x``; ``rounding_mode`` as for ``div``."""
    if rounding_mode is not None:
        return write_over(div, x, (y,), None, "f", {"rounding_mode": rounding_mode})
    return write_over(div, x, (y,), np.true_divide)


def floor_divide_(x: Tensor, y: Operand) -> Tensor:
    """Write ``x // y`` over ``x``."""
    return write_over(floor_divide, x, (y,), np.floor_divide)


def remainder_(x: Tensor, y: Operand) -> Tensor:
    """Write ``x % y`` over ``x``."""
    return write_over(remainder, x, (y,), np.remainder)


def pow_(x: Tensor, y: Operand) -> Tensor:
    """Write ``x ** y`` over ``x``."""
    # A number may be an exponent that NumPy has a faster way for than its ufunc.
    return write_over(pow, x, (y,), None if is_small_number(y) else np.power)


def bitwise_and_(x: Tensor, y: Operand) -> Tensor:
    """Write ``x & y`` over ``x``."""
    return write_over(bitwise_and, x, (y,), np.bitwise_and, "i")


def bitwise_or_(x: Tensor, y: Operand) -> Tensor:
    """Write ``x | y`` over ``x``."""
    return write_over(bitwise_or, x, (y,), np.bitwise_or, "i")


def bitwise_xor_(x: Tensor, y: Operand) -> Tensor:
    """Write ``x ^ y`` over ``x``."""
    return write_over(bitwise_xor, x, (y,), np.bitwise_xor, "i")


def neg_(x: Tensor) -> Tensor:
    """Write ``-x`` over ``x``."""
    return write_over(neg, x, (), np.negative)


def abs_(x: Tensor) -> Tensor:
    """Write the absolute values over ``x``."""
    return write_over(abs, x, (), np.absolute)


def exp_(x: Tensor) -> Tensor:
    """Write ``exp(x)`` over ``x``."""
    return write_over(exp, x, (), minigrad_kernels.exp)


def log_(x: Tensor) -> Tensor:
    """Write ``log(x)`` over ``x``."""
    return write_over(log, x, (), minigrad_kernels.log)


def sqrt_(x: Tensor) -> Tensor:
    """Write the square roots over ``x``."""
    return write_over(sqrt, x, (), np.sqrt)


def tanh_(x: Tensor) -> Tensor:
    """Write ``tanh(x)`` over ``x``."""
    return write_over(tanh, x, (), minigrad_kernels.tanh)


def sigmoid_(x: Tensor) -> Tensor:
    """Write ``sigmoid(x)`` over ``x``."""
    return write_over(sigmoid, x, (), minigrad_kernels.sigmoid)


def relu_(x: Tensor) -> Tensor:
    """Write ``relu(x)`` over ``x``."""
    return write_over(relu, x, (), minigrad_kernels.relu)


def clamp_(x: Tensor, min: Operand | None = None, max: Operand | None = None) -> Tensor:
    """Write ``x`` limited to ``[min, max]`` over ``x``."""
    return write_over(clamp, x, (min, max), None if min is None or max is None else np.clip)


def zero_(x: Tensor) -> Tensor:
    """Write zeros over ``x``; the gradient of what it held before is 0."""
    if is_written_at_once(x):
        stamp_now(x, _getframe(1))
        x._data.fill(0)
        return x
    refuse_write("zero_", x)
    return copy_(x, 0)


def fill_(x: Tensor, value: Operand) -> Tensor:
    """Write one number over all of ``x``.

    Raises:
        ValueError: if ``value`` has more than one element.
    """
    if is_small_number(value) and is_written_at_once(x):
        x_data = x._data
        if x_data.dtype.kind == "f" or (x_data.dtype is int64 and type(value) is int):
            stamp_now(x, _getframe(1))
            x_data.fill(value)
            return x
    refuse_write("fill_", x, (value,))
    if unwrap(fill_, value).ndim:
        raise ValueError(
            message("fill_", f"one number is needed, got {describe(value)}.", "copy_ writes a tensor of several.")
        )
    return copy_(x, value)


class InPlaceMethods:
    """The functions of this file as methods and augmented operators of Tensor."""

    __slots__ = ()

    copy_ = copy_
    add_ = __iadd__ = add_
    sub_ = subtract_ = __isub__ = sub_
    mul_ = multiply_ = __imul__ = mul_
    div_ = divide_ = true_divide_ = __itruediv__ = div_
    floor_divide_ = __ifloordiv__ = floor_divide_
    remainder_ = __imod__ = remainder_
    pow_ = __ipow__ = pow_
    bitwise_and_ = __iand__ = bitwise_and_
    bitwise_or_ = __ior__ = bitwise_or_
    bitwise_xor_ = __ixor__ = bitwise_xor_
    neg_ = negative_ = neg_
    abs_ = absolute_ = abs_
    exp_ = exp_
    log_ = log_
    sqrt_ = sqrt_
    tanh_ = tanh_
    sigmoid_ = sigmoid_
    relu_ = relu_
    clamp_ = clip_ = clamp_
    zero_ = zero_
    fill_ = fill_
