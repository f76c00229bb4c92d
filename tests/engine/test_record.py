"""``record`` is the one place where a node is made, and where everything that is to be known of an operation passes."""

import itertools

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import record
from minigrad.modes import STATE, State


def leaf(values):
    return mg.tensor(values, dtype=mg.float64, requires_grad=True)


@pytest.fixture
def tape():
    """The list that every operation is appended to while it is in force."""
    operations = []
    token = STATE.set(State(True, False, operations))
    yield operations
    STATE.reset(token)


def test_a_node_keeps_the_rule_the_shape_the_dtype_and_the_edges():
    x, y = leaf([[1.0, 2.0]]), mg.tensor([3.0], dtype=mg.float32)
    node = (x * y).grad_fn
    assert (node.op.__name__, node.vjp.__name__) == ("mul", "mul_vjp")
    assert (node.shape, node.dtype) == ((1, 2), mg.float64)
    assert node.edges[0] is x
    assert node.next_functions == (x, None)


def test_edges_lead_to_the_node_of_then():
    w = leaf([2.0])
    a = 3 * w
    first = a.grad_fn
    b = 2 * a
    a += 1
    assert b.grad_fn.next_functions == (first, None)
    assert a.grad_fn is not first


def test_a_node_of_several_outputs_is_one_and_edges_name_the_output():
    x = leaf([1.0, 2.0, 3.0])
    parts = x.split(1)
    assert len({part.grad_fn for part in parts}) == 1
    edges = [(part * 2.0).grad_fn.edges[0] for part in parts]
    assert edges == [(parts[0].grad_fn, number) for number in range(3)]
    assert parts[0].grad_fn.shape == ((1,), (1,), (1,))


def test_nothing_that_a_node_refers_to_refers_back_to_it():
    x = leaf([1.0, 2.0])
    h = mg.tanh(x * 2.0)
    loss = (h * h).sum()
    node, stack, seen = h.grad_fn, [x, *loss.grad_fn.edges], set()
    while stack:
        each = stack.pop()
        if id(each) in seen or not hasattr(each, "edges"):
            continue
        seen.add(id(each))
        assert all(edge is not each for edge in each.edges)
        stack += each.edges
    assert id(node) in seen


def test_an_operation_on_arrays_and_numbers_returns_an_array_and_makes_no_node():
    array = np.array([1.0, 2.0])
    for result in (mg.exp(array), mg.add(array, 1.0), mg.matmul(array, array), mg.sum(array), mg.cat([array, array])):
        assert not isinstance(result, mg.Tensor)
        assert isinstance(result, (np.ndarray, np.generic))


def test_an_operation_on_tensors_and_arrays_records():
    x = leaf([1.0, 2.0])
    for result in (mg.add(np.ones(2), x), mg.mul(x, np.ones(2)), mg.cat([np.ones(2), x]), mg.where(x > 1, x, 0.0)):
        assert isinstance(result, mg.Tensor)
        assert result.requires_grad


# Ops without a rule, comparisons and writes are seen as well: a captured step is the list of all of them.
OPERATIONS = {
    "mul": lambda x: x * 2.0,
    "eq": lambda x: x == 1.0,
    "lt": lambda x: x < 1.0,
    "argmax": lambda x: x.argmax(),
    "isnan": lambda x: mg.isnan(x),
    "cast": lambda x: x.long(),
    "clone": lambda x: x.clone(),
    "get_item": lambda x: x[0],
    "rand": lambda x: mg.rand(2),
    "randperm": lambda x: mg.randperm(3),
    "one_hot": lambda x: mg.one_hot(mg.tensor([0, 1])),
    "bernoulli": lambda x: x.bernoulli(),
}
WRITES = {
    "add_": lambda x: x.add_(1.0),
    "copy_": lambda x: x.copy_(0.0),
    "zero_": lambda x: x.zero_(),
    "set_item": lambda x: x.__setitem__(0, 1.0),
    "uniform_": lambda x: x.uniform_(),
}


@pytest.mark.parametrize("mode", [mg.enable_grad, mg.no_grad])
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_on_a_tensor_passes_through_record(name, mode, tape):
    x = mg.tensor([0.0, 1.0])
    tape.clear()
    with mode():
        result = OPERATIONS[name](x)
    op, inputs, recorded, writes = tape[-1]
    assert op.__name__ == name
    assert recorded is result
    assert isinstance(inputs, tuple)
    assert writes is None


@pytest.mark.parametrize("mode", [mg.enable_grad, mg.no_grad])
@pytest.mark.parametrize("name", WRITES)
def test_every_write_names_the_tensor_that_it_writes(name, mode, tape):
    x = mg.tensor([0.0, 1.0])
    tape.clear()
    with mode():
        WRITES[name](x)
    assert tape[-1][3] is x


def test_a_draw_writes_the_counter_of_its_generator(tape):
    generator = mg.Generator(0)
    mg.rand(3, generator=generator)
    assert any(writes is generator.counter for _, _, _, writes in tape)


def test_a_recorded_pass_is_on_the_tape_with_its_sums_and_casts(tape):
    x = mg.tensor([1.0], dtype=mg.float32, requires_grad=True)
    loss = (x * x * mg.tensor([[1.0], [2.0]], dtype=mg.float64)).sum()
    tape.clear()
    mg.autograd.grad(loss, x, create_graph=True)
    names = [op.__name__ for op, _, _, _ in tape]
    for name in ("mul", "sum_to_size", "cast", "add"):
        assert name in names
    made = [id(result) for _, _, result, _ in tape]
    assert len(made) == len(set(made))


def test_inputs_are_kept_only_where_they_are_asked_for():
    x = leaf([1.0, 2.0])
    assert (x * 2.0).grad_fn.inputs is None
    token = STATE.set(State(keep_inputs=True))
    try:
        node = (x * 2.0).grad_fn
    finally:
        STATE.reset(token)
    assert node.inputs[0] is x
    assert node.inputs[1] == 2.0
    assert node.op(*node.inputs).tolist() == [2.0, 4.0]


def test_a_node_is_made_where_any_operand_requires_grad_and_only_there():
    constant, weight = mg.ones(2, dtype=mg.float64), leaf([1.0, 1.0])
    for x, y in itertools.product([constant, weight, weight * 1.0], repeat=2):
        result = x + y
        assert result.requires_grad == (x.requires_grad or y.requires_grad)
        assert (result.grad_fn is None) == (not result.requires_grad)


def test_numpy_scalars_become_0d_tensors():
    x = leaf(2.0)

    def same(x):
        return record(same, None, np.float64(3.0), (x,))

    with mg.no_grad():
        result = same(x)
    assert isinstance(result, mg.Tensor)
    assert (result.shape, type(result.data)) == ((), np.ndarray)
    assert type((x * x).data) is np.ndarray
    assert type(x.sum().data) is np.ndarray
