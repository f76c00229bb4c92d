"""Words of memory that several threads read and write, for kernels: 64-bit integers at a byte address.

Like the vector instructions of `vectors.py`, each exists twice: as plain Python, to be read and stepped through, and as
the instruction that Numba compiles a call of it to. The plain Python form is atomic for as long as the GIL is held.
"""

import ctypes
import inspect
import os
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import lower_builtin, type_callable

from minigrad_kernels.vectors import INT64

_INT32 = ir.IntType(32)
Emission = Callable[..., ir.Value]


def _c_library() -> ctypes.CDLL | None:
    """The C library's functions, which are called with the GIL held; None on Windows, which has no such handle."""
    try:
        return ctypes.PyDLL(None)
    except TypeError:
        return None


_C = _c_library()
_HAS_YIELD = hasattr(_C, "sched_yield")
# Known only where it can be chosen too.
_HAS_CPU = hasattr(_C, "sched_getcpu") and hasattr(os, "sched_setaffinity")


def load_word(address: int) -> int:
    """The word at the address, and with it whatever was written before it was stored."""
    return ctypes.c_int64.from_address(address).value


def store_word(address: int, value: int) -> int:
    """Write a word, after everything that was written before; returns it."""
    ctypes.c_int64.from_address(address).value = value
    return value


def add_to_word(address: int, value: int) -> int:
    """Add to a word in one step; returns what it was."""
    before = load_word(address)
    store_word(address, before + value)
    return before


def replace_word(address: int, expected: int, value: int) -> bool:
    """Write a word if it is still the expected one, in one step; returns whether it was."""
    if load_word(address) != expected:
        return False
    store_word(address, value)
    return True


def yield_core() -> int:
    """Let another thread run on this core if one waits for it: 0.4 µs."""
    return _C.sched_yield() if _C is not None and _HAS_YIELD else 0


def current_cpu() -> int:
    """The number of the core that this thread runs on, or -1 where it cannot be told."""
    return _C.sched_getcpu() if _C is not None and _HAS_CPU else -1


def call_address(function: int, first: int, second: int) -> int:
    """Call the C function at an address with two words; returns the word that it returns."""
    return ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)(function)(first, second)


def _compiled_as(function: Callable[..., int]) -> Callable[[Emission], Emission]:
    """Make Numba compile calls of a function of words to what the decorated one emits: a word, or a truth value."""
    result = types.boolean if function.__annotations__["return"] is bool else types.int64
    words = [types.int64] * (len(function.__annotations__) - 1)

    def decorate(emission: Emission) -> Emission:
        @type_callable(function)
        def type_call(context: Any) -> Callable[..., Any]:
            def result_type(*arguments: types.Type) -> Any:
                return result(*words)

            # Numba matches a call's arguments with these parameters.
            vars(result_type)["__signature__"] = inspect.signature(function)
            return result_type

        @lower_builtin(function, types.VarArg(types.Any))
        def lower(context: Any, builder: ir.IRBuilder, signature: Any, arguments: list[ir.Value]) -> ir.Value:
            return emission(builder, *arguments)

        return emission

    return decorate


def _pointer(builder: ir.IRBuilder, address: ir.Value) -> ir.Value:
    return builder.inttoptr(address, INT64.as_pointer())


@_compiled_as(load_word)
def _emit_load(builder: ir.IRBuilder, address: ir.Value) -> ir.Value:
    return builder.load_atomic(_pointer(builder, address), "seq_cst", 8)


@_compiled_as(store_word)
def _emit_store(builder: ir.IRBuilder, address: ir.Value, value: ir.Value) -> ir.Value:
    builder.store_atomic(value, _pointer(builder, address), "seq_cst", 8)
    return value


@_compiled_as(add_to_word)
def _emit_add(builder: ir.IRBuilder, address: ir.Value, value: ir.Value) -> ir.Value:
    return builder.atomic_rmw("add", _pointer(builder, address), value, "seq_cst")


@_compiled_as(replace_word)
def _emit_replace(builder: ir.IRBuilder, address: ir.Value, expected: ir.Value, value: ir.Value) -> ir.Value:
    pair = builder.cmpxchg(_pointer(builder, address), expected, value, "seq_cst", "seq_cst")
    return builder.extract_value(pair, 1)


@_compiled_as(yield_core)
def _emit_yield(builder: ir.IRBuilder) -> ir.Value:
    return _call_c(builder, "sched_yield") if _HAS_YIELD else INT64(0)


@_compiled_as(current_cpu)
def _emit_cpu(builder: ir.IRBuilder) -> ir.Value:
    return _call_c(builder, "sched_getcpu") if _HAS_CPU else INT64(-1)


@_compiled_as(call_address)
def _emit_call(builder: ir.IRBuilder, function: ir.Value, first: ir.Value, second: ir.Value) -> ir.Value:
    kind = ir.FunctionType(INT64, [INT64, INT64])
    return builder.call(builder.inttoptr(function, kind.as_pointer()), [first, second])


def _call_c(builder: ir.IRBuilder, name: str) -> ir.Value:
    """Call a function of the C library that takes nothing and returns an int."""
    function = builder.module.globals.get(name) or ir.Function(builder.module, ir.FunctionType(_INT32, []), name)
    return builder.sext(builder.call(function, []), INT64)
