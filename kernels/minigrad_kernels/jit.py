"""How kernels are compiled, and how to run them as plain Python: the only file with Numba options."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, TypeVar

import numba
from numba.extending import overload, register_jitable

from minigrad_kernels.caching import keep_on_disk

Function = TypeVar("Function", bound=Callable[..., Any])

# Sums may be reordered and contracted to fused multiply-adds, which is what lets LLVM vectorise a dot product. Not
# "nnan" and "ninf", which fastmath=True includes: with them an isnan guard is compiled away.
FASTMATH = {"contract", "reassoc", "nsz"}

# Products and sums may be fused, which rounds once instead of twice, but keep their order: (x − n·a) − n·b, with a + b
# the two parts of a constant, must not become x − n·(a + b).
# Inlined always, because LLVM does not vectorise a loop with a call in it.
HELPER: Any = {"fastmath": {"contract"}, "forceinline": True}

_as_python: ContextVar[bool] = ContextVar("minigrad_python_kernels", default=False)
# Whether kernels run as plain Python here. A bound method and no function: 12 ns and not 30.
runs_python = _as_python.get


def kernel(function: Function, nogil: bool = True) -> Function:
    """Compile a function with Numba at its first call, and keep the machine code on disk for the next process.

    Division by zero follows IEEE 754, as in NumPy, because Python's ZeroDivisionError costs a branch in each division.
    Helpers called by a kernel are decorated with `numba.extending.register_jitable`, which leaves them plain Python
    functions, so that a debugger steps into them.

    Args:
        function: One that closes over no variables, and whose source is in a file: others are not kept on disk. A
            kernel of your own is compiled again when its file changes, or this package, but not when another of your
            files does whose functions it calls.
        nogil: Whether the kernel releases the GIL while it runs, which costs 40 ns.

    Returns:
        Numba's dispatcher (or the function itself when NUMBA_DISABLE_JIT is set). Call it through `run`.
    """
    dispatcher: Any = numba.njit(nogil=nogil, fastmath=FASTMATH, error_model="numpy")(function)
    if hasattr(dispatcher, "py_func"):
        keep_on_disk(dispatcher)
    return dispatcher


def object_kernel(function: Function) -> Function:
    """As `kernel`, for a function that makes and returns Python objects: it holds the GIL, or lets go of it itself."""
    return kernel(function, nogil=False)


def ordered_helper(function: Function) -> Function:
    """Let kernels call a function whose sums keep the order in which they are written, whatever the kernel's may do."""
    register_jitable(**HELPER)(function)
    return function


def choose_by_width(narrow: Callable[..., Any], wide: Callable[..., Any]) -> Callable[[Function], Function]:
    """Let kernels call a function of `x`, a NumPy scalar, that has one version for 32 bits and one for 64.

    Args:
        narrow: What a kernel compiles for a float32 or int32; its parameter is called `x`.
        wide: What it compiles for a float64 or int64; likewise.

    Returns:
        A decorator for the function that makes the same choice when it runs as plain Python.
    """

    def decorate(function: Function) -> Function:
        # strict compares the annotations of the versions too, which differ.
        @overload(function, jit_options=HELPER, strict=False)
        def version_for(x: Any) -> Callable[..., Any]:
            return narrow if x.bitwidth == 32 else wide

        return function

    return decorate


def run(kernel: Function) -> Function:
    """Return what to call to run a kernel: its machine code, or its source inside `python_kernels()`.

    Example:
        >>> from minigrad_kernels.gemm import multiply_matrices
        >>> run(multiply_matrices) is multiply_matrices
        True
        >>> with python_kernels():
        ...     run(multiply_matrices) is multiply_matrices.py_func
        True
    """
    if _as_python.get():
        # NUMBA_DISABLE_JIT leaves the plain function, which has no py_func.
        return getattr(kernel, "py_func", kernel)
    return kernel


@cache
def c_address(kernel: Any) -> int:
    """Return the address of a C function, `int64 function(int64, int64)`, that runs a compiled kernel.

    Kernels call it from any thread, through `atomics.call_address`, without linking its code into their own. If it
    raises, for want of memory, that is printed, and it returns 0.

    Args:
        kernel: What `kernel` returned, for a function of two integers that returns one.
    """
    signature = (numba.types.int64, numba.types.int64)
    kernel.compile(signature)
    compiled = kernel.overloads[signature]
    return compiled.library.get_pointer_to_function(compiled.fndesc.llvm_cfunc_wrapper_name)


@contextmanager
def python_kernels() -> Iterator[None]:
    """Run the source of every kernel as plain Python within the `with` block, in this thread (or task) only.

    A debugger then steps through the kernel's lines. It is 100 to 10 000 times slower.

    Example:
        >>> import numpy as np
        >>> from minigrad_kernels import matmul
        >>> with python_kernels():
        ...     matmul(np.eye(2), np.array([1.0, 2.0]))
        array([1., 2.])
    """
    token = _as_python.set(True)
    try:
        yield
    finally:
        _as_python.reset(token)
