"""What a page shows of each step, as plain data: the script of the page reads it."""

from typing import Any

from minigrad.debug.array_pictures import ArrayPool
from minigrad.debug.contributions import Contribution
from minigrad.debug.graphs import Graph
from minigrad.debug.printing import caret
from minigrad.graph import Node
from minigrad.positions import Position


class PageData:
    """The data of a page: of the forward steps that have a part in the loss, then of the backward steps.

    Attributes:
        steps: a dict for each.
        pool: the arrays that they show.
        marks: for each step that begins a NaN or an infinity, its number.
    """

    def __init__(self, trace: Any, graph: Graph) -> None:
        """Describe all steps."""
        self.graph = graph
        forward = [step for step in trace.forward if step.recorded in graph.places]
        self.pool = ArrayPool(len(forward) + len(trace.steps))
        self.steps: list[dict[str, Any]] = []
        for step in forward:
            self.steps.append(self.forward_step(step, len(forward)))
        self.forward_count = len(forward)
        for step in trace.steps:
            self.steps.append(self.backward_step(step))

    def forward_step(self, step: Any, total: int) -> dict[str, Any]:
        """Describe an operation of the forward pass: its inputs and its output, as far as they are known."""
        found = self.head("forward", len(self.steps) + 1, total, step.name, step.recorded, step.where, step.flags)
        inputs = []
        for each in step.inputs:
            number = self.pool.add(each.value)
            if number is None and each.value is not None and not isinstance(each.value, tuple):
                inputs.append({"name": each.name, "text": str(each.value)})
            elif number is not None or each.shape is not None:
                inputs.append({"name": each.name, "label": each.label, "array": number, "shape": each.shape})
        found["inputs"] = [without_nothing(each) for each in inputs]
        found["outputs"] = self.several("output", step.output)
        return without_nothing(found)

    def backward_step(self, step: Any) -> dict[str, Any]:
        """Describe an operation of the backward pass: the gradient that arrived, what it gave, what its rule read."""
        node = step.node
        found = self.head("backward", step.index, step.total, node.name, step.recorded, node.where, step.flags)
        found["rule"] = step.rule
        found["gradients"] = self.several("grad_output", step.grad_output)
        found["contributions"] = []
        edges = self.graph.inputs[found["vertex"]]
        by_operand = {edge.operand: edge for edge in edges}
        for operand, each in enumerate(step.contributions):
            if each.source is not None:
                edge = by_operand.get(operand)
                found["contributions"].append(self.contribution(each, None if edge is None else edge.source))
        saved = []
        for name, value in step.saved.items():
            number = self.pool.add(value)
            if number is not None:
                saved.append({"name": name, "array": number})
            elif value is None or isinstance(value, (bool, int, float, str)):
                saved.append({"name": name, "text": str(value)})
        found["saved"] = saved
        return without_nothing(found)

    def head(
        self, phase: str, index: int, total: int, name: str, node: Node, where: Position | None, flags: Any
    ) -> dict[str, Any]:
        """Return what all steps have: where they are in the pass, in the graph and in the source."""
        vertex = self.graph.places[node]
        found: dict[str, Any] = {"phase": phase, "index": index, "total": total, "op": name, "vertex": vertex}
        found["name"] = self.graph.vertices[vertex].name
        found["module"] = node.module
        found["flags"] = sorted(flags)
        if where is not None:
            found["where"] = str(where)
            lines = caret(where)
            found["source"] = lines[0].strip() if lines else None
            if len(lines) > 1:
                carets = lines[1].rstrip()
                indentation = len(lines[0]) - len(lines[0].lstrip())
                found["caret"] = [carets.index("^") - indentation, carets.count("^")]
        return found

    def several(self, name: str, value: Any) -> list[dict[str, Any]]:
        """Describe an array, or each of several, under a name; nothing for None."""
        if type(value) is not tuple:
            number = self.pool.add(value)
            return [] if number is None else [{"name": name, "array": number}]
        found = []
        for index, each in enumerate(value):
            number = self.pool.add(each)
            if number is not None:
                found.append({"name": f"{name}s[{index}]", "array": number})
        return found

    def contribution(self, each: Contribution, source: int | None) -> dict[str, Any]:
        """Describe what a step gave to one input, and what this had received before and has after."""
        found: dict[str, Any] = {"input": each.input, "rule": each.rule, "to": source}
        found["array"] = self.pool.add(each.grad)
        if each.grad is not None and each.returned != each.grad.shape:
            found["returned"] = list(each.returned or ())
        if each.accumulated:
            found["before"] = self.pool.add(each.before)
            found["after"] = self.pool.add(each.after)
            found["accumulated"] = True
        return without_nothing(found)


def without_nothing(found: dict[str, Any]) -> dict[str, Any]:
    """Return a description without what is None or empty."""
    return {name: value for name, value in found.items() if value not in (None, [], "")}
