"""The loop that ends a linear layer: add the bias to each row of a product, and apply the activation, in one pass."""

import numpy as np

from minigrad_kernels.jit import kernel
from minigrad_kernels.scalar_functions import sigmoid_of, tanh_of

NONE, RELU, TANH, SIGMOID = 0, 1, 2, 3

# A bias below this length is repeated 16 times, and 16 rows are worked on as one: a vector holds up to 16 numbers, so
# that no lane stays empty.
SHORT, ROWS_AS_ONE = 128, 16


@kernel
def add_bias(out: np.ndarray, bias: np.ndarray, activation: int) -> None:
    """Compute out = activation(out + bias), shapes (rows, n) and (n,).

    Args:
        out: Changed in place.
        bias: Added to each row.
        activation: NONE, RELU, TANH or SIGMOID.
    """
    repeats = ROWS_AS_ONE if bias.size < SHORT and out.shape[0] >= ROWS_AS_ONE else 1
    addend = bias
    if repeats > 1:
        addend = np.empty(repeats * bias.size, bias.dtype)
        for i in range(addend.size):
            addend[i] = bias[i % bias.size]
    zero = bias.dtype.type(0)
    flat = out.reshape(out.size)
    for first in range(0, flat.size, max(1, addend.size)):
        block = flat[first : first + addend.size]
        if activation == RELU:
            for j in range(block.size):
                value = block[j] + addend[j]
                block[j] = zero if value <= zero else value
        elif activation == TANH:
            for j in range(block.size):
                block[j] = tanh_of(block[j] + addend[j])
        elif activation == SIGMOID:
            for j in range(block.size):
                block[j] = sigmoid_of(block[j] + addend[j])
        else:
            for j in range(block.size):
                block[j] += addend[j]
