"""Time `minigrad_kernels.matmul` against `numpy.matmul`, whose BLAS keeps its default settings.

Run it as `python tests/benchmarks/matmul.py [--dtype float64] [--threads 2] [--quick] [--shape 64x128x10]`.

Each shape is timed as nn, nt and tn: t means that the operand is the transpose of a row-major matrix. Ours and NumPy's
calls alternate in one run on the same pinned core. With two threads each library runs in a process of its own, because
the spinning threads of one starve those of the other, and so do we with one thread; these processes alternate, may use
the same cores, and should have them to themselves: another busy process slows BLAS more than us, because it waits for
the thread on that core. A time is the best of many, and argument checks are part of it.
"""

import argparse
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable

GROUPS = {
    "small": "1x4x4 4x4x4 8x8x8 16x16x16 32x32x32 48x48x48 64x64x64 100x2x16 100x16x16 100x16x1 442x10x1",
    "toy": "64x64x128 64x128x10 32x784x128 128x784x256 128x256x128 128x128x10 1x784x256 1000x64x64",
    "large": "256x256x256 512x512x512 1024x1024x1024 2048x2048x2048 256x1024x1024 1x1024x1024 4096x64x64 "
    "64x4096x64 333x517x291",
}
FORMS = ("nn", "nt", "tn")
# Set by some test environments, they force OpenBLAS to an old kernel; at their defaults it picks the core's own.
THROTTLES = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")

# Processes of each library with two threads. On the machine of the README a third of ours, with one thread as with two,
# took 0.4 µs more for each small product, from their start to their end.
ROUNDS = 3

Call = tuple[Callable, object, object]


def make_operands(shape: str, form: str, dtype: str) -> tuple:
    """Matrices of normal numbers, stored as the form says."""
    import numpy as np

    m, k, n = map(int, shape.split("x"))
    generator = np.random.default_rng(0)
    a = generator.standard_normal((k, m) if form[0] == "t" else (m, k)).astype(dtype)
    b = generator.standard_normal((n, k) if form[1] == "t" else (k, n)).astype(dtype)
    return (a.T if form[0] == "t" else a), (b.T if form[1] == "t" else b)


def seconds(call: Call, repetitions: int) -> float:
    """The time of one call, from a loop of many."""
    function, a, b = call
    start = time.perf_counter()
    for _ in range(repetitions):
        function(a, b)
    return (time.perf_counter() - start) / repetitions


def best_times(calls: list[Call], sample: float, samples: int) -> list[float]:
    """The best time of each call; their samples alternate."""
    repetitions = []
    for call in calls:
        seconds(call, 1)
        once = min(seconds(call, 1) for _ in range(3))
        repetitions.append(max(1, int(sample / once)))
    best = [math.inf] * len(calls)
    for _ in range(samples):
        for i, call in enumerate(calls):
            best[i] = min(best[i], seconds(call, repetitions[i]))
    return best


def libraries(threads: int) -> dict[str, Callable]:
    """What is timed, by name."""
    import numpy as np

    import minigrad_kernels

    minigrad_kernels.set_num_threads(threads)
    return {"ours": minigrad_kernels.matmul, "blas": np.matmul}


def measure(arguments: argparse.Namespace, names: list[str], threads: int) -> dict[str, list[float]]:
    """The best times of the named libraries for each shape and form."""
    functions = libraries(threads)
    # A process of its own is one of several.
    sample, samples = (5e-4, 12) if arguments.quick or arguments.only else (2e-3, 30)
    times = {}
    for group, shape, form in cases(arguments):
        a, b = make_operands(shape, form, arguments.dtype)
        calls = [(functions[name], a, b) for name in names]
        work = math.prod(map(int, shape.split("x")))
        times[f"{group} {shape} {form}"] = best_times(calls, sample, max(8, samples // 3) if work > 1e8 else samples)
    return times


def cases(arguments: argparse.Namespace) -> list[tuple[str, str, str]]:
    """Group, shape and form of each case."""
    groups = {"chosen": " ".join(arguments.shape)} if arguments.shape else GROUPS
    found = []
    for group, shapes in groups.items():
        for shape in shapes.split():
            for form in FORMS:
                found.append((group, shape, form))
    return found


def measure_in_rounds(threads: int) -> dict[str, list[float]]:
    """The best times of ours, of BLAS, and of ours with one thread, in processes that alternate."""
    best: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        ours, blas, single = measure_alone("ours", threads), measure_alone("blas", threads), measure_alone("ours", 1)
        for case in ours:
            times = ours[case] + blas[case] + single[case]
            best[case] = [min(pair) for pair in zip(times, best.get(case, times))]
    return best


def measure_alone(name: str, threads: int) -> dict[str, list[float]]:
    """`measure` for one library in a process of its own, on the cores of this one."""
    command = [sys.executable, __file__, *sys.argv[1:], "--only", name, "--threads", str(threads)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(output)


def geometric_mean(values: list[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values))


def print_table(times: dict[str, list[float]]) -> None:
    """Print a line a case, then the geometric mean and the worst ratio of each group."""
    print(f"{'shape':>16} form {'ours µs':>10} {'blas µs':>10} {'GFLOP/s':>8} {'ratio':>6}")
    ratios: dict[str, dict[str, float]] = {}
    for case, (ours, blas, *one_thread) in times.items():
        group, shape, form = case.split()
        work = 2 * math.prod(map(int, shape.split("x")))
        ratios.setdefault(group, {})[f"{shape} {form}"] = blas / ours
        note = f"  one thread / two: {one_thread[0] / ours:.2f}" if one_thread else ""
        line = f"{shape:>16} {form:>4} {ours * 1e6:10.2f} {blas * 1e6:10.2f} {work / ours / 1e9:8.1f}"
        print(f"{line} {blas / ours:6.2f}{note}")
    for group, found in ratios.items():
        worst = min(found, key=found.__getitem__)
        mean = geometric_mean(list(found.values()))
        print(f"{group:>6}: geometric mean of BLAS time / ours {mean:.3f}, worst {found[worst]:.2f} ({worst})")
    gains = {case: one_thread[0] / ours for case, (ours, _, *one_thread) in times.items() if one_thread}
    if gains:
        least = min(gains, key=gains.__getitem__)
        print(f"   all: one thread / two, worst {gains[least]:.2f} ({least})")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dtype", default="float32", choices=("float32", "float64"))
    parser.add_argument("--threads", default=1, type=int)
    parser.add_argument("--quick", action="store_true", help="fewer and shorter samples")
    parser.add_argument("--shape", action="append", help="only this shape, as 64x128x10; may be repeated")
    parser.add_argument("--only", choices=("ours", "blas"), help="one library, times as JSON")
    arguments = parser.parse_args()
    threads = arguments.threads
    if threads == 1 and not arguments.only and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    if arguments.only:
        print(json.dumps(measure(arguments, [arguments.only], threads)))
    elif threads == 1:
        print_table(measure(arguments, ["ours", "blas"], 1))
    else:
        print_table(measure_in_rounds(threads))


if __name__ == "__main__":
    for throttle in THROTTLES:
        os.environ.pop(throttle, None)  # NumPy is not imported yet.
    main()
