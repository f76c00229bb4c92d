"""A graph as text: the operations from the loss downwards, each above the tensors that it reads.

A line of operations goes straight down, so that depth costs no indentation. Where several lines begin, all but the
longest are indented, each as far as it is alone: what several operations read is written once, below the last of them,
and the others point to it by its number.
"""

from minigrad.debug.folding import Fold, Folded
from minigrad.debug.graphs import OPERATION, Graph, Vertex
from minigrad.debug.layout import columns_of

Row = tuple[str, str, str, str]  # text, value, gradient, source
#: The columns are at most so wide; what is longer pushes the rest of its line to the right.
WIDEST = (48, 30, 40)
OPERATION_MARK, FOLD_MARK, REFERENCE_MARK = "●", "▣", "↓"


class Tree:
    """The rows of a graph as they are written.

    Attributes:
        rows: what is written so far.
        sources: for each box the boxes that it reads, in the order of its operands.
        waiting: how many operations that read a box are still to be written.
        numbers: of the boxes that several operations read.
        depths: the longest path to each box.
        place: the last source place that was written; it is not repeated.
    """

    def __init__(self, graph: Graph, folded: Folded) -> None:
        """Count what reads each box, and number those that several read."""
        self.graph = graph
        self.boxes = folded.boxes
        self.rows: list[Row] = []
        self.sources: list[list[int]] = [[] for _ in self.boxes]
        self.waiting = [0] * len(self.boxes)
        readers: list[set[int]] = [set() for _ in self.boxes]
        for source, target in folded.edges:
            self.sources[target].append(source)
            self.waiting[source] += 1
            readers[source].add(target)
        self.numbers: dict[int, int] = {}
        for box in reversed(range(len(self.boxes))):
            if len(readers[box]) > 1 and not self.is_tensor(box):
                self.numbers[box] = len(self.numbers) + 1
        self.depths = columns_of(len(self.boxes), folded.edges)
        self.place = ""

    def is_tensor(self, box: int) -> bool:
        """Return whether a box is a tensor that no operation made."""
        content = self.boxes[box]
        return isinstance(content, int) and self.graph.vertices[content].kind != OPERATION

    def write(self, root: int) -> list[Row]:
        """Write the box of the loss and all below it; return the rows. No recursion: depth is no limit."""
        stack = [(root, "", "")]
        while stack:
            box, lead, prefix = stack.pop()
            self.write_box(box, lead, prefix)
            leaves, waits, ready = self.sorted_sources(box)
            items = []
            for source in leaves:
                items.append(self.tensor_row(self.graph.vertices[source]))
            for source in waits:
                items.append((f"{REFERENCE_MARK} {self.head(source)}, further down", "", "", ""))
            for index, (text, value, gradient, source_text) in enumerate(items):
                last = not ready and index == len(items) - 1
                self.rows.append((f"{prefix}{'└─ ' if last else '├─ '}{text}", value, gradient, source_text))
            # The last one that is pushed is written next: first the shorter lines, each with a bar at its left.
            for index, source in enumerate(reversed(ready)):
                if index == 0:
                    stack.append((source, prefix, prefix))
                else:
                    stack.append((source, prefix + "├─", prefix + "│ "))
        return self.rows

    def sorted_sources(self, box: int) -> tuple[list[int], list[int], list[int]]:
        """Return the vertices of the tensors that a box reads, the boxes that wait for others, and those that do not.

        The last are sorted by depth: the deepest goes on straight down.
        """
        leaves, waits, ready = [], [], []
        for source in self.sources[box]:
            self.waiting[source] -= 1
            content = self.boxes[source]
            if isinstance(content, int) and self.is_tensor(source):
                leaves.append(content)
            elif self.waiting[source] == 0:
                ready.append(source)
            elif source not in waits:
                waits.append(source)
        waits = [source for source in waits if source not in ready]
        ready.sort(key=self.depths.__getitem__)
        return leaves, waits, ready

    def head(self, box: int) -> str:
        """Return what a box is called, with its number if it has one."""
        content = self.boxes[box]
        text = content.title if isinstance(content, Fold) else self.graph.vertices[content].label
        return f"{text} #{self.numbers[box]}" if box in self.numbers else text

    def write_box(self, box: int, lead: str, prefix: str) -> None:
        """Write an operation, or a fold with the operations of its last block."""
        content = self.boxes[box]
        if not isinstance(content, Fold):
            number = f" #{self.numbers[box]}" if box in self.numbers else ""
            self.operation_row(content, f"{lead}{OPERATION_MARK} ", number)
            return
        blocks = f"{len(content.operations)} operations"
        if content.tensors:
            blocks += f" and {len(content.tensors)} tensors"
        self.rows.append((f"{lead}{FOLD_MARK} {self.head(box)}", blocks, self.range_of_norms(content), ""))
        if content.count == 1:
            return
        for place in reversed(content.operations[-(len(content.operations) // content.count) :]):
            self.operation_row(place, f"{prefix}┊ {OPERATION_MARK} ", "")
            for edge in self.graph.inputs[place]:
                vertex = self.graph.vertices[edge.source]
                if vertex.kind != OPERATION:
                    text, value, gradient, source = self.tensor_row(vertex)
                    self.rows.append((f"{prefix}┊ ├─ {text}", value, gradient, source))

    def range_of_norms(self, fold: Fold) -> str:
        """Return the least and the greatest norm of the gradients of a fold's tensors; empty where there are none."""
        norms = []
        for place in fold.tensors:
            norm = self.graph.vertices[place].norm
            if norm is not None:
                norms.append(norm)
        return f"gradient norms {min(norms):.3g} … {max(norms):.3g}" if norms else ""

    def operation_row(self, place: int, lead: str, number: str) -> None:
        """Write an operation: name, shape, module, value, the gradient if it was retained, and its source."""
        vertex = self.graph.vertices[place]
        module = f"  in {vertex.module}" if vertex.module else ""
        name = f"{vertex.name} = " if vertex.name else ""
        where = vertex.where
        source = "" if where is None else f"{where}  {where.expression}"
        shown = "" if source == self.place else source
        self.place = source
        text = f"{lead}{name}{vertex.label} {vertex.shape}{number}{module}"
        self.rows.append((text, vertex.value, gradient_of(vertex), shown))

    def tensor_row(self, vertex: Vertex) -> Row:
        """Return the row of a tensor that an operation reads."""
        shape = "" if vertex.shape is None else f" {vertex.shape}"
        kind = "" if vertex.dtype is None or vertex.dtype.kind == "f" else f" {vertex.dtype}"
        return f"{vertex.label}{shape}{kind}", vertex.value, gradient_of(vertex), ""


def gradient_of(vertex: Vertex) -> str:
    """Return the gradient of a vertex, its numbers and their norm."""
    return f"grad {vertex.gradient}  norm {vertex.norm:.3g}" if vertex.gradient else ""


def aligned(rows: list[Row]) -> list[str]:
    """Return the rows as lines, their columns one below the other."""
    widths = []
    for column, widest in enumerate(WIDEST):
        widths.append(max([min(len(row[column]), widest) for row in rows], default=0))
    lines = []
    for row in rows:
        line = ""
        for column, text in enumerate(row):
            start = sum(widths[:column]) + 3 * sum([width > 0 for width in widths[:column]])
            if text:
                line = line.ljust(start) if len(line) <= start else line + "   "
                line += text
        lines.append(line.rstrip())
    return lines
