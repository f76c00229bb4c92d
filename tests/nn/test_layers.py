"""Layers: Linear and its starting values, Flatten, Identity, Dropout and the activations."""

import math

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn import functional as F


def test_linear_multiplies_by_the_transposed_weight_and_adds_the_bias():
    layer = nn.Linear(2, 3)
    x = mg.randn(5, 2)
    expected = x.numpy() @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()
    # Sums of three float32 products of order 1.
    np.testing.assert_allclose(layer(x).detach().numpy(), expected, rtol=1e-5, atol=1e-6)
    assert layer(mg.ones(4, 5, 2)).shape == (4, 5, 3)
    assert layer(mg.ones(2)).shape == (3,)
    assert repr(nn.Linear(2, 3, bias=False)) == "Linear(in_features=2, out_features=3, bias=False)"


def test_linear_starts_uniform_within_one_over_the_root_of_its_inputs():
    layer = nn.Linear(400, 100, generator=mg.Generator(1))
    bound = 1 / math.sqrt(400)
    for parameter in layer.parameters():
        array = parameter.detach().numpy()
        assert np.abs(array).max() <= bound
    weight = layer.weight.detach().numpy()
    # Of 40,000 uniform draws: the largest misses the bound by about 1/40,000 of it, the variance varies by 0.5 %.
    assert np.abs(weight).max() > 0.999 * bound
    assert weight.var() == pytest.approx(bound**2 / 3, rel=0.03)


def test_the_seed_decides_the_starting_values():
    mg.manual_seed(3)
    first = nn.Linear(4, 4)
    mg.manual_seed(3)
    second = nn.Linear(4, 4)
    third = nn.Linear(4, 4)
    assert first.weight.tolist() == second.weight.tolist() != third.weight.tolist()
    assert nn.Linear(4, 4, generator=mg.Generator(3)).bias.tolist() == first.bias.tolist()


def test_linear_takes_a_dtype():
    assert nn.Linear(2, 2, dtype=mg.float64).bias.dtype == mg.float64


@pytest.mark.parametrize(
    ("call", "error", "parts"),
    [
        (lambda: nn.Linear(0, 3), ValueError, ["Linear", "in_features", "at least 1", "0"]),
        (lambda: nn.Linear(3, -1), ValueError, ["Linear", "out_features", "-1"]),
        (lambda: nn.Linear(2.0, 3), TypeError, ["in_features", "integer", "2.0"]),
        (lambda: nn.Linear(True, 3), TypeError, ["in_features", "True"]),
        (lambda: nn.Linear(2, 3, dtype=complex), TypeError, ["Linear", "complex"]),
        (lambda: nn.Linear(2, 3, generator=5), TypeError, ["Generator", "int 5"]),
        (lambda: nn.Linear(2, 3)(mg.ones(4, 5)), ValueError, ["linear", "(4, 5)", "(3, 2)", "'weight'"]),
        (lambda: nn.Dropout(1.5), ValueError, ["Dropout", "[0, 1]", "1.5"]),
        (lambda: nn.Dropout(-0.1), ValueError, ["Dropout", "-0.1"]),
        (lambda: nn.Dropout(math.nan), ValueError, ["Dropout", "nan"]),
        (lambda: nn.Dropout("half"), TypeError, ["Dropout", "number", "'half'"]),
        (lambda: F.dropout(mg.ones(2), 2), ValueError, ["dropout", "[0, 1]", "2"]),
        (lambda: F.dropout(mg.tensor([1, 2])), TypeError, ["dropout", "floating", "int64"]),
        (lambda: nn.Softmax(), ValueError, ["Softmax", "nn.Softmax(dim=-1)"]),
        (lambda: nn.LogSoftmax(), ValueError, ["LogSoftmax", "dim"]),
    ],
)
def test_bad_settings_are_named(call, error, parts):
    with pytest.raises(error) as caught:
        call()
    for part in parts:
        assert part in str(caught.value)


def test_identity_returns_what_it_is_given_whatever_it_was_made_with():
    x = mg.ones(2)
    assert nn.Identity(3, size=4)(x) is x


def test_flatten_leaves_the_batch_axis_alone():
    x = mg.ones(2, 3, 4, 5)
    assert nn.Flatten()(x).shape == (2, 60)
    assert nn.Flatten(0, 1)(x).shape == (6, 4, 5)
    assert repr(nn.Flatten()) == "Flatten(start_dim=1, end_dim=-1)"


def test_activations_are_the_functions():
    x = mg.tensor([[-1.0, 0.0, 2.0]])
    assert nn.ReLU()(x).tolist() == mg.relu(x).tolist()
    assert nn.Tanh()(x).tolist() == mg.tanh(x).tolist()
    assert nn.Sigmoid()(x).tolist() == mg.sigmoid(x).tolist()
    assert nn.Softmax(dim=1)(x).tolist() == mg.softmax(x, 1).tolist()
    assert nn.LogSoftmax(dim=-1)(x).tolist() == mg.log_softmax(x, -1).tolist()


def test_relu_may_write_over_its_input():
    x = mg.tensor([-1.0, 2.0])
    assert nn.ReLU(inplace=True)(x) is x
    assert x.tolist() == [0.0, 2.0]
    w = mg.tensor([-1.0, 2.0], requires_grad=True)
    nn.ReLU(inplace=True)(w * 3).sum().backward()
    assert w.grad.tolist() == [0.0, 3.0]
    assert repr(nn.ReLU(inplace=True)) == "ReLU(inplace=True)"


def test_dropout_drops_its_share_and_scales_the_rest():
    x = mg.ones(100, 100, requires_grad=True)
    output = nn.Dropout(0.25, generator=mg.Generator(2))(x)
    kept = output.detach().numpy() != 0
    # The share of 10,000 draws has standard deviation 0.0043.
    assert kept.mean() == pytest.approx(0.75, abs=0.02)
    np.testing.assert_allclose(output.detach().numpy()[kept], 1 / 0.75, rtol=1e-6)
    output.sum().backward()
    assert (x.grad.numpy() == output.detach().numpy()).all()


def test_the_seed_decides_what_is_dropped():
    x = mg.ones(50)
    mg.manual_seed(1)
    first, second = F.dropout(x), F.dropout(x)
    mg.manual_seed(1)
    assert F.dropout(x).tolist() == first.tolist() != second.tolist()


def test_dropout_is_the_identity_where_nothing_is_dropped():
    x = mg.ones(5)
    assert nn.Dropout(0.5).eval()(x) is x
    assert nn.Dropout(0)(x) is x
    assert F.dropout(x, 0.5, training=False) is x


def test_dropout_of_everything_gives_zeros_and_a_gradient_of_zeros():
    x = mg.ones(5, requires_grad=True)
    output = F.dropout(x, 1.0)
    output.sum().backward()
    assert output.tolist() == x.grad.tolist() == [0.0] * 5


def test_dropout_has_its_derivatives(generator, assert_derivatives):
    def loss(x):
        return F.dropout(x * x, 0.4, generator=mg.Generator(5))

    assert_derivatives(loss, generator.standard_normal((3, 4)))


def test_a_small_network_learns_to_separate(generator):
    x = generator.standard_normal((64, 2)).astype(np.float32)
    labels = (x[:, 0] * x[:, 1] > 0).astype(np.int64)
    mg.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2))
    loss_function = nn.CrossEntropyLoss()
    losses = []
    for _ in range(200):
        loss = loss_function(model(mg.tensor(x)), mg.tensor(labels))
        model.zero_grad()
        loss.backward()
        with mg.no_grad():
            for parameter in model.parameters():
                parameter -= 1.0 * parameter.grad
        losses.append(loss.item())
    assert losses[-1] < 0.3 * losses[0]
