"""Gated units: one half of an axis, or of a layer, multiplied with an activation of the other."""

from __future__ import annotations

from typing import Any

from minigrad.nn.linears import Linear
from minigrad.nn.modules import Module
from minigrad.nn.settings import shown
from minigrad.ops.activations import silu
from minigrad.ops.gates import glu
from minigrad.ops.generators import Generator
from minigrad.ops.operands import Operand, Tensor


class GLU(Module):
    """The first half of an axis times the sigmoid of the second half.

    Args:
        dim: the axis, of even length.

    Source: Dauphin et al., "Language modeling with gated convolutional networks", 2017.
    """

    def __init__(self, dim: int = -1) -> None:
        """Keep the axis."""
        super().__init__()
        self.dim = dim

    def forward(self, input: Operand) -> Tensor:
        """Return the input's shape with the axis half as long."""
        return glu(input, self.dim)

    def extra_repr(self) -> str:
        """Return the axis."""
        return shown(self, "dim")


class SwiGLU(Module):
    """A feed-forward layer with a gate: ``w2(silu(w1(x)) * w3(x))``, as large language models have it.

    Args:
        in_features: the length of the input's last axis.
        hidden_features: that of the gate; default: 8 / 3 of ``in_features``, rounded up to a multiple of 8, which has
            as many weights as a layer without gate of 4 times the input's length.
        out_features: that of the result; default: ``in_features``.
        bias: whether the three linear layers have a bias.
        dtype: float32 or float64; default: the default floating dtype.
        generator: where the starting values are drawn from; default: the one that ``manual_seed`` seeds.

    Attributes:
        w1, w3: Linear(in_features, hidden_features).
        w2: Linear(hidden_features, out_features).

    Raises:
        ValueError: if a number of features is not positive; TypeError: if it is no integer.

    Examples:
        >>> import minigrad as mg
        >>> SwiGLU(4, 6)(mg.zeros(5, 4)).shape
        (5, 4)

    Source: Shazeer, "GLU variants improve Transformer", 2020.
    """

    def __init__(
        self,
        in_features: int,
        hidden_features: int | None = None,
        out_features: int | None = None,
        bias: bool = True,
        *,
        dtype: Any = None,
        generator: Generator | None = None,
    ) -> None:
        """Make the three linear layers."""
        super().__init__()
        if hidden_features is None:
            hidden_features = -(-8 * in_features // 24) * 8
        out_features = in_features if out_features is None else out_features
        self.w1 = Linear(in_features, hidden_features, bias, dtype=dtype, generator=generator)
        self.w2 = Linear(hidden_features, out_features, bias, dtype=dtype, generator=generator)
        self.w3 = Linear(in_features, hidden_features, bias, dtype=dtype, generator=generator)

    def forward(self, input: Operand) -> Tensor:
        """Return (..., out_features) for an input of (..., in_features)."""
        return self.w2(silu(self.w1(input)) * self.w3(input))
