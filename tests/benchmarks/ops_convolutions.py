"""Convolutions and poolings, forward and forward with backward, against PyTorch's on one thread.

    python tests/benchmarks/ops_convolutions.py

Needs torch. Each time is the best of many, both sides taking turns, on one pinned thread. A backward pass computes the
gradients of input, weight and bias; "no input" is a first layer, whose input asks for none. A ratio above 1 says that
minigrad takes less time.
"""

import os
import sys
import time
from pathlib import Path

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[2] / "kernels")]

import numpy as np  # noqa: E402 - the number of threads is read at import

import minigrad as mg  # noqa: E402
import minigrad_kernels  # noqa: E402
from minigrad.nn import functional as F  # noqa: E402

ROUNDS = 40

# Input, filters, kernel, stride, padding.
CONVOLUTIONS = [
    ((32, 1, 28, 28), 8, 3, 1, 0),
    ((32, 1, 28, 28), 16, 3, 1, 0),
    ((32, 1, 28, 28), 16, 3, 1, 1),
    ((32, 8, 13, 13), 16, 3, 1, 0),
    ((32, 8, 14, 14), 16, 5, 2, 0),
    ((32, 8, 14, 14), 16, 5, 2, 2),
    ((16, 3, 32, 32), 16, 3, 1, 1),
    ((16, 16, 32, 32), 16, 3, 1, 1),
    ((8, 64, 8, 8), 64, 3, 1, 1),
    ((16, 16, 32, 32), 32, 1, 1, 0),
    ((64, 4, 100), 8, 5, 1, 0),
    ((4, 1, 8, 8), 2, 3, 1, 0),
]
POOLINGS = [
    ("max_pool2d", (32, 16, 26, 26), (2,)),
    ("max_pool2d", (32, 16, 26, 26), (3, 2, 1)),
    ("avg_pool2d", (32, 16, 26, 26), (2,)),
    ("adaptive_avg_pool2d", (32, 16, 26, 26), (1,)),
    ("max_pool1d", (64, 8, 100), (2,)),
]


def best_times(functions):
    """Return the least time of each of some functions, in microseconds."""
    times = [float("inf")] * len(functions)
    for function in functions:
        function()
    for _ in range(ROUNDS):
        for number, function in enumerate(functions):
            begun = time.perf_counter()
            function()
            times[number] = min(times[number], (time.perf_counter() - begun) * 1e6)
    return times


def forward_of(operation, leaves, settings):
    """Return a function that computes without recording."""
    detached = [leaf.detach() for leaf in leaves]
    return lambda: operation(*detached, *settings)


def step_of(operation, leaves, settings, seed):
    """Return a function that computes, and then all gradients."""

    def step():
        for leaf in leaves:
            leaf.grad = None
        operation(*leaves, *settings).backward(seed)

    return step


def pairs_of(torch, name, arrays, settings, wanted):
    """Return minigrad's and PyTorch's functions: forward, and forward with backward."""
    generator = np.random.default_rng(0)
    ours, theirs = getattr(F, name), getattr(torch.nn.functional, name)
    leaves = [mg.tensor(array, requires_grad=each) for array, each in zip(arrays, wanted, strict=True)]
    twins = [torch.tensor(array, requires_grad=each) for array, each in zip(arrays, wanted, strict=True)]
    shape = ours(*leaves, *settings).shape
    seed = generator.standard_normal(shape).astype("f4")
    return [
        forward_of(ours, leaves, settings),
        forward_of(theirs, twins, settings),
        step_of(ours, leaves, settings, mg.tensor(seed)),
        step_of(theirs, twins, settings, torch.tensor(seed)),
    ]


def report(label, times):
    """Print a row of the table."""
    forward, their_forward, step, their_step = times
    print(
        f"{label:44s} {forward:7.0f} {their_forward:7.0f} {their_forward / forward:6.2f}"
        f" {step:9.0f} {their_step:7.0f} {their_step / step:6.2f}",
        flush=True,
    )


def main():
    """Print the table."""
    try:
        import torch
    except ImportError:
        sys.exit("torch is not installed, and there is nothing to compare with")
    torch.set_num_threads(1)
    minigrad_kernels.set_num_threads(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    # Once a large array has been freed, malloc keeps memory of that size, for both sides; before, each new result is
    # fresh memory, whose first touch takes longer than the convolution.
    np.ones(1 << 25, np.uint8)
    generator = np.random.default_rng(0)
    print(f"{'float32, 1 thread, us':44s} {'forward':>7s} {'torch':>7s} {'ratio':>6s} {'backward':>9s} torch   ratio")
    for shape, filters, kernel, stride, padding in CONVOLUTIONS:
        axes = len(shape) - 2
        shapes = [shape, (filters, shape[1]) + (kernel,) * axes, (filters,)]
        arrays = [generator.standard_normal(each).astype("f4") for each in shapes]
        label = f"conv{axes}d {'x'.join(map(str, shape))} -> {filters}, kernel {kernel}"
        label += f", stride {stride}" * (stride > 1) + f", padding {padding}" * (padding > 0)
        for wanted in ([True, True, True], [False, True, True]):
            functions = pairs_of(torch, f"conv{axes}d", arrays, (stride, padding), wanted)
            report(label if wanted[0] else "  no input", best_times(functions))
    for name, shape, settings in POOLINGS:
        arrays = [generator.standard_normal(shape).astype("f4")]
        label = f"{name} {'x'.join(map(str, shape))}, {', '.join(map(str, settings))}"
        report(label, best_times(pairs_of(torch, name, arrays, settings, [True])))


if __name__ == "__main__":
    main()
