"""What a step shows: the operation, its formulas, the gradient that arrived, and what it gives to each input."""

import numpy as np

import minigrad as mg
from minigrad import debug
from minigrad.graph import record


def test_a_step_says_what_runs_and_on_what():
    generator = mg.Generator(5)
    x = mg.randn(3, 2, generator=generator)
    W1 = mg.randn(2, 3, generator=generator).requires_grad_()
    W2 = mg.randn(3, 1, generator=generator).requires_grad_()
    h = mg.tanh(x @ W1)
    o = h @ W2
    step = next(debug.steps(o, gradient=mg.ones(3, 1)))
    assert (step.index, step.total) == (1, 3)
    assert step.node.name == "matmul"
    assert step.node.inputs == ("x", "y")
    assert step.node.shape == (3, 1)
    assert step.node.dtype == np.float32
    assert step.node.module is None
    assert step.node.where.expression == "h @ W2"
    assert step.node.where.filename == __file__
    assert step.rule == "grad_x = grad_output @ y.T; grad_y = x.T @ grad_output"
    assert [each.rule for each in step.contributions] == ["grad_x = grad_output @ y.T", "grad_y = x.T @ grad_output"]
    assert list(step.saved) == ["x", "y"]
    assert np.array_equal(step.saved["x"], h.data)
    assert np.array_equal(step.saved["y"], W2.data)
    assert step.grad_output.tolist() == [[1], [1], [1]]
    grad_x, grad_y = step.grad_inputs
    # One product per element, and sums of three in float32.
    np.testing.assert_allclose(grad_x, np.ones((3, 1)) @ W2.data.T, rtol=1e-6)
    np.testing.assert_allclose(grad_y, h.data.T @ np.ones((3, 1)), rtol=1e-6)


def test_a_tensor_times_itself_shows_two_contributions():
    e = mg.tensor(3.0, requires_grad=True, name="e")
    (step,) = debug.steps(e * e)
    assert [each.input for each in step.contributions] == ["x", "y"]
    assert [grad.item() for grad in step.grad_inputs] == [3.0, 3.0]
    assert [each.source is e for each in step.contributions] == [True, True]
    assert [each.accumulated for each in step.contributions] == [False, True]
    assert [after.item() for after in step.after] == [6.0, 6.0]
    assert str(step).count("e: new (leaf)") == 1
    assert str(step).count("e: added (leaf)") == 1


def test_fan_out_is_visible_before_and_after():
    w = mg.tensor(2.0, requires_grad=True)
    a = w * 3
    last, first = list(debug.steps(a * 5 + w * 7))[1:3]
    assert (last.before[0], last.after[0]) == (None, 7.0)
    assert first.node.where.expression == "a * 5"
    second = list(debug.steps((w * 3) * 5 + w * 7))[-1]
    assert (second.before[0], second.grad_inputs[0], second.after[0]) == (7.0, 15.0, 22.0)


def test_a_broadcast_input_gets_the_sum_and_the_step_says_so():
    b = mg.tensor([0.0, 0.0, 0.0], requires_grad=True, name="b")
    step = list(debug.steps((mg.ones(4, 3) + b).sum()))[1]
    each = step.contributions[1]
    assert each.returned == (4, 3)
    assert each.grad.tolist() == [4, 4, 4]
    assert step.contributions[0].grad is None
    assert "grad_y = grad_output   (4, 3) summed to (3,)  norm 6.93   b: new (leaf)" in str(step)
    assert "grad_x = grad_output   not needed" in str(step)


def test_a_gradient_is_shown_in_the_dtype_of_its_input():
    w = mg.tensor([1.0, 2.0], requires_grad=True)
    step = list(debug.steps((w * mg.ones(2, dtype=mg.float64)).sum()))[-1]
    assert step.grad_output.dtype == np.float64
    assert step.grad_inputs[0].dtype == np.float32


def test_an_operation_with_several_outputs_shows_a_gradient_for_each():
    w = mg.tensor([1.0, 5.0, 3.0], requires_grad=True)
    values, _ = w.max(0)
    (step,) = debug.steps(values)
    assert step.node.shape == ((), ())
    assert step.grad_output[0].item() == 1.0
    assert step.grad_output[1] is None
    assert step.grad_inputs[0].tolist() == [0, 1, 0]
    assert "grad_outputs[1] none arrived" in str(step)


def test_the_elements_of_a_sequence_are_inputs_of_their_own():
    a = mg.tensor([1.0], requires_grad=True, name="a")
    step = list(debug.steps(mg.cat([mg.zeros(2), a]).sum()))[1]
    assert step.node.inputs == ("tensors[0]", "tensors[1]")
    assert step.contributions[1].rule == "grad_tensors[1] = the slice of grad_output that tensors[1] became"


def test_an_operation_that_no_gradient_reaches_is_a_step_too():
    w = mg.tensor([1.0, 2.0], requires_grad=True)
    h = w * 2
    h.copy_(w * 3)
    steps = list(debug.steps(h.sum()))
    (unreached,) = [step for step in steps if step.grad_output is None]
    assert unreached.node.where.expression == "w * 2"
    assert "no gradient arrived here" in str(unreached)
    assert w.grad.tolist() == [3, 3]


def test_hooks_run_and_the_step_shows_what_the_rule_was_given():
    w = mg.tensor(2.0, requires_grad=True)
    h = w * 3
    h.register_hook(lambda grad: grad * 10)
    h.retain_grad()
    step = list(debug.steps(h * 5))[1]
    assert step.grad_output.item() == 50.0
    assert step.grad_inputs[0].item() == 150.0
    assert w.grad.item() == 150.0
    assert h.grad.item() == 50.0
    for _ in debug.steps(h * 5, retain_graph=True):
        pass
    assert w.grad.item() == 300.0


def test_a_rule_without_a_docstring_is_called_by_its_name():
    def cube_vjp(grad_output, x):
        return grad_output * 3 * x * x

    def cube(x):
        return record(cube, cube_vjp, x.data**3, (x,), (x.data,))

    w = mg.tensor(2.0, requires_grad=True)
    (step,) = debug.steps(cube(w))
    assert step.rule == "cube_vjp"
    assert "grad_x" in str(step)
    assert step.node.inputs == ("x",)
    assert w.grad.item() == 12.0
