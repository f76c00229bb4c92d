"""Times the fused kernels against NumPy's composition of the fewest passes, with out= wherever NumPy has it.

    python tests/benchmarks/fused.py [--dtype float64] [--match softmax] [--largest 1000000]

Both sides alternate in one run on one pinned core; a ratio above 1 means that the kernel is faster. Argument checks are
part of the time. Matrices have 10 to 1000 columns, see `shape_of`.
"""

import argparse
import math
import os
import time
from collections.abc import Callable
from statistics import median

# One thread each, and before the import: pinning comes too late for the threads that BLAS starts then.
for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np  # noqa: E402
from fused_layers import linear_pairs, update_pairs  # noqa: E402

import minigrad_kernels as mk  # noqa: E402

SIZES = [10, 100, 1000, 8192, 100_000, 1_000_000, 10_000_000]
COLUMNS = {10: 10, 100: 10, 1000: 10, 8192: 128, 100_000: 100, 1_000_000: 1000, 10_000_000: 1000}
FROM = 8192
Call = Callable[[], object]
Pair = tuple[Call, Call]


def shape_of(size: int) -> tuple[int, int]:
    """The matrix of so many elements."""
    return size // COLUMNS[size], COLUMNS[size]


def elementwise_pairs(x: np.ndarray, grad: np.ndarray, out: np.ndarray) -> dict[str, Pair]:
    """Ours and NumPy's, on flat arrays."""
    x, grad, out = x.reshape(-1).copy(), grad.reshape(-1).copy(), np.empty(out.size, out.dtype)
    positive, mask = abs(x) + x.dtype.type(0.1), np.empty(out.size, bool)

    def numpy_sigmoid() -> None:
        np.negative(x, out=out)
        np.exp(out, out=out)
        np.add(out, 1, out=out)
        np.reciprocal(out, out=out)

    def numpy_relu_backward() -> None:
        np.greater(x, 0, out=mask)
        np.multiply(grad, mask, out=out)

    def numpy_tanh_backward() -> None:
        np.multiply(x, x, out=out)
        np.subtract(1, out, out=out)
        np.multiply(grad, out, out=out)

    def numpy_sigmoid_backward() -> None:
        np.subtract(1, x, out=out)
        np.multiply(x, out, out=out)
        np.multiply(grad, out, out=out)

    return {
        "exp": (lambda: mk.exp(x, out), lambda: np.exp(x, out=out)),
        "log": (lambda: mk.log(positive, out), lambda: np.log(positive, out=out)),
        "tanh": (lambda: mk.tanh(x, out), lambda: np.tanh(x, out=out)),
        "sigmoid": (lambda: mk.sigmoid(x, out), numpy_sigmoid),
        "relu": (lambda: mk.relu(x, out), lambda: np.maximum(x, 0, out=out)),
        "relu_backward": (lambda: mk.relu_backward(grad, x, out), numpy_relu_backward),
        "tanh_backward": (lambda: mk.tanh_backward(grad, x, out), numpy_tanh_backward),
        "sigmoid_backward": (lambda: mk.sigmoid_backward(grad, x, out), numpy_sigmoid_backward),
    }


def softmax_pairs(x: np.ndarray, grad: np.ndarray, out: np.ndarray) -> dict[str, Pair]:
    """Ours and NumPy's, on rows."""
    rows = x.shape[0]
    column, other = np.empty((rows, 1), x.dtype), np.empty_like(out)
    probabilities = mk.softmax_rows(x)
    logs = mk.log_softmax_rows(x)

    def numpy_softmax() -> None:
        np.maximum.reduce(x, axis=1, keepdims=True, out=column)
        np.subtract(x, column, out=out)
        np.exp(out, out=out)
        np.add.reduce(out, axis=1, keepdims=True, out=column)
        np.divide(out, column, out=out)

    def numpy_log_softmax() -> None:
        np.maximum.reduce(x, axis=1, keepdims=True, out=column)
        np.subtract(x, column, out=out)
        np.exp(out, out=other)
        np.add.reduce(other, axis=1, keepdims=True, out=column)
        np.log(column, out=column)
        np.subtract(out, column, out=out)

    def numpy_softmax_backward() -> None:
        np.multiply(grad, probabilities, out=out)
        np.add.reduce(out, axis=1, keepdims=True, out=column)
        np.subtract(grad, column, out=out)
        np.multiply(out, probabilities, out=out)

    def numpy_log_softmax_backward() -> None:
        np.exp(logs, out=out)
        np.add.reduce(grad, axis=1, keepdims=True, out=column)
        np.multiply(out, column, out=out)
        np.subtract(grad, out, out=out)

    return {
        "softmax": (lambda: mk.softmax_rows(x, out), numpy_softmax),
        "log_softmax": (lambda: mk.log_softmax_rows(x, out), numpy_log_softmax),
        "softmax_backward": (lambda: mk.softmax_rows_backward(grad, probabilities, out), numpy_softmax_backward),
        "log_softmax_backward": (lambda: mk.log_softmax_rows_backward(grad, logs, out), numpy_log_softmax_backward),
        "cross_entropy, both ways": cross_entropy_pair(x, out),
    }


def cross_entropy_pair(x: np.ndarray, out: np.ndarray) -> Pair:
    """The mean loss of class labels, and its gradient."""
    rows, n = x.shape
    labels, each = np.arange(rows) % n, np.arange(rows)
    column, one, probabilities = np.empty((rows, 1), x.dtype), np.ones((), x.dtype), np.empty_like(x)

    def ours() -> object:
        loss, p, share = mk.cross_entropy_rows(x, labels, out=probabilities)
        mk.cross_entropy_rows_backward(one, p, labels, share=share, out=out)
        return loss

    def numpy_cross_entropy() -> object:
        np.maximum.reduce(x, axis=1, keepdims=True, out=column)
        np.subtract(x, column, out=out)
        at_label = out[each, labels]
        np.exp(out, out=out)
        np.add.reduce(out, axis=1, keepdims=True, out=column)
        loss = np.add.reduce(np.log(column[:, 0]) - at_label) / rows
        # The gradient, softmax and mean in one factor a row.
        np.multiply(column, rows, out=column)
        np.divide(out, column, out=out)
        out[each, labels] -= 1 / rows
        return loss

    return ours, numpy_cross_entropy


def sum_pairs(x: np.ndarray, grad: np.ndarray, out: np.ndarray) -> dict[str, Pair]:
    """Ours and NumPy's: sums, moments, and the end of a linear layer."""
    rows, n = x.shape
    row, column = np.empty(n, x.dtype), np.empty(rows, x.dtype)
    bias = np.full(n, 1e-3, x.dtype)

    def numpy_moments_of_rows() -> object:
        mean = np.add.reduce(x, axis=1, keepdims=True)
        mean /= n
        np.subtract(x, mean, out=out)
        return mean, np.einsum("ij,ij->i", out, out) / n

    def numpy_moments_of_columns() -> object:
        mean = np.add.reduce(x, axis=0)
        mean /= rows
        np.subtract(x, mean, out=out)
        return mean, np.einsum("ij,ij->j", out, out) / rows

    def numpy_bias_relu() -> None:
        np.add(out, bias, out=out)
        np.maximum(out, 0, out=out)

    def numpy_bias_tanh() -> None:
        np.add(out, bias, out=out)
        np.tanh(out, out=out)

    def numpy_bias_sigmoid() -> None:
        np.add(out, bias, out=out)
        np.negative(out, out=out)
        np.exp(out, out=out)
        np.add(out, 1, out=out)
        np.reciprocal(out, out=out)

    return {
        "column_sums": (lambda: mk.column_sums(x, row), lambda: np.add.reduce(x, axis=0, out=row)),
        "sum over the last axis": (lambda: mk.sum_axes(x, 1), lambda: np.add.reduce(x, axis=1, out=column)),
        "sum of all": (lambda: mk.sum_axes(x), lambda: np.add.reduce(x, axis=None)),
        "mean_variance_rows": (lambda: mk.mean_variance_rows(x), numpy_moments_of_rows),
        "mean_variance_columns": (lambda: mk.mean_variance_columns(x), numpy_moments_of_columns),
        "bias": (lambda: mk.bias_activation(out, bias), lambda: np.add(out, bias, out=out)),
        "bias, relu": (lambda: mk.bias_activation(out, bias, "relu"), numpy_bias_relu),
        "bias, tanh": (lambda: mk.bias_activation(out, bias, "tanh"), numpy_bias_tanh),
        "bias, sigmoid": (lambda: mk.bias_activation(out, bias, "sigmoid"), numpy_bias_sigmoid),
    }


def seconds_of(call: Call, repeats: int) -> float:
    """How long one of so many calls takes."""
    start = time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.perf_counter() - start) / repeats


def compare(pair: Pair, budget: float) -> tuple[float, float, float]:
    """Return our best time and NumPy's, and the median of NumPy's time / ours over rounds that alternate."""
    for call in pair:
        call()
    estimate = seconds_of(pair[0], 1) + seconds_of(pair[1], 1)
    repeats = max(1, min(200, int(budget / 20 / estimate)))
    rounds = max(5, min(30, int(budget / (repeats * estimate))))
    ours, theirs, ratios = [], [], []
    for _ in range(rounds):
        ours.append(seconds_of(pair[0], repeats))
        theirs.append(seconds_of(pair[1], repeats))
        ratios.append(theirs[-1] / ours[-1])
    return min(ours), min(theirs), median(ratios)


def main() -> None:
    """Print a table of ratios, a line a kernel, and the geometric means."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dtype", choices=["float32", "float64"], default="float32")
    parser.add_argument("--match", default="", help="only the kernels whose name contains this")
    parser.add_argument("--largest", type=int, default=SIZES[-1])
    parser.add_argument("--budget", type=float, default=0.1, help="seconds for a kernel at one size")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    sizes = [size for size in SIZES if size <= options.largest]
    generator = np.random.default_rng(20261122)
    ratios: dict[str, dict[int, float]] = {}
    times: dict[str, float] = {}
    for size in sizes:
        x, grad = generator.standard_normal((2, *shape_of(size))).astype(options.dtype)
        out = np.zeros_like(x)
        pairs = {**elementwise_pairs(x, grad, out), **softmax_pairs(x, grad, out), **sum_pairs(x, grad, out)}
        pairs.update({**linear_pairs(x, grad, out), **update_pairs(x, grad)})
        for name, pair in pairs.items():
            if options.match in name:
                ours, _, ratio = compare(pair, options.budget)
                ratios.setdefault(name, {})[size] = ratio
                times.setdefault(name, ours * 1e6)
    print_table(options.dtype, sizes, ratios, times)


def print_table(dtype: str, sizes: list[int], ratios: dict[str, dict[int, float]], times: dict[str, float]) -> None:
    """Print NumPy's time / ours for each kernel and size, and the geometric means."""
    print(f"{dtype}: NumPy's time / ours at so many elements, and ours in microseconds at {sizes[0]}")
    print(f"{'':26}" + "".join(f"{size:>10}" for size in sizes) + f"{'us':>8}")
    large, slower = [], []
    for name, of_size in ratios.items():
        print(f"{name:26}" + "".join(f"{of_size[size]:10.2f}" for size in sizes) + f"{times[name]:8.2f}")
        for size, ratio in of_size.items():
            if size >= FROM:
                large.append(ratio)
            if ratio < 1:
                slower.append(f"{name} at {size} ({ratio:.2f})")
    if large:
        print(f"geometric mean from {FROM} elements up: {math.exp(sum(map(math.log, large)) / len(large)):.2f}")
    print(f"slower than NumPy: {', '.join(slower) or 'none'}")


if __name__ == "__main__":
    main()
