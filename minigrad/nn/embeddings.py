"""Tables of vectors that are looked up by number: words, categories, bags of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.errors import describe, message
from minigrad.modes import no_grad
from minigrad.nn import init
from minigrad.nn.modules import Module
from minigrad.nn.parameters import Parameter
from minigrad.nn.settings import new_parameter, positive_integer
from minigrad.ops.embeddings import embedding, embedding_bag
from minigrad.ops.generators import Generator
from minigrad.ops.indexing import set_item
from minigrad.ops.operands import Operand, Tensor


class Embedding(Module):
    """A table of vectors, of which those are returned whose numbers are given.

    The vectors start as normal numbers of mean 0 and standard deviation 1, that of ``padding_idx`` as zeros.

    Args:
        num_embeddings: how many vectors.
        embedding_dim: how long each is.
        padding_idx: the number of a vector that gets no gradient; a negative one counts from the end.
        max_norm: vectors that are looked up and longer than this are first shortened to it, in place.
        norm_type: the p of the norm that measures this.
        scale_grad_by_freq: whether a vector's gradient is divided by how often it was looked up.
        sparse: False; gradients are dense.
        dtype: float32 or float64; default: the default floating dtype.
        generator: where the starting values are drawn from; default: the one that ``manual_seed`` seeds.

    Attributes:
        weight: (num_embeddings, embedding_dim).

    Raises:
        ValueError: if a size is not positive, or ``padding_idx`` is no number of a vector; TypeError: if one is no
            integer.

    Examples:
        >>> import minigrad as mg
        >>> Embedding(10, 3)(mg.tensor([[1, 2], [3, 4]])).shape
        (2, 2, 3)
    """

    weight: Parameter

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        *,
        dtype: Any = None,
        generator: Generator | None = None,
    ) -> None:
        """Make the table."""
        super().__init__()
        who = type(self).__name__
        self.num_embeddings = positive_integer(who, "num_embeddings", num_embeddings)
        self.embedding_dim = positive_integer(who, "embedding_dim", embedding_dim)
        self.padding_idx = row_number(who, padding_idx, num_embeddings)
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.sparse = sparse
        self.weight = new_parameter(type(self), (self.num_embeddings, self.embedding_dim), dtype)
        self.reset_parameters(generator)

    def reset_parameters(self, generator: Generator | None = None) -> None:
        """Draw the starting values anew."""
        init.normal_(self.weight, generator=generator)
        if self.padding_idx is not None:
            with no_grad():
                set_item(self.weight, self.padding_idx, 0)

    @classmethod
    def from_pretrained(
        cls, embeddings: Any, freeze: bool = True, padding_idx: int | None = None, **settings: Any
    ) -> Embedding:
        """Return a layer with a copy of a table that is there.

        Args:
            embeddings: (num_embeddings, embedding_dim), floating.
            freeze: whether the table stays as it is in training.
            padding_idx: as at construction, like the other settings.
            settings: see ``Embedding``.

        Raises:
            ValueError: if the table is no matrix.
        """
        table = Parameter(embeddings, requires_grad=not freeze)
        if table.ndim != 2:
            problem = f"a table of (vectors, length) is needed, got {describe(embeddings)}."
            raise ValueError(message(f"{cls.__name__}.from_pretrained", problem, "Give it two axes with reshape."))
        rows, length = table.shape
        layer = cls(rows, length, padding_idx=padding_idx, dtype=table.dtype, **settings)
        layer.weight = table
        return layer

    def forward(self, input: Operand) -> Tensor:
        """Return the shape of the numbers, then embedding_dim."""
        settings = (self.padding_idx, self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse)
        return embedding(input, self.weight, *settings)

    def extra_repr(self) -> str:
        """Return the sizes, and the settings that are not the default."""
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        defaults = {"padding_idx": None, "max_norm": None, "norm_type": 2.0, "scale_grad_by_freq": False}
        for name, default in defaults.items():
            if getattr(self, name) != default:
                text += f", {name}={getattr(self, name)!r}"
        return text


class EmbeddingBag(Embedding):
    """The sum, mean or maximum of the vectors of a bag of numbers, without making them one by one.

    Args:
        num_embeddings: how many vectors.
        embedding_dim: how long each is.
        max_norm: as for ``Embedding``, as are ``norm_type``, ``scale_grad_by_freq``, ``dtype`` and ``generator``.
        norm_type: the p of the norm that measures this.
        scale_grad_by_freq: whether a vector's gradient is divided by how often it was looked up; not with ``"max"``.
        mode: ``"sum"``, ``"mean"`` or ``"max"``.
        sparse: False; gradients are dense.
        include_last_offset: whether the offsets end with the number of all numbers.
        padding_idx: the number of a vector that counts for nothing.
        dtype: float32 or float64; default: the default floating dtype.
        generator: where the starting values are drawn from; default: the one that ``manual_seed`` seeds.

    Raises:
        ValueError, TypeError: as ``Embedding``.
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        *,
        dtype: Any = None,
        generator: Generator | None = None,
    ) -> None:
        """Make the table."""
        settings = (padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse)
        super().__init__(num_embeddings, embedding_dim, *settings, dtype=dtype, generator=generator)
        if mode not in ("sum", "mean", "max"):
            raise ValueError(message("EmbeddingBag", f"mode is 'sum', 'mean' or 'max', got {mode!r}."))
        self.mode = mode
        self.include_last_offset = include_last_offset

    def forward(
        self, input: Operand, offsets: Operand | None = None, per_sample_weights: Operand | None = None
    ) -> Tensor:
        """Return (bags, embedding_dim) for bags of one length, (bags, length), or all in a row with their offsets."""
        return embedding_bag(
            input,
            self.weight,
            offsets,
            max_norm=self.max_norm,
            norm_type=self.norm_type,
            scale_grad_by_freq=self.scale_grad_by_freq,
            mode=self.mode,
            sparse=self.sparse,
            per_sample_weights=per_sample_weights,
            include_last_offset=self.include_last_offset,
            padding_idx=self.padding_idx,
        )

    def extra_repr(self) -> str:
        """Return the sizes, and the settings that are not the default."""
        return f"{super().extra_repr()}, mode={self.mode!r}"


def row_number(who: str, padding_idx: Any, rows: int) -> int | None:
    """Return the number of a row from 0 up, or None.

    Raises:
        TypeError: if it is no integer; ValueError: if there is no such row.
    """
    if padding_idx is None:
        return None
    if isinstance(padding_idx, bool) or not isinstance(padding_idx, (int, np.integer)):
        raise TypeError(message(who, f"padding_idx must be an integer, got {describe(padding_idx)}."))
    if not -rows <= padding_idx < rows:
        raise ValueError(message(who, f"padding_idx is in [{-rows}, {rows - 1}], got {padding_idx}."))
    return int(padding_idx) % rows
