"""What every operation of linear algebra does first: check its matrices, and call LAPACK so that it fails clearly.

NumPy's LAPACK computes in double precision whatever it is given, so the arrays of this family are made float64 on the
way in and cast back on the way out.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.errors import describe, message
from minigrad.ops.operands import Op, ndarray, unwrap

#: The relative spacing of the numbers that LAPACK computes with.
EPSILON = float(np.finfo(np.float64).eps)


class LinAlgError(RuntimeError):
    """A matrix does not have what was asked for: an inverse, a decomposition that converges."""


def matrices(op: Op, name: str, x: Any) -> ndarray:
    """Return the array of an operand that must be a floating matrix, or a batch of them, without NaN or infinity.

    Args:
        op: the operation that asks.
        name: what it calls the operand.
        x: (..., m, n), float32 or float64.

    Raises:
        TypeError: if it is of integers or bools.
        ValueError: if it has fewer than two axes, or an element is NaN or infinite.
    """
    x_data = floats(op, name, x)
    if x_data.ndim < 2:
        raise ValueError(
            message(
                who(op),
                f"{name} must be a matrix (m, n), or a batch of them (..., m, n); it is {describe(x)}.",
                f"A vector becomes a matrix of one column by {name}.unsqueeze(-1).",
            )
        )
    finite = np.isfinite(x_data)
    if not finite.all():
        bad = np.argwhere(~finite)
        place = tuple(bad[0].tolist())
        raise ValueError(
            message(
                who(op),
                f"{name} must be finite; {len(bad)} of its {x_data.size} elements are NaN or infinite, the first is "
                f"{x_data[place]} at {list(place)}; it is {describe(x)}.",
                "Look at what computed it: a division by 0, the logarithm of 0, an overflow.",
            )
        )
    return x_data


def square_matrices(op: Op, name: str, x: Any) -> ndarray:
    """Return the array of an operand as ``matrices`` does, (..., n, n).

    Raises:
        ValueError: also if its matrices are not square.
    """
    x_data = unwrap(op, x)
    if x_data.ndim >= 2 and x_data.shape[-1] != x_data.shape[-2]:
        raise ValueError(
            message(
                who(op),
                f"{name} must be square, (..., n, n); it has {x_data.shape[-2]} rows and {x_data.shape[-1]} columns: "
                f"{describe(x)}.",
                "For other matrices there are linalg.lstsq and linalg.pinv.",
            )
        )
    return matrices(op, name, x)


def floats(op: Op, name: str, x: Any) -> ndarray:
    """Return the array of an operand that must be floating.

    Raises:
        TypeError: if it is of integers or bools: the result would not be.
    """
    x_data = unwrap(op, x)
    if x_data.dtype.kind != "f":
        raise TypeError(
            message(
                who(op),
                f"{name} must be float32 or float64; it is {describe(x)}.",
                f"Convert it: {name}.float() or {name}.double().",
            )
        )
    return x_data


def right_hand_side(op: Op, A: Any, B: Any, left: bool = True) -> tuple[ndarray, bool]:
    """Return the array of ``B`` in ``A X = B``, and whether it holds vectors rather than matrices.

    ``B`` holds vectors if it has one axis, or exactly the axes of ``A`` but the last.

    Args:
        op: the operation that asks.
        A: (..., m, n), checked already.
        B: (m,), (..., m) or (..., m, k); (..., k, m) for ``X A = B``.
        left: whether A stands on the left of X.

    Raises:
        TypeError: if the dtypes differ, or B is of integers.
        ValueError: naming both, if the shapes do not fit.
    """
    A_data, B_data = unwrap(op, A), floats(op, "B", B)
    vector = B_data.ndim == 1 or (left and B_data.shape == A_data.shape[:-1])
    shape = B_data.shape + (1,) if vector else B_data.shape
    fits = len(shape) >= 2 and shape[-2 if left else -1] == A_data.shape[-2] and (left or not vector)
    for mine, other in zip(reversed(A_data.shape[:-2]), reversed(shape[:-2])):
        fits = fits and (mine == other or mine == 1 or other == 1)
    if not fits:
        raise ValueError(
            message(
                who(op),
                (
                    "A X = B needs as many rows in B, (m,) or (..., m, k), as A has, "
                    if left
                    else "X A = B needs a matrix B, (..., k, n), of as many columns as A has, "
                )
                + f"and axes before them must broadcast; A is {describe(A)}, B is {describe(B)}.",
                "Check which axis counts the equations; B.mT exchanges the last two.",
            )
        )
    if A_data.dtype != B_data.dtype:
        raise TypeError(
            message(
                who(op),
                f"A and B must have one dtype; A is {describe(A)}, B is {describe(B)}.",
                "Convert one of them: B.double() or A.float(), for instance.",
            )
        )
    return B_data, vector


def singular_value_decomposition(op: Op, x: ndarray, hermitian: bool = False) -> tuple[ndarray, ndarray, ndarray]:
    """Return U, s and Vh of ``x = U diag(s) Vh`` in float64, thin.

    Args:
        op: the operation that asks.
        x: (..., m, n), finite.
        hermitian: whether x is symmetric, of which only the lower triangle is then read.

    Returns:
        U (..., m, k), s (..., k) in falling order, Vh (..., k, n), where k is the lesser of m and n.

    Raises:
        LinAlgError: if LAPACK's iteration does not converge.
    """
    try:
        U, s, Vh = np.linalg.svd(x.astype(np.float64, copy=False), full_matrices=False, hermitian=hermitian)
    except np.linalg.LinAlgError:
        raise LinAlgError(
            message(
                who(op),
                f"the singular value decomposition of {describe(x)} did not converge.",
                "Its elements may be of extreme sizes: scale its rows or columns.",
            )
        ) from None
    return U, s, Vh


def who(op: Op) -> str:
    """Return the name of an operation as the user writes it."""
    return f"linalg.{op.__name__}"
