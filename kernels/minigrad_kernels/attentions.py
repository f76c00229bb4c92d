"""Public scaled dot-product attention and its gradients: checks, allocates, calls `attention_loops.py`.

Any layout is accepted; what has no contiguous axis among its last two is copied first. Compared with exact arithmetic a
weight is off, relatively, by (S/2 + d + 5)·eps as in `softmax_rows`, plus the error of its score, which is at most
(E + 2)·eps·scale·Σ|q·k|; a result adds (S + 1)·eps·Σ|w·v|.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad_kernels.attention_loops import attend_backward, attend_forward, rows_at_once
from minigrad_kernels.entries import entry
from minigrad_kernels.jit import runs_python
from minigrad_kernels.product_calls import product_address
from minigrad_kernels.signatures import contiguous, strided
from minigrad_kernels.stored_arrays import stored

_FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
_ndarray, _empty = np.ndarray, np.empty
# For each loop and dtype that has been used: the compiled kernel, the product's address, and what stands for no array.
_Ready = tuple[Callable[..., bool], int, np.ndarray, np.ndarray]
_entries: dict[tuple[Callable[..., Any], np.dtype], _Ready] = {}


def attention(
    q: np.ndarray,
    k: np.ndarray,
    v: np.ndarray,
    mask: np.ndarray | None = None,
    factors: np.ndarray | None = None,
    scale: float = 1.0,
    causal: bool = False,
    keep: bool = True,
) -> tuple[np.ndarray, np.ndarray | None]:
    """Compute softmax(scale·q @ kᵀ + mask) @ v for each head of each batch entry.

    Args:
        q: Shape (N, H, L, E), float32 or float64, any strides, also 0, as of all that follow.
        k: Shape (N, H, S, E), of q's dtype.
        v: Shape (N, H, S, D), of q's dtype.
        mask: Shape (N, H, L, S), of q's dtype, is added to the scores; −inf hides a key from a query.
        factors: Shape (N·H, L, S), of q's dtype, multiplies the weights: 0 or 1/(1 − p) drops some.
        scale: What the scores are multiplied by, usually 1/√E.
        causal: Whether query i sees keys 0 … i only.
        keep: Whether the weights are returned, for the gradients.

    Returns:
        Shape (N, H, L, D), contiguous; and the weights before `factors`, shape (N·H, L, S), or None.
        Where all scores of a row are −inf, or there are no keys, the weights and the result are 0.

    Raises:
        TypeError: An argument is no array of a fitting dtype.
        ValueError: The shapes do not fit.

    Example:
        >>> q, k, v = np.zeros((1, 1, 1, 2)), np.ones((1, 1, 2, 2)), np.array([[[[1.0], [3.0]]]])
        >>> attention(q, k, v)
        (array([[[[2.]]]]), array([[[0.5, 0.5]]]))
    """
    if mask is not None or factors is not None or not _fit(q, k, v):
        _check("attention", {"q": q, "k": k, "v": v}, mask, factors)
    batches, heads, queries, _ = q.shape
    keys, width, dtype = v.shape[2], v.shape[3], q.dtype
    call, product, nothing, no_factors = _ready(attend_forward, dtype)
    rows = rows_at_once(queries, keys * dtype.itemsize)
    weights = _empty((batches * heads, queries, keys) if keep else (1, rows, keys), dtype)
    out = _empty((batches, heads, queries, width), dtype)
    if mask is None:
        mask = nothing
    elif not (mask.strides[-1] == dtype.itemsize or keys <= 1) or not mask.flags.aligned:
        mask = np.array(mask, order="C")
    factors = no_factors if factors is None else stored(factors)
    # Of queries that are done block by block, the last one may be a single row, which must be contiguous itself.
    q = _readable(q) if rows == queries or q.strides[-1] == dtype.itemsize else np.array(q, order="C")
    _finish(call(q, _readable(k), _readable(v), mask, factors, weights, out, scale, int(causal), product))
    return out, (weights if keep else None)


def attention_backward(
    grad: np.ndarray,
    q: np.ndarray,
    k: np.ndarray,
    v: np.ndarray,
    weights: np.ndarray,
    factors: np.ndarray | None = None,
    scale: float = 1.0,
    mask: bool = False,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]:
    """Compute the gradients of `attention`.

    Args:
        grad: Gradient with respect to the result, shape (N, H, L, D), of q's dtype.
        q: What `attention` was given, as are the next two.
        k: Shape (N, H, S, E).
        v: Shape (N, H, S, D).
        weights: What it returned.
        factors: What it was given.
        scale: Likewise.
        mask: Whether the mask's gradient is needed.

    Returns:
        The gradients of q, k and v, of their shapes, and of the mask, shape (N, H, L, S), or None.

    Raises:
        TypeError: An argument is no array of a fitting dtype.
        ValueError: The shapes do not fit.
    """
    if factors is not None or not _fit(q, k, v) or not _answer(q, v, grad, weights):
        _check("attention_backward", {"q": q, "k": k, "v": v, "grad": grad, "weights": weights}, None, factors)
    batches, heads, queries, _ = q.shape
    keys, dtype = v.shape[2], q.dtype
    call, product, _, no_factors = _ready(attend_backward, dtype)
    grads = _empty(q.shape, dtype), _empty(k.shape, dtype), _empty(v.shape, dtype)
    slopes = _empty((batches * heads if mask else 1, queries, keys), dtype)
    factors = no_factors if factors is None else stored(factors)
    operands = (_readable(grad), _readable(q), _readable(k), _readable(v), factors, stored(weights))
    _finish(call(*operands, *grads, slopes, scale, product))
    return *grads, (slopes.reshape(batches, heads, queries, keys) if mask else None)


def _ready(loop: Callable[..., Any], dtype: np.dtype) -> _Ready:
    """Return what a loop is called with for a dtype."""
    ready = None if runs_python() else _entries.get((loop, dtype))
    if ready is None:
        four, three = strided(dtype, 4), contiguous(dtype, 3)
        if loop is attend_forward:
            call = entry(loop, four, four, four, four, three, three, contiguous(dtype, 4), float, int, int)
        else:
            grads = (contiguous(dtype, 4),) * 3
            call = entry(loop, four, four, four, four, three, three, *grads, three, float, int)
        ready = call, product_address(dtype), np.empty((0, 0, 0, 0), dtype), np.empty((0, 0, 0), dtype)
        if not runs_python():
            _entries[loop, dtype] = ready
    return ready


def _finish(done: bool) -> None:
    """Raise if a kernel could not finish: its operands can all be read, so it was for want of memory."""
    if not done:
        raise MemoryError("attention: there was no memory for the blocks of a matrix product; use smaller batches")


def _readable(x: np.ndarray) -> np.ndarray:
    """Return an array whose matrices the product can read where they are: one of the last two axes is contiguous."""
    _, _, rows, columns = x.shape
    _, _, row_step, column_step = x.strides
    # A single row or column must be contiguous itself.
    fits = (column_step == x.itemsize and columns > 1) or (row_step == x.itemsize and rows > 1) or rows * columns == 1
    return x if fits and x.flags.aligned else np.array(x, order="C")


def _fit(q: Any, k: Any, v: Any) -> bool:
    """Return whether three operands fit, in a third of the time that `_check` takes to say what does not."""
    if type(q) is not _ndarray or type(k) is not _ndarray or type(v) is not _ndarray:
        return False
    dtype = q.dtype
    if k.dtype is not dtype or v.dtype is not dtype or dtype not in _FLOATS or not q.ndim == k.ndim == v.ndim == 4:
        return False
    n, h, _, e = q.shape
    k_n, k_h, s, k_e = k.shape
    v_n, v_h, v_s, _ = v.shape
    return n == k_n == v_n and h == k_h == v_h and e == k_e and s == v_s


def _answer(q: np.ndarray, v: np.ndarray, grad: Any, weights: Any) -> bool:
    """Return whether a gradient and weights are those of operands that fit."""
    if type(grad) is not _ndarray or type(weights) is not _ndarray or not grad.dtype is weights.dtype is q.dtype:
        return False
    n, h, rows, _ = q.shape
    return grad.shape == (n, h, rows, v.shape[3]) and weights.shape == (n * h, rows, v.shape[2])


def _check(name: str, operands: dict[str, Any], mask: Any, factors: Any) -> None:
    """Raise unless the operands are floating arrays of one dtype, and their shapes fit."""
    arrays = operands
    if mask is not None:
        arrays["mask"] = mask
    if factors is not None:
        arrays["factors"] = factors
    q, k, v = operands["q"], operands["k"], operands["v"]
    for role, x in arrays.items():
        if type(x) is not _ndarray or x.dtype not in _FLOATS or x.dtype != q.dtype:
            came = f"{x.dtype}" if isinstance(x, np.ndarray) else type(x).__name__
            raise TypeError(
                f"{name}: needed arrays of one dtype, float32 or float64, came {role} of {came}; convert with .astype"
            )
    fits = q.ndim == k.ndim == v.ndim == 4 and q.shape[:2] == k.shape[:2] == v.shape[:2]
    fits = fits and q.shape[3] == k.shape[3] and k.shape[2] == v.shape[2]
    if fits:
        heads, rows, keys = q.shape[0] * q.shape[1], q.shape[2], k.shape[2]
        wanted = {
            "mask": (*q.shape[:3], keys),
            "factors": (heads, rows, keys),
            "weights": (heads, rows, keys),
            "grad": (*q.shape[:3], v.shape[3]),
        }
        for role, shape in wanted.items():
            fits = fits and (role not in arrays or arrays[role].shape == shape)
    if not fits:
        came = ", ".join(f"{role} {x.shape}" for role, x in arrays.items())
        raise ValueError(
            f"{name}: needed q (N, H, L, E), k (N, H, S, E), v (N, H, S, D), mask (N, H, L, S), factors and weights "
            f"(N·H, L, S), grad (N, H, L, D), came {came}; broadcast with np.broadcast_to"
        )
