"""Starting values: their distributions, their seeds, and what cannot be filled."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad.nn import Parameter, init

# Of 40,000 draws the standard deviation varies by 0.4 %.
SPREAD = 0.02

STANDARD_DEVIATIONS = {
    "uniform_": (lambda w, g: init.uniform_(w, -2, 4, generator=g), 6 / math.sqrt(12)),
    "normal_": (lambda w, g: init.normal_(w, 1, 3, generator=g), 3),
    "xavier_uniform_": (lambda w, g: init.xavier_uniform_(w, gain=2, generator=g), 2 * math.sqrt(2 / 500)),
    "xavier_normal_": (lambda w, g: init.xavier_normal_(w, generator=g), math.sqrt(2 / 500)),
    "kaiming_uniform_": (
        lambda w, g: init.kaiming_uniform_(w, nonlinearity="relu", generator=g),
        math.sqrt(2 / 400),
    ),
    "kaiming_uniform_ with a slope": (
        lambda w, g: init.kaiming_uniform_(w, a=math.sqrt(5), generator=g),
        math.sqrt(1 / 3 / 400),
    ),
    "kaiming_normal_": (
        lambda w, g: init.kaiming_normal_(w, mode="fan_out", nonlinearity="tanh", generator=g),
        5 / 3 / math.sqrt(100),
    ),
    # The variance of a normal number cut at ±2 standard deviations is 0.7737.
    "trunc_normal_": (lambda w, g: init.trunc_normal_(w, generator=g), math.sqrt(0.7737)),
}


@pytest.mark.parametrize("name", STANDARD_DEVIATIONS)
def test_numbers_spread_as_they_should(name):
    fill, expected = STANDARD_DEVIATIONS[name]
    w = Parameter(np.zeros((100, 400), np.float32))
    assert fill(w, mg.Generator(4)) is w
    assert w.detach().numpy().std() == pytest.approx(expected, rel=SPREAD)
    again = Parameter(np.zeros((100, 400), np.float32))
    fill(again, mg.Generator(4))
    assert again.tolist() == w.tolist()


def test_what_is_filled_stays_a_leaf_that_requires_grad():
    w = Parameter(np.zeros((3, 3)))
    for fill in (init.ones_, init.zeros_, init.eye_, init.orthogonal_, init.xavier_normal_, init.trunc_normal_):
        fill(w)
        assert w.is_leaf
        assert w.requires_grad


def test_constants():
    w = mg.empty(2, 3)
    assert init.constant_(w, 0.5).tolist() == [[0.5] * 3] * 2
    assert init.ones_(w).tolist() == [[1.0] * 3] * 2
    assert init.zeros_(w).tolist() == [[0.0] * 3] * 2
    assert init.eye_(w).tolist() == [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]


def test_a_truncated_normal_stays_in_its_bounds_in_the_tails_too():
    w = mg.empty(1000)
    for a, b in [(-1.0, 0.5), (4.0, 5.0), (-9.0, -8.5)]:
        array = init.trunc_normal_(w, 0, 1, a, b).numpy()
        assert a <= array.min() < array.max() <= b
        # Of 1000 draws some come near both bounds; the tail at -9 falls by a factor 70 over its range.
        assert len(np.unique(array)) > 900


@pytest.mark.parametrize("shape", [(3, 5), (5, 3), (4, 4), (2, 3, 4)])
def test_an_orthogonal_matrix_has_orthonormal_rows_or_columns(shape):
    w = init.orthogonal_(mg.empty(shape, dtype=mg.float64), gain=2, generator=mg.Generator(0)).numpy()
    matrix = w.reshape(shape[0], -1)
    product = matrix @ matrix.T if shape[0] <= matrix.shape[1] else matrix.T @ matrix
    # A few roundings of numbers of order 1.
    np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=1e-13)


def test_a_weight_of_more_axes_counts_its_field():
    w = init.kaiming_uniform_(mg.empty(50, 20, 3, 3), a=1, generator=mg.Generator(0)).numpy()
    bound = math.sqrt(3 / (20 * 9))
    assert 0.999 * bound < np.abs(w).max() <= bound


def test_gains():
    assert init.calculate_gain("linear") == 1
    assert init.calculate_gain("relu") == math.sqrt(2)
    assert init.calculate_gain("leaky_relu", 1) == 1
    assert init.calculate_gain("leaky_relu") == math.sqrt(2 / (1 + 0.01**2))


@pytest.mark.parametrize(
    ("call", "error", "parts"),
    [
        (lambda: init.xavier_uniform_(mg.empty(3)), ValueError, ["xavier_uniform_", "(out, in, ...)", "(3,)"]),
        (lambda: init.kaiming_normal_(mg.empty(3)), ValueError, ["kaiming_normal_", "(3,)"]),
        (lambda: init.orthogonal_(mg.empty(3)), ValueError, ["orthogonal_", "(3,)"]),
        (lambda: init.eye_(mg.empty(3)), ValueError, ["eye_", "matrix", "(3,)"]),
        (lambda: init.uniform_(mg.tensor([1])), TypeError, ["uniform_", "floating Tensor", "int64"]),
        (lambda: init.normal_(np.ones(2)), TypeError, ["normal_", "Tensor"]),
        (lambda: init.uniform_(mg.empty(2), 1, 0), ValueError, ["uniform_", "1", "0"]),
        (lambda: init.normal_(mg.empty(2), 0, -1), ValueError, ["normal_", "std", "-1"]),
        (lambda: init.trunc_normal_(mg.empty(2), 0, 1, 2, 1), ValueError, ["trunc_normal_", "a < b"]),
        (lambda: init.kaiming_uniform_(mg.empty(2, 2), mode="fan"), ValueError, ["mode", "'fan'"]),
        (lambda: init.calculate_gain("swish"), ValueError, ["'swish'", "leaky_relu", "relu"]),
        (lambda: init.calculate_gain("leaky_relu", "x"), TypeError, ["slope", "'x'"]),
    ],
)
def test_what_cannot_be_filled_is_named(call, error, parts):
    with pytest.raises(error) as caught:
        call()
    for part in parts:
        assert part in str(caught.value)
