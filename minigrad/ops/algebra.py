"""The names of the functions of matrices and vectors that have one beside those in ``minigrad.linalg``."""

from minigrad.ops.cholesky_factors import (
    cholesky,
)
from minigrad.ops.determinants import (
    det,
    logdet,
    slogdet,
)
from minigrad.ops.matrix_functions import (
    matrix_exp,
    matrix_power,
)
from minigrad.ops.norms import (
    norm,
)
from minigrad.ops.older_names import (
    cross,
    svd,
)
from minigrad.ops.pseudoinverses import (
    pinverse,
)
from minigrad.ops.systems import (
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
