"""The public end of a linear layer: adds a bias and applies an activation, in place."""

import numpy as np

from minigrad_kernels.bias_loops import NONE, RELU, SIGMOID, TANH, add_bias
from minigrad_kernels.entries import Entries
from minigrad_kernels.jit import runs_python
from minigrad_kernels.stored_arrays import readable, stored

_FLOAT32 = np.dtype(np.float32)
_FLOAT64 = np.dtype(np.float64)
_KINDS = {"none": NONE, "relu": RELU, "tanh": TANH, "sigmoid": SIGMOID}
_ndarray = np.ndarray
_ADD_BIAS = Entries(add_bias, _ndarray, _ndarray, int)


def bias_activation(out: np.ndarray, bias: np.ndarray, kind: str = "none") -> np.ndarray:
    """Replace a matrix by activation(out + bias), in one pass.

    Args:
        out: Shape (rows, n), float32 or float64, any layout, changed in place (by way of a copy if it is not
            C-contiguous); it must not overlap the bias.
        bias: Shape (n,), of the same dtype.
        kind: "none", "relu", "tanh" or "sigmoid". relu leaves NaN as it is.

    Returns:
        `out`.

    Raises:
        TypeError: An argument is no array of a fitting dtype.
        ValueError: A shape does not fit, `out` is read-only or overlaps the bias, or `kind` is unknown.

    Example:
        >>> bias_activation(np.array([[1.0, -2.0]]), np.array([0.5, 0.5]), "relu")
        array([[1.5, 0. ]])
    """
    # At 10 elements Python's checks would take longer than the loop, which therefore makes them itself.
    if type(out) is _ndarray and kind in _KINDS and not runs_python():
        call = _ADD_BIAS.get(out.dtype)
        if call is not None and call(out, bias, _KINDS[kind]) is out:
            return out
    _check(out, bias, kind)
    target = stored(out)
    numbers = readable(bias)
    _ADD_BIAS.entry(out.dtype)(target, numbers, _KINDS[kind])
    if target is not out:
        out[...] = target
    return out


def _check(out: np.ndarray, bias: np.ndarray, kind: str) -> None:
    """Raise unless the arguments of `bias_activation` fit."""
    for role, x in (("out", out), ("bias", bias)):
        if type(x) is not np.ndarray or ((dtype := x.dtype) is not _FLOAT32 and dtype is not _FLOAT64):
            came = f"dtype {x.dtype}" if isinstance(x, np.ndarray) else type(x).__name__
            raise TypeError(f"bias_activation: needed {role} as an array of float32 or float64, came {came}")
    if out.dtype is not bias.dtype:
        raise TypeError(f"bias_activation: needed a bias of dtype {out.dtype}, came {bias.dtype}; convert it")
    if out.ndim != 2 or bias.shape != out.shape[1:]:
        raise ValueError(
            f"bias_activation: needed out of shape (rows, n) and a bias of shape (n,), came {out.shape} and "
            f"{bias.shape}; reshape out"
        )
    if not out.flags.writeable:
        raise ValueError(f"bias_activation: needed out to write to, came a read-only array of shape {out.shape}")
    if (out.base is not None or bias.base is not None) and np.may_share_memory(out, bias):
        raise ValueError(f"bias_activation: needed a bias apart from out, came overlapping ones of shape {bias.shape}")
    if kind not in _KINDS:
        raise ValueError(f"bias_activation: needed kind 'none', 'relu', 'tanh' or 'sigmoid', came {kind!r}")
