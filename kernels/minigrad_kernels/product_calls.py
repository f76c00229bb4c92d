"""Calls of the compiled matrix product from inside other kernels, by its address.

A kernel that named `multiply` would have the whole product compiled into itself, which takes more than a second for
each dtype. Instead it is given the address of the product's machine code as an integer. Nothing of the address is in
the kernel's own code, which can therefore be kept on disk.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload

from minigrad_kernels.gemm import multiply
from minigrad_kernels.jit import run


def call_product(product: int, a: np.ndarray, b: np.ndarray, out: np.ndarray) -> bool:
    """Call `multiply(a, b, out)` from a kernel.

    Args:
        product: What `product_address` returned for the dtype of the arrays.
        a: Shape (m, k), any strides.
        b: Shape (k, n), any strides.
        out: Shape (m, n), contiguous rows, written.

    Returns:
        What `multiply` returns; False also if its memory cannot be had.
    """
    return getattr(multiply, "py_func", multiply)(a, b, out)


# strict compares the annotations too.
@overload(call_product, strict=False)
def _compile_call_product(product: Any, a: Any, b: Any, out: Any) -> Callable[..., Any]:
    def call(product: int, a: np.ndarray, b: np.ndarray, out: np.ndarray) -> bool:
        return _call_at(product, a, b, out)  # type: ignore[call-arg]  # Numba passes the context itself

    return call


@intrinsic
def _call_at(typing_context: Any, product: Any, a: Any, b: Any, out: Any) -> Any:
    """Call the function at an address as Numba's compiled functions call each other."""
    # Any layout, as `product_address` has it compiled: arrays of all layouts are the same in memory.
    matrices = [types.Array(x.dtype, 2, "A") for x in (a, b, out)]

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, arguments: list[ir.Value]) -> ir.Value:
        kind = context.call_conv.get_function_type(types.boolean, matrices)
        function = builder.inttoptr(arguments[0], kind.as_pointer())
        result = cgutils.alloca_once(builder, kind.args[0].pointee)
        error = cgutils.alloca_once(builder, kind.args[1].pointee)
        numbers = context.get_arg_packer(matrices).as_arguments(builder, arguments[1:])
        status = builder.call(function, [result, error, *numbers])
        done = context.get_returned_value(builder, types.boolean, builder.load(result))
        return builder.and_(done, builder.icmp_signed("==", status, ir.Constant(status.type, 0)))

    return types.boolean(types.intp, *matrices), emit


def product_address(dtype: np.dtype) -> int:
    """The address of the compiled `multiply` for matrices of a dtype; 0 where kernels run as plain Python."""
    return _compiled_address(dtype) if hasattr(run(multiply), "py_func") else 0


@cache
def _compiled_address(dtype: np.dtype) -> int:
    """Compile `multiply` if need be, and look its address up."""
    dispatcher: Any = multiply
    signature = (types.Array(numba.from_dtype(dtype), 2, "A"),) * 3
    dispatcher.compile(signature)
    compiled = dispatcher.overloads[signature]
    return compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name)


def entry_of(kernel: Callable[..., Any], dtype: np.dtype, *arguments: int | None) -> Callable[..., Any]:
    """Return what to call to run a kernel that takes integers too; as `jit.entry` otherwise.

    Args:
        kernel: What `kernel` returned.
        dtype: The dtype of each array.
        arguments: For each argument the number of an array's axes, or None for an integer.
    """
    return _compiled_entry(kernel, dtype, arguments) if hasattr(run(kernel), "py_func") else run(kernel)


@cache
def _compiled_entry(dispatcher: Any, dtype: np.dtype, arguments: tuple[int | None, ...]) -> Callable[..., Any]:
    """The C function with which a dispatcher calls the machine code."""
    number = numba.from_dtype(dtype)
    signature = tuple(types.intp if ndim is None else types.Array(number, ndim, "A") for ndim in arguments)
    dispatcher.compile(signature)
    return dispatcher.overloads[signature].entry_point
