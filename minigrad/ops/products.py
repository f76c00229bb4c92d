"""Matrix products in all ranks, on the kernel of ``minigrad_kernels``."""

from __future__ import annotations

import minigrad_kernels
from minigrad.dtypes import result_type
from minigrad.errors import describe, message, no_memory
from minigrad.graph import record
from minigrad.ops.arithmetic import mul
from minigrad.ops.diagonals import diagonal
from minigrad.ops.operands import Op, Operand, Tensor, Value, broadcasts_to, ndarray, needs_grad, pair, real, unwrap
from minigrad.ops.reductions import sum
from minigrad.ops.shapes import matrix_transpose, reshape, transpose, unsqueeze

#: Remedies of the operations that matmul cannot stand in for.
OTHER_RANKS = {
    "outer": "Flatten it: x.flatten().",
    "trace": "Sum a diagonal, for a batch that of the last two axes: x.diagonal(0, -2, -1).sum(-1).",
}


def matmul(x: Operand, y: Operand) -> Tensor:
    """Return the matrix product ``x @ y``.

    Args:
        x: (k,), (m, k) or (..., m, k).
        y: (k,), (k, n) or (..., k, n); leading axes broadcast with x's.

    Returns:
        (..., m, n), without the axis of an operand that is a vector; the promoted dtype.

    Raises:
        ValueError: if an operand is 0-d, or the shapes do not fit.

    Examples:
        >>> import minigrad as mg
        >>> mg.tensor([[1.0, 2.0], [3.0, 4.0]]) @ mg.tensor([1.0, 1.0])
        Tensor((2,) float32 | 3 7)
    """
    if type(x) is ndarray and type(y) is ndarray and x.ndim == 2 == y.ndim and x.shape[1] == y.shape[0]:
        # In a rule: two thirds of all products of a training step are gradients, and nothing is to be recorded.
        return minigrad_kernels.matmul(x, y)  # type: ignore[return-value]
    x_data, y_data = factors(matmul, x, y)
    try:
        output = minigrad_kernels.matmul(x_data, y_data)
    except MemoryError as error:
        raise no_memory("matmul", error, x, y) from None
    saved = (x_data if needs_grad(y) else None, y_data if needs_grad(x) else None)
    return record(matmul, matmul_vjp, output, (x, y), saved)


def matmul_vjp(grad_output: Value, x: Value, y: Value) -> tuple[Value, Value]:
    """``grad_x = grad_output @ y.T; grad_y = x.T @ grad_output``."""
    grad_x = None if y is None else grad_left(grad_output, y)
    grad_y = None if x is None else grad_right(grad_output, x)
    return grad_x, grad_y


def grad_left(grad_output: Value, y: Value) -> Value:
    """Return ``grad_output @ y.T`` in the rank of a product with ``y``."""
    if y.ndim == 1:
        # x @ y with a vector y: each row of x is multiplied by y, and its sum is one number.
        return unsqueeze(grad_output, -1) * y
    if grad_output.ndim == y.ndim - 1:
        # x was a vector, a matrix of one row to each entry of the batch (the engine sums over them).
        return matmul(unsqueeze(grad_output, -2), matrix_transpose(y))
    return matmul(grad_output, matrix_transpose(y))


def grad_right(grad_output: Value, x: Value) -> Value:
    """Return ``x.T @ grad_output`` in the rank of a product with ``x``."""
    if x.ndim == 1:
        # A vector x times y (..., k, n): the gradient is the outer product in each entry of the batch.
        return unsqueeze(x, -1) * unsqueeze(grad_output, -2) if grad_output.ndim else x * grad_output
    if grad_output.ndim == x.ndim - 1:
        # y was a vector, or a batch of them would have kept its axis.
        return sum(x * unsqueeze(grad_output, -1), tuple(range(x.ndim - 1)))
    return matmul(matrix_transpose(x), grad_output)


def factors(op: Op, x: Operand, y: Operand) -> tuple[ndarray, ndarray]:
    """Return the arrays of two factors in one dtype, their shapes checked.

    Raises:
        ValueError: naming both shapes, if they do not fit.
    """
    x_data, y_data = unwrap(op, x), unwrap(op, y)
    if x_data.dtype is y_data.dtype:
        # The usual ones: matrices, a matrix and a vector, two batches.
        x_shape, y_shape = x_data.shape, y_data.shape
        if len(x_shape) == 2 and 0 < len(y_shape) < 3 and x_shape[1] == y_shape[0]:
            return x_data, y_data
        if len(x_shape) == 3 == len(y_shape) and x_shape[0] == y_shape[0] and x_shape[2] == y_shape[1]:
            return x_data, y_data
    fits = x_data.ndim > 0 and y_data.ndim > 0
    fits = fits and x_data.shape[-1] == y_data.shape[-2 if y_data.ndim > 1 else 0]
    for left, right in zip(reversed(x_data.shape[:-2]), reversed(y_data.shape[:-2])):
        fits = fits and (left == right or left == 1 or right == 1)
    if not fits:
        raise ValueError(
            message(
                op.__name__,
                "the last axis of x must be as long as the second to last of y (the only one of a vector), and axes "
                f"before them must broadcast; x is {describe(x)}, y is {describe(y)}.",
                remedy_for(x_data, y_data),
            )
        )
    if x_data.dtype != y_data.dtype:
        dtype = result_type(x_data, y_data)
        x_data, y_data = x_data.astype(dtype, copy=False), y_data.astype(dtype, copy=False)
    return x_data, y_data


def remedy_for(x: ndarray, y: ndarray) -> str:
    """Return the remedy for two shapes that do not fit, as specific as it can be."""
    if x.ndim == 0 or y.ndim == 0:
        return "Multiply by a scalar with *."
    if y.ndim == 2 and x.shape[-1] == y.shape[1]:
        return "y.T would fit: x @ y.T."
    if x.ndim == 2 and x.shape[0] == y.shape[-2 if y.ndim > 1 else 0]:
        return "x.T would fit: x.T @ y."
    return "Check which axis is the batch and which the features."


def rmatmul(x: Operand, y: Operand) -> Tensor:
    """Return ``y @ x``."""
    return matmul(y, x)


def mm(x: Operand, y: Operand) -> Tensor:
    """Return the product of two matrices, (m, k) @ (k, n).

    Raises:
        ValueError: if an operand is not a matrix, or the shapes do not fit.
    """
    if unwrap(mm, x).ndim != 2 or unwrap(mm, y).ndim != 2:
        require_axes(mm, x, 2)
        require_axes(mm, y, 2)
    return matmul(x, y)


def mv(x: Operand, y: Operand) -> Tensor:
    """Return the product of a matrix and a vector, (m, k) @ (k,)."""
    if unwrap(mv, x).ndim != 2 or unwrap(mv, y).ndim != 1:
        require_axes(mv, x, 2)
        require_axes(mv, y, 1)
    return matmul(x, y)


def bmm(x: Operand, y: Operand) -> Tensor:
    """Return the products of two batches of matrices, (b, m, k) @ (b, k, n)."""
    if unwrap(bmm, x).ndim != 3 or unwrap(bmm, y).ndim != 3:
        require_axes(bmm, x, 3)
        require_axes(bmm, y, 3)
    return matmul(x, y)


def dot(x: Operand, y: Operand) -> Tensor:
    """Return the sum of the products of two vectors of one length, 0-d.

    Raises:
        ValueError: if an operand is not a vector, or the lengths differ.
    """
    x_data, y_data = vectors(dot, x, y)
    try:
        output = minigrad_kernels.matmul(x_data, y_data)
    except MemoryError as error:
        raise no_memory("matmul", error, x, y) from None
    saved = (x_data if needs_grad(y) else None, y_data if needs_grad(x) else None)
    return record(dot, dot_vjp, output, (x, y), saved)


def dot_vjp(grad_output: Value, x: Value, y: Value) -> tuple[Value, Value]:
    """``grad_x = grad_output * y; grad_y = grad_output * x``."""
    grad_x = None if y is None else grad_output * y
    grad_y = None if x is None else grad_output * x
    return grad_x, grad_y


def vectors(op: Op, x: Operand, y: Operand) -> tuple[ndarray, ndarray]:
    """Return the arrays of two vectors of one length in one dtype.

    Raises:
        ValueError: if one is no vector, or the lengths differ.
    """
    x_data, y_data = unwrap(op, x), unwrap(op, y)
    if x_data.ndim != 1 or y_data.ndim != 1:
        require_axes(op, x, 1)
        require_axes(op, y, 1)
    if x_data.shape != y_data.shape:
        raise ValueError(
            message(
                op.__name__,
                f"two vectors of one length are needed; x is {describe(x)}, y is {describe(y)}.",
                "Cut the longer one, x[:n]; outer multiplies each element of x with each of y.",
            )
        )
    return (x_data, y_data) if x_data.dtype is y_data.dtype else factors(op, x, y)


def outer(x: Operand, y: Operand) -> Tensor:
    """Return the products of every element of a vector with every element of another, (m,) and (n,) to (m, n)."""
    x_data, y_data = unwrap(outer, x), unwrap(outer, y)
    if x_data.ndim != 1 or y_data.ndim != 1:
        require_axes(outer, x, 1)
        require_axes(outer, y, 1)
    return mul(reshape(x, (x_data.size, 1)), y)


def addmm(input: Operand, mat1: Operand, mat2: Operand, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """Return ``beta * input + alpha * (mat1 @ mat2)``.

    Args:
        input: broadcasts to (m, n); not read where ``beta`` is 0.
        mat1: (m, k).
        mat2: (k, n).
        beta: factor of ``input``.
        alpha: factor of the product.

    Raises:
        TypeError: if a factor is no number, or a float where all operands are of integers.
        ValueError: if the shapes do not fit.
    """
    x_data, y_data, input_data = unwrap(addmm, mat1), unwrap(addmm, mat2), unwrap(addmm, input)
    if x_data.ndim != 2 or y_data.ndim != 2 or x_data.shape[1] != y_data.shape[0] or x_data.dtype is not y_data.dtype:
        require_axes(addmm, mat1, 2)
        require_axes(addmm, mat2, 2)
        x_data, y_data = factors(addmm, mat1, mat2)
    shape = (x_data.shape[0], y_data.shape[1])
    if input_data.shape != shape and not broadcasts_to(input_data.shape, shape):
        raise ValueError(
            message(
                "addmm",
                f"input must broadcast to {shape}, the product's shape; it is {describe(input)}.",
                "A vector is added to each row; input.unsqueeze(1) is added to each column.",
            )
        )
    if type(beta) is not int or type(alpha) is not int:
        beta, alpha = real(addmm, "beta", beta), real(addmm, "alpha", alpha)
    whole = x_data.dtype.kind != "f" and input_data.dtype.kind != "f"
    if whole and (isinstance(beta, float) or isinstance(alpha, float)):
        raise TypeError(
            message(
                "addmm",
                f"integers need integer factors, got beta={beta} and alpha={alpha}.",
                "Convert the operands: input.float(), mat1.float(), mat2.float().",
            )
        )
    output = minigrad_kernels.matmul(x_data, y_data)
    output = output if alpha == 1 else output * alpha
    if beta != 0:
        output, addend = pair(addmm, output, input_data)
        output = output + (addend if beta == 1 else addend * beta)
    saved = (x_data if needs_grad(mat2) else None, y_data if needs_grad(mat1) else None, beta, alpha)
    return record(addmm, addmm_vjp, output, (input, mat1, mat2, beta, alpha), saved)


def addmm_vjp(grad_output: Value, mat1: Value, mat2: Value, beta: float, alpha: float) -> tuple[Value, Value, Value]:
    """``grad_input = beta * g; grad_mat1 = alpha * g @ mat2.T; grad_mat2 = alpha * mat1.T @ g``."""
    grad_product = grad_output if alpha == 1 else grad_output * alpha
    grad_input = grad_output if beta == 1 else grad_output * beta
    grad_mat1 = None if mat2 is None else matmul(grad_product, transpose(mat2, 0, 1))
    grad_mat2 = None if mat1 is None else matmul(transpose(mat1, 0, 1), grad_product)
    return grad_input, grad_mat1, grad_mat2


def trace(x: Operand) -> Tensor:
    """Return the sum of the diagonal of a matrix.

    Raises:
        ValueError: if x is not a matrix.
    """
    require_axes(trace, x, 2)
    return sum(diagonal(x))


def require_axes(op: Op, x: Operand, ndim: int) -> None:
    """Raise a ValueError unless an operand has ``ndim`` axes."""
    if unwrap(op, x).ndim != ndim:
        kind = {1: "a vector (1-d)", 2: "a matrix (2-d)", 3: "a batch of matrices (3-d)"}[ndim]
        remedy = OTHER_RANKS.get(op.__name__, "matmul takes all ranks.")
        raise ValueError(message(op.__name__, f"{kind} is needed, got {describe(x)}.", remedy))


class ProductMethods:
    """The functions of this file as methods and operators of Tensor."""

    __slots__ = ()

    matmul = __matmul__ = matmul
    mm = mm
    mv = mv
    bmm = bmm
    dot = dot
    outer = outer
    addmm = addmm
    trace = trace

    __rmatmul__ = rmatmul
