"""How many elements fall where: histograms, and counts of small integers."""

from __future__ import annotations

import numpy as np

from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.operands import Operand, Tensor, Value, ndarray, real, unwrap, whole


def histc(x: Operand, bins: int = 100, min: float = 0, max: float = 0) -> Tensor:
    """Return how many elements fall into each of ``bins`` intervals of one length.

    Args:
        x: floating, any shape.
        bins: the number of intervals.
        min: where the first begins; it belongs to it.
        max: where the last ends; it belongs to it. If it is ``min``, the smallest and the largest element are taken for
            them, and if these are equal, 1 less and 1 more.

    Returns:
        (bins,), x's dtype. NaN and what lies outside is not counted. There is no derivative.

    Raises:
        TypeError: if x is not floating.
        ValueError: if ``bins`` is not positive, ``max`` is below ``min``, or a bound is not finite.
    """
    x_data = unwrap(histc, x)
    if x_data.dtype.kind != "f":
        raise TypeError(
            message(
                "histc",
                f"a floating tensor is needed, got {describe(x)}.",
                "Convert it, x.float(); bincount counts integers.",
            )
        )
    bins = whole(histc, "bins", bins)
    # As floats: NumPy does not look at integers beyond int64.
    first, last = float(real(histc, "min", min)), float(real(histc, "max", max))
    low, high = bounds(x_data, first, last)
    if bins < 1 or not low < high or not np.isfinite(high - low):
        raise ValueError(
            message(
                "histc",
                f"a bin and finite bounds, min below max, are needed; got bins={bins}, min={low}, max={high}.",
                "Pass min and max where x has elements that are not finite.",
            )
        )
    # Between its own extremes lies all of x.
    inside = x_data.reshape(-1) if first == last else x_data[(x_data >= low) & (x_data <= high)]
    # In one array: at a million elements the memory for each other one takes as long as it is to be computed.
    spread = inside - low
    spread *= bins
    spread /= high - low
    places = spread.astype(np.int64)
    # The largest belongs to the last.
    counts = np.bincount(np.minimum(places, bins - 1, out=places), minlength=bins)
    return record(histc, None, counts.astype(x_data.dtype), (x, bins, min, max))


def bounds(x: ndarray, low: float, high: float) -> tuple[float, float]:
    """Return where a histogram begins and ends."""
    if low == high and x.size:
        low, high = x.min(), x.max()
    return (low - 1, high + 1) if low == high else (low, high)


def bincount(x: Operand, weights: Operand | None = None, minlength: int = 0) -> Tensor:
    """Return how often each of the integers 0, 1, ... occurs, or the sum of the weights of its occurrences.

    Args:
        x: integers from 0 up, 1-d.
        weights: one for each element; None for 1 each.
        minlength: return at least so many counts.

    Returns:
        (one more than the largest element,) or longer; int64, or with weights float64, float32 for those of float32.

    Raises:
        TypeError: if x is not of integers.
        ValueError: if x is not 1-d, an element is negative, or there is not one weight for each.
    """
    x_data = unwrap(bincount, x)
    if x_data.dtype.kind not in "iu":
        raise TypeError(
            message("bincount", f"integers are needed, got {describe(x)}.", "Convert: x.long(); histc counts floats.")
        )
    minlength = whole(bincount, "minlength", minlength)
    weights_data = None if weights is None else unwrap(bincount, weights)
    if weights_data is not None and weights_data.shape != x_data.shape:
        raise ValueError(
            message(
                "bincount",
                f"one weight for each element is needed: x is {describe(x)}, weights {describe(weights)}.",
                "For one weight for all, multiply the counts by it.",
            )
        )
    try:
        output = np.bincount(x_data, weights_data, minlength)
    except ValueError:
        # NumPy has looked at each element.
        shown = f" with {x_data.min()}" if x_data.size else ""
        raise ValueError(
            message(
                "bincount",
                f"a vector of integers from 0 up is needed, and minlength from 0 up; got {describe(x)}{shown}, "
                f"minlength={minlength}.",
                "Flatten it, x.flatten(), or let the smallest be 0: x - x.min().",
            )
        ) from None
    if weights_data is None:
        return record(bincount, None, output, (x, weights, minlength))
    output = output.astype(np.float32 if weights_data.dtype == np.float32 else np.float64, copy=False)
    return record(bincount, bincount_vjp, output, (x, weights, minlength), (x_data,))


def bincount_vjp(grad_output: Value, x: Value) -> tuple[None, Value]:
    """``grad_weights[i] = grad_output[x[i]]``."""
    return None, grad_output[x]


class HistogramMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    histc = histc
    bincount = bincount
