"""What a rule reads: the roles of saved values, their staleness, and a rule run on Tensors (``create_graph``)."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad import tensors
from minigrad.errors import describe_node, message
from minigrad.graph import Node, ndarray, wrap
from minigrad.modes import STATE, State
from minigrad.ops.conversion import cast
from minigrad.positions import resolve
from minigrad.writes import share_stamp

GRAPH_IS_GONE = (
    "Pass retain_graph=True to the first backward(), or compute the loss again. A loss that is kept from one training "
    "step to the next needs .detach()."
)


def run_recorded(node: Node, grad_output: Any) -> Any:
    """Run a node's rule on Tensors, so that what it computes can be differentiated."""
    state = STATE.get()
    token = STATE.set(State(True, state.keep_inputs, state.tape, node.module, node.code, node.lasti))
    try:
        grads = node.vjp(grad_output, *saved_tensors(node))
    finally:
        STATE.reset(token)
    recorded = []
    for grad in grads if type(grads) is tuple or type(grads) is list else (grads,):
        recorded.append(wrap(grad) if type(grad) is ndarray else grad)
    return tuple(recorded)


def saved_tensors(node: Node) -> list[Any]:
    """Return the saved values with each array made a Tensor again: an operand, an output or a constant."""
    values = []
    for value, (edge, stamp) in zip(node.saved or (), saved_roles(node), strict=True):
        if type(value) is tuple and type(edge) is _Edges:
            elements = []
            for element, element_edge in zip(value, edge, strict=True):
                elements.append(as_saved_tensor(element, element_edge, None))
            values.append(tuple(elements))
        else:
            values.append(as_saved_tensor(value, edge, stamp))
    return values


def as_saved_tensor(value: Any, edge: Any, stamp: Any) -> Any:
    """Return an array as the Tensor it was; the leaf where it is one; anything else as it is."""
    if not isinstance(value, (ndarray, np.generic)):
        return value
    if isinstance(edge, tensors.Tensor) and edge._data.dtype == value.dtype:
        return edge
    result = wrap(value)
    stamp = stamp_of(edge) if stamp is None else stamp
    if stamp is not None:
        share_stamp(result, stamp)
    if type(edge) is Node or type(edge) is tuple:
        result._edge = edge
    elif isinstance(edge, tensors.Tensor):
        # An operand that was promoted: recorded again as a cast of the leaf.
        return cast(edge, value.dtype)
    return result


class _Edges(tuple):
    """The edges of a parameter that is a sequence of tensors."""


_roles: dict[tuple[Any, Any], list[Any]] = {}


def roles_of(op: Callable[..., Any], vjp: Callable[..., Any]) -> list[Any]:
    """Return for each value that a rule reads the index of its input, -1 for the output, or None for a constant.

    The names decide: a rule's parameters bear the operation's parameter names, or ``output``, or ``outputs``.
    """
    # By their code, which all closures of one definition share: the functions themselves may hold data alive.
    roles = _roles.get((op.__code__, vjp.__code__))
    if roles is None:
        code, rule = op.__code__, vjp.__code__
        keywords = code.co_argcount + code.co_kwonlyargcount
        # The code lists *tensors behind the keywords; record() is given the inputs in the order of the signature.
        names = list(code.co_varnames[: code.co_argcount])
        names += code.co_varnames[keywords : keywords + bool(code.co_flags & inspect.CO_VARARGS)]
        names += code.co_varnames[code.co_argcount : keywords]
        roles = []
        for name in rule.co_varnames[1 : rule.co_argcount]:
            if name in ("output", "outputs"):
                roles.append(-1)
            else:
                roles.append(names.index(name) if name in names else None)
        _roles[code, rule] = roles
    return roles


def saved_roles(node: Node) -> list[tuple[Any, Any]]:
    """Return for each saved value of a node (its edge, its stamp), both None for a constant."""
    found: list[tuple[Any, Any]] = []
    saved = node.saved or ()
    roles = roles_of(node.op, node.vjp)
    refuse_wrong_arity(node)
    for value, role in zip(saved, roles, strict=True):
        if role is None:
            found.append((None, None))
        elif role < 0 and type(value) is tuple:
            edges = []
            for index in range(len(value)):
                edges.append((node, index))
            found.append((_Edges(edges), None))
        elif role < 0:
            found.append((node, node.stamp))
        elif type(value) is tuple:
            # A sequence of tensors has an edge for each; any other tuple is an attribute.
            edges = node.edges[role : role + len(value)]
            of_tensors = len(edges) == len(value) and len(value) > 0 and isinstance(value[0], ndarray)
            found.append((_Edges(edges), None) if of_tensors else (None, None))
        else:
            edge = node.edges[role] if role < len(node.edges) else None
            found.append((edge, stamp_of(edge)))
    return found


def refuse_wrong_arity(node: Node) -> None:
    """Raise a RuntimeError if a rule does not take as many values as its operation saved."""
    roles = roles_of(node.op, node.vjp)
    saved = node.saved or ()
    if len(roles) != len(saved):
        raise RuntimeError(
            message(
                node.vjp.__name__,
                f"the rule takes {len(roles)} values after grad_output, and {describe_node(node)} saved {len(saved)}.",
                "record() is given the saved values in the order of the rule's parameters.",
            )
        )


def stamp_of(edge: Any) -> Any:
    """Return the stamp of the memory behind an edge, or None."""
    if edge is None or type(edge) is list:
        return edge
    if type(edge) is Node:
        return edge.stamp
    if type(edge) is tuple:
        return edge[0].stamp[edge[1]]
    return edge._stamp


def written_since(node: Node) -> bool:
    """Return whether the memory of an input or output of ``node`` has been written to after it was made.

    Most writes are to other memory (a generator's counter, running statistics), so this is asked before the roles are
    looked at, and without a further call.
    """
    number = node.number
    for stamp in node.stamp if type(node.stamp) is tuple else (node.stamp,):
        if stamp[0] > number:
            return True
    for edge in node.edges:
        if edge is None:
            continue
        kind = type(edge)
        if kind is Node:
            stamp = edge.stamp
        elif kind is tuple:
            stamp = edge[0].stamp[edge[1]]
        else:
            stamp = edge if kind is list else edge._stamp
        if type(stamp) is list and stamp[0] > number:
            return True
    return False


def check_saved(who: str, node: Node) -> None:
    """Raise if what the rule of ``node`` reads has been released, or was changed in place after it was saved.

    Raises:
        RuntimeError: saying which, and what to do.
    """
    if node.saved is None:
        raise RuntimeError(
            message(
                who,
                f"the graph through {describe_node(node)} has been released by an earlier backward pass, which frees "
                "the saved values to save memory.",
                GRAPH_IS_GONE,
            )
        )
    names = node.vjp.__code__.co_varnames[1:]
    for name, value, (edge, stamp) in zip(names, node.saved, saved_roles(node)):
        if type(edge) is _Edges:
            for element in edge:
                refuse_stale(who, node, name, stamp_of(element))
        elif isinstance(value, ndarray):
            refuse_stale(who, node, name, stamp)


def refuse_stale(who: str, node: Node, name: str, stamp: Any) -> None:
    """Raise if ``stamp`` is later than ``node``."""
    if stamp is None or stamp[0] <= node.number:
        return
    place = ""
    if stamp[2] is not None:
        position = resolve(*stamp[2])
        place = f" at {position}: {position.source}"
    raise RuntimeError(
        message(
            who,
            f"the rule of {describe_node(node)} needs the value of {name} as it was then, and it has been changed in "
            f"place since{place}.",
            "Use the out-of-place form (x = x + 1 instead of x += 1), or clone() the tensor before the change.",
        )
    )
