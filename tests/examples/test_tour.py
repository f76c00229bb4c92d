"""What the tour prints is what can be checked by hand."""

import pytest

EPSILON = 2.0**-52


@pytest.fixture(scope="module")
def numbers():
    from conftest import load

    return load("tour").main(quick=True)


def test_vectors(numbers):
    assert numbers["sum"] == [5, 7, 9]
    assert numbers["scaled"] == [2, 4, 6]
    assert numbers["dot"] == 32
