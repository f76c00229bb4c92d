"""The public linear layer, x @ weightᵀ + bias with an activation, and its gradients: checks, allocates, calls."""

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad_kernels.bias_loops import NONE, RELU, SIGMOID, TANH
from minigrad_kernels.entries import entry, made
from minigrad_kernels.jit import c_address, runs_python
from minigrad_kernels.linear_backward_loops import INNER_ONLY, NEED_BIAS, linear_gradients
from minigrad_kernels.linear_loops import linear_rows
from minigrad_kernels.linear_parts import linear_in_parts, linear_part_float32, linear_part_float64
from minigrad_kernels.product_calls import product_address
from minigrad_kernels.products import matmul
from minigrad_kernels.stored_arrays import readable
from minigrad_kernels.threads import MIN_SHARED_WORK, get_num_threads, post, worth_sharing

_FLOAT32 = np.dtype(np.float32)
_FLOAT64 = np.dtype(np.float64)
# Multiplications of a layer that is worth sharing among threads, 0.15 ms of them. Less would gain too, but the kernels
# that share a layer take 3 s to compile where they are needed for the first time, as long as some 40,000 such gains.
MIN_SHARED_LAYER = 16_000_000
# What a kernel may do alone, where the number of threads does not matter, and where it does.
_MOST_LAYER_WORK, _MOST_WORK, _ANY_WORK = MIN_SHARED_LAYER - 1, MIN_SHARED_WORK - 1, 2**62
_ndarray = np.ndarray
_KINDS = {"none": NONE, "relu": RELU, "tanh": TANH, "sigmoid": SIGMOID}
_Gradients = tuple[np.ndarray | None, np.ndarray | None, np.ndarray | None]
# For each dtype that has been used the compiled kernel, and the address of the product that it calls.
_Ready = tuple[Callable[..., Any], int]
_forward: dict[np.dtype, _Ready] = {}
_backward: dict[np.dtype, _Ready] = {}
# For each dtype the compiled kernel that shares the layer, and the address of the kernel that does a part.
_shared: dict[np.dtype, tuple[Callable[..., int], int]] = {}
_PART_KERNELS = {_FLOAT32: linear_part_float32, _FLOAT64: linear_part_float64}


def linear(
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    activation: str = "none",
    out: np.ndarray | None = None,
) -> np.ndarray:
    """Compute activation(x @ weightᵀ + bias).

    Args:
        x: Shape (..., in), float32 or float64, any strides; sliced, broadcast and unaligned arrays are copied first.
        weight: Shape (out, in), of x's dtype, any strides.
        bias: Shape (out,), likewise, or None.
        activation: "none", "relu", "tanh" or "sigmoid". relu leaves NaN as it is.
        out: Where to write, of the result's shape and dtype; it may overlap the operands.

    Returns:
        Shape (..., out), C-contiguous, of x's dtype; `out` if given.

    Raises:
        TypeError: An argument is no array of a fitting dtype.
        ValueError: The shapes do not fit, `out` is read-only, or `activation` is unknown.

    Example:
        >>> linear(np.array([[1.0, 2.0]]), np.array([[1.0, 1.0], [-3.0, 1.0]]), np.array([0.5, 0.5]), "relu")
        array([[3.5, 0. ]])
    """
    # The kernel makes the checks too, in a hundredth of the time, and returns None for what is not its business.
    if type(x) is _ndarray and not runs_python():
        ready, kind = _forward.get(x.dtype), _KINDS.get(activation)
        if ready is not None and kind is not None:
            call, product = ready
            result = call(x, weight, bias, out, kind, _MOST_LAYER_WORK, product)
            if result is not None:
                return result
    return _checked_linear(x, weight, bias, activation, out)


def linear_backward(
    grad: np.ndarray,
    x: np.ndarray | None,
    weight: np.ndarray | None,
    result: np.ndarray | None = None,
    activation: str = "none",
    bias: bool = True,
) -> _Gradients:
    """Compute the gradients of `linear`: g @ weight, gᵀ @ x, and the sums of g's columns.

    g is `grad` times the activation's derivative, in terms of its result. Sums over rows are blocked: a gradient of
    the bias is off by at most 32·eps times the sum of the sizes, in float32 however many rows there are.

    Args:
        grad: Gradient with respect to the result, shape (..., out), float32 or float64.
        x: Shape (..., in), of grad's dtype, as are the others; None if the weight's gradient is not needed.
        weight: Shape (out, in); None if x's gradient is not needed.
        result: What `linear` returned, of grad's shape; None for the activation "none", which does not read it.
        activation: "none", "relu", "tanh" or "sigmoid".
        bias: Whether the bias's gradient is needed.

    Returns:
        The gradients of x, shape (..., in), of the weight, shape (out, in), and of the bias, shape (out,); None for
        those that are not needed.

    Raises:
        TypeError: An argument is no array of a fitting dtype.
        ValueError: The shapes do not fit, or `activation` is unknown.

    Example:
        >>> linear_backward(np.array([[1.0, 0.0]]), np.array([[2.0]]), np.array([[3.0], [4.0]]))
        (array([[3.]]), array([[2.],
               [0.]]), array([1., 0.]))
    """
    if type(grad) is _ndarray and not runs_python():
        ready, kind = _backward.get(grad.dtype), _KINDS.get(activation)
        if ready is not None and kind is not None:
            call, product = ready
            kind += NEED_BIAS if bias else 0
            gradients = call(grad, x, weight, result, kind, _MOST_WORK, product)
            if gradients is None:
                gradients = _large_gradients(ready, [grad, x, weight, result], kind)
            if gradients is not None:
                return gradients
    return _checked_backward(grad, x, weight, result, activation, bias)


def _large_gradients(ready: _Ready, operands: list[Any], kind: int) -> _Gradients | None:
    """Compute the gradients, with products that threads share if there are any; None if an operand does not fit."""
    grad, x, weight, result = operands
    call, product = ready
    if get_num_threads() == 1 or runs_python():
        gradients: _Gradients | None = call(grad, x, weight, result, kind, _ANY_WORK, product)
        return gradients
    parts = call(grad, x, weight, result, kind + INNER_ONLY, _ANY_WORK, product)
    if parts is None:
        return None
    inner, _, grad_bias = parts
    grad_x = grad_weight = None
    if weight is not None:
        grad_x = matmul(inner, weight)
    if x is not None:
        grad_weight = matmul(inner.reshape(-1, inner.shape[-1]).T, x.reshape(-1, x.shape[-1]))
    return grad_x, grad_weight, grad_bias


def _checked_linear(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, activation: str, out: np.ndarray | None
) -> np.ndarray:
    """`linear` for whatever comes: any strides, an `out`, large layers, and what must be refused."""
    _check_activation("linear", activation)
    given: list[tuple[str, Any]] = [("x", x), ("weight", weight)]
    for role, array in (("bias", bias), ("out", out)):
        if array is not None:
            given.append((role, array))
    _check_floats("linear", *given)
    _check_shapes("linear", x, weight, bias)
    shape, dtype = x.shape[:-1] + weight.shape[:1], _native(x)
    if out is not None and (out.shape != shape or not out.flags.writeable):
        raise ValueError(
            f"linear: needed a writeable out of shape {shape}, came shape {out.shape}, "
            f"writeable={out.flags.writeable}; pass np.empty({shape}, np.{dtype})"
        )
    operands = _native_arrays(dtype, x, weight, bias)
    result = _filled(operands, out, _KINDS[activation])
    if result is None:
        result = made("linear", _filled(_readable(operands), None, _KINDS[activation]), x, weight)
    if out is None or result is out:
        return result
    out[...] = result
    return out


def _filled(operands: list[Any], out: np.ndarray | None, kind: int) -> np.ndarray | None:
    """Compute a layer, shared among threads if it is large; None if an operand or `out` must be replaced by a copy."""
    x, weight, bias = operands
    dtype = x.dtype
    call, product = entry(linear_rows, *(dtype,) * 4, *(int,) * 3), product_address(dtype)
    if not runs_python():
        _forward[dtype] = call, product
    work = x.size * len(weight)
    if work < MIN_SHARED_LAYER or runs_python() or not worth_sharing(work):
        return call(x, weight, bias, out, kind, _ANY_WORK, product)
    if dtype not in _shared:
        parts = entry(linear_in_parts, *(dtype,) * 4, *(int,) * 5)
        _shared[dtype] = parts, c_address(_PART_KERNELS[dtype])
    parts, part_function = _shared[dtype]
    result = np.empty(x.shape[:-1] + weight.shape[:1], dtype) if out is None else out
    return result if post(parts, x, weight, bias, result, kind, product, part_function) else None


def _checked_backward(
    grad: np.ndarray,
    x: np.ndarray | None,
    weight: np.ndarray | None,
    result: np.ndarray | None,
    activation: str,
    bias: bool,
) -> _Gradients:
    """`linear_backward` for whatever comes."""
    _check_activation("linear_backward", activation)
    if activation != "none" and result is None:
        raise ValueError(f"linear_backward: needed the result of {activation}, came None; pass what linear returned")
    given = [("grad", grad), ("x", x), ("weight", weight), ("result", result)]
    given = [(role, array) for role, array in given if array is not None]
    _check_floats("linear_backward", *given)
    _check_backward_shapes(grad, x, weight, result)
    dtype, kind = _native(grad), _KINDS[activation] + (NEED_BIAS if bias else 0)
    ready = entry(linear_gradients, *(dtype,) * 4, *(int,) * 3), product_address(dtype)
    if not runs_python():
        _backward[dtype] = ready
    operands = _native_arrays(dtype, grad, x, weight, result)
    gradients = _large_gradients(ready, operands, kind)
    if gradients is None:
        gradients = made("linear_backward", _large_gradients(ready, _readable(operands), kind), grad)
    return gradients


def _check_backward_shapes(
    grad: np.ndarray, x: np.ndarray | None, weight: np.ndarray | None, result: np.ndarray | None
) -> None:
    """Raise unless the operands of `linear_backward` fit together."""
    fits = grad.ndim > 0 and (result is None or result.shape == grad.shape)
    if x is not None:
        fits = fits and x.ndim > 0 and x.shape[:-1] == grad.shape[:-1]
    if weight is not None:
        fits = fits and weight.ndim == 2 and weight.shape[0] == grad.shape[-1]
    if x is not None and weight is not None:
        fits = fits and x.shape[-1] == weight.shape[-1]
    if not fits:
        came = []
        for role, array in (("grad", grad), ("result", result), ("x", x), ("weight", weight)):
            came.append(f"{role} {None if array is None else array.shape}")
        raise ValueError(
            "linear_backward: needed grad and result of shape (..., out), x of shape (..., in) and a weight of shape "
            f"(out, in), came {', '.join(came)}; pass the gradient and the result of the same call of linear"
        )


def _native_arrays(dtype: np.dtype, *operands: Any) -> list[Any]:
    """Return operands, some of which may be None, as arrays of the class and the byte order that kernels take."""
    return [None if operand is None else np.asarray(operand, dtype) for operand in operands]


def _readable(operands: list[Any]) -> list[Any]:
    """Return operands that a kernel can read where they are: C-contiguous and aligned, or None."""
    stored = []
    for operand in operands:
        stored.append(None if operand is None else readable(operand))
    return stored


def _native(x: np.ndarray) -> np.dtype:
    """The dtype to compute in: x's, in the machine's byte order."""
    return _FLOAT32 if x.dtype.itemsize == 4 else _FLOAT64


def _check_activation(name: str, activation: str) -> None:
    """Raise unless the activation is known."""
    if activation not in _KINDS:
        raise ValueError(
            f"{name}: needed the activation 'none', 'relu', 'tanh' or 'sigmoid', came {activation!r}; apply another "
            "one to the result"
        )


def _check_floats(name: str, *arguments: tuple[str, Any]) -> None:
    """Raise unless the arguments are arrays of one dtype, float32 or float64; x or grad comes first."""
    first = arguments[0][1]
    for role, x in arguments:
        if not isinstance(x, np.ndarray) or x.dtype.kind != "f" or x.dtype.itemsize not in (4, 8):
            came = f"{x.dtype} of shape {x.shape}" if isinstance(x, np.ndarray) else type(x).__name__
            raise TypeError(
                f"{name}: needed {role} as an array of float32 or float64, came {came}; convert it with "
                f"np.asarray({role}, np.float32)"
            )
        if x.dtype.itemsize != first.dtype.itemsize:
            raise TypeError(
                f"{name}: needed arrays of one dtype, came {arguments[0][0]} of {first.dtype} and {role} of {x.dtype}; "
                f"convert one with .astype(np.{first.dtype})"
            )


def _check_shapes(name: str, x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None) -> None:
    """Raise unless the operands fit together."""
    if weight.ndim == 2 and x.ndim > 0 and x.shape[-1] == weight.shape[1]:
        if bias is None or bias.shape == weight.shape[:1]:
            return
        came, remedy = f" and a bias of shape {bias.shape}", f"pass a bias with {len(weight)} numbers, or None"
    else:
        came, remedy = "", "reshape one of them"
        if weight.ndim == 2 and x.ndim > 0 and x.shape[-1] == len(weight):
            remedy = "did you mean weight.T?"
    raise ValueError(
        f"{name}: needed x of shape (..., in), a weight of shape (out, in) and a bias of shape (out,), came x of shape "
        f"{x.shape}, a weight of shape {weight.shape}{came}; {remedy}"
    )
