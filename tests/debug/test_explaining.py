"""explain: the terms of a gradient with rule, shapes, numbers and line, or the reason why there is none."""

import gc
import re
import sys
import weakref

import numpy as np
import pytest

import minigrad as mg
from minigrad import debug, nn
from minigrad.nn import functional as F


@pytest.fixture
def operands():
    generator = np.random.default_rng(0)
    x = mg.tensor(generator.standard_normal((32, 3)))
    W = mg.tensor(generator.standard_normal((3, 4)), requires_grad=True)
    b = mg.tensor(generator.standard_normal(4), requires_grad=True)
    return x, W, b


def here():
    """Return the number of the line that calls."""
    return sys._getframe(1).f_lineno


def test_a_product_and_a_bias_read_as_in_a_textbook(operands):
    x, W, b = operands
    line = here() + 1
    h = x @ W + b
    loss = (h * h).sum()
    weight, bias = debug.explain(loss, W), debug.explain(loss, b)
    place = f"test_explaining.py:{line}"
    assert str(weight).splitlines()[0] == (
        f"W.grad (3, 4) = x.T (3, 32) @ grad_output (32, 4)   matmul, {place}  x @ W"
    )
    assert str(bias).splitlines()[0] == (
        f"b.grad (4,) = grad_output (32, 4).sum(axis=0)   add: b was broadcast along axis 0, {place}  x @ W + b"
    )
    (term,) = weight.terms
    assert (term.op, term.input, term.rule) == ("matmul", "W", "grad_y = x.T @ grad_output")
    assert (term.where.line, term.expression) == (line, "x @ W")
    assert (term.summed_axes, bias.terms[0].summed_axes) == ((), (0,))
    assert weight.reason is None


def test_the_sum_of_the_terms_is_the_gradient_to_the_bit_and_nothing_is_written(operands):
    x, W, b = operands
    h = mg.tanh(x @ W + b)
    loss = ((h @ W.T) @ W * h).mean()
    found = {each: debug.explain(loss, tensor) for each, tensor in (("W", W), ("b", b))}
    assert W.grad is None
    assert b.grad is None
    loss.backward()
    assert len(found["W"].terms) == 3
    assert np.array_equal(found["W"].total, W.grad.numpy())
    assert np.array_equal(found["b"].total, b.grad.numpy())


def test_a_tensor_used_twice_lists_both_terms_and_what_an_earlier_pass_had_left():
    e = mg.tensor([2.0, -3.0], requires_grad=True)
    (e * 5).sum().backward()
    loss = (e * e).sum()
    explanation = debug.explain(loss, e)
    assert [term.op for term in explanation.terms] == ["mul", "mul", ""]
    assert [term.grad.tolist() for term in explanation.terms] == [[2, -3], [2, -3], [5, 5]]
    assert explanation.total.tolist() == [9, -1]
    lines = str(explanation).splitlines()
    assert lines[0].startswith("e.grad (2,) = grad_output (2,) * e (2,)   ")
    assert lines[1].startswith("            + grad_output (2,) * e (2,)   ")
    assert lines[2] == "            + what an earlier backward pass had left"
    assert lines[-1] == "  = (2,)  norm 9.06  [9 -1]"


def test_write_is_the_backward_pass_itself(operands):
    x, W, _ = operands
    twin = W.detach().clone().requires_grad_()
    (x @ twin).tanh().sum().backward()
    loss = (x @ W).tanh().sum()
    explanation = debug.explain(loss, W, write=True, retain_graph=False)
    assert np.array_equal(W.grad.numpy(), twin.grad.numpy())
    assert np.array_equal(explanation.total, twin.grad.numpy())
    with pytest.raises(RuntimeError, match="released"):
        loss.backward()


def test_a_tensor_on_the_way_is_explained_too_and_told_that_it_keeps_no_gradient(operands):
    x, W, _ = operands
    h = x @ W
    loss = h.tanh().sum() + (h * 2).sum()
    explanation = debug.explain(loss, h)
    assert explanation.name == "dL/dh"
    assert sorted(term.op for term in explanation.terms) == ["mul", "tanh"]
    assert "not a leaf" in explanation.reason
    assert "retain_grad()" in str(explanation)
    h.retain_grad()
    explanation = debug.explain(loss, h)
    assert (explanation.name, explanation.reason) == ("h.grad", None)
    loss.backward()
    assert np.array_equal(explanation.total, h.grad.numpy())


def test_the_loss_itself_is_where_the_pass_begins():
    w = mg.tensor(3.0, requires_grad=True)
    assert str(debug.explain(w, w)).startswith("w.grad () = 1, where the pass begins")
    assert w.grad is None


def test_one_output_of_several_has_its_own_terms(operands):
    x, W, _ = operands
    first, second = (x @ W).split([1, 3], dim=1)
    loss = first.sum() + (second * 3).sum()
    assert [term.op for term in debug.explain(loss, first).terms] == ["sum"]
    assert [term.op for term in debug.explain(loss, second).terms] == ["mul"]


def test_layers_and_their_parameters_are_called_by_their_paths(operands):
    x, _, _ = operands
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1)).double()
    loss = F.mse_loss(model(x), x[:, :1])
    text = str(debug.explain(loss, model[0].bias))
    assert text.startswith("0.bias.grad (4,) = grad_output (32, 4).sum(axis=0)   linear: 0.bias was broadcast ")
    assert "model(x)  in 0" in text
    assert str(debug.explain(loss, model[2].weight)).startswith("2.weight.grad (1, 4) = grad_output.T (1, 32) @ ")
    assert str(debug.explain(loss, "2.weight")) == str(debug.explain(loss, model[2].weight))


def detached(u, v):
    return (u.detach() * v).sum()


def cut_later(u, v):
    h = u * 2
    return (h.detach() * v).sum(), h


def of_no_use(u, v):
    h = u * 2
    return v.sum(), h


REASONS = {
    "detached": (detached, r"mul \(.*: u\.detach\(\) \* v\) used it as a constant"),
    "what was made of it was detached": (cut_later, r"what mul \(.*: u \* 2\) made of it was detached before mul"),
    "used by what the loss does not need": (of_no_use, r"mul \(.*: u \* 2\) used it, and nothing of that is part"),
    "never used": (lambda u, v: v.sum(), r"not reached: nothing that is still alive used it.* begins at sum \("),
    "under no_grad": (lambda u, v: (mg.no_grad()(mg.exp)(u) * v).sum(), r"not reached: .*no_grad\(\)"),
}


@pytest.mark.parametrize("case", REASONS)
def test_a_gradient_that_is_none_says_why(case):
    u, v = mg.ones(3, requires_grad=True), mg.ones(3, requires_grad=True)
    function, reason = REASONS[case]
    result = function(u, v)
    loss, _alive = result if isinstance(result, tuple) else (result, None)
    explanation = debug.explain(loss, u)
    assert explanation.terms == ()
    assert re.search(reason, explanation.reason), explanation.reason
    assert str(explanation) == f"u.grad is None: {explanation.reason}"


def test_a_tensor_without_requires_grad_is_told_from_one_that_got_none():
    x, w = mg.ones(3), mg.ones(3, requires_grad=True)
    loss = (x * w).sum()
    assert re.search(r"does not require grad; mul \(.*\) used it as a constant", debug.explain(loss, x).reason)
    assert "made without requires_grad" in debug.explain(loss, mg.ones(3)).reason
    x.requires_grad_()
    assert "before it required grad" in debug.explain(loss, x).reason


def test_a_recording_explains_a_pass_that_is_over(operands):
    x, W, b = operands
    with debug.recording() as r:
        loss = (x @ W + b).tanh().mean()
        loss.backward()
        loss = (x @ W).mean()
        loss.backward()
    explanation = r.explain(W)
    assert [term.op for term in explanation.terms] == ["matmul", ""]
    assert np.array_equal(explanation.total, W.grad.numpy())
    assert r.explain(b).reason.startswith("it was not reached")
    first = r.explain("b", 0)
    assert [term.op for term in first.terms] == ["add"]
    assert np.array_equal(first.total, b.grad.numpy())


def test_a_gradient_alone_is_refused_with_the_two_ways(operands):
    x, W, _ = operands
    (x @ W).sum().backward()
    with pytest.raises(RuntimeError) as caught:
        debug.explain(W)
    assert "debug.explain(loss, W)" in str(caught.value)
    assert "with debug.recording() as r:" in str(caught.value)
    assert "r.explain(W)" in str(caught.value)


def test_what_cannot_be_explained_is_refused_and_nothing_is_written(operands):
    x, W, _ = operands
    loss = (x @ W).sum()
    with pytest.raises(TypeError, match="one parameter"):
        debug.explain(loss, nn.Linear(2, 2))
    with pytest.raises(ValueError, match="Did you mean W"):
        debug.explain(loss, "w")
    with pytest.raises(RuntimeError, match="does not require grad"):
        debug.explain(x.sum(), W)
    with pytest.raises(RuntimeError, match="one element"):
        debug.explain(x @ W, W)
    loss.backward()
    before = W.grad.tolist()
    with pytest.raises(RuntimeError, match="released"):
        debug.explain(loss, W)
    assert W.grad.tolist() == before


def test_large_tensors_are_explained_in_a_few_lines():
    w = mg.ones(1_000_000, requires_grad=True)
    text = str(debug.explain((w * 2).sum(), w))
    assert len(text) < 400
    assert "[2 2 2 … 2]" in text


def test_a_notebook_shows_the_same_lines(operands):
    x, W, _ = operands
    explanation = debug.explain((x @ W).sum(), W)
    assert explanation._repr_html_() == f"<pre>{explanation.text}</pre>".replace("'", "&#x27;")


def test_an_explanation_that_goes_away_leaves_nothing_behind():
    gc.collect()
    gc.disable()
    try:
        w = mg.ones(3, requires_grad=True)
        loss = (w * 2).tanh().sum()
        node = weakref.ref(loss.grad_fn.edges[0])
        explanation = debug.explain(loss, w)
        answer = debug.why_zero(loss, w)
        del loss, explanation, answer
        assert node() is None
    finally:
        gc.enable()
