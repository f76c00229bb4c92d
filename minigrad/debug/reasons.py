"""Why a tensor's ``grad`` is None: told from the graph, and from what other operations are still alive."""

import gc
from collections.abc import Sequence
from typing import Any

from minigrad.errors import describe_node
from minigrad.graph import Node, edge_of
from minigrad.tensors import Tensor


def reason_for_none(tensor: Tensor, order: Sequence[Node], steps: Sequence[Any] = ()) -> str:
    """Return why no gradient arrives at a tensor, with the operation and line where it was lost, if that can be told.

    Args:
        tensor: the tensor.
        order: the nodes below the loss.
        steps: the steps of the pass, if it was run.
    """
    return cause_of_none(tensor, order, steps)[1]


def cause_of_none(tensor: Tensor, order: Sequence[Node], steps: Sequence[Any] = ()) -> tuple[Node | None, str]:
    """Return the node where a tensor's gradient is lost, if there is one, and the reason."""
    edge = edge_of(tensor)
    constant = user_as_constant(tensor, order)
    if type(edge) is list:
        if constant is None:
            return None, (
                "it does not require grad: it was made without requires_grad=True, or computed under no_grad() or "
                "from tensors that do not."
            )
        return constant, f"it does not require grad; {describe_node(constant)} used it as a constant."
    for step in steps:
        for index, used in enumerate(step.recorded.edges):
            if same_edge(used, edge):
                node = step.recorded
                if step.grad_output is None:
                    return node, f"{describe_node(node)} used it, but no gradient arrived there."
                return node, f"the rule of {describe_node(node)} gives input {index} no gradient."
    if constant is not None:
        return constant, (
            f"{describe_node(constant)} used it as a constant: detached (detach(), .data, no_grad()), or before it "
            "required grad."
        )
    return unreached(tensor, order)


def user_as_constant(tensor: Tensor, order: Sequence[Node]) -> Node | None:
    """Return the first operation that used the memory of a tensor without a gradient: the tensor, a twin, or a view."""
    found = None
    for node in order:
        for edge in node.edges:
            if edge is tensor._stamp:
                found = node
    return found


def unreached(tensor: Tensor, order: Sequence[Node]) -> tuple[Node | None, str]:
    """Return where a tensor that the graph does not reach was used instead, as far as those operations are alive."""
    stamps = {}
    for node in order:
        for edge in node.edges:
            if type(edge) is list:
                stamps[id(edge)] = node
    users = [tensor.grad_fn] if isinstance(tensor.grad_fn, Node) else []
    users += users_of(tensor)
    if not users:
        return None, (
            "it was not reached: no operation that the loss was computed from used it, nor any other that is still "
            "alive. What ran under no_grad() or left the graph by detach(), numpy() or item() leaves no trace."
        )
    known = set(users)
    for user in users:  # it grows meanwhile
        for stamp in user.stamp if user.several else (user.stamp,):
            if id(stamp) in stamps:
                return user, (
                    f"it was not reached: what {describe_node(user)} made of it was detached before "
                    f"{describe_node(stamps[id(stamp)])} used it."
                )
        for further in users_of(user):
            if further not in known:
                known.add(further)
                users.append(further)
    return users[0], f"it was not reached: {describe_node(users[0])} used it, and nothing of that is part of the loss."


def same_edge(edge: Any, wanted: Any) -> bool:
    """Return whether two edges lead to the same tensor: a leaf or node itself, or the same output of a node."""
    if type(edge) is tuple:
        return type(wanted) is tuple and edge[0] is wanted[0] and edge[1] == wanted[1]
    return edge is wanted and type(edge) is not list


def users_of(edge: Any) -> list[Node]:
    """Return the living nodes that an edge is one of the edges of, the earliest first.

    Nothing points forward in a graph, so the collector of garbage is asked, which looks at every object.
    """
    found = []
    for holder in gc.get_referrers(edge):
        lists = [holder] if type(holder) is list else []
        if type(holder) is tuple:  # (node, k), for one of several outputs
            lists = [each for each in gc.get_referrers(holder) if type(each) is list]
        for edges in lists:
            for owner in gc.get_referrers(edges):
                if type(owner) is Node and owner.edges is edges and owner not in found:
                    found.append(owner)
    found.sort(key=number_of)
    return found


def number_of(node: Node) -> int:
    """Return the place of a node in the order of creation."""
    return node.number
