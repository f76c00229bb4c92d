"""``StepNode``: a recorded operation as a person reads it, worked out when it is asked for."""

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.debug.names import operand_names, output_name
from minigrad.debug.rules import formulas, input_names
from minigrad.graph import Node
from minigrad.positions import Position, resolve
from minigrad.tensors import Tensor


class StepNode:
    """The operation that a step differentiates.

    Attributes:
        recorded: the engine's own Node.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad import debug
        >>> h = mg.ones(2, 3)
        >>> W = mg.ones(3, 1, requires_grad=True)
        >>> o = h @ W
        >>> node = next(debug.steps(o, gradient=mg.ones(2, 1))).node
        >>> node.name, node.inputs, node.output, node.shape, node.names, node.where.expression
        ('matmul', ('x', 'y'), 'o', (2, 1), ('h', 'W', 'o'), 'h @ W')
    """

    __slots__ = ("_inputs", "_where", "recorded")

    def __init__(self, node: Node) -> None:
        """Describe a node of the graph."""
        self.recorded = node
        self._inputs: tuple[str, ...] | None = None
        self._where: Any = False

    @property
    def op(self) -> Callable[..., Any]:
        """The operation, a plain function."""
        return self.recorded.op

    @property
    def name(self) -> str:
        """The operation's name, ``matmul``."""
        return self.recorded.name

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names of its inputs, the operation's parameters: ``("x", "y")``."""
        if self._inputs is None:
            self._inputs = tuple(input_names(self.recorded, number_of_inputs(self.recorded)))
        return self._inputs

    @property
    def sources(self) -> tuple[Any, ...]:
        """Where each input came from: the Node that made it, the leaf, or None for a constant."""
        found = []
        for edge in self.recorded.edges[: len(self.inputs)]:
            found.append(source_of(edge))
        return tuple(found)

    @property
    def output(self) -> str | None:
        """What the program calls the tensor that it made, ``o`` in ``o = h @ W``; None where it gave it no name."""
        return output_name(self.recorded)

    @property
    def shape(self) -> Any:
        """The shape of the output; a tuple of them where there are several."""
        return self.recorded.shape

    @property
    def dtype(self) -> Any:
        """The dtype of the output; a tuple of them where there are several."""
        return self.recorded.dtype

    @property
    def where(self) -> Position | None:
        """The place in the user's code that called it (file, line, columns), or None where it is not known."""
        if self._where is False:
            node = self.recorded
            self._where = None if node.code is None else resolve(node.code, node.lasti)
        where: Position | None = self._where
        return where

    @property
    def module(self) -> str | None:
        """The dotted path of the module that was running, ``mlp.2``, or None."""
        return self.recorded.module

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the tensors that it read and made: their own, or the user's variables where they are known."""
        return names_of(self.recorded)

    def __repr__(self) -> str:
        """Return the operation, the shape of its output, and its place."""
        return f"<StepNode {self.name} {self.shape}" + ("" if self.where is None else f" {self.where}") + ">"


def number_of_inputs(node: Node) -> int:
    """Return how many inputs of a node have a name worth showing: up to the last tensor, or formula of the rule."""
    number = 0
    for index, edge in enumerate(node.edges):
        if edge is not None:
            number = index + 1
    names = input_names(node, len(node.edges))
    for target in formulas(node.vjp):
        if target in names:
            number = max(number, names.index(target) + 1)
    return number


def source_of(edge: Any) -> Any:
    """Return the Node or leaf behind an edge; None for a tensor without gradient and for what is no tensor."""
    if edge is None or type(edge) is list:
        return None
    return edge[0] if type(edge) is tuple else edge


def destination(edge: Any) -> tuple[tuple[int, ...], np.dtype]:
    """Return the shape and dtype of the tensor behind an edge that a gradient goes to."""
    if type(edge) is tuple:
        node, index = edge
        return node.shape[index], node.dtype[index]
    return edge.shape, edge.dtype


def flattened(inputs: tuple[Any, ...]) -> list[Any]:
    """Return an operation's arguments with each sequence that holds tensors as its elements: one for each edge."""
    found: list[Any] = []
    for value in inputs:
        if type(value) in (tuple, list) and any(isinstance(each, Tensor) for each in value):
            found.extend(value)
        else:
            found.append(value)
    return found


def names_of(node: Node) -> tuple[str, ...]:
    """Return the names of the tensors that a node read and made, each once: their own, or the user's variables."""
    found: list[str] = []
    kept = [each.name for each in flattened(node.inputs or ()) if isinstance(each, Tensor)]
    for name in (*operand_names(node), *kept, output_name(node)):
        if name and name not in found:
            found.append(name)
    return tuple(found)
