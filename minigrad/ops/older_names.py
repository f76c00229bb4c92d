"""PyTorch's older functions of linear algebra, which differ from those of the same name in ``linalg``."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from minigrad.errors import describe, message
from minigrad.ops import lu_factors, orthogonal_factors, singular_values, vector_products
from minigrad.ops.constants import beside
from minigrad.ops.operands import Operand, Tensor, flag, unwrap
from minigrad.ops.shapes import matrix_transpose


class OlderSVDResult(NamedTuple):
    """``input = U @ diag(S) @ V.T``; see ``svd`` for shapes."""

    U: Tensor
    S: Tensor
    V: Tensor


def svd(input: Operand, some: bool = True, compute_uv: bool = True) -> OlderSVDResult:
    """Return the singular value decomposition ``input = U @ diag(S) @ V.T``; ``linalg.svd`` returns V.T.

    Args:
        input: (..., m, n), float32 or float64.
        some: return as many vectors as values, k, the lesser of m and n; if False, complete bases.
        compute_uv: if False, return zeros for complete U and V, in less time.

    Returns:
        A named tuple: U (..., m, k), S (..., k) and V (..., n, k); m for k in U and n in V without ``some``. The
        gradient and the errors are those of ``linalg.svd``.

    Examples:
        >>> import minigrad as mg
        >>> U, S, V = mg.svd(mg.tensor([[3.0, 0.0], [0.0, -2.0]]))
        >>> (U @ mg.tensor([[3.0, 0.0], [0.0, 2.0]]) @ V.T).tolist()
        [[3.0, 0.0], [0.0, -2.0]]
    """
    if flag(svd, "compute_uv", compute_uv):
        U, S, Vh = singular_values.svd(input, not flag(svd, "some", some))
        return OlderSVDResult(U, S, matrix_transpose(Vh))
    S = singular_values.svdvals(input)
    *batch, m, n = unwrap(svd, input).shape
    left, right = np.zeros((*batch, m, m), S.dtype), np.zeros((*batch, n, n), S.dtype)
    return OlderSVDResult(beside(left, input), S, beside(right, input))


def cross(input: Operand, other: Operand, dim: int | None = None) -> Tensor:
    """Return the cross product of vectors of three elements, as ``linalg.cross``.

    Args:
        input: three elements along ``dim``.
        other: as many axes as input; other lengths broadcast.
        dim: the axis of the vectors. Default: the first of length 3 of the broadcast shape.

    Returns:
        The broadcast shape, of the promoted dtype.

    Raises:
        ValueError: if no axis has three elements; further as ``linalg.cross``.

    Examples:
        >>> import minigrad as mg
        >>> mg.cross(mg.tensor([1.0, 0.0, 0.0]), mg.tensor([0.0, 1.0, 0.0]))
        Tensor((3,) float32 | 0 0 1)
    """
    if dim is None:
        shape = unwrap(cross, input).shape
        if 3 not in shape:
            raise ValueError(
                message(
                    "cross",
                    f"an axis of length 3 is needed; the operands are {describe(input)} and {describe(other)}.",
                    "A cross product is of vectors of three elements.",
                )
            )
        dim = shape.index(3)
    return vector_products.cross(input, other, dim=dim)


def qr(input: Operand, some: bool = True) -> orthogonal_factors.QRResult:
    """Return ``input = Q @ R`` as ``linalg.qr``; without ``some``, with a square Q. The gradient is the one of that."""
    return orthogonal_factors.qr(input, "reduced" if flag(qr, "some", some) else "complete")


def lu(input: Operand, pivot: bool = True) -> lu_factors.LUFactorResult:
    """Return ``linalg.lu_factor(input)``, both triangles in one matrix, and not the three factors of ``linalg.lu``."""
    return lu_factors.lu_factor(input, pivot=pivot)


def lu_solve(b: Operand, LU_data: Operand, LU_pivots: Operand) -> Tensor:
    """Return the x of ``A @ x = b``: ``linalg.lu_solve``, the right-hand side first."""
    return lu_factors.lu_solve(LU_data, LU_pivots, b)


class OlderMethods:
    """The functions of this file, and of others that have no class, as methods of Tensor."""

    __slots__ = ()

    cross = cross
    kron = vector_products.kron
    lu = lu
    lu_solve = lu_solve
    qr = qr
    svd = svd
