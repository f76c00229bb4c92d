"""What an optimizer keeps for one parameter, and how it hands that to a kernel."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from minigrad.errors import describe, message
from minigrad.graph import wrap
from minigrad.modes import no_grad
from minigrad.tensors import Tensor, refuse_write
from minigrad_kernels import compile_for

#: A pending write ``array[...] = value``, as the arguments of ``operator.setitem``.
WriteBack = tuple[np.ndarray, Any, np.ndarray]


class Rule(NamedTuple):
    """How the parameters of one group are updated.

    Attributes:
        kernel: called as ``kernel(parameter, gradient, *state, *arguments)`` with flat arrays; it writes to all but
            the gradient.
        state_names: what it keeps for each parameter: ``"step"`` is a 0-d float64 count, any other name a tensor like
            the parameter. Both begin as zeros.
        arguments: floats and bools; an int would be a type of its own, and compile the kernel again.
    """

    kernel: Callable[..., None]
    state_names: tuple[str, ...]
    arguments: tuple[Any, ...]


class Slot:
    """One parameter of an optimizer and the state kept for it.

    Attributes:
        parameter: the tensor.
        state: tensors by name; empty before the first update.
        tensors: what an update writes, in the kernel's order: the parameter, and the state.
        arrays: their arrays when ``flats`` was made.
        flats: flat views of these arrays, or None if one of them has no flat view.
        rule: the rule that ``tensors`` belongs to.
        compiled: the kernel that is ready to be called with arrays of these types.
    """

    __slots__ = ("arrays", "compiled", "flats", "parameter", "rule", "state", "tensors")

    parameter: Tensor
    state: dict[str, Any]
    tensors: tuple[Tensor, ...]
    arrays: tuple[np.ndarray, ...]
    flats: tuple[np.ndarray, ...] | None
    rule: Rule | None
    compiled: Callable[..., None] | None

    def __init__(self, parameter: Tensor, state: dict[str, Any] | None = None) -> None:
        """Begin without state, or with one that was loaded."""
        self.__setstate__((parameter, {} if state is None else state))

    def __getstate__(self) -> tuple[Tensor, dict[str, Any]]:
        """Return the parameter and its state: a copy's flat arrays must be views of the copy's own memory."""
        return self.parameter, self.state

    def __setstate__(self, state: tuple[Tensor, dict[str, Any]]) -> None:
        """Take a parameter and its state."""
        self.parameter, self.state = state
        self.tensors = ()
        self.arrays = ()
        self.flats = None
        self.rule = None
        self.compiled = None

    def row(self, who: str, rule: Rule, interpreted: bool, write_backs: list[WriteBack]) -> tuple[Any, ...]:
        """Check one parameter that has a gradient, and return the arguments of its kernel call.

        Args:
            who: the optimizer and the parameter, for messages.
            rule: how it is updated.
            interpreted: whether the kernel runs as plain Python, which an interrupt can stop half-way: it is given
                copies then.
            write_backs: receives the writes that bring copies back.

        Raises:
            ValueError, TypeError: if the gradient or the state does not fit the parameter.
            RuntimeError: if the parameter's memory cannot be written to.
        """
        parameter = self.parameter
        array = parameter._data
        gradient: np.ndarray = parameter._grad._data  # type: ignore[union-attr]
        if gradient.shape != array.shape or gradient.dtype != array.dtype:
            problem = f"the gradient of {describe(parameter)} cannot be {describe(gradient)}."
            raise ValueError(message(who, problem, "Call zero_grad() before the next backward()."))
        if not array.flags.writeable or parameter._viewed is not None:
            with no_grad():
                refuse_write(who, parameter)
        if self.rule is not rule:
            self.prepare(who, rule)
        for tensor, known in zip(self.tensors, self.arrays):
            if tensor._data is not known:
                self.prepare(who, rule)
                break
        flats = copies(self.arrays, write_backs) if interpreted or self.flats is None else self.flats
        # A kernel compiled for writeable memory in C order would compile again for any other.
        flat = gradient.ravel() if gradient.flags.carray else np.array(gradient, order="C").ravel()
        row = (flats[0], flat, *flats[1:], *rule.arguments)
        if self.compiled is not rule.kernel and not interpreted:
            compile_for(rule.kernel, row)
            self.compiled = rule.kernel
        return row

    def prepare(self, who: str, rule: Rule) -> None:
        """Make the state that ``rule`` needs and is not there yet, and flat views of everything it writes.

        Raises:
            ValueError: if the state does not fit the parameter, whose array was replaced by another kind.
        """
        array = self.parameter._data
        state = dict(self.state)
        tensors = [self.parameter]
        for name in rule.state_names:
            shape, dtype = ((), np.dtype(np.float64)) if name == "step" else (array.shape, array.dtype)
            if name not in state:
                state[name] = wrap(np.zeros(shape, dtype), None, None)
            if state[name].shape != shape or state[name].dtype != dtype:
                problem = f"{name} is {describe(state[name])}, and does not fit {describe(self.parameter)}."
                remedy = "Make the optimizer after the parameters have got their final shape and dtype."
                raise ValueError(message(who, problem, remedy))
            tensors.append(state[name])
        arrays = tuple([tensor._data for tensor in tensors])
        self.flats = None
        if all([each.flags.carray for each in arrays]):
            self.flats = tuple([flat_view(each, tensor) for each, tensor in zip(arrays, tensors)])
        self.arrays = arrays
        self.tensors = tuple(tensors)
        self.state = state
        self.rule = rule
        self.compiled = None


def flat_view(array: np.ndarray, name: str) -> np.ndarray:
    """Return a contiguous array as one axis; the count of steps as it is."""
    return array if name == "step" else array.reshape(-1)
