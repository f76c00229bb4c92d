"""What one operation costs beyond its arithmetic: forward, recorded, and backward, at sizes where calls are everything.

    python tests/benchmarks/operation_costs.py

Every row is the best of many short runs, all rows taking turns, on one pinned thread; the time of an empty call is
taken off. The last column is the time over that of NumPy's ``x * y`` at 4x4, measured in the same turns, by which the
figures of two machines, or of one at two speeds, can be compared.
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
from minigrad.graph import record  # noqa: E402
from minigrad.nn import functional as F  # noqa: E402

ROUNDS, CALLS = 60, 300


def matrix(rows, columns, requires_grad=False):
    """Return a tensor of drawn numbers."""
    numbers = np.random.default_rng(0).standard_normal((rows, columns)).astype("f4")
    return mg.tensor(numbers, requires_grad=requires_grad)


def copied(x):
    """Return an operation's least: nothing but ``record``."""
    return record(copied, copied_vjp, x._data, (x,))


def copied_vjp(grad_output):
    """``grad_x = grad_output``."""
    return grad_output


def chain(length, backward):
    """Return a function that runs ``length`` operations in a row, and perhaps their backward pass."""
    leaf = mg.tensor(1.0, requires_grad=True)

    def run():
        x = leaf
        for _ in range(length):
            x = copied(x)
        if backward:
            leaf.grad = None
            x.backward()

    return run


def rows():
    """Return what is timed, by name."""
    x, y, w = matrix(4, 4), matrix(4, 4), matrix(4, 4, True)
    b = mg.zeros(4, requires_grad=True)
    labels = mg.tensor(np.arange(4))
    array = x.data
    saved = (array, array)
    layer, relu = mg.nn.Linear(4, 4), mg.nn.Identity()
    sgd, adam = mg.optim.SGD([w, b], lr=1e-9), mg.optim.Adam([w, b], lr=1e-9)
    (F.linear(x, w, b) * 0).sum().backward()
    return {
        "NumPy x * y, 4x4": lambda: array * array,
        "an empty call": lambda: None,
        "record, two operands": lambda: record(mg.mul, mg.ops.arithmetic.mul_vjp, array, (w, y), saved),
        "mul, not recorded": lambda: mg.mul(x, y),
        "mul, recorded": lambda: mg.mul(w, y),
        "x * 2.0, recorded": lambda: w * 2.0,
        "matmul, recorded": lambda: w @ y,
        "relu, recorded": lambda: mg.relu(w),
        "tanh, recorded": lambda: mg.tanh(w),
        "sum, recorded": lambda: w.sum(),
        "transpose, recorded": lambda: w.T,
        "index of a row, recorded": lambda: w[0],
        "linear, recorded": lambda: F.linear(x, w, b),
        "mse_loss, recorded": lambda: F.mse_loss(w, y),
        "cross_entropy, recorded": lambda: F.cross_entropy(w, labels),
        "a call of nn.Identity": lambda: relu(x),
        "a call of nn.Linear": lambda: layer(x),
        "backward, 1 operation": chain(1, True),
        "the same, forward alone": chain(1, False),
        "backward, 21 operations": chain(21, True),
        "the same, forward alone (21)": chain(21, False),
        "SGD.step, 2 parameters": sgd.step,
        "Adam.step, 2 parameters": adam.step,
    }


def measure(functions):
    """Return the least time of a call of each, in nanoseconds."""
    times = dict.fromkeys(functions, float("inf"))
    for _ in range(ROUNDS):
        for name, function in functions.items():
            begun = time.perf_counter()
            for _ in range(CALLS):
                function()
            times[name] = min(times[name], (time.perf_counter() - begun) / CALLS * 1e9)
    empty = times.pop("an empty call")
    return {name: spent - empty for name, spent in times.items()}


def main():
    """Print the table."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    times = measure(rows())
    one, many = times.pop("backward, 1 operation"), times.pop("backward, 21 operations")
    one_forward, many_forward = times.pop("the same, forward alone"), times.pop("the same, forward alone (21)")
    times["an operation that only records"] = (many_forward - one_forward) / 20
    times["backward of one such operation"] = (many - many_forward - one + one_forward) / 20
    times["backward itself, with one leaf"] = one - one_forward - times["backward of one such operation"]
    unit = times["NumPy x * y, 4x4"]
    print(f"{'what':34s} {'ns':>7s} {'times NumPy x * y':>20s}")
    for name, spent in times.items():
        print(f"{name:34s} {spent:7.0f} {spent / unit:20.1f}")


if __name__ == "__main__":
    main()
