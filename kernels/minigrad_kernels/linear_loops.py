"""The kernel of a linear layer: a product, the bias and the activation in one call."""

from typing import Any

from numba.extending import register_jitable

from minigrad_kernels.arrays import (
    alike,
    axes,
    contiguous,
    is_none,
    length,
    same_lengths,
    separate,
    stride,
    writeable,
    zero_of,
)
from minigrad_kernels.bias_loops import NONE, finish_rows, repeated
from minigrad_kernels.blocks import even_share
from minigrad_kernels.jit import object_kernel
from minigrad_kernels.layouts import matrix_strides, rows_in
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
from minigrad_kernels.vectors import address, itemsize_of

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
    elif takes_rows(out, x, weight, bias, n):
        result = returned(out)
    else:
        result = no_array(x)
    if is_none(result):
        return result
    thread = release_gil(m * n * k > MOST_WORK_WITH_GIL)
    zero, start, out_row = zero_of(x), address(result), n * itemsize_of(zero_of(x))
    step, plain, done = max(1, m), is_none(bias) and activation == NONE, True
    addend = repeated(zero, 0 if is_none(bias) else address(bias), 0 if plain else n, m)
    if not plain:
        step = even_share(step, max(1, ROWS_PER_K * k, OUT_BYTES // max(1, out_row)))
    for first in range(0, m, step):
        rows, out_rows = min(step, m - first), start + first * out_row
        done = done and fill_product(
            product, zero, rows, n, k, address(x) + first * x_row, x_row, x_column,
            address(weight), w_row, w_column, out_rows, out_row,
        )  # fmt: skip
        if not plain:
            finish_rows(zero, out_rows, rows, n, out_row, addend, activation)
    take_gil(thread)
    return result if done else dropped(result)


@register_jitable
def layer_in(x: Any, weight: Any, bias: Any) -> tuple[bool, int, int, int, int, int, int, int]:
    """Return whether the operands fit and can be read; the rows, m, n and k; and strides of x and of weightᵀ."""
    if not alike(x, weight) or axes(x) == 0 or axes(weight) != 2:
        return False, 0, 0, 0, 0, 0, 0, 0
    m, k, x_row, x_column, x_readable = rows_in(x)
    n, itemsize = length(weight, 0), itemsize_of(zero_of(x))
    w_row, w_column, w_readable = matrix_strides(length(weight, 1), n, stride(weight, 1), stride(weight, 0), itemsize)
    fits = length(weight, 1) == k and x_readable and w_readable
    if not is_none(bias):
        fits = fits and alike(x, bias) and axes(bias) == 1 and length(bias, 0) == n
        fits = fits and (n <= 1 or stride(bias, 0) == itemsize)
    return fits, m, n, k, x_row, x_column, w_row, w_column


@register_jitable
def takes_rows(out: Any, x: Any, weight: Any, bias: Any, n: int) -> bool:
    """Whether `out` can be written to as to a new array for the result, while the operands are read."""
    last = axes(x) - 1
    if not alike(x, out) or not contiguous(out) or not writeable(out) or axes(out) != last + 1:
        return False
    fits = length(out, last) == n and same_lengths(x, out, last) and separate(out, x) and separate(out, weight)
    return fits and (is_none(bias) or separate(out, bias))
