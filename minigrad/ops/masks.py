"""Elements where a mask holds: filled, taken out, and written from a list."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.elementwise import where
from minigrad.ops.indexing import get_item_vjp
from minigrad.ops.operands import Op, Operand, Tensor, Value, check_broadcast, ndarray, needs_grad, unwrap, unwrap_exact
from minigrad.ops.overwriting import write_over
from minigrad.ops.padding import constant_pad_nd
from minigrad.ops.places import same_dtype
from minigrad.ops.shapes import reshape


def masked_fill(x: Operand, mask: Operand, value: Operand) -> Tensor:
    """Return ``x`` with one number where a mask holds.

    Args:
        x: any shape.
        mask: bools, of a shape that broadcasts with x's.
        value: a number or a 0-d tensor; it is converted to x's dtype.

    Returns:
        The broadcast shape, of x's dtype.

    Raises:
        TypeError: if the mask is not of bools; ValueError: if ``value`` is not one number, or the shapes do not fit.
    """
    x_data = unwrap(masked_fill, x)
    test = mask_of(masked_fill, x, x_data.shape, mask)
    filling = unwrap_exact(masked_fill, value)
    if filling.ndim:
        raise ValueError(
            message(
                "masked_fill", f"one number is needed to fill with, got {describe(value)}.", "Use where for several."
            )
        )
    output = np.where(test, filling.astype(x_data.dtype), x_data)
    saved = (test, needs_grad(x), needs_grad(value))
    return record(masked_fill, masked_fill_vjp, output, (x, mask, value), saved)


def masked_fill_vjp(grad_output: Value, mask: Value, for_x: bool, for_value: bool) -> tuple[Value, None, Value]:
    """``grad_x = grad_output, 0 where the mask holds; grad_value = grad_output where it holds`` (the engine sums)."""
    grad_x = masked_fill(grad_output, mask, 0) if for_x else None
    return grad_x, None, where(mask, grad_output, 0) if for_value else None


def masked_fill_(x: Tensor, mask: Operand, value: Operand) -> Tensor:
    """Write one number over ``x`` where a mask holds."""
    return write_over(masked_fill, x, (mask, value))


def mask_of(op: Op, x: Any, shape: tuple[int, ...], mask: Any) -> ndarray:
    """Return the array of a mask of ``x``, of a shape.

    Raises:
        TypeError: if it is not of bools; ValueError: if it does not broadcast with x.
    """
    test = unwrap(op, mask)
    if test.dtype.kind != "b":
        raise TypeError(message(op.__name__, f"the mask must be bool, got {describe(mask)}.", "Write x != 0."))
    if test.shape != shape:
        check_broadcast(op, mask, x, test.shape, shape)
    return test


def masked_select(x: Operand, mask: Operand) -> Tensor:
    """Return the elements of ``x`` where a mask holds, as a vector in row-major order.

    Args:
        x: any shape.
        mask: bools, of a shape that broadcasts with x's.

    Raises:
        TypeError: if the mask is not of bools; ValueError: if the shapes do not fit.
    """
    x_data = unwrap(masked_select, x)
    test = mask_of(masked_select, x, x_data.shape, mask)
    shape = x_data.shape
    if test.shape != shape:
        shape = np.broadcast_shapes(shape, test.shape)
        x_data, test = np.broadcast_to(x_data, shape), np.broadcast_to(test, shape)
    # A copy, because the rule reads it later and its own tensor may change.
    saved = ((test.copy(),), shape) if needs_grad(x) else ()
    return record(masked_select, get_item_vjp, x_data[test], (x, mask), saved)


def masked_scatter(x: Operand, mask: Operand, source: Operand) -> Tensor:
    """Return ``x`` with the elements of ``source``, one after the other, where a mask holds.

    Args:
        x: any shape.
        mask: bools, of a shape that broadcasts with x's.
        source: of x's dtype, with at least as many elements as places where the mask holds; taken in row-major order.

    Returns:
        The broadcast shape.

    Raises:
        TypeError: if the mask is not of bools, or ``source`` is of another dtype.
        ValueError: if ``source`` has too few elements, or the shapes do not fit.
    """
    x_data = unwrap(masked_scatter, x)
    test = mask_of(masked_scatter, x, x_data.shape, mask)
    source_data = unwrap(masked_scatter, source)
    same_dtype(masked_scatter, x_data, source_data)
    if x_data.shape == test.shape:
        output, place = x_data.copy(), test
    else:
        shape = np.broadcast_shapes(x_data.shape, test.shape)
        output, place = np.array(np.broadcast_to(x_data, shape)), np.broadcast_to(test, shape)
    count = np.count_nonzero(place)
    if count > source_data.size:
        raise ValueError(
            message(
                "masked_scatter",
                f"the mask holds at {count} places, and source has {source_data.size} elements: {describe(source)}.",
                "masked_fill writes one number everywhere; or repeat the source.",
            )
        )
    output[place] = source_data.reshape(-1)[:count]
    saved = (test, source_data.shape, source_data.size - count, needs_grad(x), needs_grad(source))
    return record(masked_scatter, masked_scatter_vjp, output, (x, mask, source), saved)


def masked_scatter_vjp(
    grad_output: Value, mask: Value, shape: tuple[int, ...], unused: int, for_x: bool, for_source: bool
) -> tuple[Value, ...]:
    """``grad_x = grad_output, 0 where the mask holds; grad_source = grad_output there, and 0 for the unused rest``."""
    grad_x = masked_fill(grad_output, mask, 0) if for_x else None
    if not for_source:
        return (grad_x,)
    return grad_x, None, reshape(constant_pad_nd(masked_select(grad_output, mask), (0, unused)), shape)


def masked_scatter_(x: Tensor, mask: Operand, source: Operand) -> Tensor:
    """Write the elements of ``source``, one after the other, over ``x`` where a mask holds."""
    return write_over(masked_scatter, x, (mask, source))


class MaskMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    masked_fill = masked_fill
    masked_fill_ = masked_fill_
    masked_scatter = masked_scatter
    masked_scatter_ = masked_scatter_
    masked_select = masked_select
