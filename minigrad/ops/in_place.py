"""Operations that write their result over their first operand: PyTorch's trailing underscore."""

from __future__ import annotations

from typing import Any

import numpy as np

import minigrad_kernels
from minigrad import tensors
from minigrad.dtypes import CATEGORY
from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.modes import current_state, is_grad_enabled
from minigrad.ops.arithmetic import add, div, floor_divide, mul, neg, pow, remainder, scaled, sub
from minigrad.ops.comparisons import bitwise_and, bitwise_or, bitwise_xor
from minigrad.ops.conversion import clone
from minigrad.ops.elementwise import abs, clamp, exp, log, relu, sigmoid, sqrt, tanh
from minigrad.ops.operands import (
    Op,
    Operand,
    Tensor,
    Value,
    broadcasts_to,
    is_small_number,
    needs_grad,
    unwrap,
    unwrap_exact,
)
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


def write_over(op: Op, x: Tensor, *arguments: Any, into: Any = None, kind: str = "f", **settings: Any) -> Tensor:
    """Write ``op(x, *arguments, **settings)`` over ``x``.

    The operation itself is recorded on a copy of x's old value, which its rule may read; the write is then a ``copy_``.

    Args:
        op: the operation.
        x: its first operand.
        arguments: the others.
        into: a function like a ufunc, ``into(x, *arguments, out=x)``, that computes the same: where nothing is recorded
            it writes its result at once.
        kind: the kind of dtype for which it computes the same.
        settings: the operation's arguments by name, none of which ``into`` knows.

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
    if into is not None and x._data.dtype.kind == kind:
        arrays = plain_operands(x, arguments)
        if arrays is not None:
            # Before the write, as in copy_.
            stamp_write(x._stamp)
            into(*arrays, out=x._data)
            written: Tensor = record(copy_, None, x._data, (x,), (), writes=x)
            return written
    return written_result(op, x, arguments, settings)


def plain_operands(x: Tensor, arguments: tuple[Any, ...]) -> list[Any] | None:
    """Return the arrays and numbers of an operation whose result is written over x, where nothing is recorded.

    None where a gradient is at stake or a step is captured, and where an operand would have to be converted first.
    """
    state = current_state()
    if state.tape is not None:
        return None
    found: list[Any] = []
    for each in (x, *arguments):
        if isinstance(each, tensors.Tensor):
            if state.grad_enabled and needs_grad(each):
                return None
            each = each._data
            if each.dtype is not x._data.dtype or not broadcasts_to(each.shape, x._data.shape):
                return None
        elif x._data.dtype.kind != "f" or not is_small_number(each):
            return None
        found.append(each)
    return found


def written_result(op: Op, x: Tensor, arguments: tuple[Any, ...], settings: dict[str, Any]) -> Tensor:
    """Compute ``op(x, *arguments, **settings)``, x copied where its rule may read it, and write it over ``x``."""
    who = op.__name__ + "_"
    operands = [x, *arguments]
    recorded = False
    for each in operands:
        recorded = recorded or needs_grad(each)
    if recorded and is_grad_enabled():
        for index, each in enumerate(operands):
            # Also those that share its memory: x *= x, x *= x[0].
            if isinstance(each, tensors.Tensor) and each._stamp is x._stamp:
                operands[index] = clone(each)
    result = op(*operands, **settings)
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
    return write_over(add, x, y if type(alpha) is int and alpha == 1 else scaled(add_, y, alpha), into=np.add)


def sub_(x: Tensor, y: Operand, *, alpha: float = 1) -> Tensor:
    """Write ``x - alpha * y`` over ``x``."""
    return write_over(sub, x, y if type(alpha) is int and alpha == 1 else scaled(sub_, y, alpha), into=np.subtract)


def mul_(x: Tensor, y: Operand) -> Tensor:
    """Write ``x * y`` over ``x``."""
    return write_over(mul, x, y, into=np.multiply)


def div_(x: Tensor, y: Operand, *, rounding_mode: str | None = None) -> Tensor:
    """Write ``x / y`` over ``x``; ``rounding_mode`` as for ``div``."""
    if rounding_mode is not None:
        return write_over(div, x, y, rounding_mode=rounding_mode)
    return write_over(div, x, y, into=np.true_divide)


def floor_divide_(x: Tensor, y: Operand) -> Tensor:
    """Write ``x // y`` over ``x``."""
    return write_over(floor_divide, x, y, into=np.floor_divide)


def remainder_(x: Tensor, y: Operand) -> Tensor:
    """Write ``x % y`` over ``x``."""
    return write_over(remainder, x, y, into=np.remainder)


def pow_(x: Tensor, y: Operand) -> Tensor:
    """Write ``x ** y`` over ``x``."""
    return write_over(pow, x, y)


def bitwise_and_(x: Tensor, y: Operand) -> Tensor:
    """Write ``x & y`` over ``x``."""
    return write_over(bitwise_and, x, y, into=np.bitwise_and, kind="i")


def bitwise_or_(x: Tensor, y: Operand) -> Tensor:
    """Write ``x | y`` over ``x``."""
    return write_over(bitwise_or, x, y, into=np.bitwise_or, kind="i")


def bitwise_xor_(x: Tensor, y: Operand) -> Tensor:
    """Write ``x ^ y`` over ``x``."""
    return write_over(bitwise_xor, x, y, into=np.bitwise_xor, kind="i")


def neg_(x: Tensor) -> Tensor:
    """Write ``-x`` over ``x``."""
    return write_over(neg, x, into=np.negative)


def abs_(x: Tensor) -> Tensor:
    """Write the absolute values over ``x``."""
    return write_over(abs, x, into=np.absolute)


def exp_(x: Tensor) -> Tensor:
    """Write ``exp(x)`` over ``x``."""
    return write_over(exp, x, into=minigrad_kernels.exp)


def log_(x: Tensor) -> Tensor:
    """Write ``log(x)`` over ``x``."""
    return write_over(log, x, into=minigrad_kernels.log)


def sqrt_(x: Tensor) -> Tensor:
    """Write the square roots over ``x``."""
    return write_over(sqrt, x, into=np.sqrt)


def tanh_(x: Tensor) -> Tensor:
    """Write ``tanh(x)`` over ``x``."""
    return write_over(tanh, x, into=minigrad_kernels.tanh)


def sigmoid_(x: Tensor) -> Tensor:
    """Write ``sigmoid(x)`` over ``x``."""
    return write_over(sigmoid, x, into=minigrad_kernels.sigmoid)


def relu_(x: Tensor) -> Tensor:
    """Write ``relu(x)`` over ``x``."""
    return write_over(relu, x, into=minigrad_kernels.relu)


def clamp_(x: Tensor, min: Operand | None = None, max: Operand | None = None) -> Tensor:
    """Write ``x`` limited to ``[min, max]`` over ``x``."""
    return write_over(clamp, x, min, max, into=None if min is None or max is None else np.clip)


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
