"""One gradient: where a pass starts with it, how it is fitted to its operand, and how it ends in ``grad``."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from minigrad import tensors
from minigrad.dtypes import float32, float64
from minigrad.errors import describe, describe_node, message
from minigrad.graph import Node, edge_of, ndarray, wrap
from minigrad.ops.broadcasting import sum_to_size
from minigrad.ops.conversion import cast
from minigrad.positions import OWN_FILES
from minigrad.writes import refuse_outdated_view


def one(dtype: np.dtype) -> ndarray:
    """Return a 0-d 1 that nobody can write to: whoever is given it as a gradient gets a copy."""
    array = np.array(1, dtype)
    array.flags.writeable = False
    return array


#: dL/dL by dtype: making one would cost more than looking at the whole graph of a small step.
ONES = {float32: one(float32), float64: one(float64)}


class Sweep:
    """One backward pass under way.

    Attributes:
        order: the nodes to visit, latest first: the reverse of the order in which the user wrote them.
        pending: the gradient that has arrived so far at each edge.
        keep: the tensors whose gradient alone is asked for, by their edges; it stays in ``pending`` after the visit.
        who: who asked for the pass, for messages.
        retained: (tensor, gradient) for the tensors on the way that asked for theirs.
        create_graph: whether the rules run on Tensors, so that the gradients can be differentiated.
        retain_graph: whether the saved values stay for another pass.
        roots: the edges the pass began at.
    """

    __slots__ = ("create_graph", "keep", "order", "pending", "retain_graph", "retained", "roots", "who")

    def __init__(self, who: str, retain_graph: bool, create_graph: bool) -> None:
        """Start with nothing collected."""
        self.who = who
        self.roots: list[Any] = []
        self.keep: dict[Any, Any] = {}
        self.retain_graph = retain_graph
        self.create_graph = create_graph
        self.order: list[Node] = []
        self.pending: dict[Any, Any] = {}
        self.retained: list[tuple[Any, Any]] = []


def as_sequence(who: str, value: Any) -> list[Any]:
    """Return a tensor as a list of one, an iterable (``model.parameters()``) as a list.

    Raises:
        TypeError: if it is neither.
    """
    if isinstance(value, (tensors.Tensor, ndarray)):
        return [value]
    if not isinstance(value, Iterable) or isinstance(value, str):
        raise TypeError(
            message(
                who,
                f"a Tensor, or a list or tuple of them, is needed, got {describe(value)}.",
                "Pass minigrad's tensors, several of them in a list: [x, y].",
            )
        )
    return list(value)


def root_edge(who: str, root: Any) -> Any:
    """Return the edge of a tensor that a pass begins at; raise if there is none."""
    if not isinstance(root, tensors.Tensor):
        raise TypeError(
            message(
                who,
                f"a Tensor is needed to start from, got {describe(root)}.",
                "Compute the output with minigrad's operations: .item() and .numpy() leave the graph.",
            )
        )
    edge = root if root._edge is None else root._edge
    if type(edge) is list:
        raise RuntimeError(
            message(
                who,
                f"the tensor {describe(root)} does not require grad and was not computed from one that does.",
                "Make the parameters with requires_grad=True, and check for detach(), numpy() or no_grad() on the way.",
            )
        )
    if root._viewed is not None:
        refuse_outdated_view(who, root)
    return edge


def wanted_edge(who: str, tensor: Any) -> Any:
    """Return the edge of a tensor whose gradient is asked for; raise if it has none."""
    if not isinstance(tensor, tensors.Tensor):
        raise TypeError(
            message(
                who,
                f"inputs must be Tensors, got {describe(tensor)}.",
                "Pass the tensors that the output was computed from: [w, b].",
            )
        )
    edge = edge_of(tensor)
    if type(edge) is list:
        raise RuntimeError(
            message(who, f"the input {describe(tensor)} does not require grad.", "Call x.requires_grad_() before use.")
        )
    return edge


def seed(who: str, root: Any, gradient: Any, create_graph: bool) -> Any:
    """Return the gradient that a root starts with: the given one, checked and of the root's dtype, or 1."""
    if gradient is None:
        if root._data.size != 1:
            raise RuntimeError(
                message(
                    who,
                    f"a tensor of one element can be differentiated as it is; this one is {describe(root)}.",
                    "Reduce it first (.sum() or .mean()), or pass gradient=, of the same shape.",
                )
            )
        array = ONES[root._data.dtype]
        if root._data.ndim:
            array = array.reshape(root._data.shape)
        return wrap(array.copy()) if create_graph else array
    if not isinstance(gradient, (tensors.Tensor, ndarray)):
        raise TypeError(
            message(
                who,
                f"gradient must be a Tensor or an array, got {describe(gradient)}.",
                "Make a tensor of it with minigrad.tensor(...).",
            )
        )
    if tuple(gradient.shape) != root._data.shape:
        raise ValueError(
            message(
                who,
                f"gradient must have the tensor's shape {root._data.shape}, got {tuple(gradient.shape)}.",
                "minigrad.ones_like(output) weighs all elements alike; expand or reshape another one.",
            )
        )
    return of_the_pass(who, cast(gradient, root._data.dtype), create_graph)


def added(known: Any, gradient: Any) -> Any:
    """Return the sum of two gradients as an array or Tensor; NumPy makes a scalar of two 0-d arrays."""
    total = known + gradient
    return np.asarray(total) if isinstance(total, np.generic) else total


def total(tensor: Any, gradient: Any, sweep: Sweep) -> Any:
    """Return a new gradient and what earlier passes have left in a tensor's ``grad``, summed in memory of its own."""
    known = tensor.grad
    return known + gradient if sweep.create_graph else known.detach() + gradient


def final_gradient(edge: Any, sweep: Sweep) -> Any:
    """Return the gradient that arrived at a leaf or kept edge, after its hooks, as a Tensor with memory of its own."""
    gradient = sweep.pending.get(edge)
    if gradient is None:
        return None
    own = False
    if isinstance(edge, tensors.Tensor):
        own = edge._hooks is None
        if edge._hooks is not None:
            # A hook may have kept what it was shown.
            gradient = edge._hooks.on_tensor(edge._data.shape, gradient)
    else:
        node, index = edge if type(edge) is tuple else (edge, 0)
        if node.hooks is not None and node not in sweep.order:
            # A tensor on the way whose own rule was not run, because nothing below it is asked for.
            gradient = node.hooks.on_tensor(node.shape[index] if node.several else node.shape, gradient, index)
    if sweep.create_graph:
        return gradient
    return wrap(gradient if own else gradient.copy())


def of_the_pass(who: str, gradient: Any, create_graph: bool) -> Any:
    """Return what a rule gave as an array, or as a Tensor where the pass is recorded.

    Raises:
        TypeError: if it is neither tensor, array nor number.
    """
    if isinstance(gradient, tensors.Tensor):
        return gradient if create_graph else gradient._data
    if not isinstance(gradient, (ndarray, np.generic, float, int)):
        raise TypeError(
            message(
                who,
                f"a rule returns arrays, Tensors or None, got {describe(gradient)}.",
                "A rule with several inputs returns a tuple or list, one for each; None for no gradient.",
            )
        )
    array = np.asarray(gradient)
    return wrap(array) if create_graph else array


class OwnRules(dict[Any, bool]):
    """Whether a rule is the package's own, and so never returns what it keeps, or was given among the saved values.

    Nor does such a rule return the same new array for two inputs: a test runs all of them. A user's rule may do any of
    that, and is not noted, because it may hold data alive.
    """

    def __missing__(self, vjp: Any) -> bool:
        """Look at a rule that is not known."""
        own = OWN_FILES[vjp.__code__.co_filename]
        if own:
            self[vjp] = True
        return own


OWN_RULES = OwnRules()


def reduce_to(grad: Any, shape: tuple[int, ...], node: Node) -> Any:
    """Return a gradient summed over the axes along which its operand was broadcast.

    Raises:
        RuntimeError: if the gradient cannot have come from broadcasting ``shape``: the rule is wrong.
    """
    try:
        return sum_to_size(grad, shape)
    except ValueError:
        raise RuntimeError(
            message(
                node.vjp.__name__,
                f"the rule of {describe_node(node)} returned a gradient of shape {tuple(grad.shape)} for an input of "
                f"shape {tuple(shape)}.",
                "A rule returns gradients of its inputs' shapes, or of the shape that they were broadcast to.",
            )
        ) from None


def wrong_count(node: Node, grads: tuple[Any, ...]) -> str:
    """Return the message about a rule that returned more gradients than its operation has inputs."""
    return message(
        node.vjp.__name__,
        f"the rule of {describe_node(node)} returned {len(grads)} gradients for {len(node.edges)} inputs.",
        "A rule returns one gradient (or None) for each input that record() was given, in the same order.",
    )
