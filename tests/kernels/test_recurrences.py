"""Sequences of recurrent layers and their gradients agree with their definitions, step by step, in every layout."""

import math
import re

import numpy as np
import pytest

import minigrad_kernels as mk
from minigrad_kernels import recurrences

FLOATS = [np.float32, np.float64]
# (T, N, H): steps, batch entries, hidden numbers; vectors have 4 to 16 numbers.
SHAPES = [(1, 1, 1), (3, 4, 1), (4, 3, 2), (3, 2, 17), (2, 5, 8), (0, 2, 3), (3, 0, 2)]
GATES = {"rnn": 1, "gru": 3, "lstm": 4}


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def naive_rnn(projected, state, weight, relu=False):
    """One batch entry in Python floats: the states."""
    states = []
    for sums in projected:
        totals = [sums[j] + math.fsum(weight[j] * state) for j in range(len(state))]
        state = np.array([max(total, 0.0) if relu else math.tanh(total) for total in totals])
        states.append(state)
    return states


def naive_gru(projected, state, weight, bias):
    """One batch entry in Python floats: the states."""
    n, states = len(state), []
    for sums in projected:
        product = [math.fsum(weight[j] * state) + bias[j] for j in range(3 * n)]
        after = np.empty(n)
        for j in range(n):
            reset, update = sigmoid(sums[j] + product[j]), sigmoid(sums[n + j] + product[n + j])
            new = math.tanh(sums[2 * n + j] + reset * product[2 * n + j])
            after[j] = (1 - update) * new + update * state[j]
        state = after
        states.append(state)
    return states


def naive_lstm(projected, state, cell, weight):
    """One batch entry in Python floats: the states and the last cell."""
    n, states = len(state), []
    for sums in projected:
        totals = [sums[j] + math.fsum(weight[j] * state) for j in range(4 * n)]
        cell, state = cell.copy(), np.empty(n)
        for j in range(n):
            accept, forget = sigmoid(totals[j]), sigmoid(totals[n + j])
            cell[j] = forget * cell[j] + accept * math.tanh(totals[2 * n + j])
            state[j] = sigmoid(totals[3 * n + j]) * math.tanh(cell[j])
        states.append(state)
    return [*states, cell]


def naive(kind, operands, backwards, relu=False):
    """The definition for all batch entries: the states, (T, N, H), and of an LSTM the last cell behind them."""
    projected, hidden, *rest = [each.astype(float) for each in operands]
    projected = projected[::-1] if backwards else projected
    columns = []
    for number, state in enumerate(hidden):
        if kind == "rnn":
            columns.append(naive_rnn(projected[:, number], state, rest[0], relu))
        elif kind == "gru":
            columns.append(naive_gru(projected[:, number], state, *rest))
        else:
            columns.append(naive_lstm(projected[:, number], state, rest[0][number], rest[1]))
    steps = len(projected) + (kind == "lstm")
    found = np.array(columns).reshape(len(hidden), steps, hidden.shape[1]).swapaxes(0, 1)
    states = found[: len(projected)]
    return np.concatenate([states[::-1] if backwards else states, found[len(projected) :]])


def drawn(kind, shape, dtype, generator):
    """Operands of a sequence: projected, hidden, and cell, weight, bias where there is one."""
    steps, rows, n = shape
    gates = GATES[kind]
    arrays = [generator.standard_normal((steps, rows, gates * n)), generator.standard_normal((rows, n))]
    if kind == "lstm":
        arrays.append(generator.standard_normal((rows, n)))
    arrays.append(generator.standard_normal((gates * n, n)) / math.sqrt(n))
    if kind == "gru":
        arrays.append(generator.standard_normal(3 * n))
    return [each.astype(dtype) for each in arrays]


def run(kind, operands, backwards, relu=False):
    """Return what the forward makes, the states first."""
    if kind == "rnn":
        return (mk.rnn_sequence(*operands, relu, backwards),)
    return (mk.gru_sequence if kind == "gru" else mk.lstm_sequence)(*operands, backwards)


def run_backward(kind, operands, results, grad, grad_cell, backwards, relu=False):
    """Return the gradients of the operands, in their order."""
    _, hidden, *rest = operands
    if kind == "rnn":
        return mk.rnn_sequence_backward(grad, hidden, rest[0], results[0], relu, backwards)
    if kind == "gru":
        return mk.gru_sequence_backward(grad, hidden, rest[0], *results, backwards)
    return mk.lstm_sequence_backward(grad, grad_cell, hidden, *rest, *results, backwards)


def every_kind(test):
    test = pytest.mark.parametrize("backwards", [False, True])(test)
    return pytest.mark.parametrize(("kind", "relu"), [("rnn", False), ("rnn", True), ("gru", False), ("lstm", False)])(
        test
    )


@every_kind
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_states_are_those_of_the_naive_twin(shape, dtype, kind, relu, backwards, generator):
    operands = drawn(kind, shape, dtype, generator)
    states, *rest = run(kind, operands, backwards, relu)
    assert states.dtype == dtype
    exact = naive(kind, operands, backwards, relu)
    # A sum of H products of order 1 in each of up to four steps; a relu's state may double with each.
    tolerance = 64 * (shape[2] + 8) * float(np.finfo(dtype).eps)
    np.testing.assert_allclose(states, exact[: shape[0]], rtol=tolerance, atol=tolerance)
    if kind == "lstm" and shape[0] > 0:
        np.testing.assert_allclose(rest[1][0 if backwards else -1], exact[-1], rtol=tolerance, atol=tolerance)


@every_kind
@pytest.mark.parametrize("shape", [(3, 2, 2), (2, 1, 5)], ids=str)
def test_the_gradients_are_the_slopes_of_the_naive_twin(shape, kind, relu, backwards, generator):
    operands = drawn(kind, shape, np.float64, generator)
    grad, grad_cell = generator.standard_normal(shape), generator.standard_normal(shape[1:])
    weights = np.concatenate([grad, grad_cell[None]]) if kind == "lstm" else grad
    results = run(kind, operands, backwards, relu)
    found = run_backward(kind, operands, results, grad, grad_cell, backwards, relu)
    step = 1e-5
    for number, gradient in enumerate(found):
        assert gradient.shape == operands[number].shape
        for place in np.ndindex(gradient.shape):
            values = []
            for moved_by in (step, -step):
                moved = [each.copy() for each in operands]
                moved[number][place] += moved_by
                values.append((naive(kind, moved, backwards, relu) * weights).sum())
            # A central difference errs by step² f'''/6, here below 1e-8, and by rounding, 1e-15 / step.
            assert gradient[place] == pytest.approx((values[0] - values[1]) / (2 * step), rel=1e-6, abs=1e-7)


@every_kind
def test_the_gradients_of_float32_are_near_those_of_float64(kind, relu, backwards, generator):
    operands = drawn(kind, (4, 3, 5), np.float64, generator)
    grad, grad_cell = generator.standard_normal((4, 3, 5)), generator.standard_normal((3, 5))
    exact = run_backward(kind, operands, run(kind, operands, backwards, relu), grad, grad_cell, backwards, relu)
    narrow = [each.astype(np.float32) for each in (*operands, grad, grad_cell)]
    *operands, grad, grad_cell = narrow
    found = run_backward(kind, operands, run(kind, operands, backwards, relu), grad, grad_cell, backwards, relu)
    for one, other in zip(found, exact, strict=True):
        assert one.dtype == np.float32
        # Some hundred roundings of 6e-8 of numbers up to 10.
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", list(GATES))
def test_any_layout_gives_the_result_of_the_contiguous_arrays(kind, generator):
    operands = drawn(kind, (3, 2, 4), np.float64, generator)
    grad, grad_cell = generator.standard_normal((3, 2, 4)), generator.standard_normal((2, 4))
    results = run(kind, operands, False)
    expected = run_backward(kind, operands, results, grad, grad_cell, False)
    turned = []
    for each in (*operands, grad, grad_cell):
        copy = np.asfortranarray(each)
        copy.flags.writeable = False
        turned.append(copy)
    *operands, grad, grad_cell = turned
    for one, other in zip(run(kind, operands, False), results, strict=True):
        assert np.array_equal(one, other)
    for one, other in zip(run_backward(kind, operands, results, grad, grad_cell, False), expected, strict=True):
        # The weight's gradient is a product, which another layout sums in another order.
        np.testing.assert_allclose(one, other, rtol=1e-13, atol=1e-14)


def test_what_is_left_out_is_zeros(generator):
    projected, hidden, weight, bias = drawn("gru", (3, 2, 4), np.float64, generator)
    without = mk.gru_sequence(projected, hidden, weight)[0]
    assert np.array_equal(without, mk.gru_sequence(projected, hidden, weight, np.zeros_like(bias))[0])
    operands = drawn("lstm", (3, 2, 4), np.float64, generator)
    results, grad, zeros = mk.lstm_sequence(*operands), np.ones((3, 2, 4)), np.zeros((2, 4))
    _, *given = operands
    for left, full in (((grad, None), (grad, zeros)), ((None, zeros + 1), (0 * grad, zeros + 1))):
        one = mk.lstm_sequence_backward(*left, *given, *results)
        other = mk.lstm_sequence_backward(*full, *given, *results)
        for first, second in zip(one, other, strict=True):
            assert np.array_equal(first, second)


def test_saturated_gates_keep_the_cell_and_nan_stays_nan():
    projected = np.zeros((2, 1, 4))
    projected[..., 0], projected[..., 1], projected[..., 3] = -1e6, 1e6, 1e6
    state, cell = np.zeros((1, 1)), np.full((1, 1), 0.5)
    output, _, cells = mk.lstm_sequence(projected, state, cell, np.zeros((4, 1)))
    assert cells.ravel().tolist() == [0.5, 0.5]
    assert output[1, 0, 0] == pytest.approx(math.tanh(0.5), rel=1e-15)
    projected[0, 0, 2] = math.nan
    assert np.isnan(mk.lstm_sequence(projected, state, cell, np.zeros((4, 1)))[0]).all()
    assert np.isnan(mk.rnn_sequence(np.full((1, 1, 1), np.nan), state, np.zeros((1, 1)), relu=True)).all()


ONE = np.zeros((2, 1, 4)), np.zeros((1, 4)), np.zeros((4, 4))


@pytest.mark.parametrize(
    ("call", "error", "parts"),
    [
        (lambda: mk.rnn_sequence([1.0], *ONE[1:]), TypeError, ["rnn_sequence", "projected of list", ".astype"]),
        (lambda: mk.rnn_sequence(ONE[0], ONE[1].astype(np.float32), ONE[2]), TypeError, ["hidden of float32"]),
        (lambda: mk.rnn_sequence(ONE[0], ONE[1], ONE[2][:3]), ValueError, ["weight (3, 4)", "broadcast_to"]),
        (lambda: mk.gru_sequence(*ONE), ValueError, ["gru_sequence", "(T, N, 3·H)", "projected (2, 1, 4)"]),
        (
            lambda: mk.lstm_sequence(ONE[0][..., :4], ONE[1], ONE[1][0], np.zeros((16, 4))),
            ValueError,
            ["lstm_sequence", "cell (4,)"],
        ),
        (
            lambda: mk.rnn_sequence_backward(ONE[0][:1], *ONE[1:], ONE[0]),
            ValueError,
            ["rnn_sequence_backward", "grad (1, 1, 4)"],
        ),
    ],
)
def test_an_error_says_what_was_needed_and_what_came(call, error, parts):
    with pytest.raises(error) as caught:
        call()
    for part in parts:
        assert re.search(re.escape(part), str(caught.value)), str(caught.value)


def test_without_memory_for_a_product_it_says_so(monkeypatch):
    monkeypatch.setattr(recurrences, "_entries", {})
    monkeypatch.setattr(recurrences, "entry", lambda *kinds: lambda *arguments: False)
    with pytest.raises(MemoryError, match="use smaller batches"):
        mk.rnn_sequence(*ONE)
