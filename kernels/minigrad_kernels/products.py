"""The public matrix product: calls a kernel, and copies, converts or refuses what that cannot read."""

import math
from collections.abc import Callable

import numpy as np

from minigrad_kernels.entries import entry
from minigrad_kernels.integers import multiply_integers
from minigrad_kernels.jit import run, runs_python
from minigrad_kernels.object_products import multiply
from minigrad_kernels.product_calls import product_address
from minigrad_kernels.threads import MIN_SHARED_WORK, get_num_threads, share

_FLOAT32 = np.dtype(np.float32)
_FLOAT64 = np.dtype(np.float64)
_INT64 = np.dtype(np.int64)
_ndarray = np.ndarray
# What the kernel may do alone, where the number of threads does not matter, and where it does.
_MOST_WORK, _ANY_WORK = MIN_SHARED_WORK - 1, 2**62
# For each dtype that has been multiplied the compiled kernel, and the address of the product that it calls.
_products: dict[np.dtype, tuple[Callable[..., np.ndarray | None], int]] = {}


def matmul(a: np.ndarray, b: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Multiply matrices as `numpy.matmul` does: vectors, stacks that broadcast, any strides, empty axes.

    float32 and float64 are multiplied as they are; integers wrap around; booleans give "or" of "and"; operands of two
    dtypes are converted to `numpy.result_type`. Matrices with contiguous numbers along one axis, as transposed ones,
    are read where they are; others are copied first.

    Args:
        a: Shape (..., m, k) or (k,).
        b: Shape (..., k, n) or (k,).
        out: Where to write, of the result's shape and dtype; it may overlap the operands.

    Returns:
        Shape (..., m, n), without m if `a` and without n if `b` is a vector (two vectors: a 0-d array). `out` if given.

    Raises:
        TypeError: An operand or `out` is no array, or of a dtype that does not fit.
        ValueError: An operand is 0-d, the shapes do not fit together, or `out` does not fit.

    Example:
        >>> import numpy as np
        >>> matmul(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([10.0, 1.0]))
        array([12., 34.])
    """
    # The kernel makes the checks too, in a hundredth of the time, and returns None for what is not its business.
    if type(a) is _ndarray and not runs_python():
        ready = _products.get(a.dtype)
        if ready is not None:
            call, product = ready
            result = call(a, b, out, _MOST_WORK, product)
            if result is None:
                result = _multiply_large(a, b, out)
            if result is not None:
                return result
    return _checked_matmul(a, b, out)


def _multiply_large(a: np.ndarray, b: np.ndarray, out: np.ndarray | None) -> np.ndarray | None:
    """Multiply matrices that are too large for the kernel alone if there are threads; None if that is not the case."""
    if get_num_threads() == 1:
        call, product = _products[a.dtype]
        return call(a, b, out, _ANY_WORK, product)
    if type(b) is not _ndarray or a.dtype is not b.dtype or a.ndim != 2 or b.ndim != 2:
        return None
    shape = len(a), b.shape[1]
    if shape[0] * shape[1] * len(b) < MIN_SHARED_WORK:
        return None
    if out is None:
        out = np.empty(shape, a.dtype)
    elif not _can_fill(out, shape, a, b):
        return None
    return out if share(_multiply_into, a, b, out) else None


def _can_fill(out: np.ndarray, shape: tuple[int, ...], a: np.ndarray, b: np.ndarray) -> bool:
    """Return whether the product can be written to `out` as it is: C-contiguous, and apart from the operands."""
    if type(out) is not _ndarray or out.dtype is not a.dtype or out.shape != shape:
        return False
    return out.flags.carray and not np.may_share_memory(out, a) and not np.may_share_memory(out, b)


def _checked_matmul(a: np.ndarray, b: np.ndarray, out: np.ndarray | None) -> np.ndarray:
    """`matmul` for whatever comes: vectors, stacks, other dtypes, an `out`, and what must be refused."""
    dtype, kernel_dtype = _result_dtypes(a, b)
    shape = _result_shape(a, b)
    if out is not None:
        _check_out(out, shape, dtype)
    # Vectors become matrices of one row and one column.
    left = np.asarray(a if a.ndim > 1 else a[None, :], dtype=kernel_dtype)
    right = np.asarray(b if b.ndim > 1 else b[:, None], dtype=kernel_dtype)
    result = _multiply_stacks(left, right)
    if result.shape != shape:
        result = result.reshape(shape)
    # Integers are multiplied as int64, whose wrapping sums have the right lower bits for every narrower type.
    if dtype is not kernel_dtype:
        result = np.not_equal(result, 0) if dtype == np.bool_ else result.astype(dtype)
    if out is None:
        return result
    out[...] = result
    return out


def _multiply_stacks(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Multiply arrays of two or more axes and one dtype; returns a new array, shape (..., m, n)."""
    m, k = a.shape[-2:]
    n = b.shape[-1]
    batch_shape = _broadcast(a.shape[:-2], b.shape[:-2])
    result = np.empty(batch_shape + (m, n), a.dtype)
    if a.size == 0 or b.size == 0:
        result[...] = 0
        return result
    if m == 0 or n == 0:
        return result
    if a.dtype == _INT64:
        left, right = np.array(_as_stack(a, batch_shape), order="C"), np.array(_as_stack(b, batch_shape), order="C")
        run(multiply_integers)(left, right, result.reshape(-1, m, n))
    elif not batch_shape:
        _fill_product(a, b, result)
    elif math.prod(b.shape[:-2]) == 1 and a.flags.c_contiguous:
        # One right operand for the whole stack: its matrices, one below the other, are one tall matrix.
        _fill_product(a.reshape(-1, k), b.reshape(k, n), result.reshape(-1, n))
    else:
        _fill_product(_as_stack(a, batch_shape), _as_stack(b, batch_shape), result.reshape(-1, m, n))
    return result


def _fill_product(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """Fill `out` with a @ b, for matrices, or stacks with one batch axis, of one dtype with any strides.

    `out` is C-contiguous and shares no memory with the operands.
    """
    if share(_multiply_into, a, b, out) if a.ndim == 2 and not runs_python() else _multiply_into(a, b, out):
        return
    if not _multiply_into(np.array(a, order="C"), np.array(b, order="C"), out):
        raise MemoryError(f"matmul: needed memory to pack in, {_came(a, b)}; multiply parts of them")


def _multiply_into(a: np.ndarray, b: np.ndarray, out: np.ndarray) -> bool:
    """Fill `out` with a @ b if the kernel can read the operands as they are; returns whether."""
    if runs_python() or not hasattr(multiply, "py_func"):
        return run(multiply)(a, b, out, _ANY_WORK, 0) is not None
    if a.dtype not in _products:
        _products[a.dtype] = entry(multiply, *(a.dtype,) * 3, int, int), product_address(a.dtype)
    call, product = _products[a.dtype]
    return call(a, b, out, _ANY_WORK, product) is not None


def _broadcast(a_batch: tuple[int, ...], b_batch: tuple[int, ...]) -> tuple[int, ...]:
    """The batch axes of the result; NumPy's function takes 1.5 µs, even for equal ones."""
    if a_batch == b_batch or not b_batch:
        return a_batch
    return np.broadcast_shapes(a_batch, b_batch) if a_batch else b_batch


def _as_stack(x: np.ndarray, batch_shape: tuple[int, ...]) -> np.ndarray:
    """Return `x` with one batch axis, of length 1 if all products share the matrix."""
    if math.prod(x.shape[:-2]) != 1:
        x = np.broadcast_to(x, batch_shape + x.shape[-2:]) if x.shape[:-2] != batch_shape else x
    return x.reshape((-1,) + x.shape[-2:])


def _result_dtypes(a: np.ndarray, b: np.ndarray) -> tuple[np.dtype, np.dtype]:
    """Return the result's dtype and the one to multiply in; raises for what is no array of numbers."""
    for name, x in (("a", a), ("b", b)):
        if not isinstance(x, np.ndarray):
            raise TypeError(f"matmul: needed NumPy arrays, came {type(x).__name__} for {name}; pass np.asarray({name})")
    dtype = a.dtype
    if dtype is b.dtype and dtype in _products:
        return dtype, dtype
    dtype = np.result_type(dtype, b.dtype)
    if dtype.kind in "biu":
        return dtype, _INT64
    if dtype.kind == "f" and dtype.itemsize in (4, 8):
        return dtype, _FLOAT32 if dtype.itemsize == 4 else _FLOAT64
    raise TypeError(
        f"matmul: needed float32, float64, integers or booleans, came {a.dtype} of shape {a.shape} and {b.dtype} of "
        f"shape {b.shape}; convert them with .astype(np.float32)"
    )


def _result_shape(a: np.ndarray, b: np.ndarray) -> tuple[int, ...]:
    """Return the product's shape; raises if there is none."""
    if a.ndim == 0 or b.ndim == 0:
        raise ValueError(
            f"matmul: needed operands with at least one axis, {_came(a, b)}; use * for a product with a scalar"
        )
    needed = b.shape[-2] if b.ndim > 1 else b.shape[0]
    if a.shape[-1] != needed:
        remedy = "reshape one of them"
        if b.ndim > 1 and a.shape[-1] == b.shape[-1]:
            remedy = "did you mean a @ b.mT?"
        elif a.ndim > 1 and a.shape[-2] == needed:
            remedy = "did you mean a.mT @ b?"
        raise ValueError(
            f"matmul: needed a's last axis ({a.shape[-1]}) as long as b's {'second-last' if b.ndim > 1 else 'only'} "
            f"axis ({needed}), {_came(a, b)}; {remedy}"
        )
    try:
        batch_shape = _broadcast(a.shape[:-2], b.shape[:-2])
    except ValueError:
        raise ValueError(
            f"matmul: needed batch axes that broadcast, {_came(a, b)}: {a.shape[:-2]} and {b.shape[:-2]} do not; "
            "make each pair of lengths equal, or one of them 1"
        ) from None
    return batch_shape + a.shape[-2:-1] + (b.shape[-1:] if b.ndim > 1 else ())


def _came(a: np.ndarray, b: np.ndarray) -> str:
    """The part of a message that says what the operands were."""
    return f"came a of shape {a.shape} and b of shape {b.shape}"


def _check_out(out: np.ndarray, shape: tuple[int, ...], dtype: np.dtype) -> None:
    """Raise unless the product can be written to `out`."""
    if not isinstance(out, np.ndarray) or out.dtype != dtype:
        came = out.dtype if isinstance(out, np.ndarray) else type(out).__name__
        raise TypeError(
            f"matmul: needed out as an array of dtype {dtype}, came {came}; pass np.empty({shape}, {dtype})"
        )
    if out.shape != shape or not out.flags.writeable:
        raise ValueError(
            f"matmul: needed a writeable out of shape {shape}, came shape {out.shape}, "
            f"writeable={out.flags.writeable}; pass np.empty({shape}, np.{dtype})"
        )
