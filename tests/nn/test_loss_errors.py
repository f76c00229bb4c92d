"""Losses refuse what they cannot compare, and say what came, what was needed and what to do."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F

X = mg.zeros(4, 3)
P = mg.full((4, 3), 0.5)
LABELS = mg.tensor([0, 1, 2, 0])
WEIGHTED = mg.ones(3, requires_grad=True)

CASES = {
    "label too large": (lambda: F.cross_entropy(X, [0, 1, 3, 0]), TypeError, ["cross_entropy", "list"]),
    "label above": (
        lambda: F.cross_entropy(X, mg.tensor([0, 1, 3, 0])),
        IndexError,
        ["cross_entropy", "label 3", "position 2", "3 classes", "0 to 2", "ignore_index", "test_loss_errors.py"],
    ),
    "label below": (
        lambda: F.nll_loss(X, mg.tensor([0, -1, 2, 0])),
        IndexError,
        ["nll_loss", "label -1", "position 1", "0 to 2"],
    ),
    "label in an image": (
        lambda: F.cross_entropy(mg.zeros(2, 3, 2), mg.tensor([[0, 1], [7, 0]])),
        IndexError,
        ["label 7", "position (1, 0)"],
    ),
    "label of a vector": (lambda: F.cross_entropy(mg.zeros(3), mg.tensor(3)), IndexError, ["label 3 is none of the 3"]),
    "label beside an ignored one": (
        lambda: F.cross_entropy(X, mg.tensor([-100, 5, 0, 0])),
        IndexError,
        ["label 5", "position 1"],
    ),
    "float labels": (
        lambda: F.cross_entropy(X, mg.tensor([0.0, 1.0, 2.0, 0.0])),
        TypeError,
        ["cross_entropy", "integers", "(4,) float32", "target.long()"],
    ),
    "NaN labels": (
        lambda: F.cross_entropy(X, mg.tensor([0.0, math.nan, 2.0, 0.0])),
        TypeError,
        ["integers", "NaN at position 1"],
    ),
    "NaN labels of nll": (
        lambda: F.nll_loss(X, mg.tensor([0.0, 1.0, 2.0, math.nan])),
        TypeError,
        ["nll_loss", "NaN at position 3"],
    ),
    "bool labels": (lambda: F.cross_entropy(X, LABELS == 1), TypeError, ["integers", "bool", "target.long()"]),
    "smoothing of another type": (
        lambda: F.cross_entropy(X, LABELS, label_smoothing="0.1"),
        TypeError,
        ["cross_entropy", "label_smoothing", "str '0.1'"],
    ),
    "smoothing by a tensor": (
        lambda: F.cross_entropy(X, LABELS, label_smoothing=mg.tensor(0.1)),
        TypeError,
        ["label_smoothing", "() float32"],
    ),
    "smoothing of a module": (lambda: nn.CrossEntropyLoss(label_smoothing=None), TypeError, ["CrossEntropyLoss"]),
    "ignored label of another type": (
        lambda: F.nll_loss(X, LABELS, ignore_index=None),
        TypeError,
        ["nll_loss", "ignore_index is an integer", "-100"],
    ),
    "ignored label that is a fraction": (
        lambda: F.cross_entropy(X, LABELS, ignore_index=0.5),
        TypeError,
        ["cross_entropy", "ignore_index", "float 0.5"],
    ),
    "ignored label beside probabilities, of another type": (
        lambda: F.cross_entropy(X, P, ignore_index="1"),
        TypeError,
        ["cross_entropy", "ignore_index", "str '1'"],
    ),
    "ignored label of a module": (lambda: nn.NLLLoss(ignore_index="1"), TypeError, ["NLLLoss", "ignore_index"]),
    "reduction of another type": (
        lambda: F.mse_loss(X, X, reduction=np.ones(2)),
        ValueError,
        ["mse_loss", "'mean', 'sum' or 'none'", "array"],
    ),
    "labels as a column": (
        lambda: F.cross_entropy(X, LABELS.reshape(4, 1)),
        ValueError,
        ["(4, 3)", "(4, 1)", "target.reshape((4,))"],
    ),
    "too few labels": (lambda: F.cross_entropy(X, LABELS[:3]), ValueError, ["(4, 3)", "(3,)"]),
    "integer one-hot rows": (
        lambda: F.cross_entropy(X, F.one_hot(LABELS, 3)),
        ValueError,
        ["(4, 3)", "int64", "target.float()"],
    ),
    "probabilities of another shape": (lambda: F.cross_entropy(X, mg.zeros(4, 2)), ValueError, ["(4, 3)", "(4, 2)"]),
    "negative probability": (
        lambda: F.cross_entropy(X, mg.tensor([[0.0, 1.0, 0.0]] * 3 + [[-0.5, 1.0, 0.5]])),
        ValueError,
        ["target", "[0, 1]", "-0.5", "(3, 0)"],
    ),
    "NaN probability": (lambda: F.cross_entropy(X, P * math.nan), ValueError, ["[0, 1]", "nan", "(0, 0)"]),
    "ignore_index of probabilities": (lambda: F.cross_entropy(X, P, ignore_index=1), ValueError, ["ignore_index"]),
    "integer logits": (lambda: F.cross_entropy(X.long(), LABELS), TypeError, ["floating", "int64", "x.float()"]),
    "no class": (lambda: F.cross_entropy(mg.zeros(4, 0), LABELS), ValueError, ["(N, C)", "(4, 0)"]),
    "no class axis": (lambda: F.cross_entropy(mg.tensor(0.0), mg.tensor(0)), ValueError, ["(C,)", "()"]),
    "class weights": (
        lambda: F.cross_entropy(X, LABELS, mg.ones(4)),
        ValueError,
        ["weight", "3 classes", "(4,) float32"],
    ),
    "class weights that require grad": (
        lambda: F.cross_entropy(X, LABELS, WEIGHTED),
        RuntimeError,
        ["weight", "constant", "weight.detach()"],
    ),
    "smoothing": (lambda: F.cross_entropy(X, LABELS, label_smoothing=1.5), ValueError, ["label_smoothing", "1.5"]),
    "smoothing of the module": (
        lambda: nn.CrossEntropyLoss(label_smoothing=-1),
        ValueError,
        ["CrossEntropyLoss", "label_smoothing", "-1"],
    ),
    "reduction": (lambda: F.mse_loss(X, X, "average"), ValueError, ["mse_loss", "'mean'", "'average'"]),
    "reduction of labels": (lambda: F.cross_entropy(X, LABELS, reduction="avg"), ValueError, ["'none'", "'avg'"]),
    "reduction of the module": (lambda: nn.MSELoss("avg"), ValueError, ["MSELoss", "'avg'"]),
    "shapes": (
        lambda: F.mse_loss(X, mg.zeros(4, 2)),
        ValueError,
        ["mse_loss", "(4, 3) float32", "(4, 2) float32", "target.reshape(input.shape)"],
    ),
    "shapes that broadcast, of probabilities": (
        lambda: F.binary_cross_entropy(P, P[:, 0]),
        ValueError,
        ["binary_cross_entropy", "(4, 3)", "(4,)"],
    ),
    "shapes that broadcast, of logits": (
        lambda: F.binary_cross_entropy_with_logits(mg.zeros(4, 1), mg.zeros(4)),
        ValueError,
        ["binary_cross_entropy_with_logits", "(4, 1)", "(4,)", "squeeze"],
    ),
    "integers only": (lambda: F.mse_loss(LABELS, LABELS), TypeError, ["floating", "int64"]),
    "logits for probabilities": (
        lambda: F.binary_cross_entropy(mg.tensor([0.5, 1.5]), mg.tensor([0.0, 1.0])),
        ValueError,
        ["input", "[0, 1]", "1.5", "at 1", "binary_cross_entropy_with_logits"],
    ),
    "NaN for probabilities": (
        lambda: F.binary_cross_entropy(mg.tensor([math.nan]), mg.tensor([0.0])),
        ValueError,
        ["input", "nan"],
    ),
    "targets -1 and 1": (
        lambda: F.binary_cross_entropy_with_logits(mg.zeros(2), mg.tensor([-1.0, 1.0])),
        ValueError,
        ["target", "[0, 1]", "-1", "at 0"],
    ),
    "weight of elements": (
        lambda: F.binary_cross_entropy(P, P, mg.ones(4)),
        ValueError,
        ["weight", "(4, 3)", "(4,)"],
    ),
    "positive weight": (
        lambda: F.binary_cross_entropy_with_logits(X, P, pos_weight=mg.ones(2, 4, 3)),
        ValueError,
        ["pos_weight", "(4, 3)", "(2, 4, 3)"],
    ),
    "text": (lambda: F.mse_loss(X, "target"), TypeError, ["mse_loss", "str 'target'"]),
}


@pytest.mark.parametrize("case", CASES)
def test_a_bad_input_is_named_with_its_remedy(case):
    call, error, parts = CASES[case]
    with pytest.raises(error) as caught:
        call()
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.parametrize("loss", [F.mse_loss, F.l1_loss, nn.MSELoss(), nn.Sequential(nn.Identity())])
def test_a_column_against_a_vector_is_computed_as_broadcast_and_warned_about(loss):
    x, y = mg.tensor([[1.0], [2.0]], requires_grad=True), mg.tensor([1.0, 3.0])
    if isinstance(loss, nn.Sequential):
        loss = Wrapped()
    with pytest.warns(UserWarning, match=r"\(2, 1\) float32.*\(2,\) float32.*\(2, 2\).*reshape") as caught:
        output = loss(x, y)
    wide = np.array([[0.0, -2.0], [1.0, -1.0]])
    expected = np.abs(wide).mean() if loss is F.l1_loss else (wide**2).mean()
    assert output.item() == pytest.approx(expected, rel=1e-6)
    assert caught[0].filename == __file__
    output.backward()
    assert x.grad.shape == (2, 1)


class Wrapped(nn.Module):
    """A user's module, whose own line the warning names."""

    def forward(self, x, y):
        return nn.MSELoss()(x, y)


def test_nothing_is_drawn_or_changed_when_a_loss_refuses():
    x = mg.zeros(4, 3, requires_grad=True)
    with pytest.raises(IndexError):
        F.cross_entropy(x, mg.tensor([0, 0, 0, 9]))
    assert x.grad is None
    assert x.tolist() == [[0.0] * 3] * 4
