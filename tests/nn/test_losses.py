"""Losses: their values, their derivatives, and what counts in a mean."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F

REDUCTIONS = ["mean", "sum", "none"]


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0, 3)])
@pytest.mark.parametrize("loss", [F.mse_loss, F.l1_loss])
def test_a_loss_of_differences_has_its_derivatives(loss, shape, reduction, generator, assert_derivatives):
    x, y = generator.standard_normal(shape), generator.standard_normal(shape)
    assert_derivatives(lambda x, y: loss(x, y, reduction), np.asarray(x), np.asarray(y))


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weighted", [False, True])
def test_binary_cross_entropy_has_its_derivatives(reduction, weighted, generator, assert_derivatives):
    x, y = generator.uniform(0.2, 0.8, (2, 3)), generator.uniform(0.2, 0.8, (2, 3))
    weight = generator.uniform(0.5, 2, 3) if weighted else None
    assert_derivatives(lambda x, y: F.binary_cross_entropy(x, y, weight, reduction=reduction), x, y)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("positive", [False, True])
def test_binary_cross_entropy_of_logits_has_its_derivatives(
    reduction, weighted, positive, generator, assert_derivatives
):
    x, y = generator.standard_normal((2, 3)), generator.uniform(0.2, 0.8, (2, 3))
    options = {
        "weight": generator.uniform(0.5, 2, (2, 1)) if weighted else None,
        "pos_weight": generator.uniform(0.5, 2, 3) if positive else None,
        "reduction": reduction,
    }
    assert_derivatives(lambda x, y: F.binary_cross_entropy_with_logits(x, y, **options), x, y)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 4, 3), (0, 4)])
@pytest.mark.parametrize("options", ["plain", "weight", "ignore", "smoothing", "all"])
def test_cross_entropy_to_labels_has_its_derivatives(shape, reduction, options, generator, assert_derivatives):
    labels = generator.integers(0, 4, shape[:1] + shape[2:] if len(shape) > 1 else ())
    if options in ("ignore", "all") and labels.size > 1:
        labels.flat[0] = -1
    weight = generator.uniform(0.5, 2, 4) if options in ("weight", "all") else None
    smoothing = 0.2 if options in ("smoothing", "all") else 0.0

    def loss(x):
        return F.cross_entropy(x, labels, weight, ignore_index=-1, reduction=reduction, label_smoothing=smoothing)

    assert_derivatives(loss, generator.standard_normal(shape))


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 4, 3), (0, 4)])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_cross_entropy_to_probabilities_has_its_derivatives(
    shape, reduction, weighted, smoothing, generator, assert_derivatives
):
    weight = generator.uniform(0.5, 2, 4) if weighted else None

    def loss(x, y):
        return F.cross_entropy(x, y, weight, reduction=reduction, label_smoothing=smoothing)

    assert_derivatives(loss, generator.standard_normal(shape), generator.uniform(0.1, 0.9, shape))


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 4, 3), (0, 4)])
@pytest.mark.parametrize("weighted", [False, True])
def test_nll_loss_has_its_derivatives(shape, reduction, weighted, generator, assert_derivatives):
    labels = generator.integers(0, 4, shape[:1] + shape[2:] if len(shape) > 1 else ())
    weight = generator.uniform(0.5, 2, 4) if weighted else None
    assert_derivatives(
        lambda x: F.nll_loss(x, labels, weight, ignore_index=2, reduction=reduction), generator.standard_normal(shape)
    )


def test_cross_entropy_is_the_negative_log_likelihood_of_log_softmax(generator):
    x, labels = mg.tensor(generator.standard_normal((5, 3))), mg.tensor(generator.integers(0, 3, 5))
    of_logits = F.cross_entropy(x, labels)
    # Both sum five numbers of order 1 in another order.
    assert of_logits.item() == pytest.approx(F.nll_loss(F.log_softmax(x, 1), labels).item(), rel=1e-14)


def test_cross_entropy_of_one_hot_rows_is_that_of_the_labels(generator):
    x, labels = mg.tensor(generator.standard_normal((5, 3))), mg.tensor(generator.integers(0, 3, 5))
    rows = F.one_hot(labels, 3).double()
    assert F.cross_entropy(x, rows).item() == pytest.approx(F.cross_entropy(x, labels).item(), rel=1e-14)


def test_cross_entropy_of_huge_logits_is_finite():
    x = mg.tensor([[1e4, -1e4], [1e4, -1e4]], requires_grad=True)
    loss = F.cross_entropy(x, mg.tensor([0, 1]), reduction="none")
    assert loss.tolist() == [0.0, 2e4]
    loss.sum().backward()
    assert x.grad.tolist() == [[0.0, 0.0], [1.0, -1.0]]


def test_a_weighted_mean_divides_by_the_weights_of_what_counts():
    x = mg.tensor([[-1.0, -2.0], [-3.0, -4.0], [-5.0, -6.0]])
    labels = mg.tensor([0, 1, -100])
    weight = mg.tensor([1.0, 3.0])
    assert F.nll_loss(x, labels, weight).item() == (1 * 1 + 3 * 4) / (1 + 3)
    assert F.nll_loss(x, labels, weight, reduction="none").tolist() == [1.0, 12.0, 0.0]


def test_an_ignored_label_may_be_a_class():
    x = mg.tensor([[-1.0, -2.0], [-3.0, -4.0]])
    assert F.nll_loss(x, mg.tensor([0, 1]), ignore_index=0).item() == 4.0


def test_an_ignored_sample_counts_nothing_though_its_loss_is_infinite():
    x = mg.tensor([[-math.inf, 0.0], [-3.0, -4.0]], requires_grad=True)
    loss = F.nll_loss(x, mg.tensor([0, 1]), ignore_index=0)
    loss.backward()
    assert loss.item() == 4.0
    assert x.grad.tolist() == [[0.0, 0.0], [0.0, -1.0]]


def test_the_mean_of_nothing_that_counts_is_nan():
    labels = mg.tensor([-100, -100])
    assert math.isnan(F.cross_entropy(mg.zeros(2, 3), labels).item())
    assert math.isnan(F.cross_entropy(mg.zeros(2, 3), labels, label_smoothing=0.1).item())
    assert math.isnan(F.nll_loss(mg.zeros(2, 3), labels).item())
    assert F.cross_entropy(mg.zeros(2, 3), labels, reduction="sum").item() == 0


@pytest.mark.parametrize(
    ("loss", "target"),
    [
        (F.mse_loss, mg.zeros(0, 3)),
        (F.l1_loss, mg.zeros(0, 3)),
        (F.binary_cross_entropy, mg.zeros(0, 3)),
        (F.binary_cross_entropy_with_logits, mg.zeros(0, 3)),
        (F.cross_entropy, mg.zeros(0, dtype=mg.int64)),
        (F.cross_entropy, mg.zeros(0, 3)),
        (F.nll_loss, mg.zeros(0, dtype=mg.int64)),
    ],
)
def test_an_empty_batch_has_mean_nan_sum_0_and_an_empty_gradient(loss, target):
    x = mg.zeros(0, 3, requires_grad=True)
    assert math.isnan(loss(x, target).item())
    assert loss(x, target, reduction="sum").item() == 0
    loss(x, target).backward()
    assert x.grad.shape == (0, 3)


def test_binary_cross_entropy_of_certain_and_wrong_probabilities_stops_at_100():
    x = mg.tensor([0.0, 1.0, 1.0], requires_grad=True)
    losses = F.binary_cross_entropy(x, mg.tensor([1.0, 0.0, 1.0]), reduction="none")
    assert losses.tolist() == [100.0, 100.0, 0.0]
    losses.sum().backward()
    # The variance 0 counts as 1e-12, in float32.
    np.testing.assert_allclose(x.grad.numpy(), [-1e12, 1e12, 0.0], rtol=1e-6)


def test_binary_cross_entropy_of_huge_logits_is_exact():
    x = mg.tensor([1000.0, -1000.0, 0.0], requires_grad=True)
    losses = F.binary_cross_entropy_with_logits(x, mg.tensor([0.0, 0.0, 1.0]), reduction="none")
    np.testing.assert_allclose(losses.detach().numpy(), [1000.0, 0.0, math.log(2)], rtol=1e-7)
    losses.sum().backward()
    assert x.grad.tolist() == [1.0, 0.0, -0.5]


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "binary_cross_entropy", "binary_cross_entropy_with_logits"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_reduced_loss_is_the_sum_or_mean_of_the_single_ones(name, dtype, generator):
    """Kernels compute the one, NumPy the other; 700 numbers are two blocks of a sum."""
    x, y = generator.uniform(0, 1, (2, 35, 20)).astype(dtype)
    x[0, 0] = 0
    y[-1, -1] = 1
    loss = getattr(F, name)
    ours, theirs = mg.tensor(x, requires_grad=True), mg.tensor(x, requires_grad=True)
    # Sums of 700 positive numbers in two orders, the losses themselves some roundings apart.
    tolerance = 720 * np.finfo(dtype).eps
    for reduction in ("sum", "mean"):
        each = loss(theirs, y, reduction="none")
        expected = getattr(each, reduction)()
        result = loss(ours, y, reduction=reduction)
        assert result.dtype == dtype
        np.testing.assert_allclose(result.detach().numpy(), expected.detach().numpy(), rtol=tolerance)
        ours.grad = theirs.grad = None
        (result * 3).backward()
        (expected * 3).backward()
        # sigmoid(x) - y cancels: some roundings of 3.
        np.testing.assert_allclose(
            ours.grad.numpy(), theirs.grad.numpy(), rtol=tolerance, atol=30 * np.finfo(dtype).eps
        )


def test_a_loss_reads_operands_of_any_layout(generator):
    x, y = generator.standard_normal((2, 6, 4))
    expected = ((x - y) ** 2).mean()
    wide = np.zeros((6, 8))
    wide[:, ::2] = x
    for operand in (mg.tensor(x.T.copy()).T, mg.from_numpy(wide)[:, ::2], mg.tensor(x[:1]).expand(6, 4)):
        same = operand.numpy()
        # 24 numbers of order 1.
        np.testing.assert_allclose(F.mse_loss(operand, y).item(), ((same - y) ** 2).mean(), rtol=1e-14)
    assert F.mse_loss(x, y) == pytest.approx(expected, rel=1e-14)


def test_losses_of_two_floating_dtypes_are_computed_in_the_wider_one():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    loss = F.mse_loss(x, np.array([0.5, 0.5]))
    loss.backward()
    assert loss.dtype == mg.float64
    assert x.grad.dtype == mg.float32
    assert F.mse_loss(x, mg.tensor([1, 2])).dtype == mg.float32


def test_losses_of_arrays_are_plain_numbers():
    assert F.mse_loss(np.ones(2), np.zeros(2)) == 1.0
    assert not isinstance(F.cross_entropy(np.zeros((2, 3)), np.zeros(2, np.int64)), mg.Tensor)


def test_targets_as_arrays_and_labels_of_any_integer_dtype_are_taken():
    x = mg.zeros(2, 3)
    for dtype in (np.int8, np.uint8, np.int32, np.int64):
        assert F.cross_entropy(x, np.array([0, 2], dtype)).item() == pytest.approx(math.log(3), rel=1e-6)


def test_labels_that_changed_before_backward_are_noticed():
    x = mg.zeros(2, 3, requires_grad=True)
    labels = mg.tensor([0, 1])
    loss = F.cross_entropy(x, labels)
    labels[0] = 2
    with pytest.raises(RuntimeError, match=r"(?s)cross_entropy.*target.*changed"):
        loss.backward()


def test_a_loss_module_computes_what_its_function_does(generator):
    x = mg.tensor(generator.standard_normal((4, 3)))
    labels = mg.tensor(generator.integers(0, 3, 4))
    weight = mg.tensor(generator.uniform(0.5, 2, 3))
    shares = mg.tensor(generator.uniform(0.1, 0.9, (4, 3)))
    pairs = [
        (nn.MSELoss(reduction="sum")(x, shares), F.mse_loss(x, shares, "sum")),
        (nn.L1Loss()(x, shares), F.l1_loss(x, shares)),
        (
            nn.CrossEntropyLoss(weight, ignore_index=1, label_smoothing=0.1)(x, labels),
            F.cross_entropy(x, labels, weight, ignore_index=1, label_smoothing=0.1),
        ),
        (nn.NLLLoss(weight, ignore_index=1)(x, labels), F.nll_loss(x, labels, weight, ignore_index=1)),
        (nn.BCELoss(weight)(shares, shares), F.binary_cross_entropy(shares, shares, weight)),
        (
            nn.BCEWithLogitsLoss(weight, pos_weight=weight)(x, shares),
            F.binary_cross_entropy_with_logits(x, shares, weight, pos_weight=weight),
        ),
    ]
    for of_module, of_function in pairs:
        assert of_module.item() == of_function.item()


def test_the_weight_of_a_loss_is_a_buffer_and_is_converted_with_it():
    loss = nn.CrossEntropyLoss([1.0, 2.0])
    assert dict(loss.named_buffers()).keys() == {"weight"}
    assert loss.double().weight.dtype == mg.float64
    assert repr(nn.CrossEntropyLoss()) == "CrossEntropyLoss()"
    assert repr(nn.MSELoss(reduction="sum")) == "MSELoss(reduction='sum')"


@pytest.mark.parametrize("loss", [nn.functional.cross_entropy, nn.functional.nll_loss])
def test_a_batch_whose_labels_are_all_ignored_leaves_no_nan_in_the_gradient(loss):
    x = mg.ones(2, 3, requires_grad=True)
    value = loss(x, mg.tensor([-100, -100]))
    value.backward()
    assert np.isnan(value.item())  # a mean of nothing, as in PyTorch
    assert x.grad.tolist() == [[0.0] * 3] * 2
