"""Containers: indexing, slicing, growing, and the errors of each."""

from collections import OrderedDict

import pytest

import minigrad as mg
from minigrad import nn


def keys(module):
    return list(module.state_dict())


def test_sequential_calls_its_modules_in_a_row():
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    x = mg.ones(4, 2)
    assert model(x).tolist() == model[2](model[1](model[0](x))).tolist()
    assert nn.Sequential()(x) is x


@pytest.mark.parametrize("kind", [dict, OrderedDict])
def test_sequential_takes_names(kind):
    model = nn.Sequential(kind([("first", nn.Linear(2, 2)), ("act", nn.Tanh())]))
    assert keys(model) == ["first.weight", "first.bias"]
    assert model.act is model[1]
    assert model(mg.ones(1, 2)).grad_fn.module == "act"


def test_sequential_is_indexed_and_sliced():
    layers = [nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2)]
    model = nn.Sequential(*layers)
    assert len(model) == 3
    assert list(model) == layers
    assert model[-1] is layers[2]
    assert layers[1] in model
    assert nn.ReLU() not in model
    part = model[1:]
    assert isinstance(part, nn.Sequential)
    assert list(part) == layers[1:]
    # As in PyTorch, a part keeps the names.
    assert keys(part) == ["2.weight", "2.bias"]
    model[1] = nn.Tanh()
    assert isinstance(model[1], nn.Tanh)


def test_sequential_grows_and_shrinks():
    model = nn.Sequential(nn.Linear(2, 2))
    assert model.append(nn.ReLU()) is model
    model.extend([nn.Tanh(), nn.Linear(2, 1)])
    model.insert(1, nn.Sigmoid())
    assert [type(module).__name__ for module in model] == ["Linear", "Sigmoid", "ReLU", "Tanh", "Linear"]
    del model[1]
    del model[1:3]
    assert keys(model) == ["0.weight", "0.bias", "1.weight", "1.bias"]
    assert model(mg.ones(1, 2)).grad_fn.module == "1"


def test_a_module_list_is_a_list():
    layers = nn.ModuleList(nn.Linear(2, 2) for _ in range(3))
    assert len(layers) == 3
    assert isinstance(layers[1:], nn.ModuleList)
    assert keys(layers[1:]) == ["0.weight", "0.bias", "1.weight", "1.bias"]
    layers.insert(0, nn.Tanh())
    assert isinstance(layers[0], nn.Tanh)
    assert [name for name, _ in layers.named_children()] == ["0", "1", "2", "3"]


def test_a_module_dict_is_a_dict():
    layers = nn.ModuleDict({"a": nn.Linear(2, 2)})
    layers["b"] = nn.ReLU()
    layers.update({"c": nn.Tanh()})
    assert list(layers) == list(layers.keys()) == ["a", "b", "c"]
    assert list(layers.values())[1] is layers["b"] is dict(layers.items())["b"]
    assert "a" in layers
    assert len(layers) == 3
    del layers["a"]
    assert keys(layers) == []
    assert list(nn.ModuleDict(layers)) == list(nn.ModuleDict(layers.items())) == ["b", "c"]


CASES = {
    "function": (lambda: nn.Sequential(nn.Linear(2, 2), mg.relu), TypeError, ["Sequential", "element 1", "nn.ReLU()"]),
    "class": (lambda: nn.Sequential(nn.ReLU), TypeError, ["element 0", "nn.ReLU()"]),
    "list": (lambda: nn.Sequential([nn.ReLU()]), TypeError, ["element 0", "list"]),
    "function in a list": (lambda: nn.ModuleList([mg.relu]), TypeError, ["ModuleList", "element 0"]),
    "function in a dict": (lambda: nn.ModuleDict({"a": mg.relu}), TypeError, ["ModuleDict", "element a"]),
    "name of a method": (lambda: nn.ModuleDict({"keys": nn.ReLU()}), ValueError, ["'keys'", "ModuleDict.keys"]),
    "index": (lambda: nn.Sequential(nn.ReLU())[1], IndexError, ["Sequential", "index 1", "1 module"]),
    "index of another type": (lambda: nn.Sequential(nn.ReLU())["0"], TypeError, ["integer or a slice", "'0'"]),
    "unknown name": (lambda: nn.ModuleDict({"a": nn.ReLU()})["b"], KeyError, ["no 'b'", "['a']"]),
    "deleting an unknown name": (lambda: nn.ModuleDict().__delitem__("b"), KeyError, ["no 'b'"]),
    "appended function": (lambda: nn.Sequential().append(mg.relu), TypeError, ["Sequential.0", "Module"]),
    "inserted function": (lambda: nn.ModuleList([nn.ReLU()]).insert(0, mg.relu), TypeError, ["Module"]),
    "number of modules": (lambda: nn.ModuleList(3), TypeError, ["ModuleList", "a list of Modules", "int 3"]),
    "extended by nothing": (lambda: nn.Sequential().extend(None), TypeError, ["Sequential", "NoneType"]),
    "place of another type": (
        lambda: nn.ModuleList().insert("0", nn.ReLU()),
        TypeError,
        ["ModuleList", "index is an integer", "'0'"],
    ),
    "modules without names": (lambda: nn.ModuleDict([nn.ReLU()]), TypeError, ["ModuleDict", "by name", "encoder"]),
    "number of named modules": (lambda: nn.ModuleDict(3), TypeError, ["ModuleDict", "int 3"]),
    "name of another type": (lambda: nn.ModuleDict({3: nn.ReLU()}), TypeError, ["name is a string", "int 3"]),
    "unknown name of another type": (lambda: nn.ModuleDict()[["a"]], KeyError, ["ModuleDict", "['a']"]),
    "called list": (lambda: nn.ModuleList([nn.ReLU()])(mg.ones(1)), NotImplementedError, ["ModuleList", "looped over"]),
}


@pytest.mark.parametrize("case", CASES)
def test_a_bad_use_is_named(case):
    call, error, parts = CASES[case]
    with pytest.raises(error) as caught:
        call()
    for part in parts:
        assert part in str(caught.value)


def test_a_refused_insert_leaves_the_container_as_it_was():
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    before = list(model.named_children())
    with pytest.raises(TypeError):
        model.insert(0, "layer")
    with pytest.raises(ValueError, match="contain itself"):
        model.insert(0, model)
    assert list(model.named_children()) == before


@pytest.mark.parametrize(
    ("container", "grow"),
    [
        (nn.Sequential(nn.ReLU()), lambda container: container.extend([nn.Tanh(), mg.relu])),
        (nn.ModuleList([nn.ReLU()]), lambda container: container.extend([nn.Tanh(), mg.relu])),
        (nn.ModuleDict({"a": nn.ReLU()}), lambda container: container.update({"b": nn.Tanh(), "c": mg.relu})),
        (nn.ModuleDict({"a": nn.ReLU()}), lambda container: container.update({"b": nn.Tanh(), "c.d": nn.ReLU()})),
    ],
)
def test_a_container_grows_by_all_modules_or_none(container, grow):
    before = list(container.named_children())
    with pytest.raises((TypeError, ValueError)):
        grow(container)
    assert list(container.named_children()) == before
