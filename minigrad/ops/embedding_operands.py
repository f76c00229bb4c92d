"""What embeddings are given: tables, indices, bags and their weights, checked."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from minigrad.dtypes import LIMITS
from minigrad.errors import describe, message
from minigrad.ops.operands import Op, Operand, ndarray, unwrap, whole

MODES = ("sum", "mean", "max")


def checked_table(op: Op, weight: Any) -> ndarray:
    """Return the array of a table.

    Raises:
        ValueError: if it is no matrix; TypeError: if it is not floating.
    """
    table = unwrap(op, weight)
    if table.ndim != 2:
        raise ValueError(
            message(
                op.__name__, f"weight must be (rows, n), got {describe(weight)}.", "input comes first, then weight."
            )
        )
    if table.dtype.kind != "f":
        raise TypeError(
            message(op.__name__, f"weight must be floating, got {describe(weight)}.", "Use weight.float().")
        )
    return table


def checked_indices(op: Op, input: Any) -> ndarray:
    """Return the array of row numbers.

    Raises:
        TypeError: if they are no integers.
    """
    index = unwrap(op, input)
    if index.dtype.kind not in "iu":
        remedy = "Convert them: input.long(). The arguments are embedding(input, weight)."
        raise TypeError(message(op.__name__, f"input must be of integers, got {describe(input)}.", remedy))
    return index


def checked_padding(op: Op, padding_idx: Any, table: ndarray) -> int | None:
    """Return the number of a row, from 0 up, or None.

    Raises:
        TypeError: if it is no integer; ValueError: if there is no such row.
    """
    if padding_idx is None:
        return None
    row, length = whole(op, "padding_idx", padding_idx), len(table)
    if not -length <= row < length:
        problem = f"padding_idx must be a row of weight, in [{-length}, {length - 1}], got {row}."
        raise ValueError(message(op.__name__, problem, "None means that no row is padding."))
    return row % length


def refuse_sparse(who: str, sparse: Any) -> None:
    """Raise a TypeError where a sparse gradient is asked for."""
    if sparse:
        raise TypeError(message(who, "sparse=True was asked for.", LIMITS))


def refuse_index(op: Op, index: ndarray, weight: Any, length: int) -> NoReturn:
    """Raise an IndexError that names the first number without a row."""
    place = np.unravel_index(int(np.argmax((index < 0) | (index >= length))), index.shape)
    bad, at = int(index[place]), tuple(map(int, place))
    raise IndexError(
        message(
            op.__name__,
            f"input holds {bad} at {at}, and weight {describe(weight)} has the rows 0 to {length - 1}.",
            "Negative numbers do not count from the end here." if bad < 0 else "A larger vocabulary needs more rows.",
        )
    )


def row_factors(index: Operand, padding_idx: int | None, by_frequency: bool, dtype: np.dtype) -> Any:
    """Return what the gradient of each row that was taken is multiplied by, an array, or None for 1."""
    if padding_idx is None and not by_frequency:
        return None
    numbers = unwrap(row_factors, index)
    factors = np.ones(numbers.shape, dtype)
    if by_frequency:
        _, where_found, counts = np.unique(numbers, return_inverse=True, return_counts=True)
        factors /= counts[where_found].reshape(numbers.shape).astype(dtype)
    if padding_idx is not None:
        factors[numbers == padding_idx] = 0
    return factors


# Bags -----------------------------------------------------------------------------------------------------------------


def check_bags(op: Op, mode: str, per_sample_weights: Any, by_frequency: bool, index: ndarray, table: ndarray) -> None:
    """Raise unless the mode is one, and the other arguments fit it.

    Raises:
        ValueError: if not; TypeError: if the weights' dtype is not the table's.
    """
    if not isinstance(mode, str) or mode not in MODES:
        raise ValueError(message(op.__name__, f"mode must be 'sum', 'mean' or 'max', got {mode!r}."))
    if mode == "max" and by_frequency:
        problem = "scale_grad_by_freq=True has no meaning for mode='max', where a row's gradient is not a sum."
        raise ValueError(message(op.__name__, problem, "Leave it away."))
    if per_sample_weights is None:
        return
    if mode != "sum":
        problem = f"per_sample_weights are for mode='sum', got mode={mode!r}."
        raise ValueError(message(op.__name__, problem, "A weighted mean is a sum with weights that add up to 1."))
    weights = unwrap(op, per_sample_weights)
    if weights.shape != index.shape:
        problem = f"per_sample_weights must have the input's shape {index.shape}, got {describe(per_sample_weights)}."
        raise ValueError(message(op.__name__, problem, "There is one for each number in input."))
    if weights.dtype != table.dtype:
        problem = f"per_sample_weights must have the weight's dtype {table.dtype}, got {describe(per_sample_weights)}."
        raise TypeError(message(op.__name__, problem, "Convert one: x.float()."))


def bags_of(op: Op, input: Any, index: ndarray, offsets: Any, include_last: bool) -> tuple[ndarray, int]:
    """Return the bag of each number in ``input``, flattened, and how many bags there are.

    Raises:
        ValueError: if neither the input's rows nor offsets say so; TypeError: if the offsets are no integers.
    """
    if index.ndim == 2:
        if offsets is not None:
            problem = f"the rows of a 2-d input are the bags, and offsets {describe(offsets)} are given too."
            raise ValueError(message(op.__name__, problem, "Leave offsets away, or flatten the input."))
        return np.arange(len(index)).repeat(index.shape[1]), len(index)
    if index.ndim != 1 or offsets is None:
        problem = f"input is (bags, length), or (k,) with offsets; got input {describe(input)}, offsets {offsets}."
        raise ValueError(message(op.__name__, problem, "offsets say where in a 1-d input each bag begins."))
    starts = unwrap(op, offsets)
    if starts.dtype.kind not in "iu":
        problem = f"offsets must be of integers, got {describe(offsets)}."
        raise TypeError(message(op.__name__, problem, "Convert them: offsets.long()."))
    if starts.ndim != 1 or (include_last and starts.size == 0):
        raise ValueError(message(op.__name__, f"offsets must be (bags,), got {describe(offsets)}."))
    # Where each bag ends: the next one begins.
    ends = np.full(starts.size, index.size)
    ends[:-1] = starts[1:]
    if include_last:
        starts, ends = starts[:-1], ends[:-1]
    lengths = ends - starts
    # What is left over behind the last offset, if that is an end, is in no bag, as in PyTorch it must not be there.
    if (starts.size and (starts[0] != 0 or lengths.min() < 0)) or lengths.sum() != index.size:
        problem = f"offsets must rise from 0 to at most the length of input, {index.size}; got {describe(offsets)}."
        remedy = "With include_last_offset=True the last one is that length."
        raise ValueError(message(op.__name__, problem, remedy))
    return np.arange(starts.size).repeat(lengths), starts.size
