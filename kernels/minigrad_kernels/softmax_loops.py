"""The loops of softmax, log-softmax and softmax with cross-entropy, on the rows of contiguous matrices.

Rows are worked on in blocks that stay in the L1 cache. In a block the exponentials are one flat loop over all rows:
with 10 classes a loop over a single row would not fill a vector.

Infinite and NaN logits follow IEEE 754, as in PyTorch: a row with NaN or +inf, or of nothing but −inf, becomes NaN.
"""

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.jit import choose_by_width, kernel, ordered_helper
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


@kernel
def softmax_forward(x: np.ndarray, out: np.ndarray) -> None:
    """Compute out = exp(x)/Σ exp(x) along each row, shapes (rows, n)."""
    rows, n = x.shape
    one = x.dtype.type(1)
    step = rows_in_block(n)
    for first in range(0, rows if n > 0 else 0, step):
        block = out[first : first + step]
        shift_rows(x[first : first + step], block)
        exp_in_place(block.reshape(block.size))
        for i in range(block.shape[0]):
            scale = one / row_total(block, i)
            for j in range(n):
                block[i, j] *= scale


@kernel
def log_softmax_forward(x: np.ndarray, out: np.ndarray) -> None:
    """Compute out = x − log Σ exp(x) along each row, shapes (rows, n)."""
    rows, n = x.shape
    step = rows_in_block(n)
    powers = np.empty((min(step, rows), n), x.dtype)
    for first in range(0, rows if n > 0 else 0, step):
        block = out[first : first + step]
        shift_rows(x[first : first + step], block)
        exp_flat(block.reshape(block.size), powers.reshape(powers.size))
        for i in range(block.shape[0]):
            offset = log_of(row_total(powers, i))
            for j in range(n):
                block[i, j] -= offset


@kernel
def softmax_backward(grad: np.ndarray, result: np.ndarray, out: np.ndarray) -> None:
    """Compute out = result·(grad − Σ grad·result) along each row, shapes (rows, n)."""
    rows, n = grad.shape
    for i in range(rows):
        total = grad.dtype.type(0)
        for j in range(n):
            total += grad[i, j] * result[i, j]
        for j in range(n):
            out[i, j] = result[i, j] * (grad[i, j] - total)


@kernel
def log_softmax_backward(grad: np.ndarray, result: np.ndarray, out: np.ndarray) -> None:
    """Compute out = grad − exp(result)·Σ grad along each row, shapes (rows, n)."""
    rows, n = grad.shape
    step = rows_in_block(n)
    powers = np.empty((min(step, rows), n), grad.dtype)
    for first in range(0, rows if n > 0 else 0, step):
        block = result[first : first + step]
        exp_flat(block.reshape(block.size), powers.reshape(powers.size))
        for i in range(block.shape[0]):
            total = row_total(grad, first + i)
            for j in range(n):
                out[first + i, j] = grad[first + i, j] - powers[i, j] * total


@register_jitable
def first_bad_label(labels: np.ndarray, n: int, ignore_index: int) -> int:
    """The position of the first label that is neither one of 0 … n − 1 nor ignored; −1 if there is none."""
    bad = 0
    for i in range(labels.size):
        bad += (labels[i] < 0 or labels[i] >= n) and labels[i] != ignore_index
    if bad > 0:
        for i in range(labels.size):
            if (labels[i] < 0 or labels[i] >= n) and labels[i] != ignore_index:
                return i
    return -1


@kernel
def cross_entropy_forward(
    logits: np.ndarray,
    labels: np.ndarray,
    ignore_index: int,
    probabilities: np.ndarray,
    losses: np.ndarray,
    mean: bool,
    loss: np.ndarray,
    share: np.ndarray,
) -> int:
    """Softmax with cross-entropy of class labels: losses = log Σ exp(row) − row[label], 0 where ignored.

    Args:
        logits: Shape (rows, n).
        labels: Shape (rows,), int64.
        ignore_index: The label of rows that do not count.
        probabilities: Shape (rows, n), receives the softmax of each row, ignored ones too.
        losses: Shape (rows,), of the logits' dtype.
        mean: Divide the sum of the losses by the number of rows that count.
        loss: Shape (), of the logits' dtype, receives the sum of the losses, which is made in float64, or their mean.
        share: Shape (), float64, receives what the sum was multiplied by: 1, or 1/rows that count, NaN if none does.

    Returns:
        The position of the first bad label, with nothing written; else −1.
    """
    rows, n = logits.shape
    bad = first_bad_label(labels, n, ignore_index)
    if bad >= 0:
        return bad
    one = logits.dtype.type(1)
    step = rows_in_block(n)
    for first in range(0, rows if n > 0 else 0, step):
        block = probabilities[first : first + step]
        shift_rows(logits[first : first + step], block)
        for i in range(block.shape[0]):
            label = labels[first + i]
            losses[first + i] = block[i, label] if label != ignore_index else one
        exp_in_place(block.reshape(block.size))
        for i in range(block.shape[0]):
            total = row_total(block, i)
            losses[first + i] = log_of(total) - losses[first + i]
            scale = one / total
            for j in range(n):
                block[i, j] *= scale
    total_loss, counted = 0.0, 0
    for i in range(rows):
        if labels[i] == ignore_index:
            losses[i] = 0
        else:
            counted += 1
        total_loss += np.float64(losses[i])
    share[()] = 1.0
    if mean:
        share[()] = 1.0 / counted if counted > 0 else np.nan
    loss[()] = total_loss * share[()]
    return -1


@kernel
def cross_entropy_backward(
    grad: np.ndarray,
    probabilities: np.ndarray,
    labels: np.ndarray,
    ignore_index: int,
    share: float,
    out: np.ndarray,
) -> int:
    """Compute out = grad·share·(probabilities − one_hot(labels)) in each row, 0 in ignored ones.

    Args:
        grad: Shape (rows,), or (1,) for all rows.
        probabilities: Shape (rows, n), from `cross_entropy_forward`.
        labels: Shape (rows,), int64, those that it was given.
        ignore_index: The label of rows that do not count.
        share: A factor of all, 1/rows that count in a mean.
        out: Shape (rows, n).

    Returns:
        The position of the first bad label, with nothing written; else −1.
    """
    rows, n = probabilities.shape
    bad = first_bad_label(labels, n, ignore_index)
    if bad >= 0:
        return bad
    as_dtype = probabilities.dtype.type
    for i in range(rows):
        label = labels[i]
        weight = as_dtype(grad[i if grad.size > 1 else 0] * share)
        if label == ignore_index:
            for j in range(n):
                out[i, j] = 0
        else:
            for j in range(n):
                out[i, j] = probabilities[i, j] * weight
            out[i, label] -= weight
    return -1
