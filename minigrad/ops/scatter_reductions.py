"""Numbers reduced at places along an axis, each at its own: products, means and extremes of what meets there."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.errors import message
from minigrad.graph import record
from minigrad.ops.arithmetic import div
from minigrad.ops.constants import beside
from minigrad.ops.conversion import cast, clone
from minigrad.ops.elementwise import where
from minigrad.ops.gathering import gather
from minigrad.ops.operands import Operand, Tensor, Value, flag, needs_grad, unwrap
from minigrad.ops.overwriting import copy_
from minigrad.ops.places import places_of
from minigrad.ops.scattering import operands_of_scatter, scatter, scatter_add, scatter_product, with_an_axis
from minigrad.writes import refuse_write

REDUCTIONS = {
    "sum": "sum",
    "add": "sum",
    "prod": "prod",
    "multiply": "prod",
    "mean": "mean",
    "amax": "amax",
    "amin": "amin",
}


def scatter_reduce(
    x: Operand, dim: int, index: Operand, src: Operand, reduce: str, *, include_self: bool = True
) -> Tensor:
    """Return ``x`` with the numbers of ``src`` that meet at a place reduced to one.

    Args:
        x: any shape.
        dim: the axis that the index runs over.
        index: integers from 0 up, as many axes as x; no longer than ``src``, nor than x along the other axes.
        src: of x's dtype, of which as much is taken as the index is long.
        reduce: ``"sum"``, ``"prod"``, ``"mean"``, ``"amax"`` or ``"amin"``. The gradient of an extreme is shared
            equally by all that are equal to it.
        include_self: whether x's own number takes part at a place that is named.

    Returns:
        A copy; where no index points, x's own numbers.

    Raises:
        TypeError: if the index is not of integers, or ``src`` is of another dtype.
        ValueError: if a shape does not fit, or ``reduce`` is unknown; IndexError: if an index is out of range.

    Examples:
        >>> import minigrad as mg
        >>> index, src = mg.tensor([0, 0, 2]), mg.tensor([5.0, 3.0, 1.0])
        >>> mg.scatter_reduce(mg.tensor([1.0, 2.0, 3.0]), 0, index, src, "mean").tolist()
        [3.0, 2.0, 2.0]
    """
    kind = REDUCTIONS.get(reduce) if isinstance(reduce, str) else None
    if kind is None:
        raise ValueError(
            message("scatter_reduce", f"reduce is one of sum, prod, mean, amax, amin; got {reduce!r}.", "max is amax.")
        )
    if unwrap(scatter_reduce, x).ndim == 0 or unwrap(scatter_reduce, index).ndim == 0:
        return with_an_axis(scatter_reduce, x, dim, index, src, reduce, include_self=include_self)
    unwrap(scatter_reduce, src)
    include_self = flag(scatter_reduce, "include_self", include_self)
    if include_self and kind in ("amax", "amin") and unwrap(scatter_reduce, index).size:
        return scatter_extreme(x, dim, index, src, kind == "amax")
    dtype, length = operands_of_scatter(scatter_reduce, x, dim, index, src)[0].dtype, unwrap(scatter_reduce, index).size
    if length == 0:
        return scatter_add(x, dim, index, src)
    start = x if include_self else scatter(x, dim, index, identity(kind, dtype))
    if kind == "sum":
        return scatter_add(start, dim, index, src)
    if kind == "prod":
        return scatter_product(start, dim, index, src)
    if kind == "mean":
        return scatter_mean(start, dim, index, src, include_self)
    return scatter_extreme(start, dim, index, src, kind == "amax")


def identity(kind: str, dtype: np.dtype) -> Any:
    """Return the number that a reduction of a dtype begins with."""
    if kind in ("sum", "mean"):
        return 0
    if kind == "prod":
        return 1
    if dtype.kind == "f":
        return -np.inf if kind == "amax" else np.inf
    if dtype.kind == "b":
        return kind == "amin"
    return int(np.iinfo(dtype).min if kind == "amax" else np.iinfo(dtype).max)


def scatter_mean(start: Operand, dim: int, index: Operand, src: Operand, include_self: bool) -> Tensor:
    """Return the sums at each place divided by how many numbers are in them; of integers rounded down."""
    total = scatter_add(start, dim, index, src)
    total_data, places = unwrap(scatter_mean, total), unwrap(scatter_mean, index)
    floating = total_data.dtype.kind == "f"
    # Beside the index, whose numbers they depend on.
    counts: Any = beside(np.ones(total_data.shape, total_data.dtype if floating else np.int64), index)
    if not include_self:
        counts = scatter(counts, dim, index, 0)
    counts = scatter_add(counts, dim, index, beside(np.ones(places.shape, counts.dtype), index))
    if floating:
        return div(total, counts)
    return cast(div(total, counts, rounding_mode="floor"), total_data.dtype)


def scatter_extreme(x: Operand, dim: int, index: Operand, src: Operand, largest: bool) -> Tensor:
    """Return the largest, or smallest, of ``x`` and the numbers of ``src`` at each place; NaN where one is NaN."""
    x_data, along, places, src = operands_of_scatter(scatter_reduce, x, dim, index, src)
    source = unwrap(scatter_reduce, src)
    output = x_data.copy()
    extreme: Any = np.maximum if largest else np.minimum
    key = places_of(places, along)
    extreme.at(output, key, source)
    equal = src_equal = None
    if needs_grad(x) or needs_grad(src):
        equal, src_equal = x_data == output, source == output[key]
    saved = (along, places, equal, src_equal)
    return record(scatter_extreme, scatter_extreme_vjp, output, (x, dim, index, src, largest), saved)


def scatter_extreme_vjp(
    grad_output: Value, along: int, index: Value, x_is_extreme: Value, src_is_extreme: Value
) -> tuple[Value, ...]:
    """``grad_x, grad_src = grad_output / how many are equal to the result, for those that are``."""
    counts = scatter_add(cast(x_is_extreme, grad_output.dtype), along, index, cast(src_is_extreme, grad_output.dtype))
    share = grad_output / counts
    return where(x_is_extreme, share, 0), None, None, where(src_is_extreme, gather(share, along, index), 0)


def scatter_reduce_(
    x: Tensor, dim: int, index: Operand, src: Operand, reduce: str, *, include_self: bool = True
) -> Tensor:
    """Reduce numbers into ``x`` at places along an axis, in place; arguments as for ``scatter_reduce``."""
    refuse_write("scatter_reduce_", x, (src,))
    return copy_(x, scatter_reduce(clone(x), dim, index, src, reduce, include_self=include_self))


class ScatterReductionMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    scatter_reduce = scatter_reduce
    scatter_reduce_ = scatter_reduce_
