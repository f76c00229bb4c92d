"""The kernels of the matrix product, out = a @ b: a plain Numba loop nest, blocked for the caches.

    for jc, pc            a block of b, KC × NC, stays in L2 (copied row by row if b is stored transposed)
      for ic              a block of out, MC × NC, stays in L1
        for p by 8        eight rows of the block of b ...
          for i           ... update each row of the block of out
            for j         out[i, j] += a[i, p]·b[p, j] + ... + a[i, p+7]·b[p+7, j]: contiguous, so LLVM vectorises it

An operand comes as it is stored, C-contiguous, with a flag: a transposed matrix is its C-contiguous transpose and
True. So one compiled body per dtype serves all four forms, where Numba would compile each pair of layouts anew.
`products.py` has the public wrapper. Names are the literature's: out is m×n, a is m×k, b is k×n.

Source: Goto and van de Geijn 2008, Anatomy of high-performance matrix multiplication (the loops around the caches).
"""

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.jit import kernel

# A KC × NC block of b is 256 kB in float32 and 512 kB in float64: it fits in an L2 cache of 1 MB.
KC = 256
NC = 256
# An MC × NC block of out is 16 kB in float32 and 32 kB in float64, about what an L1 cache of 32 to 48 kB holds beside
# eight rows of b, 8 or 16 kB.
MC = 16
# For fewer rows of out, copying a transposed b costs more than it saves: dot products read it where it is.
ROWS_WORTH_A_COPY = 8
# Up to so many multiplications (8×8×8) the plain definition is faster than setting up the loops over rows.
TINY = 512
# Taller products narrower than this are computed as their transpose, because a row update costs some 25 ns whatever
# its length: 64×128×10 in float32 then took 12 µs instead of 36.
WIDE = 32


@register_jitable
def multiply_matrices(a: np.ndarray, b: np.ndarray, out: np.ndarray, a_transposed: bool, b_transposed: bool) -> None:
    """Fill `out` with a @ b by the loops that suit the shapes. `multiply` is the compiled function.

    Args:
        a: Shape (m, k), or (k, m) if a_transposed; C-contiguous, as are the others.
        b: Shape (k, n), or (n, k) if b_transposed.
        out: Shape (m, n), the operands' dtype, written; shares no memory with them.
        a_transposed: `a` is the transpose of the left operand.
        b_transposed: `b` is the transpose of the right operand.
    """
    m, n = out.shape
    tiny = m * n * b.shape[1 if b_transposed else 0] <= TINY
    narrow = n < WIDE and n < m and not tiny
    target = out
    if narrow:
        # outᵀ = bᵀ·aᵀ: the inner loop then runs along m and not along the short n.
        a, b = b, a
        a_transposed, b_transposed = not b_transposed, not a_transposed
        target = np.empty((n, m), out.dtype)
    # A single row lies in memory as its transpose does.
    rows = target.shape[0]
    if tiny:
        multiply_tiny(a, b, target, a_transposed, b_transposed)
    elif b_transposed and rows < ROWS_WORTH_A_COPY and (rows == 1 or not a_transposed):
        multiply_by_dots(a, b, target)
    else:
        multiply_by_rows(a, b, target, a_transposed, b_transposed)
    if narrow:
        for i in range(m):
            for j in range(n):
                out[i, j] = target[j, i]


@register_jitable
def multiply_tiny(a: np.ndarray, b: np.ndarray, out: np.ndarray, a_transposed: bool, b_transposed: bool) -> None:
    """out[i, j] = Σ a[i, p]·b[p, j], as the definition says."""
    m, n = out.shape
    k = b.shape[1] if b_transposed else b.shape[0]
    a_entries = a.reshape(-1)
    b_entries = b.reshape(-1)
    a_row, a_column = (1, m) if a_transposed else (k, 1)
    b_row, b_column = (1, k) if b_transposed else (n, 1)
    for i in range(m):
        for j in range(n):
            total = out.dtype.type(0)
            for p in range(k):
                total += a_entries[i * a_row + p * a_column] * b_entries[p * b_row + j * b_column]
            out[i, j] = total


@register_jitable
def multiply_by_dots(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """out[i, j] = a[i]·b[j], for `b` stored transposed, shape (n, k)."""
    m, n = out.shape
    k = b.shape[1]
    entries = a.reshape(-1)
    for i in range(m):
        row = entries[i * k : i * k + k]
        for j in range(n):
            column = b[j]
            total = out.dtype.type(0)
            for p in range(k):
                total += row[p] * column[p]
            out[i, j] = total


@register_jitable
def multiply_by_rows(a: np.ndarray, b: np.ndarray, out: np.ndarray, a_transposed: bool, b_transposed: bool) -> None:
    """Add rows of b, eight at a time, to the rows of out: the loop nest at the top of this file."""
    m, n = out.shape
    k = b.shape[1] if b_transposed else b.shape[0]
    # a[i, p] is entries[i·a_row + p·a_column], transposed or not: it is read once for NC multiplications.
    entries = a.reshape(-1)
    a_row, a_column = (1, m) if a_transposed else (k, 1)
    block = np.empty((min(KC, k), min(NC, n)), b.dtype) if b_transposed else b
    out[:] = 0
    for jc in range(0, n, NC):
        j_end = min(jc + NC, n)
        for pc in range(0, k, KC):
            p_end = min(pc + KC, k)
            p_tail = p_end - (p_end - pc) % 8
            # Row p of b, from column jc on, is row p − p_origin of the block, from column jc − j_origin on.
            p_origin, j_origin = 0, 0
            if b_transposed:
                copy_transposed(b, pc, p_end, jc, j_end, block)
                p_origin, j_origin = pc, jc
            for ic in range(0, m, MC):
                i_end = min(ic + MC, m)
                for p in range(pc, p_tail, 8):
                    for i in range(ic, i_end):
                        first = i * a_row + p * a_column
                        add_eight_rows(out[i, jc:j_end], block, p - p_origin, jc - j_origin, entries, first, a_column)
                for p in range(p_tail, p_end):
                    for i in range(ic, i_end):
                        row = block[p - p_origin, jc - j_origin : j_end - j_origin]
                        add_row(out[i, jc:j_end], row, entries[i * a_row + p * a_column])


@register_jitable
def copy_transposed(b: np.ndarray, p_start: int, p_end: int, j_start: int, j_end: int, block: np.ndarray) -> None:
    """block[p − p_start, j − j_start] = b[j, p]."""
    # Sixteen columns at a time fill whole cache lines of the block while each line of b stays in L1.
    for j in range(j_start, j_end, 16):
        width = min(16, j_end - j)
        for p in range(p_start, p_end):
            row = block[p - p_start, j - j_start : j - j_start + width]
            for x in range(width):
                row[x] = b[j + x, p]


@register_jitable
def add_eight_rows(
    out_row: np.ndarray, block: np.ndarray, p: int, j: int, entries: np.ndarray, first: int, step: int
) -> None:
    """out_row += Σ entries[first + q·step]·block[p + q, j:] for q from 0 to 7.

    Eight rows: each loaded and stored vector of out_row then serves eight multiply-adds, so that the two loads a
    cycle are the limit and no longer the one store; nine arrays are also the most that LLVM checks for overlap.
    """
    n = out_row.size
    b0, b1, b2, b3 = block[p, j : j + n], block[p + 1, j : j + n], block[p + 2, j : j + n], block[p + 3, j : j + n]
    b4, b5, b6, b7 = block[p + 4, j : j + n], block[p + 5, j : j + n], block[p + 6, j : j + n], block[p + 7, j : j + n]
    a0, a1 = entries[first], entries[first + step]
    a2, a3 = entries[first + 2 * step], entries[first + 3 * step]
    a4, a5 = entries[first + 4 * step], entries[first + 5 * step]
    a6, a7 = entries[first + 6 * step], entries[first + 7 * step]
    for x in range(n):
        total = a0 * b0[x] + a1 * b1[x] + a2 * b2[x] + a3 * b3[x]
        out_row[x] += total + a4 * b4[x] + a5 * b5[x] + a6 * b6[x] + a7 * b7[x]


@register_jitable
def add_row(out_row: np.ndarray, b_row: np.ndarray, weight: float) -> None:
    """out_row += weight·b_row."""
    for x in range(out_row.size):
        out_row[x] += weight * b_row[x]


# Not a kernel that calls multiply_matrices, because optimising the same code twice adds 0.4 s to the first call.
multiply = kernel(multiply_matrices)


@kernel
def multiply_batches(a: np.ndarray, b: np.ndarray, out: np.ndarray, a_transposed: bool, b_transposed: bool) -> None:
    """Fill `out` with the products of two stacks of matrices; a stack of one serves every product.

    Args:
        a: Shape (batch or 1, m, k), or (batch or 1, k, m) if a_transposed; C-contiguous, as are the others.
        b: Shape (batch or 1, k, n), or (batch or 1, n, k) if b_transposed.
        out: Shape (batch, m, n), the operands' dtype, written; shares no memory with them.
        a_transposed: The matrices in `a` are transposes of the left operands.
        b_transposed: The matrices in `b` are transposes of the right operands.
    """
    a_step = 0 if a.shape[0] == 1 else 1
    b_step = 0 if b.shape[0] == 1 else 1
    for batch in range(out.shape[0]):
        multiply_matrices(a[batch * a_step], b[batch * b_step], out[batch], a_transposed, b_transposed)
