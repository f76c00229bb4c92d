"""Rows gathered, added up and compared, and numbers dropped, agree with their definitions, in every layout."""

import re

import numpy as np
import pytest

import minigrad_kernels as mk

FLOATS = [np.float32, np.float64]
# (rows, n, indices)
SHAPES = [(1, 1, 1), (5, 3, 9), (4, 17, 1), (3, 0, 2), (6, 33, 0)]


def drawn(generator, shape, dtype):
    """A table, rows, an index and factors."""
    rows, n, count = shape
    arrays = generator.standard_normal((rows, n)), generator.standard_normal((count, n)), generator.random(count)
    table, given, factors = [each.astype(dtype) for each in arrays]
    return table, given, generator.integers(0, rows, count), factors


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_rows_are_gathered_and_added_as_by_the_naive_twins(shape, dtype, generator):
    table, rows, index, factors = drawn(generator, shape, dtype)
    gathered = np.zeros((index.size, table.shape[1]), dtype)
    added, weighted = np.zeros(table.shape), np.zeros(table.shape)
    for i, place in enumerate(index.tolist()):
        for j in range(table.shape[1]):
            gathered[i, j] = table[place, j]
            added[place, j] += float(rows[i, j])
            weighted[place, j] += float(factors[i]) * float(rows[i, j])
    assert np.array_equal(mk.gather_rows(table, index), gathered)
    found = mk.scatter_rows(rows, index, shape[0])
    assert found.dtype == dtype
    # A sum of k rounds k times, of numbers below 4.
    near = {"rtol": 0, "atol": 8 * max(index.size, 1) ** 2 * np.finfo(dtype).eps}
    assert np.allclose(found, added, **near)
    assert np.allclose(mk.scatter_rows(rows, index, shape[0], factors), weighted, **near)


@pytest.mark.parametrize("dtype", FLOATS)
def test_a_repeated_index_gets_every_row_exactly(dtype, generator):
    # Integers below 2**24 have no rounding.
    rows = generator.integers(-8, 9, (500, 5)).astype(dtype)
    index = generator.integers(0, 3, 500)
    expected = np.array([rows[index == place].sum(0) for place in range(4)])
    assert np.array_equal(mk.scatter_rows(rows, index, 4), expected)


def test_a_row_with_a_factor_of_0_is_left_out_whatever_is_in_it():
    rows = np.array([[1.0], [np.nan], [np.inf]])
    assert mk.scatter_rows(rows, np.array([0, 0, 1]), 2, np.array([2.0, 0.0, 0.0])).tolist() == [[2.0], [0.0]]


@pytest.mark.parametrize("dtype", FLOATS)
def test_the_first_of_the_largest_numbers_is_found(dtype):
    rows = np.array([[1, 5], [3, 5], [3, -1], [2, 0]], dtype)
    places = mk.largest_places(rows, np.array([0, 0, 0, 2]), 4)
    assert places.dtype == np.int64
    assert places.tolist() == [[1, 0], [-1, -1], [3, 3], [-1, -1]]
    assert mk.largest_places(rows, np.array([-1, 0, -1, -1]), 1).tolist() == [[1, 1]]


@pytest.mark.parametrize("dtype", FLOATS)
def test_any_layout_gives_the_result_of_the_contiguous_arrays(in_layout, dtype, generator):
    table, rows, index, factors = drawn(generator, (6, 5, 4), dtype)
    apart = in_layout(np.stack([index, index]))[0]
    assert np.array_equal(mk.gather_rows(in_layout(table), apart), mk.gather_rows(table, index))
    expected = mk.scatter_rows(rows, index, 6, factors)
    assert np.array_equal(mk.scatter_rows(in_layout(rows), apart, 6, in_layout(factors[None])[0]), expected)
    assert np.array_equal(mk.largest_places(in_layout(rows), apart, 6), mk.largest_places(rows, index, 6))
    whole = mk.dropped(rows, 3, 7, 0.4)
    assert np.array_equal(mk.dropped(in_layout(rows), 3, 7, 0.4), whole)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("size", [0, 1, 3, 4, 5, 66, 1024, 2051])
@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_a_number_is_dropped_where_a_uniform_one_is_below_p(size, p, dtype, generator):
    x, noise = generator.standard_normal(size).astype(dtype), np.empty(size, dtype)
    used = mk.fill_uniform(-3, 2**64 - 1, noise)
    assert mk.dropped_blocks(x) == used
    factor = dtype(1 / (1 - p) if p < 1 else 0)
    expected = np.array([each * (factor if u >= dtype(p) else dtype(0)) for each, u in zip(x, noise)], dtype)
    assert np.array_equal(mk.dropped(x, -3, 2**64 - 1, p), expected)


@pytest.mark.parametrize("bad", [4, -1, 2**40])
def test_an_index_out_of_range_is_named_with_its_position(bad):
    index = np.array([0, 3, bad, 1])
    for call in (
        lambda: mk.gather_rows(np.ones((4, 2)), index),
        lambda: mk.scatter_rows(np.ones((4, 2)), index, 4),
    ):
        with pytest.raises(IndexError, match=re.escape(f"needed indices from 0 to 3, came {bad} at position 2")):
            call()
    if bad > 0:
        with pytest.raises(IndexError, match="at position 2"):
            mk.largest_places(np.ones((4, 2)), index, 4)


INDEX = np.array([0, 1])


@pytest.mark.parametrize(
    ("call", "error", "part"),
    [
        (lambda: mk.gather_rows(np.ones(2), INDEX), ValueError, "needed table with 2 axes, came shape (2,)"),
        (lambda: mk.gather_rows(np.ones((2, 2), int), INDEX), TypeError, "came dtype int64"),
        (lambda: mk.gather_rows(np.ones((2, 2)), INDEX.astype(np.int32)), TypeError, "int64, came dtype int32"),
        (lambda: mk.gather_rows(np.ones((2, 2)), INDEX[None]), ValueError, "shape (k,), came shape (1, 2)"),
        (lambda: mk.scatter_rows(np.ones((3, 2)), INDEX, 2), ValueError, "shape (3,), came shape (2,)"),
        (lambda: mk.scatter_rows(np.ones((2, 2)), INDEX, 2, np.ones(3)), ValueError, "came shape (3,)"),
        (lambda: mk.largest_places([1.0], INDEX, 2), TypeError, "came list"),
        (lambda: mk.dropped(np.ones(2, int), 0, 0, 0.5), TypeError, "came dtype int64"),
        (lambda: mk.dropped(np.ones(2), 0, 0, 1.5), ValueError, "in [0, 1], came 1.5"),
    ],
)
def test_errors_say_what_was_needed_and_what_came(call, error, part):
    with pytest.raises(error, match=re.escape(part)):
        call()
