"""``where_nan``: the operation in which the first NaN or infinity appears, forward or backward."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.debug.anomalies import AnomalyError, anomaly, check_backward, counted, kind_of, values_at
from minigrad.debug.answers import Answer, told
from minigrad.debug.names import operand_names
from minigrad.debug.stepping import begun, walk
from minigrad.errors import describe, message
from minigrad.graph import Node, wrap
from minigrad.saved import saved_roles, written_since
from minigrad.tensors import Tensor

ndarray = np.ndarray


def where_nan(loss: Any, gradient: Any = None) -> Answer:
    """Say in which operation the first NaN or infinity appears, in the forward or the backward pass.

    Of a function, which is run for it, the answer is exact. Of a loss that was computed already it is found from the
    values that the graph has saved: where those of several operations are missing, the line says so. The backward pass
    is run too; no gradient is written and the graph can be used again.

    Args:
        loss: a function without arguments that returns the loss; or the loss.
        gradient: dL/d(loss), of its shape; may be left out when it has one element: then it is 1.

    Returns:
        An ``Answer``. Its ``number`` is how many numbers of the result are NaN or infinite; 0 where there is none.

    Raises:
        TypeError: if it is neither, or the function returns something else than a Tensor. RuntimeError: as
            ``Tensor.backward``.

    Examples:
        >>> import minigrad as mg
        >>> x = mg.tensor([1.0, -1.0], requires_grad=True)
        >>> where_nan(lambda: mg.sqrt(x).sum())  # doctest: +ELLIPSIS
        forward, sqrt (<doctest ...>:1: mg.sqrt(x)): NaN, 1 of 2 numbers, the first at (1,), where x is -1
    """
    mode = anomaly()
    try:
        if not isinstance(loss, Tensor):
            loss = result_of(loss, mode)
        else:
            found = first_bad_value(loss, mode)
            if found is not None:
                return found
        if not loss.requires_grad or (loss.numel() != 1 and gradient is None):
            return Answer("no NaN or infinity in the forward pass; there is no backward pass to look at", None, 0)
        sweep = begun("where_nan", loss, gradient, True)
        for step in walk(sweep, write=False):
            outputs = step.grad_output if type(step.grad_output) is tuple else (step.grad_output,)
            for index, each in enumerate(step.contributions):
                if each.grad is not None:
                    shown = tuple([None if output is None else wrap(output) for output in outputs])
                    check_backward(mode, step.recorded, index, each.grad, shown)
    except AnomalyError as error:
        return answer_of(error)
    return Answer(f"no NaN or infinity, forward or backward, in {len(sweep.order)} operations", None, 0)


def result_of(function: Callable[[], Any], mode: anomaly) -> Tensor:
    """Return what a function computes while every operation is watched.

    Raises:
        TypeError: if it cannot be called, or returns something else than a Tensor.
    """
    if not callable(function):
        raise TypeError(
            message(
                "where_nan",
                f"a loss, or a function that computes one, is needed, got {describe(function)}.",
                "Example: debug.where_nan(lambda: loss_fn(model(x), y)).",
            )
        )
    with mode:
        loss = function()
    if not isinstance(loss, Tensor):
        raise TypeError(
            message("where_nan", f"the function must return a Tensor, got {describe(loss)}.", "Return the loss itself.")
        )
    return loss


def answer_of(error: AnomalyError) -> Answer:
    """Return an error of ``anomaly`` as one line."""
    pass_ = "backward" if error.in_backward else "forward"
    text = error.finding.rstrip(".")
    if not error.in_backward:
        expression = f": {error.where.expression}" if error.where is not None and error.where.expression else ""
        place = f" ({error.where}{expression})" if error.where is not None else ""
        text = f"{error.op}{place}: " + text.removeprefix(f"{error.op} gave ").removeprefix(f"{error.op} was ")
    answer = Answer(f"{pass_}, {text}", error.node, error.count)
    answer.op, answer.where = error.op, error.where
    return answer


def first_bad_value(loss: Tensor, mode: anomaly) -> Answer | None:
    """Return where a value of a graph that is there already was first not finite, as far as its saved values tell."""
    order = begun("where_nan", loss, wrap(np.ones(loss.shape, loss.dtype)), True).order
    values = known_values(loss, order)
    unknown: list[Node] = []
    for node in reversed(order):
        output = values.get(node)
        if output is None:
            output = values[node] = run_again(node, values)
        if output is None:
            unknown.append(node)
            continue
        places = mode.bad(output)
        if places is None:
            continue
        operands = named_operands(node, values)
        given = any(mode.bad(array) is not None for _, array in operands)
        hidden = any(type(edge) is list and id(edge) not in values for edge in node.edges)
        if (given or hidden) and kind_of(output, places) != "NaN":
            continue  # an infinity that was put in, as in a mask, or may have been
        suspects = [each for each in unknown if each in ancestors(node)]
        text = f"forward, {told(node)}: {kind_of(output, places)}, {counted(places)}{values_at(places, operands)}"
        if suspects:
            text += f"; or before it, in {' or '.join([told(each) for each in suspects[-3:]])}: their results were not "
            text += "kept, and where_nan(function) would tell"
        return Answer(text, node, int(places.sum()))
    return None


def known_values(loss: Tensor, order: list[Node]) -> dict[Any, Any]:
    """Return the arrays that rules have saved, by the node whose output they are, or the id of a leaf or stamp."""
    values: dict[Any, Any] = {}
    if isinstance(loss.grad_fn, Node) and not loss.grad_fn.several:
        values[loss.grad_fn] = loss.data
    for node in order:
        for edge in node.edges:
            if isinstance(edge, Tensor):
                values[id(edge)] = edge.data
        if written_since(node):
            continue
        for value, (edge, _) in zip(node.saved or (), saved_roles(node)):
            if isinstance(value, ndarray) and edge is not None:
                values[key_of(edge)] = value
        for edge, value in zip(node.edges, node.inputs or ()):
            if isinstance(value, Tensor):
                values[key_of(edge)] = value.data
    return values


def key_of(edge: Any) -> Any:
    """Return the key of an edge among known values."""
    return edge if type(edge) in (Node, tuple) else id(edge)


def named_operands(node: Node, values: dict[Any, Any]) -> list[tuple[str, ndarray]]:
    """Return the operands of a node whose values are known, with what to call them."""
    found = []
    for index, (edge, name) in enumerate(zip(node.edges, operand_names(node))):
        array = None if edge is None else values.get(key_of(edge))
        if array is not None:
            found.append((name or f"operand {index}", array))
    return found


def run_again(node: Node, values: dict[Any, Any]) -> Any:
    """Return the output of an operation from known operands and saved settings; None where that does not suffice."""
    saved = dict(zip(node.vjp.__code__.co_varnames[1:], node.saved or ()))
    arguments: dict[str, Any] = {}
    try:
        parameters = list(inspect.signature(node.op).parameters.values())
        for index, parameter in enumerate(parameters):
            edge = node.edges[index] if index < len(node.edges) else None
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                return None
            if edge is not None:
                arguments[parameter.name] = values[key_of(edge)]
            elif node.inputs is not None and index < len(node.inputs):
                arguments[parameter.name] = node.inputs[index]
            elif parameter.name in saved and saved[parameter.name] is not None:
                arguments[parameter.name] = saved[parameter.name]
            elif parameter.default is parameter.empty:
                return None
        if node.several or node.name.endswith("_"):
            return None
        result = np.asarray(node.op(**{name: as_array(value) for name, value in arguments.items()}))
    except Exception:  # whatever an operation has against settings that were guessed
        return None
    return result if result.shape == node.shape and result.dtype == node.dtype else None


def as_array(value: Any) -> Any:
    """Return a copy of an array, the array of a tensor, anything else as it is: nothing is recorded or written to."""
    if isinstance(value, Tensor):
        value = value.data
    return value.copy() if isinstance(value, ndarray) else value


def ancestors(node: Node) -> set[Node]:
    """Return the nodes that a node was computed from."""
    found: set[Node] = set()
    waiting = [node]
    for each in waiting:  # it grows meanwhile
        for edge in each.parents:
            parent = edge[0] if type(edge) is tuple else edge
            if parent not in found:
                found.add(parent)
                waiting.append(parent)
    return found
