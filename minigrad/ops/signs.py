"""Signs, steps, and numbers put in the place of NaN and infinity."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.graph import record
from minigrad.ops.elementwise import sign, vanish, where
from minigrad.ops.operands import Operand, Tensor, Value, floating_pair, ndarray, needs_grad, pair, real, unwrap

sgn = sign


def signbit(x: Operand) -> Tensor:
    """Return where the sign is negative, that of ``-0.0`` and of NaN too, as bools."""
    x_data = unwrap(signbit, x)
    output = np.signbit(x_data) if x_data.dtype.kind == "f" else x_data < 0
    return record(signbit, None, output, (x,))


def copysign(x: Operand, y: Operand) -> Tensor:
    """Return the size of ``x`` with the sign of ``y``, elementwise.

    Args:
        x: the sizes, any shape.
        y: the signs, of a shape that broadcasts with x's; ``-0.0`` is negative.

    Returns:
        Of the broadcast shape; integers become the default floating dtype. The gradient of x is 0 at 0, that of y is 0.

    Raises:
        ValueError: if the shapes do not broadcast.
    """
    x_data, y_data = floating_pair(copysign, x, y)
    output = np.copysign(x_data, y_data)
    turned = None
    if needs_grad(x):
        turned = np.sign(x_data) * np.copysign(output.dtype.type(1), y_data)
    return record(copysign, copysign_vjp, output, (x, y), (turned, needs_grad(y)))


def copysign_vjp(grad_output: Value, turned: Value, for_y: bool) -> tuple[Value, Value]:
    """``grad_x = grad_output where the signs agree, -grad_output where they differ; grad_y = 0``."""
    grad_x = None if turned is None else grad_output * turned
    return grad_x, vanish(grad_output) if for_y else None


def heaviside(x: Operand, y: Operand) -> Tensor:
    """Return 0 where ``x`` is negative or NaN, 1 where it is positive, and ``y`` where it is 0; without a derivative.

    Args:
        x: any shape.
        y: the value at 0, of a shape that broadcasts with x's.

    Raises:
        ValueError: if the shapes do not broadcast.
        RuntimeError: if an operand requires grad.
    """
    x_data, y_data = pair(heaviside, x, y)
    dtype = (x_data if type(x_data) is ndarray else y_data).dtype
    if dtype.kind == "f":
        output: Any = np.heaviside(x_data, y_data)
        unknown = np.isnan(x_data)
        if np.count_nonzero(unknown):
            output = np.where(unknown, dtype.type(0), output)
    else:
        # NumPy's would go by way of floats, which are exact only up to 2**53.
        output = np.where(x_data == 0, y_data, x_data > 0).astype(dtype, copy=False)
    return record(heaviside, None, output, (x, y))


def nan_to_num(x: Operand, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Tensor:
    """Return ``x`` with numbers in the place of NaN and infinity; the gradient there is 0.

    Args:
        x: any shape; integers are as they are.
        nan: what to write for NaN.
        posinf: what to write for infinity; None for the largest number of the dtype.
        neginf: what to write for minus infinity; None for the lowest number of the dtype.

    Raises:
        TypeError: if one of them is no number.
    """
    x_data = unwrap(nan_to_num, x)
    nan = 0.0 if nan is None else real(nan_to_num, "nan", nan)
    output: Any = x_data.copy()
    finite: Any = None
    if x_data.dtype.kind == "f":
        limits = np.finfo(x_data.dtype)
        above = limits.max if posinf is None else real(nan_to_num, "posinf", posinf)
        below = limits.min if neginf is None else real(nan_to_num, "neginf", neginf)
        finite = np.isfinite(x_data)
        if np.count_nonzero(finite) < x_data.size:
            output[np.isnan(x_data)] = nan
            output[x_data == np.inf] = above
            output[x_data == -np.inf] = below
    return record(nan_to_num, nan_to_num_vjp, output, (x, nan, posinf, neginf), (finite,))


def nan_to_num_vjp(grad_output: Value, finite: Value) -> Value:
    """``grad_x = grad_output where x is finite, else 0``."""
    return where(finite, grad_output, 0)


class SignMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    sgn = sign
    signbit = signbit
    copysign = copysign
    heaviside = heaviside
    nan_to_num = nan_to_num
