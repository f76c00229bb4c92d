"""Public sequences of recurrent layers and their gradients: check, allocate, call `recurrence_loops.py`.

Any layout is accepted; what is not C-contiguous is copied first. A state after t steps is off by what each step before
adds, (H + 5)·eps·Σ|weight·state| and 3 eps of the gates, multiplied with what the steps between make of it.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad_kernels.entries import Kind, entry
from minigrad_kernels.jit import runs_python
from minigrad_kernels.product_calls import product_address
from minigrad_kernels.products import matmul
from minigrad_kernels.recurrence_loops import (
    gru_backward,
    gru_forward,
    lstm_backward,
    lstm_forward,
    rnn_backward,
    rnn_forward,
)
from minigrad_kernels.signatures import contiguous
from minigrad_kernels.stored_arrays import stored

_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
# For each loop the axes of its arrays; 0 stands for an integer.
_AXES: dict[Callable[..., bool], tuple[int, ...]] = {
    rnn_forward: (3, 2, 2, 0, 0, 3, 0),
    rnn_backward: (3, 2, 3, 0, 0, 3, 2, 0),
    gru_forward: (3, 2, 2, 1, 0, 3, 3, 2, 0),
    gru_backward: (3, 2, 2, 3, 3, 0, 3, 3, 2, 2, 0),
    lstm_forward: (3, 2, 2, 2, 0, 3, 3, 3, 0),
    lstm_backward: (3, 2, 2, 3, 3, 0, 3, 2, 2, 0),
}
_entries: dict[tuple[Callable[..., bool], np.dtype], tuple[Callable[..., bool], int]] = {}


def rnn_sequence(
    projected: np.ndarray, hidden: np.ndarray, weight: np.ndarray, relu: bool = False, backwards: bool = False
) -> np.ndarray:
    """Compute state = tanh(projected[t] + state @ weight.T), or relu of that, for each t.

    Args:
        projected: Shape (T, N, H), float32 or float64.
        hidden: Shape (N, H), of its dtype, the state before the first step.
        weight: Shape (H, H), of its dtype.
        relu: Whether relu takes the place of tanh.
        backwards: Whether the last t comes first.

    Returns:
        The states, shape (T, N, H).

    Raises:
        TypeError: An argument is no array of a fitting dtype.
        ValueError: The shapes do not fit.

    Example:
        >>> rnn_sequence(np.ones((3, 1, 1)), np.zeros((1, 1)), np.ones((1, 1)), relu=True).ravel()
        array([1., 2., 3.])
    """
    _check("rnn_sequence", 1, projected, hidden, weight)
    output = np.empty(projected.shape, projected.dtype)
    operands = (stored(projected), stored(hidden), _turned(weight))
    _run(rnn_forward, *operands, int(relu), int(backwards), output)
    return output


def rnn_sequence_backward(
    grad: np.ndarray, hidden: np.ndarray, weight: np.ndarray, output: np.ndarray, relu: bool = False,
    backwards: bool = False,
) -> tuple[np.ndarray, ...]:  # fmt: skip
    """Compute the gradients of `rnn_sequence`.

    Args:
        grad: Gradient with respect to its result, shape (T, N, H), of its dtype.
        hidden: What it was given, as are `weight`, `relu` and `backwards`.
        weight: Shape (H, H).
        output: What it returned.
        relu: Likewise.
        backwards: Likewise.

    Returns:
        The gradients of projected, hidden and weight.

    Raises:
        TypeError: An argument is no array of a fitting dtype.
        ValueError: The shapes do not fit.
    """
    _check("rnn_sequence_backward", 1, output, hidden, weight, grad=grad)
    slopes, carried = np.empty(output.shape, output.dtype), np.zeros(hidden.shape, output.dtype)
    operands = (stored(grad), stored(weight), stored(output))
    _run(rnn_backward, *operands, int(relu), int(backwards), slopes, carried)
    return slopes, carried, _weight_gradient(slopes, hidden, output, backwards)


def gru_sequence(
    projected: np.ndarray, hidden: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None,
    backwards: bool = False,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Compute the states of gated recurrent units.

    With m = state @ weight.T + bias in three parts, r = sigmoid(projected_r + m_r), z = sigmoid(projected_z + m_z), n =
    tanh(projected_n + r·m_n), a step is state = n + z·(state − n).

    Args:
        projected: Shape (T, N, 3H), float32 or float64.
        hidden: Shape (N, H), of its dtype, the state before the first step.
        weight: Shape (3H, H), of its dtype.
        bias: Shape (3H,), of its dtype, or None.
        backwards: Whether the last t comes first.

    Returns:
        The states, shape (T, N, H), and r, z, n and m_n of each step, shape (T, N, 4H).

    Raises:
        TypeError: An argument is no array of a fitting dtype.
        ValueError: The shapes do not fit.

    Example:
        >>> gru_sequence(np.zeros((2, 1, 3)), np.ones((1, 1)), np.zeros((3, 1)))[0].ravel()
        array([0.5 , 0.25])
    """
    _check("gru_sequence", 3, projected, hidden, weight, bias=bias)
    steps, (rows, n), dtype = len(projected), hidden.shape, projected.dtype
    bias = np.zeros(3 * n, dtype) if bias is None else stored(bias)
    output, gates = np.empty((steps, rows, n), dtype), np.empty((steps, rows, 4 * n), dtype)
    operands = (stored(projected), stored(hidden), _turned(weight), bias, int(backwards))
    _run(gru_forward, *operands, output, gates, np.empty((rows, 3 * n), dtype))
    return output, gates


def gru_sequence_backward(
    grad: np.ndarray, hidden: np.ndarray, weight: np.ndarray, output: np.ndarray, gates: np.ndarray,
    backwards: bool = False,
) -> tuple[np.ndarray, ...]:  # fmt: skip
    """Compute the gradients of `gru_sequence`.

    Args:
        grad: Gradient with respect to the states, shape (T, N, H), of their dtype.
        hidden: What it was given, as are `weight` and `backwards`.
        weight: Shape (3H, H).
        output: What it returned, as is the next.
        gates: Shape (T, N, 4H).
        backwards: Likewise.

    Returns:
        The gradients of projected, hidden, weight and bias.

    Raises:
        TypeError: An argument is no array of a fitting dtype.
        ValueError: The shapes do not fit.
    """
    steps, dtype = len(output), output.dtype
    _check("gru_sequence_backward", 3, gates[..., : 3 * hidden.shape[-1]], hidden, weight, grad=grad, output=output)
    rows, n = hidden.shape
    slopes, state_slopes = np.empty((2, steps, rows, 3 * n), dtype)
    carried, sums = np.zeros((2, rows, n), dtype)
    operands = (stored(grad), stored(hidden), stored(weight), stored(output), stored(gates), int(backwards))
    _run(gru_backward, *operands, slopes, state_slopes, carried, sums)
    for_weight = _weight_gradient(state_slopes, hidden, output, backwards)
    return slopes, carried, for_weight, state_slopes.reshape(-1, 3 * n).sum(0)


def lstm_sequence(
    projected: np.ndarray, hidden: np.ndarray, cell: np.ndarray, weight: np.ndarray, backwards: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compute the states of long short-term memory.

    With projected[t] + state @ weight.T in four parts, i, f, g and o, a step is cell = sigmoid(f)·cell +
    sigmoid(i)·tanh(g), state = sigmoid(o)·tanh(cell).

    Args:
        projected: Shape (T, N, 4H), float32 or float64.
        hidden: Shape (N, H), of its dtype, the state before the first step.
        cell: Shape (N, H), of its dtype, the cell before the first step.
        weight: Shape (4H, H), of its dtype.
        backwards: Whether the last t comes first.

    Returns:
        The states, shape (T, N, H), the four gates of each step, shape (T, N, 4H), and the cells, shape (T, N, H).

    Raises:
        TypeError: An argument is no array of a fitting dtype.
        ValueError: The shapes do not fit.

    Example:
        >>> lstm_sequence(np.zeros((2, 1, 4)), np.zeros((1, 1)), np.ones((1, 1)), np.zeros((4, 1)))[2].ravel()
        array([0.5 , 0.25])
    """
    _check("lstm_sequence", 4, projected, hidden, weight, cell=cell)
    steps, (rows, n), dtype = len(projected), hidden.shape, projected.dtype
    output, cells = np.empty((steps, rows, n), dtype), np.empty((steps, rows, n), dtype)
    gates = np.empty((steps, rows, 4 * n), dtype)
    operands = (stored(projected), stored(hidden), stored(cell), _turned(weight), int(backwards))
    _run(lstm_forward, *operands, output, gates, cells)
    return output, gates, cells


def lstm_sequence_backward(
    grad: np.ndarray | None, grad_cell: np.ndarray | None, hidden: np.ndarray, cell: np.ndarray, weight: np.ndarray,
    output: np.ndarray, gates: np.ndarray, cells: np.ndarray, backwards: bool = False,
) -> tuple[np.ndarray, ...]:  # fmt: skip
    """Compute the gradients of `lstm_sequence`.

    Args:
        grad: Gradient with respect to the states, shape (T, N, H), of their dtype; None for zeros.
        grad_cell: Gradient with respect to the cell after the last step, shape (N, H); None for zeros.
        hidden: What it was given, as are `cell`, `weight` and `backwards`.
        cell: Shape (N, H).
        weight: Shape (4H, H).
        output: What it returned, as are the next two.
        gates: Shape (T, N, 4H).
        cells: Shape (T, N, H).
        backwards: Likewise.

    Returns:
        The gradients of projected, hidden, cell and weight.

    Raises:
        TypeError: An argument is no array of a fitting dtype.
        ValueError: The shapes do not fit.
    """
    grad = np.zeros(output.shape, output.dtype) if grad is None else grad
    states = {"cell": cell, "grad": grad, "output": output, "cells": cells, "grad_cell": grad_cell}
    _check("lstm_sequence_backward", 4, gates, hidden, weight, **states)
    slopes, carried = np.empty(gates.shape, gates.dtype), np.zeros(hidden.shape, gates.dtype)
    carried_cell = np.zeros(hidden.shape, gates.dtype) if grad_cell is None else np.array(grad_cell, order="C")
    operands = (stored(grad), stored(cell), stored(weight), stored(gates), stored(cells), int(backwards))
    _run(lstm_backward, *operands, slopes, carried, carried_cell)
    return slopes, carried, carried_cell, _weight_gradient(slopes, hidden, output, backwards)


def _run(loop: Callable[..., bool], *arguments: Any) -> None:
    """Call a loop with the address of the product behind its arguments.

    Raises:
        MemoryError: There was none for a product.
    """
    dtype = arguments[0].dtype
    ready = None if runs_python() else _entries.get((loop, dtype))
    if ready is None:
        kinds: list[Kind] = [contiguous(dtype, axes) if axes else int for axes in _AXES[loop]]
        ready = entry(loop, *kinds), product_address(dtype)
        if not runs_python():
            _entries[loop, dtype] = ready
    if not ready[0](*arguments, ready[1]):
        raise MemoryError("recurrences: there was no memory for the blocks of a matrix product; use smaller batches")


def _turned(weight: np.ndarray) -> np.ndarray:
    """Return the transposed weight, contiguous: a product packs nothing of it, step after step."""
    return np.array(weight.T, order="C")


def _weight_gradient(slopes: np.ndarray, hidden: np.ndarray, output: np.ndarray, backwards: bool) -> np.ndarray:
    """Return the sum over all steps of slopes.T @ the state before."""
    width, n = slopes.shape[-1], hidden.shape[-1]
    if len(slopes) == 0:
        return np.zeros((width, n), slopes.dtype)
    first, later, before = slopes[0], slopes[1:], output[:-1]
    if backwards:
        first, later, before = slopes[-1], slopes[:-1], output[1:]
    total = matmul(first.T, hidden)
    total += matmul(later.reshape(-1, width).T, before.reshape(-1, n))
    return total


def _check(name: str, gates: int, projected: Any, hidden: Any, weight: Any, bias: Any = None, **states: Any) -> None:
    """Raise unless the operands are floating arrays of one dtype, and their shapes fit."""
    arrays = {"projected": projected, "hidden": hidden, "weight": weight, "bias": bias, **states}
    present = {role: x for role, x in arrays.items() if x is not None}
    for role, x in present.items():
        if type(x) is not np.ndarray or x.dtype not in _FLOATS or x.dtype != projected.dtype:
            came = f"{x.dtype}" if isinstance(x, np.ndarray) else type(x).__name__
            raise TypeError(
                f"{name}: needed arrays of one dtype, float32 or float64, came {role} of {came}; convert with .astype"
            )
    fits = projected.ndim == 3 and hidden.ndim == 2
    if fits:
        steps, (rows, n) = len(projected), hidden.shape
        wanted = {"projected": (steps, rows, gates * n), "weight": (gates * n, n), "bias": (gates * n,)}
        wanted |= {"cell": (rows, n), "grad_cell": (rows, n)}
        wanted |= {"output": (steps, rows, n), "cells": (steps, rows, n), "grad": (steps, rows, n)}
        for role, shape in wanted.items():
            fits = fits and (role not in present or present[role].shape == shape)
    if not fits:
        came = ", ".join(f"{role} {x.shape}" for role, x in present.items())
        raise ValueError(
            f"{name}: needed projected (T, N, {gates}·H), hidden (N, H), weight ({gates}·H, H), states (T, N, H) and "
            f"cells alike, came {came}; broadcast with np.broadcast_to"
        )
