"""What an optimizer keeps for one parameter, and how it hands that to a kernel."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from minigrad.errors import describe, message
from minigrad.graph import wrap
from minigrad.modes import no_grad
from minigrad.tensors import Tensor
from minigrad.writes import refuse_write
from minigrad_kernels import GRADIENT_FITS, operand_call

ndarray = np.ndarray

#: State that is one number for a parameter: the count of steps, NAdam's product of momenta, ASGD's rate and weight.
SCALARS = ("step", "mu_product", "eta", "mu")

#: A pending write ``array[...] = value``, as the arguments of ``operator.setitem``.
WriteBack = tuple[np.ndarray, Any, np.ndarray]


class Rule(NamedTuple):
    """How the parameters of one group are updated.

    Attributes:
        kernel: called as ``kernel(parameter, gradient, *state, *arguments)`` with C-contiguous arrays; it writes to
            all but the gradient. A compiled one gets at their numbers by ``minigrad_kernels.arrays.flat``.
        state_names: what it keeps for each parameter: ``"step"`` is a 0-d float64 count, what is in ``SCALARS`` another
            0-d number, any other name a tensor like the parameter. All begin as zeros; a kernel knows by the count
            that it is the first to write.
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
        rule: how it was updated last, None before the first update.
        stamps: those of ``tensors``.
        tensors: what an update writes, in the kernel's order: the parameter, and the state.
        array: the parameter's, None before the first update.
        arrays: those of all of them.
        rest: what the kernel takes after the parameter and the gradient.
        kept: each tensor of the state with its array.
        contiguous: whether a kernel can write to all of them.
        fits: tells of the gradient and the parameter whether a kernel can have them as they are.
        call: the kernel compiled for arrays of these types, or None.
    """

    __slots__ = (
        "array",
        "arrays",
        "call",
        "contiguous",
        "fits",
        "kept",
        "parameter",
        "rest",
        "rule",
        "stamps",
        "state",
        "tensors",
    )

    parameter: Tensor
    state: dict[str, Any]
    rule: Any
    stamps: tuple[list[Any], ...]
    tensors: tuple[Tensor, ...]
    array: np.ndarray | None
    arrays: tuple[np.ndarray, ...]
    rest: tuple[Any, ...]
    kept: tuple[tuple[Tensor, np.ndarray], ...]
    contiguous: bool
    fits: Callable[[np.ndarray, np.ndarray], bool]
    call: Callable[..., None] | None

    def __init__(self, parameter: Tensor, state: dict[str, Any] | None = None) -> None:
        """Begin without state, or with one that was loaded."""
        self.__setstate__((parameter, {} if state is None else state))

    def __getstate__(self) -> tuple[Tensor, dict[str, Any]]:
        """Return the parameter and its state: what is remembered of their arrays is found anew for a copy."""
        return self.parameter, self.state

    def __setstate__(self, state: tuple[Tensor, dict[str, Any]]) -> None:
        """Take a parameter and its state."""
        self.parameter, self.state = state
        self.rule = None
        self.stamps = ()
        self.tensors = ()
        self.array = None
        self.arrays = ()
        self.rest = ()
        self.kept = ()
        self.contiguous = False
        self.fits = never
        self.call = None

    def row(self, owner: Any, rule: Rule, interpreted: bool, write_backs: list[WriteBack]) -> tuple[Any, ...]:
        """Check one parameter that has a gradient, and return the kernel to call and its arguments.

        Args:
            owner: the optimizer, for messages.
            rule: how the parameter is updated.
            interpreted: whether the kernel runs as plain Python, which an interrupt can stop half-way: it is given
                copies then.
            write_backs: receives the writes that bring copies back.

        Raises:
            ValueError: if the gradient or the state does not fit the parameter.
            RuntimeError: if the parameter's memory cannot be written to.
        """
        parameter = self.parameter
        array = parameter._data
        gradient: Any = parameter._grad
        if type(gradient) is not ndarray:
            gradient = gradient._data
        if self.rule is not rule or array is not self.array:
            self.follow(type(owner).__name__, rule)
        for tensor, known in self.kept:
            if tensor._data is not known:
                self.prepare(type(owner).__name__, rule)
                break
        if interpreted or parameter._viewed is not None or not self.fits(gradient, array):
            return self.checked_row(type(owner).__name__, rule, interpreted, write_backs)
        if self.call is None:
            self.call = operand_call(rule.kernel, (array, gradient, *self.rest))
        return (self.call, array, gradient, *self.rest)

    def checked_row(self, who: str, rule: Rule, interpreted: bool, write_backs: list[WriteBack]) -> tuple[Any, ...]:
        """Return ``row`` where the kernel cannot have the arrays as they are: it is given copies, or nothing fits.

        Raises:
            ValueError, RuntimeError: as ``row``.
        """
        arrays = self.arrays
        gradient = self.checked_gradient(who)
        interpreted = interpreted or not hasattr(rule.kernel, "py_func")
        if not arrays[0].flags.writeable or self.parameter._viewed is not None:
            with no_grad():
                refuse_write(who, self.parameter)
        if interpreted or not self.contiguous:
            copies = []
            for array in arrays:
                copies.append(np.array(array, order="C"))
                write_backs.append((array, ..., copies[-1]))
            arrays = tuple(copies)
        arguments = (arrays[0], np.array(gradient, order="C"), *arrays[1:], *rule.arguments)
        return (operand_call(rule.kernel, arguments), *arguments)

    def checked_gradient(self, who: str) -> np.ndarray:
        """Return the gradient.

        Raises:
            ValueError: if it does not fit the parameter.
        """
        parameter = self.parameter
        gradient: np.ndarray = parameter.grad._data  # type: ignore[union-attr]
        if gradient.shape != parameter._data.shape or gradient.dtype != parameter._data.dtype:
            problem = f"the gradient of {describe(parameter)} cannot be {describe(gradient)}."
            raise ValueError(message(who, problem, "Call zero_grad() before the next backward()."))
        return gradient

    def follow(self, who: str, rule: Rule) -> None:
        """Take over a rule; where only an option has changed, as in each step of a schedule, nothing is made anew."""
        before = self.rule
        same = before is not None and before.kernel is rule.kernel and before.state_names == rule.state_names
        if same and self.parameter._data is self.array:
            if list(map(type, before.arguments)) != list(map(type, rule.arguments)):
                self.call = None
            self.rest = (*self.arrays[1:], *rule.arguments)
            self.rule = rule
        else:
            self.prepare(who, rule)

    def prepare(self, who: str, rule: Rule) -> None:
        """Make the state that a rule needs and that is not there yet.

        Raises:
            ValueError: if the gradient does not fit the parameter, or the state, because the parameter has got another
                shape or dtype since.
        """
        self.checked_gradient(who)
        array = self.parameter._data
        state = dict(self.state)
        tensors = [self.parameter]
        for name in rule.state_names:
            shape, dtype = state_kind(name, array)
            if name not in state:
                state[name] = wrap(np.zeros(shape, dtype))
            if state[name].shape != shape or state[name].dtype != dtype:
                problem = f"the state {name!r}, {describe(state[name])}, does not fit {describe(self.parameter)}."
                remedy = "Make the optimizer after the parameters have got their final shape and dtype."
                raise ValueError(message(who, problem, remedy))
            tensors.append(state[name])
        arrays = tuple([tensor._data for tensor in tensors])
        # The rule comes last: an interrupt before it makes the next step prepare anew.
        self.call = None
        self.contiguous = all(each.flags.carray for each in arrays)
        compiled = hasattr(rule.kernel, "py_func")
        self.fits = GRADIENT_FITS.entry(array.dtype) if self.contiguous and compiled else never
        self.array = array
        self.arrays = arrays
        self.rest = (*arrays[1:], *rule.arguments)
        self.kept = tuple(zip(tensors, arrays))[1:]
        self.tensors = tuple(tensors)
        self.stamps = tuple([tensor._stamp for tensor in tensors])
        self.state = state
        self.rule = rule


def state_kind(name: str, parameter: np.ndarray) -> tuple[tuple[int, ...], np.dtype]:
    """Return the shape and dtype of a piece of state: a count of steps or a number, or a tensor like its parameter."""
    if name in SCALARS:
        return (), np.dtype(np.float64)
    return parameter.shape, parameter.dtype


def never(gradient: np.ndarray, parameter: np.ndarray) -> bool:
    """Return False: what does not lie in memory as a kernel needs it never fits."""
    return False
