"""RNN, GRU, LSTM and their cells: what the table of layers does not say, and what they refuse."""

import math
import warnings

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn

KINDS = ["RNN", "GRU", "LSTM"]
CELLS = ["RNNCell", "GRUCell", "LSTMCell"]


def numbers(generator, *shape):
    return mg.tensor(generator.standard_normal(shape))


def output_of(result):
    return result[0] if isinstance(result, tuple) else result


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_is_its_cell_step_by_step(kind, generator):
    layer, cell = getattr(nn, kind)(3, 4).double(), getattr(nn, kind + "Cell")(3, 4).double()
    cell.load_state_dict({name.removesuffix("_l0"): value for name, value in layer.state_dict().items()})
    x, state = numbers(generator, 5, 2, 3), None
    output, last = layer(x)
    for step in range(5):
        state = cell(x[step], state)
        # The same sums of at most 4 products, in another order.
        np.testing.assert_allclose(output_of(state).tolist(), output[step].tolist(), rtol=1e-12, atol=1e-13)
    if kind == "LSTM":
        np.testing.assert_allclose(last[1][0].tolist(), state[1].tolist(), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("kind", KINDS)
def test_the_second_gradient_is_that_of_the_steps(kind, assert_derivatives, generator):
    layer = getattr(nn, kind)(2, 2).double()
    names = [name for name, _ in layer.named_parameters()]
    x = generator.standard_normal((2, 1, 2))

    def output(x, *parameters):
        return mg.func.functional_call(layer, dict(zip(names, parameters, strict=True)), (x,))[0]

    assert_derivatives(output, x, *[each.detach().numpy() for each in layer.parameters()])


@pytest.mark.parametrize("kind", KINDS)
def test_a_state_that_is_handed_on_continues_the_sequence(kind, generator):
    layer = getattr(nn, kind)(3, 4, 2).double()
    x = numbers(generator, 6, 2, 3)
    whole, _ = layer(x)
    first, state = layer(x[:2])
    second, _ = layer(x[2:], state)
    # The same steps; only products of the input are made of fewer rows at a time.
    np.testing.assert_allclose(mg.cat([first, second]).tolist(), whole.tolist(), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("kind", KINDS)
def test_the_way_back_of_a_bidirectional_layer_is_a_layer_on_the_reversed_sequence(kind, generator):
    both, one = getattr(nn, kind)(3, 4, bidirectional=True).double(), getattr(nn, kind)(3, 4).double()
    state = both.state_dict()
    one.load_state_dict({name: state[name + "_reverse"] for name in one.state_dict()})
    x = numbers(generator, 5, 2, 3)
    output, last = both(x)
    alone, _ = one(x.flip(0))
    np.testing.assert_array_equal(output[..., 4:].tolist(), alone.flip(0).tolist())
    np.testing.assert_array_equal(output_of(last)[1].tolist(), alone[-1].tolist())


@pytest.mark.parametrize("kind", KINDS)
def test_dropout_between_layers_follows_the_generator_and_training(kind, generator):
    x = numbers(generator, 5, 2, 3)
    outputs = []
    for seed in (1, 1, 2):
        layer = getattr(nn, kind)(3, 4, 2, dropout=0.5, generator=mg.Generator(seed)).double()
        outputs.append((layer(x)[0].tolist(), layer.eval()(x)[0].tolist()))
    assert outputs[0] == outputs[1]
    assert outputs[0][0] != outputs[0][1]
    assert outputs[0][1] != outputs[2][1]


def test_dropout_of_one_layer_has_nothing_to_drop_and_says_so():
    with pytest.warns(UserWarning, match="num_layers=1 has nothing between them"):
        layer = nn.GRU(3, 4, dropout=0.5)
    x = mg.ones(2, 1, 3)
    assert layer(x)[0].tolist() == layer.eval()(x)[0].tolist()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nn.GRU(3, 4, 2, dropout=0.5)


@pytest.mark.parametrize("kind", KINDS + CELLS)
def test_all_parameters_start_uniform_within_one_over_the_root_of_the_state(kind):
    layer = getattr(nn, kind)(50, 100, generator=mg.Generator(1))
    for parameter in layer.parameters():
        array = parameter.detach().numpy()
        assert np.abs(array).max() <= 0.1
        # Of at least 100 uniform draws the largest misses the bound by a twentieth in one of 170 cases.
        assert np.abs(array).max() > 0.095
        assert array.var() == pytest.approx(0.01 / 3, rel=0.35)


@pytest.mark.parametrize("kind", KINDS)
def test_writing_over_an_output_that_the_gradient_reads_is_refused(kind):
    output = output_of(getattr(nn, kind)(3, 4)(mg.ones(2, 1, 3)))
    output += 1
    with pytest.raises(RuntimeError, match="changed in place"):
        output.sum().backward()


def test_a_relu_rnn_counts():
    layer = nn.RNN(1, 1, nonlinearity="relu", bias=False)
    nn.init.ones_(layer.weight_ih_l0)
    nn.init.ones_(layer.weight_hh_l0)
    output, last = layer(mg.ones(4, 1))
    assert output.flatten().tolist() == [1, 2, 3, 4]
    assert last.tolist() == [[4]]
    layer.flatten_parameters()
    assert [each.shape for each in layer.all_weights[0]] == [(1, 1), (1, 1)]


@pytest.mark.parametrize("kind", KINDS)
def test_examples_are_mapped_one_by_one_to_the_same_numbers(kind, generator):
    layer = getattr(nn, kind)(3, 2).double()
    x = numbers(generator, 3, 4, 2, 3)
    mapped = mg.func.vmap(lambda each: layer(each)[0])(x)
    np.testing.assert_array_equal(mapped.tolist(), mg.stack([layer(each)[0] for each in x]).tolist())


SEQUENCE = mg.zeros(5, 2, 3)
STATE = mg.zeros(1, 2, 4)
CASES = {
    "no input size": (lambda: nn.LSTM(0, 4), ValueError, ["LSTM", "input_size", "at least 1"]),
    "a float for the state": (lambda: nn.GRU(3, 4.0), TypeError, ["GRU", "hidden_size", "int(...)"]),
    "no layers": (lambda: nn.RNN(3, 4, 0), ValueError, ["RNN", "num_layers", "0"]),
    "dropout above 1": (lambda: nn.GRU(3, 4, 2, dropout=2), ValueError, ["GRU", "[0, 1]", "2"]),
    "another nonlinearity": (
        lambda: nn.RNN(3, 4, nonlinearity="gelu"),
        ValueError,
        ["RNN", "'tanh' or 'relu'", "'gelu'"],
    ),
    "a cell's nonlinearity": (lambda: nn.RNNCell(3, 4, True, "elu"), ValueError, ["RNNCell", "'tanh' or 'relu'"]),
    "projection to more": (
        lambda: nn.LSTM(3, 4, proj_size=4),
        ValueError,
        ["LSTM", "below hidden_size=4", "0 leaves the projection out"],
    ),
    "projection of a float": (lambda: nn.LSTM(3, 4, proj_size=1.5), TypeError, ["LSTM", "proj_size", "1.5"]),
    "too few axes": (lambda: nn.GRU(3, 4)(mg.zeros(3)), ValueError, ["GRU", "(L, N, 3) or (L, 3)", "(3,) float32"]),
    "other features": (
        lambda: nn.GRU(3, 4, batch_first=True)(mg.zeros(2, 5, 4)),
        ValueError,
        ["(N, L, 3)", "(2, 5, 4)", "last axis"],
    ),
    "a list": (lambda: nn.GRU(3, 4)([1.0]), ValueError, ["GRU", "list [1.0]"]),
    "no steps": (lambda: nn.RNN(3, 4)(mg.zeros(0, 2, 3)), ValueError, ["RNN", "at least one step", "(0, 2, 3)"]),
    "another batch's state": (
        lambda: nn.GRU(3, 4)(SEQUENCE, mg.zeros(1, 3, 4)),
        ValueError,
        ["GRU", "hx must be (1, 2, 4)", "(1, 3, 4)", "layers times directions"],
    ),
    "a state without batch": (lambda: nn.RNN(3, 4)(SEQUENCE, mg.zeros(1, 4)), ValueError, ["hx must be (1, 2, 4)"]),
    "a cell of another shape": (
        lambda: nn.LSTM(3, 4)(SEQUENCE, (STATE, mg.zeros(1, 2, 5))),
        ValueError,
        ["LSTM", "c_0 must be (1, 2, 4)", "(1, 2, 5)"],
    ),
    "no pair": (lambda: nn.LSTM(3, 4)(SEQUENCE, STATE), TypeError, ["LSTM", "a pair", "(h_0, c_0)"]),
    "a cell's layer without pair": (lambda: nn.LSTMCell(3, 4)(SEQUENCE[0], STATE[0]), TypeError, ["LSTMCell", "pair"]),
    "a state of float64": (
        lambda: nn.GRU(3, 4)(SEQUENCE, STATE.double()),
        TypeError,
        ["GRU", "hx must be of float32", "float64", "model.to(dtype)"],
    ),
    "an input of float64": (lambda: nn.GRU(3, 4)(SEQUENCE.double()), TypeError, ["linear", "float64", "x.float()"]),
    "a sequence for a cell": (
        lambda: nn.GRUCell(3, 4)(SEQUENCE),
        ValueError,
        ["GRUCell", "(N, 3) or (3,)", "(5, 2, 3)", "nn.GRU"],
    ),
    "a state for a cell": (
        lambda: nn.LSTMCell(3, 4)(SEQUENCE[0], (STATE[0], mg.zeros(3, 4))),
        ValueError,
        ["LSTMCell", "the cell of hx must be (2, 4)", "the input's batch"],
    ),
    "a layer without steps": (
        lambda: nn.recurrent_layers.Recurrent(3, 4)(SEQUENCE),
        NotImplementedError,
        ["Recurrent", "no steps", "nn.LSTM"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_an_error_says_who_what_and_the_remedy(case):
    call, error, parts = CASES[case]
    with pytest.raises(error) as caught:
        call()
    for part in parts:
        assert part in str(caught.value), str(caught.value)


def test_a_batch_without_entries_has_outputs_without_entries():
    layer = nn.LSTM(3, 4)
    output, (hidden, cell) = layer(mg.zeros(5, 0, 3))
    assert output.shape == (5, 0, 4)
    assert hidden.shape == cell.shape == (1, 0, 4)
    output.sum().backward()
    assert layer.weight_hh_l0.grad.abs().sum().item() == 0


def test_a_far_step_reaches_the_first_through_an_open_forget_gate():
    layer = nn.LSTM(1, 1).double()
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    with mg.no_grad():
        layer.bias_ih_l0[1] = 50.0
        layer.weight_ih_l0[2] = 1.0
    x = mg.zeros(30, 1, dtype=mg.float64, requires_grad=True)
    layer(x)[1][1].sum().backward()
    # The cell adds tanh(x) / 2 at each step and forgets 1 - sigmoid(50), 2e-22.
    np.testing.assert_allclose(x.grad.flatten().tolist(), [0.5] * 30, rtol=1e-13)
    assert math.isclose(x.grad[0, 0].item(), x.grad[29, 0].item(), rel_tol=1e-13)
