"""Calls of the compiled matrix product from inside other kernels, by its address.

A kernel that named `multiply_matrices` would have the whole product compiled into itself, which takes more than a
second for each dtype. Instead it is given the address of the product's machine code as an integer. Nothing of the
address is in the kernel's own code, which can therefore be kept on disk.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import lower_builtin, register_jitable, type_callable

from minigrad_kernels.gemm import multiply_matrices
from minigrad_kernels.jit import run
from minigrad_kernels.vectors import numbers_at

# After its zero, `multiply_matrices` takes so many integers.
_INTEGERS = 11


@register_jitable
def fill_product(
    product: int, zero: np.floating, m: int, n: int, k: int,
    a: int, a_row: int, a_column: int, b: int, b_row: int, b_column: int, out: int, out_row: int,
) -> bool:  # fmt: skip
    """`multiply_at` of matrices that may be empty; out has no gaps between its rows."""
    if m == 0 or n == 0:
        return True
    if k == 0:
        numbers = numbers_at(out, m * n, zero)
        for i in range(m * n):
            numbers[i] = zero
        return True
    return multiply_at(product, zero, m, n, k, a, a_row, a_column, b, b_row, b_column, out, out_row)


def multiply_at(
    product: int, zero: np.floating, m: int, n: int, k: int,
    a: int, a_row: int, a_column: int, b: int, b_row: int, b_column: int, out: int, out_row: int,
) -> bool:  # fmt: skip
    """Call `multiply_matrices` from a kernel, by the address that `product_address` returned for zero's dtype."""
    multiply = getattr(multiply_matrices, "py_func", multiply_matrices)
    done: bool = multiply(zero, m, n, k, a, a_row, a_column, b, b_row, b_column, out, out_row)
    return done


@type_callable(multiply_at)
def _type_multiply_at(context: Any) -> Callable[..., Any]:
    def result_type(
        product: Any, zero: Any, m: Any, n: Any, k: Any,
        a: Any, a_row: Any, a_column: Any, b: Any, b_row: Any, b_column: Any, out: Any, out_row: Any,
    ) -> Any:  # fmt: skip
        return types.boolean(types.int64, *_parameters(zero))

    return result_type


@lower_builtin(multiply_at, types.VarArg(types.Any))
def _emit_multiply_at(context: Any, builder: ir.IRBuilder, signature: Any, arguments: list[ir.Value]) -> ir.Value:
    """Call the function at the address as Numba's compiled functions call each other."""
    kind = context.call_conv.get_function_type(types.boolean, signature.args[1:])
    function = builder.inttoptr(arguments[0], kind.as_pointer())
    result = cgutils.alloca_once(builder, kind.args[0].pointee)
    error = cgutils.alloca_once(builder, kind.args[1].pointee)
    status = builder.call(function, [result, error, *arguments[1:]])
    done = context.get_returned_value(builder, types.boolean, builder.load(result))
    return builder.and_(done, builder.icmp_signed("==", status, ir.Constant(status.type, 0)))


def _parameters(zero: types.Type) -> tuple[types.Type, ...]:
    """The types of what `multiply_matrices` takes."""
    return zero, *(types.int64,) * _INTEGERS


def product_address(dtype: np.dtype) -> int:
    """The address of the compiled product of matrices of a dtype; 0 where kernels run as plain Python."""
    return _compiled_address(dtype) if hasattr(run(multiply_matrices), "py_func") else 0


@cache
def _compiled_address(dtype: np.dtype) -> int:
    """Compile `multiply_matrices` if need be, and look its address up."""
    dispatcher: Any = multiply_matrices
    signature = _parameters(numba.from_dtype(dtype))
    dispatcher.compile(signature)
    compiled = dispatcher.overloads[signature]
    return compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name)
