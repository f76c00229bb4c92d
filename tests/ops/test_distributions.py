"""Draws by tensors of parameters: normal numbers, places by weight, ones by probability."""

import numpy as np
import pytest

import minigrad as mg

# Of n draws the share of an outcome differs from its probability p by less than five standard deviations,
# 5 sqrt(p (1 - p) / n) <= 5 * 0.5 / sqrt(n); the seed is fixed, so that it does so always or never.
DRAWS = 40_000
FIVE = 2.5 / DRAWS**0.5


@pytest.fixture
def generator():
    return mg.Generator(3)


def test_normal_numbers_have_the_means_and_deviations_of_their_tensors(generator):
    mean, std = mg.tensor([[0.0], [10.0]]), mg.tensor([1.0, 2.0])
    drawn = np.stack([mg.normal(mean, std, generator=generator).numpy() for _ in range(4000)])
    # The standard error of a mean of 4000 is std / 63, that of a deviation std / 89.
    np.testing.assert_allclose(drawn.mean(0), [[0, 0], [10, 10]], atol=5 * 2 / 63)
    np.testing.assert_allclose(drawn.std(0), [[1, 2], [1, 2]], atol=5 * 2 / 89)


def test_normal_takes_numbers_with_a_size_and_follows_the_dtype_of_tensors(generator):
    drawn = mg.normal(3.0, 0.0, (2, 3), dtype=mg.float64, generator=generator, requires_grad=True)
    assert (drawn.shape, drawn.dtype, drawn.requires_grad) == ((2, 3), mg.float64, True)
    assert drawn.tolist() == [[3.0] * 3] * 2
    assert mg.normal(mg.zeros(2), mg.ones(2, dtype=mg.float64)).dtype == mg.float32
    assert mg.normal(1.0, mg.zeros(2, dtype=mg.float64)).tolist() == [1, 1]
    assert mg.normal(mean=0.0, std=1.0, size=(4,)).shape == (4,)


def test_the_gradient_of_means_deviations_and_probabilities_is_zero():
    mean, std, p = (mg.full((2,), 0.5, requires_grad=True) for _ in range(3))
    (mg.normal(mean, std) + mg.zeros(2).bernoulli_(p)).sum().backward()
    assert [each.grad.tolist() for each in (mean, std, p)] == [[0, 0]] * 3


def test_places_are_drawn_as_often_as_their_weights_say(generator):
    weights = mg.tensor([1.0, 0.0, 2.0, 5.0])
    drawn = mg.multinomial(weights, DRAWS, replacement=True, generator=generator)
    np.testing.assert_allclose(np.bincount(drawn.numpy()) / DRAWS, [1 / 8, 0, 2 / 8, 5 / 8], atol=FIVE)


def test_without_replacement_the_second_place_is_drawn_from_the_rest(generator):
    weights = mg.tensor([1.0, 0.0, 2.0, 5.0]).expand(DRAWS, 4)
    drawn = weights.multinomial(2, generator=generator).numpy()
    assert (drawn[:, 0] != drawn[:, 1]).all()
    np.testing.assert_allclose(np.bincount(drawn[:, 0]) / DRAWS, [1 / 8, 0, 2 / 8, 5 / 8], atol=FIVE)
    second = [2 / 8 * 1 / 6 + 5 / 8 * 1 / 3, 0, 1 / 8 * 2 / 7 + 5 / 8 * 2 / 3, 1 / 8 * 5 / 7 + 2 / 8 * 5 / 6]
    np.testing.assert_allclose(np.bincount(drawn[:, 1]) / DRAWS, second, atol=FIVE)


def test_the_shape_of_places_is_that_of_the_weights_with_the_number_of_draws_last():
    drawn = mg.ones(3, 5, requires_grad=True).multinomial(5)
    assert (drawn.shape, drawn.dtype, drawn.requires_grad) == ((3, 5), mg.int64, False)
    assert sorted(drawn[0].tolist()) == [0, 1, 2, 3, 4]
    assert mg.multinomial(mg.ones(0, 2), 1).shape == (0, 1)


def test_the_same_generator_draws_the_same_places():
    first, second = (mg.multinomial(mg.ones(50), 50, generator=mg.Generator(1)).tolist() for _ in range(2))
    assert first == second
    assert first != mg.multinomial(mg.ones(50), 50, generator=mg.Generator(2)).tolist()


def test_bernoulli_takes_one_probability_for_a_tensor_of_any_dtype(generator):
    drawn = mg.bernoulli(mg.zeros(DRAWS, dtype=mg.int64), 0.3, generator=generator)
    assert drawn.dtype == mg.int64
    assert abs(drawn.float().mean().item() - 0.3) < FIVE
    assert mg.bernoulli(mg.ones(3), p=0.0).tolist() == [0, 0, 0]
    flags = mg.zeros(3, dtype=mg.bool_)
    assert flags.bernoulli_(1.0) is flags
    assert flags.tolist() == [True] * 3
    assert mg.zeros(2, 2).bernoulli_(mg.tensor([0.0, 1.0])).tolist() == [[0, 1], [0, 1]]


def test_permutations_come_in_the_dtype_that_is_asked_for(generator):
    for dtype in (mg.int8, mg.float32, mg.float64):
        drawn = mg.randperm(5, dtype=dtype, generator=generator)
        assert drawn.dtype == dtype
        assert sorted(drawn.tolist()) == [0, 1, 2, 3, 4]
    assert mg.randperm(3, dtype=mg.float32, requires_grad=True).requires_grad


ERRORS = {
    "normal without a size": (
        lambda: mg.normal(0.0, 1.0),
        TypeError,
        "normal: ",
        "size=None",
        "normal(0.0, 1.0, (2, 3))",
    ),
    "normal of a tensor with a size": (lambda: mg.normal(mg.zeros(2), 1.0, (2,)), TypeError, "normal: ", "size=(2,)"),
    "normal of integers": (lambda: mg.normal(mg.tensor([1]), 1.0), TypeError, "normal: ", "int64"),
    "a negative deviation": (lambda: mg.normal(0.0, -1.0, (2,)), ValueError, "normal: std", "-1.0", "mean comes first"),
    "negative deviations": (lambda: mg.normal(0.0, mg.tensor([1.0, -2.0])), ValueError, "normal: std", "-2.0"),
    "normal shapes": (
        lambda: mg.normal(mg.zeros(2), mg.ones(3)),
        ValueError,
        "normal: ",
        "(2,) float32",
        "(3,) float32",
    ),
    "integer weights": (lambda: mg.multinomial(mg.tensor([1]), 1), TypeError, "multinomial: ", "int64", "x.float()"),
    "weights of three axes": (lambda: mg.multinomial(mg.ones(1, 1, 2), 1), ValueError, "(1, 1, 2) float32", "reshape"),
    "no draw": (lambda: mg.multinomial(mg.ones(2), 0), ValueError, "num_samples from 1 up", "and 0"),
    "a negative weight": (lambda: mg.multinomial(mg.tensor([-1.0, 2.0]), 1), ValueError, "negative", "softmax"),
    "a weight of NaN": (lambda: mg.multinomial(mg.tensor([np.nan, 2.0]), 1), ValueError, "not finite", "softmax"),
    "no weight": (
        lambda: mg.multinomial(mg.zeros(2), 1, True),
        ValueError,
        "1 weights above 0",
        "one has 0",
        "above 0.",
    ),
    "too few weights": (lambda: mg.multinomial(mg.tensor([1.0, 0.0]), 2), ValueError, "one has 1", "replacement=True"),
    "a probability above 1": (lambda: mg.bernoulli(mg.zeros(2), 1.5), ValueError, "bernoulli: ", "1.5"),
    "a permutation that does not fit": (
        lambda: mg.randperm(300, dtype=mg.int8),
        ValueError,
        "randperm: ",
        "127",
        "299",
    ),
    "a permutation of bools": (lambda: mg.randperm(2, dtype=bool), TypeError, "randperm: ", "int64"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_bad_parameters_are_refused_before_anything_is_drawn(name):
    call, kind, *parts = ERRORS[name]
    generator = mg.manual_seed(5)
    before = generator.get_state()
    with pytest.raises(kind) as caught:
        call()
    for part in (*parts, "test_distributions.py:"):
        assert part in str(caught.value)
    assert generator.get_state() == before
