"""Under debug.anomaly the first NaN or infinity raises, forward or backward, and says where it came from."""

import re
import sys

import numpy as np
import pytest

import minigrad as mg
from minigrad import debug, nn
from minigrad.debug import AnomalyError
from minigrad.modes import current_state
from minigrad.nn import functional as F


def here():
    """Return the number of the line that calls."""
    return sys._getframe(1).f_lineno


@pytest.fixture
def model():
    mg.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))


def test_the_first_operation_that_gives_nan_is_named_with_its_operands_and_place():
    x = mg.tensor([[1.0, 2.0], [-3.0, 0.0]], requires_grad=True)
    with pytest.raises(AnomalyError) as caught, debug.anomaly():
        line = here() + 1
        y = mg.sqrt(x) * 2
        (y + 1).sum()
    error = caught.value
    assert isinstance(error, RuntimeError)
    assert (error.op, error.where.line, error.count, error.in_backward) == ("sqrt", line, 1, False)
    assert str(error).startswith(
        "anomaly: sqrt gave NaN, 1 of 4 numbers, the first at (1, 0), where x is -3.\n"
        f"  at test_anomalies.py:{line}: mg.sqrt(x)\n"
    )


def test_the_module_that_was_running_is_named(model):
    x = mg.ones(2, 3) * 1e38
    with mg.no_grad():
        model[0].weight *= 100
    with pytest.raises(AnomalyError, match=r"linear gave (NaN|-?inf)") as caught, debug.anomaly():
        model(x * 3.0)
    assert re.search(r"at test_anomalies\.py:\d+ in 0: model\(x \* 3\.0\)", str(caught.value))
    assert "0.weight (4, 3) lies from " in str(caught.value)


def test_a_rule_that_gives_infinity_is_named_and_no_gradient_is_written(model):
    x = mg.ones(2, 3)
    h = mg.relu(model(x) - 100)
    line = here() + 1
    loss = mg.sqrt(h).sum()
    with pytest.raises(AnomalyError) as caught, debug.anomaly():
        loss.backward()
    error = caught.value
    assert (error.op, error.where.line, error.count, error.in_backward) == ("sqrt", line, 2, True)
    text = str(error)
    assert f"the rule of sqrt (test_anomalies.py:{line}: mg.sqrt(h)) gave inf for the gradient of h" in text
    assert "2 of 2 numbers, the first at (0, 0), where grad_output is 1 and output is 0: grad_x = " in text
    assert all(each.grad is None for each in model.parameters())


def test_second_derivatives_are_watched_too():
    x = mg.tensor(0.0, requires_grad=True)
    with pytest.raises(AnomalyError, match="sqrt"), debug.anomaly():
        mg.autograd.grad((x**2 + x).sqrt(), x, create_graph=True)


def test_infinities_that_were_put_in_are_none(model):
    scores = mg.cat([model(mg.ones(2, 3)), mg.full((2, 1), -float("inf"))], 1)
    with debug.anomaly():
        loss = F.cross_entropy(mg.cat([model(mg.ones(2, 3)), mg.full((2, 1), -float("inf"))], 1), mg.tensor([0, 0]))
        loss.backward()
        assert mg.softmax(scores, 1)[0, 0].item() == 1


def test_a_nan_that_comes_in_from_outside_is_told_from_one_that_was_computed(model):
    batch = mg.tensor([[1.0, float("nan"), 0.0]])
    with pytest.raises(AnomalyError) as caught, debug.anomaly():
        model(batch)
    assert "linear was given NaN by batch (1, 3), 1 of 3 numbers, the first at (0, 1)." in str(caught.value)
    assert "look at where it comes from" in str(caught.value)


def test_only_what_is_looked_for_raises():
    x = mg.tensor([0.0, -1.0])
    with debug.anomaly(nan=False):
        mg.sqrt(x)
    with debug.anomaly(inf=False):
        mg.log(x[:1])
    with pytest.raises(AnomalyError), debug.anomaly(nan=False):
        mg.log(x[:1])


def test_what_is_not_recorded_is_watched_too():
    x = mg.tensor([-1.0])
    with pytest.raises(AnomalyError, match="log gave NaN"), mg.no_grad(), debug.anomaly():
        mg.log(x)


def test_it_ends_with_the_block_and_leaves_nothing_behind(model):
    before = current_state()
    with pytest.raises(AnomalyError), debug.anomaly():
        mg.log(mg.tensor(-1.0))
    assert current_state() is before
    assert np.isnan(mg.log(mg.tensor(-1.0)).item())
    loss = mg.sqrt(mg.relu(model(mg.ones(2, 3)) - 100)).sum()
    with pytest.raises(AnomalyError), debug.anomaly():
        loss.backward(retain_graph=True)
    loss.backward()  # the nodes that were watched are not watched any more
    assert model[0].weight.grad is not None


def test_gradients_are_the_same_to_the_bit(model):
    x = mg.ones(2, 3)
    F.mse_loss(model(x), x[:, :1]).backward()
    plain = [each.grad.numpy().copy() for each in model.parameters()]
    model.zero_grad()
    with debug.anomaly():
        F.mse_loss(model(x), x[:, :1]).backward()
    for each, expected in zip(model.parameters(), plain, strict=True):
        assert np.array_equal(each.grad.numpy(), expected)


def test_a_node_that_was_watched_goes_away_with_its_graph():
    import gc
    import weakref

    x = mg.ones(3, requires_grad=True)
    gc.disable()
    try:
        with debug.anomaly():
            loss = (x * 2).sum()
            node = weakref.ref(loss.grad_fn)
            loss.backward()
        del loss
        assert node() is None
    finally:
        gc.enable()


def test_a_recording_inside_sees_the_same_operations():
    x = mg.ones(3, requires_grad=True)
    with debug.anomaly(), debug.recording() as r:
        (x * 2).sum().backward()
    assert [step.name for step in r.forward] == ["mul", "sum"]
    with pytest.raises(AnomalyError), debug.anomaly(), debug.recording():
        mg.log(x - 2)
