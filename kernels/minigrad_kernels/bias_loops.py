"""The loops that end a linear layer: add the bias to each row of a product, and apply the activation, in one pass."""

from typing import Any

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.arrays import alike, axes, contiguous, length, separate, writeable, zero_of
from minigrad_kernels.jit import object_kernel
from minigrad_kernels.new_arrays import no_array, release_gil_for, returned, take_gil
from minigrad_kernels.scalar_functions import sigmoid_of, tanh_of
from minigrad_kernels.vectors import address, itemsize_of, numbers_at

NONE, RELU, TANH, SIGMOID = 0, 1, 2, 3

# A short bias is repeated up to this length, and so many rows are worked on as one: a vector holds up to 16 numbers,
# and LLVM's loops take four vectors at a time.
TOGETHER = 256


@object_kernel
def add_bias(out: Any, bias: Any, activation: int) -> Any:
    """Compute out = activation(out + bias), shapes (rows, n) and (n,), and return `out`.

    Args:
        out: An array, changed in place.
        bias: Added to each row; any object, in fact.
        activation: NONE, RELU, TANH or SIGMOID.

    Returns:
        None, with nothing written, if dtypes or shapes do not fit, or an array is not contiguous, or they overlap.
    """
    if not alike(out, bias) or axes(out) != 2 or axes(bias) != 1 or length(bias, 0) != length(out, 1):
        return no_array(out)
    if not contiguous(out) or not contiguous(bias) or not writeable(out) or not separate(out, bias):
        return no_array(out)
    thread = release_gil_for(out)
    rows, n, zero = length(out, 0), length(out, 1), zero_of(out)
    addend = repeated(zero, address(bias), n, rows)
    finish_rows(zero, address(out), rows, n, n * itemsize_of(zero), addend, activation)
    take_gil(thread)
    return returned(out)


@register_jitable
def repeated(zero: np.floating, bias: int, n: int, rows: int) -> np.ndarray:
    """Copy the bias at an address as often as rows are to be worked on as one: once if it is long or rows are few.

    At address 0 there is no bias, and −0 takes the place of its numbers: adding that changes no number, not even −0.
    """
    repeats = max(1, min(rows, TOGETHER // max(1, n)))
    addend = np.empty(repeats * n, numbers_at(bias, 0, zero).dtype)
    # In loops, because assigning to a slice would compile what makes its error message: 2 s.
    for j in range(n):
        addend[j] = -zero if bias == 0 else numbers_at(bias, n, zero)[j]
    # Twice as much each time: with one number after the other each would wait for the one n before it.
    filled = n
    while filled < addend.size:
        count = min(filled, addend.size - filled)
        copy = addend[filled : filled + count]
        for j in range(count):
            copy[j] = addend[j]
        filled += count
    return addend


@register_jitable
def finish_rows(
    zero: np.floating, out: int, rows: int, n: int, out_row: int, addend: np.ndarray, activation: int
) -> None:
    """Compute out = activation(out + bias) for rows at an address.

    Args:
        zero: A zero of the numbers' dtype.
        out: Address of the first row; rows are contiguous.
        rows: The number of rows.
        n: The numbers of a row.
        out_row: Bytes from row to row.
        addend: What `repeated` returned.
        activation: NONE, RELU, TANH or SIGMOID.
    """
    # Rows without gaps are worked on as one; with gaps, as when threads share the columns, each for itself.
    row_bytes = n * itemsize_of(zero)
    together = addend.size // max(1, n) if out_row == row_bytes else 1
    for i in range(0, rows, max(1, together)):
        count = min(together, rows - i) * n
        finish(zero, numbers_at(out + i * out_row, count, zero), addend, activation)


@register_jitable
def finish(zero: np.floating, block: np.ndarray, addend: np.ndarray, activation: int) -> None:
    """Compute block = activation(block + addend), in place; the addend may be longer."""
    if activation == RELU:
        for j in range(block.size):
            value = block[j] + addend[j]
            block[j] = zero if value <= zero else value
    elif activation == TANH:
        for j in range(block.size):
            block[j] = tanh_of(block[j] + addend[j])
    elif activation == SIGMOID:
        for j in range(block.size):
            block[j] = sigmoid_of(block[j] + addend[j])
    else:
        for j in range(block.size):
            block[j] += addend[j]
