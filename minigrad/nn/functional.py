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
from minigrad.ops.bilinears import bilinear
from minigrad.ops.binary_losses import binary_cross_entropy, binary_cross_entropy_with_logits
from minigrad.ops.classification import cross_entropy, nll_loss
from minigrad.ops.distances import pdist
from minigrad.ops.dropouts import dropout
from minigrad.ops.elementwise import relu, sigmoid, tanh
from minigrad.ops.gates import glu, swiglu
from minigrad.ops.gathering import one_hot
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
    "bilinear",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "celu",
    "cosine_similarity",
    "cross_entropy",
    "dropout",
    "elu",
    "gelu",
    "glu",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "l1_loss",
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
    "pdist",
    "prelu",
    "relu",
    "relu6",
    "rrelu",
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
