"""``steps``: the backward pass one operation at a time, run by the engine itself."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from minigrad.autograd import Sweep, begin, finish, visit
from minigrad.debug import printing
from minigrad.debug.rules import formulas, input_names, rule_text, saved_names
from minigrad.errors import describe_node, message
from minigrad.graph import Node
from minigrad.ops.broadcasting import sum_to_size
from minigrad.positions import Position, resolve
from minigrad.saved import check_saved, written_since
from minigrad.tensors import Tensor

ndarray = np.ndarray


class StepNode:
    """The operation that a step differentiates.

    Attributes:
        name: of the operation, ``matmul``.
        inputs: the names of its inputs, the operation's parameters: ``("x", "y")``.
        shape, dtype: of the output; tuples of them where there are several outputs.
        where: the place in the user's code that called it (file, line, columns), or None where it is not known.
        module: the dotted path of the module that was running, ``mlp.2``, or None.
        recorded: the engine's own Node.
    """

    __slots__ = ("dtype", "inputs", "module", "name", "recorded", "shape", "where")

    def __init__(self, node: Node, inputs: tuple[str, ...]) -> None:
        """Describe a node of the graph."""
        self.recorded = node
        self.name = node.name
        self.inputs = inputs
        self.shape: Any = node.shape
        self.dtype: Any = node.dtype
        self.where: Position | None = None if node.code is None else resolve(node.code, node.lasti)
        self.module = node.module

    def __repr__(self) -> str:
        """Return the operation, the shape of its output, and its place."""
        return f"<StepNode {self.name} {self.shape}" + ("" if self.where is None else f" {self.where}") + ">"


class Contribution:
    """What a step gives to one input of its operation.

    Attributes:
        input: the name of the input, ``x``; ``tensors[0]`` for an element of a sequence.
        rule: the formula, ``grad_x = grad_output @ y.T``; empty where the rule does not state one by name.
        grad: the contribution, of the input's shape and dtype; None where the input needs none.
        returned: the shape that the rule returned; another than ``grad.shape`` where the input was broadcast.
        before: what other operations had contributed to the same tensor when the step began, or None.
        after: the same when the step was over.
        accumulated: whether it was added to what the same tensor had received before it, from this step or another.
        source: the leaf tensor or the Node that the contribution goes to, or None.
    """

    __slots__ = ("accumulated", "after", "before", "grad", "input", "returned", "rule", "source")

    def __init__(self, name: str, rule: str, before: ndarray | None, after: ndarray | None) -> None:
        """Start with nothing contributed."""
        self.input = name
        self.rule = rule
        self.before = before
        self.after = after
        self.source: Any = None
        self.grad: ndarray | None = None
        self.returned: tuple[int, ...] | None = None
        self.accumulated = False

    def __repr__(self) -> str:
        """Return the formula and the shape."""
        return f"<Contribution {self.rule or self.input} {None if self.grad is None else self.grad.shape}>"


class Step:
    """One operation of a backward pass, after its rule has run.

    The arrays are read-only and are those of the pass and of the graph, not copies: an optimizer that afterwards writes
    into a weight changes ``saved`` of a step that was kept.

    Attributes:
        index, total: this is step ``index`` of ``total``, counted from 1.
        node: the operation: name, inputs, shape, where, module.
        grad_output: dL/d(output), complete: every operation that used the output has contributed. A tuple where there
            are several outputs; None where no gradient arrived, and the rule was not run.
        contributions: one for each input that the rule answers for.
        rule: all formulas, ``grad_x = grad_output @ y.T; grad_y = x.T @ grad_output``.
        saved: the forward values that the rule reads, by the names of its parameters.
    """

    __slots__ = ("contributions", "grad_output", "index", "node", "rule", "saved", "total")

    def __init__(self, index: int, total: int, node: StepNode, rule: str, saved: dict[str, Any]) -> None:
        """Describe a step whose rule has not run yet."""
        self.index = index
        self.total = total
        self.node = node
        self.rule = rule
        self.saved = saved
        self.grad_output: Any = None
        self.contributions: tuple[Contribution, ...] = ()

    @property
    def grad_inputs(self) -> tuple[ndarray | None, ...]:
        """The contribution to each input, None where it needs none."""
        return tuple([each.grad for each in self.contributions])

    @property
    def before(self) -> tuple[ndarray | None, ...]:
        """What each input's gradient was when the step began: the contributions of other operations so far."""
        return tuple([each.before for each in self.contributions])

    @property
    def after(self) -> tuple[ndarray | None, ...]:
        """What each input's gradient is when the step is over."""
        return tuple([each.after for each in self.contributions])

    def __repr__(self) -> str:
        """Return one line."""
        return f"<Step {self.index}/{self.total} {self.node.name} {self.node.shape}>"

    def __str__(self) -> str:
        """Return the step as a few lines: source with a caret, the gradient, and each input's formula and result."""
        return printing.page(self)


def steps(loss: Any, gradient: Any = None, retain_graph: bool = False) -> Iterator[Step]:
    """Run ``loss.backward()`` one operation at a time.

    The gradients are written to the leaves' ``grad`` when the last step has been taken, with the bits of
    ``loss.backward()``. A loop that is left before writes nothing, and the graph can be used again.

    Args:
        loss: the tensor to differentiate.
        gradient: dL/d(loss), of its shape; may be left out when it has one element: then it is 1.
        retain_graph: keep the saved values for another pass.

    Returns:
        An iterator of ``Step``, the last operation of the forward pass first.

    Raises:
        RuntimeError, ValueError: as ``Tensor.backward``, at the call; and at a step whose saved values have been
            changed or released since.

    Examples:
        >>> import minigrad as mg
        >>> x = mg.tensor(3.0, requires_grad=True, name="x")
        >>> for step in steps(x * x):
        ...     print(step.node.name, [grad.item() for grad in step.grad_inputs], step.after[0])
        mul [3.0, 3.0] 6.0
        >>> x.grad
        Tensor(() float32 | 6)
    """
    sweep = begin("steps", [loss], [gradient], retain_graph, False)
    for node in sweep.order:
        if node.saved is None or written_since(node):
            check_saved("steps", node)
    return walk(sweep)


def walk(sweep: Sweep) -> Iterator[Step]:
    """Visit the nodes of a pass that has begun, and yield each one's step; finish the pass after the last."""
    total = len(sweep.order)
    for index, node in enumerate(sweep.order, start=1):
        refuse_released(node)
        saved = {}
        for name, value in zip(saved_names(node.vjp), node.saved or ()):
            saved[name] = read_only(value)
        before = arrived(node, sweep)
        grad_output, grads = observe(node, sweep)
        after = arrived(node, sweep)
        names = input_names(node, len(grads))
        step = Step(index, total, StepNode(node, tuple(names)), rule_text(node.vjp), saved)
        step.grad_output = read_only(grad_output)
        step.contributions = contributions(node, names, grads, before, after)
        yield step
    # A leaf must not be given an array that a step shows: writing to one would change the other.
    for edge, gradient in sweep.pending.items():
        sweep.pending[edge] = gradient.copy()
    finish(sweep)


def refuse_released(node: Node) -> None:
    """Raise if another pass released what the rule reads while the caller had the last step in hand."""
    if node.saved is None:
        raise RuntimeError(
            message(
                "steps",
                f"another backward pass has released the graph through {describe_node(node)} since the stepping began.",
                "Pass retain_graph=True to it, or begin the stepping after it on a graph of its own.",
            )
        )


def observe(node: Node, sweep: Sweep) -> tuple[Any, tuple[Any, ...]]:
    """Visit a node; return the gradient that its rule was given and what it returned, ``()`` if it was not run."""
    if node.hooks is not None:
        return observe_hooked(node, sweep)
    grad_output = sweep.pending.get(node)
    if node.several:
        grad_output = tuple([sweep.pending.get((node, index)) for index in range(len(node.shape))])
    grads = visit(node, sweep)
    return (None, ()) if grads is None else (grad_output, grads)


def observe_hooked(node: Node, sweep: Sweep) -> tuple[Any, tuple[Any, ...]]:
    """As ``observe``, for a node with hooks: they may replace what has arrived before the rule sees it."""
    given: list[Any] = []

    def note(grad_inputs: Any, grad_outputs: tuple[Any, ...]) -> None:
        for grad in grad_outputs:
            given.append(None if grad is None else grad.data)

    handle = node.register_hook(note)
    try:
        grads = visit(node, sweep)
    finally:
        handle.remove()
    if grads is None:
        return None, ()
    return (tuple(given) if node.several else given[0]), grads


def contributions(
    node: Node, names: list[str], grads: tuple[Any, ...], before: list[Any], after: list[Any]
) -> tuple[Contribution, ...]:
    """Return what a rule gave to each input, as the engine hands it on: summed to the input's shape, of its dtype."""
    texts = formulas(node.vjp)
    found = []
    given = set()
    for name, grad, edge, old, new in zip(names, grads, node.edges, before, after):
        text = texts.get(name, "")
        if name.endswith("]"):
            parameter, index = name[:-1].split("[")
            text = texts[parameter + "[i]"].replace("[i]", f"[{index}]")
        each = Contribution(name, text, old, new)
        found.append(each)
        if edge is None or type(edge) is list:
            continue
        each.source = edge[0] if type(edge) is tuple else edge
        if grad is not None:
            shape, dtype = destination(edge)
            each.returned = np.shape(grad)
            array = grad.data if isinstance(grad, Tensor) else np.asarray(grad)
            each.grad = read_only(np.asarray(sum_to_size(array, shape)).astype(dtype, copy=False))
            each.accumulated = old is not None or edge in given
            given.add(edge)
    return tuple(found)


def arrived(node: Node, sweep: Sweep) -> list[Any]:
    """Return what has arrived so far at each edge of a node, None where nothing has."""
    found = []
    for edge in node.edges:
        # The edge of an input without a gradient is its stamp, a list.
        found.append(None if type(edge) is list else read_only(sweep.pending.get(edge)))
    return found


def destination(edge: Any) -> tuple[tuple[int, ...], Any]:
    """Return the shape and dtype of the tensor behind an edge."""
    if type(edge) is tuple:
        node, index = edge
        return node.shape[index], node.dtype[index]
    return edge.shape, edge.dtype


def read_only(value: Any) -> Any:
    """Return an array as a view that cannot be written to; the elements of a tuple likewise; else the value itself."""
    if type(value) is tuple:
        return tuple([read_only(each) for each in value])
    if not isinstance(value, ndarray):
        return value
    view = value.view()
    view.flags.writeable = False
    return view
