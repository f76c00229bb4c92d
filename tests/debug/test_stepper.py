"""A Stepper walks forward and back; the gradients are written when the pass completes, and not before."""

import sys
import threading

import numpy as np
import pytest

import minigrad as mg
from minigrad import debug
from minigrad.graph import record
from minigrad.modes import STATE


@pytest.fixture
def w():
    return mg.tensor([0.5, -1.0], requires_grad=True, name="w")


def loss_of(w):
    """Four operations: sum, mul, tanh, mul."""
    return ((w * 3).tanh() * w).sum()


def names(stepper):
    return [step.node.name for step in stepper.history]


def test_nothing_is_stepped_at_the_beginning(w):
    stepper = debug.Stepper(loss_of(w))
    assert (stepper.position, stepper.total, stepper.step, stepper.current) == (0, 4, None, None)
    assert (len(stepper.history), stepper.finished, stepper.closed) == (0, False, False)
    assert repr(stepper) == "<Stepper at 0/4>"


def test_next_goes_on_by_one_or_by_several(w):
    stepper = debug.Stepper(loss_of(w))
    assert stepper.next().node.name == "sum"
    assert stepper.next(2).node.name == "tanh"
    assert (stepper.position, stepper.step.index) == (3, 3)
    assert names(stepper) == ["sum", "mul", "tanh"]


def test_going_back_looks_at_the_same_steps_and_runs_nothing_again(w):
    runs = []

    def watched_vjp(grad_output):
        runs.append(grad_output)
        return grad_output

    def watched(x):
        return record(watched, watched_vjp, x.data * 1, (x,), ())

    stepper = debug.Stepper(watched(watched(w)).sum())
    second = stepper.next(2)
    assert stepper.back().node.name == "sum"
    assert stepper.next() is second
    assert len(runs) == 1
    assert stepper.goto(3).index == 3
    assert stepper.goto(1).index == 1
    assert stepper.position == 1
    assert len(runs) == 2


def test_back_stops_before_the_first_step(w):
    stepper = debug.Stepper(loss_of(w))
    stepper.next(3)
    assert stepper.back(9) is None
    assert (stepper.position, stepper.step) == (0, None)
    assert stepper.next().index == 1
    assert stepper.goto(0) is None


@pytest.mark.parametrize("way", ["next", "cont", "finish", "goto, then finish"])
def test_gradients_are_written_when_the_pass_completes(w, way):
    twin = mg.tensor(w.data, requires_grad=True)
    loss_of(twin).backward()
    stepper = debug.Stepper(loss_of(w))
    stepper.next(3)
    assert w.grad is None
    if way == "next":
        assert stepper.next().index == 4
        assert w.grad is None
        assert stepper.next() is None
    elif way == "cont":
        assert stepper.cont() is None
    else:
        if way != "finish":
            stepper.goto(2)
        stepper.finish()
        assert stepper.position == (3 if way == "finish" else 2)
    assert stepper.finished
    assert w.grad.data.tobytes() == twin.grad.data.tobytes()
    assert repr(stepper).endswith("/4, finished>")


def test_finishing_again_writes_nothing_more(w):
    stepper = debug.Stepper(loss_of(w))
    stepper.finish()
    before = w.grad.tolist()
    stepper.finish()
    assert stepper.goto(4).index == 4
    assert stepper.next() is None
    assert stepper.cont() is None
    assert w.grad.tolist() == before


def test_a_closed_stepping_writes_nothing_and_leaves_the_graph_usable(w):
    loss = loss_of(w)
    stepper = debug.Stepper(loss)
    stepper.next(2)
    stepper.close()
    assert stepper.closed
    assert stepper.back().index == 1
    with pytest.raises(RuntimeError, match="the stepping was closed after step 2 of 4"):
        stepper.next(2)
    assert w.grad is None
    loss.backward()
    assert w.grad is not None


def test_an_error_in_a_rule_ends_the_stepping_and_writes_nothing(w):
    def broken_vjp(grad_output):
        raise ZeroDivisionError("in the rule")

    def broken(x):
        return record(broken, broken_vjp, x.data * 1, (x,), ())

    stepper = debug.Stepper(broken(w).sum() + (w * w).sum())
    with pytest.raises(ZeroDivisionError) as raised:
        stepper.finish()
    assert "in the backward of broken (test_stepper.py" in raised.value.__notes__[0]
    assert (stepper.closed, stepper.finished, stepper.position) == (True, False, 0)
    assert w.grad is None
    assert names(stepper)[0] == "add"
    with pytest.raises(RuntimeError, match="the stepping was closed"):
        stepper.finish()


def test_a_value_changed_between_two_steps_ends_it_too(w):
    stepper = debug.Stepper(loss_of(w))
    stepper.next(1)
    with mg.no_grad():
        w += 1
    with pytest.raises(RuntimeError, match=r"Stepper: the rule of mul .* needs the value of"):
        stepper.cont()
    assert w.grad is None


def test_until_goes_to_the_next_step_that_fits_and_not_beyond_the_last(w):
    stepper = debug.Stepper(loss_of(w))
    assert stepper.until(lambda step: step.node.name == "mul").index == 2
    assert stepper.until("node.name == 'mul'").index == 4
    assert stepper.until(lambda step: True) is None
    assert (stepper.position, stepper.finished, w.grad) == (4, False, None)


def test_until_does_not_look_at_the_step_it_stands_at(w):
    stepper = debug.Stepper(loss_of(w))
    found = []
    while stepper.until(lambda step: True) is not None:
        found.append(stepper.position)
    assert found == [1, 2, 3, 4]


def test_a_predicate_that_raises_leaves_the_stepping_at_that_step(w):
    stepper = debug.Stepper(loss_of(w))
    with pytest.raises(RuntimeError, match=r"until: fails\(step\) raised ZeroDivisionError at <Step 1/4 sum \(\)>"):
        stepper.until(fails)
    assert stepper.position == 1
    stepper.finish()
    assert w.grad is not None


def fails(step):
    return 1 / 0


def test_a_retained_graph_can_be_stepped_again(w):
    loss = loss_of(w)
    debug.Stepper(loss, retain_graph=True).finish()
    first = w.grad.data.copy()
    debug.Stepper(loss).finish()
    assert np.array_equal(w.grad.data, 2 * first)
    with pytest.raises(RuntimeError, match=r"Stepper: the graph through sum .* released"):
        debug.Stepper(loss)


def test_a_graph_that_another_pass_releases_is_refused_where_it_is_met(w):
    trunk = w * w
    first, second = trunk.tanh().sum(), trunk.exp().sum()
    first.backward()
    before = w.grad.tolist()
    stepper = debug.Stepper(second)
    with pytest.raises(RuntimeError, match=r"Stepper: another backward pass has released the graph through mul"):
        stepper.finish()
    assert w.grad.tolist() == before


def test_it_runs_in_the_calling_thread_and_the_rule_is_called_by_the_engine(w):
    seen = []

    def mine_vjp(grad_output, x):
        frame = sys._getframe()
        callers = []
        while frame is not None:
            callers.append(frame.f_code.co_name)
            frame = frame.f_back
        seen.append((threading.current_thread(), callers))
        return 2 * grad_output * x

    def mine(x):
        return record(mine, mine_vjp, x.data**2, (x,), (x.data,))

    stepper = debug.Stepper(mine(w).sum())
    stepper.next(2)
    thread, callers = seen[0]
    assert thread is threading.current_thread()
    # The frames that a debugger shows at a breakpoint in the user's own rule.
    assert callers[:2] == ["mine_vjp", "visit"]
    assert "test_it_runs_in_the_calling_thread_and_the_rule_is_called_by_the_engine" in callers


def test_two_steppings_in_two_threads_do_not_meet():
    results = {}

    def stepping(number):
        w = mg.tensor(np.arange(1.0, 4.0) * number, requires_grad=True)
        loss = (w * w).sum()
        stepper = debug.Stepper(loss)
        while stepper.next() is not None:
            barrier.wait()
        results[number] = (w.grad.tolist(), names(stepper))

    barrier = threading.Barrier(2, timeout=30)
    threads = [threading.Thread(target=stepping, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {1: ([2.0, 4.0, 6.0], ["sum", "mul"]), 2: ([4.0, 8.0, 12.0], ["sum", "mul"])}


def test_there_is_no_global_tape(w):
    before = STATE.get()
    stepper = debug.Stepper(loss_of(w))
    stepper.next(2)
    assert STATE.get() is before
    assert before.tape is None
    node = (w * 2).grad_fn
    assert node.inputs is None
    assert node.hooks is None


def test_a_function_entered_between_two_steps_is_differentiated_as_ever(w):
    stepper = debug.Stepper(loss_of(w))
    stepper.next(2)
    v = mg.tensor(3.0, requires_grad=True)
    (v * v).backward()
    assert v.grad.item() == 6.0
    stepper.finish()
    twin = mg.tensor(w.data, requires_grad=True)
    loss_of(twin).backward()
    assert w.grad.data.tobytes() == twin.grad.data.tobytes()


def test_gradient_is_where_a_pass_begins(w):
    stepper = debug.Stepper(w * w, gradient=mg.tensor([1.0, 10.0]))
    assert stepper.next().grad_output.tolist() == [1.0, 10.0]
    stepper.finish()
    assert w.grad.tolist() == [1.0, -20.0]


def test_a_leaf_alone_has_no_step_and_gets_its_gradient():
    v = mg.tensor(2.0, requires_grad=True)
    stepper = debug.Stepper(v)
    assert (stepper.total, v.grad) == (0, None)
    assert stepper.next() is None
    assert v.grad.item() == 1.0


def test_an_interrupt_ends_the_stepping_and_writes_nothing(w):
    def interrupted_vjp(grad_output):
        raise KeyboardInterrupt

    def interrupted(x):
        return record(interrupted, interrupted_vjp, x.data * 1, (x,), ())

    stepper = debug.Stepper(interrupted(w).sum())
    with pytest.raises(KeyboardInterrupt):
        stepper.cont()
    assert stepper.closed
    assert w.grad is None
