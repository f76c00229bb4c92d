"""L-BFGS: steps by a running approximation of the loss's curvature."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.errors import describe, message
from minigrad.optim import states
from minigrad.optim.checks import number, whole_number
from minigrad.optim.keeping import Kept, write
from minigrad.optim.line_searches import Point, strong_wolfe
from minigrad.optim.memories import Memory
from minigrad.optim.optimizers import Optimizer
from minigrad.optim.slots import Rule


class LBFGS(Optimizer):
    """Newton's method with an approximation of the inverse curvature from the last gradients; for whole data.

    Each step evaluates the closure several times. After an error in it, or an interrupt, parameters and state are as
    before the step.

    Args:
        params: tensors, or one dict with them under ``"params"``.
        lr: the factor of the steps; with a line search, of the first distance that it tries.
        max_iter: how many iterations a step has at most.
        max_eval: how many evaluations of the closure; ``max_iter * 5 // 4`` if None.
        tolerance_grad: a step ends when no element of the gradient is larger.
        tolerance_change: a step ends when neither loss nor a parameter has changed by more.
        history_size: how many gradients are kept.
        line_search_fn: ``"strong_wolfe"``, or None for none.

    Raises:
        ValueError: if an option is out of its range, if there is no parameter, or one comes twice or was computed from
            others, or if there are several groups.
        TypeError: if a parameter is no tensor of floats, or an option is no number.

    Examples:
        >>> import minigrad as mg
        >>> w = mg.tensor([1.0, -2.0], requires_grad=True)
        >>> optimizer = LBFGS([w], line_search_fn="strong_wolfe")
        >>> def closure():
        ...     optimizer.zero_grad()
        ...     loss = ((w - mg.tensor([3.0, 4.0])) ** 2).sum()
        ...     loss.backward()
        ...     return loss
        >>> optimizer.step(closure).item()
        40.0
        >>> w.tolist()
        [3.0, 4.0]

    Source: Nocedal and Wright 2006, Numerical optimization, algorithms 7.4 and 7.5, as PyTorch has them.
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        """Check the parameters and the options."""
        if max_eval is None:
            whole_number(type(self).__name__, "max_iter", max_iter, 0)
            max_eval = max_iter * 5 // 4
        options = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, options)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add the only group.

        Raises:
            ValueError, TypeError: as at construction.
        """
        if self.param_groups:
            problem = "all parameters must be in one group: the curvature is that of all together."
            raise ValueError(message(type(self).__name__, problem, "Pass a list of tensors."))
        super().add_param_group(param_group)

    def rule(self, group: dict[str, Any]) -> Rule | None:
        """Check the options of the group."""
        who = type(self).__name__
        for name in ("lr", "tolerance_grad", "tolerance_change"):
            number(who, name, group[name])
        for name in ("max_iter", "max_eval", "history_size"):
            whole_number(who, name, group[name], 0)
        if group["line_search_fn"] not in (None, "strong_wolfe"):
            problem = f"line_search_fn must be 'strong_wolfe' or None, got {describe(group['line_search_fn'])}."
            raise ValueError(message(who, problem))
        return None

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Go several iterations down the loss; all of them or, after an error or an interrupt, none.

        Args:
            closure: clears the gradients, computes the loss, with backward, and returns it.

        Returns:
            What ``closure`` returned first.

        Raises:
            TypeError: if there is no closure, or an option is no number.
            ValueError: if an option or a gradient does not fit.
            RuntimeError: if the memory of a parameter cannot be written to.
        """
        who = type(self).__name__
        if closure is None:
            problem = "a closure is needed: a step evaluates the loss several times."
            raise TypeError(message(f"{who}.step", problem, "Example: optimizer.step(closure), see its docstring."))
        group, slots = self.param_groups[0], self._slots[0]
        if [id(parameter) for parameter in group["params"]] != [id(slot.parameter) for slot in slots]:
            self.refuse_other_parameters()
        states.refuse_missing(who, 0, group, self.defaults)
        self.rule(group)
        memory = Memory(slots[0].state)
        kept = Kept(self)
        try:
            self.has_stepped = True
            first = self.evaluate(closure)
            memory.func_evals += 1
            gradient = self.gradient()
            if largest(gradient) > group["tolerance_grad"]:
                self.descend(closure, group, memory, float(first), gradient)
            slots[0].state = memory.as_state()
        except BaseException:
            kept.restore()
            raise
        return first

    def descend(
        self, closure: Callable[[], Any], group: dict[str, Any], memory: Memory, loss: float, gradient: np.ndarray
    ) -> None:
        """Iterate until one of the bounds is reached."""
        evaluations, iteration = 1, 0
        max_iter, max_eval, tolerance = group["max_iter"], group["max_eval"], group["tolerance_change"]
        while iteration < max_iter:
            iteration += 1
            memory.turn(gradient, loss, group)
            slope = float(gradient @ memory.d)
            if slope > -tolerance:
                break
            count = 0
            if group["line_search_fn"] is not None:
                start = Point(0.0, loss, gradient, slope)
                line = Line(self, closure, memory.d)
                left = max_eval - evaluations
                point, count = strong_wolfe(line.evaluate, memory.t, start, largest(memory.d), tolerance, left)
                memory.t, loss, gradient = point.t, point.loss, point.gradient
                self.move(memory.t * memory.d)
            else:
                self.move(memory.t * memory.d)
                if iteration != max_iter:
                    loss, gradient, count = float(self.evaluate(closure)), self.gradient(), 1
            evaluations += count
            memory.func_evals += count
            if evaluations >= max_eval or largest(gradient) <= group["tolerance_grad"]:
                break
            if largest(memory.d * memory.t) <= tolerance or abs(loss - memory.prev_loss) < tolerance:
                break

    def gradient(self) -> np.ndarray:
        """Return the gradients of all parameters as one array of one axis; zeros where there is none."""
        parts = []
        for slot in self._slots[0]:
            parameter = slot.parameter
            if parameter._grad is None:
                parts.append(np.zeros(parameter._data.size, parameter._data.dtype))
            else:
                parts.append(slot.checked_gradient(type(self).__name__).reshape(-1))
        return np.concatenate(parts)

    def move(self, change: np.ndarray) -> None:
        """Add to all parameters, in place."""
        parameters, values = [], []
        start = 0
        for slot in self._slots[0]:
            array = slot.parameter._data
            parameters.append(slot.parameter)
            values.append(array + change[start : start + array.size].reshape(array.shape))
            start += array.size
        write(parameters, values)

    def read_state(self, found: dict[str, Any]) -> dict[str, Any]:
        """Return a copy of a saved state.

        Raises:
            ValueError: if it does not fit.
        """
        size = sum([slot.parameter._data.size for slot in self._slots[0]])
        return Memory(found, size).as_state()


class Line:
    """The loss along a direction from where the parameters are.

    Args:
        optimizer: whose parameters.
        closure: computes the loss, with backward.
        direction: shape (n,).
    """

    def __init__(self, optimizer: LBFGS, closure: Callable[[], Any], direction: np.ndarray) -> None:
        """Remember where the line begins."""
        self.optimizer = optimizer
        self.closure = closure
        self.direction = direction
        self.parameters = [slot.parameter for slot in optimizer._slots[0]]
        self.origin = [parameter._data.copy() for parameter in self.parameters]

    def evaluate(self, t: float) -> Point:
        """Return the point at a distance, and go back."""
        self.optimizer.move(t * self.direction)
        loss = float(self.optimizer.evaluate(self.closure))
        gradient = self.optimizer.gradient()
        write(self.parameters, self.origin)
        return Point(t, loss, gradient, float(gradient @ self.direction))


def largest(array: np.ndarray) -> float:
    """Return the largest element by size; 0 if there is none."""
    return float(np.max(np.abs(array), initial=0))
