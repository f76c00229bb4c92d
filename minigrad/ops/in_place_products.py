"""The in-place forms of sums of products, running sums and norms."""

from __future__ import annotations

from typing import Any

from minigrad.ops.cumulative import cumprod, cumsum
from minigrad.ops.distances import renorm
from minigrad.ops.operands import Operand, Tensor
from minigrad.ops.overwriting import write_over
from minigrad.ops.product_sums import addbmm, addmv, addr, baddbmm
from minigrad.ops.products import addmm


def addmm_(x: Tensor, mat1: Operand, mat2: Operand, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """Write ``beta * x + alpha * (mat1 @ mat2)`` over ``x``."""
    return write_over(addmm, x, (mat1, mat2), None, "f", {"beta": beta, "alpha": alpha})


def addmv_(x: Tensor, mat: Operand, vec: Operand, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """Write ``beta * x + alpha * (mat @ vec)`` over ``x``."""
    return write_over(addmv, x, (mat, vec), None, "f", {"beta": beta, "alpha": alpha})


def addr_(x: Tensor, vec1: Operand, vec2: Operand, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """Write ``beta * x + alpha * outer(vec1, vec2)`` over ``x``."""
    return write_over(addr, x, (vec1, vec2), None, "f", {"beta": beta, "alpha": alpha})


def baddbmm_(x: Tensor, batch1: Operand, batch2: Operand, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """Write ``beta * x + alpha * (batch1 @ batch2)`` over ``x``."""
    return write_over(baddbmm, x, (batch1, batch2), None, "f", {"beta": beta, "alpha": alpha})


def addbmm_(x: Tensor, batch1: Operand, batch2: Operand, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """Write ``beta * x + alpha *`` the sum of the products of a batch over ``x``."""
    return write_over(addbmm, x, (batch1, batch2), None, "f", {"beta": beta, "alpha": alpha})


def cumsum_(x: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """Write the running sums along an axis over ``x``; they are taken in ``dtype`` where one is given."""
    return write_over(cumsum, x, (dim,), None, "f", {"dtype": dtype})


def cumprod_(x: Tensor, dim: int, *, dtype: Any = None) -> Tensor:
    """Write the running products along an axis over ``x``; they are taken in ``dtype`` where one is given."""
    return write_over(cumprod, x, (dim,), None, "f", {"dtype": dtype})


def renorm_(x: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """Write ``renorm(x, p, dim, maxnorm)`` over ``x``, with its gradient at a norm of exactly ``maxnorm``."""
    return write_over(renorm, x, (p, dim, maxnorm))


class InPlaceProductMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    addmm_ = addmm_
    addmv_ = addmv_
    addr_ = addr_
    baddbmm_ = baddbmm_
    addbmm_ = addbmm_
    cumsum_ = cumsum_
    cumprod_ = cumprod_
    renorm_ = renorm_
