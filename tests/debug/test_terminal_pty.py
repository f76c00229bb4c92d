"""The terminal stepper under a real pseudo-terminal: every command, Ctrl-C, the terminal's end, ``s`` into pdb."""

import signal

import pexpect
import pytest

from tests.debug.terminals import PDB, Talk

PROGRAM = """\
import minigrad as mg
from minigrad import debug

x = mg.tensor([[1.0, 2.0], [3.0, 4.0]])
W1 = mg.tensor([[0.1, -0.2], [0.3, 0.4]], requires_grad=True, name="W1")
W2 = mg.tensor([[1.0], [-1.0]], requires_grad=True, name="W2")


def network(x):
    h = mg.tanh(x @ W1)
    return h @ W2


with debug.recording():
    e = network(x)
    loss = (e * e).sum()
try:
    debug.set_trace(loss)
finally:
    print("W1.grad is", W1.grad)
print("the program goes on")
"""
#: For each command what its answer must hold, in the order in which they are typed.
COMMANDS = {
    "h": ["n(ext) [k]", "b(reak) [where]", "q(uit)"],
    "h jac": ["jac [input]: d(output)/d(input) of this operation", "jac 0, jac x"],
    "l": ["-> ", "loss = (e * e).sum()  # 1 sum, 2 mul", "^^^^^^^^^^^^^"],
    "n": ["step 2/5  mul -> (2, 1)", "grad_x = grad_output * y", "e: new", "e: added"],
    "next 1": ["step 3/5  matmul -> (2, 1)", "return h @ W2", "       ^^^^^^", "h: new", "W2: new (leaf)"],
    "": ["step 4/5  tanh -> (2, 2)"],
    "rn 2": ["step 2/5  mul", "looking back: 4 steps have been taken"],
    "back": ["step 1/5  sum"],
    "j 3": ["step 3/5  matmul"],
    "goto 99": ["*** there is no step 99; they are numbered 1 to 5."],
    "steps": ["operation", "->  3  matmul", "    5  matmul"],
    "w": ["program.py(11)network()", "h @ W2", "matmul_vjp"],
    "where": ["program.py(11)network()"],
    "a": ["grad_output = array(", "x = array(", "y = array("],
    "p grad_output.shape": ["(2, 1)"],
    "p W2": ["Tensor((2, 1) float32 'W2' requires grad"],
    "p np.abs(grad_x).max() > 0": ["True"],
    "pp sorted(step.saved)": ["['x', 'y']"],
    "grad_y.shape": ["(2, 1)"],
    "p gard_output": ["*** NameError: this step has no gard_output. Did you mean grad_output?"],
    "p axes": ["*** NameError: this step has no axes, but other steps have."],
    "p 1 +": ["*** SyntaxError"],
    "jac x": ["d output (2, 1) / d x (2, 2)", "   1  -1   0   0", "   0   0   1  -1"],
    "jac 1": ["d output (2, 1) / d y (2, 1)"],
    "jac z": ["*** local_jacobian: 'z' is no input"],
    "fd": ["agrees with finite differences", "grad_x: 4 numbers agree", "grad_y: 2 numbers agree"],
    "stats": ["value", "norm", "grad_output", "float32"],
    "stats W1.data": ["W1.data  (2, 2)  float32  -0.2"],
    "display grad_output.shape": ["display grad_output.shape: (2, 1)"],
    "display": ["displayed at each stop:", "grad_output.shape"],
    "s": ["matmul_vjp in pdb"],
    "j 4": ["step 4/5  tanh", "display grad_output.shape: (2, 2)"],
    "undisplay grad_output": ["is not displayed. Did you mean grad_output.shape?"],
    "undisplay": [],
    "b": ["there are no breakpoints"],
    "b op=tnh": ["*** break_at: no operation 'tnh'", "Did you mean tanh?"],
    "b name=W7": ["*** break_at: no tensor with the name 'W7'", "W1"],
    "b op=tanh": ["breakpoint 1: op=tanh"],
    "b grad_z > 1": ["*** break_at: 'grad_z > 1' names grad_z, which no step of this pass has."],
    "tb step 5": ["breakpoint 2 (once): step 5"],
    "b nam=W1": ["'nam=W1' is no breakpoint. Did you mean name", "A breakpoint is op=tanh"],
    "rc": ["there is no breakpoint before", "step 1/5  sum"],
    "c": ["at breakpoint 1: op=tanh", "step 4/5  tanh"],
    "cont": ["at breakpoint 2 (once): step 5", "step 5/5  matmul", "W1: new (leaf)"],
    "b W1.shape": ["breakpoint 3: W1.shape"],
    "cl 9": ["*** there is no breakpoint 9; the numbers are: 1, 3."],
    "cl 3": ["deleted breakpoint 3: W1.shape"],
    "rc ": ["at breakpoint 1: op=tanh"],
    "cl": ["deleted breakpoint 1: op=tanh"],
    "nxt": ["*** there is no command nxt. Did you mean next"],
    "html nowhere/at/all.html": ["*** "],
}


@pytest.fixture
def program(tmp_path):
    path = tmp_path / "program.py"
    path.write_text(PROGRAM)
    return path


def test_every_command_answers_on_a_terminal(program, tmp_path):
    with Talk(program) as talk:
        opened = talk.until()
        assert "backward: loss = " in opened
        assert "5 operations, the last one first" in opened
        assert "h help" in opened
        assert "step 1/5  sum -> ()" in opened
        assert "\x1b[1m" not in opened  # NO_COLOR is set
        for command, expected in COMMANDS.items():
            if command == "s":
                assert "(Pdb)" not in talk.say("s", PDB)
                answer = talk.say("c")
                assert "matmul_vjp returned (2, 2), (2, 1); back at step 3 of 5" in answer
                continue
            answer = talk.say(command)
            for text in expected:
                assert text in answer, (command, answer)
        assert "written: " in talk.say(f"html {tmp_path / 'page.html'}")
        assert "<svg" in (tmp_path / "page.html").read_text()
        assert "matmul" in talk.say("graph")
        text, status = talk.end("finish")
    assert "done: 5 operations; gradients are written to W2, W1" in text
    assert "W1.grad is Tensor((2, 2) float32" in text
    assert "the program goes on" in text
    assert status == 0


def test_s_is_pdb_in_the_rule_with_kernels_as_python_and_q_ends_the_program_without_a_gradient(program):
    with Talk(program) as talk:
        talk.until()
        talk.say("j 4")
        stopped = talk.say("s", PDB)
        assert "tanh_vjp()" in stopped
        arguments = talk.say("a", PDB)
        assert "grad_output = array(" in arguments
        assert "output = array(" in arguments
        entered = talk.say("s", PDB)
        for _ in range(40):  # down through the operation into the kernel's source
            if "minigrad_kernels" in entered:
                break
            entered = talk.say("s", PDB)
        assert "minigrad_kernels" in entered
        # In pdb, q leaves the rule and not the program; in the stepper it leaves the program, as pdb does.
        assert "back at step 4 of 5" in talk.say("q")
        assert "step 5/5" in talk.say("n")
        text, status = talk.end("q")
    assert "No gradient was written" in text
    assert "W1.grad is None" in text
    assert "bdb.BdbQuit" in text
    assert "the program goes on" not in text
    assert status == 1


def test_a_terminal_that_goes_away_hangs_nothing_up_and_leaves_no_gradient(program, tmp_path):
    # As under nohup: the program outlives its terminal, and finds it gone.
    source = program.read_text().replace('print("W1.grad is", W1.grad)', 'open("left", "w").write(str(W1.grad))')
    program.write_text(
        f"import os, signal\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\nos.chdir({str(tmp_path)!r})\n{source}"
    )
    talk = Talk(program)
    talk.until()
    talk.say("n 3")
    talk.child.ptyproc.fileobj.close()
    talk.child.closed = True
    assert talk.child.ptyproc.wait() != 0
    assert (tmp_path / "left").read_text() == "None"


def test_a_hang_up_ends_the_program(program):
    with Talk(program) as talk:
        talk.until()
        talk.child.kill(signal.SIGHUP)
        talk.child.expect(pexpect.EOF)
        talk.child.close()
        assert talk.child.signalstatus == signal.SIGHUP


def test_tab_completes_and_control_c_at_the_prompt_drops_the_line(program):
    with Talk(program, echo=True) as talk:
        talk.until()
        for typed, completed in (("undi", "undisplay"), ("b op=ta", "b op=tanh"), ("p grad_out", "p grad_output")):
            talk.child.send(f"{typed}\t")
            talk.child.expect_exact(completed)
            talk.interrupt("--KeyboardInterrupt--")
            talk.until()
        assert "step 2/5" in talk.say("n")


SLOW = """\
import signal
import minigrad as mg
from minigrad import debug
from minigrad.autograd import record

runs = []


def slow(x):
    return record(slow, slow_vjp, x.data + 1, (x,), ())


def slow_vjp(grad_output):
    runs.append(1)
    if len(runs) == 1:
        print("the rule runs", flush=True)
        # Until Ctrl-C has been noticed, which takes as long as the terminal needs for it.
        while not signal.getsignal(signal.SIGINT).__self__.asked:
            pass
    return grad_output


w = mg.tensor([1.0], requires_grad=True, name="w")
loss = slow(slow(slow(w * 2))).sum()
debug.set_trace(loss)
print("w.grad is", w.grad, "after", len(runs), "runs")
"""


def test_control_c_while_operations_run_stops_after_the_one_that_runs(tmp_path):
    (tmp_path / "slow.py").write_text(SLOW)
    with Talk(tmp_path / "slow.py") as talk:
        talk.until()
        talk.child.sendline("c")
        talk.child.expect_exact("the rule runs")
        talk.child.sendintr()
        stopped = talk.until()
        assert "Ctrl-C: stopped after this step" in stopped
        assert "step 2/5  slow" in stopped
        # The pass is whole: it goes on to the end, with the right gradient.
        text, status = talk.end("c")
    assert "w.grad is Tensor((1,) float32 | 2) after 3 runs" in text
    assert status == 0


def test_colours_are_for_terminals_that_want_them_and_the_end_of_the_input_is_q(program):
    with Talk(program, NO_COLOR="") as talk:
        assert "\x1b[1mstep 1/5" in talk.until()
        talk.child.sendeof()
        text, status = talk.end()
    assert "W1.grad is None" in text
    assert status == 1
