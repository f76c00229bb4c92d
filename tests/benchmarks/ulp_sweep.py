"""Measures the errors of exp, log, tanh, sigmoid and erf, in units in the last place (ulp); needs mpmath.

    python tests/benchmarks/ulp_sweep.py [--function exp] [--points 100000]

float32: all 2³² inputs, against float64 results (NumPy's; for erf minigrad_kernels' own, which the second part checks).
float64: inputs spaced evenly in the logarithm over the whole range, of both signs, and around every power of two where
the functions change, against mpmath. It takes some minutes; kernels/README.md holds the result.
"""

import argparse
import math
import time
from collections.abc import Callable

import mpmath
import numpy as np

import minigrad_kernels as mk
from minigrad_kernels import kernel, run

CHUNK = 1 << 20
NAMES = ["exp", "log", "tanh", "sigmoid", "erf"]
LIMITS = {np.float32: 2.0, np.float64: 4.0}


@kernel
def largest_error(result: np.ndarray, exact: np.ndarray) -> tuple[float, int]:
    """Return the largest error of float32 results in ulp, infinite for a wrong NaN, and its position."""
    worst, where = 0.0, -1
    for i in range(result.size):
        value, reference = np.float64(result[i]), exact[i]
        if value != value or reference != reference:
            error = 0.0 if value != value and reference != reference else np.inf
        else:
            # An infinity counts as 2¹²⁸, the number after the largest.
            value = min(max(value, -(2.0**128)), 2.0**128)
            reference = min(max(reference, -(2.0**128)), 2.0**128)
            exponent = -126
            if abs(reference) >= 2.0**-126:
                exponent = min(math.frexp(abs(reference))[1] - 1, 127)
            error = abs(value - reference) / 2.0 ** (exponent - 23)
        if error > worst:
            worst, where = error, i
    return worst, where


def float64_sigmoid(x: np.ndarray) -> np.ndarray:
    """1/(1 + exp(−x)) without overflow."""
    small = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, small) / (1 + small)


REFERENCES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "exp": np.exp,
    "log": np.log,
    "tanh": np.tanh,
    "sigmoid": float64_sigmoid,
    "erf": mk.erf,
}


def sweep_float32(name: str) -> tuple[float, np.float32]:
    """Return the largest error over all 2³² inputs and where it is."""
    function, reference = getattr(mk, name), REFERENCES[name]
    worst, at = 0.0, np.float32(0)
    with np.errstate(all="ignore"):
        for start in range(0, 1 << 32, CHUNK):
            x = np.arange(start, start + CHUNK, dtype=np.uint32).view(np.float32)
            error, where = run(largest_error)(function(x), reference(x.astype(np.float64)))
            if error > worst:
                worst, at = error, x[where]
    return worst, at


def float64_inputs(points: int) -> np.ndarray:
    """Numbers of both signs, evenly spaced in the logarithm, denser where no function is constant, and edges."""
    generator = np.random.default_rng(20261122)
    whole = np.exp2(generator.uniform(-1074, 1024, points // 4))
    usual = np.exp2(generator.uniform(-30, 10, points // 4))
    edges = np.exp2(np.arange(-1074, 1024.0))
    special = [0.0, 19.5, 6.0, 709.782712893384, 708.3964185322641, 745.1332191019411, math.log(2) / 2, math.sqrt(0.5)]
    edges = np.concatenate([edges, special])
    x = np.concatenate([whole, usual, edges, np.nextafter(edges, 0), np.nextafter(edges, np.inf)])
    return np.concatenate([x, -x])


def exact_value(name: str, x: float) -> mpmath.mpf:
    """The function's value with 40 digits or more."""
    with mpmath.workdps(40):
        number = mpmath.mpf(x)
        if name == "sigmoid":
            return 1 / (1 + mpmath.exp(-number))
        if name == "tanh" and abs(number) > 50:
            return mpmath.sign(number)
        if name == "erf" and abs(number) > 10:
            return mpmath.sign(number)
        if name == "exp" and abs(number) > 1000:
            return mpmath.mpf(0) if number < 0 else mpmath.mpf(2) ** 1025
        return getattr(mpmath, name)(number)


def float64_error(value: float, exact: mpmath.mpf) -> float:
    """The error of a float64 in ulp; an infinity counts as 2¹⁰²⁴, the number after the largest."""
    with mpmath.workdps(40):
        limit = mpmath.mpf(2) ** 1024
        number = limit if value == math.inf else mpmath.mpf(value)
        exact = min(exact, limit)
        exponent = -1022 if exact == 0 else min(max(int(mpmath.floor(mpmath.log(abs(exact), 2))), -1022), 1023)
        return float(abs(number - exact) / mpmath.mpf(2) ** (exponent - 52))


def sweep_float64(name: str, points: int) -> tuple[float, float, int]:
    """Return the largest error, where it is, and the number of inputs."""
    x = float64_inputs(points)
    if name == "log":
        x = x[x > 0]
    if name == "sigmoid":
        x = np.clip(x, -1000, 1000)
    results = getattr(mk, name)(x)
    worst, at = 0.0, 0.0
    for value, number in zip(results.tolist(), x.tolist()):
        error = float64_error(value, exact_value(name, number))
        if error > worst or error != error:
            worst, at = error, number
    return worst, at, x.size


def main() -> None:
    """Print a line for each function and dtype; exit with 1 if a limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--function", choices=NAMES)
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--dtype", choices=["float32", "float64"])
    options = parser.parse_args()
    failed = False
    for name in NAMES if options.function is None else [options.function]:
        start = time.perf_counter()
        if options.dtype != "float64":
            worst, at = sweep_float32(name)
            failed |= not worst <= LIMITS[np.float32]
            print(
                f"{name:8} float32 {worst:.3f} ulp at {at!r} of 2**32, {time.perf_counter() - start:.0f} s", flush=True
            )
        if options.dtype != "float32":
            worst64, at64, count = sweep_float64(name, options.points)
            failed |= not worst64 <= LIMITS[np.float64]
            print(f"{name:8} float64 {worst64:.3f} ulp at {at64!r} of {count} inputs", flush=True)
    if failed:
        raise SystemExit("a limit is exceeded")


if __name__ == "__main__":
    main()
