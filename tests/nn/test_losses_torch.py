"""Losses and their gradients equal PyTorch's in float64, where PyTorch is installed."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.nn import functional as F

torch = pytest.importorskip("torch", reason="compares with PyTorch, which is not installed")

# Sums of at most 60 numbers of order 1 in another order.
TOLERANCE = 1e-12
REDUCTIONS = ["mean", "sum", "none"]


def as_torch(value):
    return torch.from_numpy(value) if isinstance(value, np.ndarray) else value


def assert_like_torch(name, x, y, **options):
    ours = mg.tensor(x, requires_grad=True)
    theirs = torch.from_numpy(x.copy()).requires_grad_()
    loss = getattr(F, name)(ours, y, **options)
    reference = getattr(torch.nn.functional, name)(
        theirs, as_torch(y), **{key: as_torch(value) for key, value in options.items()}
    )
    assert loss.shape == tuple(reference.shape)
    np.testing.assert_allclose(loss.detach().numpy(), reference.detach().numpy(), rtol=TOLERANCE, atol=TOLERANCE)
    loss.sum().backward()
    reference.sum().backward()
    np.testing.assert_allclose(ours.grad.numpy(), theirs.grad.numpy(), rtol=TOLERANCE, atol=TOLERANCE)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", ["mse_loss", "l1_loss"])
@pytest.mark.parametrize("shape", [(), (4,), (4, 3), (0, 3)])
def test_losses_of_differences(name, shape, reduction, generator):
    x, y = np.asarray(generator.standard_normal(shape)), np.asarray(generator.standard_normal(shape))
    assert_like_torch(name, x, y, reduction=reduction)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", [(4,), (5, 4), (2, 4, 3), (2, 4, 3, 2), (0, 4)])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ignore_index", [-100, 2])
@pytest.mark.parametrize("name", ["cross_entropy", "smoothed", "nll_loss"])
def test_losses_of_labels(name, shape, weighted, ignore_index, reduction, generator):
    x = generator.standard_normal(shape)
    labels = np.asarray(generator.integers(0, 4, shape[:1] + shape[2:] if len(shape) > 1 else ()))
    options = {"ignore_index": ignore_index, "reduction": reduction}
    if weighted:
        options["weight"] = generator.uniform(0.5, 2, 4)
    if name == "smoothed":
        name, options["label_smoothing"] = "cross_entropy", 0.3
    assert_like_torch(name, x, labels, **options)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", [(4,), (5, 4), (2, 4, 3), (0, 4)])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_cross_entropy_to_probabilities(shape, weighted, smoothing, reduction, generator):
    shares = generator.uniform(0, 1, shape)
    options = {"reduction": reduction, "label_smoothing": smoothing}
    if weighted:
        options["weight"] = generator.uniform(0.5, 2, 4)
    assert_like_torch("cross_entropy", generator.standard_normal(shape), shares, **options)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weight", [None, (3,), (4, 1)])
def test_binary_cross_entropy(weight, reduction, generator):
    x, y = generator.uniform(0, 1, (4, 3)), generator.integers(0, 2, (4, 3)).astype(np.float64)
    x[0] = [0.0, 1.0, 1.0]
    weight = None if weight is None else generator.uniform(0.5, 2, weight)
    assert_like_torch("binary_cross_entropy", x, y, weight=weight, reduction=reduction)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weight", [None, (3,), (4, 1)])
@pytest.mark.parametrize("pos_weight", [None, (3,)])
def test_binary_cross_entropy_of_logits(weight, pos_weight, reduction, generator):
    x, y = 10 * generator.standard_normal((4, 3)), generator.uniform(0, 1, (4, 3))
    weight = None if weight is None else generator.uniform(0.5, 2, weight)
    pos_weight = None if pos_weight is None else generator.uniform(0.5, 2, pos_weight)
    options = {"weight": weight, "pos_weight": pos_weight, "reduction": reduction}
    assert_like_torch("binary_cross_entropy_with_logits", x, y, **options)
