"""Products of Jacobians and Hessians with vectors, which are never made: ``vjp``, ``jvp`` and ``hvp``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.errors import describe, message
from minigrad.func.arguments import (
    Variables,
    checked_function,
    scalar_output,
    split_aux,
    tensor_outputs,
)
from minigrad.func.derivatives import settled_tree
from minigrad.func.trees import Structure, flatten, leaves_like, unflatten
from minigrad.func.variables import as_variable, checked_cotangent, finish, pulled_back, recorded_call, settled
from minigrad.ops.creation import zeros_like
from minigrad.ops.operands import Tensor


class Pullback:
    """What ``vjp`` returns beside the output: a function from cotangents of the output to those of the primals.

    It can be called as often as wanted, and what it returns can be differentiated.
    """

    __slots__ = ("outputs", "structure", "variables")

    def __init__(self, outputs: list[Tensor], structure: Structure, variables: Variables) -> None:
        """Keep the graph between the variables and the outputs."""
        self.outputs = outputs
        self.structure = structure
        self.variables = variables

    def __call__(self, cotangents: Any) -> tuple[Any, ...]:
        """Return ``cotangents @ Jacobian``, one tree for each of the primals.

        Args:
            cotangents: tensors, nested as the output of the function is, each of its output's shape.

        Raises:
            ValueError: if they are nested in another way, or of another shape.
        """
        given = leaves_like("vjp", "the cotangents", cotangents, self.structure)
        checked = []
        for index, output in enumerate(self.outputs):
            checked.append(checked_cotangent("vjp", "a cotangent", given[index], output))
        own = self.variables.leaves
        finish(own, reopen=True)
        gradients: tuple[Any, ...] = self.variables.nested(pulled_back(self.outputs, checked, own, own, True))
        finish(own)
        return gradients

    def __repr__(self) -> str:
        """Return what it takes and gives."""
        return f"Pullback({self.structure!r} -> {tuple(self.variables.structures)!r})"


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """Return the output of ``func(*primals)`` and the function that multiplies cotangents with its Jacobian.

    Args:
        func: takes the primals and returns a tensor, or tensors nested in tuples, lists and dicts.
        primals: the arguments, all of them differentiated by.
        has_aux: whether ``func`` returns ``(output, aux)``.

    Returns:
        ``(output, pullback)``, and aux as a third with ``has_aux``. ``pullback(cotangents)`` takes one tensor for each
        of the output's, nested as it is, and returns a tuple of one gradient for each of the primals.

    Raises:
        TypeError: if a primal is not floating, or something else than floating tensors is returned.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad.func import vjp
        >>> output, pullback = vjp(lambda x, y: x * y, mg.tensor([1.0, 2.0]), mg.tensor([3.0, 4.0]))
        >>> pullback(mg.tensor([1.0, 10.0]))
        (Tensor((2,) float32 | 3 40), Tensor((2,) float32 | 1 20))
    """
    checked_function("vjp", func)
    require_primals("vjp", primals)
    variables = Variables("vjp", tuple(range(len(primals))), primals)
    output, aux = split_aux("vjp", recorded_call(func, variables.args, {}), has_aux)
    outputs, structure = tensor_outputs("vjp", output)
    own = variables.leaves
    found = settled_tree(output, own)
    aux = settled_tree(aux, own)
    finish(own)
    pullback = Pullback(outputs, structure, variables)
    return (found, pullback, aux) if has_aux else (found, pullback)


def jvp(
    func: Callable[..., Any], primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False
) -> tuple[Any, ...]:
    """Return the output of ``func(*primals)`` and its derivative in the direction of the tangents.

    The vector-Jacobian product is linear in its cotangents, and differentiating it by them gives the Jacobian-vector
    product: two reverse passes, no forward mode.

    Args:
        func: takes the primals and returns a tensor, or tensors nested in tuples, lists and dicts.
        primals: a tuple of the arguments.
        tangents: a tuple of their directions, nested as the primals are.
        strict: whether to refuse an output that does not depend on the primals, instead of returning zeros.
        has_aux: whether ``func`` returns ``(output, aux)``.

    Returns:
        ``(output, tangent of the output)``, and aux as a third with ``has_aux``.

    Raises:
        TypeError: if primals or tangents are no tuple, or not of floats; ValueError: if their shapes differ.
        RuntimeError: with ``strict``, if an output does not depend on the primals.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad.func import jvp
        >>> jvp(lambda x: x**2, (mg.tensor([1.0, 2.0]),), (mg.tensor([1.0, 10.0]),))
        (Tensor((2,) float32 | 1 4), Tensor((2,) float32 | 2 40))

    Source: Townsend, "A new trick for calculating Jacobian vector products", 2017.
    """
    checked_function("jvp", func)
    for what, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, (tuple, list)):
            remedy = f"Write a tuple of one: ({what},)."
            raise TypeError(
                message("jvp", f"{what} must be a tuple, one for each argument; got {describe(given)}.", remedy)
            )
    primals = tuple(primals)
    require_primals("jvp", primals)
    variables = Variables("jvp", tuple(range(len(primals))), primals)
    directions = directions_of("jvp", variables, tuple(tangents))
    output, aux = split_aux("jvp", recorded_call(func, variables.args, {}), has_aux)
    outputs, structure = tensor_outputs("jvp", output)
    own = variables.leaves
    found = settled_tree(output, own)
    aux = settled_tree(aux, own)
    if strict:
        require_dependence(outputs)
    derivative = unflatten(structure, pushed_forward(outputs, own, directions))
    return (found, derivative, aux) if has_aux else (found, derivative)


def pushed_forward(outputs: list[Tensor], own: list[Tensor], directions: list[Tensor]) -> list[Tensor]:
    """Return for each output its derivative in the given directions of the variables."""
    weights = []
    for output in outputs:
        weights.append(as_variable("jvp", "the output", zeros_like(output)))
    gradients = pulled_back(outputs, list(weights), own, own, create_graph=True)
    tangents = pulled_back(gradients, list(directions), weights, own + weights)
    finish(own + weights)
    return tangents


def hvp(func: Callable[..., Any], inputs: Any, v: Any) -> tuple[Any, Any]:
    """Return the output of ``func`` and the product of its Hessian with a vector: one forward and two reverse passes.

    Args:
        func: takes the inputs and returns a 0-d tensor.
        inputs: a tensor, array or float; a tuple of them (each may be nested) for several arguments.
        v: the vector, nested as the inputs are.

    Returns:
        ``(output, product)``, the product nested as the inputs are.

    Raises:
        TypeError: if an input is not floating or the output no Tensor; RuntimeError: if the output is not 0-d.
        ValueError: if the shapes of ``v`` are not those of the inputs.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad.func import hvp
        >>> hvp(lambda x: (x**3).sum(), mg.tensor([1.0, 2.0]), mg.tensor([1.0, 0.0]))
        (Tensor(() float32 | 9), Tensor((2,) float32 | 6 0))

    Source: Pearlmutter, "Fast exact multiplication by the Hessian", Neural Computation 6, 1994.
    """
    checked_function("hvp", func)
    several = isinstance(inputs, tuple)
    args = inputs if several else (inputs,)
    require_primals("hvp", args)
    variables = Variables("hvp", tuple(range(len(args))), args)
    directions = directions_of("hvp", variables, v if several else (v,))
    output = scalar_output("hvp", recorded_call(func, variables.args, {}))
    own = variables.leaves
    value = settled(output, own)
    gradients = pulled_back([output], [None], own, own, create_graph=True)
    product = variables.nested(pulled_back(gradients, list(directions), own, own))
    finish(own)
    return value, product if several else product[0]


def require_primals(who: str, primals: tuple[Any, ...]) -> None:
    """Raise a ValueError unless there is something to differentiate by."""
    if not primals:
        raise ValueError(message(who, "at least one argument to differentiate by is needed.", "Pass it after func."))


def directions_of(who: str, variables: Variables, tangents: Any) -> list[Tensor]:
    """Return one checked tensor for each variable, from trees nested as the arguments are."""
    checked: list[Tensor] = []
    given = leaves_like(who, "the vector", tangents, flatten(variables.args)[1])
    for value, leaf in zip(given, variables.leaves):
        checked.append(checked_cotangent(who, "a vector", value, leaf))
    return checked


def require_dependence(outputs: list[Tensor]) -> None:
    """Raise a RuntimeError if an output does not depend on anything that is differentiated by."""
    for output in outputs:
        if not output.requires_grad:
            problem = f"strict=True, and the output {describe(output)} does not depend on the primals."
            raise RuntimeError(message("jvp", problem, "Leave strict out to get zeros for it."))
