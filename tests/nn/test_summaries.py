"""The summary of a model: its table, and that taking it changes nothing."""

import pytest

import minigrad as mg
from minigrad import nn
from minigrad.ops.generators import default_generator


class Counting(nn.Module):
    """A layer that counts its calls in a buffer, whatever its mode."""

    def __init__(self):
        super().__init__()
        self.register_buffer("count", mg.tensor(0))

    def forward(self, x):
        self.count += 1
        return x, x[0]


class Two(nn.Module):
    """A model of two inputs, one layer used twice and one never."""

    def __init__(self):
        super().__init__()
        self.twice = nn.Linear(3, 3)
        self.never = nn.Linear(3, 1)
        self.tied = nn.Linear(3, 3)
        self.tied.weight = self.twice.weight

    def forward(self, x, y):
        return {"sum": self.twice(x) + self.twice(y)}


def test_a_summary_shows_layers_shapes_and_parameters():
    table = nn.summary(nn.Sequential(nn.Linear(64, 1000), nn.Sequential(nn.ReLU())), (32, 64))
    assert str(table) == repr(table)
    assert str(table).split("\n") == [
        "layer            output shape  parameters",
        "-----------------------------------------",
        "Sequential       (32, 1000)             -",
        "  0: Linear      (32, 1000)        65,000",
        "  1: Sequential  (32, 1000)             -",
        "    1.0: ReLU    (32, 1000)             -",
        "-----------------------------------------",
        "65,000 parameters, 65,000 of them trainable",
    ]


def test_shared_parameters_count_once_and_calls_are_counted():
    model = Two()
    model.never.requires_grad_(False)
    table = nn.summary(model, (mg.ones(2, 3), mg.ones(2, 3)))
    rows = {row.path: row for row in table.rows}
    assert rows[""].output == "sum: (2, 3)"
    assert (rows["twice"].calls, rows["twice"].parameters) == (2, 12)
    assert (rows["never"].calls, rows["tied"].parameters) == (0, 3)
    assert (table.total_parameters, table.trainable_parameters) == (19, 15)
    for part in ["last of 2 calls", "not called", "4 frozen"]:
        assert part in str(table)


def test_a_summary_leaves_modes_buffers_hooks_gradients_and_draws_as_they_were():
    model = nn.Sequential(nn.Dropout(), nn.Linear(3, 3), Counting())
    model[1].eval()
    state = mg.manual_seed(0).get_state()
    table = nn.summary(model, mg.ones(2, 3))
    assert table.rows[-1].output == "(2, 3), (3,)"
    assert [module.training for module in model.modules()] == [True, True, False, True]
    assert model[2].count.item() == 0
    assert not model[1]._forward_hooks
    assert model[1].weight.grad is None
    assert default_generator().get_state() == state


def test_an_error_of_the_model_passes_and_leaves_it_as_it_was():
    model = nn.Sequential(nn.Linear(3, 3))
    with pytest.raises(ValueError, match="linear"):
        nn.summary(model, mg.ones(2, 4))
    assert model.training
    assert not model[0]._forward_hooks


@pytest.mark.parametrize(
    ("model", "input", "parts"),
    [
        (nn.Linear, (2, 3), ["Module", "type"]),
        (nn.ReLU(), "input", ["shape of integers", "str 'input'"]),
        (nn.ReLU(), (), ["shape of integers", "tuple"]),
    ],
)
def test_bad_arguments_are_named(model, input, parts):
    with pytest.raises(TypeError) as caught:
        nn.summary(model, input)
    for part in parts:
        assert part in str(caught.value)
