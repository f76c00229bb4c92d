"""A linear layer in parts, as `parts.py` has it for a product: each ends with its bias and its activation."""

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.bias_loops import finish_rows, repeated
from minigrad_kernels.jit import kernel
from minigrad_kernels.layouts import matrix_strides
from minigrad_kernels.linear_loops import ACTIVATIONS, NO_BIAS
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
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray, out: np.ndarray, kind: int, product: int,
    function: int, board: int, threads: int,
) -> int:  # fmt: skip
    """Fill `out` with activation(x @ weightᵀ + bias), in parts, unless an operand must be copied first.

    Args:
        x: Shape (m, k), any strides; no axis is empty.
        weight: Shape (n, k), any strides.
        bias: Shape (n,), any strides; any shape if there is NO_BIAS.
        out: Shape (m, n), contiguous rows, written; shares no memory with the others.
        kind: The activation, plus NO_BIAS if there is none.
        product: What `product_address` returned for the dtype of the arrays.
        function: Address of the kernel below that does a part.
        board: Address of the pool's board.
        threads: How many threads may work, this one included.

    Returns:
        What `multiply_parts` returns.
    """
    (m, k), n = x.shape, weight.shape[0]
    x_row, x_column, x_readable = matrix_strides(m, k, x.strides[0], x.strides[1], x.itemsize)
    w_column, w_row, weight_readable = matrix_strides(k, n, weight.strides[1], weight.strides[0], weight.itemsize)
    bias_readable = kind & NO_BIAS != 0 or (bias.size == n and (n == 1 or bias.strides[0] == bias.itemsize))
    if weight.shape[1] != k or not x_readable or not weight_readable or not bias_readable:
        return UNREADABLE
    description = np.zeros(DESCRIPTION, np.int64)
    describe(description, m, n, k, address(x), x_row, x_column, address(weight), w_column, w_row, product)
    description[OUT], description[OUT_ROW] = address(out), out.strides[0]
    # Adding −0 changes no number, not even −0.
    zeros = np.full(n if kind & NO_BIAS else 0, -out.dtype.type(0), out.dtype)
    if kind != NO_BIAS:
        description[BIAS] = address(zeros) if kind & NO_BIAS else address(bias)
    description[ACTIVATION] = kind & ACTIVATIONS
    outcome = post_parts(description, out.itemsize, function, board, threads)
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
