import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

import minigrad as mg
from minigrad.data import load_breast_cancer, load_diabetes


@pytest.fixture
def stand_in(monkeypatch):
    """Put a module with two tiny tables in scikit-learn's place."""
    datasets = ModuleType("sklearn.datasets")
    calls = []

    def fake_diabetes(**options):
        calls.append(options)
        names = ["age", "bmi"]
        return SimpleNamespace(
            data=np.array([[59, 32.1], [48, 21.6]]), target=np.array([151.0, 75.0]), feature_names=names
        )

    def fake_cancer():
        return SimpleNamespace(
            data=np.asfortranarray([[17.99, 10.38], [13.54, 14.36]]),
            target=np.array([0, 1], np.int32),
            feature_names=np.array(["mean radius", "mean texture"]),
            target_names=np.array(["malignant", "benign"]),
        )

    datasets.load_diabetes = fake_diabetes
    datasets.load_breast_cancer = fake_cancer
    package = ModuleType("sklearn")
    package.datasets = datasets
    monkeypatch.setitem(sys.modules, "sklearn", package)
    monkeypatch.setitem(sys.modules, "sklearn.datasets", datasets)
    return calls


def test_a_quantity_is_in_the_default_dtype_and_unscaled(stand_in):
    table = load_diabetes()
    assert stand_in == [{"scaled": False}]
    assert table.data.dtype == table.target.dtype == mg.float32
    assert table.target.tolist() == [151, 75]
    assert table.feature_names == ("age", "bmi")
    assert table.target_names == ()


def test_classes_are_int64_and_have_names(stand_in):
    data, target, feature_names, target_names = load_breast_cancer(dtype=mg.float64)
    assert data.tolist() == [[17.99, 10.38], [13.54, 14.36]]
    assert data.is_contiguous()
    assert (target.dtype, target.tolist()) == (mg.int64, [0, 1])
    assert feature_names == ("mean radius", "mean texture")
    assert target_names == ("malignant", "benign")
    assert {type(name) for name in feature_names + target_names} == {str}


@pytest.mark.parametrize("load", [load_diabetes, load_breast_cancer])
def test_without_scikit_learn_the_error_names_the_extra(load, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ImportError, match=rf"{load.__name__}: scikit-learn (?s:.*)pip install minigrad\[examples\]"):
        load()


@pytest.mark.parametrize("load", [load_diabetes, load_breast_cancer])
def test_a_dtype_that_is_not_floating_is_refused_before_scikit_learn_is_asked(load, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(TypeError, match=f"{load.__name__}: dtype must be float32 or float64, got int64"):
        load(dtype=mg.int64)


def test_the_tables_are_those_of_scikit_learn():
    sklearn_datasets = pytest.importorskip("sklearn.datasets", reason="compares with scikit-learn, not installed")
    for ours, theirs in (
        (load_diabetes(dtype=mg.float64), sklearn_datasets.load_diabetes(scaled=False)),
        (load_breast_cancer(dtype=mg.float64), sklearn_datasets.load_breast_cancer()),
    ):
        assert ours.data.shape == (len(ours.target), len(ours.feature_names))
        assert np.array_equal(ours.data.numpy(), theirs.data)
        assert np.array_equal(ours.target.numpy(), theirs.target)
