"""What it takes to start: imports, the kernels of a first training, and the first step once they are on disk.

    python tests/benchmarks/start_up.py [--rounds 5]

Every figure is of processes of their own; medians where there are several. The step is the first of the digits training
(64-128-10, batches of 64, Adam). "After the import" is from the end of `import minigrad` to the end of that step, with
reading and splitting the data in it. The cache is one of its own, empty at first.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]


def first_step():
    """Import, train one epoch, and print the times as JSON: run in a process of its own."""
    began = time.perf_counter()
    import numba  # noqa: F401 - its time is measured

    numba_there = time.perf_counter()
    import minigrad as mg

    imported = time.perf_counter()
    from minigrad import nn, optim
    from minigrad.data import DataLoader, TensorDataset, load_digits, stratified_split
    from minigrad_kernels.compiling import watch

    data = load_digits()
    train, test = stratified_split(data.target, fraction=0.2, seed=0)
    mg.manual_seed(0)
    model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))
    optimizer = optim.Adam(model.parameters(), lr=1e-3)
    loader = DataLoader(TensorDataset(data.data[train], data.target[train]), batch_size=64, shuffle=True)
    stepped = None
    for images, digits in loader:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(images), digits)
        loss.backward()
        optimizer.step()
        stepped = stepped or time.perf_counter()
    # What the example does after the epochs needs kernels too.
    with mg.no_grad():
        (model(data.data[test]).argmax(1) == data.target[test]).float().mean().item()
    times = {
        "import numba": numba_there - began,
        "import minigrad, after numba": imported - numba_there,
        "first step, after the import": stepped - imported,
    }
    print(json.dumps({"times": times, "kernels": watch.compiled}))


def measured(cache):
    """Run `first_step` in a new process with this folder for compiled kernels."""
    # Without byte code, importing compiles the source each time.
    skipped = ("PYTHONDONTWRITEBYTECODE", "NUMBA_DISABLE_JIT")
    environment = {name: value for name, value in os.environ.items() if name not in skipped}
    path = os.pathsep.join([str(ROOT), str(ROOT / "kernels")])
    environment.update(PYTHONPATH=path, MINIGRAD_CACHE_DIR=cache, MINIGRAD_PROGRESS="0")
    command = [sys.executable, __file__, "--child"]
    return json.loads(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)


def main(rounds):
    """Print the tables."""
    with tempfile.TemporaryDirectory() as cache:
        cold = measured(cache)
        warm = []
        for _ in range(rounds):
            warm.append(measured(cache))
    print("| kernel compiled by the digits training | s |\n|---|---|")
    total = 0.0
    for name, seconds in cold["kernels"]:
        print(f"| {name} | {seconds:.2f} |")
        total += seconds
    print(f"| all {len(cold['kernels'])} | {total:.2f} |\n")
    print(f"| seconds | empty cache | filled cache, median of {rounds} |\n|---|---|---|")
    for name, seconds in cold["times"].items():
        median = statistics.median([each["times"][name] for each in warm])
        print(f"| {name} | {seconds:.3f} | {median:.3f} |")
    print(f"| kernels compiled | {len(cold['kernels'])} | {max(len(each['kernels']) for each in warm)} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="processes that load the kernels")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        first_step()
    else:
        main(arguments.rounds)
