"""Large matrix products are shared among threads, with the same bits from run to run."""

import ctypes
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from minigrad_kernels import get_num_threads, linear, matmul, set_num_threads, threads
from minigrad_kernels.parts import (
    COLUMNS,
    DESCRIPTION,
    PARTS_PER_THREAD,
    ROWS,
    M,
    N,
    block_of_part,
    part_shape,
    parts_along,
)

AS_PYTHON = os.environ.get("MINIGRAD_PYTHON_KERNELS", "0") not in ("", "0")
compiled = pytest.mark.skipif(AS_PYTHON, reason="plain Python takes minutes for a product that is worth sharing")
# Squares, few columns, few rows, odd numbers, vectors on either side, and a row or column more than whole parts have.
SHAPES = [
    (256, 300, 260), (600, 700, 64), (64, 800, 500), (301, 512, 333), (1, 900, 1100), (2100, 700, 1), (3, 700, 700),
    (129, 300, 65), (513, 30, 257),
]  # fmt: skip
FORMS = ["nn", "nt", "tn", "tt"]


@pytest.fixture(autouse=True)
def two_threads():
    before = get_num_threads()
    set_num_threads(2)
    yield
    set_num_threads(before)


def operands(generator, shape, form, dtype=np.float32):
    m, k, n = shape
    a = generator.standard_normal((m, k)).astype(dtype, order="C" if form[0] == "n" else "F")
    return a, generator.standard_normal((k, n)).astype(dtype, order="C" if form[1] == "n" else "F")


def run_script(code, **environment):
    """Run a script in a process of its own; returns what it printed. It may take so long as compiling does."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment}
    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=300)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout.strip()


@compiled
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("threads", [2, 3])
def test_shared_products_have_the_same_bits_in_every_run(generator, shape, form, threads):
    set_num_threads(threads)
    a, b = operands(generator, shape, form)
    first = matmul(a, b)
    # The bound of test_products.py.
    bound = 2 * (shape[1] + 2) * np.finfo(np.float32).eps * (abs(a.astype(np.float64)) @ abs(b))
    assert np.all(abs(first - a.astype(np.float64) @ b) <= bound)
    for _ in range(10):
        assert np.array_equal(matmul(a, b), first)


@compiled
@pytest.mark.parametrize("form", FORMS)
def test_float64_is_shared_too(generator, form):
    a, b = operands(generator, (130, 700, 90), form, np.float64)
    bound = 2 * 702 * np.finfo(np.float64).eps * (abs(a) @ abs(b))
    assert np.all(abs(matmul(a, b) - a @ b) <= bound)


@compiled
def test_sliced_operands_are_shared_too(generator):
    a, b = generator.standard_normal((600, 600))[::2, ::2], generator.standard_normal((300, 1000))[:, ::3]
    assert np.allclose(matmul(a, b), np.array(a) @ np.array(b))


@compiled
@pytest.mark.parametrize("activation", ["none", "relu", "tanh"])
@pytest.mark.parametrize("with_bias", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_shared_linear_layer_has_the_bits_of_one_thread(generator, activation, with_bias, dtype):
    # 401 rows and columns: the last parts are smaller. k = 128 is summed in one block whatever the parts.
    x, weight = operands(generator, (401, 128, 401), "nt", dtype)
    bias = generator.standard_normal(401).astype(dtype) if with_bias else None
    shared = linear(x, weight.T, bias, activation)
    assert np.array_equal(linear(x, weight.T, bias, activation), shared)
    set_num_threads(1)
    # Bits may differ where a vector's end is computed as single numbers: 4 ulp for tanh, and 1 for the rest.
    assert np.allclose(linear(x, weight.T, bias, activation), shared, rtol=4 * np.finfo(dtype).eps, atol=1e-5)


@compiled
def test_python_threads_share_products_at_once(generator):
    a, b = operands(generator, (300, 300, 300), "nn")
    expected, results = matmul(a, b), []

    def multiply_often():
        for _ in range(50):
            results.append(np.array_equal(matmul(a, b), expected))

    callers = [threading.Thread(target=multiply_often) for _ in range(3)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert results == [True] * 150


@compiled
def test_a_thread_without_memory_raises_and_the_next_product_is_right(generator, monkeypatch):
    a, b = operands(generator, (300, 300, 300), "nn")
    expected = matmul(a, b)
    kernel, product, _ = threads._sharing.compiled[a.dtype]
    fail = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)(lambda arguments, part: 0)
    with monkeypatch.context() as patch:
        patch.setitem(threads._sharing.compiled, a.dtype, (kernel, product, ctypes.cast(fail, ctypes.c_void_p).value))
        with pytest.raises(
            MemoryError, match=r"matmul: a thread needed memory to pack float32 operands of shapes \(300, 300\)"
        ):
            matmul(a, b)
    assert np.array_equal(matmul(a, b), expected)


@compiled
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_child_forked_while_a_thread_shares_products_makes_its_own_threads():
    code = """
import os, threading, warnings
import numpy as np
from minigrad_kernels import matmul, set_num_threads
warnings.simplefilter("ignore")
set_num_threads(2)
x = np.ones((300, 300), np.float32)
matmul(x, x)
stopped = threading.Event()
def multiply_often():
    while not stopped.is_set():
        matmul(x, x)
thread = threading.Thread(target=multiply_often)
thread.start()
codes = []
for _ in range(5):
    child = os.fork()
    if child == 0:
        os._exit(int(any(matmul(x, x)[0, 0] != 300 for _ in range(20))))
    codes.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
stopped.set()
thread.join()
print(codes, matmul(x, x)[0, 0])
"""
    assert run_script(code) == "[0, 0, 0, 0, 0] 300.0"


@compiled
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_child_forked_while_a_thread_compiles_a_kernel_can_compile_its_own(tmp_path):
    # Nothing is compiled yet in a folder of its own; a child that hangs is ended by the alarm.
    code = """
import os, signal, threading, time, warnings
import numpy as np
from minigrad_kernels import compiling, exp, tanh
warnings.simplefilter("ignore")
thread = threading.Thread(target=tanh, args=(np.ones(3),))
thread.start()
while compiling.watch._depth == 0:
    time.sleep(0.001)
child = os.fork()
if child == 0:
    signal.alarm(60)
    os._exit(int(exp(np.zeros(2)).tolist() != [1.0, 1.0]))
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
thread.join()
"""
    assert run_script(code, MINIGRAD_CACHE_DIR=str(tmp_path)) == "0"


@compiled
def test_an_interrupt_leaves_the_threads_usable():
    code = """
import _thread, threading, time
import numpy as np
from minigrad_kernels import matmul, set_num_threads
set_num_threads(2)
x = np.ones((400, 400), np.float32)
matmul(x, x)
def interrupt_often():
    for _ in range(50):
        wanted.wait()
        time.sleep(0.001)
        wanted.clear()
        _thread.interrupt_main()
wanted = threading.Event()
threading.Thread(target=interrupt_often, daemon=True).start()
interrupts = 0
while interrupts < 50:
    try:
        wanted.set()
        while True:
            product = matmul(x, x)
            assert product[399, 399] == 400
    except KeyboardInterrupt:
        interrupts += 1
print(interrupts, matmul(x, x)[0, 0])
"""
    assert run_script(code) == "50 400.0"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("threads", [2, 3, 8])
def test_parts_cover_the_result_once_and_are_whole_tiles(form, threads):
    for m in (1, 2, 3, 33, 64, 300, 513):
        for n in (1, 3, 64, 65, 291, 1025):
            for k in (64, 4096):
                description = np.zeros(DESCRIPTION, np.int64)
                a_column, b_column = 4 if form[0] == "n" else 4 * m, 4 if form[1] == "n" else 4 * k
                rows, columns = part_shape(m, n, k, 4, a_column, b_column, threads)
                description[[M, N, ROWS, COLUMNS]] = m, n, rows, columns
                parts = parts_along(m, rows) * parts_along(n, columns)
                assert parts <= 4 * threads * PARTS_PER_THREAD
                covered = np.zeros((m, n), int)
                for part in range(parts):
                    i, j, high, wide = block_of_part(description.ctypes.data, part)
                    covered[i : i + high, j : j + wide] += 1
                    assert i % 2 == 0
                    assert j % 16 == 0
                    # A single row or column of a matrix cannot be read in every layout.
                    assert high > 1 or m == 1
                    assert wide > 1 or n == 1
                assert np.all(covered == 1)


@pytest.mark.parametrize("number", [0, -1, 1.5, "2", None, True])
def test_a_number_of_threads_that_is_none_is_refused(number):
    with pytest.raises(ValueError, match=r"set_num_threads: needed an integer from 1 up, came"):
        set_num_threads(number)
    assert get_num_threads() == 2


def test_a_numpy_integer_is_a_number_of_threads():
    set_num_threads(np.int64(3))
    assert get_num_threads() == 3


def test_the_environment_lowers_the_number_of_threads():
    code = "import minigrad_kernels; print(minigrad_kernels.get_num_threads())"
    assert run_script(code, OMP_NUM_THREADS="1") == "1"
