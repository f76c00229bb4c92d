"""``import minigrad`` compiles nothing, warns of nothing and switches nothing on in the user's process."""

import subprocess
import sys


def run(program):
    command = [sys.executable, "-W", "error", "-c", program]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


COMPILES_NOTHING = """
from numba.core import event
with event.install_recorder("numba:compile") as recorder:
    import minigrad
    import minigrad_kernels
print(len(recorder.buffer))
"""

COUNTS_WHAT_IS_COMPILED = """
import numba
from numba.core import event
with event.install_recorder("numba:compile") as recorder:
    numba.njit(lambda x: x + 1)(1)
print(len(recorder.buffer))
"""


def test_importing_compiles_nothing():
    assert run(COMPILES_NOTHING) == "0\n"


def test_the_recorder_would_have_seen_it():
    assert int(run(COUNTS_WHAT_IS_COMPILED)) > 0


LEAVES_ALONE = """
import numpy, random, sys, threading, warnings
before = numpy.geterr(), numpy.get_printoptions(), numpy.random.get_state()[1].tolist(), random.getstate()
import minigrad
after = numpy.geterr(), numpy.get_printoptions(), numpy.random.get_state()[1].tolist(), random.getstate()
assert before == after
assert sys.gettrace() is None and sys.getprofile() is None
assert threading.active_count() == 1
assert not [name for name in ("matplotlib", "sklearn", "torch", "pandas") if name in sys.modules]
print("as before")
"""


def test_importing_leaves_the_users_process_as_it_was():
    assert run(LEAVES_ALONE) == "as before\n"


SUBMODULES = """
import minigrad
for name in ("autograd", "ops", "tensors"):
    getattr(minigrad, name)
print(minigrad.ops.elementwise.tanh_vjp.__name__, minigrad.autograd.grad.__name__, minigrad.autograd.record.__name__)
"""


def test_the_names_that_breakpoints_need_are_there_after_the_import():
    assert run(SUBMODULES) == "tanh_vjp grad record\n"


LAZY = """
import sys, minigrad
assert "minigrad.func" not in sys.modules and "minigrad.debug" not in sys.modules
print(minigrad.func.grad(lambda x: x * x)(3.0).item(), minigrad.debug.steps.__name__)
try:
    minigrad.nothing
except AttributeError as error:
    print(error)
"""


def test_func_and_debug_are_imported_when_they_are_asked_for():
    assert run(LAZY) == "6.0 steps\nmodule 'minigrad' has no attribute 'nothing'\n"
