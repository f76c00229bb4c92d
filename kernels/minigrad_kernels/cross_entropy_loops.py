"""The loops of softmax with cross-entropy of class labels, on the rows of contiguous matrices."""

from typing import Any

import numpy as np
from numba.extending import register_jitable

from minigrad_kernels.arrays import alike, axes, contiguous, flat, is_none, length, matrix
from minigrad_kernels.jit import object_kernel
from minigrad_kernels.new_arrays import (
    dropped,
    float_object,
    new_array,
    no_array,
    release_gil_for,
    result_for,
    take_gil,
    tuple_of,
)
from minigrad_kernels.scalar_functions import log_of
from minigrad_kernels.softmax_loops import exp_in_place, row_total, rows_in_block, shift_rows

MEAN, SUM, EACH = 0, 1, 2


@register_jitable
def are_labels(labels: np.ndarray, n: int, ignore_index: int) -> bool:
    """Whether each label is one of 0 … n − 1, or ignored."""
    bad = 0
    for i in range(labels.size):
        bad += (labels[i] < 0 or labels[i] >= n) and labels[i] != ignore_index
    return bad == 0


@register_jitable
def fit_together(scores: Any, labels: Any, label: Any, ignore_index: int) -> bool:
    """Whether they are a contiguous matrix and as many labels, of the dtype of `label`, as it has rows."""
    if axes(scores) != 2 or not contiguous(scores) or not alike(label, labels) or not contiguous(labels):
        return False
    if axes(labels) != 1 or length(labels, 0) != length(scores, 0):
        return False
    return are_labels(flat(labels), length(scores, 1), ignore_index)


@object_kernel
def cross_entropy_forward(logits: Any, labels: Any, label: Any, ignore_index: int, reduction: int, out: Any) -> Any:
    """Softmax with cross-entropy of class labels: log Σ exp(row) − row[label] of each row, 0 where ignored.

    Args:
        logits: An array, shape (rows, n). The other objects may be any.
        labels: Shape (rows,).
        label: An array of int64, any shape: what the labels must be like.
        ignore_index: The label of rows that do not count.
        reduction: MEAN over the rows that count, SUM, or EACH.
        out: Where to write the softmax of each row, ignored ones too; None for a new array.

    Returns:
        A tuple of the loss, shape () or with EACH (rows,), the array of the softmax, and what the sum of the losses was
        multiplied by: 1, or 1/rows that count, NaN if none does. None if the arrays do not fit or a label is bad.
    """
    if not fit_together(logits, labels, label, ignore_index):
        return no_array(logits)
    softmax = result_for(logits, out)
    losses = new_array(logits, 1, 0, 0, 0, 0)
    loss = new_array(logits, 0, 0, 0, 0, 0)
    if is_none(softmax) or is_none(losses) or is_none(loss):
        dropped(losses)
        dropped(loss)
        return dropped(softmax)
    thread = release_gil_for(logits)
    scores, classes, probabilities, each = matrix(logits), flat(labels), matrix(softmax), flat(losses)
    rows, n = scores.shape
    one = scores.dtype.type(1)
    step = rows_in_block(n)
    for first in range(0, rows if n > 0 else 0, step):
        block = probabilities[first : first + step]
        shift_rows(scores[first : first + step], block)
        for i in range(block.shape[0]):
            own = classes[first + i]
            each[first + i] = block[i, own] if own != ignore_index else one
        exp_in_place(block.reshape(block.size))
        for i in range(block.shape[0]):
            row_sum = row_total(block, i)
            each[first + i] = log_of(row_sum) - each[first + i]
            scale = one / row_sum
            for j in range(n):
                block[i, j] *= scale
    total, counted = sum_counted(each, classes, ignore_index)
    share = 1.0
    if reduction == MEAN:
        share = 1.0 / counted if counted > 0 else np.nan
    flat(loss)[0] = total * share
    take_gil(thread)
    if reduction == EACH:
        dropped(loss)
        return tuple_of(losses, softmax, float_object(logits, share))
    dropped(losses)
    return tuple_of(loss, softmax, float_object(logits, share))


@register_jitable
def sum_counted(losses: np.ndarray, labels: np.ndarray, ignore_index: int) -> tuple[float, int]:
    """Set the losses of ignored rows to 0; return the sum of all, made in float64, and the rows that count."""
    total, counted = 0.0, 0
    for i in range(losses.size):
        if labels[i] == ignore_index:
            losses[i] = 0
        else:
            counted += 1
        total += np.float64(losses[i])
    return total, counted


@object_kernel
def cross_entropy_backward(
    grad: Any, probabilities: Any, labels: Any, label: Any, ignore_index: int, share: float, out: Any
) -> Any:
    """Compute out = grad·share·(probabilities − one_hot(labels)) in each row, 0 in ignored ones.

    Args:
        grad: An array, shape (), or (rows,) contiguous. The other objects may be any.
        probabilities: Shape (rows, n), from `cross_entropy_forward`.
        labels: Shape (rows,), those that it was given.
        label: An array of int64, any shape: what the labels must be like.
        ignore_index: The label of rows that do not count.
        share: A factor of all, 1/rows that count in a mean.
        out: Where to write, or None for a new array.

    Returns:
        A new array or `out`; None, with nothing written, if the arrays do not fit or a label is bad.
    """
    if not alike(grad, probabilities) or not fit_together(probabilities, labels, label, ignore_index):
        return no_array(grad)
    if not contiguous(grad) or axes(grad) > 1 or (axes(grad) == 1 and length(grad, 0) != length(probabilities, 0)):
        return no_array(grad)
    slopes = result_for(probabilities, out)
    if is_none(slopes):
        return slopes
    thread = release_gil_for(probabilities)
    weights, classes, values, results = flat(grad), flat(labels), matrix(probabilities), matrix(slopes)
    each = 1 if axes(grad) == 1 else 0
    rows, n = values.shape
    as_dtype = values.dtype.type
    for i in range(rows):
        weight = as_dtype(weights[each * i] * share)
        if classes[i] == ignore_index:
            for j in range(n):
                results[i, j] = 0
        else:
            for j in range(n):
                results[i, j] = values[i, j] * weight
            results[i, classes[i]] -= weight
    take_gil(thread)
    return slopes
