"""All steps of a recurrent layer in one operation: the same as ``recurrences.py`` says step by step."""

from __future__ import annotations

from typing import Any

import minigrad_kernels
from minigrad.composed_rules import derived_twice
from minigrad.graph import record
from minigrad.ops.operands import Op, Operand, Tensor, Value, ndarray, unwrap
from minigrad.ops.recurrences import gru_steps, lstm_steps, rnn_steps


def rnn_sequence(projected: Operand, hidden: Operand, weight: Operand, nonlinearity: str, backwards: bool) -> Tensor:
    """Return ``rnn_steps``, the hidden numbers after each step, (T, N, H).

    Args:
        projected: (T, N, H).
        hidden: (N, H), before the first step.
        weight: (H, H).
        nonlinearity: "tanh" or "relu".
        backwards: whether the last step comes first.
    """
    p_data, h_data, w_data = arrays_of(rnn_sequence, projected, hidden, weight)
    output = minigrad_kernels.rnn_sequence(p_data, h_data, w_data, nonlinearity == "relu", backwards)
    inputs = (projected, hidden, weight, nonlinearity, backwards)
    saved = (p_data, h_data, w_data, output, nonlinearity, backwards)
    return record(rnn_sequence, rnn_sequence_vjp, output, inputs, saved)


def rnn_sequence_vjp(
    grad_output: Value,
    projected: Value,
    hidden: Value,
    weight: Value,
    output: Value,
    nonlinearity: str,
    backwards: bool,
) -> tuple[Value, ...]:
    """``grad_projected[t] = (grad_output[t] + grad_projected[t + 1] @ weight) * nonlinearity'``, from the last t on.

    Then ``grad_hidden = grad_projected[0] @ weight; grad_weight = sum over t of grad_projected[t].T @ output[t - 1]``.
    """
    return rnn_sequence_backward(grad_output, projected, hidden, weight, output, nonlinearity, backwards)


def rnn_sequence_backward(
    grad: Operand,
    projected: Operand,
    hidden: Operand,
    weight: Operand,
    result: Operand,
    nonlinearity: str,
    backwards: bool,
) -> tuple[Value, ...]:
    """Return the gradients of ``rnn_sequence`` with respect to ``projected``, ``hidden`` and ``weight``.

    Args:
        grad: the gradient of its result.
        projected: what it was given; likewise the others that bear the names of its parameters.
        hidden: likewise.
        weight: likewise.
        result: what it returned.
        nonlinearity: likewise.
        backwards: likewise.
    """
    g_data, p_data, h_data, w_data, r_data = arrays_of(rnn_sequence_backward, grad, projected, hidden, weight, result)
    settings = (nonlinearity == "relu", backwards)
    outputs = minigrad_kernels.rnn_sequence_backward(g_data, h_data, w_data, r_data, *settings)
    if grad.__class__ is ndarray:
        return outputs
    inputs = (grad, projected, hidden, weight, result, nonlinearity, backwards)
    saved = (g_data, p_data, h_data, w_data, nonlinearity, backwards)
    return record(rnn_sequence_backward, rnn_sequence_backward_vjp, outputs, inputs, saved)


def rnn_sequence_backward_vjp(
    grad_outputs: tuple[Value, ...],
    grad: Value,
    projected: Value,
    hidden: Value,
    weight: Value,
    nonlinearity: str,
    backwards: bool,
) -> list[Value]:
    """The steps one by one, derived twice."""
    return derived_twice(rnn_steps, grad_outputs, (grad,), (projected, hidden, weight), (nonlinearity, backwards))


def gru_sequence(projected: Operand, hidden: Operand, weight: Operand, bias: Operand | None, backwards: bool) -> Tensor:
    """Return ``gru_steps``, the hidden numbers after each step, (T, N, H).

    Args:
        projected: (T, N, 3 H).
        hidden: (N, H), before the first step.
        weight: (3 H, H).
        bias: (3 H,), or None.
        backwards: whether the last step comes first.
    """
    p_data, h_data, w_data, b_data = arrays_of(gru_sequence, projected, hidden, weight, bias)
    output, gates = minigrad_kernels.gru_sequence(p_data, h_data, w_data, b_data, backwards)
    inputs = (projected, hidden, weight, bias, backwards)
    saved = (p_data, h_data, w_data, b_data, output, gates, backwards)
    return record(gru_sequence, gru_sequence_vjp, output, inputs, saved)


def gru_sequence_vjp(
    grad_output: Value,
    projected: Value,
    hidden: Value,
    weight: Value,
    bias: Value,
    output: Value,
    gates: Value,
    backwards: bool,
) -> tuple[Value, ...]:
    """``slope[t]`` of the gates' sums by the rules of ``gru_step``, from the last t on; then the products' rules.

    ``grad_projected = slope; grad_weight = sum over t of slope_m[t].T @ output[t - 1]; grad_bias = sum(slope_m)``,
    where ``slope_m`` is ``slope`` with that of n times r; ``slope_m[0] @ weight`` and what z keeps is ``grad_hidden``.
    """
    return gru_sequence_backward(grad_output, projected, hidden, weight, bias, output, gates, backwards)


def gru_sequence_backward(
    grad: Operand,
    projected: Operand,
    hidden: Operand,
    weight: Operand,
    bias: Operand | None,
    result: Operand,
    gates: Operand,
    backwards: bool,
) -> tuple[Value, ...]:
    """Return the gradients of ``gru_sequence`` with respect to ``projected``, ``hidden``, ``weight`` and ``bias``.

    Args:
        grad: the gradient of its result.
        projected: what it was given; likewise the others that bear the names of its parameters.
        hidden: likewise.
        weight: likewise.
        bias: likewise.
        result: what it returned.
        gates: what it computed besides: r, z, n and the hidden numbers' part of n, (T, N, 4 H).
        backwards: likewise.
    """
    arrays = arrays_of(gru_sequence_backward, grad, projected, hidden, weight, bias, result, gates)
    g_data, p_data, h_data, w_data, b_data, r_data, gate_data = arrays
    outputs: tuple[Any, ...] = minigrad_kernels.gru_sequence_backward(
        g_data, h_data, w_data, r_data, gate_data, backwards
    )
    if bias is None:
        outputs = (*outputs[:3], None)
    if grad.__class__ is ndarray:
        return outputs
    inputs = (grad, projected, hidden, weight, bias, result, gates, backwards)
    saved = (g_data, p_data, h_data, w_data, b_data, backwards)
    return record(gru_sequence_backward, gru_sequence_backward_vjp, outputs, inputs, saved)


def gru_sequence_backward_vjp(
    grad_outputs: tuple[Value, ...],
    grad: Value,
    projected: Value,
    hidden: Value,
    weight: Value,
    bias: Value,
    backwards: bool,
) -> list[Value]:
    """The steps one by one, derived twice."""
    return derived_twice(gru_steps, grad_outputs, (grad,), (projected, hidden, weight, bias), (backwards,))


def lstm_sequence(
    projected: Operand, hidden: Operand, cell: Operand, weight: Operand, backwards: bool
) -> tuple[Tensor, Tensor]:
    """Return ``lstm_steps``, the hidden numbers after each step, (T, N, H), and the last cell, (N, H).

    Args:
        projected: (T, N, 4 H).
        hidden: (N, H), before the first step.
        cell: (N, H), likewise.
        weight: (4 H, H).
        backwards: whether the last step comes first.
    """
    p_data, h_data, c_data, w_data = arrays_of(lstm_sequence, projected, hidden, cell, weight)
    output, gates, cells = minigrad_kernels.lstm_sequence(p_data, h_data, c_data, w_data, backwards)
    # A copy, so that writing into it changes no cell that the rule reads.
    outputs = (output, cells[0 if backwards else -1].copy())
    inputs = (projected, hidden, cell, weight, backwards)
    saved = (p_data, h_data, c_data, w_data, outputs, gates, cells, backwards)
    return record(lstm_sequence, lstm_sequence_vjp, outputs, inputs, saved)


def lstm_sequence_vjp(
    grad_outputs: tuple[Value, Value],
    projected: Value,
    hidden: Value,
    cell: Value,
    weight: Value,
    outputs: tuple[Value, Value],
    gates: Value,
    cells: Value,
    backwards: bool,
) -> tuple[Value, ...]:
    """``slope[t]`` of the gates' sums by the rules of ``lstm_step``, from the last t on; then the products' rules.

    ``grad_projected = slope; grad_weight = sum over t of slope[t].T @ output[t - 1]; grad_hidden = slope[0] @ weight``;
    the cell's gradient is multiplied with f at each step.
    """
    grad, grad_cell = grad_outputs
    output, _ = outputs
    return lstm_sequence_backward(grad, grad_cell, projected, hidden, cell, weight, output, gates, cells, backwards)


def lstm_sequence_backward(
    grad: Operand | None,
    grad_cell: Operand | None,
    projected: Operand,
    hidden: Operand,
    cell: Operand,
    weight: Operand,
    result: Operand,
    gates: Operand,
    cells: Operand,
    backwards: bool,
) -> tuple[Value, ...]:
    """Return the gradients of ``lstm_sequence`` with respect to ``projected``, ``hidden``, ``cell`` and ``weight``.

    Args:
        grad: the gradient of its first result; None for zeros.
        grad_cell: that of its second; likewise.
        projected: what it was given; likewise the others that bear the names of its parameters.
        hidden: likewise.
        cell: likewise.
        weight: likewise.
        result: what it returned first.
        gates: what it computed besides: i, f, g and o, (T, N, 4 H).
        cells: likewise: the cell after each step, (T, N, H).
        backwards: likewise.
    """
    given = (grad, grad_cell, projected, hidden, cell, weight, result, gates, cells)
    g_data, l_data, p_data, h_data, c_data, w_data, *results = arrays_of(lstm_sequence_backward, *given)
    operands = (g_data, l_data, h_data, c_data, w_data)
    r_data, gate_data, cells_data = results
    outputs = minigrad_kernels.lstm_sequence_backward(*operands, r_data, gate_data, cells_data, backwards)
    if grad.__class__ is ndarray or (grad is None and grad_cell.__class__ is ndarray):
        return outputs
    saved = (g_data, l_data, p_data, h_data, c_data, w_data, backwards)
    return record(lstm_sequence_backward, lstm_sequence_backward_vjp, outputs, (*given, backwards), saved)


def lstm_sequence_backward_vjp(
    grad_outputs: tuple[Value, ...],
    grad: Value,
    grad_cell: Value,
    projected: Value,
    hidden: Value,
    cell: Value,
    weight: Value,
    backwards: bool,
) -> list[Value]:
    """The steps one by one, derived twice."""
    operands = (projected, hidden, cell, weight)
    return derived_twice(lstm_steps, grad_outputs, (grad, grad_cell), operands, (backwards,))


def arrays_of(op: Op, *operands: Any) -> list[Any]:
    """Return the arrays of operands, None for None."""
    found = []
    for each in operands:
        # In an ordinary backward nothing is a Tensor.
        found.append(each if each is None or each.__class__ is ndarray else unwrap(op, each))
    return found
