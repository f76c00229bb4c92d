"""What the terminal stepper answers: its pages, its help, its colours, and every mistake that can be typed."""

import ast
import io
import traceback
from pathlib import Path

import pytest

import minigrad as mg
from minigrad import debug
from minigrad.debug import colours
from minigrad.debug.stepper import Stepper
from minigrad.debug.terminal import Terminal
from minigrad.debug.terminal_help import GROUPS
from tests.debug.dialogues import network, talk

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
    "b nowhere.py:7": "no operation of this pass is at nowhere.py:7. There are some at dialogues.py:",
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


def test_several_outputs_and_sequences_have_names():
    w = mg.tensor([1.0, 5.0, 3.0], requires_grad=True, name="w")
    values, _ = mg.cat([w, w * 2]).max(0)
    said = talk(values, "stats", "jac", "n", "stats", "p grad_tensors[0]", "c")
    assert "grad_outputs[0]" in said
    assert "grad_tensors[1]" in said
    assert "array([0., 0., 0.], dtype=float32)" in said


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
