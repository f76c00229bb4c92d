"""When training breaks, the doctor says where to look."""

import pytest


@pytest.fixture(scope="module")
def numbers(example):
    return example("doctor").main(quick=True)


def test_a_healthy_training_is_called_healthy(numbers):
    assert numbers["healthy"] == []


@pytest.mark.parametrize(
    ("case", "name"),
    [
        ("exploding", "exploding loss"),
        ("vanishing", "vanishing gradient"),
        ("deficient", "rank-deficient features"),
        ("too fast", "learning rate too large"),
        ("dead", "dead units"),
        ("saturated", "saturated units"),
    ],
)
def test_each_fault_is_named_and_no_other(case, name, numbers):
    assert numbers[case] == [name]


def test_a_rate_below_the_limit_converges_and_one_above_it_diverges(numbers):
    below, above = numbers["losses"]
    assert below < 2
    assert not above < 1e6
