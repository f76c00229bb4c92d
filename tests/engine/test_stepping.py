"""From ``loss.backward()`` a debugger is in the formula after a few steps, and sees what the formula reads."""

import inspect
import re
import subprocess
import sys
import threading

import pytest

import minigrad as mg
from minigrad.ops.arithmetic import mul_vjp
from minigrad.ops.elementwise import tanh_vjp


@pytest.fixture
def loss():
    x = mg.tensor(2.0, requires_grad=True)
    y = mg.tensor(3.0, requires_grad=True)
    return x * y


def entered(loss, rule, install):
    """Return the functions entered between ``loss.backward()`` and ``rule``, and the frames that then lie between."""
    calls, depth = [], []
    here = sys._getframe()

    def tracer(frame, event, argument):
        if event == "call" and not depth:
            calls.append(frame.f_code.co_name)
            if frame.f_code is rule.__code__:
                while frame is not here:
                    depth.append(frame.f_code.co_name)
                    frame = frame.f_back

    previous = sys.getprofile() if install is sys.setprofile else sys.gettrace()
    install(tracer)
    try:
        loss.backward()
    finally:
        install(previous)
    return calls, depth[::-1]


@pytest.mark.parametrize("install", [sys.setprofile, sys.settrace], ids=["setprofile", "settrace"])
def test_at_most_eight_calls_and_three_frames_lead_to_the_formula_of_a_product(loss, install):
    calls, depth = entered(loss, mul_vjp, install)
    assert calls[0] == "backward"
    assert calls[-1] == "mul_vjp"
    assert len(calls) <= 8, calls
    assert depth[-1] == "mul_vjp"
    assert len(depth) <= 3, depth


def test_no_rule_is_more_than_three_frames_below_backward():
    x = mg.tensor([[0.5, 1.5]], requires_grad=True)
    loss = (mg.tanh(x @ x.T) * x.expand(3, 2)[:, :1]).sum()
    depths = {}
    here = sys._getframe()

    def tracer(frame, event, argument):
        name = frame.f_code.co_name
        if event == "call" and name.endswith("_vjp"):
            number = 0
            while frame is not here:
                number, frame = number + 1, frame.f_back
            depths[name] = number

    sys.setprofile(tracer)
    try:
        loss.backward()
    finally:
        sys.setprofile(None)
    assert {"sum_vjp", "mul_vjp", "tanh_vjp", "matmul_vjp", "get_item_vjp", "expand_vjp"} <= set(depths)
    assert set(depths.values()) <= {2, 3}


def test_the_engine_calls_the_rule_itself_and_not_a_wrapper_of_it(loss):
    assert loss.grad_fn.vjp is mul_vjp
    assert inspect.isfunction(mul_vjp)
    assert not hasattr(mul_vjp, "__wrapped__")
    assert not hasattr(mg.mul, "__wrapped__")
    assert mul_vjp.__code__.co_freevars == ()


def test_a_method_is_the_function_itself():
    assert mg.Tensor.tanh is mg.tanh
    assert mg.Tensor.__mul__ is mg.mul
    assert mg.Tensor.backward is mg.autograd.backward


PROGRAM = """\
import minigrad as mg
import minigrad
x = mg.tensor(2.0, requires_grad=True, name="x")
y = mg.tensor(3.0, requires_grad=True, name="y")
loss = mg.tanh(x) * y
product = x * y
product.backward()
loss.backward()
print("end of the program")
"""
PROMPT = "(Pdb) "


class Session:
    """``python -m pdb`` on a script, spoken to through its pipes."""

    def __init__(self, script):
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "pdb", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            bufsize=0,
        )
        # A debugger that waits for something else than the next command would block the reading for ever.
        self.limit = threading.Timer(60, self.process.kill)
        self.limit.start()
        self.read()

    def read(self):
        """Return what is printed up to the next prompt."""
        text = ""
        while not text.endswith(PROMPT):
            character = self.process.stdout.read(1)
            assert character, f"the debugger has ended:\n{text}"
            text += character
        return text.removesuffix(PROMPT)

    def __call__(self, command):
        """Send a command and return its answer."""
        self.process.stdin.write(command + "\n")
        return self.read()

    def close(self):
        self.limit.cancel()
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def pdb(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(PROGRAM)
    session = Session(script)
    yield session
    session.close()


def test_pdb_steps_from_backward_into_the_formula_and_shows_its_arguments(pdb):
    pdb("b 7")
    assert "product.backward()" in pdb("c")
    names, steps, answer = [], 0, ""
    while "mul_vjp(" not in answer:
        answer = pdb("s")
        steps += 1
        assert steps < 200, names
        if "--Call--" in answer:
            names.append(re.search(r"\(\d+\)(\S+)\(", answer).group(1))
    assert names[0] == "backward"
    assert names[-1] == "mul_vjp"
    assert len(names) <= 8, names

    arguments = pdb("args").splitlines()
    assert arguments == [
        "grad_output = array(1., dtype=float32)",
        "x = array(2., dtype=float32)",
        "y = array(3., dtype=float32)",
    ]

    stack = pdb("w")
    assert "arithmetic.py" in stack
    assert "mul_vjp(" in stack
    assert "product.backward()" in stack
    frames = re.findall(r"^[> ] .*\(\d+\)\S+\(\)", stack, re.MULTILINE)
    below = frames[[index for index, frame in enumerate(frames) if "train.py" in frame][-1] + 1 :]
    assert 2 <= len(below) <= 3

    formula = pdb("l")
    assert "grad_x = " in formula
    assert "grad_output * y" in formula
    assert pdb("p float(grad_output * y)").strip() == "3.0"


def test_a_breakpoint_on_a_rule_by_its_dotted_name_is_hit(pdb):
    pdb("n")
    pdb("n")
    line = inspect.getsourcelines(tanh_vjp)[1]
    assert re.search(rf"Breakpoint 1 at .*elementwise\.py:{line}", pdb("b minigrad.ops.elementwise.tanh_vjp"))
    answer = pdb("c")
    assert "tanh_vjp(" in answer
    assert "elementwise.py" in answer
    assert [line.split(" = ")[0] for line in pdb("args").splitlines()] == ["grad_output", "output"]
    assert "loss.backward()" in pdb("w")
    assert "end of the program" in pdb("c")


def test_the_up_command_shows_which_node_is_running(pdb):
    pdb("n")
    pdb("n")
    pdb("b minigrad.ops.elementwise.tanh_vjp")
    pdb("c")
    pdb("u")
    assert pdb("p node").startswith("<Node tanh () at train.py:5")


def test_tensors_show_themselves_in_one_line_in_the_debugger(pdb):
    pdb("b 8")
    pdb("c")
    assert pdb("p x").strip() == "Tensor(() float32 'x' requires grad, grad set | 2)"
    assert pdb("p loss").startswith("Tensor(() float32 from mul | 2.892)")
    assert pdb("p x.grad").strip() == "Tensor(() float32 | 3)"


def test_writes_to_other_memory_do_not_lengthen_the_way(loss):
    mg.rand(2)
    calls, depth = entered(loss, mul_vjp, sys.setprofile)
    # One look at the stamps of the node, in which nothing is called.
    assert len(calls) <= 9, calls
    assert len(depth) <= 3, depth
