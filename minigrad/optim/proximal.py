"""The proximal step of an L1 penalty: weights that are exactly 0."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.optim.checks import number
from minigrad.optim.keeping import Kept, write
from minigrad.optim.optimizers import Optimizer
from minigrad.optim.wrappers import Wrapper


class ProximalL1(Wrapper):
    """An optimizer of the loss plus ``lam * sum(abs(p))``: after each step of the other, weights shrink towards 0.

    Each element becomes ``sign(p) * max(abs(p) - lr * lam, 0)``, which is the exact minimiser of the penalty and half
    the squared distance from where the step has led. With the penalty in the loss instead, elements jump to and fro
    about 0. A parameter without a gradient stays as it is. After an error, or an interrupt, everything is as before.

    Args:
        base: the optimizer that steps, without the penalty in its loss.
        lam: the weight of the penalty. A group may have its own under ``"lam"``: 0 for biases.

    Raises:
        TypeError: if ``base`` is no optimizer, or ``lam`` no number.
        ValueError: if ``lam`` is negative, NaN or infinite.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad.optim import SGD
        >>> w = mg.tensor([1.0, -2.0, 0.25], requires_grad=True)
        >>> optimizer = ProximalL1(SGD([w], lr=0.5), lam=1.0)
        >>> w.sum().backward()
        >>> optimizer.step()
        >>> w.tolist()
        [0.0, -2.0, 0.0]

    Source: Parikh and Boyd 2014, Proximal algorithms, sections 4.2 and 6.5.2.
    """

    def __init__(self, base: Optimizer, lam: float) -> None:
        """Check and keep the settings."""
        super().__init__(base)
        self.lam = number(type(self).__name__, "lam", lam)
        for group in self.param_groups:
            number(type(self).__name__, "lam", group.get("lam", lam))

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Let the other step, and shrink the weights.

        Args:
            closure: for the other.

        Returns:
            What ``closure`` returned, else None.

        Raises:
            ValueError, TypeError, RuntimeError: as the other's ``step``.
        """
        who = type(self).__name__
        bounds = []
        for group in self.param_groups:
            bounds.append(number(who, "lr", group.get("lr")) * number(who, "lam", group.get("lam", self.lam)))
        kept = Kept(self)
        try:
            loss = self.base.step(closure)
            parameters, values = [], []
            for bound, slots in zip(bounds, self._slots):
                for slot in slots:
                    if slot.parameter._grad is not None:
                        parameters.append(slot.parameter)
                        values.append(shrunk(slot.parameter._data, bound))
            write(parameters, values)
            return loss
        except BaseException:
            kept.restore()
            raise

    def __repr__(self) -> str:
        """Return the settings and the other."""
        return f"ProximalL1({self.base!r}, lam={self.lam})"


def shrunk(x: np.ndarray, bound: float) -> np.ndarray:
    """Return ``sign(x) * max(abs(x) - bound, 0)``, elementwise; NaN stays."""
    # The same, where a small x gives 0 and never -0.
    return x - np.clip(x, -bound, bound)
