"""Two runs are compared operation by operation and step by step: where they part is told, with both places."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import debug, nn


def run(scale=1.0, extra=False, dtype=mg.float32, wrong=False):
    w = mg.tensor([1.0, 2.0], dtype=dtype, requires_grad=True, name="w")
    with debug.recording() as r:
        h = w * w
        if extra:
            h = h.tanh()
        h = h * scale
        loss = h.sum()
        if wrong:
            h.register_hook(lambda gradient: gradient * 2)
        loss.backward()
    return r


def test_the_same_run_twice_is_the_same():
    found = debug.compare(run(), run())
    assert found.same
    assert bool(found)
    assert (found.op, found.step) == (None, None)
    assert repr(found) == "forward: the same\nbackward: the same"


def test_the_first_operation_with_another_output_is_told():
    found = debug.compare(run(2.0), run(3.0))
    assert not found
    assert [each.index for each in found.op] == [2, 2]
    assert found.op[0].output.tolist() == [2, 8]
    assert [each.node.name for each in found.step] == ["mul", "mul"]
    assert found.reasons == ("output", "grad_x")
    assert "forward: the first difference is output" in repr(found)
    assert "a: <ForwardStep 2/3 mul (2,)> at test_comparisons.py:" in repr(found)
    assert "h * scale" in repr(found)


def test_another_operation_dtype_or_shape_is_told():
    found = debug.compare(run(), run(extra=True))
    assert ([each.name for each in found.op], found.reasons[0]) == (["mul", "tanh"], "the operation")
    found = debug.compare(run(), run(dtype=mg.float64))
    assert (found.op[0].index, found.reasons[0]) == (1, "the output's shape or dtype")


def test_runs_that_differ_only_on_the_way_back_are_told_apart():
    found = debug.compare(run(), run(wrong=True))
    assert found.op is None
    assert (found.step[0].index, found.reasons) == (2, (None, "grad_output"))


def test_a_run_that_ends_before_the_other_is_told():
    w = mg.tensor([1.0, 2.0], requires_grad=True)
    h = w * w
    found = debug.compare(debug.trace(h, gradient=mg.ones(2)), debug.trace(h.exp(), gradient=mg.ones(2)))
    assert (found.op[0], found.op[1].name) == (None, "exp")
    assert found.reasons[0] == "that one run ends here"
    assert "a: nothing more" in repr(found)


def training(rates):
    """Return the recording of a training with these learning rates, one a step."""
    w = mg.tensor([1.0, 2.0], requires_grad=True)
    with debug.recording() as r:
        for rate in rates:
            w.grad = None
            (w * w).sum().backward()
            w.data -= rate * w.grad.data
    return r


def test_the_first_of_several_passes_that_differs_is_told():
    assert debug.compare(training([0.1, 0.1, 0.1]), training([0.1, 0.1, 0.1]))
    found = debug.compare(training([0.1, 0.1, 0.1, 0.1]), training([0.1, 0.2, 0.1, 0.1]))
    assert (found.op[0].name, found.numbers) == ("mul", (2, 2))
    assert (found.step[0].node.name, found.reasons) == ("mul", ("output", "grad_x"))
    assert repr(found).count(" of pass 2: the first difference is ") == 2
    shorter = debug.compare(training([0.1, 0.1]), training([0.1]))
    assert (shorter.op[1], shorter.step[1], shorter.numbers) == (None, None, (1, 1))


def test_of_several_outputs_those_that_both_runs_know_are_compared():
    w = mg.tensor([[1.0, 3.0], [2.0, 0.0]], requires_grad=True)

    def spread(scale):
        low, high = (w * scale).unbind(0)
        return (high * high).sum()

    with debug.recording() as r:
        spread(1.0).backward()
    assert debug.compare(r, spread(1.0))  # nothing has saved the first part
    assert debug.compare(r, spread(2.0)).op[0].name == "unbind"


def test_numbers_within_a_tolerance_are_the_same():
    assert not debug.compare(run(1.0), run(1.0 + 1e-6))
    assert debug.compare(run(1.0), run(1.0 + 1e-6), rtol=1e-5)


def test_nan_is_the_same_as_nan():
    assert debug.compare(run(np.nan), run(np.nan))
    assert not debug.compare(run(np.nan), run(1.0))


def test_losses_and_recordings_without_a_backward_can_be_compared():
    w = mg.tensor([1.0, 2.0], requires_grad=True)
    assert debug.compare((w * w).sum(), (w * w).sum())
    assert w.grad is None
    with debug.recording() as a:
        w * 2
    with debug.recording() as b:
        w * 3
    assert debug.compare(a, b).op[0].name == "mul"


def test_a_changed_layer_is_named_by_its_module():
    def trained(activation):
        mg.manual_seed(0)
        model = nn.Sequential(nn.Linear(2, 3), activation, nn.Linear(3, 1))
        with debug.recording() as r:
            model(mg.ones(4, 2)).sum().backward()
        return r

    found = debug.compare(trained(nn.Tanh()), trained(nn.Sigmoid()))
    assert [each.name for each in found.op] == ["tanh", "sigmoid"]
    assert found.op[0].module == "1"
    assert found.step[0].index == 2
    with pytest.raises(TypeError, match="compare: a run is a Trace, a recording or a loss"):
        debug.compare(3, 4)
