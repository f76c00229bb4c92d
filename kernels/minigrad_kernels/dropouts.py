"""Numbers set to 0 at random and the others scaled, in one pass: the mask is a function of a seed and a counter.

The naive way draws a uniform number for each element, compares it with p, and keeps the mask for the gradient, which is
the same function of the gradient that arrives. Here each number is drawn, compared and used in a register, and the
gradient draws it again: nothing is kept but two integers.

Element i is dropped where `fill_uniform` would have drawn a number below p for it, so the masks of both agree.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.jit import kernel, runs_python
from minigrad_kernels.philox import DROPPED_32, SCALE_24, random_block, unit_float64
from minigrad_kernels.signatures import contiguous, typed_entry

_FLOAT32, _FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)
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
        array([0., 2., 2., 2., 2., 2., 2., 2.])
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
        call = typed_entry(loop, np.uint64, np.uint64, contiguous(dtype, 1), float, float, contiguous(dtype, 1))
        if not runs_python():
            _entries[dtype] = call
    return call


def dropped_blocks(x: np.ndarray) -> int:
    """Return how many blocks `dropped` reads for an array: ⌈n/4⌉ for float32, ⌈n/2⌉ for float64."""
    return -(-x.size * x.itemsize // 16)


@register_jitable
def factor_of(noise: Any, p: Any, factor: Any) -> Any:
    """What a number is multiplied by whose random number is `noise`."""
    return factor if noise >= p else factor * 0


@kernel
def drop_float32(seed: np.uint64, counter: np.uint64, x: np.ndarray, p: float, factor: float, out: np.ndarray) -> None:
    """Compute out = x·factor, or x·0 where a uniform number is below p, shapes (n,), float32: four numbers a block."""
    share, scale = np.float32(p), np.float32(factor)
    full = x.size // 4
    for block in range(full):
        x0, x1, x2, x3 = random_block(seed, counter, block)
        i = 4 * block
        out[i] = x[i] * factor_of(np.float32(x0 >> DROPPED_32) * SCALE_24, share, scale)
        out[i + 1] = x[i + 1] * factor_of(np.float32(x1 >> DROPPED_32) * SCALE_24, share, scale)
        out[i + 2] = x[i + 2] * factor_of(np.float32(x2 >> DROPPED_32) * SCALE_24, share, scale)
        out[i + 3] = x[i + 3] * factor_of(np.float32(x3 >> DROPPED_32) * SCALE_24, share, scale)
    words = random_block(seed, counter, full)
    for i in range(4 * full, x.size):
        out[i] = x[i] * factor_of(np.float32(words[i - 4 * full] >> DROPPED_32) * SCALE_24, share, scale)


@kernel
def drop_float64(seed: np.uint64, counter: np.uint64, x: np.ndarray, p: float, factor: float, out: np.ndarray) -> None:
    """Compute the same in float64: two numbers a block."""
    full = x.size // 2
    for block in range(full):
        x0, x1, x2, x3 = random_block(seed, counter, block)
        i = 2 * block
        out[i] = x[i] * factor_of(unit_float64(x0, x1), p, factor)
        out[i + 1] = x[i + 1] * factor_of(unit_float64(x2, x3), p, factor)
    if x.size % 2 == 1:
        x0, x1, x2, x3 = random_block(seed, counter, full)
        out[2 * full] = x[2 * full] * factor_of(unit_float64(x0, x1), p, factor)
