"""What a derivative is taken by, and the reverse pass that takes it: the core that all derivatives here share."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import autograd, tensors
from minigrad.dtypes import SUPPORTED, get_default_dtype
from minigrad.errors import describe, message
from minigrad.func.tapes import as_one
from minigrad.graph import Node, edge_of, record, wrap
from minigrad.modes import STATE, is_grad_enabled
from minigrad.ops.conversion import cast, detach
from minigrad.ops.creation import zeros_like
from minigrad.ops.operands import Tensor, Value


def as_variable(who: str, place: str, leaf: Any) -> Tensor:
    """Return a new tensor with the values of an argument, to differentiate by; the argument stays as it is.

    Args:
        who: who asks, for the error.
        place: which argument it is, for the error.
        leaf: a floating Tensor or array, or a float.

    Raises:
        TypeError: if it is something else.
    """
    tensor = as_tensor(who, place, leaf)
    if tensor.dtype.kind != "f":
        remedy = "Convert it, x.float(), or differentiate by other arguments (argnums)."
        problem = f"{place} is differentiated by, so it must be floating, got {describe(leaf)}."
        raise TypeError(message(who, problem, remedy))
    return as_one(variable, tensor)


def as_tensor(who: str, place: str, leaf: Any) -> Tensor:
    """Return a Tensor, an array or a Python number as a Tensor; the memory of an array is shared.

    Raises:
        TypeError: if it is something else.
    """
    if isinstance(leaf, tensors.Tensor):
        return leaf
    if isinstance(leaf, float) and not isinstance(leaf, np.generic):
        leaf = np.asarray(leaf, get_default_dtype())
    array = np.asarray(leaf) if isinstance(leaf, (np.ndarray, np.generic, int)) else None
    if array is None or array.dtype not in SUPPORTED:
        raise TypeError(
            message(
                who,
                f"{place} must be made of tensors, arrays and numbers, got {describe(leaf)}.",
                "Pass what is none in an argument of its own, which argnums or in_dims leaves out.",
            )
        )
    tensor: Tensor = wrap(array)
    return tensor


def variable(x: Tensor) -> Tensor:
    """Return a tensor with the memory of ``x`` that requires grad; part of x's graph where x requires grad."""
    if x.requires_grad and is_grad_enabled():
        return alias(x)
    twin = detach(x)
    twin.requires_grad = True
    return twin


def alias(x: Tensor) -> Tensor:
    """Return a view of all of ``x``: the same values as another variable."""
    result: Tensor = record(alias, alias_vjp, x._data, (x,), (), base=x)
    result.name = x.name
    return result


def alias_vjp(grad_output: Value) -> Value:
    """``grad_x = grad_output``."""
    return grad_output


def pulled_back(
    outputs: list[Any],
    cotangents: list[Any],
    variables: list[Any],
    own: list[Any],
    retain_graph: bool = False,
    create_graph: bool = False,
) -> list[Any]:
    """Return ``sum(cotangent * d output / d variable)`` for each variable; zeros where nothing depends on it.

    Args:
        outputs: tensors.
        cotangents: one for each output, of its shape; None for the 1 of an output of one element.
        variables: tensors that require grad.
        own: the variables of the caller, by which nobody else will differentiate.
        retain_graph: whether another pass will follow.
        create_graph: whether the caller will differentiate what is returned.

    Returns:
        Tensors of the variables' shapes and dtypes. They are part of a graph where gradients are enabled and something
        else that requires grad took part: a variable of a derivative around this one, or a tensor of the user's.
    """
    return as_one(run_pass, outputs, cotangents, variables, own, retain_graph, create_graph)


def run_pass(
    outputs: list[Any],
    cotangents: list[Any],
    variables: list[Any],
    own: list[Any],
    retain_graph: bool,
    create_graph: bool,
) -> list[Any]:
    """Do what ``pulled_back`` says."""
    roots = []
    starts = []
    for output, cotangent in zip(outputs, cotangents):
        if output.requires_grad:
            roots.append(output)
            starts.append(cotangent)
    if not roots:
        return [zeros_like(each) for each in variables]
    if not create_graph and is_grad_enabled():
        given = [each for each in starts if each is not None]
        create_graph = depends_on_others(roots + given, own)
    kept = retain_graph or create_graph
    return list(autograd.grad(roots, variables, starts, kept, create_graph, materialize_grads=True))


def depends_on_others(roots: list[Any], own: list[Any]) -> bool:
    """Return whether tensors were computed from something that requires grad and is none of one's own variables."""
    edges = []
    for root in roots:
        edge = edge_of(root)
        if type(edge) is not list:
            edges.append(edge)
    mine = {id(edge_of(each)) for each in own}
    for edge in edges:
        if type(edge) is not Node and type(edge) is not tuple and id(edge) not in mine:
            return True
    for node in autograd.collect(edges):
        if id(node) in mine:
            # A variable that is an alias belongs to a derivative around this one, or to the user.
            return True
        for edge in node.edges:
            if isinstance(edge, tensors.Tensor) and edge.requires_grad and id(edge) not in mine:
                return True
    return False


def finish(own: list[Any], reopen: bool = False) -> None:
    """Take the caller's variables out of further derivatives, when its own is done; or in again, for another pass."""
    as_one(switch, own, reopen)


def switch(own: list[Any], on: bool) -> None:
    """Do what ``finish`` says. An alias stays: it is part of a graph around it."""
    for each in own:
        if each.is_leaf:
            each.requires_grad = on


def settled(tree_leaf: Any, own: list[Any]) -> Any:
    """Return an output for the caller: outside of the graph where that leads to nothing but one's own variables."""
    if not isinstance(tree_leaf, tensors.Tensor) or not tree_leaf.requires_grad:
        return tree_leaf
    return as_one(settle, tree_leaf, own)


def settle(output: Tensor, own: list[Any]) -> Tensor:
    """Do what ``settled`` says."""
    return output if is_grad_enabled() and depends_on_others([output], own) else detach(output)


def checked_cotangent(who: str, what: str, given: Any, like: Tensor) -> Tensor:
    """Return a cotangent or tangent as a Tensor of the dtype of what it belongs to.

    Raises:
        TypeError: if it is no tensor, array or number; ValueError: if its shape is another.
    """
    tensor = as_tensor(who, what, given)
    if tensor.shape != like.shape:
        problem = f"{what} must have the shape {like.shape} of what it belongs to, got {describe(given)}."
        raise ValueError(message(who, problem, "Reshape or expand it: zeros_like and ones_like have the right shape."))
    return cast(tensor, like.dtype)


def recorded_call(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return ``function(*args, **kwargs)`` with gradients enabled, whatever mode the caller is in."""
    state = STATE.get()
    if state.grad_enabled:
        return function(*args, **kwargs)
    with autograd.enable_grad():
        return function(*args, **kwargs)
