"""Adamax: steps scaled by the largest gradient, which is slowly forgotten."""

from typing import Any

from minigrad.optim.checks import number, pair_of_betas
from minigrad.optim.optimizers import Optimizer
from minigrad.optim.slots import Rule
from minigrad_kernels import adamax_update


class Adamax(Optimizer):
    """``p -= lr * m / u`` with a running mean m of the gradient, and ``u = max(beta2 * u, |g| + eps)``.

    Args:
        params: tensors, or dicts with tensors under ``"params"`` and options of their own.
        lr: the learning rate, about the size of the first steps.
        betas: the decay rates of m and u, each in [0, 1).
        eps: added to the gradient's size.
        weight_decay: adds ``weight_decay * p`` to the gradient.
        maximize: ascend instead of descend.

    Raises:
        ValueError: if an option is out of its range, NaN or infinite, if there is no parameter, or one comes twice or
            was computed from others.
        TypeError: if a parameter is no tensor of floats, or an option is no number.

    Examples:
        >>> import minigrad as mg
        >>> w = mg.tensor([1.0, -2.0], requires_grad=True)
        >>> optimizer = Adamax([w], lr=0.25)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w.tolist()
        [0.75, -1.75]

    Source: Kingma and Ba 2015, Adam: a method for stochastic optimization, algorithm 2.
    """

    state_names = ("exp_avg", "exp_inf", "step")

    def __init__(
        self,
        params: Any,
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        *,
        maximize: bool = False,
    ) -> None:
        """Check the parameters and the options."""
        options = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
        }
        super().__init__(params, options)

    def rule(self, group: dict[str, Any]) -> Rule:
        """Return the kernel of a group."""
        who = type(self).__name__
        lr = number(who, "lr", group["lr"])
        beta1, beta2 = pair_of_betas(who, group)
        eps = number(who, "eps", group["eps"])
        weight_decay = number(who, "weight_decay", group["weight_decay"])
        arguments = (lr, beta1, beta2, eps, weight_decay, bool(group["maximize"]))
        return Rule(adamax_update, self.state_names, arguments)
