"""How variables vary together: covariances and correlations of the rows of a matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.dtypes import get_default_dtype
from minigrad.errors import describe, message
from minigrad.ops.arithmetic import div, mul, sub
from minigrad.ops.conversion import cast
from minigrad.ops.diagonals import diagonal
from minigrad.ops.elementwise import clamp, sqrt
from minigrad.ops.operands import Op, Operand, Tensor, real, unwrap
from minigrad.ops.products import matmul
from minigrad.ops.reductions import mean, sum
from minigrad.ops.shapes import matrix_transpose, reshape, unsqueeze


def cov(
    x: Operand, *, correction: float = 1, fweights: Operand | None = None, aweights: Operand | None = None
) -> Tensor:
    """Return the covariances of variables.

    Args:
        x: (variables, observations), or the observations of one variable; integers become the default floating dtype.
        correction: divide by the number of observations less this.
        fweights: integers, how often each observation was made; (observations,).
        aweights: floats, how much each observation counts; (observations,).

    Returns:
        (variables, variables), or 0-d for one variable.

    Raises:
        ValueError: if x has more than two axes, or weights are negative or not one for each observation.
        TypeError: if ``fweights`` is not of integers, or ``aweights`` not of floats.

    Examples:
        >>> import minigrad as mg
        >>> mg.tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]).cov()
        Tensor((2, 2) float32 | 1 -1 -1 1)
    """
    rows = as_rows(cov, x)
    number = unwrap(cov, rows).shape[1]
    weights = weights_of_observations(x, number, fweights, aweights)
    correction = real(cov, "correction", correction)
    centred: Any
    if weights is None:
        centred = sub(rows, mean(rows, 1, True))
        product = matmul(centred, matrix_transpose(centred))
        freedom: Any = max(number - correction, 0)
        result = div(product, freedom)
    else:
        total = sum(weights)
        centred = sub(rows, div(sum(mul(rows, weights), 1, True), total))
        product = matmul(mul(centred, weights), matrix_transpose(centred))
        if aweights is None or correction == 0:
            freedom = sub(total, correction)
        else:
            squares = sum(mul(weights, cast(aweights, unwrap(cov, weights).dtype)))
            freedom = sub(total, mul(div(squares, total), correction))
        result = div(product, clamp(freedom, min=0))
    return reshape(result, ()) if unwrap(cov, rows).shape[0] == 1 else result


def as_rows(op: Op, x: Operand) -> Any:
    """Return variables as the rows of a floating matrix.

    Raises:
        ValueError: if there are more than two axes.
    """
    x_data = unwrap(op, x)
    if x_data.ndim > 2:
        raise ValueError(
            message(
                op.__name__,
                f"a matrix (variables, observations), or a vector, is needed, got {describe(x)}.",
                "Join axes with x.flatten(1); x.T makes the columns the variables.",
            )
        )
    rows: Any = x if x_data.dtype.kind == "f" else cast(x, get_default_dtype())
    return rows if x_data.ndim == 2 else reshape(rows, (1, -1))


def weights_of_observations(x: Operand, number: int, fweights: Operand | None, aweights: Operand | None) -> Any:
    """Return how much each observation counts, None for all alike, after all checks."""
    product: Any = None
    for name, weights, kinds in (("fweights", fweights, "iu"), ("aweights", aweights, "f")):
        if weights is None:
            continue
        data = unwrap(cov, weights)
        if data.dtype.kind not in kinds:
            wanted, remedy = ("floats", ".float()") if kinds == "f" else ("integers", ".long()")
            raise TypeError(
                message("cov", f"{name} must be of {wanted}, got {describe(weights)}.", f"Convert: {name}{remedy}.")
            )
        if data.ndim > 1 or data.size != number or (data.size and data.min() < 0):
            raise ValueError(
                message(
                    "cov",
                    f"{name} must be one number from 0 up for each observation; x is {describe(x)}, {name} "
                    f"{describe(weights)}{f' with {data.min()}' if data.size else ''}.",
                    "The observations of x are its columns: x.T where they are its rows.",
                )
            )
        dtype = unwrap(cov, x).dtype if unwrap(cov, x).dtype.kind == "f" else get_default_dtype()
        factor = reshape(cast(weights, dtype), (number,))
        product = factor if product is None else mul(product, factor)
    if product is not None and not np.any(unwrap(cov, product)):
        raise ValueError(message("cov", "the weights sum to zero.", "Give some observation a weight above 0."))
    return product


def corrcoef(x: Operand) -> Tensor:
    """Return the correlations of variables, each in [-1, 1]; NaN, gradient included, with one that does not vary.

    Args:
        x: (variables, observations), or the observations of one variable; integers become the default floating dtype.

    Returns:
        (variables, variables), or 0-d for one variable.

    Raises:
        ValueError: if x has more than two axes.
    """
    as_rows(corrcoef, x)
    together = cov(x)
    if unwrap(corrcoef, together).ndim == 0:
        return div(together, together)
    deviations: Any = sqrt(diagonal(together))
    return clamp(div(div(together, unsqueeze(deviations, 1)), unsqueeze(deviations, 0)), -1, 1)


class CovarianceMethods:
    """The functions of this file as methods of Tensor."""

    __slots__ = ()

    cov = cov
    corrcoef = corrcoef
