"""A printed step: the source with a caret under the sub-expression, the gradient, one line an input."""

import pytest

import minigrad as mg
from minigrad import debug, nn


def caret_text(step):
    """Return what the carets of a printed step underline."""
    lines = str(step).splitlines()
    source, carets = lines[1:3]
    start = carets.index("^")
    assert set(carets[start:].strip()) == {"^"}
    return source[start : start + carets.count("^")]


def test_a_printed_step_reads_as_the_lesson_it_is():
    h = mg.tensor([[1.0, 2.0]], requires_grad=True, name="h")
    W2 = mg.tensor([[3.0], [4.0]], requires_grad=True, name="W2")
    b2 = mg.tensor([0.5])
    o = h @ W2 + b2
    step = list(debug.steps(o))[1]
    lines = str(step).splitlines()
    assert lines[0].startswith("step 2/2  matmul -> (1, 1)  ")
    assert lines[0].endswith(f"  test_printing.py:{step.node.where.line}")
    assert len(lines[0]) == 72
    assert lines[1:] == [
        "   o = h @ W2 + b2",
        "       ^^^^^^",
        " grad_output (1, 1)  norm 1  [1]",
        " grad_x = grad_output @ y.T   (1, 2)  norm 5   h: new (leaf)",
        " grad_y = x.T @ grad_output   (2, 1)  norm 2.24   W2: new (leaf)",
    ]
    assert repr(step) == "<Step 2/2 matmul (1, 1)>"


def test_the_caret_stands_under_the_sub_expression():
    w = mg.tensor([1.0, 2.0], requires_grad=True)
    if True:
        loss = (w.exp() * (w - 1)).sum()
    texts = [caret_text(step) for step in debug.steps(loss)]
    assert texts == ["(w.exp() * (w - 1)).sum()", "w.exp() * (w - 1)", "w - 1", "w.exp()"]


def test_the_caret_counts_characters_and_not_bytes():
    w = mg.tensor(2.0, requires_grad=True)
    größe, loss = "Maß", w * 3 + 1
    assert größe == "Maß"
    assert [caret_text(step) for step in debug.steps(loss)] == ["w * 3 + 1", "w * 3"]


def test_an_expression_over_several_lines_is_underlined_to_the_end_of_the_first():
    w = mg.tensor(2.0, requires_grad=True)
    loss = mg.maximum(
        w,
        1.0,
    )
    (step,) = debug.steps(loss)
    assert caret_text(step) == "mg.maximum("


def test_code_without_a_source_is_shown_without_a_caret():
    scope = {"w": mg.tensor(2.0, requires_grad=True)}
    exec(compile("loss = w * 3", "nowhere", "exec"), scope)
    (step,) = debug.steps(scope["loss"])
    assert "nowhere:1" in str(step)
    assert "^" not in str(step)
    assert str(step).splitlines()[1].startswith(" grad_output")


def test_the_module_that_ran_is_named():
    w = mg.tensor(2.0, requires_grad=True)
    loss = w * 3
    loss.grad_fn.module = "mlp.2"
    (step,) = debug.steps(loss)
    assert step.node.module == "mlp.2"
    assert str(step).startswith("step 1/1  mul -> ()   in mlp.2  ")


def test_a_long_gradient_is_shown_by_its_first_and_last_numbers():
    w = mg.tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], requires_grad=True)
    (step,) = debug.steps(w * 2, gradient=w.detach())
    assert "grad_output (7,)  norm 11.8  [1 2 3 … 7]" in str(step)


LAYERS = {
    "layer_norm": (lambda: nn.LayerNorm(6), (2, 4, 6)),
    "group_norm": (lambda: nn.GroupNorm(2, 4), (2, 4, 6)),
    "batch_norm": (lambda: nn.BatchNorm1d(4), (2, 4, 6)),
    "instance_norm": (lambda: nn.InstanceNorm1d(4, affine=True), (2, 4, 6)),
    "conv1d": (lambda: nn.Conv1d(4, 3, 2), (2, 4, 6)),
    "conv2d": (lambda: nn.Conv2d(4, 3, 2), (2, 4, 6, 6)),
    "conv_transpose1d": (lambda: nn.ConvTranspose1d(4, 3, 2), (2, 4, 6)),
    "conv_transpose2d": (lambda: nn.ConvTranspose2d(4, 3, 2), (2, 4, 6, 6)),
    "linear": (lambda: nn.Linear(6, 3), (2, 4, 6)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_each_gradient_of_a_layer_is_shown_with_its_formula(name):
    make, shape = LAYERS[name]
    layer = make()
    loss = layer(mg.randn(*shape, requires_grad=True)).sum()
    found = set()
    for step in debug.steps(loss):
        assert "normalized_shape" not in str(step)
        for each in step.contributions:
            if each.grad is not None:
                assert each.rule.startswith("grad_"), (step, each.input)
                found.add(id(each.source))
    assert {id(parameter) for parameter in layer.parameters()} <= found
