"""``Contribution``: what a step gives to one input, as the engine hands it on."""

from typing import Any

import numpy as np

from minigrad.debug.nodes import destination, source_of
from minigrad.debug.rules import formulas
from minigrad.gradients import added
from minigrad.graph import Node, ndarray
from minigrad.ops.broadcasting import sum_to_size
from minigrad.tensors import Tensor


class Contribution:
    """What a step gives to one input of its operation.

    Attributes:
        input: the name of the input, ``x``; ``tensors[0]`` for an element of a sequence.
        rule: the formula, ``grad_x = grad_output @ y.T``; empty where the rule does not state one by name.
        grad: the contribution, of the input's shape and dtype; None where the input needs none.
        returned: the shape that the rule returned; another than ``grad.shape`` where the input was broadcast.
        before: what other operations had contributed to the same tensor when the step began, or None.
        accumulated: whether it was added to what the same tensor had received before it, from this step or another.
        source: the leaf tensor or the Node that the contribution goes to, or None.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad import debug
        >>> b = mg.tensor([0.0, 0.0], requires_grad=True)
        >>> (step,) = debug.steps(mg.ones(3, 2) + b, gradient=mg.ones(3, 2))
        >>> each = step.contributions[1]
        >>> each.rule, each.returned, each.grad, each.source is b
        ('grad_y = grad_output', (3, 2), array([3., 3.], dtype=float32), True)
    """

    __slots__ = ("_after", "_together", "accumulated", "before", "grad", "input", "returned", "rule", "source")

    def __init__(self, name: str, rule: str, before: Any) -> None:
        """Start with nothing contributed."""
        self.input = name
        self.rule = rule
        self.before = before
        self.source: Any = None
        self.grad: Any = None
        self.returned: tuple[int, ...] | None = None
        self.accumulated = False
        # What this step gives to the same tensor, in the engine's order: the arrays, because a list that holds the
        # contribution itself would be a ring, which keeps the graph alive.
        self._together: list[Any] = []
        self._after: Any = None

    @property
    def after(self) -> Any:
        """What the tensor has received when the step is over, or None: summed again as the engine does, to its bits."""
        if self._after is not None:
            return self._after
        total = self.before
        for grad in self._together:
            total = grad if total is None else added(total, grad)
        return read_only(total)

    def __repr__(self) -> str:
        """Return the formula and the shape."""
        return f"<Contribution {self.rule or self.input} {None if self.grad is None else self.grad.shape}>"


def contributions_of(node: Node, names: tuple[str, ...], grads: Any, before: Any) -> tuple[Contribution, ...]:
    """Return what a rule gave to each input, summed to the input's shape and of its dtype, as the engine hands it on.

    Args:
        node: the operation.
        names: of its inputs.
        grads: what the rule returned, or None where it was not run.
        before: what had arrived at each input before.
    """
    texts = formulas(node.vjp)
    found = []
    given: dict[Any, list[Any]] = {}
    for name, grad, edge, old in zip(names, grads or (), node.edges, before):
        each = Contribution(name, formula_of(name, texts), read_only(old))
        found.append(each)
        each.source = source_of(edge)
        if each.source is None:
            continue
        each._together = given.setdefault(edge, [])
        if grad is not None:
            shape, dtype = destination(edge)
            each.returned = np.shape(grad)
            array = grad.data if isinstance(grad, Tensor) else np.asarray(grad)
            if array.shape != shape:  # only then, as the engine does: a sum over no axis makes 0 of -0
                array = np.asarray(sum_to_size(array, shape))
            each.grad = read_only(array.astype(dtype, copy=False))
            each.accumulated = old is not None or len(each._together) > 0
            each._together.append(each.grad)
    return tuple(found)


def formula_of(name: str, texts: dict[str, str]) -> str:
    """Return the formula of one input; that of a sequence, ``tensors[i]``, with the element's place."""
    if not name.endswith("]"):
        return texts.get(name, "")
    parameter, index = name[:-1].split("[")
    return texts.get(parameter + "[i]", "").replace("[i]", f"[{index}]")


def read_only(value: Any) -> Any:
    """Return an array as a view that cannot be written to; the elements of a tuple likewise; else the value itself."""
    if type(value) is tuple:
        return tuple([read_only(each) for each in value])
    if not isinstance(value, ndarray):
        return value
    view = value.view()
    view.flags.writeable = False
    return view
