"""Layers that drop numbers at random while training."""

from __future__ import annotations

from minigrad.nn.modules import Module
from minigrad.ops.dropouts import checked_probability, dropout
from minigrad.ops.generators import Generator
from minigrad.ops.operands import Operand, Tensor


class Dropout(Module):
    """Sets numbers to 0 with probability ``p`` and scales the others by ``1 / (1 - p)``; in ``eval()`` does nothing.

    Args:
        p: the probability, from 0 to 1.
        generator: where to draw from; default: the one that ``manual_seed`` seeds.

    Raises:
        ValueError: if ``p`` is not in [0, 1]; TypeError: if it is no number.

    Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 2014.
    """

    def __init__(self, p: float = 0.5, *, generator: Generator | None = None) -> None:
        """Keep the probability."""
        super().__init__()
        self.p = checked_probability("Dropout", p)
        self.generator = generator

    def forward(self, input: Operand) -> Tensor:
        """Return the input's shape; the input itself in ``eval()``."""
        return dropout(input, self.p, self.training, generator=self.generator)

    def extra_repr(self) -> str:
        """Return the probability."""
        return f"p={self.p}"
