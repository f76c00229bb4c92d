"""Numbers that tell the places of a sequence apart, for layers that do not know an order."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.errors import describe, message
from minigrad.nn.modules import Module
from minigrad.nn.settings import positive_integer, shown
from minigrad.ops.creation import as_tensor
from minigrad.ops.dropouts import checked_probability, dropout
from minigrad.ops.generators import Generator
from minigrad.ops.operands import Tensor


class SinusoidalPositionalEncoding(Module):
    """Adds to place p of a sequence the sines and cosines of p at wavelengths from 2 π to ``base`` * 2 π.

    Feature 2 i gets ``sin(p / base ** (2 i / d_model))``, feature 2 i + 1 the cosine of the same angle. Moving by some
    places rotates each such pair by a fixed angle, so a layer can learn to look so many places back. PyTorch has no
    such layer; nothing is learned, and the state dict holds nothing of it.

    Args:
        d_model: the length of the input's last axis.
        max_len: the length of the longest sequence.
        dropout: the probability with which numbers of the sum are dropped while training.
        batch_first: whether inputs are (N, L, d_model) in place of (L, N, d_model).
        base: the longest wavelength, divided by 2 π.
        dtype: float32 or float64; default: the default floating dtype.
        generator: where what is dropped is drawn from; default: the one that ``manual_seed`` seeds.

    Attributes:
        encoding: (max_len, d_model), a buffer.

    Raises:
        ValueError: if a length or the base is not positive, or ``dropout`` not in [0, 1]; TypeError: if a length is no
            integer.

    Examples:
        >>> import minigrad as mg
        >>> SinusoidalPositionalEncoding(4)(mg.zeros(2, 4))
        Tensor((2, 4) float32 | 0 1 0 1 0.84147 0.5403 0.0099998 0.99995)

    Source: Vaswani et al., "Attention is all you need", NeurIPS 2017, section 3.5.
    """

    encoding: Tensor

    def __init__(
        self,
        d_model: int,
        max_len: int = 5000,
        dropout: float = 0.0,
        batch_first: bool = False,
        base: float = 10000.0,
        *,
        dtype: Any = None,
        generator: Generator | None = None,
    ) -> None:
        """Compute the sines and cosines."""
        super().__init__()
        who = type(self).__name__
        self.d_model = positive_integer(who, "d_model", d_model)
        self.max_len = positive_integer(who, "max_len", max_len)
        self.dropout = checked_probability(who, dropout)
        self.batch_first = batch_first
        if not base > 0:
            raise ValueError(message(who, f"base must be above 0, got {base}.", "10000 is usual."))
        self.base = base
        self.generator = generator
        wanted = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(who, dtype)
        self.register_buffer("encoding", as_tensor(sines(self.max_len, self.d_model, base).astype(wanted)), False)

    def forward(self, input: Any) -> Tensor:
        """Return the input with the encoding of each place added, of its shape.

        Args:
            input: (L, N, d_model), with ``batch_first`` (N, L, d_model), or (L, d_model).

        Raises:
            ValueError: if it has another shape, or more than ``max_len`` places.
        """
        shape = tuple(getattr(input, "shape", ()))
        if len(shape) not in (2, 3) or shape[-1] != self.d_model:
            axes = "N, L" if self.batch_first else "L, N"
            problem = f"({axes}, {self.d_model}) or (L, {self.d_model}) is needed, got {describe(input)}."
            raise ValueError(message(type(self).__name__, problem, "The last axis is that of the features."))
        in_front = len(shape) == 3 and self.batch_first
        length = shape[1 if in_front else 0]
        if length > self.max_len:
            problem = f"a sequence of at most max_len={self.max_len} places is needed, got {describe(input)}."
            raise ValueError(message(type(self).__name__, problem, f"Make the layer with max_len={length}."))
        places = self.encoding[:length]
        moved = input + (places if in_front or len(shape) == 2 else places[:, None])
        return dropout(moved, self.dropout, self.training, generator=self.generator)

    def extra_repr(self) -> str:
        """Return the settings."""
        return shown(self, "d_model", "max_len", "dropout", "batch_first", "base")


def sines(length: int, features: int, base: float) -> np.ndarray:
    """Return the encoding, (length, features) float64."""
    pair = np.arange(features) // 2
    angle = np.arange(length)[:, None] / base ** (2 * pair / features)
    return np.where(np.arange(features) % 2 == 0, np.sin(angle), np.cos(angle))
