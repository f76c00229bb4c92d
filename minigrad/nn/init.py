"""Starting values of parameters, written in place and outside of the graph.

Each function returns the tensor that it was given, and draws from ``generator``, or from the default one.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any

import numpy as np

from minigrad.errors import describe, message, number_remedy
from minigrad.modes import no_grad
from minigrad.ops import randomness
from minigrad.ops.generators import Generator
from minigrad.ops.operands import Tensor
from minigrad.ops.overwriting import copy_
from minigrad.tensors import is_tensor

#: Factors that keep the variance of what passes through a nonlinearity, where they do not depend on a parameter.
_GAINS = {
    "linear": 1.0,
    "conv1d": 1.0,
    "conv2d": 1.0,
    "conv3d": 1.0,
    "conv_transpose1d": 1.0,
    "conv_transpose2d": 1.0,
    "conv_transpose3d": 1.0,
    "sigmoid": 1.0,
    "tanh": 5.0 / 3,
    "relu": math.sqrt(2.0),
    "selu": 3.0 / 4,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """Return the recommended factor of the standard deviation before a nonlinearity.

    Args:
        nonlinearity: ``linear``, ``conv1d`` and the like, ``sigmoid``, ``tanh``, ``relu``, ``leaky_relu`` or ``selu``.
        param: the negative slope of ``leaky_relu``; default 0.01.

    Raises:
        ValueError: for another nonlinearity; TypeError: if ``param`` is no number.

    Examples:
        >>> calculate_gain("tanh")
        1.6666666666666667
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, (int, float)):
            raise TypeError(
                message(
                    "calculate_gain", f"the negative slope is a number, got {describe(param)}.", number_remedy(param)
                )
            )
        return math.sqrt(2.0 / (1 + slope**2))
    if nonlinearity not in _GAINS:
        known = ", ".join([*_GAINS, "leaky_relu"])
        raise ValueError(
            message(
                "calculate_gain",
                f"nonlinearity {nonlinearity!r} is none of {known}.",
                "'linear' has the gain 1, for a function that is not among them.",
            )
        )
    return _GAINS[nonlinearity]


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with uniform numbers in [a, b)."""
    require_floating("uniform_", tensor)
    with no_grad():
        return randomness.uniform_(tensor, a, b, generator=generator)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with normal numbers of a mean and a standard deviation."""
    require_floating("normal_", tensor)
    with no_grad():
        return randomness.normal_(tensor, mean, std, generator=generator)


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    """Fill with normal numbers of which only those in [a, b] occur.

    Args:
        tensor: what to fill, floating.
        mean: of the distribution before it is cut.
        std: of the distribution before it is cut, positive.
        a: the smallest value.
        b: the largest value.
        generator: where to draw from.

    Raises:
        ValueError: if ``std`` is not positive, or a is not below b.
    """
    require_floating("trunc_normal_", tensor)
    if not (std > 0 and a < b):
        raise ValueError(
            message(
                "trunc_normal_",
                f"std > 0 and a < b are needed, got std {std}, a {a}, b {b}.",
                "a and b are the bounds; use normal_ for none, and constant_ for one value.",
            )
        )
    # The distribution function is exact in its lower tail only, so what lies above the mean is drawn mirrored.
    side = -1 if a > mean else 1
    low, high = sorted([side * (a - mean) / std, side * (b - mean) / std])
    least, most = share_below(low), share_below(high)
    # By the inverse of the distribution function: as many draws as elements, whatever the bounds.
    shares = randomness.rand(tensor.shape, dtype=np.float64, generator=generator).numpy() * (most - least) + least
    inside = np.clip(shares, np.finfo(np.float64).tiny, 1 - np.finfo(np.float64).epsneg)
    distances = np.array([NormalDist().inv_cdf(share) for share in inside.reshape(-1).tolist()]).reshape(tensor.shape)
    values = mean + side * std * distances
    with no_grad():
        return copy_(tensor, np.clip(values, a, b))


def share_below(x: float) -> float:
    """Return the probability that a standard normal number is below ``x``, exact to rounding for negative x."""
    return math.erfc(-x / math.sqrt(2)) / 2


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with one value."""
    require_floating("constant_", tensor)
    with no_grad():
        return copy_(tensor, val)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with ones."""
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with zeros."""
    return constant_(tensor, 0.0)


def eye_(tensor: Tensor) -> Tensor:
    """Fill a matrix with ones on the diagonal and zeros elsewhere.

    Raises:
        ValueError: if the tensor is no matrix.
    """
    require_floating("eye_", tensor)
    if tensor.ndim != 2:
        raise ValueError(
            message(
                "eye_",
                f"a matrix is needed, got {describe(tensor)}.",
                "Use zeros_ or constant_ for a bias, orthogonal_ for a weight of more axes.",
            )
        )
    with no_grad():
        return copy_(tensor, np.eye(*tensor.shape, dtype=tensor.dtype))


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with uniform numbers in ±gain * sqrt(6 / (fan_in + fan_out)).

    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.
    """
    fan_in, fan_out = fans("xavier_uniform_", tensor)
    bound = gain * math.sqrt(6.0 / max(fan_in + fan_out, 1))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with normal numbers of standard deviation gain * sqrt(2 / (fan_in + fan_out)).

    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.
    """
    fan_in, fan_out = fans("xavier_normal_", tensor)
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / max(fan_in + fan_out, 1)), generator)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Fill with uniform numbers in ±gain * sqrt(3 / fan).

    Args:
        tensor: what to fill, at least two axes: (out, in, ...).
        a: the negative slope of ``leaky_relu``.
        mode: ``fan_in`` keeps the variance of the forward pass, ``fan_out`` that of the backward pass.
        nonlinearity: what follows, a name that ``calculate_gain`` knows.
        generator: where to draw from.

    Source: He et al., "Delving deep into rectifiers", 2015.
    """
    bound = math.sqrt(3.0) * kaiming_std("kaiming_uniform_", tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Fill with normal numbers of standard deviation gain / sqrt(fan); arguments as for ``kaiming_uniform_``.

    Source: He et al., "Delving deep into rectifiers", 2015.
    """
    return normal_(tensor, 0.0, kaiming_std("kaiming_normal_", tensor, a, mode, nonlinearity), generator)


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    """Fill with a matrix whose rows, or columns where they are fewer, are orthonormal, times ``gain``.

    Args:
        tensor: what to fill, at least two axes; those behind the first are taken as one.
        gain: the factor.
        generator: where to draw from.

    Source: Saxe et al., "Exact solutions to the nonlinear dynamics of learning in deep linear neural networks", 2013.
    """
    fans("orthogonal_", tensor)
    rows = tensor.shape[0]
    columns = math.prod(tensor.shape[1:])
    if rows * columns == 0:
        return tensor
    tall = (max(rows, columns), min(rows, columns))
    q, r = np.linalg.qr(randomness.randn(tall, dtype=np.float64, generator=generator).numpy())
    # With the signs of r's diagonal the result is uniform over the orthogonal matrices.
    q = q * np.sign(np.diagonal(r))
    with no_grad():
        return copy_(tensor, (gain * (q if rows >= columns else q.T)).reshape(tensor.shape))


def kaiming_std(who: str, tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    """Return the standard deviation that keeps the variance through layers of this shape."""
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(
            message(
                who,
                f"mode is 'fan_in' or 'fan_out', got {mode!r}.",
                "'fan_in' keeps the variance of the outputs, 'fan_out' that of the gradients.",
            )
        )
    fan = fans(who, tensor)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / math.sqrt(max(fan, 1))


def fans(who: str, tensor: Any) -> tuple[int, int]:
    """Return how many inputs each output has, and how many outputs each input, of a weight (out, in, ...).

    Raises:
        ValueError: if it has fewer than two axes.
    """
    require_floating(who, tensor)
    if tensor.ndim < 2:
        raise ValueError(
            message(who, f"a weight of (out, in, ...) is needed, got {describe(tensor)}.", "Use uniform_ or normal_.")
        )
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field


def require_floating(who: str, tensor: Any) -> None:
    """Raise a TypeError unless there is a floating Tensor to fill."""
    if not is_tensor(tensor) or tensor.dtype.kind != "f":
        raise TypeError(
            message(
                who,
                f"a floating Tensor to fill is needed, got {describe(tensor)}.",
                "Pass a parameter, such as layer.weight; convert integers first: x.float().",
            )
        )
