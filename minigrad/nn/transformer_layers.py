"""The layers of a Transformer: attention, then two linear layers, each added to what went in and normalised."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minigrad.errors import describe, message
from minigrad.nn.attention_layers import MultiheadAttention
from minigrad.nn.dropouts import Dropout
from minigrad.nn.linears import Linear
from minigrad.nn.modules import Module
from minigrad.nn.normalisations import LayerNorm
from minigrad.ops.activations import gelu
from minigrad.ops.elementwise import relu
from minigrad.ops.generators import Generator
from minigrad.ops.operands import Tensor

ACTIVATIONS: dict[str, Callable[[Any], Any]] = {"relu": relu, "gelu": gelu}


class TransformerLayer(Module):
    """What the layers of encoders and decoders share: attention to the sequence itself, and the two linear layers.

    Args:
        d_model: the length of the last axis of inputs and outputs.
        nhead: how many heads attention has.
        dim_feedforward: the length between the two linear layers.
        dropout: the probability with which weights of attention, numbers between the linear layers, and what is added
            to the input are dropped while training.
        activation: "relu", "gelu" or a function, between the linear layers.
        layer_norm_eps: of the normalisations.
        batch_first: whether inputs and outputs are (N, L, d_model) in place of (L, N, d_model).
        norm_first: whether each part normalises what it is given, in place of the sum of that and its result.
        bias: whether linear layers and normalisations have a bias.
        dtype: float32 or float64; default: the default floating dtype.
        generator: where the starting values and what is dropped are drawn from; default: the one that ``manual_seed``
            seeds.

    Attributes:
        self_attn: MultiheadAttention(d_model, nhead).
        linear1, linear2: Linear(d_model, dim_feedforward) and Linear(dim_feedforward, d_model).
        norm1, norm2, and in a decoder's layer norm3: LayerNorm(d_model).

    Raises:
        ValueError: if ``d_model`` is no multiple of ``nhead``, a length is not positive, or there is no such
            activation; TypeError: if a length is no integer, or the activation cannot be called.
    """

    attends_memory = False

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Any], Any] = "relu",
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        *,
        dtype: Any = None,
        generator: Generator | None = None,
    ) -> None:
        """Make the layers."""
        super().__init__()
        function = checked_activation(type(self).__name__, activation)
        made: dict[str, Any] = {"dtype": dtype, "generator": generator}
        heads = {"dropout": dropout, "bias": bias, "batch_first": batch_first, **made}
        self.self_attn = MultiheadAttention(d_model, nhead, **heads)
        if self.attends_memory:
            self.multihead_attn = MultiheadAttention(d_model, nhead, **heads)
        self.linear1 = Linear(d_model, dim_feedforward, bias, **made)
        self.dropout = Dropout(dropout, generator=generator)
        self.linear2 = Linear(dim_feedforward, d_model, bias, **made)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.norm2 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        if self.attends_memory:
            self.norm3 = LayerNorm(d_model, layer_norm_eps, bias=bias, dtype=dtype)
        self.dropout1 = Dropout(dropout, generator=generator)
        self.dropout2 = Dropout(dropout, generator=generator)
        if self.attends_memory:
            self.dropout3 = Dropout(dropout, generator=generator)
        self.activation = function

    def attend_self(self, x: Any, mask: Any, padding: Any, is_causal: bool) -> Tensor:
        """Return what each place of a sequence has attended to in the sequence."""
        settings = {"key_padding_mask": padding, "attn_mask": mask, "is_causal": is_causal}
        return self.dropout1(self.self_attn(x, x, x, need_weights=False, **settings)[0])

    def feed_forward(self, x: Any) -> Tensor:
        """Return what the two linear layers make of each place."""
        return self.linear2(self.dropout(self.activation(self.linear1(x))))


class TransformerEncoderLayer(TransformerLayer):
    """Attention of a sequence to itself, then two linear layers, each with a way around it and a normalisation.

    With ``norm_first`` ``x = x + attention(norm1(x)); x = x + feed_forward(norm2(x))``, otherwise ``x = norm1(x +
    attention(x)); x = norm2(x + feed_forward(x))``. Arguments and attributes as for ``TransformerLayer``.

    Examples:
        >>> import minigrad as mg
        >>> TransformerEncoderLayer(8, 2, 16, batch_first=True)(mg.zeros(2, 5, 8)).shape
        (2, 5, 8)

    Source: Vaswani et al., "Attention is all you need", NeurIPS 2017; for ``norm_first`` Xiong et al., "On layer
    normalization in the Transformer architecture", ICML 2020.
    """

    def forward(
        self, src: Any, src_mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False
    ) -> Tensor:
        """Return a sequence of the shape of ``src``.

        Args:
            src: (L, N, d_model), with ``batch_first`` (N, L, d_model), or (L, d_model).
            src_mask: ``attn_mask`` of attention: True where a place does not see another, or numbers to be added.
            src_key_padding_mask: (N, L) or (L,): True for places that none sees, or numbers to be added.
            is_causal: a hint that ``src_mask``, which must be given too, hides all later places.

        Raises:
            ValueError, TypeError: as ``MultiheadAttention``.
        """
        masks = (src_mask, src_key_padding_mask, is_causal)
        if self.norm_first:
            x = src + self.attend_self(self.norm1(src), *masks)
            return x + self.dropout2(self.feed_forward(self.norm2(x)))
        x = self.norm1(src + self.attend_self(src, *masks))
        return self.norm2(x + self.dropout2(self.feed_forward(x)))


class TransformerDecoderLayer(TransformerLayer):
    """Attention of a sequence to itself, then to a memory, then two linear layers, each normalised.

    Arguments and attributes as for ``TransformerLayer``; besides ``multihead_attn``, ``MultiheadAttention`` to the
    memory, which is what an encoder has returned.

    Source: Vaswani et al., "Attention is all you need", NeurIPS 2017.
    """

    attends_memory = True

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Tensor:
        """Return a sequence of the shape of ``tgt``.

        Args:
            tgt: (L, N, d_model), with ``batch_first`` (N, L, d_model), or (L, d_model).
            memory: (S, N, d_model), likewise.
            tgt_mask: (L, L) or (N * nhead, L, L): True where a place does not see another, or numbers to be added.
            memory_mask: (L, S) or (N * nhead, L, S), likewise, for the memory.
            tgt_key_padding_mask: (N, L) or (L,): True for places that none sees, or numbers to be added.
            memory_key_padding_mask: (N, S) or (S,), likewise, for the memory.
            tgt_is_causal: a hint that ``tgt_mask``, which must be given too, hides all later places.
            memory_is_causal: likewise for ``memory_mask``.

        Raises:
            ValueError, TypeError: as ``MultiheadAttention``.
        """
        masks = (tgt_mask, tgt_key_padding_mask, tgt_is_causal)
        memory_masks = (memory_mask, memory_key_padding_mask, memory_is_causal)
        if self.norm_first:
            x = tgt + self.attend_self(self.norm1(tgt), *masks)
            x = x + self.attend_memory(self.norm2(x), memory, *memory_masks)
            return x + self.dropout3(self.feed_forward(self.norm3(x)))
        x = self.norm1(tgt + self.attend_self(tgt, *masks))
        x = self.norm2(x + self.attend_memory(x, memory, *memory_masks))
        return self.norm3(x + self.dropout3(self.feed_forward(x)))

    def attend_memory(self, x: Any, memory: Any, mask: Any, padding: Any, is_causal: bool) -> Tensor:
        """Return what each place of a sequence has attended to in the memory."""
        settings = {"key_padding_mask": padding, "attn_mask": mask, "is_causal": is_causal}
        return self.dropout2(self.multihead_attn(x, memory, memory, need_weights=False, **settings)[0])


def checked_activation(who: str, activation: Any) -> Any:
    """Return the function that an activation names or is.

    Raises:
        ValueError: if there is none of that name; TypeError: if it cannot be called.
    """
    if isinstance(activation, str) and activation in ACTIVATIONS:
        return ACTIVATIONS[activation]
    if isinstance(activation, str):
        problem = f"activation is 'relu', 'gelu' or a function, got {activation!r}."
        raise ValueError(message(who, problem, "Pass the function itself: nn.functional.silu."))
    if not callable(activation):
        problem = f"activation is 'relu', 'gelu' or a function, got {describe(activation)}."
        raise TypeError(message(who, problem, "Pass the function itself: nn.functional.silu."))
    return activation
