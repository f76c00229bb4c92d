"""One tensor taken apart along an axis, at places or into a number of parts: views."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from minigrad import tensors
from minigrad.errors import describe, message
from minigrad.ops.joining import refuse_scalar, split
from minigrad.ops.operands import Op, Operand, Tensor, axis, ndarray, unwrap, whole
from minigrad.ops.selections import narrow


def tensor_split(x: Operand, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Return views of parts of ``x`` along an axis.

    Args:
        x: at least one axis.
        indices_or_sections: how many parts, the first of which are one longer where they cannot be equal; or the places
            where a new part begins, as in the slices ``x[:i], x[i:j], x[j:]``. A tensor of integers is either.
        dim: the axis.

    Raises:
        ValueError: if the number of parts is not positive, or x is 0-d; TypeError: if it is no integer.

    Examples:
        >>> import minigrad as mg
        >>> [part.tolist() for part in mg.tensor_split(mg.arange(5), 2)]
        [[0, 1, 2], [3, 4]]
        >>> [part.tolist() for part in mg.tensor_split(mg.arange(5), (1, 4))]
        [[0], [1, 2, 3], [4]]
    """
    x_data = unwrap(tensor_split, x)
    refuse_scalar(tensor_split, x_data)
    along = dim if type(dim) is int and 0 <= dim < x_data.ndim else axis(tensor_split, dim, x_data.ndim)
    length = x_data.shape[along]
    asked = indices_or_sections
    if isinstance(asked, (tensors.Tensor, ndarray)):
        asked = unwrap(tensor_split, asked).tolist()
    if not isinstance(asked, (tuple, list)):
        parts = whole(tensor_split, "indices_or_sections", asked)
        if parts < 1:
            raise ValueError(
                message("tensor_split", f"the number of parts must be at least 1, got {parts}.", "1 is x as a whole.")
            )
        size, longer = divmod(length, parts)
        return split(x, [size + 1] * longer + [size] * (parts - longer), along)
    bounds = [0]
    for each in asked:
        # As in a slice: negative ones count from the end, and beyond the ends is at the ends.
        bounds.append(slice(whole(tensor_split, "each index", each)).indices(length)[1])
    bounds.append(length)
    lengths = []
    for first, last in pairwise(bounds):
        lengths.append(last - first)
    if min(lengths) >= 0:
        return split(x, lengths, along)
    # The parts overlap: each is a view of its own.
    return tuple([narrow(x, along, first, max(size, 0)) for first, size in zip(bounds, lengths)])


def hsplit(x: Operand, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Return views of parts of ``x`` along axis 1, or along the only axis; see ``split_evenly``."""
    return split_evenly(hsplit, x, indices_or_sections, 1, 1 if unwrap(hsplit, x).ndim > 1 else 0)


def vsplit(x: Operand, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Return views of parts of ``x``, of at least two axes, along axis 0; see ``split_evenly``."""
    return split_evenly(vsplit, x, indices_or_sections, 2, 0)


def dsplit(x: Operand, indices_or_sections: Any) -> tuple[Tensor, ...]:
    """Return views of parts of ``x``, of at least three axes, along axis 2; see ``split_evenly``."""
    return split_evenly(dsplit, x, indices_or_sections, 3, 2)


def split_evenly(op: Op, x: Operand, indices_or_sections: Any, axes: int, along: int) -> tuple[Tensor, ...]:
    """Return ``tensor_split`` along an axis; a number of parts must divide its length.

    Raises:
        ValueError: if x has fewer than ``axes`` axes, or the parts cannot be equal.
    """
    x_data = unwrap(op, x)
    if x_data.ndim < axes:
        raise ValueError(
            message(op.__name__, f"at least {axes} axes are needed, got {describe(x)}.", "tensor_split takes any axis.")
        )
    if not isinstance(indices_or_sections, (tuple, list)):
        parts = whole(op, "indices_or_sections", indices_or_sections)
        if parts < 1 or x_data.shape[along] % parts:
            raise ValueError(
                message(
                    op.__name__,
                    f"axis {along} of {describe(x)} cannot be split into {parts} equal parts.",
                    "tensor_split makes parts that differ by one.",
                )
            )
    return tensor_split(x, indices_or_sections, along)


class SplittingMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    dsplit = dsplit
    hsplit = hsplit
    tensor_split = tensor_split
    vsplit = vsplit
