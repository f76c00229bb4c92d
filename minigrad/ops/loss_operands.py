"""What losses do first and last: bring a prediction and its target together, and reduce what comes out."""

from __future__ import annotations

import math
import sys
import warnings
from typing import Any

import numpy as np

from minigrad import tensors
from minigrad.dtypes import float32, float64, result_type
from minigrad.errors import describe, message
from minigrad.ops.operands import Op, ndarray, needs_grad, unwrap
from minigrad.positions import PACKAGE

REDUCTIONS = ("mean", "sum", "none")


def reduced(op: Op, losses: Any, reduction: str) -> tuple[Any, float]:
    """Return the losses reduced, and how much each counts in the result: 1/n in a mean, else 1."""
    require_reduction(op.__name__, reduction)
    if reduction == "mean":
        share = 1 / losses.size if losses.size else math.nan
        return np.add.reduce(losses, axis=None) * share, share
    if reduction == "sum":
        return np.add.reduce(losses, axis=None), 1.0
    return losses, 1.0


def arrays(op: Op, grad: Any, input: Any, target: Any) -> tuple[ndarray, ndarray, ndarray]:
    """Return the arrays of the operands of a loss' derivative, at once where they are arrays."""
    if type(grad) is ndarray and type(input) is ndarray and type(target) is ndarray:
        return grad, input, target
    return unwrap(op, grad), unwrap(op, input), unwrap(op, target)


def require_reduction(who: str, reduction: Any) -> None:
    """Raise a ValueError unless a reduction is one of the three."""
    if not isinstance(reduction, str) or reduction not in REDUCTIONS:
        raise ValueError(
            message(
                who,
                f"reduction is 'mean', 'sum' or 'none', got {reduction!r}.",
                "To divide by another number take 'sum', and divide.",
            )
        )


def compared(
    op: Op, input: Any, target: Any, reduction: Any, same: bool = False
) -> tuple[ndarray, ndarray, float | None]:
    """Return the arrays of a prediction and its target in one floating dtype, and how much each loss counts.

    Args:
        op: the loss that asks.
        input: the prediction.
        target: the target.
        reduction: how the losses are reduced.
        same: refuse shapes that differ, where otherwise those that broadcast are warned about.

    Returns:
        The arrays; and 1/n in a mean (NaN of nothing), 1 in a sum, or None where no kernel computes the result: there
        the shapes differ, or nothing is reduced.

    Raises:
        ValueError: naming both shapes, if they do not fit; TypeError: if neither is floating.
    """
    x_data = input._data if isinstance(input, tensors.Tensor) else unwrap(op, input)
    y_data = target._data if isinstance(target, tensors.Tensor) else unwrap(op, target)
    if x_data.shape != y_data.shape:
        doubt_shapes(op, input, target, x_data.shape, y_data.shape, same)
    dtype = x_data.dtype
    if dtype is not y_data.dtype or (dtype is not float32 and dtype is not float64):
        x_data, y_data = promoted(op, input, target, x_data, y_data)
    if type(reduction) is not str or reduction != "mean":
        require_reduction(op.__name__, reduction)
    if reduction == "none" or x_data.shape != y_data.shape:
        return x_data, y_data, None
    if reduction == "sum":
        return x_data, y_data, 1.0
    return x_data, y_data, 1 / x_data.size if x_data.size else math.nan


def promoted(op: Op, input: Any, target: Any, x: ndarray, y: ndarray) -> tuple[ndarray, ndarray]:
    """Return the arrays of a prediction and its target in their common dtype.

    Raises:
        TypeError: if neither is floating.
    """
    dtype = result_type(x, y)
    if dtype.kind != "f":
        raise TypeError(
            message(
                op.__name__,
                f"a floating input is needed; input is {describe(input)}, target {describe(target)}.",
                "Convert it: x.float().",
            )
        )
    return x.astype(dtype, copy=False), y.astype(dtype, copy=False)


def doubt_shapes(
    op: Op, input: Any, target: Any, input_shape: tuple[int, ...], target_shape: tuple[int, ...], same: bool
) -> None:
    """Warn that shapes differ and will be broadcast; raise a ValueError where they cannot or may not be."""
    fits = not same
    for left, right in zip(reversed(input_shape), reversed(target_shape)):
        fits = fits and (left == right or left == 1 or right == 1)
    remedy = "Give both one shape: target.reshape(input.shape), or input.squeeze(-1)."
    shapes = f"input is {describe(input)}, target {describe(target)}"
    if not fits:
        raise ValueError(message(op.__name__, f"input and target must have one shape; {shapes}.", remedy))
    wide = np.broadcast_shapes(input_shape, target_shape)
    # The warning names the line of the user, however deep in minigrad the loss was called.
    level = 2
    frame: Any = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(PACKAGE):
        frame = frame.f_back
        level += 1
    warnings.warn(
        f"{op.__name__}: {shapes}; they are broadcast to {wide}, which is seldom what is meant. {remedy}",
        UserWarning,
        stacklevel=level,
    )


def constant(op: Op, name: str, weight: Any, x: ndarray) -> Any:
    """Return a weight as an array of the dtype of ``x``, or None.

    Raises:
        ValueError: if it does not broadcast to the shape of ``x``; RuntimeError: if it requires grad.
    """
    if weight is None:
        return None
    refuse_grad(op, name, weight)
    w_data = unwrap(op, weight)
    fits = w_data.ndim <= x.ndim
    for have, want in zip(reversed(w_data.shape), reversed(x.shape)):
        fits = fits and have in (1, want)
    if not fits:
        raise ValueError(
            message(
                op.__name__,
                f"{name} must broadcast to the input's shape {x.shape}; it is {describe(weight)}.",
                f"Factors of single samples need the axes behind as well: {name}.unsqueeze(-1).",
            )
        )
    return w_data.astype(x.dtype, copy=False)


def refuse_grad(op: Op, name: str, weight: Any) -> None:
    """Raise a RuntimeError if a weight, which is a constant to the derivative, requires grad."""
    if needs_grad(weight):
        raise RuntimeError(
            message(
                op.__name__,
                f"{name} is a constant of the loss and has no derivative; {describe(weight)} requires grad.",
                f"Pass {name}.detach(), or multiply the losses of reduction='none' by it.",
            )
        )


def require_probabilities(op: Op, name: str, x: ndarray, remedy: str = "", slack: float = 0.0) -> None:
    """Raise a ValueError, naming the first offender, unless all numbers are in [0, 1]."""
    if x.size == 0 or (np.minimum.reduce(x, axis=None) >= 0 and np.maximum.reduce(x, axis=None) <= 1 + slack):
        return
    # Negated, so that NaN is an offender too.
    place = np.argmax(~((x >= 0) & (x <= 1 + slack)))
    index = tuple([int(each) for each in np.unravel_index(place, x.shape)])
    where = f" at {index if len(index) != 1 else index[0]}" if index else ""
    raise ValueError(
        message(op.__name__, f"{name} must hold probabilities in [0, 1], got {x[index]:.6g}{where}.", remedy)
    )
