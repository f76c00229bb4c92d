"""``Tensor``: an array, its gradient, and where it came from.

The operations are its methods: each file of ``minigrad.ops`` ends with a class of its functions, and ``Tensor``
inherits them, as it does what Python and NumPy ask of it. This file holds the rest: attributes, gradients and copies.
"""

from __future__ import annotations

import copy
import copyreg
from collections.abc import Callable
from typing import Any, Self

import numpy as np

from minigrad import autograd, display, hooks, ops
from minigrad.dtypes import SUPPORTED, native
from minigrad.errors import describe, message
from minigrad.graph import wrap
from minigrad.notebooks import NotebookMethods
from minigrad.numpy_protocol import NumpyProtocol
from minigrad.ops.algebra import AlgebraMethods
from minigrad.ops.arithmetic import ArithmeticMethods
from minigrad.ops.broadcasting import BroadcastingMethods
from minigrad.ops.comparisons import ComparisonMethods
from minigrad.ops.conversion import ConversionMethods
from minigrad.ops.creation import as_array
from minigrad.ops.elementwise import ElementwiseMethods
from minigrad.ops.extremes import ExtremeMethods
from minigrad.ops.functions import FunctionMethods
from minigrad.ops.gathering import GatheringMethods
from minigrad.ops.in_place import InPlaceMethods
from minigrad.ops.indexing import IndexingMethods
from minigrad.ops.joining import JoiningMethods
from minigrad.ops.network_functions import NetworkMethods
from minigrad.ops.place_functions import PlaceMethods
from minigrad.ops.products import ProductMethods
from minigrad.ops.randomness import RandomMethods
from minigrad.ops.reductions import ReductionMethods
from minigrad.ops.shapes import ShapeMethods
from minigrad.ops.statistics import StatisticalMethods
from minigrad.python_protocol import PythonProtocol
from minigrad.writes import guarded, share_stamp, stamp_write


class Tensor(
    ArithmeticMethods,
    FunctionMethods,
    BroadcastingMethods,
    AlgebraMethods,
    ComparisonMethods,
    ConversionMethods,
    ElementwiseMethods,
    ExtremeMethods,
    GatheringMethods,
    InPlaceMethods,
    IndexingMethods,
    JoiningMethods,
    NetworkMethods,
    NotebookMethods,
    NumpyProtocol,
    PlaceMethods,
    ProductMethods,
    PythonProtocol,
    RandomMethods,
    ReductionMethods,
    ShapeMethods,
    StatisticalMethods,
):
    """A NumPy array that remembers how it was computed.

    Args:
        data: a number, nested lists, an array or a tensor; copied.
        requires_grad: whether gradients with respect to it are wanted.
        name: what to call it in errors, drawings and steps.

    Examples:
        >>> import minigrad as mg
        >>> x = mg.Tensor([1.0, 2.0], requires_grad=True, name="x")
        >>> y = (x * x).sum()
        >>> y.backward()
        >>> x.grad
        Tensor((2,) float32 | 2 4)
    """

    # _edge: where its gradient goes: to the node that made it (as (node, k) to one with several outputs), None for
    #        itself, a leaf that requires grad, or its stamp for nowhere.
    # _stamp: of its memory, shared with views and detached twins.      _viewed: when a view was taken, else None.
    __slots__ = (
        "__weakref__",
        "_data",
        "_edge",
        "_grad",
        "_hooks",
        "_stamp",
        "_viewed",
        "name",
    )

    def __init__(self, data: Any, requires_grad: bool = False, name: str | None = None) -> None:
        """Make a leaf with a copy of ``data``."""
        self._data: np.ndarray = as_array(type(self), data, None, copy=True)
        self._grad: Any = None
        self._hooks: hooks.Hooks | None = None
        self._stamp: list[Any] = [0, 0, None]
        self._edge: Any = self._stamp
        self._viewed: int | None = None
        self.name = name
        if requires_grad:
            self.requires_grad = True

    # The array ------------------------------------------------------------------------------------------------------

    @property
    def data(self) -> np.ndarray:
        """The NumPy array. What is written through it in place is counted when it is assigned: ``p.data -= step``."""
        return self._data

    @data.setter
    def data(self, array: Any) -> None:
        new = array._data if isinstance(array, Tensor) else array
        fits = isinstance(new, np.ndarray) and new.dtype in SUPPORTED
        if not fits or (self.requires_grad and new.dtype.kind != "f"):
            kind = "floats" if self.requires_grad else "numbers"
            raise TypeError(
                message(
                    "data",
                    f"an array or Tensor of {kind} is needed for {describe(self)}, got {describe(array)}.",
                    "Make an array of it: np.array(values, dtype).",
                )
            )
        self._data = guarded(new)
        stamp_write(self._stamp)

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        return self._data.shape

    @property
    def dtype(self) -> np.dtype:
        """The type of the elements."""
        return self._data.dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._data.ndim

    @property
    def device(self) -> str:
        """Always ``"cpu"``."""
        return "cpu"

    def size(self, dim: int | None = None) -> Any:
        """Return the shape, or the length of one axis."""
        return self._data.shape if dim is None else self._data.shape[ops.operands.axis(Tensor.size, dim, self.ndim)]

    def dim(self) -> int:
        """Return the number of axes."""
        return self._data.ndim

    def numel(self) -> int:
        """Return the number of elements."""
        return self._data.size

    def element_size(self) -> int:
        """Return the number of bytes of one element."""
        return self._data.itemsize

    def stride(self, dim: int | None = None) -> Any:
        """Return for each axis, or for one, how many elements lie between neighbours, as PyTorch counts them."""
        steps = tuple([step // self._data.itemsize for step in self._data.strides])
        return steps if dim is None else steps[ops.operands.axis(Tensor.stride, dim, self.ndim)]

    def is_contiguous(self) -> bool:
        """Return whether the elements lie in row-major order without gaps."""
        return bool(self._data.flags.c_contiguous)

    def is_floating_point(self) -> bool:
        """Return whether the elements are floats."""
        return self._data.dtype.kind == "f"

    def data_ptr(self) -> int:
        """Return the address of the first element."""
        return int(self._data.__array_interface__["data"][0])

    # Gradients ------------------------------------------------------------------------------------------------------

    backward = autograd.backward

    @property
    def requires_grad(self) -> bool:
        """Whether gradients with respect to it, or through it, are wanted."""
        return type(self._edge) is not list

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if not isinstance(value, (bool, np.bool_)):
            raise TypeError(message("requires_grad", f"True or False is needed, got {describe(value)}."))
        if not self.is_leaf:
            if not value:
                raise RuntimeError(
                    message("requires_grad", f"{describe(self)} was computed; only leaves can be switched off.", DETACH)
                )
            return
        if value and self._data.dtype.kind != "f":
            raise TypeError(
                message("requires_grad", f"only floats have gradients, got {describe(self)}.", "Convert it: x.float().")
            )
        self._edge = None if value else self._stamp

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Set ``requires_grad`` and return the tensor itself."""
        self.requires_grad = requires_grad
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether it was made by the user and not computed from tensors that require grad."""
        return self._edge is None or type(self._edge) is list

    @property
    def grad_fn(self) -> Any:
        """The node that made it, or None for a leaf."""
        edge = self._edge[0] if type(self._edge) is tuple else self._edge
        return None if type(edge) is list else edge

    @property
    def grad(self) -> Tensor | None:
        """The sum of the gradients of all backward passes since it was last set to None."""
        # A pass leaves an array. A Tensor is made of it when somebody looks, which optimizers do not.
        if type(gradient := self._grad) is np.ndarray:
            made = wrap(gradient)
            if self._grad is gradient:  # and no other thread was faster
                self._grad = made
            return self._grad if isinstance(self._grad, Tensor) else made
        return gradient

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if not isinstance(value, Tensor):
                raise TypeError(
                    message(
                        "grad",
                        f"a gradient is a Tensor or None, got {describe(value)}.",
                        "Make a tensor of it, minigrad.tensor(...); None takes the gradient away.",
                    )
                )
            if value.shape != self.shape or value.dtype != self.dtype:
                raise ValueError(
                    message(
                        "grad",
                        f"the gradient of {describe(self)} cannot be {describe(value)}.",
                        "Give it the tensor's shape and dtype: grad.reshape(x.shape).to(x.dtype).",
                    )
                )
        self._grad = value

    def retain_grad(self) -> None:
        """Keep the gradient of a tensor that is not a leaf in its ``grad`` too, at the next backward.

        Raises:
            RuntimeError: if it does not require grad.
        """
        if self.is_leaf:
            if not self.requires_grad:
                raise RuntimeError(
                    message(
                        "retain_grad",
                        f"{describe(self)} does not require grad.",
                        "Make it, or what it is computed from, with requires_grad=True, outside of no_grad().",
                    )
                )
            return
        hooks.hooks_of(self.grad_fn).retain(self._output_number, self)

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> hooks.HookHandle:
        """Call ``hook(grad)`` when the gradient of this tensor is complete; it may return another one.

        Returns:
            A handle whose ``remove()`` takes the hook away.

        Raises:
            RuntimeError: if the tensor does not require grad.
        """
        if not self.requires_grad:
            raise RuntimeError(
                message(
                    "register_hook",
                    f"{describe(self)} does not require grad.",
                    "Make it, or what it is computed from, with requires_grad=True, outside of no_grad().",
                )
            )
        if not self.is_leaf:
            return hooks.hooks_of(self.grad_fn).add(self._output_number, hook)
        if self._hooks is None:
            self._hooks = hooks.Hooks()
        return self._hooks.add(0, hook)

    @property
    def _output_number(self) -> int:
        return self._edge[1] if type(self._edge) is tuple else 0

    def detach_(self) -> Self:
        """Cut the tensor itself off the graph: it becomes a leaf that does not require grad."""
        self._edge = self._stamp
        return self

    # Copies and files -----------------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        """Return one line: shape, dtype, name, origin and some numbers."""
        return display.line(self)

    def __getstate__(self) -> dict[str, Any]:
        """Return everything but the graph and the hooks, which belong to this process."""
        return {
            "data": self._data,
            "requires_grad": self.requires_grad,
            "grad": None if self.grad is None else self.grad.detach(),
            "name": self.name,
            "attributes": getattr(self, "__dict__", {}),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Become the leaf that was stored."""
        Tensor.__init__(self, np.empty(0, state["data"].dtype), state["requires_grad"], state["name"])
        array = state["data"]
        # pickle makes a dtype of its own.
        dtype = native(array.dtype)
        self._data = array if array.dtype is dtype else array.view(dtype)
        self._grad = state["grad"]
        if state["attributes"]:
            self.__dict__.update(state["attributes"])

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how to make the tensor again: its class, and the state without the graph."""
        return copyreg.__newobj__, (type(self),), self.__getstate__()  # type: ignore[attr-defined]

    def __copy__(self) -> Self:
        """Return a leaf that shares the memory, without the graph."""
        twin = type(self).__new__(type(self))
        twin.__setstate__(self.__getstate__())
        share_stamp(twin, self._stamp)
        return twin

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return a leaf with copies of the array and the gradient, without the graph."""
        twin = type(self).__new__(type(self))
        memo[id(self)] = twin
        state = self.__getstate__()
        state["data"] = self._data.copy()
        state["grad"] = None if self.grad is None else self.grad.detach().clone()
        state["attributes"] = copy.deepcopy(state["attributes"], memo)
        twin.__setstate__(state)
        return twin


DETACH = "Use x.detach() for a tensor outside of the graph."


def is_tensor(obj: Any) -> bool:
    """Return whether a value is a Tensor."""
    return isinstance(obj, Tensor)
