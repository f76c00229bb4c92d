"""Operations that write their result over their first operand: PyTorch's trailing underscore."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import tensors
from minigrad.dtypes import CATEGORY
from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.modes import is_grad_enabled
from minigrad.ops.arithmetic import add, div, floor_divide, mul, neg, pow, remainder, scaled, sub
from minigrad.ops.comparisons import bitwise_and, bitwise_or, bitwise_xor
from minigrad.ops.conversion import clone
from minigrad.ops.elementwise import abs, clamp, exp, log, relu, sigmoid, sqrt, tanh
from minigrad.ops.operands import Op, Operand, Tensor, Value, broadcasts_to, needs_grad, unwrap, unwrap_exact
from minigrad.writes import refuse_write, stamp_write


def copy_(x: Tensor, y: Operand) -> Tensor:
    """Write ``y`` over ``x``; a part of the graph where one of them is.

    Args:
        x: the tensor to change.
        y: what to write, of a shape that broadcasts to x's; it is converted to x's dtype.

    Returns:
        ``x``.

    Raises:
        RuntimeError: if x is a leaf that requires grad, a view where a gradient is at stake, or read-only memory.
        ValueError: if y does not broadcast to x's shape. ``x`` is unchanged then.
    """
    y_data = unwrap_exact(copy_, y)
    refuse_write("copy_", x, (y,))
    check_fits("copy_", x, y_data.shape)
    # Before the write, so that an interrupt between the two leaves a stamp too late rather than none.
    stamp_write(x._stamp)
    np.copyto(x._data, y_data, casting="unsafe")
    written: Tensor = record(copy_, copy_vjp, x._data, (x, y), (), writes=x)
    return written


def copy_vjp(grad_output: Value) -> tuple[Value, Value]:
    """``grad_x = 0 (nothing of it is left); grad_y = grad_output``."""
    return None, grad_output


def write_over(op: Op, x: Tensor, *arguments: Any) -> Tensor:
    """Write ``op(x, *arguments)`` over ``x``.

    The operation itself is recorded on a copy of x's old value, which its rule may read; the write is then a ``copy_``.

    Raises:
        RuntimeError, ValueError, TypeError: with ``x`` unchanged.
    """
    who = op.__name__ + "_"
    if not isinstance(x, tensors.Tensor):
        raise TypeError(
            message(
                who,
                f"a Tensor is needed to be written to, got {describe(x)}.",
                "Make one of it, minigrad.tensor(...), or use the form without the underscore.",
            )
        )
    refuse_write(who, x, arguments)
    operands = [x, *arguments]
    recorded = False
    for each in operands:
        recorded = recorded or needs_grad(each)
    if recorded and is_grad_enabled():
        for index, each in enumerate(operands):
            # Also those that share its memory: x *= x, x *= x[0].
            if isinstance(each, tensors.Tensor) and each._stamp is x._stamp:
                operands[index] = clone(each)
    result = op(*operands)
    check_fits(who, x, result._data.shape)
    if CATEGORY[result._data.dtype.kind] > CATEGORY[x._data.dtype.kind]:
        raise TypeError(
            message(who, f"a result of {result.dtype} cannot be written to {describe(x)}.", "Convert first: x.float().")
        )
    return copy_(x, result)


def check_fits(who: str, x: Tensor, shape: tuple[int, ...]) -> None:
    """Raise a ValueError unless a result of ``shape`` can be written to all of ``x``."""
    if shape != x._data.shape and not broadcasts_to(shape, x._data.shape):
        raise ValueError(
            message(
                who,
                f"a value of shape {shape} does not broadcast to {describe(x)} in place.",
                "Make a new tensor instead: x = value.clone()."
                if who == "copy_"
                else "Use the form without the underscore, which makes a new tensor.",
            )
        )


def add_(x: Tensor, y: Operand, *, alpha: float = 1) -> Tensor:
    """Write ``x + alpha * y`` over ``x``."""
    return write_over(add, x, y if alpha == 1 else scaled(add_, y, alpha))


def sub_(x: Tensor, y: Operand, *, alpha: float = 1) -> Tensor:
    """Write ``x - alpha * y`` over ``x``."""
    return write_over(sub, x, y if alpha == 1 else scaled(sub_, y, alpha))


def mul_(x: Tensor, y: Operand) -> Tensor:
    """Write ``x * y`` over ``x``."""
    return write_over(mul, x, y)


def div_(x: Tensor, y: Operand) -> Tensor:
    """Write ``x / y`` over ``x``."""
    return write_over(div, x, y)


def floor_divide_(x: Tensor, y: Operand) -> Tensor:
    """Write ``x // y`` over ``x``."""
    return write_over(floor_divide, x, y)


def remainder_(x: Tensor, y: Operand) -> Tensor:
    """Write ``x % y`` over ``x``."""
    return write_over(remainder, x, y)


def pow_(x: Tensor, y: Operand) -> Tensor:
    """Write ``x ** y`` over ``x``."""
    return write_over(pow, x, y)


def bitwise_and_(x: Tensor, y: Operand) -> Tensor:
    """Write ``x & y`` over ``x``."""
    return write_over(bitwise_and, x, y)


def bitwise_or_(x: Tensor, y: Operand) -> Tensor:
    """Write ``x | y`` over ``x``."""
    return write_over(bitwise_or, x, y)


def bitwise_xor_(x: Tensor, y: Operand) -> Tensor:
    """Write ``x ^ y`` over ``x``."""
    return write_over(bitwise_xor, x, y)


def neg_(x: Tensor) -> Tensor:
    """Write ``-x`` over ``x``."""
    return write_over(neg, x)


def abs_(x: Tensor) -> Tensor:
    """Write the absolute values over ``x``."""
    return write_over(abs, x)


def exp_(x: Tensor) -> Tensor:
    """Write ``exp(x)`` over ``x``."""
    return write_over(exp, x)


def log_(x: Tensor) -> Tensor:
    """Write ``log(x)`` over ``x``."""
    return write_over(log, x)


def sqrt_(x: Tensor) -> Tensor:
    """Write the square roots over ``x``."""
    return write_over(sqrt, x)


def tanh_(x: Tensor) -> Tensor:
    """Write ``tanh(x)`` over ``x``."""
    return write_over(tanh, x)


def sigmoid_(x: Tensor) -> Tensor:
    """Write ``sigmoid(x)`` over ``x``."""
    return write_over(sigmoid, x)


def relu_(x: Tensor) -> Tensor:
    """Write ``relu(x)`` over ``x``."""
    return write_over(relu, x)


def clamp_(x: Tensor, min: Operand | None = None, max: Operand | None = None) -> Tensor:
    """Write ``x`` limited to ``[min, max]`` over ``x``."""
    return write_over(clamp, x, min, max)


def zero_(x: Tensor) -> Tensor:
    """Write zeros over ``x``; the gradient of what it held before is 0."""
    refuse_write("zero_", x)
    return copy_(x, 0)


def fill_(x: Tensor, value: Operand) -> Tensor:
    """Write one number over all of ``x``.

    Raises:
        ValueError: if ``value`` has more than one element.
    """
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
    sub_ = __isub__ = sub_
    mul_ = __imul__ = mul_
    div_ = __itruediv__ = div_
    floor_divide_ = __ifloordiv__ = floor_divide_
    remainder_ = __imod__ = remainder_
    pow_ = __ipow__ = pow_
    bitwise_and_ = __iand__ = bitwise_and_
    bitwise_or_ = __ior__ = bitwise_or_
    bitwise_xor_ = __ixor__ = bitwise_xor_
    neg_ = neg_
    abs_ = abs_
    exp_ = exp_
    log_ = log_
    sqrt_ = sqrt_
    tanh_ = tanh_
    sigmoid_ = sigmoid_
    relu_ = relu_
    clamp_ = clip_ = clamp_
    zero_ = zero_
    fill_ = fill_
