"""Threads for large matrix products: Python threads that wait for work, and run kernels without the GIL.

Numba's own threads start sooner (1.4 µs with its omp layer), but that layer does not survive a fork, and its workqueue
layer aborts the process when two Python threads call parallel kernels at once. These take 10 to 30 µs (a
ThreadPoolExecutor 10 µs more, for its futures). A product that is worth sharing takes a few times that.
"""

import ctypes
import os
import threading
from collections.abc import Callable
from itertools import pairwise
from queue import SimpleQueue

import numpy as np

from minigrad_kernels.blocks import NR_BYTES
from minigrad_kernels.tiles import TILE_ROWS

Multiply = Callable[[np.ndarray, np.ndarray, np.ndarray], bool]
Matrices = tuple[np.ndarray, np.ndarray, np.ndarray]
Results = SimpleQueue[bool | BaseException]

# Multiplications that each thread must have to do: two share 256³, which took 0.65 to 0.9 of one thread's time on two
# cores that others used too; 192³ took 0.9 to 1.1.
WORK_PER_THREAD = 8_000_000
MIN_SHARED_WORK = 2 * WORK_PER_THREAD
# No product with a result smaller than this is looked at: 64×64 is worth sharing from k = 4000 on.
MIN_SHARED_SIZE = 4096


def _cpu_lookup() -> Callable[[], int] | None:
    """What tells the core that a thread runs on; None where cores cannot be told or chosen."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    # PyDLL keeps the GIL: 0.1 µs. In Python itself there is no such function before 3.13.
    return getattr(ctypes.PyDLL(None), "sched_getcpu", None)


class _Pool:
    """The number of threads that share a product, and the queue from which the others take their parts."""

    def __init__(self) -> None:
        self.threads = _available_cores()
        self.current_cpu = _cpu_lookup()
        self.forget_threads()

    def forget_threads(self) -> None:
        """Start anew: a forked child has this object but none of its threads."""
        self.started = 0
        self.starting = threading.Lock()
        self.parts: SimpleQueue[tuple[Multiply, Matrices, int | None, Results]] = SimpleQueue()

    def start_threads(self) -> None:
        """Start the threads that are missing; daemons, because they wait for ever."""
        with self.starting:
            while self.started < self.threads - 1:
                threading.Thread(target=_work, args=(self.parts,), name="minigrad_kernels", daemon=True).start()
                self.started += 1


def _work(parts: "SimpleQueue[tuple[Multiply, Matrices, int | None, Results]]") -> None:
    """Multiply what comes through the queue."""
    avoided = None
    while True:
        multiply, matrices, caller_cpu, results = parts.get()
        # Linux wakes a thread on the core of the one that wakes it, which is about to be busy, and moves it only
        # milliseconds later: without this, shared products up to 384³ ran one part after the other.
        if caller_cpu is not None and caller_cpu != avoided:
            _leave(caller_cpu)
            avoided = caller_cpu
        try:
            results.put(multiply(*matrices))
        except BaseException as error:  # Raised again by the caller, which would wait for ever otherwise.
            results.put(error)


def _leave(cpu: int) -> None:
    """Move this thread to another core, if the process may use another."""
    others = os.sched_getaffinity(os.getpid()) - {cpu}
    if others:
        os.sched_setaffinity(0, others)


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

    Results are the same to the bit from run to run at one number of threads. Products of less than eight million
    multiplications a thread (two threads: 252³) are not shared.

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
    _pool.threads = threads


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
    _pool.start_threads()
    cpu = _pool.current_cpu() if _pool.current_cpu else None
    results: Results = SimpleQueue()
    for piece in pieces[1:]:
        _pool.parts.put((multiply, piece, cpu, results))
    done = multiply(*pieces[0])
    for _ in pieces[1:]:
        result = results.get()
        if isinstance(result, BaseException):
            raise result
        done = done and result
    return done


def _bounds(length: int, unit: int, parts: int) -> list[int]:
    """Where parts of whole units, as equal as can be, start and end."""
    units = -(-length // unit)
    bounds = []
    for part in range(parts + 1):
        bounds.append(min(length, units * part // parts * unit))
    return sorted(set(bounds))
