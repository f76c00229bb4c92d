"""What a page shows of each step, as plain data: the script of the page reads it."""

from collections.abc import Callable
from typing import Any

from minigrad.debug.array_pictures import ArrayPool
from minigrad.debug.contributions import Contribution, formula_of
from minigrad.debug.graphs import OPERATION, Graph
from minigrad.debug.nodes import StepNode
from minigrad.debug.printing import caret
from minigrad.debug.rules import formulas, rule_text, saved_names
from minigrad.graph import Node
from minigrad.positions import resolve

#: What is written as a word where it is no array.
PLAIN = (bool, int, float, str)


class PageData:
    """The data of a page: of the forward steps that have a part in the loss, then of the backward steps.

    What steps share stands in lists of its own, and an array is the number of its description: 500 operations with
    their arrays then take half a megabyte.

    Attributes:
        vertices: the operations and tensors of the graph.
        kinds: what is the same wherever an operation is used: the names of its inputs, the formulas, what is saved.
        places: the places in the source: file and line, the line's text, first column and length of the expression.
        steps: a dict for each.
        forward: how many of them are of the forward pass.
        pool: the arrays.
    """

    def __init__(self, trace: Any, graph: Graph) -> None:
        """Describe all steps."""
        self.graph = graph
        self.kinds: list[dict[str, Any]] = []
        self.places: list[dict[str, Any]] = []
        self._numbers: dict[Any, int] = {}
        forward = [step for step in trace.forward if step.recorded in graph.places]
        for step in forward:
            vertex = graph.vertices[graph.places[step.recorded]]
            vertex.name = step.label or vertex.name
        self.vertices = [self.vertex(place) for place in range(len(graph.vertices))]
        self.forward = len(forward)
        self.pool = ArrayPool(len(forward) + len(trace.steps))
        self.steps = [self.forward_step(step) for step in forward]
        self.steps += [self.backward_step(step) for step in trace.steps]

    def plain(self) -> dict[str, Any]:
        """Return everything for the script of the page."""
        return {
            "forward": self.forward,
            "vertices": self.vertices,
            "kinds": self.kinds,
            "places": self.places,
            "steps": self.steps,
            "arrays": self.pool.descriptions,
        }

    def vertex(self, place: int) -> dict[str, Any]:
        """Describe a vertex: of a tensor what it is; of an operation also its place and the vertex of each operand."""
        vertex = self.graph.vertices[place]
        found: dict[str, Any] = {"label": vertex.label, "name": vertex.name}
        if vertex.kind != OPERATION:
            found["tensor"] = vertex.kind
            return without_nothing(found)
        node = vertex.source
        sources: list[int | None] = []
        for edge in self.graph.inputs[place]:
            sources += [None] * (edge.operand - len(sources))
            sources.append(edge.source)
        found["module"] = vertex.module
        found["place"] = self.number(self.places, (node.code, node.lasti), place_of, node)
        found["kind"] = self.number(self.kinds, (node.op, node.vjp, len(sources)), kind_of, node)
        found["from"] = sources
        return without_nothing(found)

    def number(
        self, known: list[dict[str, Any]], key: Any, describe: Callable[[Node], dict[str, Any]], node: Node
    ) -> int:
        """Return the number of a description in a list; it is made where the key is new."""
        if key not in self._numbers:
            self._numbers[key] = len(known)
            known.append(describe(node))
        return self._numbers[key]

    def forward_step(self, step: Any) -> dict[str, Any]:
        """Describe an operation of the forward pass: its inputs and its output, as far as they are known.

        An input is the number of an array, a text where it is none, its shape where it is not known, or None.
        """
        inputs = []
        for each in step.inputs:
            value = self.value(each.value)
            inputs.append(each.shape if value is None else value)
        vertex = self.graph.places[step.recorded]
        found = {"vertex": vertex, "flags": sorted(step.flags), "inputs": inputs, "output": self.value(step.output)}
        return without_nothing(found)

    def backward_step(self, step: Any) -> dict[str, Any]:
        """Describe an operation of the backward pass: the gradient that arrived, what it gave, what its rule read."""
        found: dict[str, Any] = {"vertex": self.graph.places[step.recorded], "flags": sorted(step.flags)}
        found["gradient"] = self.value(step.grad_output)
        found["gives"] = [self.contribution(each) for each in step.contributions]
        found["saved"] = [self.value(value) for value in step.saved.values()]
        return without_nothing(found)

    def value(self, value: Any) -> Any:
        """Return the number of an array's description; a list of them for a tuple; a text for what is none."""
        if type(value) is tuple:
            found = [self.pool.add(each) for each in value]
            return None if found == [None] * len(found) else found
        if isinstance(value, PLAIN):
            return str(value)
        return self.pool.add(value)

    def contribution(self, each: Contribution) -> dict[str, Any] | None:
        """Describe what a step gave to one input, and what this had received before and has after."""
        if each.grad is None:
            return None
        found: dict[str, Any] = {"array": self.pool.add(each.grad)}
        if each.returned != each.grad.shape:
            found["returned"] = each.returned
        if each.accumulated:
            found["before"] = self.pool.add(each.before)
            found["after"] = self.pool.add(each.after)
        return without_nothing(found)


def kind_of(node: Node) -> dict[str, Any]:
    """Describe an operation and its rule: the names of the inputs, the formulas, the names of what the rule reads."""
    texts = formulas(node.vjp)
    names = StepNode(node).inputs
    return {
        "inputs": list(names),
        "rule": rule_text(node.vjp),
        "formulas": [formula_of(name, texts) for name in names],
        "saved": list(saved_names(node.vjp)),
    }


def place_of(node: Node) -> dict[str, Any]:
    """Describe the place that called an operation: nothing where it is not known."""
    if node.code is None:
        return {}
    where = resolve(node.code, node.lasti)
    found: dict[str, Any] = {"where": str(where), "source": where.source}
    lines = caret(where)
    if len(lines) > 1:
        indentation = len(lines[0]) - len(lines[0].lstrip())
        found["caret"] = [lines[1].index("^") - indentation, lines[1].count("^")]
    return without_nothing(found)


def without_nothing(found: dict[str, Any]) -> dict[str, Any]:
    """Return a description without what is None or empty."""
    return {name: value for name, value in found.items() if value is not None and value != [] and value != ""}
