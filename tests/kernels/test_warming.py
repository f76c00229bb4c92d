"""After the warm-up, nothing is left to compile, whatever a program calls."""

import os
import sys

import numba
import numpy as np
import pytest

from minigrad_kernels import warming
from minigrad_kernels.caching import KernelCache
from minigrad_kernels.compiling import watch
from minigrad_kernels.warming import warm_up
from tests.kernels.conftest import LAYOUTS, laid_out

AS_PYTHON = os.environ.get("MINIGRAD_PYTHON_KERNELS", "0") not in ("", "0") or numba.config.DISABLE_JIT
pytestmark = pytest.mark.skipif(AS_PYTHON, reason="plain Python is not compiled")

# Kernels of one dtype.
SINGLE = {
    "multiply_integers": {"int64"},
    "find_outside": {"int64"},
    "uniform_float32": {"float32"},
    "uniform_float64": {"float64"},
    "drop_float32": {"float32"},
    "drop_float64": {"float64"},
    "random_words": {"uint64"},
    "random_integers": {"int64"},
    "random_permutation": {"int64"},
    # These take addresses.
    "help_others": set(),
    "multiply_part_float32": set(),
    "multiply_part_float64": set(),
    "linear_part_float32": set(),
    "linear_part_float64": set(),
}


@pytest.fixture(scope="module", autouse=True)
def warm():
    """The reports of a warm-up."""
    return list(warm_up())


def kernels():
    """Every kernel of the package, by name."""
    found = {}
    for name, module in list(sys.modules.items()):
        if name.startswith("minigrad_kernels."):
            for value in vars(module).values():
                if isinstance(getattr(value, "_cache", None), KernelCache) and value.__module__ == name:
                    found[value.__name__] = value
    return found


def test_it_reports_on_each_call(warm):
    assert [report.done for report in warm] == list(range(1, len(warm) + 1))
    assert {report.calls for report in warm} == {len(warm)}


def test_every_kernel_is_ready_for_both_dtypes():
    assert len(kernels()) > 40
    for name, kernel in kernels().items():
        dtypes = set()
        for signature in kernel.signatures:
            for each in signature:
                # Not 0-d arrays: step counts are float64 whatever the kernel's dtype is. An ArrayObject says no number.
                if hasattr(each, "dtype") and getattr(each, "ndim", 1) > 0:
                    dtypes.add(str(each.dtype))
                # The product takes addresses, and a zero that says the dtype.
                if name == "multiply_matrices" and isinstance(each, numba.types.Float):
                    dtypes.add(str(each))
        assert kernel.signatures, name
        assert dtypes >= SINGLE.get(name, {"float32", "float64"}), name


def again(change):
    """Repeat the calls of the warm-up with changed arrays; return what was compiled."""
    before = len(watch.compiled)
    for function, *arguments in warming._calls():
        # What the others take is contiguous, as the optimizers and random tensors pass it.
        if not function.__name__.startswith("fill_"):
            function(*[change(each, function) if isinstance(each, np.ndarray) else each for each in arguments])
    return watch.compiled[before:]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_arrays_of_any_layout_need_no_other_machine_code(layout):
    def change(x, function):
        # bias_activation writes to its first argument, a matrix.
        if x.ndim == 2 and not (function.__name__ == "bias_activation" and layout == "read-only"):
            return laid_out(x, layout)
        return laid_out(np.stack([x] * 3), layout)[1] if x.ndim == 1 else x

    assert again(change) == []


def test_larger_arrays_need_no_other_machine_code():
    def change(x, function):
        return np.zeros(x.shape[:-2] + (300,) * min(x.ndim, 2), x.dtype)

    assert again(change) == []
