"""What every operation of linear algebra does first: check its matrices.

NumPy's LAPACK computes in double precision whatever it is given, and returns the dtype that it was given.
"""

from __future__ import annotations

from math import isfinite
from typing import Any

import numpy as np

import minigrad_kernels
from minigrad import tensors
from minigrad.dtypes import float32, float64
from minigrad.errors import describe, message
from minigrad.ops.operands import Op, flag, ndarray, unwrap

#: The relative spacing of the numbers that LAPACK computes with.
EPSILON = float(np.finfo(np.float64).eps)


#: The same for each dtype; np.finfo takes as long to tell as a product of two matrices.
ROUNDING = {dtype: float(np.finfo(dtype).eps) for dtype in (float32, float64)}


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
    x_data = x._data if isinstance(x, tensors.Tensor) else unwrap(op, x)
    if x_data.ndim < 2 or x_data.dtype.kind != "f":
        refuse_shape_or_dtype(op, name, x)
    # NaN and infinity stay in a sum, which costs a fifth of np.isfinite(x).all().
    if not isfinite(minigrad_kernels.total(x_data)):
        refuse_infinite(op, name, x, x_data)
    return x_data


def square_matrices(op: Op, name: str, x: Any) -> ndarray:
    """Return the array of an operand as ``matrices`` does, (..., n, n).

    Raises:
        ValueError: also if its matrices are not square.
    """
    x_data = x._data if isinstance(x, tensors.Tensor) else unwrap(op, x)
    shape = x_data.shape
    if len(shape) < 2 or shape[-1] != shape[-2] or x_data.dtype.kind != "f":
        refuse_shape_or_dtype(op, name, x, True)
    if not isfinite(minigrad_kernels.total(x_data)):
        refuse_infinite(op, name, x, x_data)
    return x_data


def squares(x: ndarray) -> float:
    """Return the sum of the squares of all elements, which may be infinite though no element is."""
    flat = x.ravel("K")
    return float(flat.dot(flat))


def shaped_square_matrices(op: Op, name: str, x: Any) -> ndarray:
    """Return the array of an operand as ``square_matrices`` does, but of any elements."""
    x_data = x._data if isinstance(x, tensors.Tensor) else unwrap(op, x)
    shape = x_data.shape
    if len(shape) < 2 or shape[-1] != shape[-2] or x_data.dtype.kind != "f":
        refuse_shape_or_dtype(op, name, x, True)
    return x_data


def refuse_shape_or_dtype(op: Op, name: str, x: Any, square: bool = False) -> None:
    """Raise the error about an operand that is no floating matrix, or no square one."""
    x_data = unwrap(op, x)
    if square and x_data.ndim >= 2 and x_data.shape[-1] != x_data.shape[-2]:
        raise ValueError(
            message(
                who(op),
                f"{name} must be square, (..., n, n); it has {x_data.shape[-2]} rows and {x_data.shape[-1]} columns: "
                f"{describe(x)}.",
                "For other matrices there are linalg.lstsq and linalg.pinv.",
            )
        )
    floats(op, name, x)
    raise ValueError(
        message(
            who(op),
            f"{name} must be a matrix (m, n), or a batch of them (..., m, n); it is {describe(x)}.",
            f"A vector becomes a matrix of one column by {name}.unsqueeze(-1).",
        )
    )


def refuse_infinite(op: Op, name: str, x: Any, x_data: ndarray) -> None:
    """Raise a ValueError that says where, if an element is NaN or infinite."""
    finite = np.isfinite(x_data)
    if finite.all():
        return
    bad = np.argwhere(~finite)
    place = tuple(bad[0].tolist())
    where = f"the first is {x_data[place]} at {list(place[-2:])}"
    if x_data.ndim > 2:
        where += f" of the matrix {entry_name(name, place[:-2])}"
    raise ValueError(
        message(
            who(op),
            f"{name} must be finite; {len(bad)} of its {x_data.size} elements are NaN or infinite, {where}; it is "
            f"{describe(x)}.",
            "Look at what computed it: a division by 0, the logarithm of 0, an overflow.",
        )
    )


def entry_name(name: str, place: tuple[int, ...]) -> str:
    """Return ``A[1, 0]`` for a place in a batch, ``A`` where there is none."""
    return f"{name}[{', '.join([str(int(index)) for index in place])}]" if place else name


def floats(op: Op, name: str, x: Any) -> ndarray:
    """Return the array of an operand that must be floating.

    Raises:
        TypeError: if it is of integers or bools: the result would not be.
    """
    x_data = x._data if isinstance(x, tensors.Tensor) else unwrap(op, x)
    if x_data.dtype.kind != "f":
        raise TypeError(
            message(
                who(op),
                f"{name} must be float32 or float64; it is {describe(x)}.",
                f"Convert it: {name}.float() or {name}.double().",
            )
        )
    return x_data


def right_hand_side(
    op: Op, A: Any, A_data: ndarray, B: Any, left: bool = True, vectors: bool = True
) -> tuple[ndarray, bool]:
    """Return the array of ``B`` in ``A X = B``, and whether it holds vectors rather than matrices.

    ``B`` holds vectors if it has one axis, or exactly the axes of ``A`` but the last.

    Args:
        op: the operation that asks.
        A: (..., m, n), checked already.
        A_data: its array.
        B: (m,), (..., m) or (..., m, k); (..., k, m) for ``X A = B``.
        left: whether A stands on the left of X.
        vectors: whether B may hold vectors.

    Raises:
        TypeError: if the dtypes differ, or B is of integers.
        ValueError: naming both, if the shapes do not fit.
    """
    B_data = B._data if isinstance(B, tensors.Tensor) else unwrap(op, B)
    same = A_data.dtype is B_data.dtype
    if not same:
        floats(op, "B", B)
    left = flag(op, "left", left)
    A_shape, shape = A_data.shape, B_data.shape
    ndim = len(shape)
    vector = vectors and (ndim == 1 or (left and ndim == len(A_shape) - 1 and shape == A_shape[:-1]))
    if vector:
        shape = shape + (1,)
    fits = len(shape) >= 2 and shape[-2 if left else -1] == A_shape[-2] and (left or not vector)
    if len(A_shape) > 2 and len(shape) > 2:
        for mine, other in zip(reversed(A_shape[:-2]), reversed(shape[:-2])):
            fits = fits and (mine == other or mine == 1 or other == 1)
    if not fits:
        refuse_shapes(op, A, B, left, vectors)
    if not same and A_data.dtype != B_data.dtype:
        raise TypeError(
            message(
                who(op),
                f"A and B must have one dtype; A is {describe(A)}, B is {describe(B)}.",
                "Convert one of them: B.double() or A.float(), for instance.",
            )
        )
    return B_data, vector


def refuse_shapes(op: Op, A: Any, B: Any, left: bool, vectors: bool) -> None:
    """Raise the ValueError about a B that does not fit A."""
    if left:
        needed = "A X = B needs as many rows in B, " + ("(m,) or " if vectors else "") + "(..., m, k), as A has, "
    else:
        needed = "X A = B needs a matrix B, (..., k, n), of as many columns as A has, "
    raise ValueError(
        message(
            who(op),
            f"{needed}and axes before them must broadcast; A is {describe(A)}, B is {describe(B)}.",
            "Check which axis counts the equations; B.mT exchanges the last two.",
        )
    )


def who(op: Op) -> str:
    """Return the name of an operation as the user writes it."""
    return f"linalg.{op.__name__}"
