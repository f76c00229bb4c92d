"""What an expression about a step can name: its gradients, its saved values, ``np``, ``node``, ``step``."""

from typing import TYPE_CHECKING, Any

import numpy as np

from minigrad.debug.nodes import number_of_inputs
from minigrad.debug.rules import input_names, saved_names

if TYPE_CHECKING:
    from minigrad.debug.step import Step
    from minigrad.graph import Node

#: What every step has.
ALWAYS = ("grad_output", "node", "np", "step")


def namespace(step: "Step") -> dict[str, Any]:
    """Return the names that an expression about a step can use, and their values.

    ``grad_output`` (``grad_outputs``, a tuple, where there are several), the saved values and ``grad_x`` for each input
    ``x`` by name, ``np``, ``node`` and ``step``. An element of a sequence, ``tensors[0]``, is in the tuple
    ``grad_tensors``.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad import debug
        >>> w = mg.tensor(3.0, requires_grad=True)
        >>> (step,) = debug.steps(w * w)
        >>> sorted(namespace(step))
        ['grad_output', 'grad_x', 'grad_y', 'node', 'np', 'step', 'x', 'y']
    """
    names: dict[str, Any] = {"np": np, "node": step.node, "step": step}
    names.update(step.saved)
    names["grad_outputs" if type(step.grad_output) is tuple else "grad_output"] = step.grad_output
    sequences: dict[str, list[Any]] = {}
    for each in step.contributions:
        if each.input.endswith("]"):
            sequences.setdefault("grad_" + each.input.split("[")[0], []).append(each.grad)
        else:
            names["grad_" + each.input] = each.grad
    for name, grads in sequences.items():
        names[name] = tuple(grads)
    return names


def possible_names(order: "list[Node]") -> set[str]:
    """Return every name that ``namespace`` gives for one of the nodes of a pass."""
    found = set(ALWAYS)
    seen = set()
    for node in order:
        kind = (node.op, node.vjp, len(node.edges))
        if kind in seen:
            continue
        seen.add(kind)
        found.update(saved_names(node.vjp))
        if node.several:
            found.add("grad_outputs")
        for name in input_names(node, number_of_inputs(node)):
            found.add("grad_" + name.split("[")[0])
    return found


def evaluate(expression: str, step: "Step") -> Any:
    """Return the value of an expression about a step, with the names of ``namespace`` and Python's own."""
    return eval(compile(expression, "<expression>", "eval"), {}, namespace(step))
