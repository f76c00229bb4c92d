"""``autograd.grad`` returns gradients and leaves every ``grad`` as it is."""

import pytest

import minigrad as mg
from minigrad.autograd import grad


def leaf(values):
    return mg.tensor(values, dtype=mg.float64, requires_grad=True)


def test_it_returns_a_tuple_and_writes_nothing():
    a, b = leaf(2.0), leaf(3.0)
    result = grad(a * b, [a, b])
    assert isinstance(result, tuple)
    assert [each.item() for each in result] == [3.0, 2.0]
    assert a.grad is None
    assert b.grad is None


def test_one_tensor_may_stand_for_a_sequence_of_one():
    a = leaf(2.0)
    assert [each.item() for each in grad(a * a, a)] == [4.0]


def test_an_existing_grad_is_left_alone():
    a = leaf(2.0)
    (a * a).backward()
    before = a.grad
    grad(a * a, a)
    assert a.grad is before
    assert before.item() == 4.0


def test_a_tensor_that_retains_its_grad_is_not_written_to():
    a = leaf(2.0)
    h = a * a
    h.retain_grad()
    grad(h * 3.0, a)
    assert h.grad is None


def test_it_differentiates_with_respect_to_tensors_on_the_way():
    a = leaf(2.0)
    h = a * 3.0
    to_h, to_a = grad(h * h, [h, a])
    assert (to_h.item(), to_a.item()) == (12.0, 36.0)


def test_an_output_is_its_own_input():
    a = leaf(2.0)
    h = a * 3.0
    assert grad(h, h)[0].item() == 1.0
    assert grad(a, a)[0].item() == 1.0


def test_an_input_that_is_named_twice_is_returned_twice():
    a, b = leaf(2.0), leaf(3.0)
    assert [each.item() for each in grad(a * b, [a, b, a])] == [3.0, 2.0, 3.0]


def test_hooks_of_an_input_that_is_named_twice_run_once():
    a = leaf(2.0)
    calls = []
    a.register_hook(lambda grad: calls.append(grad.item()))
    grad(a * a, [a, a])
    assert calls == [4.0]


def test_one_output_of_several_can_be_an_input():
    a = leaf([2.0, 3.0])
    first, second = a.split(1)
    to_first, to_a = grad((first * second).sum(), [first, a])
    assert to_first.tolist() == [3.0]
    assert to_a.tolist() == [3.0, 2.0]


def test_gradients_of_several_outputs_are_added():
    a = leaf(2.0)
    assert grad([a * a, 3.0 * a], a)[0].item() == 7.0


def test_one_tensor_may_be_two_outputs():
    a = leaf(2.0)
    h = a * a
    assert grad([h, h], a)[0].item() == 8.0


def test_a_leaf_and_what_was_computed_from_it_can_both_be_outputs():
    a = leaf(2.0)
    assert grad([a, a * a], a)[0].item() == 5.0


def test_grad_outputs_weight_the_outputs_and_none_stands_for_one():
    a = leaf([1.0, 2.0])
    (result,) = grad([a * a, (3.0 * a).sum()], a, grad_outputs=[mg.tensor([1.0, 10.0]), None])
    assert result.tolist() == [2.0 + 3.0, 40.0 + 3.0]


def test_an_unused_input_raises_unless_it_is_allowed():
    a, b = leaf(2.0), leaf([1.0, 1.0])
    loss = a * a
    with pytest.raises(RuntimeError, match=r"grad: input 1, \(2,\) float64 'b', is not part of the graph") as caught:
        grad(loss, [a, b])
    assert "allow_unused=True" in str(caught.value)
    # Nothing was released: the same graph can be asked again.
    first, second = grad(loss, [a, b], allow_unused=True)
    assert first.item() == 4.0
    assert second is None


def test_materialize_grads_gives_zeros_of_the_shape_and_dtype_of_the_input():
    a, b = leaf(2.0), mg.ones(2, 1, dtype=mg.float32, requires_grad=True)
    _, zeros = grad(a * a, [a, b], materialize_grads=True)
    assert zeros.tolist() == [[0.0], [0.0]]
    assert zeros.dtype == mg.float32


def test_only_the_rules_between_outputs_and_inputs_run():
    a, b = leaf(2.0), leaf(3.0)
    below = a * 2.0
    aside = b * 2.0
    visited = []
    for tensor in (below, aside):
        tensor.grad_fn.register_hook(lambda *grads: visited.append(grads))
    loss = below * aside
    assert grad(loss, below)[0].item() == 6.0
    assert visited == []


def test_what_was_not_visited_is_not_released():
    a = leaf(2.0)
    below = a * a
    loss = below * below
    grad(loss, below)
    below.backward()
    assert a.grad.item() == 4.0


def test_the_graph_is_released_unless_it_is_retained():
    a = leaf(2.0)
    loss = a * a
    grad(loss, a, retain_graph=True)
    grad(loss, a)
    with pytest.raises(RuntimeError, match="released by an earlier backward"):
        grad(loss, a)


def test_the_numbers_of_outputs_and_grad_outputs_must_agree():
    a = leaf(2.0)
    with pytest.raises(ValueError, match="1 outputs need as many grad_outputs, got 2"):
        grad([a * a], a, grad_outputs=[None, None])


def test_an_input_must_require_grad():
    a, x = leaf(2.0), mg.tensor([1.0])
    with pytest.raises(RuntimeError, match=r"the input \(1,\) float32 'x' does not require grad"):
        grad(a * a, [a, x])


def test_an_input_must_be_a_tensor():
    a = leaf(2.0)
    with pytest.raises(TypeError, match="inputs must be Tensors, got str"):
        grad(a * a, ["a"])


def test_inputs_may_be_any_iterable_of_tensors():
    model = mg.nn.Linear(2, 1)
    loss = model(mg.ones(3, 2)).sum()
    grads = mg.autograd.grad(loss, model.parameters())
    assert [each.shape for each in grads] == [(1, 2), (1,)]


@pytest.mark.parametrize("inputs", [5, "w"], ids=["number", "string"])
def test_inputs_that_are_no_tensors_are_refused(inputs):
    loss = mg.ones(1, requires_grad=True).sum()
    with pytest.raises(TypeError, match="a Tensor, or a list or tuple of them, is needed"):
        mg.autograd.grad(loss, inputs)
