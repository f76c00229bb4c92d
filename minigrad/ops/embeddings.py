"""Rows of a table taken by their numbers, one by one or as the sum, mean or maximum of a bag."""

from __future__ import annotations

from typing import Any

import numpy as np

import minigrad_kernels
from minigrad.dtypes import int64
from minigrad.graph import record
from minigrad.modes import no_grad
from minigrad.ops.arithmetic import mul
from minigrad.ops.constants import beside
from minigrad.ops.elementwise import where
from minigrad.ops.embedding_operands import (
    bags_of,
    check_bags,
    checked_indices,
    checked_padding,
    checked_table,
    refuse_index,
    refuse_sparse,
    row_factors,
)
from minigrad.ops.gathering import gather
from minigrad.ops.operands import Op, Operand, Tensor, Value, ndarray, real, refuse_no_bool, unwrap
from minigrad.ops.shapes import reshape, unsqueeze
from minigrad.writes import refuse_write, stamp_write


def embedding(
    input: Operand,
    weight: Operand,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """Return the rows of ``weight`` whose numbers are in ``input``.

    Args:
        input: integers from 0 up, any shape.
        weight: (rows, n), floating.
        padding_idx: a row that gets no gradient; a negative one counts from the end.
        max_norm: rows that are taken and longer than this are first shortened to it, in place.
        norm_type: the p of the norm that measures this.
        scale_grad_by_freq: whether the gradient of a row is divided by how often it was taken.
        sparse: False; gradients are dense.

    Returns:
        The input's shape, then n.

    Raises:
        IndexError: if there is no row of a number in ``input``.
        ValueError: if ``weight`` is no matrix, or ``padding_idx`` no row of it; TypeError: if a dtype does not fit.

    Examples:
        >>> import minigrad as mg
        >>> embedding(mg.tensor([2, 0]), mg.tensor([[1.0, 1.5], [2.0, 2.5], [3.0, 3.5]]))
        Tensor((2, 2) float32 | 3 3.5 1 1.5)
    """
    refuse_sparse("embedding", sparse)
    refuse_no_bool(embedding, "scale_grad_by_freq", scale_grad_by_freq)
    table = checked_table(embedding, weight)
    index = checked_indices(embedding, input)
    padding_idx = checked_padding(embedding, padding_idx, table)
    if max_norm is not None:
        shorten_rows(embedding, weight, index, max_norm, norm_type)
    try:
        return take_rows(weight, input, padding_idx, bool(scale_grad_by_freq))
    except IndexError:
        refuse_index(embedding, index, weight, len(table))


def take_rows(weight: Operand, input: Operand, padding_idx: int | None = None, by_frequency: bool = False) -> Tensor:
    """Return rows of ``weight``; arguments as for ``embedding``."""
    w_data, index = unwrap(take_rows, weight), as_index(unwrap(take_rows, input))
    output = minigrad_kernels.gather_rows(w_data, index.reshape(-1)).reshape(*index.shape, w_data.shape[1])
    saved = (index, len(w_data), padding_idx, by_frequency)
    return record(take_rows, take_rows_vjp, output, (weight, input, padding_idx, by_frequency), saved)


def take_rows_vjp(grad_output: Value, input: Value, rows: int, padding_idx: int | None, by_frequency: bool) -> Value:
    """``grad_weight[input] += grad_output``, row by row; not at ``padding_idx``, or over how often one was taken."""
    return add_rows(grad_output, input, rows, row_factors(input, padding_idx, by_frequency, grad_output.dtype))


def add_rows(grad: Operand, index: Operand, rows: int, factors: Operand | None) -> Tensor:
    """Return zeros (rows, n) to which the rows of ``grad`` are added where the index says.

    Args:
        grad: the index's shape, then n.
        index: integers, any shape.
        rows: how many rows the result has.
        factors: of the index's shape, what each row is multiplied by; None for 1.
    """
    g_data, places = unwrap(add_rows, grad), as_index(unwrap(add_rows, index))
    f_data = None if factors is None else unwrap(add_rows, factors)
    flat = None if f_data is None else f_data.reshape(-1)
    output = minigrad_kernels.scatter_rows(
        g_data.reshape(places.size, g_data.shape[-1]), places.reshape(-1), rows, flat
    )
    return record(add_rows, add_rows_vjp, output, (grad, index, rows, factors), (places, f_data))


def add_rows_vjp(grad_output: Value, index: Value, factors: Value) -> Value:
    """``grad_grad = grad_output[index] * factors``."""
    taken = take_rows(grad_output, index)
    return taken if factors is None else taken * unsqueeze(factors, -1)


def embedding_bag(
    input: Operand,
    weight: Operand,
    offsets: Operand | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Operand | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """Return the sum, mean or maximum of the rows of ``weight`` of each bag of numbers.

    Args:
        input: integers from 0 up: (bags, length), or (k,) with ``offsets``.
        weight: (rows, n), floating.
        offsets: (bags,), where in ``input`` each bag begins; the first is 0.
        max_norm: as for ``embedding``, as are ``norm_type``, ``scale_grad_by_freq`` and ``sparse``.
        norm_type: see there.
        scale_grad_by_freq: see there; not for the maximum.
        mode: "sum", "mean" or "max".
        sparse: see there.
        per_sample_weights: of the input's shape, what each row is multiplied by in a sum.
        include_last_offset: whether the last offset is where the last bag ends.
        padding_idx: a row that counts in no bag.

    Returns:
        (bags, n); zeros for an empty bag. Of equal maxima the first row of the bag has the gradient.

    Raises:
        IndexError: if there is no row of a number in ``input``.
        ValueError: if the shapes, the offsets or ``mode`` do not fit; TypeError: if a dtype does not.

    Examples:
        >>> import minigrad as mg
        >>> table = mg.tensor([[1.0], [2.0], [4.0]])
        >>> embedding_bag(mg.tensor([0, 2, 2]), table, mg.tensor([0, 1]), mode="sum")
        Tensor((2, 1) float32 | 1 8)
    """
    refuse_sparse("embedding_bag", sparse)
    refuse_no_bool(embedding_bag, "scale_grad_by_freq", scale_grad_by_freq)
    refuse_no_bool(embedding_bag, "include_last_offset", include_last_offset)
    table = checked_table(embedding_bag, weight)
    index = checked_indices(embedding_bag, input)
    padding_idx = checked_padding(embedding_bag, padding_idx, table)
    check_bags(embedding_bag, mode, per_sample_weights, bool(scale_grad_by_freq), index, table)
    bags, count = bags_of(embedding_bag, input, index, offsets, bool(include_last_offset))
    if max_norm is not None:
        shorten_rows(embedding_bag, weight, index, max_norm, norm_type)
    flat = index.reshape(-1)
    try:
        numbers = input if index.ndim == 1 else reshape(input, (flat.size,))
        rows = take_rows(weight, numbers, None, bool(scale_grad_by_freq))
    except IndexError:
        refuse_index(embedding_bag, index, weight, len(table))
    counted = None if padding_idx is None else flat != padding_idx
    if mode == "max":
        return largest_of_bags(rows, bags, count, counted)
    if per_sample_weights is not None:
        rows = mul(rows, reshape(per_sample_weights, (flat.size, 1)))
    factors = None if counted is None else counted.astype(table.dtype)
    if mode == "mean":
        lengths = np.bincount(bags if counted is None else bags[counted], minlength=count)
        shares = np.reciprocal(np.maximum(lengths, 1), dtype=table.dtype)[bags]
        factors = shares if factors is None else factors * shares
    if offsets is None and padding_idx is None:
        # They depend on the shape alone.
        return add_rows(rows, beside(bags, rows), count, None if factors is None else beside(factors, rows))
    return add_rows(rows, bags, count, factors)


def largest_of_bags(rows: Operand, bags: ndarray, count: int, counted: ndarray | None) -> Tensor:
    """Return the largest number of each column among the rows of each bag; 0 where none counts.

    Args:
        rows: (k, n).
        bags: (k,), the bag of each.
        count: how many bags there are.
        counted: (k,), which rows count; None for all.
    """
    kept = bags if counted is None else np.where(counted, bags, -1)
    places = minigrad_kernels.largest_places(unwrap(largest_of_bags, rows), kept, count)
    if bags.size == 0:
        return add_rows(rows, bags, count, None)
    return where(places < 0, 0.0, gather(rows, 0, np.maximum(places, 0)))


def shorten_rows(op: Op, weight: Any, index: ndarray, max_norm: float, norm_type: float) -> None:
    """Shorten the rows that are taken to a norm of ``max_norm``, in place, outside of any graph.

    Raises:
        TypeError: if ``weight`` is no Tensor, or a norm no number; RuntimeError: if it cannot be written to.
    """
    longest, p = float(real(op, "max_norm", max_norm)), float(real(op, "norm_type", norm_type))
    if index.size and (index.min() < 0 or index.max() >= len(unwrap(op, weight))):
        refuse_index(op, index, weight, len(unwrap(op, weight)))
    with no_grad():
        refuse_write(op.__name__, weight)
        renormalise_rows(weight, index, longest, p)


def renormalise_rows(weight: Tensor, index: Operand, max_norm: float, norm_type: float) -> Tensor:
    """Divide the rows at an index that are longer than ``max_norm`` by their norm, times ``max_norm``, in place."""
    table, rows = weight._data, np.unique(unwrap(renormalise_rows, index))
    norms = np.linalg.norm(table[rows], norm_type, axis=1)
    long = norms > max_norm
    stamp_write(weight._stamp)
    # What is added to the norm is PyTorch's: a shortened row is never longer than the maximum again.
    factors = (max_norm / (norms[long] + 1e-7)).astype(table.dtype)
    table[rows[long]] *= factors[:, None]
    inputs = (weight, index, max_norm, norm_type)
    written: Tensor = record(renormalise_rows, None, table, inputs, (), writes=weight)
    return written


def as_index(x: ndarray) -> ndarray:
    """Return an index as int64."""
    return x if x.dtype is int64 else x.astype(np.int64)
