"""The loops of `special_functions.py` over all elements: each takes flat contiguous arrays and fills `out`."""

import numpy as np

from minigrad_kernels.jit import kernel
from minigrad_kernels.special_scalars import (
    digamma_float64,
    erfc_float64,
    erfinv_float64,
    lgamma_float64,
    zeta_float64,
)


@kernel
def erfc_all(x: np.ndarray, out: np.ndarray) -> None:
    """Compute out = erfc(x), shapes (n,)."""
    for i in range(x.size):
        out[i] = erfc_float64(np.float64(x[i]))


@kernel
def erfinv_all(x: np.ndarray, out: np.ndarray) -> None:
    """Compute out = erfinv(x), shapes (n,)."""
    for i in range(x.size):
        out[i] = erfinv_float64(np.float64(x[i]))


@kernel
def lgamma_all(x: np.ndarray, out: np.ndarray) -> None:
    """Compute out = log|Γ(x)|, shapes (n,)."""
    for i in range(x.size):
        out[i] = lgamma_float64(np.float64(x[i]))


@kernel
def digamma_all(x: np.ndarray, out: np.ndarray) -> None:
    """Compute out = digamma(x), shapes (n,)."""
    for i in range(x.size):
        out[i] = digamma_float64(np.float64(x[i]))


@kernel
def polygamma_all(x: np.ndarray, n: int, factor: float, out: np.ndarray) -> None:
    """Compute out = factor·zeta(n + 1, x), shapes (n,); factor is (−1)ⁿ⁺¹·n!."""
    for i in range(x.size):
        out[i] = factor * zeta_float64(n + 1.0, np.float64(x[i]))
