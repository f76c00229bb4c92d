"""``Traced``: the tensors of the one example that ``vmap`` runs a function on, whose numbers nobody may read."""

from __future__ import annotations

import sys
from functools import partialmethod
from typing import Any

import numpy as np

from minigrad import gradients
from minigrad.errors import message
from minigrad.func.tapes import Tape
from minigrad.modes import STATE
from minigrad.ops import comparisons, creation, quantiles
from minigrad.ops.operands import unwrap
from minigrad.tensors import Tensor

#: The functions that read numbers without being an operation, so that the rest of the batch would be missed.
READERS = {
    comparisons.equal.__code__: "equal",
    creation.as_array.__code__: "tensor",
    creation.plain_lists.__code__: "tensor",
    gradients.seed.__code__: "autograd.grad",
    quantiles.checked_shares.__code__: "quantile",
}


def refuse(tensor: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    """Raise a RuntimeError about numbers that are read under ``vmap``."""
    raise RuntimeError(
        message(
            name,
            "under vmap one run of the function serves the whole batch, so the numbers of one example cannot be read, "
            "nor decide what is done.",
            "Choose with where(condition, x, y), compute with operations, and differentiate with minigrad.func.",
        )
    )


class Traced(Tensor):
    """A tensor of the one example that stands for the batch; operations take it as any tensor."""

    __slots__ = ()

    __bool__: Any = partialmethod(refuse, "bool")
    __float__: Any = partialmethod(refuse, "float")
    __int__: Any = partialmethod(refuse, "int")
    __index__: Any = partialmethod(refuse, "index")
    __contains__: Any = partialmethod(refuse, "in")
    __format__: Any = partialmethod(refuse, "format")
    __array__: Any = partialmethod(refuse, "np.asarray")
    __dlpack__: Any = partialmethod(refuse, "__dlpack__")
    __copy__: Any = partialmethod(refuse, "copy.copy")
    __deepcopy__: Any = partialmethod(refuse, "copy.deepcopy")
    __reduce__: Any = partialmethod(refuse, "pickle")
    item: Any = partialmethod(refuse, "item")
    tolist: Any = partialmethod(refuse, "tolist")
    numpy: Any = partialmethod(refuse, "numpy")
    backward: Any = partialmethod(refuse, "backward")

    @property
    def data(self) -> np.ndarray:
        """Raise a RuntimeError: the numbers are those of one example."""
        array: np.ndarray = refuse(self, "data")
        return array

    @data.setter
    def data(self, array: Any) -> None:
        refuse(self, "data")

    @property
    def _data(self) -> np.ndarray:
        """The array, for operations; the readers among minigrad's functions are refused."""
        frame = sys._getframe(1)
        reader = READERS.get(frame.f_code)
        if reader is None and frame.f_code is unwrap.__code__:
            reader = READERS.get(frame.f_back.f_code) if frame.f_back is not None else None
        if reader is not None and isinstance(STATE.get().tape, Tape):
            refuse(self, reader)
        array: np.ndarray = SLOT.__get__(self)
        return array

    @_data.setter
    def _data(self, array: np.ndarray) -> None:
        SLOT.__set__(self, array)


SLOT: Any = Tensor.__dict__["_data"]
