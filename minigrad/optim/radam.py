"""RAdam: Adam that trusts its second moment only when it has seen enough."""

from typing import Any

from minigrad.optim.checks import number, pair_of_betas
from minigrad.optim.optimizers import Optimizer
from minigrad.optim.slots import Rule
from minigrad_kernels import radam_update


class RAdam(Optimizer):
    """Adam whose first steps go along the running mean alone, and the later ones by Adam's rule, rectified.

    Args:
        params: tensors, or dicts with tensors under ``"params"`` and options of their own.
        lr: the learning rate.
        betas: the decay rates of the two moments, each in [0, 1).
        eps: added to the denominator.
        weight_decay: adds ``weight_decay * p`` to the gradient.
        decoupled_weight_decay: shrink the parameter by ``lr * weight_decay`` instead, as ``AdamW`` does.
        maximize: ascend instead of descend.

    Raises:
        ValueError: if an option is out of its range, NaN or infinite, if there is no parameter, or one comes twice or
            was computed from others.
        TypeError: if a parameter is no tensor of floats, or an option is no number.

    Examples:
        >>> import minigrad as mg
        >>> w = mg.tensor([1.0, -2.0], requires_grad=True)
        >>> optimizer = RAdam([w], lr=0.25)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w.tolist()
        [0.5, -1.0]

    Source: Liu et al. 2020, On the variance of the adaptive learning rate and beyond, algorithm 2.
    """

    state_names = ("exp_avg", "exp_avg_sq", "step")

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        """Check the parameters and the options."""
        options = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
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
        decoupled, maximize = bool(group["decoupled_weight_decay"]), bool(group["maximize"])
        arguments = (lr, beta1, beta2, eps, weight_decay, decoupled, maximize)
        return Rule(radam_update, self.state_names, arguments)
