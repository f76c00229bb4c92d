"""``MultiheadAttention``: several heads of attention, each on features of its own."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.errors import describe, message
from minigrad.nn import init
from minigrad.nn.attention_masks import added_mask, extended_mask, merged_mask
from minigrad.nn.linears import Linear
from minigrad.nn.modules import Module
from minigrad.nn.parameters import Parameter
from minigrad.nn.settings import new_parameter, positive_integer
from minigrad.ops.attentions import scaled_dot_product_attention
from minigrad.ops.broadcasting import expand
from minigrad.ops.creation import as_tensor
from minigrad.ops.dropouts import checked_probability, dropout
from minigrad.ops.generators import Generator
from minigrad.ops.joining import cat, unbind
from minigrad.ops.linears import linear
from minigrad.ops.operands import Tensor
from minigrad.ops.products import matmul
from minigrad.ops.reductions import mean
from minigrad.ops.shapes import matrix_transpose, permute, reshape, transpose, unsqueeze
from minigrad.ops.softmaxes import softmax


class MultiheadAttention(Module):
    """Attention with several heads: each compares projections of queries and keys, and returns a mean of values.

    The weights of the inputs start as Xavier's uniform numbers, ``out_proj.weight`` as those of a Linear layer, the
    biases as zeros.

    Args:
        embed_dim: the length of the last axis of queries and of the result.
        num_heads: how many heads, each with ``embed_dim / num_heads`` features.
        dropout: the probability with which a weight of attention is dropped while training.
        bias: whether the four projections have a bias.
        add_bias_kv: whether a learned key and value is added to each sequence.
        add_zero_attn: whether a key and value of zeros is added to each sequence.
        kdim: the length of the last axis of keys; default: ``embed_dim``.
        vdim: that of values; default: ``embed_dim``.
        batch_first: whether inputs and outputs are (N, L, features) in place of (L, N, features).
        dtype: float32 or float64; default: the default floating dtype.
        generator: where the starting values and what is dropped are drawn from; default: the one that ``manual_seed``
            seeds.

    Attributes:
        in_proj_weight: (3 * embed_dim, embed_dim), of queries, keys and values; None with another kdim or vdim.
        q_proj_weight, k_proj_weight, v_proj_weight: (embed_dim, embed_dim, kdim or vdim), then in its place.
        in_proj_bias: (3 * embed_dim,), or None.
        out_proj: Linear(embed_dim, embed_dim).
        bias_k, bias_v: (1, 1, embed_dim), or None.

    Raises:
        ValueError: if ``embed_dim`` is no multiple of ``num_heads``, or a length is not positive; TypeError: if one is
            no integer.

    Examples:
        >>> import minigrad as mg
        >>> x = mg.zeros(2, 5, 8)
        >>> output, weights = MultiheadAttention(8, 2, batch_first=True)(x, x, x)
        >>> output.shape, weights.shape
        ((2, 5, 8), (2, 5, 5))

    Source: Vaswani et al., "Attention is all you need", NeurIPS 2017.
    """

    in_proj_weight: Parameter | None
    in_proj_bias: Parameter | None
    q_proj_weight: Parameter | None
    k_proj_weight: Parameter | None
    v_proj_weight: Parameter | None
    bias_k: Parameter | None
    bias_v: Parameter | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        *,
        dtype: Any = None,
        generator: Generator | None = None,
    ) -> None:
        """Make the parameters."""
        super().__init__()
        who = type(self).__name__
        self.embed_dim = positive_integer(who, "embed_dim", embed_dim)
        self.num_heads = positive_integer(who, "num_heads", num_heads)
        if self.embed_dim % self.num_heads != 0:
            problem = f"embed_dim must be a multiple of num_heads, got embed_dim={embed_dim} and num_heads={num_heads}."
            raise ValueError(message(who, problem, "Each head has embed_dim / num_heads features."))
        self.head_dim = self.embed_dim // self.num_heads
        self.kdim = self.embed_dim if kdim is None else positive_integer(who, "kdim", kdim)
        self.vdim = self.embed_dim if vdim is None else positive_integer(who, "vdim", vdim)
        self.dropout = checked_probability(who, dropout)
        self.batch_first = batch_first
        self.add_zero_attn = add_zero_attn
        self.generator = generator
        size = self.embed_dim
        shapes: dict[str, tuple[int, ...] | None] = {
            "q_proj_weight": (size, size),
            "k_proj_weight": (size, self.kdim),
            "v_proj_weight": (size, self.vdim),
            "in_proj_weight": None,
            "in_proj_bias": (3 * size,) if bias else None,
            "bias_k": (1, 1, size) if add_bias_kv else None,
            "bias_v": (1, 1, size) if add_bias_kv else None,
        }
        if self.kdim == self.vdim == size:
            shapes |= {"in_proj_weight": (3 * size, size)}
            shapes |= {"q_proj_weight": None, "k_proj_weight": None, "v_proj_weight": None}
        for name, shape in shapes.items():
            self.register_parameter(name, None if shape is None else new_parameter(type(self), shape, dtype))
        self.out_proj = Linear(size, size, bias, dtype=dtype, generator=generator)
        self.reset_parameters(generator)

    def reset_parameters(self, generator: Generator | None = None) -> None:
        """Draw the starting values of the inputs' projections anew; all biases are zeros."""
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight, generator=generator)
        for bias in (self.in_proj_bias, self.out_proj.bias):
            if bias is not None:
                init.zeros_(bias)
        for added in (self.bias_k, self.bias_v):
            if added is not None:
                init.xavier_normal_(added, generator=generator)

    def forward(
        self,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """Return what each query has attended to, and how much it attended to each key.

        Args:
            query: (L, N, embed_dim), with ``batch_first`` (N, L, embed_dim), or (L, embed_dim).
            key: (S, N, kdim), likewise.
            value: (S, N, vdim), likewise.
            key_padding_mask: (N, S), or (S,) without batch: bools, True for a key that no query sees, or numbers that
                are added to the scores.
            need_weights: whether the weights are returned; without them it is faster.
            attn_mask: (L, S) or (N * num_heads, L, S): bools, True where a query does not see a key, or numbers that
                are added to the scores.
            average_attn_weights: whether the mean of the heads' weights is returned.
            is_causal: a hint that ``attn_mask``, which must be given too, hides all later keys from each query.

        Returns:
            output: as the query.
            weights: (N, L, S), or (N, num_heads, L, S) without the mean, without N where there is no batch; None
                unless wanted. A query that sees no key has weights of NaN, as in PyTorch, where they are wanted.

        Raises:
            ValueError: if the shapes do not fit, or ``is_causal`` comes without ``attn_mask``.
            TypeError: if a mask is neither of bools nor of numbers of the query's dtype.
        """
        batched = self.check_inputs(query, key, value)
        if is_causal and attn_mask is None:
            problem = "is_causal=True is a hint about attn_mask, which is missing."
            raise ValueError(message("MultiheadAttention", problem, "Pass the mask too: attn_mask=mask."))
        q, k, v = self.projected(query, key, value, batched)
        batch, length, keys = q.shape[0], q.shape[1], k.shape[1]
        causal = is_causal and key_padding_mask is None and not need_weights
        scores = (batch * self.num_heads, length, keys)
        mask = added_mask("attn_mask", attn_mask, q.dtype, ((length, keys), scores))
        padding = added_mask("key_padding_mask", key_padding_mask, q.dtype, ((batch, keys) if batched else (keys,),))
        k, v, added = self.with_added_keys(k, v)
        causal = causal and added == 0
        mask = None if causal else merged_mask(mask, padding, batch, self.num_heads)
        q, k, v = self.split_heads(q), self.split_heads(k), self.split_heads(v)
        output, weights = self.attended(q, k, v, extended_mask(mask, added), need_weights, causal)
        # (N, heads, L, features) to the layout of the query.
        order = (0, 2, 1, 3) if self.batch_first or not batched else (2, 0, 1, 3)
        output = permute(output, order)
        output = self.out_proj(reshape(output, (*query.shape[:-1], self.embed_dim)))
        if weights is None:
            return output, None
        weights = mean(weights, 1) if average_attn_weights else weights
        return output, (weights if batched else weights[0])

    def attended(self, q: Any, k: Any, v: Any, mask: Any, need_weights: bool, causal: bool) -> tuple[Any, Any]:
        """Return attention, (N, heads, L, features), and its weights, (N, heads, L, S), or None."""
        p = self.dropout if self.training else 0.0
        if not need_weights:
            return scaled_dot_product_attention(q, k, v, mask, p, causal, generator=self.generator), None
        scores = matmul(q * (1 / math.sqrt(self.head_dim)), matrix_transpose(k))
        weights = softmax(scores if mask is None else scores + mask, -1)
        weights = dropout(weights, p, generator=self.generator)
        return matmul(weights, v), weights

    def projected(self, query: Any, key: Any, value: Any, batched: bool) -> list[Any]:
        """Return the projections of queries, keys and values, each (N, length, embed_dim)."""
        if self.in_proj_weight is not None and query is key and key is value:
            # One product, and the three side by side in its result.
            all_three = linear(query, self.in_proj_weight, self.in_proj_bias)
            each = reshape(all_three, (*query.shape[:-1], 3, self.embed_dim))
            found = list(unbind(each, each.ndim - 2))
        else:
            weights: Any = (self.q_proj_weight, self.k_proj_weight, self.v_proj_weight)
            if self.in_proj_weight is not None:
                weights = unbind(reshape(self.in_proj_weight, (3, self.embed_dim, self.embed_dim)))
            biases: Any = (None, None, None)
            if self.in_proj_bias is not None:
                biases = unbind(reshape(self.in_proj_bias, (3, self.embed_dim)))
            found = []
            for input, weight, bias in zip((query, key, value), weights, biases):
                found.append(linear(input, weight, bias))
        if not batched:
            return [unsqueeze(each, 0) for each in found]
        return found if self.batch_first else [transpose(each, 0, 1) for each in found]

    def with_added_keys(self, k: Any, v: Any) -> tuple[Any, Any, int]:
        """Return keys and values with those that are added to each sequence, and how many these are."""
        added = 0
        batch = k.shape[0]
        if self.bias_k is not None and self.bias_v is not None:
            shape = (batch, 1, self.embed_dim)
            k, v = cat([k, expand(self.bias_k, shape)], 1), cat([v, expand(self.bias_v, shape)], 1)
            added += 1
        if self.add_zero_attn:
            nothing = as_tensor(np.zeros((batch, 1, self.embed_dim), k.dtype))
            k, v = cat([k, nothing], 1), cat([v, nothing], 1)
            added += 1
        return k, v, added

    def split_heads(self, x: Any) -> Any:
        """Return (N, heads, length, features) of (N, length, embed_dim)."""
        return transpose(reshape(x, (*x.shape[:2], self.num_heads, self.head_dim)), 1, 2)

    def check_inputs(self, query: Any, key: Any, value: Any) -> bool:
        """Return whether the inputs have an axis for the batch.

        Raises:
            ValueError: if their shapes do not fit together or to this layer.
        """
        shapes = [tuple(getattr(each, "shape", ())) for each in (query, key, value)]
        ndim = len(shapes[0])
        fits = ndim in (2, 3) and len(shapes[1]) == len(shapes[2]) == ndim
        if fits:
            q, k, v = shapes
            fits = (q[-1], k[-1], v[-1]) == (self.embed_dim, self.kdim, self.vdim) and k[:-1] == v[:-1]
            place = 0 if self.batch_first else 1
            fits = fits and (ndim == 2 or q[place] == k[place])
        if not fits:
            first, second = ("N, L", "N, S") if self.batch_first else ("L, N", "S, N")
            wanted = f"query ({first}, {self.embed_dim}), key ({second}, {self.kdim}), value ({second}, {self.vdim})"
            came = f"got {describe(query)}, {describe(key)} and {describe(value)}."
            problem = f"{wanted} are needed, or all three without N, {came}"
            raise ValueError(message("MultiheadAttention", problem, "batch_first says whether N is the first axis."))
        return ndim == 3
