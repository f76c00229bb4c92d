"""The linear layer as one operation: a product, a bias and an activation forward, and all its gradients backward."""

from __future__ import annotations

from typing import Any

import minigrad_kernels
from minigrad import tensors
from minigrad.errors import describe, message, no_memory
from minigrad.graph import record
from minigrad.ops.elementwise import (
    relu_backward,
    relu_backward_vjp,
    sigmoid_backward,
    sigmoid_backward_vjp,
    tanh_backward,
    tanh_backward_vjp,
)
from minigrad.ops.operands import Operand, Tensor, Value, ndarray, needs_grad, unwrap
from minigrad.ops.products import matmul
from minigrad.ops.reductions import count
from minigrad.ops.shapes import matrix_transpose, reshape

#: The derivatives of the activations that ``linear`` applies in the same pass.
ACTIVATIONS = {"relu": relu_backward, "tanh": tanh_backward, "sigmoid": sigmoid_backward}


def linear(input: Operand, weight: Operand, bias: Operand | None = None, *, activation: str = "none") -> Tensor:
    """Return ``activation(input @ weight.T + bias)``, computed in one pass over the result.

    Args:
        input: (..., in_features).
        weight: (out_features, in_features).
        bias: (out_features,), or None.
        activation: "none", "relu", "tanh" or "sigmoid".

    Returns:
        (..., out_features). With relu the gradient of what it holds back, 0 too, is 0.

    Raises:
        TypeError: if the dtypes differ.
        ValueError: if the shapes do not fit, or there is no such activation.

    Examples:
        >>> import minigrad as mg
        >>> w = mg.tensor([[1.0, 0.0], [0.0, -1.0]])
        >>> linear(mg.tensor([[3.0, 4.0]]), w, mg.ones(2), activation="relu")
        Tensor((1, 2) float32 | 4 0)
    """
    # In line, because a layer of a small network takes no longer than ten calls of a function.
    x_data = input._data if isinstance(input, tensors.Tensor) else unwrap(linear, input)
    w_data = weight._data if isinstance(weight, tensors.Tensor) else unwrap(linear, weight)
    b_data = bias if bias is None else bias._data if isinstance(bias, tensors.Tensor) else unwrap(linear, bias)
    try:
        output = minigrad_kernels.linear(x_data, w_data, b_data, activation)
    except (TypeError, ValueError):
        # What the kernel refuses is looked at here, where the operands have names; a layer of integers is none of them.
        refuse_misfit(input, weight, bias, activation)
        output = minigrad_kernels.matmul(x_data, w_data.T)
        output = output if b_data is None else output + b_data
    except MemoryError as error:
        raise no_memory("linear", error, input, weight) from None
    saved = (
        x_data if needs_grad(weight) else None,
        w_data if needs_grad(input) else None,
        None if activation == "none" else output,
        activation,
        bias is not None,
    )
    return record(linear, linear_vjp, output, (input, weight, bias, activation), saved)


def linear_vjp(
    grad_output: Value, input: Value, weight: Value, output: Value, activation: str, has_bias: bool
) -> tuple[Value, Value, Value]:
    """``g = grad_output * activation'(z); grad_input = g @ weight; grad_weight = g.T @ input; grad_bias = sum(g)``."""
    return linear_backward(grad_output, input, weight, output, activation, has_bias)


def linear_backward(
    grad: Operand, x: Any, weight: Any, result: Any = None, activation: str = "none", has_bias: bool = True
) -> tuple[Value, Value, Value]:
    """Return the gradients of ``linear``, all in one pass.

    Args:
        grad: the gradient of its result, (..., out_features).
        x: its input, (..., in_features); None where the weight's gradient is not wanted.
        weight: (out_features, in_features); None where the input's gradient is not wanted.
        result: what it returned; None where there was no activation.
        activation: which one.
        has_bias: whether the bias's gradient is wanted.

    Returns:
        The gradients of the input, the weight and the bias, None for what is not wanted.
    """
    if type(grad) is ndarray:
        # In an ordinary backward nothing is a Tensor.
        return minigrad_kernels.linear_backward(grad, x, weight, result, activation, has_bias)
    arrays: list[Any] = []
    for each in (grad, x, weight, result):
        arrays.append(None if each is None else unwrap(linear_backward, each))
    g_data, x_data, w_data, r_data = arrays
    outputs = minigrad_kernels.linear_backward(g_data, x_data, w_data, r_data, activation, has_bias)
    saved = (*arrays, activation)
    return record(linear_backward, linear_backward_vjp, outputs, (grad, x, weight, result, activation), saved)


def linear_backward_vjp(
    grad_outputs: tuple[Value, Value, Value], grad: Value, x: Value, weight: Value, result: Value, activation: str
) -> tuple[Value, ...]:
    """``grad_grad = (for_x @ weight.T + x @ for_weight.T + for_bias) * activation'(z)``, and the factors likewise.

    The three gradients are linear in ``grad_z = grad * activation'(z)``; ``for_x`` is the gradient of the first.
    """
    for_x, for_weight, for_bias = grad_outputs
    grad_z = grad if activation == "none" else ACTIVATIONS[activation](grad, result)
    total = for_bias
    grad_x = grad_weight = None
    if for_x is not None:
        # grad_x was grad_z @ weight.
        term = matmul(for_x, matrix_transpose(weight))
        total = term if total is None else total + term
        grad_weight = matmul(matrix_transpose(rows_of(grad_z)), rows_of(for_x))
    if for_weight is not None:
        # grad_weight was grad_z.T @ x.
        term = matmul(x, matrix_transpose(for_weight))
        total = term if total is None else total + term
        grad_x = matmul(grad_z, for_weight)
    if activation == "none":
        return total, grad_x, grad_weight
    # The derivative of the activation's derivative, by the rule that stands beside it.
    if activation == "relu":
        return relu_backward_vjp(total, result), grad_x, grad_weight
    rule = tanh_backward_vjp if activation == "tanh" else sigmoid_backward_vjp
    grad_grad, grad_result = rule(total, grad, result)
    return grad_grad, grad_x, grad_weight, grad_result


def rows_of(x: Value) -> Value:
    """Return a value of shape (..., n) as a matrix of shape (rows, n)."""
    return x if x.ndim == 2 else reshape(x, (count(x.shape[:-1], tuple(range(x.ndim - 1))), x.shape[-1]))


def remedy_for_linear(x: ndarray, weight: ndarray) -> str:
    """Return the remedy for an input and a weight (or bias) that do not fit, as specific as it can be."""
    if x.ndim == 0 or weight.ndim != 2:
        return "Give it the missing axes with reshape or unsqueeze."
    rows, columns = weight.shape
    if x.shape[-1] == columns:
        return f"The bias needs {rows} elements, one for each row of the weight."
    if x.shape[-1] == rows:
        return "weight.T would fit."
    if count(x.shape, tuple(range(1, x.ndim))) == columns:
        return "Flatten the axes of a sample first: input.flatten(1)."
    return f"Make the layer for it, nn.Linear({x.shape[-1]}, {rows}), or check which axis holds the features."


def refuse_misfit(input: Operand, weight: Operand, bias: Operand | None, activation: str) -> None:
    """Raise where the operands of ``linear`` do not fit together.

    Raises:
        TypeError, ValueError: as documented there.
    """
    x, w = unwrap(linear, input), unwrap(linear, weight)
    b = None if bias is None else unwrap(linear, bias)
    came = f"input is {describe(input)}, weight {describe(weight)}"
    came += "." if bias is None else f", bias {describe(bias)}."
    fits = w.ndim == 2 and x.ndim > 0 and x.shape[-1] == w.shape[1]
    if not fits or (b is not None and b.shape != w.shape[:1]):
        problem = "an input of (..., in_features) needs a weight of (out_features, in_features) and a bias of "
        raise ValueError(message("linear", f"{problem}(out_features,); {came}", remedy_for_linear(x, w)))
    if x.dtype != w.dtype or (b is not None and b.dtype != w.dtype):
        problem = f"input, weight and bias must have one dtype; {came}"
        raise TypeError(message("linear", problem, "Convert the input (x.float()) or the module (model.to(dtype))."))
    known = isinstance(activation, str) and (activation == "none" or activation in ACTIVATIONS)
    if not known or (activation != "none" and x.dtype.kind != "f"):
        problem = f"activation is 'none', 'relu', 'tanh' or 'sigmoid', of floats, got {activation!r} of {x.dtype}."
        raise ValueError(message("linear", problem, "Apply another one to what linear returns."))
