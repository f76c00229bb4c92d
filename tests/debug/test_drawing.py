"""A drawn graph: names, shapes, values, gradients and sources, as text and as a picture; repeated blocks once."""

import os
import weakref
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import minigrad as mg
from minigrad import debug, nn
from minigrad.autograd import record

SVG = "{http://www.w3.org/2000/svg}"


def product():
    x = mg.tensor([[1.0, 2.0]])
    W = mg.tensor([[3.0], [4.0]], requires_grad=True, name="W")
    h = x @ W
    loss = (h * h).sum()
    return W, loss


def lines_of(tensor, **settings):
    return str(debug.draw(tensor, **settings)).splitlines()


def stripped(lines):
    """Return the lines without their first, with one space for each run of them."""
    return [" ".join(line.split()) for line in lines[1:]]


def test_a_tree_has_names_shapes_values_and_source_lines():
    _, loss = product()
    lines = stripped(lines_of(loss))
    here = os.path.basename(__file__)
    first = product.__code__.co_firstlineno
    assert lines == [
        f"● loss = sum () 121 {here}:{first + 4} (h * h).sum()",
        f"● mul (1, 1) {here}:{first + 4} h * h",
        f"● h = matmul (1, 1) 11 {here}:{first + 3} x @ W",
        "├─ x (1, 2) 1 2",
        "└─ W (2, 1) 3 4",
    ]


def test_before_a_backward_it_says_so_and_shows_no_zeros():
    _, loss = product()
    text = str(debug.draw(loss))
    assert "backward has not run" in text.splitlines()[0]
    assert "grad" not in text.replace("gradients", "")


def test_after_a_backward_the_gradients_are_shown_and_what_is_released_is_said():
    W, loss = product()
    loss.backward()
    lines = lines_of(loss)
    assert "backward has run: 1 has a gradient, and the values" in lines[0]
    assert lines[-1].endswith("grad 22 44  norm 49.2")
    W.grad = None
    assert "0 have gradients" in lines_of(loss)[0]


def test_gradients_of_another_pass_are_not_taken_for_those_of_this_graph():
    W, loss = product()
    loss.backward(retain_graph=True)
    assert "from an earlier backward or one with retain_graph" in lines_of(loss)[0]
    assert "from an earlier backward" in lines_of((W * 2).sum())[0]


def test_a_retained_gradient_is_shown_at_its_operation():
    x = mg.tensor([1.0, 2.0], requires_grad=True)
    h = x * 3
    h.retain_grad()
    loss = (h * h).sum()
    loss.backward()
    assert "● h = mul (2,)" in str(debug.draw(loss))
    assert "grad 6 12" in str(debug.draw(loss))


def test_a_drawing_is_of_the_moment_when_it_was_drawn():
    _, loss = product()
    drawing = debug.draw(loss)
    text = str(drawing)
    loss.backward()
    assert str(drawing) == text


def test_a_drawing_keeps_no_array_of_the_graph_alive():
    W, loss = product()
    drawing = debug.draw(loss)
    alive = weakref.ref(loss.grad_fn), weakref.ref(W)
    del loss, W
    assert [each() for each in alive] == [None, None]
    assert "W (2, 1)" in str(drawing)
    assert drawing.svg()


def test_values_that_were_written_over_are_not_shown():
    x = mg.tensor([1.0, 2.0])
    w = mg.tensor([3.0, 4.0], requires_grad=True, name="w")
    loss = w * x
    assert "x (2,)" in str(debug.draw(loss))
    x += 1
    assert "2 3" not in str(debug.draw(loss))


def test_what_several_read_is_written_once_and_pointed_at():
    x = mg.tensor([1.0], requires_grad=True, name="x")
    h = x.exp()
    loss = h.tanh() + h.sigmoid() * 2
    lines = stripped(lines_of(loss))
    assert len([line for line in lines if "h = exp" in line and line.startswith("●")]) == 1
    assert sum([line.endswith("exp #1, further down") for line in lines]) == 1
    assert lines[-1].startswith("└─ x")


def test_a_long_line_of_operations_is_not_indented_and_needs_no_recursion():
    x = mg.tensor([1.0], requires_grad=True, name="x")
    h = x
    for _ in range(3000):
        h = h * 1.01
    lines = lines_of(h, fold=False)
    assert len(lines) == 3002
    assert {line[0] for line in lines[1:-1]} == {"●"}


def test_a_block_that_repeats_is_drawn_once():
    mg.manual_seed(0)
    mlp = nn.Sequential(*[nn.Sequential(nn.Linear(4, 4), nn.Tanh()) for _ in range(12)])
    model = nn.Sequential(nn.Linear(4, 4))
    model.add_module("mlp", mlp)
    loss = model(mg.ones(2, 4)).sum()
    lines = stripped(lines_of(loss))
    assert lines[1] == "▣ mlp.* ×12 24 operations and 24 tensors"
    assert lines[2].startswith("┊ ● tanh (2, 4) in mlp.11.1")
    assert lines[4].startswith("┊ ├─ mlp.11.0.weight (4, 4)")
    loss.backward()
    norms = [parameter.grad.data for parameter in mlp.parameters()]
    norms = [float(np.sqrt(np.square(norm, dtype=np.float64).sum())) for norm in norms]
    assert f"gradient norms {min(norms):.3g} … {max(norms):.3g}" in str(debug.draw(loss))
    assert "×" not in str(debug.draw(loss, fold=False))
    titles = [group.find(SVG + "text").text for group in groups(debug.draw(loss), "fold")]
    assert titles == ["mlp.* ×12"]


def test_a_loop_without_modules_is_folded_by_its_operations():
    w = mg.tensor([0.5], requires_grad=True, name="w")
    h = mg.tensor([1.0])
    for _ in range(6):
        h = (h * w).tanh()
    lines = stripped(lines_of(h.sum()))
    # The first multiplication reads a constant, and is another than the rest.
    (fold,) = [line for line in lines if line.startswith("▣")]
    assert fold.startswith("▣ tanh, mul ×5 10 operations")


def test_three_alike_are_not_folded_and_four_that_differ_neither():
    w = mg.tensor([0.5], requires_grad=True)
    h = w * 2
    for _ in range(3):
        h = h.tanh()
    assert "×" not in str(debug.draw(h))
    h = w * 2
    for length in range(4):
        h = mg.cat([h.tanh(), mg.zeros(length)])
    assert "×" not in str(debug.draw(h))


def test_a_picture_of_many_operations_has_a_box_for_each_module():
    mg.manual_seed(0)
    # No two layers are alike, so that nothing repeats.
    layers = [nn.Sequential(nn.Linear(width, width + 1), nn.Tanh(), nn.Sigmoid()) for width in range(1, 71)]
    loss = nn.Sequential(*layers)(mg.ones(1, 1)).sum()
    assert len(groups(debug.draw(loss), "fold")) == 70
    assert len(groups(debug.draw(loss, fold=False), "operation")) == 211
    assert len(stripped(lines_of(loss))) == 211 + 140 + 1  # the text has all: operations, weights, the input


def groups(drawing, kind):
    return [group for group in ET.fromstring(drawing.svg()).iter(SVG + "g") if group.get("class") == kind]


def test_a_picture_has_a_box_for_each_operation_and_tensor_and_a_curve_for_each_use():
    _, loss = product()
    drawing = debug.draw(loss)
    assert [len(groups(drawing, kind)) for kind in ("operation", "leaf", "constant")] == [3, 1, 1]
    # x @ W has two operands, h * h two, sum one.
    assert len(list(ET.fromstring(drawing.svg()).iter(SVG + "path"))) == 5
    (leaf,) = groups(drawing, "leaf")
    assert [text.text for text in leaf.iter(SVG + "text")] == ["W", "(2, 1)", "3 4"]


def test_names_are_text_in_a_picture_whatever_characters_they_hold():
    x = mg.tensor([1.0], requires_grad=True, name='</text><b onload="x">&\x00\ud800')
    drawing = debug.draw(x * 2)
    (leaf,) = groups(drawing, "leaf")
    assert leaf.find(SVG + "text").text == '</text><b onload="x">&\ufffd\ufffd'
    assert "<b " not in drawing._repr_html_()


def test_an_operation_with_several_outputs_is_drawn():
    A = mg.tensor([[2.0, 0.0], [0.0, 1.0]], requires_grad=True, name="A")
    U, S, Vh = mg.linalg.svd(A)
    loss = S.sum() + U.sum()
    assert "● U, S, Vh = svd ((2, 2), (2,), (2, 2))" in str(debug.draw(loss))
    debug.draw(loss).svg()


def forgetful(x):
    return record(forgetful, forgetful_vjp, x.data * 2, (x,), (x.data,))


def forgetful_vjp(grad_output):
    return grad_output * 2


def test_a_rule_that_does_not_take_what_was_saved_is_drawn_all_the_same():
    assert "● forgetful (2,)" in str(debug.draw(forgetful(mg.ones(2, requires_grad=True))))


def test_a_tensor_without_a_graph_is_drawn_as_that_tensor():
    lines = lines_of(mg.tensor([1.0, 2.0]))
    assert lines[0].startswith("No graph: the tensor does not require grad")
    assert "0 operations on 1 leaf." in lines_of(mg.ones(2, requires_grad=True))[0]


@pytest.mark.parametrize("suffix", [".svg", ".html", ".txt"])
def test_a_file_of_each_kind_is_written(tmp_path, suffix):
    _, loss = product()
    path = tmp_path / f"graph{suffix}"
    debug.draw(loss, path)
    text = path.read_text(encoding="utf-8")
    start = {".svg": "<svg ", ".html": "<!doctype html>", ".txt": "3 operations on 1 leaf."}[suffix]
    assert text.startswith(start)
    assert os.listdir(tmp_path) == [path.name]


def test_another_ending_is_refused_before_anything_is_done(tmp_path):
    _, loss = product()
    with pytest.raises(
        ValueError, match=r"(?s)draw: a path that ends in \.svg, \.html, \.txt.*'.*graph\.png'.*Name it"
    ):
        debug.draw(loss, tmp_path / "graph.png")
    assert os.listdir(tmp_path) == []


def test_a_file_that_cannot_be_written_says_which_and_leaves_what_was_there(tmp_path):
    _, loss = product()
    with pytest.raises(FileNotFoundError, match=r"(?s)draw: '.*nowhere.*graph\.svg' cannot be written: .*Give a path"):
        debug.draw(loss, tmp_path / "nowhere" / "graph.svg")
    (tmp_path / "graph.svg").mkdir()
    with pytest.raises(OSError, match="cannot be written"):
        debug.draw(loss, tmp_path / "graph.svg")
    assert os.listdir(tmp_path) == ["graph.svg"]


def test_what_is_no_tensor_is_refused():
    with pytest.raises(TypeError, match=r"(?s)draw: a Tensor is needed, got list \[1\].*backward\(\)"):
        debug.draw([1])


def test_a_long_drawing_is_cut_in_its_repr_and_not_in_print():
    x = mg.tensor([1.0], requires_grad=True)
    h = x
    for _ in range(300):
        h = h * 2
    drawing = debug.draw(h, fold=False)
    assert repr(drawing).splitlines()[-1] == "… 102 more lines: print() shows them"
    assert len(str(drawing).splitlines()) == 302


def test_a_notebook_is_given_text_html_and_a_picture():
    _, loss = product()
    drawing = debug.draw(loss)
    bundle = drawing._repr_mimebundle_()
    assert bundle["text/plain"] == repr(drawing)
    assert bundle["image/svg+xml"] == drawing.svg()
    assert drawing.svg() in bundle["text/html"]
