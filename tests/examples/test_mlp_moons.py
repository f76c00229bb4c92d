"""Two moons: a network finds the curve between them, and a single layer cannot."""

import importlib.util

import pytest


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("pictures") / "made"


@pytest.fixture(scope="module")
def numbers(example, folder):
    return example("mlp_moons").main(plot=folder)


def test_the_network_is_right_on_98_of_100_held_out_points(numbers):
    assert len(numbers["network"]) == 5
    assert numbers["network mean"] >= 0.98


def test_a_straight_line_is_not(numbers):
    assert numbers["neuron mean"] < 0.95


@pytest.mark.skipif(importlib.util.find_spec("matplotlib") is None, reason="pictures are drawn by matplotlib")
def test_the_boundary_is_drawn(numbers, folder):
    assert numbers["picture"] == folder / "moons.png"
    assert numbers["picture"].read_bytes().startswith(b"\x89PNG")


def test_a_quick_run_without_a_picture_writes_nothing(example, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    numbers = example("mlp_moons").main(quick=True, plot=None)
    assert len(numbers["network"]) == 1
    assert list(tmp_path.iterdir()) == []
