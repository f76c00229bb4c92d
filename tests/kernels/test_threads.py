"""Large matrix products are shared among threads, with the same bits from run to run."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

from minigrad_kernels import get_num_threads, matmul, set_num_threads
from minigrad_kernels.threads import _bounds

AS_PYTHON = os.environ.get("MINIGRAD_PYTHON_KERNELS", "0") not in ("", "0")
compiled = pytest.mark.skipif(AS_PYTHON, reason="plain Python takes minutes for a product that is worth sharing")
SHAPES = [(256, 300, 260), (600, 700, 64), (64, 800, 500), (301, 512, 333)]


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


@compiled
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("form", ["nn", "nt", "tn", "tt"])
@pytest.mark.parametrize("threads", [2, 3])
def test_shared_products_have_the_same_bits_in_every_run(generator, shape, form, threads):
    set_num_threads(threads)
    a, b = operands(generator, shape, form)
    first = matmul(a, b)
    # The bound of test_products.py.
    bound = 2 * (shape[1] + 2) * np.finfo(np.float32).eps * (abs(a.astype(np.float64)) @ abs(b))
    assert np.all(abs(first - a.astype(np.float64) @ b) <= bound)
    for _ in range(3):
        assert np.array_equal(matmul(a, b), first)


@compiled
def test_sliced_operands_are_shared_too(generator):
    a, b = generator.standard_normal((600, 600))[::2, ::2], generator.standard_normal((300, 1000))[:, ::3]
    assert np.allclose(matmul(a, b), np.array(a) @ np.array(b))


@compiled
def test_two_python_threads_share_products_at_once(generator):
    a, b = operands(generator, (300, 300, 300), "nn")
    expected, results = matmul(a, b), []

    def multiply_often():
        for _ in range(20):
            results.append(np.array_equal(matmul(a, b), expected))

    callers = [threading.Thread(target=multiply_often) for _ in range(3)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert results == [True] * 60


@compiled
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_child_forked_after_a_shared_product_makes_its_own_threads():
    code = """
import os, warnings
import numpy as np
from minigrad_kernels import matmul, set_num_threads
warnings.simplefilter("ignore")
set_num_threads(2)
x = np.ones((300, 300), np.float32)
matmul(x, x)
child = os.fork()
if child == 0:
    os._exit(int(matmul(x, x)[0, 0] != 300))
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert result.stdout.strip() == "0"


def test_parts_are_whole_tiles_and_cover_everything():
    assert _bounds(100, 6, 2) == [0, 48, 100]
    assert _bounds(64, 64, 2) == [0, 64]
    assert _bounds(1000, 64, 3) == [0, 320, 640, 1000]


@pytest.mark.parametrize("threads", [0, -1, 1.5, "2", None])
def test_a_number_of_threads_that_is_none_is_refused(threads):
    with pytest.raises(ValueError, match=r"set_num_threads: needed an integer from 1 up, came"):
        set_num_threads(threads)
    assert get_num_threads() == 2
