"""The matrix product is the same at every width of vectors that the machine has."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from minigrad_kernels import machine

NARROWER = [bits for bits in machine.WIDTHS if bits < machine.WIDEST_BITS]
AS_PYTHON = os.environ.get("MINIGRAD_PYTHON_KERNELS", "0") not in ("", "0")


def run_python(*arguments, bits):
    """Run Python in a fresh process that is told the width of its vectors."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "MINIGRAD_VECTOR_BITS": str(bits)}
    return subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True)


@pytest.mark.skipif(AS_PYTHON, reason="plain Python has no vectors")
@pytest.mark.parametrize("bits", NARROWER)
def test_the_tests_of_the_matrix_product_pass_at_every_narrower_width(bits):
    products = str(Path(__file__).with_name("test_products.py"))
    result = run_python("-m", "pytest", "-q", "-p", "no:cacheprovider", products, bits=bits)
    assert result.returncode == 0, result.stdout[-3000:]


def test_machine_code_of_a_forced_width_is_kept_apart(tmp_path, monkeypatch):
    monkeypatch.setenv("MINIGRAD_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "0")
    code = (
        "import numpy as np, minigrad_kernels as k; from minigrad_kernels.elementwise_loops import relu_all\n"
        "k.relu(np.eye(3)); print(k.machine.VECTOR_BITS, sum(relu_all.stats.cache_hits.values()))"
    )
    widths = [*NARROWER, machine.WIDEST_BITS]
    for hits in (0, 1):
        for bits in widths:
            assert run_python("-c", code, bits=bits).stdout.split() == [str(bits), str(hits)]
    assert len(list(tmp_path.iterdir())) == len(widths)


@pytest.mark.parametrize("bits", ["1024", "wide", 2 * machine.WIDEST_BITS])
def test_a_width_that_the_machine_lacks_is_refused(bits):
    result = run_python("-c", "import minigrad_kernels", bits=bits)
    assert "MINIGRAD_VECTOR_BITS: this machine needs 128" in result.stderr
    assert f"came '{bits}'" in result.stderr


def test_cache_sizes_have_a_fallback(tmp_path):
    assert 16 * 1024 <= machine.L1_BYTES <= machine.L2_BYTES
    assert machine._cache_bytes(9, 77) == 77
