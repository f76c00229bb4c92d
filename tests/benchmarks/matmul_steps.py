"""Time the steps from the three-loop matrix product to `minigrad_kernels.matmul`, for the table of kernels/README.md.

Run it as `python tests/benchmarks/matmul_steps.py`.
"""

import math
import os
import sys
import time
from collections.abc import Callable

import numpy as np

from minigrad_kernels import matmul, set_num_threads
from minigrad_kernels.blocks import NR_BYTES, multiply_block
from minigrad_kernels.jit import kernel
from minigrad_kernels.vectors import address

SIZES = (64, 256, 1024)


@kernel
def definition(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """The definition: a dot product for each number of out."""
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            total = out.dtype.type(0)
            for p in range(a.shape[1]):
                total += a[i, p] * b[p, j]
            out[i, j] = total


@kernel
def along_rows(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """The loops turned round: j innermost, along rows of b and of out."""
    out[:] = 0
    for i in range(out.shape[0]):
        for p in range(a.shape[1]):
            for j in range(out.shape[1]):
                out[i, j] += a[i, p] * b[p, j]


@kernel
def tiles(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """Tiles of out in registers while the whole k runs, operands where they are."""
    m, n = out.shape
    multiply_block(
        out.dtype.type(0), m, n, a.shape[1], address(a), a.strides[0], a.strides[1], address(b), b.strides[0],
        NR_BYTES, address(out), out.strides[0], False,
    )  # fmt: skip


def blocks(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """Blocks for the caches, packed where that pays: the product that minigrad uses."""
    matmul(a, b)


def numpy(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """NumPy's BLAS, one thread."""
    np.matmul(a, b)


def start_afresh() -> None:
    """Run this script anew on one core and with NumPy's BLAS at its defaults, which it reads when it is imported."""
    throttled = False
    for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
        throttled = os.environ.pop(name, None) is not None or throttled
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else {0}
    if throttled or len(cores) > 1:
        if len(cores) > 1:
            os.sched_setaffinity(0, {max(cores)})
        os.execv(sys.executable, [sys.executable, *sys.argv])


def best_seconds(function: Callable, size: int) -> float:
    """The best time of a product of random matrices of this size."""
    generator = np.random.default_rng(0)
    a, b = (generator.standard_normal((size, size)).astype(np.float32) for _ in range(2))
    out = np.empty_like(a)
    function(a, b, out)
    best, stop = math.inf, time.perf_counter() + 1.0
    while time.perf_counter() < stop:
        start = time.perf_counter()
        function(a, b, out)
        best = min(best, time.perf_counter() - start)
    return best


def python_seconds(size: int) -> float:
    """The time of the definition in plain Python, on arrays."""
    x = np.ones((size, size), np.float32)
    start = time.perf_counter()
    getattr(definition, "py_func", definition)(x, x, np.empty_like(x))
    return time.perf_counter() - start


def main() -> None:
    """Print the table, in GFLOP/s: a multiplication and an addition are two operations."""
    start_afresh()
    set_num_threads(1)
    print("| float32, one core, GFLOP/s |" + "".join(f" {size}³ |" for size in SIZES))
    print("|---|" + "---|" * len(SIZES))
    print(f"| definition, plain Python | {2 * 64**3 / python_seconds(64) / 1e9:.3f} |" + " – |" * (len(SIZES) - 1))
    for function in (definition, along_rows, tiles, blocks, numpy):
        speeds = [2 * size**3 / best_seconds(function, size) / 1e9 for size in SIZES]
        print(f"| `{function.__name__}` |" + "".join(f" {speed:.3g} |" for speed in speeds))


if __name__ == "__main__":
    main()
