"""erfc, erfinv, lgamma, digamma and polygamma are right to the last places, and obey what mathematics says of them."""

import re
from pathlib import Path

import numpy as np
import pytest

import minigrad_kernels as mk
from minigrad_kernels import special_polynomials

VALUES = Path(__file__).with_name("special_values.npz")
FLOATS = [np.float32, np.float64]
ULP = float(np.finfo(np.float64).eps)
#: In units of the last place of float64, as measured over 10 000 numbers each and rounded up.
LIMITS = {"erfc": 4, "erfinv": 4, "lgamma": 6, "digamma": 4, "polygamma1": 6, "polygamma2": 6, "polygamma5": 8}
#: Below 0 reflection leaves an error of some units of the larger of its two parts; where it has a zero, that is all.
LIMITS_BELOW = {"lgamma": 40, "digamma": 40, "polygamma1": 16, "polygamma2": 100}
UNARY = ["erfc", "erfinv", "lgamma", "digamma"]


def function_of(name):
    if name.startswith("polygamma"):
        return lambda x: mk.polygamma(int(name[-1]), x)
    return getattr(mk, name)


@pytest.fixture(scope="module")
def values():
    with np.load(VALUES) as stored:
        return dict(stored)


@pytest.mark.parametrize("name", LIMITS)
def test_float64_results_are_within_the_limit(name, values):
    x, exact = values[f"{name}/x"].astype(np.float64), values[f"{name}/value"]
    # The exact value is rounded itself: half a unit.
    error = abs(function_of(name)(x) - exact) / np.spacing(abs(exact))
    assert error.max() <= LIMITS[name] + 0.5


@pytest.mark.parametrize("name", LIMITS)
def test_float32_results_are_rounded_once(name, values):
    x, exact = values[f"{name}/x"], values[f"{name}/value"]
    with np.errstate(over="ignore"):
        nearest = exact.astype(np.float32)
    result = function_of(name)(x)
    assert result.dtype == np.float32
    # The neighbour where the exact value lies next to the middle of two.
    apart = abs(result.view(np.int32).astype(np.int64) - nearest.view(np.int32))
    assert apart.max() <= 1
    assert np.mean(apart == 0) > 0.99


@pytest.mark.parametrize("name", LIMITS_BELOW)
def test_below_zero_results_are_within_the_limit(name, values):
    x, exact = values[f"{name}_below/x"].astype(np.float64), values[f"{name}_below/value"]
    # The slope at x times the rounding of x to its distance from a pole, which sin and tan are taken of.
    beside = abs(x - np.rint(x))
    scale = np.maximum(abs(exact), 1) if name == "lgamma" else np.maximum(abs(exact), 1 / np.maximum(beside, 1e-300))
    assert np.max(abs(function_of(name)(x) - exact) / scale) <= LIMITS_BELOW[name] * ULP


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    ("name", "x", "expected"),
    [
        ("erfc", [0.0, -0.0, np.inf, -np.inf, np.nan, 30.0, -30.0], [1, 1, 0, 2, np.nan, 0, 2]),
        ("erfinv", [0.0, 1.0, -1.0, 1.5, -2.0, np.nan, np.inf], [0, np.inf, -np.inf, np.nan, np.nan, np.nan, np.nan]),
        ("lgamma", [1.0, 2.0, 0.0, -0.0, -1.0, -7.0, np.inf, -np.inf, np.nan], [0, 0, *[np.inf] * 6, np.nan]),
        ("digamma", [0.0, -0.0, -1.0, -7.0, np.inf, -np.inf], [-np.inf, np.inf, np.nan, np.nan, np.inf, np.nan]),
        ("polygamma1", [0.0, -0.0, -3.0, np.inf, np.nan], [np.inf, np.inf, np.inf, 0, np.nan]),
        ("polygamma2", [0.0, -3.0, np.inf, np.nan], [-np.inf, -np.inf, 0, np.nan]),
    ],
)
def test_special_values(name, x, expected, dtype):
    np.testing.assert_array_equal(function_of(name)(np.array(x, dtype)), np.array(expected, dtype))


def test_erfinv_undoes_erf(generator):
    y = generator.uniform(-1, 1, 500)
    # erf's slope is at most 1.13, and erf itself is within 4 units.
    np.testing.assert_allclose(mk.erf(mk.erfinv(y)), y, rtol=8 * ULP, atol=0)
    assert np.array_equal(mk.erfinv(-y), -mk.erfinv(y))


def test_erf_and_erfc_make_one_and_erfc_keeps_its_digits(generator):
    x = generator.uniform(-5, 5, 500)
    np.testing.assert_allclose(mk.erf(x) + mk.erfc(x), 1, rtol=4 * ULP)
    np.testing.assert_allclose(mk.erfc(x) + mk.erfc(-x), 2, rtol=4 * ULP)
    # From DLMF 7.12.1: erfc(x)·x·√π·exp(x²) = 1 − 1/(2x²) + 3/(4x⁴) − 15/(8x⁶) + …
    far = np.array([20.0, 24.0])
    series = 1 - 1 / (2 * far**2) + 3 / (4 * far**4) - 15 / (8 * far**6) + 105 / (16 * far**8) - 945 / (32 * far**10)
    np.testing.assert_allclose(mk.erfc(far) * far * np.sqrt(np.pi) * np.exp(far**2), series, rtol=1e-13)


def test_lgamma_obeys_the_recurrence_and_knows_the_factorials(generator):
    x = generator.uniform(0.1, 30, 500)
    np.testing.assert_allclose(mk.lgamma(x + 1), mk.lgamma(x) + np.log(x), rtol=16 * ULP, atol=16 * ULP)
    n = np.arange(1.0, 25)
    np.testing.assert_allclose(mk.lgamma(n + 1), np.log(np.cumprod(n)), rtol=8 * ULP, atol=0)


def test_digamma_obeys_recurrence_and_reflection(generator):
    x = generator.uniform(0.05, 20, 500)
    np.testing.assert_allclose(mk.digamma(x + 1), mk.digamma(x) + 1 / x, rtol=0, atol=16 * 20 * ULP)
    y = generator.uniform(0.05, 0.95, 500)
    np.testing.assert_allclose(mk.digamma(1 - y) - mk.digamma(y), np.pi / np.tan(np.pi * y), rtol=0, atol=64 * 20 * ULP)
    # Gauss: digamma(1) = −γ, digamma(½) = −γ − 2 ln 2.
    assert mk.digamma(np.array([1.0]))[0] == pytest.approx(-np.euler_gamma, rel=4 * ULP)
    assert mk.digamma(np.array([0.5]))[0] == pytest.approx(-np.euler_gamma - 2 * np.log(2), rel=4 * ULP)


@pytest.mark.parametrize("n", [1, 2, 3, 8, 30])
def test_polygamma_obeys_the_recurrence_on_both_sides_of_zero(n, generator):
    x = np.concatenate([generator.uniform(0.1, 20, 200), -generator.uniform(0.1, 20, 200)])
    step = (-1.0) ** n * float(np.prod(np.arange(1.0, n + 1))) / x ** (n + 1)
    one, other = mk.polygamma(n, x + 1), mk.polygamma(n, x) + step
    # The recurrence cancels next to the poles.
    scale = abs(one) + abs(mk.polygamma(n, x)) + abs(step)
    assert np.max(abs(one - other) / scale) <= 64 * (n + 1) * ULP
    assert mk.polygamma(0, x).tolist() == mk.digamma(x).tolist()


def test_trigamma_far_below_zero_takes_no_longer_than_elsewhere():
    # sin(π·x) is 1: trigamma(x) = π² − trigamma(1 − x), and that is 1e-12.
    assert mk.polygamma(1, np.array([-1e12 - 0.5]))[0] == pytest.approx(np.pi**2, rel=1e-11)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", [*UNARY, "polygamma1"])
def test_any_layout_gives_the_results_of_the_contiguous_array(name, dtype, in_layout, generator):
    x = generator.uniform(0.1, 0.9, (5, 7)).astype(dtype)
    assert np.array_equal(function_of(name)(in_layout(x)), function_of(name)(x))


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (1,), (17,), (2, 3, 4)])
def test_any_shape(shape):
    for name in [*UNARY, "polygamma1"]:
        result = function_of(name)(np.full(shape, 0.5))
        assert result.shape == shape
        assert np.all(result == function_of(name)(np.array([0.5]))[0])


@pytest.mark.parametrize(
    ("call", "error", "part"),
    [
        (lambda: mk.erfc([1.0]), TypeError, "erfc: needed an array of float32 or float64, came list"),
        (lambda: mk.lgamma(np.arange(3)), TypeError, "came dtype int64"),
        (lambda: mk.polygamma(-1, np.ones(3)), ValueError, "from 0 to 170, came -1"),
        (lambda: mk.polygamma(171, np.ones(3)), ValueError, "came 171"),
    ],
)
def test_errors_say_what_was_needed_and_what_came(call, error, part):
    with pytest.raises(error, match=re.escape(part)):
        call()


def test_the_coefficients_are_those_that_the_script_derives():
    pytest.importorskip("mpmath")
    from tests.kernels import derive_special_coefficients as script

    for fit in script.FITS:
        coefficients, _ = script.minimax(fit, fit.degrees[1])
        kept = getattr(special_polynomials, fit.name.partition(":")[0])
        assert tuple(float(each) for each in coefficients[::-1]) == kept
    high, low = special_polynomials.DIGAMMA_ROOT_HIGH, special_polynomials.DIGAMMA_ROOT_LOW
    assert (high, low) == (float(script.ROOT), float(script.ROOT - high))
