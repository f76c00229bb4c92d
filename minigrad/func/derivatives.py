"""Gradients of functions: ``grad``, ``value_and_grad`` and ``grad_and_value``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, update_wrapper
from typing import Any

from minigrad.func.arguments import (
    Argnums,
    Variables,
    checked_function,
    scalar_output,
    split_aux,
)
from minigrad.func.trees import flatten, unflatten
from minigrad.func.variables import finish, pulled_back, recorded_call, settled
from minigrad.ops.operands import Tensor


def grad(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """Return a function that computes the gradient of ``func``.

    Args:
        func: takes tensors, also nested in tuples, lists, dicts and dataclasses, and returns a 0-d tensor.
        argnums: the argument to differentiate by, or a tuple of them; they may be tensors, arrays or floats.
        has_aux: whether ``func`` returns ``(output, aux)``.

    Returns:
        A function of the same arguments: the gradient in the structure of the argument, a tuple of them where
        ``argnums`` is one; ``(gradient, aux)`` with ``has_aux``. It leaves its arguments as they are, writes no
        ``.grad``, and can be differentiated again. Where the output does not depend on an argument it is zero.

    Raises:
        TypeError: at the call, if an argument is not floating or the output is no Tensor.
        RuntimeError: at the call, if the output is not 0-d; ValueError: if there is no argument ``argnums``.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad.func import grad
        >>> grad(lambda x: x**3)(2.0), grad(grad(lambda x: x**3))(2.0)
        (Tensor(() float32 | 12), Tensor(() float32 | 12))
    """
    return derivative_of("grad", gradient, func, argnums, has_aux)


def value_and_grad(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """Return a function that computes ``(func(...), gradient)``; arguments as for ``grad``.

    With ``has_aux`` it returns ``((output, aux), gradient)``.

    Examples:
        >>> from minigrad.func import value_and_grad
        >>> value_and_grad(lambda x: x**3)(2.0)
        (Tensor(() float32 | 8), Tensor(() float32 | 12))
    """
    return derivative_of("value_and_grad", value_then_gradient, func, argnums, has_aux)


def grad_and_value(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """Return a function that computes ``(gradient, func(...))``, PyTorch's order; arguments as for ``grad``.

    With ``has_aux`` it returns ``(gradient, (output, aux))``.
    """
    return derivative_of("grad_and_value", gradient_then_value, func, argnums, has_aux)


def derivative_of(
    who: str, compute: Callable[..., Any], func: Callable[..., Any], argnums: Argnums, has_aux: bool
) -> Callable[..., Any]:
    """Return ``compute(func, argnums, has_aux, ...)`` as a function of the arguments of ``func``."""
    checked_function(who, func)
    return update_wrapper(partial(compute, func, argnums, has_aux), func)


def gradient(func: Callable[..., Any], argnums: Argnums, has_aux: bool, /, *args: Any, **kwargs: Any) -> Any:
    """Return the gradient of ``func`` at ``args``: what ``grad(func)`` runs."""
    gradients, output, aux = differentiate("grad", func, argnums, has_aux, args, kwargs)
    return (gradients, aux) if has_aux else gradients


def value_then_gradient(
    func: Callable[..., Any], argnums: Argnums, has_aux: bool, /, *args: Any, **kwargs: Any
) -> tuple[Any, Any]:
    """Return value and gradient of ``func`` at ``args``: what ``value_and_grad(func)`` runs."""
    gradients, output, aux = differentiate("value_and_grad", func, argnums, has_aux, args, kwargs)
    return ((output, aux) if has_aux else output), gradients


def gradient_then_value(
    func: Callable[..., Any], argnums: Argnums, has_aux: bool, /, *args: Any, **kwargs: Any
) -> tuple[Any, Any]:
    """Return gradient and value of ``func`` at ``args``: what ``grad_and_value(func)`` runs."""
    gradients, output, aux = differentiate("grad_and_value", func, argnums, has_aux, args, kwargs)
    return gradients, ((output, aux) if has_aux else output)


def differentiate(
    who: str,
    func: Callable[..., Any],
    argnums: Argnums,
    has_aux: bool,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> tuple[Any, Any, Any]:
    """Return the gradient of a function, its output, and what it returned beside it."""
    variables = Variables(who, argnums, args)
    output, aux = split_aux(who, recorded_call(func, variables.args, kwargs), has_aux)
    scalar_output(who, output)
    own = variables.leaves
    # What is returned is settled first: it looks at the graph, which the pass releases.
    value, aux = settled(output, own), settled_tree(aux, own)
    gradients = pulled_back([output], [None], own, own)
    finish(own)
    return variables.nested(gradients), value, aux


def settled_tree(tree: Any, own: list[Tensor]) -> Any:
    """Return a tree of outputs for the caller: each ``settled``."""
    leaves, structure = flatten(tree)
    found = []
    for leaf in leaves:
        found.append(settled(leaf, own))
    return unflatten(structure, found)
