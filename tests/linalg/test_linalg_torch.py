"""Values and gradients equal PyTorch's in float64; skipped where PyTorch is not installed."""

import numpy as np
import pytest

import minigrad as mg

torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")

# Both compute in double precision; matrices of up to 4 rows with singular values in [1, 3] and products of up to six of
# them leave less than 4 * 3**6 * eps = 6e-13.
BOUND = 1e-12


def sample(rng, *shape):
    u, _, vh = np.linalg.svd(rng.standard_normal(shape), full_matrices=False)
    return u * rng.uniform(1, 3, u.shape[:-2] + (1, u.shape[-1])) @ vh


CASES = {
    "solve": (lambda t, A, B: t.linalg.solve(A, B), [(2, 3, 3), (2, 3, 2)]),
    "solve, broadcast": (lambda t, A, B: t.linalg.solve(A, B), [(2, 1, 3, 3), (4, 3, 2)]),
    "solve from the right": (lambda t, A, B: t.linalg.solve(A, B, left=False), [(3, 3), (2, 2, 3)]),
    "solve, vectors": (lambda t, A, B: t.linalg.solve(A, B[..., 0]), [(2, 3, 3), (2, 3, 1)]),
    "inv": (lambda t, A: t.linalg.inv(A), [(2, 3, 3)]),
    "inverse": (lambda t, A: t.inverse(A), [(3, 3)]),
    "pinv, tall": (lambda t, A: t.linalg.pinv(A), [(2, 4, 3)]),
    "pinv, wide": (lambda t, A: t.linalg.pinv(A), [(3, 4)]),
    "pinverse": (lambda t, A: t.pinverse(A), [(3, 4)]),
    "lstsq, tall": (lambda t, A, B: t.linalg.lstsq(A, B).solution, [(4, 3), (4, 2)]),
    "lstsq, wide": (lambda t, A, B: t.linalg.lstsq(A, B).solution, [(3, 4), (3, 2)]),
    "lstsq, residuals": (lambda t, A, B: t.linalg.lstsq(A, B, driver="gelsd").residuals, [(2, 4, 3), (2, 4, 2)]),
    "lstsq, residuals of a vector": (
        lambda t, A, B: t.linalg.lstsq(A, B[:, 0], driver="gelsd").residuals,
        [(4, 3), (4, 1)],
    ),
    "det": (lambda t, A: t.det(A), [(2, 3, 3)]),
    "slogdet": (lambda t, A: t.slogdet(A)[1], [(2, 3, 3)]),
    "norm": (lambda t, A: t.linalg.norm(A), [(3, 4)]),
    "norm 1": (lambda t, A: t.linalg.norm(A, 1), [(3, 4)]),
    "norm -inf": (lambda t, A: t.linalg.norm(A, -float("inf")), [(3, 4)]),
    "norm of rows": (lambda t, A: t.linalg.norm(A, 3, dim=-1), [(3, 4)]),
}


@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients_equal_those_of_torch(name):
    function, shapes = CASES[name]
    rng = np.random.default_rng(4)
    arrays = [sample(rng, *shape) for shape in shapes]
    mine = [mg.tensor(array, requires_grad=True) for array in arrays]
    theirs = [torch.tensor(array, requires_grad=True) for array in arrays]
    found, expected = function(mg, *mine), function(torch, *theirs)
    assert found.shape == tuple(expected.shape)
    np.testing.assert_allclose(found.data, expected.detach().numpy(), rtol=0, atol=BOUND)
    weights = rng.standard_normal(found.shape)
    (found * weights).sum().backward()
    (expected * torch.tensor(weights)).sum().backward()
    for leaf, other in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(leaf.grad.data, other.grad.numpy(), rtol=0, atol=BOUND)
