"""The loops of softmax and log-softmax, on the rows of contiguous matrices.

Each takes array objects, and fills and returns a new array, or `out` if it is not None. It returns None, with nothing
written, if they do not fit: not contiguous, not matrices of one dtype and shape, or `out` overlaps an operand.

Rows are worked on in blocks that stay in the L1 cache. In a block the exponentials are one flat loop over all rows:
with 10 classes a loop over a single row would not fill a vector.

Infinite and NaN logits follow IEEE 754, as in PyTorch: a row with NaN or +inf, or of nothing but −inf, becomes NaN.
"""

from typing import Any

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.arrays import axes, is_none, matrix
from minigrad_kernels.jit import choose_by_width, object_kernel, ordered_helper
from minigrad_kernels.new_arrays import no_array, release_gil_for, result_for_both, take_gil
from minigrad_kernels.scalar_functions import Scalar, exp_of, log_of

# Elements of a block: float64 ones take 16 kB, and their exponentials as much; L1 has 32 kB or more.
BLOCK = 2048

# A float's bits, as a signed integer, are in the order of the floats once those of a negative one are flipped, but for
# the sign. LLVM vectorises the maximum of integers; that of floats only if it may ignore NaN.
ALL_BUT_SIGN_32, SIGN_SHIFT_32 = np.int32(0x7FFFFFFF), np.int32(31)
ALL_BUT_SIGN_64, SIGN_SHIFT_64 = np.int64(0x7FFFFFFFFFFFFFFF), np.int64(63)


@ordered_helper
def flip_int32(x: np.int32) -> np.int32:
    """Flip the bits of a negative integer but for the sign; a second time restores it."""
    return np.int32(x ^ np.int32(np.int32(x >> SIGN_SHIFT_32) & ALL_BUT_SIGN_32))


@ordered_helper
def flip_int64(x: np.int64) -> np.int64:
    """As `flip_int32`."""
    return np.int64(x ^ ((x >> SIGN_SHIFT_64) & ALL_BUT_SIGN_64))


@ordered_helper
def order_float32(x: np.float32) -> np.int32:
    """An integer in the order of the floats; NaN comes after inf, or before −inf if its sign is set."""
    return flip_int32(np.float32(x).view(np.int32))


@ordered_helper
def order_float64(x: float) -> np.int64:
    """As `order_float32`."""
    return flip_int64(np.float64(x).view(np.int64))


@ordered_helper
def ordered_int32(x: np.int32) -> np.float32:
    """The float32 of which `order_float32` made an integer."""
    return np.int32(flip_int32(x)).view(np.float32)


@ordered_helper
def ordered_int64(x: np.int64) -> np.float64:
    """The float64 of which `order_float64` made an integer."""
    return np.int64(flip_int64(x)).view(np.float64)


@choose_by_width(order_float32, order_float64)
def order_of(x: Scalar) -> Scalar:
    """An integer in the order of the floats."""
    return order_float32(x) if isinstance(x, np.float32) else order_float64(x)


@choose_by_width(ordered_int32, ordered_int64)
def float_of(x: Scalar) -> Scalar:
    """The float of which `order_of` made an integer."""
    return ordered_int32(x) if isinstance(x, np.int32) else ordered_int64(x)


@register_jitable
def rows_in_block(n: int) -> int:
    """How many rows of n elements are worked on together."""
    return max(1, BLOCK // max(1, n))


@register_jitable
def shift_rows(x: np.ndarray, out: np.ndarray) -> None:
    """Compute out = x − the largest of its row, shapes (rows, n); exp of it cannot overflow."""
    rows, n = x.shape
    for i in range(rows):
        largest = order_of(x[i, 0])
        for j in range(1, n):
            largest = max(largest, order_of(x[i, j]))
        offset = float_of(largest)
        for j in range(n):
            out[i, j] = x[i, j] - offset


@register_jitable
def exp_flat(x: np.ndarray, out: np.ndarray) -> None:
    """Compute out = exp(x), shapes (n,)."""
    for i in range(x.size):
        out[i] = exp_of(x[i])


@register_jitable
def exp_in_place(x: np.ndarray) -> None:
    """Compute x = exp(x), shape (n,); `exp_flat(x, x)` would find that its arrays overlap and run without vectors."""
    for i in range(x.size):
        x[i] = exp_of(x[i])


@register_jitable
def row_total(x: np.ndarray, i: int) -> float:
    """The sum of row i, in any order: the error is at most n·eps·Σ|x|, in vectors of w numbers n/w·eps·Σ|x|."""
    total = x.dtype.type(0)
    for j in range(x.shape[1]):
        total += x[i, j]
    return total


@register_jitable
def row_results(x: Any, y: Any, out: Any) -> Any:
    """What is filled with a function of the rows of x and y: a new array, or `out`; None if they do not fit."""
    return result_for_both(x, y, out) if axes(x) == 2 else no_array(x)


@object_kernel
def softmax_forward(x: Any, out: Any) -> Any:
    """Compute out = exp(x)/Σ exp(x) along each row, shapes (rows, n)."""
    results = row_results(x, x, out)
    if is_none(results):
        return results
    thread = release_gil_for(x)
    numbers, quotients = matrix(x), matrix(results)
    rows, n = numbers.shape
    one = numbers.dtype.type(1)
    step = rows_in_block(n)
    for first in range(0, rows if n > 0 else 0, step):
        block = quotients[first : first + step]
        shift_rows(numbers[first : first + step], block)
        exp_in_place(block.reshape(block.size))
        for i in range(block.shape[0]):
            scale = one / row_total(block, i)
            for j in range(n):
                block[i, j] *= scale
    take_gil(thread)
    return results


@object_kernel
def log_softmax_forward(x: Any, out: Any) -> Any:
    """Compute out = x − log Σ exp(x) along each row, shapes (rows, n)."""
    results = row_results(x, x, out)
    if is_none(results):
        return results
    thread = release_gil_for(x)
    numbers, differences = matrix(x), matrix(results)
    rows, n = numbers.shape
    step = rows_in_block(n)
    powers = np.empty((min(step, rows), n), numbers.dtype)
    for first in range(0, rows if n > 0 else 0, step):
        block = differences[first : first + step]
        shift_rows(numbers[first : first + step], block)
        exp_flat(block.reshape(block.size), powers.reshape(powers.size))
        for i in range(block.shape[0]):
            offset = log_of(row_total(powers, i))
            for j in range(n):
                block[i, j] -= offset
    take_gil(thread)
    return results


@object_kernel
def softmax_backward(grad: Any, result: Any, out: Any) -> Any:
    """Compute out = result·(grad − Σ grad·result) along each row, shapes (rows, n)."""
    results = row_results(grad, result, out)
    if is_none(results):
        return results
    thread = release_gil_for(grad)
    slopes, values, products = matrix(grad), matrix(result), matrix(results)
    rows, n = slopes.shape
    for i in range(rows):
        total = slopes.dtype.type(0)
        for j in range(n):
            total += slopes[i, j] * values[i, j]
        for j in range(n):
            products[i, j] = values[i, j] * (slopes[i, j] - total)
    take_gil(thread)
    return results


@object_kernel
def log_softmax_backward(grad: Any, result: Any, out: Any) -> Any:
    """Compute out = grad − exp(result)·Σ grad along each row, shapes (rows, n)."""
    results = row_results(grad, result, out)
    if is_none(results):
        return results
    thread = release_gil_for(grad)
    slopes, values, differences = matrix(grad), matrix(result), matrix(results)
    rows, n = slopes.shape
    step = rows_in_block(n)
    powers = np.empty((min(step, rows), n), slopes.dtype)
    for first in range(0, rows if n > 0 else 0, step):
        block = values[first : first + step]
        exp_flat(block.reshape(block.size), powers.reshape(powers.size))
        for i in range(block.shape[0]):
            total = row_total(slopes, first + i)
            for j in range(n):
                differences[first + i, j] = slopes[first + i, j] - powers[i, j] * total
    take_gil(thread)
    return results
