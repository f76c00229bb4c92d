"""One step of a recurrent layer, and a whole sequence of steps, made of ordinary operations.

Each step gets ``projected``, what a linear layer has made of the input: of a whole sequence that is one product, before
the first step.
"""

from __future__ import annotations

from typing import Any

from minigrad.ops.elementwise import relu, sigmoid, tanh
from minigrad.ops.joining import chunk, stack, unbind
from minigrad.ops.linears import linear
from minigrad.ops.operands import Operand, Tensor


def rnn_step(projected: Any, hidden: Operand, weight: Operand, bias: Operand | None, nonlinearity: str) -> Tensor:
    """Return ``nonlinearity(projected + hidden @ weight.T + bias)``.

    Args:
        projected: (N, H).
        hidden: (N, H), from the step before.
        weight: (H, H).
        bias: (H,), or None.
        nonlinearity: "tanh" or "relu".

    Returns:
        (N, H).

    Source: Elman, "Finding structure in time", Cognitive Science 1990.
    """
    total = projected + linear(hidden, weight, bias)
    return tanh(total) if nonlinearity == "tanh" else relu(total)


def gru_step(projected: Any, hidden: Any, weight: Operand, bias: Operand | None) -> Tensor:
    """Return ``(1 - z) * n + z * hidden`` with a reset gate r, an update gate z and new numbers n.

    With ``m = hidden @ weight.T + bias`` in three parts, as ``projected``: ``r = sigmoid(projected_r + m_r)``,
    ``z = sigmoid(projected_z + m_z)`` and ``n = tanh(projected_n + r * m_n)``.

    Args:
        projected: (N, 3 H).
        hidden: (N, H), from the step before.
        weight: (3 H, H).
        bias: (3 H,), or None.

    Returns:
        (N, H).

    Source: Cho et al., "Learning phrase representations using RNN encoder-decoder", 2014; the reset gate after the
    product, as cuDNN and PyTorch have it.
    """
    reset, update, new = chunk(projected, 3, 1)
    from_reset, from_update, from_new = chunk(linear(hidden, weight, bias), 3, 1)
    reset = sigmoid(reset + from_reset)
    update = sigmoid(update + from_update)
    new = tanh(new + reset * from_new)
    return new + update * (hidden - new)


def lstm_step(
    projected: Any,
    hidden: Operand,
    cell: Any,
    weight: Operand,
    bias: Operand | None,
    projection: Operand | None = None,
) -> tuple[Tensor, Tensor]:
    """Return the next hidden numbers and the next cell.

    With ``projected + hidden @ weight.T + bias`` in four parts, i, f, g and o: ``cell = sigmoid(f) * cell +
    sigmoid(i) * tanh(g)`` and ``hidden = sigmoid(o) * tanh(cell)``, times ``projection.T`` if there is one.

    Args:
        projected: (N, 4 H).
        hidden: (N, H), or (N, P) with a projection, from the step before.
        cell: (N, H), from the step before.
        weight: (4 H, H) or (4 H, P).
        bias: (4 H,), or None.
        projection: (P, H), or None.

    Returns:
        hidden: (N, H) or (N, P).
        cell: (N, H).

    Source: Hochreiter and Schmidhuber, "Long short-term memory", 1997; Gers et al., "Learning to forget", 2000; for the
    projection Sak et al., "Long short-term memory based recurrent neural network architectures", 2014.
    """
    accept, forget, new, show = chunk(projected + linear(hidden, weight, bias), 4, 1)
    cell = sigmoid(forget) * cell + sigmoid(accept) * tanh(new)
    hidden = sigmoid(show) * tanh(cell)
    if projection is not None:
        hidden = linear(hidden, projection)
    return hidden, cell


def rnn_steps(projected: Any, hidden: Any, weight: Operand, nonlinearity: str, backwards: bool) -> Tensor:
    """Return the hidden numbers after each ``rnn_step``, (T, N, H), from a projected input of (T, N, H)."""
    outputs = []
    for each in in_order(unbind(projected), backwards):
        hidden = rnn_step(each, hidden, weight, None, nonlinearity)
        outputs.append(hidden)
    return stack(in_order(outputs, backwards))


def gru_steps(projected: Any, hidden: Any, weight: Operand, bias: Operand | None, backwards: bool) -> Tensor:
    """Return the hidden numbers after each ``gru_step``, (T, N, H), from a projected input of (T, N, 3 H)."""
    outputs = []
    for each in in_order(unbind(projected), backwards):
        hidden = gru_step(each, hidden, weight, bias)
        outputs.append(hidden)
    return stack(in_order(outputs, backwards))


def lstm_steps(
    projected: Any,
    hidden: Any,
    cell: Any,
    weight: Operand,
    backwards: bool,
    projection: Operand | None = None,
) -> tuple[Tensor, Tensor]:
    """Return the hidden numbers after each ``lstm_step``, (T, N, H), and the last cell, from (T, N, 4 H)."""
    outputs = []
    for each in in_order(unbind(projected), backwards):
        hidden, cell = lstm_step(each, hidden, cell, weight, None, projection)
        outputs.append(hidden)
    return stack(in_order(outputs, backwards)), cell


def in_order(steps: Any, backwards: bool) -> list[Any]:
    """Return steps as a list, the last one first if ``backwards``."""
    return list(steps)[::-1] if backwards else list(steps)
