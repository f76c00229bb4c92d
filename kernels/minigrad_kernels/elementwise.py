"""Public elementwise functions: each checks, allocates, and calls a loop of `elementwise_loops.py`.

C- and Fortran-contiguous arrays are read where they are and give a result of the same layout; other ones are copied
first. The errors of exp, log, tanh, sigmoid and erf are at most 2 units in the last place in float32, 4 in float64.
"""

import numpy as np

from minigrad_kernels.elementwise_loops import (
    erf_all,
    exp_all,
    log_all,
    relu_all,
    relu_backward_all,
    sigmoid_all,
    sigmoid_backward_all,
    sign_all,
    tanh_all,
    tanh_backward_all,
)
from minigrad_kernels.entries import Entries, made
from minigrad_kernels.jit import runs_python

_FLOAT32 = np.dtype(np.float32)
_FLOAT64 = np.dtype(np.float64)
_ndarray = np.ndarray

_EXP = Entries(exp_all, _ndarray, _ndarray)
_LOG = Entries(log_all, _ndarray, _ndarray)
_TANH = Entries(tanh_all, _ndarray, _ndarray)
_SIGMOID = Entries(sigmoid_all, _ndarray, _ndarray)
_ERF = Entries(erf_all, _ndarray, _ndarray)
_RELU = Entries(relu_all, _ndarray, _ndarray)
_SIGN = Entries(sign_all, _ndarray, _ndarray)
_RELU_BACKWARD = Entries(relu_backward_all, _ndarray, _ndarray, _ndarray)
_TANH_BACKWARD = Entries(tanh_backward_all, _ndarray, _ndarray, _ndarray)
_SIGMOID_BACKWARD = Entries(sigmoid_backward_all, _ndarray, _ndarray, _ndarray)


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
    return _map_one("exp", _EXP, x, out)


def log(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Compute the natural logarithm of each element; −inf of 0, NaN of what is below. Arguments as for `exp`."""
    return _map_one("log", _LOG, x, out)


def tanh(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Compute the hyperbolic tangent of each element. Arguments as for `exp`."""
    return _map_one("tanh", _TANH, x, out)


def sigmoid(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Compute 1/(1 + exp(−x)) of each element. Arguments as for `exp`."""
    return _map_one("sigmoid", _SIGMOID, x, out)


def erf(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Compute the error function of each element. Arguments as for `exp`."""
    return _map_one("erf", _ERF, x, out)


def relu(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Compute max(x, 0) of each element; NaN stays NaN. Arguments as for `exp`."""
    return _map_one("relu", _RELU, x, out)


def sign(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Compute 1, −1 or 0 of each element, and 0 of NaN, where NumPy's has NaN. Arguments as for `exp`."""
    return _map_one("sign", _SIGN, x, out)


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
    return _map_two("relu_backward", _RELU_BACKWARD, grad, result, out)


def tanh_backward(grad: np.ndarray, result: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Compute the gradient of tanh, grad·(1 − result²). Arguments as for `relu_backward`."""
    return _map_two("tanh_backward", _TANH_BACKWARD, grad, result, out)


def sigmoid_backward(grad: np.ndarray, result: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Compute the gradient of sigmoid, grad·result·(1 − result). Arguments as for `relu_backward`."""
    return _map_two("sigmoid_backward", _SIGMOID_BACKWARD, grad, result, out)


def _map_one(name: str, loop: Entries, x: np.ndarray, out: np.ndarray | None) -> np.ndarray:
    """Run a loop over one operand."""
    # At 10 elements Python's checks would take longer than the loop, which therefore makes them itself.
    if type(x) is _ndarray and not runs_python():
        call = loop.get(x.dtype)
        if call is not None:
            result = call(x, out)
            if result is not None:
                return result
            if out is x and x.flags.writeable and (result := call(x, None)) is not None:
                # The loops write to memory that they do not read.
                x[...] = result
                return x
    return _map_checked(name, loop, [x], out)


def _map_two(name: str, loop: Entries, grad: np.ndarray, result: np.ndarray, out: np.ndarray | None) -> np.ndarray:
    """Run a loop over two operands."""
    if type(grad) is _ndarray and not runs_python():
        call = loop.get(grad.dtype)
        if call is not None:
            filled = call(grad, result, out)
            if filled is not None:
                return filled
    return _map_checked(name, loop, [grad, result], out)


def _map_checked(name: str, loop: Entries, operands: list[np.ndarray], out: np.ndarray | None) -> np.ndarray:
    """Run a loop over operands of any layout, after all checks."""
    _check(name, operands, out)
    arrays = [*operands] if out is None else [*operands, out]
    if not operands[0].flags.c_contiguous and all(array.T.flags.carray for array in arrays):
        # Fortran-contiguous: elementwise, the order of the elements does not matter.
        filled = _map_checked(name, loop, [operand.T for operand in operands], None if out is None else out.T)
        return filled.T if out is None else out
    dtype = _FLOAT32 if operands[0].dtype == _FLOAT32 else _FLOAT64
    stored = []
    for operand in operands:
        aligned = operand.flags.aligned
        stored.append(np.asarray(operand, dtype, order="C") if aligned else np.array(operand, dtype, order="C"))
    result = made(name, loop.entry(dtype)(*stored, None), *stored)
    if out is None:
        return result
    out[...] = result
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
