"""``checkpoint`` keeps nothing of a call, runs it again in the backward pass, and changes no number."""

import gc
import weakref

import numpy as np
import pytest

import minigrad as mg
from minigrad import func, nn
from tests.func.numerics import TOLERANCE, differences, numbers, value_of


def wave(x):
    return (x.exp() * x).tanh()


def model():
    mg.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Dropout(0.5), nn.Linear(4, 3)).double()


def gradients(run):
    """Return the gradients of a fresh model and its input, and the state of the generator afterwards."""
    net, x = model(), numbers(1, 5, 3).requires_grad_()
    mg.manual_seed(1)
    run(net, x).backward()
    state = mg.ops.generators.default_generator().get_state()
    return [value_of(each.grad) for each in (x, *net.parameters())], state


def test_gradients_of_arguments_and_parameters_are_those_without():
    plain, state = gradients(lambda net, x: (net(x.tanh()) * mg.rand(3, dtype=mg.float64)).sum())
    again, same = gradients(lambda net, x: (func.checkpoint(net, x.tanh()) * mg.rand(3, dtype=mg.float64)).sum())
    # Dropout has drawn the same numbers again, and the generator goes on as if it had not.
    assert state == same
    for found, expected in zip(again, plain, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_without_preserved_numbers_the_second_run_draws_others():
    seen = []

    def noisy(x):
        seen.append(mg.rand(8))
        return (x * seen[-1]).sum()

    x = mg.ones(8, requires_grad=True)
    func.checkpoint(noisy, x, preserve_rng_state=False).backward()
    assert not mg.equal(seen[0], seen[1])
    assert mg.equal(x.grad, seen[1])
    func.checkpoint(noisy, x).backward()
    assert mg.equal(seen[2], seen[3])


def test_containers_keywords_and_what_the_function_closes_over():
    x, y, w = (numbers(seed, 3).requires_grad_() for seed in (1, 2, 3))
    middle = w * 2

    def several(tree, scale):
        return {"a": wave(tree["x"]) * middle, "b": [tree["y"].sum() * scale, "note"]}

    def total(found):
        return found["a"].sum() * found["b"][0]

    plain = mg.autograd.grad(total(several({"x": x, "y": y}, 3)), [x, y, w])
    middle = w * 2
    again = mg.autograd.grad(total(func.checkpoint(several, {"x": x, "y": y}, scale=3)), [x, y, w])
    for found, expected in zip(again, plain, strict=True):
        np.testing.assert_array_equal(value_of(found), value_of(expected))


def test_an_operand_that_depends_on_another_is_not_counted_twice():
    w = mg.ones(3, requires_grad=True)
    y = 3 * w
    func.checkpoint(lambda w: (w * y).sum(), w).backward()
    assert w.grad.tolist() == [6, 6, 6]


def test_second_derivatives():
    def plain(x):
        return wave(x).square().sum()

    def kept(x):
        return func.checkpoint(plain, x)

    x = numbers(1, 3)
    np.testing.assert_array_equal(value_of(func.hessian(kept)(x)), value_of(func.hessian(plain)(x)))
    np.testing.assert_allclose(value_of(func.hessian(kept)(x)), differences(func.grad(plain), x), **TOLERANCE)


def test_checkpoints_inside_of_a_checkpoint():
    def inner(x):
        return func.checkpoint(wave, x) * x

    x = numbers(1, 3).requires_grad_()
    (found,) = mg.autograd.grad(func.checkpoint(inner, x).sum(), x)
    (expected,) = mg.autograd.grad((wave(x) * x).sum(), x)
    np.testing.assert_array_equal(value_of(found), value_of(expected))


def test_the_forward_pass_keeps_nothing_of_the_call():
    kept = []

    def watched(x):
        y = x.exp()
        kept.append(weakref.ref(y))
        return y * y

    x = mg.ones(3, requires_grad=True)
    gc.disable()
    try:
        output = func.checkpoint(watched, x)
        assert kept[0]() is None
        output.sum().backward()
        assert kept[1]() is None
        graph = weakref.ref(output.grad_fn)
        del output
        assert graph() is None
    finally:
        gc.enable()


def test_one_node_stands_for_the_call_and_names_the_users_line():
    x = mg.ones(3, requires_grad=True)
    output = func.checkpoint(wave, x)
    assert output.grad_fn.name == "checkpointed"
    assert "test_checkpoint.py" in repr(output.grad_fn)


def test_the_second_run_has_the_modules_and_places_of_the_first():
    seen = []

    class Block(nn.Module):
        def forward(self, x):
            y = wave(x)
            seen.append((y.grad_fn.module, repr(y.grad_fn), x.name))
            return y

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.block = Block()

        def forward(self, x):
            return func.checkpoint(self.block, x)

    x = mg.tensor([1.0, 2.0], requires_grad=True, name="x")
    Net()(x).sum().backward()
    assert seen[0][0] == "block"
    assert seen[0][2] == "x"
    assert seen[0] == seen[1]


def test_hooks_of_leaves_run_once():
    x, calls = mg.ones(3, requires_grad=True), []
    x.register_hook(calls.append)
    func.checkpoint(wave, x).sum().backward()
    assert len(calls) == 1


def test_under_no_grad_and_where_nothing_requires_grad_it_is_a_plain_call():
    x = mg.ones(3)
    assert not func.checkpoint(wave, x).requires_grad
    with mg.no_grad():
        assert not func.checkpoint(wave, x.clone().requires_grad_()).requires_grad
    assert func.checkpoint(lambda: 3) == 3


def test_a_view_of_an_argument_does_not_share_its_memory():
    x = mg.ones(3, requires_grad=True)
    h = x * 1
    view = func.checkpoint(lambda h: h[:2], h)
    assert not np.shares_memory(view.detach().numpy(), h.detach().numpy())
    view.sum().backward()
    assert x.grad.tolist() == [1, 1, 0]


def test_vmap_goes_through_it():
    rows = numbers(1, 4, 3)
    found = func.vmap(func.grad(lambda x: func.checkpoint(lambda x: wave(x).sum(), x)))(rows)
    expected = func.vmap(func.grad(lambda x: wave(x).sum()))(rows)
    np.testing.assert_array_equal(value_of(found), value_of(expected))


def test_a_changed_argument_raises():
    x = mg.ones(3, requires_grad=True)
    h = x * 1
    output = func.checkpoint(lambda h: (h * h).sum(), h)
    h += 1
    with pytest.raises(RuntimeError, match=r"rule of checkpointed .* changed in place since"):
        output.backward()
    assert x.grad is None


def test_a_second_run_that_does_something_else_raises():
    x, w, switch = mg.ones(3, requires_grad=True), mg.ones(3, requires_grad=True), []
    outputs = [
        func.checkpoint(lambda x: x[:2] * 2 if switch else x * 2, x),
        func.checkpoint(lambda x: x * w if switch else x * 2, x),
        func.checkpoint(lambda x: x.detach() if switch else x * 2, x),
    ]
    switch.append(1)
    for output in outputs:
        with pytest.raises(RuntimeError, match="checkpoint: <lambda> has done something else when it was run again"):
            output.sum().backward()
