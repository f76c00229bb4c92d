"""Numbers, or whole channels, dropped at random."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

import minigrad_kernels
from minigrad import tensors
from minigrad.errors import describe, message, number_remedy
from minigrad.graph import record
from minigrad.ops.arithmetic import mul
from minigrad.ops.constants import beside
from minigrad.ops.floats import checked_floats
from minigrad.ops.generators import Generator, checked_generator
from minigrad.ops.operands import Op, Operand, Tensor, Value, flag, ndarray, refuse_no_bool, unwrap
from minigrad.ops.overwriting import write_over
from minigrad.ops.randomness import drawn


def dropout(
    input: Operand,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """Return ``input`` with each number set to 0 with probability ``p`` and the others scaled by ``1 / (1 - p)``.

    Args:
        input: any shape; floating, unless nothing is dropped.
        p: the probability, from 0 to 1.
        training: whether to drop at all; if not, the input itself is returned.
        inplace: write the result over the input and return it.
        generator: where to draw from; default: the one that ``manual_seed`` seeds.

    Returns:
        The input's shape; its expected value is the input.

    Raises:
        ValueError: if ``p`` is not in [0, 1]; TypeError: if it is no number, or numbers would be dropped that are
            not floating.

    Examples:
        >>> import minigrad as mg
        >>> dropout(mg.ones(8), 0.5, generator=mg.Generator(0)).sum().item() in range(0, 17, 2)
        True

    Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 2014.
    """
    p = checked_probability("dropout", p)
    refuse_no_bool(dropout, "inplace", inplace)
    if not flag(dropout, "training", training) or p == 0:
        unwrap(dropout, input)
        same: Any = input
        return same
    input_data = checked_floats(dropout, input)
    source = checked_generator(dropout, generator)
    counter = first_block(minigrad_kernels.dropped_blocks(input_data), source)
    if inplace:
        return write_over(drop, as_tensor(dropout, input), (counter, source.seed, p))
    return drop(input, counter, source.seed, p)


def drop(input: Operand, counter: Operand, seed: int, p: float) -> Tensor:
    """Return ``input / (1 - p)``, or 0 where a random number is below ``p``.

    Args:
        input: floating, any shape.
        counter: 0-d integer, the first block of random numbers to read.
        seed: which stream of them.
        p: the probability, from 0 to 1.
    """
    input_data, place = unwrap(drop, input), unwrap(drop, counter)
    output = minigrad_kernels.dropped(input_data, seed, int(place), p)
    return record(drop, drop_vjp, output, (input, counter, seed, p), (place, seed, p))


def drop_vjp(grad_output: Value, counter: Value, seed: int, p: float) -> Value:
    """``grad_input = grad_output / (1 - p), or 0``, where the same random numbers say so: they are drawn once more."""
    return drop(grad_output, counter, seed, p)


def dropout2d(
    input: Operand,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """Return ``input`` with each channel of each sample set to 0 with probability ``p``, the others scaled.

    Args:
        input: (N, C, H, W), floating; (N, C, L) is taken too, and others of two axes or more with a warning.
        p: the probability, from 0 to 1.
        training: whether to drop at all; if not, the input itself is returned.
        inplace: write the result over the input and return it.
        generator: where to draw from; default: the one that ``manual_seed`` seeds.

    Returns:
        The input's shape; its expected value is the input.

    Raises:
        ValueError: if ``p`` is not in [0, 1], or there is no axis of channels; TypeError: as ``dropout``.

    Source: Tompson et al., "Efficient object localization using convolutional networks", CVPR 2015.
    """
    p = checked_probability("dropout2d", p)
    training = flag(dropout2d, "training", training)
    input_data = checked_floats(dropout2d, input) if training and p > 0 else unwrap(dropout2d, input)
    refuse_no_bool(dropout2d, "inplace", inplace)
    if input_data.ndim < 2:
        raise ValueError(
            message(
                "dropout2d",
                f"an input of (N, C, H, W) is needed, got {describe(input)}.",
                "dropout drops single numbers.",
            )
        )
    if input_data.ndim not in (3, 4):
        warnings.warn(
            f"dropout2d: the input {describe(input)} is not (N, C, H, W); axis 1 is taken for the channels.",
            stacklevel=2,
        )
    if not training or p == 0:
        same: Any = input
        return same
    channels = np.ones(input_data.shape[:2] + (1,) * (input_data.ndim - 2), input_data.dtype)
    source = checked_generator(dropout2d, generator)
    counter = first_block(minigrad_kernels.dropped_blocks(channels), source)
    factors = drop(beside(channels, input), counter, source.seed, p)
    return write_over(mul, as_tensor(dropout2d, input), (factors,)) if inplace else mul(input, factors)


def first_block(blocks: int, generator: Generator) -> Tensor:
    """Return where a generator's counter is, 0-d int64, and move it on by so many blocks."""
    return drawn(first_block, note_counter, np.empty((), np.int64), generator, False, blocks)


def note_counter(seed: int, counter: int, blocks: int, out: ndarray) -> int:
    """Write the counter to ``out``, and say that the blocks from there on are used."""
    out[0] = counter
    return blocks


def as_tensor(op: Op, input: Any) -> Tensor:
    """Return an input that is to be written to.

    Raises:
        TypeError: if it is no Tensor.
    """
    if not isinstance(input, tensors.Tensor):
        raise TypeError(
            message(op.__name__, f"inplace=True needs a Tensor, got {describe(input)}.", "Leave inplace away.")
        )
    return input


def checked_probability(who: str, p: Any) -> float:
    """Return a probability as a float.

    Raises:
        TypeError: if it is no number; ValueError: if it is not in [0, 1].
    """
    if isinstance(p, bool) or not isinstance(p, (int, float, np.integer, np.floating)):
        raise TypeError(message(who, f"p must be a number, got {describe(p)}.", number_remedy(p)))
    if not 0 <= p <= 1:
        raise ValueError(
            message(
                who,
                f"p is a probability, so it must be in [0, 1], got {p}.",
                "It is the share that is dropped, such as 0.2 for a fifth.",
            )
        )
    return float(p)
