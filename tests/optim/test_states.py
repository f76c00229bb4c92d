"""What an optimizer keeps for its parameters, how it leaves and comes back, and optimizers that users write."""

import copy
import json

import numpy as np

import minigrad as mg
from minigrad import optim
from minigrad_kernels import sgd_update


def arrays(parameters):
    return [parameter.data.copy() for parameter in parameters]


def all_equal(first, second):
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def weight(*shape):
    return mg.zeros(*shape, requires_grad=True)


def test_the_state_dict_has_the_form_of_pytorch(network):
    parameters = network()
    optimizer = optim.Adam([{"params": parameters[:1]}, {"params": parameters[1:], "lr": 0.5}])
    optimizer.step()
    state = optimizer.state_dict()
    assert [group["params"] for group in state["param_groups"]] == [[0], [1, 2, 3]]
    assert [group["lr"] for group in state["param_groups"]] == [1e-3, 0.5]
    assert list(state["state"]) == [0, 1, 2, 3]
    assert list(state["state"][2]) == ["exp_avg", "exp_avg_sq", "step"]
    assert state["state"][2]["exp_avg"] is optimizer.state[parameters[2]]["exp_avg"]
    assert state["state"][2]["step"].item() == 1


def test_a_loaded_state_is_a_copy(network):
    first, second = optim.Adam(network()), optim.Adam(network())
    first.step()
    state = first.state_dict()
    kept = copy.deepcopy(state)
    second.load_state_dict(state)
    second.step()
    for index, entry in kept["state"].items():
        for name, value in entry.items():
            assert np.array_equal(state["state"][index][name].data, value.data)
    assert state["param_groups"] == kept["param_groups"]


def test_a_state_can_come_from_json(network):
    first, second = network(), network()
    optimizers = optim.Adam(first), optim.Adam(second)
    optimizers[0].step()
    state = optimizers[0].state_dict()
    entries = {i: {n: t.tolist() for n, t in entry.items()} for i, entry in state["state"].items()}
    groups = json.loads(json.dumps(state["param_groups"]))
    optimizers[1].load_state_dict({"state": entries, "param_groups": groups})
    for parameter, twin in zip(first, second):
        twin.data = parameter.data.copy()
    for optimizer in optimizers:
        optimizer.step()
    assert all_equal(arrays(first), arrays(second))
    assert optimizers[1].param_groups[0]["betas"] == (0.9, 0.999)


def test_a_state_before_the_first_step_can_be_loaded(network):
    optimizer = optim.Adam(network())
    optimizer.step()
    optimizer.load_state_dict(optim.Adam(network(), lr=0.5).state_dict())
    assert len(optimizer.state) == 0
    assert optimizer.param_groups[0]["lr"] == 0.5


def test_the_state_shows_itself(network):
    parameters = network()
    optimizer = optim.SGD(parameters, momentum=0.9)
    assert len(optimizer.state) == 0
    optimizer.step()
    assert repr(optimizer.state) == "States(momentum_buffer of 4, step of 4)"
    assert [id(parameter) for parameter in optimizer.state] == [id(parameter) for parameter in parameters]


class SignDescent(optim.Optimizer):
    """An optimizer with a step of its own, as users write them."""

    def __init__(self, params, lr=0.25):
        super().__init__(params, {"lr": lr})

    def step(self, closure=None):
        with mg.no_grad():
            for group in self.param_groups:
                for parameter in group["params"]:
                    if parameter.grad is not None:
                        parameter -= group["lr"] * mg.sign(parameter.grad)
                        state = self.state[parameter]
                        state["count"] = state.get("count", 0) + 1


def test_a_user_can_write_the_step():
    w = mg.tensor([1.0, -2.0], requires_grad=True)
    optimizer = SignDescent([w])
    (w * w).sum().backward()
    optimizer.step()
    assert w.tolist() == [0.75, -1.75]
    other = SignDescent([weight(2)])
    other.load_state_dict(optimizer.state_dict())
    assert other.state_dict()["state"] == {0: {"count": 1}}


def test_what_pytorch_says_of_its_own_running_is_left_out():
    optimizer = optim.Adam([weight(2)])
    before = repr(optimizer)
    state = optimizer.state_dict()
    state["param_groups"][0].update(foreach=None, fused=True, capturable=False, differentiable=False)
    del state["param_groups"][0]["decoupled_weight_decay"]
    optimizer.load_state_dict(state)
    assert repr(optimizer) == before


class Descent(optim.Optimizer):
    """An optimizer that names a kernel."""

    def __init__(self, params, lr=0.25):
        super().__init__(params, {"lr": lr})

    def rule(self, group):
        return optim.Rule(sgd_update, (), (group["lr"], 0.0, False))


def halve(parameter, gradient, step):
    """A kernel in plain Python."""
    parameter /= 2
    step += 1


class Halving(Descent):
    state_names = ("step",)

    def rule(self, group):
        return optim.Rule(halve, ("step",), ())


def test_a_user_can_name_a_kernel():
    w = mg.tensor([1.0, -2.0], requires_grad=True)
    w.grad = mg.ones(2)
    Descent([w]).step()
    assert w.tolist() == [0.75, -2.25]


def test_a_kernel_can_be_plain_python():
    w = mg.tensor([[1.0, -2.0]], requires_grad=True)
    w.grad = mg.ones(1, 2)
    optimizer = Halving([w])
    optimizer.step()
    optimizer.step()
    assert w.tolist() == [[0.25, -0.5]]
    assert optimizer.state[w]["step"].item() == 2
