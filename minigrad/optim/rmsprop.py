"""RMSprop: steps scaled by a running root mean square of the gradient."""

from typing import Any

from minigrad.optim.checks import number
from minigrad.optim.optimizers import Optimizer
from minigrad.optim.slots import Rule
from minigrad_kernels import (
    rmsprop_centered_momentum_update,
    rmsprop_centered_update,
    rmsprop_momentum_update,
    rmsprop_update,
)

#: By whether it is centered, and has momentum.
KERNELS: dict[tuple[bool, bool], Any] = {
    (False, False): (rmsprop_update, ("square_avg", "step")),
    (False, True): (rmsprop_momentum_update, ("square_avg", "momentum_buffer", "step")),
    (True, False): (rmsprop_centered_update, ("square_avg", "grad_avg", "step")),
    (True, True): (rmsprop_centered_momentum_update, ("square_avg", "grad_avg", "momentum_buffer", "step")),
}


class RMSprop(Optimizer):
    """``p -= lr * g / (sqrt(v) + eps)`` with a running mean v of the gradient's square.

    Args:
        params: tensors, or dicts with tensors under ``"params"`` and options of their own.
        lr: the learning rate, about the size of the steps.
        alpha: the decay rate of the running means.
        eps: added to the denominator.
        weight_decay: adds ``weight_decay * p`` to the gradient.
        momentum: step along a running sum of the scaled gradients, whose old part has this factor.
        centered: divide by the root of the variance: a running mean of the gradient is squared and taken off v.
        maximize: ascend instead of descend.

    Raises:
        ValueError: if an option is out of its range, NaN or infinite, if there is no parameter, or one comes twice or
            was computed from others.
        TypeError: if a parameter is no tensor of floats, or an option is no number.

    Examples:
        >>> import minigrad as mg
        >>> w = mg.tensor([1.0, -2.0], requires_grad=True)
        >>> optimizer = RMSprop([w], lr=0.25, alpha=0.75)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w.tolist()
        [0.5, -1.5]

    Source: Tieleman and Hinton 2012, Lecture 6.5: rmsprop; Graves 2013, Generating sequences with recurrent neural
    networks, equations 38 to 45 (centered).
    """

    state_names = ("square_avg", "grad_avg", "momentum_buffer", "step")

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        """Check the parameters and the options."""
        options = {
            "lr": lr,
            "alpha": alpha,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "centered": centered,
            "maximize": maximize,
        }
        super().__init__(params, options)

    def rule(self, group: dict[str, Any]) -> Rule:
        """Return the kernel of a group: with a buffer if there is momentum, with a mean if it is centered."""
        who = type(self).__name__
        arguments = []
        for name in ("lr", "alpha", "eps", "weight_decay", "momentum"):
            arguments.append(number(who, name, group[name]))
        centered, momentum = bool(group["centered"]), group["momentum"] > 0
        kernel, names = KERNELS[centered, momentum]
        return Rule(kernel, names, (*arguments, bool(group["maximize"])))
