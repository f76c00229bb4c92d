"""The backward pass: ``begin`` collects the nodes below a loss, ``visit`` runs the rule of one, ``finish`` writes.

``backward``, ``grad`` and ``minigrad.debug.steps`` are each a loop of ``visit``. What an operation leaves behind
for the pass is in ``graph.py``; what a rule reads, in ``saved.py``; how one gradient begins and ends, in
``gradients.py``.
"""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

import numpy as np

from minigrad.errors import describe, describe_node, describe_operands, message
from minigrad.gradients import (
    OWN_RULES,
    Sweep,
    added,
    as_sequence,
    final_gradient,
    of_the_pass,
    reduce_to,
    root_edge,
    seed,
    total,
    wanted_edge,
    wrong_count,
)
from minigrad.graph import Node, edge_of, ndarray, record, wrap
from minigrad.modes import STATE, State, enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled
from minigrad.ops.conversion import cast
from minigrad.saved import check_saved, refuse_wrong_arity, run_recorded, written_since
from minigrad.writes import latest_write

__all__ = ["Node", "backward", "enable_grad", "grad", "inference_mode", "is_grad_enabled", "no_grad"]
__all__ += ["record", "set_grad_enabled"]

by_number = attrgetter("number")


def backward(
    x: Any,
    gradient: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """Compute the gradient of ``x`` with respect to every leaf that it was computed from, and add it to their ``grad``.

    Args:
        x: the tensor to differentiate, usually a loss of one element.
        gradient: dL/dx, of x's shape; may be left out when x has one element: then it is 1.
        retain_graph: keep the saved values for another backward through the same graph. Default: ``create_graph``.
        create_graph: record the backward pass itself, so that the gradients can be differentiated.
        inputs: a tensor or sequence of tensors; only they receive a gradient. Default: all leaves.

    Raises:
        RuntimeError: if ``x`` does not require grad, has several elements and no ``gradient`` is given, if the graph
            was released by an earlier backward, or if a value that a rule needs was changed since. No ``grad`` is
            changed then.
        ValueError: if ``gradient`` has another shape than ``x``.

    Examples:
        >>> import minigrad as mg
        >>> w = mg.tensor([1.0, 2.0], requires_grad=True)
        >>> (w * w).sum().backward()
        >>> w.grad
        Tensor((2,) float32 | 2 4)
    """
    token = STATE.set(recording_state()) if create_graph else None
    try:
        sweep = begin("backward", [x], [gradient], retain_graph, create_graph, inputs)
        for node in sweep.order:
            visit(node, sweep)
        finish(sweep)
    finally:
        if token is not None:
            STATE.reset(token)


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool | None = None,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """Return the gradients of ``outputs`` with respect to ``inputs``, leaving every ``grad`` as it is.

    Args:
        outputs: a tensor or sequence of tensors; their gradients are summed.
        inputs: a tensor or sequence of tensors that require grad, leaves or not.
        grad_outputs: dL/d(output) for each output, or None for those of one element.
        retain_graph: keep the saved values for another backward. Default: ``create_graph``.
        create_graph: record the pass, so that the gradients can be differentiated.
        allow_unused: return None for an input that the outputs do not depend on, instead of raising.
            Default: ``materialize_grads``.
        materialize_grads: return zeros for such inputs.

    Returns:
        A tuple of one Tensor (or None) for each input, of the input's shape and dtype.

    Raises:
        RuntimeError: as ``backward``; also if an input is not used and ``allow_unused`` is False.

    Examples:
        >>> import minigrad as mg
        >>> x = mg.tensor(3.0, requires_grad=True)
        >>> (dx,) = mg.autograd.grad(x**3, x, create_graph=True)
        >>> mg.autograd.grad(dx, x)
        (Tensor(() float32 | 18),)
    """
    outputs = as_sequence("grad", outputs)
    inputs = as_sequence("grad", inputs)
    grad_outputs = [None] * len(outputs) if grad_outputs is None else as_sequence("grad", grad_outputs)
    if len(grad_outputs) != len(outputs):
        raise ValueError(
            message(
                "grad",
                f"{len(outputs)} outputs need as many grad_outputs, got {len(grad_outputs)}.",
                "Leave it out, or give a list with one for each output; None stands for 1.",
            )
        )
    token = STATE.set(recording_state()) if create_graph else None
    try:
        sweep = begin("grad", outputs, grad_outputs, retain_graph, create_graph, inputs)
        for node in sweep.order:
            visit(node, sweep)
        results = collected(inputs, sweep, materialize_grads if allow_unused is None else allow_unused)
    finally:
        if token is not None:
            STATE.reset(token)
    if materialize_grads:
        for index, tensor in enumerate(inputs):
            if results[index] is None:
                results[index] = wrap(np.zeros(tensor.shape, tensor.dtype))
    if not sweep.retain_graph:
        release(sweep)
    return tuple(results)


def collected(inputs: Sequence[Any], sweep: Sweep, allow_unused: bool) -> list[Any]:
    """Return the gradients that arrived at the inputs of ``grad``, each in memory of its own."""
    results: list[Any] = []
    done: dict[Any, Any] = {}
    for index, tensor in enumerate(inputs):
        edge = edge_of(tensor)
        if edge in done:
            # Asked for twice: its hooks run once, and the results do not share memory.
            results.append(None if done[edge] is None else done[edge].clone())
            continue
        done[edge] = gradient = final_gradient(edge, sweep)
        if gradient is None and not allow_unused:
            raise RuntimeError(
                message(
                    "grad",
                    f"input {index}, {describe(tensor)}, is not part of the graph of the outputs.",
                    "Pass allow_unused=True to get None for it, or materialize_grads=True to get zeros.",
                )
            )
        results.append(gradient)
    return results


def recording_state() -> State:
    """Return the state in which a whole pass is recorded, whatever mode the caller is in."""
    state = STATE.get()
    return State(True, state.keep_inputs, state.tape, state.module, state.code, state.lasti)


def begin(
    who: str,
    roots: Sequence[Any],
    gradients: Sequence[Any],
    retain_graph: bool | None,
    create_graph: bool,
    inputs: Any = None,
) -> Sweep:
    """Check the roots and inputs, place the gradients of the roots, and collect the nodes below them.

    Raises:
        RuntimeError, ValueError, TypeError: as documented at ``backward``.
    """
    sweep = Sweep(who, create_graph if retain_graph is None else retain_graph, create_graph)
    pending = sweep.pending
    for root, gradient in zip(roots, gradients):
        edge = root_edge(who, root)
        start = seed(who, root, gradient, create_graph)
        if type(edge) is Node and edge.saved is None:
            check_saved(who, edge)
        if edge is root and not create_graph:
            start = start.copy()  # a leaf, which is to have memory of its own
        pending[edge] = added(pending[edge], start) if edge in pending else start
    sweep.roots = list(pending)
    sweep.order = collect(sweep.roots)
    if inputs is not None:
        for tensor in as_sequence(who, inputs):
            sweep.keep[wanted_edge(who, tensor)] = tensor
        if not sweep.keep:
            raise ValueError(message(who, "inputs is empty.", "Leave it out to reach all leaves."))
        sweep.order = leading_to(sweep.keep, sweep.order)
    tape = STATE.get().tape
    if tape is not None and hasattr(tape, "on_pass"):
        tape.on_pass(sweep.order)
    return sweep


def collect(roots: Iterable[Any]) -> list[Node]:
    """Return the nodes that the roots were computed by, latest first. No recursion: depth is no limit."""
    found = set()
    order: list[Node] = []
    for edge in roots:
        node = edge[0] if type(edge) is tuple else edge
        if type(node) is Node and node not in found:
            found.add(node)
            order.append(node)
    in_order = len(order) < 2
    for node in order:  # it grows meanwhile
        for edge in node.parents:
            if type(edge) is tuple:
                edge = edge[0]
            if edge not in found:
                found.add(edge)
                in_order = in_order and edge.number < order[-1].number
                order.append(edge)
    # The nodes of a chain are found in order already, and sorting one would cost as much as finding it.
    if not in_order:
        order.sort(key=by_number, reverse=True)
    return order


def leading_to(wanted: dict[Any, Any], order: list[Node]) -> list[Node]:
    """Return those nodes of ``order`` whose rule contributes to one of the wanted edges."""
    useful = set()
    for node in reversed(order):
        for edge in node.edges:
            if type(edge) is list or edge is None:
                continue
            if edge in wanted or (edge[0] if type(edge) is tuple else edge) in useful:
                useful.add(node)
    return [node for node in order if node in useful]


def visit(node: Node, sweep: Sweep) -> Any:
    """Run the rule of one node on its complete gradient and hand the results to its edges.

    Here and nowhere else a gradient is summed to the shape that was broadcast, cast to its edge's dtype, and added to
    what has arrived before. What a leaf receives is memory of its own.

    Returns:
        The gradients that the rule returned, a tuple, or None where no gradient arrived at the node.
    """
    pending = sweep.pending
    grad_output = pending.pop(node, None)
    if grad_output is None or node.hooks is not None or sweep.keep:
        grad_output = complete(node, grad_output, sweep)
        if grad_output is None:
            return None
    if node.saved is None or (latest_write[0] > node.number and written_since(node)):
        check_saved(sweep.who, node)  # a hook, another thread or the user, between two steps, may have written
    try:
        if sweep.create_graph:
            grads = run_recorded(node, grad_output)
        else:
            grads = node.vjp(grad_output, *node.saved or ())
        if type(grads) is not tuple:
            grads = tuple(grads) if type(grads) is list else (grads,)
        if len(grads) > len(node.edges):
            raise RuntimeError(wrong_count(node, grads))
        if node.hooks is not None:
            grads = node.hooks.after_rule(grads, grad_output)
        makes_its_own = OWN_RULES[node.vjp] and node.hooks is None and type(grad_output) is ndarray
        for grad, edge in zip(grads, node.edges):  # a rule may leave out trailing gradients
            if grad is None:
                continue
            kind = type(edge)
            if kind is Node:
                shape, dtype = edge.shape, edge.dtype
            elif kind is list or edge is None:
                continue
            elif kind is tuple:
                shape, dtype = edge[0].shape[edge[1]], edge[0].dtype[edge[1]]
            else:
                shape, dtype = edge._data.shape, edge._data.dtype
            if type(grad) is not ndarray or grad.shape != shape or grad.dtype is not dtype:
                grad = fitted(grad, shape, dtype, node, sweep.create_graph)
            if edge in pending:
                # Never in place: what a rule returned may be another edge's gradient too.
                grad = added(pending[edge], grad)
            elif (kind is not Node and kind is not tuple and not sweep.create_graph) and (
                grad is grad_output or grad.base is not None or not makes_its_own
            ):
                grad = grad.copy()  # a leaf's, and others may hold the array
            pending[edge] = grad
    except Exception as error:
        error.add_note(f"in the backward of {describe_node(node)}, {describe_operands(node)}")
        refuse_wrong_arity(node)
        raise
    return grads


def complete(node: Node, grad_output: Any, sweep: Sweep) -> Any:
    """Return what a node's rule is given, after its hooks, where there are several outputs or hooks, or none arrived.

    Args:
        node: the node.
        grad_output: what arrived at it, and was taken out of what is pending.
        sweep: the pass.
    """
    if node.several:
        grad_output = gradients_of_several(node, sweep)
    elif node in sweep.keep and grad_output is not None:
        sweep.pending[node] = grad_output
    if grad_output is not None and node.hooks is not None:
        grad_output = node.hooks.before_rule(node, grad_output, sweep)
    return grad_output


def gradients_of_several(node: Node, sweep: Sweep) -> tuple[Any, ...] | None:
    """Return the gradients that arrived at the outputs of a node, None where none did; None if none did at all."""
    arrived = []
    for index in range(len(node.shape)):
        edge = (node, index)
        arrived.append(sweep.pending.get(edge) if edge in sweep.keep else sweep.pending.pop(edge, None))
    for gradient in arrived:
        if gradient is not None:
            return tuple(arrived)
    return None


def fitted(grad: Any, shape: tuple[int, ...], dtype: np.dtype, node: Node, create_graph: bool) -> Any:
    """Return what a rule returned with the shape and dtype of its edge, as a Tensor where the pass is recorded."""
    grad = of_the_pass(node.vjp.__name__, grad, create_graph)
    if grad.shape != shape:
        grad = reduce_to(grad, shape, node)
    if grad.dtype is not dtype:
        grad = cast(grad, dtype)
    return grad


def finish(sweep: Sweep) -> None:
    """Write the gradients that have arrived to the leaves and to tensors that asked to retain theirs.

    Where no inputs were named, all that is left is at leaves.
    """
    arrived = []
    unusual = sweep.create_graph or bool(sweep.keep)
    for edge, gradient in sweep.pending.items():
        if not unusual and edge._hooks is None:
            arrived.append((edge, gradient))
        else:
            tensor = sweep.keep.get(edge) if sweep.keep else edge
            if tensor is not None:
                gradient = final_gradient(edge, sweep)
                arrived.append((tensor, gradient.clone() if sweep.create_graph else gradient))
    for tensor, gradient in sweep.retained:
        arrived.append((tensor, gradient.clone() if sweep.create_graph else wrap(gradient.copy())))
    # Only now, because a hook may have run a backward pass of its own.
    for index, (tensor, gradient) in enumerate(arrived):
        if tensor._grad is not None:
            arrived[index] = (tensor, total(tensor, gradient, sweep))
    for tensor, gradient in arrived:
        tensor._grad = gradient
    if not sweep.retain_graph:
        release(sweep)


def release(sweep: Sweep) -> None:
    """Drop the saved arrays of the visited nodes.

    A node that saved no array can be passed again, so a cheap trunk (``h = x + 1``) may carry two losses; the root
    cannot, so a forgotten second backward is always told.
    """
    for edge in sweep.roots:
        root = edge[0] if type(edge) is tuple else edge
        if type(root) is Node and root in sweep.order:
            root.saved = None
    for node in sweep.order:
        for value in node.saved or ():
            if type(value) is ndarray or (type(value) is tuple and ndarray in map(type, value)):
                node.saved = None
                break
