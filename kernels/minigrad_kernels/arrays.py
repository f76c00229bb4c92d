"""NumPy arrays as Python objects in compiled code: what a kernel needs that checks, allocates and returns an array.

Numba hands a kernel a copy of each array's fields and counts references, for 20 ns an array, and cannot tell which
class or dtype came. `np.empty` costs 75 ns more, and a check in Python 10 to 30. All of that for a product of 4×4
matrices is 0.4 µs, where the multiplications take 0.02. So `multiply` in `gemm.py` gets the objects themselves and
reads the fields where NumPy's C headers say that they are.

As everywhere, the functions are plain Python, and compiled they become the few instructions that are written below.
"""

import ctypes
import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from llvmlite import binding, ir
from numba import from_dtype, types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.extending import NativeValue, box, lower_builtin, register_model, type_callable, unbox
from numpy._core import _multiarray_umath  # type: ignore[attr-defined]

from minigrad_kernels.vectors import INT64, address

_INT32 = ir.IntType(32)
_BYTES = ir.IntType(8).as_pointer()
# Parts of NumPy's binary interface, as the fields are and the table of functions.
_WRITEABLE = 0x0400
_MAX_AXES = 64


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
        self.dtype = dtype
        super().__init__(name=f"ArrayObject({dtype})")


register_model(ArrayObject)(models.OpaqueModel)


@unbox(ArrayObject)
def _unbox_object(kind: ArrayObject, value: ir.Value, c: Any) -> NativeValue:
    return NativeValue(value)


@box(ArrayObject)
def _box_object(kind: ArrayObject, value: ir.Value, c: Any) -> ir.Value:
    """The object, to which a reference comes with the value, or None for no object."""
    result = cgutils.alloca_once_value(c.builder, value)
    with c.builder.if_then(cgutils.is_null(c.builder, value)):
        c.builder.store(c.pyapi.make_none(), result)
    return c.builder.load(result)


@cache
def object_entry(kernel: Callable[..., Any], dtype: np.dtype, arrays: int, integers: int) -> Callable[..., Any]:
    """Return the C function that runs a kernel on objects and integers, compiled for arrays of one dtype.

    Args:
        kernel: What `kernel` returned.
        dtype: float32 or float64.
        arrays: How many objects it takes, before
        integers: so many integers.
    """
    signature = (ArrayObject(from_dtype(dtype)),) * arrays + (types.int64,) * integers
    dispatcher: Any = kernel
    dispatcher.compile(signature)
    return dispatcher.overloads[signature].entry_point


def is_none(x: Any) -> bool:
    """Whether x is None, or what `no_array` returns."""
    return x is None


def no_array(like: np.ndarray) -> Any:
    """None, for a kernel that otherwise returns an array."""
    return None


def returned(x: np.ndarray) -> np.ndarray:
    """An argument that the kernel returns: compiled, a reference more to it."""
    return x


def dropped(x: np.ndarray) -> Any:
    """None, in place of an array that was to be returned."""
    return None


def alike(x: Any, y: Any) -> bool:
    """Whether two objects, one of them an array, are both arrays, of the same class and dtype."""
    return type(x) is type(y) and x.dtype is y.dtype


def writeable(x: np.ndarray) -> bool:
    """Whether an array may be written to."""
    return x.flags.writeable


def axes(x: np.ndarray) -> int:
    """The number of an array's axes."""
    return x.ndim


def length(x: np.ndarray, axis: int) -> int:
    """The length of an axis, counted from 0."""
    return x.shape[axis]


def stride(x: np.ndarray, axis: int) -> int:
    """The bytes from one element to the next along an axis, counted from 0."""
    return x.strides[axis]


def zero_of(x: np.ndarray) -> np.floating:
    """A zero of an array's dtype."""
    return x.dtype.type(0)


def new_array(stack: np.ndarray, batch_axes: int, rows: int, m: int, columns: int, n: int) -> Any:
    """A new array of the class and dtype of `stack`, or None without memory for it.

    Args:
        stack: An array.
        batch_axes: How many of its first axes the new array has too.
        rows: Whether an axis of length `m` follows, 0 or 1.
        m: Its length.
        columns: Whether an axis of length `n` follows, 0 or 1.
        n: Its length.
    """
    return np.empty(stack.shape[:batch_axes] + (m,) * rows + (n,) * columns, stack.dtype)


def release_gil(work_is_long: bool) -> int:
    """Let other Python threads run, if so; compiled code only. Returns what `take_gil` needs."""
    return 0


def take_gil(state: int) -> None:
    """Undo `release_gil`."""


def _compiled_to(function: Callable[..., Any], result: types.Type | None) -> Callable[..., Any]:
    """Make Numba compile calls of a function to what the decorated one emits.

    Args:
        function: Its parameters are integers and booleans, or, if annotated otherwise, array objects.
        result: The result's type; None for that of the first argument, or of its dtype.
    """
    kinds = list(function.__annotations__.values())[:-1]

    def decorate(emission: Callable[..., Any]) -> Callable[..., Any]:
        @type_callable(function)
        def type_call(context: Any) -> Callable[..., Any]:
            def result_type(*arguments: types.Type) -> Any:
                given = []
                for kind, argument in zip(kinds, arguments):
                    given.append({int: types.int64, bool: types.boolean}.get(kind, argument))
                return (result or given[0])(*given)

            vars(result_type)["__signature__"] = inspect.signature(function)
            return result_type

        @lower_builtin(function, types.VarArg(types.Any))
        def lower(context: Any, builder: ir.IRBuilder, signature: Any, arguments: list[ir.Value]) -> ir.Value:
            return emission(context, builder, *arguments)

        return emission

    return decorate


# The name under which compiled code, from the disk cache too, finds NumPy's function `PyArray_NewFromDescr`.
_NEW_FROM_DESCR = "minigrad_PyArray_NewFromDescr"


def _register_new_from_descr() -> None:
    """Make the name known, as C extensions look the function up. Source: NumPy's header `__multiarray_api.h`."""
    get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
    get_pointer.restype, get_pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    table = get_pointer(_multiarray_umath._ARRAY_API, None)
    function = (ctypes.c_void_p * 95).from_address(table)[94]
    binding.add_symbol(_NEW_FROM_DESCR, function)


_register_new_from_descr()


def _field(builder: ir.IRBuilder, x: ir.Value, name: str, kind: ir.Type) -> ir.Value:
    """Emit: a field of an array."""
    offset = getattr(ArrayFields, name).offset
    return builder.load(builder.bitcast(builder.gep(x, [INT64(offset)]), kind.as_pointer()))


@lower_builtin(address, ArrayObject)
def _emit_address(context: Any, builder: ir.IRBuilder, signature: Any, arguments: list[ir.Value]) -> ir.Value:
    return _field(builder, arguments[0], "data", INT64)


@_compiled_to(is_none, types.boolean)
def _emit_is_none(context: Any, builder: ir.IRBuilder, x: ir.Value) -> ir.Value:
    none = context.get_python_api(builder).borrow_none()
    return builder.or_(builder.icmp_unsigned("==", x, none), cgutils.is_null(builder, x))


@_compiled_to(no_array, None)
def _emit_no_array(context: Any, builder: ir.IRBuilder, like: ir.Value) -> ir.Value:
    return ir.Constant(_BYTES, None)


@_compiled_to(returned, None)
def _emit_returned(context: Any, builder: ir.IRBuilder, x: ir.Value) -> ir.Value:
    context.get_python_api(builder).incref(x)
    return x


@_compiled_to(dropped, None)
def _emit_dropped(context: Any, builder: ir.IRBuilder, x: ir.Value) -> ir.Value:
    context.get_python_api(builder).decref(x)
    return ir.Constant(_BYTES, None)


@_compiled_to(alike, types.boolean)
def _emit_alike(context: Any, builder: ir.IRBuilder, x: ir.Value, y: ir.Value) -> ir.Value:
    # y is asked for its dtype only if it is of the class of x.
    result = cgutils.alloca_once_value(builder, cgutils.false_bit)
    with builder.if_then(_same_field(builder, x, y, "type")):
        builder.store(_same_field(builder, x, y, "dtype"), result)
    return builder.load(result)


def _same_field(builder: ir.IRBuilder, x: ir.Value, y: ir.Value, name: str) -> ir.Value:
    return builder.icmp_unsigned("==", _field(builder, x, name, INT64), _field(builder, y, name, INT64))


@_compiled_to(writeable, types.boolean)
def _emit_writeable(context: Any, builder: ir.IRBuilder, x: ir.Value) -> ir.Value:
    return builder.icmp_unsigned("!=", builder.and_(_field(builder, x, "flags", _INT32), _INT32(_WRITEABLE)), _INT32(0))


@_compiled_to(axes, types.int64)
def _emit_axes(context: Any, builder: ir.IRBuilder, x: ir.Value) -> ir.Value:
    return builder.sext(_field(builder, x, "ndim", _INT32), INT64)


@_compiled_to(length, types.int64)
def _emit_length(context: Any, builder: ir.IRBuilder, x: ir.Value, axis: ir.Value) -> ir.Value:
    return builder.load(builder.gep(_field(builder, x, "shape", INT64.as_pointer()), [axis]))


@_compiled_to(stride, types.int64)
def _emit_stride(context: Any, builder: ir.IRBuilder, x: ir.Value, axis: ir.Value) -> ir.Value:
    return builder.load(builder.gep(_field(builder, x, "strides", INT64.as_pointer()), [axis]))


@_compiled_to(new_array, None)
def _emit_new_array(
    context: Any, builder: ir.IRBuilder, stack: ir.Value, batch_axes: ir.Value,
    rows: ir.Value, m: ir.Value, columns: ir.Value, n: ir.Value,
) -> ir.Value:  # fmt: skip
    api = context.get_python_api(builder)
    lengths = cgutils.alloca_once(builder, INT64, _MAX_AXES)
    cgutils.memcpy(builder, lengths, _field(builder, stack, "shape", INT64.as_pointer()), batch_axes)
    after_rows = builder.add(batch_axes, rows)
    builder.store(m, builder.gep(lengths, [batch_axes]))
    # Where there is no axis of columns, this is beyond the lengths that count, or m's place where there are no rows.
    builder.store(n, builder.gep(lengths, [after_rows]))
    ndim = builder.trunc(builder.add(after_rows, columns), _INT32)
    dtype = _field(builder, stack, "dtype", _BYTES)
    api.incref(dtype)  # The new array's reference.
    none, pointer = ir.Constant(_BYTES, None), INT64.as_pointer()
    kind = ir.FunctionType(_BYTES, [_BYTES, _BYTES, _INT32, pointer, pointer, _BYTES, _INT32, _BYTES])
    function = cgutils.get_or_insert_function(builder.module, kind, _NEW_FROM_DESCR)
    array = builder.call(
        function,
        [_field(builder, stack, "type", _BYTES), dtype, ndim, lengths, pointer(None), none, _INT32(0), none],
    )
    with builder.if_then(cgutils.is_null(builder, array), likely=False):
        api.err_clear()
    return array


@_compiled_to(release_gil, types.int64)
def _emit_release_gil(context: Any, builder: ir.IRBuilder, work_is_long: ir.Value) -> ir.Value:
    state = cgutils.alloca_once_value(builder, INT64(0))
    with builder.if_then(work_is_long):
        thread = context.get_python_api(builder).save_thread()
        builder.store(builder.ptrtoint(thread, INT64), state)
    return builder.load(state)


@_compiled_to(take_gil, types.void)
def _emit_take_gil(context: Any, builder: ir.IRBuilder, state: ir.Value) -> ir.Value:
    with builder.if_then(cgutils.is_not_null(builder, state)):
        context.get_python_api(builder).restore_thread(builder.inttoptr(state, _BYTES))
    return context.get_dummy_value()


@type_callable(zero_of)
def _type_zero_of(context: Any) -> Callable[..., Any]:
    def result_type(x: ArrayObject) -> Any:
        return x.dtype

    return result_type


@lower_builtin(zero_of, ArrayObject)
def _emit_zero_of(context: Any, builder: ir.IRBuilder, signature: Any, arguments: list[ir.Value]) -> ir.Value:
    return context.get_constant(signature.return_type, 0.0)
