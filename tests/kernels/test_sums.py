"""Sums, means, variances and the fused bias agree with their definitions within the stated bounds."""

import itertools
import math
import re

import numpy as np
import pytest

import minigrad_kernels as mk

FLOATS = [np.float32, np.float64]
MATRICES = [(1, 1), (3, 1), (1, 9), (5, 16), (64, 10), (17, 33), (130, 40), (1025, 3), (2, 1500), (70, 520)]
# Numbers of a block; see sum_loops.py.
ALONG_ROWS, ALONG_COLUMNS, NARROW_COLUMNS = 512, 64, 1024


@pytest.fixture(params=MATRICES, ids=str)
def shape(request, most_work):
    if request.param[0] * request.param[1] > most_work / 50:
        pytest.skip("too large for plain Python")
    return request.param


def naive_sum(numbers):
    """The exact sum, rounded once."""
    return math.fsum(float(number) for number in numbers)


def naive_moments(numbers, correction):
    """Mean and variance by their definitions."""
    numbers = [float(number) for number in numbers]
    mean = math.fsum(numbers) / len(numbers)
    square = math.fsum((number - mean) ** 2 for number in numbers)
    divisor = len(numbers) - correction
    return mean, square / divisor if divisor > 0 else math.nan


def sum_bound(x, axis, block):
    """(B + blocks)·eps·Σ|x|, with the last rounding's eps."""
    blocks = x.shape[axis] / block + 1 if x.dtype == np.float64 else 1
    return (min(block, x.shape[axis]) + blocks) * np.finfo(x.dtype).eps * abs(x.astype(float)).sum(axis)


@pytest.mark.parametrize("dtype", FLOATS)
def test_sums_of_columns_and_rows_match_the_naive_twin(shape, dtype, generator):
    x = (generator.standard_normal(shape) + 3).astype(dtype)
    exact = np.array([naive_sum(column) for column in x.T])
    block = NARROW_COLUMNS if shape[1] <= 32 else ALONG_COLUMNS
    for result in (mk.column_sums(x), mk.sum_axes(x, 0), mk.sum_axes(x, 0, keepdims=True)[0]):
        assert result.dtype == dtype
        assert np.all(abs(result - exact) <= sum_bound(x, 0, block))
    exact = np.array([naive_sum(row) for row in x])
    assert np.all(abs(mk.sum_axes(x, -1) - exact) <= sum_bound(x, 1, ALONG_ROWS))


def test_a_long_float32_sum_is_as_good_as_a_short_one(most_work):
    count = int(min(3e6, most_work))
    x = np.full((count, 1), 0.1, np.float32)
    exact = float(np.float32(0.1)) * count
    # Added up one by one, 3 million of them miss by 3 %.
    for result in (mk.sum_axes(x), mk.column_sums(np.repeat(x[: count // 4], 4, 1))[0] * 4):
        assert abs(result - exact) <= 1e-5 * exact


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("axes", [axes for k in range(5) for axes in itertools.combinations(range(4), k)])
def test_sums_over_any_axes_of_any_layout(axes, dtype, generator):
    x = generator.standard_normal((2, 3, 5, 4)).astype(dtype)
    expected = x.astype(float).sum(axes)
    # All 120 numbers, in whatever order.
    bound = 120 * np.finfo(dtype).eps * abs(x).sum(axes)
    layouts = [x, np.asfortranarray(x), np.ascontiguousarray(x.transpose(2, 0, 3, 1)).transpose(1, 3, 0, 2)]
    layouts.append(np.repeat(x, 2, 1)[:, ::2])
    for each in layouts:
        for keepdims in (False, True):
            result = mk.sum_axes(each, axes, keepdims)
            assert result.dtype == dtype
            assert result.shape == x.sum(axes, keepdims=keepdims).shape
            assert np.all(abs(result.reshape(expected.shape) - expected) <= bound)
            assert not np.may_share_memory(result, each)


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (3, 0), (2, 0, 3), (1, 1)])
def test_sums_of_arrays_without_elements_or_axes(shape):
    x = np.ones(shape)
    for axes in [None, *range(len(shape))]:
        assert np.array_equal(mk.sum_axes(x, axes), x.sum(axes))


def test_sums_keep_nan_and_infinity():
    x = np.array([[np.nan, np.inf, np.inf, 1.0], [1.0, 1.0, -np.inf, -np.inf]])
    assert np.array_equal(mk.column_sums(x), [np.nan, np.inf, np.nan, -np.inf], equal_nan=True)
    assert np.array_equal(mk.sum_axes(x, 1), [np.nan, -np.inf], equal_nan=True)


@pytest.mark.parametrize("dtype", FLOATS)
def test_any_layout_gives_the_sums_of_the_contiguous_matrix(in_layout, dtype, generator):
    x = generator.standard_normal((5, 7)).astype(dtype)
    bound = 7 * np.finfo(dtype).eps * abs(x).sum(0)
    assert np.all(abs(mk.column_sums(in_layout(x)) - mk.column_sums(x)) <= bound)
    out = np.empty(14, dtype)[::2]
    assert mk.column_sums(in_layout(x), out=out) is out
    assert np.array_equal(out, mk.column_sums(in_layout(x)))
    for function in (mk.mean_variance_rows, mk.mean_variance_columns):
        for found, expected in zip(function(in_layout(x)), function(x)):
            # Sums of at most 7 numbers in another order; all are below 4.
            assert np.all(abs(found - expected) <= 7 * 16 * np.finfo(dtype).eps)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("correction", [0, 1])
@pytest.mark.parametrize("offset", [0.0, 1000.0])
def test_mean_and_variance_match_the_naive_twin(shape, offset, correction, dtype, generator):
    x = (generator.standard_normal(shape) + offset).astype(dtype)
    eps = np.finfo(dtype).eps
    for function, lines, block in (
        (mk.mean_variance_rows, x, ALONG_ROWS),
        (mk.mean_variance_columns, x.T, ALONG_COLUMNS),
    ):
        mean, variance = function(x, correction)
        exact = np.array([naive_moments(line, correction) for line in lines])
        assert mean.dtype == variance.dtype == dtype
        # The center's error is made good by the deviations from it, which are as large as the standard deviation.
        count = min(block, lines.shape[1])
        spread = np.sqrt(np.nan_to_num(exact[:, 1])) + count * eps * abs(exact[:, 0])
        assert np.all(abs(mean - exact[:, 0]) <= count * eps * spread + eps * abs(exact[:, 0]))
        # Each square is off by 3·eps, their sum by (B + 2)·eps; corrected two-pass, equation 1.7 of Chan et al.
        bound = (count + 5) * eps * (exact[:, 1] + (count * eps * exact[:, 0]) ** 2)
        # Blocks are merged by the differences of their means, at most the standard deviation, each rounded in float64.
        bound += 4 * np.finfo(np.float64).eps * abs(exact[:, 0]) * np.sqrt(exact[:, 1])
        assert np.array_equal(np.isnan(variance), np.isnan(exact[:, 1]))
        assert np.all((abs(variance - exact[:, 1]) <= bound) | np.isnan(variance))


def test_mean_and_variance_of_nothing_are_nan():
    for function, x in ((mk.mean_variance_rows, np.ones((2, 0))), (mk.mean_variance_columns, np.ones((0, 2)))):
        for result in function(x):
            assert np.array_equal(result, [np.nan, np.nan], equal_nan=True)


def naive_bias(x, bias, kind):
    """One element's activation."""
    total = float(x) + float(bias)
    if kind == "relu":
        return 0.0 if total <= 0 else total
    if kind == "tanh":
        return math.tanh(total)
    return 1 / (1 + math.exp(-total)) if kind == "sigmoid" else total


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("kind", ["none", "relu", "tanh", "sigmoid"])
def test_bias_and_activation_match_the_naive_twin(shape, kind, dtype, generator):
    x = generator.standard_normal(shape).astype(dtype)
    bias = generator.standard_normal(shape[1]).astype(dtype)
    exact = np.array([[naive_bias(a, b, kind) for a, b in zip(row, bias)] for row in x])
    result = x.copy()
    assert mk.bias_activation(result, bias, kind) is result
    # The sum rounds by half an ulp of numbers below 16, which no activation enlarges; then at most 4 ulp below 1.
    assert np.all(abs(result - exact) <= (8 + 4) * np.finfo(dtype).eps)


def test_bias_and_activation_in_any_layout(in_layout, generator):
    x, bias = generator.standard_normal((5, 7)), generator.standard_normal(7)
    expected = mk.bias_activation(x.copy(), bias, "relu")
    out = in_layout(x)
    if out.flags.writeable:
        assert mk.bias_activation(out, np.repeat(bias, 2)[::2], "relu") is out
        assert np.array_equal(out, expected)


def test_relu_of_a_biased_nan_is_nan():
    out = np.array([[np.nan, -1.0, -np.inf, np.inf]])
    assert np.array_equal(mk.bias_activation(out, np.zeros(4), "relu"), [[np.nan, 0, 0, np.inf]], equal_nan=True)


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (40, 0)])
def test_bias_of_matrices_without_elements(shape):
    assert mk.bias_activation(np.ones(shape), np.ones(shape[1]), "tanh").shape == shape
    assert np.array_equal(mk.column_sums(np.ones(shape)), np.zeros(shape[1]))


@pytest.mark.parametrize(
    ("call", "error", "part"),
    [
        (lambda: mk.column_sums(np.ones(3)), ValueError, "column_sums: needed a matrix (rows, n), came shape (3,)"),
        (lambda: mk.column_sums(np.ones((2, 3)), out=np.ones(2)), ValueError, "out of shape (3,), came shape (2,)"),
        (lambda: mk.column_sums(np.ones((2, 3)), out=np.ones(3, int)), TypeError, "array of float64, came int64"),
        (lambda: mk.sum_axes(np.ones(3, int)), TypeError, "sum_axes: needed an array of float32 or float64, came"),
        (lambda: mk.sum_axes(np.ones(3), 1), ValueError, "axis 1 is out of bounds"),
        (lambda: mk.sum_axes(np.ones((3, 2)), (0, -2)), ValueError, "repeated axis"),
        (lambda: mk.mean_variance_columns(np.ones(3)), ValueError, "mean_variance_columns: needed a matrix"),
        (lambda: mk.bias_activation(np.ones((2, 3)), np.ones(2)), ValueError, "came (2, 3) and (2,)"),
        (lambda: mk.bias_activation(np.ones((2, 3)), np.ones(3), "gelu"), ValueError, "came 'gelu'"),
        (lambda: mk.bias_activation(np.ones((2, 3)), np.ones(3, np.float32)), TypeError, "came float32"),
        (lambda: mk.bias_activation(np.ones((2, 3), int), np.ones(3)), TypeError, "out as an array of float32"),
        (lambda: mk.bias_activation(np.broadcast_to(1.0, (2, 3)), np.ones(3)), ValueError, "read-only"),
        (lambda: overlapping_bias(np.ones((2, 3))), ValueError, "needed a bias apart from out"),
    ],
)
def test_errors_say_what_was_needed_and_what_came(call, error, part):
    with pytest.raises(error, match=re.escape(part)):
        call()


def overlapping_bias(x):
    """A bias that is a row of the matrix."""
    mk.bias_activation(x, x[0])
