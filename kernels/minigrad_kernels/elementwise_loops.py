"""The loops over all elements: each takes array objects, and fills and returns a new array, or `out` if it is not None.

A loop returns None, with nothing written, if the arrays are not contiguous, or not of one class, dtype and shape, or
`out` is read-only or shares memory with an operand: LLVM's vector loops run only if the arrays do not overlap.

LLVM turns each into vector instructions, so a comparison selects between two values and never branches; written as
`0 if x <= 0 else x`, a NaN fails the comparison and stays.
"""

from typing import Any

import numpy as np

from minigrad_kernels.arrays import flat, is_none, matches, separate
from minigrad_kernels.jit import object_kernel
from minigrad_kernels.new_arrays import dropped, no_array, release_gil_for, result_for, take_gil
from minigrad_kernels.scalar_functions import erf_of, exp_of, log_of, sigmoid_of, tanh_of


@object_kernel
def exp_all(x: np.ndarray, out: Any) -> Any:
    """Compute out = exp(x)."""
    filled = result_for(x, out)
    if is_none(filled):
        return filled
    thread = release_gil_for(x)
    numbers, results = flat(x), flat(filled)
    for i in range(numbers.size):
        results[i] = exp_of(numbers[i])
    take_gil(thread)
    return filled


@object_kernel
def log_all(x: np.ndarray, out: Any) -> Any:
    """Compute out = log(x), natural."""
    filled = result_for(x, out)
    if is_none(filled):
        return filled
    thread = release_gil_for(x)
    numbers, results = flat(x), flat(filled)
    for i in range(numbers.size):
        results[i] = log_of(numbers[i])
    take_gil(thread)
    return filled


@object_kernel
def tanh_all(x: np.ndarray, out: Any) -> Any:
    """Compute out = tanh(x)."""
    filled = result_for(x, out)
    if is_none(filled):
        return filled
    thread = release_gil_for(x)
    numbers, results = flat(x), flat(filled)
    for i in range(numbers.size):
        results[i] = tanh_of(numbers[i])
    take_gil(thread)
    return filled


@object_kernel
def sigmoid_all(x: np.ndarray, out: Any) -> Any:
    """Compute out = 1/(1 + exp(−x))."""
    filled = result_for(x, out)
    if is_none(filled):
        return filled
    thread = release_gil_for(x)
    numbers, results = flat(x), flat(filled)
    for i in range(numbers.size):
        results[i] = sigmoid_of(numbers[i])
    take_gil(thread)
    return filled


@object_kernel
def erf_all(x: np.ndarray, out: Any) -> Any:
    """Compute out = erf(x)."""
    filled = result_for(x, out)
    if is_none(filled):
        return filled
    thread = release_gil_for(x)
    numbers, results = flat(x), flat(filled)
    for i in range(numbers.size):
        results[i] = erf_of(numbers[i])
    take_gil(thread)
    return filled


@object_kernel
def relu_all(x: np.ndarray, out: Any) -> Any:
    """Compute out = max(x, 0)."""
    filled = result_for(x, out)
    if is_none(filled):
        return filled
    thread = release_gil_for(x)
    numbers, results = flat(x), flat(filled)
    zero = numbers.dtype.type(0)
    for i in range(numbers.size):
        results[i] = zero if numbers[i] <= zero else numbers[i]
    take_gil(thread)
    return filled


@object_kernel
def sign_all(x: np.ndarray, out: Any) -> Any:
    """Compute out = 1 where x > 0, −1 where x < 0, else 0, of NaN too."""
    filled = result_for(x, out)
    if is_none(filled):
        return filled
    thread = release_gil_for(x)
    numbers, results = flat(x), flat(filled)
    zero, one = numbers.dtype.type(0), numbers.dtype.type(1)
    for i in range(numbers.size):
        results[i] = one if numbers[i] > zero else (-one if numbers[i] < zero else zero)
    take_gil(thread)
    return filled


@object_kernel
def relu_backward_all(grad: np.ndarray, result: np.ndarray, out: Any) -> Any:
    """Compute out = 0 where result ≤ 0, else grad; where the result is NaN, grad."""
    filled = result_for(grad, out) if matches(grad, result) else no_array(grad)
    if is_none(filled) or not separate(filled, result):
        return dropped(filled)
    thread = release_gil_for(grad)
    slopes, values, results = flat(grad), flat(result), flat(filled)
    zero = slopes.dtype.type(0)
    for i in range(slopes.size):
        results[i] = zero if values[i] <= zero else slopes[i]
    take_gil(thread)
    return filled


@object_kernel
def tanh_backward_all(grad: np.ndarray, result: np.ndarray, out: Any) -> Any:
    """Compute out = grad·(1 − result²)."""
    filled = result_for(grad, out) if matches(grad, result) else no_array(grad)
    if is_none(filled) or not separate(filled, result):
        return dropped(filled)
    thread = release_gil_for(grad)
    slopes, values, results = flat(grad), flat(result), flat(filled)
    one = slopes.dtype.type(1)
    for i in range(slopes.size):
        results[i] = slopes[i] * (one - values[i] * values[i])
    take_gil(thread)
    return filled


@object_kernel
def sigmoid_backward_all(grad: np.ndarray, result: np.ndarray, out: Any) -> Any:
    """Compute out = grad·result·(1 − result)."""
    filled = result_for(grad, out) if matches(grad, result) else no_array(grad)
    if is_none(filled) or not separate(filled, result):
        return dropped(filled)
    thread = release_gil_for(grad)
    slopes, values, results = flat(grad), flat(result), flat(filled)
    one = slopes.dtype.type(1)
    for i in range(slopes.size):
        results[i] = slopes[i] * (values[i] * (one - values[i]))
    take_gil(thread)
    return filled
