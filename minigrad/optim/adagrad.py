"""Adagrad: steps scaled by all gradients so far."""

from typing import Any

from minigrad.optim.checks import number
from minigrad.optim.optimizers import Optimizer
from minigrad.optim.slots import Rule
from minigrad_kernels import adagrad_update


class Adagrad(Optimizer):
    """``p -= lr * g / (sqrt(s) + eps)`` with the sum s of the squares of all gradients so far.

    Args:
        params: tensors, or dicts with tensors under ``"params"`` and options of their own.
        lr: the learning rate, the size of the first step.
        lr_decay: the rate is divided by ``1 + lr_decay * t`` after t steps.
        weight_decay: adds ``weight_decay * p`` to the gradient.
        initial_accumulator_value: what the sum begins with.
        eps: added to the denominator.
        maximize: ascend instead of descend.

    Raises:
        ValueError: if an option is out of its range, NaN or infinite, if there is no parameter, or one comes twice or
            was computed from others.
        TypeError: if a parameter is no tensor of floats, or an option is no number.

    Examples:
        >>> import minigrad as mg
        >>> w = mg.tensor([1.0, -2.0], requires_grad=True)
        >>> optimizer = Adagrad([w], lr=0.25)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w.tolist()
        [0.75, -1.75]

    Source: Duchi et al. 2011, Adaptive subgradient methods for online learning and stochastic optimization.
    """

    state_names = ("sum", "step")

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
    ) -> None:
        """Check the parameters and the options."""
        options = {
            "lr": lr,
            "lr_decay": lr_decay,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "eps": eps,
            "maximize": maximize,
        }
        super().__init__(params, options)

    def rule(self, group: dict[str, Any]) -> Rule:
        """Return the kernel of a group."""
        who = type(self).__name__
        arguments = []
        for name in ("lr", "lr_decay", "initial_accumulator_value", "eps", "weight_decay"):
            arguments.append(number(who, name, group[name]))
        return Rule(adagrad_update, self.state_names, (*arguments, bool(group["maximize"])))
