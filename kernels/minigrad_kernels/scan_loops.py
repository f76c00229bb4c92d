"""The loops of running sums and products and of linear recurrences along the middle axis of arrays (outer, n, inner).

What runs along is kept in float64, so that a float32 result is off by n roundings of float64 and one of its own. Where
`inner` is 1 a number waits for the one before it, 4 cycles; otherwise the numbers beside each other are independent,
and a row of them is one vector loop.
"""

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.jit import kernel


@register_jitable
def run_along(x: np.ndarray, multiply: bool, first: int, step: int, out: np.ndarray) -> None:
    """Compute out = the sums, or products, of the first k numbers of x, shape (n,), from `first` on by steps of ±1."""
    k = first
    if multiply:
        product = 1.0
        for _ in range(x.size):
            product *= np.float64(x[k])
            out[k] = product
            k += step
    else:
        total = 0.0
        for _ in range(x.size):
            total += np.float64(x[k])
            out[k] = total
            k += step


@kernel
def running_total(x: np.ndarray, multiply: bool, backwards: bool, out: np.ndarray) -> None:
    """Compute out = the running sums, or products, along the middle axis, shapes (outer, n, inner).

    They run from the end of the axis if `backwards`.
    """
    outer, n, inner = x.shape
    first, step = (n - 1, -1) if backwards else (0, 1)
    if inner == 1:
        for i in range(outer):
            run_along(x[i].reshape(n), multiply, first, step, out[i].reshape(n))
        return
    total = np.empty(inner)
    for i in range(outer):
        total[:] = 1 if multiply else 0
        k = first
        for _ in range(n):
            row, target = x[i][k], out[i][k]
            if multiply:
                for j in range(inner):
                    total[j] *= row[j]
                    target[j] = total[j]
            else:
                for j in range(inner):
                    total[j] += row[j]
                    target[j] = total[j]
            k += step


@register_jitable
def follow(a: np.ndarray, b: np.ndarray, backwards: bool, out: np.ndarray) -> None:
    """Compute the recurrence of `recurrence` for one line, shapes (n,)."""
    last = 0.0
    if backwards:
        factor = 0.0
        for k in range(b.size - 1, -1, -1):
            last = b[k] + factor * last if k < b.size - 1 else np.float64(b[k])
            factor = np.float64(a[k])
            out[k] = last
        return
    for k in range(b.size):
        last = b[k] + a[k] * last if k > 0 else np.float64(b[k])
        out[k] = last


@kernel
def recurrence(a: np.ndarray, b: np.ndarray, backwards: bool, out: np.ndarray) -> None:
    """Compute out[k] = b[k] + a[k]·out[k − 1] along the middle axis, shapes (outer, n, inner), with out[0] = b[0].

    Backwards its adjoint: out[k] = b[k] + a[k + 1]·out[k + 1], from out[n − 1] = b[n − 1] on.
    """
    outer, n, inner = b.shape
    if inner == 1:
        for i in range(outer):
            follow(a[i].reshape(n), b[i].reshape(n), backwards, out[i].reshape(n))
        return
    last = np.empty(inner)
    for i in range(outer):
        for step in range(n):
            k = n - 1 - step if backwards else step
            row, target = b[i][k], out[i][k]
            if step == 0:
                for j in range(inner):
                    last[j] = row[j]
            else:
                factor = a[i][k + 1 if backwards else k]
                for j in range(inner):
                    last[j] = row[j] + factor[j] * last[j]
            for j in range(inner):
                target[j] = last[j]
