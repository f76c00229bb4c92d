"""NumPy's functions with NumPy's arguments, made of minigrad's operations: what ``np.sum(t, axis=0)`` runs.

Each has NumPy's signature without the arguments that a tensor cannot serve (``out``, ``where``, ``initial``); those are
refused by name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad import ops
from minigrad.errors import describe, message

HINT = "Call minigrad's operation, or take the array out first: t.detach().numpy()."


def as_operand(value: Any) -> Any:
    """Return a list as an array, anything else as it is: NumPy's functions take lists."""
    return np.asarray(value) if isinstance(value, (list, tuple)) else value


def axes_of(name: str, axis: Any) -> Any:
    """Return NumPy's ``axis`` as PyTorch's ``dim``; an empty tuple means no axis to the one and all to the other."""
    if isinstance(axis, (tuple, list)) and len(axis) == 0:
        raise TypeError(message(f"np.{name}", "axis=() reduces nothing, which tensors do not have.", HINT))
    return axis


def as_floating(a: Any) -> Any:
    """Return an operand with integers and bools as float64, as NumPy averages them."""
    return a if a.dtype.kind == "f" else ops.cast(a, np.float64)


def numpy_sum(a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False) -> Any:
    """``np.sum``."""
    return ops.sum(a, axes_of("sum", axis), keepdims, dtype=dtype)


def numpy_mean(a: Any, axis: Any = None, dtype: Any = None, *, keepdims: bool = False) -> Any:
    """``np.mean``."""
    return ops.mean(as_floating(a), axes_of("mean", axis), keepdims, dtype=dtype)


def numpy_std(a: Any, axis: Any = None, *, ddof: float = 0, correction: Any = None, keepdims: bool = False) -> Any:
    """``np.std``, which divides by n unless told otherwise."""
    lost = ddof if correction is None else correction
    return ops.std(as_floating(a), axes_of("std", axis), keepdim=keepdims, correction=lost)


def numpy_var(a: Any, axis: Any = None, *, ddof: float = 0, correction: Any = None, keepdims: bool = False) -> Any:
    """``np.var``, which divides by n unless told otherwise."""
    lost = ddof if correction is None else correction
    return ops.var(as_floating(a), axes_of("var", axis), keepdim=keepdims, correction=lost)


def numpy_max(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """``np.max``: the values alone."""
    return ops.amax(a, axes_of("max", axis), keepdims)


def numpy_min(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """``np.min``: the values alone."""
    return ops.amin(a, axes_of("min", axis), keepdims)


def numpy_argmax(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """``np.argmax``."""
    return ops.argmax(a, axis, keepdims)


def numpy_argmin(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """``np.argmin``."""
    return ops.argmin(a, axis, keepdims)


def numpy_all(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """``np.all``."""
    return ops.all(a, axes_of("all", axis), keepdims)


def numpy_any(a: Any, axis: Any = None, *, keepdims: bool = False) -> Any:
    """``np.any``."""
    return ops.any(a, axes_of("any", axis), keepdims)


def numpy_isclose(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Any:
    """``np.isclose``."""
    return ops.isclose(as_operand(a), as_operand(b), rtol, atol, equal_nan)


def numpy_allclose(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """``np.allclose``."""
    return ops.allclose(as_operand(a), as_operand(b), rtol, atol, equal_nan)


def numpy_array_equal(a1: Any, a2: Any) -> bool:
    """``np.array_equal``."""
    return ops.equal(as_operand(a1), as_operand(a2))


def numpy_clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    """``np.clip``."""
    return ops.clamp(a, a_min if min is None else min, a_max if max is None else max)


def numpy_where(condition: Any, x: Any, y: Any) -> Any:
    """``np.where``; a condition of numbers holds where they are not 0."""
    condition = as_operand(condition)
    if getattr(condition, "dtype", np.bool_) != np.bool_:
        condition = ops.ne(condition, 0)
    return ops.where(condition, as_operand(x), as_operand(y))


def numpy_reshape(a: Any, /, shape: Any, order: str = "C", *, copy: bool | None = None) -> Any:
    """``np.reshape``; order "F" counts the first axis fastest."""
    shape = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    if copy:
        a = ops.clone(a)
    change = ops.view if copy is False else ops.reshape
    if order == "C":
        return change(a, shape)
    if order != "F":
        raise TypeError(message("np.reshape", f"order must be 'C' or 'F', got {order!r}.", HINT))
    return numpy_transpose(change(numpy_transpose(a), shape[::-1]))


def numpy_ravel(a: Any, order: str = "C") -> Any:
    """``np.ravel``."""
    return numpy_reshape(a, -1, order)


def numpy_transpose(a: Any, axes: Any = None) -> Any:
    """``np.transpose``: the axes in reverse, or in the order given."""
    return ops.permute(a, tuple(range(a.ndim))[::-1] if axes is None else tuple(axes))


def numpy_matrix_transpose(x: Any, /) -> Any:
    """``np.matrix_transpose``."""
    return ops.transpose(x, -2, -1)


def numpy_swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    """``np.swapaxes``."""
    return ops.transpose(a, axis1, axis2)


def numpy_moveaxis(a: Any, source: Any, destination: Any) -> Any:
    """``np.moveaxis``."""
    return ops.movedim(a, source, destination)


def numpy_squeeze(a: Any, axis: Any = None) -> Any:
    """``np.squeeze``, which refuses axes of another length than 1."""
    squeezed = ops.squeeze(a, axis)
    named = 0 if axis is None else len(axis) if isinstance(axis, tuple) else 1
    if axis is not None and squeezed.ndim != a.ndim - named:
        raise ValueError(
            message(
                "np.squeeze",
                f"axis {axis} of {describe(a)} is not of length 1.",
                "Leave axis out for all axes of length 1; reshape or an index takes others away.",
            )
        )
    return squeezed


def numpy_expand_dims(a: Any, axis: Any) -> Any:
    """``np.expand_dims``: new axes of length 1 at these places of the result."""
    if not isinstance(axis, (tuple, list)):
        return ops.unsqueeze(a, axis)
    ndim = a.ndim + len(axis)
    for place in sorted([each % ndim for each in axis]):
        a = ops.unsqueeze(a, place)
    return a


def numpy_broadcast_to(array: Any, shape: Any, subok: bool = False) -> Any:
    """``np.broadcast_to``."""
    return ops.broadcast_to(array, shape)


def numpy_concatenate(arrays: Any, /, axis: int | None = 0, *, dtype: Any = None) -> Any:
    """``np.concatenate``; axis None flattens first."""
    parts = [as_operand(each) for each in arrays]
    if axis is None:
        parts, axis = [numpy_ravel(each) for each in parts], 0
    joined = ops.cat(parts, axis)
    return joined if dtype is None else ops.cast(joined, dtype)


def numpy_stack(arrays: Any, axis: int = 0, *, dtype: Any = None) -> Any:
    """``np.stack``."""
    joined = ops.stack([as_operand(each) for each in arrays], axis)
    return joined if dtype is None else ops.cast(joined, dtype)


def numpy_dot(a: Any, b: Any) -> Any:
    """``np.dot`` up to matrices on the right; beyond, it and ``matmul`` part."""
    a, b = as_operand(a), as_operand(b)
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return ops.mul(a, b)
    if b.ndim > 2:
        raise TypeError(message("np.dot", f"the right operand has at most two axes, got {describe(b)}.", "Use @."))
    return ops.matmul(a, b)


def numpy_outer(a: Any, b: Any) -> Any:
    """``np.outer``, which flattens its operands."""
    return ops.outer(numpy_ravel(as_operand(a)), numpy_ravel(as_operand(b)))


def numpy_diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """``np.diagonal``."""
    return ops.diagonal(a, offset, axis1, axis2)


def numpy_trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """``np.trace``, of each matrix in a batch."""
    return ops.sum(ops.diagonal(a, offset, axis1, axis2), -1)


def numpy_zeros_like(a: Any, dtype: Any = None) -> Any:
    """``np.zeros_like``."""
    return ops.zeros_like(a, dtype=dtype)


def numpy_ones_like(a: Any, dtype: Any = None) -> Any:
    """``np.ones_like``."""
    return ops.ones_like(a, dtype=dtype)


def numpy_full_like(a: Any, fill_value: Any, dtype: Any = None) -> Any:
    """``np.full_like``."""
    return ops.full_like(a, fill_value, dtype=dtype)


def numpy_copy(a: Any) -> Any:
    """``np.copy``."""
    return ops.clone(a)


def numpy_shape(a: Any) -> tuple[int, ...]:
    """``np.shape``."""
    shape: tuple[int, ...] = a.shape
    return shape


def numpy_ndim(a: Any) -> int:
    """``np.ndim``."""
    return len(a.shape)


def numpy_size(a: Any, axis: int | None = None) -> int:
    """``np.size``."""
    return int(np.prod(a.shape)) if axis is None else int(a.shape[ops.operands.axis(numpy_size, axis, a.ndim)])


#: NumPy's names and the functions that stand for them.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "all": numpy_all,
    "allclose": numpy_allclose,
    "amax": numpy_max,
    "amin": numpy_min,
    "any": numpy_any,
    "argmax": numpy_argmax,
    "argmin": numpy_argmin,
    "array_equal": numpy_array_equal,
    "broadcast_to": numpy_broadcast_to,
    "clip": numpy_clip,
    "concatenate": numpy_concatenate,
    "copy": numpy_copy,
    "diagonal": numpy_diagonal,
    "dot": numpy_dot,
    "expand_dims": numpy_expand_dims,
    "full_like": numpy_full_like,
    "isclose": numpy_isclose,
    "matrix_transpose": numpy_matrix_transpose,
    "max": numpy_max,
    "mean": numpy_mean,
    "min": numpy_min,
    "moveaxis": numpy_moveaxis,
    "ndim": numpy_ndim,
    "ones_like": numpy_ones_like,
    "outer": numpy_outer,
    "ravel": numpy_ravel,
    "reshape": numpy_reshape,
    "shape": numpy_shape,
    "size": numpy_size,
    "squeeze": numpy_squeeze,
    "stack": numpy_stack,
    "std": numpy_std,
    "sum": numpy_sum,
    "swapaxes": numpy_swapaxes,
    "trace": numpy_trace,
    "transpose": numpy_transpose,
    "var": numpy_var,
    "where": numpy_where,
    "zeros_like": numpy_zeros_like,
}
