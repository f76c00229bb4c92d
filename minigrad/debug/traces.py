"""``trace``: a whole backward pass at once, to be looked at as a table, a page, a picture or data."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from minigrad.debug import trace_data, trace_graphs, trace_tables
from minigrad.debug.forward import ForwardStep, forward_of
from minigrad.debug.step import Step
from minigrad.debug.stepping import begun, walk


class Trace:
    """A whole recording: every operation forward, and every step of a backward pass.

    Attributes:
        steps: the steps of the backward pass, the last operation of the forward pass first.
        forward: the operations of the forward pass, a ``ForwardStep`` each, in the order in which they ran.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad import debug
        >>> e = mg.tensor(3.0, requires_grad=True, name="e")
        >>> trace = debug.trace(e * e)
        >>> trace
        <Trace of 1 operations forward and 1 backward>
        >>> print(trace.to_mermaid())
        flowchart LR
            t1["e ()"]
            n1["1 mul ()"]
            t1 -->|x| n1
            t1 -->|y| n1
    """

    __slots__ = ("forward", "steps")

    def __init__(self, steps: list[Step], forward: list[ForwardStep]) -> None:
        """Hold what was recorded."""
        self.steps = steps
        self.forward = forward

    def step_of(self, forward: ForwardStep | int) -> Step | None:
        """Return the backward step of an operation of the forward pass, or None if it has none.

        Args:
            forward: the operation, or its number.
        """
        node = (self.forward[forward - 1] if isinstance(forward, int) else forward).recorded
        for step in self.steps:
            if node is not None and step.recorded is node:
                return step
        return None

    def table(self) -> str:
        """Return a line for each step: operation, shape, gradients, module, source line."""
        return trace_tables.table(self)

    def to_json(self, indent: int | None = None) -> str:
        """Return the recording as JSON.

        It holds the ``leaves``, the operations ``forward`` and the ``steps`` backward. Inputs name what they come from
        by number: ``source`` an operation, ``leaf`` a leaf. An array is its shape, dtype and statistics with its
        ``values``, or above 36 numbers the ``corner`` of its first rows and columns; numbers that are not finite are
        the texts ``NaN``, ``Infinity`` and ``-Infinity``.

        Args:
            indent: how many spaces each level is indented, None for one line.
        """
        return trace_data.to_json(self, indent)

    def to_dot(self) -> str:
        """Return the graph in Graphviz's language: a box for each operation, an oval for each leaf, an edge a use."""
        return trace_graphs.to_dot(self)

    def to_mermaid(self) -> str:
        """Return the graph in Mermaid's language, which Markdown viewers draw."""
        return trace_graphs.to_mermaid(self)

    def to_html(self, path: Any) -> Path:
        """Write the recording as one self-contained page.

        Args:
            path: the file to write.

        Returns:
            The path.

        Raises:
            OSError: if it cannot be written; what was there stays.
        """
        # Imported here, as in _repr_html_: who only trains has no use for pages.
        from minigrad.debug import pages

        return pages.write_page(self, path)

    def _repr_html_(self) -> str:
        """Return the page in a frame, for a notebook."""
        from minigrad.debug import pages

        return pages.framed(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """Return the recording in each form that a notebook may choose from: the page, and the table."""
        return {"text/plain": str(self), "text/html": self._repr_html_()}

    def __iter__(self) -> Iterator[Step]:
        """Go through the steps of the backward pass."""
        return iter(self.steps)

    def __len__(self) -> int:
        """Return the number of steps of the backward pass."""
        return len(self.steps)

    def __repr__(self) -> str:
        """Return how much was recorded."""
        return f"<Trace of {len(self.forward)} operations forward and {len(self.steps)} backward>"

    def __str__(self) -> str:
        """Return the table."""
        return self.table()


def trace(loss: Any, gradient: Any = None, write: bool = False, retain_graph: bool = False) -> Trace:
    """Run the backward pass as ``steps`` does and return all of it.

    No gradient is written, and the graph can be used again, unless ``write`` is set. Hooks of tensors and nodes run.

    Args:
        loss: the tensor to differentiate.
        gradient: dL/d(loss), of its shape; may be left out when it has one element: then it is 1.
        write: complete the pass as ``loss.backward()`` does: add the gradients to the leaves' ``grad``.
        retain_graph: keep the saved values for another pass; without ``write`` they are kept anyway.

    Returns:
        The recording. The values of intermediates are in it as far as a rule has saved them; all of them are when the
        forward pass has run under ``debug.recording()``.

    Raises:
        RuntimeError, ValueError: as ``Tensor.backward``. No ``grad`` is changed then.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad import debug
        >>> w = mg.tensor([1.0, 2.0], requires_grad=True, name="w")
        >>> [step.node.name for step in debug.trace((w * w).sum()).steps], w.grad
        (['sum', 'mul'], None)
    """
    sweep = begun("trace", loss, gradient, retain_graph)
    forward = forward_of(sweep.order, loss)
    return Trace(list(walk(sweep, write, loss)), forward)
