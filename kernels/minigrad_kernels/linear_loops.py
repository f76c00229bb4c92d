"""The kernel of a linear layer: a product, the bias and the activation in one call."""

from typing import Any

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.arrays import alike, axes, is_none, length, stride, zero_of
from minigrad_kernels.bias_loops import NONE, finish_rows, repeated
from minigrad_kernels.blocks import even_share
from minigrad_kernels.jit import object_kernel
from minigrad_kernels.layouts import apart, rows_in, takes, transposed_in
from minigrad_kernels.machine import L2_BYTES
from minigrad_kernels.new_arrays import (
    MOST_WORK_WITH_GIL,
    dropped,
    new_array,
    no_array,
    release_gil,
    returned,
    take_gil,
)
from minigrad_kernels.product_calls import fill_product
from minigrad_kernels.vectors import address, itemsize_of, numbers_at

# Rows of out are finished while they are in the L2 cache, which gains 1 to 5 % where k is small and out large. Each
# product packs the weight anew, so with k = 256 and 512 half of these rows lost 3 to 9 %.
OUT_BYTES = L2_BYTES // 2
ROWS_PER_K = 4


@object_kernel
def linear_rows(x: Any, weight: Any, bias: Any, out: Any, activation: int, most_work: int, product: int) -> Any:
    """Check the operands and return activation(x @ weightᵀ + bias), if it can be computed from them as they are.

    Args:
        x: An array, shape (..., k). The others may be any objects.
        weight: Shape (n, k).
        bias: Shape (n,), contiguous, or None.
        out: Where to write, or None for a new array.
        activation: NONE, RELU, TANH or SIGMOID.
        most_work: How many multiplications it may take at most.
        product: What `product_address` returned for the dtype of the arrays.

    Returns:
        A new array or `out`. None, with nothing written, if the dtypes or shapes do not fit, or the numbers of x or
        weight lie apart along both axes, or rows of x at no constant distance, or `out` is not C-contiguous or shares
        memory with an operand; or there is too much work, or no memory.
    """
    fits, m, n, k, x_row, x_column, w_row, w_column = layer_in(x, weight, bias)
    if not fits or m * n * k > most_work:
        return no_array(x)
    if is_none(out):
        result = new_array(x, axes(x) - 1, 0, 0, 1, n)
    elif takes_rows(out, x, weight, bias, m, n, k, x_row, x_column, w_row, w_column):
        result = returned(out)
    else:
        result = no_array(x)
    if is_none(result):
        return result
    thread = release_gil(m * n * k > MOST_WORK_WITH_GIL)
    done = fill_rows(
        zero_of(x), m, n, k, address(x), x_row, x_column, address(weight), w_row, w_column,
        0 if is_none(bias) else address(bias), address(result), activation, product,
    )  # fmt: skip
    take_gil(thread)
    return result if done else dropped(result)


@register_jitable
def layer_in(x: Any, weight: Any, bias: Any) -> tuple[bool, int, int, int, int, int, int, int]:
    """Return whether the operands fit and can be read; the rows, m, n and k; and strides of x and of weightᵀ."""
    if not alike(x, weight) or axes(x) == 0 or axes(weight) != 2:
        return False, 0, 0, 0, 0, 0, 0, 0
    m, k, x_row, x_column, x_readable = rows_in(x)
    w_row, w_column, w_readable = transposed_in(weight)
    n = length(weight, 0)
    fits = length(weight, 1) == k and x_readable and w_readable and (is_none(bias) or is_vector(bias, x, n))
    return fits, m, n, k, x_row, x_column, w_row, w_column


@register_jitable
def takes_rows(
    out: Any, x: Any, weight: Any, bias: Any, m: int, n: int, k: int,
    x_row: int, x_column: int, w_row: int, w_column: int,
) -> bool:  # fmt: skip
    """Whether `out` can be written to as to a new array for the result, while the operands are read."""
    if not takes(out, x, axes(x) - 1, 0, 0, 1, n):
        return False
    itemsize = itemsize_of(zero_of(x))
    start, size = address(out), m * n * itemsize
    return (
        apart(start, size, address(x), itemsize, 1, 0, m, x_row, k, x_column)
        and apart(start, size, address(weight), itemsize, 1, 0, k, w_row, n, w_column)
        and (is_none(bias) or apart(start, size, address(bias), itemsize, 1, 0, 1, 0, n, itemsize))
    )


@register_jitable
def is_vector(bias: Any, like: Any, n: int) -> bool:
    """Whether the bias is a contiguous vector of n numbers, and an array like the other one."""
    if not alike(like, bias) or axes(bias) != 1 or length(bias, 0) != n:
        return False
    return n <= 1 or stride(bias, 0) == itemsize_of(zero_of(like))


@register_jitable
def fill_rows(
    zero: np.floating, m: int, n: int, k: int, x: int, x_row: int, x_column: int,
    weight: int, w_row: int, w_column: int, bias: int, out: int, activation: int, product: int,
) -> bool:  # fmt: skip
    """Fill the m×n numbers at address `out` with activation(x @ weight + bias); bias is 0 if there is none.

    Returns:
        Whether there was memory to pack in.
    """
    out_row = n * itemsize_of(zero)
    if bias == 0 and activation == NONE:
        return fill_product(product, zero, m, n, k, x, x_row, x_column, weight, w_row, w_column, out, out_row)
    if bias == 0:
        # Adding −0 changes no number, not even −0.
        addend = np.empty(n, numbers_at(out, 0, zero).dtype)
        for j in range(n):
            addend[j] = -zero
    else:
        addend = repeated(zero, bias, n, m)
    most = max(1, ROWS_PER_K * k, OUT_BYTES // max(1, out_row))
    step = even_share(max(1, m), most)
    for first in range(0, m, step):
        rows, x_rows, out_rows = min(step, m - first), x + first * x_row, out + first * out_row
        if not fill_product(
            product, zero, rows, n, k, x_rows, x_row, x_column, weight, w_row, w_column, out_rows, out_row
        ):
            return False
        finish_rows(zero, out_rows, rows, n, out_row, addend, activation)
    return True
