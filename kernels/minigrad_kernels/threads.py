"""Threads for large matrix products: one pool of Python threads, in which kernels run without the GIL.

A ThreadPoolExecutor takes 20 µs to start a task. Numba's own threads are faster (1.4 µs with its omp layer) but the
omp layer does not survive a fork, and the workqueue layer aborts the process when two Python threads call parallel
kernels at once. A product that is worth sharing takes ten times as long as starting the task.
"""

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise

import numpy as np

from minigrad_kernels.blocks import NR_BYTES
from minigrad_kernels.tiles import TILE_ROWS

Multiply = Callable[[np.ndarray, np.ndarray, np.ndarray], bool]

# Multiplications that one thread must have to do: two share 256³, which take one thread 140 µs in float32.
WORK_PER_THREAD = 256**3 // 2
# No product with a result smaller than this is looked at: 32×32 would be worth sharing from k = 16384 on.
MIN_SHARED_SIZE = 1024


class _Pool:
    """How many threads there are, and their executor, which is made when it is first needed."""

    def __init__(self) -> None:
        self.threads = _available_cores()
        self.executor: ThreadPoolExecutor | None = None

    def submit(self, multiply: Multiply, *matrices: np.ndarray) -> "Future[bool]":
        # A local name, because another thread may set the number of threads meanwhile.
        executor = self.executor
        if executor is None:
            executor = ThreadPoolExecutor(max(1, self.threads - 1), thread_name_prefix="minigrad_kernels")
            self.executor = executor
        return executor.submit(multiply, *matrices)

    def forget_threads(self) -> None:
        """A forked child has the executor but none of its threads."""
        self.executor = None


def _available_cores() -> int:
    """The cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_pool = _Pool()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.forget_threads)


def get_num_threads() -> int:
    """Return the number of threads that may share a matrix product; at first the cores that the process may use."""
    return _pool.threads


def set_num_threads(threads: int) -> None:
    """Set the number of threads that may share a matrix product, in the whole process.

    Results are the same to the bit from run to run at one number of threads. Products of less than 256³ / 2
    multiplications a thread are not shared.

    Args:
        threads: At least 1.

    Raises:
        ValueError: `threads` is no integer from 1 up.

    Example:
        >>> before = get_num_threads()
        >>> set_num_threads(1)
        >>> get_num_threads()
        1
        >>> set_num_threads(before)
    """
    if not isinstance(threads, int) or threads < 1:
        raise ValueError(f"set_num_threads: needed an integer from 1 up, came {threads!r}; 1 means no other threads")
    # Products that are under way finish in the old executor, whose threads then end.
    _pool.threads, _pool.executor = threads, None


def share(multiply: Multiply, a: np.ndarray, b: np.ndarray, out: np.ndarray) -> bool:
    """Call `multiply(a, b, out)` in parts, each in a thread, if that is faster; returns whether the product was made.

    Rows of a or columns of b are divided, never k: each number of out is one thread's sum, in the usual order.

    Args:
        multiply: The kernel `multiply` as `entry` returns it.
        a: Shape (m, k).
        b: Shape (k, n).
        out: Shape (m, n).
    """
    (m, k), n = a.shape, b.shape[1]
    parts = min(_pool.threads, m * n * k // WORK_PER_THREAD)
    if parts < 2 or b.shape[0] != k:
        return multiply(a, b, out)
    # Columns if there are as many, because each thread then packs its own part of b only.
    by_columns = n >= m
    bounds = _bounds(n, NR_BYTES // out.itemsize, parts) if by_columns else _bounds(m, TILE_ROWS, parts)
    pieces = []
    for start, stop in pairwise(bounds):
        if by_columns:
            pieces.append((a, b[:, start:stop], out[:, start:stop]))
        else:
            pieces.append((a[start:stop], b, out[start:stop]))
    try:
        others = [_pool.submit(multiply, *piece) for piece in pieces[1:]]
    except RuntimeError:  # Python is shutting down, and starts no more threads.
        return multiply(a, b, out)
    done = [multiply(*pieces[0])]
    for other in others:
        done.append(other.result())
    return all(done)


def _bounds(length: int, unit: int, parts: int) -> list[int]:
    """Where parts of whole units, as equal as can be, start and end."""
    units = -(-length // unit)
    bounds = []
    for part in range(parts + 1):
        bounds.append(min(length, units * part // parts * unit))
    return sorted(set(bounds))
