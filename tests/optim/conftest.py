"""What the optimizers' tests share: a small network with gradients."""

import numpy as np
import pytest

import minigrad as mg

SHAPES = [(2, 3), (3,), (3, 1), (1,)]


@pytest.fixture
def generator() -> np.random.Generator:
    """Random numbers that are the same in every run."""
    return np.random.default_rng(20261122)


@pytest.fixture
def network(generator):
    """Return a function that makes four float64 parameters with gradients, the same at each call."""
    values = [generator.standard_normal(shape) for shape in SHAPES]
    slopes = [generator.standard_normal(shape) for shape in SHAPES]

    def make():
        parameters = []
        for value, slope in zip(values, slopes):
            parameter = mg.tensor(value, requires_grad=True)
            parameter.grad = mg.tensor(slope)
            parameters.append(parameter)
        return parameters

    return make
