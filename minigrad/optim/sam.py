"""Sharpness-aware minimisation: descend by the gradient at the worst point near by."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.errors import message
from minigrad.optim.checks import number
from minigrad.optim.keeping import Kept, write
from minigrad.optim.optimizers import Optimizer
from minigrad.optim.wrappers import Wrapper


class SAM(Wrapper):
    """An optimizer that takes the gradient where the loss is highest, to first order, within ``rho`` of the parameters.

    A step evaluates the closure twice: at the parameters, and at ``p + rho * g / norm(g)``, where the norm is that of
    all gradients together; the second gradient is what the other optimizer gets, back at the parameters. Minima that
    are found so are flatter. After an error, or an interrupt, everything is as before, or the step is done.

    Args:
        base: the optimizer that steps; a schedule may be given either of the two.
        rho: the radius.
        adaptive: measure distances relative to the size of each parameter.

    Raises:
        TypeError: if ``base`` is no optimizer, or ``rho`` no number.
        ValueError: if ``rho`` is negative, NaN or infinite.

    Examples:
        >>> import minigrad as mg
        >>> from minigrad.optim import SGD
        >>> w = mg.tensor([3.0, 4.0], requires_grad=True)
        >>> optimizer = SAM(SGD([w], lr=0.5), rho=5.0)
        >>> def closure():
        ...     optimizer.zero_grad()
        ...     loss = (w * w).sum() / 2
        ...     loss.backward()
        ...     return loss
        >>> optimizer.step(closure).item()
        12.5
        >>> w.tolist()
        [0.0, 0.0]

    Source: Foret et al. 2021, Sharpness-aware minimization for efficiently improving generalization, algorithm 1; Kwon
    et al. 2021, ASAM (adaptive).
    """

    def __init__(self, base: Optimizer, rho: float = 0.05, adaptive: bool = False) -> None:
        """Check and keep the settings."""
        super().__init__(base)
        self.rho = number(type(self).__name__, "rho", rho)
        self.adaptive = bool(adaptive)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Climb, take the gradient there, come back, and let the other step.

        Args:
            closure: clears the gradients, computes the loss, with backward, and returns it.

        Returns:
            What ``closure`` returned at the parameters.

        Raises:
            TypeError: if there is no closure.
            ValueError, RuntimeError: as the other's ``step``.
        """
        if closure is None:
            problem = "a closure is needed: a step evaluates the loss twice."
            raise TypeError(message(f"{type(self).__name__}.step", problem, "See the example in its docstring."))
        loss = self.evaluate(closure)
        kept = Kept(self, with_state=False)
        try:
            self.climb()
            self.evaluate(closure)
            kept.restore()
        except BaseException:
            kept.restore()
            raise
        self.base.step()
        return loss

    def climb(self) -> None:
        """Move the parameters against the descent, by ``rho`` in all."""
        parameters, ascents = [], []
        total = 0.0
        for group, slots in zip(self.param_groups, self._slots):
            for slot in slots:
                parameter = slot.parameter
                if parameter._grad is None:
                    continue
                slope = slot.checked_gradient(type(self).__name__)
                if group.get("maximize", False):
                    slope = -slope
                size = np.abs(parameter._data) if self.adaptive else 1.0
                total += float(np.sum(np.square(size * slope, dtype=np.float64)))
                parameters.append(parameter)
                ascents.append(size * size * slope)
        # As in the authors' code: where the gradient is 0 the parameters stay.
        scale = self.rho / (math.sqrt(total) + 1e-12)
        write(parameters, [parameter._data + scale * ascent for parameter, ascent in zip(parameters, ascents)])

    def __repr__(self) -> str:
        """Return the settings and the other."""
        return f"SAM({self.base!r}, rho={self.rho}, adaptive={self.adaptive})"
