"""What every operation does first: take the arrays out of its operands, and check that they fit.

The operands of operations of one and two are called ``x`` and ``y`` and written without a name, ``add(a, b)``;
PyTorch's ``input=`` and ``other=`` are not known. All other arguments bear PyTorch's names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from minigrad import tensors
from minigrad.dtypes import LIMITS, SUPPORTED, float32, float64, get_default_dtype, result_type
from minigrad.errors import describe, message, number_remedy

Tensor: TypeAlias = "tensors.Tensor"
#: What an operation takes: a Tensor records, an array or a number is a constant.
Operand: TypeAlias = "tensors.Tensor | np.ndarray | float"
#: What a rule sees: an array in an ordinary backward, a Tensor where the backward is itself recorded.
Value: TypeAlias = Any
#: An axis, several, or None for all.
Dim: TypeAlias = "int | Sequence[int] | None"
Op: TypeAlias = Callable[..., Any]

ndarray = np.ndarray
_NUMBERS = (float, int, bool)
_FLOATS = (float32, float64)

#: NumPy's reductions, typed as Any because its stubs take a literal ``keepdims`` only. The methods, ``x.sum()``, run
#: the same code behind one Python function more.
add_reduce: Any = np.add.reduce
maximum_reduce: Any = np.maximum.reduce
minimum_reduce: Any = np.minimum.reduce


def unwrap(op: Op, x: Any) -> ndarray:
    """Return the array of an operand.

    Raises:
        TypeError: if it is neither Tensor, array nor number, or of a dtype that minigrad does not have.
    """
    if isinstance(x, tensors.Tensor):
        return x._data
    if type(x) is ndarray and x.dtype in SUPPORTED:
        return x
    if type(x) is float:
        return np.asarray(x, get_default_dtype())
    if isinstance(x, (ndarray, np.generic, bool, int)):
        array = np.asarray(x)
        if array.dtype in SUPPORTED:
            return array
        if isinstance(x, int):
            raise TypeError(message(op.__name__, f"the integer {x} does not fit int64.", "Write it as a float."))
        raise TypeError(message(op.__name__, f"an operand has dtype {array.dtype}.", LIMITS))
    remedy = LIMITS if isinstance(x, complex) else "Make a tensor of it with minigrad.tensor(...)."
    raise TypeError(
        message(
            op.__name__,
            f"a Tensor, array or number is needed, got {describe(x)}.",
            remedy,
        )
    )


def floating(op: Op, x: Any) -> ndarray:
    """Return the array of an operand in a floating dtype; integers and bools become the default one."""
    array = x._data if isinstance(x, tensors.Tensor) else unwrap(op, x)
    return array if array.dtype.kind == "f" else array.astype(get_default_dtype())


def needs_grad(x: Any) -> bool:
    """Return whether a gradient may be asked of an operand: what only serves other gradients is not saved."""
    return isinstance(x, tensors.Tensor) and type(x._edge) is not list


def pair(op: Op, x: Any, y: Any) -> tuple[Any, Any]:
    """Return the arrays of two operands in their common dtype; a Python number stays one where NumPy agrees.

    Raises:
        TypeError: if an operand is neither Tensor, array nor number.
        ValueError: if the shapes cannot be broadcast.
    """
    x_data = x._data if isinstance(x, tensors.Tensor) else x
    y_data = y._data if isinstance(y, tensors.Tensor) else y
    if type(x_data) is ndarray:
        if type(y_data) is ndarray:
            dtype = x_data.dtype
            # Comparing two names is a fifth of the work of looking a dtype up in a set.
            if dtype is y_data.dtype and (dtype is float32 or dtype is float64 or dtype in SUPPORTED):
                if x_data.shape != y_data.shape:
                    check_broadcast(op, x, y, x_data.shape, y_data.shape)
                return x_data, y_data
        elif x_data.dtype in _FLOATS and is_small_number(y_data):
            return x_data, y_data
    elif type(y_data) is ndarray and y_data.dtype in _FLOATS and is_small_number(x_data):
        return x_data, y_data
    return promoted_pair(op, x, y)


def floating_pair(op: Op, x: Any, y: Any) -> tuple[Any, Any]:
    """Return the arrays of two operands as ``pair`` does, integers and bools in the default floating dtype.

    Raises:
        TypeError: if an operand is neither Tensor, array nor number.
        ValueError: if the shapes cannot be broadcast.
    """
    x_data, y_data = pair(op, x, y)
    # Of two arrays, both have the common dtype; beside a number, the array is of floats.
    either = x_data if type(x_data) is ndarray else y_data
    if either.dtype.kind != "f":
        return floating(op, x_data), floating(op, y_data)
    return x_data, y_data


def is_small_number(x: Any) -> bool:
    """Return whether an operand is a Python number that NumPy can take beside floats: not an integer beyond int64."""
    return type(x) is float or (type(x) is int and -(2**63) <= x < 2**63)


def promoted_pair(op: Op, x: Any, y: Any) -> tuple[ndarray, ndarray]:
    """Return two operands as arrays of the dtype that PyTorch's promotion gives them."""
    x_data, y_data = unwrap_exact(op, x), unwrap_exact(op, y)
    dtype = result_type(
        x if type(x) in _NUMBERS else x_data,
        y if type(y) in _NUMBERS else y_data,
    )
    check_broadcast(op, x, y, x_data.shape, y_data.shape)
    return x_data.astype(dtype, copy=False), y_data.astype(dtype, copy=False)


def unwrap_exact(op: Op, x: Any) -> ndarray:
    """Return the array of an operand whose dtype is decided elsewhere: a Python float keeps all its digits."""
    return np.asarray(x) if type(x) is float else unwrap(op, x)


def check_broadcast(op: Op, x: Any, y: Any, x_shape: tuple[int, ...], y_shape: tuple[int, ...]) -> None:
    """Raise unless two shapes can be broadcast: from the right, lengths are equal or one of them is 1."""
    for left, right in zip(reversed(x_shape), reversed(y_shape)):
        if left != right and left != 1 and right != 1:
            raise ValueError(
                message(
                    op.__name__,
                    f"the shapes cannot be broadcast: one operand is {describe(x)}, the other {describe(y)}.",
                    "From the right, the lengths of each axis must be equal, or one of them 1.",
                )
            )


def broadcasts_to(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Return whether an array of ``shape`` can be repeated to one of the ``wanted`` shape."""
    fits = len(shape) <= len(wanted)
    for have, want in zip(reversed(shape), reversed(wanted)):
        fits = fits and have in (1, want)
    return fits


def axis(op: Op, dim: Any, ndim: int) -> int:
    """Return one axis as a number from 0 up.

    Raises:
        TypeError, IndexError: if it is not an integer, or not an axis of an array with ``ndim`` dimensions.
    """
    if type(dim) is int and -ndim <= dim < ndim:
        return dim if dim >= 0 else dim + ndim
    if isinstance(dim, bool) or not isinstance(dim, (int, np.integer)):
        raise TypeError(
            message(
                op.__name__,
                f"dim must be an integer, got {describe(dim)}.",
                "It takes a single axis; flatten several first."
                if isinstance(dim, (tuple, list))
                else number_remedy(dim, int),
            )
        )
    size = max(ndim, 1)
    if not -size <= dim < size:
        raise IndexError(
            message(
                op.__name__,
                f"dim {dim} is out of range: with {ndim} dimensions it is in [{-size}, {size - 1}].",
                "Axes count from 0, or from the end with -1; x.unsqueeze(dim) adds one.",
            )
        )
    return int(dim) % size


def axes(op: Op, dim: Dim, ndim: int, keepdim: Any = False) -> tuple[int, ...]:
    """Return several axes as sorted numbers from 0 up; None or an empty sequence means all.

    Raises:
        TypeError, IndexError: if one is no axis, or ``keepdim`` is no bool.
        ValueError: if an axis is named twice.
    """
    if type(keepdim) is not bool:
        refuse_no_bool(op, "keepdim", keepdim)
    if type(dim) is int and -ndim <= dim < ndim:
        return (dim if dim >= 0 else dim + ndim,)
    if dim is None or (isinstance(dim, (tuple, list)) and len(dim) == 0):
        return tuple(range(ndim))
    if not isinstance(dim, (tuple, list)):
        found = [axis(op, dim, ndim)]
        return tuple(found) if ndim else ()
    found = []
    for each in dim:
        found.append(axis(op, each, ndim))
    if len(set(found)) != len(found):
        raise ValueError(
            message(
                op.__name__,
                f"an axis is named twice in dim={tuple(dim)}.",
                f"Name it once; from the end, -1 is the axis {ndim - 1}.",
            )
        )
    return tuple(sorted(found)) if ndim else ()


def refuse_no_bool(op: Op, name: str, value: Any) -> None:
    """Raise a TypeError unless an argument is True or False, or NumPy's, or 1 or 0 as those are equal to them."""
    if type(value) is bool:
        return
    if not isinstance(value, (bool, int, np.bool_)) or value not in (True, False):
        raise TypeError(
            message(op.__name__, f"{name} must be True or False, got {describe(value)}.", "Several axes are one tuple.")
        )


def flag(op: Op, name: str, value: Any) -> bool:
    """Return an argument that must be True or False.

    Raises:
        TypeError: if it is neither, nor equal to one: an array or a word is a setting that was meant for another.
    """
    if type(value) is not bool:
        refuse_no_bool(op, name, value)
    return bool(value)


def whole(op: Op, name: str, value: Any) -> int:
    """Return an argument that must be an integer as one.

    Raises:
        TypeError: if it is not; ValueError: if it is far beyond int64, which NumPy would say in words of its own.
    """
    if type(value) is int and -(2**63) <= value <= 2**63:
        return value
    if isinstance(value, tensors.Tensor) and value._data.ndim == 0:
        value = value._data[()]
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise TypeError(
            message(op.__name__, f"{name} must be an integer, got {describe(value)}.", number_remedy(value, int))
        )
    if not -(2**63) <= value <= 2**63:
        raise ValueError(message(op.__name__, f"{name} must fit int64, got {value}.", "Give it a smaller number."))
    return int(value)


def real(op: Op, name: str, value: Any) -> float:
    """Return an argument that must be a number as an int or float.

    Raises:
        TypeError: if it is not; RuntimeError: if it is a tensor that requires grad, whose gradient would be lost.
    """
    if type(value) is float or type(value) is int:
        return value
    if isinstance(value, (tensors.Tensor, ndarray, np.generic)) and value.ndim == 0 and value.dtype in SUPPORTED:
        if needs_grad(value):
            raise RuntimeError(
                message(
                    op.__name__,
                    f"{name} is a setting and has no derivative; {describe(value)} requires grad.",
                    f"Pass {name}.detach() or {name}.item().",
                )
            )
        value = value.item()
    if not isinstance(value, (int, float)):
        raise TypeError(message(op.__name__, f"{name} must be a number, got {describe(value)}.", number_remedy(value)))
    return value


def sizes(op: Op, shape: tuple[Any, ...]) -> tuple[int, ...]:
    """Return a shape that was given as ``(2, 3)`` or ``2, 3`` as a tuple of integers."""
    if len(shape) == 1 and isinstance(shape[0], (tuple, list)):
        shape = tuple(shape[0])
    checked = []
    for size in shape:
        checked.append(size if type(size) is int else whole(op, "each length of a shape", size))
    return tuple(checked)
