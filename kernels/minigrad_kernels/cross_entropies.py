"""Public softmax with cross-entropy of class labels, and its gradient: check, and call `cross_entropy_loops.py`."""

from typing import Any, NamedTuple

import numpy as np

from minigrad_kernels.cross_entropy_loops import EACH, MEAN, SUM, cross_entropy_backward, cross_entropy_forward
from minigrad_kernels.entries import Entries
from minigrad_kernels.jit import runs_python
from minigrad_kernels.stored_arrays import readable

_FLOAT32 = np.dtype(np.float32)
_FLOAT64 = np.dtype(np.float64)
_INT64 = np.dtype(np.int64)
_ndarray, _new_tuple = np.ndarray, tuple.__new__
_REDUCTIONS = {"mean": MEAN, "sum": SUM, "none": EACH}
# What the labels must be like.
_LABEL = np.zeros((), np.int64)
_FORWARD = Entries(cross_entropy_forward, _ndarray, _INT64, _INT64, int, int, _ndarray)
_BACKWARD = Entries(cross_entropy_backward, _ndarray, _ndarray, _INT64, _INT64, int, float, _ndarray)


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
    kind = _REDUCTIONS.get(reduction)
    # At 10 elements Python's checks would take longer than the loop, which therefore makes them itself.
    if type(logits) is _ndarray and kind is not None and not runs_python():
        call = _FORWARD.get(logits.dtype)
        if call is not None:
            result = call(logits, labels, _LABEL, ignore_index, kind, out)
            if result is not None:
                return _new_tuple(CrossEntropy, result)
    return _checked_forward(logits, labels, ignore_index, reduction, out)


def _checked_forward(
    logits: np.ndarray, labels: np.ndarray, ignore_index: int, reduction: str, out: np.ndarray | None
) -> CrossEntropy:
    """`cross_entropy_rows` for whatever comes: any layout, and what must be refused."""
    name = "cross_entropy_rows"
    _check_labelled(name, "logits", logits, labels)
    if reduction not in _REDUCTIONS:
        raise ValueError(f"{name}: needed reduction 'mean', 'sum' or 'none', came {reduction!r}")
    if out is not None:
        _check_out(name, out, logits)
    stored, classes = readable(logits), readable(labels).view(_INT64)
    call = _FORWARD.entry(logits.dtype)
    result = call(stored, classes, _LABEL, int(ignore_index), _REDUCTIONS[reduction], out)
    if result is None:
        raise _failure(name, labels, logits.shape[1], ignore_index)
    return CrossEntropy(*result)


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
    if type(grad) is _ndarray and not runs_python():
        call = _BACKWARD.get(grad.dtype)
        if call is not None:
            result = call(grad, probabilities, labels, _LABEL, ignore_index, share, out)
            if result is not None:
                return result
    return _checked_backward(grad, probabilities, labels, ignore_index, share, out)


def _checked_backward(
    grad: np.ndarray,
    probabilities: np.ndarray,
    labels: np.ndarray,
    ignore_index: int,
    share: float,
    out: np.ndarray | None,
) -> np.ndarray:
    """`cross_entropy_rows_backward` for whatever comes."""
    name = "cross_entropy_rows_backward"
    _check_labelled(name, "probabilities", probabilities, labels)
    rows = labels.size
    if not isinstance(grad, np.ndarray) or grad.dtype is not probabilities.dtype:
        came = grad.dtype if isinstance(grad, np.ndarray) else type(grad).__name__
        raise TypeError(f"{name}: needed grad as an array of {probabilities.dtype}, came {came}; convert it")
    if grad.shape not in ((), (rows,)):
        raise ValueError(f"{name}: needed grad of shape () or ({rows},), came {grad.shape}; one number a row, or one")
    if out is not None:
        _check_out(name, out, probabilities)
    operands = readable(np.asarray(grad)), readable(probabilities), readable(labels).view(_INT64)
    call = _BACKWARD.entry(probabilities.dtype)
    result = call(*operands, _LABEL, int(ignore_index), float(share), out)
    if result is None:
        raise _failure(name, labels, probabilities.shape[1], ignore_index)
    return result


def _failure(name: str, labels: np.ndarray, n: int, ignore_index: int) -> Exception:
    """Return the error about the first label that is none of the n classes, or, if all are, about memory."""
    bad = np.flatnonzero(((labels < 0) | (labels >= n)) & (labels != ignore_index))
    if bad.size == 0:
        return MemoryError(f"{name}: needed memory for the result of {len(labels)} rows of {n} numbers")
    return IndexError(
        f"{name}: needed labels from 0 to {n - 1} or ignore_index={ignore_index}, came {labels[bad[0]]} at position "
        f"{bad[0]}; labels that count from 1 need labels - 1"
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
