"""Kernels run compiled or as plain Python, from the same source, and compile when they are asked to."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from minigrad_kernels import adam_update, fill_uniform, jit, matmul, operand_call, python_kernels, run
from minigrad_kernels.gemm import multiply_matrices

# With NUMBA_DISABLE_JIT the kernel is its own source.
SOURCE = getattr(multiply_matrices, "py_func", multiply_matrices)


def in_a_new_process(code, **environment):
    """What the code prints in a fresh interpreter."""
    path = os.pathsep.join(sys.path)
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path, "NUMBA_DISABLE_JIT": "0", **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout.strip()


def test_python_kernels_runs_the_source_inside_the_with_block_only():
    was_python = run(multiply_matrices) is SOURCE
    with python_kernels():
        assert run(multiply_matrices) is SOURCE
        with python_kernels():
            assert run(multiply_matrices) is SOURCE
        assert run(multiply_matrices) is SOURCE
    assert (run(multiply_matrices) is SOURCE) == was_python


def test_the_environment_variable_runs_these_tests_in_plain_python():
    as_python = os.environ.get("MINIGRAD_PYTHON_KERNELS", "0") not in ("", "0")
    assert run(multiply_matrices) is (SOURCE if as_python else multiply_matrices)


def test_python_kernels_ends_when_the_block_raises():
    before = run(multiply_matrices)
    with pytest.raises(ZeroDivisionError), python_kernels():
        1 / 0
    assert run(multiply_matrices) is before


def test_another_thread_keeps_its_own_mode():
    seen = []
    with python_kernels():
        thread = threading.Thread(target=lambda: seen.append(run(multiply_matrices)))
        thread.start()
        thread.join()
    assert seen == [multiply_matrices]


def test_a_debugger_reaches_the_innermost_loop_of_a_kernel():
    names = set()

    def trace(frame, event, argument):
        names.add(frame.f_code.co_name)

    with python_kernels():
        sys.settrace(trace)
        try:
            matmul(np.ones((9, 9)), np.ones((9, 9)))
            fill_uniform(0, 0, np.empty(3))
        finally:
            sys.settrace(None)
    assert {"multiply_matrices", "multiply_block", "multiply_tile", "philox_words"} <= names


def test_operand_call_compiles_and_touches_no_argument():
    code = """
import numpy as np
from minigrad_kernels import operand_call, sgd_momentum_update
parameter, step = np.ones(3, np.float32), np.zeros(())
arguments = (parameter, parameter.copy(), parameter.copy(), step, 0.1, 0.9, 0.0, 0.0, False, False)
print(len(sgd_momentum_update.overloads))
operand_call(sgd_momentum_update, arguments)
update = operand_call(sgd_momentum_update, arguments)
print(len(sgd_momentum_update.overloads), parameter.sum(), step)
update(*arguments)
print(len(sgd_momentum_update.overloads), step)
"""
    assert in_a_new_process(code).split() == ["0", "1", "3.0", "0.0", "1", "1.0"]


def test_after_operand_call_a_loop_over_kernels_runs_no_python_code_that_an_interrupt_could_stop():
    code = """
import sys
from collections import deque
from itertools import repeat
import numpy as np
from minigrad_kernels import operand_call, sgd_momentum_update
parameters, gradients, buffers = ([np.ones(n, np.float32) for n in (3, 5)] for _ in range(3))
steps = [np.zeros(()), np.zeros(())]
gradients[1].flags.writeable = False
settings = (0.1, 0.9, 0.0, 0.0, False, True)
for arrays in zip(parameters, gradients, buffers, steps):
    update = operand_call(sgd_momentum_update, (*arrays, *settings))
calls = []

def note(frame, event, argument):
    if event == "call":
        calls.append(frame.f_code.co_name)

sys.setprofile(note)
deque(map(update, parameters, gradients, buffers, steps, *map(repeat, settings)), maxlen=0)
sys.setprofile(None)
print(calls, *steps)
"""
    assert in_a_new_process(code) == "[] 1.0 1.0"


def test_operand_call_compiles_nothing_in_plain_python():
    with python_kernels():
        operand_call(adam_update, ("no such argument",))


def test_importing_compiles_nothing():
    code = """
import minigrad_kernels, sys
from numba.core.dispatcher import Dispatcher
count = 0
for name, module in list(sys.modules.items()):
    if name.startswith("minigrad_kernels"):
        for value in vars(module).values():
            if isinstance(value, Dispatcher):
                assert not value.overloads, value
                count += 1
print(count > 5, "minigrad" in sys.modules)
"""
    assert in_a_new_process(code) == "True False"


def test_kernels_work_with_the_jit_disabled():
    code = """
import numpy as np
from minigrad_kernels import operand_call, matmul, python_kernels, sgd_update
parameter = np.ones(2)
operand_call(sgd_update, (parameter, parameter, 0.1, 0.0, False))
with python_kernels():
    print(matmul(np.eye(2), parameter))
print(matmul(np.eye(2), parameter))
"""
    assert in_a_new_process(code, NUMBA_DISABLE_JIT="1") == "[1. 1.]\n[1. 1.]"


def test_a_kernel_whose_source_is_in_no_file_works_without_a_cache():
    namespace = {}
    exec("def double(x):\n    return 2 * x", namespace)
    assert run(jit.kernel(namespace["double"]))(21) == 42


def test_a_guard_against_nan_is_not_optimised_away():
    @jit.kernel
    def count_nan(x):
        count = 0
        for i in range(x.size):
            if np.isnan(x[i]):
                count += 1
        return count

    assert run(count_nan)(np.array([1.0, np.nan, np.inf])) == 1


def test_an_edit_of_any_file_of_the_package_makes_the_disk_cache_stale(tmp_path):
    package = Path(jit.__file__).parent
    copy = tmp_path / "minigrad_kernels"
    shutil.copytree(package, copy, ignore=shutil.ignore_patterns("__pycache__"))
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import numpy as np\n"
        "from minigrad_kernels.integers import multiply_integers as loop\n"
        "x = np.ones((1, 1, 1), np.int64); loop(x, x, x.copy()); print(sum(loop.stats.cache_hits.values()))"
    )

    def cache_hits():
        environment = {**os.environ, "NUMBA_DISABLE_JIT": "0", "MINIGRAD_CACHE_DIR": str(tmp_path / "cache")}
        command = [sys.executable, "-c", code, str(tmp_path)]
        return int(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)

    assert cache_hits() == 0
    assert cache_hits() == 1
    with (copy / "scalar_functions.py").open("a", encoding="utf-8") as file:
        file.write("# edited\n")
    assert cache_hits() == 0
