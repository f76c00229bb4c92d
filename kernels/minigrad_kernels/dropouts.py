"""Numbers set to 0 at random and the others scaled, in one pass: the mask is a function of a seed and a counter.

The naive way draws a uniform number for each element, compares it with p, and keeps the mask for the gradient, which is
the same function of the gradient that arrives. Here some numbers are drawn at a time, into the L1 cache, and used; the
gradient draws them again: nothing is kept but two integers. LLVM does not vectorise the loop that draws, but the one
that uses what was drawn.

Element i is dropped where `fill_uniform` would have drawn a number below p for it, so the masks of both agree.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.entries import entry
from minigrad_kernels.jit import kernel, runs_python
from minigrad_kernels.philox import DROPPED_32, SCALE_24, random_block, unit_float64
from minigrad_kernels.signatures import contiguous

_FLOAT32, _FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)
# A multiple of the numbers of a block; in float64 8 kB.
AT_ONCE = 1024
_entries: dict[np.dtype, Callable[..., None]] = {}


def dropped(x: np.ndarray, seed: int, counter: int, p: float) -> np.ndarray:
    """Compute x/(1 − p), with a share p of the numbers multiplied by 0 instead.

    Args:
        x: Any shape, float32 or float64.
        seed: Which stream of random numbers.
        counter: The first block of it to read; both are taken modulo 2⁶⁴.
        p: The probability, in [0, 1]; 1 drops all.

    Returns:
        x's shape and dtype. It has read `dropped_blocks(x)` blocks.

    Raises:
        TypeError: x is no array of float32 or float64.
        ValueError: p is not in [0, 1].

    Example:
        >>> dropped(np.ones(8), 0, 0, 0.5)
        array([0., 2., 2., 2., 0., 0., 2., 2.])
    """
    if type(x) is not np.ndarray or x.dtype not in (_FLOAT32, _FLOAT64):
        came = f"dtype {x.dtype}" if isinstance(x, np.ndarray) else type(x).__name__
        raise TypeError(f"dropped: needed an array of float32 or float64, came {came}; use x.astype(float)")
    if not 0 <= p <= 1:
        raise ValueError(f"dropped: needed a probability p in [0, 1], came {p}; it is the share that is dropped")
    dtype = _FLOAT32 if x.dtype == _FLOAT32 else _FLOAT64
    numbers = x if x.flags.carray else np.array(x, dtype, order="C")
    out = np.empty(x.shape, dtype)
    call = _entry(dtype)
    factor = 1 / (1 - p) if p < 1 else 0.0
    call(np.uint64(seed % 2**64), np.uint64(counter % 2**64), numbers.reshape(-1), p, factor, out.reshape(-1))
    return out


def _entry(dtype: np.dtype) -> Callable[..., None]:
    """Return what to call to drop numbers of a dtype."""
    call = None if runs_python() else _entries.get(dtype)
    if call is None:
        loop: Any = drop_float32 if dtype is _FLOAT32 else drop_float64
        call = entry(loop, np.uint64, np.uint64, contiguous(dtype, 1), float, float, contiguous(dtype, 1))
        if not runs_python():
            _entries[dtype] = call
    return call


def dropped_blocks(x: np.ndarray) -> int:
    """Return how many blocks `dropped` reads for an array: ⌈n/4⌉ for float32, ⌈n/2⌉ for float64."""
    return -(-x.size * x.itemsize // 16)


@register_jitable
def drop_by_noise(x: np.ndarray, noise: np.ndarray, p: Any, factor: Any, out: np.ndarray) -> None:
    """Compute out = x·factor, or x·0 where the noise is below p, shapes (n,), the noise maybe longer."""
    nothing = factor * 0
    for i in range(x.size):
        out[i] = x[i] * (factor if noise[i] >= p else nothing)


@kernel
def drop_float32(seed: np.uint64, counter: np.uint64, x: np.ndarray, p: float, factor: float, out: np.ndarray) -> None:
    """Compute out = x·factor, or x·0 where a uniform number is below p, shapes (n,), float32: four numbers a block."""
    noise = np.empty(AT_ONCE, x.dtype)
    for first in range(0, x.size, AT_ONCE):
        part = x[first : first + AT_ONCE]
        for block in range((part.size + 3) // 4):
            x0, x1, x2, x3 = random_block(seed, counter, first // 4 + block)
            noise[4 * block] = np.float32(x0 >> DROPPED_32) * SCALE_24
            noise[4 * block + 1] = np.float32(x1 >> DROPPED_32) * SCALE_24
            noise[4 * block + 2] = np.float32(x2 >> DROPPED_32) * SCALE_24
            noise[4 * block + 3] = np.float32(x3 >> DROPPED_32) * SCALE_24
        drop_by_noise(part, noise, np.float32(p), np.float32(factor), out[first : first + AT_ONCE])


@kernel
def drop_float64(seed: np.uint64, counter: np.uint64, x: np.ndarray, p: float, factor: float, out: np.ndarray) -> None:
    """Compute the same in float64: two numbers a block."""
    noise = np.empty(AT_ONCE, x.dtype)
    for first in range(0, x.size, AT_ONCE):
        part = x[first : first + AT_ONCE]
        for block in range((part.size + 1) // 2):
            x0, x1, x2, x3 = random_block(seed, counter, first // 2 + block)
            noise[2 * block] = unit_float64(x0, x1)
            noise[2 * block + 1] = unit_float64(x2, x3)
        drop_by_noise(part, noise, p, factor, out[first : first + AT_ONCE])
