"""Numbers at equal distances, or in equal proportions, and the identity matrix."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.errors import message, no_memory
from minigrad.ops.creation import affordable, checked_lengths, leaf
from minigrad.ops.operands import Op, Tensor, real, whole


def arange(
    start: float, end: float | None = None, step: float = 1, *, dtype: Any = None, requires_grad: bool = False
) -> Tensor:
    """Return the numbers from ``start`` (0 if only one number is given) up to but without ``end``.

    Args:
        start: the first number; or the end, if it is the only one.
        end: where to stop.
        step: the distance of neighbours.
        dtype: the element type. Of integers, all three are rounded towards 0; but how many numbers there are is worked
            out before, other than for int64.
        requires_grad: whether gradients with respect to it are wanted.

    Returns:
        1-d; int64 if all arguments are integers, else the default floating dtype.

    Raises:
        TypeError: if an argument is no number.
        ValueError: if ``step`` is 0 or points away from ``end``, or a number is not finite.

    Examples:
        >>> import minigrad as mg
        >>> mg.arange(2, 8, 2)
        Tensor((3,) int64 | 2 4 6)
    """
    first, last = (0, start) if end is None else (start, end)
    integers = type(first) is int and type(last) is int and type(step) is int
    if not integers:
        first, last, step = real(arange, "start", first), real(arange, "end", last), real(arange, "step", step)
    finite = abs(first) <= 2**63 and abs(last) <= 2**63 and abs(step) <= 2**63
    if dtype is None:
        whole_numbers = isinstance(first, int) and isinstance(last, int) and isinstance(step, int)
        dtype = dtypes.int64 if whole_numbers else dtypes.get_default_dtype()
    wanted = dtypes.as_dtype("arange", dtype)
    if finite and wanted is dtypes.int64:
        first, last, step = int(first), int(last), int(step)
    if not finite or step == 0 or (last - first) / step < 0:
        raise ValueError(
            message(
                "arange",
                f"from {first} to {last} there is no way in steps of {step}.",
                "The sign of the step is the direction, such as arange(5, 0, -1); linspace takes a number of points.",
            )
        )
    whole_steps = isinstance(first, int) and isinstance(last, int) and isinstance(step, int)
    # Exact also where a float would be rounded.
    count = -int((first - last) // step) if whole_steps else math.ceil((last - first) / step)
    (length,) = checked_lengths(arange, (count,))
    if wanted.kind in "iu":
        first, step = int(first), int(step)
    try:
        array: Any = np.arange(length)
        if first == 0 and step == 1 and wanted is dtypes.int64:
            return leaf(array, requires_grad, None)
        # Each of these is a pass over all numbers.
        array = array if step == 1 else step * array
        array = array if first == 0 else first + array
    except MemoryError as error:
        raise no_memory("arange", error) from None
    return leaf(array.astype(wanted, copy=False), requires_grad, None)


def linspace(start: float, end: float, steps: int, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return ``steps`` numbers at equal distances from ``start`` to ``end``, both included.

    Of an integer dtype both are rounded towards 0 before, and the numbers between them after.

    Raises:
        TypeError: if an argument is no number, or ``steps`` no integer.
        ValueError: if ``steps`` is negative, or ``start`` or ``end`` does not fit an integer dtype.

    Examples:
        >>> import minigrad as mg
        >>> mg.linspace(0, 1, 5)
        Tensor((5,) float32 | 0 0.25 0.5 0.75 1)
    """
    array, wanted = spaced_numbers(linspace, start, end, steps, dtype)
    return leaf(array.astype(wanted), requires_grad, None)


def logspace(
    start: float, end: float, steps: int, base: float = 10.0, *, dtype: Any = None, requires_grad: bool = False
) -> Tensor:
    """Return ``steps`` numbers in equal proportions from ``base**start`` to ``base**end``, both included.

    Of an integer dtype the exponents' bounds are rounded towards 0 before, and the powers after.

    Raises:
        TypeError: if an argument is no number, or ``steps`` no integer.
        ValueError: if ``steps`` is negative, or ``start`` or ``end`` does not fit an integer dtype.

    Examples:
        >>> import minigrad as mg
        >>> mg.logspace(0, 2, 3)
        Tensor((3,) float32 | 1 10 100)
    """
    array, wanted = spaced_numbers(logspace, start, end, steps, dtype)
    return leaf(np.power(float(real(logspace, "base", base)), array).astype(wanted), requires_grad, None)


def spaced_numbers(op: Op, start: Any, end: Any, steps: Any, dtype: Any) -> tuple[np.ndarray, np.dtype]:
    """Return numbers at equal distances in float64, and the dtype that is wanted of the result.

    Raises:
        TypeError, ValueError: as ``linspace``.
    """
    first, last = real(op, "start", start), real(op, "end", end)
    count = whole(op, "steps", steps)
    if count < 0:
        raise ValueError(message(op.__name__, f"steps must not be negative, got {count}."))
    wanted = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(op.__name__, dtype)
    affordable(op, (count,))
    if wanted.kind not in "iu":
        try:
            return np.linspace(first, last, count), wanted
        except MemoryError as error:
            raise no_memory(op.__name__, error) from None
    limits = np.iinfo(wanted)
    if not (limits.min <= first <= limits.max and limits.min <= last <= limits.max):
        raise ValueError(
            message(op.__name__, f"{wanted} does not hold {first} and {last}.", "Leave dtype out for floats.")
        )
    first, last = int(first), int(last)
    # As PyTorch does, from both ends to the middle: which way a number is rounded depends on it.
    step = (last - first) / max(count - 1, 1)
    places = np.arange(count)
    ahead = first + step * places
    return np.where(places < count // 2, ahead, last - step * (count - 1 - places)) if count > 1 else ahead, wanted


def eye(n: int, m: int | None = None, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a matrix with ones on the diagonal and zeros elsewhere, (n, n) or (n, m).

    Raises:
        ValueError: if a length is negative.
    """
    wanted = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype("eye", dtype)
    n = whole(eye, "n", n)
    columns = n if m is None else whole(eye, "m", m)
    if n < 0 or columns < 0:
        raise ValueError(message("eye", f"lengths must not be negative, got {n} and {columns}."))
    affordable(eye, (n, columns))
    try:
        array = np.eye(n, columns, dtype=wanted)
    except MemoryError as error:
        raise no_memory("eye", error) from None
    return leaf(array, requires_grad, None)
