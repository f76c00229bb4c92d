"""A recording keeps what happened in its block, forward and backward, and changes none of it."""

import gc
import threading
import weakref

import numpy as np
import pytest

import minigrad as mg
from minigrad import debug, func, nn, optim
from minigrad.autograd import grad
from minigrad.graph import record
from minigrad.modes import STATE


@pytest.fixture
def w():
    return mg.tensor([0.5, -1.0], requires_grad=True, name="w")


def test_each_operation_is_kept_with_its_inputs_and_output(w):
    x = mg.tensor([2.0, 3.0], name="x")
    with debug.recording() as r:
        h = w * x
        h.name = "hidden"
        loss = (h + 1).sum()
    assert [(step.index, step.total, step.name) for step in r.forward] == [(1, 3, "mul"), (2, 3, "add"), (3, 3, "sum")]
    mul, add, total = r.forward
    assert mul.output.tolist() == [1.0, -3.0]
    assert (mul.label, mul.shape, mul.dtype) == ("hidden", (2,), np.float32)
    assert mul.recorded is h.grad_fn
    assert [(each.name, each.label, each.value.tolist()) for each in mul.inputs] == [
        ("x", "w", [0.5, -1.0]),
        ("y", "x", [2.0, 3.0]),
    ]
    assert mul.inputs[0].source is w
    assert mul.inputs[1].source is x
    assert (add.inputs[0].source, add.inputs[1].value) == (1, 1)
    assert add.where.expression == "h + 1"
    assert total.output == loss.item()
    assert repr(r) == "<recording of 3 operations and 0 backward passes>"


def test_values_that_no_rule_saves_are_there(w):
    """The sum saves nothing of what it sums, and the addition nothing at all."""
    loss = (w + 1).sum()
    assert debug.trace(loss).forward[0].output is None
    with debug.recording() as r:
        (w + 1).sum().backward()
    assert r.trace().forward[0].output.tolist() == [1.5, 0.0]


def test_operations_without_gradient_are_kept_too(w):
    with debug.recording() as r:
        mask = (mg.ones(2) * 2) > 1
        with mg.no_grad():
            k = w * 3
        largest, where = w.max(0)
    assert [step.name for step in r.forward] == ["mul", "gt", "mul", "max"]
    assert [step.recorded is None for step in r.forward] == [True, True, True, False]
    assert r.forward[1].output.tolist() == mask.tolist()
    assert r.forward[1].inputs[0].source == 1
    assert r.forward[2].where.expression == "w * 3"
    assert r.forward[2].output.tolist() == k.tolist()
    assert [each.tolist() for each in r.forward[3].output] == [largest.item(), where.item()]
    assert r.forward[3].shape == ((), ())


def test_the_module_that_ran_is_noted():
    mg.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh())
    with debug.recording() as r:
        model(mg.ones(1, 2))
    assert [step.module for step in r.forward] == ["0", "1"]


def test_a_backward_pass_inside_is_recorded_while_it_runs(w):
    with debug.recording() as r:
        loss = ((w * 3).tanh() * w).sum()
        loss.backward()
    twin = mg.tensor(w.data, requires_grad=True)
    loss_twin = ((twin * 3).tanh() * twin).sum()
    steps = list(debug.steps(loss_twin))
    assert w.grad.data.tobytes() == twin.grad.data.tobytes()
    trace = r.trace()
    assert [(step.index, step.total, step.node.name) for step in trace.steps] == [
        (1, 4, "sum"),
        (2, 4, "mul"),
        (3, 4, "tanh"),
        (4, 4, "mul"),
    ]
    for one, other in zip(trace.steps, steps):
        assert np.array_equal(one.grad_output, other.grad_output)
        for a, b in zip(one.contributions, other.contributions):
            assert (a.input, a.rule, a.accumulated, a.returned) == (b.input, b.rule, b.accumulated, b.returned)
            for x, y in ((a.grad, b.grad), (a.before, b.before), (a.after, b.after)):
                assert (x is None) == (y is None)
                assert x is None or np.array_equal(x, y)
        assert list(one.saved) == list(other.saved)
    assert all(step.check() for step in trace.steps)
    # The pass has released the graph, and the recording has what it needs.
    with pytest.raises(RuntimeError, match="released"):
        loss.backward()
    assert trace.steps[2].local_jacobian(0).shape == (2, 2)


def test_each_pass_is_recorded_and_shows_what_it_went_back_through(w):
    with debug.recording() as r:
        (w * w).sum().backward()
        mg.ones(2).exp()
        w.tanh().sum().backward()
    assert [run.who for run in r.passes] == ["backward", "backward"]
    assert [step.node.name for step in r.trace(0).steps] == ["sum", "mul"]
    assert [step.name for step in r.trace(0).forward] == ["mul", "sum"]
    second = r.trace()
    assert [(step.index, step.total, step.name) for step in second.forward] == [(1, 2, "tanh"), (2, 2, "sum")]
    assert second.forward[1].inputs[0].source == 1
    assert [step.name for step in r.forward] == ["mul", "sum", "exp", "tanh", "sum"]


@pytest.mark.parametrize("way", ["grad", "create_graph", "steps", "inputs"])
def test_other_ways_of_running_a_pass_are_recorded_too(w, way):
    with debug.recording() as r:
        loss = (w**3).sum()
        if way == "grad":
            grad(loss, w)
        elif way == "create_graph":
            loss.backward(create_graph=True)
        elif way == "inputs":
            loss.backward(inputs=[w])
        else:
            list(debug.steps(loss))
    assert len(r.passes) == 1
    assert [step.node.name for step in r.trace().steps] == ["sum", "pow"]
    last = r.trace().steps[-1]
    assert last.grad_output.tolist() == [1, 1]
    np.testing.assert_allclose(last.grad_inputs[0], 3 * w.data**2, rtol=1e-6)  # two roundings in float32
    w.grad = None


def test_a_pass_back_through_a_pass_is_recorded(w):
    with debug.recording() as r:
        (first,) = grad((w**3).sum(), w, create_graph=True)
        first.sum().backward()
    twin = mg.tensor(w.data, requires_grad=True)
    (expected,) = grad((twin**3).sum(), twin, create_graph=True)
    expected.sum().backward()
    assert w.grad.data.tobytes() == twin.grad.data.tobytes()
    assert [run.who for run in r.passes] == ["grad", "backward"]
    assert [step.node.name for step in r.trace(0).steps] == ["sum", "pow"]
    assert all(isinstance(step.grad_output, np.ndarray) for step in r.trace(0).steps)
    steps = [step for step in r.trace(1).steps if step.grad_output is not None]
    assert steps[0].node.name == "sum"
    assert all(step.check() for step in steps)


def test_what_an_optimizer_writes_to_is_kept_as_it_was():
    mg.manual_seed(0)
    layer = nn.Linear(2, 1)
    before = layer.weight.data.copy()
    optimizer = optim.SGD(layer.parameters(), lr=0.5)
    x = mg.ones(3, 2)
    with debug.recording() as r:
        for _ in range(2):
            loss = layer(x).pow(2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert not np.array_equal(layer.weight.data, before)
    first, second = r.trace(0).steps[-1], r.trace(1).steps[-1]
    assert np.array_equal(first.recorded.inputs[1].data, before)
    assert np.array_equal(r.trace(0).forward[0].inputs[1].value, before)
    assert not np.array_equal(r.trace(1).forward[0].inputs[1].value, before)
    assert first.check()
    assert second.check()
    # The updates are no operations of the forward pass.
    assert [step.name for step in r.forward] == ["linear", "pow", "mean"] * 2


def test_adding_to_an_earlier_gradient_is_no_operation_of_the_forward_pass(w):
    with debug.recording() as outer, debug.recording() as r:
        for _ in range(2):
            (w * 2).sum().backward()
    assert [step.name for step in r.forward] == ["mul", "sum"] * 2
    assert [step.name for step in outer.forward] == ["mul", "sum"] * 2
    assert w.grad.tolist() == [4, 4]
    assert [run.earlier[w] is None for run in r.passes] == [True, False]


def test_hooks_work_as_ever_and_stay(w):
    seen = []
    h = w * 2
    h.register_hook(lambda gradient: gradient * 10)
    with debug.recording() as r:
        k = h * 3
        handle = k.register_hook(lambda gradient: seen.append(gradient.tolist()))
        k.retain_grad()
        k.sum().backward(retain_graph=True)
    assert seen == [[1, 1]]
    assert k.grad.tolist() == [1, 1]
    assert w.grad.tolist() == [60, 60]
    steps = r.trace().steps
    assert [step.node.name for step in steps] == ["sum", "mul", "mul"]
    # What the rule was given, behind the hook; the node is older than the recording.
    assert steps[2].grad_output.tolist() == [30, 30]
    k.sum().backward(retain_graph=True)
    assert len(seen) == 2
    handle.remove()
    k.sum().backward()
    assert len(seen) == 2


def test_a_pass_through_an_older_graph_is_recorded_too(w):
    loss = (w * w).sum()
    with debug.recording() as r:
        loss.backward()
    assert [step.node.name for step in r.trace().steps] == ["sum", "mul"]
    assert r.forward == []
    assert r.explain(w).total.tolist() == w.grad.tolist()


def test_what_may_be_done_without_a_recording_may_be_done_under_it(w):
    with debug.recording() as r, debug.anomaly():
        h = mg.ones(2, 3) * mg.ones(3, requires_grad=True)
        h.t_()
        h.exp().sum().backward()
    assert [step.name for step in r.forward] == ["mul", "transpose", "exp", "sum"]
    assert r.forward[2].inputs[0].source == 2


def test_anomalies_of_a_backward_pass_are_found_under_a_recording(w):
    with debug.anomaly(), debug.recording(), pytest.raises(debug.AnomalyError, match="sqrt"):
        (w * 0).sqrt().sum().backward()


def test_a_pass_in_a_hook_of_another_is_a_pass_of_its_own(w):
    v = mg.tensor(3.0, requires_grad=True)

    def inner(gradient):
        (v * v).backward()

    with debug.recording() as r:
        h = w * 2
        h.register_hook(inner)
        h.sum().backward()
    assert [[step.node.name for step in run.steps()] for run in r.passes] == [["sum", "mul"], ["mul"]]
    assert [run.order[-1].name for run in r.passes] == ["mul", "mul"]
    assert [each.tolist() for each in list(r.passes[0].steps())[1].grad_inputs if each is not None] == [[2, 2]]
    assert (w.grad.tolist(), v.grad.item()) == ([2, 2], 6.0)


def test_an_operation_that_no_gradient_reaches_is_a_step_of_the_trace(w):
    with debug.recording() as r:
        h = w * 2
        h.copy_(w * 3)
        h.sum().backward()
    unreached = [step for step in r.trace().steps if step.grad_output is None]
    assert [step.node.where.expression for step in unreached] == ["w * 2"]
    assert "no gradient arrived here" in str(unreached[0])


def test_a_rule_that_raises_leaves_the_steps_before_it(w):
    def broken_vjp(grad_output):
        raise ZeroDivisionError

    def broken(x):
        return record(broken, broken_vjp, x.data * 1, (x,), ())

    with debug.recording() as r, pytest.raises(ZeroDivisionError):
        broken(w).sum().backward()
    assert [step.grad_output is None for step in r.trace().steps] == [False, True]
    assert w.grad is None


def test_nothing_of_it_stays_behind(w):
    state = STATE.get()
    with debug.recording() as r:
        h = w * 2
        assert h.grad_fn.hooks is not None
    assert STATE.get() is state
    assert h.grad_fn.hooks is None
    h.sum().backward()
    assert r.passes == []
    assert (w * 2).grad_fn.inputs is None


def test_graph_and_recording_are_freed_by_their_reference_counts(w):
    gc.disable()
    try:
        with debug.recording() as r:
            h = w * 2
            h.sum().backward()
        node = weakref.ref(h.grad_fn)
        del h
        assert node() is not None
        del r
        assert node() is None
    finally:
        gc.enable()


def test_recordings_inside_of_one_another_both_record(w):
    with debug.recording() as outer:
        a = w * 2
        with debug.recording() as inner:
            b = a + 1
            b.sum().backward()
        (w * 3).sum().backward()
    assert [step.name for step in inner.forward] == ["add", "sum"]
    assert [step.name for step in outer.forward] == ["mul", "add", "sum", "mul", "sum"]
    assert (len(inner.passes), len(outer.passes)) == (1, 2)
    assert [step.node.name for step in inner.trace().steps] == ["sum", "add", "mul"]
    assert debug.compare(inner.trace(), outer.trace(0)).step is None


def test_it_records_the_thread_that_entered_it(w):
    with debug.recording() as r:
        other = threading.Thread(target=lambda: (w * 5).sum())
        other.start()
        other.join()
        w * 2
    assert [step.name for step in r.forward] == ["mul"]


def test_a_function_under_vmap_is_recorded_from_outside_and_refused_from_inside(w):
    with debug.recording() as r:
        func.vmap(lambda x: x * 2)(w)
    assert [step.name for step in r.forward] == ["mul"]

    def inside(x):
        with debug.recording():
            return x * 2

    with pytest.raises(RuntimeError, match="under vmap"):
        func.vmap(inside)(mg.ones(3))


def test_a_gradient_is_explained_afterwards(w):
    b = mg.tensor([0.0], requires_grad=True, name="b")
    with debug.recording() as r:
        (w * w + b).sum().backward()
    explanation = r.explain(w)
    assert [term.input for term in explanation.terms] == ["w", "w"]
    assert np.array_equal(explanation.total, w.grad.data)
    assert "b was broadcast" in str(r.explain("b"))
    other = mg.ones(2)
    assert str(r.explain(other)).startswith("other.grad is None: ")


def test_a_parameter_is_explained_by_name_after_its_model_is_gone():
    model = mg.nn.Sequential(mg.nn.Linear(2, 1))
    with debug.recording() as r:
        model(mg.ones(3, 2)).sum().backward()
    del model
    for name, total in (("0.weight", [[3.0, 3.0]]), ("0.bias", [3.0])):
        explanation = r.explain(name)
        assert explanation.name == f"{name}.grad"
        assert explanation.total.tolist() == total


def test_an_explanation_knows_what_an_earlier_pass_had_left(w):
    (w * 10).sum().backward()
    with debug.recording() as r:
        (w * 2).sum().backward()
        (w * 3).sum().backward()
    explanation = r.explain(w)
    assert [term.grad.tolist() for term in explanation.terms] == [[3, 3], [12, 12]]
    assert explanation.total.tolist() == w.grad.tolist() == [15, 15]
    assert r.explain(w, 0).total.tolist() == [12, 12]


def test_what_was_not_recorded_is_told(w):
    with debug.recording() as r:
        loss = (w * 2).sum()
    for call in (r.trace, lambda: r.explain(w)):
        with pytest.raises(ValueError, match=r"no backward pass was recorded.\n.*\n.*inside of the with block"):
            call()
    loss.backward()
    with pytest.raises(RuntimeError, match="this recording has been used before"), r:
        pass
    with debug.recording() as r:
        (w * 2).sum().backward()
    with pytest.raises(ValueError, match="trace: 1 backward passes were recorded, got number 1"):
        r.trace(1)
