"""LU factors and triangular systems agree with their definitions within the stated bounds, for every layout."""

import re

import numpy as np
import pytest

import minigrad_kernels as mk
from minigrad_kernels import triangular

FLOATS = [np.float32, np.float64]
SHAPES = [(1, 1), (2, 2), (3, 7), (7, 3), (5, 5), (4, 1), (1, 4), (33, 33), (40, 70), (70, 40), (2, 65, 65)]


def naive_lu(x):
    """The definition with partial pivoting, column by column, in Python floats; returns factors and order of rows."""
    a = [[float(each) for each in row] for row in x]
    order = list(range(len(a)))
    for k in range(min(len(a), len(a[0]))):
        best = max(range(k, len(a)), key=lambda i: abs(a[i][k]))
        a[k], a[best] = a[best], a[k]
        order[k], order[best] = order[best], order[k]
        for i in range(k + 1, len(a)):
            if a[k][k] != 0:
                a[i][k] /= a[k][k]
            for j in range(k + 1, len(a[0])):
                a[i][j] -= a[i][k] * a[k][j]
    return np.array(a), order


def naive_solve(a, b, upper, unit):
    """Substitution in Python floats."""
    n = len(a)
    x = [[0.0] * b.shape[1] for _ in range(n)]
    for i in reversed(range(n)) if upper else range(n):
        for c in range(b.shape[1]):
            known = range(i + 1, n) if upper else range(i)
            total = float(b[i, c]) - sum(float(a[i, j]) * x[j][c] for j in known)
            x[i][c] = total if unit else total / float(a[i, i])
    return np.array(x).reshape(b.shape)


def parts(factors):
    """Return L and U in float64."""
    k = min(factors.shape[-2:])
    wide = factors.astype(float)
    return np.tril(wide[..., :k], -1) + np.eye(factors.shape[-2], k), np.triu(wide[..., :k, :])


@pytest.fixture(params=SHAPES, ids=str)
def shape(request, most_work):
    if np.prod(request.param) * min(request.param[-2:]) > most_work:
        pytest.skip("too large for plain Python")
    return request.param


@pytest.mark.parametrize("dtype", FLOATS)
def test_factors_multiply_to_the_matrix_with_its_rows_in_order(shape, dtype, generator):
    x = generator.standard_normal(shape).astype(dtype)
    factors, pivots = mk.lu_factor(x)
    assert (factors.dtype, pivots.dtype) == (dtype, np.int32)
    assert pivots.shape == shape[:-2] + (min(shape[-2:]),)
    L, U = parts(factors)
    order = mk.permutation(pivots, shape[-2])
    moved = np.take_along_axis(x.astype(float), order[..., None], -2)
    # Each element is a sum of at most k products, each rounded twice: Higham, "Accuracy and Stability", theorem 9.3.
    bound = 2 * min(shape[-2:]) * np.finfo(dtype).eps * (abs(L) @ abs(U))
    assert np.all(abs(L @ U - moved) <= bound)
    assert np.all(abs(L) <= 1)


def test_factors_and_pivots_are_those_of_the_naive_twin(shape, generator):
    x = generator.standard_normal(shape)
    factors, pivots = mk.lu_factor(x)
    for place in np.ndindex(shape[:-2]):
        expected, order = naive_lu(x[place])
        # Rounding, times what the condition of these matrices, below 1e4, makes of it.
        np.testing.assert_allclose(factors[place], expected, rtol=0, atol=1e4 * 70 * np.finfo(float).eps)
        assert mk.permutation(pivots[place], shape[-2]).tolist() == order


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("unit", [False, True])
@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize(("n", "k"), [(1, 1), (2, 3), (5, 1), (33, 2), (70, 5), (64, 40)])
def test_substitution_matches_the_naive_twin(n, k, upper, unit, dtype, generator, most_work):
    if n * n * k > most_work / 10:
        pytest.skip("too large for plain Python")
    # A large diagonal: the inverse of such a triangle has elements of at most 2.
    a = (generator.standard_normal((n, n)) / n + 2 * np.eye(n)).astype(dtype)
    b = generator.standard_normal((n, k)).astype(dtype)
    unread = np.tril(np.full((n, n), np.nan), -1) if upper else np.triu(np.full((n, n), np.nan), 1)
    a += unread.astype(dtype) if not unit else 0
    x = mk.solve_triangular(a, b, upper, unit)
    assert x.dtype == dtype
    expected = naive_solve(a, b, upper, unit)
    np.testing.assert_allclose(x, expected, rtol=0, atol=8 * n * np.finfo(dtype).eps * max(1, abs(expected).max()))


def test_stacks_broadcast(generator):
    a = generator.standard_normal((3, 1, 4, 4)) + 4 * np.eye(4)
    b = generator.standard_normal((2, 4, 2))
    x = mk.solve_triangular(a, b, False)
    assert x.shape == (3, 2, 4, 2)
    for i, j in np.ndindex(3, 2):
        assert np.array_equal(x[i, j], mk.solve_triangular(a[i, 0], b[j], False))
    # One triangle for all.
    assert np.array_equal(mk.solve_triangular(a[0, 0], b, True)[1], mk.solve_triangular(a[0, 0], b[1], True))


@pytest.mark.parametrize("dtype", FLOATS)
def test_any_layout_gives_the_result_of_the_contiguous_matrix(in_layout, dtype, generator):
    x, b = generator.standard_normal((2, 6, 6)).astype(dtype)
    before = x.copy()
    for one, other in zip(mk.lu_factor(in_layout(x)), mk.lu_factor(x), strict=True):
        assert np.array_equal(one, other)
    assert np.array_equal(mk.solve_triangular(in_layout(x), in_layout(b), True), mk.solve_triangular(x, b, True))
    assert np.array_equal(x, before)


def test_without_pivots_rows_stay(generator):
    x = generator.standard_normal((5, 5)) + 5 * np.eye(5)
    factors, pivots = mk.lu_factor(x, pivot=False)
    assert pivots.tolist() == [1, 2, 3, 4, 5]
    L, U = parts(factors)
    np.testing.assert_allclose(L @ U, x, rtol=0, atol=10 * 10 * np.finfo(float).eps)


def test_a_pivot_of_zero_is_left_and_what_stands_below_it_too():
    factors, pivots = mk.lu_factor(np.array([[0.0, 1.0], [0.0, 2.0]]))
    assert factors.tolist() == [[0.0, 1.0], [0.0, 2.0]]
    assert pivots.tolist() == [1, 2]
    assert mk.lu_factor(np.zeros((3, 3)))[0].tolist() == np.zeros((3, 3)).tolist()


def test_equal_sizes_choose_the_first_row():
    assert mk.lu_factor(np.array([[1.0, 0.0], [-1.0, 1.0]]))[1].tolist() == [1, 2]


def test_a_zero_on_the_diagonal_gives_infinity():
    assert mk.solve_triangular(np.zeros((1, 1)), np.ones((1, 1)), True).tolist() == [[np.inf]]


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0), (0, 2, 2), (2, 0, 3)])
def test_empty_matrices_have_empty_factors(shape):
    factors, pivots = mk.lu_factor(np.zeros(shape))
    assert factors.shape == shape
    assert pivots.shape == shape[:-2] + (0,) if 0 in shape[-2:] else (0, 2)
    order = mk.permutation(pivots, shape[-2])
    assert order.shape == shape[:-1]
    if shape[-1] == shape[-2]:
        assert mk.solve_triangular(np.zeros(shape), np.zeros(shape), True).shape == shape


def test_the_size_of_a_block_decides_nothing_but_rounding(monkeypatch, generator):
    x = generator.standard_normal((2, 9, 9))
    expected = mk.lu_factor(x)
    monkeypatch.setattr(triangular, "BLOCK", 4)
    factors, pivots = mk.lu_factor(x)
    np.testing.assert_allclose(factors, expected[0], rtol=0, atol=1e-12)  # a condition below 1e3, times 9 eps
    assert np.array_equal(pivots, expected[1])


REFUSED = {
    "integers": (
        lambda: mk.lu_factor(np.eye(2, dtype=int)),
        TypeError,
        "lu_factor: needed arrays of float32 or float64",
    ),
    "a list": (lambda: mk.lu_factor([[1.0]]), TypeError, "came list"),
    "a vector": (lambda: mk.lu_factor(np.ones(2)), ValueError, "lu_factor: needed matrices"),
    "dtypes": (
        lambda: mk.solve_triangular(np.eye(2), np.ones((2, 1), np.float32), True),
        TypeError,
        "solve_triangular: needed arrays of one dtype, came float64 and float32",
    ),
    "shapes": (
        lambda: mk.solve_triangular(np.eye(2), np.ones((3, 1)), True),
        ValueError,
        "came (2, 2) and (3, 1)",
    ),
    "not square": (lambda: mk.solve_triangular(np.ones((2, 3)), np.ones((2, 1)), True), ValueError, "came (2, 3)"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_operand_is_refused(name):
    call, kind, words = REFUSED[name]
    with pytest.raises(kind, match=re.escape(words)):
        call()
