"""A trace as one self-contained page: graph, slider, panel and table, without a reference to any network."""

import json
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Any

from minigrad.debug.drawing import counted
from minigrad.debug.files import asset, write_text
from minigrad.debug.folding import Fold, Folded, by_module, folded
from minigrad.debug.graphs import OPERATION, Graph, Vertex, graph_of_nodes
from minigrad.debug.page_data import PageData
from minigrad.debug.page_table import table_of
from minigrad.debug.pictures import Box, markup, picture
from minigrad.errors import message
from minigrad.graph import Node, ndarray

#: What could end the script, written as JSON also allows.
SCRIPT_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
FRAME_HEIGHT = 720


def page_of(trace: Any) -> str:
    """Return a trace as a page of HTML.

    Args:
        trace: what ``debug.trace`` returns.

    Raises:
        ValueError: if it has no step.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad import debug
        >>> w = mg.tensor([1.0, 2.0], requires_grad=True, name="w")
        >>> page = page_of(debug.trace((w * w).sum()))
        >>> page[:15], "http://www.w3.org/2000/svg" in page, "<script src" in page
        ('<!doctype html>', True, False)
    """
    if not trace.steps:
        problem = "the trace has no step: the tensor is a leaf, or nothing was recorded."
        raise ValueError(message("to_html", problem, "Trace what was computed from a tensor that requires grad."))
    order = [step.recorded for step in trace.steps]
    graph = graph_of_nodes(order, known_values(trace))
    data = PageData(trace, graph)
    folds = by_module(graph)
    boxes = folded(graph, folds)
    details = []
    for number, fold in enumerate(folds):
        details.append(detail(graph, fold, number))
    title = f"Backward pass of {title_of(graph.vertices[-1])}"
    return Template(asset("page.html")).substitute(
        title=markup(title),
        summary=markup(summary_of(data, graph)),
        graph_style=asset("graph.css"),
        page_style=asset("page.css"),
        overview=picture(page_boxes(graph, boxes), boxes.edges, "Graph"),
        details="\n".join(details),
        last=str(len(data.steps)),
        table=table_of(data),
        data=as_script(script_data(data, folds)),
        panel=asset("panel.js"),
        script=asset("page.js"),
    )


def write_page(trace: Any, path: str | Path) -> Path:
    """Write a trace as a page to a file, whole or not at all, and return the path.

    Raises:
        ValueError: if it has no step.
        OSError: if it cannot be written; what was there stays.
    """
    path = Path(path)
    write_text("to_html", path, page_of(trace))
    return path


def framed(trace: Any) -> str:
    """Return a trace for a notebook: the page in a frame of its own, so that its style and script stay in there."""
    return (
        f'<iframe sandbox="allow-scripts" title="Backward pass" srcdoc="{markup(page_of(trace))}" '
        f'style="width: 100%; height: {FRAME_HEIGHT}px; border: 0"></iframe>'
    )


def known_values(trace: Any) -> dict[Node, dict[Any, ndarray]]:
    """Return what the forward steps know of the constants that each node read."""
    values: dict[Node, dict[Any, ndarray]] = {}
    for step in trace.forward:
        if step.recorded is None:
            continue
        known = values[step.recorded] = {}
        for edge, each in zip(step.recorded.edges, step.inputs):
            if type(edge) is list and isinstance(each.value, ndarray):
                known[id(edge)] = each.value
    return values


def title_of(loss: Vertex) -> str:
    """Return what the loss is: its name and the expression that computed it, or the operation."""
    where = loss.where
    expression = where.expression if where is not None and where.expression else loss.label
    return f"{loss.name} = {expression}" if loss.name else expression


def summary_of(data: PageData, graph: Graph) -> str:
    """Return one line about the passes."""
    tensors = len(graph.vertices) - len(graph.operations)
    backward = len(data.steps) - data.forward
    return f"{counted(data.forward, 'operation')}, {counted(backward, 'step')} backward, {counted(tensors, 'tensor')}"


def page_boxes(graph: Graph, boxes: Folded) -> list[Box]:
    """Return what is drawn for each box."""
    ranks = {place: rank for rank, place in enumerate(graph.operations, start=1)}
    found = []
    number = 0
    for content in boxes.boxes:
        if isinstance(content, Fold):
            which = f"operations {ranks[content.operations[0]]}–{ranks[content.operations[-1]]}"
            found.append(Box("fold", [content.label, which], f"{content.label}: {which}", f"f{number}"))
            number += 1
        else:
            found.append(box_of_vertex(graph.vertices[content], content))
    return found


def box_of_vertex(vertex: Vertex, place: int) -> Box:
    """Return the box of an operation or tensor: its name and its shape; the numbers are in the panel."""
    shape = "" if vertex.shape is None else str(vertex.shape)
    label = f"{vertex.name} = {vertex.label}" if vertex.name else vertex.label
    # Without a tooltip, what stands in the box is read out.
    tooltip = f"{label} {shape} in {vertex.module}" if vertex.module and vertex.kind == OPERATION else ""
    return Box(vertex.kind, [label, shape], tooltip, f"v{place}")


def detail(graph: Graph, fold: Fold, number: int) -> str:
    """Return the graph inside of a fold and what it reads from outside, which is shown while a step is in there."""
    inside = {*fold.operations, *fold.tensors}
    shown = set(inside)
    for place in fold.operations:
        shown.update([edge.source for edge in graph.inputs[place]])
    places = sorted(shown)
    numbers = {place: index for index, place in enumerate(places)}
    edges = []
    for place in fold.operations:
        for edge in graph.inputs[place]:
            edges.append((numbers[edge.source], numbers[place]))
    boxes = []
    for place in places:
        box = box_of_vertex(graph.vertices[place], place)
        if place not in inside:
            box.kind += " outside"
        boxes.append(box)
    drawn = picture(boxes, edges, f"Inside of {fold.label}")
    heading = f"<h2>Inside of {markup(fold.label)}: {len(fold.operations)} operations</h2>"
    return f'<div class="detail" data-fold="{number}" tabindex="0" hidden>{heading}{drawn}</div>'


def script_data(data: PageData, folds: Sequence[Fold]) -> dict[str, Any]:
    """Return all that the script of the page needs."""
    fold_of = {}
    members = {}
    for number, fold in enumerate(folds):
        members[f"f{number}"] = list(fold.operations)
        for place in (*fold.operations, *fold.tensors):
            fold_of[str(place)] = number
    return {**data.plain(), "folds": fold_of, "members": members}


def as_script(value: Any) -> str:
    """Return data as JSON in which no character can end the script that it stands in."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character, written in SCRIPT_ESCAPES.items():
        text = text.replace(character, written)
    return text
