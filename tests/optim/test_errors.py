"""What optimizers and schedules refuse: in their own words, and with everything left as it was."""

import math
import re

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn, optim
from minigrad.optim import lr_scheduler


def weight(*shape):
    return mg.zeros(*shape, requires_grad=True)


def exhausted():
    parameters = iter([weight(2)])
    list(parameters)
    return parameters


W = weight(2)

# What is done, the error, and parts of its message: who, what was needed and came, and the remedy.
TABLE = [
    (lambda: optim.SGD([W], lr=-1.0), ValueError, ["SGD: lr must be", "finite", "at least 0", "got -1.0"]),
    (lambda: optim.SGD([W], lr=math.nan), ValueError, ["SGD: lr", "got nan"]),
    (lambda: optim.SGD([W], lr=math.inf), ValueError, ["SGD: lr", "got inf"]),
    (lambda: optim.SGD([W], lr="0.1"), TypeError, ["SGD: lr must be a number", "str '0.1'"]),
    (lambda: optim.SGD([W], lr=None), TypeError, ["SGD: lr must be a number"]),
    (lambda: optim.SGD([W], lr=True), TypeError, ["SGD: lr must be a number"]),
    (lambda: optim.SGD([W], lr=mg.tensor(0.1)), TypeError, ["SGD: lr must be a number", "lr.item()"]),
    (lambda: optim.SGD([W], momentum=-0.5), ValueError, ["SGD: momentum", "-0.5"]),
    (lambda: optim.SGD([W], dampening=math.nan), ValueError, ["SGD: dampening", "nan"]),
    (lambda: optim.SGD([W], weight_decay=-0.5), ValueError, ["SGD: weight_decay", "-0.5"]),
    (lambda: optim.SGD([W], nesterov=True), ValueError, ["SGD: nesterov", "momentum=0", "momentum=0.9, nesterov"]),
    (
        lambda: optim.SGD([W], momentum=0.9, dampening=0.1, nesterov=True),
        ValueError,
        ["SGD: nesterov", "no dampening", "dampening=0.1"],
    ),
    (lambda: optim.Adam([W], lr=-1.0), ValueError, ["Adam: lr"]),
    (lambda: optim.Adam([W], betas=(1.0, 0.9)), ValueError, ["Adam: betas[0]", "below 1", "got 1.0"]),
    (lambda: optim.Adam([W], betas=(0.9, -0.1)), ValueError, ["Adam: betas[1]", "got -0.1"]),
    (lambda: optim.Adam([W], betas=(0.9, math.nan)), ValueError, ["Adam: betas[1]", "nan"]),
    (lambda: optim.Adam([W], betas=0.9), TypeError, ["Adam: betas must be two numbers", "(0.9, 0.999)"]),
    (lambda: optim.Adam([W], eps=-1e-8), ValueError, ["Adam: eps"]),
    (lambda: optim.AdamW([W], weight_decay=-1.0), ValueError, ["AdamW: weight_decay"]),
    (lambda: optim.AdamW([W], weight_decay=math.inf), ValueError, ["AdamW: weight_decay", "inf"]),
    (lambda: optim.SGD([]), ValueError, ["SGD: the parameter list is empty", "model.parameters()"]),
    (lambda: optim.SGD(exhausted()), ValueError, ["SGD: the parameter list is empty", "exhausted"]),
    (lambda: optim.SGD([{"params": []}]), ValueError, ["SGD: the parameter list is empty"]),
    (lambda: optim.SGD([W, W]), ValueError, ["SGD: parameter 1, (2,) float32 'W', comes twice"]),
    (lambda: optim.SGD([{"params": [W]}, {"params": W}]), ValueError, ["SGD: parameter 1", "comes twice"]),
    (lambda: optim.SGD([W * 2]), ValueError, ["SGD: parameter 0", "not a leaf", "mul", "detach"]),
    (lambda: optim.SGD([np.zeros(2)]), TypeError, ["SGD: parameter 0 must be a Tensor", "(2,) float64"]),
    (lambda: optim.SGD([mg.zeros(2, dtype=mg.int64)]), TypeError, ["SGD: parameter 0", "no floats", ".float()"]),
    (lambda: optim.SGD([W]).step(3), TypeError, ["SGD.step", "closure must be a function", "int 3"]),
    (lambda: optim.SGD(W), TypeError, ["SGD: a sequence of tensors", "one Tensor", "[w]"]),
    (lambda: optim.SGD({W}), TypeError, ["SGD: a set has no order", "list"]),
    (lambda: optim.SGD({"params": [W]}), TypeError, ["SGD: a sequence", "dict", "model.parameters()"]),
    (lambda: optim.SGD(3), TypeError, ["SGD: a sequence", "int 3"]),
    (lambda: optim.SGD(nn.Linear(2, 2)), TypeError, ["SGD:", "the module Linear", "model.parameters()"]),
    (lambda: optim.SGD([("w", W)]), TypeError, ["SGD: parameter 0 must be a Tensor", "tuple"]),
    (lambda: optim.SGD([{"lr": 0.1}]), ValueError, ["SGD:", "key 'params'", "['lr']"]),
    (lambda: optim.SGD([{"params": [W]}, W]), TypeError, ["SGD: a group of parameters is a dict"]),
    (lambda: optim.SGD([W, {"params": [W]}]), TypeError, ["SGD: parameter 1 must be a Tensor"]),
    (lambda: optim.SGD([{"params": [W], "lr": math.nan}]), ValueError, ["SGD: lr", "nan"]),
    (lambda: optim.SGD([W]).load_state_dict([]), TypeError, ["load_state_dict:", "'state' and 'param_groups'"]),
    (lambda: optim.SGD([W]).load_state_dict({"w": 1}), TypeError, ["load_state_dict:", "the keys ['w']"]),
    (lambda: optim.SGD([W]).state[weight(3)], ValueError, ["state: (3,) float32 is no parameter"]),
    (lambda: optim.Optimizer([W], {}).step(), TypeError, ["Optimizer:", "rule()", "step()"]),
    (lambda: lr_scheduler.StepLR(W, 1), TypeError, ["StepLR: an Optimizer is needed"]),
    (lambda: lr_scheduler.StepLR(optim.SGD([W]), 0), ValueError, ["StepLR: step_size must be at least 1, got 0"]),
    (lambda: lr_scheduler.StepLR(optim.SGD([W]), 1.5), TypeError, ["StepLR: step_size must be an integer"]),
    (lambda: lr_scheduler.StepLR(optim.SGD([W]), 1, gamma=math.nan), ValueError, ["StepLR: gamma", "nan"]),
    (lambda: lr_scheduler.StepLR(optim.SGD([W]), 1, last_epoch=3), ValueError, ["StepLR:", "initial_lr"]),
    (lambda: lr_scheduler.CosineAnnealingLR(optim.SGD([W]), 0), ValueError, ["CosineAnnealingLR: T_max"]),
    (lambda: lr_scheduler.CosineAnnealingLR(optim.SGD([W]), 5, -1.0), ValueError, ["CosineAnnealingLR: eta_min"]),
    (lambda: lr_scheduler.LRScheduler(optim.SGD([W])), NotImplementedError, ["LRScheduler:", "get_lr()"]),
]


@pytest.mark.parametrize(("action", "kind", "parts"), TABLE, ids=[" ".join(row[2])[:60] for row in TABLE])
def test_the_error_says_who_what_and_how(action, kind, parts):
    with pytest.raises(kind) as caught:
        action()
    for part in parts:
        assert part in str(caught.value)


def values(optimizer, parameters):
    """Return everything that a step could have changed."""
    found = []
    for parameter in parameters:
        found.append(parameter.data.tolist())
        for name, value in optimizer.state[parameter].items():
            found.append((name, value.tolist()))
    return found


def set_rate(optimizer, parameters):
    optimizer.param_groups[1]["lr"] = math.nan


def delete_rate(optimizer, parameters):
    del optimizer.param_groups[1]["lr"]


def replace_data(optimizer, parameters):
    parameters[3].data = np.zeros(7)


def convert_data(optimizer, parameters):
    parameters[3].data = parameters[3].data.astype(np.float32)


def convert_both(optimizer, parameters):
    parameters[3].data = parameters[3].data.astype(np.float32)
    parameters[3].grad = parameters[3].grad.float()


def lock_data(optimizer, parameters):
    parameters[3].data.flags.writeable = False


def swap_parameter(optimizer, parameters):
    optimizer.param_groups[1]["params"][1] = weight(1)


def append_parameter(optimizer, parameters):
    optimizer.param_groups[1]["params"].append(weight(1))


def append_group(optimizer, parameters):
    optimizer.param_groups.append({"params": [weight(1)], "lr": 0.1})


REFUSED_STEPS = [
    (set_rate, ValueError, "Adam: lr must be a finite number, at least 0, got nan"),
    (delete_rate, ValueError, r"Adam: param_groups\[1\] has lost 'lr'"),
    (replace_data, ValueError, r"Adam: the gradient of \(7,\) float64 cannot be \(1,\) float64"),
    (convert_data, ValueError, r"Adam: the gradient of \(1,\) float32 cannot be \(1,\) float64"),
    (convert_both, ValueError, r"Adam: the state 'exp_avg', \(1,\) float64, does not fit \(1,\) float32"),
    (lock_data, RuntimeError, r"Adam: the memory of \(1,\) float64 is read-only"),
    (swap_parameter, ValueError, "Adam: the parameters in param_groups are no longer"),
    (append_parameter, ValueError, "Adam: the parameters in param_groups are no longer"),
    (append_group, ValueError, r"Adam: the parameters in param_groups(.|\n)*add_param_group"),
]


@pytest.mark.parametrize(("spoil", "kind", "words"), REFUSED_STEPS, ids=[row[0].__name__ for row in REFUSED_STEPS])
def test_a_refused_step_changes_nothing(network, spoil, kind, words):
    parameters = network()
    optimizer = optim.Adam([{"params": parameters[:2]}, {"params": parameters[2:]}])
    optimizer.step()
    spoil(optimizer, parameters)
    before = values(optimizer, parameters)
    with pytest.raises(kind, match=words):
        optimizer.step()
    assert values(optimizer, parameters) == before


def test_a_refused_group_is_not_added():
    optimizer = optim.SGD([W], lr=0.1)
    for group in ({"params": [W]}, {"params": [weight(2)], "lr": -1.0}, {"lr": 1.0}, {"params": [weight(2) * 2]}):
        with pytest.raises(ValueError, match="SGD"):
            optimizer.add_param_group(group)
    assert len(optimizer.param_groups) == 1
    optimizer.step()


def state_after_a_step(kind, parameters, **options):
    for parameter in parameters:
        parameter.grad = mg.ones(*parameter.shape)
    optimizer = kind(parameters, **options)
    optimizer.step()
    return optimizer.state_dict()


def shifted(state):
    """Return the state with one moment of another shape, one missing, one unknown, and a parameter too many."""
    state["state"][0]["exp_avg"] = np.zeros((9, 9))
    del state["state"][1]["exp_avg_sq"]
    state["state"][1]["velocity"] = np.zeros(3)
    state["state"][7] = {}
    state["param_groups"][0]["lr"] = math.nan
    return state


def small(*sizes):
    return [weight(size) for size in sizes]


def two(first, second):
    return [{"params": first}, {"params": second}]


MISFITS = [
    (lambda: state_after_a_step(optim.SGD, small(2, 3), momentum=0.9), ["group 0 lacks the options 'betas', 'eps'"]),
    (lambda: state_after_a_step(optim.Adam, small(2)), ["group 0 has 1 parameters, the optimizer's 2"]),
    (
        lambda: state_after_a_step(optim.Adam, small(2, 4)),
        [
            "the state of parameter 1, (3,) float32 'parameter', has 'exp_avg' as (4,)",
            "'exp_avg_sq' as (4,)",
            "shape is (3,)",
        ],
    ),
    (lambda: optim.Adam(two(small(2), small(3))).state_dict(), ["it has 2 groups of parameters, the optimizer 1"]),
    (lambda: state_after_a_step(optim.AdamW, small(2, 3)), ["group 0 has decoupled_weight_decay=True"]),
    (
        lambda: shifted(state_after_a_step(optim.Adam, small(2, 3))),
        ["'exp_avg' as (9, 9)", "lacks 'exp_avg_sq'", "unexpected 'velocity'", "a state 7", "lr must be", "got nan"],
    ),
    (lambda: {"state": {}, "param_groups": [3]}, ["group 0 is no dict"]),
    (lambda: {"state": {}, "param_groups": [{"params": [[0], 1]}]}, ["group 0 is no dict with a list of numbers"]),
    (
        lambda: {
            **state_after_a_step(optim.Adam, small(2, 3)),
            "state": {0: 5, 1: {"step": "one", "exp_avg": [[1], []]}},
        },
        ["the state of parameter 0 is int 5", "lacks 'exp_avg_sq'", "'step' as", "'exp_avg' as ragged lists"],
    ),
    (
        lambda: {
            **state_after_a_step(optim.Adam, small(2, 3)),
            "state": {1: {"step": 1.0, "exp_avg": None, "exp_avg_sq": np.ones(3)}},
        },
        ["the state of parameter 1, (3,) float32 'parameter', lacks 'exp_avg'"],
    ),
]


@pytest.mark.parametrize(("state", "parts"), MISFITS, ids=[row[1][0][:40] for row in MISFITS])
def test_a_foreign_state_is_refused_whole(state, parts):
    parameters = small(2, 3)
    optimizer = optim.Adam(parameters, lr=0.125)
    for parameter in parameters:
        parameter.grad = mg.ones(*parameter.shape)
    optimizer.step()
    before, options = values(optimizer, parameters), repr(optimizer)
    with pytest.raises(ValueError, match=r"Adam\.load_state_dict: the state does not belong") as caught:
        optimizer.load_state_dict(state())
    for part in parts:
        assert part in str(caught.value)
    assert values(optimizer, parameters) == before
    assert repr(optimizer) == options
    optimizer.step()


def test_a_foreign_schedule_is_refused_whole():
    optimizer = optim.SGD([W], lr=0.1)
    scheduler = lr_scheduler.StepLR(optimizer, 2)
    before = repr(scheduler.state_dict())
    other = lr_scheduler.CosineAnnealingLR(optim.SGD(two([weight(1)], [weight(1)])), 4)
    with pytest.raises(ValueError, match=r"StepLR\.load_state_dict") as caught:
        scheduler.load_state_dict(other.state_dict())
    for part in ("lacks 'step_size'", "unexpected 'T_max'", "the optimizer has 1 groups"):
        assert part in str(caught.value)
    with pytest.raises(TypeError, match="a dict is needed"):
        scheduler.load_state_dict(None)
    for name, value in {"last_epoch": "3", "gamma": None, "base_lrs": ["0.1"], "_last_lr": 0.1}.items():
        with pytest.raises(ValueError, match=f"its {name} is"):
            scheduler.load_state_dict({**scheduler.state_dict(), name: value})
    assert repr(scheduler.state_dict()) == before


@pytest.mark.parametrize("rates", [[math.nan], [-1.0], [0.1, 0.1], ["0.1"]])
def test_a_schedule_that_goes_wrong_sets_no_rate(rates):
    class Wrong(lr_scheduler.LRScheduler):
        def get_lr(self):
            return rates if self.last_epoch > 0 else [0.1]

    optimizer = optim.SGD([W], lr=0.1)
    scheduler = Wrong(optimizer)
    optimizer.step()
    with pytest.raises((ValueError, TypeError), match=re.escape("Wrong: ")):
        scheduler.step()
    assert optimizer.param_groups[0]["lr"] == 0.1
    assert scheduler.last_epoch == 0


def test_a_schedule_that_is_refused_leaves_the_groups_alone():
    optimizer = optim.SGD([W], lr=0.1)
    with pytest.raises(NotImplementedError):
        lr_scheduler.LRScheduler(optimizer)
    assert "initial_lr" not in optimizer.param_groups[0]
