"""Writing into tensors: recorded where a gradient is at stake, refused where it cannot be, noticed by every rule."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import grad


def leaf(values):
    return mg.tensor(values, dtype=mg.float64, requires_grad=True)


def constant(values):
    return mg.tensor(values, dtype=mg.float64)


def test_an_operand_of_an_earlier_node_may_be_written_to():
    w = leaf([2.0])
    a = 3 * w
    b = 2 * a
    a += 1
    loss = a * b  # (3w + 1) 6w
    loss.sum().backward()
    assert w.grad.tolist() == [36.0 * 2.0 + 6.0]


def test_the_tensor_stays_the_same_object_with_a_new_node():
    w = leaf([2.0])
    a = 3 * w
    first = a.grad_fn
    same = a
    a *= 2
    assert same is a
    assert a.grad_fn is not first
    assert a.tolist() == [12.0]
    a.sum().backward()
    assert w.grad.tolist() == [6.0]


# Each writes f(a) over a, for a = 2 w at w = 1.5, where f'(3) is the number behind it.
FORMS = {
    "add_": (lambda a: a.add_(1.0), 1.0),
    "sub_": (lambda a: a.sub_(1.0), 1.0),
    "mul_": (lambda a: a.mul_(5.0), 5.0),
    "div_": (lambda a: a.div_(4.0), 0.25),
    "pow_": (lambda a: a.pow_(2.0), 6.0),
    "neg_": (lambda a: a.neg_(), -1.0),
    "abs_": (lambda a: a.abs_(), 1.0),
    "exp_": (lambda a: a.exp_(), np.exp(3.0)),
    "log_": (lambda a: a.log_(), 1.0 / 3.0),
    "sqrt_": (lambda a: a.sqrt_(), 0.5 / np.sqrt(3.0)),
    "tanh_": (lambda a: a.tanh_(), 1.0 - np.tanh(3.0) ** 2),
    "sigmoid_": (lambda a: a.sigmoid_(), np.exp(-3.0) / (1.0 + np.exp(-3.0)) ** 2),
    "relu_": (lambda a: a.relu_(), 1.0),
    "clamp_": (lambda a: a.clamp_(max=2.0), 0.0),
    "zero_": (lambda a: a.zero_(), 0.0),
    "fill_": (lambda a: a.fill_(7.0), 0.0),
    "copy_": (lambda a: a.copy_(constant([1.0])), 0.0),
    "by itself": (lambda a: a.mul_(a), 6.0),
    "by its sum": (lambda a: a.div_(a.sum()), 0.0),
    "minus its mean": (lambda a: a.sub_(a.mean()), 0.0),
}


@pytest.mark.parametrize("name", FORMS)
def test_an_in_place_form_has_the_value_and_gradient_of_its_out_of_place_one(name):
    write, derivative = FORMS[name]
    w = leaf([1.5])
    a = 2.0 * w
    assert write(a) is a
    a.sum().backward()
    # Below ten roundings of numbers of size 20; 1 - tanh(3)**2 cancels to 0.01, which costs two digits.
    # What was overwritten without being read passes nothing on.
    gradient = 0.0 if w.grad is None else w.grad.item()
    assert gradient == pytest.approx(2.0 * derivative, rel=1e-12, abs=1e-14)


def test_writing_a_value_that_requires_grad_makes_a_constant_part_of_the_graph():
    w = leaf([2.0, 3.0])
    x = constant([1.0, 1.0])
    x *= w
    assert x.requires_grad
    assert not x.is_leaf
    (x * x).sum().backward()
    assert w.grad.tolist() == [4.0, 6.0]


def test_copy_passes_the_gradient_to_the_source_and_none_to_what_was_there():
    source, target = leaf([[1.0], [2.0]]), leaf(np.zeros((2, 3)))
    x = target * 1.0
    x.copy_(source)
    (x * 2.0).sum().backward()
    assert source.grad.tolist() == [[6.0], [6.0]]
    assert target.grad is None or not target.grad.data.any()


def test_an_index_write_splits_the_gradient():
    base, value = leaf([1.0, 2.0, 3.0]), leaf([5.0])
    x = base * 1.0
    x[1:2] = value
    (x * constant([1.0, 10.0, 100.0])).sum().backward()
    assert base.grad.tolist() == [1.0, 0.0, 100.0]
    assert value.grad.tolist() == [10.0]


def test_an_index_write_of_a_number_cuts_its_place_off():
    base = leaf([1.0, 2.0, 3.0])
    x = base * base
    x[0] = 7.0
    x.sum().backward()
    assert base.grad.tolist() == [0.0, 4.0, 6.0]


INDICES = {
    "integer": (0,),
    "row": (slice(0, 1), ...),
    "steps": (slice(None), slice(None, None, -2)),
    "array": ([1, 0],),
    "mask": (np.array([[True, False, True], [False, True, False]]),),
    "two arrays": ([0, 1], [2, 0]),
    "new axis": (None, 1),
}


@pytest.mark.parametrize("name", INDICES)
def test_an_index_write_has_the_gradient_that_writing_element_by_element_has(name):
    index = INDICES[name]
    generator = np.random.default_rng(3)
    base, weights = leaf(generator.standard_normal((2, 3))), generator.standard_normal((2, 3))
    value = leaf(generator.standard_normal(base.data[index].shape))
    x = base * 1.0
    x[index] = value
    expected = base.data.copy()
    expected[index] = value.data
    assert x.tolist() == expected.tolist()
    (x * weights).sum().backward()
    left = weights.copy()
    left[index] = 0.0
    assert base.grad.tolist() == left.tolist()
    assert value.grad.tolist() == weights[index].tolist()


@pytest.mark.parametrize("shape", [(), (1,), (3,), (1, 3), (1, 1, 1)])
def test_a_value_that_is_broadcast_into_its_place_receives_the_sum(shape):
    value = leaf(np.full(shape, 2.0))
    x = mg.zeros(2, 3, dtype=mg.float64)
    x[0] = value
    (x * 5.0).sum().backward()
    assert value.grad.tolist() == np.full(shape, 15.0 / value.data.size).tolist()


def test_a_place_that_is_named_twice_passes_its_gradient_to_the_value_that_it_kept():
    value = leaf([1.0, 2.0])
    x = mg.zeros(2, dtype=mg.float64)
    x[[0, 0]] = value
    assert x.tolist() == [2.0, 0.0]
    (x * 3.0).sum().backward()
    assert value.grad.tolist() == [0.0, 3.0]


def test_a_tensor_may_be_written_to_a_part_of_itself():
    w = leaf([1.0, 2.0, 3.0])
    x = w * 1.0
    x[1:] = x[:-1]
    assert x.tolist() == [1.0, 1.0, 2.0]
    (x * constant([1.0, 10.0, 100.0])).sum().backward()
    assert w.grad.tolist() == [11.0, 100.0, 0.0]


def test_the_out_of_place_form_that_the_message_about_views_names_works():
    w = leaf([1.0, 2.0])
    h = w * 2.0
    h[0] = h[0] + 1
    assert h.tolist() == [3.0, 4.0]
    h.sum().backward()
    assert w.grad.tolist() == [2.0, 2.0]


def test_an_integer_tensor_never_comes_to_require_grad():
    w = leaf([2.5, 3.5])
    x = mg.zeros(2, dtype=mg.int64)
    x[0] = w[0]
    assert not x.requires_grad
    x.copy_(w)
    assert x.tolist() == [2, 3]
    assert not x.requires_grad


@pytest.mark.parametrize("write", [lambda w: w.add_(1.0), lambda w: w.__setitem__(0, 5.0), lambda w: w.zero_()])
def test_a_leaf_that_requires_grad_is_written_to_only_under_no_grad(write):
    w = leaf([1.0, 2.0])
    with pytest.raises(RuntimeError, match="is a leaf that requires grad"):
        write(w)
    assert w.tolist() == [1.0, 2.0]
    with mg.no_grad():
        write(w)
    assert w.tolist() != [1.0, 2.0]
    assert w.is_leaf
    assert w.requires_grad


def test_a_leaf_that_requires_none_may_be_written_to_anywhere():
    x = constant([1.0, 2.0])
    x += 1
    x[0] = 7.0
    assert x.tolist() == [7.0, 3.0]
    assert x.is_leaf


# What a rule has saved is stale, whichever way its memory was written to.
WRITES = {
    "the tensor": lambda h: h.add_(1.0),
    "an element": lambda h: h.__setitem__(0, 5.0),
    "a detached twin": lambda h: h.detach().add_(1.0),
    "a twin of the twin": lambda h: h.detach().detach().zero_(),
    "a view of the twin": lambda h: h.detach()[1:].zero_(),
    "a reshaped view of the twin": lambda h: h.detach().reshape(2, 1)[1].fill_(3.0),
    "the twin of a view": lambda h: h[:1].detach().zero_(),
    "data": lambda h: setattr(h, "data", h.data + 1.0),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_rule_whose_saved_value_was_written_to_raises(name):
    w = leaf([1.0, 2.0])
    h = w * 1.0
    loss = (h * h).sum()
    WRITES[name](h)
    with pytest.raises(RuntimeError, match="needs the value of x as it was then, and it has been changed in place"):
        loss.backward()
    assert w.grad is None


@pytest.mark.parametrize(
    "write",
    [
        lambda h: h.add_(1.0),
        lambda h: h.detach().add_(1.0),
        lambda h: h[0].add_(1.0),
        lambda h: h.data.__iadd__(1.0) is not None and setattr(h, "data", h.data),
    ],
    ids=["itself", "twin", "view", "data"],
)
def test_under_no_grad_a_write_is_noticed_too(write):
    w = leaf([1.0, 2.0])
    h = w * 1.0
    loss = (h * h).sum()
    with mg.no_grad():
        write(h)
    with pytest.raises(RuntimeError, match="changed in place"):
        loss.backward()


def test_a_saved_output_that_was_written_to_raises():
    w = leaf([1.0, 2.0])
    y = mg.tanh(w)
    loss = y.sum()
    y.mul_(2.0)
    y.sum()
    with pytest.raises(RuntimeError, match=r"the rule of tanh .* needs the value of output"):
        y.sum().backward()
    with pytest.raises(RuntimeError, match=r"the rule of tanh .* needs the value of output"):
        loss.backward()


def test_a_saved_constant_that_was_written_to_raises():
    w, x = leaf([1.0, 2.0]), constant([3.0, 4.0])
    loss = (w * x).sum()
    x += 1.0
    with pytest.raises(RuntimeError, match="needs the value of y"):
        loss.backward()


def test_an_element_of_a_saved_sequence_that_was_written_to_raises():
    def total(*parts):
        output = sum(part.data * part.data for part in parts)
        return mg.autograd.record(total, total_vjp, output, (list(parts),), (tuple(part.data for part in parts),))

    def total_vjp(grad_output, parts):
        return [grad_output * 2 * part for part in parts]

    w, x = leaf([1.0, 2.0]), constant([3.0, 4.0])
    loss = total(w, x).sum()
    x.zero_()
    with pytest.raises(RuntimeError, match="needs the value of parts"):
        loss.backward()


def test_one_of_several_outputs_that_was_written_to_raises_where_a_rule_reads_it():
    w = leaf([1.0, 2.0])
    first, second = w.split(1)
    loss = (first * second).sum()
    second.detach().zero_()
    with pytest.raises(RuntimeError, match="changed in place"):
        loss.backward()


def test_a_write_that_no_rule_reads_is_harmless():
    w = leaf([1.0, 2.0])
    h = w * 3.0
    loss = (h + 1.0).sum()
    h.mul_(100.0)
    loss.backward()
    assert w.grad.tolist() == [3.0, 3.0]


def test_a_value_that_was_saved_after_the_write_is_fresh():
    w = leaf([1.0, 2.0])
    h = w * 3.0
    h += 1.0
    (h * h).sum().backward()
    assert w.grad.tolist() == [24.0, 42.0]


def test_a_clone_keeps_the_old_value():
    w = leaf([1.0, 2.0])
    h = w * 1.0
    kept = h.clone()
    loss = (kept * kept).sum()
    h.zero_()
    loss.backward()
    assert w.grad.tolist() == [2.0, 4.0]


def test_an_optimizer_step_between_forward_and_backward_is_noticed():
    w = leaf([1.0, 2.0])
    loss = (w * w).sum()
    loss.backward(retain_graph=True)
    w.data -= 0.1 * w.grad.data
    assert w.is_leaf
    with pytest.raises(RuntimeError, match="changed in place"):
        loss.backward()
    assert w.grad.tolist() == [2.0, 4.0]


def test_a_value_changed_by_a_hook_of_the_running_pass_is_noticed():
    w = leaf([1.0, 2.0])
    h = w * 1.0
    y = h * h

    def hook(grad):
        h.detach().zero_()

    y.register_hook(hook)
    with pytest.raises(RuntimeError, match="changed in place"):
        y.sum().backward()
    assert w.grad is None


def test_the_message_names_the_operation_the_line_that_saved_and_the_line_that_wrote():
    w = leaf([1.0, 2.0])
    h = w * 1.0
    loss = (h * h + h).sum()
    h += 1.0
    with pytest.raises(RuntimeError) as caught:
        loss.backward()
    text = str(caught.value)
    first = test_the_message_names_the_operation_the_line_that_saved_and_the_line_that_wrote.__code__.co_firstlineno
    for part in ("mul", f"test_in_place.py:{first + 3}: h * h", f"test_in_place.py:{first + 4}: h += 1.0", "clone()"):
        assert part in text


def test_a_second_derivative_notices_the_write_too():
    x = leaf([1.0, 2.0])
    h = x * 1.0
    (first,) = grad((h**3).sum(), x, create_graph=True)
    h.detach().zero_()
    with pytest.raises(RuntimeError, match="changed in place"):
        grad(first.sum(), x)


# Each refuses, and afterwards the target is as it was.
REFUSED = {
    "shape": (lambda x: x.add_(np.ones((3, 2))), ValueError, ["add_", "(3, 2)", "(2,)"]),
    "growing by broadcasting": (lambda x: x.mul_(np.ones((4, 2))), ValueError, ["mul_", "(4, 2)", "(2,)"]),
    "copy of another shape": (lambda x: x.copy_(np.ones(3)), ValueError, ["copy_", "(3,)", "(2,)"]),
    "value of another shape": (lambda x: x.__setitem__(slice(0, 1), np.ones(2)), ValueError, ["(2,)", "(1,)"]),
    "index out of range": (lambda x: x.__setitem__(2, 1.0), IndexError, ["(2,)", "2"]),
    "one index of several": (lambda x: x.__setitem__([0, 5], 1.0), IndexError, ["5", "(2,)"]),
    "too many indices": (lambda x: x.__setitem__((0, 0), 1.0), IndexError, ["(2,)"]),
    "index of floats": (lambda x: x.__setitem__(0.5, 1.0), TypeError, ["index", "float"]),
    "no number": (lambda x: x.add_("1"), TypeError, ["add", "str"]),
    "complex": (lambda x: x.copy_(np.ones(2, np.complex128)), TypeError, ["complex"]),
    "fill with several": (lambda x: x.fill_(np.ones(2)), ValueError, ["fill_"]),
    "clamp without bounds": (lambda x: x.clamp_(), ValueError, ["clamp"]),
}


@pytest.mark.parametrize("of_the_graph", [False, True], ids=["constant", "non-leaf"])
@pytest.mark.parametrize("name", REFUSED)
def test_a_write_that_fails_changes_nothing(name, of_the_graph):
    write, kind, parts = REFUSED[name]
    x = leaf([1.0, 2.0]) * 1.0 if of_the_graph else constant([1.0, 2.0])
    loss = (x * leaf([1.0, 1.0])).sum()
    node = x.grad_fn
    with pytest.raises(kind) as caught:
        write(x)
    for part in parts:
        assert part in str(caught.value)
    assert x.tolist() == [1.0, 2.0]
    assert x.grad_fn is node
    loss.backward()


def test_integers_refuse_a_floating_result():
    x = mg.tensor([1, 2])
    with pytest.raises(TypeError, match=r"add_: a result of float32 cannot be written to \(2,\) int64"):
        x += 0.5
    assert x.tolist() == [1, 2]


@pytest.mark.parametrize("write", [lambda x, v: x.copy_(v), lambda x, v: x.__setitem__(slice(0, 1), v)])
def test_a_value_that_is_an_outdated_view_is_refused_before_the_write(write):
    w = leaf([1.0, 2.0])
    h = 2 * w
    view = h[0:1]
    h += 1
    x = constant([0.0])
    with pytest.raises(RuntimeError, match="is a view whose base has been changed in place"):
        write(x, view)
    assert x.tolist() == [0.0]
    assert not x.requires_grad


@pytest.mark.parametrize(
    "write",
    [
        lambda x, v: x.copy_(v),
        lambda x, v: x.add_(v),
        lambda x, v: x.__setitem__(slice(0, 2), v),
        lambda x, v: x.__setitem__([0, 1], v),
    ],
)
def test_an_outdated_view_of_what_was_a_constant_is_refused_where_nothing_is_recorded(write):
    h = constant([1.0, 1.0])
    view = h[:]
    h *= leaf([2.0, 3.0])
    assert not view.requires_grad
    x = constant([0.0, 0.0])
    with pytest.raises(RuntimeError, match="is a view whose base has been changed in place"):
        write(x, view)
    assert x.tolist() == [0.0, 0.0]


def test_a_random_fill_that_is_refused_draws_nothing():
    generator = mg.Generator(0)
    w = leaf([1.0, 2.0])
    with pytest.raises(RuntimeError, match="is a leaf that requires grad"):
        w.uniform_(generator=generator)
    assert generator.get_state() == (0, 0)
