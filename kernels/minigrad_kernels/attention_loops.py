"""The loops of scaled dot-product attention, softmax(scale·q @ kᵀ + mask) @ v, and of its gradients.

From the naive loop up. Each query asks every key how much it is wanted, and returns the mean of the values by that:

    for i in range(L):
        scores = [scale·(q[i] · k[j]) + mask[i, j] for j in range(S)]
        weights = exp(scores − max(scores))/sum(exp(scores − max(scores)))
        out[i] = sum(weights[j]·v[j] for j in range(S))

The two sums over j and over a head's features are matrix products, q @ kᵀ and weights @ v, and what lies between them
is softmax. NumPy makes these of all heads one after the other: the scores of 64 heads of 64×64 float32 are a megabyte,
written and read nine times. Here one head is finished before the next begins, and of a long one some rows: its scores
lie in the cache from the first product through the softmax to the second. The products are those of `gemm.py`, called
by their address; the exponentials those of `softmax_loops.py`, one flat loop.

With g the gradient of the result, w the weights, and ∘ element by element:

    grad_v = wᵀ @ g        grad_w = g @ vᵀ        grad_s = w∘(grad_w − Σ_j w∘grad_w)
    grad_q = scale·grad_s @ k        grad_k = scale·grad_sᵀ @ q        grad_mask = grad_s

Where weights are dropped, w is multiplied by factors that are 0 or 1/(1 − p) before it meets v, and grad_w after g did.

A row whose scores are all −inf, because everything is masked, has weights of 0, and so a result and gradients of 0, as
in PyTorch; softmax alone would make it NaN. A weight of 0 hands nothing on: −inf in the mask reaches no gradient.

Sources: Vaswani et al. 2017, Attention is all you need. Dao et al. 2022, FlashAttention (rows of scores that stay in
the cache; without its recomputation, which would take longer than reading the weights back).
"""

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.jit import kernel
from minigrad_kernels.layouts import matrix_strides
from minigrad_kernels.machine import L2_BYTES
from minigrad_kernels.product_calls import multiply_at
from minigrad_kernels.scalar_functions import exp_of
from minigrad_kernels.softmax_loops import float_of, order_of
from minigrad_kernels.vectors import address, itemsize_of, numbers_at

# A block of scores takes a quarter of the L2 cache; its operands, and in the backward as many gradients, want room too.
SCORE_BYTES = L2_BYTES // 4
# Fewer rows than this would pack k for the product more often than they read it.
FEWEST_ROWS = 16


@register_jitable
def rows_at_once(rows: int, row_bytes: int) -> int:
    """How many rows of scores are finished together."""
    return min(rows, max(FEWEST_ROWS, SCORE_BYTES // max(1, row_bytes)))


@register_jitable
def product_at(
    product: int, zero: np.floating, m: int, n: int, k: int,
    a: int, a_row: int, a_column: int, b: int, b_row: int, b_column: int, out: int,
) -> bool:  # fmt: skip
    """Fill m×n numbers at address `out`, rows side by side, with a @ b, by addresses and strides; 0 where k is 0.

    Returns:
        False if an operand has no contiguous axis, or there was no memory.
    """
    if k == 0:
        numbers = numbers_at(out, m * n, zero)
        for i in range(m * n):
            numbers[i] = zero
    if m == 0 or n == 0 or k == 0:
        return True
    step = itemsize_of(zero)
    a_row, a_column, a_readable = matrix_strides(m, k, a_row, a_column, step)
    b_row, b_column, b_readable = matrix_strides(k, n, b_row, b_column, step)
    if not (a_readable and b_readable):
        return False
    return multiply_at(product, zero, m, n, k, a, a_row, a_column, b, b_row, b_column, out, n * step)


@register_jitable
def scale_scores(scores: np.ndarray, scale: np.floating) -> None:
    """Compute scores = scale·scores, shape (n,)."""
    for j in range(scores.size):
        scores[j] *= scale


@register_jitable
def add_mask(scores: np.ndarray, mask: np.ndarray) -> None:
    """Compute scores = scores + mask, shapes (n,)."""
    for j in range(scores.size):
        scores[j] += mask[j]


@register_jitable
def shift_scores(scores: np.ndarray, wanted: int) -> None:
    """Subtract the largest of the first `wanted` scores from them, and set the others to −inf; −inf stays −inf."""
    nothing = scores.dtype.type(-np.inf)
    first = scores[:wanted]
    largest = order_of(nothing)
    for j in range(first.size):
        largest = max(largest, order_of(first[j]))
    offset = float_of(largest)
    if offset == nothing:
        offset = scores.dtype.type(0)
    for j in range(first.size):
        first[j] -= offset
    rest = scores[wanted:]
    for j in range(rest.size):
        rest[j] = nothing


@register_jitable
def exp_scores(scores: np.ndarray) -> None:
    """Compute scores = exp(scores), shape (n,)."""
    for j in range(scores.size):
        scores[j] = exp_of(scores[j])


@register_jitable
def divide_by_total(powers: np.ndarray) -> None:
    """Divide numbers by their sum, shape (n,); zeros stay zeros."""
    zero, one = powers.dtype.type(0), powers.dtype.type(1)
    total = zero
    for j in range(powers.size):
        total += powers[j]
    factor = zero if total == zero else one / total
    for j in range(powers.size):
        powers[j] *= factor


@register_jitable
def multiply_numbers(x: np.ndarray, y: np.ndarray, out: np.ndarray) -> None:
    """Compute out = x·y, shapes (n,)."""
    for j in range(out.size):
        out[j] = x[j] * y[j]


@register_jitable
def softmax_scores(
    scores: int, rows: int, n: int, scale: np.floating, mask: int, mask_row: int, first: int, causal: int
) -> None:
    """Make weights of rows×n scores at an address, in place.

    Args:
        scores: The address of row `first` of a head.
        rows: How many rows.
        n: How many scores a row has.
        scale: What they are multiplied by.
        mask: The address of what is added to them, of row `first`; 0 for nothing.
        mask_row: Bytes from row to row of it.
        first: The number of the first row.
        causal: 1 to let row i see the first i + 1 scores only, 0 to let it see all.
    """
    every = numbers_at(scores, rows * n, scale)
    scale_scores(every, scale)
    for i in range(rows):
        row = every[i * n : (i + 1) * n]
        if mask != 0:
            add_mask(row, numbers_at(mask + i * mask_row, n, scale))
        shift_scores(row, min(n, first + i + 1) if causal else n)
    exp_scores(every)
    for i in range(rows):
        divide_by_total(every[i * n : (i + 1) * n])


@kernel
def attend_forward(
    q: np.ndarray, k: np.ndarray, v: np.ndarray, mask: np.ndarray, factors: np.ndarray, weights: np.ndarray,
    out: np.ndarray, scale: float, causal: int, product: int,
) -> bool:  # fmt: skip
    """Fill `out` with attention, and `weights` if it has room for all.

    Args:
        q: Shape (N, H, L, E), of which one of the last two axes is contiguous, as of k and v; the last if L is more
            than `rows_at_once`.
        k: Shape (N, H, S, E).
        v: Shape (N, H, S, D).
        mask: Shape (N, H, L, S), the last axis contiguous; without elements for no mask.
        factors: Shape (N·H, L, S), contiguous, what the weights are multiplied by; without elements for nothing.
        weights: Shape (N·H, L, S), contiguous, written; or (1, `rows_at_once`, S), of which nothing is kept.
        out: Shape (N, H, L, D), contiguous, written.
        scale: What the scores are multiplied by.
        causal: 1 to let query i see keys 0 … i only, 0 to let it see all.
        product: What `product_address` returned.

    Returns:
        False if an operand has no contiguous axis, or there was no memory; `out` then holds anything.
    """
    batches, heads, queries, features = q.shape
    keys, width = v.shape[2], v.shape[3]
    zero, step = q.dtype.type(0), q.itemsize
    as_scale = q.dtype.type(scale)
    kept = weights.shape[0] == batches * heads and weights.shape[1] == queries
    rows_most = rows_at_once(queries, keys * step)
    dropped = np.empty(rows_most * keys if factors.size > 0 else 0, q.dtype)
    for number in range(batches * heads):
        n, h = number // heads, number % heads
        q_head = address(q) + n * q.strides[0] + h * q.strides[1]
        k_head = address(k) + n * k.strides[0] + h * k.strides[1]
        v_head = address(v) + n * v.strides[0] + h * v.strides[1]
        for first in range(0, queries, max(1, rows_most)):
            rows = min(rows_most, queries - first)
            place = (number * queries + first) * keys * step
            scores = address(weights) + (place if kept else 0)
            if not product_at(
                product, zero, rows, keys, features, q_head + first * q.strides[2], q.strides[2], q.strides[3],
                k_head, k.strides[3], k.strides[2], scores,
            ):  # fmt: skip
                return False
            mask_row = 0
            if mask.size > 0:
                mask_row = address(mask) + n * mask.strides[0] + h * mask.strides[1] + first * mask.strides[2]
            softmax_scores(scores, rows, keys, as_scale, mask_row, mask.strides[2], first, causal)
            if factors.size > 0:
                all_numbers, all_factors = numbers_at(scores, rows * keys, zero), address(factors) + place
                multiply_numbers(all_numbers, numbers_at(all_factors, rows * keys, zero), dropped[: rows * keys])
                scores = address(dropped)
            if not product_at(
                product, zero, rows, width, keys, scores, keys * step, step,
                v_head, v.strides[2], v.strides[3], address(out) + (number * queries + first) * width * step,
            ):  # fmt: skip
                return False
    return True


@register_jitable
def softmax_slopes(weights: np.ndarray, slopes: np.ndarray) -> None:
    """Compute slopes = weights·(slopes − Σ weights·slopes), shapes (n,)."""
    total = weights.dtype.type(0)
    for j in range(weights.size):
        total += weights[j] * slopes[j]
    for j in range(weights.size):
        slopes[j] = weights[j] * (slopes[j] - total)


@kernel
def attend_backward(
    grad: np.ndarray, q: np.ndarray, k: np.ndarray, v: np.ndarray, factors: np.ndarray, weights: np.ndarray,
    grad_q: np.ndarray, grad_k: np.ndarray, grad_v: np.ndarray, slopes: np.ndarray, scale: float, product: int,
) -> bool:  # fmt: skip
    """Fill the gradients of attention.

    Args:
        grad: Gradient with respect to the result, shape (N, H, L, D), one of the last two axes contiguous.
        q: As `attend_forward` was given it, as are the next three.
        k: Shape (N, H, S, E).
        v: Shape (N, H, S, D).
        factors: Shape (N·H, L, S), or without elements.
        weights: Shape (N·H, L, S), what it filled.
        grad_q: Shape (N, H, L, E), contiguous, written, as are the next two.
        grad_k: Shape (N, H, S, E).
        grad_v: Shape (N, H, S, D).
        slopes: Shape (N·H, L, S), contiguous, written with the gradient of the mask; or (1, L, S), and nothing is kept.
        scale: What the scores were multiplied by.
        product: What `product_address` returned.

    Returns:
        False if an operand has no contiguous axis, or there was no memory; what was to be filled then holds anything.
    """
    batches, heads, queries, features = q.shape
    keys, width = v.shape[2], v.shape[3]
    zero, step = q.dtype.type(0), q.itemsize
    as_scale = q.dtype.type(scale)
    area, kept = queries * keys, slopes.shape[0] == batches * heads
    dropped = np.empty(area if factors.size > 0 else 0, q.dtype)
    for number in range(batches * heads):
        n, h = number // heads, number % heads
        g_head = address(grad) + n * grad.strides[0] + h * grad.strides[1]
        q_head = address(q) + n * q.strides[0] + h * q.strides[1]
        k_head = address(k) + n * k.strides[0] + h * k.strides[1]
        v_head = address(v) + n * v.strides[0] + h * v.strides[1]
        w_head = address(weights) + number * area * step
        s_head = address(slopes) + (number * area * step if kept else 0)
        every, slope = numbers_at(w_head, area, zero), numbers_at(s_head, area, zero)
        done = product_at(
            product, zero, queries, keys, width, g_head, grad.strides[2], grad.strides[3],
            v_head, v.strides[3], v.strides[2], s_head,
        )  # fmt: skip
        met = w_head
        if factors.size > 0:
            head_factors = numbers_at(address(factors) + number * area * step, area, zero)
            multiply_numbers(every, head_factors, dropped)
            multiply_numbers(slope, head_factors, slope)
            met = address(dropped)
        done = done and product_at(
            product, zero, keys, width, queries, met, step, keys * step,
            g_head, grad.strides[2], grad.strides[3], address(grad_v) + number * keys * width * step,
        )  # fmt: skip
        for i in range(queries):
            softmax_slopes(every[i * keys : (i + 1) * keys], slope[i * keys : (i + 1) * keys])
        q_place, k_place = number * queries * features * step, number * keys * features * step
        done = done and product_at(
            product, zero, queries, features, keys, s_head, keys * step, step,
            k_head, k.strides[2], k.strides[3], address(grad_q) + q_place,
        )  # fmt: skip
        done = done and product_at(
            product, zero, keys, features, queries, s_head, step, keys * step,
            q_head, q.strides[2], q.strides[3], address(grad_k) + k_place,
        )  # fmt: skip
        if not done:
            return False
        scale_scores(numbers_at(address(grad_q) + q_place, queries * features, zero), as_scale)
        scale_scores(numbers_at(address(grad_k) + k_place, keys * features, zero), as_scale)
    return True
