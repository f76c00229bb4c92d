"""Normalisation and its gradients agree with their definitions within the stated bounds, in every layout."""

import math
import re

import numpy as np
import pytest

import minigrad_kernels as mk

FLOATS = [np.float32, np.float64]
# (outer, groups, members, inner): features of samples, groups of channels, channels of their own; odd, and a long row.
ROWS = [(1, 1, 1, 1), (5, 1, 7, 1), (130, 1, 33, 1), (3, 2, 3, 5), (4, 6, 1, 9), (2, 1, 1300, 1), (2, 2, 1, 1100)]
# (outer, channels, inner).
CHANNELS = [(1, 1, 1), (5, 7, 1), (131, 3, 1), (3, 4, 5), (2, 3, 700)]


def mean_of(numbers):
    return math.fsum(numbers) / len(numbers)


def naive_group(x, grad, weight, bias, eps, centred=True, given=None):
    """The definition for one group in Python floats: result, gradient of x, grad·x̂, and variance."""
    center = mean_of(x) if centred else 0.0
    variance = mean_of([(each - center) ** 2 for each in x])
    inverse = 1 / math.sqrt(variance + eps)
    if given is not None:
        center, inverse = given
    x_hat = [(each - center) * inverse for each in x]
    out = [a * w + b for a, w, b in zip(x_hat, weight, bias, strict=True)]
    h = [g * w for g, w in zip(grad, weight, strict=True)]
    level = mean_of(h) if centred and given is None else 0.0
    along = mean_of([a * b for a, b in zip(h, x_hat, strict=True)]) if given is None else 0.0
    grad_x = [inverse * (a - level - b * along) for a, b in zip(h, x_hat, strict=True)]
    return out, grad_x, [g * a for g, a in zip(grad, x_hat, strict=True)], variance


def naive(x, grad, weight, bias, eps, groups, **options):
    """The definition for an array whose groups are the given index lists; parameters have the array's shape."""
    out, grad_x, products = np.empty(x.shape), np.empty(x.shape), np.empty(x.shape)
    variances = []
    for places in groups:
        picked = [[float(array.flat[place]) for place in places] for array in (x, grad, weight, bias)]
        found = naive_group(*picked, eps, **options)
        for array, values in zip((out, grad_x, products), found, strict=False):
            array.flat[places] = values
        variances.append(found[3])
    return out, grad_x, products, variances


def drawn(generator, shape, dtype, count):
    """Numbers with a mean of 3 and a spread of 2, a gradient, a weight and a bias."""
    arrays = [3 + 2 * generator.standard_normal(shape), generator.standard_normal(shape)]
    arrays += [generator.standard_normal(count), generator.standard_normal(count)]
    return [each.astype(dtype) for each in arrays]


def tolerance(x, grad, weight, eps, groups):
    """How far results and gradients may be off: a factor a group, times eps of the dtype.

    Sums of up to 512 numbers in the dtype err by as many eps of their sizes, and their totals by little. So x̂ is off by
    (n + 8)·eps·(|x| + ⟨|x|⟩)·r, and each of the three terms of a gradient by that times its size, and twice as many
    roundings again.
    """
    result, gradient = np.empty(x.shape), np.empty(x.shape)
    machine = float(np.finfo(x.dtype).eps)
    for places in groups:
        size, g, w = [abs(array.ravel()[places].astype(float)) for array in (x, grad, weight)]
        n = min(len(places), 512) + 8
        inverse = 1 / math.sqrt(np.var(x.ravel()[places].astype(float)) + eps)
        amplified = 1 + (size.max() + size.mean()) * inverse
        result.flat[places] = 2 * n * machine * (amplified * w + 2)
        h = g * w
        gradient.flat[places] = 4 * n * machine * inverse * amplified**2 * (h + h.mean() * (2 + amplified))
    return result, gradient


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("shape", ROWS, ids=str)
def test_rows_match_the_naive_twin(shape, centred, dtype, generator):
    outer, groups, members, inner = shape
    x, grad, weight, bias = drawn(generator, shape, dtype, (groups, members))
    wide_weight = np.broadcast_to(weight[None, :, :, None], shape)
    wide_bias = np.broadcast_to(bias[None, :, :, None], shape)
    places = np.arange(x.size).reshape(outer * groups, -1).tolist()
    expected = naive(x, grad, wide_weight, wide_bias, 1e-3, places, centred=centred)
    near, near_slope = tolerance(x, grad, wide_weight, 1e-3, places)
    out, mean, inverse = mk.normalised_rows(x, shape, weight, bias, 1e-3, centred)
    assert out.dtype == dtype
    assert np.all(abs(out - expected[0]) <= near + near * abs(wide_bias))
    found = mk.normalised_rows_backward(grad, x, shape, weight, mean, inverse, centred)
    assert np.all(abs(found[0] - expected[1]) <= near_slope)
    # A factor of x̂ is off as x̂ is, 64 rows are summed in the dtype, and a rounding ends it.
    sums = expected[2].sum((0, 3)), grad.sum((0, 3), dtype=float)
    sizes = (abs(grad) * near).sum((0, 3)) + abs(expected[2]).sum((0, 3)), abs(grad).sum((0, 3))
    for got, exact, size in zip(found[1:], sums, sizes, strict=True):
        assert np.all(abs(got - exact) <= (520 * np.finfo(dtype).eps) * size + (abs(grad) * near).sum((0, 3)))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", CHANNELS, ids=str)
def test_channels_match_the_naive_twin(shape, dtype, generator):
    x, grad, weight, bias = drawn(generator, shape, dtype, shape[1])
    wide_weight = np.broadcast_to(weight[None, :, None], shape)
    wide_bias = np.broadcast_to(bias[None, :, None], shape)
    places = np.moveaxis(np.arange(x.size).reshape(shape), 1, 0).reshape(shape[1], -1).tolist()
    expected = naive(x, grad, wide_weight, wide_bias, 1e-3, places)
    near, near_slope = tolerance(x, grad, wide_weight, 1e-3, places)
    out, mean, variance, inverse = mk.normalised_channels(x, shape, weight, bias, 1e-3)
    assert np.all(abs(out - expected[0]) <= near + near * abs(wide_bias))
    n = len(places[0])
    # Twice the relative error of a deviation, and the sum's.
    bound = 600 * np.finfo(dtype).eps * (1 + abs(x).max() ** 2)
    assert np.allclose(variance, np.array(expected[3]) * n / max(n - 1, 1), rtol=0, atol=bound)
    found = mk.normalised_channels_backward(grad, x, shape, weight, mean, inverse)
    assert np.all(abs(found[0] - expected[1]) <= near_slope)
    exact = expected[2].sum((0, 2))
    size = (abs(grad) * near).sum((0, 2)) + 520 * np.finfo(dtype).eps * abs(expected[2]).sum((0, 2))
    assert np.all(abs(found[1] - exact) <= size)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", [(4, 3, 1), (2, 3, 5)])
def test_given_statistics_are_used_and_get_no_share_of_the_gradient(shape, dtype, generator):
    x, grad, weight, bias = drawn(generator, shape, dtype, shape[1])
    center, variance = generator.standard_normal(3).astype(dtype), np.array([3.75, 0.0, 0.75], dtype)
    out, mean, _, inverse = mk.normalised_channels(x, shape, weight, bias, 0.25, (center, variance))
    assert np.array_equal(mean, center)
    assert inverse.tolist() == [0.5, 2.0, 1.0]
    x_hat = (x - center[:, None]) * inverse[:, None]
    # Three roundings each way, of numbers up to 20.
    near = {"rtol": 0, "atol": 100 * np.finfo(dtype).eps}
    assert np.allclose(out, x_hat * weight[:, None] + bias[:, None], **near)
    found = mk.normalised_channels_backward(grad, x, shape, weight, mean, inverse, given=True)
    assert np.allclose(found[0], grad * (weight * inverse)[:, None], **near)
    assert np.allclose(found[1], (grad * x_hat).sum((0, 2)), **near)


@pytest.mark.parametrize("dtype", FLOATS)
def test_any_layout_gives_the_result_of_the_contiguous_array(in_layout, dtype, generator):
    x, grad = generator.standard_normal((2, 6, 10)).astype(dtype)
    for shape in ((6, 1, 10, 1), (6, 2, 1, 5)):
        out, mean, inverse = mk.normalised_rows(x, shape)
        assert np.array_equal(mk.normalised_rows(in_layout(x), shape)[0], out)
        expected = mk.normalised_rows_backward(grad, x, shape, None, mean, inverse)
        found = mk.normalised_rows_backward(in_layout(grad), in_layout(x), shape, None, mean, inverse)
        for one, other in zip(found, expected, strict=True):
            assert np.array_equal(one, other)
    for shape in ((6, 10, 1), (6, 2, 5)):
        out, mean, _, inverse = mk.normalised_channels(x, shape)
        assert np.array_equal(mk.normalised_channels(in_layout(x), shape)[0], out)
        expected = mk.normalised_channels_backward(grad, x, shape, None, mean, inverse)
        found = mk.normalised_channels_backward(in_layout(grad), in_layout(x), shape, None, mean, inverse)
        for one, other in zip(found, expected, strict=True):
            assert np.array_equal(one, other)


def test_a_large_mean_takes_no_digits_from_the_variance(generator):
    # As a difference of sums of squares, 10**8 - 10**8, it would have none.
    x = (1e4 + generator.standard_normal((4, 1000))).astype(np.float32)
    exact = x.astype(float)
    # The numbers are exact, the mean is rounded to 1e4·eps, and x̂ is off by as much.
    near = 1e4 * np.finfo(np.float32).eps
    out = mk.normalised_rows(x, (4, 1, 1000, 1), eps=0.0)[0]
    assert np.allclose(out, (exact - exact.mean(1, keepdims=True)) / exact.std(1, keepdims=True), rtol=0, atol=2 * near)
    variance = mk.normalised_channels(x, (4, 1, 1000))[2]
    assert np.allclose(variance, exact.var(ddof=1), rtol=near)


@pytest.mark.parametrize("shape", [(0, 1, 3, 1), (3, 1, 0, 1), (2, 3, 1, 0), (0, 2, 2, 2)])
def test_arrays_without_elements(shape):
    x = np.empty(shape)
    out, mean, inverse = mk.normalised_rows(x, shape)
    assert out.shape == shape
    grads = mk.normalised_rows_backward(x, x, shape, None, mean, inverse)
    assert [each.shape for each in grads] == [shape, shape[1:3], shape[1:3]]
    assert not np.any(grads[1])
    stack = (shape[0], shape[1] * shape[2], shape[3])
    out, mean, _, inverse = mk.normalised_channels(x, stack)
    grads = mk.normalised_channels_backward(x, x, stack, None, mean, inverse)
    assert not np.any(grads[2])


def test_nan_and_infinity_stay_in_their_group():
    x = np.array([[1.0, np.nan], [1.0, np.inf], [1.0, 3.0]])
    out, mean, inverse = mk.normalised_rows(x, (3, 1, 2, 1), eps=0.0)
    assert np.isnan(out[0]).all()
    assert np.isnan(out[1]).any()
    assert out[2].tolist() == [-1.0, 1.0]
    grad_x = mk.normalised_rows_backward(np.ones((3, 2)), x, (3, 1, 2, 1), None, mean, inverse)[0]
    assert np.isfinite(grad_x[2]).all()


@pytest.mark.parametrize("dtype", FLOATS)
def test_running_statistics_move_towards_the_new_ones_wherever_they_lie(dtype):
    both = np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 30.0]], dtype)
    new_mean, new_variance = np.array([5.0, 5.0, 5.0], dtype), np.array([0.0, 8.0, 40.0], dtype)
    mk.moved_averages(both[:, 0], both[:, 1], new_mean, new_variance, 0.25)
    assert both.tolist() == [[2.0, 7.5], [2.75, 17.0], [3.5, 32.5]]


SQUARE = np.ones((2, 2))


@pytest.mark.parametrize(
    ("call", "error", "part"),
    [
        (lambda: mk.normalised_rows([1.0], (1, 1, 1, 1)), TypeError, "needed x as an array of float32 or float64"),
        (lambda: mk.normalised_rows(np.ones(2, int), (1, 1, 2, 1)), TypeError, "came dtype int64"),
        (lambda: mk.normalised_rows(SQUARE, (2, 2)), ValueError, "(outer, groups, members, inner)"),
        (lambda: mk.normalised_rows(SQUARE, (2, 1, 3, 1)), ValueError, "came (2, 1, 3, 1), x (2, 2)"),
        (
            lambda: mk.normalised_rows(SQUARE, (2, 1, 2, 1), np.ones(3)),
            ValueError,
            "needed weight of shape (1, 2), came shape (3,)",
        ),
        (
            lambda: mk.normalised_channels(SQUARE, (2, 2, 1), np.ones(2, np.float32)),
            TypeError,
            "needed weight as an array of float64, came dtype float32",
        ),
        (
            lambda: mk.normalised_rows_backward(np.ones(3), SQUARE, (2, 1, 2, 1), None, SQUARE, SQUARE),
            ValueError,
            "needed grad of shape (2, 2), came shape (3,)",
        ),
        (
            lambda: mk.moved_averages(np.ones(2), np.ones(3), np.ones(2), np.ones(2), 0.1),
            ValueError,
            "needed variance of shape (2,), came shape (3,)",
        ),
    ],
)
def test_errors_say_what_was_needed_and_what_came(call, error, part):
    with pytest.raises(error, match=re.escape(part)):
        call()
