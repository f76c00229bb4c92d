"""What two passes, hooks and threads may do to each other's gradients."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import debug, nn, tensors
from minigrad.autograd import grad


def test_a_gradient_that_is_read_while_another_takes_its_place_stays_the_other(monkeypatch):
    w = mg.ones(2, requires_grad=True)
    w.sum().backward()
    make = tensors.wrap

    def interrupted(array):
        # As if another thread ran here: it forgets the gradient and leaves a new one.
        monkeypatch.setattr(tensors, "wrap", make)
        w.grad = None
        (w * 7).sum().backward()
        return make(array)

    monkeypatch.setattr(tensors, "wrap", interrupted)
    assert w.grad.tolist() == [1.0, 1.0]
    assert w.grad.tolist() == [7.0, 7.0]


def test_a_pass_in_the_hook_of_a_leaf_is_not_lost():
    first, second = mg.ones(1, requires_grad=True), mg.ones(1, requires_grad=True)
    first.register_hook(lambda gradient: (second * 5).sum().backward())
    (second + first).sum().backward()
    assert second.grad.tolist() == [6.0]


def test_a_node_that_saved_shapes_only_is_passed_again():
    x = mg.ones(4, requires_grad=True)
    h = x.reshape(2, 2)
    h.sum().backward()
    (h * 2).sum().backward()
    assert x.grad.tolist() == [3.0] * 4


def test_a_root_whose_rule_did_not_run_is_not_released():
    x = mg.ones(2, requires_grad=True)
    y = (x * x).sum()
    assert grad(y, y)[0].item() == 1.0
    y.backward()
    assert x.grad.tolist() == [2.0, 2.0]


def test_the_gradient_of_a_root_that_is_recorded_can_be_written_to():
    x = mg.tensor(2.0, requires_grad=True)
    (slope,) = grad(x * 1, x, create_graph=True)
    (own,) = grad(x, x, create_graph=True)
    with mg.no_grad():
        own += 1
    assert (slope.item(), own.item()) == (1.0, 2.0)


def test_steps_tell_of_a_graph_that_is_released_and_write_nothing():
    w = mg.ones(2, requires_grad=True)
    h = w * w
    h.sum().backward()
    before = w.grad.numpy().copy()
    with pytest.raises(RuntimeError, match=r"steps: another backward pass has released the graph through mul"):
        list(debug.steps((h * 2).sum()))
    assert w.grad.tolist() == before.tolist()


class Doubled(nn.Linear):
    """A layer of the user's: a line of it runs in the package's forward."""

    @property
    def factor(self):
        return self.weight * 2

    @mg.enable_grad()
    def forward(self, input):
        return input @ self.factor.T


def test_lines_of_a_users_module_have_their_positions_under_a_decorator_too():
    node = Doubled(2, 2)(mg.ones(1, 2)).grad_fn
    assert node.code.co_name == "forward"


def test_a_forward_that_is_put_in_place_of_a_layers_own_has_its_positions():
    layer = nn.Linear(2, 2)
    places = []
    for forward in (None, lambda x: x * layer.weight):
        if forward is not None:
            layer.forward = forward
        places.append(layer(mg.ones(1, 2)).grad_fn.code.co_name)
    assert places[0] == "test_a_forward_that_is_put_in_place_of_a_layers_own_has_its_positions"
    assert places[1] == "<lambda>"


def test_an_argument_of_a_rule_that_changes_its_type_is_not_cut():
    from minigrad.optim.optimizers import Optimizer
    from minigrad.optim.slots import Rule
    from minigrad_kernels import sgd_update

    class Plain(Optimizer):
        def __init__(self, params, lr):
            super().__init__(params, {"lr": lr})

        def rule(self, group):
            return Rule(sgd_update, (), (group["lr"], 0.0, False))

    w = mg.zeros(1, requires_grad=True)
    optimizer = Plain([w], 1)
    for lr in (1, 0.5):
        optimizer.param_groups[0]["lr"] = lr
        optimizer.zero_grad()
        w.sum().backward()
        optimizer.step()
    assert np.array_equal(w.data, [-1.5])
