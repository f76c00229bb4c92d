"""A trace holds a whole pass, and shows it as a table, as data and as a graph."""

import json
import re

import numpy as np
import pytest

import minigrad as mg
from minigrad import debug, nn
from minigrad.autograd import collect
from minigrad.debug import forward


@pytest.fixture
def w():
    return mg.tensor([0.5, -1.0], requires_grad=True, name="w")


def test_a_trace_writes_no_gradient_and_leaves_the_graph_usable(w):
    loss = ((w * 3).tanh() * w).sum()
    trace = debug.trace(loss)
    assert w.grad is None
    assert (len(trace), repr(trace)) == (4, "<Trace of 4 operations forward and 4 backward>")
    assert [step.node.name for step in trace] == ["sum", "mul", "tanh", "mul"]
    twin = mg.tensor(w.data, requires_grad=True)
    ((twin * 3).tanh() * twin).sum().backward()
    loss.backward()
    assert w.grad.data.tobytes() == twin.grad.data.tobytes()


def test_write_completes_the_pass(w):
    loss = (w * w).sum()
    debug.trace(loss, write=True, retain_graph=True)
    assert w.grad.tolist() == [1, -2]
    debug.trace(loss, write=True)
    assert w.grad.tolist() == [2, -4]
    with pytest.raises(RuntimeError, match=r"trace: the graph through sum .* released"):
        debug.trace(loss)


def test_the_arrays_of_a_written_trace_share_nothing_with_the_gradients(w):
    trace = debug.trace((w * w).sum(), write=True)
    for step in trace:
        for array in (step.grad_output, *step.grad_inputs, *step.after):
            assert not np.shares_memory(array, w.grad.data)


def test_the_forward_operations_are_there_with_the_values_that_rules_saved(w):
    h = w * 3
    loss = (h.tanh() * h).sum()
    forward = debug.trace(loss).forward
    assert [(step.index, step.total, step.name) for step in forward] == [
        (1, 4, "mul"),
        (2, 4, "tanh"),
        (3, 4, "mul"),
        (4, 4, "sum"),
    ]
    # h is saved by the product, the tangent by its own rule; of the product nobody needs the value; the loss is given.
    assert forward[0].output.tolist() == [1.5, -3.0]
    assert forward[1].output.tolist() == h.tanh().tolist()
    assert forward[2].output is None
    assert forward[3].output == loss.item()
    assert [each.source for each in forward[2].inputs] == [2, 1]
    assert forward[0].inputs[0].source is w
    assert forward[0].where.expression == "w * 3"
    assert (forward[0].label, forward[0].inputs[0].label) == ("h", "w")


def test_inputs_that_were_kept_tell_what_no_rule_saved(w):
    with debug.recording():
        h = w + 1
        loss = (h + 1).sum()
    assert [step.output.tolist() for step in debug.trace(loss).forward] == [[1.5, 0], [2.5, 1], 3.5]
    with mg.no_grad():
        h += 1
    assert debug.trace(loss).forward[0].output is None


def test_a_saved_value_that_was_written_to_is_not_taken_for_the_output(w):
    h = w * 3
    k = h * h
    h2 = h.tanh()
    loss = (k + h2).sum()
    with mg.no_grad():
        h2 += 1
    operations = operations_of(loss)
    assert operations["tanh"].output is None
    assert operations["mul"].output is not None


def operations_of(loss):
    """Return the operations of a loss by name, the first of each, without running a rule."""
    found = {}
    for step in forward.forward_of(collect([loss.grad_fn]), loss):
        found.setdefault(step.name, step)
    return found


def test_operations_and_steps_find_each_other(w):
    trace = debug.trace((w * w).sum())
    assert trace.step_of(1).node.name == "mul"
    assert trace.step_of(trace.forward[1]).node.name == "sum"
    with debug.recording() as r:
        mask = w.detach() > 0
        mg.where(mask, w, w * 2).sum().backward()
    trace = r.trace()
    assert [step.name for step in trace.forward] == ["gt", "mul", "where", "sum"]
    assert trace.step_of(1) is None


def test_a_tensor_used_twice_by_one_operation_has_two_edges_and_two_contributions():
    e = mg.tensor(3.0, requires_grad=True, name="e")
    trace = debug.trace(e * e)
    assert len(trace.steps[0].contributions) == 2
    assert [each.source is e for each in trace.forward[0].inputs] == [True, True]
    assert trace.to_dot().count("t1 -> n1") == 2
    assert trace.to_mermaid().count("t1 -->") == 2
    h = mg.exp(e)
    trace = debug.trace(h * h)
    assert [each.source for each in trace.forward[1].inputs] == [1, 1]
    assert trace.to_dot().count("n1 -> n2") == 2


def test_the_table_has_a_line_for_each_step():
    mg.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    loss = model(mg.ones(4, 2)).sum()
    lines = str(debug.trace(loss)).splitlines()
    assert len(lines) == 5
    assert lines[0].split() == ["step", "operation", "output", "|grad_output|", "contributions", "module", "source"]
    assert lines[2].split()[:5] == ["2", "linear", "(4,", "1)", "2"]
    assert "weight" in lines[2]
    assert lines[3].split()[1] == "tanh"
    assert re.search(r" 1 +test_traces\.py:\d+  model\(mg\.ones\(4, 2\)\)$", lines[3])


def test_flags_and_additions_are_in_the_table(w):
    text = debug.trace((w * mg.tensor([np.nan, 1.0]) + w).sum()).table()
    assert "x nan+" in text
    assert "accumulated nan" in text


def test_json_holds_the_numbers_that_python_computed(w):
    b = mg.tensor([10.0], requires_grad=True, name="b")
    trace = debug.trace((w * w + b).sum())
    data = json.loads(trace.to_json())
    assert [leaf["name"] for leaf in data["leaves"]] == ["w", "b"]
    assert [step["op"] for step in data["forward"]] == ["mul", "add", "sum"]
    assert [step["op"] for step in data["steps"]] == ["sum", "add", "mul"]
    add = data["steps"][1]
    assert add["forward"] == 2
    assert add["rule"] == trace.steps[1].rule
    assert add["flags"] == ["unbroadcast"]
    assert add["where"]["expression"] == "w * w + b"
    assert [(each["source"], each["leaf"]) for each in add["contributions"]] == [(1, None), (None, 2)]
    assert add["contributions"][1]["grad"]["values"] == [2.0]
    assert add["contributions"][1]["returned"] == [2]
    mul = data["steps"][2]
    assert mul["saved"]["x"]["values"] == [0.5, -1.0]
    assert mul["contributions"][1]["after"]["values"] == [1.0, -2.0]
    assert [(each["leaf"], each["source"]) for each in data["forward"][1]["inputs"]] == [(None, 1), (2, None)]
    assert json.loads(trace.to_json(indent=2)) == data


def test_json_is_json_where_numbers_are_not_finite_and_arrays_are_large():
    w = mg.tensor(np.linspace(0, 1, 100, dtype=np.float32).reshape(10, 10), requires_grad=True)
    data = json.loads(debug.trace((w * mg.tensor([np.nan, np.inf] * 5)).sum()).to_json())
    grad = data["steps"][1]["contributions"][0]["grad"]
    assert grad["corner"][0][:2] == ["NaN", "Infinity"]
    assert (len(grad["corner"]), len(grad["corner"][0]), grad["shape"]) == (6, 6, [10, 10])
    assert (grad["nans"], grad["infs"], grad["norm"]) == (50, 50, "NaN")
    assert "values" not in grad


def test_several_outputs_and_sequences_are_in_the_data():
    w = mg.tensor([3.0, 1.0, 2.0], requires_grad=True)
    first, second = w.split([1, 2])
    data = json.loads(debug.trace(mg.cat([first, second * 2, mg.ones(1)]).sum()).to_json())
    split = data["forward"][0]
    assert (split["op"], split["shape"]) == ("split", [[1], [2]])
    cat = data["forward"][2]
    assert [(each["name"], each["source"]) for each in cat["inputs"]] == [
        ("tensors[0]", 1),
        ("tensors[1]", 2),
        ("tensors[2]", None),
    ]


def test_texts_with_signs_of_their_own_are_escaped():
    w = mg.tensor([1.0], requires_grad=True, name='a "b" <c> [d] | \\')
    trace = debug.trace(w * 2)
    assert 't1 [label="a \\"b\\" <c> [d] | \\\\ (1,)", shape=ellipse];' in trace.to_dot()
    assert 't1["a &quot;b&quot; &lt;c&gt; &#91;d&#93; &#124; \\ (1,)"]' in trace.to_mermaid()


def test_numbers_of_a_leaf_alone_make_an_empty_trace(w):
    trace = debug.trace(w, gradient=mg.ones(2))
    assert (trace.steps, trace.forward) == ([], [])
    assert json.loads(trace.to_json()) == {"version": 1, "leaves": [], "forward": [], "steps": []}


def test_ten_million_numbers_are_looked_at_cheaply():
    w = mg.ones(10_000_000, requires_grad=True)
    stepper = debug.Stepper((w * 2).sum())
    step = stepper.next(2)
    assert len(str(step)) < 500
    assert len(repr(step)) < 100
    assert step.flags == frozenset()
    trace = debug.trace((w * 2).sum())
    assert len(trace.table()) < 1000
    assert len(trace.to_json()) < 10_000


@pytest.mark.parametrize("page", ["to_html", "_repr_html_"])
def test_the_page_is_there(w, page, tmp_path):
    pytest.importorskip("minigrad.debug.pages")
    trace = debug.trace((w * w).sum())
    text = trace._repr_html_() if page == "_repr_html_" else trace.to_html(tmp_path / "t.html").read_text("utf-8")
    assert "svg" in text
