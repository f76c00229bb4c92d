"""Arrays of any shape as operands of elementwise kernels, checked in machine code.

At 10 elements the arithmetic takes 10 ns, a ufunc 200. Numba reads an array in 45 ns, because it counts references and
copies every field, and asking an array for dtype, shape and flags in Python takes as long again. So an `Operand` is
nothing but the address of a NumPy array object, which costs nothing to pass; a kernel calls `fit` to look at the
object's fields, 2 ns, and `flat` for its numbers. In plain Python an operand is the array itself.

Source: NumPy's C interface, PyArrayObject, whose fields are a part of NumPy's stable ABI.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core.datamodel.models import PrimitiveModel
from numba.extending import NativeValue, intrinsic, overload, register_model, unbox
from numba.np.arrayobj import populate_array

from minigrad_kernels.jit import run

_INT64 = ir.IntType(64)
_WORD = 8

# Byte offsets in the C struct of an array; its header is that of every object, and ends with the type.
_HEADER = object.__basicsize__
TYPE, DATA, AXES, LENGTHS = _HEADER - _WORD, _HEADER, _HEADER + _WORD, _HEADER + 2 * _WORD
DTYPE, FLAGS = _HEADER + 5 * _WORD, _HEADER + 6 * _WORD
# NumPy's C_CONTIGUOUS and ALIGNED, and these with WRITEABLE; a 32-bit field.
READABLE, WRITEABLE = 0x101, 0x501
LOWER_HALF = 0xFFFFFFFF


class Operand(types.Type):
    """Numba's type of an array of one dtype, any shape and any layout, of which it gets the object's address."""

    def __init__(self, dtype: types.Type) -> None:
        self.dtype = dtype
        super().__init__(name=f"minigrad_kernels.Operand({dtype})")


@register_model(Operand)
class _OperandModel(PrimitiveModel):
    """In machine code an operand is an integer."""

    def __init__(self, manager: Any, operand: Operand) -> None:
        super().__init__(manager, operand, _INT64)


@unbox(Operand)
def _take_address(operand: Operand, pointer: ir.Value, context: Any) -> NativeValue:
    # The caller's arguments keep the object alive during the call.
    return NativeValue(context.builder.ptrtoint(pointer, _INT64))


def operand_entry(kernel: Callable[..., Any], dtype: np.dtype, count: int) -> Callable[..., Any]:
    """Return what to call to run a kernel on operands of one dtype; it takes 60 ns and checks nothing.

    Args:
        kernel: What `kernel` returned; it calls `fit` before anything else.
        dtype: The dtype of the first operand.
        count: The number of operands. The first must be a NumPy array; the others may be any object.
    """
    if not hasattr(run(kernel), "py_func"):
        return run(kernel)
    return _compiled_entry(kernel, dtype, count)


@cache
def _compiled_entry(dispatcher: Any, dtype: np.dtype, count: int) -> Callable[..., Any]:
    """The C function with which a dispatcher calls the machine code for operands."""
    signature = (Operand(numba.from_dtype(dtype)),) * count
    dispatcher.compile(signature)
    return dispatcher.overloads[signature].entry_point


def fit(x: np.ndarray, out: Any) -> bool:
    """Whether a loop over `flat(x)` can fill `flat(out)`: of one shape and dtype, contiguous, and not overlapping."""
    return (
        type(x) is type(out)
        and x.dtype is out.dtype
        and x.shape == out.shape
        and x.flags.c_contiguous
        and x.flags.aligned
        and out.flags.carray
        and not np.may_share_memory(x, out)
    )


def flat(x: np.ndarray) -> np.ndarray:
    """The numbers of a C-contiguous array, shape (n,)."""
    return x.reshape(-1)


@intrinsic
def _load(typing_context: Any, address: Any) -> tuple[Any, Callable[..., Any]]:
    """The 64-bit integer at an address, which may be an operand's."""

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, arguments: list[ir.Value]) -> ir.Value:
        return builder.load(builder.inttoptr(arguments[0], _INT64.as_pointer()), align=4)

    return types.int64(types.int64), emit


@intrinsic
def _address(typing_context: Any, operand: Any) -> tuple[Any, Callable[..., Any]]:
    """The address of an operand, as an integer."""

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, arguments: list[ir.Value]) -> ir.Value:
        return arguments[0]

    return types.int64(operand), emit


@intrinsic
def _numbers_at(typing_context: Any, operand: Any, address: Any, size: Any) -> tuple[Any, Callable[..., Any]]:
    """An array of `size` numbers of the operand's dtype at an address, which counts no references."""
    array_type = types.Array(operand.dtype, 1, "C")
    itemsize = operand.dtype.bitwidth // 8

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, arguments: list[ir.Value]) -> ir.Value:
        _, address, size = arguments
        array = context.make_array(array_type)(context, builder)
        data = builder.inttoptr(address, context.get_data_type(operand.dtype).as_pointer())
        populate_array(array, data, [size], [_INT64(itemsize)], _INT64(itemsize), None)
        return array._getvalue()

    return array_type(operand, types.int64, types.int64), emit


@overload(fit)
def _compile_fit(x: Any, out: Any) -> Callable[[Any, Any], bool]:
    itemsize = x.dtype.bitwidth // 8

    def compiled(x: Any, out: Any) -> bool:
        left, right = _address(x), _address(out)
        # The type first: only of an array the other fields may be read.
        if _load(left + TYPE) != _load(right + TYPE) or _load(left + DTYPE) != _load(right + DTYPE):
            return False
        if _load(left + FLAGS) & READABLE != READABLE or _load(right + FLAGS) & WRITEABLE != WRITEABLE:
            return False
        axes = _load(left + AXES) & LOWER_HALF
        if axes != _load(right + AXES) & LOWER_HALF:
            return False
        size = itemsize
        for axis in range(axes):
            length = _load(_load(left + LENGTHS) + _WORD * axis)
            if length != _load(_load(right + LENGTHS) + _WORD * axis):
                return False
            size *= length
        start, target = _load(left + DATA), _load(right + DATA)
        return start + size <= target or target + size <= start

    return compiled


@overload(flat)
def _compile_flat(x: Any) -> Callable[[Any], Any]:
    def compiled(x: Any) -> Any:
        address = _address(x)
        size = 1
        for axis in range(_load(address + AXES) & LOWER_HALF):
            size *= _load(_load(address + LENGTHS) + _WORD * axis)
        return _numbers_at(x, _load(address + DATA), size)

    return compiled
