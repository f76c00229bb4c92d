"""Vector instructions for the kernels: a small vocabulary on top of llvmlite, and memory access in plain Python.

Numba leaves vectorising to LLVM, which does not find the best code for a matrix product. So a handful of functions
(in `tiles.py`, `packing.py`, `matvec.py`) exist twice: as plain Python, to be read and stepped through, and as an
`Emitter`'s vector instructions, which is what Numba compiles a call of the function to. Memory is addressed by byte
addresses and byte strides: one compiled function then serves every layout.
"""

import ctypes
import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import lower_builtin, overload, type_callable

from minigrad_kernels.machine import VECTOR_BITS

INT64 = ir.IntType(64)
_INT32 = ir.IntType(32)
_BIT = ir.IntType(1)
Emission = Callable[..., None]


def address(x: np.ndarray) -> int:
    """The byte address of an array's first number."""
    return int(x.ctypes.data)


@type_callable(address)
def _type_address(context: Any) -> Callable[..., Any]:
    # Signed: Numba's sum of a signed and an unsigned integer is a float.
    def result_type(x: Any) -> Any:
        return types.intp

    return result_type


@lower_builtin(address, types.Array)
def _emit_address(context: Any, builder: ir.IRBuilder, signature: Any, arguments: list[ir.Value]) -> ir.Value:
    # x.ctypes.data would count a reference up and down: 20 ns for the three arrays of a product.
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    return builder.ptrtoint(array.data, INT64)


def keep_alive(buffer: np.ndarray) -> None:
    """Keep an array whose address is in use until here: compiled code frees an array after the last use of its name."""


@overload(keep_alive)
def _compile_keep_alive(buffer: Any) -> Callable[[Any], None]:
    def use(buffer: Any) -> None:
        pass

    return use


def itemsize_of(zero: np.floating) -> int:
    """The bytes of a number of zero's dtype."""
    return zero.itemsize


@type_callable(itemsize_of)
def _type_itemsize_of(context: Any) -> Callable[..., Any]:
    def result_type(zero: Any) -> Any:
        return types.intp

    return result_type


@lower_builtin(itemsize_of, types.Any)
def _emit_itemsize_of(context: Any, builder: ir.IRBuilder, signature: Any, arguments: list[ir.Value]) -> ir.Value:
    # A constant: a division by it is a shift.
    return INT64(signature.args[0].bitwidth // 8)


def numbers_at(address: int, count: int, zero: np.floating) -> np.ndarray:
    """The numbers of zero's dtype in memory, from an address on, as a contiguous array that shares it."""
    memory = (ctypes.c_byte * (count * zero.itemsize)).from_address(address)
    return np.frombuffer(memoryview(memory), zero.dtype, count)


@type_callable(numbers_at)
def _type_numbers_at(context: Any) -> Callable[..., Any]:
    def result_type(address: Any, count: Any, zero: Any) -> Any:
        return types.Array(zero, 1, "C")(types.intp, types.intp, zero)

    vars(result_type)["__signature__"] = inspect.signature(numbers_at)
    return result_type


@lower_builtin(numbers_at, types.VarArg(types.Any))
def _emit_numbers_at(context: Any, builder: ir.IRBuilder, signature: Any, arguments: list[ir.Value]) -> ir.Value:
    return array_at(context, builder, signature.return_type, arguments[0], arguments[1:2])


def array_at(
    context: Any, builder: ir.IRBuilder, kind: Any, address: ir.Value, lengths: Sequence[ir.Value]
) -> ir.Value:
    """Emit: a contiguous array in memory of somebody else's, of which no references are counted."""
    itemsize = INT64(kind.dtype.bitwidth // 8)
    strides = [itemsize]
    for length in reversed(lengths[1:]):
        strides.insert(0, builder.mul(strides[0], length))
    # Not at the top of the file: it takes 60 ms, which a process that finds its kernels in the cache need not spend.
    from numba.np.arrayobj import populate_array

    array = context.make_array(kind)(context, builder)
    data = builder.inttoptr(address, context.get_data_type(kind.dtype).as_pointer())
    populate_array(array, data, lengths, strides, itemsize, None)
    return array._getvalue()


def compiled_as(function: Callable[..., None]) -> Callable[[Emission], Emission]:
    """Make Numba compile calls of a Python function to what the decorated one emits.

    It emits one function for each dtype, which is called: LLVM then allocates registers for this code alone.

    Args:
        function: Its first parameter is a zero, whose dtype is that of the numbers; the others are integers (byte
            addresses, byte strides and counts) or, if annotated so, booleans. It returns nothing.

    Returns:
        A decorator of a function of an `Emitter` and the values of the parameters but the first.
    """
    kinds = [types.boolean if kind is bool else types.int64 for kind in function.__annotations__.values()][1:-1]

    def decorate(emission: Emission) -> Emission:
        @type_callable(function)
        def type_call(context: Any) -> Callable[..., Any]:
            def result_type(zero: types.Type, *others: types.Type) -> Any:
                return types.void(zero, *kinds)

            # Numba matches a call's arguments with these parameters.
            vars(result_type)["__signature__"] = inspect.signature(function)
            return result_type

        @lower_builtin(function, types.VarArg(types.Any))
        def lower(context: Any, builder: ir.IRBuilder, signature: Any, arguments: list[ir.Value]) -> ir.Value:
            bits = signature.args[0].bitwidth
            name = f"minigrad_{function.__name__}_{bits}"
            emitted = builder.module.globals.get(name)
            if emitted is None:
                kind = ir.FunctionType(ir.VoidType(), [argument.type for argument in arguments[1:]])
                emitted = ir.Function(builder.module, kind, name)
                emitted.linkage = "internal"
                emitted.attributes.add("noinline")
                body = ir.IRBuilder(emitted.append_basic_block("entry"))
                emission(Emitter(body, bits), *emitted.args)
                body.ret_void()
            builder.call(emitted, arguments[1:])
            return context.get_dummy_value()

        return emission

    return decorate


class Emitter:
    """Emits the vector instructions of one function; every vector has `lanes` numbers."""

    def __init__(self, builder: ir.IRBuilder, bits: int) -> None:
        self.builder = builder
        self.scalar = ir.FloatType() if bits == 32 else ir.DoubleType()
        self.itemsize = bits // 8
        self.lanes = VECTOR_BITS // bits
        self.vector = ir.VectorType(self.scalar, self.lanes)
        self.mask = ir.VectorType(_BIT, self.lanes)
        self.suffix = f"v{self.lanes}f{bits}"
        self.zeros = ir.Constant(self.vector, [0.0] * self.lanes)

    def splat(self, scalar: ir.Value) -> ir.Value:
        """A vector with the scalar in every lane."""
        kind = ir.VectorType(scalar.type, self.lanes)
        one = self.builder.insert_element(ir.Constant(kind, ir.Undefined), scalar, _INT32(0))
        return self.builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(_INT32, self.lanes), [0] * self.lanes))

    def first_lanes(self, count: ir.Value) -> ir.Value:
        """A mask of the first `count` lanes; of none if count is negative, of all if it is large."""
        lane_numbers = ir.Constant(ir.VectorType(INT64, self.lanes), list(range(self.lanes)))
        return self.builder.icmp_signed("<", lane_numbers, self.splat(count))

    def row_offsets(self, rows: int, valid_rows: ir.Value, row_bytes: ir.Value) -> list[ir.Value]:
        """The byte offsets of rows 0, 1, ...; rows that do not exist get the offset of the last one that does."""
        last = self.builder.sub(valid_rows, INT64(1))
        offsets = []
        for i in range(rows):
            number = self.builder.select(self.builder.icmp_signed("<", INT64(i), last), INT64(i), last)
            offsets.append(self.builder.mul(number, row_bytes))
        return offsets

    def load(self, address: ir.Value, mask: ir.Value, others: ir.Value | None = None) -> ir.Value:
        """A vector from memory; lanes outside the mask are 0, or those of `others`, and their memory is not touched."""
        pointer = self.builder.inttoptr(address, self.vector.as_pointer())
        kind = ir.FunctionType(self.vector, [pointer.type, _INT32, self.mask, self.vector])
        function = self.declare(f"llvm.masked.load.{self.suffix}.p0", kind)
        return self.builder.call(function, [pointer, _INT32(self.itemsize), mask, others or self.zeros])

    def store(self, value: ir.Value, address: ir.Value, mask: ir.Value) -> None:
        """Write the lanes of the mask to memory."""
        pointer = self.builder.inttoptr(address, self.vector.as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [self.vector, pointer.type, _INT32, self.mask])
        function = self.declare(f"llvm.masked.store.{self.suffix}.p0", kind)
        self.builder.call(function, [value, pointer, _INT32(self.itemsize), mask])

    def load_splat(self, address: ir.Value) -> ir.Value:
        """A vector with the number at the address in every lane."""
        pointer = self.builder.inttoptr(address, self.scalar.as_pointer())
        return self.splat(self.builder.load(pointer, align=self.itemsize))

    def multiply_add(self, x: ir.Value, y: ir.Value, total: ir.Value) -> ir.Value:
        """x·y + total, rounded once."""
        kind = ir.FunctionType(self.vector, [self.vector] * 3)
        return self.builder.call(self.declare(f"llvm.fma.{self.suffix}", kind), [x, y, total])

    def shuffle(self, x: ir.Value, y: ir.Value, lanes: Sequence[int]) -> ir.Value:
        """Lanes of x (0 to lanes − 1) and y (from `lanes` on), in the given order."""
        order = ir.Constant(ir.VectorType(_INT32, self.lanes), list(lanes))
        return self.builder.shuffle_vector(x, y, order)

    def prefetch(self, address: ir.Value) -> None:
        """Ask for the cache line at the address, to be written soon."""
        pointer = self.builder.inttoptr(address, ir.IntType(8).as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [pointer.type, _INT32, _INT32, _INT32])
        self.builder.call(self.declare("llvm.prefetch.p0", kind), [pointer, _INT32(1), _INT32(3), _INT32(1)])

    def repeat(self, count: ir.Value, start: Sequence[ir.Value], body: Callable[..., Sequence[ir.Value]]) -> list[Any]:
        """Loop `count` times, at least once: `body` takes the carried values and returns the next ones."""
        builder = self.builder
        before = builder.block
        block = builder.append_basic_block("loop")
        after = builder.append_basic_block("after")
        builder.branch(block)
        builder.position_at_end(block)
        left = builder.phi(INT64)
        carried = [builder.phi(value.type) for value in start]
        following = body(*carried)
        fewer = builder.sub(left, INT64(1))
        for phi, first, further in zip([left, *carried], [count, *start], [fewer, *following]):
            phi.add_incoming(first, before)
            phi.add_incoming(further, builder.block)
        builder.cbranch(builder.icmp_signed(">", fewer, INT64(0)), block, after)
        builder.position_at_end(after)
        return list(following)

    def declare(self, name: str, kind: ir.FunctionType) -> ir.Function:
        """Return a function of LLVM's."""
        return cgutils.get_or_insert_function(self.builder.module, kind, name)
