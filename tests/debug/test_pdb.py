"""pdb in a terminal: a break in a rule, its arguments, the stack, and a step from the engine into the rule."""

import os
import re
import sys
from pathlib import Path

import pytest

pexpect = pytest.importorskip("pexpect")

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """\
import minigrad as mg
import minigrad

x = mg.tensor([[1.0, 2.0]], requires_grad=True, name="x")
W = mg.tensor([[0.5], [0.25]], requires_grad=True, name="W")
h = mg.tanh(x @ W)
loss = (h * h).sum()
loss.backward()
print("the end")
"""
PROMPT = re.escape("(Pdb) ")


class Terminal:
    """``python -m pdb train.py`` in a pseudo-terminal."""

    def __init__(self, script):
        command = ["-u", "-m", "pdb", str(script)]
        paths = f"{ROOT}:{ROOT / 'kernels'}"
        environment = {**os.environ, "TERM": "dumb", "PYTHONPATH": paths, "MINIGRAD_PROGRESS": "0"}
        self.child = pexpect.spawn(sys.executable, command, env=environment, encoding="utf-8", timeout=120, echo=False)
        self.child.setwinsize(50, 200)
        self.child.expect(PROMPT)

    def __call__(self, command):
        """Send a command and return its answer."""
        self.child.sendline(command)
        self.child.expect(PROMPT)
        return self.child.before.replace("\r", "")


@pytest.fixture
def pdb(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(PROGRAM)
    terminal = Terminal(script)
    yield terminal
    terminal.child.close(force=True)


def frames_below_the_script(stack):
    """Return the functions of a printed stack that lie between the script and where the program stands."""
    functions = re.findall(r"^[> ] .*\(\d+\)(\S+)\(\)", stack, re.MULTILINE)
    return functions[len(functions) - 1 - functions[::-1].index("<module>") + 1 :]


def test_a_break_in_a_rule_shows_what_the_formula_reads(pdb):
    pdb("b 8")
    assert "loss.backward()" in pdb("c")
    assert re.search(r"Breakpoint 2 at .*elementwise\.py:\d+", pdb("b minigrad.ops.elementwise.tanh_vjp"))
    assert "tanh_vjp(" in pdb("c")
    arguments = pdb("args").split("\n")
    assert [line.split(" = ")[0] for line in arguments if line] == ["grad_output", "output"]
    assert "array([[0.7615942]], dtype=float32)" in arguments[1]
    stack = pdb("w")
    assert frames_below_the_script(stack) == ["backward", "visit", "tanh_vjp"]
    assert "tanh_vjp" in stack
    assert "loss.backward()" in stack
    assert pdb("p 1 - output**2").strip().startswith("array([[0.41997")
    pdb("cl 1 2")
    assert "the end" in pdb("c")


def test_steps_lead_from_the_engine_into_the_rule(pdb):
    pdb("b 8")
    pdb("c")
    pdb("b minigrad.autograd.visit")
    assert "visit(" in pdb("c")
    assert pdb("p node").startswith("<Node sum () at train.py:7")
    pdb("cl 1 2")
    answer, steps = "", 0
    while "sum_vjp(" not in answer:
        answer = pdb("s")
        steps += 1
        assert steps < 60, answer
    assert "--Call--" in answer
    assert pdb("args").startswith("grad_output = ")
    assert frames_below_the_script(pdb("w")) == ["backward", "visit", "sum_vjp"]


def test_a_tensor_is_one_line_shape_first(pdb):
    pdb("b 9")
    pdb("c")
    assert pdb("p h").strip() == "Tensor((1, 1) float32 from tanh | 0.7616)"
    assert pdb("p x").strip() == "Tensor((1, 2) float32 'x' requires grad, grad set | 1 2)"
    assert pdb("pp [x, W]").count("\n") <= 3
