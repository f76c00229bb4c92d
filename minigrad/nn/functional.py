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
from minigrad.ops.average_poolings import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    avg_pool1d,
    avg_pool2d,
    local_response_norm,
)
from minigrad.ops.binary_losses import binary_cross_entropy, binary_cross_entropy_with_logits
from minigrad.ops.classification import cross_entropy, nll_loss
from minigrad.ops.convolutions import conv1d, conv2d
from minigrad.ops.dropouts import dropout
from minigrad.ops.elementwise import relu, sigmoid, tanh
from minigrad.ops.gates import glu, swiglu
from minigrad.ops.gathering import one_hot
from minigrad.ops.linears import linear
from minigrad.ops.losses import l1_loss, mse_loss
from minigrad.ops.max_poolings import adaptive_max_pool1d, adaptive_max_pool2d, max_pool1d, max_pool2d
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
from minigrad.ops.transposed_convolutions import conv_transpose1d, conv_transpose2d
from minigrad.ops.unfolding import fold, unfold

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "avg_pool1d",
    "avg_pool2d",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "celu",
    "conv1d",
    "conv2d",
    "conv_transpose1d",
    "conv_transpose2d",
    "cosine_similarity",
    "cross_entropy",
    "dropout",
    "elu",
    "fold",
    "gelu",
    "glu",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "l1_loss",
    "leaky_relu",
    "linear",
    "local_response_norm",
    "log_softmax",
    "logsigmoid",
    "max_pool1d",
    "max_pool2d",
    "mish",
    "mse_loss",
    "nll_loss",
    "normalize",
    "one_hot",
    "pairwise_distance",
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
    "unfold",
]
