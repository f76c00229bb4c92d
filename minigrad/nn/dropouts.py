"""Layers that drop numbers, or whole channels, at random while training."""

from __future__ import annotations

from typing import Any

from minigrad.nn.modules import Module
from minigrad.nn.settings import shown
from minigrad.ops.dropouts import checked_probability, dropout, dropout2d
from minigrad.ops.generators import Generator
from minigrad.ops.operands import Tensor


class Dropout(Module):
    """Sets numbers to 0 with probability ``p`` and scales the others by ``1 / (1 - p)``; in ``eval()`` does nothing.

    Args:
        p: the probability, from 0 to 1.
        inplace: write the result over the input.
        generator: where to draw from; default: the one that ``manual_seed`` seeds.

    Raises:
        ValueError: if ``p`` is not in [0, 1]; TypeError: if it is no number.

    Source: Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 2014.
    """

    def __init__(self, p: float = 0.5, inplace: bool = False, *, generator: Generator | None = None) -> None:
        """Keep the settings."""
        super().__init__()
        self.p = checked_probability(type(self).__name__, p)
        self.inplace = inplace
        self.generator = generator

    def forward(self, input: Any) -> Tensor:
        """Return the input's shape; the input itself in ``eval()``."""
        return dropout(input, self.p, self.training, self.inplace, generator=self.generator)

    def extra_repr(self) -> str:
        """Return the settings."""
        return shown(self, "p", "inplace")


class Dropout2d(Dropout):
    """Sets whole channels of (N, C, H, W) to 0, each sample's own; arguments and errors as for ``Dropout``.

    Source: Tompson et al., "Efficient object localization using convolutional networks", CVPR 2015.
    """

    def forward(self, input: Any) -> Tensor:
        """Return the input's shape; the input itself in ``eval()``."""
        return dropout2d(input, self.p, self.training, self.inplace, generator=self.generator)
