"""The in-place forms of functions of each element that take several operands or arguments."""

from __future__ import annotations

import numpy as np

from minigrad.ops import special_functions
from minigrad.ops.bounds import clamp_max, clamp_min
from minigrad.ops.comparisons import logical_and, logical_or, logical_xor
from minigrad.ops.entropies import xlogy
from minigrad.ops.interpolation import addcdiv, addcmul, lerp
from minigrad.ops.logarithms import logit
from minigrad.ops.operands import Operand, Tensor
from minigrad.ops.overwriting import write_over
from minigrad.ops.powers import float_power, hypot, ldexp
from minigrad.ops.rounding import fmod, round
from minigrad.ops.signs import copysign, heaviside, nan_to_num
from minigrad.ops.trigonometric import atan2


def atan2_(x: Tensor, y: Operand) -> Tensor:
    """Write ``atan2(x, y)`` over ``x``."""
    return write_over(atan2, x, (y,), np.arctan2)


def copysign_(x: Tensor, y: Operand) -> Tensor:
    """Write ``copysign(x, y)`` over ``x``."""
    return write_over(copysign, x, (y,), np.copysign)


def float_power_(x: Tensor, y: Operand) -> Tensor:
    """Write ``float_power(x, y)`` over ``x``."""
    return write_over(float_power, x, (y,))


def fmod_(x: Tensor, y: Operand) -> Tensor:
    """Write ``fmod(x, y)`` over ``x``."""
    return write_over(fmod, x, (y,), np.fmod)


def heaviside_(x: Tensor, y: Operand) -> Tensor:
    """Write ``heaviside(x, y)`` over ``x``."""
    return write_over(heaviside, x, (y,))


def hypot_(x: Tensor, y: Operand) -> Tensor:
    """Write ``hypot(x, y)`` over ``x``."""
    return write_over(hypot, x, (y,), np.hypot)


def ldexp_(x: Tensor, y: Operand) -> Tensor:
    """Write ``ldexp(x, y)`` over ``x``."""
    return write_over(ldexp, x, (y,))


def xlogy_(x: Tensor, y: Operand) -> Tensor:
    """Write ``xlogy(x, y)`` over ``x``."""
    return write_over(xlogy, x, (y,))


def logical_and_(x: Tensor, y: Operand) -> Tensor:
    """Write ``logical_and(x, y)`` over ``x``."""
    return write_over(logical_and, x, (y,), np.logical_and, "b")


def logical_or_(x: Tensor, y: Operand) -> Tensor:
    """Write ``logical_or(x, y)`` over ``x``."""
    return write_over(logical_or, x, (y,), np.logical_or, "b")


def logical_xor_(x: Tensor, y: Operand) -> Tensor:
    """Write ``logical_xor(x, y)`` over ``x``."""
    return write_over(logical_xor, x, (y,), np.logical_xor, "b")


def round_(x: Tensor, decimals: int = 0) -> Tensor:
    """Write ``round(x, decimals)`` over ``x``."""
    return write_over(round, x, (decimals,))


def logit_(x: Tensor, eps: float | None = None) -> Tensor:
    """Write ``logit(x, eps)`` over ``x``."""
    return write_over(logit, x, (eps,))


def nan_to_num_(x: Tensor, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Tensor:
    """Write ``nan_to_num(x, nan, posinf, neginf)`` over ``x``."""
    return write_over(nan_to_num, x, (nan, posinf, neginf))


def clamp_min_(x: Tensor, min: Operand) -> Tensor:
    """Write ``clamp_min(x, min)`` over ``x``."""
    return write_over(clamp_min, x, (min,), np.maximum)


def clamp_max_(x: Tensor, max: Operand) -> Tensor:
    """Write ``clamp_max(x, max)`` over ``x``."""
    return write_over(clamp_max, x, (max,), np.minimum)


def lerp_(x: Tensor, end: Operand, weight: Operand) -> Tensor:
    """Write ``lerp(x, end, weight)`` over ``x``."""
    return write_over(lerp, x, (end, weight))


def addcmul_(x: Tensor, tensor1: Operand, tensor2: Operand, value: float = 1) -> Tensor:
    """Write ``addcmul(x, tensor1, tensor2, value)`` over ``x``."""
    return write_over(addcmul, x, (tensor1, tensor2, value))


def addcdiv_(x: Tensor, tensor1: Operand, tensor2: Operand, value: float = 1) -> Tensor:
    """Write ``addcdiv(x, tensor1, tensor2, value)`` over ``x``."""
    return write_over(addcdiv, x, (tensor1, tensor2, value))


def polygamma(x: Operand, n: int) -> Tensor:
    """Return ``special.polygamma(n, x)``, the operand first."""
    return special_functions.polygamma(n, x)


def polygamma_(x: Tensor, n: int) -> Tensor:
    """Write ``polygamma(n, x)`` over ``x``."""
    return write_over(polygamma, x, (n,))


class InPlaceArgumentMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    atan2_ = arctan2_ = atan2_
    copysign_ = copysign_
    float_power_ = float_power_
    fmod_ = fmod_
    heaviside_ = heaviside_
    hypot_ = hypot_
    ldexp_ = ldexp_
    xlogy_ = xlogy_
    logical_and_ = logical_and_
    logical_or_ = logical_or_
    logical_xor_ = logical_xor_
    round_ = round_
    logit_ = logit_
    nan_to_num_ = nan_to_num_
    clamp_min_ = clamp_min_
    clamp_max_ = clamp_max_
    lerp_ = lerp_
    addcmul_ = addcmul_
    addcdiv_ = addcdiv_
    polygamma_ = polygamma_
