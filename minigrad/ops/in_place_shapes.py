"""The in-place forms of changes of shape: the tensor itself is seen in another shape, its memory is as it was."""

from __future__ import annotations

from typing import Any

from minigrad import tensors
from minigrad.errors import describe, message
from minigrad.graph import Node, move_retention
from minigrad.modes import current_state
from minigrad.ops.operands import Op, Tensor
from minigrad.ops.shapes import squeeze, t, transpose, unsqueeze
from minigrad.writes import refuse_outdated_view


def reshape_itself(op: Op, x: Tensor, *arguments: Any) -> Tensor:
    """Make ``x`` the view that ``op(x, *arguments)`` returns of it.

    Nothing is written: what was saved of x stays valid, and its views stay views of the same memory. Gradients that
    arrive from here on are those of the new shape; the view's rule hands them on in the old one.

    Args:
        op: an operation that returns a view of its operand, or the operand itself.
        x: the tensor to change.
        arguments: the operation's others.

    Raises:
        TypeError: if x is no Tensor, or a function is being mapped or captured, which goes by the shapes of tensors.
        RuntimeError: if a gradient of the old shape could still arrive: x is a leaf that requires grad, or part of the
            graph where nothing is recorded.
    """
    who = op.__name__ + "_"
    if not isinstance(x, tensors.Tensor):
        raise TypeError(
            message(who, f"a Tensor is needed to be changed, got {describe(x)}.", f"Use {op.__name__}, which copies.")
        )
    refuse_outdated_view(who, x)
    if x.requires_grad and (x.is_leaf or not current_state().grad_enabled):
        kind = "is a leaf that requires grad" if x.is_leaf else "is part of the graph, which is not recorded here"
        raise RuntimeError(
            message(
                who,
                f"{describe(x)} {kind}; in another shape its gradient would not fit it.",
                f"Make a new tensor instead: y = x.{op.__name__}(...).",
            )
        )
    tape = current_state().tape
    # A tape of minigrad.debug looks on, and goes by no shape.
    if tape is not None and not getattr(tape, "looks_on", False):
        raise TypeError(
            message(
                who,
                f"it is an in-place operation on {describe(x)}, which must keep its shape under vmap and in a capture.",
                f"Make a new tensor instead: y = x.{op.__name__}(...).",
            )
        )
    viewed: Tensor = op(x, *arguments)
    if isinstance(viewed._edge, Node) and viewed is not x:
        move_retention(x, viewed._edge)
        viewed._edge.stamp = x._stamp
        x._edge = viewed._edge
    x._data = viewed._data
    return x


def squeeze_(x: Tensor, dim: Any = None) -> Tensor:
    """Make ``x`` the view ``squeeze(x, dim)`` of itself."""
    return reshape_itself(squeeze, x, dim)


def unsqueeze_(x: Tensor, dim: int) -> Tensor:
    """Make ``x`` the view ``unsqueeze(x, dim)`` of itself."""
    return reshape_itself(unsqueeze, x, dim)


def t_(x: Tensor) -> Tensor:
    """Make ``x``, a matrix or vector, its transpose."""
    return reshape_itself(t, x)


def transpose_(x: Tensor, dim0: int, dim1: int) -> Tensor:
    """Exchange two axes of ``x`` itself."""
    return reshape_itself(transpose, x, dim0, dim1)


def swapaxes_(x: Tensor, axis0: int, axis1: int) -> Tensor:
    """Exchange two axes of ``x`` itself."""
    return transpose_(x, axis0, axis1)


class InPlaceShapeMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    squeeze_ = squeeze_
    unsqueeze_ = unsqueeze_
    t_ = t_
    transpose_ = swapdims_ = transpose_
    swapaxes_ = swapaxes_
