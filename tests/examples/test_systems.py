"""The lesson on systems of equations: each kind has the solution that it names."""

import pytest

EPSILON = 2.0**-52


@pytest.fixture(scope="module")
def numbers(example):
    return example("systems").main(quick=True)


def test_the_square_system_has_one_solution(numbers):
    # A solve is off by some roundings times the condition number, here 2.6.
    assert numbers["solution"] == pytest.approx([2, 3], abs=64 * EPSILON)
    assert numbers["determinant"] == pytest.approx(-5, abs=64 * EPSILON)
    assert numbers["gradient apart"] <= 16 * EPSILON


def test_a_singular_matrix_gets_an_error_that_says_its_rank(numbers):
    assert "rank is 1 of 2" in numbers["singular"]
    assert "systems.py" in numbers["singular"]


def test_least_squares_comes_closest(numbers):
    assert numbers["least squares"] == pytest.approx([0.9, 0.9], abs=1e-12)
    assert numbers["A.T @ residual"] <= 1e-12
    assert numbers["normal equations apart"] <= 1e-12


def test_the_pseudo_inverse_gives_the_shortest_solution(numbers):
    assert numbers["minimum norm"] == pytest.approx([2, 2, 2], abs=1e-12)
    assert numbers["misses"] <= 1e-12
    assert min(numbers["norms"], key=numbers["norms"].get) == 0.0
    assert numbers["norms"][0.0] == pytest.approx(12**0.5, abs=1e-12)


def test_a_polynomial_is_recovered(numbers):
    assert numbers["polynomial exact"] == pytest.approx([1, -2, 0, 0.5], abs=1e-12)
    # Noise of 0.01 moves no coefficient by more than ten times that: the columns are far from parallel.
    assert numbers["polynomial noisy"] == pytest.approx([1, -2, 0, 0.5], abs=0.1)


def test_the_pseudo_inverse_by_hand_is_pinv(numbers):
    assert numbers["pinv apart"] <= 1e-12
    assert numbers["rank"] == 2
