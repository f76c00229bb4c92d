"""How many threads may share a matrix product, and which products they share. `pool.py` has the threads."""

from collections.abc import Callable

import numpy as np

from minigrad_kernels.cores import default_threads
from minigrad_kernels.jit import c_address, entry
from minigrad_kernels.parts import FAILED, MULTIPLIED, multiply_part_float32, multiply_part_float64, multiply_parts
from minigrad_kernels.pool import Pool

Multiply = Callable[[np.ndarray, np.ndarray, np.ndarray], bool]

# Multiplications of a product that is worth sharing with threads that are looking for work, 5 µs of them: two threads
# took 0.76 of one's time at 64×64×128 and 0.5 to 0.6 from 2 million on. Products with a vector of as many numbers take
# 25 µs, and 0.55 to 0.7 of that in two threads.
MIN_SHARED_WORK = 500_000
# Multiplications, 0.3 ms of them, that are done alone before threads that sleep are woken, which costs 5 to 15 µs: so
# one large product wakes them, and so do many small ones.
WAKING_WORK = 30_000_000
_PART_KERNELS = {np.dtype(np.float32): multiply_part_float32, np.dtype(np.float64): multiply_part_float64}


class _Sharing:
    """The number of threads, the pool, and what has been compiled."""

    def __init__(self) -> None:
        self.threads = default_threads()
        self.pool = Pool()
        # For each dtype the compiled kernel `multiply_parts` and the address of the kernel that multiplies a part.
        self.compiled: dict[np.dtype, tuple[Callable[..., int], int]] = {}


_sharing = _Sharing()


def get_num_threads() -> int:
    """Return the number of threads that may share a matrix product.

    At first that is one for each core that the process may use: of its affinity mask, and no more than a container's
    limit. The environment variables NUMBA_NUM_THREADS and OMP_NUM_THREADS lower it, the first one before the second.
    """
    return _sharing.threads


def set_num_threads(threads: int) -> None:
    """Set the number of threads that may share a matrix product, in the whole process.

    Results are the same to the bit from run to run at one number of threads. Products of less than half a million
    multiplications (80³) are not shared.

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
    threads, pool, dtype = _sharing.threads, _sharing.pool, out.dtype
    work = out.size * len(b)
    # With NUMBA_DISABLE_JIT there is no machine code to share.
    if threads == 1 or work < MIN_SHARED_WORK or not hasattr(multiply_parts, "py_func"):
        return multiply(a, b, out)
    if dtype not in _sharing.compiled:
        multiply_here = entry(multiply_parts, dtype, 2, 2, 2, integers=3)
        _sharing.compiled[dtype] = multiply_here, c_address(_PART_KERNELS[dtype])
    multiply_here, part_function = _sharing.compiled[dtype]
    if len(pool.helpers) < threads - 1:
        pool.start(threads - 1)
    pool.wake(threads - 1, work / WAKING_WORK)
    # From here to the end of the work no Python code runs in this thread, so nothing can interrupt it half-way.
    outcome = multiply_here(a, b, out, pool.board, part_function, threads)
    if outcome == FAILED:
        raise MemoryError(f"matmul: a thread had no memory to pack {a.shape} @ {b.shape}, {dtype}, into")
    return outcome == MULTIPLIED
