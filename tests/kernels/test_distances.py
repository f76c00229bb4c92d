"""Distances of points agree with their definition in plain loops."""

import math
import re

import numpy as np
import pytest

import minigrad_kernels as mk
from minigrad_kernels.distance_loops import TILE
from minigrad_kernels.distances import LONG, MANY
from tests.kernels.conftest import laid_out

FLOATS = [np.float32, np.float64]
ORDERS = [1, 2, math.inf]
# Batch, rows, points, coordinates: few and many coordinates take different loops.
SIZES = [(1, 1, 1, 1), (2, 3, 5, 2), (1, 4, 3, LONG - 1), (1, 3, 4, LONG), (2, 2, LONG + 1, LONG + 3), (1, 2, 1, 70)]


def naive_distance(x, y, p):
    """The norm of one difference."""
    sizes = [abs(float(a) - float(b)) for a, b in zip(x, y)]
    if p == 2:
        return math.sqrt(math.fsum(size * size for size in sizes))
    return math.fsum(sizes) if p == 1 else max(sizes)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("p", ORDERS)
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_distances_match_the_naive_twin(sizes, p, dtype, generator):
    batch, rows, n, k = sizes
    x = generator.standard_normal((batch, rows, k)).astype(dtype)
    y = generator.standard_normal((batch, n, k)).astype(dtype)
    exact = [[[naive_distance(a, b, p) for b in points] for a in others] for others, points in zip(x, y)]
    result = mk.pair_distances(x, y, p)
    assert result.dtype == dtype
    # A difference and a square round once each, a sum of k numbers k − 1 times, the root halves and rounds once.
    assert np.all(abs(result - exact) <= (k + 3) * np.finfo(dtype).eps * np.array(exact))


@pytest.mark.parametrize("dtype", FLOATS)
def test_many_distances_by_products_keep_the_digits_of_small_ones(dtype, generator, most_work):
    rows, n, k = 40, 50, 140
    assert rows * n * k >= MANY
    if most_work < rows * n * k:
        pytest.skip("too large for plain Python")
    x, y = (generator.standard_normal((1, count, k)).astype(dtype) for count in (rows, n))
    # Equal points, near ones, and some far from zero; infinity and NaN.
    y[0, :3], y[0, 3:9], x[0, 9:12] = x[0, :3], x[0, 3:9] * dtype(1.001), x[0, 9:12] + 1000
    y[0, 20, 5], y[0, 21, 6], x[0, 22, 5] = np.inf, np.nan, np.inf
    with np.errstate(invalid="ignore"):
        difference = x[0][:, None].astype(np.longdouble) - y[0].astype(np.longdouble)
        exact = np.sqrt(np.square(difference).sum(-1))
        result = mk.pair_distances(x, y, 2)[0]
    assert np.array_equal(np.isnan(result), np.isnan(exact))
    assert np.array_equal(np.isinf(result), np.isinf(exact))
    # Three sums of k numbers, whose errors are relative to |x|^2 + |y|^2, at most 4 times the square of the distance.
    finite = np.isfinite(exact)
    assert np.all(abs(result[finite] - exact[finite]) <= 4 * (k + 2) * np.finfo(dtype).eps * exact[finite])


def test_more_points_than_a_tile(most_work):
    if most_work < 1e6:
        pytest.skip("too large for plain Python")
    y = np.arange(2.0 * TILE + 3).reshape(1, -1, 1)
    assert np.array_equal(mk.pair_distances(np.zeros((1, 1, 1)), y, 2)[0, 0], y[0, :, 0])


def test_near_points_far_from_zero_keep_their_digits():
    x = np.array([[[1e8, 1e8]]])
    assert np.array_equal(mk.pair_distances(x, x + [3.0, 4.0], 2), [[[5.0]]])


@pytest.mark.parametrize("p", ORDERS)
@pytest.mark.parametrize(("n", "k"), [(1, 3), (2, LONG), (LONG, LONG)])
def test_nan_and_infinity_are_kept(n, k, p):
    x = np.zeros((1, 3, k))
    x[0, 0, 1], x[0, 1, 2], x[0, 2, 0] = np.nan, np.inf, 3
    result = mk.pair_distances(x, np.zeros((1, n, k)), p)
    assert np.array_equal(result[0, :, -1], [np.nan, np.inf, 3], equal_nan=True)


@pytest.mark.parametrize(("rows", "n", "k"), [(0, 2, 3), (2, 0, 3), (2, 3, 0)])
def test_distances_without_points_or_coordinates(rows, n, k):
    for p in ORDERS:
        assert np.array_equal(mk.pair_distances(np.ones((1, rows, k)), np.ones((1, n, k)), p), np.zeros((1, rows, n)))


@pytest.mark.parametrize("k", [3, LONG])
def test_any_layout_gives_the_same_bits(k, in_layout, generator):
    x, y = generator.standard_normal((5, k)), generator.standard_normal((4, k))
    expected = mk.pair_distances(x[None], y[None], 2)
    assert np.array_equal(mk.pair_distances(in_layout(x)[None], y[None], 2), expected)
    assert np.array_equal(mk.pair_distances(x[None], laid_out(y, "reversed")[None], 2), expected)


@pytest.mark.parametrize(
    ("call", "error", "part"),
    [
        (
            lambda x: mk.pair_distances(x.astype(int), x, 2),
            TypeError,
            "needed arrays of float32 or float64, came dtype",
        ),
        (lambda x: mk.pair_distances(x, x.astype(np.float32), 2), TypeError, "came float64 and float32"),
        (lambda x: mk.pair_distances(x[0], x, 2), ValueError, "came (2, 3) and (1, 2, 3)"),
        (lambda x: mk.pair_distances(x, x[..., :2], 2), ValueError, "came (1, 2, 3) and (1, 2, 2)"),
        (lambda x: mk.pair_distances(x, x, 3), ValueError, "needed p as 1, 2 or infinity, came 3"),
    ],
)
def test_errors_say_what_was_needed_and_what_came(call, error, part):
    with pytest.raises(error, match=re.escape(part)):
        call(np.ones((1, 2, 3)))
