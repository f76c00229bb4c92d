"""What looking into a backward pass costs: nothing where nobody looks, and below a microsecond an operation.

    python tests/benchmarks/stepping.py [--rounds 30]

Three tables:

- an ordinary training step (moons, 2-16-16-1, a batch of 100, SGD), in processes that have and have not imported
  ``minigrad.debug``: the machinery sits beside the engine, and the two should not differ;
- ``for step in steps(loss): pass`` over the engine's own loop, ``for node in order: visit(node, sweep)``, an operation,
  on graphs of cheap operations, where the share is largest; the sides take turns, and the medians are compared;
- what a trace of 500 operations takes, and its table, JSON and graph.

One pinned thread.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
PATHS = [str(Path(__file__).parents[2]), str(Path(__file__).parents[2] / "kernels")]
sys.path[:0] = PATHS

import minigrad as mg  # noqa: E402 - the number of threads is read at import
from minigrad import autograd, debug, nn  # noqa: E402

#: An ordinary step, timed in a process of its own: prints the median in microseconds.
STEP = """
import sys
sys.path[:0] = {paths!r}
import time
{preparation}
import minigrad as mg
from minigrad import nn, optim
mg.manual_seed(0)
x, y = mg.randn(100, 2), mg.ones(100, 1)
model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1))
optimizer = optim.SGD(model.parameters(), lr=0.01)
times = []
for _ in range({steps}):
    start = time.perf_counter_ns()
    optimizer.zero_grad()
    nn.functional.binary_cross_entropy_with_logits(model(x), y).backward()
    optimizer.step()
    times.append(time.perf_counter_ns() - start)
times.sort()
print(times[len(times) // 4] / 1000)
"""
PREPARATIONS = {"without minigrad.debug": "", "with minigrad.debug": "import minigrad.debug"}


def ordinary_steps(rounds):
    """Print what an ordinary step takes with and without the machinery imported, the best process of each."""
    found = {name: [] for name in PREPARATIONS}
    for _ in range(max(rounds // 6, 2)):
        for name, preparation in PREPARATIONS.items():
            program = STEP.format(paths=PATHS, preparation=preparation, steps=3000)
            run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
            found[name].append(float(run.stdout))
    best = {name: min(times) for name, times in found.items()}
    print("an ordinary step, moons, microseconds")
    for name, value in best.items():
        print(f"  {name:24} {value:8.2f}")
    print(f"  ratio                    {best['with minigrad.debug'] / best['without minigrad.debug']:8.3f}\n")


def chain(length):
    """Return a loss behind a chain of additions of 0-d tensors: the cheapest operations there are."""
    x = mg.tensor(1.0, requires_grad=True)
    for _ in range(length):
        x = x + 1.0
    return x


def products(length):
    """Return a loss behind products of two tensors that both need a gradient."""
    w = mg.tensor([0.5, 0.25], requires_grad=True)
    h = w * 1.0
    for _ in range(length):
        h = h * w
    return h.sum()


def network(length):
    """Return the loss of a chain of small layers."""
    mg.manual_seed(0)
    layers = []
    for _ in range(length // 2):
        layers += [nn.Linear(16, 16), nn.Tanh()]
    return nn.Sequential(*layers)(mg.randn(8, 16)).sum()


GRAPHS = {"additions": (chain, 500), "products, both needed": (products, 500), "linear layers and tanh": (network, 200)}


def plain_loop(loss):
    """Run the engine's own loop."""
    sweep = autograd.begin("steps", [loss], [None], True, False)
    for node in sweep.order:
        autograd.visit(node, sweep)
    autograd.finish(sweep)


def stepped(loss):
    """Run the same pass by steps."""
    for _ in debug.steps(loss, retain_graph=True):
        pass


def timed(function, *arguments):
    """Return the microseconds that a call takes."""
    start = time.perf_counter_ns()
    function(*arguments)
    return (time.perf_counter_ns() - start) / 1000


def stepping_costs(rounds):
    """Print what a step costs over a plain visit."""
    print("steps() against the engine's loop, microseconds an operation")
    print(f"  {'graph':24} {'visit':>8} {'steps()':>8} {'more':>8}")
    for name, (make, length) in GRAPHS.items():
        loss = make(length)
        operations = len(autograd.collect([loss.grad_fn]))
        plain, by_steps = [], []
        for _ in range(rounds):
            for _ in range(5):
                plain.append(timed(plain_loop, loss))
                by_steps.append(timed(stepped, loss))
        visit, step = statistics.median(plain) / operations, statistics.median(by_steps) / operations
        print(f"  {name:24} {visit:8.2f} {step:8.2f} {step - visit:8.2f}")
    print()


def trace_costs():
    """Print what a trace of 500 operations takes."""
    loss = network(498)
    forward, steps = [], []
    for _ in range(5):
        steps.append(timed(debug.trace, loss))
    trace = debug.trace(loss)
    print(f"a trace of {len(trace.steps)} operations (linear layers of 16, tanh), milliseconds")
    print(f"  {'trace(loss)':24} {min(steps) / 1000:8.2f}")
    for name in ("table", "to_json", "to_dot", "to_mermaid"):
        forward = [timed(getattr(debug.trace(loss), name)) for _ in range(3)]
        print(f"  {name + '()':24} {min(forward) / 1000:8.2f}")
    print(f"  {'backward()':24} {min([timed(plain_loop, loss) for _ in range(5)]) / 1000:8.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=30)
    arguments = parser.parse_args()
    ordinary_steps(arguments.rounds)
    stepping_costs(arguments.rounds)
    trace_costs()
