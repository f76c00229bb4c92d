"""NumPy's functions on tensors: ``np.exp(t)``, ``ndarray @ t``, ``np.stack([t, t])``, ``np.asarray(t)``.

They run minigrad's operations with NumPy's meaning of the arguments, or raise a TypeError with a hint: never an array
of objects, never a silently dropped graph.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from minigrad import ops
from minigrad.errors import describe, message
from minigrad.numpy_functions import FUNCTIONS, HINT, as_operand

#: NumPy's universal functions and the operations that they run, where the names differ.
UFUNCS = {
    "absolute": "abs",
    "add": "add",
    "arccos": "acos",
    "arccosh": "acosh",
    "arcsin": "asin",
    "arcsinh": "asinh",
    "arctan": "atan",
    "arctan2": "atan2",
    "arctanh": "atanh",
    "bitwise_and": "bitwise_and",
    "bitwise_or": "bitwise_or",
    "bitwise_xor": "bitwise_xor",
    "ceil": "ceil",
    "copysign": "copysign",
    "cos": "cos",
    "cosh": "cosh",
    "deg2rad": "deg2rad",
    "degrees": "rad2deg",
    "divide": "div",
    "equal": "eq",
    "exp": "exp",
    "exp2": "exp2",
    "expm1": "expm1",
    "float_power": "float_power",
    "floor": "floor",
    "floor_divide": "floor_divide",
    "fmax": "fmax",
    "fmin": "fmin",
    "fmod": "fmod",
    "greater": "gt",
    "greater_equal": "ge",
    "heaviside": "heaviside",
    "hypot": "hypot",
    "invert": "bitwise_not",
    "isfinite": "isfinite",
    "isinf": "isinf",
    "isnan": "isnan",
    "ldexp": "ldexp",
    "less": "lt",
    "less_equal": "le",
    "log": "log",
    "log10": "log10",
    "log1p": "log1p",
    "log2": "log2",
    "logaddexp": "logaddexp",
    "logaddexp2": "logaddexp2",
    "logical_and": "logical_and",
    "logical_not": "logical_not",
    "logical_or": "logical_or",
    "logical_xor": "logical_xor",
    "matmul": "matmul",
    "maximum": "maximum",
    "minimum": "minimum",
    "multiply": "mul",
    "negative": "neg",
    "not_equal": "ne",
    "positive": "positive",
    "power": "pow",
    "rad2deg": "rad2deg",
    "radians": "deg2rad",
    "reciprocal": "reciprocal",
    "remainder": "remainder",
    "rint": "round",
    "sign": "sign",
    "signbit": "signbit",
    "sin": "sin",
    "sinh": "sinh",
    "sqrt": "sqrt",
    "square": "square",
    "subtract": "sub",
    "tan": "tan",
    "tanh": "tanh",
    "trunc": "trunc",
}


class NumpyProtocol:
    """What NumPy asks of a tensor."""

    __slots__ = ()

    __array_priority__ = 1000

    _data: np.ndarray

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """Return the array, for ``np.asarray(t)``.

        Raises:
            RuntimeError: if the tensor requires grad: the array would not.
        """
        refuse_graph("np.asarray", self)
        return np.array(self._data, dtype=dtype, copy=copy)

    def numpy(self) -> np.ndarray:
        """Return the array, which shares the tensor's memory.

        Raises:
            RuntimeError: if the tensor requires grad: the array would not.
        """
        refuse_graph("numpy", self)
        return self._data

    def __dlpack__(self, **options: Any) -> Any:
        """Return the memory in DLPack's form, for ``torch.from_dlpack(t)``.

        Raises:
            RuntimeError: if the tensor requires grad: the other library would not know.
            BufferError: if the memory is read-only, or in another place than was asked for.
        """
        refuse_graph("__dlpack__", self)
        try:
            return self._data.__dlpack__(**options)
        except BufferError as error:
            elsewhere = "The memory is on the CPU: leave dl_device out."
            remedy = elsewhere if self._data.flags.writeable else "Share a copy: x.detach().clone()."
            raise BufferError(message("__dlpack__", f"{describe(self)} cannot be shared: {error}", remedy)) from None

    def __dlpack_device__(self) -> tuple[int, int]:
        """Return DLPack's number for the CPU."""
        return self._data.__dlpack_device__()

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """Run the operation of a universal function; ``np.add(t, 1)`` is ``minigrad.add(t, 1)``."""
        called = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
        name = UFUNCS.get(called)
        if name is None:
            raise TypeError(no_counterpart(called))
        if "out" in options:
            raise TypeError(
                message(
                    f"np.{called}",
                    f"{describe(options['out'][0])} cannot take the result of an operation on a tensor in place.",
                    "Write array = array + tensor, which makes a tensor, not array += tensor.",
                )
            )
        if options:
            raise TypeError(message(f"np.{called}", f"{sorted(options)} cannot be used with a tensor.", HINT))
        return getattr(ops, name)(*[as_operand(each) for each in inputs])

    def __array_function__(self, function: Any, types: Any, inputs: Any, options: Any) -> Any:
        """Run the function that stands for one of NumPy's, with NumPy's arguments."""
        run = FUNCTIONS.get(function.__name__)
        if run is None or function.__module__ != "numpy":
            raise TypeError(no_counterpart(function.__name__))
        given = {name: value for name, value in options.items() if value is not np._NoValue}
        try:
            inspect.signature(run).bind(*inputs, **given)
        except TypeError as error:
            raise TypeError(message(f"np.{function.__name__}", f"the arguments do not fit: {error}.", HINT)) from None
        return run(*inputs, **given)


def no_counterpart(name: str) -> str:
    """Return the message about a NumPy function that no operation stands for."""
    return message(f"np.{name}", "this NumPy function has no counterpart for tensors.", HINT)


def refuse_graph(who: str, tensor: Any) -> None:
    """Raise a RuntimeError if a tensor requires grad and would be handed to somebody who does not know of gradients."""
    if tensor.requires_grad:
        raise RuntimeError(
            message(
                who,
                f"{describe(tensor)} requires grad, and the graph would be lost.",
                "Say that it may: t.detach().numpy().",
            )
        )
