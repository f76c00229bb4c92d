"""How many threads may share a matrix product, and which products they share. `pool.py` has the threads."""

from collections.abc import Callable

import numpy as np

from minigrad_kernels.cores import default_threads
from minigrad_kernels.jit import c_address, entry
from minigrad_kernels.parts import (
    FAILED,
    MULTIPLIED,
    WORTH_WAKING,
    multiply_part_float32,
    multiply_part_float64,
    multiply_parts,
)
from minigrad_kernels.pool import Pool

Multiply = Callable[[np.ndarray, np.ndarray, np.ndarray], bool]

# Multiplications of a product that is worth sharing, 10 µs of them: with two threads it takes 0.6 of that. If the other
# thread sleeps, or its core is busy, it takes 0.4 µs more than one.
MIN_SHARED_WORK = 1_000_000
_PART_KERNELS = {np.dtype(np.float32): multiply_part_float32, np.dtype(np.float64): multiply_part_float64}


class _Sharing:
    """The number of threads, the pool, and what has been compiled."""

    def __init__(self) -> None:
        self.threads = default_threads()
        self.pool = Pool()
        # For each compiled kernel `multiply` its dtype's kernel `multiply_parts`, and the address of the kernel that
        # multiplies a part.
        self.compiled: dict[Multiply, tuple[Callable[..., int], int]] = {}


_sharing = _Sharing()


def get_num_threads() -> int:
    """Return the number of threads that may share a matrix product.

    At first that is one for each core that the process may use: of its affinity mask, and no more than a container's
    limit. The environment variables NUMBA_NUM_THREADS and OMP_NUM_THREADS lower it, the first one before the second.
    """
    return _sharing.threads


def set_num_threads(threads: int) -> None:
    """Set the number of threads that may share a matrix product, in the whole process.

    Results are the same to the bit from run to run at one number of threads. Products of less than a million
    multiplications (100³) are not shared.

    Args:
        threads: At least 1. More than the process has cores make it slower.

    Raises:
        ValueError: `threads` is no integer from 1 up.

    Example:
        >>> before = get_num_threads()
        >>> set_num_threads(1)
        >>> get_num_threads()
        1
        >>> set_num_threads(before)
    """
    if isinstance(threads, bool) or not isinstance(threads, int | np.integer) or threads < 1:
        raise ValueError(f"set_num_threads: needed an integer from 1 up, came {threads!r}; 1 means no other threads")
    _sharing.threads = int(threads)


def share(multiply: Multiply, a: np.ndarray, b: np.ndarray, out: np.ndarray) -> bool:
    """Call `multiply(a, b, out)`, or share that work among threads if it is enough; returns whether it was done.

    Args:
        multiply: The kernel `multiply` as `entry` returns it.
        a: Shape (m, k).
        b: Shape (k, n).
        out: Shape (m, n).

    Raises:
        MemoryError: A thread could not allocate what it packs an operand into.
    """
    threads, pool = _sharing.threads, _sharing.pool
    if threads == 1 or out.size * len(b) < MIN_SHARED_WORK:
        return multiply(a, b, out)
    compiled = _sharing.compiled.get(multiply) or _compile(multiply, out.dtype)
    if compiled is None:
        return multiply(a, b, out)
    multiply_here, part_function = compiled
    # No Python code runs in this thread while it waits for others, so nothing can interrupt it half-way.
    outcome = multiply_here(a, b, out, pool.board, part_function, threads)
    if outcome == WORTH_WAKING:
        pool.wake(threads - 1)
        outcome = multiply_here(a, b, out, pool.board, part_function, threads)
    if outcome == FAILED:
        raise MemoryError(f"matmul: a thread had no memory to pack {a.shape} @ {b.shape}, {out.dtype}, into")
    return outcome == MULTIPLIED


def _compile(multiply: Multiply, dtype: np.dtype) -> tuple[Callable[..., int], int] | None:
    """Compile what shares a product of this dtype; None with NUMBA_DISABLE_JIT, where no machine code can be shared."""
    if not hasattr(multiply_parts, "py_func"):
        return None
    compiled = entry(multiply_parts, dtype, 2, 2, 2, integers=3), c_address(_PART_KERNELS[dtype])
    _sharing.compiled[multiply] = compiled
    return compiled
