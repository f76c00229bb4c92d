"""MINIGRAD_PYTHON_KERNELS=1 runs the kernels' tests on the kernels' source as plain Python, at small sizes."""

import os
from collections.abc import Callable, Iterator

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


LAYOUTS = ["contiguous", "transposed", "sliced", "reversed", "read-only", "unaligned"]


def laid_out(x: np.ndarray, layout: str) -> np.ndarray:
    """The same matrix in another memory layout."""
    if layout == "transposed":
        return np.ascontiguousarray(x.T).T
    if layout == "sliced":
        # NaN between the elements: a kernel that reads there is found out.
        wide = np.full((2 * x.shape[0], 3 * x.shape[1]), np.nan if x.dtype.kind == "f" else 0, x.dtype)
        wide[::2, 1::3] = x
        return wide[::2, 1::3]
    if layout == "reversed":
        return np.ascontiguousarray(x[::-1, ::-1])[::-1, ::-1]
    if layout == "read-only":
        x = x.copy()
        x.flags.writeable = False
        return x
    if layout == "unaligned":
        memory = np.zeros(x.nbytes + 1, np.uint8)
        copy = memory[1:].view(x.dtype).reshape(x.shape)
        copy[...] = x
        return copy
    return x


@pytest.fixture(params=LAYOUTS)
def in_layout(request: pytest.FixtureRequest) -> Callable[[np.ndarray], np.ndarray]:
    """A function that gives a matrix the layout of this round."""

    def put(x: np.ndarray) -> np.ndarray:
        return laid_out(x, request.param)

    return put
