"""Running sums, products and linear recurrences agree with their definitions in plain loops."""

import itertools
import math
import re

import numpy as np
import pytest

import minigrad_kernels as mk
from tests.kernels.conftest import laid_out

FLOATS = [np.float32, np.float64]
SHAPES = [(1,), (7,), (40,), (3, 5), (5, 1), (2, 3, 4), (3, 1, 17)]
EVERY_AXIS = [(shape, axis) for shape in SHAPES for axis in range(len(shape))]


def naive_sums(line, backwards):
    """The exact sums of the first numbers, or of the last."""
    numbers = [float(number) for number in (line[::-1] if backwards else line)]
    found = [math.fsum(numbers[: k + 1]) for k in range(len(numbers))]
    return found[::-1] if backwards else found


def naive_products(line):
    """The products of the first numbers."""
    return [math.prod(float(number) for number in line[: k + 1]) for k in range(len(line))]


def naive_recurrence(a, b, backwards):
    """y[k] = b[k] + a[k]·y[k − 1], or its adjoint."""
    y = [float(number) for number in b]
    places = range(len(y) - 2, -1, -1) if backwards else range(1, len(y))
    for k in places:
        y[k] += float(a[k + 1]) * y[k + 1] if backwards else float(a[k]) * y[k - 1]
    return y


def along(function, axis, *arrays):
    """A function of lines, applied along an axis."""
    lines = [np.moveaxis(array, axis, -1) for array in arrays]
    found = np.empty(lines[0].shape)
    for place in np.ndindex(lines[0].shape[:-1]):
        found[place] = function(*[line[place] for line in lines])
    return np.moveaxis(found, -1, axis)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize(("shape", "axis"), EVERY_AXIS, ids=str)
def test_running_sums_match_the_naive_twin(shape, axis, backwards, dtype, generator):
    x = generator.standard_normal(shape).astype(dtype)
    exact = along(lambda line: naive_sums(line, backwards), axis, x)
    sizes = along(lambda line: naive_sums(abs(line), backwards), axis, x)
    result = mk.running_sums(x, axis, backwards)
    assert result.dtype == dtype
    # n roundings of float64 of the sum so far, and one of the result.
    bound = shape[axis] * np.finfo(np.float64).eps * sizes + np.finfo(dtype).eps * abs(exact)
    assert np.all(abs(result - exact) <= bound)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(("shape", "axis"), EVERY_AXIS, ids=str)
def test_running_products_match_the_naive_twin(shape, axis, dtype, generator):
    x = (generator.standard_normal(shape) + 1).astype(dtype)
    exact = along(naive_products, axis, x)
    result = mk.running_products(x, axis)
    assert result.dtype == dtype
    # Each factor rounds once in both, and float32 once more.
    bound = (2 * shape[axis] * np.finfo(np.float64).eps + np.finfo(dtype).eps) * abs(exact)
    assert np.all(abs(result - exact) <= bound)


def test_a_float32_product_may_pass_beyond_its_largest_number():
    x = np.array([1e30, 1e30, 1e-30], np.float32)
    assert np.array_equal(mk.running_products(x, 0), np.array([1e30, np.inf, 1e30], np.float32))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize(("shape", "axis"), EVERY_AXIS, ids=str)
def test_recurrences_match_the_naive_twin(shape, axis, backwards, dtype, generator):
    # Factors below 1 keep errors from growing: each y adds at most two roundings of numbers below n·max|b|.
    a = (generator.random(shape) * 2 - 1).astype(dtype)
    b = generator.standard_normal(shape).astype(dtype)
    exact = along(lambda *lines: naive_recurrence(*lines, backwards), axis, a, b)
    result = mk.linear_recurrence(a, b, axis, backwards)
    assert result.dtype == dtype
    largest = shape[axis] * abs(b).max()
    bound = 2 * shape[axis] * np.finfo(np.float64).eps * largest + np.finfo(dtype).eps * abs(exact)
    assert np.all(abs(result - exact) <= bound)


def test_a_long_float32_sum_keeps_its_digits():
    x = np.full(5000, 0.1, np.float32)
    exact = float(np.float32(0.1)) * 5000
    # Carried on in float32 it would be off by 1e-5 of it.
    assert abs(mk.running_sums(x, 0)[-1] - exact) <= np.finfo(np.float32).eps * exact


def test_the_first_factor_of_a_recurrence_is_not_read():
    a, b = np.array([np.nan, 2.0, 3.0]), np.array([1.0, 0.0, 0.0])
    assert np.array_equal(mk.linear_recurrence(a, b, 0), [1, 2, 6])
    assert np.array_equal(mk.linear_recurrence(a, b[::-1], 0, True), [6, 3, 1])
    both = np.stack([a, a], 1)
    assert np.array_equal(mk.linear_recurrence(both, np.stack([b, b], 1), 0)[:, 1], [1, 2, 6])


def test_any_layout_gives_the_same_bits(in_layout, generator):
    x, y = generator.standard_normal((5, 7)), generator.standard_normal((5, 7))
    for axis, backwards in itertools.product((0, 1), (False, True)):
        assert np.array_equal(mk.running_sums(in_layout(x), axis, backwards), mk.running_sums(x, axis, backwards))
        expected = mk.linear_recurrence(x, y, axis, backwards)
        assert np.array_equal(mk.linear_recurrence(in_layout(x), y, axis, backwards), expected)
        assert np.array_equal(mk.linear_recurrence(x, laid_out(y, "transposed"), axis, backwards), expected)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 3)])
def test_arrays_without_elements(shape):
    for axis in range(len(shape)):
        assert mk.running_sums(np.ones(shape), axis).shape == shape
        assert mk.running_products(np.ones(shape), axis).shape == shape
        assert mk.linear_recurrence(np.ones(shape), np.ones(shape), axis, True).shape == shape


def test_nan_and_infinity_are_carried_on():
    x = np.array([1.0, np.inf, 1.0, -np.inf, 1.0])
    assert np.array_equal(mk.running_sums(x, 0), [1, np.inf, np.inf, np.nan, np.nan], equal_nan=True)
    assert np.array_equal(mk.running_sums(x, 0, True), [np.nan, np.nan, -np.inf, -np.inf, 1], equal_nan=True)


@pytest.mark.parametrize(
    ("call", "error", "part"),
    [
        (lambda: mk.running_sums(np.ones(3, int), 0), TypeError, "running_sums: needed an array of float32 or float64"),
        (lambda: mk.running_sums([1.0], 0), TypeError, "came list"),
        (lambda: mk.running_products(np.ones(3), -1), ValueError, "running_products: needed an axis from 0 to 0"),
        (lambda: mk.running_sums(np.ones(3), 1), ValueError, "needed an axis from 0 to 0, came 1 for shape (3,)"),
        (lambda: mk.running_sums(np.ones(()), 0), ValueError, "came 0 for shape ()"),
        (lambda: mk.linear_recurrence(np.ones(3), np.ones(2), 0), ValueError, "came (3,) and (2,)"),
        (lambda: mk.linear_recurrence(np.ones(3), np.ones(3, np.float32), 0), TypeError, "came float64 and float32"),
    ],
)
def test_errors_say_what_was_needed_and_what_came(call, error, part):
    with pytest.raises(error, match=re.escape(part)):
        call()
