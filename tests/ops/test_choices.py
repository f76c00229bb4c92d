"""A choice between many numbers is made by their bits, and is the one that NumPy makes."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.ops.choices import MANY, chosen

NAN, INFINITY = float("nan"), float("inf")
SPECIAL = [0.0, -0.0, NAN, -NAN, INFINITY, -INFINITY, 1.5, 1e-40]


def numbers(size, dtype, seed):
    rng = np.random.Generator(np.random.PCG64(seed))
    if np.dtype(dtype).kind == "f":
        return rng.choice(SPECIAL, size).astype(dtype)
    return rng.integers(-5, 5, size).astype(dtype)


def bits(array):
    """Return the bytes of an array: NaN is itself, and 0 is not -0."""
    return np.ascontiguousarray(array).view(np.uint8)


@pytest.mark.parametrize("size", [MANY - 1, MANY, MANY + 3])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64", "int8", "bool"])
def test_a_choice_is_numpys_to_the_last_bit(dtype, size):
    condition = numbers(size, "int8", 0) > 0
    x, y = numbers(size, dtype, 1), numbers(size, dtype, 2)
    for one, other in ((x, y), (x, y[:1]), (x[0], y), (x[:1], y)):
        expected = np.where(condition, one, other)
        got = chosen(condition, np.asarray(one), np.asarray(other))
        assert got.dtype == expected.dtype
        np.testing.assert_array_equal(bits(got), bits(expected))


@pytest.mark.parametrize("number", [0, 0.0, -0.0, 1.5, NAN, 2])
def test_a_number_takes_the_dtype_of_the_array_beside_it(number):
    condition, x = numbers(MANY, "int8", 0) > 0, numbers(MANY, "float32", 1)
    for one, other in ((x, number), (number, x)):
        got, expected = chosen(condition, one, other), np.where(condition, one, other)
        assert got.dtype == np.float32
        np.testing.assert_array_equal(bits(got), bits(expected))


def test_the_layouts_and_shapes_need_not_be_the_same():
    condition = (numbers(64 * 64, "int8", 0) > 0).reshape(64, 64)
    x, y = numbers(64 * 64, "float64", 1).reshape(64, 64), numbers(64, "float64", 2)
    for one, other in ((x.T, y), (x[::-1], x.T), (y[:, None], x), (x[:, ::-1], y)):
        for test in (condition, condition.T, condition[:, ::-1]):
            np.testing.assert_array_equal(bits(chosen(test, one, other)), bits(np.where(test, one, other)))


def test_a_choice_of_many_has_its_derivative():
    condition = numbers(MANY, "int8", 0) > 0
    x, y = mg.ones(MANY, requires_grad=True), mg.ones(MANY, requires_grad=True)
    mg.where(mg.tensor(condition), x, y).sum().backward()
    assert np.array_equal(x.grad.numpy(), condition)
    assert np.array_equal(y.grad.numpy(), ~condition)
