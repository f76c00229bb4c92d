"""Every public operation, forward and without gradients, against NumPy's expression at 10 and at 1,000,000 elements.

    python tests/benchmarks/ops.py [--only WORD] [--size 10 1000000] [--section decompositions convolutions networks]

The goals: at most 3 times NumPy's time at 10 elements, 1.5 times at 1,000,000, and 0.8 microseconds for what returns a
view. Both sides take turns on one pinned thread, float32, and each time is the best of many. What misses its goal is
marked. What is compared is in ``expressions.py``; the sections are other files of this folder.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
sys.path[:0] = [str(ROOT), str(ROOT / "kernels")]

import numpy as np  # noqa: E402 - the number of threads is read at import

import minigrad as mg  # noqa: E402
from tests.benchmarks.cases import cases, functions_of, namespaces  # noqa: E402

SMALL, LARGE = 10, 1_000_000
GOALS = {SMALL: 3.0, LARGE: 1.5}
VIEW_GOAL = 0.8e-6
#: How long one side of a turn lasts at least: the clock itself takes some 0.05 microseconds.
TURN = {SMALL: 100e-6, LARGE: 0.0}
ROUNDS = {SMALL: 25, LARGE: 9}
#: Of what takes longer the rounds are fewer, three at least.
LONGEST = 0.1


def time_of(function, calls):
    """Return how long some calls took, in seconds a call."""
    begun = time.perf_counter()
    for _ in range(calls):
        function()
    return (time.perf_counter() - begun) / calls


def measure(case, number, of_minigrad, of_numpy):
    """Return the least time of the call and of NumPy's expression (NaN where there is none), in seconds."""
    call, expression = functions_of(case, of_minigrad, of_numpy)
    sides = [(call, of_minigrad), (expression or call, of_numpy)]
    kept = of_numpy[case.writes].copy() if case.writes else None
    call()
    calls = max(1, int(TURN[number] / max(time_of(call, 1), 1e-7)))
    best = [float("inf"), float("inf")]
    begun, turn = time.perf_counter(), 0
    while turn < ROUNDS[number] and (turn < 3 or time.perf_counter() - begun < LONGEST):
        for side, (function, names) in enumerate(sides):
            if kept is not None:
                # What is written to begins each turn as it was: numbers that overflow take another time.
                written = names[case.writes]
                np.copyto(written if isinstance(written, np.ndarray) else written.data, kept)
            best[side] = min(best[side], time_of(function, calls))
        turn += 1
    return best[0], best[1] if expression is not None else float("nan")


def is_view(case, of_minigrad, of_numpy):
    """Return whether an operation returns a tensor of the memory of an operand."""
    result = functions_of(case, of_minigrad, of_numpy)[0]()
    if not mg.is_tensor(result) or case.writes:
        return False
    operands = [value.data for value in of_minigrad.values() if mg.is_tensor(value)]
    return any(np.may_share_memory(result.data, operand) for operand in operands)


def cell(spent, numpy_spent, number, view):
    """Return how an operation did, and whether that is short of its goal."""
    ratio = spent / numpy_spent
    missed = spent > VIEW_GOAL if view else ratio > GOALS[number]
    goal = "view" if view else f"{ratio:6.2f}"
    return f"{spent * 1e6:10.2f} {numpy_spent * 1e6:10.2f} {goal:>6s} {'<' if missed else ' '}", missed


def compare(chosen, sizes):
    """Time the cases, print a line for each, and return the names of those that miss a goal."""
    missed = []
    spaces = {number: namespaces(number, np.float32) for number in sizes}
    family = None
    for case in chosen:
        if case.family != family:
            family = case.family
            heads = "".join([f"{number:>12,d}{'NumPy':>10s}{'ratio':>8s}   " for number in sizes])
            print(f"\n{family:42s}{heads}")
        cells = []
        for number in sizes:
            view = is_view(case, *spaces[number])
            text, short = cell(*measure(case, number, *spaces[number]), number, view)
            cells.append(text)
            if short:
                missed.append(f"{case.name} at {number:,d}")
        print(f"{case.name:42s}{'  '.join(cells)}", flush=True)
    return missed


def run_section(name):
    """Run another file of this folder, if it is there."""
    path = Path(__file__).with_name(f"ops_{name}.py")
    if not path.exists():
        print(f"There is no {path.name}.")
        return
    print(f"\n{path.name}", flush=True)
    subprocess.run([sys.executable, str(path)], check=True)


def main():
    """Print the table, and what misses its goal."""
    parser = argparse.ArgumentParser(description="Time the operations against NumPy.")
    parser.add_argument("--only", default="", help="the operations whose names or family hold this")
    parser.add_argument("--size", type=int, nargs="+", choices=GOALS, default=list(GOALS), help="how many elements")
    parser.add_argument("--section", nargs="+", default=[], help="other files instead: ops_NAME.py")
    arguments = parser.parse_args()
    for name in arguments.section:
        run_section(name)
    if arguments.section:
        return
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    chosen = [case for case in cases() if arguments.only in case.name or arguments.only == case.family]
    missed = compare(chosen, arguments.size)
    print(f"\n{len(missed)} of {len(chosen) * len(arguments.size)} miss their goal (microseconds; marked <)")
    for name in missed:
        print(f"  {name}")


if __name__ == "__main__":
    main()
