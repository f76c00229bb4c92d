"""How many threads may share a matrix product, and which products they share. `pool.py` has the threads."""

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad_kernels.cores import default_threads
from minigrad_kernels.entries import entry
from minigrad_kernels.jit import c_address
from minigrad_kernels.parts import (
    FAILED,
    MULTIPLIED,
    WORTH_WAKING,
    multiply_part_float32,
    multiply_part_float64,
    multiply_parts,
)
from minigrad_kernels.pool import Pool
from minigrad_kernels.product_calls import product_address

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
        # For each dtype the compiled kernel `multiply_parts`, and the addresses of the kernels that multiply matrices,
        # and a part of them.
        self.compiled: dict[np.dtype, tuple[Callable[..., int], int, int]] = {}


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


def worth_sharing(work: int) -> bool:
    """Whether a product of so many multiplications is to be shared, if its kernel is compiled."""
    # With NUMBA_DISABLE_JIT there is no machine code to share.
    return work >= MIN_SHARED_WORK and _sharing.threads > 1 and hasattr(multiply_parts, "py_func")


def share(multiply: Multiply, a: np.ndarray, b: np.ndarray, out: np.ndarray) -> bool:
    """Call `multiply(a, b, out)`, or share that work among threads if it is enough; returns whether it was done.

    Args:
        multiply: Fills `out` with a @ b, and returns whether it could read a and b.
        a: Shape (m, k).
        b: Shape (k, n), of a's dtype.
        out: Shape (m, n), of a's dtype.

    Raises:
        MemoryError: A thread could not allocate what it packs an operand into.
    """
    if not worth_sharing(out.size * len(b)):
        return multiply(a, b, out)
    multiply_here, product, part_function = _sharing.compiled.get(out.dtype) or _compile(out.dtype)
    return post(multiply_here, a, b, out, product, part_function)


def _compile(dtype: np.dtype) -> tuple[Callable[..., int], int, int]:
    """Compile what shares a product of this dtype."""
    multiply_here = entry(multiply_parts, *(dtype,) * 3, *(int,) * 4)
    compiled = multiply_here, product_address(dtype), c_address(_PART_KERNELS[dtype])
    _sharing.compiled[dtype] = compiled
    return compiled


def prepare_helpers() -> None:
    """Compile what the pool's threads run, and start none of them."""
    _sharing.pool.wake(0)


def post(kernel: Callable[..., int], *arguments: Any) -> bool:
    """Run a kernel that does its work in parts, with the pool's help; returns whether it was done.

    Args:
        kernel: The compiled kernel; it takes the pool's board and the number of threads last, and returns what
            `multiply_parts` does.
        arguments: What it takes before, the operands first.
    """
    threads, pool = _sharing.threads, _sharing.pool
    # No Python code runs in this thread while it waits for others, so nothing can interrupt it half-way.
    outcome = kernel(*arguments, pool.board, threads)
    if outcome == WORTH_WAKING:
        pool.wake(threads - 1)
        outcome = kernel(*arguments, pool.board, threads)
    if outcome == FAILED:
        a, b = arguments[:2]
        raise MemoryError(
            f"matmul: a thread needed memory to pack {a.dtype} operands of shapes {a.shape} and {b.shape}, and there "
            "was none; free some, or multiply parts of them"
        )
    return outcome == MULTIPLIED
