"""The exponential of matrices: matrix products, one system of equations, and squarings.

Source: Higham, "The scaling and squaring method for the matrix exponential revisited" (SIAM Journal on Matrix Analysis
and Applications 26, 2005), algorithm 2.3 with the Padé approximant of degree 13 for every norm: lower degrees, which
suffice for small ones, would save at most four of its six products.
"""

import math

import numpy as np

from minigrad_kernels.products import matmul

_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
# Up to this 1-norm the approximant is as good as float64 can tell: theta_13 of table 2.3.
LARGEST_NORM = 5.371920351148152
# (26 - j)! 13! / (26! j! (13 - j)!): section 2.
COEFFICIENTS = tuple([math.comb(13, j) * math.factorial(26 - j) / math.factorial(26) for j in range(14)])


def matrix_exp(x: np.ndarray) -> np.ndarray:
    """Compute the exponential of square matrices, I + x + x·x/2 + …, in float64, rounded once.

    Args:
        x: Shape (..., n, n), float32 or float64.

    Returns:
        x's shape and dtype; NaN for a matrix with NaN or infinity.

    Raises:
        TypeError: `x` is no array of floats.
        ValueError: `x` is not square.

    Example:
        >>> matrix_exp(np.array([[0.0, 1.0], [0.0, 0.0]]))
        array([[1., 1.],
               [0., 1.]])
    """
    if not isinstance(x, np.ndarray) or x.dtype not in _FLOATS:
        came = f"dtype {x.dtype}" if isinstance(x, np.ndarray) else type(x).__name__
        raise TypeError(f"matrix_exp: needed an array of float32 or float64, came {came}; use x.astype(float)")
    if x.ndim < 2 or x.shape[-1] != x.shape[-2]:
        raise ValueError(f"matrix_exp: needed square matrices, (..., n, n), came shape {x.shape}; cut or pad them")
    if x.size == 0:
        return x.copy()
    stack = np.array(x, np.float64, order="C").reshape((-1,) + x.shape[-2:])
    norms = np.abs(stack).sum(axis=1).max(axis=1)
    finite = np.isfinite(norms)
    stack[~finite] = 0
    # frexp: a norm is below 2 to that power of LARGEST_NORM.
    halvings = np.maximum(np.frexp(np.where(finite, norms, 0) / LARGEST_NORM)[1], 0)
    result = _approximant(np.ldexp(stack, -halvings[:, None, None]))
    for step in range(int(halvings.max())):
        again = halvings > step
        powers = result[again]
        result[again] = matmul(powers, powers)
    result[~finite] = np.nan
    return result.reshape(x.shape).astype(x.dtype, copy=False)


def _approximant(x: np.ndarray) -> np.ndarray:
    """Return the Padé approximant of exp of degree 13, shape (entries, n, n): (v − u)⁻¹·(v + u), u odd and v even."""
    c = COEFFICIENTS
    identity = np.eye(x.shape[-1])
    x2 = matmul(x, x)
    x4 = matmul(x2, x2)
    x6 = matmul(x4, x2)
    odd = matmul(x6, c[13] * x6 + c[11] * x4 + c[9] * x2) + c[7] * x6 + c[5] * x4 + c[3] * x2 + c[1] * identity
    v = matmul(x6, c[12] * x6 + c[10] * x4 + c[8] * x2) + c[6] * x6 + c[4] * x4 + c[2] * x2 + c[0] * identity
    u = matmul(x, odd)
    approximant: np.ndarray = np.linalg.solve(v - u, v + u)
    return approximant
