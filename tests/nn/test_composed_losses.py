"""The losses of margins and likelihoods: what the samples cannot say, and what they refuse."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad.nn import functional as F

X = mg.zeros(4, 3)
LABELS = mg.tensor([0, 1, 2, 0])
SIGNS = mg.tensor([1, -1, 1, -1])


def leaf(values):
    return mg.tensor(values, dtype=mg.float64, requires_grad=True)


def test_the_second_derivative_of_a_small_error_is_that_of_the_square_at_0_too():
    x = leaf([0.0, 0.5, 2.0])
    for loss, curvature in ((F.huber_loss, 1), (F.smooth_l1_loss, 1)):
        (slope,) = mg.autograd.grad(loss(x, mg.zeros(3, dtype=mg.float64), "sum"), x, create_graph=True)
        (second,) = mg.autograd.grad(slope.sum(), x)
        assert second.tolist() == [curvature, curvature, 0]


def test_a_smooth_l1_loss_is_a_huber_loss_divided_by_beta():
    x, y = mg.randn(20, dtype=mg.float64, generator=mg.Generator(0)), mg.zeros(20, dtype=mg.float64)
    one, other = F.smooth_l1_loss(x, y, beta=0.3), F.huber_loss(x, y, delta=0.3) / 0.3
    # Three roundings.
    np.testing.assert_allclose(one.item(), other.item(), rtol=4 * np.finfo(float).eps)


def test_a_soft_margin_loss_does_not_overflow():
    x = leaf([-1000.0, 1000.0])
    loss = F.soft_margin_loss(x, mg.tensor([1, 1]), reduction="none")
    assert loss.tolist() == [1000, 0]
    loss.sum().backward()
    assert x.grad.tolist() == [-1, 0]


def test_a_batchmean_of_divergences_is_the_divergence_of_each():
    even, other = mg.tensor([[0.5, 0.5]] * 3), mg.tensor([[0.25, 0.75]] * 3)
    # (log(2) + log(2/3)) / 2.
    assert F.kl_div(other.log(), even, "batchmean").item() == pytest.approx(math.log(4 / 3) / 2, rel=1e-6)


def test_targets_of_zero_have_finite_gradients():
    for loss in (
        lambda y: F.kl_div(mg.tensor([-1.0, -2.0]), y, "sum"),
        lambda y: F.poisson_nll_loss(mg.tensor([0.5, 1.0]), y, full=True),
    ):
        y = leaf([0.0, 1.0])
        loss(y).backward()
        assert np.isfinite(y.grad.numpy()).all()


def test_a_variance_below_the_bound_keeps_the_gradient_of_the_bound():
    for value in (0.0, 0.1):
        var = leaf([value])
        F.gaussian_nll_loss(mg.tensor([1.0]), mg.tensor([0.0]), var, eps=0.1).backward()
        # (1 / var - error**2 / var**2) / 2 at 0.1.
        assert var.grad.item() == pytest.approx((10 - 100) / 2, rel=1e-6)


def test_a_number_as_variance_keeps_the_dtype_of_the_input():
    x = mg.zeros(3, dtype=mg.float64)
    one = F.gaussian_nll_loss(x, x, 0.3)
    other = F.gaussian_nll_loss(x, x, mg.full((3,), 0.3, dtype=mg.float64))
    assert one.dtype == mg.float64
    assert one.item() == pytest.approx(other.item(), rel=4 * np.finfo(float).eps)


def test_labels_behind_the_first_minus_one_do_not_count():
    x = mg.tensor([[0.1, 0.7, 0.4, 0.2]])
    one = F.multilabel_margin_loss(x, mg.tensor([[3, -1, 1, 2]]))
    assert one.item() == F.multilabel_margin_loss(x, mg.tensor([[3, -1, -1, -1]])).item()


CASES = {
    "shapes": (
        lambda: F.margin_ranking_loss(mg.zeros(4, 3), mg.zeros(4, 2), mg.ones(4, 3)),
        ValueError,
        ["margin_ranking_loss", "input1 (4, 3)", "input2 (4, 2)", "target (4, 3)", "test_composed_losses.py"],
    ),
    "axes": (
        lambda: F.margin_ranking_loss(mg.zeros(4, 3), mg.zeros(3), mg.ones(4, 3)),
        ValueError,
        ["margin_ranking_loss", "equally many axes", "input2 (3,)", "unsqueeze"],
    ),
    "axes of triplets": (
        lambda: F.triplet_margin_loss(X, X, mg.zeros(3)),
        ValueError,
        ["triplet_margin_loss", "axes", "negative (3,)"],
    ),
    "margin": (lambda: F.triplet_margin_loss(X, X, X, margin=0), ValueError, ["margin must be above 0, got 0"]),
    "margin of another type": (lambda: F.triplet_margin_loss(X, X, X, margin="1"), TypeError, ["margin", "'1'"]),
    "reduction": (
        lambda: F.hinge_embedding_loss(X, X, reduction="average"),
        ValueError,
        ["hinge_embedding_loss", "'average'", "'mean', 'sum' or 'none'"],
    ),
    "batchmean": (lambda: F.kl_div(X, X, "batch"), ValueError, ["kl_div", "'batchmean'", "'batch'"]),
    "batchmean elsewhere": (lambda: F.huber_loss(X, X, "batchmean"), ValueError, ["huber_loss", "'batchmean'"]),
    "integers": (
        lambda: F.soft_margin_loss(mg.tensor([1, 2]), mg.tensor([1, -1])),
        TypeError,
        ["soft_margin_loss", "floating", "input (2,) int64", "x.float()"],
    ),
    "delta": (lambda: F.huber_loss(X, X, delta=0.0), ValueError, ["huber_loss", "delta must be above 0, got 0"]),
    "beta": (lambda: F.smooth_l1_loss(X, X, beta=-1.0), ValueError, ["smooth_l1_loss", "beta", "not be negative"]),
    "weight": (
        lambda: F.huber_loss(X, X, weight=mg.ones(3)),
        ValueError,
        ["huber_loss", "weight", "(4, 3)", "(3,) float32", "expand_as"],
    ),
    "pairs": (
        lambda: F.cosine_embedding_loss(X, X, mg.ones(4, 1)),
        ValueError,
        ["cosine_embedding_loss", "(N, D)", "target (4, 1)", "squeeze(-1)"],
    ),
    "gradient of labels": (
        lambda: F.hinge_embedding_loss(mg.zeros(2), leaf([1.0, -1.0])),
        RuntimeError,
        ["hinge_embedding_loss", "labels, 1 and -1", "target.detach()"],
    ),
    "gradient of the labels of pairs": (
        lambda: F.cosine_embedding_loss(mg.zeros(2, 3), mg.zeros(2, 3), leaf([1.0, -1.0])),
        RuntimeError,
        ["cosine_embedding_loss", "no derivative"],
    ),
    "label above": (
        lambda: F.multi_margin_loss(X, mg.tensor([0, 1, 3, 0])),
        IndexError,
        ["multi_margin_loss", "label 3 at 2", "3 classes, 0 to 2"],
    ),
    "label below": (lambda: F.multi_margin_loss(X, LABELS - 1), IndexError, ["label -1 at 0"]),
    "label below the filling": (
        lambda: F.multilabel_margin_loss(mg.zeros(1, 2), mg.tensor([[0, -2]])),
        IndexError,
        ["multilabel_margin_loss", "label -2 at (0, 1)", "-1 to 1"],
    ),
    "floating labels": (
        lambda: F.multi_margin_loss(X, mg.zeros(4)),
        TypeError,
        ["multi_margin_loss", "integer labels", "target (4,) float32", "target.long()"],
    ),
    "number of labels": (
        lambda: F.multi_margin_loss(X, mg.tensor([0, 1])),
        ValueError,
        ["multi_margin_loss", "(N,)", "input (4, 3)", "target (2,)"],
    ),
    "lists of labels": (
        lambda: F.multilabel_margin_loss(X, LABELS),
        ValueError,
        ["multilabel_margin_loss", "filled up with -1", "target (4,)"],
    ),
    "classes": (lambda: F.multi_margin_loss(mg.zeros(2, 3, 4), LABELS), ValueError, ["(N, C)", "(2, 3, 4)"]),
    "no classes": (lambda: F.multilabel_soft_margin_loss(mg.zeros(()), mg.zeros(())), ValueError, ["axis of classes"]),
    "power": (lambda: F.multi_margin_loss(X, LABELS, p=3), ValueError, ["p is 1 or 2, got 3"]),
    "weights of classes": (
        lambda: F.multi_margin_loss(X, LABELS, weight=mg.ones(4)),
        ValueError,
        ["multi_margin_loss", "3 classes", "(4,) float32"],
    ),
    "negative variance": (
        lambda: F.gaussian_nll_loss(X, X, mg.tensor([1.0, 1.0, -2.0, 1.0])),
        ValueError,
        ["gaussian_nll_loss", "var must not be negative, got -2 at 2", "log_var.exp()"],
    ),
    "negative number as variance": (lambda: F.gaussian_nll_loss(X, X, -1.0), ValueError, ["got -1"]),
    "shape of the variance": (
        lambda: F.gaussian_nll_loss(X, X, mg.ones(3)),
        ValueError,
        ["gaussian_nll_loss", "(4, 3)", "(3,) float32", "expand_as"],
    ),
}


@pytest.mark.parametrize("call", CASES.values(), ids=CASES.keys())
def test_a_loss_says_what_it_needs_what_came_and_what_to_do(call):
    function, error, parts = call
    with pytest.raises(error) as caught:
        function()
    for part in parts:
        assert part in str(caught.value)
