"""The first calls of a process work wherever it runs: without a cache, in a read-only install, beside others."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import minigrad
import minigrad_kernels

PACKAGES = (Path(minigrad.__file__).parent, Path(minigrad_kernels.__file__).parent)

# relu compiles in a tenth of a second.
SMALL = """
import numpy as np
from minigrad_kernels import relu
from minigrad_kernels.elementwise_loops import relu_all
result = relu(np.array([-1.0, 2.0]))
print(result, sum(relu_all.stats.cache_hits.values()), sum(relu_all.stats.cache_misses.values()))
"""
COMPILED, LOADED = "[0. 2.] 0 1\n", "[0. 2.] 1 0\n"


def environment(**variables):
    """The environment of a process with the JIT on, and nothing said about caches but what is said here."""
    names = ("MINIGRAD_CACHE_DIR", "NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "NUMBA_DISABLE_JIT")
    kept = {name: value for name, value in os.environ.items() if name not in names}
    path = os.pathsep.join(str(package.parent) for package in PACKAGES)
    return {**kept, "PYTHONPATH": path, **{name: str(value) for name, value in variables.items()}}


def run(code, **variables):
    """What a program prints on both streams in a new process; it must end well."""
    command = [sys.executable, "-c", code]
    # Elsewhere: the current folder comes before PYTHONPATH.
    result = subprocess.run(
        command, env=environment(**variables), cwd=os.sep, capture_output=True, text=True, timeout=600
    )
    assert result.returncode == 0, result.stderr
    return result.stdout, result.stderr


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    "variables",
    [
        {"HOME": "/dev/null/home"},
        {"HOME": "/dev/null/home", "XDG_CACHE_HOME": "/dev/null/caches"},
        {"HOME": "/dev/null/home", "MINIGRAD_CACHE_DIR": "/dev/null/kernels"},
        {"HOME": "/dev/null/home", "MINIGRAD_CACHE_DIR": "/dev/null"},
        {"HOME": "/dev/null/home", "NUMBA_CACHE_DIR": "/dev/null/numba"},
    ],
    ids=lambda variables: " ".join(variables),
)
def test_without_a_folder_that_can_be_written_kernels_are_compiled_and_work(variables):
    # A path below a file cannot be made by anybody, root included.
    assert run(SMALL, **variables) == (COMPILED, "")


def test_the_users_folder_for_caches_is_used(tmp_path):
    assert run(SMALL, HOME=tmp_path, XDG_CACHE_HOME=tmp_path / "caches") == (COMPILED, "")
    assert run(SMALL, HOME=tmp_path, XDG_CACHE_HOME=tmp_path / "caches") == (LOADED, "")
    (file,) = files(tmp_path)
    assert file.parents[2] == tmp_path / "caches" or sys.platform in ("darwin", "win32")


def test_importing_touches_no_cache(tmp_path):
    assert run("import minigrad, minigrad_kernels", HOME=tmp_path, MINIGRAD_CACHE_DIR=tmp_path / "kernels") == ("", "")
    assert list(tmp_path.iterdir()) == []


TRAINS = """
import minigrad as mg
from minigrad import optim
weight = mg.ones(3, requires_grad=True)
optimizer = optim.SGD([weight], lr=0.25)
(weight * weight).sum().backward()
optimizer.step()
print(mg.__file__, weight.tolist())
"""


def test_a_read_only_install_works_and_stays_as_it_was(tmp_path):
    site = tmp_path / "site"
    for package in PACKAGES:
        shutil.copytree(package, site / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    folders = [site, *(path for path in site.rglob("*") if path.is_dir())]
    before = sorted(site.rglob("*"))
    for folder in folders:
        folder.chmod(0o555)
    try:
        # Root may write all the same; Python would write its byte code.
        output, errors = run(TRAINS, PYTHONPATH=site, PYTHONDONTWRITEBYTECODE=1, HOME=tmp_path)
    finally:
        for folder in folders:
            folder.chmod(0o755)
    assert output == f"{site / 'minigrad' / '__init__.py'} [0.5, 0.5, 0.5]\n"
    assert errors == ""
    assert sorted(site.rglob("*")) == before


WAITS = """
import sys, time
from pathlib import Path
import numpy as np
from minigrad_kernels import relu, relu_backward, sigmoid_backward
folder, name = Path(sys.argv[1]), sys.argv[2]
(folder / name).touch()
while len(list(folder.iterdir())) < 2:
    time.sleep(0.001)
for dtype in (np.float32, np.float64):
    x = np.array([1.0, -2.0], dtype)
    print(relu(x), relu_backward(x, x), sigmoid_backward(x, x))
"""


def test_two_processes_fill_an_empty_cache_at_once(tmp_path):
    ready, cache = tmp_path / "ready", tmp_path / "cache"
    ready.mkdir()
    started = []
    for name in ("first", "second"):
        command = [sys.executable, "-c", WAITS, str(ready), name]
        started.append(
            subprocess.Popen(
                command, env=environment(MINIGRAD_CACHE_DIR=cache), stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
        )
    for process in started:
        output, errors = process.communicate(timeout=600)
        assert process.returncode == 0
        assert output.splitlines() == [b"[1. 0.] [1. 0.] [ 0. 12.]"] * 2
        assert errors == b""
    # Each file is one kernel's, whole, and nothing is left of the writing.
    assert len(files(cache)) == 6
    assert {file.suffix for file in files(cache)} == {".kernel"}
    assert run(SMALL, MINIGRAD_CACHE_DIR=cache) == (LOADED, "")


THREADS = """
import sys
import threading
import numpy as np
import minigrad_kernels as kernels
from minigrad_kernels.elementwise_loops import relu_all
sys.setswitchinterval(1e-5)
barrier, results = threading.Barrier(4), []

def call(number):
    x = np.array([1.0, -2.0], np.float32)
    barrier.wait()
    first = kernels.relu(x)
    other = kernels.tanh_backward(x, x) if number % 2 else kernels.sigmoid_backward(x, x)
    product = kernels.matmul(np.array([[1, -2]]).T, np.array([[1, -2]]))
    results.append((number % 2, first.tolist(), other.tolist(), product.tolist()))

threads = [threading.Thread(target=call, args=(number,)) for number in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
even = (0, [1.0, 0.0], [0.0, 12.0], [[1, -2], [-2, 4]])
odd = (1, [1.0, 0.0], [0.0, 6.0], [[1, -2], [-2, 4]])
assert sorted(results) == [even, even, odd, odd], results
print(len(relu_all.signatures), sum(relu_all.stats.cache_misses.values()))
"""


def test_threads_that_call_a_kernel_for_the_first_time_at_once_compile_it_once_or_load_it_once(tmp_path):
    assert run(THREADS, MINIGRAD_CACHE_DIR=tmp_path) == ("1 1\n", "")
    assert run(THREADS, MINIGRAD_CACHE_DIR=tmp_path) == ("1 0\n", "")


INTEGERS = """
import numpy as np
from minigrad_kernels import matmul
print(matmul(np.array([[1, 2]]), np.array([[3], [4]])))
"""
LOADS_THEN_COMPILES = """
import sys
import numba
import numpy as np
from minigrad_kernels import matmul, relu
from minigrad_kernels.integers import multiply_integers
print(matmul(np.array([[1, 2]]), np.array([[3], [4]])), sum(multiply_integers.stats.cache_hits.values()))
print("scipy.linalg" in sys.modules, "numba.cpython.mathimpl" in sys.modules)

@numba.njit
def product_and_root(x, y, out):
    multiply_integers(x, y, out)
    return np.sqrt(out[0, 0, 0])

print(product_and_root(np.full((1, 1, 1), 8), np.full((1, 1, 1), 2), np.empty((1, 1, 1), int)), relu(np.ones(2)))
"""


def test_what_is_loaded_needs_no_compiler_and_can_be_called_by_what_is_compiled_later(tmp_path):
    assert run(INTEGERS, MINIGRAD_CACHE_DIR=tmp_path) == ("[[11]]\n", "")
    # Numba's refresh would import the modules that say how to compile what, and SciPy if it is there.
    expected = "[[11]] 1\nFalse False\n4.0 [1. 1.]\n"
    assert run(LOADS_THEN_COMPILES, MINIGRAD_CACHE_DIR=tmp_path) == (expected, "")
