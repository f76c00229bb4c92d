"""exp, log, tanh, sigmoid, erf, relu and sign are right to the last places, for every layout, and at every edge."""

import importlib.util
import math
import re
from decimal import Decimal, localcontext
from pathlib import Path

import numba
import numpy as np
import pytest

import minigrad_kernels as mk
from minigrad_kernels import elementwise_loops, polynomials, run
from minigrad_kernels.array_objects import ArrayObject

FLOATS = [np.float32, np.float64]
MATHS = ["exp", "log", "tanh", "sigmoid", "erf"]
# Measured by tests/benchmarks/ulp_sweep.py; they hold without fused multiply-add too, as in plain Python.
LIMITS = {np.float32: 2.0, np.float64: 4.0}
# math.erf is within 1 ulp itself.
OF_MATH_ERF = 1.0


def as_python():
    return run(elementwise_loops.exp_all) is getattr(elementwise_loops.exp_all, "py_func", elementwise_loops.exp_all)


def naive(name, x):
    """The function of one Python float, as a Decimal of 40 digits (erf: of 17)."""
    number = Decimal(x)
    if name == "exp":
        return number.exp()
    if name == "log":
        return number.ln()
    if name == "sigmoid":
        return 1 / (1 + (-number).exp())
    if name == "tanh":
        # Below 10⁻¹² the series' third term, 2x⁵/15, is below 10⁻⁴⁸ of the first.
        if abs(x) < 1e-12:
            return number - number**3 / 3
        power = (2 * number).exp()
        return (power - 1) / (power + 1)
    return Decimal(math.erf(x))


def ulp_error(value, exact, dtype):
    """How far a result is from the exact one, in units of the last place of the exact one."""
    info = np.finfo(dtype)
    if math.isinf(value):
        # The number after the largest.
        value = math.copysign(2.0, value) * float(2.0 ** (info.maxexp - 1)) if dtype == np.float32 else None
    number = Decimal(2) ** info.maxexp if value is None else Decimal(value)
    exact = min(max(exact, -(Decimal(2) ** info.maxexp)), Decimal(2) ** info.maxexp)
    exponent = info.minexp
    if abs(exact) > Decimal(2) ** info.minexp:
        exponent = math.frexp(float(exact))[1] - 1 if abs(exact) < Decimal(2) ** 1023 else 1023
    return float(abs(number - exact) / Decimal(2) ** min(exponent - info.nmant, info.maxexp))


def assert_within_limits(name, x):
    results = getattr(mk, name)(x)
    dtype = x.dtype.type
    assert results.dtype == x.dtype
    limit = LIMITS[dtype] + (OF_MATH_ERF if name == "erf" and dtype == np.float64 else 0)
    with localcontext() as context:
        context.prec = 40
        context.Emin, context.Emax = -(10**6), 10**6
        for number, result in zip(x.tolist(), results.tolist()):
            error = ulp_error(result, naive(name, number), dtype)
            assert error <= limit, f"{name}({number!r}) = {result!r} is off by {error} ulp"


def usual_numbers(name, dtype, generator, count):
    """Numbers of both signs where the function is neither 0 nor constant, evenly spaced in the logarithm."""
    largest = {"exp": 88.0 if dtype == np.float32 else 709.0, "tanh": 22.0, "erf": 6.5, "sigmoid": 87.0}.get(name, 1e30)
    x = np.exp(generator.uniform(math.log(1e-30), math.log(largest), count)).astype(dtype)
    return x if name == "log" else x * generator.choice([-1, 1], count).astype(dtype)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", MATHS)
def test_thousands_of_results_are_within_the_limit(name, dtype, generator):
    assert_within_limits(name, usual_numbers(name, dtype, generator, 200 if as_python() else 4000))


@pytest.mark.parametrize("name", MATHS)
def test_a_million_float32_results_are_within_two_ulp_of_the_float64_ones(name, generator):
    count = 2000 if as_python() else 1_000_000
    x = generator.integers(0, 1 << 32, count, dtype=np.uint32).view(np.float32)
    with np.errstate(all="ignore"):
        wide = getattr(mk, name)(x.astype(np.float64))
        result = getattr(mk, name)(x)
        exact = wide.astype(np.float32)
    # One ulp of what float64 rounds to, halved where that is a power of two: a narrower test than the sweep's.
    finite = np.isfinite(exact)
    size = np.maximum(np.nextafter(abs(exact[finite]), np.float32(np.inf)) - abs(exact[finite]), np.float32(2.0**-149))
    error = abs(result[finite].astype(np.float64) - wide[finite]) / size
    assert np.array_equal(np.isnan(result), np.isnan(exact))
    assert np.array_equal(result[np.isinf(exact)], exact[np.isinf(exact)])
    assert error.max() <= LIMITS[np.float32]


@pytest.mark.parametrize("dtype", FLOATS)
def test_around_every_power_of_two_results_are_within_the_limit(dtype):
    powers = 2.0 ** np.arange(-30, 5)
    for name in MATHS:
        x = np.concatenate([powers, np.nextafter(powers, 0), np.nextafter(powers, 100)]).astype(dtype)
        assert_within_limits(name, x)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize(
    ("name", "of_nan", "of_infinity", "of_minus_infinity", "of_zero"),
    [
        ("exp", np.nan, np.inf, 0.0, 1.0),
        ("log", np.nan, np.inf, np.nan, -np.inf),
        ("tanh", np.nan, 1.0, -1.0, 0.0),
        ("sigmoid", np.nan, 1.0, 0.0, 0.5),
        ("erf", np.nan, 1.0, -1.0, 0.0),
        ("relu", np.nan, np.inf, 0.0, 0.0),
        ("sign", 0.0, 1.0, -1.0, 0.0),
    ],
)
def test_special_values_follow_ieee_754(name, of_nan, of_infinity, of_minus_infinity, of_zero, dtype):
    function = getattr(mk, name)
    x = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0], dtype)
    # 40 elements run the vector loop, 5 the scalar one.
    for repeats in (1, 8):
        result = function(np.tile(x, repeats))
        assert np.array_equal(
            result, np.tile([of_nan, of_infinity, of_minus_infinity, of_zero, of_zero], repeats), True
        )
    if name in ("tanh", "erf"):
        assert np.array_equal(np.signbit(function(x[3:])), [False, True])


@pytest.mark.parametrize("dtype", FLOATS)
def test_overflow_underflow_and_subnormals(dtype):
    info = np.finfo(dtype)
    largest, smallest = math.log(info.max), math.log(info.smallest_subnormal)
    x = np.array([largest + 0.1, 1e30, smallest - 0.8, -1e30], dtype)
    assert np.array_equal(mk.exp(x), [np.inf, np.inf, 0.0, 0.0])
    subnormal = np.linspace(smallest, math.log(info.smallest_normal), 50).astype(dtype)
    assert_within_limits("exp", subnormal)
    assert_within_limits("sigmoid", subnormal)
    tiny = (info.smallest_subnormal * np.array([1, 2, 3, 1000])).astype(dtype)
    assert_within_limits("log", tiny)
    assert np.array_equal(mk.tanh(tiny), tiny)
    assert np.isnan(mk.log(-tiny)).all()


@pytest.mark.parametrize("dtype", FLOATS)
def test_any_layout_gives_the_results_of_the_contiguous_array(in_layout, dtype, generator):
    x = generator.uniform(0.1, 2, (5, 7)).astype(dtype)
    grad = generator.standard_normal((5, 7)).astype(dtype)
    for name in [*MATHS, "relu", "sign"]:
        function = getattr(mk, name)
        expected = function(x)
        assert np.array_equal(function(in_layout(x)), expected)
        out = in_layout(np.empty_like(x))
        if out.flags.writeable:
            assert function(in_layout(x), out=out) is out
            assert np.array_equal(out, expected)
            there = in_layout(x)
            assert np.array_equal(function(there, out=there), expected)
    for name in ["relu_backward", "tanh_backward", "sigmoid_backward"]:
        function = getattr(mk, name)
        assert np.array_equal(function(in_layout(grad), in_layout(x)), function(grad, x))
        assert np.array_equal(function(grad, in_layout(x)), function(grad, x))


def test_transposed_arrays_give_transposed_results():
    assert mk.exp(np.zeros((3, 2)).T).strides == np.zeros((3, 2)).T.strides


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (1,), (1, 1, 1), (17,), (2, 3, 4)])
def test_any_shape(shape):
    assert np.array_equal(mk.exp(np.zeros(shape)), np.ones(shape))
    assert mk.relu(np.ones(shape)).shape == shape
    assert mk.relu_backward(np.ones(shape), np.ones(shape)).shape == shape


@pytest.mark.parametrize("size", range(1, 70, 4))
def test_odd_sizes_end_where_the_array_ends(size):
    memory = np.full(size + 2, 7.0, np.float32)
    mk.exp(np.zeros(size, np.float32), out=memory[1:-1])
    assert np.array_equal(memory, [7.0] + [1.0] * size + [7.0])


@pytest.mark.parametrize("offset", [1, 3])
def test_overlapping_memory_is_read_before_it_is_written(offset, generator):
    memory = generator.standard_normal(200)
    expected = mk.exp(memory[:-offset])
    mk.exp(memory[:-offset], out=memory[offset:])
    assert np.array_equal(memory[offset:], expected)
    expected = mk.tanh_backward(memory[:-offset], memory[offset:])
    mk.tanh_backward(memory[:-offset], memory[offset:], out=memory[:-offset])
    assert np.array_equal(memory[:-offset], expected)


def naive_backward(name, grad, result):
    """The gradient of one element."""
    if name == "relu_backward":
        return 0.0 if result <= 0 else grad
    if name == "tanh_backward":
        return grad * (1 - result * result)
    return grad * result * (1 - result)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", ["relu_backward", "tanh_backward", "sigmoid_backward"])
def test_gradients_match_their_naive_twins(name, dtype, generator):
    grad = generator.standard_normal(103).astype(dtype)
    result = generator.uniform(-1, 1, 103).astype(dtype)
    result[::10] = 0
    expected = [naive_backward(name, float(g), float(r)) for g, r in zip(grad, result)]
    # Three roundings of numbers up to 2·|grad|.
    assert np.all(abs(getattr(mk, name)(grad, result) - expected) <= 3 * 2 * np.finfo(dtype).eps * abs(grad))


@pytest.mark.parametrize("dtype", FLOATS)
def test_signs_match_their_naive_twin(dtype, generator):
    x = np.round(generator.standard_normal(103)).astype(dtype)
    expected = [(number > 0) - (number < 0) for number in x.tolist()]
    assert np.array_equal(mk.sign(x), expected)
    assert set(expected) == {-1, 0, 1}


def test_the_gradient_of_a_nan_result_of_relu_is_grad():
    assert np.array_equal(mk.relu_backward(np.array([2.0, 3.0]), np.array([np.nan, -0.0])), [2.0, 0.0])


@pytest.mark.parametrize(
    ("call", "error", "part"),
    [
        (lambda: mk.exp([1.0]), TypeError, "exp: needed arrays of float32 or float64, came list"),
        (lambda: mk.log(np.arange(3)), TypeError, "came dtype int64"),
        (lambda: mk.tanh(np.ones(3), out=np.ones(3, np.float32)), TypeError, "came float64 and float32"),
        (lambda: mk.erf(np.ones(3), out=np.ones(4)), ValueError, "came (3,) and (4,)"),
        (lambda: mk.sigmoid(np.ones(3), out=np.broadcast_to(1.0, 3)), ValueError, "read-only"),
        (lambda: mk.relu_backward(np.ones(3), np.ones((3, 1))), ValueError, "came (3,) and (3, 1)"),
        (lambda: mk.relu_backward(np.ones(3), np.ones(3, np.float32)), TypeError, "float64 and float32"),
    ],
)
def test_errors_say_what_was_needed_and_what_came(call, error, part):
    with pytest.raises(error, match=re.escape(part)):
        call()


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", [*MATHS, "relu", "sign"])
def test_the_loops_are_vectorised(name, dtype):
    loop = getattr(elementwise_loops, name + "_all")
    if as_python() or not hasattr(loop, "inspect_asm"):
        pytest.skip("only compiled code has instructions")
    # Not from the disk cache, which keeps no assembly.
    fresh = type(loop)(loop.py_func, targetoptions={**loop.targetoptions})
    fresh.compile((ArrayObject(numba.from_dtype(np.dtype(dtype))),) * 2)
    (assembly,) = fresh.inspect_asm().values()
    # Vectors of x86-64 (packed single, packed double) or of NEON.
    packed = rf"v?(mul|max|cmp\w*|blendv|and|andn|add){'ps' if dtype == np.float32 else 'pd'}\s"
    neon = rf"v\d+\.{'4s' if dtype == np.float32 else '2d'}"
    assert re.search(packed, assembly) or re.search(neon, assembly)


def test_the_coefficients_are_those_that_the_script_derives():
    pytest.importorskip("mpmath")
    path = Path(__file__).with_name("derive_coefficients.py")
    spec = importlib.util.spec_from_file_location("derive_coefficients", path)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    derived = []
    for fit in script.FITS:
        for dtype, degree in zip(FLOATS, fit.degrees):
            if degree >= 0:
                coefficients, _ = script.minimax(fit, degree)
                derived.append(tuple(dtype(each) for each in coefficients[::-1]))
    kept = [getattr(polynomials, name) for name in vars(polynomials) if name.isupper()]
    assert derived == kept
