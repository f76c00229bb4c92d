"""Public elementwise functions: each checks, allocates, and calls a loop of `elementwise_loops.py`.

C- and Fortran-contiguous arrays are read where they are and give a result of the same layout; other ones are copied
first. The errors of exp, log, tanh, sigmoid and erf are at most 2 units in the last place in float32, 4 in float64.
"""

from collections.abc import Callable

import numpy as np

from minigrad_kernels.elementwise_loops import (
    erf_all,
    exp_all,
    log_all,
    relu_all,
    relu_backward_all,
    sigmoid_all,
    sigmoid_backward_all,
    tanh_all,
    tanh_backward_all,
)
from minigrad_kernels.jit import run

_FLOAT32 = np.dtype(np.float32)
_FLOAT64 = np.dtype(np.float64)


def exp(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Compute the exponential of each element; infinite on overflow, subnormal and 0 on underflow, without warnings.

    Args:
        x: Any shape, float32 or float64.
        out: Where to write, of x's shape and dtype; it may be x or overlap it.

    Returns:
        x's shape and dtype; `out` if given.

    Raises:
        TypeError: `x` or `out` is no array of a fitting dtype.
        ValueError: `out` has another shape or is read-only.

    Example:
        >>> exp(np.array([0.0, 1.0]))
        array([1.        , 2.71828183])
    """
    return _map_one("exp", exp_all, x, out)


def log(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Compute the natural logarithm of each element; −inf of 0, NaN of what is below. Arguments as for `exp`."""
    return _map_one("log", log_all, x, out)


def tanh(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Compute the hyperbolic tangent of each element. Arguments as for `exp`."""
    return _map_one("tanh", tanh_all, x, out)


def sigmoid(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Compute 1/(1 + exp(−x)) of each element. Arguments as for `exp`."""
    return _map_one("sigmoid", sigmoid_all, x, out)


def erf(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Compute the error function of each element. Arguments as for `exp`."""
    return _map_one("erf", erf_all, x, out)


def relu(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Compute max(x, 0) of each element; NaN stays NaN. Arguments as for `exp`."""
    return _map_one("relu", relu_all, x, out)


def relu_backward(grad: np.ndarray, result: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Compute the gradient of relu: 0 where the result is ≤ 0, else grad; so grad where the result is NaN.

    Args:
        grad: Gradient with respect to the result, any shape, float32 or float64.
        result: What the forward function returned, of grad's shape and dtype.
        out: Where to write, likewise; it may be one of them or overlap them.

    Returns:
        The gradient with respect to the argument, of grad's shape and dtype; `out` if given.

    Raises:
        TypeError: An operand or `out` is no array of a fitting dtype.
        ValueError: The shapes differ, or `out` is read-only.
    """
    return _map_two("relu_backward", relu_backward_all, grad, result, out)


def tanh_backward(grad: np.ndarray, result: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Compute the gradient of tanh, grad·(1 − result²). Arguments as for `relu_backward`."""
    return _map_two("tanh_backward", tanh_backward_all, grad, result, out)


def sigmoid_backward(grad: np.ndarray, result: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Compute the gradient of sigmoid, grad·result·(1 − result). Arguments as for `relu_backward`."""
    return _map_two("sigmoid_backward", sigmoid_backward_all, grad, result, out)


def _map_one(name: str, loop: Callable[..., None], x: np.ndarray, out: np.ndarray | None) -> np.ndarray:
    """Run a loop over one operand."""
    # At 10 elements the checks take longer than the loop: the common case has the shortest way.
    if type(x) is np.ndarray and ((dtype := x.dtype) is _FLOAT32 or dtype is _FLOAT64) and x.flags.carray:
        if out is None:
            out = np.empty(x.shape, dtype)
        elif out is x or x.base is not None or out.base is not None or not _fits(out, x):
            # Only two arrays that both own their memory certainly do not overlap.
            return _map_checked(name, loop, [x], out)
        if x.ndim == 1:
            run(loop)(x, out)
        else:
            run(loop)(x.reshape(-1), out.reshape(-1))
        return out
    return _map_checked(name, loop, [x], out)


def _map_two(
    name: str, loop: Callable[..., None], grad: np.ndarray, result: np.ndarray, out: np.ndarray | None
) -> np.ndarray:
    """Run a loop over two operands."""
    if (
        type(grad) is np.ndarray
        and ((dtype := grad.dtype) is _FLOAT32 or dtype is _FLOAT64)
        and grad.flags.carray
        and _fits(result, grad)
    ):
        if out is None:
            target = np.empty(grad.shape, dtype)
        elif (
            out is not grad and out is not result and _fits(out, grad) and grad.base is result.base is out.base is None
        ):
            target = out
        else:
            return _map_checked(name, loop, [grad, result], out)
        if grad.ndim == 1:
            run(loop)(grad, result, target)
        else:
            run(loop)(grad.reshape(-1), result.reshape(-1), target.reshape(-1))
        return target
    return _map_checked(name, loop, [grad, result], out)


def _fits(array: np.ndarray, pattern: np.ndarray) -> bool:
    """Return whether an array is of a pattern's shape and dtype, and a loop can read and write it."""
    return (
        type(array) is np.ndarray
        and array.dtype is pattern.dtype
        and array.shape == pattern.shape
        and array.flags.carray
    )


def _map_checked(
    name: str, loop: Callable[..., None], operands: list[np.ndarray], out: np.ndarray | None
) -> np.ndarray:
    """Run a loop over operands of any layout, after all checks."""
    _check(name, operands, out)
    arrays = [*operands] if out is None else [*operands, out]
    if operands[0].ndim > 1 and all(array.T.flags.carray for array in arrays):
        # Fortran-contiguous: elementwise, the order of the elements does not matter.
        transposed = [operand.T for operand in operands]
        filled = _map_checked(name, loop, transposed, None if out is None else out.T)
        return filled.T if out is None else out
    target = out
    if target is None or not target.flags.carray or any(np.may_share_memory(each, target) for each in operands):
        # Also where out is an operand: LLVM's vector loop runs only if the arrays do not overlap.
        target = np.empty(operands[0].shape, operands[0].dtype)
    flat = []
    for operand in operands:
        # Numba would compile the loop again for read-only and for unaligned arrays, which carray excludes.
        stored = operand if operand.flags.carray else np.array(operand, order="C")
        flat.append(stored.reshape(-1))
    run(loop)(*flat, target.reshape(-1))
    if out is None or target is out:
        return target
    out[...] = target
    return out


def _check(name: str, operands: list[np.ndarray], out: np.ndarray | None) -> None:
    """Raise unless the operands and `out` are arrays of one shape and one floating dtype, and `out` is writeable."""
    first = operands[0]
    for array in operands if out is None else [*operands, out]:
        if not isinstance(array, np.ndarray) or array.dtype not in (_FLOAT32, _FLOAT64):
            came = f"dtype {array.dtype}" if isinstance(array, np.ndarray) else type(array).__name__
            raise TypeError(
                f"{name}: needed arrays of float32 or float64, came {came}; convert with np.asarray(x, float)"
            )
        if array.dtype != first.dtype:
            raise TypeError(
                f"{name}: needed arrays of one dtype, came {first.dtype} and {array.dtype}; "
                f"convert with .astype({str(first.dtype)!r})"
            )
        if array.shape != first.shape:
            raise ValueError(
                f"{name}: needed arrays of one shape, came {first.shape} and {array.shape}; "
                "broadcast with np.broadcast_to"
            )
    if out is not None and not out.flags.writeable:
        raise ValueError(f"{name}: needed out to write to, came a read-only array of shape {out.shape}; pass a copy")
