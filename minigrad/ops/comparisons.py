"""Comparisons, logic and tests of each element: results without a derivative."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.dtypes import uint8
from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.operands import Dim, Op, Operand, Tensor, axes, ndarray, pair, real, refuse_no_bool, unwrap

#: What np.all and np.any call, behind three Python functions.
all_reduce: Any = np.logical_and.reduce
any_reduce: Any = np.logical_or.reduce


def eq(x: Operand, y: Operand) -> Tensor:
    """Return ``x == y``, elementwise, as bools."""
    x_data, y_data = pair(eq, x, y)
    return record(eq, None, np.equal(x_data, y_data), (x, y))


def ne(x: Operand, y: Operand) -> Tensor:
    """Return ``x != y``, elementwise, as bools."""
    x_data, y_data = pair(ne, x, y)
    return record(ne, None, np.not_equal(x_data, y_data), (x, y))


def lt(x: Operand, y: Operand) -> Tensor:
    """Return ``x < y``, elementwise, as bools."""
    x_data, y_data = pair(lt, x, y)
    return record(lt, None, np.less(x_data, y_data), (x, y))


def le(x: Operand, y: Operand) -> Tensor:
    """Return ``x <= y``, elementwise, as bools."""
    x_data, y_data = pair(le, x, y)
    return record(le, None, np.less_equal(x_data, y_data), (x, y))


def gt(x: Operand, y: Operand) -> Tensor:
    """Return ``x > y``, elementwise, as bools."""
    x_data, y_data = pair(gt, x, y)
    return record(gt, None, np.greater(x_data, y_data), (x, y))


def ge(x: Operand, y: Operand) -> Tensor:
    """Return ``x >= y``, elementwise, as bools."""
    x_data, y_data = pair(ge, x, y)
    return record(ge, None, np.greater_equal(x_data, y_data), (x, y))


def logical_and(x: Operand, y: Operand) -> Tensor:
    """Return whether both operands are nonzero, elementwise."""
    x_data, y_data = pair(logical_and, x, y)
    return record(logical_and, None, np.logical_and(x_data, y_data), (x, y))


def logical_or(x: Operand, y: Operand) -> Tensor:
    """Return whether at least one operand is nonzero, elementwise."""
    x_data, y_data = pair(logical_or, x, y)
    return record(logical_or, None, np.logical_or(x_data, y_data), (x, y))


def logical_xor(x: Operand, y: Operand) -> Tensor:
    """Return whether exactly one operand is nonzero, elementwise."""
    x_data, y_data = pair(logical_xor, x, y)
    return record(logical_xor, None, np.logical_xor(x_data, y_data), (x, y))


def logical_not(x: Operand) -> Tensor:
    """Return whether each element is zero."""
    return record(logical_not, None, np.logical_not(unwrap(logical_not, x)), (x,))


def bitwise_and(x: Operand, y: Operand) -> Tensor:
    """Return ``x & y`` of integers or bools."""
    return bitwise(bitwise_and, np.bitwise_and, x, y)


def bitwise_or(x: Operand, y: Operand) -> Tensor:
    """Return ``x | y`` of integers or bools."""
    return bitwise(bitwise_or, np.bitwise_or, x, y)


def bitwise_xor(x: Operand, y: Operand) -> Tensor:
    """Return ``x ^ y`` of integers or bools."""
    return bitwise(bitwise_xor, np.bitwise_xor, x, y)


def bitwise_not(x: Operand) -> Tensor:
    """Return ``~x`` of integers or bools."""
    x_data = unwrap(bitwise_not, x)
    refuse_floats(bitwise_not, x_data)
    return record(bitwise_not, None, np.bitwise_not(x_data), (x,))


def bitwise(op: Op, ufunc: Any, x: Operand, y: Operand) -> Tensor:
    """Return what a bitwise ufunc makes of two operands, which must not be floats."""
    x_data, y_data = pair(op, x, y)
    # Both have the common dtype; beside a number, the array is of floats.
    refuse_floats(op, x_data if type(x_data) is ndarray else y_data)
    return record(op, None, ufunc(x_data, y_data), (x, y))


def refuse_floats(op: Op, data: Any) -> None:
    """Raise a TypeError if an operand is of floats."""
    if data.dtype.kind == "f":
        raise TypeError(
            message(
                op.__name__,
                f"integers or bools are needed, got {describe(data)}.",
                "Make bools of it by a comparison, x > 0, or integers by x.int().",
            )
        )


def isnan(x: Operand) -> Tensor:
    """Return where ``x`` is NaN."""
    return record(isnan, None, np.isnan(unwrap(isnan, x)), (x,))


def isinf(x: Operand) -> Tensor:
    """Return where ``x`` is infinite, of either sign."""
    return record(isinf, None, np.isinf(unwrap(isinf, x)), (x,))


def isfinite(x: Operand) -> Tensor:
    """Return where ``x`` is neither infinite nor NaN."""
    return record(isfinite, None, np.isfinite(unwrap(isfinite, x)), (x,))


def all(x: Operand, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Return whether all elements are nonzero, over all axes or along some.

    Args:
        x: any shape.
        dim: the axis or axes to reduce; None for all.
        keepdim: keep reduced axes with length 1.

    Returns:
        Bools; of uint8, which was PyTorch's type of truth before it had bools, 0 and 1 in uint8.
    """
    x_data = unwrap(all, x)
    output = all_reduce(x_data, axes(all, dim, x_data.ndim, keepdim), None, None, keepdim)
    if x_data.dtype is uint8:
        output = output.astype(uint8)
    return record(all, None, output, (x, dim, keepdim))


def any(x: Operand, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Return whether any element is nonzero; arguments as for ``all``."""
    x_data = unwrap(any, x)
    output = any_reduce(x_data, axes(any, dim, x_data.ndim, keepdim), None, None, keepdim)
    if x_data.dtype is uint8:
        output = output.astype(uint8)
    return record(any, None, output, (x, dim, keepdim))


def isclose(x: Operand, y: Operand, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Return where ``|x - y| <= atol + rtol * |y|``."""
    x_data, y_data = pair(isclose, x, y)
    rtol, atol = float(real(isclose, "rtol", rtol)), float(real(isclose, "atol", atol))
    refuse_no_bool(isclose, "equal_nan", equal_nan)
    if np.result_type(x_data, y_data).kind != "f":
        # NumPy subtracts, and unsigned integers and bools have no difference.
        x_data, y_data = np.asarray(x_data, np.float64), np.asarray(y_data, np.float64)
    output = np.isclose(x_data, y_data, rtol=rtol, atol=atol, equal_nan=equal_nan)
    return record(isclose, None, output, (x, y, rtol, atol, equal_nan))


def allclose(x: Operand, y: Operand, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Return whether ``isclose`` holds for every element, as a Python bool."""
    return bool(np.all(np.asarray(isclose(x, y, rtol, atol, equal_nan))))


def equal(x: Operand, y: Operand) -> bool:
    """Return whether two operands have the same shape and the same elements, as a Python bool."""
    x_data, y_data = unwrap(equal, x), unwrap(equal, y)
    return x_data.shape == y_data.shape and bool(np.all(x_data == y_data))


def equals(x: Tensor, y: Any) -> Any:
    """Return ``eq(x, y)``; of what can never be a number NotImplemented: ``x == None`` is False, as Python has it."""
    return eq(x, y) if may_be_numbers(y) else NotImplemented


def differs(x: Tensor, y: Any) -> Any:
    """Return ``ne(x, y)``; of what can never be a number NotImplemented: ``x != None`` is True."""
    return ne(x, y) if may_be_numbers(y) else NotImplemented


def may_be_numbers(y: Any) -> bool:
    """Return whether a value is an operand, or a list, about which a comparison should complain and not say False."""
    return hasattr(y, "dtype") or isinstance(y, (int, float, complex, list, tuple))


class ComparisonMethods:
    """The functions of this file as methods and operators of Tensor."""

    __slots__ = ()

    eq = eq
    ne = ne
    __eq__ = equals
    __ne__ = differs
    not_equal = ne
    lt = less = __lt__ = lt
    le = less_equal = __le__ = le
    gt = greater = __gt__ = gt
    ge = greater_equal = __ge__ = ge
    logical_and = logical_and
    logical_or = logical_or
    logical_xor = logical_xor
    logical_not = logical_not
    bitwise_and = __and__ = __rand__ = bitwise_and
    bitwise_or = __or__ = __ror__ = bitwise_or
    bitwise_xor = __xor__ = __rxor__ = bitwise_xor
    bitwise_not = __invert__ = bitwise_not
    isnan = isnan
    isinf = isinf
    isfinite = isfinite
    all = all
    any = any
    isclose = isclose
    allclose = allclose
    equal = equal
    # Two tensors with equal elements are still two: they key dictionaries and sets by identity.
    __hash__ = object.__hash__


not_equal = ne
less = lt
less_equal = le
greater = gt
greater_equal = ge
