"""Public random draws: each fills an array from a seed and a counter, and returns the blocks that it used.

    counter += fill_uniform(seed, counter, out)

Two consecutive draws then never read the same block. Seed and counter are any integers, taken modulo 2⁶⁴.
"""

import operator

import numpy as np

from minigrad_kernels.jit import run
from minigrad_kernels.philox import (
    random_integers,
    random_permutation,
    random_words,
    standard_normal,
    uniform_float32,
    uniform_float64,
)

_MODULUS = 2**64
_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
_INT64 = (np.dtype(np.int64),)
_UINT64 = (np.dtype(np.uint64),)


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
        run(uniform_float32)(_as_word(seed), _as_word(counter), out)
        return -(-out.size // 4)
    run(uniform_float64)(_as_word(seed), _as_word(counter), out)
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
    run(standard_normal)(_as_word(seed), _as_word(counter), out)
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
    run(random_words)(_as_word(seed), _as_word(counter), out)
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
    span = np.uint64(high - low)
    run(random_integers)(_as_word(seed), _as_word(counter), np.int64(low), span, out)
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
    run(random_permutation)(_as_word(seed), _as_word(counter), out)
    return -(-out.size // 2)


def _as_word(number: int) -> np.uint64:
    """Return any integer, NumPy's too, modulo 2⁶⁴."""
    return np.uint64(operator.index(number) % _MODULUS)


def _check_out(name: str, out: np.ndarray, dtypes: tuple[np.dtype, ...]) -> None:
    """Raise unless a kernel can fill `out`."""
    if not isinstance(out, np.ndarray) or out.dtype not in dtypes:
        came = f"dtype {out.dtype}" if isinstance(out, np.ndarray) else type(out).__name__
        needed = " or ".join(map(str, dtypes))
        raise TypeError(f"{name}: needed out as an array of {needed}, came {came}; fill a new array and convert it")
    if out.ndim != 1 or not out.flags.c_contiguous or not out.flags.writeable:
        raise ValueError(
            f"{name}: needed out 1-d, contiguous and writeable, came shape {out.shape}, strides {out.strides}, "
            f"writeable={out.flags.writeable}; pass the flat view of a new array, array.reshape(-1)"
        )
