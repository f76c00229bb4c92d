"""``ForwardStep``: one operation of the forward pass, with the values that are known of it."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.debug.contributions import read_only
from minigrad.debug.names import operand_names, output_name
from minigrad.debug.nodes import StepNode, flattened
from minigrad.debug.statistics import LARGE, flags_of
from minigrad.graph import Node
from minigrad.positions import Position, resolve
from minigrad.saved import roles_of, stamp_of
from minigrad.tensors import Tensor


class Readers:
    """The user's names for the inputs of one operation, looked up when the first of them is asked for."""

    __slots__ = ("_names", "_node")

    def __init__(self, node: Node | None) -> None:
        """Look nothing up yet."""
        self._node = node
        self._names: tuple[str | None, ...] = ()

    def name(self, place: int) -> str | None:
        """Return the name of one input, or None."""
        if self._node is not None:
            self._names = operand_names(self._node)
            self._node = None
        return self._names[place] if place < len(self._names) else None


class ForwardInput:
    """One input of an operation of the forward pass.

    Attributes:
        name: the operation's parameter, ``x``; ``tensors[0]`` for an element of a sequence.
        source: the number of the ForwardStep whose output it is; the leaf or constant Tensor; None where it is not
            known or no tensor.
        shape: its shape, None where it is not known.
        value: the array, or what it is where it is no tensor; None where it was not kept.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad import debug
        >>> w = mg.tensor([1.0, 2.0], requires_grad=True)
        >>> with debug.recording() as r:
        ...     loss = (w * 3).sum()
        >>> x, y = r.forward[0].inputs
        >>> x.name, x.label, x.shape, x.source is w, y.value
        ('x', 'w', (2,), True, 3)
        >>> r.forward[1].inputs
        (<ForwardInput x (2,) from step 1>,)
    """

    __slots__ = ("_label", "_reader", "name", "shape", "source", "value")

    def __init__(self, name: str, source: Any, shape: Any, value: Any, label: Any, reader: tuple[Readers, int]) -> None:
        """Describe an input; its ``reader`` knows what the user calls it, at its place among the others."""
        self.name = name
        self.source = source
        self.shape = shape
        self.value = value
        self._label = label
        self._reader = reader

    @property
    def label(self) -> str | None:
        """The name of the tensor: its own, or what the user calls it at this place; or None."""
        if self._label is None:
            readers, place = self._reader
            self._label = readers.name(place)
        label: str | None = self._label
        return label

    def __repr__(self) -> str:
        """Return the name, shape and source."""
        source = f" from step {self.source}" if isinstance(self.source, int) else ""
        return f"<ForwardInput {self.name} {self.shape}{source}>"


class ForwardStep:
    """One operation of the forward pass.

    Attributes:
        index, total: its place among the operations, from 1, in the order in which they ran.
        op: the operation, a plain function.
        recorded: the engine's Node, or None where no gradient flows.
        inputs: a ``ForwardInput`` for each.
        output: the array, a tuple where there are several; None where it is not known: neither has a rule saved it nor
            a recording kept it.
        shape, dtype: of the output; tuples where there are several.
        module: the dotted path of the module that was running, or None.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad import debug
        >>> w = mg.tensor([1.0, 2.0], requires_grad=True)
        >>> h = w * 3
        >>> step = debug.trace((h * h).sum()).forward[0]
        >>> step, step.label, step.output, step.where.expression
        (<ForwardStep 1/3 mul (2,)>, 'h', array([3., 6.], dtype=float32), 'w * 3')
    """

    __slots__ = (
        "_code",
        "_label",
        "_lasti",
        "dtype",
        "index",
        "inputs",
        "module",
        "op",
        "output",
        "recorded",
        "shape",
        "total",
    )

    def __init__(self, index: int, op: Callable[..., Any], node: Node | None) -> None:
        """Describe an operation; what is known of its values is filled in by whoever knows."""
        self.index = index
        self.total = index
        self.op = op
        self.recorded = node
        self.inputs: tuple[ForwardInput, ...] = ()
        self.output: Any = None
        self._label: str | None = None
        self.shape: Any = None if node is None else node.shape
        self.dtype: Any = None if node is None else node.dtype
        self.module = None if node is None else node.module
        self._code: Any = None if node is None else node.code
        self._lasti = 0 if node is None else node.lasti

    @property
    def name(self) -> str:
        """The operation's name, ``matmul``."""
        return getattr(self.op, "__name__", repr(self.op))

    @property
    def label(self) -> str | None:
        """The name of the output: the tensor's own, where a recording knows it, or the user's variable; or None."""
        if self._label is None and self.recorded is not None:
            return output_name(self.recorded)
        return self._label

    @property
    def node(self) -> StepNode | None:
        """The operation as the steps of the backward pass show it, or None where no gradient flows."""
        return None if self.recorded is None else StepNode(self.recorded)

    @property
    def where(self) -> Position | None:
        """The place in the user's code that called it, or None where it is not known."""
        return None if self._code is None else resolve(self._code, self._lasti)

    @property
    def flags(self) -> frozenset[str]:
        """Which of ``nan``, ``inf``, ``zero`` (all of it) and ``large`` hold for the output, as far as it is known."""
        found: set[str] = set()
        for each in self.output if type(self.output) is tuple else (self.output,):
            if isinstance(each, np.ndarray) and each.dtype.kind == "f":
                found |= flags_of(each, LARGE)
        return frozenset(found)

    def __repr__(self) -> str:
        """Return one line."""
        return f"<ForwardStep {self.index}/{self.total} {self.name} {self.shape}>"


def forward_of(order: Sequence[Node], root: Any = None) -> list[ForwardStep]:
    """Return the operations of a graph in the order in which they ran, with the values that its rules have saved.

    Args:
        order: the nodes of a backward pass, latest first.
        root: the tensor that the pass begins at, whose value is known.
    """
    nodes = list(reversed(order))
    places: dict[Any, int] = {}
    for index, node in enumerate(nodes, start=1):
        places[node] = index
    values = known_values(nodes)
    if isinstance(root, Tensor) and root._edge is not None and type(root._edge) is not list:
        values[root._edge] = root._data
    found = []
    for index, node in enumerate(nodes, start=1):
        step = ForwardStep(index, node.op, node)
        step.total = len(nodes)
        step.output = read_only(output_of(node, values))
        step.inputs = inputs_of(step, places, values)
        found.append(step)
    return found


def output_of(node: Node, values: dict[Any, Any]) -> Any:
    """Return the known output of a node, None where it is not known; a tuple of them where there are several."""
    if not node.several:
        return values.get(node)
    outputs = [values.get((node, index)) for index in range(len(node.shape))]
    return tuple(outputs)


def known_values(nodes: Sequence[Node]) -> dict[Any, Any]:
    """Return the arrays that some nodes have kept, by the edge that they belong to: inputs, and what rules read.

    What was written to since is no longer what it was, and left out.
    """
    values: dict[Any, Any] = {}
    for node in nodes:
        for edge, each in zip(node.edges, flattened(node.inputs or ())):
            if (type(edge) is Node or type(edge) is tuple) and each._stamp[0] <= node.number:
                values[edge] = each._data
        for value, role in zip(node.saved or (), roles_of(node.op, node.vjp)):
            if role is None:
                continue
            if role < 0:
                for edge, array in edges_of_output(node, value):
                    if stamp_of(edge)[0] <= node.number:
                        values[edge] = array
            elif role < len(node.edges) and isinstance(value, np.ndarray):
                edge = node.edges[role]
                made = type(edge) is Node or type(edge) is tuple
                if made and fits(edge, value) and stamp_of(edge)[0] <= node.number:
                    values[edge] = value
    return values


def edges_of_output(node: Node, value: Any) -> list[tuple[Any, Any]]:
    """Return (edge, array) for a saved output, which is a tuple where there are several."""
    if not node.several:
        return [(node, value)]
    found: list[tuple[Any, Any]] = []
    for index, array in enumerate(value if type(value) is tuple else (value,)):
        found.append(((node, index), array))
    return found


def fits(edge: Any, value: np.ndarray) -> bool:
    """Return whether a saved operand is the tensor itself, and not what it was converted to."""
    node, index = edge if type(edge) is tuple else (edge, None)
    if index is None:
        return bool(node.shape == value.shape and node.dtype == value.dtype)
    return bool(node.shape[index] == value.shape and node.dtype[index] == value.dtype)


def inputs_of(step: ForwardStep, places: dict[Any, int], values: dict[Any, Any]) -> tuple[ForwardInput, ...]:
    """Return the inputs of an operation, as its node knows them."""
    node = step.recorded
    if node is None:
        return ()
    found = []
    readers = Readers(node)
    for place, (name, edge) in enumerate(zip(StepNode(node).inputs, node.edges)):
        label: str | None = None
        source: Any = None
        shape: Any = None
        if isinstance(edge, Tensor):
            source, label, shape = edge, edge.name, edge.shape
            value = read_only(edge._data) if edge._stamp[0] <= node.number else None
        elif edge is None or type(edge) is list:
            value = constant(node, name)
            shape = getattr(value, "shape", None)
        else:
            maker, index = edge if type(edge) is tuple else (edge, None)
            source, value = places.get(maker), read_only(values.get(edge))
            shape = maker.shape if index is None else maker.shape[index]
        found.append(ForwardInput(name, source, shape, value, label, (readers, place)))
    return tuple(found)


def leading_to(order: Sequence[Node], forward: Sequence[ForwardStep]) -> list[ForwardStep]:
    """Return those of some operations that a backward pass goes through and whatever these were computed from.

    They are numbered anew; where that is all of them, they are returned as they are.
    """
    wanted = set()
    nodes = set(order)
    for step in reversed(forward):
        if step.recorded in nodes or step.index in wanted:
            wanted.add(step.index)
            for each in step.inputs:
                if isinstance(each.source, int):
                    wanted.add(each.source)
    if len(wanted) == len(forward):
        return list(forward)
    places = {}
    for index, place in enumerate(sorted(wanted), start=1):
        places[place] = index
    found = []
    for place in places:
        found.append(renumbered(forward[place - 1], places))
    return found


def renumbered(step: ForwardStep, places: dict[int, int]) -> ForwardStep:
    """Return an operation under another number, its sources likewise."""
    new = ForwardStep(places[step.index], step.op, step.recorded)
    new.total = len(places)
    new.output, new.shape, new.dtype, new.module = step.output, step.shape, step.dtype, step.module
    new._label, new._code, new._lasti = step._label, step._code, step._lasti
    inputs = []
    for each in step.inputs:
        source = places[each.source] if isinstance(each.source, int) else each.source
        inputs.append(ForwardInput(each.name, source, each.shape, each.value, each._label, each._reader))
    new.inputs = tuple(inputs)
    return new


def constant(node: Node, name: str) -> Any:
    """Return what a rule has saved of an input that needs no gradient, under its name; None if it has not."""
    code = node.vjp.__code__
    for each, value in zip(code.co_varnames[1 : code.co_argcount], node.saved or ()):
        if each == name:
            return read_only(value)
    return None
