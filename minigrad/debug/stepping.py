"""``steps``: the backward pass one operation at a time, run by the engine itself."""

from collections.abc import Iterator
from typing import Any

from minigrad.autograd import Sweep, begin, finish, visit
from minigrad.debug.step import Step
from minigrad.errors import describe, describe_node, message
from minigrad.graph import Node
from minigrad.tensors import Tensor

new_step = object.__new__


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
    return walk(begun("steps", loss, gradient, retain_graph), root=loss)


def begun(who: str, loss: Any, gradient: Any, retain_graph: bool) -> Sweep:
    """Return a pass that can be walked. What its rules read is checked when they are reached, as in any pass.

    Raises:
        RuntimeError, ValueError: as ``Tensor.backward``; TypeError: if it is none, as a recording.
    """
    if not isinstance(loss, Tensor) and callable(getattr(loss, who, None)):
        problem = f"a loss is needed, got {describe(loss)}."
        raise TypeError(message(who, problem, f"It has a {who} of its own: r.{who}(...) of a recording r."))
    return begin(who, [loss], [gradient], retain_graph, False)


def walk(sweep: Sweep, write: bool = True, root: Tensor | None = None) -> Iterator[Step]:
    """Visit the nodes of a pass that has begun, and yield each one's step; finish the pass after the last.

    Args:
        sweep: the pass.
        write: False to leave it unfinished: no gradient is written, and nothing is released.
        root: the tensor that it began at, whose NaN or infinity is to be a flag of the first step.
    """
    pending = sweep.pending
    total = len(sweep.order)
    found = None if root is None else {"root": root._data}
    for index, node in enumerate(sweep.order, start=1):
        if node.saved is None:
            refuse_released(node, sweep)
        # Made without a call of __init__: this and the references are all that a step costs before it is looked at.
        step = new_step(Step)
        step.index = index
        step.total = total
        step.recorded = node
        step._found, found = found, None
        step._saved = node.saved
        step._before = before = []
        for edge in node.edges:
            # The edge of an input without a gradient is its stamp, a list.
            before.append(None if type(edge) is list else pending.get(edge))
        if node.hooks is None and type(node.stamp) is not tuple:
            step._grad_output = pending.get(node)
            step._grads = visit(node, sweep)
        else:
            step._grad_output, step._grads = observe(node, sweep)
        yield step
    if write:
        # A leaf must not be given an array that a step shows: writing to one would change the other.
        for edge, gradient in pending.items():
            pending[edge] = gradient.copy()
        finish(sweep)


def refuse_released(node: Node, sweep: Sweep) -> None:
    """Raise if another pass has released what a rule reads, before the stepping or while the caller had a step in hand.

    As in any pass, it does not matter where no gradient has arrived.
    """
    edges = [(node, index) for index in range(len(node.shape))] if node.several else [node]
    for edge in edges:
        if edge in sweep.pending:
            raise RuntimeError(
                message(
                    sweep.who,
                    f"another backward pass has released the graph through {describe_node(node)}.",
                    "Pass retain_graph=True to it, or begin the stepping after it on a graph of its own.",
                )
            )


def observe(node: Node, sweep: Sweep) -> tuple[Any, Any]:
    """Visit a node with hooks or several outputs; return the gradient that its rule was given and what it returned."""
    if node.hooks is not None:
        return observe_hooked(node, sweep)
    arrived = []
    for index in range(len(node.shape)):
        arrived.append(sweep.pending.get((node, index)))
    return tuple(arrived), visit(node, sweep)


def observe_hooked(node: Node, sweep: Sweep) -> tuple[Any, Any]:
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
        return None, None
    return (tuple(given) if node.several else given[0]), grads
