"""The matrix product of arrays as Python objects: a kernel that checks, allocates and has the product computed.

`layouts.py` reads how the operands lie in memory, `arrays.py` has what reads and makes objects.
"""

from typing import Any

from numba.extending import register_jitable

from minigrad_kernels.arrays import alike, axes, is_none, separate, zero_of
from minigrad_kernels.jit import object_kernel
from minigrad_kernels.layouts import batch_of, common_batch, matrix_in, takes
from minigrad_kernels.new_arrays import (
    MOST_WORK_WITH_GIL,
    dropped,
    new_array,
    no_array,
    release_gil,
    returned,
    take_gil,
)
from minigrad_kernels.product_calls import multiply_at
from minigrad_kernels.vectors import address, itemsize_of


@object_kernel
def multiply(a: Any, b: Any, out: Any, most_work: int, product: int) -> Any:
    """Check the operands and return a @ b, if it can be computed from the operands as they are.

    Args:
        a: An array, shape (..., m, k) or (k,). Any object, in fact, as are the others: they are looked at.
        b: Shape (..., k, n) or (k,).
        out: Where to write, or None for a new array.
        most_work: How many multiplications a product of two matrices, or of a tall one, may take at most.
        product: What `product_address` returned for the dtype of the arrays.

    Returns:
        A new array or `out`. None, with nothing written, if the dtypes or shapes do not fit, or an axis is empty, or
        the numbers of a matrix lie apart along both axes, or the matrices of a stack at no constant distance, or batch
        axes differ, or `out` is not C-contiguous or shares memory with an operand; or there is too much work, or no
        memory.
    """
    if not alike(a, b) or axes(a) == 0 or axes(b) == 0:
        return no_array(a)
    m, k, a_row, a_column, a_readable = matrix_in(a, True)
    b_rows, n, b_row, b_column, b_readable = matrix_in(b, False)
    batch, a_step, b_step, even = common_batch(a, b)
    work = batch * m * n * k
    # Rows of a, one below the other: one tall matrix.
    tall = b_step == 0 and (m == 1 or a_step == m * a_row)
    if b_rows != k or not a_readable or not b_readable or not even or work == 0:
        return no_array(a)
    if work > most_work and (tall or batch == 1):
        return no_array(a)
    result = result_array(a, b, out, batch, m, n)
    if is_none(result):
        return result
    if tall:
        a_row = a_step if m == 1 and batch > 1 else a_row
        m, batch = m * batch, 1
    thread = release_gil(work > MOST_WORK_WITH_GIL)
    done, start, size = True, address(result), m * n * itemsize_of(zero_of(a))
    for i in range(batch):
        done = done and multiply_at(
            product, zero_of(a), m, n, k, address(a) + i * a_step, a_row, a_column,
            address(b) + i * b_step, b_row, b_column, start + i * size, n * itemsize_of(zero_of(a)),
        )  # fmt: skip
    take_gil(thread)
    return result if done else dropped(result)


@register_jitable
def result_array(a: Any, b: Any, out: Any, batch: int, m: int, n: int) -> Any:
    """Return a new array for the product, or `out` if it can be written to while a and b are read, or None."""
    # The one that has the result's batch axes.
    a_is_single = axes(a) < axes(b) or (axes(a) == axes(b) and batch_of(a)[0] == 1)
    stack = b if a_is_single else a
    batch_axes = max(axes(stack) - 2, 0)
    rows, columns = min(axes(a) - 1, 1), min(axes(b) - 1, 1)
    if is_none(out):
        return new_array(stack, batch_axes, rows, m, columns, n)
    if takes(out, stack, batch_axes, rows, m, columns, n) and separate(out, a) and separate(out, b):
        return returned(out)
    return no_array(a)
