"""What the losses of classes do first: check logits and labels, and bring them into rows of one sample each."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from minigrad.dtypes import int64
from minigrad.errors import describe, message, number_remedy
from minigrad.ops.loss_operands import refuse_grad, require_reduction
from minigrad.ops.operands import Op, ndarray, unwrap


class Labels(NamedTuple):
    """Class labels that were checked.

    Attributes:
        classes: int64, 0 where a label is ignored.
        factors: how much each sample counts: 1.0, or an array of the labels' shape.
        share: what the sum of what counts is multiplied by: 1 over the sum of factors in a mean, else 1.
        ignored: where a label is ignored; None where none is.
    """

    classes: ndarray
    factors: Any
    share: float
    ignored: ndarray | None


def class_axis(x: Any) -> int:
    """Return the axis of an input that runs over the classes."""
    return 1 if x.ndim > 1 else 0


def rows_of_classes(x: ndarray) -> ndarray:
    """Return logits of (N, C, d1, ...) or (C,) as a matrix (samples, C); a view of those of (N, C)."""
    return x if x.ndim == 2 else np.moveaxis(x, class_axis(x), -1).reshape(-1, x.shape[class_axis(x)])


def classes_in_place(rows: ndarray, shape: tuple[int, ...]) -> ndarray:
    """Return a matrix (samples, C) in the shape of the logits that its rows belong to."""
    if len(shape) < 3:
        return rows.reshape(shape)
    return np.moveaxis(rows.reshape((shape[0],) + shape[2:] + (shape[1],)), -1, 1)


def logits(op: Op, input: Any, target: Any, reduction: str) -> tuple[ndarray, ndarray]:
    """Return the arrays of an input with a class axis and of its target.

    Raises:
        TypeError: if the input is not floating; ValueError: if it has no classes, or ``reduction`` is unknown.
    """
    require_reduction(op.__name__, reduction)
    x_data, y_data = unwrap(op, input), unwrap(op, target)
    if x_data.dtype.kind != "f":
        raise TypeError(message(op.__name__, f"a floating input is needed, got {describe(input)}.", "Use x.float()."))
    if x_data.ndim == 0 or x_data.shape[class_axis(x_data)] == 0:
        raise ValueError(
            message(
                op.__name__,
                f"an input of (C,), (N, C) or (N, C, ...) is needed, got {describe(input)}.",
                "Give it one score for each class; binary_cross_entropy_with_logits takes single ones.",
            )
        )
    return x_data, y_data


def checked_labels(op: Op, input: Any, target: Any, weight: Any, ignore_index: int, reduction: str) -> Labels:
    """Return the labels of a target as int64 with what each counts.

    Raises:
        IndexError: if a label that is not ignored is not in [0, C).
        TypeError: if the labels or ``ignore_index`` are not integers; ValueError: if a shape does not fit.
    """
    require_label(op.__name__, ignore_index)
    x_data, classes = unwrap(op, input), unwrap(op, target)
    dim = class_axis(x_data)
    number = x_data.shape[dim]
    if classes.shape != x_data.shape[:dim] + x_data.shape[dim + 1 :] or classes.dtype.kind not in "iu":
        refuse_labels(op, input, target)
    classes = classes.astype(int64, copy=False)
    ignored = None
    # As unsigned numbers negative labels are huge, so one comparison finds both kinds of offenders.
    beyond = classes.size > 0 and np.maximum.reduce(classes.view(np.uint64), axis=None) >= number
    if beyond or 0 <= ignore_index < number:
        ignored = classes == ignore_index
        classes = np.where(ignored, 0, classes)
        refuse_outsiders(op, classes, number)
    factors: Any = 1.0
    if weight is not None:
        factors = class_weight(op, weight, x_data)[classes]
    if ignored is not None:
        factors = np.where(ignored, x_data.dtype.type(0), factors).astype(x_data.dtype, copy=False)
    share = 1.0
    if reduction == "mean":
        total = float(classes.size) if type(factors) is float else float(np.add.reduce(factors, axis=None))
        share = 1 / total if total else math.nan
    return Labels(classes, factors, share, ignored)


def weights_of(labels: Labels) -> Any:
    """Return how much each sample counts in a result: 0 for an ignored one, also where all are and a mean is NaN."""
    weights = labels.factors * labels.share
    return weights if labels.ignored is None else np.where(labels.ignored, weights.dtype.type(0), weights)


def weighted_total(losses: ndarray, labels: Labels, reduction: str) -> Any:
    """Return the losses of single samples weighted, and reduced."""
    if labels.ignored is not None:
        # Set, not multiplied by 0: an infinite loss that is ignored counts nothing.
        losses = np.where(labels.ignored, losses.dtype.type(0), losses)
    if type(labels.factors) is not float:
        losses = losses * labels.factors
    if reduction == "none":
        return losses
    total = np.add.reduce(losses, axis=None)
    return total if reduction == "sum" else total * labels.share


def require_label(who: str, ignore_index: Any) -> None:
    """Raise a TypeError unless the label to leave out is an integer."""
    if isinstance(ignore_index, bool) or not isinstance(ignore_index, (int, np.integer)):
        remedy = "-100, the default, leaves out no class."
        raise TypeError(message(who, f"ignore_index is an integer, got {describe(ignore_index)}.", remedy))


def require_share(who: str, label_smoothing: Any) -> None:
    """Raise unless the share of a target that is spread over the classes is a number in [0, 1].

    Raises:
        TypeError: if it is no number; ValueError: if it is not in [0, 1].
    """
    number = isinstance(label_smoothing, (int, float, np.integer, np.floating))
    if isinstance(label_smoothing, bool) or not number:
        raise TypeError(
            message(
                who,
                f"label_smoothing is a number in [0, 1], got {describe(label_smoothing)}.",
                number_remedy(label_smoothing),
            )
        )
    if not 0 <= label_smoothing <= 1:
        raise ValueError(
            message(
                who,
                f"label_smoothing is in [0, 1], got {label_smoothing}.",
                "It is the share of a target that is spread over all classes; 0 leaves them as they are.",
            )
        )


def class_weight(op: Op, weight: Any, x: ndarray) -> ndarray:
    """Return the weights of the classes in the dtype of the logits.

    Raises:
        ValueError: if there is not one for each class; RuntimeError: if they require grad.
    """
    refuse_grad(op, "weight", weight)
    w_data = unwrap(op, weight)
    number = x.shape[class_axis(x)]
    if w_data.shape != (number,):
        raise ValueError(
            message(
                op.__name__,
                f"weight needs one factor for each of the {number} classes, got {describe(weight)}.",
                "Weigh single samples with reduction='none': (losses * factors).mean().",
            )
        )
    return w_data.astype(x.dtype, copy=False)


def refuse_outsiders(op: Op, classes: ndarray, number: int) -> None:
    """Raise an IndexError if a label is none of the classes."""
    outside = (classes < 0) | (classes >= number)
    if not outside.any():
        return
    index = tuple([int(each) for each in np.unravel_index(np.argmax(outside), outside.shape)])
    where = f" at position {index if len(index) != 1 else index[0]}" if index else ""
    label = int(classes[index])
    raise IndexError(
        message(
            op.__name__,
            f"label {label}{where} is none of the {number} classes, which are 0 to {number - 1}.",
            "Labels that count from 1 need target - 1; labels to leave out are named by ignore_index.",
        )
    )


def refuse_labels(op: Op, input: Any, target: Any) -> None:
    """Raise the error about labels whose shape or dtype does not fit."""
    x_data, y_data = unwrap(op, input), unwrap(op, target)
    dim = class_axis(x_data)
    wanted = x_data.shape[:dim] + x_data.shape[dim + 1 :]
    if y_data.shape == wanted:
        raise TypeError(
            message(op.__name__, f"labels must be integers, got {describe(target)}.", "Convert them: target.long().")
        )
    if y_data.shape == x_data.shape and y_data.ndim and op.__name__ == "cross_entropy":
        remedy = "One-hot rows are probabilities and need floats: target.float(). Labels: target.argmax(1)."
    elif y_data.size == int(np.prod(wanted)):
        remedy = f"Write target.reshape({wanted})."
    else:
        remedy = "Each sample has one label; the classes are axis 1 of the input."
    raise ValueError(
        message(
            op.__name__,
            f"an input of {describe(input)} needs labels of shape {wanted}; the target is {describe(target)}.",
            remedy,
        )
    )


def refuse_float_labels(op: Op, input: Any, target: Any) -> None:
    """Raise the error about a floating target that cannot be probabilities of the classes."""
    x_data, y_data = unwrap(op, input), unwrap(op, target)
    dim = class_axis(x_data)
    if y_data.shape != x_data.shape[:dim] + x_data.shape[dim + 1 :]:
        refuse_labels(op, input, target)
    found = describe(target)
    missing = np.isnan(y_data)
    if missing.any():
        index = tuple([int(each) for each in np.unravel_index(np.argmax(missing), missing.shape)])
        found += f", NaN at position {index if len(index) != 1 else index[0]}" if index else ", NaN"
    remedy = "Convert labels with target.long()" + (" once none is missing." if missing.any() else ".")
    raise TypeError(message(op.__name__, f"class labels must be integers, got {found}.", remedy))
