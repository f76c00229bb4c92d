"""Tensors from numbers, lists, arrays and shapes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad import dtypes, tensors
from minigrad.errors import describe, message, no_memory
from minigrad.graph import wrap
from minigrad.modes import is_grad_enabled
from minigrad.ops.conversion import cast
from minigrad.ops.operands import Op, Tensor, ndarray, needs_grad, sizes, unwrap
from minigrad.writes import guarded


def as_array(op: Op, data: Any, dtype: Any, copy: bool) -> ndarray:
    """Return data as an array of a supported dtype: arrays keep theirs, Python floats get the default one.

    Raises:
        TypeError: for object arrays, complex numbers and other dtypes; ValueError: for ragged lists.
        RuntimeError: for lists of tensors that require grad.
    """
    if isinstance(data, tensors.Tensor):
        data = data._data
    if dtype is None and type(data) is ndarray and dtypes.KNOWN.get(data.dtype) is data.dtype:
        return data.copy("K") if copy else data
    wanted = None if dtype is None else dtypes.as_dtype(op.__name__, dtype)
    if hasattr(data, "__array__"):
        array = np.asarray(data)
    else:
        array = array_of_list(op, data)
        if wanted is not None and wanted.kind in "iu" and array.size:
            refuse_overflow(op, array, wanted)
        if array.dtype == np.float64 and wanted is None and not holds_arrays(data):
            wanted = dtypes.get_default_dtype()
    if array.dtype.newbyteorder("=") not in dtypes.SUPPORTED and not (
        wanted is not None and array.dtype.kind in "iufb"
    ):
        raise TypeError(message(op.__name__, f"dtype {array.dtype} is not supported.", dtypes.LIMITS))
    if wanted is None:
        wanted = dtypes.native(array.dtype)
    return array.astype(wanted, copy=copy, order="K")


def array_of_list(op: Op, data: Any) -> ndarray:
    """Return nested lists of numbers (and tensors) as an array; Python floats as float64."""
    if isinstance(data, (list, tuple)):
        data = plain_lists(op, data)
        if len(data) == 0:
            return np.zeros(0, dtypes.get_default_dtype())
    try:
        array = np.array(data)
    except ValueError:
        raise ValueError(
            message(op.__name__, f"the lists are ragged: {describe(data)}.", "All rows must have the same length.")
        ) from None
    if array.dtype.kind not in "iufb":
        raise TypeError(
            message(op.__name__, f"numbers are needed, got {describe(data)} (dtype {array.dtype}).", dtypes.LIMITS)
        )
    return array


def refuse_overflow(op: Op, array: ndarray, wanted: np.dtype) -> None:
    """Raise a ValueError if numbers cannot be converted to an integer dtype without wrapping around."""
    limits = np.iinfo(wanted)
    low, high = array.min(), array.max()
    if not (limits.min <= low and high <= limits.max):
        raise ValueError(
            message(
                op.__name__,
                f"numbers from {low} to {high} do not fit {wanted}.",
                "Leave dtype out, or take one that holds them, such as float64.",
            )
        )


def holds_arrays(data: Any) -> bool:
    """Return whether nested lists hold tensors, arrays or NumPy scalars, whose dtype counts."""
    while isinstance(data, (list, tuple)) and len(data):
        data = data[0]
    return hasattr(data, "dtype")


def plain_lists(op: Op, data: Any) -> Any:
    """Return nested lists with each tensor in them as its array.

    Raises:
        RuntimeError: if one of them requires grad, where gradients are recorded: theirs would be lost.
    """
    if isinstance(data, tensors.Tensor):
        if needs_grad(data) and is_grad_enabled():
            raise RuntimeError(
                message(
                    op.__name__,
                    f"a list of numbers is needed, which have no gradient; {describe(data)} in it requires grad.",
                    "stack([...]) joins tensors and passes gradients; detach() them first where none is wanted.",
                )
            )
        return data._data
    if isinstance(data, (list, tuple)):
        return [plain_lists(op, each) for each in data]
    return data


def tensor(data: Any, *, dtype: Any = None, requires_grad: bool = False, name: str | None = None) -> Tensor:
    """Return a new tensor with a copy of ``data``, a leaf: of a tensor's graph there is nothing left in it.

    Args:
        data: a number, nested lists of numbers, an array; or a tensor, whose gradient goes no further (``clone()`` is
            the copy that passes it).
        dtype: the element type. Default: an array's own; float32 for Python floats, int64 for ints, bool for bools.
        requires_grad: whether gradients with respect to it are wanted.
        name: what to call it in errors, drawings and steps.

    Returns:
        A leaf.

    Raises:
        TypeError: if the dtype is not supported, or ``requires_grad`` is asked of integers.
        ValueError: if the lists are ragged; RuntimeError: if they hold tensors that require grad.

    Examples:
        >>> import minigrad as mg
        >>> mg.tensor([[1, 2], [3, 4]], dtype=mg.float32, requires_grad=True, name="W")
        Tensor((2, 2) float32 'W' requires grad | 1 2 3 4)
    """
    return leaf(as_array(tensor, data, dtype, copy=True), requires_grad, name)


def as_tensor(data: Any, dtype: Any = None) -> Tensor:
    """Return ``data`` as a tensor without copying where that is possible; a tensor of the right dtype as it is."""
    if isinstance(data, tensors.Tensor):
        return data if dtype is None else cast(data, dtype)
    return leaf(guarded(as_array(as_tensor, data, dtype, copy=False)), False, None)


def from_numpy(array: ndarray) -> Tensor:
    """Return a tensor that shares the memory of an array.

    Raises:
        TypeError: if it is no array, or of an unsupported dtype.
    """
    if not isinstance(array, ndarray):
        raise TypeError(
            message(
                "from_numpy",
                f"a NumPy array is needed, got {describe(array)}.",
                "Make a tensor of other data with minigrad.tensor(...).",
            )
        )
    if array.dtype not in dtypes.SUPPORTED or not array.dtype.isnative:
        raise TypeError(message("from_numpy", f"dtype {array.dtype} is not supported.", dtypes.LIMITS))
    return leaf(guarded(array.view(ndarray)), False, None)


def from_dlpack(source: Any) -> Tensor:
    """Return a tensor that shares the memory of an object with ``__dlpack__``, such as a PyTorch tensor on the CPU.

    Raises:
        TypeError: if it has no ``__dlpack__``, or lies elsewhere or in another dtype than minigrad can use.
    """
    if not hasattr(source, "__dlpack__"):
        raise TypeError(
            message(
                "from_dlpack",
                f"an object with __dlpack__ is needed, got {describe(source)}.",
                "Make a tensor of it with minigrad.tensor(...), which copies.",
            )
        )
    try:
        array = np.from_dlpack(source)
    except (BufferError, RuntimeError) as error:
        raise TypeError(
            message(
                "from_dlpack",
                f"{describe(source)} cannot be shared: {error}.",
                "Detach it, bring it to the CPU, and convert it to a dtype that minigrad has.",
            )
        ) from None
    return from_numpy(array)


def leaf(array: ndarray, requires_grad: bool, name: str | None) -> Tensor:
    """Return the leaf of an array."""
    made: Tensor = wrap(array)
    made.name = name
    if requires_grad:
        made.requires_grad = True
    return made


def filled(op: Op, shape: tuple[Any, ...], value: Any, dtype: Any, requires_grad: bool) -> Tensor:
    """Return a leaf of a shape that is filled with one number."""
    wanted = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(op.__name__, dtype)
    return leaf(array_of(op, checked_lengths(op, shape), value, wanted), requires_grad, None)


def array_of(op: Op, lengths: tuple[int, ...], value: Any, dtype: np.dtype) -> ndarray:
    """Return an array that is filled with one number; zeros in half the time, and in a quarter where it is small.

    Raises:
        MemoryError: if there is not enough memory for it.
    """
    try:
        if type(value) is int and value == 0:
            return np.zeros(lengths, dtype)
        array = np.empty(lengths, dtype)
    except MemoryError as error:
        raise no_memory(op.__name__, error) from None
    array[...] = value
    return array


def checked_lengths(op: Op, shape: tuple[Any, ...]) -> tuple[int, ...]:
    """Return a shape that was given as ``(2, 3)`` or ``2, 3`` as a tuple of integers.

    Raises:
        TypeError: if it is not made of integers.
        ValueError: if a length is negative, or there are 2**47 elements or more; x86-64 addresses 2**47 bytes.
    """
    lengths = shape[0] if len(shape) == 1 and type(shape[0]) is tuple else shape
    number = 1
    for size in lengths:
        if type(size) is not int or size < 0:
            lengths = sizes(op, shape)
            refuse_negative(op, lengths)
            number = math.prod(lengths)
            break
        number *= size
    if number >= 2**47:
        affordable(op, lengths)
    return lengths


def affordable(op: Op, lengths: tuple[int, ...]) -> tuple[int, ...]:
    """Return a shape, unless no machine could hold an array of it.

    Raises:
        ValueError: if it has 2**47 elements or more; x86-64 addresses 2**47 bytes.
    """
    if math.prod(lengths) >= 2**47:
        raise ValueError(
            message(
                op.__name__,
                f"the shape {lengths} has more elements than memory can hold.",
                "Work on parts of it, or let operations broadcast a smaller shape.",
            )
        )
    return lengths


def refuse_negative(op: Op, lengths: tuple[int, ...]) -> None:
    """Raise a ValueError if a length is negative."""
    if min(lengths, default=0) < 0:
        raise ValueError(
            message(
                op.__name__,
                f"lengths must not be negative, got {lengths}.",
                "A length of -1 is worked out by reshape only.",
            )
        )


def zeros(*size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return zeros.

    Args:
        size: the shape, as integers or one sequence.
        dtype: default: the default floating dtype.
        requires_grad: whether gradients with respect to it are wanted.

    Raises:
        ValueError: if a length is negative.
    """
    return filled(zeros, size, 0, dtype, requires_grad)


def ones(*size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return ones; arguments as for ``zeros``."""
    return filled(ones, size, 1, dtype, requires_grad)


def empty(*size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor whose numbers do not matter: whatever was in its memory; arguments as for ``zeros``."""
    wanted = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype("empty", dtype)
    return leaf(np.empty(checked_lengths(empty, size), wanted), requires_grad, None)


def full(size: Any, fill_value: float, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor filled with one number, whose type decides the dtype unless it is given.

    Args:
        size: the shape, an integer or a sequence.
        fill_value: the number.
        dtype: the element type. Default: float32 for a Python float, int64 for an int, bool for a bool.
        requires_grad: whether gradients with respect to it are wanted.

    Raises:
        ValueError: if a length is negative, or ``fill_value`` is not one number or does not fit the dtype.
        RuntimeError: if ``fill_value`` is a tensor that requires grad.

    Examples:
        >>> import minigrad as mg
        >>> mg.full((2, 2), 7)
        Tensor((2, 2) int64 | 7 7 7 7)
    """
    if type(fill_value) is float and dtype is None:
        return filled(full, (size,), fill_value, None, requires_grad)
    array = one_number(full, fill_value, dtype)
    return filled(full, (size,), array, array.dtype, requires_grad)


def one_number(op: Op, value: Any, dtype: Any) -> ndarray:
    """Return a number to fill with as a 0-d array.

    Raises:
        ValueError: if it is not one number, or does not fit the dtype.
        RuntimeError: if it is a tensor that requires grad.
    """
    if needs_grad(value):
        raise RuntimeError(
            message(
                op.__name__,
                f"what is filled with is a number without a gradient; {describe(value)} requires grad.",
                "value.expand(shape) repeats it and passes gradients; value.item() is its number.",
            )
        )
    array = as_array(op, value, dtype, copy=True)
    if array.ndim:
        raise ValueError(
            message(
                op.__name__,
                f"one number is needed to fill with, got {describe(value)}.",
                "Repeat a tensor of several with value.expand(shape).clone().",
            )
        )
    return array


def zeros_like(x: Tensor, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return zeros of the shape and dtype of ``x``."""
    return filled_like(zeros_like, x, 0, dtype, requires_grad)


def ones_like(x: Tensor, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return ones of the shape and dtype of ``x``."""
    return filled_like(ones_like, x, 1, dtype, requires_grad)


def empty_like(x: Tensor, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor of the shape and dtype of ``x`` whose numbers do not matter: whatever was in its memory."""
    x_data = unwrap(empty_like, x)
    wanted = x_data.dtype if dtype is None else dtypes.as_dtype("empty_like", dtype)
    return leaf(np.empty(x_data.shape, wanted), requires_grad, None)


def full_like(x: Tensor, fill_value: float, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor of the shape and dtype of ``x`` filled with one number."""
    return filled_like(full_like, x, fill_value, dtype, requires_grad)


def filled_like(op: Op, x: Tensor, value: Any, dtype: Any, requires_grad: bool) -> Tensor:
    """Return a leaf of the shape and, unless another is given, the dtype of ``x``."""
    x_data = unwrap(op, x)
    wanted = x_data.dtype if dtype is None else dtypes.as_dtype(op.__name__, dtype)
    plain = (type(value) is float and wanted.kind == "f") or (type(value) is int and value in (0, 1))
    number = value if plain else one_number(op, value, wanted)
    return leaf(array_of(op, x_data.shape, number, wanted), requires_grad, None)
