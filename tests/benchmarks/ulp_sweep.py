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

import numpy as np
from mpmath import libmp

import minigrad_kernels as mk
from minigrad_kernels import kernel, run
from minigrad_kernels.jit import ordered_helper
from minigrad_kernels.scalar_functions import FRACTION_BITS_64, power_of_two_float64

CHUNK = 1 << 18
BITS = 90
FLOAT32_LIMIT = 2.0**128
LIMIT = libmp.mpf_shift(libmp.fone, 1024)
Exact = tuple[int, int, int, int]  # sign, mantissa, exponent and the mantissa's number of bits
NAMES = ["exp", "log", "tanh", "sigmoid", "erf"]
LIMITS = {np.float32: 2.0, np.float64: 4.0}


@kernel
def float32_errors(result: np.ndarray, exact: np.ndarray, errors: np.ndarray) -> None:
    """Compute the errors of float32 results in ulp of the float64 ones, infinite for a wrong NaN."""
    for i in range(result.size):
        # An infinity counts as 2¹²⁸, the number after the largest.
        value = bounded(np.float64(result[i]))
        reference = bounded(exact[i])
        # The exponent of the reference, from its bits; subnormal numbers have that of the smallest normal one.
        biased = np.float64(abs(reference)).view(np.int64) >> FRACTION_BITS_64
        exponent = min(max(biased - 1023, -126), 127)
        error = abs(value - reference) * power_of_two_float64(np.int64(23 - exponent))
        right = 0.0 if value != value and reference != reference else np.inf
        errors[i] = right if value != value or reference != reference else error


@ordered_helper
def bounded(x: float) -> float:
    """A number, at most 2¹²⁸ in size; NaN stays."""
    x = FLOAT32_LIMIT if x > FLOAT32_LIMIT else x
    return -FLOAT32_LIMIT if x < -FLOAT32_LIMIT else x


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
    worst, at, errors = 0.0, np.float32(0), np.empty(CHUNK)
    with np.errstate(all="ignore"):
        for start in range(0, 1 << 32, CHUNK):
            x = np.arange(start, start + CHUNK, dtype=np.uint32).view(np.float32)
            run(float32_errors)(function(x), reference(x.astype(np.float64)), errors)
            where = errors.argmax()
            if errors[where] > worst:
                worst, at = errors[where], x[where]
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


def exact_value(name: str, x: float) -> Exact:
    """The function's value with 90 bits, as mpmath's functions below its classes return it: 10 times as fast."""
    number = libmp.from_float(x)
    if name == "sigmoid":
        power = libmp.mpf_exp(libmp.mpf_neg(number), BITS)
        return libmp.mpf_div(libmp.fone, libmp.mpf_add(libmp.fone, power, BITS), BITS)
    if name in ("tanh", "erf") and abs(x) > 50:
        return libmp.fone if x > 0 else libmp.fnone
    if name == "exp" and abs(x) > 1000:
        return libmp.fzero if x < 0 else libmp.mpf_shift(libmp.fone, 1025)
    return getattr(libmp, f"mpf_{name}")(number, BITS)


def float64_error(value: float, exact: Exact) -> float:
    """The error of a float64 in ulp; an infinity counts as 2¹⁰²⁴, the number after the largest."""
    if libmp.mpf_gt(exact, LIMIT):
        exact = LIMIT
    number = LIMIT if value == math.inf else libmp.from_float(value)
    _, _, exponent, bits = exact
    exponent = min(max(exponent + bits - 1, -1022), 1023)
    difference = libmp.mpf_abs(libmp.mpf_sub(number, exact, BITS))
    return libmp.to_float(libmp.mpf_shift(difference, 52 - exponent))


def sweep_float64(name: str, points: int) -> tuple[float, float, int]:
    """Return the largest error, where it is, and the number of inputs."""
    if name == "log":
        x = float64_inputs(2 * points)
        x = x[x > 0]
    else:
        x = float64_inputs(points)
    if name == "sigmoid":
        x = np.clip(x, -1000, 1000)
    worst, at = 0.0, 0.0
    for start in range(0, x.size, CHUNK):
        part = x[start : start + CHUNK]
        for value, number in zip(getattr(mk, name)(part).tolist(), part.tolist()):
            error = float64_error(value, exact_value(name, number))
            if not error <= worst:
                worst, at = error, number
                if error != error:
                    return error, at, x.size
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
            start = time.perf_counter()
            worst64, at64, count = sweep_float64(name, options.points)
            failed |= not worst64 <= LIMITS[np.float64]
            seconds = time.perf_counter() - start
            print(f"{name:8} float64 {worst64:.3f} ulp at {at64!r} of {count} inputs, {seconds:.0f} s", flush=True)
    if failed:
        raise SystemExit("a limit is exceeded")


if __name__ == "__main__":
    main()
