"""The terminal stepper on files in the place of a terminal: its pages, its ends, and what a person may do wrong."""

import ast
import bdb
import io
import signal
import sys
import traceback
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from minigrad import debug
from minigrad.autograd import record
from minigrad.debug import colours
from minigrad.debug.console import Session
from minigrad.debug.stepper import Stepper
from minigrad.debug.terminal import Terminal
from minigrad.debug.terminal_help import GROUPS


def talk(loss, *lines, session=None, frame=None, number=None, memory=None):
    """Give the stepper of a loss some lines, and return what it says."""
    stepper = Stepper(loss) if memory is None else Stepper(loss, memory=memory)
    said = io.StringIO()
    terminal = Terminal(stepper, loss, session, frame, io.StringIO("".join([f"{line}\n" for line in lines])), said)
    terminal.prompt = ""
    terminal.interact(number)
    return said.getvalue()


def network(generator=None):
    """Return the leaves and the loss of a network whose weight W is used twice."""
    generator = mg.Generator(3) if generator is None else generator
    W = mg.tensor(mg.randn(3, 3, generator=generator), requires_grad=True, name="W")
    b = mg.tensor(mg.randn(3, generator=generator), requires_grad=True, name="b")
    h = mg.tanh(mg.randn(2, 3, generator=generator) @ W + b)
    o = mg.tanh(h @ W + b)
    return (W, b), (o * o).mean()


def bits(leaves):
    return [leaf.grad.data.tobytes() for leaf in leaves]


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


#: What may be typed wrongly at the first step, and how the answer begins. Every `raise` of the commands has a row.
MISTAKES = {
    "n x": "n: a whole number is needed, got 'x'.",
    "n 0": "n: a number of steps from 1 is needed, got 0.",
    "rn": "this is the first step.",
    "j": "j: a whole number is needed, got ''.",
    "j 9": "there is no step 9; they are numbered 1 to 8.",
    "p": "an expression is needed, as in: p grad_output",
    "p gard_output": "NameError: this step has no gard_output. Did you mean grad_output",
    "p 1 / 0": "ZeroDivisionError: division by zero",
    "p 1 +": "SyntaxError: invalid syntax",
    "stats foo": "NameError: this step has no foo.",
    "undisplay x": "'x' is not displayed.",
    "steps x": "steps: a whole number is needed, got 'x'.",
    "jac q": "local_jacobian: 'q' is no input",
    "jac 7": "local_jacobian: 7 is no input",
    "fd": "check: mean",
    "tb": "tb takes op=tanh",
    "cl 1": "there is no breakpoint 1; the numbers are: none is set.",
    "b op=tahn": "break_at: no operation 'tahn' takes part in this backward pass.",
    "b name=w": "break_at: no tensor with the name 'w' takes part in this backward pass.",
    "b module=mlp": "break_at: no module 'mlp' takes part in this backward pass.",
    "b larg 3": "'larg 3' is no breakpoint. Did you mean large?",
    "b large x": "a number is needed, as in large 1e3, got 'x'.",
    "b large -1": "break_at: large is a number above 0",
    "b step x": "a number is needed, as in step 7, got 'x'.",
    "b step 9": "break_at: there is no step 9.",
    "b nowhere.py:7": "no operation of this pass is at nowhere.py:7. There are some at test_terminal.py:",
    "b foo > 1": "break_at: 'foo > 1' names foo, which no step of this pass has.",
    "b x = 3": "'x = 3' is no breakpoint.",
    "h nxt": "there is no command nxt. Did you mean next",
    "nxt": "there is no command nxt. Did you mean next",
    "x = 3": "there is no command x. h lists them.",
    "html {folder}/missing/page.html": "",
    "html {folder}": "",
}


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_is_answered_and_changes_nothing(line, tmp_path):
    leaves, loss = network()
    said = talk(loss, line.format(folder=tmp_path), "n", "finish")
    assert f"*** {MISTAKES[line]}" in said
    assert [text[:8] for text in said.splitlines() if text.startswith("step ")] == ["step 1/8", "step 2/8"]
    assert leaves[0].grad is not None
    assert list(tmp_path.iterdir()) == []


def test_every_raise_of_the_commands_has_a_row():
    seen = set()

    class Noting(Terminal):
        def refuse(self, error):
            seen.update([(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)])
            super().refuse(error)

    _, loss = network()
    noting = Noting(Stepper(loss), loss, None, None, io.StringIO(), io.StringIO())
    noting.onecmd("w")  # before the first step
    noting.begin()
    w = mg.tensor([1.0], requires_grad=True)
    unreached = w * 2
    unreached.copy_(w * 3)
    skipped = Noting(Stepper(unreached.sum()), unreached.sum(), None, None, io.StringIO(), io.StringIO())
    skipped.onecmd("j 4")
    skipped.onecmd("s")  # no gradient arrived
    for line in MISTAKES:
        noting.onecmd(line.format(folder="/"))
    missing = set()
    for name in (
        "breakpoint_words",
        "console",
        *[f"terminal_{each}" for each in ("breakpoints", "help", "tools", "views")],
    ):
        path = Path(debug.__file__).parent / f"{name}.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Raise) and node.exc is not None and (str(path), node.lineno) not in seen:
                missing.add((name, node.lineno))
    assert missing == set()


def test_an_empty_line_repeats_the_last_command():
    _, loss = network()
    said = talk(loss, "n 2", "", "", "c")
    assert [line[:8] for line in said.splitlines() if line.startswith("step ")] == [
        "step 1/8",
        "step 3/8",
        "step 5/8",
        "step 7/8",
    ]


def test_every_command_has_help_of_a_line_that_fits_the_screen():
    _, loss = network()
    said = talk(loss, "h", "c").splitlines()
    listed = said[
        said.index("move") : said.index(
            "Enter repeats the last command, Tab completes; an expression alone is printed."
        )
        + 1
    ]
    assert all(len(line) < 80 for line in listed)
    methods = {name for names in GROUPS.values() for name in names}
    known = {getattr(Terminal, name).__name__.removeprefix("do_") for name in dir(Terminal) if name.startswith("do_")}
    assert known == methods | {"help", "EOF"}
    for name in methods:
        assert talk(network()[1], f"h {name}", "c").count("Traceback") == 0


def test_jac_alone_shows_every_input_that_is_small_enough():
    x = mg.ones(30, 50, requires_grad=True)
    y = mg.ones(50, 1, requires_grad=True)
    said = talk((x @ y).sum(), "n", "jac", "c")
    assert "*** local_jacobian: d(output (30, 1))/d(x (30, 50))" in said
    assert "d output (30, 1) / d y (50, 1)" in said
    assert "(30 rows, 50 columns)" in said


def test_steps_beyond_the_memory_of_the_history_show_statistics():
    _, loss = network()
    said = talk(loss, "n 7", "j 2", "stats", "s", "steps", "p grad_output", "jac", "c", memory=0)
    assert "[past the history's memory]" in said
    assert "*** the rule of this operation cannot be run: the history keeps only the statistics of its arrays." in said
    assert "<Statistics (2, 3) float32" in said


def test_an_operation_that_no_gradient_reaches_has_a_page_too():
    w = mg.tensor([1.0, 2.0], requires_grad=True)
    h = w * 2
    h.copy_(w * 3)
    said = talk(h.sum(), "n 2", "n", "s", "stats", "a", "c")
    assert "no gradient arrived here" in said


def test_a_leaf_is_finished_at_once():
    w = mg.tensor(2.0, requires_grad=True)
    assert talk(w) == "done: 0 operations; the gradient is written to the tensor itself\n"
    assert w.grad.item() == 1.0


def test_several_outputs_and_sequences_have_names():
    w = mg.tensor([1.0, 5.0, 3.0], requires_grad=True, name="w")
    values, _ = mg.cat([w, w * 2]).max(0)
    said = talk(values, "stats", "jac", "n", "stats", "p grad_tensors[0]", "c")
    assert "grad_outputs[0]" in said
    assert "grad_tensors[1]" in said
    assert "array([0., 0., 0.], dtype=float32)" in said


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


def test_colours_mark_what_a_line_is():
    assert colours.painted("step 2/3  mul -> (2,)   in mlp.0      train.py:7") == (
        "\x1b[1mstep 2/3  mul -> (2,)   in mlp.0\x1b[0m\x1b[2m      train.py:7\x1b[0m"
    )
    assert colours.painted("    ^^^^") == "\x1b[1;32m    ^^^^\x1b[0m"
    assert colours.painted(" grad_x = y   (2,)  norm nan   w: new") == (
        " grad_x = y   (2,)  norm \x1b[1;31mnan\x1b[0m   w: new"
    )
    assert colours.painted("(3,)  norm -inf") == "(3,)  norm \x1b[1;31m-inf\x1b[0m"
    # Words are not numbers: a breakpoint, the head of a table, a name, a function.
    for line in ("value  shape  nan  inf", "breakpoint 1: nan"):
        assert "\x1b[1;31m" not in colours.painted(line)
    for line in ("x.nan", "nan(x)", "finance inform"):
        assert colours.painted(line) == line


@pytest.mark.parametrize(
    ("variables", "colour"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_a_terminal_has_colours_unless_it_is_told_not_to(variables, colour, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    screen = io.StringIO()
    assert not colours.wanted(screen)
    screen.isatty = lambda: True
    assert colours.wanted(screen) is colour


def test_a_terminal_without_unicode_shows_what_it_can():
    w = mg.tensor([1.0] * 50, requires_grad=True, name="größe")
    loss = (w * 2).sum()
    screen = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    Terminal(Stepper(loss), loss, None, None, io.StringIO("n\nc\n"), screen).interact()
    said = screen.buffer.getvalue().decode("ascii")
    assert "gr??e: new (leaf)" in said
    assert "[1 1 1 ? 1]" in said
