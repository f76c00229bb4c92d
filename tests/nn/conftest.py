"""What the tests of nn share: seeded numbers, and a comparison of derivatives with finite differences."""

import numpy as np
import pytest

import minigrad as mg

STEP = 1e-5
# A central difference errs by STEP² f'''/6, here below 1e-8, and by rounding, 1e-16 |f| / STEP.
TOLERANCE = 1e-7


@pytest.fixture
def generator() -> np.random.Generator:
    """Random numbers that are the same in every run."""
    return np.random.default_rng(20261122)


def slopes(function, arrays):
    """Return the derivatives of a function of float64 arrays to each element, by central differences."""
    found = []
    for index, array in enumerate(arrays):
        slope = np.empty_like(array)
        for place in np.ndindex(array.shape):
            values = []
            for step in (STEP, -STEP):
                moved = [each.copy() for each in arrays]
                moved[index][place] += step
                values.append(function(*moved))
            slope[place] = (values[0] - values[1]) / (2 * STEP)
        found.append(slope)
    return found


@pytest.fixture
def assert_derivatives(generator):
    """Return a check: first and second derivatives of a function of tensors equal finite differences."""

    def check(function, *arrays):
        shape = function(*[mg.tensor(each) for each in arrays]).shape
        weights = generator.standard_normal(shape)
        directions = [generator.standard_normal(each.shape) for each in arrays]

        def value(*arrays):
            return (function(*[mg.tensor(each) for each in arrays]).detach().numpy() * weights).sum()

        def gradients(create_graph, *arrays):
            leaves = [mg.tensor(each, requires_grad=True) for each in arrays]
            output = function(*leaves)
            return leaves, mg.autograd.grad(output, leaves, mg.tensor(weights), create_graph=create_graph)

        def along(*arrays):
            total = 0.0
            for gradient, direction in zip(gradients(False, *arrays)[1], directions, strict=True):
                total += (gradient.numpy() * direction).sum()
            return total

        leaves, first = gradients(True, *arrays)
        for gradient, expected in zip(first, slopes(value, arrays), strict=True):
            np.testing.assert_allclose(gradient.detach().numpy(), expected, rtol=TOLERANCE, atol=TOLERANCE)
        # Joined to the leaves, because the gradient of a linear function is constant.
        total = sum([leaf.sum() for leaf in leaves]) * 0
        for gradient, direction in zip(first, directions, strict=True):
            total = total + (gradient * mg.tensor(direction)).sum()
        second = mg.autograd.grad(total, leaves, allow_unused=True, materialize_grads=True)
        for gradient, expected in zip(second, slopes(along, arrays), strict=True):
            np.testing.assert_allclose(gradient.numpy(), expected, rtol=TOLERANCE, atol=TOLERANCE)

    return check
