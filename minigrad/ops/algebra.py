"""The functions of matrices and vectors that have a name beside the one in ``minigrad.linalg``, one family a file."""

from minigrad.ops.cholesky_factors import (
    CholeskyMethods,
    cholesky,
)
from minigrad.ops.determinants import (
    DeterminantMethods,
    det,
    logdet,
    slogdet,
)
from minigrad.ops.matrix_functions import (
    MatrixFunctionMethods,
    matrix_exp,
    matrix_power,
)
from minigrad.ops.norms import (
    NormMethods,
    norm,
)
from minigrad.ops.older_names import (
    OlderMethods,
    cross,
    svd,
)
from minigrad.ops.pseudoinverses import (
    PseudoinverseMethods,
    pinverse,
)
from minigrad.ops.systems import (
    SystemMethods,
    inverse,
)
from minigrad.ops.vector_products import (
    kron,
)

__all__ = [
    "cholesky",
    "cross",
    "det",
    "inverse",
    "kron",
    "logdet",
    "matrix_exp",
    "matrix_power",
    "norm",
    "pinverse",
    "slogdet",
    "svd",
]


class AlgebraMethods(
    CholeskyMethods,
    DeterminantMethods,
    MatrixFunctionMethods,
    NormMethods,
    OlderMethods,
    PseudoinverseMethods,
    SystemMethods,
):
    """The methods of these families."""

    __slots__ = ()
