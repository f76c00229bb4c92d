"""LU factors, and systems of equations with triangular matrices: blocks by `triangular_loops.py`, the rest by products.

Both are LAPACK's blocked algorithms (getrf, and trsm of BLAS), which spend most of their time in matrix products.

Source: Golub and Van Loan, "Matrix Computations" (4th edition, 2013), algorithms 3.4.1, 3.1.1 and 3.1.2, and section
3.2.11 on blocks.
"""

import math

import numpy as np

from minigrad_kernels.jit import run
from minigrad_kernels.products import matmul
from minigrad_kernels.stored_arrays import stored
from minigrad_kernels.triangular_loops import factor_block, solve_block

_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
# Columns of a block.
BLOCK = 32


def lu_factor(x: np.ndarray, pivot: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Factor matrices into a unit lower and an upper triangle, with rows exchanged so that pivots are large.

    Args:
        x: Shape (..., m, n), float32 or float64, of any layout.
        pivot: Whether to exchange rows; without, a pivot may be 0 though the matrix has an inverse.

    Returns:
        Both triangles in one array of x's shape and dtype (the ones on the lower one's diagonal are not kept), and
        int32 pivots, shape (..., min(m, n)): step k exchanged row k with row `pivots[..., k] - 1`. A pivot of 0 is left
        where it is.

    Raises:
        TypeError: `x` is no array of floats.
        ValueError: `x` has fewer than two axes.

    Example:
        >>> factors, pivots = lu_factor(np.array([[1.0, 2.0], [2.0, 8.0]]))
        >>> factors, pivots
        (array([[ 2. ,  8. ],
               [ 0.5, -2. ]]), array([2, 2], dtype=int32))
    """
    _check("lu_factor", x)
    m, n = x.shape[-2:]
    size = min(m, n)
    factors = np.array(x, order="C")
    pivots = np.empty(x.shape[:-2] + (size,), np.int32)
    if factors.size > 0:
        stack, rows = factors.reshape(-1, m, n), pivots.reshape(-1, size)
        for start in range(0, size, BLOCK):
            stop = min(start + BLOCK, size)
            run(factor_block)(stack, rows, start, stop, pivot)
            if stop < m and stop < n:
                stack[:, stop:, stop:] -= matmul(stack[:, stop:, start:stop], stack[:, start:stop, stop:])
    return factors, pivots


def permutation(pivots: np.ndarray, rows: int) -> np.ndarray:
    """Return the order into which exchanges bring rows: `x[order]` has them exchanged.

    Args:
        pivots: Shape (..., k), as from `lu_factor`.
        rows: How many there are, at least k.

    Returns:
        int64, shape (..., rows).

    Example:
        >>> permutation(np.array([3, 2, 3]), 3)
        array([2, 1, 0])
    """
    orders = []
    for exchanges in pivots.reshape(math.prod(pivots.shape[:-1]), pivots.shape[-1]).tolist():
        order = list(range(rows))
        for k, row in enumerate(exchanges):
            order[k], order[row - 1] = order[row - 1], order[k]
        orders.append(order)
    return np.array(orders, np.int64).reshape(pivots.shape[:-1] + (rows,))


def solve_triangular(a: np.ndarray, b: np.ndarray, upper: bool, unit: bool = False) -> np.ndarray:
    """Solve a·x = b where only one triangle of `a` is read.

    Args:
        a: Shape (..., n, n), float32 or float64.
        b: Shape (..., n, k), of a's dtype; leading axes broadcast with a's.
        upper: Whether the triangle is the upper one.
        unit: Whether the diagonal counts as 1, unread.

    Returns:
        A new array of b's shape with leading axes broadcast. Division by a 0 on the diagonal gives infinities and NaN.

    Raises:
        TypeError: An operand is no array of floats, or the dtypes differ.
        ValueError: `a` is not square, or the shapes do not fit.

    Example:
        >>> solve_triangular(np.array([[2.0, 0.0], [1.0, 1.0]]), np.array([[2.0], [3.0]]), upper=False)
        array([[1.],
               [2.]])
    """
    _check("solve_triangular", a)
    _check("solve_triangular", b)
    if a.dtype != b.dtype:
        raise TypeError(f"solve_triangular: needed arrays of one dtype, came {a.dtype} and {b.dtype}; convert one")
    n = a.shape[-1]
    if a.shape[-2] != n or b.shape[-2] != n:
        raise ValueError(
            f"solve_triangular: needed shapes (..., n, n) and (..., n, k), came {a.shape} and {b.shape}; transpose one"
        )
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    x = np.array(np.broadcast_to(b, batch + b.shape[-2:]), order="C")
    if x.size > 0:
        _solve_stack(_stack_of(a, batch), x.reshape(-1, n, b.shape[-1]), upper, unit)
    return x


def _solve_stack(stack: np.ndarray, x: np.ndarray, upper: bool, unit: bool) -> None:
    """Solve in place, shapes (entries, n, n) or (1, n, n), and (entries, n, k)."""
    n = stack.shape[-1]
    starts = range(0, n, BLOCK)
    for start in reversed(starts) if upper else starts:
        stop = min(start + BLOCK, n)
        run(solve_block)(stack, x, start, stop, upper, unit)
        rest = slice(0, start) if upper else slice(stop, n)
        if rest.start < rest.stop:
            x[:, rest] -= matmul(stack[:, rest, start:stop], x[:, start:stop])


def _stack_of(a: np.ndarray, batch: tuple[int, ...]) -> np.ndarray:
    """Return matrices as a contiguous stack: one for each entry of the batch, or one for all."""
    if math.prod(a.shape[:-2]) != 1:
        a = np.broadcast_to(a, batch + a.shape[-2:])
    return stored(a).reshape((-1,) + a.shape[-2:])


def _check(name: str, x: np.ndarray) -> None:
    """Raise unless `x` is a floating matrix or a stack of them."""
    if not isinstance(x, np.ndarray) or x.dtype not in _FLOATS:
        came = f"dtype {x.dtype}" if isinstance(x, np.ndarray) else type(x).__name__
        raise TypeError(f"{name}: needed arrays of float32 or float64, came {came}; use x.astype(float)")
    if x.ndim < 2:
        raise ValueError(f"{name}: needed matrices, shape (..., m, n), came shape {x.shape}; use x[:, None]")
