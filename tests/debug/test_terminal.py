"""The terminal stepper on files in the place of a terminal: ways through a pass, its ends, and what a program sees."""

import bdb
import io
import signal
import sys

import numpy as np
import pytest

import minigrad as mg
from minigrad import debug
from minigrad.autograd import record
from minigrad.debug.console import Session
from minigrad.debug.stepper import Stepper
from minigrad.debug.terminal import Terminal
from tests.debug.dialogues import bits, network, talk


@pytest.mark.parametrize(
    "lines",
    [
        ["finish"],
        ["c"],
        ["leave"],
        ["n"] * 8,
        ["n 100", "n"],
        ["j 8", "rn 7", "c"],
        ["b op=tanh", "c", "rc", "c", "c", "c"],
    ],
    ids=" ".join,
)
def test_however_one_goes_to_the_end_the_gradients_are_those_of_backward(lines):
    leaves, loss = network()
    said = talk(loss, *lines)
    twins, twin = network()
    twin.backward()
    assert bits(leaves) == bits(twins)
    assert said.endswith("done: 8 operations; gradients are written to b, W\n")


@pytest.mark.parametrize("lines", [["q"], ["n 5", "quit"], ["j 8", "q"], ["b op=tanh", "c", "exit"], []], ids=" ".join)
def test_a_pass_that_is_given_up_writes_nothing_and_the_graph_can_be_used_again(lines):
    leaves, loss = network()
    with pytest.raises(bdb.BdbQuit, match="No gradient was written"):
        talk(loss, *lines)
    assert [leaf.grad for leaf in leaves] == [None, None]
    loss.backward()
    twins, twin = network()
    twin.backward()
    assert bits(leaves) == bits(twins)


class Gone(io.StringIO):
    """A terminal that goes away after some answers."""

    def __init__(self, answers):
        super().__init__()
        self.answers = answers

    def write(self, text):
        if "step " in text:
            self.answers -= 1
        if self.answers < 0:
            raise OSError(5, "Input/output error")
        return super().write(text)


@pytest.mark.parametrize("answers", [0, 1, 3])
def test_a_terminal_that_goes_away_gives_the_pass_up(answers):
    leaves, loss = network()
    terminal = Terminal(Stepper(loss), loss, None, None, io.StringIO("n\n" * 20), Gone(answers))
    with pytest.raises(bdb.BdbQuit):
        terminal.interact()
    assert [leaf.grad for leaf in leaves] == [None, None]
    loss.backward()


@pytest.mark.parametrize("command", ["c", "finish", "n 2", "j 3"])
def test_control_c_lets_the_operation_end_that_runs(command):
    outer = signal.getsignal(signal.SIGINT)

    def twice(x):
        return record(twice, twice_vjp, x.data * 2, (x,), ())

    def twice_vjp(grad_output):
        """``grad_x = 2 * grad_output``."""
        signal.raise_signal(signal.SIGINT)
        return grad_output * 2

    w = mg.tensor([1.0], requires_grad=True)
    said = talk(twice(w * 3).sum(), command, "rn", "n", "n", "n")
    assert "Ctrl-C: stopped after this step" in said
    assert said.count("step 2/3  twice") == 2
    assert w.grad.tolist() == [6.0]
    assert signal.getsignal(signal.SIGINT) is outer


def test_a_second_control_c_ends_a_rule_that_hangs():
    outer = signal.getsignal(signal.SIGINT)

    def hang(x):
        return record(hang, hang_vjp, x.data * 2, (x,), ())

    def hang_vjp(grad_output):
        while True:
            signal.raise_signal(signal.SIGINT)

    w = mg.tensor([1.0], requires_grad=True)
    with pytest.raises(KeyboardInterrupt):
        talk(hang(w * 3).sum(), "c")
    assert w.grad is None
    assert signal.getsignal(signal.SIGINT) is outer


def test_what_a_rule_raises_reaches_the_program_as_from_backward():
    def broken(x):
        return record(broken, broken_vjp, x.data * 2, (x,), ())

    def broken_vjp(grad_output):
        raise KeyError("my mistake")

    w = mg.tensor([1.0], requires_grad=True)
    with pytest.raises(KeyError, match="my mistake") as caught:
        talk(broken(w * 3).sum(), "n", "n")
    assert "in the backward of broken" in caught.value.__notes__[0]
    assert w.grad is None


def test_a_breakpoint_that_raises_stops_and_is_kept():
    _, loss = network()
    said = talk(loss, "b step 7", "cl 1", "b grad_output.no_such > 1", "c", "n", "rc", "cl 2", "c")
    assert said.count("*** breakpoint 2: grad_output.no_such > 1 raised AttributeError: ") == 2
    assert said.count("step 2/8") == 2
    assert "deleted breakpoint 2" in said


def test_an_expression_may_name_what_the_program_has():
    epoch = 3
    _, loss = network()
    said = talk(
        loss, "p epoch + 1", "epoch", "b epoch == 3 and node.name == 'tanh'", "c", "c", "c", frame=sys._getframe()
    )
    assert said.count("4\n3\n") == epoch - 2
    assert said.count("at breakpoint 1: epoch == 3 and node.name == 'tanh'") == 2


def test_what_reads_an_attribute_or_an_element_is_an_expression_though_it_begins_with_the_name_of_a_command():
    w = mg.tensor([3.0], requires_grad=True)
    c = b = w * 2
    _, loss = network()
    lines = ["w.grad", "step.check", "c.shape", "b.shape[0]", "!w.shape", "step.index", "", "c"]
    said = talk(loss, *lines, frame=sys._getframe())
    assert "None\n<bound method Step.check of <Step 1/8 mean ()>>\n(1,)\n1\n(1,)\n1\n1\n" in said
    assert said.count("step 1/8") == 1
    assert c is b


def test_the_questions_can_be_asked_at_the_prompt_of_a_program_that_does_not_import_debug():
    _, loss = network()
    said = talk(loss, "debug.which_line(node)", "c")
    assert "made by mean at dialogues.py:" in said


@pytest.mark.parametrize(
    ("words", "stops"),
    [
        ("op=tanh", [3, 6]),
        ("op=ta*", [3, 6]),
        ("name=b", [4, 7]),
        ("step 5", [5]),
        ("zero", []),
        ("nan", []),
        ("large", []),
        ("large 1e-9", [2, 3, 4, 5, 6, 7, 8]),
        ("step.index > 6", [7, 8]),
        ("output.shape == (2, 3)", [3, 6]),
        ("grad_output.ndim == 0", []),
    ],
)
def test_each_form_of_breakpoint_stops_where_it_fits(words, stops):
    _, loss = network()
    said = talk(loss, f"b {words}", *["c"] * (len(stops) + 1))
    found = [int(line.split()[1].split("/")[0]) for line in said.splitlines() if line.startswith("step ")]
    assert found == [1, *stops]


def test_a_breakpoint_on_a_source_line():
    w = mg.tensor([1.0, 2.0], requires_grad=True)
    doubled = w * 2
    line = sys._getframe().f_lineno - 1
    for words in (f"test_terminal.py:{line}", f"./test_terminal.py:{line}", str(line)):
        said = talk(doubled.exp().sum() * 1, f"b {words}", "c", "steps", "c")
        assert "step 4/4  mul" in said
        assert "->B 4  mul" in said
    said = talk((w * 2).sum(), "b 1", "b nowhere.py:7", "c")
    assert said.count("*** no operation of this pass is at ") == 2
    assert "There are some at test_terminal.py:" in said


def test_breakpoints_and_displays_outlive_a_pass():
    session = Session()
    w = mg.tensor([1.0, 2.0], requires_grad=True, name="w")
    lines = ["tb step 2", "b op=exp", "display grad_output.shape", "b op=tanh", "c", "c", "c", "c"]
    talk(w.exp().tanh().exp().sum(), *lines, session=session)
    assert session.running
    # The next pass opens at the first breakpoint; one that fits nothing there waits, and the temporary one has gone.
    said = talk(w.exp().sum(), "b", "c", session=session, number=2)
    assert said.startswith("backward 2: loss = ")
    assert "at breakpoint 2: op=exp" in said
    assert "display grad_output.shape: (2,)" in said
    assert "breakpoint 2: op=exp\nbreakpoint 3: op=tanh   (nothing here fits; it waits for another pass)\n" in said
    assert "breakpoint 1" not in said
    # A pass that stops nowhere is run without a word.
    assert talk((w * 2).sum(), session=session, number=3) == ""
    assert w.grad is not None


def test_a_leaf_is_finished_at_once():
    w = mg.tensor(2.0, requires_grad=True)
    assert talk(w) == "done: 0 operations; the gradient is written to the tensor itself\n"
    assert w.grad.item() == 1.0


def test_without_a_terminal_it_prints_the_table_and_goes_on(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\nq\n"))
    leaves, loss = network()
    debug.set_trace(loss)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:2] == ["step", "operation"]
    assert len(lines) == 9
    twins, twin = network()
    twin.backward()
    assert bits(leaves) == bits(twins)


@pytest.mark.parametrize("stdin", [None, io.StringIO()])
def test_a_process_without_standard_input_has_no_terminal(stdin, capsys, monkeypatch):
    if stdin is not None:
        stdin.close()
    monkeypatch.setattr(sys, "stdin", stdin)
    leaves, loss = network()
    debug.set_trace(loss, retain_graph=True)
    debug.set_trace(loss)
    assert np.isfinite(leaves[0].grad.data).all()


def test_the_arguments_are_those_of_backward(capsys):
    w = mg.tensor([1.0, 2.0], requires_grad=True)
    debug.set_trace(w * 2, gradient=mg.tensor([1.0, 10.0]))
    assert w.grad.tolist() == [2.0, 20.0]
    with pytest.raises(RuntimeError, match="one element"):
        debug.set_trace(w * 2)
    with pytest.raises(RuntimeError, match="does not require grad"):
        debug.set_trace(mg.ones(()))
    loss = (w * w).sum()
    loss.backward()
    with pytest.raises(RuntimeError, match="retain_graph"):
        debug.set_trace(loss)
