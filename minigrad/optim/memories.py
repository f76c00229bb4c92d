"""What L-BFGS remembers: its last gradients and steps, from which it computes the next direction."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.errors import describe, message
from minigrad.graph import wrap
from minigrad.tensors import Tensor

#: A change of the gradient along the step that is smaller says nothing of the curvature, as in PyTorch.
LEAST_CURVATURE = 1e-10


class Memory:
    """The state of L-BFGS, by PyTorch's names.

    Args:
        state: what ``as_state`` returned, or PyTorch's; empty at the beginning. It is copied.
        size: how many elements the parameters have; not checked if None.

    Attributes:
        func_evals, n_iter: how many evaluations and iterations there were.
        d, t: the last direction, shape (n,), and how far it was followed.
        old_dirs, old_stps, ro: changes of the gradient, the steps that made them, and the inverses of their products.
        H_diag: the scale of the inverse curvature.
        prev_flat_grad, prev_loss: gradient and loss before the last step.

    Raises:
        ValueError: if the state lacks something or does not fit.
    """

    def __init__(self, state: dict[str, Any], size: int | None = None) -> None:
        """Read a state."""
        self.func_evals = int(state.get("func_evals", 0))
        self.n_iter = int(state.get("n_iter", 0))
        self.old_dirs: list[np.ndarray] = []
        self.old_stps: list[np.ndarray] = []
        self.ro: list[float] = []
        self.H_diag = 1.0
        self.t = 0.0
        self.prev_loss = 0.0
        self.d = self.prev_flat_grad = np.zeros(0)
        if self.n_iter == 0:
            return
        missing = [name for name in NAMES if name not in state]
        if missing:
            raise ValueError(message("LBFGS", f"the state lacks {', '.join(map(repr, missing))}."))
        self.d, self.prev_flat_grad = as_vector(state["d"], size), as_vector(state["prev_flat_grad"], size)
        self.old_dirs = [as_vector(each, size) for each in state["old_dirs"]]
        self.old_stps = [as_vector(each, size) for each in state["old_stps"]]
        self.ro = [float(each) for each in state["ro"]]
        if not len(self.old_dirs) == len(self.old_stps) == len(self.ro):
            problem = f"the state has {len(self.old_dirs)} old_dirs, {len(self.old_stps)} old_stps, {len(self.ro)} ro."
            raise ValueError(message("LBFGS", problem))
        self.H_diag, self.t, self.prev_loss = float(state["H_diag"]), float(state["t"]), float(state["prev_loss"])

    def as_state(self) -> dict[str, Any]:
        """Return the state as an optimizer keeps it: vectors as tensors."""
        state: dict[str, Any] = {"func_evals": self.func_evals, "n_iter": self.n_iter}
        if self.n_iter > 0:
            state.update(d=wrap(self.d), t=self.t, ro=list(self.ro), H_diag=self.H_diag)
            state.update(prev_flat_grad=wrap(self.prev_flat_grad), prev_loss=self.prev_loss)
            state["old_dirs"] = [wrap(each) for each in self.old_dirs]
            state["old_stps"] = [wrap(each) for each in self.old_stps]
        return state

    def turn(self, gradient: np.ndarray, loss: float, group: dict[str, Any]) -> None:
        """Choose the next direction, and how far to try to follow it.

        Args:
            gradient: here, shape (n,).
            loss: here.
            group: the options.
        """
        self.n_iter += 1
        if self.n_iter == 1:
            self.d = -gradient
            total = float(np.sum(np.abs(gradient)))
            self.t = min(1.0, 1.0 / total) * group["lr"]
        else:
            self.remember(gradient - self.prev_flat_grad, self.d * self.t, group["history_size"])
            self.d = self.newton_direction(gradient)
            self.t = float(group["lr"])
        self.prev_flat_grad, self.prev_loss = gradient, loss

    def remember(self, change: np.ndarray, step: np.ndarray, history_size: int) -> None:
        """Take in how a step has changed the gradient, and forget the oldest."""
        product = float(change @ step)
        if product <= LEAST_CURVATURE:
            return
        if len(self.old_dirs) == history_size:
            del self.old_dirs[:1], self.old_stps[:1], self.ro[:1]
        self.old_dirs.append(change)
        self.old_stps.append(step)
        self.ro.append(1.0 / product)
        self.H_diag = product / float(change @ change)

    def newton_direction(self, gradient: np.ndarray) -> np.ndarray:
        """Return the gradient, negated, times the approximate inverse curvature: the two-loop recursion.

        Source: Nocedal and Wright 2006, Numerical optimization, algorithm 7.4.
        """
        direction = -gradient
        weights = []
        for change, step, inverse in zip(self.old_dirs[::-1], self.old_stps[::-1], self.ro[::-1]):
            weight = float(step @ direction) * inverse
            direction = direction - weight * change
            weights.append(weight)
        direction = direction * self.H_diag
        for change, step, inverse, weight in zip(self.old_dirs, self.old_stps, self.ro, weights[::-1]):
            direction = direction + step * (weight - float(change @ direction) * inverse)
        return direction


NAMES = ("d", "t", "old_dirs", "old_stps", "ro", "H_diag", "prev_flat_grad", "prev_loss")


def as_vector(value: Any, size: int | None) -> np.ndarray:
    """Return a copy of a saved vector.

    Raises:
        ValueError: if it is none of the right length.
    """
    array = np.array(value._data if isinstance(value, Tensor) else value)
    if array.ndim != 1 or array.dtype.kind != "f" or (size is not None and array.size != size):
        raise ValueError(message("LBFGS", f"the state has {describe(array)} for a vector of {size} numbers."))
    return array
