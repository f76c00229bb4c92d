"""What a leaf finds in ``grad`` is its own writeable memory, whatever the rules passed on."""

import numpy as np
import pytest

import minigrad as mg


def leaf():
    return mg.tensor(np.arange(1.0, 7.0).reshape(2, 3), requires_grad=True)


# What each of these rules returns is the array that came in, a view of it, an array given to two parents, or memory
# that NumPy repeats.
ONE_LEAF = {
    "itself": lambda a: a,
    "clone": lambda a: a.clone(),
    "add a number": lambda a: a + 1.0,
    "add itself": lambda a: a + a,
    "add zero twice": lambda a: (a + 0.0) + 0.0,
    "subtract": lambda a: a - 1.0,
    "reshape": lambda a: a.reshape(3, 2),
    "flatten": lambda a: a.flatten(),
    "transpose": lambda a: a.T,
    "unsqueeze": lambda a: a.unsqueeze(0),
    "expand": lambda a: a.expand(4, 2, 3),
    "sum": lambda a: a.sum(),
    "sum of an axis": lambda a: a.sum(0),
    "mean": lambda a: a.mean(),
    "slice": lambda a: a[:, 1:],
    "cat": lambda a: mg.cat([a, a]),
    "stack": lambda a: mg.stack([a, a]),
    "split": lambda a: a.split(1)[0],
    "cast": lambda a: a.float(),
    "negate twice": lambda a: (-a).neg(),
}
TWO_LEAVES = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "cat": lambda a, b: mg.cat([a, b]),
    "stack": lambda a, b: mg.stack([a, b]),
    "add views": lambda a, b: a.reshape(6) + b.reshape(6),
    "add sums": lambda a, b: a.sum() + b.sum(),
    "where": lambda a, b: mg.where(np.ones((2, 3), np.bool_), a, b),
}


def assert_own(gradient, *others):
    assert gradient.data.flags.writeable
    assert gradient.data.flags.owndata or gradient.data.base.flags.owndata
    for other in others:
        assert not np.shares_memory(gradient.data, other)


@pytest.mark.parametrize("create_graph", [False, True], ids=["plain", "create_graph"])
@pytest.mark.parametrize("name", ONE_LEAF)
def test_grad_shares_no_memory_with_the_gradient_that_the_user_gave(name, create_graph):
    a = leaf()
    root = ONE_LEAF[name](a)
    gradient = mg.tensor(np.ones(root.shape, root.dtype))
    root.backward(gradient, create_graph=create_graph)
    assert_own(a.grad, gradient.data, a.data, root.data)
    assert gradient.tolist() == np.ones(root.shape).tolist()


@pytest.mark.parametrize("create_graph", [False, True], ids=["plain", "create_graph"])
@pytest.mark.parametrize("name", TWO_LEAVES)
def test_two_leaves_never_share_a_grad(name, create_graph):
    a, b = leaf(), leaf()
    root = TWO_LEAVES[name](a, b)
    gradient = np.ones(root.shape)
    root.backward(gradient, create_graph=create_graph)
    assert_own(a.grad, b.grad.data, gradient, a.data, b.data)
    assert_own(b.grad, gradient, a.data, b.data)


@pytest.mark.parametrize("name", ONE_LEAF)
def test_writing_to_grad_changes_no_later_gradient(name):
    a = leaf()
    root = ONE_LEAF[name](a)
    gradient = np.ones(root.shape)
    root.backward(gradient, retain_graph=True)
    first = a.grad.tolist()
    a.grad.fill_(-7.0)
    a.grad = None
    root.backward(gradient)
    assert a.grad.tolist() == first


def test_grad_shares_no_memory_with_an_operand():
    a, b = leaf(), leaf()
    (a * b).backward(np.ones((2, 3)))
    assert_own(a.grad, b.data, a.data)
    assert_own(b.grad, a.data, b.data)


def test_a_rule_that_returns_what_it_saved_gives_a_copy_away():
    def times(x, y):
        return mg.autograd.record(times, times_vjp, x.data * y, (x, y), (y,))

    def times_vjp(grad_output, y):
        return y

    factor = np.array([2.0, 3.0])
    a = mg.tensor([1.0, 1.0], dtype=mg.float64, requires_grad=True)
    times(a, factor).sum().backward()
    assert_own(a.grad, factor)


def test_a_rule_that_returns_an_element_of_a_saved_tuple_gives_a_copy_away():
    def weighted(x, factors):
        return mg.autograd.record(weighted, weighted_vjp, x.data * factors[0], (x, factors), (tuple(factors),))

    def weighted_vjp(grad_output, factors):
        return factors[0]

    factor = np.array([2.0, 3.0])
    a = mg.tensor([1.0, 1.0], dtype=mg.float64, requires_grad=True)
    weighted(a, [factor]).sum().backward()
    assert_own(a.grad, factor)


def test_a_rule_that_returns_one_array_for_two_operands_gives_each_its_own():
    def total(x, y):
        return mg.autograd.record(total, total_vjp, x.data + y.data, (x, y))

    def total_vjp(grad_output):
        both = grad_output * 1.0
        return both, both

    a, b = leaf(), leaf()
    total(a, b).sum().backward()
    assert_own(a.grad, b.grad.data)


def test_accumulated_gradients_are_new_memory():
    a = leaf()
    own = mg.tensor(np.ones((2, 3)))
    a.grad = own
    (a + 1.0).sum().backward()
    assert own.tolist() == np.ones((2, 3)).tolist()
    assert_own(a.grad, own.data)
    assert a.grad.tolist() == (2 * np.ones((2, 3))).tolist()


def test_a_retained_gradient_is_not_shared_with_a_leaf():
    a = leaf()
    h = a + 1.0
    h.retain_grad()
    h.sum().backward()
    assert_own(h.grad, a.grad.data)


def test_what_a_hook_gives_is_copied_and_what_it_keeps_stays_as_it_was():
    a = leaf()
    given = mg.tensor(np.ones((2, 3)))
    shown = []

    def hook(grad):
        shown.append(grad)
        return given

    a.register_hook(hook)
    (a * 2.0).sum().backward()
    a.grad.fill_(-1.0)
    assert given.tolist() == np.ones((2, 3)).tolist()
    assert shown[0].tolist() == np.full((2, 3), 2.0).tolist()


def test_what_a_node_hook_gives_is_copied():
    a = leaf()
    h = a * 2.0
    given = mg.tensor(np.ones((2, 3)))
    h.grad_fn.register_hook(lambda grad_inputs, grad_outputs: (given, None))
    h.sum().backward()
    assert_own(a.grad, given.data)


def test_grad_returns_separate_memory_for_an_input_that_is_named_twice():
    a = leaf()
    first, second = mg.autograd.grad((a * a).sum(), [a, a])
    assert first.tolist() == second.tolist() == (2 * a.detach()).tolist()
    assert_own(first, second.data)


def test_grad_shares_no_memory_with_grad_outputs():
    a = leaf()
    gradient = mg.tensor(np.ones((2, 3)))
    (result,) = mg.autograd.grad(a + 1.0, a, gradient)
    assert_own(result, gradient.data)
    (result,) = mg.autograd.grad(a, a, gradient)
    assert_own(result, gradient.data)
