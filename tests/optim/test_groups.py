"""Groups of parameters with options of their own, which may change between two steps."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import optim


def weight(*shape):
    return mg.zeros(*shape, requires_grad=True)


def test_each_group_has_its_own_options():
    w, v = weight(1), weight(1)
    optimizer = optim.SGD([{"params": w}, {"params": [v], "lr": 0.5, "name": "head"}], lr=0.25)
    w.grad, v.grad = mg.ones(1), mg.ones(1)
    optimizer.step()
    assert (w.item(), v.item()) == (-0.25, -0.5)
    assert optimizer.param_groups[1]["name"] == "head"
    assert optimizer.defaults["lr"] == 0.25


def test_a_group_can_be_added_later():
    w, v = weight(1), weight(1)
    optimizer = optim.Adam([w], lr=0.25)
    w.grad, v.grad = mg.ones(1), mg.ones(1)
    optimizer.step()
    optimizer.add_param_group({"params": (each for each in [v]), "lr": 0.5})
    optimizer.step()
    assert v.item() == pytest.approx(-0.5)
    assert optimizer.state[w]["step"].item() == 2
    assert optimizer.state[v]["step"].item() == 1


def test_an_empty_group_beside_others_is_allowed():
    w = weight(1)
    optimizer = optim.SGD([{"params": []}, {"params": [w]}], lr=0.25)
    w.grad = mg.ones(1)
    optimizer.step()
    assert w.item() == -0.25


def test_options_are_read_at_each_step():
    w = weight(1)
    w.grad = mg.ones(1)
    optimizer = optim.SGD([w], lr=0.25)
    for lr in (1, np.float64(0.5), np.float32(0.25)):
        before = w.item()
        optimizer.param_groups[0]["lr"] = lr
        optimizer.step()
        assert before - w.item() == lr
    optimizer.param_groups[0]["momentum"] = 0.5
    optimizer.step()
    optimizer.step()
    assert optimizer.state[w]["momentum_buffer"].item() == 1.5


def test_the_given_dicts_stay_as_they_are():
    group = {"params": [weight(1)]}
    optim.SGD([group], lr=0.25).param_groups[0]["params"].append(weight(1))
    assert list(group) == ["params"]
    assert len(group["params"]) == 1


def test_a_frozen_parameter_is_kept_but_not_updated():
    w = mg.ones(2)
    optimizer = optim.SGD([w, weight(1)], lr=1)
    optimizer.step()
    assert w.tolist() == [1, 1]


def test_the_repr_is_one_line():
    optimizer = optim.SGD([{"params": weight(2, 3)}, {"params": [weight(3), weight(1)], "lr": 0.5}], lr=0.25)
    options = "momentum=0, dampening=0, weight_decay=0, nesterov=False, maximize=False"
    assert repr(optimizer) == (
        f"SGD(1 tensors, 6 elements: lr=0.25, {options} | 2 tensors, 4 elements: lr=0.5, {options})"
    )


def test_the_defaults_are_those_of_pytorch():
    w = weight(1)
    assert optim.SGD([w]).defaults["lr"] == 1e-3
    assert optim.Adam([w]).defaults == {
        "lr": 1e-3,
        "betas": (0.9, 0.999),
        "eps": 1e-8,
        "weight_decay": 0,
        "amsgrad": False,
        "maximize": False,
        "decoupled_weight_decay": False,
    }
    assert optim.AdamW([w]).defaults["weight_decay"] == 1e-2
