"""Three questions that the graph answers: which line made this, why is this summed, what gets no gradient."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from minigrad.debug.answers import Answer, require_tensor, tensor_name, told
from minigrad.debug.explaining import Term, explanation_of
from minigrad.debug.formulas import axes_in_words
from minigrad.debug.nodes import StepNode
from minigrad.debug.reasons import Living, cause_of_none
from minigrad.debug.step import Step
from minigrad.debug.stepping import begun, walk
from minigrad.errors import describe, message
from minigrad.graph import Node, edge_of
from minigrad.tensors import Tensor


def which_line(made: Any) -> Answer:
    """Say which line of the user's code made a tensor, or a node of a graph.

    Args:
        made: a tensor that was computed, or a node or step of one.

    Returns:
        An ``Answer``. Its ``number`` is the node's: nodes are numbered in the order in which they were made.

    Raises:
        TypeError: if it is something else.

    Examples:
        >>> import minigrad as mg
        >>> w = mg.ones(3, requires_grad=True)
        >>> h = w * 2
        >>> which_line(h)  # doctest: +ELLIPSIS
        h (3,) was made by mul at <doctest ...>:1: h = w * 2, node ...
    """
    node = made.recorded if isinstance(made, (Step, StepNode)) else made
    if isinstance(made, Tensor):
        node = made.grad_fn
        if node is None:
            return Answer(not_recorded(made))
    if not isinstance(node, Node):
        raise TypeError(
            message(
                "which_line",
                f"a Tensor, or a node or step of a graph, is needed, got {describe(made)}.",
                "The node of a tensor is h.grad_fn; the steps of a loss are debug.steps(loss).",
            )
        )
    name = tensor_name(made) if isinstance(made, Tensor) else "the output"
    answer = Answer("", node, node.number)
    place = "code without a known position" if answer.where is None else f"{answer.where}: {answer.where.source}"
    running = f", in {node.module}" if node.module else ""
    shape = made.shape if isinstance(made, Tensor) else node.shape
    answer.text = f"{name} {shape} was made by {node.name} at {place}{running}, node {node.number}"
    return answer


def not_recorded(tensor: Tensor) -> str:
    """Return why no line made a leaf."""
    name = tensor_name(tensor)
    if tensor.requires_grad:
        return f"{name} {tensor.shape} was made by no operation: it is a leaf that requires grad"
    return (
        f"{name} {tensor.shape} has no node: it was made by hand, under no_grad(), by detach(), or of tensors without "
        "requires_grad"
    )


def why_summed(loss: Any, tensor: Any, gradient: Any = None) -> Answer:
    """Say over which axes the gradient of a tensor is summed, and which operation had broadcast the tensor along them.

    The backward pass is run for it; no gradient is written and the graph can be used again.

    Args:
        loss: the tensor to differentiate.
        tensor: the tensor whose gradient is a sum over a batch, often a bias.
        gradient: dL/d(loss), of its shape; may be left out when it has one element: then it is 1.

    Returns:
        An ``Answer``. Its ``number`` is how many numbers are summed for each one of the gradient.

    Raises:
        RuntimeError: as ``Tensor.backward``. TypeError: if ``tensor`` is no Tensor.

    Examples:
        >>> import minigrad as mg
        >>> h, b = mg.ones(32, 4), mg.zeros(4, requires_grad=True)
        >>> why_summed((h + b).sum(), b)  # doctest: +ELLIPSIS
        b.grad (4,) = grad_output (32, 4).sum(axis=0): b was broadcast along axis 0 by add (...: h + b), ...
    """
    tensor = require_tensor("why_summed", tensor)
    sweep = begun("why_summed", loss, gradient, True)
    steps = list(walk(sweep, write=False))
    name = tensor_name(tensor, sweep.order)
    explanation = explanation_of(steps, tensor, name)
    if not explanation.terms:
        node, reason = cause_of_none(tensor, sweep.order, steps)
        return Answer(f"{name}.grad is None: {reason}", node)
    summed = [term for term in explanation.terms if term.summed_axes]
    if not summed:
        term = explanation.terms[0]
        node = node_of(term)
        text = f"{explanation.name} {tensor.shape} is not summed: {name} was broadcast nowhere; it is {term.formula}"
        return Answer(text if node is None else f"{text}, from {told(node)}", node, 1)
    term, node = summed[0], node_of(summed[0])
    count = 1
    for axis in term.summed_axes:
        count *= node.shape[axis]
    text = f"{explanation.name} {tensor.shape} = {term.formula}: {name} was broadcast along "
    text += f"{axes_in_words(term.summed_axes)} by {told(node)}, so each of its numbers was used {count} times"
    others = len(summed) - 1
    return Answer(text + (f"; and so in {others} more places" if others else ""), node, count)


def node_of(term: Term) -> Any:
    """Return the operation that gave a term; None for what no operation gave."""
    return None if term.step is None else term.step.recorded


def without_gradient(loss: Any, parameters: Any, gradient: Any = None) -> Answer:
    """Say which parameters get no gradient from a loss, and why.

    The backward pass is run for it; no gradient is written and the graph can be used again.

    Args:
        loss: the tensor to differentiate.
        parameters: a model, a mapping of names to tensors, a sequence of tensors, or one.
        gradient: dL/d(loss), of its shape; may be left out when it has one element: then it is 1.

    Returns:
        An ``Answer``. Its ``number`` is how many get none; its ``parts`` are an ``Answer`` for each of them, whose node
        is the operation where the gradient was lost, if there is one. Its own node is that of the first.

    Raises:
        RuntimeError: as ``Tensor.backward``. TypeError: if there is something else among the parameters.

    Examples:
        >>> import minigrad as mg
        >>> w, v = mg.ones(3, requires_grad=True), mg.ones(3, requires_grad=True)
        >>> without_gradient((w * v.detach()).sum(), {"w": w, "v": v})  # doctest: +ELLIPSIS
        1 of 2 get no gradient: v (mul (...: w * v.detach()) used it as a constant: detached ...)
    """
    sweep = begun("without_gradient", loss, gradient, True)
    named = named_tensors(parameters, sweep.order)
    steps = list(walk(sweep, write=False))
    reached = set(sweep.pending)
    for step in steps:
        for edge, each in zip(step.recorded.edges, step.contributions):
            if each.grad is not None:
                reached.add(edge)
    parts = []
    by_reason: dict[str, list[str]] = {}
    living: Living | None = None
    for name, tensor in named:
        edge = edge_of(tensor)
        if type(edge) is list or edge not in reached:
            living = Living() if living is None else living
            node, reason = cause_of_none(tensor, sweep.order, steps, living)
            reason = reason.rstrip(".")
            parts.append(Answer(f"{name} ({reason})", node))
            by_reason.setdefault(reason, []).append(name)
    if not parts:
        return Answer(f"all {len(named)} get a gradient", None, 0)
    told_parts = [f"{', '.join(names)} ({reason})" for reason, names in by_reason.items()]
    nodes = [part.node for part in parts if part.node is not None]
    text = f"{len(parts)} of {len(named)} get no gradient: {'; '.join(told_parts)}"
    return Answer(text, nodes[0] if nodes else None, len(parts), parts)


def named_tensors(parameters: Any, order: Sequence[Node]) -> list[tuple[str, Tensor]]:
    """Return the tensors of a model, mapping or sequence with what to call them.

    Raises:
        TypeError: if one is no tensor.
    """
    if hasattr(parameters, "named_parameters"):
        pairs = list(parameters.named_parameters())
    elif isinstance(parameters, Mapping):
        pairs = list(parameters.items())
    elif isinstance(parameters, Iterable) and not isinstance(parameters, (str, Tensor)):
        pairs = [(None, each) for each in parameters]
    else:
        pairs = [(None, parameters)]
    found = []
    for name, tensor in pairs:
        if not isinstance(tensor, Tensor):
            raise TypeError(
                message(
                    "without_gradient",
                    f"a model, or its parameters as tensors, are needed, got {describe(tensor)}.",
                    "Examples: model, model.parameters(), [W, b], {'W': W}.",
                )
            )
        found.append((tensor_name(tensor, order) if name is None else str(name), tensor))
    return found
