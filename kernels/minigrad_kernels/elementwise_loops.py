"""The loops over all elements: each takes flat contiguous arrays of one floating dtype and fills `out`.

LLVM turns each into vector instructions, so a comparison selects between two values and never branches; written as
`0 if x <= 0 else x`, a NaN fails the comparison and stays. `out` may be an operand, but where arrays overlap the scalar
loop runs, which is some 5 times slower.
"""

import numpy as np

from minigrad_kernels.jit import kernel
from minigrad_kernels.scalar_functions import erf_of, exp_of, log_of, sigmoid_of, tanh_of


@kernel
def exp_all(x: np.ndarray, out: np.ndarray) -> None:
    """Compute out = exp(x), shapes (n,)."""
    for i in range(x.size):
        out[i] = exp_of(x[i])


@kernel
def log_all(x: np.ndarray, out: np.ndarray) -> None:
    """Compute out = log(x), natural, shapes (n,)."""
    for i in range(x.size):
        out[i] = log_of(x[i])


@kernel
def tanh_all(x: np.ndarray, out: np.ndarray) -> None:
    """Compute out = tanh(x), shapes (n,)."""
    for i in range(x.size):
        out[i] = tanh_of(x[i])


@kernel
def sigmoid_all(x: np.ndarray, out: np.ndarray) -> None:
    """Compute out = 1/(1 + exp(−x)), shapes (n,)."""
    for i in range(x.size):
        out[i] = sigmoid_of(x[i])


@kernel
def erf_all(x: np.ndarray, out: np.ndarray) -> None:
    """Compute out = erf(x), shapes (n,)."""
    for i in range(x.size):
        out[i] = erf_of(x[i])


@kernel
def relu_all(x: np.ndarray, out: np.ndarray) -> None:
    """Compute out = max(x, 0), shapes (n,)."""
    zero = x.dtype.type(0)
    for i in range(x.size):
        out[i] = zero if x[i] <= zero else x[i]


@kernel
def relu_backward_all(grad: np.ndarray, result: np.ndarray, out: np.ndarray) -> None:
    """Compute out = 0 where result ≤ 0, else grad, shapes (n,); where the result is NaN, grad."""
    zero = grad.dtype.type(0)
    for i in range(grad.size):
        out[i] = zero if result[i] <= zero else grad[i]


@kernel
def tanh_backward_all(grad: np.ndarray, result: np.ndarray, out: np.ndarray) -> None:
    """Compute out = grad·(1 − result²), shapes (n,)."""
    one = grad.dtype.type(1)
    for i in range(grad.size):
        out[i] = grad[i] * (one - result[i] * result[i])


@kernel
def sigmoid_backward_all(grad: np.ndarray, result: np.ndarray, out: np.ndarray) -> None:
    """Compute out = grad·result·(1 − result), shapes (n,)."""
    one = grad.dtype.type(1)
    for i in range(grad.size):
        out[i] = grad[i] * (result[i] * (one - result[i]))
