"""Data sets, splits and batches.

>>> import minigrad as mg
>>> from minigrad.data import DataLoader, TensorDataset, moons
>>> loader = DataLoader(TensorDataset(*moons(100)), batch_size=32, shuffle=True, generator=mg.Generator(0))
>>> [len(target) for data, target in loader]
[32, 32, 32, 4]
"""

from minigrad.data.collation import default_collate
from minigrad.data.datasets import Dataset, Subset, TensorDataset
from minigrad.data.digits import Digits, load_digits
from minigrad.data.loader import DataLoader
from minigrad.data.planar import Points, circles, moons, spirals
from minigrad.data.splits import random_split, stratified_split
from minigrad.data.tables import Table, load_breast_cancer, load_diabetes

__all__ = [
    # data sets
    "Digits",
    "Points",
    "Table",
    "circles",
    "load_breast_cancer",
    "load_diabetes",
    "load_digits",
    "moons",
    "spirals",
    # samples and batches
    "DataLoader",
    "Dataset",
    "Subset",
    "TensorDataset",
    "default_collate",
    "random_split",
    "stratified_split",
]
