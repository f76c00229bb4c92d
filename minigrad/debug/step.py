"""``Step``: one operation of a backward pass. It holds references; what is shown of it is worked out when asked for."""

from typing import Any

import numpy as np

from minigrad.debug import finite_differences, jacobians, printing
from minigrad.debug.contributions import Contribution, contributions_of, read_only
from minigrad.debug.nodes import StepNode
from minigrad.debug.op_checks import OpCheck
from minigrad.debug.rules import rule_text, saved_names
from minigrad.debug.statistics import LARGE, flags_of
from minigrad.graph import Node


class Step:
    """One operation of a backward pass, after its rule has run.

    The arrays are read-only and are those of the pass and of the graph, not copies: an optimizer that afterwards writes
    into a weight changes ``saved`` of a step that was kept. A step in a Stepper's history beyond its memory has
    ``Statistics`` in the place of arrays.

    Attributes:
        index, total: this is step ``index`` of ``total``, counted from 1.
        recorded: the engine's own Node.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad import debug
        >>> w = mg.tensor([1.0, 2.0], requires_grad=True, name="w")
        >>> step = list(debug.steps((w * w).sum()))[1]
        >>> step
        <Step 2/2 mul (2,)>
        >>> step.rule
        'grad_x = grad_output * y; grad_y = grad_output * x'
        >>> step.grad_output, sorted(step.flags), list(step.saved)
        (array([1., 1.], dtype=float32), ['accumulated'], ['x', 'y'])
        >>> step.local_jacobian("x")
        array([[1., 0.],
               [0., 2.]], dtype=float32)
    """

    __slots__ = ("_before", "_found", "_grad_output", "_grads", "_saved", "index", "recorded", "total")

    index: int
    total: int
    recorded: Node
    _before: list[Any]
    _found: dict[str, Any] | None
    _grad_output: Any
    _grads: Any
    _saved: tuple[Any, ...] | None

    @property
    def found(self) -> dict[str, Any]:
        """What has been worked out so far."""
        if self._found is None:
            self._found = {}
        return self._found

    @property
    def node(self) -> StepNode:
        """The operation: op, name, inputs, shape, where, module."""
        if "node" not in self.found:
            self.found["node"] = StepNode(self.recorded)
        node: StepNode = self.found["node"]
        return node

    @property
    def grad_output(self) -> Any:
        """dL/d(output), complete: every operation that used the output has contributed.

        A tuple where there are several outputs; None where no gradient arrived, and the rule was not run.
        """
        return None if self._grads is None else read_only(self._grad_output)

    @property
    def contributions(self) -> tuple[Contribution, ...]:
        """One for each input that the rule answers for."""
        if "contributions" not in self.found:
            names = self.node.inputs
            self.found["contributions"] = contributions_of(self.recorded, names, self._grads, self._before)
        contributions: tuple[Contribution, ...] = self.found["contributions"]
        return contributions

    @property
    def rule(self) -> str:
        """All formulas, ``grad_x = grad_output @ y.T; grad_y = x.T @ grad_output``."""
        return rule_text(self.recorded.vjp)

    @property
    def saved(self) -> dict[str, Any]:
        """The forward values that the rule reads, by the names of its parameters."""
        named = {}
        for name, value in zip(saved_names(self.recorded.vjp), self._saved or ()):
            named[name] = read_only(value)
        return named

    @property
    def grad_inputs(self) -> tuple[np.ndarray | None, ...]:
        """The contribution to each input, None where it needs none."""
        return tuple([each.grad for each in self.contributions])

    @property
    def before(self) -> tuple[np.ndarray | None, ...]:
        """What each input's gradient was when the step began: the contributions of other operations so far."""
        return tuple([each.before for each in self.contributions])

    @property
    def after(self) -> tuple[np.ndarray | None, ...]:
        """What each input's gradient is when the step is over."""
        return tuple([each.after for each in self.contributions])

    @property
    def flags(self) -> frozenset[str]:
        """What is remarkable about it, as words.

        ``nan``, ``inf``, ``large`` (above 1000 in size): one of its gradients holds such a number; at the first step,
        ``nan`` and ``inf`` also where the loss itself does. ``zero``: all numbers of a gradient are 0. ``unbroadcast``:
        a contribution was summed to its input's shape. ``accumulated``: a contribution was added to an earlier one.
        """
        if "flags" not in self.found:
            self.found["flags"] = frozenset(self.flags_above(LARGE))
        flags: frozenset[str] = self.found["flags"]
        return flags

    def flags_above(self, large: float) -> set[str]:
        """Return ``flags``, with another bound for ``large``."""
        found = set()
        for array in self.gradients():
            found |= flags_of(array, large)
        # The gradients of a loss that is NaN may all be finite: that of log(-1) is -1.
        found |= flags_of(self.found.get("root"), large) & {"nan", "inf"}
        for each in self.contributions:
            if each.grad is not None and each.returned != each.grad.shape:
                found.add("unbroadcast")
            if each.accumulated:
                found.add("accumulated")
        return found

    def gradients(self) -> list[Any]:
        """Return the gradients of the outputs and the contributions to the inputs, those that there are."""
        gradients = self.grad_output
        found = list(gradients) if type(gradients) is tuple else [gradients]
        for each in self.contributions:
            found.append(each.grad)
        return [each for each in found if each is not None]

    @property
    def kept(self) -> bool:
        """Whether the arrays are there; else a history has kept their statistics only."""
        return "dropped" not in self.found

    def local_jacobian(self, i: int | str = 0, output: int = 0) -> np.ndarray:
        """Return d(output)/d(input i) of this operation alone, dense, by running its rule on unit vectors.

        Args:
            i: the input, by number or name: the operation's (``y``), or the user's (``W``).
            output: which output, where there are several.

        Returns:
            An array of the output's shape followed by the input's, of the input's dtype.

        Raises:
            ValueError: if there is no such input, it has no gradient, or the matrix has more than 4096 entries.
            RuntimeError: if the values that the rule reads are gone or were changed since.
        """
        return jacobians.local_jacobian(self, i, output)

    def check(self) -> OpCheck:
        """Compare the contributions with finite differences of this operation alone.

        Returns:
            What was found; it is true where all agree, and says which number does not.

        Raises:
            RuntimeError: if the operation's inputs were not kept: run the forward under ``debug.recording()``; or if
                the operation cannot be run again, because it draws random numbers or writes in place.
        """
        return finite_differences.check_step(self)

    def __repr__(self) -> str:
        """Return one line."""
        return f"<Step {self.index}/{self.total} {self.recorded.name} {self.recorded.shape}>"

    def __str__(self) -> str:
        """Return the step as a few lines: source with a caret, the gradient, and each input's formula and result."""
        return printing.page(self)
