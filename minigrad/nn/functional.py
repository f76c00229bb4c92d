"""The layers and losses as functions."""

from minigrad.ops.activations import (
    celu,
    elu,
    gelu,
    logsigmoid,
    mish,
    selu,
    silu,
    softmin,
    softplus,
    softsign,
    tanhshrink,
)
from minigrad.ops.attentions import scaled_dot_product_attention
from minigrad.ops.batch_norms import batch_norm
from minigrad.ops.binary_losses import binary_cross_entropy, binary_cross_entropy_with_logits
from minigrad.ops.classification import cross_entropy, nll_loss
from minigrad.ops.dropouts import dropout, dropout2d
from minigrad.ops.elementwise import relu, sigmoid, tanh
from minigrad.ops.embeddings import embedding, embedding_bag
from minigrad.ops.gates import glu, swiglu
from minigrad.ops.gathering import one_hot
from minigrad.ops.instance_norms import instance_norm
from minigrad.ops.layer_norms import group_norm, layer_norm, rms_norm
from minigrad.ops.linears import linear
from minigrad.ops.losses import l1_loss, mse_loss
from minigrad.ops.normalisations import log_softmax, softmax
from minigrad.ops.piecewise import (
    hardshrink,
    hardsigmoid,
    hardswish,
    hardtanh,
    leaky_relu,
    prelu,
    relu6,
    rrelu,
    softshrink,
    threshold,
)
from minigrad.ops.similarities import cosine_similarity, normalize, pairwise_distance

__all__ = [
    "batch_norm",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "celu",
    "cosine_similarity",
    "cross_entropy",
    "dropout",
    "dropout2d",
    "elu",
    "embedding",
    "embedding_bag",
    "gelu",
    "glu",
    "group_norm",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "instance_norm",
    "l1_loss",
    "layer_norm",
    "leaky_relu",
    "linear",
    "log_softmax",
    "logsigmoid",
    "mish",
    "mse_loss",
    "nll_loss",
    "normalize",
    "one_hot",
    "pairwise_distance",
    "prelu",
    "relu",
    "relu6",
    "rms_norm",
    "rrelu",
    "scaled_dot_product_attention",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softmin",
    "softplus",
    "softshrink",
    "softsign",
    "swiglu",
    "tanh",
    "tanhshrink",
    "threshold",
]
