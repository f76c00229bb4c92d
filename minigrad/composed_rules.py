"""The rule of a fused backward, derived from the composition of ordinary operations that it is the backward of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad import autograd, tensors
from minigrad.modes import enable_grad
from minigrad.ops.arithmetic import mul
from minigrad.ops.operands import Value


def derived_twice(
    composition: Callable[..., Any],
    for_gradients: tuple[Value, ...],
    grads: tuple[Value, ...],
    operands: tuple[Value, ...],
    settings: tuple[Any, ...],
) -> list[Value]:
    """Return the gradients of a backward with respect to the gradients and the operands that it was given.

    The composition is run and differentiated, as operations on Tensors, and what that returns is differentiated again.

    Args:
        composition: the operation, made of ordinary ones: ``composition(*operands, *settings)``.
        for_gradients: the gradients with respect to what the backward returned, one gradient for each operand; None for
            one that nothing asks for.
        grads: the gradients of the composition's outputs, which the backward was given; likewise.
        operands: what the composition is given; None for one that is left out.
        settings: the arguments behind them.

    Returns:
        Gradients of ``grads``, then of ``operands``; arrays, or Tensors if there is one among the arguments.
    """
    given = (*for_gradients, *grads, *operands)
    create_graph = any(isinstance(each, tensors.Tensor) for each in given)
    with enable_grad():
        slopes, leaves = [apart(each) for each in grads], [apart(each) for each in operands]
        outputs = composition(*leaves, *settings)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        roots = [output for output, slope in zip(outputs, slopes) if slope is not None]
        asked = [leaf for leaf in leaves if leaf is not None]
        starts = [slope for slope in slopes if slope is not None]
        first = iter(autograd.grad(roots, asked, starts, create_graph=True, allow_unused=True))
        gradients = [None if leaf is None else next(first) for leaf in leaves]
        roots, seeds = [], []
        for gradient, seed in zip(gradients, for_gradients):
            if gradient is not None and seed is not None and gradient.requires_grad:
                roots.append(gradient)
                seeds.append(seed if isinstance(seed, tensors.Tensor) else tensors.Tensor(seed))
        if not roots:
            return [None] * (len(grads) + len(operands))
        second = iter(autograd.grad(roots, [*starts, *asked], seeds, create_graph=create_graph, allow_unused=True))
    found = []
    for each in (*slopes, *leaves):
        gradient = None if each is None else next(second)
        found.append(gradient if gradient is None or create_graph else gradient._data)
    return found


def apart(x: Any) -> Any:
    """Return a Tensor of a value that requires grad, and is no other operand's ancestor; None for None."""
    if x is None:
        return None
    if isinstance(x, tensors.Tensor) and x.requires_grad:
        return mul(x, 1)
    data = x.detach() if isinstance(x, tensors.Tensor) else tensors.Tensor(x)
    return data.requires_grad_()
