"""Array objects as a type of Numba's: an argument that costs nothing to pass, and how functions of it are compiled."""

import ctypes
import inspect
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.extending import NativeValue, box, lower_builtin, register_model, type_callable
from numba.extending import unbox as unboxed

from minigrad_kernels.vectors import INT64

INT32 = ir.IntType(32)
BYTES = ir.IntType(8).as_pointer()
# The types of parameters that are numbers.
_NUMBERS: dict[Any, types.Type] = {int: types.int64, float: types.float64, bool: types.boolean}


class ArrayFields(ctypes.Structure):
    """An array in memory. Source: `PyArrayObject_fields` in NumPy's header `ndarraytypes.h`."""

    _fields_ = (
        ("header", ctypes.c_byte * (object.__basicsize__ - ctypes.sizeof(ctypes.c_void_p))),
        ("type", ctypes.c_void_p),
        ("data", ctypes.c_void_p),
        ("ndim", ctypes.c_int),
        ("shape", ctypes.c_void_p),
        ("strides", ctypes.c_void_p),
        ("base", ctypes.c_void_p),
        ("dtype", ctypes.c_void_p),
        ("flags", ctypes.c_int),
    )


class ArrayObject(types.Type):
    """Numba's type of an argument that is an object and, if it is an array, should be of this dtype."""

    def __init__(self, dtype: types.Type) -> None:
        self.dtype: Any = dtype
        super().__init__(name=f"ArrayObject({dtype})")


register_model(ArrayObject)(models.OpaqueModel)


@unboxed(ArrayObject)
def _unbox_object(kind: ArrayObject, value: ir.Value, c: Any) -> NativeValue:
    # The caller's arguments keep the object alive during the call.
    return NativeValue(value)


@box(ArrayObject)
def _box_object(kind: ArrayObject, value: ir.Value, c: Any) -> ir.Value:
    """The object, to which a reference comes with the value, or None for no object."""
    result = cgutils.alloca_once_value(c.builder, value)
    with c.builder.if_then(cgutils.is_null(c.builder, value)):
        c.builder.store(c.pyapi.make_none(), result)
    return c.builder.load(result)


def compiled_to(function: Callable[..., Any], result: types.Type | None) -> Callable[..., Any]:
    """Make Numba compile calls of a function to what the decorated one emits.

    Args:
        function: Its parameters are numbers, or, if annotated otherwise, array objects.
        result: The result's type; None for that of the first argument.
    """
    kinds = list(function.__annotations__.values())[:-1]

    def decorate(emission: Callable[..., Any]) -> Callable[..., Any]:
        @type_callable(function)
        def type_call(context: Any) -> Callable[..., Any]:
            def result_type(*arguments: types.Type) -> Any:
                given = []
                for kind, argument in zip(kinds, arguments):
                    given.append(_NUMBERS.get(kind, argument))
                return (result or given[0])(*given)

            vars(result_type)["__signature__"] = inspect.signature(function)
            return result_type

        @lower_builtin(function, types.VarArg(types.Any))
        def lower(context: Any, builder: ir.IRBuilder, signature: Any, arguments: list[ir.Value]) -> ir.Value:
            return emission(context, builder, *arguments)

        return emission

    return decorate


def field(builder: ir.IRBuilder, x: ir.Value, name: str, kind: ir.Type) -> ir.Value:
    """Emit: a field of an array."""
    offset = getattr(ArrayFields, name).offset
    return builder.load(builder.bitcast(builder.gep(x, [INT64(offset)]), kind.as_pointer()))
