"""Tables of measurements that scikit-learn holds; it is imported only when one is asked for."""

from __future__ import annotations

from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from minigrad.data.arguments import floating_dtype
from minigrad.errors import message
from minigrad.ops import from_numpy
from minigrad.tensors import Tensor


class Table(NamedTuple):
    """Samples with named features.

    Attributes:
        data: (N, number of features) floats, a sample a row, in the units in which they were measured.
        target: (N,), what is to be predicted: floats for a quantity, int64 for a class.
        feature_names: the name of each column of ``data``.
        target_names: the name of each class; empty for a quantity.
    """

    data: Tensor
    target: Tensor
    feature_names: tuple[str, ...]
    target_names: tuple[str, ...]


def load_diabetes(*, dtype: Any = None) -> Table:
    """Return ten measurements of each of 442 diabetes patients, and the progression of the disease a year later.

    Args:
        dtype: float32 or float64; default: the default floating dtype.

    Returns:
        ``data`` (442, 10) as measured (age in years, body mass index, blood pressure, blood serum), neither centred nor
        scaled; ``target`` (442,) floats, 25 to 346.

    Raises:
        ImportError: if scikit-learn is not installed.
        TypeError: if the dtype is not a floating one.

    Source:
        Efron, Hastie, Johnstone and Tibshirani, "Least angle regression", Annals of Statistics 32(2), 2004; as
        scikit-learn distributes it.
    """
    wanted = floating_dtype("load_diabetes", dtype)
    bunch = sklearn_datasets("load_diabetes").load_diabetes(scaled=False)
    return Table(copied(bunch.data, wanted), copied(bunch.target, wanted), names(bunch.feature_names), ())


def load_breast_cancer(*, dtype: Any = None) -> Table:
    """Return thirty measurements of the cell nuclei of each of 569 breast tumours, and which are benign.

    Args:
        dtype: float32 or float64; default: the default floating dtype.

    Returns:
        ``data`` (569, 30) as measured, neither centred nor scaled; ``target`` (569,) int64, 0 malignant, 1 benign.

    Raises:
        ImportError: if scikit-learn is not installed.
        TypeError: if the dtype is not a floating one.

    Source:
        Wolberg, Mangasarian, Street and Street, "Breast Cancer Wisconsin (Diagnostic)", UCI Machine Learning
        Repository, 1995; as scikit-learn distributes it.
    """
    wanted = floating_dtype("load_breast_cancer", dtype)
    bunch = sklearn_datasets("load_breast_cancer").load_breast_cancer()
    target = copied(bunch.target, np.dtype(np.int64))
    return Table(copied(bunch.data, wanted), target, names(bunch.feature_names), names(bunch.target_names))


def sklearn_datasets(who: str) -> ModuleType:
    """Return ``sklearn.datasets``.

    Raises:
        ImportError: if scikit-learn cannot be imported, with the extra that installs it.
    """
    try:
        from sklearn import datasets
    except ImportError as error:
        raise ImportError(
            message(
                who,
                f"scikit-learn holds this data set and cannot be imported: {error}.",
                "Install it with: pip install minigrad[examples]",
            )
        ) from error
    return datasets


def copied(array: Any, dtype: np.dtype) -> Tensor:
    """Return a tensor with a contiguous copy of an array in a dtype."""
    return from_numpy(np.array(array, dtype, order="C"))


def names(labels: Any) -> tuple[str, ...]:
    """Return labels as plain strings; scikit-learn's are NumPy's or Python's."""
    return tuple([str(each) for each in labels])
