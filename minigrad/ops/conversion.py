"""The same values in another dtype, another tensor, or outside of the graph."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from minigrad import dtypes, tensors
from minigrad.errors import describe, message, no_memory
from minigrad.graph import record, wrap
from minigrad.ops.operands import Operand, Tensor, Value, unwrap
from minigrad.writes import share_stamp


def cast(x: Operand, dtype: Any) -> Tensor:
    """Return ``x`` in another dtype; ``x`` itself where it has it already.

    Raises:
        TypeError: if ``dtype`` is none that minigrad has.
    """
    x_data = unwrap(cast, x)
    if x_data.dtype is dtype:
        return x  # type: ignore[return-value]
    wanted = dtypes.as_dtype("cast", dtype)
    if x_data.dtype == wanted:
        return x  # type: ignore[return-value]
    try:
        output = x_data.astype(wanted)
    except MemoryError as error:
        raise no_memory("cast", error, x) from None
    return record(cast, cast_vjp if wanted.kind == "f" else None, output, (x, dtype))


def cast_vjp(grad_output: Value) -> Value:
    """``grad_x = grad_output`` (the engine casts to the dtype of x)."""
    return grad_output


def to(
    x: Tensor,
    *target: Any,
    dtype: Any = None,
    device: Any = None,
    non_blocking: builtins.bool = False,
    copy: builtins.bool = False,
) -> Tensor:
    """Return ``x`` in the dtype of the target.

    Args:
        x: any shape.
        target: a dtype, a tensor whose dtype is taken, or the device ``"cpu"``.
        dtype: the dtype, by name.
        device: ``"cpu"`` or None.
        non_blocking: of no effect: there is no other device to wait for.
        copy: return a copy also where nothing changes.

    Raises:
        TypeError: if another device or an unknown dtype is asked for.
    """
    for each in target:
        if isinstance(each, tensors.Tensor):
            dtype = each.dtype
        elif isinstance(each, str) and not is_dtype_name(each):
            device = each
        else:
            dtype = each
    if device is not None and str(device) != "cpu":
        refuse_device(device)
    converted = x if dtype is None else cast(x, dtypes.as_dtype("to", dtype))
    return clone(converted) if copy and converted is x else converted


def is_dtype_name(name: str) -> builtins.bool:
    """Return whether a string names a dtype, as ``"float64"`` does and ``"cuda"`` does not."""
    try:
        np.dtype(name)
    except TypeError:
        return False
    return True


def refuse_device(device: Any) -> None:
    """Raise the TypeError about devices."""
    raise TypeError(message("to", f"device {device!r} is not available: minigrad runs on the CPU.", dtypes.LIMITS))


def cpu(x: Tensor) -> Tensor:
    """Return ``x`` itself: it is on the CPU already."""
    return x


def cuda(x: Tensor, device: Any = None) -> Tensor:
    """Raise: minigrad runs on the CPU."""
    refuse_device("cuda" if device is None else device)
    return x


def float(x: Tensor) -> Tensor:
    """Return ``x`` as float32."""
    return cast(x, dtypes.float32)


def double(x: Tensor) -> Tensor:
    """Return ``x`` as float64."""
    return cast(x, dtypes.float64)


def int(x: Tensor) -> Tensor:
    """Return ``x`` as int32, rounded towards zero."""
    return cast(x, dtypes.int32)


def long(x: Tensor) -> Tensor:
    """Return ``x`` as int64, rounded towards zero."""
    return cast(x, dtypes.int64)


def bool(x: Tensor) -> Tensor:
    """Return where ``x`` is not zero."""
    return cast(x, dtypes.bool_)


def half(x: Tensor) -> Tensor:
    """Raise: minigrad has no half precision."""
    return cast(x, np.float16)


def type_as(x: Tensor, y: Tensor) -> Tensor:
    """Return ``x`` in the dtype of ``y``."""
    return cast(x, unwrap(type_as, y).dtype)


def type(x: Tensor, dtype: Any = None) -> Any:
    """Return ``x`` in another dtype, or without one the name of its type.

    Args:
        x: any shape.
        dtype: a dtype, or one of PyTorch's names, such as ``"torch.FloatTensor"``.

    Examples:
        >>> import minigrad as mg
        >>> mg.zeros(2).type(), mg.zeros(2).type("torch.LongTensor").dtype
        ('minigrad.FloatTensor', dtype('int64'))
    """
    if dtype is None:
        return "minigrad." + TYPE_NAMES[unwrap(type, x).dtype]
    for known, name in TYPE_NAMES.items():
        if isinstance(dtype, str) and dtype.rpartition(".")[2] == name:
            dtype = known
    return cast(x, dtype)


#: What PyTorch calls the tensors of each dtype.
TYPE_NAMES = {
    dtypes.float32: "FloatTensor",
    dtypes.float64: "DoubleTensor",
    dtypes.int8: "CharTensor",
    dtypes.int16: "ShortTensor",
    dtypes.int32: "IntTensor",
    dtypes.int64: "LongTensor",
    dtypes.uint8: "ByteTensor",
    dtypes.bool_: "BoolTensor",
}


def clone(x: Operand) -> Tensor:
    """Return a copy of ``x`` in memory of its own, through which gradients flow."""
    x_data = unwrap(clone, x)
    try:
        output = x_data.copy()
    except MemoryError as error:
        raise no_memory("clone", error, x) from None
    return record(clone, clone_vjp, output, (x,))


def clone_vjp(grad_output: Value) -> Value:
    """``grad_x = grad_output``."""
    return grad_output


def contiguous(x: Operand) -> Tensor:
    """Return ``x`` itself if its memory is in row-major order, else a copy that is."""
    x_data = unwrap(contiguous, x)
    if x_data.flags.c_contiguous:
        return x  # type: ignore[return-value]
    try:
        output = np.array(x_data, order="C")
    except MemoryError as error:
        raise no_memory("contiguous", error, x) from None
    return record(contiguous, clone_vjp, output, (x,))


def detach(x: Tensor) -> Tensor:
    """Return a tensor of the same memory that is not part of the graph: no gradient passes.

    A write to one is a write to both, and the engine notices where it would make a gradient wrong.
    """
    if not isinstance(x, tensors.Tensor):
        raise TypeError(
            message(
                "detach",
                f"a Tensor is needed, got {describe(x)}.",
                "An array or number is in no graph; use it as it is.",
            )
        )
    twin = wrap(x._data)
    share_stamp(twin, x._stamp)
    twin.name = x.name
    return twin


class ConversionMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    to = to
    cpu = cpu
    cuda = cuda
    float = float
    double = double
    half = half
    int = int
    long = long
    bool = bool
    type = type
    type_as = type_as
    clone = clone
    contiguous = contiguous
    detach = detach
