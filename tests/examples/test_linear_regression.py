"""Linear regression: four ways, one answer."""

import importlib.util

import pytest


@pytest.fixture(scope="module")
def numbers(example):
    return example("linear_regression").main()


@pytest.mark.parametrize("way", ["normal equations", "pseudo-inverse", "least squares", "gradient descent"])
def test_every_way_finds_the_price_of_a_house(numbers, way):
    assert numbers[way] == pytest.approx([-40, 0.2], abs=1e-6)


def test_noise_hides_little_of_the_coefficients(numbers):
    # To the digits that are given.
    assert numbers["coefficients"] == pytest.approx([2.0201, -3.0137, 1.5025], abs=0.5e-4)
    assert numbers["mse"] == pytest.approx(0.007346, abs=0.5e-6)
    assert numbers["pinv against inverse"] <= 1e-12


@pytest.mark.skipif(importlib.util.find_spec("sklearn") is None, reason="the data come with scikit-learn")
def test_gradient_descent_reaches_the_loss_of_the_closed_form(numbers):
    assert 0 <= numbers["relative difference"] <= 1e-6
    assert numbers["R2"] == pytest.approx(0.518, abs=0.5e-3)


def test_it_ends_before_the_last_data_set_where_scikit_learn_is_missing(example, monkeypatch, capsys):
    module = example("linear_regression")

    def missing(**options):
        raise ImportError("load_diabetes: scikit-learn is needed")

    monkeypatch.setattr(module, "load_diabetes", missing)
    assert "closed form" not in module.main(quick=True)
    assert "left out: load_diabetes: scikit-learn is needed" in capsys.readouterr().out
