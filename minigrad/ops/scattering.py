"""Numbers written, added or reduced at places along an axis, each at its own: the opposite of ``gather``."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import tensors
from minigrad.errors import describe, message
from minigrad.graph import record
from minigrad.ops.constants import beside
from minigrad.ops.conversion import cast, clone
from minigrad.ops.elementwise import where
from minigrad.ops.gathering import check_gather, gather
from minigrad.ops.masks import masked_fill
from minigrad.ops.operands import Op, Operand, Tensor, Value, axis, ndarray, needs_grad, real, unwrap, unwrap_exact
from minigrad.ops.overwriting import copy_, write_over
from minigrad.ops.places import add_elements, flat_places, places_of, same_dtype
from minigrad.ops.shapes import reshape
from minigrad.writes import refuse_write


def scatter(
    x: Operand,
    dim: int,
    index: Operand,
    src: Any = None,
    *,
    value: float | None = None,
    reduce: str | None = None,
) -> Tensor:
    """Return ``x`` with ``out[index[i][j]][j] = src[i][j]`` (for dim 0; likewise for others).

    Args:
        x: any shape.
        dim: the axis that the index runs over.
        index: integers from 0 up, as many axes as x; no longer than ``src``, nor than x along the other axes.
        src: of x's dtype, of which as much is taken as the index is long; or one number for all places.
        value: the number, by name.
        reduce: None; ``"add"`` or ``"multiply"`` to do that instead, see ``scatter_reduce``.

    Returns:
        A copy. Where the index names a place several times, the last number stays, and it alone has a gradient.

    Raises:
        TypeError: if the index is not of integers, or ``src`` is of another dtype.
        ValueError: if a shape does not fit; IndexError: if an index is out of range.

    Examples:
        >>> import minigrad as mg
        >>> mg.scatter(mg.zeros(2, 3), 1, mg.tensor([[2], [0]]), 1.0).tolist()
        [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    source: Any = one_of(src, value)
    if reduce is not None:
        return reduced(x, dim, index, source, reduce)
    if unwrap(scatter, x).ndim == 0 or unwrap(scatter, index).ndim == 0:
        return with_an_axis(scatter, x, dim, index, source)
    x_data, along, places, source = operands_of_scatter(scatter, x, dim, index, source)
    source_data = unwrap_exact(scatter, source)
    output = x_data.copy()
    key = flat_places(places, along, output.shape)
    output.reshape(-1)[key] = source_data
    last = None
    if needs_grad(source):
        order = np.arange(places.size).reshape(places.shape)
        numbers = np.zeros(output.size, np.int64)
        numbers[key] = order
        last = numbers[key] == order
    saved = (along, places, needs_grad(x), None if last is None or last.all() else last, last is not None)
    return record(scatter, scatter_vjp, output, (x, dim, index, source, None, None), saved)


def one_of(src: Any, value: Any) -> Any:
    """Return what to write: ``src``, or a number.

    Raises:
        TypeError: if not one of them is given, or ``value`` is no number.
        RuntimeError: if ``value`` requires grad.
    """
    if (src is None) == (value is None):
        raise TypeError(
            message(
                "scatter", f"src or value is needed, got {describe(src)} and {describe(value)}.", "Give one of them."
            )
        )
    if src is not None:
        return src
    if needs_grad(value):
        raise RuntimeError(
            message(
                "scatter",
                f"value is one number without a gradient; {describe(value)} requires grad.",
                "Write src=value.expand(index.shape), which has one, or value.item().",
            )
        )
    return real(scatter, "value", value)


def scatter_vjp(
    grad_output: Value, along: int, index: Value, for_x: bool, last: Value, for_src: bool
) -> tuple[Value, ...]:
    """``grad_x = grad_output, 0 at the places; grad_src = grad_output gathered from the places``."""
    grad_x = scatter(grad_output, along, index, 0) if for_x else None
    grad_src: Value = gather(grad_output, along, index) if for_src else None
    if last is not None:
        # Of several numbers for one place, only the last has stayed.
        grad_src = where(last, grad_src, 0)
    return grad_x, None, None, grad_src


def operands_of_scatter(op: Op, x: Operand, dim: int, index: Operand, src: Any) -> tuple[ndarray, int, ndarray, Any]:
    """Return the array to be copied, the axis, the places, and the operand to be written, no longer than the index.

    Raises:
        TypeError, ValueError, IndexError: if they do not fit.
    """
    x_data = unwrap(op, x)
    along = axis(op, dim, x_data.ndim)
    if unwrap(op, index).size == 0:
        # PyTorch writes nothing, whatever the shapes.
        shape = (0,) * x_data.ndim
        none = reshape(reshape(src, (-1,))[:0], shape) if needs_grad(src) else np.zeros(shape, x_data.dtype)
        return x_data, along, np.zeros(shape, np.int64), none
    places = check_gather(op, x_data, along, index)
    if not isinstance(src, (tensors.Tensor, ndarray)):
        return x_data, along, places, src
    if src.ndim == 0 and places.ndim == 1:
        src = reshape(src, (1,))
    source = unwrap(op, src)
    same_dtype(op, x_data, source)
    fits = source.ndim == places.ndim
    for wanted, length in zip(places.shape, source.shape):
        fits = fits and wanted <= length
    if not fits:
        raise ValueError(
            message(
                op.__name__,
                f"the index must be no longer than src along any axis, got the index {places.shape} and src "
                f"{describe(src)}.",
                "Cut the index, or repeat src: src.expand(index.shape).",
            )
        )
    if source.shape != places.shape:
        src = src[tuple(map(slice, places.shape))]
    return x_data, along, places, src


def with_an_axis(op: Op, x: Any, dim: int, index: Any, src: Any, *arguments: Any, **options: Any) -> Tensor:
    """Return what an operation makes of 0-d operands, each as a vector of one element."""
    axis(op, dim, np.ndim(unwrap(op, x)))
    shape = unwrap(op, x).shape
    if isinstance(src, (tensors.Tensor, ndarray)) and src.ndim == 0:
        src = reshape(src, (1,))
    index = reshape(index, (1,)) if unwrap(op, index).ndim == 0 else index
    vector = reshape(x, (1,)) if shape == () else x
    return reshape(op(vector, dim, index, src, *arguments, **options), shape)


def reduced(x: Operand, dim: int, index: Operand, src: Any, reduce: str) -> Tensor:
    """Return ``scatter`` with its old argument ``reduce``.

    Raises:
        ValueError: if it is unknown.
    """
    if not isinstance(reduce, str) or reduce not in ("add", "multiply"):
        raise ValueError(
            message("scatter", f"reduce is 'add', 'multiply' or None, got {reduce!r}.", "See scatter_reduce.")
        )
    if not isinstance(src, (tensors.Tensor, ndarray)):
        number = np.full(unwrap(scatter, index).shape, real(scatter, "src", src))
        src = beside(number.astype(unwrap(scatter, x).dtype), index)
    if reduce == "add":
        return scatter_add(x, dim, index, src)
    return scatter_product(x, dim, index, src)


def scatter_add(x: Operand, dim: int, index: Operand, src: Operand) -> Tensor:
    """Return ``x`` with ``out[index[i][j]][j] += src[i][j]`` (for dim 0): a place receives the sum of all its numbers.

    Args:
        x: any shape.
        dim: the axis that the index runs over.
        index: integers from 0 up, as many axes as x; no longer than ``src``, nor than x along the other axes.
        src: of x's dtype, of which as much is taken as the index is long.

    Raises:
        TypeError: if the index is not of integers, or ``src`` is of another dtype.
        ValueError: if a shape does not fit; IndexError: if an index is out of range.
    """
    if unwrap(scatter_add, x).ndim == 0 or unwrap(scatter_add, index).ndim == 0:
        return with_an_axis(scatter_add, x, dim, index, src)
    if not isinstance(src, (tensors.Tensor, ndarray)):
        raise TypeError(
            message(
                "scatter_add",
                f"src must be a Tensor or an array, got {describe(src)}.",
                "Give each place its number: minigrad.full(index.shape, number).",
            )
        )
    x_data, along, places, src = operands_of_scatter(scatter_add, x, dim, index, src)
    output = x_data.copy()
    add_elements(output, along, places, unwrap(scatter_add, src))
    saved = (along, places, needs_grad(src))
    return record(scatter_add, scatter_add_vjp, output, (x, dim, index, src), saved)


def scatter_add_vjp(grad_output: Value, along: int, index: Value, for_src: bool) -> tuple[Value, ...]:
    """``grad_x = grad_output; grad_src = grad_output gathered from the places``."""
    return grad_output, None, None, gather(grad_output, along, index) if for_src else None


def scatter_product(x: Operand, dim: int, index: Operand, src: Operand) -> Tensor:
    """Return ``x`` with the numbers of ``src`` multiplied to it, each at its place of an axis."""
    x_data, along, places, src = operands_of_scatter(scatter_product, x, dim, index, src)
    source = unwrap(scatter_product, src)
    output = x_data.copy()
    np.multiply.at(output, places_of(places, along), source)
    saved = (x_data, along, places, source, needs_grad(x), needs_grad(src))
    return record(scatter_product, scatter_product_vjp, output, (x, dim, index, src), saved)


def scatter_product_vjp(
    grad_output: Value, x: Value, along: int, index: Value, src: Value, for_x: bool, for_src: bool
) -> tuple[Value, ...]:
    """``grad_x = grad_output * the numbers at its place; grad_src = grad_output * x * the others at its place``.

    The others' product is that of all, divided by the number; for the only zero at a place, that of all with a 1 there.
    """
    grad_x = grad_output * scatter_product(x * 0 + 1, along, index, src) if for_x else None
    if not for_src:
        return (grad_x,)
    zero = src == 0
    zeros = scatter_add(cast(x * 0, index.dtype), along, index, cast(zero, index.dtype))
    only = cast(zero, index.dtype) * gather(zeros, along, index) == 1
    divided = gather(scatter_product(x, along, index, src), along, index) / masked_fill(src, zero, 1)
    with_one = gather(scatter_product(x, along, index, masked_fill(src, only, 1)), along, index)
    return grad_x, None, None, gather(grad_output, along, index) * where(only, with_one, divided)


def scatter_(
    x: Tensor,
    dim: int,
    index: Operand,
    src: Any = None,
    *,
    value: float | None = None,
    reduce: str | None = None,
) -> Tensor:
    """Write numbers over ``x`` at places along an axis; arguments as for ``scatter``."""
    source: Any = one_of(src, value)
    if reduce is None:
        return write_over(scatter, x, (dim, index, source))
    refuse_write("scatter_", x, (source,))
    return copy_(x, scatter(clone(x), dim, index, source, reduce=reduce))


def scatter_add_(x: Tensor, dim: int, index: Operand, src: Operand) -> Tensor:
    """Add numbers to ``x`` at places along an axis, in place."""
    return write_over(scatter_add, x, (dim, index, src))


class ScatterMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    scatter = scatter
    scatter_ = scatter_
    scatter_add = scatter_add
    scatter_add_ = scatter_add_
