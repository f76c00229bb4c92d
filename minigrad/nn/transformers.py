"""Stacks of Transformer layers, and encoder and decoder together: ``Transformer``."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.errors import describe, message
from minigrad.nn import init
from minigrad.nn.containers import ModuleList
from minigrad.nn.modules import Module
from minigrad.nn.normalisations import LayerNorm
from minigrad.nn.settings import positive_integer
from minigrad.nn.transformer_layers import TransformerDecoderLayer, TransformerEncoderLayer
from minigrad.ops.creation import as_tensor
from minigrad.ops.generators import Generator
from minigrad.ops.operands import Tensor


class TransformerEncoder(Module):
    """A stack of encoder layers.

    Args:
        encoder_layer: the layer; each of the stack is a copy of it, with the same starting values.
        num_layers: how many.
        norm: a module that normalises what the last one returns, or None.
        enable_nested_tensor: taken for PyTorch's sake, and without meaning here: padded places are computed as others.
        mask_check: likewise.

    Attributes:
        layers: the copies, as ``ModuleList``.

    Raises:
        ValueError: if ``num_layers`` is not positive; TypeError: if it is no integer, or the layer no Module.

    Source: Vaswani et al., "Attention is all you need", NeurIPS 2017.
    """

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        """Make the copies."""
        super().__init__()
        self.num_layers = positive_integer("TransformerEncoder", "num_layers", num_layers)
        self.layers = copies("TransformerEncoder", encoder_layer, self.num_layers)
        self.norm = norm
        self.enable_nested_tensor = enable_nested_tensor
        self.mask_check = mask_check

    def forward(
        self, src: Any, mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool | None = None
    ) -> Tensor:
        """Return what the last layer makes of ``src``; see ``TransformerEncoderLayer``."""
        output = src
        for layer in self.layers:
            output = layer(output, src_mask=mask, src_key_padding_mask=src_key_padding_mask, is_causal=bool(is_causal))
        return output if self.norm is None else self.norm(output)


class TransformerDecoder(Module):
    """A stack of decoder layers.

    Args:
        decoder_layer: the layer; each of the stack is a copy of it, with the same starting values.
        num_layers: how many.
        norm: a module that normalises what the last one returns, or None.

    Attributes:
        layers: the copies, as ``ModuleList``.

    Raises:
        ValueError: if ``num_layers`` is not positive; TypeError: if it is no integer, or the layer no Module.

    Source: Vaswani et al., "Attention is all you need", NeurIPS 2017.
    """

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        """Make the copies."""
        super().__init__()
        self.num_layers = positive_integer("TransformerDecoder", "num_layers", num_layers)
        self.layers = copies("TransformerDecoder", decoder_layer, self.num_layers)
        self.norm = norm

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Return what the last layer makes of ``tgt``; see ``TransformerDecoderLayer``."""
        masks = (tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask)
        output = tgt
        for layer in self.layers:
            output = layer(output, memory, *masks, bool(tgt_is_causal), memory_is_causal)
        return output if self.norm is None else self.norm(output)


class Transformer(Module):
    """An encoder, and a decoder that attends to what it returns.

    All weights start as Xavier's uniform numbers.

    Args:
        d_model: the length of the last axis of inputs and outputs.
        nhead: how many heads attention has.
        num_encoder_layers: how many layers the encoder has.
        num_decoder_layers: how many the decoder has.
        dim_feedforward, dropout, activation: as for ``TransformerLayer``.
        custom_encoder: a module in the place of the encoder, or None.
        custom_decoder: a module in the place of the decoder, or None.
        layer_norm_eps, batch_first, norm_first, bias, dtype, generator: as for ``TransformerLayer``.

    Attributes:
        encoder: TransformerEncoder, with a normalisation at its end.
        decoder: TransformerDecoder, likewise.

    Raises:
        ValueError, TypeError: as ``TransformerLayer`` and ``TransformerEncoder``.

    Source: Vaswani et al., "Attention is all you need", NeurIPS 2017.
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Any], Any] = "relu",
        custom_encoder: Module | None = None,
        custom_decoder: Module | None = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        *,
        dtype: Any = None,
        generator: Generator | None = None,
    ) -> None:
        """Make the encoder and the decoder."""
        super().__init__()
        settings = (dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first, bias)
        made: dict[str, Any] = {"dtype": dtype, "generator": generator}
        if custom_encoder is None:
            layer = TransformerEncoderLayer(d_model, nhead, *settings, **made)
            norm = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
            custom_encoder = TransformerEncoder(layer, num_encoder_layers, norm)
        self.encoder = custom_encoder
        if custom_decoder is None:
            other = TransformerDecoderLayer(d_model, nhead, *settings, **made)
            norm = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
            custom_decoder = TransformerDecoder(other, num_decoder_layers, norm)
        self.decoder = custom_decoder
        self.d_model = d_model
        self.nhead = nhead
        self.batch_first = batch_first
        self.reset_parameters(generator)

    def reset_parameters(self, generator: Generator | None = None) -> None:
        """Draw the starting values of all weights anew."""
        for parameter in self.parameters():
            if parameter.ndim > 1:
                init.xavier_uniform_(parameter, generator=generator)

    def forward(
        self,
        src: Any,
        tgt: Any,
        src_mask: Any = None,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        src_key_padding_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Return what the decoder makes of ``tgt`` and of what the encoder makes of ``src``.

        Args:
            src: (S, N, d_model), with ``batch_first`` (N, S, d_model), or (S, d_model).
            tgt: (L, N, d_model), likewise.
            src_mask: (S, S); True where a place does not see another, or numbers to be added; as ``attn_mask``.
            tgt_mask: (L, L), likewise.
            memory_mask: (L, S), likewise.
            src_key_padding_mask: (N, S) or (S,): True for places that none sees, or numbers to be added.
            tgt_key_padding_mask: (N, L) or (L,), likewise.
            memory_key_padding_mask: (N, S) or (S,), likewise.
            src_is_causal: a hint that ``src_mask``, which must be given too, hides all later places.
            tgt_is_causal: likewise for ``tgt_mask``.
            memory_is_causal: likewise for ``memory_mask``.

        Raises:
            ValueError, TypeError: as ``MultiheadAttention``.
        """
        memory = self.encoder(src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal)
        return self.decoder(
            tgt,
            memory,
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )

    @staticmethod
    def generate_square_subsequent_mask(sz: int, dtype: Any = None) -> Tensor:
        """Return the mask that hides all later places: (sz, sz) of minus infinity above the diagonal, else 0.

        Examples:
            >>> Transformer.generate_square_subsequent_mask(2)
            Tensor((2, 2) float32 | 0 -inf 0 0)
        """
        size = positive_integer("generate_square_subsequent_mask", "sz", sz)
        wanted = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype("Transformer", dtype)
        return as_tensor(np.triu(np.full((size, size), -np.inf, wanted), 1))


def copies(who: str, layer: Any, number: int) -> ModuleList:
    """Return so many copies of a layer.

    Raises:
        TypeError: if it is no Module.
    """
    if not isinstance(layer, Module):
        remedy = "Pass a layer itself: nn.TransformerEncoderLayer(64, 4)."
        raise TypeError(message(who, f"a layer is needed, got {describe(layer)}.", remedy))
    found = []
    for _ in range(number):
        found.append(copy.deepcopy(layer))
    return ModuleList(found)
