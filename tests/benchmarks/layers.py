"""What layers cost, forward and backward, eagerly: minigrad against PyTorch.

    python tests/benchmarks/layers.py [--only LSTM Transformer] [--seconds 1]

In float32, on one pinned thread. Both sides have the same state, input and gradient of the output, and compute the
gradients of the input and of all parameters, which are compared. The sides take turns of ten calls, so that a change of
the machine's speed meets both. A ratio above 1 means that minigrad is faster.

Leave NumPy's BLAS at its defaults: unset OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[2] / "kernels")]

import numpy as np  # noqa: E402 - the number of threads is read at import

import minigrad as mg  # noqa: E402
from minigrad import nn  # noqa: E402


class Case(NamedTuple):
    """One row of the table: a layer and the shape of its input."""

    name: str
    kind: str
    args: tuple[Any, ...]
    shape: tuple[int, ...]
    settings: dict[str, Any]


ENCODER = {"batch_first": True, "dropout": 0.0}
#: Recurrent layers of batch 16, length 32, width 64; Transformer layers of batch 16, length 64, width 64, 4 heads.
CASES = [
    Case("LSTM", "LSTM", (64, 64), (32, 16, 64), {}),
    Case("LSTM, batch first", "LSTM", (64, 64), (16, 32, 64), {"batch_first": True}),
    Case("LSTM, bidirectional", "LSTM", (64, 64), (32, 16, 64), {"bidirectional": True}),
    Case("GRU", "GRU", (64, 64), (32, 16, 64), {}),
    Case("RNN", "RNN", (64, 64), (32, 16, 64), {}),
    Case("TransformerEncoderLayer, 2048 between", "TransformerEncoderLayer", (64, 4), (16, 64, 64), ENCODER),
    Case("TransformerEncoderLayer, 256 between", "TransformerEncoderLayer", (64, 4, 256), (16, 64, 64), ENCODER),
    Case(
        "TransformerEncoderLayer, 256, dropout",
        "TransformerEncoderLayer",
        (64, 4, 256),
        (16, 64, 64),
        {"batch_first": True},
    ),
]
#: Float32 sums of up to 2048 products in another order, over up to 32 steps.
TOLERANCE = 1e-3


def step(layer: Any, x: Any, grad: Any) -> Callable[[], None]:
    """Return a function that runs one forward and backward."""

    def run() -> None:
        for parameter in layer.parameters():
            parameter.grad = None
        x.grad = None
        output = layer(x)
        output = output[0] if isinstance(output, tuple) else output
        output.backward(grad)

    return run


def sides(case: Case, torch: Any) -> tuple[list[Callable[[], None]], Callable[[], float]]:
    """Return a step of ours and of PyTorch's, and what returns the largest difference of their gradients."""
    random = np.random.default_rng(0)
    x = random.standard_normal(case.shape).astype(np.float32)
    ours = getattr(nn, case.kind)(*case.args, **case.settings)
    inputs = [mg.tensor(x, requires_grad=True)]
    result = ours(inputs[0])
    shape = (result[0] if isinstance(result, tuple) else result).shape
    grad = random.standard_normal(shape).astype(np.float32)
    steps = [step(ours, inputs[0], mg.tensor(grad))]
    layers = [ours]
    if torch is not None:
        theirs = getattr(torch.nn, case.kind)(*case.args, **case.settings)
        theirs.load_state_dict({name: torch.tensor(value.numpy()) for name, value in ours.state_dict().items()})
        inputs.append(torch.tensor(x, requires_grad=True))
        steps.append(step(theirs, inputs[1], torch.tensor(grad)))
        layers.append(theirs)

    def difference() -> float:
        found = [0.0]
        pairs = [inputs, *zip(*[layer.parameters() for layer in layers])] if torch is not None else []
        for one, other in pairs:
            exact = other.grad.numpy()
            found.append(float(np.abs(one.grad.numpy() - exact).max() / np.abs(exact).max()))
        return max(found)

    return steps, difference


def timed(steps: list[Callable[[], None]], seconds: float) -> list[float]:
    """Return the median time of a call of each, in microseconds, in turns of ten."""
    times: list[list[float]] = [[] for _ in steps]
    for each in steps:
        each()
    end = time.perf_counter() + seconds * len(steps)
    while time.perf_counter() < end:
        for each, found in zip(steps, times):
            for _ in range(10):
                start = time.perf_counter()
                each()
                found.append(time.perf_counter() - start)
    return [median(found) * 1e6 for found in times]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", default=[], help="words; rows with one of them")
    parser.add_argument("--seconds", type=float, default=1.0, help="for each side of a row")
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    try:
        import torch

        torch.set_num_threads(1)
    except ImportError:
        torch = None
    print(f"{'forward and backward, microseconds':40} {'minigrad':>9} {'PyTorch':>9} {'ratio':>6}")
    for case in CASES:
        if arguments.only and not any(word in case.name for word in arguments.only):
            continue
        steps, difference = sides(case, torch)
        found = timed(steps, arguments.seconds)
        theirs = f"{found[1]:9.0f} {found[1] / found[0]:6.2f}" if torch is not None else f"{'-':>9} {'-':>6}"
        # What is dropped differs from side to side.
        worst = 0.0 if case.settings.get("dropout", 0.1 * case.kind.startswith("Trans")) else difference()
        remark = "" if worst < TOLERANCE else f"  gradients differ by {worst:.1e}"
        print(f"{case.name:40} {found[0]:9.0f} {theirs}{remark}")


if __name__ == "__main__":
    main()
