"""Muon: steps along the momentum with all its singular values made about equal; for the matrices of hidden layers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.errors import describe, message
from minigrad.optim.checks import ANY, number, numbers, whole_number
from minigrad.optim.optimizers import Optimizer
from minigrad.optim.slots import Rule

ADJUSTMENTS = (None, "original", "match_rms_adamw")


class Muon(Optimizer):
    """Momentum, orthogonalised: each matrix moves along ``U @ V.T``, about, where ``U @ S @ V.T`` is its momentum.

    The iteration that does this rounds its matrices to bfloat16, as PyTorch does, and so the steps are PyTorch's; it
    needs no more precision, since it leaves singular values between 0.7 and 1.2 anyway.

    Args:
        params: matrices, or dicts with matrices under ``"params"`` and options of their own; give biases, embeddings
            and the last layer to AdamW.
        lr: the learning rate.
        weight_decay: the parameter is multiplied by ``1 - lr * weight_decay`` before each step.
        momentum: the decay rate of the running mean of the gradient.
        nesterov: look ahead along it.
        ns_coefficients: the three coefficients of the iteration's polynomial.
        eps: the least norm that the momentum is divided by.
        ns_steps: the number of iterations, below 100.
        adjust_lr_fn: how the rate follows from the shape, (m, n): ``"original"``, times ``sqrt(max(1, m / n))``, as
            None, or ``"match_rms_adamw"``, times ``0.2 * sqrt(max(m, n))``, which suits AdamW's rates.

    Raises:
        ValueError: if an option is out of its range, a parameter is no matrix, there is none, or one comes twice or was
            computed from others.
        TypeError: if a parameter is no tensor of floats, or an option is no number.

    Examples:
        >>> import minigrad as mg
        >>> w = mg.tensor([[1.0, 0.0], [0.0, -2.0]], requires_grad=True)
        >>> optimizer = Muon([w], lr=0.25, weight_decay=0.0)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> [[f"{each:.2f}" for each in row] for row in w.tolist()]
        [['0.72', '0.00'], ['0.00', '-1.83']]

    Source: Jordan et al. 2024, Muon: an optimizer for hidden layers in neural networks; Liu et al. 2025, Muon is
    scalable for LLM training (match_rms_adamw).
    """

    state_names = ("momentum_buffer",)

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        """Check the parameters and the options."""
        options = {
            "lr": lr,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "nesterov": nesterov,
            "ns_coefficients": ns_coefficients,
            "eps": eps,
            "ns_steps": ns_steps,
            "adjust_lr_fn": adjust_lr_fn,
        }
        super().__init__(params, options)

    def rule(self, group: dict[str, Any]) -> Rule:
        """Return how a group is updated: by products of matrices, in NumPy."""
        who = type(self).__name__
        for parameter in group["params"]:
            if parameter.ndim != 2:
                problem = f"each parameter must be a matrix, got {describe(parameter)}."
                raise ValueError(message(who, problem, "Give the others to another optimizer, AdamW for example."))
        checked = []
        for name in ("lr", "weight_decay", "momentum", "eps"):
            checked.append(number(who, name, group[name]))
        whole_number(who, "ns_steps", group["ns_steps"], 0)
        steps = number(who, "ns_steps", group["ns_steps"], 100)
        coefficients = numbers(who, group, "ns_coefficients", (3.4445, -4.775, 2.0315), lowest=ANY)
        if group["adjust_lr_fn"] not in ADJUSTMENTS:
            problem = f"adjust_lr_fn must be 'original', 'match_rms_adamw' or None, got {group['adjust_lr_fn']!r}."
            raise ValueError(message(who, problem))
        matched = group["adjust_lr_fn"] == "match_rms_adamw"
        arguments = (*checked, steps, *coefficients, bool(group["nesterov"]), matched)
        return Rule(muon_update, self.state_names, arguments)


def muon_update(
    parameter: np.ndarray,
    gradient: np.ndarray,
    momentum_buffer: np.ndarray,
    lr: float,
    weight_decay: float,
    momentum: float,
    eps: float,
    ns_steps: float,
    a: float,
    b: float,
    c: float,
    nesterov: bool,
    matched: bool,
) -> None:
    """Update one matrix.

    Args:
        parameter: shape (m, n), written.
        gradient: shape (m, n).
        momentum_buffer: shape (m, n), written.
        lr: the learning rate.
        weight_decay: the parameter is multiplied by ``1 - lr * weight_decay``.
        momentum: the decay rate of the buffer.
        eps: the least norm that the momentum is divided by.
        ns_steps: the number of iterations.
        a: the first coefficient of the iteration's polynomial.
        b: the second.
        c: the third.
        nesterov: look ahead along the momentum.
        matched: whether the rate is adjusted to AdamW's.
    """
    m, n = parameter.shape
    momentum_buffer += (1 - momentum) * (gradient - momentum_buffer)
    update = momentum_buffer
    if nesterov:
        update = gradient + momentum * (momentum_buffer - gradient)
    rate = lr * (0.2 * math.sqrt(max(m, n)) if matched else math.sqrt(max(1, m / n)))
    parameter *= 1 - lr * weight_decay
    parameter -= rate * orthogonalised(update, a, b, c, eps, int(ns_steps)).astype(parameter.dtype)


def orthogonalised(x: np.ndarray, a: float, b: float, c: float, eps: float, steps: int) -> np.ndarray:
    """Return a matrix with the same singular vectors whose singular values are near 1.

    Each iteration makes ``a * s + b * s**3 + c * s**5`` of each singular value s.

    Args:
        x: shape (m, n).
        a: the first coefficient.
        b: the second.
        c: the third.
        eps: the least norm to divide by.
        steps: the number of iterations.

    Returns:
        Shape (m, n), float32, rounded to bfloat16.

    Source: Higham 2008, Functions of matrices, chapter 8 (the Newton-Schulz iteration).
    """
    tall = x.shape[0] > x.shape[1]
    matrix = to_bfloat16(x.T if tall else x)
    norm = to_bfloat16(np.sqrt(np.sum(np.square(matrix, dtype=np.float64))))
    # Where the norm is NaN it stays so.
    matrix = to_bfloat16(matrix / np.maximum(norm, to_bfloat16(np.float64(eps))))
    for _ in range(steps):
        gram = to_bfloat16(matrix @ matrix.T)
        polynomial = to_bfloat16(np.float32(b) * gram + np.float32(c) * (gram @ gram))
        matrix = to_bfloat16(np.float32(a) * matrix + polynomial @ matrix)
    return matrix.T if tall else matrix


def to_bfloat16(x: np.ndarray | np.floating) -> np.ndarray:
    """Return numbers as float32, rounded to the 8 bits of bfloat16's significand, ties to even."""
    single = np.array(x, np.float32)
    bits = single.view(np.uint32)
    odd = (bits >> np.uint32(16)) & np.uint32(1)
    rounded = ((bits + (np.uint32(0x7FFF) + odd)) & np.uint32(0xFFFF0000)).view(np.float32)
    # The payload of NaN would overflow into the sign.
    return np.where(np.isnan(single), single, rounded)
