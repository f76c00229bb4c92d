"""Systems of linear equations between tensors, whose first axes and last axes count as one each."""

from __future__ import annotations

import math
from collections.abc import Sequence

from minigrad.errors import describe, message
from minigrad.ops.matrix_operands import floats
from minigrad.ops.operands import Operand, Tensor, axis, unwrap, whole
from minigrad.ops.shapes import movedim, reshape
from minigrad.ops.systems import inv, solve


def tensorinv(A: Operand, ind: int = 2) -> Tensor:
    """Return the inverse of a tensor whose first axes and last axes count as one each.

    Args:
        A: the lengths of its first ``ind`` axes and those of the others multiply to the same number.
        ind: how many axes are rows.

    Returns:
        The shape of A with its last axes first: ``tensordot(tensorinv(A), A, A.ndim - ind)`` is the identity.

    Raises:
        LinAlgError: if it has no inverse.
        ValueError: if ``ind`` is not positive, or the lengths do not fit.
    """
    shape = floats(tensorinv, "A", A).shape
    ind = whole(tensorinv, "ind", ind)
    rows, columns = math.prod(shape[: max(ind, 0)]), math.prod(shape[max(ind, 0) :])
    if ind <= 0 or rows != columns:
        raise ValueError(
            message(
                "linalg.tensorinv",
                f"the first ind axes, at least one, must have as many elements as the others; ind={ind} gives {rows} "
                f"and {columns} for {describe(A)}.",
                "Choose ind so that the lengths before and behind multiply to the same number.",
            )
        )
    return reshape(inv(reshape(A, (rows, columns))), (*shape[ind:], *shape[:ind]))


def tensorsolve(A: Operand, B: Operand, dims: Sequence[int] | None = None) -> Tensor:
    """Return the X of ``tensordot(A, X, X.ndim) = B``.

    Args:
        A: (*B.shape, *X.shape), with as many elements in the first axes as in the last.
        B: any shape.
        dims: axes of A that are moved to its end first.

    Returns:
        X, of the shape of A's last axes.

    Raises:
        LinAlgError: if A has no inverse.
        ValueError: if the lengths do not fit.
    """
    ndim = floats(tensorsolve, "A", A).ndim
    if dims is not None:
        dims = tuple([axis(tensorsolve, each, ndim) for each in dims])
        A = movedim(A, dims, tuple(range(ndim - len(dims), ndim)))
    A_data, B_data = unwrap(tensorsolve, A), floats(tensorsolve, "B", B)
    shape = A_data.shape[B_data.ndim :]
    if A_data.size != B_data.size**2 or math.prod(shape) != B_data.size:
        raise ValueError(
            message(
                "linalg.tensorsolve",
                f"A must have the axes of B and others of as many elements; A is {describe(A)}, B is {describe(B)}.",
                "dims names the axes of A that belong to the solution.",
            )
        )
    return reshape(solve(reshape(A, (B_data.size, B_data.size)), reshape(B, (B_data.size,))), shape)
