"""A user's own operation has the form of a built-in one: two adjacent plain functions."""

import re
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from minigrad.autograd import grad, record

HERE = Path(__file__).name


def cube(x):
    x_data = mg.as_tensor(x).data
    return record(cube, cube_vjp, x_data**3, (x,), (x_data,))


def cube_vjp(grad_output, x):
    """``grad_x = 3 * x**2 * grad_output``."""
    return 3 * x**2 * grad_output


def hypot(x, y):
    output = np.sqrt(x.data**2 + y.data**2)
    return record(hypot, hypot_vjp, output, (x, y), (x.data, y.data, output))


def hypot_vjp(grad_output, x, y, output):
    return grad_output * x / output, grad_output * y / output


def lengths(*vectors, scale=1.0):
    output = np.stack([scale * np.sum(vector.data**2) for vector in vectors])
    saved = (tuple([vector.data for vector in vectors]), scale)
    return record(lengths, lengths_vjp, output, (list(vectors), scale), saved)


def lengths_vjp(grad_output, vectors, scale):
    grads = []
    for index, vector in enumerate(vectors):
        grads.append(grad_output[index] * (2 * scale) * vector)
    return grads


def halves(x):
    middle = x.shape[0] // 2
    return record(halves, halves_vjp, (x.data[:middle] * 1.0, x.data[middle:] * 1.0), (x,), (x.shape,))


def halves_vjp(grad_outputs, shape):
    first, second = grad_outputs
    middle = shape[0] // 2
    parts = [
        mg.zeros((middle,), dtype=mg.float64).data if first is None else first,
        mg.zeros((shape[0] - middle,), dtype=mg.float64).data if second is None else second,
    ]
    return mg.cat(parts)


def leaf(values):
    return mg.tensor(values, dtype=mg.float64, requires_grad=True)


def test_it_differentiates_once_twice_and_three_times():
    x = leaf([2.0, -1.0])
    (first,) = grad(cube(x).sum(), x, create_graph=True)
    (second,) = grad(first.sum(), x, create_graph=True)
    (third,) = grad(second.sum(), x)
    assert first.tolist() == [12.0, 3.0]
    assert second.tolist() == [12.0, -6.0]
    assert third.tolist() == [6.0, 6.0]


def test_it_takes_its_place_among_the_built_in_ones():
    x = leaf([2.0, -1.0])
    y = cube(x * 2.0)
    assert y.grad_fn.name == "cube"
    assert repr(y).startswith("Tensor((2,) float64 from cube")
    (y * 0.5).sum().backward()
    assert x.grad.tolist() == [48.0, 12.0]


def test_it_computes_on_arrays_without_a_node():
    result = record(cube, cube_vjp, np.array([8.0]), (np.array([2.0]),), (np.array([2.0]),))
    assert type(result) is np.ndarray


def test_it_makes_no_node_where_no_gradient_is_wanted():
    assert cube(mg.tensor([2.0])).grad_fn is None
    with mg.no_grad():
        assert cube(leaf([2.0])).grad_fn is None


def test_its_output_and_operands_are_known_by_name():
    x, y = leaf([3.0]), leaf([4.0])
    (first,) = grad(hypot(x, y).sum(), x, create_graph=True)
    assert first.item() == pytest.approx(0.6, rel=1e-15)
    # d2/dx2 sqrt(x2 + y2) = y2 / r3, d2/dxdy = -x y / r3: some roundings of numbers below 1.
    to_x, to_y = grad(first.sum(), [x, y])
    assert to_x.item() == pytest.approx(16 / 125, rel=1e-14)
    assert to_y.item() == pytest.approx(-12 / 125, rel=1e-14)


def test_a_sequence_of_tensors_counts_as_its_elements():
    x, y = leaf([1.0, 2.0]), leaf([3.0])
    result = lengths(x, y, x, scale=0.5)
    assert result.tolist() == [2.5, 4.5, 2.5]
    first, second = grad((result**2).sum(), [x, y], create_graph=True)
    # f = 2 (|x|**2 / 2)**2 + (|y|**2 / 2)**2: gradients 2 |x|**2 x and |y|**2 y.
    assert first.tolist() == [10.0, 20.0]
    assert second.tolist() == [27.0]
    assert grad(second, y)[0].tolist() == [27.0]


def test_it_may_have_several_outputs():
    x = leaf([1.0, 2.0, 3.0, 4.0])
    first, second = halves(x)
    assert first.grad_fn is second.grad_fn
    (second * second).sum().backward()
    assert x.grad.tolist() == [0.0, 0.0, 6.0, 8.0]


def test_a_rule_may_return_a_single_gradient_a_list_or_a_tuple():
    for form in (lambda g: g, lambda g: [g], lambda g: (g,)):

        def same(x):
            return record(same, same_vjp, x.data * 1.0, (x,))

        def same_vjp(grad_output, form=form):
            return form(grad_output)

        x = leaf([1.0, 2.0])
        same(x).sum().backward()
        assert x.grad.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("value", [2.0, np.float64(2.0), np.float32(2.0), np.array(2.0), 2], ids=repr)
def test_a_rule_may_return_a_number_for_a_0d_operand(value):
    def double(x):
        return record(double, double_vjp, x.data * 2.0, (x,))

    def double_vjp(grad_output):
        return value

    for create_graph in (False, True):
        x = leaf(3.0)
        double(x).backward(create_graph=create_graph)
        assert isinstance(x.grad, mg.Tensor)
        assert type(x.grad.data) is np.ndarray
        assert (x.grad.shape, x.grad.dtype, x.grad.item()) == ((), mg.float64, 2.0)


def test_a_rule_may_leave_out_trailing_gradients_and_return_none():
    def pick(x, y, z):
        return record(pick, pick_vjp, y.data * 1.0, (x, y, z))

    def pick_vjp(grad_output):
        return None, grad_output

    x, y, z = leaf([1.0]), leaf([2.0]), leaf([3.0])
    pick(x, y, z).sum().backward()
    assert (x.grad, y.grad.tolist(), z.grad) == (None, [1.0], None)


def test_the_engine_sums_and_casts_what_a_rule_returns():
    def scaled(x, y):
        return record(scaled, scaled_vjp, x.data * y.data, (x, y), (x.data, y.data))

    def scaled_vjp(grad_output, x, y):
        return grad_output * y, grad_output * x

    x, y = mg.tensor([1.0], dtype=mg.float32, requires_grad=True), leaf([[1.0, 2.0], [3.0, 4.0]])
    scaled(x, y).sum().backward()
    assert (x.grad.tolist(), x.grad.dtype) == ([10.0], mg.float32)
    assert y.grad.tolist() == [[1.0, 1.0], [1.0, 1.0]]


def broken(rule):
    """Return an operation of one operand whose rule is ``rule(grad_output, x)``."""

    def wrong(x):
        return record(wrong, rule, x.data * 1.0, (x,), (x.data,))

    return wrong


def raising_vjp(grad_output, x):
    raise KeyError("lost")


def too_many_vjp(grad_output, x):
    return grad_output, grad_output


def misshaped_vjp(grad_output, x):
    return mg.zeros((5,)).data


def wordy_vjp(grad_output, x):
    return "gradient"


def short_vjp(grad_output):
    return grad_output


WRONG_RULES = [
    (too_many_vjp, RuntimeError, ["too_many_vjp", "2 gradients", "1 input"]),
    (misshaped_vjp, RuntimeError, ["misshaped_vjp", "(5,)", "(2,)"]),
    (wordy_vjp, (RuntimeError, TypeError), ["wordy_vjp", "str"]),
    (short_vjp, (RuntimeError, TypeError), ["short_vjp"]),
]


@pytest.mark.parametrize("create_graph", [False, True], ids=["plain", "create_graph"])
@pytest.mark.parametrize(("rule", "kind", "parts"), WRONG_RULES, ids=[case[0].__name__ for case in WRONG_RULES])
def test_a_wrong_rule_is_told_by_its_name_and_the_line_that_called_the_operation(rule, kind, parts, create_graph):
    wrong = broken(rule)
    x = leaf([1.0, 2.0])
    x.grad = mg.tensor([7.0, 7.0], dtype=mg.float64)
    loss = wrong(x).sum()
    with pytest.raises(kind) as caught:
        loss.backward(create_graph=create_graph)
    text = "\n".join([str(caught.value), *getattr(caught.value, "__notes__", [])])
    for part in [*parts, "wrong(x)"]:
        assert part in text
    assert re.search(rf"{HERE}:\d+", text)
    assert x.grad.tolist() == [7.0, 7.0]


@pytest.mark.parametrize("create_graph", [False, True], ids=["plain", "create_graph"])
def test_what_a_rule_raises_comes_through_with_a_note(create_graph):
    wrong = broken(raising_vjp)
    x = leaf([1.0, 2.0])
    loss = wrong(x).sum()
    with pytest.raises(KeyError, match="lost") as caught:
        loss.backward(create_graph=create_graph)
    (note,) = caught.value.__notes__
    assert "backward of wrong" in note
    assert f"{HERE}:" in note
    assert "wrong(x)" in note


def test_an_error_midway_changes_no_grad_and_releases_nothing():
    fails = [True]

    def moody(x):
        return record(moody, moody_vjp, x.data * 1.0, (x,), (x.data,))

    def moody_vjp(grad_output, x):
        if fails:
            raise ValueError(fails.pop())
        return grad_output

    early, late = leaf([2.0]), leaf([3.0])
    h = moody(early * early)
    h.retain_grad()
    loss = (h * late * late).sum()
    with pytest.raises(ValueError, match="True"):
        loss.backward()
    assert (early.grad, late.grad, h.grad) == (None, None, None)
    loss.backward()
    assert early.grad.tolist() == [36.0]
    assert late.grad.tolist() == [24.0]
    assert h.grad.tolist() == [9.0]


def test_an_operation_without_a_rule_refuses_operands_that_require_grad():
    def opaque(x):
        return record(opaque, None, x.data * 1.0, (x,))

    assert opaque(mg.tensor([1.0])).tolist() == [1.0]
    with mg.no_grad():
        assert opaque(leaf([1.0])).tolist() == [1.0]
    with pytest.raises(RuntimeError, match="opaque: the operation has no derivative") as caught:
        opaque(leaf([1.0]))
    assert "detach()" in str(caught.value)


def test_an_operation_on_integers_needs_no_rule():
    def above(x):
        return record(above, None, x.data > 0, (x,))

    assert not above(leaf([1.0])).requires_grad


def exp_over(x):
    """Write e to the power x over x: an operation in place, which names what it writes."""
    np.exp(x.data, out=x.data)
    return record(exp_over, exp_over_vjp, x.data, (x,), (x.data,), writes=x)


def exp_over_vjp(grad_output, output):
    return grad_output * output


def test_it_may_write_in_place():
    w = leaf([0.0, 1.0])
    h = w * 2.0
    same = exp_over(h)
    assert same is h
    assert h.grad_fn.name == "exp_over"
    # What it saved of its own result is not stale; what others saved of the old value is.
    first = grad(h.sum(), w, create_graph=True)[0]
    assert first.tolist() == [2.0, 2.0 * np.exp(2.0)]
    assert grad(first.sum(), w)[0].tolist() == [4.0, 4.0 * np.exp(2.0)]


def test_what_it_writes_over_is_stale_for_others():
    w = leaf([0.0, 1.0])
    h = w * 2.0
    loss = (h * h).sum()
    exp_over(h)
    with pytest.raises(RuntimeError, match=r"needs the value of x as it was then.*exp_over\(h\)"):
        loss.backward()


def checkpointed(x):
    """Keep x alone, and compute the rest again in the backward."""
    with mg.no_grad():
        output = mg.tanh(x * 2.0)
    return record(checkpointed, checkpointed_vjp, output.data, (x,), (x.data,))


def checkpointed_vjp(grad_output, x):
    again = mg.tensor(x, requires_grad=True)
    with mg.enable_grad():
        mg.tanh(again * 2.0).backward(grad_output)
    return again.grad


def test_a_rule_may_run_a_backward_of_its_own():
    w = leaf([0.25])
    (checkpointed(w) * 3.0).sum().backward()
    # 3 * 2 * (1 - tanh(0.5)**2): a handful of roundings.
    assert w.grad.item() == pytest.approx(6.0 * (1.0 - np.tanh(0.5) ** 2), rel=1e-14)
