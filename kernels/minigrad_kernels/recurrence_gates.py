"""The arithmetic of one row of a recurrent layer between its products: gates, states, and their slopes.

A row has H numbers for each gate, one gate after the other. Every loop writes to one array only: before a vector loop
LLVM checks that what is written does not overlap what is read, and gives up where there are many pairs to check.
"""

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.scalar_functions import sigmoid_of, tanh_of


@register_jitable
def add_numbers(x: np.ndarray, out: np.ndarray) -> None:
    """Compute out = out + x, shapes (n,)."""
    for j in range(out.size):
        out[j] += x[j]


@register_jitable
def sum_numbers(x: np.ndarray, y: np.ndarray, out: np.ndarray) -> None:
    """Compute out = x + y, shapes (n,)."""
    for j in range(out.size):
        out[j] = x[j] + y[j]


@register_jitable
def sigmoid_numbers(out: np.ndarray) -> None:
    """Compute out = 1/(1 + exp(−out)), shape (n,)."""
    for j in range(out.size):
        out[j] = sigmoid_of(out[j])


@register_jitable
def tanh_numbers(out: np.ndarray) -> None:
    """Compute out = tanh(out), shape (n,)."""
    for j in range(out.size):
        out[j] = tanh_of(out[j])


@register_jitable
def relu_numbers(out: np.ndarray) -> None:
    """Compute out = max(out, 0), NaN where it is NaN, shape (n,)."""
    zero = out.dtype.type(0)
    for j in range(out.size):
        out[j] = zero if out[j] <= zero else out[j]


@register_jitable
def tanh_slopes(results: np.ndarray, slopes: np.ndarray) -> None:
    """Compute slopes = slopes·(1 − results²), shapes (n,)."""
    one = slopes.dtype.type(1)
    for j in range(slopes.size):
        slopes[j] *= one - results[j] * results[j]


@register_jitable
def relu_slopes(results: np.ndarray, slopes: np.ndarray) -> None:
    """Compute slopes = 0 where results ≤ 0, shapes (n,)."""
    zero = slopes.dtype.type(0)
    for j in range(slopes.size):
        slopes[j] = zero if results[j] <= zero else slopes[j]


@register_jitable
def lstm_row(gates: np.ndarray, cell: np.ndarray, next_cell: np.ndarray, hidden: np.ndarray) -> None:
    """Apply the gates' functions in place, then compute the next cell and state.

    Args:
        gates: Shape (4H,), the sums of i, f, g and o; sigmoid, sigmoid, tanh and sigmoid of them afterwards.
        cell: Shape (H,), as are the others.
        next_cell: Filled with f·cell + i·g.
        hidden: Filled with o·tanh(next_cell).
    """
    n = cell.size
    sigmoid_numbers(gates[: 2 * n])
    tanh_numbers(gates[2 * n : 3 * n])
    sigmoid_numbers(gates[3 * n :])
    accept, forget, new, show = gates[:n], gates[n : 2 * n], gates[2 * n : 3 * n], gates[3 * n :]
    for j in range(n):
        next_cell[j] = forget[j] * cell[j] + accept[j] * new[j]
    for j in range(n):
        hidden[j] = show[j] * tanh_of(next_cell[j])


@register_jitable
def lstm_row_slopes(
    gates: np.ndarray, cell: np.ndarray, next_cell: np.ndarray, for_hidden: np.ndarray, for_cell: np.ndarray,
    slopes: np.ndarray,
) -> None:  # fmt: skip
    """Compute the gradients of the four sums of a row, and of the cell before.

    Args:
        gates: Shape (4H,), as `lstm_row` left them.
        cell: Shape (H,), as are the next three: what it was given.
        next_cell: What it filled.
        for_hidden: Gradient with respect to the state.
        for_cell: Gradient with respect to the next cell, but for what comes by the state; filled with that of `cell`.
        slopes: Shape (4H,), filled.
    """
    n, one = cell.size, gates.dtype.type(1)
    accept, forget, new, show = gates[:n], gates[n : 2 * n], gates[2 * n : 3 * n], gates[3 * n :]
    for_accept, for_forget, for_new = slopes[:n], slopes[n : 2 * n], slopes[2 * n : 3 * n]
    for_show = slopes[3 * n :]
    for j in range(n):
        for_show[j] = tanh_of(next_cell[j])
    for j in range(n):
        for_cell[j] += for_hidden[j] * show[j] * (one - for_show[j] * for_show[j])
    for j in range(n):
        for_show[j] = for_hidden[j] * for_show[j] * (show[j] * (one - show[j]))
    for j in range(n):
        for_accept[j] = for_cell[j] * new[j] * (accept[j] * (one - accept[j]))
    for j in range(n):
        for_forget[j] = for_cell[j] * cell[j] * (forget[j] * (one - forget[j]))
    for j in range(n):
        for_new[j] = for_cell[j] * accept[j] * (one - new[j] * new[j])
    for j in range(n):
        for_cell[j] *= forget[j]


@register_jitable
def gru_row(projected: np.ndarray, gates: np.ndarray, hidden: np.ndarray, next_hidden: np.ndarray) -> None:
    """Apply the gates' functions, then compute the next state.

    Args:
        projected: Shape (3H,), the input's part of r, z and n.
        gates: Shape (4H,): the state's part m of r, z and, in the last place, n; r, z, n and m_n afterwards.
        hidden: Shape (H,), the state before.
        next_hidden: Shape (H,), filled with n + z·(hidden − n).
    """
    n = hidden.size
    both = gates[: 2 * n]
    for j in range(both.size):
        both[j] = sigmoid_of(projected[j] + both[j])
    reset, update, new, from_hidden = gates[:n], gates[n : 2 * n], gates[2 * n : 3 * n], gates[3 * n :]
    from_input = projected[2 * n :]
    for j in range(n):
        new[j] = tanh_of(from_input[j] + reset[j] * from_hidden[j])
    for j in range(n):
        next_hidden[j] = new[j] + update[j] * (hidden[j] - new[j])


@register_jitable
def gru_row_slopes(
    gates: np.ndarray, hidden: np.ndarray, carried: np.ndarray, from_input: np.ndarray, from_hidden: np.ndarray
) -> None:
    """Compute the gradients of the sums of a row, and of the state before but for what comes by the product.

    Args:
        gates: Shape (4H,), as `gru_row` left them.
        hidden: Shape (H,), what it was given.
        carried: Shape (H,), gradient with respect to the next state; multiplied by z.
        from_input: Shape (3H,), filled with the gradients of the input's part of r, z and n.
        from_hidden: Shape (3H,), filled with those of the state's part.
    """
    n, one = hidden.size, gates.dtype.type(1)
    reset, update, new, product = gates[:n], gates[n : 2 * n], gates[2 * n : 3 * n], gates[3 * n :]
    for_reset, for_update, for_new = from_input[:n], from_input[n : 2 * n], from_input[2 * n :]
    for j in range(n):
        for_new[j] = carried[j] * (one - update[j]) * (one - new[j] * new[j])
    for j in range(n):
        for_update[j] = carried[j] * (hidden[j] - new[j]) * (update[j] * (one - update[j]))
    for j in range(n):
        for_reset[j] = for_new[j] * product[j] * (reset[j] * (one - reset[j]))
    both, same = from_hidden[: 2 * n], from_input[: 2 * n]
    for j in range(both.size):
        both[j] = same[j]
    last = from_hidden[2 * n :]
    for j in range(n):
        last[j] = for_new[j] * reset[j]
    for j in range(n):
        carried[j] *= update[j]
