"""Functions of each element alone: exponential, logarithm, activations, clamps and choices."""

from __future__ import annotations

from typing import Any

import numpy as np

import minigrad_kernels
from minigrad import tensors
from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.choices import chosen
from minigrad.ops.operands import (
    Operand,
    Tensor,
    Value,
    check_broadcast,
    floating,
    is_small_number,
    ndarray,
    needs_grad,
    pair,
    unwrap,
)
from minigrad.ops.searching import nonzero


def exp(x: Operand) -> Tensor:
    """Return e to the power ``x``, elementwise; integers become the default floating dtype."""
    output = minigrad_kernels.exp(floating(exp, x))
    return record(exp, exp_vjp, output, (x,), (output,))


def exp_vjp(grad_output: Value, output: Value) -> Value:
    """``grad_x = grad_output * exp(x)``."""
    return grad_output * output


def log(x: Operand) -> Tensor:
    """Return the natural logarithm, elementwise: ``-inf`` at 0, with an infinite gradient, and NaN below."""
    x_data = floating(log, x)
    return record(log, log_vjp, minigrad_kernels.log(x_data), (x,), (x_data,))


def log_vjp(grad_output: Value, x: Value) -> Value:
    """``grad_x = grad_output / x``."""
    return grad_output / x


def sqrt(x: Operand) -> Tensor:
    """Return the square root, elementwise; NaN below 0, and the gradient at 0 is infinite."""
    output = np.sqrt(floating(sqrt, x))
    return record(sqrt, sqrt_vjp, output, (x,), (output,))


def sqrt_vjp(grad_output: Value, output: Value) -> Value:
    """``grad_x = grad_output / (2 * sqrt(x))``."""
    return grad_output / (2 * output)


def square(x: Operand) -> Tensor:
    """Return ``x * x``, elementwise; bools become int64."""
    x_data = unwrap(square, x)
    if x_data.dtype.kind == "b":
        x_data = x_data.astype(np.int64)
    return record(square, square_vjp, x_data * x_data, (x,), (x_data,))


def square_vjp(grad_output: Value, x: Value) -> Value:
    """``grad_x = grad_output * 2 * x``."""
    return grad_output * (2 * x)


def abs(x: Operand) -> Tensor:
    """Return the absolute value, elementwise; its gradient at 0 is 0."""
    x_data = unwrap(abs, x)
    return record(abs, abs_vjp, np.abs(x_data), (x,), (x_data,))


def abs_vjp(grad_output: Value, x: Value) -> Value:
    """``grad_x = grad_output * sign(x)``."""
    return grad_output * sign(x)


def sign(x: Operand) -> Tensor:
    """Return -1, 0 or 1, elementwise, and 0 for NaN; the gradient is 0."""
    x_data = unwrap(sign, x)
    if x_data.dtype.kind == "f":
        output = minigrad_kernels.sign(x_data)
    else:
        output = x_data.copy() if x_data.dtype.kind == "b" else np.sign(x_data)
    return record(sign, sign_vjp, output, (x,))


def sign_vjp(grad_output: Value) -> Value:
    """``grad_x = 0``."""
    return vanish(grad_output)


def vanish(grad: Operand) -> Tensor:
    """Return zeros in the place of a gradient, whatever arrives: infinity or NaN times 0 would be NaN."""
    grad_data = unwrap(vanish, grad)
    return record(vanish, vanish_vjp, np.zeros(grad_data.shape, grad_data.dtype), (grad,))


def vanish_vjp(grad_output: Value) -> Value:
    """``grad_grad = 0``."""
    return vanish(grad_output)


def tanh(x: Operand) -> Tensor:
    """Return the hyperbolic tangent, elementwise, in (-1, 1)."""
    output = minigrad_kernels.tanh(floating(tanh, x))
    return record(tanh, tanh_vjp, output, (x,), (output,))


def tanh_vjp(grad_output: Value, output: Value) -> Value:
    """``grad_x = grad_output * (1 - tanh(x)**2)``."""
    return tanh_backward(grad_output, output)


def tanh_backward(grad: Operand, result: Operand) -> Tensor:
    """Return ``grad * (1 - result**2)``, of operands of one shape and floating dtype, by one kernel."""
    if type(grad) is ndarray and type(result) is ndarray:
        return minigrad_kernels.tanh_backward(grad, result)  # type: ignore[return-value]
    g_data, r_data = unwrap(tanh_backward, grad), unwrap(tanh_backward, result)
    output = minigrad_kernels.tanh_backward(g_data, r_data)
    return record(tanh_backward, tanh_backward_vjp, output, (grad, result), (g_data, r_data))


def tanh_backward_vjp(grad_output: Value, grad: Value, result: Value) -> tuple[Value, Value]:
    """``grad_grad = grad_output * (1 - result**2); grad_result = grad_output * grad * -2 * result``."""
    return tanh_backward(grad_output, result), grad_output * grad * (-2 * result)


def sigmoid(x: Operand) -> Tensor:
    """Return ``1 / (1 + exp(-x))``, elementwise, without overflow at either end."""
    output = minigrad_kernels.sigmoid(floating(sigmoid, x))
    return record(sigmoid, sigmoid_vjp, output, (x,), (output,))


def sigmoid_vjp(grad_output: Value, output: Value) -> Value:
    """``grad_x = grad_output * sigmoid(x) * (1 - sigmoid(x))``."""
    return sigmoid_backward(grad_output, output)


def sigmoid_backward(grad: Operand, result: Operand) -> Tensor:
    """Return ``grad * result * (1 - result)``, of operands of one shape and floating dtype, by one kernel."""
    if type(grad) is ndarray and type(result) is ndarray:
        return minigrad_kernels.sigmoid_backward(grad, result)  # type: ignore[return-value]
    g_data, r_data = unwrap(sigmoid_backward, grad), unwrap(sigmoid_backward, result)
    output = minigrad_kernels.sigmoid_backward(g_data, r_data)
    return record(sigmoid_backward, sigmoid_backward_vjp, output, (grad, result), (g_data, r_data))


def sigmoid_backward_vjp(grad_output: Value, grad: Value, result: Value) -> tuple[Value, Value]:
    """``grad_grad = grad_output * result * (1 - result); grad_result = grad_output * grad * (1 - 2 * result)``."""
    return sigmoid_backward(grad_output, result), grad_output * grad * (1 - 2 * result)


def relu(x: Operand, inplace: bool = False) -> Tensor:
    """Return ``max(x, 0)``, elementwise; NaN stays NaN, and the gradient at 0 is 0.

    Args:
        x: any shape.
        inplace: write the result over x.

    Raises:
        TypeError: if x is of bools.
    """
    if inplace:
        return tensors.Tensor.relu_(x)  # type: ignore[arg-type]
    x_data = unwrap(relu, x)
    if x_data.dtype.kind == "f":
        output = minigrad_kernels.relu(x_data)
        return record(relu, relu_vjp, output, (x,), (output,))
    if x_data.dtype.kind == "b":
        raise TypeError(message("relu", f"it has no meaning for bools, got {describe(x)}.", "Convert: x.float()."))
    return record(relu, relu_vjp, np.maximum(x_data, 0), (x,))


def relu_vjp(grad_output: Value, output: Value) -> Value:
    """``grad_x = grad_output where x > 0, else 0``."""
    return relu_backward(grad_output, output)


def relu_backward(grad: Operand, result: Operand) -> Tensor:
    """Return 0 where ``result <= 0``, else ``grad``, of operands of one shape and floating dtype, by one kernel."""
    if type(grad) is ndarray and type(result) is ndarray:
        return minigrad_kernels.relu_backward(grad, result)  # type: ignore[return-value]
    g_data, r_data = unwrap(relu_backward, grad), unwrap(relu_backward, result)
    output = minigrad_kernels.relu_backward(g_data, r_data)
    return record(relu_backward, relu_backward_vjp, output, (grad, result), (r_data,))


def relu_backward_vjp(grad_output: Value, result: Value) -> Value:
    """``grad_grad = grad_output where result > 0, else 0``; the result's own gradient is 0."""
    return relu_backward(grad_output, result)


def clamp(x: Operand, min: Operand | None = None, max: Operand | None = None) -> Tensor:
    """Return ``x`` limited to ``[min, max]``, elementwise.

    Args:
        x: any shape.
        min: lower bound, a number or an operand that broadcasts with x; None for none.
        max: upper bound likewise; where it is below ``min``, the result is ``max``.

    Returns:
        The limited values. The gradient passes where ``min <= x <= max``, else it goes to the bound.

    Raises:
        TypeError: if a bound is neither operand nor None.
        ValueError: if both bounds are None, or the shapes do not broadcast.
    """
    if min is None and max is None:
        raise ValueError(
            message(
                "clamp", "at least one of min and max is needed, got None for both.", "Give a bound: x.clamp(min=0)."
            )
        )
    x_data = unwrap(clamp, x)
    if x_data.dtype.kind != "f":
        min, max = representable(x_data, min), representable(x_data, max)
    lower: Any = min
    upper: Any = max
    if is_plain_bound(x_data, min) and is_plain_bound(x_data, max):
        output = limited_by_numbers(x_data, lower, upper)
    else:
        output, lower, upper = limited_between(x, x_data, min, max)
        if needs_grad(min) or needs_grad(max):
            return record(clamp, clamp_between_vjp, output, (x, min, max), (x_data, lower, upper))
    inside = None
    if needs_grad(x):
        inside = np.ones(output.shape, np.bool_)
        inside &= True if lower is None else x_data >= lower
        inside &= True if upper is None else x_data <= upper
    return record(clamp, clamp_vjp, output, (x, min, max), (inside,))


def clamp_vjp(grad_output: Value, inside: Value) -> Value:
    """``grad_x = grad_output where min <= x <= max, else 0``."""
    return where(inside, grad_output, 0)


def is_plain_bound(x: ndarray, bound: Any) -> bool:
    """Return whether a bound is a Python number that leaves an array its dtype, or there is none."""
    if bound is None:
        return True
    return is_small_number(bound) if x.dtype.kind == "f" else type(bound) is int and x.dtype.kind in "iu"


def limited_by_numbers(x: ndarray, min: Any, max: Any) -> Any:
    """Return an array limited to bounds, numbers that leave it its dtype or None, of which one is given."""
    if max is None:
        return np.maximum(x, min)
    if min is None:
        return np.minimum(x, max)
    # In one pass: at a million elements two of them take 4 times as long.
    return x.clip(min, max) if min <= max else np.minimum(np.maximum(x, min), max)


def limited_between(x: Operand, x_data: ndarray, min: Any, max: Any) -> tuple[Any, Any, Any]:
    """Return an operand limited to bounds, and the bounds in its dtype; None for one that there is not."""
    lower: Any = None
    upper: Any = None
    output: Any = x_data
    # np.clip refuses a lower bound above the upper one for some dtypes; the two steps are PyTorch's order.
    if min is not None:
        output, lower = pair(clamp, x, min)
        output = np.maximum(output, lower)
    if max is not None:
        output, upper = pair(clamp, output if lower is not None else x, max)
        output = np.minimum(output, upper)
    return output, lower, upper


def representable(x: np.ndarray, bound: Any) -> Any:
    """Return a bound; of an integer beyond the dtype of x, which would wrap around, the nearest within."""
    if isinstance(bound, int) and x.dtype.kind in "iu":
        limits = np.iinfo(x.dtype)
        return limits.min if bound < limits.min else limits.max if bound > limits.max else bound
    return bound


def clamp_between_vjp(grad_output: Value, x: Value, min: Value, max: Value) -> tuple[Value, Value, Value]:
    """``grad_x = grad_output where min <= x <= max; grad_min where x < min < max; grad_max where max < x or min``."""
    low = False if min is None else x < min
    high = False if max is None else x > max
    crossed = False if min is None or max is None else max < min
    inside = (x >= min if min is not None else x == x) & (x <= max if max is not None else x == x)
    grad_x = where(inside, grad_output, 0)
    grad_min = None if min is None else where(low & (crossed == 0), grad_output, 0)
    grad_max = None if max is None else where(high | crossed, grad_output, 0)
    return grad_x, grad_min, grad_max


def maximum(x: Operand, y: Operand) -> Tensor:
    """Return the larger of two operands, elementwise; NaN wins, and equal ones share the gradient in halves."""
    x_data, y_data = pair(maximum, x, y)
    return record(maximum, maximum_vjp, np.maximum(x_data, y_data), (x, y), (x_data, y_data))


def maximum_vjp(grad_output: Value, x: Value, y: Value) -> tuple[Value, Value]:
    """``grad_x = grad_output where x > y, half of it where x == y, else 0``; ``grad_y`` likewise."""
    shared = where(x == y, grad_output / 2, grad_output)
    return where(x < y, 0, shared), where(y < x, 0, shared)


def minimum(x: Operand, y: Operand) -> Tensor:
    """Return the smaller of two operands, elementwise; NaN wins, and equal ones share the gradient in halves."""
    x_data, y_data = pair(minimum, x, y)
    return record(minimum, minimum_vjp, np.minimum(x_data, y_data), (x, y), (x_data, y_data))


def minimum_vjp(grad_output: Value, x: Value, y: Value) -> tuple[Value, Value]:
    """``grad_x = grad_output where x < y, half of it where x == y, else 0``; ``grad_y`` likewise."""
    shared = where(x == y, grad_output / 2, grad_output)
    return where(y < x, 0, shared), where(x < y, 0, shared)


def where(condition: Operand, x: Operand | None = None, y: Operand | None = None) -> Tensor:
    """Return ``x`` where the condition holds, else ``y``; of a condition alone, ``nonzero(condition, as_tuple=True)``.

    Args:
        condition: bools, of a shape that broadcasts with the others'.
        x: what is taken where it is True.
        y: what is taken where it is False.

    Returns:
        The choice, of the broadcast shape and of the promoted dtype of ``x`` and ``y``.

    Raises:
        TypeError: if ``condition`` is not of bools.
        ValueError: if the shapes do not broadcast.
    """
    if x is None or y is None:
        if x is None and y is None:
            places: Tensor = nonzero(condition, as_tuple=True)
            return places
        raise TypeError(
            message(
                "where", f"both choices are needed, or none; got {describe(x)} and {describe(y)}.", "where(x > 0, x, 0)"
            )
        )
    test = unwrap(where, condition)
    if test.dtype.kind != "b":
        raise TypeError(message("where", f"the condition must be bool, got {describe(condition)}.", "Write x != 0."))
    x_data, y_data = pair(where, x, y)
    for operand, data in ((x, x_data), (y, y_data)):
        if isinstance(data, np.ndarray) and data.shape != test.shape:
            check_broadcast(where, condition, operand, test.shape, data.shape)
    output = chosen(test, x_data, y_data)
    return record(where, where_vjp, output, (condition, x, y), (test, needs_grad(x), needs_grad(y)))


def where_vjp(grad_output: Value, condition: Value, for_x: bool, for_y: bool) -> tuple[None, Value, Value]:
    """``grad_x = grad_output where the condition holds, else 0; grad_y`` the other way round."""
    grad_x = where(condition, grad_output, 0) if for_x else None
    grad_y = where(condition, 0, grad_output) if for_y else None
    return None, grad_x, grad_y


def where_condition(x: Operand, condition: Operand, y: Operand) -> Tensor:
    """Return ``x`` where the condition holds, else ``y``: ``where`` as a method."""
    return where(condition, x, y)


class ElementwiseMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    exp = exp
    log = log
    sqrt = sqrt
    square = square
    abs = absolute = __abs__ = abs
    sign = sign
    tanh = tanh
    sigmoid = sigmoid
    relu = relu
    clamp = clip = clamp
    maximum = maximum
    minimum = minimum
    where = where_condition


absolute = abs
clip = clamp
