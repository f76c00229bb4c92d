"""The kernel of a linear layer's gradients: the activation's slope, the sums for the bias, and two products."""

from typing import Any

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.arrays import alike, axes, flat, is_none, length, matches, same_lengths, size_of, zero_of
from minigrad_kernels.bias_loops import NONE, RELU, SIGMOID, TANH
from minigrad_kernels.jit import object_kernel
from minigrad_kernels.layouts import matrix_strides, rows_in
from minigrad_kernels.new_arrays import (
    MOST_WORK_WITH_GIL,
    dropped,
    new_array,
    new_like,
    no_array,
    release_gil,
    returned,
    take_gil,
    tuple_of,
)
from minigrad_kernels.product_calls import fill_product
from minigrad_kernels.vectors import address, itemsize_of

# What else the kernel is told, in one integer with the activation: each argument costs 10 ns.
ACTIVATIONS = 3
NEED_BIAS, INNER_ONLY = 4, 8
# Sums of so many numbers are made in the arrays' dtype, and their totals in float64.
SUMMED = 32
# Up to so many numbers, rows are summed as one, so that no lane of a vector stays empty.
TOGETHER = 256


@object_kernel
def linear_gradients(
    grad: Any, x: Any, weight: Any, result: Any, kind: int, most_work: int, product: int
) -> Any:  # fmt: skip
    """Return the gradients of a linear layer, if they can be computed from the operands as they are.

    Args:
        grad: Gradient with respect to the result, an array, shape (..., n). The others may be any objects.
        x: Shape (..., k), or None if the weight's gradient is not needed.
        weight: Shape (n, k), or None if x's gradient is not needed.
        result: Shape (..., n); looked at if there is an activation.
        kind: The activation, plus NEED_BIAS for the bias's gradient, plus INNER_ONLY.
        most_work: How many multiplications a product may take at most.
        product: What `product_address` returned.

    Returns:
        A tuple of the gradients of x, the weight and the bias, None in place of what is not needed. With INNER_ONLY the
        products are left to the caller, and the first is what to multiply, the gradient before the activation. None in
        place of the tuple if dtypes or shapes do not fit, or grad or result is not C-contiguous, or numbers lie apart
        where they must not; or there is too much work, or no memory.
    """
    activation = kind & ACTIVATIONS
    if axes(grad) == 0 or not matches(grad, grad if activation == NONE else result):
        return no_array(grad)
    n = length(grad, axes(grad) - 1)
    k, fits = common_columns(grad, x, weight, n)
    if not fits or size_of(grad) * k > most_work:
        return no_array(grad)
    multiply = kind & INNER_ONLY == 0
    inner = returned(grad) if activation == NONE else new_like(grad)
    grad_x, grad_weight, grad_bias = no_array(grad), no_array(grad), no_array(grad)
    if multiply and not is_none(weight):
        grad_x = new_array(grad, axes(grad) - 1, 0, 0, 1, k)
    if multiply and not is_none(x):
        grad_weight = new_array(grad, 0, 1, n, 1, k)
    if kind & NEED_BIAS:
        grad_bias = new_array(grad, 0, 0, 0, 1, n)
    done = not is_none(inner) and (kind & NEED_BIAS == 0 or not is_none(grad_bias))
    if multiply:
        done = done and (is_none(weight) or not is_none(grad_x)) and (is_none(x) or not is_none(grad_weight))
    if done:
        thread = release_gil(size_of(grad) * max(k, 1) > MOST_WORK_WITH_GIL)
        if activation or kind & NEED_BIAS:
            derive_and_sum(grad, result, inner, n, activation, grad_bias)
        done = fill_gradients(inner, x, weight, n, k, grad_x, grad_weight, product)
        take_gil(thread)
    if done:
        if multiply:
            dropped(inner)
        return tuple_of(grad_x if multiply else inner, grad_weight, grad_bias)
    dropped(inner)
    dropped(grad_weight)
    dropped(grad_bias)
    return dropped(grad_x)


@register_jitable
def common_columns(grad: Any, x: Any, weight: Any, n: int) -> tuple[int, bool]:
    """Return the columns of x and weight, and whether these, as far as they are there, fit grad and can be read."""
    k, fits = 0, True
    if not is_none(weight):
        fits = alike(grad, weight) and axes(weight) == 2 and length(weight, 0) == n
        if fits:
            _, k, _, _, fits = rows_in(weight)
    if fits and not is_none(x):
        fits = alike(grad, x) and axes(x) == axes(grad)
        if fits:
            _, columns, _, _, fits = rows_in(x)
            fits = fits and same_lengths(x, grad, axes(x) - 1) and (is_none(weight) or columns == k)
            k = columns
    return k, fits


@register_jitable
def fill_gradients(
    inner: Any, x: Any, weight: Any, n: int, k: int, grad_x: Any, grad_weight: Any, product: int
) -> bool:  # fmt: skip
    """Fill inner @ weight and innerᵀ @ x, as far as there are arrays for them; False without memory to pack in."""
    zero, itemsize, done = zero_of(inner), itemsize_of(zero_of(inner)), True
    m = size_of(inner) // max(1, n)
    if not is_none(grad_x):
        _, _, row, column, _ = rows_in(weight)
        g_row, g_column, _ = matrix_strides(m, n, n * itemsize, itemsize, itemsize)
        done = fill_product(
            product, zero, m, k, n, address(inner), g_row, g_column, address(weight), row, column,
            address(grad_x), k * itemsize,
        )  # fmt: skip
    if done and not is_none(grad_weight):
        _, _, row, column, _ = rows_in(x)
        g_row, g_column, _ = matrix_strides(n, m, itemsize, n * itemsize, itemsize)
        done = fill_product(
            product, zero, n, k, m, address(inner), g_row, g_column, address(x), row, column,
            address(grad_weight), k * itemsize,
        )  # fmt: skip
    return done


@register_jitable
def derive_and_sum(grad: Any, result: Any, inner: Any, n: int, activation: int, grad_bias: Any) -> None:
    """Fill `inner` with the gradient before the activation, and `grad_bias`, if any, with its sums over the rows.

    The sums are made of a few rows as one, and while the numbers are in the L1 or L2 cache.
    """
    numbers, slopes = flat(inner), flat(grad)
    width = n
    while 0 < 2 * width <= min(TOGETHER, numbers.size // 4):
        width *= 2
    if is_none(grad_bias):
        derive(slopes, flat(result), numbers, activation)
        return
    partial, total = np.empty(width, numbers.dtype), np.zeros(width)
    step = max(1, width * SUMMED)
    for first in range(0, numbers.size, step):
        block = numbers[first : first + step]
        if activation:
            derive(slopes[first : first + step], flat(result)[first : first + step], block, activation)
        sum_block(block, partial)
        for j in range(width):
            total[j] += partial[j]
    # Half and half together, until n totals are left.
    while width > n:
        width //= 2
        upper = total[width : 2 * width]
        for j in range(width):
            total[j] += upper[j]
    sums = flat(grad_bias)
    for j in range(n):
        sums[j] = total[j]


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
