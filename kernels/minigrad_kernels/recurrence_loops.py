"""The loops over the steps of recurrent layers: tanh or relu of a sum, gated recurrent units, long short-term memory.

From the naive loop up. What the input adds to each step is one product, made before; the state's part cannot be, for
each step needs the one before:

    for t in range(T):
        sums = projected[t] + state @ weight.T
        state = output[t] = tanh(sums)

A step of NumPy's is a dozen calls on some thousand numbers, each of which takes as long to call as to compute. Here all
steps are one call. The product of a step is that of `gemm.py`, called by its address, with the weight transposed once
before, so that nothing is packed; the rest is `recurrence_gates.py`, row by row while the sums are in the cache.

The gradients run the other way. With s the gradient of the sums of a step, which its rule makes of the gradient of its
state, the gradient of the state before is s @ weight, to which the gradient of the output there is added. The gradient
of the weight is a product of all slopes with all states, made after the loop.

Steps run from the last to the first where `backwards` is 1, and the gradients then from the first to the last.

Source: Werbos 1990, Backpropagation through time.
"""

import numpy as np

from minigrad_kernels.attention_loops import product_at
from minigrad_kernels.jit import kernel
from minigrad_kernels.recurrence_gates import (
    add_numbers,
    gru_row,
    gru_row_slopes,
    lstm_row,
    lstm_row_slopes,
    relu_numbers,
    relu_slopes,
    sum_numbers,
    tanh_numbers,
    tanh_slopes,
)
from minigrad_kernels.vectors import address, numbers_at


@kernel
def rnn_forward(
    projected: np.ndarray, hidden: np.ndarray, weight: np.ndarray, relu: int, backwards: int, output: np.ndarray,
    product: int,
) -> bool:  # fmt: skip
    """Fill `output` with the states after each step.

    Args:
        projected: Shape (T, N, H), contiguous, as are all arrays.
        hidden: Shape (N, H).
        weight: Shape (H, H), transposed: a step is projected + state @ weight.
        relu: 1 for relu, 0 for tanh.
        backwards: 1 to run from the last step to the first.
        output: Shape (T, N, H), written.
        product: What `product_address` returned.

    Returns:
        False if there was no memory; `output` then holds anything. So do all that follow.
    """
    steps, rows, n = output.shape
    zero, size = output.dtype.type(0), output.itemsize
    block = rows * n
    state, move = address(hidden), -1 if backwards else 1
    t = steps - 1 if backwards else 0
    for _ in range(steps):
        place = address(output) + t * block * size
        if not product_at(product, zero, rows, n, n, state, n * size, size, address(weight), n * size, size, place):
            return False
        sums = numbers_at(place, block, zero)
        add_numbers(numbers_at(address(projected) + t * block * size, block, zero), sums)
        if relu:
            relu_numbers(sums)
        else:
            tanh_numbers(sums)
        state = place
        t += move
    return True


@kernel
def rnn_backward(
    grad: np.ndarray, weight: np.ndarray, output: np.ndarray, relu: int, backwards: int, slopes: np.ndarray,
    carried: np.ndarray, product: int,
) -> bool:  # fmt: skip
    """Fill the gradients of the sums and of the first state.

    Args:
        grad: Shape (T, N, H), gradient with respect to the output.
        weight: Shape (H, H), as it is.
        output: Shape (T, N, H), what `rnn_forward` filled.
        relu: As it was given, as is the next.
        backwards: Likewise.
        slopes: Shape (T, N, H), written with the gradient of `projected`.
        carried: Shape (N, H), zeros; written with the gradient of `hidden`.
        product: What `product_address` returned.
    """
    steps, rows, n = output.shape
    zero, size = output.dtype.type(0), output.itemsize
    block = rows * n
    from_later = numbers_at(address(carried), block, zero)
    t, move = (0, 1) if backwards else (steps - 1, -1)
    for _ in range(steps):
        place = t * block * size
        slope, states = (
            numbers_at(address(slopes) + place, block, zero),
            numbers_at(address(output) + place, block, zero),
        )
        sum_numbers(from_later, numbers_at(address(grad) + place, block, zero), slope)
        if relu:
            relu_slopes(states, slope)
        else:
            tanh_slopes(states, slope)
        if not product_at(
            product, zero, rows, n, n, address(slopes) + place, n * size, size, address(weight), n * size, size,
            address(carried),
        ):  # fmt: skip
            return False
        t += move
    return True


@kernel
def gru_forward(
    projected: np.ndarray, hidden: np.ndarray, weight: np.ndarray, bias: np.ndarray, backwards: int,
    output: np.ndarray, gates: np.ndarray, sums: np.ndarray, product: int,
) -> bool:  # fmt: skip
    """Fill `output` with the states after each step, and `gates` with what the gradients need.

    Args:
        projected: Shape (T, N, 3H), contiguous, as are all arrays.
        hidden: Shape (N, H).
        weight: Shape (H, 3H), transposed.
        bias: Shape (3H,).
        backwards: 1 to run from the last step to the first.
        output: Shape (T, N, H), written.
        gates: Shape (T, N, 4H), written with r, z, n, and the state's part of n.
        sums: Shape (N, 3H), room for the product of a step.
        product: What `product_address` returned.
    """
    steps, rows, n = output.shape
    zero, size = output.dtype.type(0), output.itemsize
    state, move = address(hidden), -1 if backwards else 1
    t = steps - 1 if backwards else 0
    for _ in range(steps):
        if not product_at(
            product, zero, rows, 3 * n, n, state, n * size, size, address(weight), 3 * n * size, size, address(sums)
        ):
            return False
        for i in range(rows):
            row, place = numbers_at(address(sums) + i * 3 * n * size, 3 * n, zero), t * rows + i
            gate = numbers_at(address(gates) + place * 4 * n * size, 4 * n, zero)
            sum_numbers(row[: 2 * n], bias[: 2 * n], gate[: 2 * n])
            sum_numbers(row[2 * n :], bias[2 * n :], gate[3 * n :])
            gru_row(
                numbers_at(address(projected) + place * 3 * n * size, 3 * n, zero),
                gate,
                numbers_at(state + i * n * size, n, zero),
                numbers_at(address(output) + place * n * size, n, zero),
            )
        state = address(output) + t * rows * n * size
        t += move
    return True


@kernel
def gru_backward(
    grad: np.ndarray, hidden: np.ndarray, weight: np.ndarray, output: np.ndarray, gates: np.ndarray, backwards: int,
    slopes: np.ndarray, state_slopes: np.ndarray, carried: np.ndarray, sums: np.ndarray, product: int,
) -> bool:  # fmt: skip
    """Fill the gradients of the sums and of the first state.

    Args:
        grad: Shape (T, N, H), gradient with respect to the output.
        hidden: Shape (N, H), as `gru_forward` was given it.
        weight: Shape (3H, H), as it is.
        output: Shape (T, N, H), what it filled, as is the next.
        gates: Shape (T, N, 4H).
        backwards: As it was given.
        slopes: Shape (T, N, 3H), written with the gradient of `projected`.
        state_slopes: Shape (T, N, 3H), written with that of the product.
        carried: Shape (N, H), zeros; written with the gradient of `hidden`.
        sums: Shape (N, H), zeros; room for the product of a step.
        product: What `product_address` returned.
    """
    steps, rows, n = output.shape
    zero, size = output.dtype.type(0), output.itemsize
    block = rows * n
    from_later, from_product = numbers_at(address(carried), block, zero), numbers_at(address(sums), block, zero)
    t, move = (0, 1) if backwards else (steps - 1, -1)
    for number in range(steps):
        add_numbers(from_product, from_later)
        add_numbers(numbers_at(address(grad) + t * block * size, block, zero), from_later)
        state = address(hidden) if number == steps - 1 else address(output) + (t + move) * block * size
        for i in range(rows):
            place = t * rows + i
            gru_row_slopes(
                numbers_at(address(gates) + place * 4 * n * size, 4 * n, zero),
                numbers_at(state + i * n * size, n, zero),
                from_later[i * n : (i + 1) * n],
                numbers_at(address(slopes) + place * 3 * n * size, 3 * n, zero),
                numbers_at(address(state_slopes) + place * 3 * n * size, 3 * n, zero),
            )
        if not product_at(
            product, zero, rows, n, 3 * n, address(state_slopes) + t * 3 * block * size, 3 * n * size, size,
            address(weight), n * size, size, address(sums),
        ):  # fmt: skip
            return False
        t += move
    add_numbers(from_product, from_later)
    return True


@kernel
def lstm_forward(
    projected: np.ndarray, hidden: np.ndarray, cell: np.ndarray, weight: np.ndarray, backwards: int,
    output: np.ndarray, gates: np.ndarray, cells: np.ndarray, product: int,
) -> bool:  # fmt: skip
    """Fill `output` and `cells` with the states and cells after each step, and `gates` with what the gradients need.

    Args:
        projected: Shape (T, N, 4H), contiguous, as are all arrays.
        hidden: Shape (N, H).
        cell: Shape (N, H).
        weight: Shape (H, 4H), transposed.
        backwards: 1 to run from the last step to the first.
        output: Shape (T, N, H), written, as are the next two.
        gates: Shape (T, N, 4H): i, f, g and o.
        cells: Shape (T, N, H).
        product: What `product_address` returned.
    """
    steps, rows, n = output.shape
    zero, size = output.dtype.type(0), output.itemsize
    state, before, move = address(hidden), address(cell), -1 if backwards else 1
    t = steps - 1 if backwards else 0
    for _ in range(steps):
        sums = address(gates) + t * rows * 4 * n * size
        if not product_at(
            product, zero, rows, 4 * n, n, state, n * size, size, address(weight), 4 * n * size, size, sums
        ):
            return False
        part = numbers_at(address(projected) + t * rows * 4 * n * size, rows * 4 * n, zero)
        add_numbers(part, numbers_at(sums, rows * 4 * n, zero))
        state, after = address(output) + t * rows * n * size, address(cells) + t * rows * n * size
        for i in range(rows):
            lstm_row(
                numbers_at(sums + i * 4 * n * size, 4 * n, zero),
                numbers_at(before + i * n * size, n, zero),
                numbers_at(after + i * n * size, n, zero),
                numbers_at(state + i * n * size, n, zero),
            )
        before = after
        t += move
    return True


@kernel
def lstm_backward(
    grad: np.ndarray, cell: np.ndarray, weight: np.ndarray, gates: np.ndarray, cells: np.ndarray, backwards: int,
    slopes: np.ndarray, carried: np.ndarray, carried_cell: np.ndarray, product: int,
) -> bool:  # fmt: skip
    """Fill the gradients of the sums, of the first state and of the first cell.

    Args:
        grad: Shape (T, N, H), gradient with respect to the output.
        cell: Shape (N, H), as `lstm_forward` was given it.
        weight: Shape (4H, H), as it is.
        gates: Shape (T, N, 4H), what it filled, as is the next.
        cells: Shape (T, N, H).
        backwards: As it was given.
        slopes: Shape (T, N, 4H), written with the gradient of `projected`.
        carried: Shape (N, H), zeros; written with the gradient of `hidden`.
        carried_cell: Shape (N, H), the gradient of the last cell; written with that of `cell`.
        product: What `product_address` returned.
    """
    steps, rows, n = cells.shape
    zero, size = cells.dtype.type(0), cells.itemsize
    block = rows * n
    from_later, for_cell = numbers_at(address(carried), block, zero), numbers_at(address(carried_cell), block, zero)
    t, move = (0, 1) if backwards else (steps - 1, -1)
    for number in range(steps):
        add_numbers(numbers_at(address(grad) + t * block * size, block, zero), from_later)
        before = address(cell) if number == steps - 1 else address(cells) + (t + move) * block * size
        for i in range(rows):
            place = t * rows + i
            lstm_row_slopes(
                numbers_at(address(gates) + place * 4 * n * size, 4 * n, zero),
                numbers_at(before + i * n * size, n, zero),
                numbers_at(address(cells) + place * n * size, n, zero),
                from_later[i * n : (i + 1) * n],
                for_cell[i * n : (i + 1) * n],
                numbers_at(address(slopes) + place * 4 * n * size, 4 * n, zero),
            )
        if not product_at(
            product, zero, rows, n, 4 * n, address(slopes) + t * 4 * block * size, 4 * n * size, size,
            address(weight), n * size, size, address(carried),
        ):  # fmt: skip
            return False
        t += move
    return True
