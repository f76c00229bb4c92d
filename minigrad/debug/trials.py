"""What an optimizer's next steps do to a loss, tried out on copies."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad import autograd
from minigrad.debug.subjects import Subject
from minigrad.optim.adam import Adam
from minigrad.optim.optimizers import Optimizer
from minigrad.optim.sgd import SGD


def losses_ahead(subject: Subject, optimizer: Optimizer, steps: int) -> list[float]:
    """Return the loss of the batch before and after each of the optimizer's next steps on it.

    Nothing of the model or the optimizer changes: copies of the parameters and of the state take the steps. The list
    ends early where the loss stops being finite.
    """
    variables = subject.variables()
    twin = twin_of(optimizer, subject, variables)
    losses = []
    for step in range(steps + 1):
        _, loss, _ = subject.run(variables)
        losses.append(loss.item())
        if step == steps or not math.isfinite(losses[-1]) or not loss.requires_grad:
            break
        for variable, gradient in zip(variables, autograd.grad(loss, variables, allow_unused=True)):
            variable.grad = gradient
        twin.step()
    return losses


def twin_of(optimizer: Optimizer, subject: Subject, variables: list[Any]) -> Optimizer:
    """Return an optimizer of the same kind, options and state for other tensors in the place of the parameters."""
    groups = []
    pairs = []
    for group in optimizer.param_groups:
        members = []
        for parameter in group["params"]:
            for known, variable in zip(subject.parameters, variables):
                if known is parameter:
                    members.append(variable)
                    pairs.append((parameter, variable))
        if members:
            groups.append({**group, "params": members})
    kind = SGD if isinstance(optimizer, SGD) else Adam
    twin = kind(groups)
    for parameter, variable in pairs:
        for name, value in optimizer.state[parameter].items():
            twin.state[variable][name] = value.detach().clone()
    return twin


def steps_to_grow(excess: float, momentum: float) -> int:
    """Return in how many steps an error along the steepest direction grows tenfold, its loss a hundredfold.

    Args:
        excess: how many times the learning rate is above its limit, above 1.
        momentum: of the optimizer.
    """
    curvature = 2 * (1 + momentum) * excess
    roots = np.roots([1.0, curvature - 1 - momentum, momentum])
    factor = float(np.max(np.abs(roots)))
    return max(math.ceil(math.log(10) / math.log(factor)), 1) if factor > 1 else 1
