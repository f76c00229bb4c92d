"""Five questions, each answered in one line with operation, source line and number, on three networks.

The moons network, one with a shared weight, and networks drawn by a seeded generator and written to a file, so that
the line of each operation is known.
"""

import linecache
import re
import sys

import numpy as np
import pytest

import minigrad as mg
from minigrad import debug, nn
from minigrad.data import moons
from minigrad.nn import functional as F


def here():
    """Return the number of the line that calls."""
    return sys._getframe(1).f_lineno


def assert_answer(answer, op, line, number):
    assert (answer.op, answer.line) == (op, line), answer
    assert answer.number == pytest.approx(number), answer
    assert "\n" not in answer.text
    assert str(answer) == repr(answer) == answer.text


# The moons network -----------------------------------------------------------------------------------------------


@pytest.fixture
def moons_network():
    mg.manual_seed(0)
    x, y = moons(100, noise=0.1, seed=0)
    return nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 2)), x, y


def test_moons_why_is_this_gradient_zero(moons_network):
    model, x, y = moons_network
    with mg.no_grad():
        model[0].bias -= 100.0
    line = here() + 1
    loss = F.cross_entropy(model(x), y)
    answer = debug.why_zero(loss, model[0].weight)
    assert_answer(answer, "relu", line, 1)
    assert answer.text.startswith("all of 0.weight.grad is 0: relu (test_questions.py:")
    assert answer.text.endswith("its output is all 0")
    size = re.search(r"gradient of norm ([\d.]+) ", answer.text)
    assert float(size[1]) > 0


def test_moons_where_did_the_nan_start(moons_network):
    model, x, y = moons_network
    with mg.no_grad():
        model[4].bias -= 100.0

    def loss_of():
        scores = model(x)
        return F.nll_loss(mg.log(scores), y)

    line = loss_of.__code__.co_firstlineno + 2
    for answer in (debug.where_nan(loss_of), debug.where_nan(loss_of())):
        assert_answer(answer, "log", line, 200)  # all scores of the 100 rows are negative
        assert "NaN, 200 of 200 numbers, the first at (0, 0), where scores is -" in answer.text


def test_moons_why_is_this_bias_gradient_summed(moons_network):
    model, x, y = moons_network
    line = here() + 1
    loss = F.cross_entropy(model(x), y)
    answer = debug.why_summed(loss, model[2].bias)
    assert_answer(answer, "linear", line, 100)
    assert answer.text.startswith("2.bias.grad (16,) = ")
    assert "(100, 16).sum(axis=0): 2.bias was broadcast along axis 0 by linear" in answer.text


def test_moons_which_line_made_this_node(moons_network):
    model, x, y = moons_network
    line = here() + 1
    scores = model(x)
    loss = F.cross_entropy(scores, y)
    assert_answer(debug.which_line(scores), "linear", line, scores.grad_fn.number)
    assert debug.which_line(scores).text == (
        f"scores (100, 2) was made by linear at test_questions.py:{line}: scores = model(x), in 4, "
        f"node {scores.grad_fn.number}"
    )
    assert_answer(debug.which_line(loss.grad_fn), "cross_entropy", line + 1, loss.grad_fn.number)
    step = next(debug.steps(loss))
    assert debug.which_line(step).line == debug.which_line(step.node).line == line + 1


def test_moons_which_parameter_gets_no_gradient_and_why(moons_network):
    model, x, y = moons_network
    h = model[1](model[0](x))
    line = here() + 1
    loss = F.cross_entropy(model[4](model[3](model[2](h.detach()))), y)
    answer = debug.without_gradient(loss, model)
    assert_answer(answer, "relu", line - 2, 2)
    assert answer.text.startswith("2 of 6 get no gradient: 0.weight, 0.bias (it was not reached: what relu (")
    assert f"was detached before linear (test_questions.py:{line}: model[2](h.detach())) used it" in answer.text
    assert [part.op for part in answer.parts] == ["relu", "relu"]
    whole = debug.without_gradient(F.cross_entropy(model(x), y), model)
    assert (whole.text, whole.number, whole.op) == ("all 6 get a gradient", 0, None)


# A shared weight -------------------------------------------------------------------------------------------------


@pytest.fixture
def shared():
    generator = np.random.default_rng(1)
    x = mg.tensor(generator.standard_normal((8, 4)))
    W = mg.tensor(generator.standard_normal((4, 4)), requires_grad=True)
    b = mg.tensor(generator.standard_normal(4), requires_grad=True)
    return x, W, b


def test_shared_why_is_this_gradient_zero(shared):
    x, W, b = shared
    h = mg.tanh(x @ W + b)
    line = here() + 1
    gate = mg.relu(h @ W - 50)
    loss = gate.sum()
    # Both uses of the weight lie behind the relu.
    assert_answer(debug.why_zero(loss, W), "relu", line, 1)
    assert "is given a gradient of norm 5.66 and hands on 0; gate is all 0" in debug.why_zero(loss, W).text


def test_shared_where_did_the_nan_start(shared):
    x, W, b = shared
    with mg.no_grad():
        W[:, 2] = 0.0
        b[2] = 0.0
    h = x @ W + b
    line = here() + 1
    s = mg.sqrt(h * h)
    loss = (s @ W).sum()
    answer = debug.where_nan(loss)
    assert_answer(answer, "sqrt", line, 8)  # one column of 8 rows: 1 / (2 * sqrt(0))
    assert answer.text.startswith("backward, the rule of sqrt")
    assert re.search(r"where grad_output is -[\d.]+ and s is 0: grad_x = grad_output / \(2 \* sqrt\(x\)\)", answer.text)


def test_shared_why_is_this_bias_gradient_summed(shared):
    x, W, b = shared
    line = here() + 1
    h = mg.tanh(x @ W + b)
    loss = (mg.tanh(h @ W + b) ** 2).mean()
    answer = debug.why_summed(loss, b)
    assert_answer(answer, "add", line + 1, 8)
    assert answer.text.endswith("so each of its numbers was used 8 times; and so in 1 more places")
    answer = debug.why_summed(loss, W)
    assert answer.number == 1
    assert answer.text.startswith("W.grad (4, 4) is not summed: W was broadcast nowhere; it is h.T (4, 8) @ ")


def test_shared_which_line_made_this_node(shared):
    x, W, b = shared
    line = here() + 1
    h = mg.tanh(x @ W + b)
    product = h.grad_fn.edges[0].edges[0]
    assert_answer(debug.which_line(product), "matmul", line, product.number)
    assert debug.which_line(W).text == "W (4, 4) was made by no operation: it is a leaf that requires grad"
    assert debug.which_line(x).text.startswith("x (8, 4) has no node: it was made by hand, under no_grad(), ")
    assert (debug.which_line(W).op, debug.which_line(W).line, debug.which_line(W).number) == (None, None, None)


def test_shared_which_parameter_gets_no_gradient_and_why(shared):
    x, W, b = shared
    line = here() + 1
    h = mg.tanh((x + b) @ W.detach())
    loss = h.sum()
    answer = debug.without_gradient(loss, {"W": W, "b": b})
    assert_answer(answer, "matmul", line, 1)
    assert answer.text.startswith("1 of 2 get no gradient: W (matmul (")
    assert debug.without_gradient(loss, [W, b]).text == answer.text
    # One of its two uses is enough for a gradient.
    assert debug.without_gradient((h @ W).sum(), [W, b]).number == 0


# Networks drawn by a generator -----------------------------------------------------------------------------------

ACTIVATIONS = ["{h} = mg.tanh({h})", "{h} = mg.sigmoid({h})", "{h} = {h} * 0.5", "{h} = {h} / (1 + {h}.abs())"]


class Drawn:
    """A network as a source file: layers h = h @ W + b with activations, and one line of the caller's among them."""

    def __init__(self, seed, folder, fault):
        generator = np.random.default_rng(seed)
        depth = int(generator.integers(2, 6))
        self.place = int(generator.integers(1, depth))
        self.rows, width = int(generator.integers(2, 9)), int(generator.integers(1, 7))
        self.parameters = {}
        scope = {"mg": mg, "h": mg.tensor(generator.standard_normal((self.rows, width)))}
        lines = ["# drawn", "def loss_of(h):"]
        for layer in range(depth):
            new = int(generator.integers(1, 7))
            for name, shape in ((f"W{layer}", (width, new)), (f"b{layer}", new)):
                values = generator.uniform(0.1, 1.0, shape)
                self.parameters[name] = scope[name] = mg.tensor(values, requires_grad=True)
            lines.append(f"    h = h @ W{layer} + b{layer}")
            lines.append("    " + ACTIVATIONS[int(generator.integers(len(ACTIVATIONS)))].format(h="h"))
            if layer == self.place - 1:
                self.width = new
                lines.append(f"    {fault}")
                self.line = len(lines)
            width = new
        lines.append("    return h.mean()")
        path = folder / f"drawn_{seed}.py"
        path.write_text("\n".join(lines) + "\n")
        linecache.checkcache(str(path))
        exec(compile(path.read_text(), str(path), "exec"), scope)
        self.h = scope["h"]
        self.loss_of = lambda: scope["loss_of"](self.h)
        self.names_before = [f"{kind}{layer}" for layer in range(self.place) for kind in "Wb"]


SEEDS = range(12)


@pytest.mark.parametrize("seed", SEEDS)
def test_drawn_why_is_this_gradient_zero(seed, tmp_path):
    drawn = Drawn(seed, tmp_path, "h = mg.relu(h - 1e6)")
    loss = drawn.loss_of()
    answer = debug.why_zero(loss, drawn.parameters[drawn.names_before[seed % len(drawn.names_before)]])
    assert_answer(answer, "relu", drawn.line, 1)


@pytest.mark.parametrize("seed", SEEDS)
def test_drawn_where_did_the_nan_start(seed, tmp_path):
    drawn = Drawn(seed, tmp_path, "h = mg.log(h - 1e6)")
    size = drawn.rows * drawn.width
    assert_answer(debug.where_nan(drawn.loss_of), "log", drawn.line, size)
    assert_answer(debug.where_nan(drawn.loss_of()), "log", drawn.line, size)


@pytest.mark.parametrize("seed", SEEDS)
def test_drawn_where_did_the_nan_of_the_backward_pass_start(seed, tmp_path):
    drawn = Drawn(seed, tmp_path, "h = mg.sqrt(mg.relu(h - 1e6))")
    answer = debug.where_nan(drawn.loss_of)
    assert_answer(answer, "sqrt", drawn.line, drawn.rows * drawn.width)
    assert answer.text.startswith("backward, ")


@pytest.mark.parametrize("seed", SEEDS)
def test_drawn_why_is_this_bias_gradient_summed(seed, tmp_path):
    drawn = Drawn(seed, tmp_path, "pass")
    name = f"b{drawn.place - 1}"
    loss = drawn.loss_of()
    answer = debug.why_summed(loss, drawn.parameters[name])
    assert_answer(answer, "add", drawn.line - 2, drawn.rows)
    assert f"{name} was broadcast along axis 0" in answer.text


@pytest.mark.parametrize("seed", SEEDS)
def test_drawn_which_line_made_this_node(seed, tmp_path):
    drawn = Drawn(seed, tmp_path, "h = mg.atan(h)")
    steps = list(debug.steps(drawn.loss_of()))
    (node,) = [step.recorded for step in steps if step.recorded.name == "atan"]
    answer = debug.which_line(node)
    assert_answer(answer, "atan", drawn.line, node.number)
    assert f"drawn_{seed}.py:{drawn.line}: h = mg.atan(h), node {node.number}" in answer.text


@pytest.mark.parametrize("seed", SEEDS)
def test_drawn_which_parameter_gets_no_gradient_and_why(seed, tmp_path):
    drawn = Drawn(seed, tmp_path, "h = h.detach()")
    answer = debug.without_gradient(drawn.loss_of(), drawn.parameters)
    # Everything before the cut has gone: what is left begins with the product behind it.
    assert_answer(answer, "matmul", drawn.line + 1, 2 * drawn.place)
    assert answer.text.startswith(f"{2 * drawn.place} of {len(drawn.parameters)} get no gradient: ")
    assert answer.text.split(" (it was not reached")[0].endswith(", ".join(drawn.names_before))


# What else a gradient of 0 may come from ---------------------------------------------------------------------------

ZEROS = {
    "saturated": (lambda w: mg.tanh(w * 100), "tanh", "is all 1"),
    "clamped": (lambda w: w.clamp(0, 0.5), "clamp", "is all False"),
    "rounded": (lambda w: w.round(), "round", "constant between its jumps"),
    "times 0": (lambda w: w * mg.zeros(3), "mul", "is all 0"),
    "cancelled": (lambda w: w - w, "sub", "its 2 terms cancel"),
    "not chosen": (lambda w: mg.where(w < 0, w, 0.0), "where", "is all False"),
}


@pytest.mark.parametrize("case", ZEROS)
def test_each_way_to_a_gradient_of_zero_is_named(case):
    w = mg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    function, op, reason = ZEROS[case]
    answer = debug.why_zero(function(w).sum(), w)
    assert (answer.op, answer.number) == (op, 1), answer
    assert reason in answer.text


def test_a_gradient_that_is_zero_in_part_is_followed_to_where_most_zeros_appear():
    x = mg.ones(5, 3)
    W = mg.tensor([[1.0, -1.0], [1.0, -1.0], [1.0, -1.0]], requires_grad=True)
    line = here() + 1
    h = mg.relu(x @ W)
    answer = debug.why_zero((h * 2).sum(), W)
    assert_answer(answer, "relu", line, 0.5)
    assert "3 of the 6 numbers of W.grad are 0; most appear in relu" in answer.text
    assert "0 of 10 are 0 before it, 5 of 10 behind it" in answer.text


def test_a_gradient_that_is_not_zero_or_none_is_called_so():
    w, v = mg.ones(3, requires_grad=True), mg.ones(3, requires_grad=True)
    answer = debug.why_zero((w * 2).sum(), w)
    assert answer.text == "w.grad is not 0: none of its 3 numbers is; its norm is 3.46"
    assert debug.why_zero((w * 2).sum(), v).text.startswith("v.grad is None, not 0: it was not reached")
    given = debug.why_zero(w * 2, w, gradient=mg.zeros(3))
    assert given.text == "all of w.grad is 0: so was the gradient that the pass began with"


def test_a_nan_in_the_data_is_told_from_one_that_was_computed():
    x = mg.tensor([[1.0, float("nan")]])
    w = mg.ones(2, 1, requires_grad=True)
    answer = debug.where_nan(lambda: (x @ w).sum())
    assert (answer.op, answer.number) == ("matmul", 1)
    assert "given NaN by x (1, 2), 1 of 2 numbers, the first at (0, 1)" in answer.text
    assert debug.where_nan(lambda: (w * 2).sum()).text == "no NaN or infinity, forward or backward, in 2 operations"


def test_a_mask_of_infinities_is_no_anomaly():
    scores = mg.ones(2, 3, requires_grad=True)
    mask = mg.tensor([[0.0, 0.0, -float("inf")]])
    assert debug.where_nan(lambda: F.cross_entropy(scores + mask, mg.tensor([0, 1]))).number == 0
    assert debug.where_nan(F.cross_entropy(scores + mask, mg.tensor([0, 1]))).number == 0


def test_questions_write_nothing_and_leave_the_graph(shared):
    x, W, b = shared
    loss = (x @ W + b).tanh().sum()
    debug.why_zero(loss, W)
    debug.where_nan(loss)
    debug.where_nan(lambda: (x @ W + b).tanh().sum())
    debug.why_summed(loss, b)
    debug.without_gradient(loss, [W, b])
    assert W.grad is None
    assert b.grad is None
    loss.backward()
    assert W.grad is not None


@pytest.mark.parametrize("question", [debug.why_zero, debug.why_summed, debug.without_gradient])
def test_questions_refuse_what_they_cannot_answer(question, shared):
    x, W, b = shared
    with pytest.raises(TypeError, match=r"Tensor|tensors"):
        question((x @ W).sum(), 3.0)
    with pytest.raises(RuntimeError, match="does not require grad"):
        question(x.sum(), W)
    loss = (x @ W + b).tanh().sum()
    loss.backward()
    with pytest.raises(RuntimeError, match="released"):
        question(loss, W)


def test_which_line_and_where_nan_refuse_what_they_cannot_answer():
    with pytest.raises(TypeError, match="which_line"):
        debug.which_line(3.0)
    with pytest.raises(TypeError, match="function that computes one"):
        debug.where_nan(3.0)
    with pytest.raises(TypeError, match="must return a Tensor"):
        debug.where_nan(lambda: 3.0)
