"""Hooks see, and may replace, gradients on their way; ``retain_grad`` keeps them."""

import gc
import weakref

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import grad


def leaf(values):
    return mg.tensor(values, dtype=mg.float64, requires_grad=True)


def test_a_hook_of_a_leaf_sees_the_complete_gradient_once():
    w = leaf([1.0, 2.0])
    seen = []
    w.register_hook(lambda gradient: seen.append(gradient.tolist()))
    (w * w + w).sum().backward()
    assert seen == [[3.0, 5.0]]
    assert w.grad.tolist() == [3.0, 5.0]


def test_a_hook_of_a_tensor_on_the_way_sees_the_complete_gradient_once():
    w = leaf([1.0, 2.0])
    h = w * 1.0
    seen = []
    h.register_hook(lambda gradient: seen.append(gradient.tolist()))
    (h * h + h).sum().backward()
    assert seen == [[3.0, 5.0]]


def test_a_hook_is_shown_a_tensor_without_graph():
    w = leaf(2.0)
    seen = []
    w.register_hook(seen.append)
    (w * w).backward()
    assert isinstance(seen[0], mg.Tensor)
    assert (seen[0].shape, seen[0].dtype, seen[0].requires_grad) == ((), mg.float64, False)


def test_what_a_hook_writes_into_what_it_was_shown_changes_no_gradient():
    a, b = leaf([1.0]), leaf([1.0])
    h = a + b

    def hook(gradient):
        with pytest.raises(RuntimeError, match="read-only"):
            gradient.mul_(100.0)

    h.register_hook(hook)
    (h * 2.0).sum().backward()
    assert (a.grad.tolist(), b.grad.tolist()) == ([2.0], [2.0])


def test_what_a_hook_returns_takes_the_place_of_the_gradient():
    w = leaf([1.0, 2.0])
    h = w * 3.0
    h.register_hook(lambda gradient: gradient * 10.0)
    w.register_hook(lambda gradient: gradient + 1.0)
    h.sum().backward()
    assert w.grad.tolist() == [31.0, 31.0]


def test_an_array_may_be_returned():
    w = leaf([1.0, 2.0])
    w.register_hook(lambda gradient: np.array([5.0, 6.0]))
    (w * 3.0).sum().backward()
    assert w.grad.tolist() == [5.0, 6.0]


@pytest.mark.parametrize("create_graph", [False, True], ids=["plain", "create_graph"])
@pytest.mark.parametrize("on_the_way", [False, True], ids=["leaf", "non-leaf"])
@pytest.mark.parametrize("kind", [mg.tensor, np.array], ids=["Tensor", "array"])
def test_a_returned_gradient_is_cast_to_the_dtype_of_the_tensor(kind, on_the_way, create_graph):
    w = mg.tensor([1.0, 2.0], dtype=mg.float32, requires_grad=True)
    h = w * 1.0
    watched = h if on_the_way else w
    watched.register_hook(lambda gradient: kind(np.array([5.0, 6.0], np.float64)))
    (h * 3.0).sum().backward(create_graph=create_graph)
    assert isinstance(w.grad, mg.Tensor)
    assert (w.grad.dtype, w.grad.tolist()) == (mg.float32, [5.0, 6.0])


def test_hooks_run_in_the_order_of_registration_each_on_what_the_last_one_gave():
    w = leaf(1.0)
    w.register_hook(lambda gradient: gradient + 1.0)
    w.register_hook(lambda gradient: None)
    w.register_hook(lambda gradient: gradient * 10.0)
    (w * 2.0).backward()
    assert w.grad.item() == 30.0


def test_hooks_run_in_the_order_of_the_pass():
    w = leaf(1.0)
    order = []
    h = w * 2.0
    loss = h * 3.0
    w.register_hook(lambda gradient: order.append("leaf"))
    h.grad_fn.register_hook(lambda grad_inputs, grad_outputs: order.append("after"))
    h.grad_fn.register_prehook(lambda grad_outputs: order.append("before"))
    h.register_hook(lambda gradient: order.append("tensor"))
    loss.register_hook(lambda gradient: order.append("loss"))
    loss.backward()
    assert order == ["loss", "tensor", "before", "after", "leaf"]


def test_a_removed_hook_does_not_run():
    w = leaf(1.0)
    handle = w.register_hook(lambda gradient: gradient * 100.0)
    kept = w.register_hook(lambda gradient: gradient + 1.0)
    handle.remove()
    handle.remove()
    (w * 2.0).backward()
    assert w.grad.item() == 3.0
    kept.remove()
    w.grad = None
    (w * 2.0).backward()
    assert w.grad.item() == 2.0


def test_a_hook_may_remove_itself_and_add_another_for_the_next_pass():
    w = leaf(1.0)
    calls = []

    def once(gradient):
        calls.append("once")
        handle.remove()
        w.register_hook(lambda gradient: calls.append("later"))

    handle = w.register_hook(once)
    (w * 2.0).backward()
    (w * 2.0).backward()
    assert calls == ["once", "later"]


def test_a_hook_of_one_output_of_several_sees_that_output():
    w = leaf([1.0, 2.0])
    first, second = w.split(1)
    seen = []
    second.register_hook(lambda gradient: seen.append(gradient.tolist()))
    first.register_hook(lambda gradient: gradient * 10.0)
    (first * 3.0 + second * 5.0).sum().backward()
    assert seen == [[5.0]]
    assert w.grad.tolist() == [30.0, 5.0]


@pytest.mark.parametrize("below", [False, True], ids=["alone", "and what is below"])
@pytest.mark.parametrize("kind", ["non-leaf", "one of several"])
def test_grad_returns_the_gradient_after_the_hooks(kind, below):
    w = leaf([1.0, 2.0])
    h = w.split(1)[1] if kind == "one of several" else w[1:] * 1.0
    h.register_hook(lambda gradient: gradient * 10.0)
    result = grad((h * 3.0).sum(), [h, w] if below else [h])
    assert result[0].tolist() == [30.0]
    if below:
        assert result[1].tolist() == [0.0, 30.0]


def test_a_hook_may_be_registered_while_gradients_are_recorded():
    x = leaf(3.0)
    x.register_hook(lambda gradient: gradient * gradient)
    (first,) = grad(x**2, x, create_graph=True)
    assert first.item() == 36.0  # (2x)**2
    # x's hook acts on this gradient, 8x, too.
    assert grad(first, x)[0].item() == 24.0**2


WRONG = {
    "shape": (lambda gradient: mg.ones(5), "(5,)"),
    "number": (lambda gradient: 3.0, "float"),
    "string": (lambda gradient: "no", "str"),
}


@pytest.mark.parametrize("on_the_way", [False, True], ids=["leaf", "non-leaf"])
@pytest.mark.parametrize("name", WRONG)
def test_a_hook_that_returns_what_is_no_gradient_of_this_tensor_is_told_so(name, on_the_way):
    hook, part = WRONG[name]
    w, other = leaf([1.0, 2.0]), leaf([1.0, 2.0])
    h = w * 1.0
    handle = (h if on_the_way else w).register_hook(hook)
    loss = (h * other).sum()
    with pytest.raises(RuntimeError, match="hook") as caught:
        loss.backward()
    assert part in str(caught.value)
    assert "(2,)" in str(caught.value)
    assert (w.grad, other.grad) == (None, None)
    handle.remove()
    loss.backward()
    assert w.grad.tolist() == [1.0, 2.0]


def test_what_a_hook_raises_comes_through_and_nothing_is_written():
    w = leaf([1.0])

    def hook(gradient):
        raise KeyError("mine")

    handle = w.register_hook(hook)
    h = w * 2.0
    h.retain_grad()
    loss = h.sum()
    with pytest.raises(KeyError, match="mine"):
        loss.backward()
    assert (w.grad, h.grad) == (None, None)
    handle.remove()
    loss.backward()
    assert w.grad.tolist() == [2.0]


def test_a_hook_must_be_callable_and_its_tensor_require_grad():
    with pytest.raises(TypeError, match="register_hook: a callable is needed, got float"):
        leaf(1.0).register_hook(3.0)
    with pytest.raises(RuntimeError, match=r"register_hook: .* does not require grad"):
        mg.ones(2).register_hook(print)


def test_a_hook_may_run_a_backward_of_its_own():
    a, b = leaf(2.0), leaf(3.0)
    h = a * a
    h.register_hook(lambda gradient: (b * b).backward())
    h.backward()
    assert (a.grad.item(), b.grad.item()) == (4.0, 6.0)


# Nodes ---------------------------------------------------------------------------------------------------------------


def test_a_node_hook_sees_what_went_in_and_what_came_out():
    x, y = leaf([2.0]), mg.tensor([5.0], dtype=mg.float64)
    product = x * y
    seen = []
    product.grad_fn.register_hook(lambda grad_inputs, grad_outputs: seen.append((grad_inputs, grad_outputs)))
    (product * 3.0).sum().backward()
    (grad_inputs, grad_outputs) = seen[0]
    assert [each.tolist() for each in grad_outputs] == [[3.0]]
    assert grad_inputs[0].tolist() == [15.0]
    assert grad_inputs[1] is None


def test_a_node_hook_may_replace_the_gradients_of_the_inputs():
    x, y = leaf([2.0]), leaf([5.0])
    product = x * y
    product.grad_fn.register_hook(lambda grad_inputs, grad_outputs: (grad_inputs[0] * 10.0, None))
    product.sum().backward()
    assert x.grad.tolist() == [50.0]
    assert y.grad is None


def test_a_node_prehook_may_replace_the_gradients_of_the_outputs():
    x = leaf([2.0])
    y = x * x
    y.grad_fn.register_prehook(lambda grad_outputs: (grad_outputs[0] * 10.0,))
    y.sum().backward()
    assert x.grad.tolist() == [40.0]


def test_node_hooks_can_be_removed():
    x = leaf([2.0])
    y = x * x
    y.grad_fn.register_prehook(lambda grad_outputs: (grad_outputs[0] * 10.0,)).remove()
    y.grad_fn.register_hook(lambda grad_inputs, grad_outputs: (None, None)).remove()
    y.sum().backward()
    assert x.grad.tolist() == [4.0]


@pytest.mark.parametrize(
    ("kind", "hook", "parts"),
    [
        ("register_hook", lambda grad_inputs, grad_outputs: (grad_inputs[0],), ["2 gradients", "got 1"]),
        ("register_hook", lambda grad_inputs, grad_outputs: (mg.ones(5), None), ["(2,)", "(5,)"]),
        ("register_prehook", lambda grad_outputs: (mg.ones(2), mg.ones(2)), ["1 gradient", "got 2"]),
        ("register_prehook", lambda grad_outputs: (mg.ones(5),), ["(2,)", "(5,)"]),
    ],
    ids=["too few", "misshaped", "too many before", "misshaped before"],
)
def test_a_node_hook_that_returns_other_gradients_than_it_was_shown_is_told_so(kind, hook, parts):
    x = leaf([1.0, 2.0])
    y = x * x
    getattr(y.grad_fn, kind)(hook)
    with pytest.raises(RuntimeError, match="hook") as caught:
        y.sum().backward()
    for part in parts:
        assert part in str(caught.value)
    assert x.grad is None


# Retained gradients --------------------------------------------------------------------------------------------------


def test_only_tensors_that_ask_for_it_keep_a_gradient_on_the_way():
    w = leaf([1.0, 2.0])
    kept, dropped = w * 2.0, w * 3.0
    kept.retain_grad()
    (kept * dropped).sum().backward()
    assert kept.grad.tolist() == [3.0, 6.0]
    assert dropped.grad is None


def test_a_retained_gradient_accumulates_and_can_be_taken_away():
    w = leaf([1.0])
    h = w * 2.0
    h.retain_grad()
    h.retain_grad()
    loss = (h * h).sum()
    loss.backward(retain_graph=True)
    loss.backward(retain_graph=True)
    assert h.grad.tolist() == [8.0]
    h.grad = None
    loss.backward()
    assert h.grad.tolist() == [4.0]


def test_a_retained_gradient_is_that_after_the_hooks_whenever_they_were_registered():
    w = leaf([1.0])
    h = w * 2.0
    h.retain_grad()
    h.register_hook(lambda gradient: gradient * 10.0)
    (h * 3.0).sum().backward()
    assert h.grad.tolist() == [30.0]


def test_each_output_of_an_operation_retains_its_own():
    w = leaf([1.0, 2.0])
    first, second = w.split(1)
    second.retain_grad()
    (first * 3.0 + second * 5.0).sum().backward()
    assert first.grad is None
    assert second.grad.tolist() == [5.0]


def test_a_root_may_retain_its_gradient():
    h = leaf([1.0]) * 2.0
    h.retain_grad()
    h.backward(mg.tensor([7.0]))
    assert h.grad.tolist() == [7.0]


def test_a_gradient_retained_with_create_graph_is_part_of_the_graph_and_its_own_memory():
    w = leaf([2.0])
    h = w + 1.0
    h.retain_grad()
    (h.sum() ** 3).backward(create_graph=True)
    assert h.grad.requires_grad
    assert h.grad.data.flags.writeable
    assert not np.shares_memory(h.grad.data, w.grad.data)
    retained = h.grad
    w.grad = h.grad = None
    assert grad(retained.sum(), w)[0].tolist() == [18.0]


def test_retaining_keeps_no_tensor_alive():
    w = leaf([1.0])
    h = w * 2.0
    h.retain_grad()
    loss = (h * h).sum()
    gone = weakref.ref(h)
    gc.disable()
    try:
        del h
        assert gone() is None
    finally:
        gc.enable()
    loss.backward()
    assert w.grad.tolist() == [8.0]


def test_retaining_on_a_leaf_changes_nothing_and_on_a_constant_is_refused():
    w = leaf([1.0])
    w.retain_grad()
    (w * 2.0).sum().backward()
    assert w.grad.tolist() == [2.0]
    with pytest.raises(RuntimeError, match=r"retain_grad: .* does not require grad"):
        mg.ones(2).retain_grad()


def test_a_tensor_that_is_written_to_retains_the_gradient_of_its_present_value():
    w = leaf([1.0])
    h = w * 1.0
    h.retain_grad()
    h *= 2.0
    (h * 3.0).sum().backward()
    assert h.grad.tolist() == [3.0]
    assert w.grad.tolist() == [6.0]


def test_a_hook_registered_before_a_write_sees_the_gradient_of_the_value_of_then():
    w = leaf([1.0])
    h = w * 1.0
    seen = []
    h.register_hook(lambda gradient: seen.append(gradient.tolist()))
    h *= 2.0
    (h * 3.0).sum().backward()
    assert seen == [[6.0]]
