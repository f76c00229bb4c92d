"""Losses that compare numbers with their targets, and totals, agree with their definitions, for every layout."""

import math

import numpy as np
import pytest

import minigrad_kernels as mk

FLOATS = [np.float32, np.float64]
# Around the 512 of a block, and the 4 to 64 numbers of unrolled vectors; 0 to 3 axes.
SHAPES = [(), (0,), (1,), (0, 3), (7,), (100, 1), (511,), (3, 171), (513,), (2, 3, 5), (31, 129)]


def naive_squared(x, target):
    return (x - target) ** 2


def naive_absolute(x, target):
    return abs(x - target)


def naive_logits(x, target):
    return max(x, 0.0) - x * target + math.log1p(math.exp(-abs(x)))


def naive_binary(x, target):
    log = math.log(x) if x > 0 else -math.inf
    log_rest = math.log1p(-x) if x < 1 else -math.inf
    return -(target * max(log, -100.0) + (1 - target) * max(log_rest, -100.0))


def naive_squared_slope(x, target):
    return 2 * (x - target)


def naive_absolute_slope(x, target):
    return float(np.sign(x - target))


def naive_logits_slope(x, target):
    # By the way without overflow.
    small = math.exp(-abs(x))
    return (1 if x >= 0 else small) / (1 + small) - target


def naive_binary_slope(x, target):
    return (x - target) / max(x * (1 - x), 1e-12)


TWINS = {
    "squared_errors": (naive_squared, naive_squared_slope),
    "absolute_errors": (naive_absolute, naive_absolute_slope),
    "logits_cross_entropies": (naive_logits, naive_logits_slope),
    "binary_cross_entropies": (naive_binary, naive_binary_slope),
}
every_loss = pytest.mark.parametrize("name", TWINS)


def operands(name, shape, dtype, generator):
    """Numbers to compare, within [0, 1] where they are probabilities."""
    x = generator.random(shape) if name == "binary_cross_entropies" else generator.standard_normal(shape) * 4
    return np.asarray(x, dtype), np.asarray(generator.random(shape), dtype)


def each(function, x, target):
    """A naive function of each pair of numbers."""
    pairs = zip(x.reshape(-1).tolist(), target.reshape(-1).tolist(), strict=True)
    return np.array([function(number, wanted) for number, wanted in pairs]).reshape(x.shape)


def loss_bound(x, losses):
    """A sum of blocks of 512 rounds at most 513 times, each loss some 12 times; none is negative."""
    return 525 * np.finfo(x.dtype).eps * losses.sum() + float(np.finfo(x.dtype).tiny)


@every_loss
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_sum_is_that_of_the_naive_twin(name, shape, dtype, generator):
    x, target = operands(name, shape, dtype, generator)
    losses = each(TWINS[name][0], x, target)
    result = getattr(mk, name)(x, target, 0.37)
    assert type(result) is np.ndarray
    assert result.shape == ()
    assert result.dtype == dtype
    assert abs(result - 0.37 * math.fsum(losses.reshape(-1))) <= 0.37 * loss_bound(x, losses)


@every_loss
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_gradient_is_that_of_the_naive_twin(name, shape, dtype, generator):
    x, target = operands(name, shape, dtype, generator)
    grad = np.array(-1.7, dtype)
    result = getattr(mk, name + "_backward")(grad, x, target, 0.37)
    assert result.shape == shape
    assert result.dtype == dtype
    exact = float(grad) * 0.37 * each(TWINS[name][1], x, target)
    # 10 roundings; sigmoid(x) - target cancels, so there the terms are up to 1.
    size = abs(exact) + (0.63 if name == "logits_cross_entropies" else 0)
    assert np.all(abs(result - exact) <= 10 * np.finfo(dtype).eps * size)


@every_loss
def test_any_layout_gives_the_same_bits(name, in_layout, generator):
    x, target = operands(name, (6, 7), np.float32, generator)
    grad = np.array(2, np.float32)
    plain = getattr(mk, name)(x, target, 0.1), getattr(mk, name + "_backward")(grad, x, target, 0.1)
    for first, second in ((in_layout(x), in_layout(target)), (in_layout(x), target), (x, in_layout(target))):
        np.testing.assert_array_equal(getattr(mk, name)(first, second, 0.1), plain[0])
        np.testing.assert_array_equal(getattr(mk, name + "_backward")(grad, first, second, 0.1), plain[1])


@every_loss
def test_a_column_of_a_wider_matrix_is_not_read_from_end_to_end(name, generator):
    """The compiled entry takes any memory, so the kernel must see for itself."""
    x, target = operands(name, (5, 1), np.float64, generator)
    wide = np.zeros((5, 2))
    wide[:, :1] = x
    plain = getattr(mk, name)(x, target)
    np.testing.assert_array_equal(getattr(mk, name)(wide[:, :1], target), plain)
    np.testing.assert_array_equal(getattr(mk, name)(np.ascontiguousarray(x[::-1])[::-1], target), plain)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("x", [0.0, 1e-30, 1e-8, 1e-3, 0.4, 0.6, 5.0, 16.0, 30.0, 80.0])
@pytest.mark.parametrize("sign", [-1, 1])
def test_a_small_loss_of_a_logit_is_exact_relatively(x, sign, dtype):
    """log(1 + e) is e for a small e: nothing of it may be lost in the sum with 1."""
    x = dtype(sign * x)
    target = dtype(1 if sign > 0 else 0)
    exact = naive_logits(float(x), float(target))
    # exp to 1 ulp (4 in float64), the logarithm likewise, three more roundings.
    bound = 12 * np.finfo(dtype).eps * exact
    assert abs(mk.logits_cross_entropies(np.array(x), np.array(target)) - exact) <= bound


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("x", [0.0, 1e-42, 1e-20, 1e-8, 1e-3, 0.3, 0.4999, 0.5, 0.5001, 0.9, 1 - 1e-6, 1.0])
@pytest.mark.parametrize("target", [0.0, 0.3, 1.0])
def test_a_loss_of_a_probability_is_exact_relatively_and_never_infinite(x, target, dtype):
    x, target = dtype(x), dtype(target)
    exact = naive_binary(float(x), float(target))
    bound = 12 * np.finfo(dtype).eps * exact + float(np.finfo(dtype).smallest_subnormal)
    assert abs(mk.binary_cross_entropies(np.array(x), np.array(target)) - exact) <= bound


@pytest.mark.parametrize("dtype", FLOATS)
def test_infinities_and_nan_go_through_as_in_the_formulas(dtype):
    def lone(value):
        return np.array([value], dtype)

    one, half = np.ones((), dtype), lone(0.5)
    for special in (np.nan, np.inf, -np.inf):
        for name in ("squared_errors", "absolute_errors"):
            result = float(getattr(mk, name)(lone(special), half))
            assert math.isnan(result) if math.isnan(special) else result == math.inf
    assert math.isnan(mk.absolute_errors_backward(one, lone(np.nan), half)[0])
    assert mk.absolute_errors_backward(one, half, half)[0] == 0
    assert math.isnan(mk.logits_cross_entropies(lone(np.nan), half))
    assert float(mk.logits_cross_entropies(lone(np.inf), lone(0))) == math.inf
    assert math.isnan(mk.logits_cross_entropies(lone(np.inf), lone(1)))
    assert mk.logits_cross_entropies_backward(one, lone(-np.inf), half)[0] == dtype(-0.5)
    assert math.isnan(mk.squared_errors(np.empty(0, dtype), np.empty(0, dtype), math.nan))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("place", [0, 6, 511, 512, 599])
@pytest.mark.parametrize("bad", [-0.1, 1.1, np.nan, np.inf, -np.inf])
def test_what_is_no_probability_is_refused_and_named(place, bad, dtype, generator):
    x = generator.random(600).astype(dtype)
    spoilt = x.copy()
    spoilt[place] = bad
    with pytest.raises(ValueError, match=rf"logits_cross_entropies: .*\[0, 1\].*position {place} of target"):
        mk.logits_cross_entropies(x, spoilt)
    with pytest.raises(ValueError, match=rf"binary_cross_entropies: .*\[0, 1\].*position {place} of target"):
        mk.binary_cross_entropies(x, spoilt)
    with pytest.raises(ValueError, match=rf"position {place} of x"):
        mk.binary_cross_entropies(spoilt, x)


def test_the_smallest_and_the_largest_probability_are_accepted():
    ends = np.array([0.0, -0.0, 1.0])
    assert math.isfinite(mk.binary_cross_entropies(ends, ends))


ARRAY = np.ones(3, np.float32)
REFUSED = {
    "a list": (lambda f: f([1.0], ARRAY), TypeError, "list"),
    "integers": (lambda f: f(np.ones(3, int), ARRAY), TypeError, "int64"),
    "another byte order": (lambda f: f(ARRAY.astype(">f4"), ARRAY), TypeError, ">f4"),
    "two dtypes": (lambda f: f(ARRAY, np.ones(3)), TypeError, "float32 and float64"),
    "two shapes": (lambda f: f(ARRAY, np.ones(4, np.float32)), ValueError, r"\(3,\) and \(4,\)"),
    "two numbers of axes": (lambda f: f(ARRAY, ARRAY[None]), ValueError, r"\(3,\) and \(1, 3\)"),
}


@every_loss
@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused(name, case):
    call, error, words = REFUSED[case]
    # Also after the kernel has been compiled, when a shorter way is taken.
    getattr(mk, name)(ARRAY, ARRAY)
    getattr(mk, name + "_backward")(np.ones((), np.float32), ARRAY, ARRAY)
    with pytest.raises(error, match=words):
        call(getattr(mk, name))
    with pytest.raises(error, match=words):
        call(lambda x, target: getattr(mk, name + "_backward")(np.ones((), np.float32), x, target))


@every_loss
def test_the_gradient_needs_one_number_that_fits(name):
    backward = getattr(mk, name + "_backward")
    for grad in (1.0, np.ones(())):
        with pytest.raises(TypeError, match="grad as an array of float32"):
            backward(grad, ARRAY, ARRAY)
    with pytest.raises(ValueError, match="0-d grad"):
        backward(ARRAY, ARRAY, ARRAY)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_total_is_the_exact_sum_within_its_bound(shape, dtype, generator):
    x = np.asarray(generator.standard_normal(shape), dtype)
    for share in (1.0, -0.3):
        result = mk.total(x, share)
        assert type(result) is np.ndarray
        assert result.shape == ()
        assert result.dtype == dtype
        exact = math.fsum(x.reshape(-1).tolist()) * share
        assert abs(result - exact) <= 513 * np.finfo(dtype).eps * abs(x).astype(float).sum()


def test_a_total_has_the_same_bits_in_any_layout(in_layout, generator):
    x = generator.standard_normal((9, 5)).astype(np.float32)
    mk.total(x)
    np.testing.assert_array_equal(mk.total(in_layout(x)), mk.total(x))


@pytest.mark.parametrize("x", [[1.0], np.ones(3, int), np.ones(3, ">f8"), 1.0])
def test_a_total_of_anything_else_is_refused(x):
    with pytest.raises(TypeError, match="total: needed an array of float32 or float64"):
        mk.total(x)
