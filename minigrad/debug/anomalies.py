"""``anomaly``: raise at the first NaN or infinity, in the forward or the backward pass, and say where it came from."""

import weakref
from collections.abc import Callable
from contextvars import Token
from types import TracebackType
from typing import Any, Self

import numpy as np

from minigrad.debug.names import operand_names, output_name
from minigrad.debug.rules import input_names, rule_text
from minigrad.display import number
from minigrad.errors import describe_node, message
from minigrad.graph import Node
from minigrad.hooks import hooks_of
from minigrad.modes import STATE, State, current_state
from minigrad.positions import Position, resolve, user_position
from minigrad.tensors import Tensor
from minigrad.variables import variable_of


class AnomalyError(RuntimeError):
    """A NaN or infinity was met under ``anomaly``.

    Attributes:
        finding: what it was, in one line without a place.
        op: the name of the operation that gave it, forward, or whose rule gave it.
        node: the operation's node, or None where nothing was recorded.
        where: the place in the user's code, or None.
        count: how many numbers were NaN or infinite.
        in_backward: whether a rule gave it.
    """

    def __init__(
        self,
        finding: str,
        remedy: str,
        op: str,
        node: Node | None,
        where: Position | None,
        count: int,
        in_backward: bool,
    ) -> None:
        """Word the error; the place in the source is that of the forward operation."""
        super().__init__(message("anomaly", finding, remedy))
        self.finding = finding
        self.op = op
        self.node = node
        self.where = where
        self.count = count
        self.in_backward = in_backward


class anomaly:
    """Raise at the first NaN or infinity that an operation computes, or its rule in the backward pass.

    An infinity that comes from an infinite operand (a mask of -inf) is none; a NaN always is. The check takes a look at
    every result, so this is for the search and not for training; code outside of the block is as fast as ever.

    Args:
        nan: whether to look for NaN.
        inf: whether to look for infinities.

    Raises:
        AnomalyError: a RuntimeError that names operation, sub-expression, operands, numbers and module.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad import debug
        >>> x = mg.tensor([1.0, 0.0], requires_grad=True, name="x")
        >>> with debug.anomaly():  # doctest: +ELLIPSIS
        ...     mg.log(x)
        Traceback (most recent call last):
        ...
        minigrad.debug.anomalies.AnomalyError: anomaly: log gave -inf, 1 of 2 numbers, the first at (1,), where x is 0.
        ...
    """

    def __init__(self, nan: bool = True, inf: bool = True) -> None:
        """Make the mode; it is entered by ``with``."""
        self.nan = bool(nan)
        self.inf = bool(inf)
        self._tokens: list[Token[State]] = []

    def __enter__(self) -> Self:
        """Watch every operation of this thread."""
        state = current_state()
        watch = Watch(self, state.tape)
        changed = State(
            state.grad_enabled, state.keep_inputs, watch, state.module, state.code, state.lasti, state.in_layer
        )
        self._tokens.append(STATE.set(changed))
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Put back what was in force before."""
        STATE.reset(self._tokens.pop())

    def bad(self, array: np.ndarray) -> Any:
        """Return where an array has what is looked for, or None."""
        if array.dtype.kind != "f" or np.isfinite(array).all():
            return None
        places = np.zeros(array.shape, bool)
        if self.nan:
            places |= np.isnan(array)
        if self.inf:
            places |= np.isinf(array)
        return places if places.any() else None


class Watch(list[Any]):
    """What ``State.tape`` holds under ``anomaly``: it looks at every operation, and keeps none."""

    def __init__(self, mode: anomaly, outer: Any) -> None:
        """Remember what to look for, and the tape that was there before."""
        super().__init__()
        self.mode = mode
        self.outer = outer
        # In-place changes of shape ask.
        self.looks_on = outer is None or getattr(outer, "looks_on", False)

    def append(self, entry: Any) -> None:
        """Look at what an operation computed."""
        op, inputs, result, _ = entry
        for each in result if type(result) is tuple else (result,):
            if isinstance(each, Tensor):
                check_forward(self.mode, op, inputs, each)
        if self.outer is not None:
            self.outer.append(entry)

    def on_pass(self, order: list[Node]) -> None:
        """Look at what the rules of a backward pass return; called when it begins."""
        for node in order:
            hooks_of(node).add("after", RuleCheck(node))


class RuleCheck:
    """The hook that looks at what the rule of one node returned, as long as the mode is on."""

    def __init__(self, node: Node) -> None:
        """Remember the node without keeping it alive: it holds the hook."""
        self.node = weakref.ref(node)

    def __call__(self, grad_inputs: tuple[Any, ...], grad_outputs: tuple[Any, ...]) -> None:
        """Raise if a gradient is not finite and the one that arrived is."""
        watch = current_state().tape
        while watch is not None and not isinstance(watch, Watch):
            watch = getattr(watch, "outer", None)  # a recording inside of the mode hands on to it
        node = self.node()
        if isinstance(watch, Watch) and node is not None:
            for index, grad in enumerate(grad_inputs):
                if grad is not None:
                    check_backward(watch.mode, node, index, grad.data, grad_outputs)


def check_forward(mode: anomaly, op: Callable[..., Any], inputs: tuple[Any, ...], result: Tensor) -> None:
    """Raise if a result is not finite, unless its infinities come from the operands."""
    places = mode.bad(result.data)
    if places is None:
        return
    operands = tensors_among(inputs, result.grad_fn)
    kind = kind_of(result.data, places)
    for name, operand in operands:
        found = mode.bad(operand.data)
        if found is None:
            continue
        came = kind_of(operand.data, found)
        if kind != "NaN" and came != "NaN":
            return  # an infinity that somebody has put there, or that was accepted before
        if came == "NaN":
            finding = f"{op.__name__} was given {came} by {name} {operand.shape}, {counted(found)}."
            remedy = f"What {name} holds was not computed inside the block: look at where it comes from."
            raise AnomalyError(finding, remedy, op.__name__, result.grad_fn, user_position(), int(found.sum()), False)
    finding = f"{op.__name__} gave {kind}, {counted(places)}{values_at(places, operands)}."
    remedy = "Its operands are finite: keep them away from where the operation is not defined, or overflows."
    raise AnomalyError(finding, remedy, op.__name__, result.grad_fn, user_position(), int(places.sum()), False)


def check_backward(mode: anomaly, node: Node, index: int, grad: np.ndarray, grad_outputs: tuple[Any, ...]) -> None:
    """Raise if what a rule returned is not finite, unless the gradient that arrived was not."""
    places = mode.bad(grad)
    if places is None:
        return
    kind = kind_of(grad, places)
    arrived = [("grad_output", each) for each in grad_outputs if each is not None]
    for _, each in arrived:
        if kind != "NaN" and mode.bad(each.data) is not None:
            return
    names = operand_names(node)
    output = output_name(node)
    parameter = input_names(node, len(node.edges))[index]
    name = (names[index] if index < len(names) else None) or f"its {parameter}"
    saved = []
    for each, value in zip(node.vjp.__code__.co_varnames[1:], node.saved or ()):
        if isinstance(value, np.ndarray):
            label = output if each == "output" else dict(zip(input_names(node, len(names)), names)).get(each)
            saved.append((label or each, value))
    finding = f"the rule of {describe_node(node)} gave {kind} for the gradient of {name}, {counted(places)}"
    finding += f"{values_at(places, [*arrived, *saved])}: {rule_text(node.vjp)}."
    remedy = "The forward pass is finite here, its slope is not: keep the operand away from there (x + 1e-8, clamp)."
    where = None if node.code is None else resolve(node.code, node.lasti)
    raise AnomalyError(finding, remedy, node.name, node, where, int(places.sum()), True)


def tensors_among(inputs: tuple[Any, ...], node: Node | None) -> list[tuple[str, Tensor]]:
    """Return the tensors that an operation was given, with what to call them."""
    flat: list[Any] = []
    for value in inputs:
        flat += value if type(value) in (tuple, list) else [value]
    names = operand_names(node) if node is not None else ()
    found = []
    for index, value in enumerate(flat):
        if isinstance(value, Tensor):
            written = names[index] if len(names) == len(flat) else None
            found.append((value.name or written or variable_of(value) or f"operand {index}", value))
    return found


def kind_of(array: np.ndarray, places: np.ndarray) -> str:
    """Return ``NaN``, ``inf`` or ``-inf``: what the first of the places holds, NaN before infinities."""
    values = array[places]
    if np.isnan(values).any():
        return "NaN"
    return "inf" if values[0] > 0 else "-inf"


def counted(places: np.ndarray) -> str:
    """Return ``3 of 32 numbers, the first at (4, 1)``."""
    if places.ndim == 0:
        return "its one number"
    first = tuple([int(each) for each in np.unravel_index(int(np.argmax(places)), places.shape)])
    return f"{int(places.sum())} of {places.size} numbers, the first at {first}"


def values_at(places: np.ndarray, operands: list[tuple[str, Any]]) -> str:
    """Return ``, where x is 0 and y is -2`` for the operands that have a number at the first of some places."""
    if places.size == 0:
        return ""
    first = np.unravel_index(int(np.argmax(places)), places.shape)
    told = []
    for name, operand in operands:
        array = operand.data if isinstance(operand, Tensor) else operand
        if array.shape == places.shape:
            told.append(f"{name} is {number(array[first])}")
        elif array.size == 1:
            told.append(f"{name} is {number(array.reshape(-1)[0])}")
        elif array.dtype.kind == "f" and array.size and np.isnan(array).any():
            told.append(f"{name} {array.shape} holds NaN")
        elif array.dtype.kind == "f" and array.size:
            told.append(f"{name} {array.shape} lies from {number(array.min())} to {number(array.max())}")
    return f", where {' and '.join(told)}" if told else ""
