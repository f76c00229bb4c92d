"""How derivatives are taken of a batch: what this package does as one operation, see ``tapes.as_one``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.func.batched import Batched, whole_batch
from minigrad.func.tapes import as_one
from minigrad.func.variables import finish, pulled_back, run_pass, settle, settled, switch, variable
from minigrad.ops import joining
from minigrad.ops.creation import ones
from minigrad.ops.operands import Tensor


def new_variable(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """A variable for each example, also where all begin with the same values: each has a derivative of its own."""
    return as_one(variable, whole_batch(inputs[0], size))


def reverse_pass(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Any:
    """One pass for the batch: no example depends on another, so the gradients are those of each alone."""
    outputs, cotangents, variables, own, retain_graph, create_graph = inputs
    if not any(isinstance(each, Batched) for each in variables):
        return passes_of_a_loop(inputs, size)
    roots = [whole_batch(each, size) for each in outputs]
    starts = []
    for root, cotangent in zip(roots, cotangents):
        starts.append(ones(root.shape, dtype=root.dtype) if cotangent is None else whole_batch(cotangent, size))
    leaves = [whole_batch(each, size) for each in variables]
    return pulled_back(roots, starts, leaves, [whole_batch(each, size) for each in own], retain_graph, create_graph)


def passes_of_a_loop(inputs: Any, size: int) -> list[Any]:
    """Return the gradients of variables from outside, one pass after the other: ``vmap(pullback)(rows)``."""
    outputs, cotangents, variables, own, _, create_graph = inputs
    rows: list[list[Tensor]] = []
    for number in range(size):
        starts = [each.tensor[number] if isinstance(each, Batched) else each for each in cotangents]
        rows.append(pulled_back(list(outputs), starts, list(variables), list(own), True, create_graph))
    found = []
    for index in range(len(variables)):
        found.append(joining.stack([row[index] for row in rows]))
    return found


def settle_batch(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> Tensor | None:
    """Outside of the graph, where the batch leads to nothing but the caller's variables; None if it is no batch."""
    output, own = inputs
    return settled(output.tensor, [whole_batch(each, size) for each in own]) if isinstance(output, Batched) else None


def switch_batch(op: Callable[..., Any], inputs: Any, result: Any, size: int) -> None:
    """The variables of all examples with those of the one."""
    finish([each.tensor for each in inputs[0] if isinstance(each, Batched)], inputs[1])


STEPS: dict[Any, Callable[..., Any]] = {
    variable: new_variable,
    run_pass: reverse_pass,
    settle: settle_batch,
    switch: switch_batch,
}
