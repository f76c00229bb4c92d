"""The public linear layer, x @ weightᵀ + bias with an activation, and its gradients: checks, allocates, calls."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad_kernels.bias_loops import NONE, RELU, SIGMOID, TANH
from minigrad_kernels.jit import c_address, runs_python
from minigrad_kernels.linear_loops import NEED_BIAS, NEED_WEIGHT, NEED_X, NO_BIAS, linear_gradients, linear_rows
from minigrad_kernels.linear_parts import linear_in_parts, linear_part_float32, linear_part_float64
from minigrad_kernels.product_calls import entry_of, product_address
from minigrad_kernels.products import matmul
from minigrad_kernels.threads import MIN_SHARED_WORK, post, worth_sharing

_FLOAT32 = np.dtype(np.float32)
_FLOAT64 = np.dtype(np.float64)
# Multiplications of a layer that is worth sharing among threads, 0.15 ms of them. Less would gain too, but the kernels
# that share a layer take 3 s to compile where they are needed for the first time, as long as some 40,000 such gains.
MIN_SHARED_LAYER = 16_000_000
_ndarray, _empty = np.ndarray, np.empty
_KINDS = {"none": NONE, "relu": RELU, "tanh": TANH, "sigmoid": SIGMOID}
# For each dtype that has been used: the compiled kernel, the product's address, and what stands for no array.
_Ready = tuple[Callable[..., bool], int, np.ndarray]
_Gradients = tuple[np.ndarray | None, np.ndarray | None, np.ndarray | None]
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
    # As in `matmul`, the common case has the shortest way, and the kernel sees whether shapes and strides fit.
    if type(x) is _ndarray is type(weight) and x.ndim == 2 == weight.ndim and not runs_python():
        dtype = x.dtype
        if dtype is weight.dtype and dtype in _forward and activation in _KINDS:
            call, product, no_bias = _forward[dtype]
            kind = _KINDS[activation]
            if bias is None:
                bias, kind = no_bias, kind + NO_BIAS
            elif type(bias) is not _ndarray or bias.dtype is not dtype or bias.ndim != 1:
                return _checked_linear(x, weight, bias, activation, out)
            if out is None:
                result = _empty((len(x), len(weight)), dtype)
            elif _can_fill(out, x, weight, bias):
                result = out
            else:
                return _checked_linear(x, weight, None if kind >= NO_BIAS else bias, activation, out)
            if result.size * x.shape[1] >= MIN_SHARED_LAYER:
                done = _share(call, x, weight, bias, result, kind, product)
            else:
                done = call(x, weight, bias, result, kind, product)
            if done:
                return result
            if kind >= NO_BIAS:
                bias = None
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
    if type(grad) is _ndarray and grad.ndim == 2 and (ready := _backward.get(grad.dtype)) and not runs_python():
        dtype = grad.dtype
        fits = activation in _KINDS
        for operand in (x, weight, result):
            if operand is not None:
                fits = fits and type(operand) is _ndarray and operand.ndim == 2 and operand.dtype is dtype
        if fits and (result is not None or activation == "none"):
            gradients = _gradients(grad, x, weight, result, _KINDS[activation], bias, ready)
            if gradients is not None:
                return gradients
    return _checked_backward(grad, x, weight, result, activation, bias)


def _gradients(
    grad: np.ndarray,
    x: np.ndarray | None,
    weight: np.ndarray | None,
    result: np.ndarray | None,
    kind: int,
    need_bias: bool,
    ready: _Ready,
) -> _Gradients | None:
    """Compute the gradients by one call of the kernel; None if an operand must be copied first."""
    dtype = grad.dtype
    call, product, nothing = ready
    inner = _empty(grad.shape, dtype) if kind else grad
    # What is not there, or not needed, is not looked at either: any matrix stands in for it.
    grad_x = grad_weight = grad
    grad_bias = nothing
    width = 0 if x is None and weight is None else (x if weight is None else weight).shape[1]  # type: ignore[union-attr]
    shared = grad.size * width >= MIN_SHARED_WORK
    if weight is not None and not shared:
        grad_x = _empty((len(grad), width), dtype)
        kind += NEED_X
    if x is not None and not shared:
        grad_weight = _empty((grad.shape[1], x.shape[1]), dtype)
        kind += NEED_WEIGHT
    if need_bias:
        grad_bias = _empty(grad.shape[1], dtype)
        kind += NEED_BIAS
    done = call(
        grad, grad if x is None else x, grad if weight is None else weight, grad if result is None else result, inner,
        grad_x, grad_weight, grad_bias, kind, product,
    )  # fmt: skip
    if not done:
        return None
    if shared:
        # Products that are worth sharing with other threads.
        grad_x = grad if weight is None else matmul(inner, weight)
        grad_weight = grad if x is None else matmul(inner.T, x)
    return (
        None if weight is None else grad_x,
        None if x is None else grad_weight,
        grad_bias if need_bias else None,
    )


def _share(
    call: Callable[..., bool],
    x: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray,
    out: np.ndarray,
    kind: int,
    product: int,
) -> bool:
    """Call the kernel, or share its work among threads if it is enough; returns whether `out` was filled."""
    work = out.size * x.shape[1]
    if work < MIN_SHARED_LAYER or runs_python() or not worth_sharing(work):
        return call(x, weight, bias, out, kind, product)
    dtype = out.dtype
    if dtype not in _shared:
        parts = entry_of(linear_in_parts, dtype, 2, 2, 1, 2, *(None,) * 5)
        _shared[dtype] = parts, c_address(_PART_KERNELS[dtype])
    parts, part_function = _shared[dtype]
    return post(parts, x, weight, bias, out, kind, product, part_function)


def _can_fill(out: np.ndarray, x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> bool:
    """Return whether the kernel can write its result to `out`: of its shape, C-contiguous, and apart from the rest."""
    if type(out) is not _ndarray or out.dtype is not x.dtype or out.shape != (len(x), len(weight)):
        return False
    return out.flags.carray and _apart(out, x) and _apart(out, weight) and _apart(out, bias)


def _apart(out: np.ndarray, x: np.ndarray) -> bool:
    """Return whether `out` and an operand certainly share no memory."""
    owner = x if x.base is None else x.base
    if out.base is None and type(owner) is _ndarray and owner.base is None:
        return owner is not out  # Two that own their memory; NumPy's function takes 0.2 µs.
    return not np.may_share_memory(out, x)


def _checked_linear(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, activation: str, out: np.ndarray | None
) -> np.ndarray:
    """`linear` for whatever comes: other numbers of axes, any strides, an `out`, and what must be refused."""
    _check_activation("linear", activation)
    given: list[tuple[str, Any]] = [("x", x), ("weight", weight)]
    for role, array in (("bias", bias), ("out", out)):
        if array is not None:
            given.append((role, array))
    _check_floats("linear", *given)
    _check_shapes("linear", x, weight, bias)
    shape, dtype, kind = x.shape[:-1] + weight.shape[:1], _native(x), _KINDS[activation]
    if out is not None and (out.shape != shape or not out.flags.writeable):
        raise ValueError(
            f"linear: needed a writeable out of shape {shape}, came shape {out.shape}, "
            f"writeable={out.flags.writeable}; pass np.empty({shape}, np.{dtype})"
        )
    call = entry_of(linear_rows, dtype, 2, 2, 1, 2, None, None)
    product, nothing = product_address(dtype), np.empty(0, dtype)
    if not runs_python():
        _forward[dtype] = call, product, nothing
    # A new array, as `out` may overlap the operands or have any strides.
    result = np.empty(shape, dtype)
    if result.size > 0:
        rows = result.reshape(-1, len(weight))
        kind += NO_BIAS if bias is None else 0
        operands = (np.asarray(x, dtype).reshape(len(rows), x.shape[-1]), np.asarray(weight, dtype))
        addend = nothing if bias is None else np.asarray(bias, dtype)
        if not _share(call, *operands, addend, rows, kind, product):
            call(*map(_stored, operands), _stored(addend), rows, kind, product)
    if out is None:
        return result
    out[...] = result
    return out


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
    dtype = _native(grad)
    call = entry_of(linear_gradients, dtype, *(2,) * 7, 1, None, None)
    ready = call, product_address(dtype), np.empty(0, dtype)
    if not runs_python():
        _backward[dtype] = ready
    rows, kind = math.prod(grad.shape[:-1]), _KINDS[activation]
    g = _matrix(grad, rows, dtype)
    matrix, y = _matrix(x, rows, dtype), _matrix(result, rows, dtype)
    w = None if weight is None else np.asarray(weight, dtype)
    gradients = _gradients(g, matrix, w, y, kind, bias, ready)
    if gradients is None:
        gradients = _gradients(_stored(g), _stored(matrix), _stored(w), _stored(y), kind, bias, ready)
    assert gradients is not None  # Whatever fits and is stored can be read.
    grad_x, grad_weight, grad_bias = gradients
    return None if grad_x is None else grad_x.reshape(*grad.shape[:-1], grad_x.shape[1]), grad_weight, grad_bias


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


def _matrix(x: Any, rows: int, dtype: np.dtype) -> Any:
    """Return an array, or None, with all axes but the last as one."""
    return None if x is None else np.asarray(x, dtype).reshape(rows, x.shape[-1])


def _stored(x: Any) -> Any:
    """Return an array, or None, that a kernel can read where it is: C-contiguous and aligned."""
    return x if x is None or x.flags.carray else np.array(x, order="C")


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
