"""A parameter knows its path in the model, however the model was built, and errors call it by that."""

import copy
import pickle

import pytest

import minigrad as mg
from minigrad import nn


class Net(nn.Module):
    def __init__(self):
        self.mlp = nn.Sequential(nn.Linear(3, 2), nn.Tanh())
        self.heads = nn.ModuleList()
        self.heads.append(nn.Linear(2, 1))
        self.scale = nn.Parameter([1.0])


def assert_paths(model):
    """Assert that each parameter is called what named_parameters() calls it."""
    named = list(model.named_parameters())
    assert named
    for path, parameter in named:
        assert parameter.name == path


def test_a_parameter_is_called_by_its_path():
    model = Net()
    assert model.mlp[0].weight.name == "mlp.0.weight"
    assert model.heads[0].bias.name == "heads.0.bias"
    assert model.scale.name == "scale"
    assert_paths(model)
    assert "'mlp.0.weight'" in repr(model.mlp[0].weight)


def test_the_path_follows_when_the_model_grows_around_it_and_inside_it():
    inner = Net()
    weight = inner.mlp[0].weight
    outer = nn.ModuleDict({"encoder": inner})
    assert weight.name == "encoder.mlp.0.weight"
    inner.mlp.insert(0, nn.Linear(3, 3))
    assert weight.name == "encoder.mlp.1.weight"
    inner.mlp.append(nn.Linear(2, 2))
    assert inner.mlp[3].weight.name == "encoder.mlp.3.weight"
    assert_paths(outer)
    del outer["encoder"]
    assert weight.name == "mlp.1.weight"


def test_a_model_that_is_gone_leaves_its_parts_their_own_paths():
    layer = nn.Linear(2, 1)
    assert nn.Sequential(layer)[0].weight.name == "weight"  # the Sequential has gone when the name is asked for
    model = nn.Sequential(nn.Tanh(), layer)
    assert layer.weight.name == "1.weight"
    assert_paths(model)


def test_a_shared_weight_is_called_by_its_first_place():
    class Tied(nn.Module):
        def __init__(self):
            self.encoder = nn.Linear(2, 2)
            self.decoder = nn.Linear(2, 2)
            self.decoder.weight = self.encoder.weight

    model = Tied()
    assert model.decoder.weight.name == "encoder.weight"
    assert_paths(model)


def test_a_module_that_moves_into_another_is_no_ring():
    first, second = nn.ModuleDict(), nn.ModuleDict()
    first["second"] = second
    del first["second"]
    second["first"] = first
    first["layer"] = nn.Linear(1, 1)
    assert first["layer"].weight.name == "first.layer.weight"


def test_a_name_that_was_given_stays():
    model = Net()
    model.scale.name = "gain"
    assert model.scale.name == "gain"
    model.scale.name = None
    assert model.scale.name == "scale"
    assert nn.Parameter([1.0]).name is None


@pytest.mark.parametrize("twin_of", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_has_paths_of_its_own(twin_of):
    model = nn.Sequential(Net())
    twin = twin_of(model)
    assert_paths(twin)
    outer = nn.ModuleDict({"twin": twin})
    assert_paths(outer)
    assert twin[0].scale.name == "twin.0.scale"
    assert model[0].scale.name == "0.scale"


def test_errors_call_a_parameter_by_its_path():
    model = Net()
    with pytest.raises(ValueError, match=r"'mlp\.0\.weight'"):
        model.mlp(mg.ones(2, 5))
