"""Draws from distributions whose parameters are tensors: normal numbers, categories, zeros and ones."""

from __future__ import annotations

from typing import Any

import numpy as np

import minigrad_kernels
from minigrad import tensors
from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.broadcasting import broadcast_to
from minigrad.ops.creation import leaf
from minigrad.ops.elementwise import vanish
from minigrad.ops.generators import Generator, checked_generator
from minigrad.ops.operands import Operand, Tensor, Value, check_broadcast, ndarray, real, unwrap, whole
from minigrad.ops.overwriting import copy_
from minigrad.ops.randomness import bernoulli, drawn, unfilled
from minigrad.writes import refuse_write


def normal(
    mean: Any = 0.0,
    std: Any = 1.0,
    size: Any = None,
    *,
    dtype: Any = None,
    generator: Generator | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return normal random numbers of given means and standard deviations; the gradient of both is 0.

    Args:
        mean: one for all, or a tensor of them.
        std: likewise, of a shape that broadcasts with that of the means.
        size: the shape, where mean and std are both numbers.
        dtype: float32 or float64, with ``size``; default: the default floating dtype. Otherwise it is that of the
            means, or of the standard deviations where the mean is a number.
        generator: where to draw from; default: the one that ``manual_seed`` seeds.
        requires_grad: whether gradients with respect to it are wanted, with ``size``.

    Raises:
        TypeError: if the tensors are not floating, or ``size`` is missing, or not wanted.
        ValueError: if a standard deviation is negative, or the shapes do not broadcast.

    Examples:
        >>> import minigrad as mg
        >>> mg.normal(0.0, 1.0, (2, 3)).shape, mg.normal(mg.zeros(4), 2.0).shape
        ((2, 3), (4,))
    """
    given = isinstance(mean, (tensors.Tensor, ndarray)) or isinstance(std, (tensors.Tensor, ndarray))
    if given is (size is not None) or (given and (dtype is not None or requires_grad)):
        raise TypeError(
            message(
                "normal",
                f"the mean is {describe(mean)}, the standard deviation {describe(std)}, size={size}, dtype={dtype}, "
                f"requires_grad={requires_grad}; a tensor has its shape and dtype, two numbers need a size.",
                "Write normal(0.0, 1.0, (2, 3)), or normal(means, 1.0).",
            )
        )
    if not given:
        mean, std = real(normal, "mean", mean), real(normal, "std", std)
        output = unfilled(normal, (size,), dtype)
        refuse_negative(std)
        made = drawn(normal, minigrad_kernels.fill_normal, output, generator, False)
        np.add(np.multiply(output, std, out=output), mean, out=output)
        made.requires_grad = requires_grad
        return made
    centre, spread = unwrap(normal, mean), unwrap(normal, std)
    check_broadcast(normal, mean, std, centre.shape, spread.shape)
    refuse_negative(spread)
    of = centre if isinstance(mean, (tensors.Tensor, ndarray)) else spread
    output = unfilled(normal, (np.broadcast_shapes(centre.shape, spread.shape),), of.dtype)
    standard = drawn(normal, minigrad_kernels.fill_normal, output, generator, False)
    scaled = np.multiply(output, spread, dtype=output.dtype, casting="same_kind")
    np.add(scaled, centre, out=scaled, casting="same_kind")
    result: Tensor = record(normal, normal_vjp, np.asarray(scaled), (mean, std, standard))
    return result


def normal_vjp(grad_output: Value) -> tuple[Value, Value]:
    """``grad_mean = 0; grad_std = 0``, as PyTorch has it; ``mean + std * randn(shape)`` passes gradients."""
    return vanish(grad_output), vanish(grad_output)


def refuse_negative(std: Any) -> None:
    """Raise a ValueError if a standard deviation is negative or NaN."""
    if not np.all(np.greater_equal(std, 0)):
        least = np.min(std)
        raise ValueError(
            message("normal", f"std must not be negative, got {least}.", "The mean comes first: normal(mean, std).")
        )


def multinomial(
    input: Operand, num_samples: int, replacement: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Return places drawn at random, each with a probability proportional to its weight; it has no derivative.

    Args:
        input: weights, floating, not negative, (n,) or (m, n) for m draws of their own; they need not add up to 1.
        num_samples: how many places to draw.
        replacement: a place can be drawn again; if not, all that a row draws are different.
        generator: where to draw from; default: the one that ``manual_seed`` seeds.

    Returns:
        int64, (num_samples,) or (m, num_samples), in the order in which they were drawn.

    Raises:
        TypeError: if the weights are not floating.
        ValueError: if they are not 1-d or 2-d, negative, not finite or all 0, or fewer than are drawn.

    Examples:
        >>> import minigrad as mg
        >>> mg.multinomial(mg.tensor([0.0, 2.0, 0.0]), 3, replacement=True).tolist()
        [1, 1, 1]

    Source: Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006 (without replacement).
    """
    weights = unwrap(multinomial, input)
    count = whole(multinomial, "num_samples", num_samples)
    check_weights(input, weights, count, replacement)
    source = checked_generator(multinomial, generator)
    rows = weights.reshape(-1, weights.shape[-1]).astype(np.float64)
    if replacement:
        level = np.empty((rows.shape[0], count))
        source.draw(minigrad_kernels.fill_uniform, level)
        # The last bound is exactly 1, above every number that is drawn; a weight of 0 has no room between its bounds.
        bounds = np.cumsum(rows, axis=1)
        bounds /= bounds[:, -1:]
        places = np.empty(level.shape, np.int64)
        for row in range(rows.shape[0]):
            places[row] = np.searchsorted(bounds[row], level[row], side="right")
    else:
        level = np.empty(rows.shape)
        source.draw(minigrad_kernels.fill_uniform, level)
        # Of independent waiting times at these rates the shortest come in the order of such a draw; at rate 0 never.
        times = -np.log1p(-level) / rows
        times[rows == 0] = np.inf
        places = np.argsort(times, axis=1, kind="stable")[:, :count]
    output = np.ascontiguousarray(places).reshape((*weights.shape[:-1], count))
    result: Tensor = record(multinomial, None, output, (input, count, replacement, source.counter))
    return result


def check_weights(input: Operand, weights: ndarray, count: int, replacement: bool) -> None:
    """Raise unless so many places can be drawn by these weights."""
    if weights.dtype.kind != "f":
        raise TypeError(
            message("multinomial", f"floating weights are needed, got {describe(input)}.", "Convert them: x.float().")
        )
    if weights.ndim not in (1, 2) or count < 1:
        raise ValueError(
            message(
                "multinomial",
                f"weights of 1 or 2 axes and num_samples from 1 up are needed, got {describe(input)} and {count}.",
                "Join the leading axes: x.reshape(-1, x.shape[-1]).",
            )
        )
    if not (np.isfinite(weights).all() and (weights >= 0).all()):
        raise ValueError(
            message(
                "multinomial",
                f"a weight is negative or not finite in {describe(input)}.",
                "Scores become weights by x.softmax(-1).",
            )
        )
    fewest = int(np.count_nonzero(weights, axis=-1).min(initial=weights.shape[-1]))
    needed = 1 if replacement else count
    if fewest < needed:
        raise ValueError(
            message(
                "multinomial",
                f"{needed} weights above 0 are needed in each row to draw {count}, and one has {fewest}.",
                "Draw fewer, or with replacement=True." if fewest else "Give a row a weight above 0.",
            )
        )


def bernoulli_(x: Tensor, p: Operand = 0.5, *, generator: Generator | None = None) -> Tensor:
    """Write 1 with probability ``p``, else 0, over ``x``; the gradient of ``p`` is 0.

    Args:
        x: the tensor to change, of any dtype.
        p: the probability, a number or a tensor of a shape that broadcasts to x's.
        generator: where to draw from; default: the one that ``manual_seed`` seeds.

    Raises:
        TypeError: if ``p`` is of integers.
        ValueError: if a probability is not in [0, 1], or the shape of ``p`` does not broadcast.
    """
    refuse_write("bernoulli_", x, (p,))
    if isinstance(p, (tensors.Tensor, ndarray)):
        return copy_(x, bernoulli(broadcast_to(p, x.shape), generator=generator))
    return copy_(x, bernoulli(leaf(np.empty(x.shape), False, None), p, generator=generator))


class DistributionMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    multinomial = multinomial
    bernoulli_ = bernoulli_
