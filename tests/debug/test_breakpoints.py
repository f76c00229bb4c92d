"""A breakpoint stops at what it names, forward and back; one that cannot match is refused with what is near."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import debug, nn


@pytest.fixture
def stepper():
    """Six steps: mean, pow, linear (2), tanh (1), linear (0), mul."""
    mg.manual_seed(3)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.mlp = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))

        def forward(self, x):
            return self.mlp(x)

    scale = mg.tensor(2.0, requires_grad=True, name="scale")
    x = mg.randn(4, 2)
    scaled = x * scale
    model = Net()
    output = model(scaled)
    stepper = debug.Stepper((output**2).mean())
    stepper.model = model  # by which its parameters know their names
    assert [node.name for node in stepper.nodes] == ["mean", "pow", "linear", "tanh", "linear", "mul"]
    return stepper


def stops(stepper):
    """Return the steps that ``cont`` stops at."""
    found = []
    while stepper.cont() is not None:
        found.append(stepper.position)
    return found


@pytest.mark.parametrize(
    ("criteria", "expected", "described"),
    [
        ({"op": "tanh"}, [4], "op=tanh"),
        ({"op": "lin*"}, [3, 5], "op=lin*"),
        ({"name": "scale"}, [6], "name=scale"),
        ({"name": "*.weight"}, [3, 5], "name=*.weight"),
        ({"name": "output"}, [2], "name=output"),
        ({"module": "mlp.*"}, [3, 4, 5], "module=mlp.*"),
        ({"module": "mlp.1"}, [4], "module=mlp.1"),
        ({"op": "linear", "module": "mlp.0"}, [5], "op=linear and module=mlp.0"),
        ({"step": 2}, [2], "step=2"),
        ({"expression": "grad_output.shape == (4, 3)"}, [4, 5], "grad_output.shape == (4, 3)"),
        ({"condition": "step.index % 2 == 0"}, [2, 4, 6], "step.index % 2 == 0"),
        ({"condition": "'saved' and grad_weight.shape == (1, 3)"}, [3], "'saved' and grad_weight.shape == (1, 3)"),
        ({"condition": "np.abs(output).max() <= 1 and node.name == 'tanh'"}, [4], None),
        ({"condition": "any([x.ndim == 2 for x in (grad_output,)]) and grad_x is not None"}, [2, 4], None),
    ],
)
def test_it_stops_at_the_steps_that_fit(stepper, criteria, expected, described):
    condition = criteria.pop("condition", None)
    breakpoint_ = stepper.break_at(condition, **criteria)
    if described is not None:
        assert breakpoint_.describe() == described
    assert stops(stepper) == expected
    assert stepper.finished
    assert breakpoint_.hits == len(expected)


def test_a_function_of_the_step_is_a_breakpoint(stepper):
    def late(step):
        return step.index > 4

    assert stepper.break_at(late).describe() == "late(step)"
    assert stops(stepper) == [5, 6]


def test_it_stops_going_back_too(stepper):
    stepper.break_at(op="linear")
    stepper.goto(6)
    assert [stepper.reverse_cont().index for _ in range(2)] == [5, 3]
    assert stepper.stopped_by.number == 1
    assert stepper.reverse_cont() is None
    assert (stepper.position, stepper.stopped_by) == (0, None)
    assert stepper.cont().index == 3


def test_a_temporary_one_goes_away_when_it_has_stopped(stepper):
    made = stepper.break_at(op="linear", temporary=True)
    assert made.describe() == "op=linear (temporary)"
    assert stepper.cont().index == 3
    assert stepper.breakpoints == {}
    assert stepper.stopped_by is made
    assert stepper.cont() is None


def test_numbers_count_on_and_a_cleared_one_no_longer_stops(stepper):
    first, second = stepper.break_at(op="tanh"), stepper.break_at(op="pow")
    assert (first.number, second.number) == (1, 2)
    stepper.clear(1)
    assert stepper.break_at(op="mul").number == 3
    assert list(stepper.breakpoints) == [2, 3]
    assert stops(stepper) == [2, 6]
    stepper.clear()
    assert stepper.breakpoints == {}


def graph_with(value):
    """Return a Stepper whose first gradient holds ``value``: steps sum, mul, and mul, which makes zeros of it."""
    w = mg.tensor([1.0, 2.0], requires_grad=True, name="w")
    h = w * mg.tensor([0.0, 0.0])
    return debug.Stepper((h * mg.tensor([1.0, value])).sum())


@pytest.mark.parametrize(
    ("criteria", "value", "expected"),
    [
        ({"nan": True}, np.nan, [1, 2, 3]),  # the loss is NaN too, which the first step is stopped at for
        ({"nan": True}, 1.0, []),
        ({"inf": True}, np.inf, [2, 3]),
        ({"nan": True}, np.inf, [1, 3]),  # a loss of 0 * inf
        ({"zero": True}, 1.0, [3]),
        ({"large": True}, 1001.0, [2, 3]),
        ({"large": True}, 999.0, []),
        ({"large": 100}, 101.0, [2, 3]),
        ({"large": 0.5}, 0.25, [1, 2, 3]),
        ({"large": 1.5}, 0.25, []),
    ],
)
def test_it_stops_at_remarkable_numbers(criteria, value, expected):
    stepper = graph_with(value)
    stepper.break_at(**criteria)
    assert stops(stepper) == expected


def test_a_step_that_lacks_a_name_of_the_expression_is_passed_by(stepper):
    stepper.break_at("abs(grad_bias).max() >= 0")
    assert stops(stepper) == [3, 5]


def test_an_expression_that_raises_says_which_and_where_and_the_stepping_stays_there(stepper):
    stepper.break_at("grad_weight[7] > 0")
    with pytest.raises(RuntimeError) as raised:
        stepper.cont()
    text = str(raised.value)
    assert "breakpoint 1: grad_weight[7] > 0 raised IndexError at <Step 3/6 linear (4, 1)>" in text
    assert isinstance(raised.value.__cause__, IndexError)
    assert (stepper.position, stepper.step.index, stepper.finished) == (3, 3, False)
    stepper.clear(1)
    assert stepper.cont() is None
    assert stepper.finished


def test_an_array_where_a_truth_is_needed_is_told(stepper):
    stepper.break_at("grad_weight > 0")
    with pytest.raises(RuntimeError, match=r"breakpoint 1: grad_weight > 0 raised ValueError at <Step 3/6"):
        stepper.cont()


def test_the_names_of_an_expression(stepper):
    step = stepper.goto(3)
    names = debug.namespace(step)
    assert {"grad_output", "grad_input", "grad_weight", "grad_bias", "np", "node", "step"} < set(names)
    assert names["step"] is step
    assert names["weight"].shape == (1, 3)
    a = mg.tensor([1.0], requires_grad=True)
    (step,) = debug.steps(mg.cat([a, mg.zeros(2), a]), gradient=mg.ones(4))
    assert [None if each is None else each.shape for each in debug.namespace(step)["grad_tensors"]] == [
        (1,),
        None,
        (1,),
    ]
    values, _ = mg.tensor([1.0, 2.0], requires_grad=True).max(0)
    (step,) = debug.steps(values)
    assert debug.namespace(step)["grad_outputs"][1] is None


def test_a_loss_that_is_nan_is_stopped_at_though_all_gradients_are_finite():
    w = mg.tensor([1.0, -1.0], requires_grad=True, name="w")
    with debug.recording() as r:
        loss = mg.log(w).sum()
        loss.backward(retain_graph=True)
    stepper = debug.Stepper(loss, retain_graph=True)
    stepper.break_at(nan=True)
    assert stops(stepper) == [1]
    for steps in (list(debug.steps(loss, retain_graph=True)), debug.trace(loss).steps, r.trace().steps):
        assert [sorted(step.flags) for step in steps] == [["nan"], []]
        assert np.isfinite(steps[1].grad_inputs[0]).all()
