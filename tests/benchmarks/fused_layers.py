"""Linear layers and optimizer updates for `fused.py`: ours and NumPy's fewest passes."""

from collections.abc import Callable

import numpy as np

import minigrad_kernels as mk

Call = Callable[[], object]
Pair = tuple[Call, Call]


def linear_pairs(x: np.ndarray, grad: np.ndarray, out: np.ndarray) -> dict[str, Pair]:
    """Ours and NumPy's: linear layers of 64 inputs, with so many outputs, and their gradients."""
    rows, n = out.shape
    inputs, weight = np.resize(grad, (rows, 64)), np.resize(grad, (n, 64)) / x.dtype.type(64)
    bias, mask = np.full(n, 1e-3, x.dtype), np.empty(out.shape, bool)
    grads = np.empty_like(inputs), np.empty_like(weight), np.empty_like(bias)
    result = np.maximum(inputs @ weight.T + bias, 0)

    def numpy_linear() -> None:
        np.matmul(inputs, weight.T, out=out)
        np.add(out, bias, out=out)

    def numpy_relu() -> None:
        numpy_linear()
        np.maximum(out, 0, out=out)

    def numpy_tanh() -> None:
        numpy_linear()
        np.tanh(out, out=out)

    def numpy_sigmoid() -> None:
        numpy_linear()
        np.negative(out, out=out)
        np.exp(out, out=out)
        np.add(out, 1, out=out)
        np.reciprocal(out, out=out)

    def numpy_backward() -> None:
        np.greater(result, 0, out=mask)
        np.multiply(x, mask, out=out)
        np.matmul(out, weight, out=grads[0])
        np.matmul(out.T, inputs, out=grads[1])
        np.add.reduce(out, axis=0, out=grads[2])

    return {
        "linear": (lambda: mk.linear(inputs, weight, bias, "none", out), numpy_linear),
        "linear, relu": (lambda: mk.linear(inputs, weight, bias, "relu", out), numpy_relu),
        "linear, tanh": (lambda: mk.linear(inputs, weight, bias, "tanh", out), numpy_tanh),
        "linear, sigmoid": (lambda: mk.linear(inputs, weight, bias, "sigmoid", out), numpy_sigmoid),
        "linear_backward, relu": (lambda: mk.linear_backward(x, inputs, weight, result, "relu"), numpy_backward),
    }


def update_pairs(x: np.ndarray, grad: np.ndarray) -> dict[str, Pair]:
    """Ours and NumPy's: optimizer updates of a flat parameter; with a tiny learning rate, so that nothing overflows."""
    parameter, gradient, other = x.reshape(-1).copy(), grad.reshape(-1).copy(), np.empty(x.size, x.dtype)
    first, second, step = np.zeros_like(parameter), np.zeros_like(parameter), np.zeros(())
    rate, beta1, beta2, decay = 1e-6, 0.9, 0.999, 0.01

    def numpy_sgd() -> None:
        np.multiply(gradient, rate, out=other)
        np.subtract(parameter, other, out=parameter)

    def numpy_momentum() -> None:
        np.multiply(first, beta1, out=first)
        np.add(first, gradient, out=first)
        np.multiply(first, rate, out=other)
        np.subtract(parameter, other, out=parameter)

    def numpy_adam() -> None:
        np.multiply(first, beta1, out=first)
        np.multiply(gradient, 1 - beta1, out=other)
        np.add(first, other, out=first)
        np.multiply(second, beta2, out=second)
        np.multiply(gradient, gradient, out=other)
        np.multiply(other, 1 - beta2, out=other)
        np.add(second, other, out=second)
        np.sqrt(second, out=other)
        # The two bias corrections in one factor and one summand.
        np.add(other, 1e-8, out=other)
        np.divide(first, other, out=other)
        np.multiply(other, rate, out=other)
        np.subtract(parameter, other, out=parameter)

    def numpy_adamw() -> None:
        np.multiply(parameter, 1 - rate * decay, out=parameter)
        numpy_adam()

    def adam(weight_decay: float, decoupled: bool) -> None:
        settings = (rate, beta1, beta2, 1e-8, weight_decay, decoupled, False)
        mk.run(mk.adam_update)(parameter, gradient, first, second, step, *settings)

    def momentum() -> None:
        settings = (rate, beta1, 0.0, 0.0, False, False)
        mk.run(mk.sgd_momentum_update)(parameter, gradient, first, step, *settings)

    return {
        "SGD": (lambda: mk.run(mk.sgd_update)(parameter, gradient, rate, 0.0, False), numpy_sgd),
        "SGD with momentum": (momentum, numpy_momentum),
        "Adam": (lambda: adam(0.0, False), numpy_adam),
        "AdamW": (lambda: adam(decay, True), numpy_adamw),
    }
