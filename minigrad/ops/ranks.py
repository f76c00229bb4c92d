"""Which singular values count as 0: the rank of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.errors import message
from minigrad.graph import record
from minigrad.ops.matrix_operands import ROUNDING, matrices, square_matrices
from minigrad.ops.operands import Op, Operand, Tensor, flag, ndarray, unwrap
from minigrad.ops.singular_values import converged, values_of


def matrix_rank(A: Operand, tol: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None) -> Tensor:
    """Return the rank of matrices: how many singular values do not count as 0.

    Args:
        A: (..., m, n), float32 or float64.
        tol: singular values up to it count as 0; ``atol`` and ``rtol=0`` in one.
        hermitian: whether A is symmetric; its lower triangle is then read, and the work is less.
        atol: singular values up to ``max(atol, rtol * largest)`` count as 0; a number, or one for each matrix, (...).
            Default: 0.
        rtol: see ``atol``. Default: ``max(m, n)`` times the dtype's epsilon; 0 where an ``atol`` above 0 is given.

    Returns:
        (...), int64.

    Raises:
        TypeError: if A is of integers.
        ValueError: if A has fewer than two axes or is not finite, is ``hermitian`` and not square, or ``tol`` is given
            beside ``atol`` or ``rtol``.

    Examples:
        >>> import minigrad as mg
        >>> mg.linalg.matrix_rank(mg.tensor([[1.0, 2.0], [2.0, 4.0]]))
        Tensor(() int64 | 1)
    """
    if tol is not None and (atol is not None or rtol is not None):
        raise ValueError(
            message(
                "linalg.matrix_rank", "tol stands for atol and rtol=0, and one of them is given too.", "Leave tol out."
            )
        )
    inputs = (A, tol, hermitian, atol, rtol)
    if tol is not None:
        atol, rtol = tol, 0.0
    if flag(matrix_rank, "hermitian", hermitian):
        A_data = square_matrices(matrix_rank, "A", A)
        s = np.abs(converged(matrix_rank, "A", np.linalg.eigvalsh, A_data))
    else:
        A_data = matrices(matrix_rank, "A", A)
        s = values_of(matrix_rank, A_data) if A_data.size else np.zeros(A_data.shape[:-2] + (0,))
    counted = s > largest_negligible(matrix_rank, A_data, s, atol, rtol)
    return record(matrix_rank, None, np.asarray(np.count_nonzero(counted, axis=-1), np.int64), inputs)


def largest_negligible(op: Op, A: ndarray, s: ndarray, atol: Any, rtol: Any) -> Any:
    """Return the bound up to which the singular values of A count as 0, with an axis behind for them."""
    if atol is None and (rtol is None or isinstance(rtol, float)):
        relative = max(A.shape[-2:]) * ROUNDING[A.dtype] if rtol is None else rtol
        return relative * s.max(axis=-1, keepdims=True, initial=0)
    absolute = tolerance(op, 0.0 if atol is None else atol)
    if rtol is None:
        rtol = 0.0 if (absolute > 0).any() else max(A.shape[-2:]) * ROUNDING[A.dtype]
    return np.maximum(absolute, tolerance(op, rtol) * s.max(axis=-1, keepdims=True, initial=0))


def tolerance(op: Op, bound: Any) -> ndarray:
    """Return a number, or one for each matrix, as float64 with an axis behind for the singular values."""
    if isinstance(bound, float):
        number = np.asarray(bound, np.float64)
    else:
        number = unwrap(op, bound).astype(np.float64, copy=False)
    return number[..., None]
