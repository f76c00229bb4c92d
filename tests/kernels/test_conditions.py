"""Bounds on solutions and determinants are those of sums of squares, or are said not to be known."""

import math

import numpy as np
import pytest

import minigrad_kernels as mk

FLOATS = [np.float32, np.float64]
GROWTH = 1e-3


def squares(x):
    """The sum of the squares of an array, exactly."""
    return math.fsum(float(number) ** 2 for number in x.ravel())


def naive_bounded(A, X, B):
    """Whether |A|²·|X|²·growth ≤ |B|² for each matrix of a batch."""
    for place in np.ndindex(A.shape[:-2]):
        right = A.shape[-1] if B is None else squares(B[place])
        if not squares(A[place]) * squares(X[place]) * GROWTH <= right:
            return False
    return True


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (8, 8), (2, 3, 3), (2, 2, 4, 4)], ids=str)
@pytest.mark.parametrize("columns", [None, 1, 5])
def test_solutions_are_bounded_where_the_sums_say_so(generator, dtype, shape, columns):
    found = set()
    for scale in (0.5, 2.0, 8.0, 32.0, 128.0):
        A = generator.standard_normal(shape).astype(dtype)
        X = (scale * generator.standard_normal((*shape[:-1], columns or shape[-1]))).astype(dtype)
        B = None if columns is None else generator.standard_normal(X.shape).astype(dtype)
        bounded = mk.solutions_are_bounded(A, X, B, GROWTH)
        assert bounded is naive_bounded(A, X, B)
        found.add(bounded)
    if shape != (1, 1):
        # The scales reach both answers.
        assert found == {False, True}


def test_one_solution_of_a_batch_that_is_too_long_is_enough():
    A, X = np.stack([np.eye(2)] * 3), np.stack([np.eye(2)] * 3)
    assert mk.solutions_are_bounded(A, X, None, 0.1)
    X[1] *= 10
    assert not mk.solutions_are_bounded(A, X, None, 0.1)


EYE = np.eye(2)
UNKNOWN = {
    "NaN in A": (np.array([[math.nan, 0.0], [0.0, 1.0]]), EYE, None),
    "NaN in X": (EYE, np.array([[math.nan, 0.0], [0.0, 1.0]]), None),
    "NaN in B": (EYE, EYE, np.array([[math.nan, 0.0], [0.0, 1.0]])),
    "an overflow": (EYE * 1e200, EYE, None),
    "an underflow": (EYE * 1e-20, EYE, None),
    "a transpose": (np.ones((2, 2)).T[::-1], EYE, None),
    "dtypes that differ": (EYE, EYE.astype(np.float32), None),
    "a broadcast matrix": (EYE, np.stack([EYE, EYE]), np.stack([EYE, EYE])),
    "a broadcast right-hand side": (np.stack([EYE, EYE]), np.stack([EYE, EYE]), EYE),
    "nothing": (np.zeros((0, 0)), np.zeros((0, 0)), None),
    "no columns": (EYE, np.zeros((2, 0)), np.zeros((2, 0))),
    "integers": (EYE.astype(int), EYE.astype(int), None),
    "no array": ([[1.0]], EYE, None),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_where_it_cannot_be_said_solutions_are_not_bounded(name):
    A, X, B = UNKNOWN[name]
    assert mk.solutions_are_bounded(A, X, B, 1e-30) is False


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", [(1, 1), (4, 4), (3, 2, 2)], ids=str)
def test_the_bound_is_at_least_the_logarithm_of_each_squared_determinant(generator, dtype, shape):
    A = generator.standard_normal(shape).astype(dtype)
    bound = mk.log_determinant_bound(A)
    # The sum of at most 16 squares, in float64.
    assert bound == pytest.approx(shape[-1] * math.log(squares(A)), rel=1e-14)
    assert np.all(np.log(np.linalg.det(A.astype(float)) ** 2) <= bound + 1e-12)


def test_a_bound_of_what_is_not_finite_or_not_contiguous_is_not_finite():
    assert mk.log_determinant_bound(np.zeros((2, 2))) == -math.inf
    for bad in (math.nan, math.inf, -math.inf, 1e200):
        assert not math.isfinite(mk.log_determinant_bound(np.array([[1.0, bad], [0.0, 1.0]])))
    assert math.isnan(mk.log_determinant_bound(np.ones((4, 4))[::2, ::2]))
    assert math.isnan(mk.log_determinant_bound(np.ones((2, 2), int)))
    assert math.isnan(mk.log_determinant_bound([[1.0]]))
