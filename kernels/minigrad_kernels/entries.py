"""How kernels of array objects are called: machine code for each dtype, without Numba's dispatcher.

The dispatcher looks at each argument's type, for 0.2 µs, and compiles anew for read-only, transposed and sliced arrays.
An entry takes 40 ns and any object: the kernel looks at it (`arrays.py`), and returns None, or False, for what is not
its business. The public function then checks at leisure, and copies, converts or raises.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from numba import from_dtype, types

from minigrad_kernels.array_objects import ArrayObject
from minigrad_kernels.jit import run

# What an argument is: an array of a dtype, or what `signatures.py` has of one, or a number.
Kind = np.dtype | type | tuple[Any, ...]
_NUMBERS: dict[Any, types.Type] = {
    int: types.int64, float: types.float64, bool: types.boolean, np.uint64: types.uint64,
}  # fmt: skip


def entry(kernel: Callable[..., Any], *kinds: Kind) -> Callable[..., Any]:
    """Return what to call to run a kernel on arguments of these kinds: machine code, compiled if need be.

    Args:
        kernel: What `kernel` returned; it uses its arrays through the functions of `arrays.py` only.
        kinds: For each argument the dtype of an array (any object may be passed), or what `contiguous` or `strided` of
            `signatures.py` returned, or `int`, `float`, `bool` or `np.uint64`.

    Returns:
        A function of positional arguments; the kernel itself inside `python_kernels()`.
    """
    if not hasattr(run(kernel), "py_func"):
        return run(kernel)
    return _compiled_entry(kernel, kinds)


@cache
def _compiled_entry(dispatcher: Any, kinds: tuple[Kind, ...]) -> Callable[..., Any]:
    """The C function with which a dispatcher calls the machine code."""
    signature = tuple(_type_of(kind) for kind in kinds)
    dispatcher.compile(signature)
    entry_point: Callable[..., Any] = dispatcher.overloads[signature].entry_point
    return entry_point


def _type_of(kind: Kind) -> types.Type:
    """Numba's type of an argument."""
    if isinstance(kind, np.dtype):
        return ArrayObject(from_dtype(kind))
    if isinstance(kind, tuple):
        dtype, axes, layout = kind
        number: Any = from_dtype(dtype)
        return types.Array(number, axes, layout)
    return _NUMBERS[kind]


class Entries(dict[np.dtype, Callable[..., Any]]):
    """The entries of one kernel, by the dtype of its arrays; `get` costs 25 ns, and gives None before the first use.

    Whoever calls what `get` returned has seen that the first argument is an array of this dtype.

    Args:
        kernel: What `kernel` returned.
        kinds: For each argument `np.ndarray` for an array of the dtype in question, or what `entry` takes.
    """

    __slots__ = ("kernel", "kinds")

    def __init__(self, kernel: Callable[..., Any], *kinds: Any) -> None:
        super().__init__()
        self.kernel = kernel
        self.kinds = kinds

    def entry(self, dtype: np.dtype) -> Callable[..., Any]:
        """Return what to call for a dtype: machine code, compiled if need be, or the source as plain Python."""
        if not hasattr(run(self.kernel), "py_func"):
            return run(self.kernel)
        if dtype not in self:
            self[dtype] = entry(self.kernel, *[dtype if kind is np.ndarray else kind for kind in self.kinds])
        return self[dtype]


def operand_call(kernel: Callable[..., Any], arguments: Sequence[Any]) -> Callable[..., Any]:
    """Return what to call to run a kernel on arguments of the kinds of these, which are not touched.

    Compiling takes up to a second and may be interrupted or fail; afterwards a call runs no Python code at all, and
    checks nothing that the kernel does not.

    Args:
        kernel: As for `entry`.
        arguments: Arrays, integers, floats and bools.
    """
    kinds: list[Kind] = []
    for argument in arguments:
        kinds.append(argument.dtype if isinstance(argument, np.ndarray) else type(argument))
    return entry(kernel, *kinds)


def made(name: str, result: Any, *operands: np.ndarray) -> Any:
    """Return what a kernel returned of operands that it can read: it returns None only if there was no memory.

    Args:
        name: Who asks, for the message.
        result: What the kernel returned.
        operands: What it was given.

    Raises:
        MemoryError: There was none.
    """
    if result is None:
        shapes = " and ".join(str(operand.shape) for operand in operands)
        raise MemoryError(f"{name}: needed memory for the result of arrays of shapes {shapes}; compute parts of it")
    return result
