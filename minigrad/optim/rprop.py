"""Rprop: only the sign of the gradient counts."""

from typing import Any

from minigrad.errors import message
from minigrad.optim.checks import number, numbers
from minigrad.optim.optimizers import Optimizer
from minigrad.optim.slots import Rule
from minigrad_kernels import rprop_update


class Rprop(Optimizer):
    """Step against the sign of the gradient, each element with a step size of its own; for whole data, not for batches.

    Where the gradient is 0 or NaN the parameter stays.

    Args:
        params: tensors, or dicts with tensors under ``"params"`` and options of their own.
        lr: the first step size.
        etas: the factors of the step size where the sign has turned, below 1, and where it has not, above 1.
        step_sizes: the least and the greatest step size.
        maximize: ascend instead of descend.

    Raises:
        ValueError: if an option is out of its range, NaN or infinite, if there is no parameter, or one comes twice or
            was computed from others.
        TypeError: if a parameter is no tensor of floats, or an option is no number.

    Examples:
        >>> import minigrad as mg
        >>> w = mg.tensor([1.0, -2.0], requires_grad=True)
        >>> optimizer = Rprop([w], lr=0.25)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w.tolist()
        [0.75, -1.75]

    Source: Riedmiller and Braun 1993, A direct adaptive method for faster backpropagation learning.
    """

    state_names = ("prev", "step_size", "step")

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        maximize: bool = False,
    ) -> None:
        """Check the parameters and the options."""
        options = {
            "lr": lr,
            "etas": etas,
            "step_sizes": step_sizes,
            "maximize": maximize,
        }
        super().__init__(params, options)

    def rule(self, group: dict[str, Any]) -> Rule:
        """Return the kernel of a group."""
        who = type(self).__name__
        lr = number(who, "lr", group["lr"])
        minus, plus = numbers(who, group, "etas", (0.5, 1.2))
        if not 0 < minus < 1 < plus:
            raise ValueError(
                message(who, f"etas must be one above 0 and below 1, and one above 1, got {group['etas']}.")
            )
        smallest, largest = numbers(who, group, "step_sizes", (1e-6, 50))
        if smallest > largest:
            raise ValueError(message(who, f"step_sizes must be the least and the greatest, got {group['step_sizes']}."))
        return Rule(rprop_update, self.state_names, (lr, minus, plus, smallest, largest, bool(group["maximize"])))
