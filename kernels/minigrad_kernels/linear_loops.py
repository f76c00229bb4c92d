"""The kernels of a linear layer: a product, the bias and the activation in one call, and all of its gradients."""

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.bias_loops import RELU, SIGMOID, TANH, finish_rows, repeated
from minigrad_kernels.blocks import even_share
from minigrad_kernels.jit import kernel
from minigrad_kernels.machine import L2_BYTES
from minigrad_kernels.product_calls import call_product
from minigrad_kernels.vectors import address, itemsize_of, numbers_at

# What else a kernel is told, in one integer with the activation: each further argument costs up to 40 ns.
ACTIVATIONS = 3
NO_BIAS = 4
NEED_X, NEED_WEIGHT, NEED_BIAS = 16, 32, 64

# Rows of out are finished while they are in the L2 cache, which gains 1 to 5 % where k is small and out large. Each
# product packs the weight anew, so with k = 256 and 512 half of these rows lost 3 to 9 %.
OUT_BYTES = L2_BYTES // 2
ROWS_PER_K = 4
# Sums of so many numbers are made in the arrays' dtype, and their totals in float64.
SUMMED = 32
# Up to so many numbers, rows are summed as one, so that no lane of a vector stays empty.
TOGETHER = 256


@kernel
def linear_rows(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, out: np.ndarray, kind: int, product: int) -> bool:
    """Fill `out` with activation(x @ weightᵀ + bias), unless an operand must be copied first.

    Args:
        x: Shape (m, k), any strides.
        weight: Shape (n, k), any strides.
        bias: Shape (n,), any strides; any shape if there is NO_BIAS.
        out: Shape (m, n), contiguous rows, written; shares no memory with the others.
        kind: The activation, plus NO_BIAS if there is none.
        product: What `product_address` returned.

    Returns:
        False if the shapes do not fit, or numbers lie apart where they must not; `out` then holds anything.
    """
    m, n = out.shape
    activation = kind & ACTIVATIONS
    if x.shape[1] != weight.shape[1]:
        return False
    if kind == NO_BIAS:
        return call_product(product, x, weight.T, out)
    zero = out.dtype.type(0)
    if kind & NO_BIAS:
        # Adding −0 changes no number, not even −0.
        addend = np.empty(n, out.dtype)
        for j in range(n):
            addend[j] = -zero
    elif bias.size == n and (n <= 1 or bias.strides[0] == bias.itemsize):
        addend = repeated(zero, address(bias), n, m)
    else:
        return False
    most = max(1, ROWS_PER_K * x.shape[1], OUT_BYTES // max(1, n * out.itemsize))
    step = even_share(max(1, m), most)
    for first in range(0, m, step):
        rows = out[first : first + step]
        if not call_product(product, x[first : first + step], weight.T, rows):
            return False
        finish_rows(zero, address(rows), rows.shape[0], n, out.strides[0], addend, activation)
    return True


@kernel
def linear_gradients(
    grad: np.ndarray, x: np.ndarray, weight: np.ndarray, result: np.ndarray, inner: np.ndarray,
    grad_x: np.ndarray, grad_weight: np.ndarray, grad_bias: np.ndarray, kind: int, product: int,
) -> bool:  # fmt: skip
    """Fill the gradients of a linear layer, unless an operand must be copied first.

    Args:
        grad: Gradient with respect to the result, shape (m, n), C-contiguous.
        x: Shape (m, k), any strides; read for NEED_WEIGHT.
        weight: Shape (n, k), any strides; read for NEED_X.
        result: Shape (m, n), C-contiguous; read if there is an activation.
        inner: Shape (m, n), C-contiguous; written with the gradient before the activation. `grad` if there is none.
        grad_x: Shape (m, k), written if NEED_X is in `kind`, as are the next two.
        grad_weight: Shape (n, k).
        grad_bias: Shape (n,).
        kind: The activation, plus NEED_X, NEED_WEIGHT, NEED_BIAS.
        product: What `product_address` returned.

    Returns:
        False if the shapes do not fit, or numbers lie apart where they must not; what was to be filled holds anything.
    """
    m, n = grad.shape
    activation = kind & ACTIVATIONS
    fits = rows_touch(grad)
    if kind & NEED_X:
        fits = fits and weight.shape[0] == n
    if kind & NEED_WEIGHT:
        fits = fits and x.shape[0] == m
    if kind & NEED_X and kind & NEED_WEIGHT:
        fits = fits and x.shape[1] == weight.shape[1]
    if activation:
        fits = fits and result.shape[0] == m and result.shape[1] == n and rows_touch(result)
    if not fits:
        return False
    if activation or kind & NEED_BIAS:
        derive_and_sum(
            grad.dtype.type(0), address(grad), address(result), address(inner), m, n, activation, grad_bias,
            kind & NEED_BIAS != 0,
        )  # fmt: skip
    if kind & NEED_X and not call_product(product, inner, weight, grad_x):
        return False
    return kind & NEED_WEIGHT == 0 or call_product(product, inner.T, x, grad_weight)


@register_jitable
def rows_touch(x: np.ndarray) -> bool:
    """Whether a matrix is C-contiguous; NumPy leaves the stride of an axis of length 1 open."""
    rows, n = x.shape
    return ((n == 1 or x.strides[1] == x.itemsize) and (rows == 1 or x.strides[0] == n * x.itemsize)) or rows * n == 0


@register_jitable
def derive_and_sum(
    zero: np.floating, grad: int, result: int, inner: int, rows: int, n: int, activation: int,
    grad_bias: np.ndarray, add: bool,
) -> None:  # fmt: skip
    """Fill `inner` with the gradient before the activation, and `grad_bias` with its sums over the rows.

    The sums are made of a few rows as one, and while the numbers are in the L1 or L2 cache.
    """
    itemsize = itemsize_of(zero)
    width = n
    while 0 < 2 * width <= min(TOGETHER, rows * n):
        width *= 2
    partial, total = np.empty(width if add else 0, grad_bias.dtype), np.zeros(width if add else 0)
    step = max(1, width * SUMMED)
    for first in range(0, rows * n, step):
        count = min(step, rows * n - first)
        numbers = numbers_at(inner + first * itemsize, count, zero)
        if activation:
            derive(
                numbers_at(grad + first * itemsize, count, zero), numbers_at(result + first * itemsize, count, zero),
                numbers, activation,
            )  # fmt: skip
        if add:
            sum_block(numbers, partial)
            for j in range(width):
                total[j] += partial[j]
    if add:
        # Half and half together, until n totals are left.
        while width > n:
            width //= 2
            upper = total[width : 2 * width]
            for j in range(width):
                total[j] += upper[j]
        for j in range(n):
            grad_bias[j] = total[j]


@register_jitable
def derive(grad: np.ndarray, result: np.ndarray, inner: np.ndarray, activation: int) -> None:
    """Compute inner = grad · the activation's derivative, in terms of its result; flat and contiguous."""
    zero, one = grad.dtype.type(0), grad.dtype.type(1)
    if activation == RELU:
        for i in range(grad.size):
            inner[i] = zero if result[i] <= zero else grad[i]
    elif activation == TANH:
        for i in range(grad.size):
            inner[i] = grad[i] * (one - result[i] * result[i])
    elif activation == SIGMOID:
        for i in range(grad.size):
            inner[i] = grad[i] * (result[i] * (one - result[i]))


@register_jitable
def sum_block(numbers: np.ndarray, partial: np.ndarray) -> None:
    """Compute partial[j] = the sum of numbers[j], numbers[j + width], ..."""
    width = partial.size
    for j in range(width):
        partial[j] = 0
    # Four at a time, to store the partial sums less often.
    fours = numbers.size - numbers.size % max(1, 4 * width)
    for first in range(0, fours, 4 * width):
        a, b = numbers[first : first + width], numbers[first + width : first + 2 * width]
        c, d = numbers[first + 2 * width : first + 3 * width], numbers[first + 3 * width : first + 4 * width]
        for j in range(width):
            partial[j] += (a[j] + b[j]) + (c[j] + d[j])
    for first in range(fours, numbers.size, width):
        row = numbers[first : first + width]
        for j in range(row.size):
            partial[j] += row[j]
