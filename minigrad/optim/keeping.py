"""Going back: what parameters and their state were before a step of several parts."""

from __future__ import annotations

from collections import deque
from itertools import chain, starmap
from operator import setitem
from sys import _getframe
from typing import Any

import numpy as np

from minigrad.modes import no_grad
from minigrad.optim.optimizers import Optimizer, stamp
from minigrad.optim.slots import Slot
from minigrad.tensors import Tensor
from minigrad.writes import refuse_write


class Kept:
    """Copies of the parameters of an optimizer, and of what it keeps for them.

    Args:
        optimizer: whose; its step is of several parts, of which one may fail or be interrupted.
        with_state: whether its state is kept too.

    Raises:
        RuntimeError: if the memory of a parameter cannot be written to.
    """

    def __init__(self, optimizer: Optimizer, with_state: bool = True) -> None:
        """Copy everything."""
        self.slots: list[Slot] = list(chain(*optimizer._slots))
        tensors: list[Tensor] = []
        for slot in self.slots:
            with no_grad():
                refuse_write(type(optimizer).__name__, slot.parameter)
            tensors.append(slot.parameter)
            if with_state:
                tensors += [value for value in slot.state.values() if isinstance(value, Tensor)]
        self.tensors = tensors
        self.copies = [tensor._data.copy() for tensor in tensors]
        self.states: list[dict[str, Any]] | None = [dict(slot.state) for slot in self.slots] if with_state else None

    def restore(self) -> None:
        """Bring everything back: the values in one loop in C, then the state that there was."""
        stamp([tensor._stamp for tensor in self.tensors], _getframe(1))
        writes = [(tensor._data, ..., copy) for tensor, copy in zip(self.tensors, self.copies)]
        deque(starmap(setitem, writes), maxlen=0)
        if self.states is not None:
            for slot, state in zip(self.slots, self.states):
                # What a slot remembers of its arrays is found anew.
                slot.__setstate__((slot.parameter, state))


def write(parameters: list[Tensor], values: list[np.ndarray]) -> None:
    """Give parameters other values, in place; they are counted as changed, so that old losses find out.

    Args:
        parameters: what is written to.
        values: one for each, of its shape.
    """
    stamp([parameter._stamp for parameter in parameters], _getframe(1))
    for parameter, value in zip(parameters, values):
        parameter._data[...] = value
