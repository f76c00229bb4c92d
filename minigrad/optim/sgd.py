"""Stochastic gradient descent."""

from typing import Any

from minigrad.errors import message
from minigrad.optim.checks import number
from minigrad.optim.optimizers import Optimizer
from minigrad.optim.slots import Rule
from minigrad_kernels import sgd_momentum_update, sgd_update

#: The count of steps says when the buffer is to become the gradient: at the first step.
MOMENTUM_STATE = ("momentum_buffer", "step")


class SGD(Optimizer):
    """Gradient descent: ``p -= lr * g``, where momentum replaces ``g`` by a running sum of the gradients.

    With momentum the first step sets ``buffer = g``, each later one ``buffer = momentum * buffer + (1 - dampening) *
    g``, and the parameter moves along the buffer; with Nesterov's along ``g + momentum * buffer``.

    Args:
        params: tensors, or dicts with tensors under ``"params"`` and options of their own.
        lr: the learning rate.
        momentum: the factor of the old buffer; 0 for none.
        dampening: what the gradient's weight in the buffer lacks to 1.
        weight_decay: adds ``weight_decay * p`` to the gradient, which is that of ``weight_decay / 2 * (p * p).sum()``.
        nesterov: look ahead along the buffer; needs momentum, and no dampening.
        maximize: ascend instead of descend.

    Raises:
        ValueError: if an option is negative, NaN or infinite, if there is no parameter, or one comes twice or was
            computed from others.
        TypeError: if a parameter is no tensor of floats, or an option is no number.

    Examples:
        >>> import minigrad as mg
        >>> w = mg.tensor([1.0, -2.0], requires_grad=True)
        >>> optimizer = SGD([w], lr=0.5, momentum=0.5)
        >>> for _ in range(2):
        ...     optimizer.zero_grad()
        ...     w.sum().backward()
        ...     optimizer.step()
        >>> w.tolist()
        [-0.25, -3.25]

    Source: Sutskever et al. 2013, On the importance of initialization and momentum in deep learning.
    """

    state_names = MOMENTUM_STATE

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        """Check the parameters and the options."""
        options = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
        }
        super().__init__(params, options)

    def rule(self, group: dict[str, Any]) -> Rule:
        """Return the kernel of a group: with a buffer where there is momentum."""
        who = type(self).__name__
        lr = number(who, "lr", group["lr"])
        momentum = number(who, "momentum", group["momentum"])
        dampening = number(who, "dampening", group["dampening"])
        weight_decay = number(who, "weight_decay", group["weight_decay"])
        nesterov, maximize = bool(group["nesterov"]), bool(group["maximize"])
        if nesterov and (momentum == 0 or dampening != 0):
            problem = f"nesterov needs a momentum above 0 and no dampening, got momentum={momentum:g} and dampening="
            remedy = "Example: SGD(params, lr=0.1, momentum=0.9, nesterov=True)."
            raise ValueError(message(who, f"{problem}{dampening:g}.", remedy))
        if momentum == 0:
            return Rule(sgd_update, (), (lr, weight_decay, maximize))
        arguments = (lr, momentum, dampening, weight_decay, nesterov, maximize)
        return Rule(sgd_momentum_update, MOMENTUM_STATE, arguments)
