"""The product of integer matrices: plain loops, which LLVM vectorises."""

import numpy as np

from minigrad_kernels.jit import kernel


@kernel
def multiply_integers(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """Fill `out` with the products of two stacks of matrices; a stack of one serves every product.

    Args:
        a: Shape (batch or 1, m, k), int64, C-contiguous, as are the others.
        b: Shape (batch or 1, k, n).
        out: Shape (batch, m, n), written; shares no memory with them.
    """
    out[:] = 0
    batch, m, n = out.shape
    for i in range(batch):
        a_matrix, b_matrix = a[i % a.shape[0]], b[i % b.shape[0]]
        for row in range(m):
            for p in range(b.shape[1]):
                weight = a_matrix[row, p]
                # With j innermost the loop runs along rows of b and of out.
                for j in range(n):
                    out[i, row, j] += weight * b_matrix[p, j]
