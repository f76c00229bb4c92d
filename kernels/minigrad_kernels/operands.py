"""Arrays of any shape as operands of kernels, checked in machine code.

At 10 elements the arithmetic takes 10 ns, a ufunc 200. Numba reads an array in 45 ns, because it counts references and
copies every field, and asking an array for dtype, shape and flags in Python takes as long again. So an `Operand` is
nothing but the address of a NumPy array object, which costs nothing to pass; a kernel calls `usable` or `fit` to look
at the object's fields, 2 ns, and `flat` or `matrix` for its numbers. In plain Python an operand is the array itself.

Source: NumPy's C interface, PyArrayObject, whose fields are a part of NumPy's stable ABI.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel.models import PrimitiveModel
from numba.extending import NativeValue, intrinsic, overload, register_jitable, register_model, unbox
from numba.np.arrayobj import populate_array

from minigrad_kernels.jit import run

# mypy takes the typing context for an argument of the caller.
_intrinsic: Any = intrinsic
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
        self.dtype: Any = dtype
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


class OperandKernel:
    """A kernel of operands, and its machine code for each dtype that it has met.

    Attributes:
        name: The public function's name, for messages.
        kernel: What `kernel` returned. It calls `usable` or `fit` before anything else, and returns what they say.
        count: The number of operands.
        entries: What to call for each dtype, 60 ns a call. The first operand must be a NumPy array of this dtype; the
            others may be any object.
    """

    __slots__ = ("count", "entries", "kernel", "name")

    def __init__(self, name: str, kernel: Callable[..., bool], count: int) -> None:
        self.name = name
        self.kernel = kernel
        self.count = count
        self.entries: dict[np.dtype, Callable[..., bool]] = {}

    def entry(self, dtype: np.dtype) -> Callable[..., bool]:
        """Return what to call for a dtype: machine code, compiled if need be, or the source as plain Python."""
        if not hasattr(run(self.kernel), "py_func"):
            return run(self.kernel)
        if dtype not in self.entries:
            self.entries[dtype] = _compiled_entry(self.kernel, dtype, self.count)
        return self.entries[dtype]


def _compiled_entry(dispatcher: Any, dtype: np.dtype, count: int) -> Callable[..., Any]:
    """The C function with which a dispatcher calls the machine code for operands."""
    signature = (Operand(numba.from_dtype(dtype)),) * count
    dispatcher.compile(signature)
    return dispatcher.overloads[signature].entry_point


def operand_call(kernel: Callable[..., Any], arguments: Sequence[Any]) -> Callable[..., Any]:
    """Return what to call to run a kernel on arrays, as operands, and on numbers, of the types of these arguments.

    Compiling takes up to a second and may be interrupted or fail; afterwards a call runs no Python code at all, and
    checks nothing: whoever calls knows that the arrays are contiguous and of these dtypes.

    Args:
        kernel: What `kernel` returned; it uses its arrays through the functions of this file only.
        arguments: Arrays, floats and bools. Only their types count.
    """
    if not hasattr(run(kernel), "py_func"):
        return run(kernel)
    kinds = []
    for argument in arguments:
        kinds.append(argument.dtype if isinstance(argument, np.ndarray) else type(argument))
    return _compiled_call(kernel, tuple(kinds))


@cache
def _compiled_call(dispatcher: Any, kinds: tuple[Any, ...]) -> Callable[..., Any]:
    """The C function with which a dispatcher calls the machine code for arrays of some dtypes, floats and bools."""
    signature = []
    for kind in kinds:
        is_dtype = isinstance(kind, np.dtype)
        signature.append(Operand(numba.from_dtype(kind)) if is_dtype else numba.typeof(kind()))
    dispatcher.compile(tuple(signature))
    entry_point: Callable[..., Any] = dispatcher.overloads[tuple(signature)].entry_point
    return entry_point


def usable(x: np.ndarray, out: Any) -> bool:
    """Whether they are arrays of one dtype that do not overlap, contiguous, and `out` can be written to."""
    return (
        type(x) is type(out)
        and x.dtype is out.dtype
        and x.flags.c_contiguous
        and x.flags.aligned
        and out.flags.carray
        and not np.may_share_memory(x, out)
    )


def axis_count(x: np.ndarray) -> int:
    """The number of axes of an array."""
    return x.ndim


def axis_length(x: np.ndarray, axis: int) -> int:
    """The length of an axis."""
    return x.shape[axis]


@register_jitable
def fit(x: np.ndarray, out: Any) -> bool:
    """Whether a loop over `flat(x)` can fill `flat(out)`: they are `usable`, and of one shape."""
    if not usable(x, out) or axis_count(x) != axis_count(out):
        return False
    different = 0
    for axis in range(axis_count(x)):
        different += axis_length(x, axis) != axis_length(out, axis)
    return different == 0


def flat(x: np.ndarray) -> np.ndarray:
    """The numbers of a C-contiguous array, shape (n,)."""
    return x.reshape(-1)


def matrix(x: np.ndarray) -> np.ndarray:
    """The numbers of a C-contiguous array of two axes, as an array that Numba knows."""
    return x


@_intrinsic
def _load(typing_context: Any, address: Any) -> tuple[Any, Callable[..., Any]]:
    """The 64-bit integer at an address, which may be an operand's."""

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, arguments: list[ir.Value]) -> ir.Value:
        return builder.load(builder.inttoptr(arguments[0], _INT64.as_pointer()), align=4)

    return types.int64(types.int64), emit


@_intrinsic
def _address(typing_context: Any, operand: Any) -> tuple[Any, Callable[..., Any]]:
    """The address of an operand, as an integer."""

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, arguments: list[ir.Value]) -> ir.Value:
        return arguments[0]

    return types.int64(operand), emit


@_intrinsic
def _array_at(typing_context: Any, operand: Any, address: Any, lengths: Any) -> tuple[Any, Callable[..., Any]]:
    """A contiguous array of numbers of the operand's dtype at an address, which counts no references."""
    array_type = types.Array(operand.dtype, len(lengths), "C")
    itemsize = operand.dtype.bitwidth // 8

    def emit(context: Any, builder: ir.IRBuilder, signature: Any, arguments: list[ir.Value]) -> ir.Value:
        _, address, lengths = arguments
        shape = cgutils.unpack_tuple(builder, lengths)
        strides = [_INT64(itemsize)]
        for length in shape[:0:-1]:
            strides.insert(0, builder.mul(strides[0], length))
        array = context.make_array(array_type)(context, builder)
        data = builder.inttoptr(address, context.get_data_type(operand.dtype).as_pointer())
        populate_array(array, data, shape, strides, _INT64(itemsize), None)
        return array._getvalue()

    return array_type(operand, types.int64, lengths), emit


@register_jitable
def _size(x: Any) -> int:
    """The number of numbers of an operand."""
    size = 1
    for axis in range(axis_count(x)):
        size *= axis_length(x, axis)
    return size


# Compiled code calls kernels with arrays that Numba knows: it has checked their types, and of their layouts a loop over
# `flat` compiles for contiguous ones only.
@overload(usable, strict=False)
def _compile_usable(x: Any, out: Any) -> Callable[[Any, Any], bool]:
    if not isinstance(x, Operand):
        return _are_usable
    itemsize = x.dtype.bitwidth // 8

    def compiled(x: Any, out: Any) -> bool:
        left, right = _address(x), _address(out)
        # The type first: only of an array the other fields may be read.
        if _load(left + TYPE) != _load(right + TYPE) or _load(left + DTYPE) != _load(right + DTYPE):
            return False
        if _load(left + FLAGS) & READABLE != READABLE or _load(right + FLAGS) & WRITEABLE != WRITEABLE:
            return False
        start, target = _load(left + DATA), _load(right + DATA)
        return start + itemsize * _size(x) <= target or target + itemsize * _size(out) <= start

    return compiled


def _are_usable(x: Any, out: Any) -> bool:
    return True


@overload(axis_count, strict=False)
def _compile_axis_count(x: Any) -> Callable[[Any], int]:
    def compiled(x: Any) -> int:
        return _load(_address(x) + AXES) & LOWER_HALF

    return compiled if isinstance(x, Operand) else axis_count


@overload(axis_length, strict=False)
def _compile_axis_length(x: Any, axis: Any) -> Callable[[Any, Any], int]:
    def compiled(x: Any, axis: Any) -> int:
        return _load(_load(_address(x) + LENGTHS) + _WORD * axis)

    return compiled if isinstance(x, Operand) else axis_length


@overload(flat, strict=False)
def _compile_flat(x: Any) -> Callable[[Any], Any]:
    def compiled(x: Any) -> Any:
        return _array_at(x, _load(_address(x) + DATA), (_size(x),))

    return compiled if isinstance(x, Operand) else flat


@overload(matrix, strict=False)
def _compile_matrix(x: Any) -> Callable[[Any], Any]:
    def compiled(x: Any) -> Any:
        return _array_at(x, _load(_address(x) + DATA), (axis_length(x, 0), axis_length(x, 1)))

    return compiled if isinstance(x, Operand) else matrix
