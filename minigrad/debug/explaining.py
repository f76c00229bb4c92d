"""``explain``: what a gradient is the sum of, term by term, with rule, shapes, numbers and source line."""

import difflib
import html
from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.debug.answers import tensor_name
from minigrad.debug.formulas import axes_in_words, filled_in, summed, summed_axes
from minigrad.debug.names import operand_names, output_name
from minigrad.debug.nodes import flattened, source_of
from minigrad.debug.passes import Pass
from minigrad.debug.printing import summary
from minigrad.debug.reasons import cause_of_none, same_edge
from minigrad.debug.step import Step
from minigrad.debug.stepping import begun, walk
from minigrad.errors import describe, message
from minigrad.gradients import added
from minigrad.graph import edge_of
from minigrad.positions import Position
from minigrad.tensors import Tensor
from minigrad.variables import variable_of


class Term:
    """One term of a gradient.

    Attributes:
        op: the name of the operation that gave it; "" for what no operation gave: the 1 that the pass began with, or
            what an earlier pass had left.
        input: which input of the operation it is for, ``y``.
        rule: the formula as the rule states it, ``grad_y = x.T @ grad_output``; or what the term is, in words.
        formula: the same with the user's names, shapes and the sum over broadcast axes.
        grad: the numbers, of the tensor's shape.
        summed_axes: the axes along which the tensor was broadcast, so that its gradient is summed over them.
        where: the place in the user's code, or None; ``expression`` is its text.
        module: the dotted path of the module that was running, or None.
        step: the Step of the backward pass, or None.
    """

    __slots__ = ("expression", "formula", "grad", "input", "module", "op", "rule", "step", "summed_axes", "where")

    def __init__(self, rule: str, grad: np.ndarray) -> None:
        """Describe a term that no operation of this pass gave."""
        self.op = self.input = self.expression = ""
        self.rule = self.formula = rule
        self.grad = grad
        self.summed_axes: tuple[int, ...] = ()
        self.where: Position | None = None
        self.module: str | None = None
        self.step: Step | None = None

    @property
    def place(self) -> str:
        """``matmul, train.py:17  x @ W``; with a word about broadcasting where there was some."""
        if not self.op:
            return ""
        text = self.op
        if self.summed_axes:
            text += f": {self.input} was broadcast along {axes_in_words(self.summed_axes)}"
        text += f", {self.where}  {self.expression}" if self.where is not None else ""
        return text.rstrip() + (f"  in {self.module}" if self.module else "")

    def __repr__(self) -> str:
        """Return the formula and the place."""
        return f"<Term {self.formula}" + (f"  {self.place}>" if self.place else ">")


class Explanation:
    """What a gradient is the sum of; printed, it reads as a derivation.

    Attributes:
        tensor: the tensor whose gradient it is.
        name: what it is called here: ``W.grad``, or ``dL/dh`` for a tensor that keeps no gradient.
        terms: the terms in the order in which the pass added them; what an earlier pass had left comes last.
        reason: why ``tensor.grad`` is None after the pass; None where it is not.
        total: the sum, or None where there are no terms.
    """

    __slots__ = ("name", "reason", "tensor", "terms", "total")

    def __init__(self, tensor: Tensor, name: str, terms: tuple[Term, ...], total: Any, reason: str | None) -> None:
        """Hold the terms."""
        self.tensor = tensor
        self.name = name
        self.terms = terms
        self.total = total
        self.reason = reason

    @property
    def text(self) -> str:
        """The lines that are printed."""
        if not self.terms:
            return f"{self.name} is None: {self.reason}"
        head = f"{self.name} {self.tensor.shape}"
        lines = [f"{head} = {self.terms[0].formula}"]
        for term in self.terms[1:]:
            lines.append(" " * len(head) + " + " + term.formula)
        width = max([len(line) for line in lines])
        lines = [f"{line:{width}}   {term.place}".rstrip() for line, term in zip(lines, self.terms)]
        if len(self.terms) > 1:
            for term, sign in zip(self.terms, "=" + "+" * len(self.terms)):
                lines.append(f"  {sign} {summary(term.grad, True)}")
        lines.append(f"  = {summary(np.asarray(self.total), True)}")
        if self.reason is not None:
            lines.append(f"  .grad is None: {self.reason}")
        return "\n".join(lines)

    def __str__(self) -> str:
        """Return the lines."""
        return self.text

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.text)}</pre>"


def explain(
    loss: Any, tensor: Any = None, gradient: Any = None, *, write: bool = False, retain_graph: bool = True
) -> Explanation:
    """Run the backward pass of ``loss`` and say what the gradient of a tensor is made of.

    No gradient is written and the graph can be used again, unless ``write`` asks for what ``loss.backward()`` would do.
    Hooks of tensors and nodes run as in any pass.

    Args:
        loss: the tensor to differentiate.
        tensor: the tensor to explain, a leaf or not; or its name.
        gradient: dL/d(loss), of its shape; may be left out when it has one element: then it is 1.
        write: write the gradients to all leaves, as ``loss.backward()`` does.
        retain_graph: with ``write``, keep the graph for another pass.

    Returns:
        An ``Explanation``: its ``text`` is printed, its ``terms`` and ``reason`` are data.

    Raises:
        RuntimeError: as ``Tensor.backward``; or if there is no ``tensor``: from the gradient of a pass that nobody
            recorded, its terms cannot be told.
        TypeError: if ``tensor`` is neither Tensor nor name; ValueError: if nothing in the graph has that name.

    Examples:
        >>> import minigrad as mg
        >>> x, W = mg.ones(5, 3), mg.ones(3, 2, requires_grad=True)
        >>> explain((x @ W).sum(), W)  # doctest: +ELLIPSIS
        W.grad (3, 2) = x.T (3, 5) @ grad_output (5, 2)   matmul, <doctest ...>:1  x @ W
          = (3, 2)  norm 12.2  [5 5 5 5 5 5]
        >>> W.grad is None
        True
    """
    if tensor is None:
        refuse_alone(loss)
    sweep = begun("explain", loss, gradient, retain_graph)
    asked, tensor = tensor, chosen(tensor, sweep.order)
    name = asked if isinstance(asked, str) else tensor_name(tensor, sweep.order)
    edge = edge_of(tensor)
    earlier = None if tensor.grad is None else tensor.grad.numpy().copy()
    started = None if type(edge) is list else sweep.pending.get(edge)
    steps = list(walk(sweep, write))
    explanation = explanation_of(steps, tensor, name, earlier, started)
    if not explanation.terms:
        explanation.reason = cause_of_none(tensor, sweep.order, steps)[1]
    return explanation


def explain_pass(recorded: Pass, tensor: Any) -> Explanation:
    """Return what a backward pass that was recorded has given to a tensor; it need not be alive any more.

    Args:
        recorded: the pass.
        tensor: the tensor, or its name.

    Raises:
        TypeError, ValueError: as ``explain``.
    """
    asked, tensor = tensor, chosen(tensor, recorded.order)
    name = asked if isinstance(asked, str) else tensor_name(tensor, recorded.order)
    steps = list(recorded.steps())
    earlier = recorded.earlier.get(tensor) if tensor.is_leaf else None
    edge = edge_of(tensor)
    started = None
    if steps and same_edge(recorded.roots[0], edge) and len(recorded.roots) == 1:
        started = steps[0].grad_output
    array = None if earlier is None else earlier.numpy()
    explanation = explanation_of(steps, tensor, name, array, started)
    if not explanation.terms:
        explanation.reason = cause_of_none(tensor, recorded.order, steps)[1]
    return explanation


def explanation_of(
    steps: Sequence[Step], tensor: Tensor, name: str, earlier: np.ndarray | None = None, started: Any = None
) -> Explanation:
    """Return what the steps of a whole pass have given to a tensor.

    Args:
        steps: all steps of the pass.
        tensor: the tensor.
        name: what to call it.
        earlier: its ``grad`` from before the pass, or None.
        started: what the pass began with there, if it began at the tensor itself.
    """
    edge = edge_of(tensor)
    terms: list[Term] = []
    total = None
    if started is not None:
        terms.append(Term("1, where the pass begins" if tensor.numel() == 1 else "gradient=, as it was given", started))
        total = started
    for step in steps:
        for index, each in enumerate(step.contributions):
            if each.grad is not None and same_edge(step.recorded.edges[index], edge):
                terms.append(term_of(step, index))
                total = each.grad if total is None else added(total, each.grad)
    if not terms:
        return Explanation(tensor, f"{name}.grad", (), None, None)
    reason = None
    kept = tensor.is_leaf or retains(tensor)
    if not kept:
        reason = "it is not a leaf. Call retain_grad() on it before the backward pass, and it keeps its gradient."
    elif earlier is not None:
        terms.append(Term("what an earlier backward pass had left", earlier))
        total = earlier + total
    return Explanation(tensor, f"{name}.grad" if kept else f"dL/d{name}", tuple(terms), total, reason)


def term_of(step: Step, index: int) -> Term:
    """Return what a step gave to its input ``index``."""
    each = step.contributions[index]
    node = step.recorded
    term = Term(each.rule, each.grad)
    term.op = node.name
    term.step = step
    term.where = step.node.where
    term.expression = term.where.expression if term.where is not None else ""
    term.module = node.module
    names = {}
    for parameter, name in zip(step.node.inputs, operand_names(node)):
        if name is not None:
            names[parameter] = name
    output = output_name(node)
    if output is not None:
        names["output"] = output
    term.input = names.get(each.input, each.input)
    rule = each.rule
    term.summed_axes = summed_axes(np.shape(each.grad) if each.returned is None else each.returned, each.grad.shape)
    if rule.endswith(" = sum(g)"):
        # The bias of a layer, which the layer has broadcast: its rule sums what the engine would.
        rule, term.summed_axes = "grad_bias = g", tuple(range(len(np.shape(step.grad_output)) - each.grad.ndim))
    term.formula = summed(formula_text(step, rule, names), term.summed_axes)
    return term


def formula_text(step: Step, rule: str, names: dict[str, str]) -> str:
    """Return the formula of one input, filled in; the name of the rule where it states none."""
    if not rule:
        return step.recorded.vjp.__name__
    values = {**step.saved, "grad_output": step.grad_output}
    if "g" not in values:
        values["g"] = step.grad_output
        if values.get("activation", "none") == "none":
            # The literature's g: where no activation follows, it is the gradient that arrives.
            names = {**names, "g": "grad_output"}
    return filled_in(rule, values, names)


def retains(tensor: Tensor) -> bool:
    """Return whether a tensor that is no leaf was asked to keep its gradient."""
    node = tensor.grad_fn
    return node.hooks is not None and tensor._output_number in node.hooks.retained


def chosen(tensor: Any, order: Sequence[Any]) -> Tensor:
    """Return the tensor that was asked about, itself or by its name."""
    if isinstance(tensor, str):
        return tensor_called(tensor, order)
    if not isinstance(tensor, Tensor):
        refuse_no_tensor(tensor)
    found: Tensor = tensor
    return found


def tensor_called(name: str, order: Sequence[Any]) -> Tensor:
    """Return the leaf of a graph that is called so.

    Raises:
        ValueError: if there is none; near names are suggested.
    """
    known: dict[str, Tensor] = {}
    for node in order:
        kept = flattened(node.inputs or ())
        for index, (edge, text) in enumerate(zip(node.edges, operand_names(node))):
            leaf = source_of(edge)
            if text is None and index < len(kept):
                # A parameter has its name from its model, which a recording may outlive; what it kept has it too.
                text = getattr(kept[index], "name", None)
            if isinstance(leaf, Tensor) and text is not None:
                known.setdefault(text, leaf)
    if name not in known:
        near = difflib.get_close_matches(name, known, 3, 0.4) or sorted(known)[:8]
        remedy = f"Did you mean {' or '.join(near)}?" if near else "Pass the tensor itself."
        raise ValueError(message("explain", f"no leaf of this graph is called {name!r}.", remedy))
    return known[name]


def refuse_alone(tensor: Any) -> None:
    """Raise: a gradient alone does not tell its terms."""
    name = variable_of(tensor) or "W"
    raise RuntimeError(
        message(
            "explain",
            f"{describe(tensor)} alone does not tell what its gradient was made of: the backward pass was not "
            "recorded, and has released what it read.",
            f"Either debug.explain(loss, {name}), in the place of or before loss.backward(); or, around forward and "
            f"backward, `with debug.recording() as r:`, and afterwards r.explain({name}).",
        )
    )


def refuse_no_tensor(value: Any) -> None:
    """Raise: something else than a tensor or its name is to be explained."""
    raise TypeError(
        message(
            "explain",
            f"a Tensor of the graph or its name is needed, got {describe(value)}.",
            "Of a model, pass one parameter: debug.explain(loss, model[0].weight). debug.without_gradient(loss, model) "
            "tells which have none.",
        )
    )
