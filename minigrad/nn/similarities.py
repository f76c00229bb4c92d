"""How alike two vectors are, and how far apart."""

from __future__ import annotations

from minigrad.nn.modules import Module
from minigrad.nn.settings import shown
from minigrad.ops.operands import Operand, Tensor
from minigrad.ops.similarities import cosine_similarity, pairwise_distance


class CosineSimilarity(Module):
    """The cosine of the angle between vectors.

    Args:
        dim: the axis of their elements.
        eps: the least length that is divided by.
    """

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        """Keep the settings."""
        super().__init__()
        self.dim = dim
        self.eps = eps

    def forward(self, x1: Operand, x2: Operand) -> Tensor:
        """Return the shape that the two broadcast to, without the axis."""
        return cosine_similarity(x1, x2, self.dim, self.eps)

    def extra_repr(self) -> str:
        """Return the settings."""
        return shown(self, "dim", "eps")


class PairwiseDistance(Module):
    """The norm of the differences between vectors, which lie along the last axis.

    Args:
        p: the p of the norm.
        eps: added to the differences, so that distances have gradients.
        keepdim: whether the last axis stays, of length 1.
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        """Keep the settings."""
        super().__init__()
        self.p = p
        self.eps = eps
        self.keepdim = keepdim

    def forward(self, x1: Operand, x2: Operand) -> Tensor:
        """Return the shape that the two broadcast to, without the last axis."""
        return pairwise_distance(x1, x2, self.p, self.eps, self.keepdim)

    def extra_repr(self) -> str:
        """Return the settings."""
        return shown(self, "p", "eps", "keepdim")
