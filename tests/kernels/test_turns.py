"""Sine and cosine of turns are those of the standard library, at every quarter and between."""

import math

import numpy as np
import pytest

from minigrad_kernels import python_kernels
from minigrad_kernels.jit import kernel, run
from minigrad_kernels.turns import sine_and_cosine

EPSILON = np.finfo(np.float64).eps


@kernel
def all_sines_and_cosines(turns: np.ndarray, sines: np.ndarray, cosines: np.ndarray) -> None:
    for i in range(turns.size):
        sines[i], cosines[i] = sine_and_cosine(turns[i])


@pytest.mark.parametrize("as_python", [False, True])
def test_sines_and_cosines_are_the_librarys(as_python):
    eighths = np.arange(9) / 8
    rng = np.random.Generator(np.random.PCG64(0))
    turns = np.concatenate([eighths, np.nextafter(eighths[1:], 0), np.nextafter(eighths[:-1], 1), rng.random(1000)])
    sines, cosines = np.empty_like(turns), np.empty_like(turns)
    if as_python:
        with python_kernels():
            run(all_sines_and_cosines)(turns, sines, cosines)
    else:
        run(all_sines_and_cosines)(turns, sines, cosines)
    # What is left of a quarter is exact, so the angle has one rounding; the library's has that of up to 2π.
    quarters = np.round(4 * turns)
    rest = 2 * math.pi * (turns - quarters / 4)
    for i, quarter in enumerate(quarters.astype(int) % 4):
        sine, cosine = math.sin(rest[i]), math.cos(rest[i])
        expected = [(sine, cosine), (cosine, -sine), (-sine, -cosine), (-cosine, sine)][quarter]
        # Polynomials of error 2^-57 in Horner's scheme: some roundings of numbers up to 1.
        assert abs(sines[i] - expected[0]) <= 2 * EPSILON
        assert abs(cosines[i] - expected[1]) <= 2 * EPSILON


def test_quarters_are_exact():
    assert [sine_and_cosine(turns) for turns in (0.0, 0.25, 0.5, 0.75, 1.0)] == [
        (0, 1),
        (1, 0),
        (0, -1),
        (-1, 0),
        (0, 1),
    ]
