"""Averaged stochastic gradient descent."""

from typing import Any

from minigrad.optim.checks import number
from minigrad.optim.optimizers import Optimizer
from minigrad.optim.slots import Rule
from minigrad_kernels import asgd_update


class ASGD(Optimizer):
    """Gradient descent that keeps the average of the parameters as its state ``"ax"``, which is their estimate.

    Args:
        params: tensors, or dicts with tensors under ``"params"`` and options of their own.
        lr: the learning rate.
        lambd: the decay of the parameters, in units of the rate, and of the rate.
        alpha: the exponent of the rate's decay: ``lr / (1 + lambd * lr * t) ** alpha``.
        t0: the step from which on the average is taken; before, it is the parameter.
        weight_decay: adds ``weight_decay * p`` to the gradient.
        maximize: ascend instead of descend.

    Raises:
        ValueError: if an option is out of its range, NaN or infinite, if there is no parameter, or one comes twice or
            was computed from others.
        TypeError: if a parameter is no tensor of floats, or an option is no number.

    Examples:
        >>> import minigrad as mg
        >>> w = mg.tensor([1.0, -2.0], requires_grad=True)
        >>> optimizer = ASGD([w], lr=0.25, lambd=0.0)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w.tolist()
        [0.5, -1.0]

    Source: Polyak and Juditsky 1992, Acceleration of stochastic approximation by averaging.
    """

    state_names = ("ax", "eta", "mu", "step")

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        *,
        maximize: bool = False,
    ) -> None:
        """Check the parameters and the options."""
        options = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
            "weight_decay": weight_decay,
            "maximize": maximize,
        }
        super().__init__(params, options)

    def rule(self, group: dict[str, Any]) -> Rule:
        """Return the kernel of a group."""
        who = type(self).__name__
        arguments = []
        for name in ("lr", "lambd", "alpha", "t0", "weight_decay"):
            arguments.append(number(who, name, group[name]))
        return Rule(asgd_update, self.state_names, (*arguments, bool(group["maximize"])))
