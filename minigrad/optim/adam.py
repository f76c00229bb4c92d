"""Adam and its relatives: steps scaled by running moments of the gradient."""

from typing import Any

from minigrad.optim.checks import number, pair_of_betas
from minigrad.optim.optimizers import Optimizer
from minigrad.optim.slots import Rule
from minigrad_kernels import adam_update, amsgrad_update

ADAM_STATE = ("exp_avg", "exp_avg_sq", "step")
AMSGRAD_STATE = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq", "step")


class Adam(Optimizer):
    """``p -= lr * m / (sqrt(v) + eps)`` with running means m of the gradient and v of its square, bias-corrected.

    Args:
        params: tensors, or dicts with tensors under ``"params"`` and options of their own.
        lr: the learning rate, about the size of the first steps.
        betas: the decay rates of m and v, each in [0, 1).
        eps: added to the denominator.
        weight_decay: adds ``weight_decay * p`` to the gradient.
        amsgrad: divide by the largest v so far.
        maximize: ascend instead of descend.
        decoupled_weight_decay: shrink the parameter by ``lr * weight_decay`` instead, as ``AdamW`` does.

    Raises:
        ValueError: if an option is out of its range, NaN or infinite, if there is no parameter, or one comes twice or
            was computed from others.
        TypeError: if a parameter is no tensor of floats, or an option is no number.

    Examples:
        >>> import minigrad as mg
        >>> w = mg.tensor([1.0, -2.0], requires_grad=True)
        >>> optimizer = Adam([w], lr=0.25)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w.tolist()
        [0.75, -1.75]

    Source: Kingma and Ba 2015, Adam: a method for stochastic optimization, algorithm 1; Reddi et al. 2018, On the
    convergence of Adam and beyond (amsgrad).
    """

    state_names = AMSGRAD_STATE

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        decoupled_weight_decay: bool = False,
    ) -> None:
        """Check the parameters and the options."""
        options = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, options)

    def rule(self, group: dict[str, Any]) -> Rule:
        """Return the kernel of a group: with the largest second moment where amsgrad asks for it."""
        who = type(self).__name__
        lr = number(who, "lr", group["lr"])
        beta1, beta2 = pair_of_betas(who, group)
        eps = number(who, "eps", group["eps"])
        weight_decay = number(who, "weight_decay", group["weight_decay"])
        decoupled, maximize = bool(group["decoupled_weight_decay"]), bool(group["maximize"])
        arguments = (lr, beta1, beta2, eps, weight_decay, decoupled, maximize)
        if group["amsgrad"]:
            return Rule(amsgrad_update, AMSGRAD_STATE, arguments)
        return Rule(adam_update, ADAM_STATE, arguments)


class AdamW(Adam):
    """Adam with decoupled weight decay: before each step the parameter is multiplied by ``1 - lr * weight_decay``.

    Args:
        params: tensors, or dicts with tensors under ``"params"`` and options of their own.
        lr: the learning rate.
        betas: the decay rates of the two moments, each in [0, 1).
        eps: added to the denominator.
        weight_decay: the rate of decay, in units of ``lr``.
        amsgrad: divide by the largest second moment so far.
        maximize: ascend instead of descend.

    Raises:
        ValueError, TypeError: as ``Adam``.

    Examples:
        >>> import minigrad as mg
        >>> w = mg.tensor([1.0, -2.0], requires_grad=True)
        >>> optimizer = AdamW([w], lr=0.25, weight_decay=1.0)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w.tolist()
        [0.5, -1.25]

    Source: Loshchilov and Hutter 2019, Decoupled weight decay regularization, algorithm 2.
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        """Check the parameters and the options."""
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, decoupled_weight_decay=True)
