"""The exponential of matrices agrees with its series and has the properties of one."""

import math
import re
from fractions import Fraction

import numpy as np
import pytest

import minigrad_kernels as mk
from minigrad_kernels import exponentials

EPSILON = np.finfo(float).eps


def naive_exp(x):
    """The series in rational numbers, until its terms vanish."""
    n = len(x)
    exact = [[Fraction(float(each)) for each in row] for row in x]
    total = [[Fraction(int(i == j)) for j in range(n)] for i in range(n)]
    term = total
    for k in range(1, 60):
        term = [[sum(term[i][p] * exact[p][j] for p in range(n)) / k for j in range(n)] for i in range(n)]
        total = [[total[i][j] + term[i][j] for j in range(n)] for i in range(n)]
    return np.array([[float(each) for each in row] for row in total])


@pytest.mark.parametrize("size", [1e-9, 0.1, 1.0, 4.0])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_it_is_its_series(n, size, generator):
    # Multiples of 1/1024, so that rational numbers stay short.
    x = np.round(generator.standard_normal((n, n)) * size * 1024) / 1024 if size > 1e-3 else np.full((n, n), size)
    expected = naive_exp(x)
    # Some ten products of n by n matrices, of each of which the rounding grows by at most exp of the norm.
    bound = 100 * n * EPSILON * math.exp(abs(x).sum(0).max())
    np.testing.assert_allclose(mk.matrix_exp(x), expected, rtol=0, atol=bound)


def test_of_a_diagonal_it_is_the_exponential_of_the_elements():
    x = np.diag([-700.0, -1.0, 0.0, 2.5, 300.0])
    # A rounding of the squared number is doubled by each of the 8 squarings.
    np.testing.assert_allclose(np.diag(mk.matrix_exp(x)), np.exp(np.diag(x)), rtol=2**8 * 10 * EPSILON)


def test_matrices_of_a_stack_do_not_change_each_other(generator):
    x = generator.standard_normal((2, 3, 4, 4)) * np.array([1e-3, 1.0, 30.0])[:, None, None]
    together = mk.matrix_exp(x)
    for place in np.ndindex(2, 3):
        assert np.array_equal(together[place], mk.matrix_exp(x[place]))


def test_of_a_rotation_it_is_orthogonal():
    x = np.array([[0.0, -math.pi / 2], [math.pi / 2, 0.0]])
    np.testing.assert_allclose(mk.matrix_exp(x), [[0, -1], [1, 0]], rtol=0, atol=20 * EPSILON)


def test_float32_is_float64_rounded_once(generator):
    x = generator.standard_normal((3, 3)).astype(np.float32)
    assert np.array_equal(mk.matrix_exp(x), mk.matrix_exp(x.astype(float)).astype(np.float32))


def test_any_layout_gives_the_result_of_the_contiguous_matrix(in_layout, generator):
    x = generator.standard_normal((4, 4))
    assert np.array_equal(mk.matrix_exp(in_layout(x)), mk.matrix_exp(x))


def test_what_is_not_finite_is_nan_and_the_others_are_not():
    x = np.zeros((3, 2, 2))
    x[1, 0, 1] = np.nan
    x[2, 0, 0] = -np.inf
    result = mk.matrix_exp(x)
    assert np.array_equal(result[0], np.eye(2))
    assert np.isnan(result[1:]).all()


def test_of_an_empty_matrix_it_is_empty():
    assert mk.matrix_exp(np.zeros((0, 0))).shape == (0, 0)
    assert mk.matrix_exp(np.zeros((0, 2, 2))).shape == (0, 2, 2)


def test_the_coefficients_are_those_of_the_approximant():
    # p(x) / p(-x) is exp(x) up to the power 26: compare the series of p(x) and exp(x) p(-x).
    c = exponentials.COEFFICIENTS
    for power in range(27):
        left = c[power] if power < len(c) else 0
        terms = [c[j] * (-1) ** j / math.factorial(power - j) for j in range(min(power, 13) + 1)]
        # 14 terms, each rounded twice.
        assert abs(left - math.fsum(terms)) <= 28 * EPSILON * max(map(abs, terms))


REFUSED = {
    "integers": (
        np.eye(2, dtype=int),
        TypeError,
        "matrix_exp: needed an array of float32 or float64, came dtype int64",
    ),
    "not square": (np.ones((2, 3)), ValueError, "matrix_exp: needed square matrices, (..., n, n), came shape (2, 3)"),
    "a vector": (np.ones(3), ValueError, "came shape (3,)"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_operand_is_refused(name):
    x, kind, words = REFUSED[name]
    with pytest.raises(kind, match=re.escape(words)):
        mk.matrix_exp(x)
