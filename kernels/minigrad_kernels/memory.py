"""Memory for a kernel's own use: for the blocks of operands that the matrix product packs.

An array would do, but counting references to it costs 50 ns, and where there is no memory for one a kernel raises, in
the middle of what it does.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import lower_builtin, type_callable

from minigrad_kernels.vectors import INT64

LINE_BYTES = 64
_reserved: dict[int, np.ndarray] = {}


def reserve(count: int) -> int:
    """Return the address of so many bytes that start a cache line, or 0 if there are none left."""
    buffer = np.empty(count + LINE_BYTES, np.uint8)
    start = (buffer.ctypes.data + LINE_BYTES - 1) // LINE_BYTES * LINE_BYTES
    _reserved[start] = buffer
    return start


def release(start: int) -> None:
    """Give back what `reserve` returned."""
    _reserved.pop(start)


@type_callable(reserve)
def _type_reserve(context: Any) -> Any:
    def result_type(count: Any) -> Any:
        return types.int64(types.int64)

    return result_type


@type_callable(release)
def _type_release(context: Any) -> Any:
    def result_type(start: Any) -> Any:
        return types.void(types.int64)

    return result_type


@lower_builtin(reserve, types.int64)
def _emit_reserve(context: Any, builder: ir.IRBuilder, signature: Any, arguments: list[ir.Value]) -> ir.Value:
    # Python's allocator for whoever does not hold the GIL: malloc.
    function = _declared(builder, "PyMem_RawMalloc", INT64, INT64)
    allocated = builder.call(function, [builder.add(arguments[0], INT64(2 * LINE_BYTES))])
    start = cgutils.alloca_once_value(builder, INT64(0))
    with builder.if_then(cgutils.is_not_null(builder, allocated)):
        line = builder.and_(builder.add(allocated, INT64(2 * LINE_BYTES - 1)), INT64(-LINE_BYTES))
        # What is to be freed is noted in the 8 bytes before: the address was moved by 64 at least.
        builder.store(allocated, builder.inttoptr(builder.sub(line, INT64(8)), INT64.as_pointer()))
        builder.store(line, start)
    return builder.load(start)


@lower_builtin(release, types.int64)
def _emit_release(context: Any, builder: ir.IRBuilder, signature: Any, arguments: list[ir.Value]) -> ir.Value:
    allocated = builder.load(builder.inttoptr(builder.sub(arguments[0], INT64(8)), INT64.as_pointer()))
    builder.call(_declared(builder, "PyMem_RawFree", ir.VoidType(), INT64), [allocated])
    return context.get_dummy_value()


def _declared(builder: ir.IRBuilder, name: str, result: ir.Type, argument: ir.Type) -> ir.Function:
    """A C function; an address is as good as a pointer."""
    return cgutils.get_or_insert_function(builder.module, ir.FunctionType(result, [argument]), name)
