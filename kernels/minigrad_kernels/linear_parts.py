"""A linear layer in parts, as `parts.py` has it for a product: each ends with its bias and its activation."""

from typing import Any

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.arrays import flat, is_none, zero_of
from minigrad_kernels.bias_loops import NONE, finish_rows, repeated
from minigrad_kernels.jit import kernel
from minigrad_kernels.linear_loops import layer_in, takes_rows
from minigrad_kernels.parts import (
    ACTIVATION,
    BIAS,
    DESCRIPTION,
    OUT,
    OUT_ROW,
    UNREADABLE,
    block_of_part,
    describe,
    multiply_part,
    post_parts,
    word,
)
from minigrad_kernels.vectors import address, itemsize_of, keep_alive


@kernel
def linear_in_parts(
    x: Any, weight: Any, bias: Any, out: Any, activation: int, product: int, function: int, board: int, threads: int,
) -> int:  # fmt: skip
    """Fill `out` with activation(x @ weightᵀ + bias), in parts, unless an operand must be copied first.

    Args:
        x: An array, shape (..., k). The others may be any objects.
        weight: Shape (n, k).
        bias: Shape (n,), contiguous, or None.
        out: Shape (..., n), written.
        activation: NONE, RELU, TANH or SIGMOID.
        product: What `product_address` returned for the dtype of the arrays.
        function: Address of the kernel below that does a part.
        board: Address of the pool's board.
        threads: How many threads may work, this one included.

    Returns:
        What `multiply_parts` returns.
    """
    fits, m, n, k, x_row, x_column, w_row, w_column = layer_in(x, weight, bias)
    if not fits or m * n * k == 0 or not takes_rows(out, x, weight, bias, n):
        return UNREADABLE
    zero = zero_of(x)
    description = np.zeros(DESCRIPTION, np.int64)
    describe(description, m, n, k, address(x), x_row, x_column, address(weight), w_row, w_column, product)
    description[OUT], description[OUT_ROW] = address(out), n * itemsize_of(zero)
    # Adding −0 changes no number, not even −0.
    zeros = np.full(n if is_none(bias) else 0, -zero, flat(out).dtype)
    if not is_none(bias) or activation != NONE:
        description[BIAS] = address(zeros) if is_none(bias) else address(bias)
    description[ACTIVATION] = activation
    outcome = post_parts(description, itemsize_of(zero), function, board, threads)
    keep_alive(zeros)
    return outcome


@kernel
def linear_part_float32(description: int, part: int) -> int:
    """Do a part of the float32 layer described at an address; returns 1, or 0 if it had no memory."""
    return linear_part(np.float32(0), description, part)


@kernel
def linear_part_float64(description: int, part: int) -> int:
    """Do a part of the float64 layer described at an address; returns 1, or 0 if it had no memory."""
    return linear_part(np.float64(0), description, part)


@register_jitable
def linear_part(zero: np.floating, description: int, part: int) -> int:
    """Multiply a part, then add its bias and apply the activation."""
    if not multiply_part(zero, description, part):
        return 0
    bias = word(description, BIAS)
    if bias != 0:
        i, j, rows, columns = block_of_part(description, part)
        itemsize, out_row = itemsize_of(zero), word(description, OUT_ROW)
        out = word(description, OUT) + i * out_row + j * itemsize
        addend = repeated(zero, bias + j * itemsize, columns, rows)
        finish_rows(zero, out, rows, columns, out_row, addend, word(description, ACTIVATION))
    return 1
