"""NumPy arrays as Python objects in compiled code: what a kernel reads of its operands.

At 10 elements the arithmetic takes 10 ns and a ufunc 200. Numba hands a kernel a copy of each array's fields and counts
references, for 20 ns an array, and cannot tell which class or dtype came; to ask an array in Python for dtype, shape
and flags takes 100. So a kernel gets the objects themselves, which costs nothing, and reads their fields where NumPy's
C headers say that they are, 1 ns each. `new_arrays.py` makes the arrays that it returns, `entries.py` calls it.

As everywhere, the functions are plain Python, and compiled they become the few instructions that are written below.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import lower_builtin, type_callable

from minigrad_kernels.array_objects import INT32, ArrayObject, compiled_to, field
from minigrad_kernels.vectors import INT64, address, array_at

# NumPy's flags C_CONTIGUOUS and ALIGNED, and WRITEABLE.
_CONTIGUOUS, _WRITEABLE = 0x0101, 0x0400


def is_none(x: Any) -> bool:
    """Whether x is None, or what `no_array` returns."""
    return x is None


def alike(x: Any, y: Any) -> bool:
    """Whether two objects, one of them an array, are both arrays, of the same class and dtype."""
    return type(x) is type(y) and x.dtype is y.dtype


def writeable(x: np.ndarray) -> bool:
    """Whether an array may be written to."""
    return x.flags.writeable


def contiguous(x: np.ndarray) -> bool:
    """Whether the numbers of an array follow each other in row-major order, from an aligned address on."""
    return x.flags.c_contiguous and x.flags.aligned


def axes(x: np.ndarray) -> int:
    """The number of an array's axes."""
    return x.ndim


def length(x: np.ndarray, axis: int) -> int:
    """The length of an axis, counted from 0."""
    return x.shape[axis]


def stride(x: np.ndarray, axis: int) -> int:
    """The bytes from one element to the next along an axis, counted from 0."""
    return x.strides[axis]


def zero_of(x: np.ndarray) -> Any:
    """A zero of an array's dtype."""
    return x.dtype.type(0)


def flat(x: np.ndarray) -> np.ndarray:
    """The numbers of a contiguous array, shape (n,), as an array that Numba knows."""
    return x.reshape(-1)


def matrix(x: np.ndarray) -> np.ndarray:
    """The numbers of a contiguous array of two axes, as an array that Numba knows."""
    return x


def size_of(x: np.ndarray) -> int:
    """The number of an array's elements."""
    return x.size


def matches(x: np.ndarray, y: Any) -> bool:
    """Whether one index into `flat(x)` and `flat(y)` serves both: of one class, dtype and shape, and contiguous."""
    return alike(x, y) and contiguous(x) and contiguous(y) and x.shape == y.shape


def same_lengths(x: np.ndarray, y: np.ndarray, count: int) -> bool:
    """Whether so many first axes of two arrays, which have as many, have the same lengths."""
    return x.shape[:count] == y.shape[:count]


def separate(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether the memory of one array ends before that of the other begins."""
    return not np.may_share_memory(x, y)


@lower_builtin(address, ArrayObject)
def _emit_address(context: Any, builder: ir.IRBuilder, signature: Any, arguments: list[ir.Value]) -> ir.Value:
    return field(builder, arguments[0], "data", INT64)


@compiled_to(is_none, types.boolean)
def _emit_is_none(context: Any, builder: ir.IRBuilder, x: ir.Value) -> ir.Value:
    none = context.get_python_api(builder).borrow_none()
    return builder.or_(builder.icmp_unsigned("==", x, none), cgutils.is_null(builder, x))


@compiled_to(alike, types.boolean)
def _emit_alike(context: Any, builder: ir.IRBuilder, x: ir.Value, y: ir.Value) -> ir.Value:
    # y is asked for its dtype only if it is of the class of x.
    result = cgutils.alloca_once_value(builder, cgutils.false_bit)
    with builder.if_then(_same_field(builder, x, y, "type")):
        builder.store(_same_field(builder, x, y, "dtype"), result)
    return builder.load(result)


def _same_field(builder: ir.IRBuilder, x: ir.Value, y: ir.Value, name: str) -> ir.Value:
    return builder.icmp_unsigned("==", field(builder, x, name, INT64), field(builder, y, name, INT64))


@compiled_to(writeable, types.boolean)
def _emit_writeable(context: Any, builder: ir.IRBuilder, x: ir.Value) -> ir.Value:
    return _has_flags(builder, x, _WRITEABLE)


@compiled_to(contiguous, types.boolean)
def _emit_contiguous(context: Any, builder: ir.IRBuilder, x: ir.Value) -> ir.Value:
    return _has_flags(builder, x, _CONTIGUOUS)


def _has_flags(builder: ir.IRBuilder, x: ir.Value, flags: int) -> ir.Value:
    return builder.icmp_unsigned("==", builder.and_(field(builder, x, "flags", INT32), INT32(flags)), INT32(flags))


@compiled_to(axes, types.int64)
def emit_axes(context: Any, builder: ir.IRBuilder, x: ir.Value) -> ir.Value:
    """Emit: `axes`."""
    return builder.sext(field(builder, x, "ndim", INT32), INT64)


@compiled_to(length, types.int64)
def _emit_length(context: Any, builder: ir.IRBuilder, x: ir.Value, axis: ir.Value) -> ir.Value:
    return builder.load(builder.gep(field(builder, x, "shape", INT64.as_pointer()), [axis]))


@compiled_to(stride, types.int64)
def _emit_stride(context: Any, builder: ir.IRBuilder, x: ir.Value, axis: ir.Value) -> ir.Value:
    return builder.load(builder.gep(field(builder, x, "strides", INT64.as_pointer()), [axis]))


@type_callable(zero_of)
def _type_zero_of(context: Any) -> Callable[..., Any]:
    def result_type(x: ArrayObject) -> Any:
        return x.dtype

    return result_type


@lower_builtin(zero_of, ArrayObject)
def _emit_zero_of(context: Any, builder: ir.IRBuilder, signature: Any, arguments: list[ir.Value]) -> ir.Value:
    return context.get_constant(signature.return_type, 0)


@compiled_to(size_of, types.int64)
def emit_size_of(context: Any, builder: ir.IRBuilder, x: ir.Value) -> ir.Value:
    """Emit: `size_of`."""
    shape, size = field(builder, x, "shape", INT64.as_pointer()), cgutils.alloca_once_value(builder, INT64(1))
    with cgutils.for_range(builder, emit_axes(context, builder, x)) as loop:
        length = builder.load(builder.gep(shape, [loop.index]))
        builder.store(builder.mul(builder.load(size), length), size)
    return builder.load(size)


@compiled_to(matches, types.boolean)
def _emit_matches(context: Any, builder: ir.IRBuilder, x: ir.Value, y: ir.Value) -> ir.Value:
    result = cgutils.alloca_once_value(builder, cgutils.false_bit)
    with builder.if_then(_emit_alike(context, builder, x, y)):
        fits = builder.and_(_has_flags(builder, x, _CONTIGUOUS), _has_flags(builder, y, _CONTIGUOUS))
        axes_of_x = emit_axes(context, builder, x)
        with builder.if_then(builder.and_(fits, builder.icmp_signed("==", axes_of_x, emit_axes(context, builder, y)))):
            builder.store(_emit_same_lengths(context, builder, x, y, axes_of_x), result)
    return builder.load(result)


@compiled_to(same_lengths, types.boolean)
def _emit_same_lengths(context: Any, builder: ir.IRBuilder, x: ir.Value, y: ir.Value, count: ir.Value) -> ir.Value:
    result = cgutils.alloca_once_value(builder, cgutils.true_bit)
    with cgutils.for_range(builder, count) as loop:
        lengths = [_emit_length(context, builder, each, loop.index) for each in (x, y)]
        builder.store(builder.and_(builder.load(result), builder.icmp_signed("==", *lengths)), result)
    return builder.load(result)


@type_callable(separate)
def _type_separate(context: Any) -> Callable[..., Any]:
    def result_type(x: Any, y: Any) -> Any:
        return types.boolean

    return result_type


@lower_builtin(separate, ArrayObject, ArrayObject)
def _emit_separate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: list[ir.Value]) -> ir.Value:
    (x_first, x_last), (y_first, y_last) = (_emit_extent(context, builder, each) for each in arguments)
    itemsize = INT64(signature.args[0].dtype.bitwidth // 8)
    before = builder.icmp_signed("<=", builder.add(x_last, itemsize), y_first)
    return builder.or_(before, builder.icmp_signed("<=", builder.add(y_last, itemsize), x_first))


def _emit_extent(context: Any, builder: ir.IRBuilder, x: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Emit: the addresses of the first and the last number in memory; around them if there is none."""
    data = field(builder, x, "data", INT64)
    first, last = cgutils.alloca_once_value(builder, data), cgutils.alloca_once_value(builder, data)
    with cgutils.for_range(builder, emit_axes(context, builder, x)) as loop:
        length, stride = (_emit(context, builder, x, loop.index) for _emit in (_emit_length, _emit_stride))
        way = builder.mul(builder.sub(length, INT64(1)), stride)
        with builder.if_else(builder.icmp_signed("<", way, INT64(0))) as (down, up):
            with down:
                builder.store(builder.add(builder.load(first), way), first)
            with up:
                builder.store(builder.add(builder.load(last), way), last)
    return builder.load(first), builder.load(last)


@type_callable(flat)
def _type_flat(context: Any) -> Callable[..., Any]:
    def result_type(x: Any) -> Any:
        return types.Array(x.dtype, 1, "C")

    return result_type


@type_callable(matrix)
def _type_matrix(context: Any) -> Callable[..., Any]:
    def result_type(x: Any) -> Any:
        return types.Array(x.dtype, 2, "C")

    return result_type


@lower_builtin(flat, ArrayObject)
def _emit_flat(context: Any, builder: ir.IRBuilder, signature: Any, arguments: list[ir.Value]) -> ir.Value:
    size = emit_size_of(context, builder, arguments[0])
    return array_at(context, builder, signature.return_type, field(builder, arguments[0], "data", INT64), [size])


@lower_builtin(flat, types.Array)
def _emit_flat_array(context: Any, builder: ir.IRBuilder, signature: Any, arguments: list[ir.Value]) -> ir.Value:
    # Of an array that Numba knows already: an update may be called through its dispatcher.
    x = context.make_array(signature.args[0])(context, builder, arguments[0])
    return array_at(context, builder, signature.return_type, builder.ptrtoint(x.data, INT64), [x.nitems])


@lower_builtin(matrix, ArrayObject)
def _emit_matrix(context: Any, builder: ir.IRBuilder, signature: Any, arguments: list[ir.Value]) -> ir.Value:
    x = arguments[0]
    lengths = [_emit_length(context, builder, x, INT64(axis)) for axis in (0, 1)]
    return array_at(context, builder, signature.return_type, field(builder, x, "data", INT64), lengths)
