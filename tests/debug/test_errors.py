"""One table of what stepping refuses: the call, the type of the error, and what its message must hold.

Every ``raise`` of the files below has a row. Whatever is refused writes no gradient.
"""

import ast
import traceback
from pathlib import Path

import numpy as np
import pytest

import minigrad as mg
from minigrad import debug, func
from minigrad.graph import record

HERE = Path(__file__).name
FOLDER = Path(debug.__file__).parent
FILES = (
    "stepping",
    "stepper",
    "breakpoints",
    "history",
    "jacobians",
    "finite_differences",
    "recordings",
    "traces",
    "comparisons",
    "statistics",
)


class Setting:
    """A pass of four steps, and a Stepper that stands at its second one, a product."""

    def __init__(self):
        self.w = mg.tensor([0.5, -1.0], requires_grad=True, name="weight")
        self.h = self.w * 3
        self.loss = (self.h.tanh() * self.w).sum()
        self.stepper = debug.Stepper(self.loss)
        self.step = self.stepper.next(2)


def released(s):
    trunk = s.w * s.w
    first, second = trunk.tanh().sum(), trunk.exp().sum()
    mg.autograd.grad(first, s.w)
    list(debug.steps(second))


def recording_for_a_loss(s):
    with debug.recording() as r:
        s.loss.backward(retain_graph=True)
    s.w.grad = None
    debug.trace(r)


def statistics_only(s):
    stepper = debug.Stepper(s.loss, memory=0)
    stepper.goto(3)
    return stepper.goto(1)


def large(s):
    w = mg.ones(70, requires_grad=True)
    (step,) = debug.steps(w * 2, gradient=mg.ones(70))
    step.local_jacobian(0)


def changed(s):
    with mg.no_grad():
        s.w += 1
    s.step.local_jacobian(1)


def changed_input(s):
    with debug.recording():
        h = s.w * 2
        loss = (h + 1).sum()
    step = list(debug.trace(loss))[1]
    with mg.no_grad():
        h += 1
    step.check()


def same_vjp(grad_output):
    return grad_output


def noisy(x):
    array = x.data if mg.is_tensor(x) else x
    return record(noisy, same_vjp, array + np.random.default_rng().normal(size=array.shape), (x,), ())


def tensors_only(x):
    return record(tensors_only, same_vjp, x.tanh().data, (x,), ())


def checked(operation):
    def call(s):
        with debug.recording():
            loss = operation(s.w).sum()
        list(debug.trace(loss))[1].check()

    return call


def used_twice(s):
    r = debug.recording()
    with r:
        pass
    with r:
        pass


def under_vmap(s):
    def inside(x):
        with debug.recording():
            return x * 2

    func.vmap(inside)(mg.ones(3))


def fails(step):
    return 1 / 0


def breakpoint_that_raises(s):
    s.stepper.break_at("grad_x[7] > 0")
    s.stepper.cont()


def closed(s):
    s.stepper.close()
    s.stepper.next()


def two_passes(s):
    with debug.recording() as r:
        debug.trace((s.w * 2).sum())
    r.trace(3)


def no_pass(s):
    with debug.recording() as r:
        s.w * 2
    r.trace()


TABLE = {
    # A pass that cannot begin, or go on
    "no gradient": (lambda s: debug.Stepper(mg.ones(1)), RuntimeError, "Stepper", "does not require grad"),
    "several elements": (lambda s: debug.Stepper(s.h), RuntimeError, "Stepper", "(2,)", ".sum()"),
    "no tensor": (lambda s: debug.trace(3.0), TypeError, "trace", "float 3.0"),
    "gradient of another shape": (lambda s: debug.trace(s.h, mg.ones(3)), ValueError, "(2,)", "(3,)"),
    "a released graph": (released, RuntimeError, "steps", "mul", "released", "s.w * s.w", "retain_graph=True"),
    "closed": (closed, RuntimeError, "closed after step 2 of 4", "debug.Stepper(loss)"),
    "a recording in the place of a loss": (
        recording_for_a_loss,
        TypeError,
        "trace: a loss",
        "recording",
        "r.trace(...)",
    ),
    # Moving
    "next 0": (lambda s: s.stepper.next(0), ValueError, "next: k is 1 or more, got 0", "back()"),
    "back -1": (lambda s: s.stepper.back(-1), ValueError, "back: k is 1 or more, got -1"),
    "next of a float": (lambda s: s.stepper.next(1.5), TypeError, "next: k is an integer", "1.5", "int(...)"),
    "goto beyond": (lambda s: s.stepper.goto(5), ValueError, "there is no step 5", "1 to 4"),
    "goto of a text": (lambda s: s.stepper.goto("5"), ValueError, "there is no step", "'5'"),
    "memory": (lambda s: debug.Stepper(s.loss, memory="1 GB"), TypeError, "memory", "bytes", "'1 GB'"),
    "negative memory": (lambda s: debug.Stepper(s.loss, memory=-1), ValueError, "memory", "-1"),
    "until": (lambda s: s.stepper.until(fails), RuntimeError, "until: fails(step)", "ZeroDivisionError", "3/4 tanh"),
    # Breakpoints
    "nothing": (lambda s: s.stepper.break_at(), ValueError, "nothing was said", "op='tanh'"),
    "op": (lambda s: s.stepper.break_at(op="tahn"), ValueError, "operation 'tahn'", "Did you mean tanh?"),
    "op far off": (lambda s: s.stepper.break_at(op="zzz"), ValueError, "'zzz'", "There are mul, sum, tanh."),
    "name": (lambda s: s.stepper.break_at(name="wieght"), ValueError, "name 'wieght'", "Did you mean weight"),
    "module": (lambda s: s.stepper.break_at(module="mlp.*"), ValueError, "module 'mlp.*'", "none has"),
    "op of a function": (lambda s: s.stepper.break_at(op=mg.tanh), TypeError, "op is a text", "op='tanh'"),
    "nan=1": (lambda s: s.stepper.break_at(nan=1), TypeError, "nan is True or False", "nan=True"),
    "large of a text": (lambda s: s.stepper.break_at(large="10"), TypeError, "large", "'10'", "float(...)"),
    "large below 0": (lambda s: s.stepper.break_at(large=-1.0), ValueError, "large", "-1.0"),
    "step": (lambda s: s.stepper.break_at(step=9), ValueError, "no step 9", "1 to 4"),
    "step of a float": (lambda s: s.stepper.break_at(step=2.0), TypeError, "step is an integer", "2.0"),
    "syntax": (lambda s: s.stepper.break_at("grad_x >"), ValueError, "'grad_x >' is no Python expression"),
    "unknown name": (lambda s: s.stepper.break_at("grad_z > 0"), ValueError, "grad_z", "Did you mean grad_y or grad_x"),
    "expression of a number": (lambda s: s.stepper.break_at(expression=3), TypeError, "expression is a text", "3"),
    "condition": (lambda s: s.stepper.break_at(3), TypeError, "function of a step or an expression", "3"),
    "expression that raises": (
        breakpoint_that_raises,
        RuntimeError,
        "breakpoint 1: grad_x[7] > 0",
        "IndexError",
        "3/4",
    ),
    "clear": (lambda s: s.stepper.clear(3), ValueError, "no breakpoint 3", "None is set"),
    # One operation
    "jacobian of nothing": (lambda s: s.step.local_jacobian("z"), ValueError, "'z' is no input of mul", "x, y"),
    "jacobian beyond": (lambda s: s.step.local_jacobian(2), ValueError, "2 is no input of mul", "h.tanh() * s"),
    "jacobian of an output": (lambda s: s.step.local_jacobian(0, 1), ValueError, "output 1 of mul", "1 outputs"),
    "a large jacobian": (large, ValueError, "(70,)", "4900 entries", "4096"),
    "jacobian after a change": (changed, RuntimeError, "reads y", "changed in place", "debug.recording()"),
    "jacobian of statistics": (lambda s: statistics_only(s).local_jacobian(0), RuntimeError, "1/4 sum", "memory=bytes"),
    "check of statistics": (lambda s: statistics_only(s).check(), RuntimeError, "1/4 sum", "memory=bytes"),
    "statistics as an array": (
        lambda s: np.asarray(statistics_only(s).grad_inputs[0]),
        RuntimeError,
        "(2,) array",
        "norm 1.414",
        "memory=bytes",
    ),
    "check without inputs": (lambda s: s.step.check(), RuntimeError, "mul", "did not keep its inputs", "recording()"),
    "check after a change": (changed_input, RuntimeError, "an input of add", "changed in place"),
    "check of chance": (checked(noisy), RuntimeError, "noisy", "another result each time"),
    "check on arrays": (checked(tensors_only), RuntimeError, "tensors_only", "AttributeError"),
    # Recordings
    "a recording used twice": (used_twice, RuntimeError, "used before", "with debug.recording() as r"),
    "a recording under vmap": (under_vmap, RuntimeError, "under vmap", "around the call"),
    "no such pass": (two_passes, ValueError, "1 backward passes were recorded, got number 3", "from 0"),
    "no pass": (no_pass, ValueError, "no backward pass was recorded", "inside of the with block"),
    "compare": (lambda s: debug.compare(s.loss, 3), TypeError, "a run is a Trace, a recording or a loss", "int 3"),
}


@pytest.mark.parametrize("row", TABLE.values(), ids=TABLE.keys())
def test_it_is_refused_with_who_what_where_and_the_remedy(row):
    call, kind, *parts = row
    s = Setting()
    with pytest.raises(kind) as raised:
        call(s)
    text = str(raised.value)
    for part in parts:
        assert part in text, text
    lines = text.splitlines()
    assert f"  at {HERE}:" in text, text
    assert not lines[-1].startswith("  at "), text
    assert s.w.grad is None
    assert s.h.grad_fn.saved is not None


def raise_lines(name):
    """Return the (file, line) of each ``raise`` with an exception of its own."""
    path = FOLDER / f"{name}.py"
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Raise) and node.exc is not None:
            found.add((path.name, node.lineno))
    return found


def test_every_raise_has_a_row():
    wanted = set()
    for name in FILES:
        wanted |= raise_lines(name)
    seen = set()
    for call, kind, *_ in TABLE.values():
        with pytest.raises(kind) as raised:
            call(Setting())
        for frame in traceback.extract_tb(raised.value.__traceback__):
            seen.add((Path(frame.filename).name, frame.lineno))
    assert len(wanted) > 20
    assert wanted - seen == set()
