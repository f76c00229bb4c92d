"""``create_graph`` runs the same rules on Tensors, and what they compute can be differentiated again."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import grad
from minigrad.positions import resolve

# In float64 these formulas are a handful of roundings of 2**-53 each on numbers of size 1 to 1000.
CLOSE = {"rtol": 1e-13, "atol": 1e-13}


def leaf(values):
    return mg.tensor(values, dtype=mg.float64, requires_grad=True)


def test_second_and_third_derivatives_of_a_power():
    x = leaf(3.0)
    (first,) = grad(x**5, x, create_graph=True)
    (second,) = grad(first, x, create_graph=True)
    (third,) = grad(second, x)
    assert (first.item(), second.item(), third.item()) == (405.0, 540.0, 540.0)


def test_six_derivatives_of_tanh_match_the_closed_form():
    x = leaf(0.3)
    derivative = mg.tanh(x)
    for _ in range(6):
        (derivative,) = grad(derivative, x, create_graph=True)
    t = np.tanh(0.3)
    s = 1 - t * t
    # d6/dx6 tanh = s t (-272 + 960 s - 720 s**2) ... written in t: 16 s t (-45 t**4 + 60 t**2 - 17).
    expected = 16 * s * t * (-45 * t**4 + 60 * t**2 - 17)
    # Terms of size 10**3 cancel to size 10: about 100 roundings of 10**3 * 2**-53.
    np.testing.assert_allclose(derivative.item(), expected, rtol=0, atol=1e-11)


def test_backward_with_create_graph_leaves_a_grad_that_can_be_differentiated():
    x = leaf(3.0)
    (x**3).backward(create_graph=True)
    assert x.grad.requires_grad
    first, x.grad = x.grad, None
    first.backward()
    assert x.grad.item() == 18.0


def test_an_ordinary_backward_leaves_a_grad_without_graph():
    x = leaf(3.0)
    (x**3).backward()
    assert not x.grad.requires_grad


def test_create_graph_retains_the_graph():
    x = leaf(3.0)
    y = x**3
    grad(y, x, create_graph=True)
    assert grad(y, x)[0].item() == 27.0


def test_fan_out_is_differentiated_on_both_sides():
    x = leaf(3.0)
    y = x**2
    (first,) = grad(y * y, x, create_graph=True)
    assert grad(first, x)[0].item() == 108.0


def test_the_mode_around_the_call_does_not_reach_into_a_recorded_pass():
    x = leaf(3.0)
    y = x**2
    z = y * y + (x * mg.ones(2, dtype=mg.float32)).sum()
    with mg.no_grad():
        (first,) = grad(z, x, create_graph=True)
        assert not mg.is_grad_enabled()
    assert first.requires_grad
    assert grad(first, x)[0].item() == 108.0


def test_an_ordinary_pass_makes_no_graph_where_gradients_are_enabled():
    x = leaf(3.0)
    shown = []
    y = x * x
    y.register_hook(lambda gradient: shown.append(gradient.requires_grad))
    y.backward()
    assert shown == [False]


def test_sums_of_broadcast_gradients_are_differentiated():
    row, column = leaf([1.0, 2.0, 3.0]), leaf([[1.0], [2.0]])
    (to_row,) = grad(((row * column) ** 2).sum(), row, create_graph=True)
    (mixed,) = grad(to_row.sum(), column)
    # sum_j d/dr_j sum_ij r_j**2 c_i**2 = sum_ij 2 r_j c_i**2, and its derivative in c_i is 4 c_i sum_j r_j.
    np.testing.assert_allclose(mixed.data, 4 * column.data * 6.0, **CLOSE)


def test_casts_of_gradients_are_differentiated():
    x = mg.tensor(3.0, dtype=mg.float32, requires_grad=True)
    (first,) = grad((x.double() ** 3).sum(), x, create_graph=True)
    assert first.dtype == mg.float32
    assert grad(first, x)[0].item() == 18.0


def test_a_promoted_operand_is_differentiated_in_its_own_dtype():
    x = mg.tensor([3.0], dtype=mg.float32, requires_grad=True)
    y = leaf([2.0])
    (to_y,) = grad((x * y).sum(), y, create_graph=True)
    (back,) = grad(to_y.sum(), x)
    assert back.dtype == mg.float32
    assert back.tolist() == [1.0]


def test_the_hessian_of_a_matrix_product():
    generator = np.random.default_rng(1)
    a, b = leaf(generator.standard_normal((2, 3))), leaf(generator.standard_normal((3, 2)))
    (to_a,) = grad(((a @ b) ** 2).sum(), a, create_graph=True)
    (mixed,) = grad(to_a.sum(), b)
    ones = np.ones((2, 3))
    # f = sum (ab)**2; <ones, df/da> = sum 2 (ab) * (ones b); differentiate in b.
    expected = 2 * (ones.T @ (a.data @ b.data) + a.data.T @ (ones @ b.data))
    np.testing.assert_allclose(mixed.data, expected, **CLOSE)


def test_a_detached_factor_is_a_constant_in_every_order():
    x = leaf(3.0)
    (first,) = grad(x * x.detach() * x, x, create_graph=True)
    assert first.item() == 18.0  # x * 3 * x: 2 * 3 * x
    assert grad(first, x)[0].item() == 6.0


def test_one_tensor_in_two_roles_of_one_operation():
    x = leaf(2.0)
    (first,) = grad(x**x, x, create_graph=True)
    (second,) = grad(first, x)
    log = np.log(2.0)
    np.testing.assert_allclose(first.item(), 4 * (log + 1), **CLOSE)
    np.testing.assert_allclose(second.item(), 4 * ((log + 1) ** 2 + 0.5), **CLOSE)


def test_an_operand_written_to_before_the_pass_keeps_its_role():
    w = leaf([1.0, 2.0])
    a = 3.0 * w
    b = 2.0 * a
    a += 1.0
    loss = (a * b).sum()  # (3w + 1) 6w
    (first,) = grad(loss, w, create_graph=True)
    assert first.tolist() == [42.0, 78.0]  # 36 w + 6
    assert grad(first.sum(), w)[0].tolist() == [36.0, 36.0]


def test_outputs_of_one_operation_are_told_apart():
    x = leaf([1.0, 2.0])
    first, second = x.split(1)
    (to_x,) = grad((first**2 * second**3).sum(), x, create_graph=True)
    assert to_x.tolist() == [16.0, 12.0]
    assert grad(to_x.sum(), x)[0].tolist() == [16.0 + 24.0, 24.0 + 12.0]


def test_sequences_of_tensors_count_as_their_elements():
    x, y = leaf([1.0, 2.0]), leaf([3.0])
    (to_x, to_y) = grad((mg.cat([x, y, x]) ** 3).sum(), [x, y], create_graph=True)
    assert to_x.tolist() == [6.0, 24.0]
    assert to_y.tolist() == [27.0]
    assert [each.tolist() for each in grad(to_x.sum() + to_y.sum(), [x, y])] == [[12.0, 24.0], [18.0]]


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_indexing_by_arrays_has_every_order(axes):
    x = mg.tensor(np.arange(1.0, 1.0 + 2**axes).reshape((2,) * axes), requires_grad=True)
    index = ([0, 1, 0],) * axes
    (first,) = grad((x[index] ** 4).sum(), x, create_graph=True)
    (second,) = grad(first.sum(), x, create_graph=True)
    (third,) = grad(second.sum(), x)
    times = np.zeros(x.shape)
    np.add.at(times, tuple(np.array(each) for each in index), 1.0)
    np.testing.assert_allclose(first.data, 4 * times * x.data**3, **CLOSE)
    np.testing.assert_allclose(second.data, 12 * times * x.data**2, **CLOSE)
    np.testing.assert_allclose(third.data, 24 * times * x.data, **CLOSE)


def test_index_assignment_has_a_second_derivative():
    v = leaf([2.0, 3.0])
    h = v * 1.0
    h[0] = v[1] * v[0]
    (first,) = grad((h**2).sum(), v, create_graph=True)
    # f = (v1 v0)**2 + v1**2
    assert first.tolist() == [2 * 2 * 9, 2 * 3 * 4 + 6]
    assert grad(first.sum(), v)[0].tolist() == [2 * 9 + 4 * 2 * 3, 4 * 2 * 3 + 2 * 4 + 2]


def test_gradients_of_gradients_reach_the_weights_of_a_network():
    """A gradient penalty: d|df/dx|**2/dW against central differences."""
    generator = np.random.default_rng(2)
    x = leaf(generator.standard_normal((4, 3)))
    first, second = leaf(generator.standard_normal((3, 5))), leaf(generator.standard_normal((5, 1)))

    def penalty():
        (to_x,) = grad(mg.tanh(x @ first).matmul(second).sum(), x, create_graph=True)
        return (to_x**2).sum()

    (exact,) = grad(penalty(), first)
    step = 1e-5
    for place in [(0, 0), (2, 4), (1, 2)]:
        values = []
        for sign in (1, -1):
            moved = first.data.copy()
            moved[place] += sign * step
            kept, first.data = first.data, moved
            values.append(penalty().item())
            first.data = kept
        # Truncation: step**2 times a third derivative of size 100; rounding: 1e-15 * 100 / step.
        assert exact.data[place] == pytest.approx((values[0] - values[1]) / (2 * step), abs=1e-7)


def test_grad_can_be_asked_for_in_the_gradients_own_seed():
    """The transpose trick: the derivative of v -> J.T v in v gives J u."""
    x = leaf([1.0, 2.0])
    v = leaf([1.0, 1.0])
    (product,) = grad(x**3, x, grad_outputs=v, create_graph=True)
    assert product.tolist() == [3.0, 12.0]
    assert grad(product, v, grad_outputs=mg.tensor([1.0, 10.0]))[0].tolist() == [3.0, 120.0]


def test_what_a_rule_makes_is_placed_at_the_operation_it_belongs_to():
    h = leaf(2.0)
    line = mg.tanh(h) * 1.0
    (first,) = grad(line, h, create_graph=True)
    node = first.grad_fn
    assert resolve(node.code, node.lasti).expression == "mg.tanh(h)"
