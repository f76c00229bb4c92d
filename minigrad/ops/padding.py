"""Elements added around an array, or cut off: constants, reflections, copies of the edge, or the other end's."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.errors import describe, message, no_memory
from minigrad.graph import record
from minigrad.ops.constants import beside
from minigrad.ops.creation import affordable
from minigrad.ops.operands import Op, Operand, Tensor, Value, ndarray, real, unwrap, whole
from minigrad.ops.selections import index_select_vjp

MODES = ("constant", "reflect", "replicate", "circular")


def pad(x: Operand, pad: Any, mode: str = "constant", value: float | None = None) -> Tensor:
    """Return ``x`` with elements added at the ends of its last axes.

    Args:
        x: any shape.
        pad: how many elements before and after, for the last axis, then for the one before it, and so on: ``(left,
            right, top, bottom)``. A negative number cuts so many off.
        mode: ``"constant"``; ``"reflect"``, mirrored at the first and last element, which are not repeated;
            ``"replicate"``, copies of the first and last element; ``"circular"``, the elements of the other end.
        value: of mode "constant"; 0 by default.

    Returns:
        A copy.

    Raises:
        ValueError: if ``pad`` does not hold two numbers an axis, or more is cut off or mirrored than there is.

    Examples:
        >>> import minigrad as mg
        >>> mg.nn.functional.pad(mg.tensor([1, 2, 3]), (2, 1), mode="reflect").tolist()
        [3, 2, 1, 2, 3, 2]
    """
    x_data = unwrap(pad_of, x)
    if not isinstance(mode, str) or mode not in MODES:
        raise ValueError(
            message("pad", f"mode is one of {', '.join(MODES)}; got {mode!r}.", "Zeros are mode='constant'.")
        )
    if mode == "constant":
        return constant_pad_nd(x, pad, 0 if value is None else value)
    if value is not None:
        raise ValueError(message("pad", f"mode {mode!r} takes no value, got {value}.", "Use mode='constant'."))
    result: Any = x
    for along, (before, after) in enumerate(amounts(pad_of, x_data, pad)):
        if before or after:
            places = places_around(mode, x_data, along, before, after)
            result = pad_along(result, along, beside(places, x), max(before, 0), max(after, 0))
    return result if result is not x else constant_pad_nd(x, ())


def pad_along(x: Operand, dim: int, index: Operand, before: int, after: int) -> Tensor:
    """Return ``index_select`` of ``x``, where but for ``before`` and ``after`` places at the ends the rest is a slice.

    The slice is copied as a whole, four times as fast as element by element.
    """
    x_data, places = unwrap(pad_along, x), unwrap(pad_along, index)
    output = np.empty((*x_data.shape[:dim], places.size, *x_data.shape[dim + 1 :]), x_data.dtype)
    ahead = (slice(None),) * dim
    last = places.size - after
    first = int(places[before]) if before < last else 0
    output[(*ahead, slice(before, last))] = x_data[(*ahead, slice(first, first + last - before))]
    output[(*ahead, slice(0, before))] = x_data.take(places[:before], dim)
    output[(*ahead, slice(last, None))] = x_data.take(places[last:], dim)
    return record(pad_along, index_select_vjp, output, (x, dim, index, before, after), (dim, places, x_data.shape))


#: The function under a name that its parameter does not hide.
pad_of = pad


def amounts(op: Op, x: ndarray, pad: Any) -> list[tuple[int, int]]:
    """Return for each axis how much is added before and after.

    Raises:
        TypeError: if ``pad`` is no sequence of integers; ValueError: if it does not fit x.
    """
    if not isinstance(pad, (tuple, list)):
        raise TypeError(
            message(op.__name__, f"pad is a sequence of integers, got {describe(pad)}.", "(1, 1) is one each.")
        )
    numbers = [whole(op, "pad", each) for each in pad]
    if len(numbers) % 2 or len(numbers) > 2 * x.ndim:
        raise ValueError(
            message(
                op.__name__,
                f"two numbers for each of the last axes are needed, for {describe(x)} at most {2 * x.ndim}, got {pad}.",
                "(left, right) is the last axis, (left, right, top, bottom) the last two.",
            )
        )
    found = [(0, 0)] * x.ndim
    for place in range(len(numbers) // 2):
        before, after = numbers[2 * place : 2 * place + 2]
        length = x.shape[-1 - place]
        # What is cut off at one end must be there before the other end is padded.
        if length + min(before, 0) + min(after, 0) < 0:
            raise ValueError(
                message(
                    op.__name__,
                    f"{(before, after)} cuts off more than the {length} elements of axis {x.ndim - 1 - place}; x is "
                    f"{describe(x)}.",
                    "Negative numbers cut off, positive ones add.",
                )
            )
        found[-1 - place] = (before, after)
    return found


def constant_pad_nd(x: Operand, pad: Any, value: float = 0) -> Tensor:
    """Return ``x`` with copies of one number at the ends of its last axes; ``pad`` as for ``nn.functional.pad``.

    Raises:
        ValueError: if ``pad`` does not hold two numbers an axis, or more is cut off than there is.
    """
    x_data = unwrap(constant_pad_nd, x)
    added = amounts(constant_pad_nd, x_data, pad)
    shape: list[int] = []
    inside: list[slice] = []
    kept: list[slice] = []
    for length, (before, after) in zip(x_data.shape, added):
        shape.append(length + before + after)
        inside.append(slice(max(before, 0), length + before + min(after, 0)))
        kept.append(slice(max(-before, 0), length + min(after, 0)))
    number = real(constant_pad_nd, "value", value)
    filling = np.asarray(number).astype(x_data.dtype)
    # Zeros come from the system as they are; any other number is written everywhere first.
    affordable(constant_pad_nd, tuple(shape))
    try:
        output = np.full(shape, filling, x_data.dtype) if number else np.zeros(shape, x_data.dtype)
    except MemoryError as error:
        raise no_memory("constant_pad_nd", error, x) from None
    output[tuple(inside)] = x_data[tuple(kept)]
    undone: list[int] = []
    for before, after in reversed(added):
        undone += [-before, -after]
    return record(constant_pad_nd, constant_pad_nd_vjp, output, (x, pad, value), (tuple(undone),))


def constant_pad_nd_vjp(grad_output: Value, undone: tuple[int, ...]) -> Value:
    """``grad_x = grad_output, cut off where x was padded, with zeros where it was cut off``."""
    return constant_pad_nd(grad_output, undone)


def places_around(mode: str, x: ndarray, along: int, before: int, after: int) -> ndarray:
    """Return for each element of a padded axis the place that it comes from.

    Raises:
        ValueError: if there is not enough to come from.
    """
    length = x.shape[along]
    # What is cut off does not come round again.
    first, last = (max(-before, 0), length + min(after, 0)) if mode == "circular" else (0, length)
    most = max(before, after)
    if most <= 0:
        return np.arange(max(-before, 0), length + min(after, 0))
    if last <= first or (mode == "reflect" and most >= length) or (mode == "circular" and most > last - first):
        bound = {"reflect": f"less than {length}", "circular": f"at most {last - first}"}.get(mode, "0 elements")
        raise ValueError(
            message(
                "pad",
                f"mode {mode!r} can add {bound} at an end of axis {along} of {describe(x)}, got {(before, after)}.",
                "mode='constant' adds any number, and 'replicate' where there is an element.",
            )
        )
    places = np.arange(-before, length + after)
    if mode == "reflect":
        return (length - 1) - np.abs((length - 1) - np.abs(places))
    if mode == "replicate":
        return np.clip(places, 0, length - 1)
    return (places - first) % (last - first) + first
