"""A linear layer and its gradients are what the definition says, for every layout, shape and activation."""

import itertools
import math
import os
import re
import subprocess
import sys

import numpy as np
import pytest

import minigrad_kernels as mk
from minigrad_kernels import machine

AS_PYTHON = os.environ.get("MINIGRAD_PYTHON_KERNELS", "0") not in ("", "0")
FLOATS = [np.float32, np.float64]
ACTIVATIONS = ["none", "relu", "tanh", "sigmoid"]
# (rows, in, out): odd sizes around vectors of 4 to 16 numbers, biases that are repeated and that are not.
SHAPES = [(1, 1, 1), (2, 3, 5), (7, 4, 1), (17, 5, 10), (33, 2, 3), (3, 6, 130), (19, 7, 16), (5, 1, 300)]


def activated(total, activation):
    """The activation of a Python float."""
    if activation == "relu":
        return 0.0 if total <= 0 else total
    if activation == "tanh":
        return math.tanh(total)
    return 1 / (1 + math.exp(-total)) if activation == "sigmoid" else total


def naive_linear(x, weight, bias, activation):
    """The definition in plain loops; also the sizes of the terms of each sum, for its rounding."""
    out, sizes = np.zeros((2, len(x), len(weight)))
    for i, j in itertools.product(range(len(x)), range(len(weight))):
        terms = [float(a) * float(b) for a, b in zip(x[i], weight[j])] + [float(bias[j])]
        out[i, j] = activated(math.fsum(terms), activation)
        sizes[i, j] = sum(map(abs, terms))
    return out, sizes


def naive_backward(grad, x, weight, result, activation):
    """The gradients of all three, as sums over plain loops, and the sizes of their terms."""
    rows, n, k = *grad.shape, x.shape[1]
    gradients = [np.zeros((2, rows, k)), np.zeros((2, n, k)), np.zeros((2, n))]
    for i, j in itertools.product(range(rows), range(n)):
        value = float(result[i, j])
        slope = {"none": 1.0, "relu": float(value > 0), "tanh": 1 - value**2, "sigmoid": value * (1 - value)}
        inner = float(grad[i, j]) * slope[activation]
        gradients[2][:, j] += inner, abs(inner)
        for p in range(k):
            gradients[0][:, i, p] += inner * weight[j, p], abs(inner * weight[j, p])
            gradients[1][:, j, p] += inner * x[i, p], abs(inner * x[i, p])
    return gradients


def operands(generator, dtype, rows, k, n):
    """x, weight, bias and grad."""
    return [generator.standard_normal(shape).astype(dtype) for shape in [(rows, k), (n, k), (n,), (rows, n)]]


def assert_linear(result, x, weight, bias, activation, exact=None):
    """Products and sums, k of each, round once; no activation enlarges that, and it may be 4 ulp off itself."""
    if exact is None:
        total = x.astype(float) @ weight.T.astype(float) + bias
        exact = np.vectorize(activated, otypes=[float])(total, activation)
        sizes = abs(x.astype(float)) @ abs(weight.T.astype(float)) + abs(bias)
    else:
        exact, sizes = exact
    eps = np.finfo(result.dtype).eps
    assert result.shape == exact.shape
    assert np.all(abs(result - exact) <= eps * (2 * (x.shape[-1] + 3) * sizes + 4))


def assert_gradients(gradients, twins):
    """Sums of as many products as are summed, each with 4 more roundings for the slope of the activation."""
    terms = [twins[1].shape[1], twins[0].shape[1], twins[0].shape[1]]
    for gradient, (exact, sizes), count in zip(gradients, twins, terms):
        assert gradient.shape == exact.shape
        # 1 − result² is a difference: its rounding counts in units of 1 and not of itself, hence the constant.
        bound = 2 * (count + 6) * np.finfo(gradient.dtype).eps * (sizes + 10)
        assert np.all(abs(gradient - exact) <= bound)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("shape", SHAPES)
def test_forward_and_backward_match_the_naive_twins(generator, shape, activation, dtype):
    x, weight, bias, grad = operands(generator, dtype, *shape)
    # Twice: the first call compiles, the second takes the shortest way.
    for _ in range(2):
        result = mk.linear(x, weight, bias, activation)
        assert result.dtype == dtype
        assert_linear(result, x, weight, bias, activation, naive_linear(x, weight, bias, activation))
        gradients = mk.linear_backward(grad, x, weight, result, activation)
        assert {gradient.dtype for gradient in gradients} == {np.dtype(dtype)}
        assert_gradients(gradients, naive_backward(grad, x, weight, result, activation))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_without_a_bias_nothing_is_added(generator, activation):
    x, weight, bias, _ = operands(generator, np.float64, 20, 3, 7)
    for _ in range(2):
        result = mk.linear(x, weight, None, activation)
        assert np.array_equal(result, mk.linear(x, weight, np.zeros_like(bias), activation))


@pytest.mark.skipif(AS_PYTHON, reason="plain Python has no vectors")
@pytest.mark.parametrize("bits", [bits for bits in machine.WIDTHS if bits < machine.WIDEST_BITS])
def test_the_kernels_match_the_naive_twins_at_every_narrower_width(bits):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "MINIGRAD_VECTOR_BITS": str(bits)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", __file__, "-k", "and_backward_match"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout[-3000:]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("activation", ["none", "tanh"])
def test_every_layout_of_each_operand(in_layout, generator, activation, dtype):
    x, weight, bias, grad = operands(generator, dtype, 18, 5, 6)
    result = mk.linear(x, weight, bias, activation)
    tall = np.repeat(bias[:, None], 2, axis=1)
    for arguments in [
        (in_layout(x), weight, bias),
        (x, in_layout(weight), bias),
        (x, weight, in_layout(tall)[:, 1]),
        (in_layout(x), in_layout(weight), in_layout(tall)[:, 0]),
    ]:
        assert_linear(mk.linear(*arguments, activation), x, weight, bias, activation)
    twins = naive_backward(grad, x, weight, result, activation)
    for i in range(4):
        arguments = [grad, x, weight, result]
        arguments[i] = in_layout(arguments[i])
        assert_gradients(mk.linear_backward(*arguments, activation), twins)
    every = [in_layout(each) for each in (grad, x, weight, result)]
    assert_gradients(mk.linear_backward(*every, activation), twins)


def test_broadcast_operands(generator):
    x, weight, bias = np.broadcast_to(2.0, (4, 3)), np.broadcast_to(3.0, (5, 3)), np.broadcast_to(1.0, 5)
    assert np.array_equal(mk.linear(x, weight, bias, "relu"), np.full((4, 5), 19.0))
    gradients = mk.linear_backward(np.broadcast_to(1.0, (4, 5)), x, weight)
    for gradient, value in zip(gradients, [15.0, 8.0, 4.0]):
        assert np.all(gradient == value)


# Out larger than the block that is finished at a time; sums of more rows than a block; threads by rows and by columns.
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", [(2000, 3, 301), (300, 300, 300), (60, 700, 600), (700, 64, 513), (5000, 2, 10)])
def test_large_layers_and_layers_shared_by_threads(generator, most_work, shape, dtype):
    m, k, n = shape
    if m * k * n > most_work:
        m, k, n = min(m, 70), min(k, 12), min(n, 60)
    x, weight, bias, grad = operands(generator, dtype, m, k, n)
    before = mk.get_num_threads()
    try:
        for threads in (1, 2, 3):
            mk.set_num_threads(threads)
            result = mk.linear(x, weight, bias, "relu")
            assert_linear(result, x, weight, bias, "relu")
            assert_linear(mk.linear(x, weight, bias), x, weight, bias, "none")
            inner = np.where(result > 0, grad, 0).astype(float)
            pairs = [(inner, weight), (inner.T, x), (np.ones((1, m)), inner)]
            twins = [np.stack([a @ b, abs(a) @ abs(b)]) for a, b in pairs]
            twins[2] = twins[2][:, 0]
            assert_gradients(mk.linear_backward(grad, x, weight, result, "relu"), twins)
    finally:
        mk.set_num_threads(before)


def test_x_may_be_a_vector_or_a_stack(generator):
    x, weight, bias, _ = operands(generator, np.float64, 6, 4, 5)
    result = mk.linear(x, weight, bias, "tanh")
    assert mk.linear(x[0], weight, bias, "tanh").shape == (5,)
    np.testing.assert_allclose(mk.linear(x[0], weight, bias, "tanh"), result[0], rtol=1e-14)
    stack = mk.linear(x.reshape(2, 3, 4), weight, bias, "tanh")
    assert np.array_equal(stack, result.reshape(2, 3, 5))
    grad = np.ones_like(stack)
    flat = mk.linear_backward(grad.reshape(6, 5), x, weight, result, "tanh")
    stacked = mk.linear_backward(grad, x.reshape(2, 3, 4), weight, stack, "tanh")
    assert stacked[0].shape == (2, 3, 4)
    for a, b in zip(flat, stacked):
        assert np.array_equal(a.reshape(b.shape), b)


@pytest.mark.parametrize("shape", [(0, 3, 4), (4, 0, 5), (4, 3, 0), (0, 0, 0), (0, 0, 3), (200, 0, 1)])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_axes_without_elements(generator, shape, activation):
    x, weight, bias, grad = operands(generator, np.float32, *shape)
    for _ in range(2):
        result = mk.linear(x, weight, bias, activation)
        expected = [[activated(float(b), activation) for b in bias]] * len(x)
        np.testing.assert_allclose(result, np.reshape(expected, result.shape), rtol=1e-6)
        grad_x, grad_weight, grad_bias = mk.linear_backward(grad, x, weight, result, activation)
        assert (grad_x.shape, grad_weight.shape, grad_bias.shape) == (x.shape, weight.shape, bias.shape)
        if shape[0] == 0:
            assert not grad_weight.any()
            assert not grad_bias.any()


def test_only_the_gradients_that_are_needed_are_computed(generator):
    x, weight, _, grad = operands(generator, np.float64, 20, 3, 4)
    result = mk.linear(x, weight)
    every = mk.linear_backward(grad, x, weight, result, "sigmoid")
    for needs in itertools.product([True, False], repeat=3):
        for_x, for_weight, for_bias = needs
        some = mk.linear_backward(
            grad, x if for_weight else None, weight if for_x else None, result, "sigmoid", for_bias
        )
        for gradient, whole, needed in zip(some, every, needs):
            assert np.array_equal(gradient, whole) if needed else gradient is None


def test_nan_and_infinity_as_in_ieee_754():
    x = np.array([[np.nan, 1.0], [np.inf, 1.0], [-np.inf, 1.0], [1.0, 1.0]])
    weight = np.array([[1.0, 0.0]])
    for _ in range(2):
        result = mk.linear(x, weight, np.array([0.0]), "relu")
        assert np.array_equal(result[:, 0], [np.nan, np.inf, 0.0, 1.0], equal_nan=True)
        sigmoid = mk.linear(x, weight, np.array([np.inf]), "sigmoid")
        assert np.array_equal(sigmoid[:, 0], [np.nan, 1.0, np.nan, 1.0], equal_nan=True)
        grad = np.array([[1.0], [np.nan], [np.inf], [2.0]])
        inner = mk.linear_backward(grad, None, np.ones((1, 1)), result, "relu")
        # As `relu_backward`: the gradient passes where the result is NaN, and is 0, not inf·0, where it is 0.
        assert np.array_equal(inner[0][:, 0], [1.0, np.nan, 0.0, 2.0], equal_nan=True)
        assert np.isnan(inner[2][0])


def test_the_result_is_written_to_out_whatever_its_layout_and_content(generator):
    x, weight, bias, _ = operands(generator, np.float64, 4, 4, 5)
    expected = mk.linear(x, weight, bias, "tanh")
    for out in (np.full((4, 5), np.nan), np.empty((5, 4)).T, np.empty((8, 10))[::2, ::2]):
        assert mk.linear(x, weight, bias, "tanh", out) is out
        assert np.array_equal(out, expected)


@pytest.mark.parametrize("which", [0, 1])
def test_out_may_overlap_the_operands(generator, which):
    x, weight, bias, _ = operands(generator, np.float64, 4, 4, 4)
    expected = mk.linear(x, weight, bias, "relu")
    out = (x, weight)[which]
    assert np.array_equal(mk.linear(x, weight, bias, "relu", out), expected)


def test_the_gradient_of_a_bias_is_accurate_for_many_rows(generator, many):
    grad = (generator.random((many, 3)) + 0.5).astype(np.float32)
    sums = mk.linear_backward(grad, None, None)[2]
    exact = grad.sum(axis=0, dtype=np.float64)
    # Blocks of 32 numbers in float32, their totals in float64, one rounding at the end.
    assert np.all(abs(sums - exact) <= 33 * np.finfo(np.float32).eps * exact)


def test_the_operands_stay_as_they_are_and_the_bits_the_same(generator):
    arrays = operands(generator, np.float32, 50, 20, 30)
    copies = [array.copy() for array in arrays]
    x, weight, bias, grad = arrays
    first = mk.linear(x, weight, bias, "tanh")
    gradients = mk.linear_backward(grad, x, weight, first, "tanh")
    for array, copy in zip(arrays, copies):
        assert np.array_equal(array, copy)
    for _ in range(3):
        assert np.array_equal(mk.linear(*copies[:3], "tanh"), first)
        again = mk.linear_backward(copies[3], copies[0], copies[1], first, "tanh")
        assert all(map(np.array_equal, again, gradients))


def test_other_byte_orders_and_subclasses_are_converted(generator):
    x, weight, bias, grad = operands(generator, np.float32, 4, 3, 2)
    result = mk.linear(x, weight, bias)
    swapped = mk.linear(x.astype(">f4"), weight.view(np.matrix), bias)
    assert type(swapped) is np.ndarray
    assert swapped.dtype == np.dtype(np.float32)
    assert np.array_equal(swapped, result)
    for a, b in zip(mk.linear_backward(grad.astype(">f4"), x, weight), mk.linear_backward(grad, x, weight)):
        assert np.array_equal(a, b)


def ones(*shape, dtype=np.float32):
    return np.ones(shape, dtype)


@pytest.mark.parametrize(
    ("call", "error", "parts"),
    [
        (lambda: mk.linear(ones(2, 3), ones(4, 2)), ValueError, ["(2, 3)", "(4, 2)", "(..., in)", "reshape"]),
        (lambda: mk.linear(ones(2, 3), ones(3, 2)), ValueError, ["(2, 3)", "(3, 2)", "did you mean weight.T?"]),
        (lambda: mk.linear(ones(2, 3), ones(4, 3), ones(3)), ValueError, ["(3,)", "a bias with 4 numbers"]),
        (lambda: mk.linear(ones(2, 3), ones(4, 3), ones(1, 4)), ValueError, ["bias of shape (1, 4)"]),
        (lambda: mk.linear(ones(0, 3), ones(4, 3), ones(3)), ValueError, ["(3,)", "a bias with 4 numbers"]),
        (lambda: mk.linear(ones(), ones(4, 3)), ValueError, ["x of shape ()"]),
        (lambda: mk.linear(ones(2, 3), ones(3)), ValueError, ["a weight of shape (3,)"]),
        (lambda: mk.linear(ones(2, 3), ones(4, 3), ones(4), "gelu"), ValueError, ["'relu'", "came 'gelu'", "apply"]),
        (lambda: mk.linear(ones(2, 3, dtype=int), ones(4, 3)), TypeError, ["x as an array", "int64", "np.asarray(x"]),
        (lambda: mk.linear(ones(2, 3, dtype=int), ones(4, 3, dtype=int)), TypeError, ["int64", "float32 or float64"]),
        (lambda: mk.linear(ones(2, 3), ones(4, 3), ones(4, dtype=float)), TypeError, ["float32 and bias of float64"]),
        (lambda: mk.linear(ones(2, 3), [[1.0] * 3]), TypeError, ["weight as an array", "came list"]),
        (lambda: mk.linear(ones(2, 3), ones(4, 3), None, "none", ones(4, 2)), ValueError, ["(2, 4)", "(4, 2)"]),
        (lambda: mk.linear(ones(2, 3), ones(4, 3), out=np.broadcast_to(np.float32(1), (2, 4))), ValueError, ["=False"]),
        (lambda: mk.linear_backward(ones(2, 4), ones(2, 3), ones(4, 2)), ValueError, ["(2, 3)", "(4, 2)"]),
        (
            lambda: mk.linear_backward(ones(2, 3), ones(2, 3), ones(4, 3)),
            ValueError,
            ["grad and result of shape (..., out)", "grad (2, 3)", "weight (4, 3)"],
        ),
        (lambda: mk.linear_backward(ones(2, 4), ones(2, 3), ones(4, 3), None, "relu"), ValueError, ["result of relu"]),
        (
            lambda: mk.linear_backward(ones(2, 4), ones(2, 3), ones(4, 3), ones(2, 5), "relu"),
            ValueError,
            ["grad (2, 4)", "result (2, 5)", "of the same call"],
        ),
        (lambda: mk.linear_backward(ones(2, 4), ones(2, 3, dtype=int), ones(4, 3)), TypeError, ["x as an", "int64"]),
    ],
)
def test_errors_say_what_was_needed_and_what_came(call, error, parts):
    # After a call that fits too, when the shortest way is open.
    mk.linear(ones(2, 2), ones(2, 2))
    mk.linear_backward(ones(2, 2), ones(2, 2), ones(2, 2))
    with pytest.raises(error, match=re.escape("needed")) as caught:
        call()
    for part in parts:
        assert part in str(caught.value)
