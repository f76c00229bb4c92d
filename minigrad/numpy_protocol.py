"""NumPy's functions on tensors: ``np.exp(t)``, ``ndarray @ t``, ``np.stack([t, t])``, ``np.asarray(t)``.

They run minigrad's operations with NumPy's meaning of the arguments, or raise a TypeError with a hint: never an array
of objects, never a silently dropped graph.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import ops
from minigrad.errors import describe, message

#: NumPy's universal functions and the operations that they run, where the names differ.
UFUNCS = {
    "absolute": "abs",
    "add": "add",
    "bitwise_and": "bitwise_and",
    "bitwise_or": "bitwise_or",
    "bitwise_xor": "bitwise_xor",
    "divide": "div",
    "equal": "eq",
    "exp": "exp",
    "floor_divide": "floor_divide",
    "greater": "gt",
    "greater_equal": "ge",
    "invert": "bitwise_not",
    "isfinite": "isfinite",
    "isinf": "isinf",
    "isnan": "isnan",
    "less": "lt",
    "less_equal": "le",
    "log": "log",
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
    "remainder": "remainder",
    "sign": "sign",
    "sqrt": "sqrt",
    "square": "square",
    "subtract": "sub",
    "tanh": "tanh",
}

#: NumPy's functions, the operations that they run, and NumPy's parameter names for theirs.
FUNCTIONS = {
    "all": ("all", {"axis": "dim", "keepdims": "keepdim"}),
    "allclose": ("allclose", {}),
    "amax": ("amax", {"axis": "dim", "keepdims": "keepdim"}),
    "amin": ("amin", {"axis": "dim", "keepdims": "keepdim"}),
    "any": ("any", {"axis": "dim", "keepdims": "keepdim"}),
    "argmax": ("argmax", {"axis": "dim", "keepdims": "keepdim"}),
    "argmin": ("argmin", {"axis": "dim", "keepdims": "keepdim"}),
    "broadcast_to": ("broadcast_to", {}),
    "clip": ("clamp", {"a_min": "min", "a_max": "max"}),
    "concatenate": ("cat", {"axis": "dim"}),
    "diagonal": ("diagonal", {"axis1": "dim1", "axis2": "dim2"}),
    "dot": ("numpy_dot", {}),
    "expand_dims": ("unsqueeze", {"axis": "dim"}),
    "isclose": ("isclose", {}),
    "max": ("amax", {"axis": "dim", "keepdims": "keepdim"}),
    "mean": ("mean", {"axis": "dim", "keepdims": "keepdim"}),
    "min": ("amin", {"axis": "dim", "keepdims": "keepdim"}),
    "moveaxis": ("movedim", {}),
    "outer": ("outer", {}),
    "ravel": ("flatten", {}),
    "reshape": ("reshape", {}),
    "squeeze": ("squeeze", {"axis": "dim"}),
    "stack": ("stack", {"axis": "dim"}),
    "std": ("std", {"axis": "dim", "ddof": "correction", "keepdims": "keepdim"}),
    "sum": ("sum", {"axis": "dim", "keepdims": "keepdim"}),
    "swapaxes": ("transpose", {}),
    "trace": ("trace", {}),
    "transpose": ("numpy_transpose", {"axes": "dims"}),
    "var": ("var", {"axis": "dim", "ddof": "correction", "keepdims": "keepdim"}),
    "where": ("where", {}),
}

#: NumPy's positional order after the array, where an axis or the like may be given without its name.
POSITIONAL = {name: ("dim",) for name, (_, renamed) in FUNCTIONS.items() if "axis" in renamed}


class NumpyProtocol:
    """What NumPy asks of a tensor."""

    __slots__ = ()

    __array_priority__ = 1000

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """Return the array, for ``np.asarray(t)``.

        Raises:
            RuntimeError: if the tensor requires grad: the array would not.
        """
        refuse_graph("np.asarray", self)
        array: np.ndarray = self._data  # type: ignore[attr-defined]
        return np.array(array, dtype=dtype, copy=copy)

    def numpy(self) -> np.ndarray:
        """Return the array, which shares the tensor's memory.

        Raises:
            RuntimeError: if the tensor requires grad: the array would not.
        """
        refuse_graph("numpy", self)
        return self._data  # type: ignore[attr-defined, no-any-return]

    def __dlpack__(self, **options: Any) -> Any:
        """Return the memory in DLPack's form, for ``torch.from_dlpack(t)``.

        Raises:
            RuntimeError: if the tensor requires grad: the other library would not know.
        """
        refuse_graph("__dlpack__", self)
        return self._data.__dlpack__(**options)  # type: ignore[attr-defined]

    def __dlpack_device__(self) -> tuple[int, int]:
        """Return DLPack's number for the CPU."""
        return self._data.__dlpack_device__()  # type: ignore[attr-defined, no-any-return]

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """Run the operation of a universal function; ``np.add(t, 1)`` is ``minigrad.add(t, 1)``."""
        name = UFUNCS.get(ufunc.__name__)
        if method != "__call__" or name is None:
            called = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
            raise TypeError(no_counterpart(called))
        if options:
            raise TypeError(
                message(f"np.{ufunc.__name__}", f"the arguments {sorted(options)} cannot be used with a tensor.", HINT)
            )
        return getattr(ops, name)(*inputs)

    def __array_function__(self, function: Any, types: Any, inputs: Any, options: Any) -> Any:
        """Run the operation of a NumPy function, with NumPy's argument names turned into PyTorch's."""
        found = FUNCTIONS.get(function.__name__)
        if found is None or function.__module__ not in ("numpy", "numpy.linalg"):
            raise TypeError(no_counterpart(function.__name__))
        name, renamed = found
        translated = {}
        for key, value in options.items():
            if value is np._NoValue or (key in ("out", "where", "initial") and value is None):
                continue
            translated[renamed.get(key, key)] = value
        # NumPy divides by n unless told otherwise, PyTorch by n - 1.
        if function.__name__ in ("std", "var"):
            translated.setdefault("correction", 0)
        if function.__name__ in ("concatenate", "stack"):
            inputs = (list(inputs[0]), *inputs[1:])
        try:
            return getattr(ops, name)(*inputs, **translated)
        except TypeError as error:
            if "argument" not in str(error):
                raise
            raise TypeError(message(f"np.{function.__name__}", f"{error}.", HINT)) from None


HINT = "Call minigrad's operation, or take the array out first: t.detach().numpy()."


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
