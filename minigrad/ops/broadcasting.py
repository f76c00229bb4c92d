"""Between a shape and the shape it is broadcast to: ``expand`` and its counterpart ``sum_to_size``."""

from __future__ import annotations

import math
from typing import Any

import minigrad_kernels
from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.operands import Operand, Tensor, Value, add_reduce, ndarray, sizes, unwrap
from minigrad.ops.views import strided_view


def expand(x: Operand, *shape: Any) -> Tensor:
    """Return a view of ``x`` in which axes of length 1 are repeated.

    Args:
        x: any shape.
        shape: the wanted shape, as integers or one sequence; -1 keeps an axis' length; new axes may stand in front.

    Returns:
        A view that cannot be written to: several of its elements share memory.

    Raises:
        ValueError: if an axis that is not of length 1 would change.
    """
    x_data = unwrap(expand, x)
    known, steps = x_data.shape, x_data.strides
    wanted = shape[0] if len(shape) == 1 and type(shape[0]) is tuple else sizes(expand, shape)
    added = len(wanted) - len(known)
    lengths, strides = list(wanted), [0] * len(wanted)
    fits = added >= 0
    for index, have in enumerate(known if fits else ()):
        size = wanted[index + added]
        if size == have or size == -1:
            lengths[index + added] = have
            strides[index + added] = steps[index]
        elif have != 1:
            fits = False
    for size in lengths:
        fits = fits and size >= 0
    number = math.prod(lengths)
    if type(number) is not int:  # a length is a tensor, or NumPy's
        return expand(x, *sizes(expand, wanted))
    if not fits or number >= 2**60:
        refuse_expansion(x, wanted, fits)
    output: Any = strided_view(x_data, lengths, strides)
    # Several elements share memory, or the operand's rule would not know of a write.
    output.setflags(False)
    return record(expand, expand_vjp, output, (x, *shape), (), x)


def refuse_expansion(x: Any, wanted: tuple[int, ...], fits: bool) -> None:
    """Raise the ValueError about a shape that cannot be had by expanding, or counted."""
    if fits:
        raise ValueError(
            message(
                "expand",
                f"the shape {wanted} has more elements than can be counted.",
                "Leave it out: operations broadcast by themselves.",
            )
        )
    raise ValueError(
        message(
            "expand",
            f"{describe(x)} cannot be expanded to {wanted}.",
            "Only axes of length 1 can be repeated, and new axes stand in front.",
        )
    )


def expand_vjp(grad_output: Value) -> Value:
    """``grad_x = grad_output, summed over the repeated axes`` (the engine sums)."""
    return grad_output


def expand_as(x: Operand, y: Operand) -> Tensor:
    """Return ``x`` expanded to the shape of ``y``."""
    return expand(x, unwrap(expand_as, y).shape)


def broadcast_to(x: Operand, size: Any) -> Tensor:
    """Return ``x`` expanded to the shape ``size``."""
    return expand(x, size)


def sum_to_size(x: Operand, *shape: Any) -> Tensor:
    """Return ``x`` summed over the axes that broadcasting from ``shape`` to x's shape would repeat.

    Raises:
        ValueError: if ``shape`` does not broadcast to x's shape.
    """
    if type(x) is ndarray and x.ndim == 2 and shape[0] == x.shape[1:] and x.dtype.kind == "f":
        # In the backward pass: a bias that was added to each row of a batch.
        return minigrad_kernels.column_sums(x)  # type: ignore[return-value]
    x_data = unwrap(sum_to_size, x)
    wanted = sizes(sum_to_size, shape)
    added = x_data.ndim - len(wanted)
    repeated = list(range(max(added, 0)))
    for index, size in enumerate(wanted):
        if added < 0 or (size != 1 and size != x_data.shape[index + added]):
            raise ValueError(
                message(
                    "sum_to_size",
                    f"{wanted} does not broadcast to {describe(x)}.",
                    "From the right, each length must be x's or 1; x.sum(dim) takes any axis away.",
                )
            )
        if size == 1 and x_data.shape[index + added] != 1:
            repeated.append(index + added)
    output = add_reduce(x_data, axis=tuple(repeated), keepdims=True, dtype=x_data.dtype).reshape(wanted)
    return record(sum_to_size, sum_to_size_vjp, output, (x, *shape), (x_data.shape,))


def sum_to_size_vjp(grad_output: Value, source: tuple[int, ...]) -> Value:
    """``grad_x = grad_output, repeated along the summed axes``."""
    return expand(grad_output, source)


class BroadcastingMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    expand = expand
    expand_as = expand_as
    broadcast_to = broadcast_to
    sum_to_size = sum_to_size
