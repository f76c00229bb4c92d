"""Between two operands, and a third added with a product or quotient of two."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.arithmetic import are_floats
from minigrad.ops.operands import Op, Operand, Tensor, Value, needs_grad, pair, real, unwrap


def lerp(input: Operand, end: Operand, weight: Operand) -> Tensor:
    """Return ``input + weight * (end - input)``: the way from ``input`` to ``end``, elementwise.

    Args:
        input: where weight 0 is, any shape.
        end: where weight 1 is, of a shape that broadcasts with input's.
        weight: a number, or an operand of a shape that broadcasts with theirs; it may be beyond 0 and 1.

    Returns:
        The place between, of the broadcast shape.

    Raises:
        TypeError: if the operands are not floating.
        ValueError: if the shapes do not broadcast.
    """
    start, stop = pair(lerp, input, end)
    if not are_floats(start, stop):
        raise TypeError(
            message("lerp", f"floating numbers are needed, got {describe(input)}.", "Convert them: x.float().")
        )
    way = stop - start
    share, way = pair(lerp, weight, way)
    if isinstance(weight, (int, float)) and weight >= 0.5:
        # From the nearer end, so that weight 1 gives it to the last bit.
        output = stop - way * (1 - weight)
    else:
        output = start + way * share
    saved = (start, stop, share) if needs_grad(weight) else (None, None, share)
    return record(lerp, lerp_vjp, output, (input, end, weight), saved)


def lerp_vjp(grad_output: Value, input: Value, end: Value, weight: Value) -> tuple[Value, Value, Value]:
    """``grad_input = grad_output * (1 - weight); grad_end = grad_output * weight; grad_weight = grad_output * way``."""
    grad_weight = None if input is None else grad_output * (end - input)
    return grad_output * (1 - weight), grad_output * weight, grad_weight


def addcmul(input: Operand, tensor1: Operand, tensor2: Operand, value: float = 1) -> Tensor:
    """Return ``input + value * tensor1 * tensor2``, elementwise.

    Args:
        input: what is added to, any shape.
        tensor1: a factor, of a shape that broadcasts with input's.
        tensor2: the other factor, likewise.
        value: a number that multiplies the product.

    Returns:
        The sum, of the broadcast shape and the promoted dtype.

    Raises:
        TypeError: if ``value`` is not an integer and the operands are of integers.
        ValueError: if the shapes do not broadcast.
    """
    first, second = pair(addcmul, tensor1, tensor2)
    product = first * second
    factor = checked_factor(addcmul, value, product, input)
    if factor != 1:
        product = product * factor
    output = sum_with(addcmul, input, product)
    saved = (first if needs_grad(tensor2) else None, second if needs_grad(tensor1) else None, factor)
    return record(addcmul, addcmul_vjp, output, (input, tensor1, tensor2, value), saved)


def addcmul_vjp(grad_output: Value, tensor1: Value, tensor2: Value, factor: float) -> tuple[Value, Value, Value]:
    """``grad_input = grad_output; grad_tensor1 = grad_output * value * tensor2``, and so ``grad_tensor2``.

    ``grad_tensor2 = grad_output * value * tensor1``.
    """
    scaled = grad_output if factor == 1 else grad_output * factor
    grad_tensor1 = None if tensor2 is None else scaled * tensor2
    grad_tensor2 = None if tensor1 is None else scaled * tensor1
    return grad_output, grad_tensor1, grad_tensor2


def addcdiv(input: Operand, tensor1: Operand, tensor2: Operand, value: float = 1) -> Tensor:
    """Return ``input + value * tensor1 / tensor2``, elementwise; arguments as for ``addcmul``.

    Raises:
        TypeError: if the quotient would be one of integers.
        ValueError: if the shapes do not broadcast.
    """
    first, second = pair(addcdiv, tensor1, tensor2)
    if not are_floats(first, second):
        raise TypeError(
            message(
                "addcdiv",
                f"floating numbers are needed to divide, got {describe(tensor1)} and {describe(tensor2)}.",
                "Convert them: x.float().",
            )
        )
    quotient = first / second
    factor = checked_factor(addcdiv, value, quotient, input)
    if factor != 1:
        quotient *= factor
    output = sum_with(addcdiv, input, quotient)
    saved = (first if needs_grad(tensor2) else None, second, factor)
    return record(addcdiv, addcdiv_vjp, output, (input, tensor1, tensor2, value), saved)


def addcdiv_vjp(grad_output: Value, tensor1: Value, tensor2: Value, factor: float) -> tuple[Value, Value, Value]:
    """``grad_tensor1 = grad_output * value / tensor2; grad_tensor2 = -grad_tensor1 * tensor1 / tensor2``.

    And ``grad_input = grad_output``.
    """
    grad_tensor1 = (grad_output if factor == 1 else grad_output * factor) / tensor2
    grad_tensor2 = None if tensor1 is None else -grad_tensor1 * (tensor1 / tensor2)
    return grad_output, grad_tensor1, grad_tensor2


def checked_factor(op: Op, value: Any, term: Any, input: Any) -> float:
    """Return the number that multiplies a product.

    Args:
        op: for which.
        value: the number.
        term: the product's array, or a factor's.
        input: what it is added to.

    Raises:
        TypeError: if it is no number, or a float where all operands are of integers.
    """
    if type(value) is int:
        return value
    factor = real(op, "value", value)
    if type(factor) is float and np.result_type(term, unwrap(op, input)).kind != "f":
        if not factor.is_integer():
            raise TypeError(
                message(op.__name__, f"value={value} is no integer, and the operands are.", "Convert them: x.float().")
            )
        return int(factor)
    return factor


def sum_with(op: Op, input: Operand, term: Any) -> Any:
    """Return ``input + term``, in their common dtype.

    Raises:
        ValueError: if the shapes cannot be broadcast.
    """
    start, term = pair(op, input, term)
    return start + term


class InterpolationMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    lerp = lerp
    addcmul = addcmul
    addcdiv = addcdiv
