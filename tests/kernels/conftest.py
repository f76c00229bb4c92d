"""MINIGRAD_PYTHON_KERNELS=1 runs the kernels' tests on the kernels' source as plain Python, at small sizes."""

import os
from collections.abc import Iterator

import numpy as np
import pytest

from minigrad_kernels import python_kernels

AS_PYTHON = os.environ.get("MINIGRAD_PYTHON_KERNELS", "0") not in ("", "0")


@pytest.fixture(autouse=True)
def kernels_mode() -> Iterator[None]:
    """Run each test inside `python_kernels()` if the environment asks for it."""
    if AS_PYTHON:
        with python_kernels():
            yield
    else:
        yield


@pytest.fixture
def generator() -> np.random.Generator:
    """Random numbers that are the same in every run."""
    return np.random.default_rng(20261122)


@pytest.fixture
def most_work() -> float:
    """The multiplications that a product may take: plain Python needs 0.1 µs for one."""
    return 1e5 if AS_PYTHON else 1e9


@pytest.fixture
def many() -> int:
    """The number of draws for a test of a distribution."""
    return 20_000 if AS_PYTHON else 400_000
