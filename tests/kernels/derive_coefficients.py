"""Derives the polynomial coefficients of `minigrad_kernels/scalar_functions.py`; needs mpmath.

    python tests/kernels/derive_coefficients.py

Each polynomial minimises the largest weighted error (Remez's exchange algorithm) and is then rounded to its dtype.
The printed bound is that of the polynomial before rounding, relative to the function's value, in units of 2⁻²⁴ for
float32 and of 2⁻⁵³ for float64: a small fraction of the half unit that the last rounding costs anyway.

Source: Muller, Elementary Functions, 3rd edition, section 3.5 (Remez), and chapter 11 (ranges and forms).
"""

from collections.abc import Callable
from typing import NamedTuple

import mpmath
import numpy as np
from mpmath import mpf

mpmath.mp.dps = 60
Function = Callable[[mpf], mpf]


class Fit(NamedTuple):
    """A function to fit on [low, high]: error(x) = weight(x)·(target(x) − polynomial(x))."""

    name: str
    target: Function
    weight: Function
    low: mpf
    high: mpf
    degrees: tuple[int, int]  # for float32, for float64; −1 where the dtype has another method


def horner(coefficients, x):
    """Return the value at x of a polynomial whose coefficients stand lowest power first."""
    value = mpf(0)
    for coefficient in reversed(coefficients):
        value = value * x + coefficient
    return value


def solve_levelled(fit: Fit, points: list[mpf]) -> mpmath.matrix:
    """Coefficients, lowest first, whose weighted errors at the points are equal in size and alternate in sign."""
    size = len(points)
    matrix, values = mpmath.matrix(size, size), mpmath.matrix(size, 1)
    for row, x in enumerate(points):
        for power in range(size - 1):
            matrix[row, power] = x**power
        matrix[row, size - 1] = (-1) ** row / fit.weight(x)
        values[row] = fit.target(x)
    return mpmath.lu_solve(matrix, values)


def minimax(fit: Fit, degree: int) -> tuple[list[mpf], mpf]:
    """Return the coefficients, lowest first, and the largest weighted error."""
    size = degree + 2
    middle, half = (fit.low + fit.high) / 2, (fit.high - fit.low) / 2
    points = [middle - half * mpmath.cos(mpmath.pi * i / (size - 1)) for i in range(size)]
    grid = [middle - half * mpmath.cos(mpmath.pi * i / (40 * size)) for i in range(40 * size + 1)]
    # Targets that divide by x are not defined at 0.
    grid = [x if abs(x) > mpf(10) ** -12 else mpf(10) ** -12 for x in grid]
    points = [x if abs(x) > mpf(10) ** -12 else mpf(10) ** -12 for x in points]
    samples = [(fit.target(x), fit.weight(x)) for x in grid]
    for _ in range(20):
        solution = solve_levelled(fit, points)
        coefficients = list(solution[: size - 1])
        errors = []
        for x, (target, weight) in zip(grid, samples):
            errors.append(weight * (target - horner(coefficients, x)))
        points, largest = extremes(grid, errors, size)
        if largest < abs(solution[size - 1]) * mpf("1.001"):
            break
    return coefficients, largest


def extremes(grid: list[mpf], errors: list[mpf], size: int) -> tuple[list[mpf], mpf]:
    """Return the points of the largest errors of alternating sign, and the largest error."""
    best: list[int] = []
    for i, error in enumerate(errors):
        if best and (errors[best[-1]] > 0) == (error > 0):
            if abs(error) > abs(errors[best[-1]]):
                best[-1] = i
        else:
            best.append(i)
    while len(best) > size:
        best.pop(0 if abs(errors[best[0]]) < abs(errors[best[-1]]) else -1)
    return [grid[i] for i in best], max(abs(error) for error in errors)


def log_series(z: mpf) -> mpf:
    """(ln((1 + s)/(1 − s)) − 2s)/(s·z), z = s²: fdlibm's R/z, on which its log is built."""
    s = mpmath.sqrt(z)
    return (mpmath.log((1 + s) / (1 - s)) - 2 * s) / (s * z)


def tanh_quotient(z: mpf) -> mpf:
    """x³/(x − tanh(x)), z = x²: nearly a straight line, because its nearest pole is at z = −20.2."""
    x = mpmath.sqrt(z)
    return z * x / (x - mpmath.tanh(x))


def erf_ratio(z: mpf) -> mpf:
    """erf(x)/x − 1, z = x²."""
    x = mpmath.sqrt(z)
    return mpmath.erf(x) / x - 1


LN2_HALF = mpmath.log(2) / 2 * mpf("1.0001")
ROOT = mpmath.sqrt(mpf(2)) - 1
FITS = [
    Fit(
        "EXP: exp(r) = 1 + r + r²·p(r), |r| ≤ ln(2)/2, relative to expm1",
        lambda r: (mpmath.expm1(r) - r) / r**2,
        lambda r: r**2 / mpmath.expm1(r),
        -LN2_HALF,
        LN2_HALF,
        (5, 9),
    ),
    Fit(
        "EXP2: 2ᶠ = p(f), |f| ≤ ½",
        lambda f: mpf(2) ** f,
        lambda f: mpf(2) ** -f,
        -mpf("0.5001"),
        mpf("0.5001"),
        (5, -1),
    ),
    Fit(
        "LOG: log(1 + f) = f − f²/2 + f³·p(f), √½ ≤ 1 + f ≤ √2",
        lambda f: (mpmath.log1p(f) - f + f * f / 2) / f**3,
        lambda f: f**3 / mpmath.log1p(f),
        1 / mpmath.sqrt(mpf(2)) - 1,
        ROOT,
        (7, -1),
    ),
    Fit(
        "LOG: log(1 + f) = 2s + s·z·p(z), s = f/(2 + f), z = s²",
        log_series,
        lambda z: z / 2,
        mpf(10) ** -12,
        (ROOT / (2 + ROOT)) ** 2,
        (-1, 6),
    ),
    Fit(
        "TANH: tanh(x) = x − x³/p(x²), |x| ≤ 1.1",
        tanh_quotient,
        # d tanh = x³/p²·dp, relative to tanh(x).
        lambda z: mpmath.sqrt(z) ** 3 / tanh_quotient(z) ** 2 / mpmath.tanh(mpmath.sqrt(z)),
        mpf(10) ** -12,
        mpf("1.1") ** 2,
        (3, -1),
    ),
    Fit(
        "ERF_NEAR: erf(x) = x + x·p(x²), |x| ≤ 1",
        erf_ratio,
        lambda z: mpmath.sqrt(z) / mpmath.erf(mpmath.sqrt(z)),
        mpf(10) ** -12,
        mpf(1),
        (6, 11),
    ),
    Fit(
        "ERF_FAR: erf(x) = 1 − exp(p(x)), 1 ≤ x ≤ 4 (float32)",
        lambda t: mpmath.log(mpmath.erfc(t)),
        lambda t: mpmath.erfc(t) / mpmath.erf(t),
        mpf(1),
        mpf(4),
        (6, -1),
    ),
    Fit(
        "ERF_FAR: erf(x) = 1 − exp(p(x)), 1 ≤ x ≤ 6 (float64)",
        lambda t: mpmath.log(mpmath.erfc(t)),
        lambda t: mpmath.erfc(t) / mpmath.erf(t),
        mpf(1),
        mpf(6),
        (-1, 17),
    ),
]


def print_coefficients() -> None:
    """Print every polynomial, highest power first, as Horner's scheme reads it."""
    for fit in FITS:
        for dtype, degree, bits in ((np.float32, fit.degrees[0], 24), (np.float64, fit.degrees[1], 53)):
            if degree >= 0:
                coefficients, largest = minimax(fit, degree)
                print(f"{dtype.__name__} {fit.name}: error {float(largest * 2**bits):.3f}·2^-{bits}")
                for coefficient in coefficients[::-1]:
                    print(f"    {dtype(coefficient)!s},")


if __name__ == "__main__":
    print_coefficients()
