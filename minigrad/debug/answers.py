"""``Answer``: one line that answers a question, with the operation, the source line and the number as data."""

import html
from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.debug.names import operand_names, output_name
from minigrad.debug.step import Step
from minigrad.display import number
from minigrad.errors import describe, describe_node, message
from minigrad.graph import Node
from minigrad.positions import Position, resolve
from minigrad.tensors import Tensor
from minigrad.variables import variable_of


class Answer:
    """What a question of ``minigrad.debug`` returns; printed, it is its one line.

    Attributes:
        text: the line.
        node: the operation that the answer points at, or None.
        number: the number that the answer gives; what it counts or measures stands in the text.
        parts: the answers that this one sums up, where it is about several tensors.
        op: the name of the operation, ``relu``, or None.
        where: the place in the user's code that called the operation, or None.
    """

    __slots__ = ("node", "number", "op", "parts", "text", "where")

    def __init__(self, text: str, node: Node | None = None, number: Any = None, parts: Any = ()) -> None:
        """Hold an answer."""
        self.text = text
        self.node = node
        self.number = number
        self.parts: tuple[Answer, ...] = tuple(parts)
        self.op: str | None = None if node is None else node.name
        self.where: Position | None = None
        if node is not None and node.code is not None:
            self.where = resolve(node.code, node.lasti)

    @property
    def line(self) -> int | None:
        """The number of the source line, or None."""
        return None if self.where is None else self.where.line

    def __str__(self) -> str:
        """Return the line."""
        return self.text

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.text)}</pre>"


def tensor_name(tensor: Tensor, order: Sequence[Node] = ()) -> str:
    """Return what the user calls a tensor: its name, a variable of the caller, or what the source of its graph says.

    Args:
        tensor: the tensor.
        order: the nodes of a graph that it may be part of.
    """
    name = tensor.name or variable_of(tensor)
    if name is None and tensor.grad_fn is not None:
        name = output_name(tensor.grad_fn, tensor._output_number)
    if name is not None:
        return name
    for node in order:
        for edge, text in zip(node.edges, operand_names(node)):
            if text is not None and (edge is tensor or edge is tensor._stamp):
                return text
    return "x"


def told(node: Node) -> str:
    """Return ``matmul (train.py:24: h @ W2) in mlp.2``."""
    return describe_node(node) + (f" in {node.module}" if node.module else "")


def names_of_values(node: Node) -> dict[str, str]:
    """Return what the user calls the values that a rule reads, by the names of the rule's parameters."""
    code = node.op.__code__
    parameters = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    names = {}
    for parameter, name in zip(parameters, operand_names(node)):
        if name is not None:
            names[parameter] = name
    output = output_name(node)
    if output is not None:
        names["output"] = output
    return names


def facts(step: Step) -> str:
    """Return what the values that a rule read were: ``output is all 0``; ``x lies from 3 to 7.5``."""
    names = names_of_values(step.recorded)
    found = []
    for parameter, value in step.saved.items():
        if not isinstance(value, (np.ndarray, float, int)) or isinstance(value, bool):
            continue
        array = np.asarray(value)
        if array.size == 0 or array.dtype.kind not in "fb":
            continue
        name = names.get(parameter, f"its {parameter}" if parameter == "output" else parameter)
        found.append(f"{name} {range_of(array)}")
    return ", ".join(found)


def range_of(array: np.ndarray) -> str:
    """Return ``is all 0`` or ``lies from -1 to 3``."""
    if array.dtype.kind == "b":
        true = int(np.count_nonzero(array))
        return f"holds at {true} of {array.size} places" if 0 < true < array.size else f"is all {bool(true)}"
    least, greatest = array.min(), array.max()
    if least == greatest:
        return f"is {number(least)}" if array.size == 1 else f"is all {number(least)}"
    return f"lies from {number(least)} to {number(greatest)}"


def require_tensor(who: str, value: Any) -> Tensor:
    """Return a tensor that was asked about.

    Raises:
        TypeError: if it is none.
    """
    if isinstance(value, Tensor):
        return value
    raise TypeError(
        message(
            who,
            f"a Tensor is needed to ask about, got {describe(value)}.",
            "Of a model, pass one parameter: model[0].weight.",
        )
    )
