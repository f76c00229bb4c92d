"""Finite differences of functions of matrices: what the tests of derivatives compare with.

Central differences with step h = eps**(1/3) are off by h**2 / 6 of the third derivative and eps / h of the function's
size: eps**(2/3) = 4e-11 of each. The samples are diagonally dominant or of singular values in [1, 3], so inverses are
at most about 1 and derivatives grow by at most a factor of about 10 an order; sums over at most 50 elements and two
more orders stay below 1e4 * eps**(2/3) = 4e-7 of the largest gradient, or of 1.
"""

import numpy as np

import minigrad as mg

EPSILON = np.finfo(np.float64).eps
STEP = EPSILON ** (1 / 3)
BOUND = 1e4 * EPSILON ** (2 / 3)


def square(rng, *shape):
    """Return matrices whose diagonal dominates."""
    return rng.uniform(-1, 1, shape) / shape[-1] + 2 * np.eye(shape[-1])


def oblong(rng, *shape):
    """Return matrices of full rank with singular values in [1, 3]."""
    u, _, vh = np.linalg.svd(rng.standard_normal(shape), full_matrices=False)
    return u * rng.uniform(1, 3, u.shape[:-2] + (1, u.shape[-1])) @ vh


def of_rank(rng, rank, *shape):
    """Return matrices of a lesser rank with nonzero singular values in [1, 3]."""
    u, _, vh = np.linalg.svd(rng.standard_normal(shape), full_matrices=False)
    s = rng.uniform(1, 3, u.shape[:-2] + (1, u.shape[-1]))
    s[..., rank:] = 0
    return u * s @ vh


def other(rng, *shape):
    """Return any numbers of a shape."""
    return rng.standard_normal(shape)


def make(samples):
    rng = np.random.default_rng(0)
    return [kind(rng, *shape) for kind, *shape in samples], rng


def weighted(function, arrays, weights):
    """Return the leaves and the sum of the function's elements times weights."""
    leaves = [mg.tensor(array, requires_grad=True) for array in arrays]
    return leaves, (function(*leaves) * weights).sum()


def slope(function, arrays, directions, weights):
    """Return the weighted sum's derivative along directions, from the first backward pass."""
    leaves, loss = weighted(function, arrays, weights)
    total = 0.0
    for gradient, direction in zip(mg.autograd.grad(loss, leaves), directions, strict=True):
        total += float((gradient.data * direction).sum())
    return total


def differences(scalar, arrays):
    """Return the central differences of a scalar function of arrays, one array for each."""
    found = []
    for which, array in enumerate(arrays):
        gradient = np.zeros_like(array)
        for place in np.ndindex(array.shape):
            values = []
            for step in (STEP, -STEP):
                moved = [other.copy() for other in arrays]
                moved[which][place] += step
                values.append(scalar(moved))
            gradient[place] = (values[0] - values[1]) / (2 * STEP)
        found.append(gradient)
    return found


def agree(gradients, expected):
    for gradient, wanted in zip(gradients, expected, strict=True):
        np.testing.assert_allclose(gradient.data, wanted, rtol=0, atol=BOUND * max(1, np.abs(wanted).max()))


def check_first(function, samples):
    """Compare the gradient of a function with differences of its values."""
    arrays, rng = make(samples)
    weights = rng.standard_normal(function(*arrays).shape)
    leaves, loss = weighted(function, arrays, weights)
    agree(
        mg.autograd.grad(loss, leaves), differences(lambda moved: weighted(function, moved, weights)[1].item(), arrays)
    )


def check_second(function, samples):
    """Compare the second derivative of a function with differences of its gradient."""
    arrays, rng = make(samples)
    weights = rng.standard_normal(function(*arrays).shape)
    directions = [rng.standard_normal(array.shape) for array in arrays]
    leaves, loss = weighted(function, arrays, weights)
    along = mg.tensor(0.0, dtype=mg.float64)
    for gradient, direction in zip(mg.autograd.grad(loss, leaves, create_graph=True), directions, strict=True):
        along = along + (gradient * direction).sum()
    found = mg.autograd.grad(along, leaves, materialize_grads=True)
    agree(found, differences(lambda moved: slope(function, moved, directions, weights), arrays))
