"""State dicts: what they hold, and that loading one copies everything or nothing."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn


def make():
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    model.register_buffer("count", mg.tensor(7))
    return model


def values(model):
    return {name: tensor.tolist() for name, tensor in model.state_dict().items()}


def test_a_state_holds_parameters_and_buffers_that_share_memory_outside_of_the_graph():
    model = make()
    state = model.state_dict()
    assert list(state) == ["count", "0.weight", "0.bias", "2.weight", "2.bias"]
    assert list(model[0].state_dict(prefix="first.")) == ["first.weight", "first.bias"]
    assert not any(tensor.requires_grad for tensor in state.values())
    with mg.no_grad():
        model[0].bias.zero_()
    assert state["0.bias"].tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("as_arrays", [False, True])
def test_a_loaded_state_is_copied_into_the_same_objects(as_arrays):
    source, model = make(), make()
    parameters = list(model.parameters())
    state = source.state_dict()
    if as_arrays:
        state = {name: tensor.numpy().astype(np.float64) for name, tensor in state.items() if name != "count"}
        state["count"] = np.int32(7)
    result = model.load_state_dict(state)
    assert result == ([], [])
    assert values(model) == values(source)
    assert all(before is after for before, after in zip(parameters, model.parameters(), strict=True))
    assert model[0].weight.dtype == mg.float32
    with mg.no_grad():
        source[0].weight.zero_()
    assert values(model) != values(source)


def test_a_state_whose_values_overlap_with_the_model_is_read_before_it_is_written():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    before = values(model)
    state = model.state_dict()
    swapped = {("1" if name[0] == "0" else "0") + name[1:]: tensor for name, tensor in state.items()}
    model.load_state_dict(swapped)
    after = values(model)
    assert after["0.weight"] == before["1.weight"]
    assert after["1.weight"] == before["0.weight"]


def test_everything_that_does_not_fit_is_named_at_once_and_nothing_is_copied():
    model = make()
    before = values(model)
    state = {
        "0.weight": mg.ones(3, 2),
        "0.bias": mg.ones(4),
        "2.bias": "text",
        "count": mg.tensor(1.5),
        "extra": mg.ones(1),
        "3.weight": np.ones(2),
    }
    with pytest.raises(ValueError, match="load_state_dict") as caught:
        model.load_state_dict(state)
    for part in [
        "Sequential",
        "nothing was loaded",
        "missing: 2.weight (1, 3) float32",
        "unexpected: extra",
        "unexpected: 3.weight",
        "0.bias: the shape is (3,) here and (4,) in the state",
        "2.bias: a tensor or array of numbers is needed, got str 'text'",
        "count: the dtype is int64 here and float32 in the state",
        "strict=False",
    ]:
        assert part in str(caught.value)
    assert values(model) == before


def test_values_that_are_no_numbers_are_named():
    model = nn.Linear(1, 1)
    for bad in [np.array(["a"]), np.array([1j]), np.array([None]), [1.0], None]:
        with pytest.raises(ValueError, match="bias: a tensor or array of numbers"):
            model.load_state_dict({"weight": np.zeros((1, 1)), "bias": bad})


def test_not_strict_loads_what_is_there_and_returns_the_rest():
    model = make()
    result = model.load_state_dict({"0.bias": np.array([1, 2, 3]), "extra": mg.ones(1)}, strict=False)
    assert result.missing_keys == ["count", "0.weight", "2.weight", "2.bias"]
    assert result.unexpected_keys == ["extra"]
    assert model[0].bias.tolist() == [1.0, 2.0, 3.0]


def test_not_strict_still_refuses_a_shape_that_does_not_fit():
    model = make()
    before = values(model)
    with pytest.raises(ValueError, match=r"0\.bias: the shape is \(3,\) here and \(2,\)"):
        model.load_state_dict({"0.bias": mg.ones(2), "2.bias": mg.ones(1)}, strict=False)
    assert values(model) == before


def test_memory_that_cannot_be_written_is_found_before_anything_is_copied():
    model = make()
    before = values(model)
    frozen = np.zeros(1, np.float32)
    frozen.flags.writeable = False
    model[2].bias.data = frozen
    state = {name: np.ones(np.shape(value)) for name, value in before.items() if name != "count"}
    with pytest.raises(RuntimeError, match="read-only"):
        model.load_state_dict(state, strict=False)
    assert model[0].weight.tolist() == before["0.weight"]


def test_what_is_no_mapping_is_refused():
    with pytest.raises(TypeError, match="mapping of names"):
        make().load_state_dict([1, 2])


def test_a_write_by_loading_is_noticed_by_a_graph_that_needs_the_old_values():
    model = nn.Linear(2, 2)
    loss = model(mg.ones(1, 2, requires_grad=True)).sum()
    model.load_state_dict(nn.Linear(2, 2).state_dict())
    with pytest.raises(RuntimeError, match="weight"):
        loss.backward()


def test_shared_parameters_are_in_the_state_under_each_name():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model[1].weight = model[0].weight
    assert len(model.state_dict()) == 4
    assert model.load_state_dict(model.state_dict()) == ([], [])
