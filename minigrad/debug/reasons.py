"""Why a tensor's ``grad`` is None: told from the graph, and from what other operations are still alive."""

import gc
from collections.abc import Sequence
from typing import Any

from minigrad.errors import describe_node
from minigrad.graph import Node, edge_of
from minigrad.tensors import Tensor


def cause_of_none(
    tensor: Tensor, order: Sequence[Node], steps: Sequence[Any] = (), living: "Living | None" = None
) -> tuple[Node | None, str]:
    """Return the node where the gradient of a tensor is lost, if that can be told, and the reason.

    Args:
        tensor: the tensor.
        order: the nodes below the loss.
        steps: the steps of the pass, if it was run.
        living: what is alive, if it was looked up for another tensor already.
    """
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
    return unreached(tensor, order, Living() if living is None else living)


def user_as_constant(tensor: Tensor, order: Sequence[Node]) -> Node | None:
    """Return the first operation that used the memory of a tensor without a gradient: the tensor, a twin, or a view."""
    found = None
    for node in order:
        for edge in node.edges:
            if edge is tensor._stamp:
                found = node
    return found


def unreached(tensor: Tensor, order: Sequence[Node], living: "Living") -> tuple[Node | None, str]:
    """Return where a tensor that the graph does not reach was used instead, as far as those operations are alive."""
    stamps: dict[int, Node] = {}
    for node in order:
        for edge in node.edges:
            if type(edge) is list:
                stamps[id(edge)] = node
    users = [tensor.grad_fn] if isinstance(tensor.grad_fn, Node) else []
    users += living.users_of(tensor)
    if not users:
        first = order[-1] if order else None
        begins = "" if first is None else f" The graph begins at {describe_node(first)}."
        return first, (
            "it was not reached: nothing that is still alive used it. If anything did, no_grad(), detach(), numpy() or "
            f"item() cut it off.{begins}"
        )
    known = set(users)
    for user in users:  # it grows meanwhile
        for stamp in user.stamp if user.several else (user.stamp,):
            if id(stamp) in stamps:
                return user, (
                    f"it was not reached: what {describe_node(user)} made of it was detached before "
                    f"{describe_node(stamps[id(stamp)])} used it."
                )
        for further in living.users_of(user):
            if further not in known:
                known.add(further)
                users.append(further)
    return users[0], f"it was not reached: {describe_node(users[0])} used it, and nothing of that is part of the loss."


def same_edge(edge: Any, wanted: Any) -> bool:
    """Return whether two edges lead to the same tensor: a leaf or node itself, or the same output of a node."""
    if type(edge) is tuple:
        return type(wanted) is tuple and edge[0] is wanted[0] and edge[1] == wanted[1]
    return edge is wanted and type(edge) is not list


class Living:
    """Which nodes use which tensors and nodes, of all graphs that are alive.

    Nothing points forward in a graph, so the collector of garbage is asked, once: it knows every object.
    """

    def __init__(self) -> None:
        """Look at all objects; what only a ring of references keeps is collected before."""
        gc.collect()
        self._users: dict[int, list[Node]] = {}
        for each in gc.get_objects():
            if type(each) is Node:
                for edge in each.edges:
                    source = edge[0] if type(edge) is tuple else edge
                    if source is not None and type(source) is not list:
                        self._users.setdefault(id(source), []).append(each)

    def users_of(self, source: Any) -> list[Node]:
        """Return the living nodes that a leaf or a node is an input of, the latest first."""
        return sorted(self._users.get(id(source), ()), key=number_of, reverse=True)


def number_of(node: Node) -> int:
    """Return the place of a node in the order of creation."""
    return node.number
