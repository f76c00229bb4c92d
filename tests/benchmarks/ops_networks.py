"""Times normalisation, attention, embeddings and dropout, forward and backward, against PyTorch where it is installed.

    python tests/benchmarks/ops_networks.py [--match attention] [--dtype float64] [--budget 0.2]

Both sides alternate in one run on one pinned thread; each time is the best of many. Both run what a layer runs in a
training step: the function, and the gradients of its inputs and parameters. A ratio above 1 means that ours is faster.
"""

import argparse
import importlib.util
import math
import os
import sys
import time
from pathlib import Path

# One thread each, and before the import: pinning comes too late for the threads that BLAS starts then.
for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[2] / "kernels")]

import numpy as np  # noqa: E402 - the number of threads is read at import

import minigrad as mg  # noqa: E402

torch = None
if importlib.util.find_spec("torch") is not None:
    import torch

    torch.set_num_threads(1)


class Case:
    """One call of a function, made for both libraries.

    Attributes:
        name: what the table calls it.
        function: a name in ``nn.functional``.
        operands: the arguments; arrays of floats become leaves with a gradient.
        options: arguments by keyword, which get none.
        backward: whether the gradients are computed too.
    """

    def __init__(self, name, function, *operands, backward=True, **options):
        self.name, self.function, self.operands, self.options = name, function, operands, options
        self.backward = backward

    def call_of(self, library):
        """Return the call of one of the libraries, as a function of no arguments."""
        operands = []
        for value in self.operands:
            operands.append(as_operand(library, value))
            if isinstance(value, np.ndarray) and value.dtype.kind == "f" and self.backward:
                operands[-1].requires_grad_()
        options = {name: as_operand(library, value) for name, value in self.options.items()}
        function = getattr(library.nn.functional, self.function)
        return timed_call(library, function, operands, options)


def as_operand(library, value):
    """Return an array as a tensor of a library, anything else as it is."""
    return library.tensor(value) if isinstance(value, np.ndarray) else value


def timed_call(library, function, operands, options):
    """Return a function of no arguments that calls one, and takes its gradients if an operand wants one."""
    wanted = [each for each in operands if getattr(each, "requires_grad", False)]
    seed = library.ones_like(function(*operands, **options)).detach() * 0.5

    def run():
        output = function(*operands, **options)
        if wanted:
            library.autograd.grad(output, wanted, seed)

    return run


def attentions(draw):
    """Attention of (batch, heads, length, features of a head)."""
    cases = []
    for shape in ((16, 4, 64, 16), (1, 1, 8, 4), (4, 2, 16, 8), (8, 4, 32, 16), (2, 4, 256, 32)):
        name = "x".join(map(str, shape))
        q, k, v = draw(*shape), draw(*shape), draw(*shape)
        cases.append(Case(f"attention {name}", "scaled_dot_product_attention", q, k, v))
        cases.append(Case(f"attention {name}, forward", "scaled_dot_product_attention", q, k, v, backward=False))
    shape = (16, 4, 64, 16)
    q, k, v = draw(*shape), draw(*shape), draw(*shape)
    hidden = {"attn_mask": np.arange(64) < np.arange(16)[:, None, None, None] * 4 + 1}
    cases.append(Case("attention 16x4x64x16, causal", "scaled_dot_product_attention", q, k, v, is_causal=True))
    cases.append(Case("attention 16x4x64x16, mask of keys", "scaled_dot_product_attention", q, k, v, **hidden))
    cases.append(Case("attention 16x4x64x16, dropout", "scaled_dot_product_attention", q, k, v, dropout_p=0.1))
    return cases


def normalisations(draw):
    """Normalisation of features, (batch, length, width), and of images."""
    cases = []
    for shape in ((16, 64), (16, 64, 64), (64, 256), (8, 128, 512)):
        name, width = "x".join(map(str, shape)), shape[-1]
        x, weight, bias = draw(*shape), draw(width), draw(width)
        cases.append(Case(f"layer_norm {name}", "layer_norm", x, (width,), weight, bias))
        cases.append(Case(f"rms_norm {name}", "rms_norm", x, (width,), weight))
    for shape in ((64, 64), (32, 8, 28, 28), (32, 16, 7, 7)):
        name, channels = "x".join(map(str, shape)), shape[1]
        x, zeros, ones = draw(*shape), np.zeros(channels, draw.dtype), np.ones(channels, draw.dtype)
        statistics, weight, bias = {"running_mean": zeros, "running_var": ones}, draw(channels), draw(channels)
        for training in (True, False):
            mode = "training" if training else "evaluation"
            parameters = {"weight": weight, "bias": bias, "training": training}
            cases.append(Case(f"batch_norm {name}, {mode}", "batch_norm", x, **statistics, **parameters))
        if len(shape) > 2:
            cases.append(Case(f"group_norm {name}", "group_norm", x, 4, weight, bias))
            cases.append(Case(f"instance_norm {name}", "instance_norm", x))
    return cases


def others(draw):
    """Embeddings and dropout."""
    cases = []
    for words, rows, width in ((64, 50, 16), (1024, 1000, 64)):
        index = np.random.default_rng(0).integers(0, rows, words)
        table = draw(rows, width)
        name = f"{words} of {rows}x{width}"
        cases.append(Case(f"embedding {name}", "embedding", index, table))
        bags = index.reshape(-1, 8)
        for mode in ("sum", "mean", "max"):
            cases.append(Case(f"embedding_bag {name}, {mode}", "embedding_bag", bags, table, mode=mode))
    for shape in ((16, 64), (64, 256), (1000, 1000)):
        cases.append(Case(f"dropout {'x'.join(map(str, shape))}", "dropout", draw(*shape), p=0.1))
    cases.append(Case("dropout2d 32x16x14x14", "dropout2d", draw(32, 16, 14, 14), p=0.1))
    return cases


class Drawn:
    """Makes arrays of drawn numbers of one dtype."""

    def __init__(self, dtype):
        self.generator, self.dtype = np.random.default_rng(20261122), np.dtype(dtype)

    def __call__(self, *shape):
        """Return standard normal numbers."""
        return self.generator.standard_normal(shape).astype(self.dtype)


def seconds_of(call, repeats):
    """Return how long one of so many calls takes."""
    start = time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.perf_counter() - start) / repeats


def best(calls, budget):
    """Return the least time of each call, all taking turns."""
    for call in calls:
        call()
    estimate = sum([seconds_of(call, 1) for call in calls])
    repeats = max(1, min(100, int(budget / 20 / estimate)))
    times = [math.inf] * len(calls)
    for _ in range(max(5, min(40, int(budget / (repeats * estimate))))):
        for number, call in enumerate(calls):
            times[number] = min(times[number], seconds_of(call, repeats))
    return times


def main():
    """Print a line a case: ours, theirs and the ratio; and the geometric mean of the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dtype", choices=["float32", "float64"], default="float32")
    parser.add_argument("--match", default="", help="only the cases whose name contains this")
    parser.add_argument("--budget", type=float, default=0.2, help="seconds for a case")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    draw = Drawn(options.dtype)
    versions = f"PyTorch {torch.__version__}" if torch is not None else "PyTorch is not installed"
    print(f"{options.dtype}, forward and backward, one thread; {versions}")
    print(f"{'microseconds':48}{'ours':>10}{'PyTorch':>10}{'ratio':>8}")
    ratios = []
    for case in [*attentions(draw), *normalisations(draw), *others(draw)]:
        if options.match not in case.name:
            continue
        calls = [case.call_of(library) for library in (mg, torch) if library is not None]
        times = best(calls, options.budget)
        line = "".join([f"{each * 1e6:10.1f}" for each in times])
        if torch is not None:
            ratios.append(times[1] / times[0])
            line += f"{ratios[-1]:8.2f}"
        print(f"{case.name:48}{line}", flush=True)
    if ratios:
        print(f"geometric mean {math.exp(sum(map(math.log, ratios)) / len(ratios)):.2f}, least {min(ratios):.2f}")


if __name__ == "__main__":
    main()
