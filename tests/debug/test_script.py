"""``python -m minigrad step`` and ``MINIGRAD_STEP``: a program's passes in the stepper, where somebody asked for it."""

import os
import subprocess
import sys
from bdb import BdbQuit

import pytest

import minigrad as mg
from minigrad import autograd
from minigrad.__main__ import main
from minigrad.debug import openings, tracing
from minigrad.debug.script import run_script
from minigrad.modes import STATE
from tests.debug.terminals import ROOTS, Talk

TRAIN = """\
import sys
import minigrad as mg

W = mg.tensor([[0.5, -0.5]], requires_grad=True, name="W")
for epoch in range(int(sys.argv[1]) if len(sys.argv) > 1 else 3):
    W.grad = None
    loss = (mg.tensor([[1.0], [2.0]]) @ W).exp().sum()
    loss.backward()
    W.data -= 0.01 * W.grad.data
print("trained:", W.data.tolist(), __name__, sys.argv, sys.path[0])
"""


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "train.py"
    path.write_text(TRAIN)
    return path


@pytest.fixture
def typed(monkeypatch):
    """Return a function that lets the stepper read some lines, as if from a terminal."""

    def type_lines(*lines):
        answers = iter(lines)

        def answer(prompt=""):
            try:
                return next(answers)
            except StopIteration:
                raise EOFError from None

        monkeypatch.setattr("builtins.input", answer)
        monkeypatch.setattr(tracing, "has_terminal", lambda: True)

    return type_lines


@pytest.fixture(autouse=True)
def nothing_is_left():
    yield
    assert openings.asked_for is None
    assert mg.Tensor.backward is autograd.backward is openings.ordinary_backward
    assert not STATE.get().keep_inputs


def pages(text):
    """Return the first line of each pass that was opened."""
    return [line for line in text.splitlines() if line.startswith("backward")]


def test_each_pass_of_a_script_is_opened(script, typed, capsys):
    typed("c", "finish", "n 2", "n", "c")
    assert run_script(str(script)) == 0
    said = capsys.readouterr()
    assert [line.split(":")[0] for line in pages(said.out)] == ["backward 1", "backward 2", "backward 3"]
    assert "step 3/3  matmul" in said.out
    assert "W: new (leaf)" in said.out
    assert said.err == ""


def test_the_script_trains_as_without_the_stepper_and_sees_its_own_arguments(script, typed, capsys):
    typed(*["n", "c"] * 2)
    assert run_script(str(script), ["2", "--flag"]) == 0
    printed = capsys.readouterr().out.splitlines()[-1]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(ROOTS)}
    command = [sys.executable, str(script), "2", "--flag"]
    assert (
        printed == subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()
    )
    assert "'2', '--flag'] " in printed


def test_only_the_pass_that_was_asked_for_is_opened(script, typed, capsys):
    typed("n", "c")
    assert main(["step", "--backward", "2", str(script), "--backward", "9"]) == 1  # int("--backward") in the script
    assert "ValueError: invalid literal for int()" in capsys.readouterr().err
    assert main(["step", "--backward", "2", str(script)]) == 0
    said = capsys.readouterr()
    assert [line.split(":")[0] for line in pages(said.out)] == ["backward 2"]
    assert run_script(str(script), number=7) == 0
    assert capsys.readouterr().err == "minigrad step: 3 backward passes were run, and number 7 was asked for\n"


def test_breakpoints_hold_for_the_passes_that_follow_and_leave_opens_no_more(script, typed, capsys):
    typed("b op=exp", "c", "c", "c", "p epoch", "leave")
    assert run_script(str(script), ["5"]) == 0
    said = capsys.readouterr().out
    assert [line.split(":")[0] for line in pages(said)] == ["backward 1", "backward 2", "backward 3"]
    assert said.count("at breakpoint 1: op=exp") == 3
    assert "\n2\ndone: 3 operations" in said  # the epoch of the third pass
    assert "trained:" in said


def test_operations_can_be_run_again_for_finite_differences(script, typed, capsys):
    typed("n 2", "fd", "leave")
    assert run_script(str(script)) == 0
    assert "grad_y: 2 numbers agree" in capsys.readouterr().out


def test_q_ends_the_script_with_a_line_and_no_traceback(script, typed, capsys):
    typed("c", "n", "q")
    assert run_script(str(script)) == 1
    said = capsys.readouterr()
    assert "trained" not in said.out
    assert said.err == "minigrad step: stopped in backward pass 2; no gradient of it was written\n"


def test_a_module_is_run_as_with_python_m(script, tmp_path, typed, capsys, monkeypatch):
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(TRAIN.replace("import sys\n", "import sys\nfrom package import names\n"))
    (package / "names.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    typed("leave")
    assert main(["step", "-m", "package", "2"]) == 0
    printed = capsys.readouterr().out.splitlines()[-1]
    assert "__main__" in printed
    assert "__main__.py', '2']" in printed


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("def f():\n    raise KeyError('mine')\nf()\n", "line 2, in f\n    raise KeyError('mine')\nKeyError: 'mine'\n"),
        ("def f(:\n", "SyntaxError: invalid syntax\n"),
        ("import no_such_module\n", "ModuleNotFoundError: No module named 'no_such_module'\n"),
    ],
)
def test_an_error_is_shown_with_the_traceback_of_the_script_alone(source, error, script, capsys):
    script.write_text(source)
    assert run_script(str(script)) == 1
    shown = capsys.readouterr().err
    assert shown.endswith(error)
    assert "runpy" not in shown
    assert "debug/script.py" not in shown


def test_what_there_is_not_is_told_in_a_line(tmp_path, capsys):
    assert run_script(str(tmp_path / "nowhere.py")) == 2
    assert capsys.readouterr().err.startswith("minigrad step: there is no file ")
    assert run_script("no_such_module", module=True) == 1
    assert capsys.readouterr().err == "minigrad step: No module named no_such_module\n"
    with pytest.raises(SystemExit):
        main(["step", "--backward", "0", "train.py"])
    assert "a number from 1 is needed, got '0'" in capsys.readouterr().err


def test_the_full_screen_is_refused_before_the_script_runs_where_it_cannot_be(script, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "textual", None)
    assert main(["step", "--tui", str(script)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "minigrad step: --tui needs textual, which is not installed: pip install 'minigrad[tui]'\n"


def test_the_help_lists_the_command(capsys):
    assert main([]) == 0
    assert "step through its backward passes in the terminal" in " ".join(capsys.readouterr().out.split())


def test_control_c_in_the_script_has_the_status_of_shells(script, capsys):
    script.write_text("raise KeyboardInterrupt")
    assert run_script(str(script)) == 130
    assert capsys.readouterr().err.endswith("KeyboardInterrupt\n")


def test_the_status_of_a_script_is_kept(script):
    script.write_text("import sys; sys.exit(7)")
    with pytest.raises(SystemExit) as caught:
        run_script(str(script))
    assert caught.value.code == 7


def test_a_script_without_a_pass_is_told(script, capsys):
    script.write_text("print('nothing to differentiate')")
    assert run_script(str(script)) == 0
    assert capsys.readouterr().err == "minigrad step: no backward pass was run\n"


def test_passes_that_cannot_be_stepped_run_as_they_are(script, typed, capsys):
    script.write_text(
        "import minigrad as mg\n"
        "x, y = [mg.tensor(v, requires_grad=True) for v in (2.0, 3.0)]\n"
        "(x * y).backward(inputs=[x])\n"
        "(x * x).backward(create_graph=True)\n"
        "print(x.grad.item(), y.grad)\n"
    )
    typed()
    assert run_script(str(script)) == 0
    said = capsys.readouterr()
    assert said.out == "7.0 None\n"
    assert "backward 1 has inputs=, which the stepper does not run: not opened" in said.err
    assert "backward 2 has create_graph=True" in said.err


def test_the_graph_is_kept_where_backward_is_told_so(script, typed):
    script.write_text(
        "import minigrad as mg\n"
        "x = mg.tensor(2.0, requires_grad=True)\n"
        "loss = x * x\n"
        "loss.backward(retain_graph=True)\n"
        "mg.autograd.backward(loss, mg.tensor(10.0))\n"
        "assert x.grad.item() == 44.0\n"
        "loss.backward()\n"
    )
    typed("c", "c")
    assert run_script(str(script)) == 1  # the third raises, as it would


def test_without_a_terminal_each_pass_is_a_table(script, capsys):
    assert run_script(str(script)) == 0
    assert capsys.readouterr().out.count("operation  output") == 3


def test_a_program_that_nobody_steps_calls_backward_itself():
    program = (
        "import sys, minigrad as mg\n"
        "names = ('minigrad.debug.openings', 'minigrad.debug.terminal', 'minigrad.debug.fullscreen')\n"
        "print(mg.Tensor.backward.__module__, *[name for name in names if name in sys.modules])\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(ROOTS)}
    environment.pop("MINIGRAD_STEP", None)
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "minigrad.autograd\n"


@pytest.mark.parametrize("value", ["0", "x", "-1", "2.5"])
def test_a_variable_that_is_no_number_is_refused(value, monkeypatch):
    monkeypatch.setenv("MINIGRAD_STEP", value)
    with pytest.raises(ValueError, match=f"MINIGRAD_STEP: .* got '{value}'"):
        openings.open_from_environment()


def test_an_empty_variable_is_none(monkeypatch):
    monkeypatch.setenv("MINIGRAD_STEP", " ")
    openings.open_from_environment()


def test_the_pass_that_the_variable_names_is_opened_on_the_terminal(script):
    with Talk(script, MINIGRAD_STEP="2") as talk:
        opened = talk.until()
        assert [line.split(":")[0] for line in pages(opened)] == ["backward 2"]
        assert "agrees with finite differences" in talk.say("fd")
        text, status = talk.end("c")
    assert "trained:" in text
    assert status == 0
    with Talk(script, MINIGRAD_STEP="9") as talk:
        text, status = talk.end()
    assert "MINIGRAD_STEP: 3 backward passes were run, and number 9 was asked for" in text


def test_the_command_opens_each_pass_on_the_terminal(script):
    with Talk("-m", "minigrad", "step", script, "2") as talk:
        assert "backward 1: loss" in talk.until()
        assert "backward 2: loss" in talk.say("c")
        text, status = talk.end("q")
    assert "minigrad step: stopped in backward pass 2" in text
    assert "Traceback" not in text
    assert status == 1


def test_a_quit_in_a_program_reaches_it(typed):
    typed("q")
    openings.open_passes()
    try:
        x = mg.tensor(2.0, requires_grad=True)
        with pytest.raises(BdbQuit):
            (x * x).backward()
        assert x.grad is None
    finally:
        openings.close_passes()
