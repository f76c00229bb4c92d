"""``backward`` gives every leaf the sum of what its uses contribute, in the leaf's shape and dtype."""

import numpy as np
import pytest

import minigrad as mg


def leaf(values, dtype=mg.float64):
    return mg.tensor(values, dtype=dtype, requires_grad=True)


def test_a_tensor_used_twice_in_one_operation_receives_both_contributions():
    e = leaf(3.0)
    (e * e).backward()
    assert e.grad.item() == 6.0


def test_a_non_leaf_used_twice_passes_the_sum_on():
    w = leaf(2.0)
    e = w + 1.0
    (e * e).backward()
    assert w.grad.item() == 6.0


def test_the_two_sides_of_a_diamond_are_added():
    x = leaf(2.0)
    left, right = 3.0 * x, x * x
    (left * right).backward()
    assert x.grad.item() == 36.0  # d(3 x**3) = 9 x**2


def test_a_shared_subgraph_is_visited_once():
    x = leaf(1.0)
    h = x * 2.0
    visits = []
    h.grad_fn.register_hook(lambda grad_inputs, grad_outputs: visits.append(grad_outputs[0].item()))
    (h * 3.0 + h * 4.0 + h).backward()
    assert visits == [8.0]
    assert x.grad.item() == 16.0


def test_one_operand_in_many_uses_costs_one_visit_a_use_and_not_one_a_path():
    x = leaf(1.0)
    y = x
    for _ in range(60):
        y = y + y
    # 2**60 paths lead from y to x.
    y.backward()
    assert x.grad.item() == 2.0**60


def test_grad_is_added_to_across_calls():
    w = leaf([1.0, 2.0])
    (w * w).sum().backward()
    (3.0 * w).sum().backward()
    assert w.grad.tolist() == [5.0, 7.0]


def test_setting_grad_to_none_starts_anew():
    w = leaf([1.0, 2.0])
    (w * w).sum().backward()
    w.grad = None
    (3.0 * w).sum().backward()
    assert w.grad.tolist() == [3.0, 3.0]


def test_an_earlier_grad_object_keeps_its_numbers():
    w = leaf([1.0, 2.0])
    (w * w).sum().backward()
    first = w.grad
    (w * w).sum().backward()
    assert first.tolist() == [2.0, 4.0]
    assert w.grad.tolist() == [4.0, 8.0]


@pytest.mark.parametrize("as_given", [mg.tensor, np.array], ids=["Tensor", "array"])
def test_gradient_weights_the_elements_of_the_root(as_given):
    w = leaf([1.0, 2.0, 3.0])
    (w * w).backward(gradient=as_given([1.0, 0.0, -1.0]))
    assert w.grad.tolist() == [2.0, 0.0, -6.0]


def test_a_root_of_one_element_and_several_axes_needs_no_gradient():
    w = leaf([[[2.0]]])
    (w * w).backward()
    assert w.grad.tolist() == [[[4.0]]]


def test_a_leaf_can_be_the_root():
    w = leaf(5.0)
    w.backward()
    w.backward()
    assert w.grad.item() == 2.0


def test_retain_graph_lets_the_graph_be_passed_again():
    w = leaf([1.0, 2.0])
    loss = (w * w).sum()
    loss.backward(retain_graph=True)
    loss.backward()
    assert w.grad.tolist() == [4.0, 8.0]


def test_a_trunk_that_saved_nothing_carries_two_losses():
    w = leaf([1.0, 2.0])
    h = w + 1.0
    (h * 2.0).sum().backward()
    (h * 3.0).sum().backward()
    assert w.grad.tolist() == [5.0, 5.0]


def test_saved_values_are_released_by_backward():
    w = leaf([1.0, 2.0])
    h = w * w
    h.sum().backward()
    assert h.grad_fn.saved is None


def test_inputs_restricts_who_receives_a_gradient():
    a, b = leaf(2.0), leaf(3.0)
    h = a * b
    (h * h).backward(inputs=[a])
    assert a.grad.item() == 36.0
    assert b.grad is None
    assert h.grad is None


def test_inputs_may_name_a_tensor_on_the_way():
    a = leaf(2.0)
    h = a * 3.0
    (h * h).backward(inputs=h)
    assert h.grad.item() == 12.0
    assert a.grad is None


def test_nodes_are_visited_in_the_reverse_of_the_order_in_which_they_were_made():
    x = leaf(1.0)
    made = []
    visited = []
    y = x * 1.0
    made.append(y)
    for step in range(20):
        # Every third value reads an old one, so the order of creation is not the order along any one path.
        y = y + made[step // 3] * 0.5
        made.append(y)
    for number, tensor in enumerate(made):
        tensor.register_hook(lambda grad, number=number: visited.append(number))
    y.backward()
    assert visited == list(range(len(made)))[::-1]


def test_numbers_of_nodes_increase():
    x = leaf(1.0)
    first, second = x * 1.0, x * 1.0
    third = second + first
    assert first.grad_fn.number < second.grad_fn.number < third.grad_fn.number


def test_what_does_not_lead_to_the_loss_is_not_visited():
    x = leaf(1.0)
    aside = x * 5.0
    aside.register_hook(lambda grad: pytest.fail("visited"))
    loss = x * 2.0
    _ = loss + aside
    loss.backward()
    assert x.grad.item() == 2.0


def test_what_leads_to_no_wanted_input_is_not_visited():
    a, b = leaf(1.0), leaf(1.0)
    expensive = b * 2.0
    expensive.grad_fn.register_hook(lambda grad_inputs, grad_outputs: pytest.fail("visited"))
    (a * expensive).backward(inputs=[a])
    assert a.grad.item() == 2.0


def test_an_operand_without_gradient_receives_none():
    w, x = leaf([1.0, 2.0]), mg.tensor([3.0, 4.0])
    (w * x).sum().backward()
    assert x.grad is None
    assert not x.requires_grad


def test_a_broadcast_operand_receives_the_sum_over_the_broadcast_axes():
    row, column, number = leaf([1.0, 2.0, 3.0]), leaf([[1.0], [2.0]]), leaf(1.0)
    (row + column + number).sum().backward()
    assert row.grad.tolist() == [2.0, 2.0, 2.0]
    assert column.grad.tolist() == [[3.0], [3.0]]
    assert number.grad.shape == ()
    assert number.grad.item() == 6.0


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 0), (1, 2, 1)])
@pytest.mark.parametrize("dtype", [mg.float32, mg.float64])
def test_grad_has_the_shape_and_dtype_of_the_leaf(shape, dtype):
    w = mg.ones(shape, dtype=dtype, requires_grad=True)
    (w * np.full((2, *shape), 2.0)).sum().backward()
    assert isinstance(w.grad, mg.Tensor)
    assert isinstance(w.grad.data, np.ndarray)
    assert w.grad.shape == shape
    assert w.grad.dtype == dtype
    assert not w.grad.requires_grad
    assert np.all(w.grad.data == 4.0)


def test_a_float32_operand_of_a_float64_operation_receives_float32_and_float32_sums():
    single, double = leaf([1.0, 2.0], mg.float32), leaf([3.0, 4.0], mg.float64)
    h = single * 2.0
    dtypes = []
    h.register_hook(lambda grad: dtypes.append(grad.dtype))
    (h * double).sum().backward()
    assert dtypes == [mg.float32]
    assert single.grad.dtype == mg.float32
    assert single.grad.tolist() == [6.0, 8.0]
    assert double.grad.dtype == mg.float64
    assert double.grad.tolist() == [2.0, 4.0]


def test_gradients_of_0d_tensors_are_arrays_all_the_way():
    x = leaf(2.0)
    h = x * x
    kinds = []
    h.register_hook(lambda grad: kinds.append(type(grad.data)))
    (h + h + x).backward()
    assert kinds == [np.ndarray]
    assert type(x.grad.data) is np.ndarray
    assert x.grad.item() == 9.0


def test_an_operation_with_several_outputs_gets_none_where_no_gradient_arrived():
    x = leaf([1.0, 2.0, 3.0])
    first, _, third = x.split(1)
    arrived = []
    first.grad_fn.register_hook(lambda grad_inputs, grad_outputs: arrived.append([g is None for g in grad_outputs]))
    (first * third).sum().backward()
    assert arrived == [[False, True, False]]
    assert x.grad.tolist() == [3.0, 0.0, 1.0]


def test_an_integer_output_of_an_operation_does_not_require_grad():
    values, indices = leaf([[1.0, 5.0], [4.0, 3.0]]).max(1)
    assert values.requires_grad
    assert not indices.requires_grad
    assert indices.grad_fn is None


def test_a_chain_of_one_hundred_thousand_operations_needs_no_recursion():
    x = leaf(1.0)
    y = x
    for _ in range(100_000):
        y = y + 1.0
    y.backward()
    assert x.grad.item() == 1.0


def test_is_leaf_and_grad_fn_say_who_computed_a_tensor():
    data, w = mg.ones(2), leaf([1.0, 1.0])
    h = data * w
    assert (data.is_leaf, data.grad_fn) == (True, None)
    assert (w.is_leaf, w.grad_fn) == (True, None)
    assert not h.is_leaf
    assert h.grad_fn.name == "mul"
    assert h.grad_fn.next_functions == (None, w)
    assert (h + 1.0).grad_fn.next_functions == (h.grad_fn, None)


def test_detach_and_clone_share_and_copy():
    w = leaf([1.0, 2.0])
    h = w * 2.0
    assert not h.detach().requires_grad
    assert h.detach().is_leaf
    assert np.shares_memory(h.detach().data, h.data)
    copied = h.clone()
    assert not np.shares_memory(copied.data, h.data)
    copied.sum().backward()
    assert w.grad.tolist() == [2.0, 2.0]


def test_requires_grad_can_be_switched_on_and_off_for_a_leaf():
    w = mg.ones(2)
    assert w.requires_grad_() is w
    assert (w * 2).requires_grad
    w.requires_grad_(False)
    assert not (w * 2).requires_grad
