"""A gradient's way back through 30 layers."""

import pytest


@pytest.fixture(scope="module")
def numbers(example):
    return example("residual").main(quick=True)


def test_without_skips_nothing_is_left_at_the_first_layer(numbers):
    assert len(numbers["plain"]) == 30
    assert numbers["ratios"]["plain"] < 1e-4


def test_with_skips_every_layer_learns(numbers):
    assert len(numbers["residual"]) == 30
    assert max(numbers["residual"]) / min(numbers["residual"]) < 100


def test_the_gradient_of_a_weight_is_the_product_that_it_is(numbers):
    assert numbers["dL/dW apart"] <= 1e-12
