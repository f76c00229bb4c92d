"""``why_zero``: the operation in which a gradient becomes 0."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.debug.answers import Answer, facts, require_tensor, tensor_name, told
from minigrad.debug.reasons import cause_of_none, same_edge
from minigrad.debug.statistics import norm
from minigrad.debug.step import Step
from minigrad.debug.stepping import begun, walk
from minigrad.gradients import added
from minigrad.graph import Node, edge_of


def why_zero(loss: Any, tensor: Any, gradient: Any = None) -> Answer:
    """Say in which operation the gradient of a tensor becomes 0, and what it read there.

    The backward pass is run for it; no gradient is written and the graph can be used again.

    Args:
        loss: the tensor to differentiate.
        tensor: the tensor whose gradient is 0, all of it or some numbers.
        gradient: dL/d(loss), of its shape; may be left out when it has one element: then it is 1.

    Returns:
        An ``Answer``. Its ``number`` is the share of the numbers of the gradient that are 0; None where there is no
        gradient, and then the line says why.

    Raises:
        RuntimeError: as ``Tensor.backward``. TypeError: if ``tensor`` is no Tensor.

    Examples:
        >>> import minigrad as mg
        >>> w = mg.tensor([-1.0, -2.0], requires_grad=True)
        >>> why_zero(mg.relu(w).sum(), w)  # doctest: +ELLIPSIS
        all of w.grad is 0: relu (<doctest ...>:1: mg.relu(w)) is given a gradient of norm 1.41 and hands on 0; ...
    """
    tensor = require_tensor("why_zero", tensor)
    sweep = begun("why_zero", loss, gradient, True)
    edge = edge_of(tensor)
    total = None if type(edge) is list else sweep.pending.get(edge)
    steps = list(walk(sweep, write=False))
    terms = contributions_to(edge, steps)
    for step, index in terms:
        grad = step.contributions[index].grad
        total = grad if total is None else added(total, grad)
    name = tensor_name(tensor, sweep.order)
    if total is None:
        node, reason = cause_of_none(tensor, sweep.order, steps)
        return Answer(f"{name}.grad is None, not 0: {reason}", node)
    zeros = zero_share(total)
    if zeros == 0:
        return Answer(
            f"{name}.grad is not 0: none of its {total.size} numbers is; its norm is {norm(total):.3g}", None, 0
        )
    if zeros == 1:
        return whole_zero(f"all of {name}.grad is 0", steps, terms)
    count = f"{round(zeros * total.size)} of the {total.size} numbers of {name}.grad are 0"
    return partly_zero(count, zeros, steps, edge)


def contributions_to(edge: Any, steps: Sequence[Step]) -> list[tuple[Step, int]]:
    """Return the steps, and their inputs, that gave a gradient to an edge."""
    found = []
    for step in steps:
        for index, each in enumerate(step.contributions):
            if each.grad is not None and same_edge(step.recorded.edges[index], edge):
                found.append((step, index))
    return found


def whole_zero(start: str, steps: Sequence[Step], terms: Sequence[tuple[Step, int]]) -> Answer:
    """Return where a gradient that is 0 everywhere became so: the step nearest to the loss that made 0 of something."""
    if any(np.any(step.contributions[index].grad) for step, index in terms):
        places = " and ".join([told(step.recorded) for step, _ in terms])
        return Answer(f"{start}: its {len(terms)} terms cancel, from {places}", terms[-1][0].recorded, 1)
    consumers: dict[Any, list[Step]] = {}
    for step in steps:
        for parent in step.recorded.parents:
            consumers.setdefault(parent[0] if type(parent) is tuple else parent, []).append(step)
    known = set()
    waiting = [step for step, _ in terms]
    for step in waiting:  # it grows meanwhile
        if any_number(step.grad_output):
            because = facts(step) or f"its rule is {step.rule}"
            size = sum([norm(each) ** 2 for each in gradients_of(step)]) ** 0.5
            text = f"{told(step.recorded)} is given a gradient of norm {size:.3g} and hands on 0; {because}"
            return Answer(f"{start}: {text}", step.recorded, 1)
        for further in consumers.get(step.recorded, ()):
            if further not in known:
                known.add(further)
                waiting.append(further)
    return Answer(f"{start}: so was the gradient that the pass began with", steps[0].recorded if steps else None, 1)


def partly_zero(start: str, zeros: float, steps: Sequence[Step], edge: Any) -> Answer:
    """Return which step on the way to an edge added most zeros: where the share of them grows most."""
    on_the_way: set[Any] = set()
    most, worst, grad = 0.0, None, None
    for step in reversed(steps):
        node = step.recorded
        for index, each in enumerate(step.contributions):
            used = node.edges[index]
            source = used[0] if type(used) is tuple else used
            if each.grad is None or not (same_edge(used, edge) or (type(source) is Node and source in on_the_way)):
                continue
            on_the_way.add(node)
            growth = zero_share(each.grad) - max([zero_share(grad) for grad in gradients_of(step)])
            if growth > most:
                most, worst, grad = growth, step, each.grad
    if worst is None or grad is None:
        return Answer(f"{start}, as many as in the gradient that the pass began with", None, zeros)
    arrived = sum([each.size - np.count_nonzero(each) for each in gradients_of(worst)])
    of = sum([each.size for each in gradients_of(worst)])
    text = f"most appear in {told(worst.recorded)}: {arrived} of {of} are 0 before it, "
    text += f"{grad.size - np.count_nonzero(grad)} of {grad.size} behind it"
    because = facts(worst)
    return Answer(f"{start}; {text}" + (f"; {because}" if because else ""), worst.recorded, zeros)


def gradients_of(step: Step) -> list[np.ndarray]:
    """Return the gradients that arrived at the outputs of a step."""
    given = step.grad_output if type(step.grad_output) is tuple else (step.grad_output,)
    return [each for each in given if each is not None]


def any_number(grad_output: Any) -> bool:
    """Return whether a gradient that arrived, or one of several, has a number other than 0."""
    for each in grad_output if type(grad_output) is tuple else (grad_output,):
        if each is not None and np.any(each):
            return True
    return False


def zero_share(array: np.ndarray) -> float:
    """Return which part of an array is 0."""
    return float(1 - np.count_nonzero(array) / array.size) if array.size else 0.0
