"""What the tour prints is what can be worked out by hand."""

import math

import pytest

# Of float64. A sum of n products is off by at most n of these, relative to the sum of their sizes.
EPSILON = 2.0**-52


@pytest.fixture(scope="module")
def numbers(example):
    return example("tour").main(quick=True)


def test_vectors(numbers):
    assert numbers["sum"] == [5, 7, 9]
    assert numbers["scaled"] == [2, 4, 6]
    assert numbers["dot"] == 32


def test_matrices(numbers):
    assert numbers["A + B"] == [[6, 8], [10, 12]]
    assert numbers["A @ B"] == [[19, 22], [43, 50]]
    assert numbers["B @ A"] == [[23, 34], [31, 46]]
    assert numbers["A * B"] == [[5, 12], [21, 32]]
    assert numbers["commutes"] is False
    assert numbers["C @ v"] == [7, 19]
    assert numbers["shapes"] == ((2, 3), (3, 2))


def test_a_layer(numbers):
    # Sums of up to four terms, of which the largest is 1.8.
    assert numbers["W @ x"] == pytest.approx([1.4, 3.2], abs=4 * 3.2 * EPSILON)
    assert numbers["W @ x + b"] == pytest.approx([1.5, 3.4], abs=5 * 3.4 * EPSILON)


def test_shapes(numbers):
    assert numbers["images"] == (32, 3, 224, 224)
    assert numbers["text"] == (10, 64, 300)
    assert numbers["batched product"] == (32, 10, 30)
    assert numbers["Linear(512, 256).weight"] == (256, 512)
    assert numbers["embedded tokens"] == (4, 16)


def test_lengths(numbers):
    assert (numbers["L2"], numbers["L1"], numbers["Linf"]) == (5, 7, 4)
    for name in ("Frobenius squared", "trace(A.T @ A)", "sum of squared singular values"):
        # A singular value is off by a few roundings of the largest, 5.5, and is then squared.
        assert numbers[name] == pytest.approx(30, abs=30 * 16 * EPSILON)
    assert numbers["gradient of the norm at 0"] == 0


def test_distances_and_angles(numbers):
    assert (numbers["Euclidean"], numbers["Manhattan"]) == (5, 7)
    assert numbers["orthogonal dot"] == 0
    # A dot product, two norms, a product and a quotient: a rounding or two each.
    bound = 8 * EPSILON
    assert numbers["cosine same"] == pytest.approx(1, abs=bound)
    assert numbers["cosine close"] == pytest.approx(16 / math.sqrt(5 * 52), abs=bound)
    assert numbers["cosine orthogonal"] == 0
    assert numbers["cosine opposite"] == pytest.approx(-1, abs=bound)
    assert -1 <= numbers["cosine least"] < -0.3
    assert 0.3 < numbers["cosine most"] <= 1
