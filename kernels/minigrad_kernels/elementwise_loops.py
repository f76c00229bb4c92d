"""The loops over all elements: each takes operands (`operands.py`), and fills `out` and returns True if they fit.

LLVM turns each into vector instructions, so a comparison selects between two values and never branches; written as
`0 if x <= 0 else x`, a NaN fails the comparison and stays.
"""

import numpy as np

from minigrad_kernels.jit import kernel
from minigrad_kernels.operands import fit, flat
from minigrad_kernels.scalar_functions import erf_of, exp_of, log_of, sigmoid_of, tanh_of


@kernel
def exp_all(x: np.ndarray, out: np.ndarray) -> bool:
    """Compute out = exp(x)."""
    if not fit(x, out):
        return False
    numbers, results = flat(x), flat(out)
    for i in range(numbers.size):
        results[i] = exp_of(numbers[i])
    return True


@kernel
def log_all(x: np.ndarray, out: np.ndarray) -> bool:
    """Compute out = log(x), natural."""
    if not fit(x, out):
        return False
    numbers, results = flat(x), flat(out)
    for i in range(numbers.size):
        results[i] = log_of(numbers[i])
    return True


@kernel
def tanh_all(x: np.ndarray, out: np.ndarray) -> bool:
    """Compute out = tanh(x)."""
    if not fit(x, out):
        return False
    numbers, results = flat(x), flat(out)
    for i in range(numbers.size):
        results[i] = tanh_of(numbers[i])
    return True


@kernel
def sigmoid_all(x: np.ndarray, out: np.ndarray) -> bool:
    """Compute out = 1/(1 + exp(−x))."""
    if not fit(x, out):
        return False
    numbers, results = flat(x), flat(out)
    for i in range(numbers.size):
        results[i] = sigmoid_of(numbers[i])
    return True


@kernel
def erf_all(x: np.ndarray, out: np.ndarray) -> bool:
    """Compute out = erf(x)."""
    if not fit(x, out):
        return False
    numbers, results = flat(x), flat(out)
    for i in range(numbers.size):
        results[i] = erf_of(numbers[i])
    return True


@kernel
def relu_all(x: np.ndarray, out: np.ndarray) -> bool:
    """Compute out = max(x, 0)."""
    if not fit(x, out):
        return False
    numbers, results = flat(x), flat(out)
    zero = numbers.dtype.type(0)
    for i in range(numbers.size):
        results[i] = zero if numbers[i] <= zero else numbers[i]
    return True


@kernel
def relu_backward_all(grad: np.ndarray, result: np.ndarray, out: np.ndarray) -> bool:
    """Compute out = 0 where result ≤ 0, else grad; where the result is NaN, grad."""
    if not fit(grad, out) or not fit(result, out):
        return False
    slopes, values, results = flat(grad), flat(result), flat(out)
    zero = slopes.dtype.type(0)
    for i in range(slopes.size):
        results[i] = zero if values[i] <= zero else slopes[i]
    return True


@kernel
def tanh_backward_all(grad: np.ndarray, result: np.ndarray, out: np.ndarray) -> bool:
    """Compute out = grad·(1 − result²)."""
    if not fit(grad, out) or not fit(result, out):
        return False
    slopes, values, results = flat(grad), flat(result), flat(out)
    one = slopes.dtype.type(1)
    for i in range(slopes.size):
        results[i] = slopes[i] * (one - values[i] * values[i])
    return True


@kernel
def sigmoid_backward_all(grad: np.ndarray, result: np.ndarray, out: np.ndarray) -> bool:
    """Compute out = grad·result·(1 − result)."""
    if not fit(grad, out) or not fit(result, out):
        return False
    slopes, values, results = flat(grad), flat(result), flat(out)
    one = slopes.dtype.type(1)
    for i in range(slopes.size):
        results[i] = slopes[i] * (values[i] * (one - values[i]))
    return True
