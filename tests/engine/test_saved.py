"""What an operation saves for its rule: no more than somebody needs, and each value known by its name."""

import inspect

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import grad


def leaf(values):
    return mg.tensor(values, dtype=mg.float64, requires_grad=True)


def constant(values):
    return mg.tensor(values, dtype=mg.float64)


MATRIX = [[1.0, 2.0], [3.0, 4.0]]


def arrays_saved(node):
    return [None if value is None else np.asarray(value).tolist() for value in node.saved]


@pytest.mark.parametrize("op", [mg.mul, mg.matmul], ids=["mul", "matmul"])
def test_a_product_with_data_saves_the_data_and_not_the_weight(op):
    data, weight = constant(MATRIX), leaf([[5.0, 6.0], [7.0, 8.0]])
    assert arrays_saved(op(data, weight).grad_fn) == [MATRIX, None]
    assert arrays_saved(op(weight, data).grad_fn) == [None, MATRIX]


@pytest.mark.parametrize("op", [mg.mul, mg.matmul], ids=["mul", "matmul"])
def test_a_product_of_two_weights_saves_both(op):
    first, second = leaf(MATRIX), leaf([[5.0, 6.0], [7.0, 8.0]])
    assert arrays_saved(op(first, second).grad_fn) == [first.tolist(), second.tolist()]


def test_addmm_with_data_saves_no_weight():
    data, weight, bias = constant(MATRIX), leaf(MATRIX), leaf([1.0, 1.0])
    saved = mg.addmm(bias, data, weight).grad_fn.saved
    assert saved[0] is data.data
    assert saved[1] is None


def test_dot_with_data_saves_no_weight():
    data, weight = constant([1.0, 2.0]), leaf([3.0, 4.0])
    assert arrays_saved(mg.dot(data, weight).grad_fn) == [[1.0, 2.0], None]


@pytest.mark.parametrize(
    "make",
    [
        lambda x: x + x,
        lambda x: x - x,
        lambda x: -x,
        lambda x: x.sum(),
        lambda x: x.mean(),
        lambda x: x.reshape(4),
        lambda x: x.T,
        lambda x: x.expand(3, 2, 2),
        lambda x: x[0],
        lambda x: mg.cat([x, x]),
        lambda x: x.clone(),
        lambda x: x.float(),
    ],
    ids=["add", "sub", "neg", "sum", "mean", "reshape", "T", "expand", "index", "cat", "clone", "cast"],
)
def test_linear_operations_keep_no_operand_alive(make):
    x = leaf(MATRIX)
    for value in make(x).grad_fn.saved:
        assert not isinstance(value, np.ndarray)


def test_an_operation_whose_derivative_is_a_function_of_its_result_saves_that_alone():
    x = leaf([1.0, 2.0])
    for op in (mg.exp, mg.tanh, mg.sigmoid, mg.sqrt, mg.relu):
        y = op(x)
        assert [value is y.data for value in y.grad_fn.saved] == [True]


def test_without_gradient_nothing_is_saved_at_all():
    x = constant(MATRIX)
    assert (x * x).grad_fn is None
    with mg.no_grad():
        assert (leaf(MATRIX) * x).grad_fn is None


def test_saved_values_are_plain_arrays_and_the_very_ones_of_the_operands():
    x, y = leaf(MATRIX), leaf(MATRIX)
    node = (x * y).grad_fn
    assert node.saved[0] is x.data
    assert node.saved[1] is y.data


def test_a_rule_can_be_called_by_hand_with_what_the_node_saved():
    x, y = leaf([2.0, 3.0]), leaf([4.0, 5.0])
    node = (x * y).grad_fn
    grad_x, grad_y = node.vjp(np.ones(2), *node.saved)
    assert (grad_x.tolist(), grad_y.tolist()) == ([4.0, 5.0], [2.0, 3.0])


def test_the_parameters_of_a_rule_are_those_of_its_operation():
    x = leaf([2.0, 3.0])
    node = (x * x).grad_fn
    assert node.op is mg.mul
    assert list(inspect.signature(node.vjp).parameters) == ["grad_output", "x", "y"]
    assert len(node.saved) == 2


def test_a_constant_of_the_same_array_is_not_differentiated():
    """``x * x.detach()`` saves one array in two roles; the names tell which one depends on x."""
    x = leaf([2.0, 3.0])
    (first,) = grad((x * x.detach()).sum(), x, create_graph=True)
    assert first.tolist() == [2.0, 3.0]
    assert not first.requires_grad


def test_an_intermediate_value_is_a_constant_of_its_rule():
    """A mask is what clamp saves, and it bears no parameter's name."""
    x = leaf([-2.0, 0.5])
    (first,) = grad((x.clamp(-1.0, 1.0) ** 2).sum(), x, create_graph=True)
    assert first.tolist() == [0.0, 1.0]
    assert grad(first.sum(), x)[0].tolist() == [0.0, 2.0]


def test_a_saved_leaf_is_the_leaf_itself_in_a_recorded_pass():
    seen = []

    def watched(x):
        return mg.autograd.record(watched, watched_vjp, x.data * 2.0, (x,), (x.data,))

    def watched_vjp(grad_output, x):
        seen.append(x)
        return grad_output * 2.0

    x = leaf([1.0])
    grad(watched(x).sum(), x, create_graph=True)
    assert seen[0] is x


def test_a_saved_output_belongs_to_its_own_node_in_a_recorded_pass():
    seen = []

    def watched(x):
        output = x.data * 2.0
        return mg.autograd.record(watched, watched_vjp, output, (x,), (output,))

    def watched_vjp(grad_output, output):
        seen.append(output)
        return grad_output * 2.0

    x = leaf([1.0])
    y = watched(x)
    grad(y.sum(), x, create_graph=True)
    assert seen[0].grad_fn is y.grad_fn


def test_a_saved_value_on_the_way_belongs_to_the_node_that_made_it():
    seen = []

    def watched(x):
        return mg.autograd.record(watched, watched_vjp, x.data * 2.0, (x,), (x.data,))

    def watched_vjp(grad_output, x):
        seen.append(x)
        return grad_output * 2.0

    w = leaf([1.0, 2.0])
    first, second = w.split(1)
    grad((watched(second) + watched(first * 1.0)).sum(), w, create_graph=True)
    assert seen[0].grad_fn.name == "mul"
    assert seen[1].grad_fn is second.grad_fn


def test_an_ordinary_pass_hands_plain_arrays_to_the_rule():
    seen = []

    def watched(x, scale):
        return mg.autograd.record(watched, watched_vjp, x.data * scale, (x, scale), (x.data, scale))

    def watched_vjp(grad_output, x, scale):
        seen.extend([grad_output, x, scale])
        return grad_output * scale

    watched(leaf([1.0]), 3.0).sum().backward()
    assert [type(value) for value in seen] == [np.ndarray, np.ndarray, float]
