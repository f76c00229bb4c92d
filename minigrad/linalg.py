"""Linear algebra under PyTorch's names: ``minigrad.linalg.solve`` and its like."""

from __future__ import annotations

from minigrad.ops import diagonals
from minigrad.ops.cholesky_factors import CholeskyExResult, cholesky, cholesky_ex
from minigrad.ops.determinants import SlogdetResult, det, slogdet
from minigrad.ops.eigenvalues import EighResult, eigh, eigvalsh
from minigrad.ops.lu_factors import (
    LUFactorExResult,
    LUFactorResult,
    LUResult,
    lu,
    lu_factor,
    lu_factor_ex,
    lu_solve,
)
from minigrad.ops.matrix_functions import matrix_exp, matrix_power, multi_dot
from minigrad.ops.matrix_norms import cond, matrix_norm, norm, vector_norm
from minigrad.ops.matrix_operands import LinAlgError
from minigrad.ops.operands import Operand, Tensor
from minigrad.ops.orthogonal_factors import QRResult, qr
from minigrad.ops.products import matmul
from minigrad.ops.pseudoinverses import LstsqResult, lstsq, pinv
from minigrad.ops.ranks import matrix_rank
from minigrad.ops.singular_values import SVDResult, svd, svdvals
from minigrad.ops.systems import InvExResult, inv, inv_ex, solve
from minigrad.ops.tensor_systems import tensorinv, tensorsolve
from minigrad.ops.triangular_systems import solve_triangular
from minigrad.ops.vector_products import cross, vander, vecdot

__all__ = [
    "CholeskyExResult",
    "EighResult",
    "InvExResult",
    "LUFactorExResult",
    "LUFactorResult",
    "LUResult",
    "LinAlgError",
    "LstsqResult",
    "QRResult",
    "SVDResult",
    "SlogdetResult",
    "cholesky",
    "cholesky_ex",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eigh",
    "eigvalsh",
    "inv",
    "inv_ex",
    "lstsq",
    "lu",
    "lu_factor",
    "lu_factor_ex",
    "lu_solve",
    "matmul",
    "matrix_exp",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "multi_dot",
    "norm",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "solve_triangular",
    "svd",
    "svdvals",
    "tensorinv",
    "tensorsolve",
    "vander",
    "vecdot",
    "vector_norm",
]


def diagonal(A: Operand, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Return a view of the diagonal of matrices, (..., m, n) to (..., k): ``diagonal`` of the last two axes."""
    return diagonals.diagonal(A, offset, dim1, dim2)
