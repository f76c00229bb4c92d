"""``draw``: the graph behind a tensor, as text in a terminal and as a picture in a notebook or file."""

from pathlib import Path
from typing import Any

from minigrad.debug.files import asset, write_text
from minigrad.debug.folding import MOST_OPERATIONS, Fold, by_module, folded, repeated
from minigrad.debug.graphs import CONSTANT, LEAF, Graph, Vertex, graph_of
from minigrad.debug.pictures import Box, markup, picture
from minigrad.debug.tree import Tree, aligned
from minigrad.dtypes import float32
from minigrad.errors import describe, message
from minigrad.tensors import Tensor

#: ``repr`` shows so many lines; ``print`` shows all.
REPR_LINES = 200
SUFFIXES = (".svg", ".html", ".txt")


class Drawing:
    """A graph as it was when it was drawn.

    ``print`` shows it as text, a notebook as a picture; ``svg()`` and ``save(path)`` give the picture.
    """

    def __init__(self, graph: Graph, fold: bool) -> None:
        """Hold the graph and what of it is folded."""
        self._graph = graph
        self._boxes = folded(graph, repeated(graph) if fold else [])
        self._fold = fold

    @property
    def status(self) -> str:
        """One line: how large the graph is, and whether a backward pass has run."""
        return status_of(self._graph)

    def __str__(self) -> str:
        """Return the graph as text, the loss first."""
        return "\n".join([self.status, *aligned(self._rows())])

    def __repr__(self) -> str:
        """Return the text, cut where it is long."""
        lines = str(self).split("\n")
        if len(lines) > REPR_LINES:
            lines = [*lines[:REPR_LINES], f"… {len(lines) - REPR_LINES} more lines: print() shows them"]
        return "\n".join(lines)

    def svg(self) -> str:
        """Return the graph as a picture, an ``<svg>`` element that holds its own style.

        Where more than 150 operations are left, those of one module are drawn as one box.
        """
        shown = self._boxes
        if self._fold and len(shown.boxes) > MOST_OPERATIONS:
            folds = by_module(self._graph)
            shown = folded(self._graph, folds) if folds else shown
        boxes = []
        for content in shown.boxes:
            if isinstance(content, Fold):
                boxes.append(box_of_fold(self._graph, content))
            else:
                boxes.append(box_of(self._graph.vertices[content]))
        return picture(boxes, shown.edges, self.status, asset("graph.css"))

    def save(self, path: str | Path) -> Path:
        """Write the drawing to a file: a picture (``.svg``, or ``.html`` around it), or text (``.txt``).

        Returns:
            The path.

        Raises:
            ValueError: if the path ends otherwise.
            OSError: if the file cannot be written; what was there stays.
        """
        path = checked_path(path)
        if path.suffix == ".txt":
            text = str(self) + "\n"
        elif path.suffix == ".svg":
            text = self.svg() + "\n"
        else:
            text = HTML.format(title=markup(self.status), body=self._repr_html_())
        write_text("draw", path, text)
        return path

    def _rows(self) -> list[Any]:
        return Tree(self._graph, self._boxes).write(len(self._boxes.boxes) - 1)

    def _repr_html_(self) -> str:
        """Return the picture, for notebooks; a wide one can be scrolled."""
        return f'<div style="overflow-x:auto" tabindex="0">{self.svg()}<p>{markup(self.status)}</p></div>'

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """Return the drawing in each form that a front end may choose from."""
        return {"text/plain": repr(self), "text/html": self._repr_html_(), "image/svg+xml": self.svg()}


HTML = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>{title}</title></head>
<body style="font: 14px/1.5 system-ui, sans-serif; margin: 1.5rem">{body}</body>
</html>
"""


def draw(loss: Tensor, path: str | Path | None = None, *, fold: bool = True) -> Drawing:
    """Draw the graph behind a tensor: names, shapes, values, gradients and source lines.

    Values are shown where an operation saved them, gradients where a tensor has one.

    Args:
        loss: the tensor, of any shape.
        path: a file to write too: ``.svg``, ``.html`` or ``.txt``.
        fold: draw a block of operations that repeats itself at least four times once, ``mlp.* ×12``, and in a picture
            the operations of one module as one box where there are more than 150. False draws all.

    Returns:
        A ``Drawing``: text where it is printed, a picture in a notebook.

    Raises:
        TypeError: if ``loss`` is no tensor.
        ValueError: if the path has another ending.
        OSError: if the file cannot be written.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad import debug
        >>> w = mg.tensor([1.0, 2.0], requires_grad=True, name="w")
        >>> print(debug.draw((w * w).sum()))  # doctest: +ELLIPSIS
        2 operations on 1 leaf. backward has not run: there are no gradients.
        ● sum ()     5     ...  (w * w).sum()
        ● mul (2,)         ...  w * w
        ├─ w (2,)    1 2
        └─ w (2,)    1 2
    """
    if not isinstance(loss, Tensor):
        raise TypeError(
            message(
                "draw", f"a Tensor is needed, got {describe(loss)}.", "Pass the tensor that backward() is called on."
            )
        )
    if path is not None:
        checked_path(path)
    graph = graph_of(loss)
    drawing = Drawing(graph, fold)
    graph.let_go()
    if path is not None:
        drawing.save(path)
    return drawing


def checked_path(path: str | Path) -> Path:
    """Return the path of a drawing; raise a ValueError unless its ending says what is to be written."""
    path = Path(path)
    if path.suffix not in SUFFIXES:
        raise ValueError(
            message(
                "draw", f"a path that ends in {', '.join(SUFFIXES)} is needed, got {str(path)!r}.", "Name it graph.svg."
            )
        )
    return path


def status_of(graph: Graph) -> str:
    """Return how many operations and leaves there are, and what is known of a backward pass."""
    leaves = [vertex for vertex in graph.vertices if vertex.kind == LEAF]
    operations = len(graph.operations)
    if not operations and not leaves:
        return "No graph: the tensor does not require grad, or was made under no_grad()."
    size = f"{counted(operations, 'operation')} on {counted(len(leaves), 'leaf')}."
    gradients = sum([vertex.gradient != "" for vertex in leaves])
    if not graph.released and not gradients:
        return f"{size} backward has not run: there are no gradients."
    have = f"{gradients} {'has a gradient' if gradients == 1 else 'have gradients'}"
    if graph.released:
        return f"{size} backward has run: {have}, and the values that the operations saved are released."
    return f"{size} {have[0].upper()}{have[1:]}, from an earlier backward or one with retain_graph."


def counted(number: int, noun: str) -> str:
    """Return ``1 leaf``, ``3 leaves``."""
    plural = {"leaf": "leaves"}.get(noun, noun + "s")
    return f"{number} {noun if number == 1 else plural}"


def box_of(vertex: Vertex) -> Box:
    """Return the box of an operation or a tensor."""
    shape = "" if vertex.shape is None else str(vertex.shape)
    lines = [vertex.label, shape]
    tooltip = [f"{vertex.label} {shape}"]
    if vertex.name:
        lines[0] = f"{vertex.name} = {vertex.label}"
    if vertex.dtype is not None and vertex.dtype is not float32:
        tooltip.append(str(vertex.dtype))
    if vertex.module:
        tooltip.append(f"in {vertex.module}")
    lines.append(vertex.value)
    if vertex.gradient:
        # The box of a weight is as wide as its longest line: the norm says more in less than some of its numbers.
        lines.append(f"grad norm {vertex.norm:.3g}" if "…" in vertex.gradient else f"grad {vertex.gradient}")
        tooltip.append(f"gradient {vertex.gradient}, norm {vertex.norm:.4g}")
    if vertex.kind == CONSTANT:
        tooltip.append("needs no gradient")
    where = vertex.where
    if where is not None:
        lines.append(f"{where}")
        tooltip.append(f"{where}: {where.source}")
    return Box(vertex.kind, lines, "\n".join(tooltip))


def box_of_fold(graph: Graph, fold: Fold) -> Box:
    """Return the box of a fold: its title, what is in it, and the operations of one block as a tooltip."""
    names = []
    for place in fold.operations[: len(fold.operations) // fold.count]:
        vertex = graph.vertices[place]
        names.append(f"{vertex.label} {vertex.shape}")
    lines = [fold.title, counted(len(fold.operations), "operation")]
    if fold.tensors:
        lines.append(counted(len(fold.tensors), "tensor"))
    return Box("fold", lines, "each:\n" + "\n".join(names))
