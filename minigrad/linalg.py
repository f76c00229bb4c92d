"""Linear algebra under PyTorch's names: ``minigrad.linalg.solve`` and its like, and the norms of matrices."""

from __future__ import annotations

import math
from typing import Any

from minigrad.dtypes import as_dtype
from minigrad.errors import describe, message
from minigrad.ops import norms
from minigrad.ops.conversion import cast
from minigrad.ops.decompositions import LinAlgError
from minigrad.ops.determinants import SlogdetResult, det, slogdet
from minigrad.ops.elementwise import abs
from minigrad.ops.extremes import amax, amin
from minigrad.ops.operands import Dim, Operand, Tensor, axes, floating
from minigrad.ops.products import matmul
from minigrad.ops.pseudoinverses import LstsqResult, lstsq, pinv
from minigrad.ops.reductions import sum
from minigrad.ops.shapes import squeeze
from minigrad.ops.systems import inv, solve

__all__ = [
    "LinAlgError",
    "LstsqResult",
    "SlogdetResult",
    "det",
    "inv",
    "lstsq",
    "matmul",
    "norm",
    "pinv",
    "slogdet",
    "solve",
]


def norm(A: Operand, ord: Any = None, dim: Dim = None, keepdim: bool = False, *, dtype: Any = None) -> Tensor:
    """Return the norm of vectors or matrices.

    Args:
        A: any shape; with an ``ord`` and without ``dim`` a vector or a matrix.
        ord: None for the square root of the sum of squares. Of vectors any number, ``inf`` or ``-inf``; of matrices
            ``"fro"``, 1 or -1 (largest or smallest sum of a column's sizes), ``inf`` or ``-inf`` (of a row's).
        dim: one axis for vectors, two for matrices (rows, columns), None for all.
        keepdim: keep the reduced axes with length 1.
        dtype: convert to it first.

    Returns:
        A without the reduced axes, unless ``keepdim``. The gradient at 0 is 0.

    Raises:
        ValueError: if there is no such norm.

    Examples:
        >>> import minigrad as mg
        >>> mg.linalg.norm(mg.tensor([3.0, -4.0]), 1)
        Tensor(() float32 | 7)
        >>> mg.linalg.norm(mg.tensor([[1.0, 2.0], [3.0, 4.0]]), 1)
        Tensor(() float32 | 6)
    """
    if dtype is not None:
        A = cast(A, as_dtype("linalg.norm", dtype))
    ndim = floating(norm, A).ndim
    over = tuple(range(ndim)) if dim is None else tuple(dim) if isinstance(dim, (tuple, list)) else (dim,)
    if ord is None or (len(over) == 1 and not isinstance(ord, str)):
        return norms.norm(A, ord, dim, keepdim)
    if len(over) != 2:
        raise ValueError(
            message(
                "linalg.norm",
                f"ord={ord!r} needs one axis (a vector's norm) or two (a matrix's), got dim={dim} for {describe(A)}.",
                "Name the axes: dim=-1 for vectors, dim=(-2, -1) for matrices.",
            )
        )
    if ord == "fro":
        return norms.norm(A, 2, over, keepdim)
    if ord not in (1, -1, math.inf, -math.inf):
        raise ValueError(
            message(
                "linalg.norm",
                f"the norms of matrices are 'fro', 1, -1, inf and -inf, got ord={ord!r} for {describe(A)}.",
                "The norms of singular values (2, -2, 'nuc') are not among them; for vectors name one axis.",
            )
        )
    axes(norm, over, ndim)
    summed, compared = over if math.isfinite(ord) else over[::-1]
    sums = sum(abs(A), summed, True)
    extremes = amax(sums, compared, True) if ord > 0 else amin(sums, compared, True)
    return extremes if keepdim else squeeze(extremes, over)
