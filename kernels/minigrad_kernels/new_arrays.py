"""New arrays in compiled code, and what a kernel of array objects returns.

`np.empty` takes 75 to 150 ns when it is called from Python, 50 when a kernel calls NumPy's C function. A kernel that
makes its result is called with its operands and nothing else.

A reference belongs to each array that a kernel makes or returns: `new_array` gives one, `returned` too; what is not
returned in the end must be `dropped`.
"""

import ctypes
from typing import Any

import numpy as np
from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import register_jitable
from numpy._core import _multiarray_umath  # type: ignore[attr-defined]

from minigrad_kernels.arrays import (
    BYTES,
    INT32,
    axes,
    compiled_to,
    contiguous,
    field,
    is_none,
    matches,
    separate,
    size_of,
    writeable,
)
from minigrad_kernels.vectors import INT64

_MAX_AXES = 64
# Numbers, some microseconds of work on them, during which no other Python thread can run: letting go of the GIL and
# taking it again costs 20 ns.
MOST_NUMBERS_WITH_GIL = 8192
# The same for a product's multiplications.
MOST_WORK_WITH_GIL = 200_000


def no_array(like: np.ndarray) -> Any:
    """None, for a kernel that otherwise returns an array."""
    return None


def returned(x: np.ndarray) -> np.ndarray:
    """An argument that the kernel returns: compiled, a reference more to it."""
    return x


def dropped(x: Any) -> Any:
    """None, in place of an array that was to be returned, or None."""
    return None


def tuple_of(x: Any, y: Any, z: Any) -> Any:
    """A tuple of objects, of which arrays may be None; their references go over to it."""
    return x, y, z


def float_object(like: np.ndarray, number: float) -> Any:
    """A Python float, for `tuple_of`."""
    return float(number)


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


@register_jitable
def new_like(x: np.ndarray) -> Any:
    """A new array of the class, dtype and shape of x, or None."""
    return new_array(x, axes(x), 0, 0, 0, 0)


@register_jitable
def result_for(x: np.ndarray, out: Any) -> Any:
    """What a loop over `flat(x)` can fill the same places of: a new array, or `out` if it is one that fits; or None."""
    if is_none(out):
        return new_like(x) if contiguous(x) else no_array(x)
    return returned(out) if fills(out, x) else no_array(x)


@register_jitable
def result_for_both(x: np.ndarray, y: Any, out: Any) -> Any:
    """As `result_for` of a loop over `flat(x)` and `flat(y)`."""
    result = result_for(x, out) if matches(x, y) else no_array(x)
    # A new array shares no memory.
    return result if is_none(result) or separate(result, y) else dropped(result)


@register_jitable
def fills(out: Any, x: np.ndarray) -> bool:
    """Whether a loop over `flat(x)` can fill the same places of `out`, which it shares no memory with."""
    return matches(x, out) and writeable(out) and separate(x, out)


def release_gil(work_is_long: bool) -> int:
    """Let other Python threads run, if so; compiled code only. Returns what `take_gil` needs."""
    return 0


def take_gil(state: int) -> None:
    """Undo `release_gil`."""


@register_jitable
def release_gil_for(x: np.ndarray) -> int:
    """Let other Python threads run while an elementwise loop is long."""
    return release_gil(size_of(x) > MOST_NUMBERS_WITH_GIL)


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


@compiled_to(no_array, None)
def _emit_no_array(context: Any, builder: ir.IRBuilder, like: ir.Value) -> ir.Value:
    return ir.Constant(BYTES, None)


@compiled_to(returned, None)
def _emit_returned(context: Any, builder: ir.IRBuilder, x: ir.Value) -> ir.Value:
    context.get_python_api(builder).incref(x)
    return x


@compiled_to(dropped, None)
def _emit_dropped(context: Any, builder: ir.IRBuilder, x: ir.Value) -> ir.Value:
    context.get_python_api(builder).decref(x)
    return ir.Constant(BYTES, None)


@compiled_to(tuple_of, None)
def _emit_tuple_of(context: Any, builder: ir.IRBuilder, *items: ir.Value) -> ir.Value:
    api = context.get_python_api(builder)
    result = api.tuple_new(len(items))
    with builder.if_else(cgutils.is_null(builder, result), likely=False) as (failed, made):
        with failed:
            api.err_clear()
            for item in items:
                api.decref(item)
        with made:
            for place, item in enumerate(items):
                kept = cgutils.alloca_once_value(builder, item)
                with builder.if_then(cgutils.is_null(builder, item)):
                    builder.store(api.make_none(), kept)
                api.tuple_setitem(result, place, builder.load(kept))
    return result


@compiled_to(float_object, None)
def _emit_float_object(context: Any, builder: ir.IRBuilder, like: ir.Value, number: ir.Value) -> ir.Value:
    return context.get_python_api(builder).float_from_double(number)


@compiled_to(new_array, None)
def _emit_new_array(
    context: Any, builder: ir.IRBuilder, stack: ir.Value, batch_axes: ir.Value,
    rows: ir.Value, m: ir.Value, columns: ir.Value, n: ir.Value,
) -> ir.Value:  # fmt: skip
    api = context.get_python_api(builder)
    lengths = cgutils.alloca_once(builder, INT64, _MAX_AXES)
    cgutils.memcpy(builder, lengths, field(builder, stack, "shape", INT64.as_pointer()), batch_axes)
    after_rows = builder.add(batch_axes, rows)
    builder.store(m, builder.gep(lengths, [batch_axes]))
    # Where there is no axis of columns, this is beyond the lengths that count, or m's place where there are no rows.
    builder.store(n, builder.gep(lengths, [after_rows]))
    ndim = builder.trunc(builder.add(after_rows, columns), INT32)
    dtype = field(builder, stack, "dtype", BYTES)
    api.incref(dtype)  # The new array's reference.
    none, pointer = ir.Constant(BYTES, None), INT64.as_pointer()
    kind = ir.FunctionType(BYTES, [BYTES, BYTES, INT32, pointer, pointer, BYTES, INT32, BYTES])
    function = cgutils.get_or_insert_function(builder.module, kind, _NEW_FROM_DESCR)
    array = builder.call(
        function,
        [field(builder, stack, "type", BYTES), dtype, ndim, lengths, pointer(None), none, INT32(0), none],
    )
    with builder.if_then(cgutils.is_null(builder, array), likely=False):
        api.err_clear()
    return array


@compiled_to(release_gil, types.int64)
def _emit_release_gil(context: Any, builder: ir.IRBuilder, work_is_long: ir.Value) -> ir.Value:
    state = cgutils.alloca_once_value(builder, INT64(0))
    with builder.if_then(work_is_long):
        thread = context.get_python_api(builder).save_thread()
        builder.store(builder.ptrtoint(thread, INT64), state)
    return builder.load(state)


@compiled_to(take_gil, types.void)
def _emit_take_gil(context: Any, builder: ir.IRBuilder, state: ir.Value) -> ir.Value:
    with builder.if_then(cgutils.is_not_null(builder, state)):
        context.get_python_api(builder).restore_thread(builder.inttoptr(state, BYTES))
    return context.get_dummy_value()
