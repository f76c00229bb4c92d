"""Public softmax with cross-entropy of class labels, and its gradient: check, allocate, call `softmax_loops.py`."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from minigrad_kernels.jit import compile_for, runs_python
from minigrad_kernels.softmax_loops import cross_entropy_backward, cross_entropy_forward

_FLOAT32 = np.dtype(np.float32)
_FLOAT64 = np.dtype(np.float64)
_INT64 = np.dtype(np.int64)
_ndarray, _empty = np.ndarray, np.empty
_REDUCTIONS = ("mean", "sum", "none")
# The compiled kernels for each dtype that has been met: a dispatcher takes 1 µs to look at eight arguments.
_forward: dict[np.dtype, Callable[..., int]] = {}
_backward: dict[np.dtype, Callable[..., int]] = {}


class CrossEntropy(NamedTuple):
    """What `cross_entropy_rows` returns.

    Attributes:
        loss: 0-d, or with reduction "none" shape (rows,), of the logits' dtype.
        probabilities: The softmax of the logits, shape (rows, n), for the gradient.
        share: What the sum of the losses was multiplied by: 1/rows that count in a mean (NaN if none does), else 1.
    """

    loss: np.ndarray
    probabilities: np.ndarray
    share: float


def cross_entropy_rows(
    logits: np.ndarray,
    labels: np.ndarray,
    ignore_index: int = -100,
    reduction: str = "mean",
    out: np.ndarray | None = None,
) -> CrossEntropy:
    """Compute −log softmax(row)[label] of each row, and reduce it.

    Args:
        logits: Shape (rows, n), float32 or float64, any layout (what is not C-contiguous is copied).
        labels: Shape (rows,), int64, from 0 to n − 1.
        ignore_index: The label of rows that do not count, whatever their logits.
        reduction: "mean" over the rows that count, "sum", or "none".
        out: Where to write the probabilities, C-contiguous, of the logits' shape and dtype; it must not overlap them.

    Returns:
        The loss, and what `cross_entropy_rows_backward` needs.

    Raises:
        TypeError: `logits` or `labels` is no array of a fitting dtype.
        ValueError: A shape does not fit, or `reduction` is unknown.
        IndexError: A label is neither in [0, n) nor `ignore_index`.

    Example:
        >>> cross_entropy_rows(np.zeros((2, 4)), np.array([0, 3])).loss
        array(1.38629436)
    """
    if not _is_ready(_forward, logits, labels):
        _check_labelled("cross_entropy_rows", "logits", logits, labels)
        logits, labels = _stored(logits), _stored(labels)
    if reduction not in _REDUCTIONS:
        raise ValueError(f"cross_entropy_rows: needed reduction 'mean', 'sum' or 'none', came {reduction!r}")
    rows, n = logits.shape
    dtype = logits.dtype
    if out is None:
        probabilities = _empty((rows, n), dtype)
    else:
        _check_out("cross_entropy_rows", out, logits)
        probabilities = out
    losses = _empty(rows, dtype)
    loss, share = _empty((), dtype), _empty(())
    arguments = (logits, labels, int(ignore_index), probabilities, losses, reduction == "mean", loss, share)
    bad = _entry(cross_entropy_forward, _forward, dtype, arguments)(*arguments)
    if bad >= 0:
        raise _bad_label("cross_entropy_rows", labels, bad, n, ignore_index)
    return CrossEntropy(losses if reduction == "none" else loss, probabilities, float(share))


def cross_entropy_rows_backward(
    grad: np.ndarray,
    probabilities: np.ndarray,
    labels: np.ndarray,
    ignore_index: int = -100,
    share: float = 1.0,
    out: np.ndarray | None = None,
) -> np.ndarray:
    """Compute grad·share·(probabilities − one_hot(labels)), 0 in the rows that do not count.

    Args:
        grad: Gradient with respect to the loss: 0-d, or shape (rows,) of reduction "none"; of the probabilities' dtype.
        probabilities: From `cross_entropy_rows`.
        labels: Those that it was given.
        ignore_index: Likewise.
        share: From `cross_entropy_rows`.
        out: Where to write, C-contiguous, of the probabilities' shape and dtype; it must not overlap them.

    Returns:
        The gradient with respect to the logits, shape (rows, n); `out` if given.

    Raises:
        TypeError: An argument is no array of a fitting dtype.
        ValueError: A shape does not fit, or `out` does not.
        IndexError: A label is neither in [0, n) nor `ignore_index`.
    """
    name = "cross_entropy_rows_backward"
    if not _is_ready(_backward, probabilities, labels):
        _check_labelled(name, "probabilities", probabilities, labels)
        probabilities, labels = _stored(probabilities), _stored(labels)
    rows = labels.size
    if not isinstance(grad, np.ndarray) or grad.dtype is not probabilities.dtype:
        came = grad.dtype if isinstance(grad, np.ndarray) else type(grad).__name__
        raise TypeError(f"{name}: needed grad as an array of {probabilities.dtype}, came {came}; convert it")
    if grad.shape not in ((), (rows,)):
        raise ValueError(f"{name}: needed grad of shape () or ({rows},), came {grad.shape}; one number a row, or one")
    if out is None:
        out = _empty(probabilities.shape, probabilities.dtype)
    else:
        _check_out(name, out, probabilities)
    arguments = (_stored(grad.reshape(-1)), probabilities, labels, int(ignore_index), float(share), out)
    bad = _entry(cross_entropy_backward, _backward, probabilities.dtype, arguments)(*arguments)
    if bad >= 0:
        raise _bad_label(name, labels, bad, out.shape[1], ignore_index)
    return out


def _entry(
    kernel: Callable[..., int], entries: dict[np.dtype, Callable[..., int]], dtype: np.dtype, arguments: tuple[Any, ...]
) -> Callable[..., int]:
    """Return what to call to run a kernel on arguments of these types, which the dtype decides."""
    if runs_python():
        return compile_for(kernel, arguments)
    call = entries.get(dtype)
    if call is None:
        call = entries[dtype] = compile_for(kernel, arguments)
    return call


def _is_ready(entries: dict[np.dtype, Callable[..., int]], matrix: Any, labels: Any) -> bool:
    """Return whether a matrix and its labels can be given as they are to a kernel that has been compiled."""
    return (
        type(matrix) is _ndarray is type(labels)
        and matrix.dtype in entries
        and labels.dtype is _INT64
        and matrix.ndim == 2
        and labels.shape == matrix.shape[:1]
        and matrix.flags.carray
        and labels.flags.carray
    )


def _stored(x: np.ndarray) -> np.ndarray:
    """Return a C-contiguous, aligned, writeable array: Numba would compile the loop again for any other."""
    return x if x.flags.carray else np.array(x, order="C")


def _bad_label(name: str, labels: np.ndarray, position: int, n: int, ignore_index: int) -> IndexError:
    """Return the error about a label that is none of the n classes."""
    return IndexError(
        f"{name}: needed labels from 0 to {n - 1} or ignore_index={ignore_index}, came {labels[position]} at position "
        f"{position}; labels that count from 1 need labels - 1"
    )


def _check_out(name: str, out: Any, matrix: np.ndarray) -> None:
    """Raise unless a kernel can write to `out` what it computes of a matrix."""
    if not isinstance(out, np.ndarray) or out.dtype != matrix.dtype:
        came = out.dtype if isinstance(out, np.ndarray) else type(out).__name__
        raise TypeError(f"{name}: needed out as an array of {matrix.dtype}, came {came}; pass np.empty_like")
    if out.shape != matrix.shape or not out.flags.carray or np.may_share_memory(out, matrix):
        raise ValueError(
            f"{name}: needed out of shape {matrix.shape}, contiguous, writeable and apart from the operand, came shape "
            f"{out.shape}, strides {out.strides}; pass np.empty_like"
        )


def _check_labelled(name: str, role: str, matrix: Any, labels: Any) -> None:
    """Raise unless they are a floating matrix (rows, n) and int64 labels (rows,)."""
    if type(matrix) is not np.ndarray or (matrix.dtype is not _FLOAT32 and matrix.dtype is not _FLOAT64):
        came = f"dtype {matrix.dtype}" if isinstance(matrix, np.ndarray) else type(matrix).__name__
        raise TypeError(f"{name}: needed {role} as an array of float32 or float64, came {came}; use x.astype(float)")
    # int64 has two dtype objects on some platforms; `is` is what the common one costs least.
    if type(labels) is not np.ndarray or (labels.dtype is not _INT64 and labels.dtype != _INT64):
        came = f"dtype {labels.dtype}" if isinstance(labels, np.ndarray) else type(labels).__name__
        raise TypeError(f"{name}: needed labels as an array of int64, came {came}; use labels.astype(np.int64)")
    if matrix.ndim != 2 or labels.shape != matrix.shape[:1]:
        raise ValueError(
            f"{name}: needed {role} of shape (rows, n) and labels of shape (rows,), came {matrix.shape} and "
            f"{labels.shape}; move the classes to the last axis and flatten the others"
        )
