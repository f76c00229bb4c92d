"""Adadelta: steps in the units of the parameter."""

from typing import Any

from minigrad.optim.checks import fraction, number
from minigrad.optim.optimizers import Optimizer
from minigrad.optim.slots import Rule
from minigrad_kernels import adadelta_update


class Adadelta(Optimizer):
    """``p -= lr * g * sqrt(d + eps) / sqrt(v + eps)`` with running means v of the squares of gradients and d of steps.

    Args:
        params: tensors, or dicts with tensors under ``"params"`` and options of their own.
        lr: a factor of the steps, which have the right size by themselves.
        rho: the decay rate of the running means, from 0 to 1.
        eps: added under both roots; it makes the first steps.
        weight_decay: adds ``weight_decay * p`` to the gradient.
        maximize: ascend instead of descend.

    Raises:
        ValueError: if an option is out of its range, NaN or infinite, if there is no parameter, or one comes twice or
            was computed from others.
        TypeError: if a parameter is no tensor of floats, or an option is no number.

    Examples:
        >>> import minigrad as mg
        >>> w = mg.tensor([1.0, -2.0], requires_grad=True)
        >>> optimizer = Adadelta([w], rho=0.75, eps=1e-2)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> bool((w.abs() < mg.tensor([1.0, 2.0])).all())
        True

    Source: Zeiler 2012, ADADELTA: an adaptive learning rate method, algorithm 1.
    """

    state_names = ("square_avg", "acc_delta", "step")

    def __init__(
        self,
        params: Any,
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        *,
        maximize: bool = False,
    ) -> None:
        """Check the parameters and the options."""
        options = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
        }
        super().__init__(params, options)

    def rule(self, group: dict[str, Any]) -> Rule:
        """Return the kernel of a group."""
        who = type(self).__name__
        lr = number(who, "lr", group["lr"])
        rho = fraction(who, "rho", group["rho"])
        eps = number(who, "eps", group["eps"])
        weight_decay = number(who, "weight_decay", group["weight_decay"])
        return Rule(adadelta_update, self.state_names, (lr, rho, eps, weight_decay, bool(group["maximize"])))
