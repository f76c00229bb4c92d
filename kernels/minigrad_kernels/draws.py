"""Public random draws: each fills an array from a seed and a counter, and returns the blocks that it used.

    counter += fill_uniform(seed, counter, out)

Two consecutive draws then never read the same block. Seed and counter are any integers, taken modulo 2⁶⁴.
"""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad_kernels.entries import entry
from minigrad_kernels.jit import run, runs_python
from minigrad_kernels.philox import (
    random_integers,
    random_permutation,
    random_words,
    standard_normal,
    uniform_float32,
    uniform_float64,
)
from minigrad_kernels.signatures import contiguous

_MODULUS = 2**64
_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
_INT64 = (np.dtype(np.int64),)
_UINT64 = (np.dtype(np.uint64),)
_entries: dict[tuple[str, np.dtype], Callable[..., None]] = {}


def fill_uniform(seed: int, counter: int, out: np.ndarray) -> int:
    """Fill an array with uniform numbers in [0, 1).

    Args:
        seed: Which stream.
        counter: The first block to read.
        out: Shape (n,), float32 (multiples of 2⁻²⁴) or float64 (multiples of 2⁻⁵³), contiguous.

    Returns:
        The number of blocks used: ⌈n/4⌉ for float32, ⌈n/2⌉ for float64.

    Raises:
        TypeError: `out` is no array of such a dtype.
        ValueError: `out` is not 1-d and contiguous, or read-only.

    Example:
        >>> out = np.empty(5)
        >>> fill_uniform(0, 0, out)
        3
    """
    _check_out("fill_uniform", out, _FLOATS)
    if out.dtype == np.float32:
        _fill("uniform_float32", uniform_float32, seed, counter, out)
        return -(-out.size // 4)
    _fill("uniform_float64", uniform_float64, seed, counter, out)
    return -(-out.size // 2)


def fill_normal(seed: int, counter: int, out: np.ndarray) -> int:
    """Fill an array with standard normal numbers.

    Args:
        seed: Which stream.
        counter: The first block to read.
        out: Shape (n,), float32 or float64, contiguous. The float32 numbers are the float64 ones, rounded.

    Returns:
        The number of blocks used, ⌈n/2⌉.

    Raises:
        TypeError: `out` is no array of such a dtype.
        ValueError: `out` is not 1-d and contiguous, or read-only.
    """
    _check_out("fill_normal", out, _FLOATS)
    _fill("standard_normal", standard_normal, seed, counter, out)
    return -(-out.size // 2)


def fill_words(seed: int, counter: int, out: np.ndarray) -> int:
    """Fill an array with 64 random bits an element.

    Args:
        seed: Which stream.
        counter: The first block to read.
        out: Shape (n,), uint64, contiguous.

    Returns:
        The number of blocks used, ⌈n/2⌉.

    Raises:
        TypeError: `out` is no array of such a dtype.
        ValueError: `out` is not 1-d and contiguous, or read-only.
    """
    _check_out("fill_words", out, _UINT64)
    _fill("random_words", random_words, seed, counter, out)
    return -(-out.size // 2)


def fill_integers(seed: int, counter: int, low: int, high: int, out: np.ndarray) -> int:
    """Fill an array with uniform integers in [low, high); each probability is off by less than 2⁻⁶⁴.

    Args:
        seed: Which stream.
        counter: The first block to read.
        low: The smallest integer.
        high: One more than the largest; high − low is at most 2⁶³ − 1.
        out: Shape (n,), int64, contiguous.

    Returns:
        The number of blocks used, ⌈n/2⌉.

    Raises:
        TypeError: `out` is no array of such a dtype.
        ValueError: The interval is empty or too long; `out` is not 1-d and contiguous, or read-only.
    """
    _check_out("fill_integers", out, _INT64)
    if not (-(2**63) <= low < high <= 2**63 and high - low < 2**63):
        raise ValueError(
            f"fill_integers: needed low < high, both int64 and less than 2**63 apart, came low={low}, high={high}; "
            "high itself is never drawn"
        )
    _fill("random_integers", random_integers, seed, counter, out, operator.index(low), np.uint64(high - low))
    return -(-out.size // 2)


def fill_permutation(seed: int, counter: int, out: np.ndarray) -> int:
    """Fill an array with the numbers 0 … n − 1 in random order.

    Args:
        seed: Which stream.
        counter: The first block to read.
        out: Shape (n,), int64, contiguous.

    Returns:
        The number of blocks used, ⌈n/2⌉.

    Raises:
        TypeError: `out` is no array of such a dtype.
        ValueError: `out` is not 1-d and contiguous, or read-only.
    """
    _check_out("fill_permutation", out, _INT64)
    _fill("random_permutation", random_permutation, seed, counter, out)
    return -(-out.size // 2)


def _fill(name: str, loop: Any, seed: int, counter: int, out: np.ndarray, *arguments: Any) -> None:
    """Run a loop that fills `out`, with its other arguments between counter and `out`."""
    seed, counter = operator.index(seed) % _MODULUS, operator.index(counter) % _MODULUS
    if runs_python():
        run(loop)(np.uint64(seed), np.uint64(counter), *arguments, out)
        return
    # To make NumPy's integers of seed and counter, and to call by way of Numba's dispatcher, takes 1 µs.
    call = _entries.get((name, out.dtype))
    if call is None:
        kinds = [type(argument) for argument in arguments]
        call = entry(loop, np.uint64, np.uint64, *kinds, contiguous(out.dtype, 1))
        _entries[name, out.dtype] = call
    call(seed, counter, *arguments, out)


def _check_out(name: str, out: np.ndarray, dtypes: tuple[np.dtype, ...]) -> None:
    """Raise unless a kernel can fill `out`."""
    if type(out) is np.ndarray and out.ndim == 1 and out.dtype in dtypes and out.flags.carray:
        return
    if not isinstance(out, np.ndarray) or out.dtype not in dtypes:
        came = f"dtype {out.dtype}" if isinstance(out, np.ndarray) else type(out).__name__
        needed = " or ".join(map(str, dtypes))
        raise TypeError(f"{name}: needed out as an array of {needed}, came {came}; fill a new array and convert it")
    raise ValueError(
        f"{name}: needed out 1-d, contiguous and writeable, came shape {out.shape}, strides {out.strides}, "
        f"writeable={out.flags.writeable}; pass the flat view of a new array, array.reshape(-1)"
    )
