"""Random tensors: every draw is a function of a seed and a counter.

Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011 (Philox4x32-10, in ``minigrad_kernels``).
"""

from __future__ import annotations

from sys import _getframe
from typing import Any

import numpy as np

import minigrad_kernels
from minigrad import dtypes
from minigrad.errors import message, no_memory
from minigrad.graph import record
from minigrad.ops.conversion import cast
from minigrad.ops.creation import checked_lengths
from minigrad.ops.elementwise import vanish
from minigrad.ops.generators import Generator, checked_generator
from minigrad.ops.operands import Op, Operand, Tensor, Value, maximum_reduce, minimum_reduce, real, unwrap, whole
from minigrad.ops.overwriting import copy_, is_written_at_once, stamp_now
from minigrad.writes import refuse_write


def drawn(
    op: Op, fill: Any, output: np.ndarray, generator: Generator | None, requires_grad: bool, *arguments: Any
) -> Tensor:
    """Return a leaf filled by a generator."""
    source = checked_generator(op, generator)
    source.draw(fill, output, *arguments)
    result: Tensor = record(op, None, output, (source.counter, output.shape))
    if requires_grad:
        result.requires_grad = True
    return result


def unfilled(op: Op, size: tuple[Any, ...], dtype: Any) -> np.ndarray:
    """Return an uninitialised floating array of a shape.

    Raises:
        TypeError: if the dtype is not floating; ValueError: if a length is negative.
    """
    wanted = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(op.__name__, dtype)
    if wanted.kind != "f":
        raise TypeError(message(op.__name__, f"a floating dtype is needed, got {wanted}.", "randint draws integers."))
    return memory_for(op, checked_lengths(op, size), wanted)


def memory_for(op: Op, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Return an uninitialised array.

    Raises:
        MemoryError: if there is not enough.
    """
    try:
        return np.empty(shape, dtype)
    except MemoryError as error:
        raise no_memory(op.__name__, error) from None


def rand(*size: Any, dtype: Any = None, generator: Generator | None = None, requires_grad: bool = False) -> Tensor:
    """Return uniform random numbers in [0, 1).

    Args:
        size: the shape, as integers or one sequence.
        dtype: float32 or float64; default: the default floating dtype.
        generator: where to draw from; default: the one that ``manual_seed`` seeds.
        requires_grad: whether gradients with respect to it are wanted.
    """
    output = unfilled(rand, size, dtype)
    return drawn(rand, minigrad_kernels.fill_uniform, output, generator, requires_grad)


def randn(*size: Any, dtype: Any = None, generator: Generator | None = None, requires_grad: bool = False) -> Tensor:
    """Return normal random numbers of mean 0 and variance 1; arguments as for ``rand``."""
    output = unfilled(randn, size, dtype)
    return drawn(randn, minigrad_kernels.fill_normal, output, generator, requires_grad)


def rand_like(
    x: Operand, *, dtype: Any = None, generator: Generator | None = None, requires_grad: bool = False
) -> Tensor:
    """Return uniform random numbers in [0, 1) of the shape and dtype of ``x``."""
    x_data = unwrap(rand_like, x)
    output = unfilled(rand_like, x_data.shape, x_data.dtype if dtype is None else dtype)
    return drawn(rand_like, minigrad_kernels.fill_uniform, output, generator, requires_grad)


def randn_like(
    x: Operand, *, dtype: Any = None, generator: Generator | None = None, requires_grad: bool = False
) -> Tensor:
    """Return normal random numbers of the shape and dtype of ``x``."""
    x_data = unwrap(randn_like, x)
    output = unfilled(randn_like, x_data.shape, x_data.dtype if dtype is None else dtype)
    return drawn(randn_like, minigrad_kernels.fill_normal, output, generator, requires_grad)


def randint(
    low: Any = 0, high: Any = None, size: Any = None, *, dtype: Any = None, generator: Generator | None = None
) -> Tensor:
    """Return random integers from ``low`` (0 if only one bound is given) up to but without ``high``.

    Args:
        low: the smallest; or the upper bound, if ``high`` is the shape.
        high: one more than the largest.
        size: the shape.
        dtype: default int64.
        generator: where to draw from.

    Raises:
        TypeError: if a bound is no integer, or no size is given.
        ValueError: if there is no integer between the bounds.

    Examples:
        >>> import minigrad as mg
        >>> mg.randint(10, (2, 3)).shape
        (2, 3)
    """
    if size is None and isinstance(high, (tuple, list)):
        low, high, size = 0, low, high
    elif high is None:
        low, high = 0, low
    if size is None:
        raise TypeError(message("randint", "a size is needed.", "Write the bounds and the shape: randint(10, (2, 3))."))
    first, last = whole(randint, "low", low), whole(randint, "high", high)
    wanted = dtypes.int64 if dtype is None else dtypes.as_dtype("randint", dtype)
    output = memory_for(randint, checked_lengths(randint, (size,)), dtypes.int64)
    if not (-(2**63) <= first < last <= 2**63 and last - first < 2**63):
        raise ValueError(
            message(
                "randint",
                f"low < high are needed, int64 and less than 2**63 apart, got {first} and {last}.",
                "high is one more than the largest: randint(0, 10, (3,)).",
            )
        )
    limits = (
        (0, 1) if wanted.kind == "b" else (np.iinfo(wanted).min, np.iinfo(wanted).max) if wanted.kind != "f" else None
    )
    if limits is not None and not limits[0] <= first <= last - 1 <= limits[1]:
        raise ValueError(
            message(
                "randint",
                f"{wanted} holds {limits[0]} to {limits[1]}, not {first} to {last - 1}.",
                "Leave dtype out for int64.",
            )
        )
    result = drawn(randint, minigrad_kernels.fill_integers, output, generator, False, first, last)
    return cast(result, wanted)


def randperm(n: int, *, dtype: Any = None, generator: Generator | None = None, requires_grad: bool = False) -> Tensor:
    """Return the integers from 0 to n - 1 in random order.

    Args:
        n: how many.
        dtype: default int64.
        generator: where to draw from; default: the one that ``manual_seed`` seeds.
        requires_grad: whether gradients with respect to it are wanted; of floats only.

    Raises:
        TypeError: if the dtype is bool.
        ValueError: if ``n`` is negative, or n - 1 more than the dtype can hold.
    """
    n = whole(randperm, "n", n)
    wanted = dtypes.int64 if dtype is None else dtypes.as_dtype("randperm", dtype)
    if n < 0:
        raise ValueError(message("randperm", f"n must not be negative, got {n}."))
    if wanted.kind == "b":
        raise TypeError(message("randperm", "bools cannot be put in order.", "Leave dtype out for int64."))
    # Floats hold all integers up to 2**24 or 2**53.
    most = np.iinfo(wanted).max if wanted.kind != "f" else 2 ** (np.finfo(wanted).nmant + 1)
    if n - 1 > most:
        raise ValueError(
            message("randperm", f"{wanted} holds {most} at most, not {n - 1}.", "Leave dtype out for int64.")
        )
    numbers = memory_for(randperm, (n,), dtypes.int64)
    result = cast(drawn(randperm, minigrad_kernels.fill_permutation, numbers, generator, False), wanted)
    if requires_grad:
        result.requires_grad = True
    return result


def bernoulli(x: Operand, p: float | None = None, *, generator: Generator | None = None) -> Tensor:
    """Return 1 with the probability that each element of ``x`` names, else 0; the gradient is 0.

    Args:
        x: probabilities, floating; with ``p`` any tensor, whose shape and dtype the result has.
        p: the probability of all elements, where it is not x.
        generator: where to draw from; default: the one that ``manual_seed`` seeds.

    Raises:
        TypeError: if x is not floating, and ``p`` not given.
        ValueError: if a probability is not in [0, 1].
    """
    x_data = unwrap(bernoulli, x)
    probability = x_data if p is None else np.asarray(real(bernoulli, "p", p))
    level = unfilled(bernoulli, x_data.shape, x_data.dtype if p is None else np.float64)
    if probability.size and not (minimum_reduce(probability, None) >= 0 and maximum_reduce(probability, None) <= 1):
        raise ValueError(
            message(
                "bernoulli",
                f"probabilities are in [0, 1], got {probability.min()} to {probability.max()}.",
                "Scores become probabilities by x.sigmoid().",
            )
        )
    drawn_level = drawn(bernoulli, minigrad_kernels.fill_uniform, level, generator, False)
    drawn_ones = (level < probability).astype(x_data.dtype)
    output: Tensor = record(bernoulli, bernoulli_vjp, drawn_ones, (x, p, drawn_level))
    return output


def bernoulli_vjp(grad_output: Value) -> Value:
    """``grad_x = 0``: almost everywhere, a little more probability changes nothing."""
    return vanish(grad_output)


def uniform_(x: Tensor, low: float = 0.0, high: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Write uniform random numbers in [low, high) over ``x``.

    Raises:
        ValueError: if ``low`` is above ``high``.
    """
    refuse_write("uniform_", x)
    low, high = real(uniform_, "low", low), real(uniform_, "high", high)
    if not low <= high:
        raise ValueError(
            message(
                "uniform_",
                f"low <= high is needed, got {low} and {high}.",
                f"Exchange them: uniform_({high}, {low})." if high < low else "",
            )
        )
    return drawn_over(uniform_, minigrad_kernels.fill_uniform, x, generator, high - low, low)


def normal_(x: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Write normal random numbers of a mean and a standard deviation over ``x``.

    Raises:
        ValueError: if ``std`` is negative.
    """
    refuse_write("normal_", x)
    mean, std = real(normal_, "mean", mean), real(normal_, "std", std)
    if not std >= 0:
        raise ValueError(
            message("normal_", f"std must not be negative, got {std}.", "The mean comes first: normal_(mean, std).")
        )
    return drawn_over(normal_, minigrad_kernels.fill_normal, x, generator, std, mean)


def drawn_over(op: Op, fill: Any, x: Tensor, generator: Generator | None, factor: float, offset: float) -> Tensor:
    """Write numbers of a generator, scaled and moved, over ``x``."""
    if is_written_at_once(x) and x._data.flags.carray and x._data.dtype.kind == "f":
        source = checked_generator(op, generator)
        stamp_now(x, _getframe(2))
        x_data = x._data
        source.draw(fill, x_data)
        if factor != 1:
            x_data *= factor
        if offset != 0:
            x_data += offset
        return x
    numbers = drawn(op, fill, unfilled(op, x.shape, x.dtype), generator, False)
    return copy_(x, numbers * factor + offset)


class RandomMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    bernoulli = bernoulli
    uniform_ = uniform_
    normal_ = normal_
