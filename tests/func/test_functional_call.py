"""A module called with other tensors than its own."""

import copy

import numpy as np
import pytest

import minigrad as mg
from minigrad import func, nn


class Counter(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("count", mg.zeros(()))

    def forward(self, x):
        self.count = self.count + 1
        return x + self.count


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(2, 2, bias=False)
        self.second = nn.Linear(2, 2, bias=False)
        self.second.weight = self.first.weight

    def forward(self, x):
        return self.second(self.first(x))


def model():
    mg.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))


def test_the_given_tensors_are_used_and_the_modules_own_come_back():
    net, other = model(), copy.deepcopy(model())
    with mg.no_grad():
        for parameter in other.parameters():
            parameter += 1
    own = dict(net.named_parameters())
    x = mg.ones(2, 3)
    found = func.functional_call(net, dict(other.named_parameters()), (x,))
    assert mg.equal(found, other(x))
    for name, parameter in net.named_parameters():
        assert parameter is own[name]
    assert list(dict(net.named_parameters())) == list(own)
    assert net[0].weight is own["0.weight"]


def test_what_is_not_named_stays_and_what_is_unknown_is_passed_over():
    net = model()
    x = mg.ones(3)
    weights = {"2.bias": net[2].bias.detach() + 5, "of another model": x}
    assert mg.allclose(func.functional_call(net, weights, x), net(x) + 5)


def test_several_dicts_and_arguments_by_keyword():
    layer = nn.Linear(2, 1)
    dicts = ({"weight": mg.ones(1, 2)}, {"bias": mg.zeros(1)})
    assert func.functional_call(layer, dicts, kwargs={"input": mg.ones(2)}).tolist() == [2]
    assert func.functional_call(layer, dicts, mg.ones(2)).tolist() == [2]


def test_an_error_in_the_module_leaves_it_as_it_was():
    net = model()
    own = dict(net.named_parameters())
    with pytest.raises(ValueError, match="linear"):
        func.functional_call(net, {name: each.detach() for name, each in own.items()}, mg.ones(7))
    assert all(each is own[name] for name, each in net.named_parameters())


def test_a_buffer_that_the_module_replaces_is_put_into_the_dict():
    module = Counter()
    buffers = {"count": mg.tensor(4.0)}
    assert func.functional_call(module, buffers, mg.ones(())).item() == 6
    assert buffers["count"].item() == 5
    assert module.count.item() == 0


def test_tied_parameters_are_replaced_together():
    module = Tied()
    weights = {"first.weight": 2 * mg.eye(2)}
    x = mg.tensor([1.0, 2.0])
    assert func.functional_call(module, weights, x).tolist() == [4, 8]
    with pytest.raises(ValueError, match=r"\['first.weight', 'second.weight'\] are one tensor"):
        func.functional_call(module, {**weights, "second.weight": mg.eye(2)}, x)
    apart = func.functional_call(module, {**weights, "second.weight": mg.eye(2)}, x, tie_weights=False)
    assert apart.tolist() == [2, 4]
    assert module.second.weight is module.first.weight


def test_gradients_of_a_model_are_those_of_backward():
    net = model()
    x = mg.ones(5, 3)
    net(x).square().sum().backward()
    weights = {name: each.detach() for name, each in net.named_parameters()}
    found = func.grad(lambda weights: func.functional_call(net, weights, x).square().sum())(weights)
    for name, parameter in net.named_parameters():
        np.testing.assert_array_equal(found[name].numpy(), parameter.grad.numpy())
