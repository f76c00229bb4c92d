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
from minigrad.ops.average_poolings import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    avg_pool1d,
    avg_pool2d,
    local_response_norm,
)
from minigrad.ops.batch_norms import batch_norm
from minigrad.ops.bilinears import bilinear
from minigrad.ops.binary_losses import binary_cross_entropy, binary_cross_entropy_with_logits
from minigrad.ops.class_margin_losses import multi_margin_loss, multilabel_margin_loss, multilabel_soft_margin_loss
from minigrad.ops.classification import cross_entropy, nll_loss
from minigrad.ops.convolutions import conv1d, conv2d
from minigrad.ops.distances import pdist
from minigrad.ops.dropouts import dropout, dropout2d
from minigrad.ops.elementwise import relu, sigmoid, tanh
from minigrad.ops.embeddings import embedding, embedding_bag
from minigrad.ops.gates import glu, swiglu
from minigrad.ops.gathering import one_hot
from minigrad.ops.instance_norms import instance_norm
from minigrad.ops.layer_norms import group_norm, layer_norm, rms_norm
from minigrad.ops.likelihood_losses import gaussian_nll_loss, kl_div, poisson_nll_loss
from minigrad.ops.linears import linear
from minigrad.ops.losses import l1_loss, mse_loss
from minigrad.ops.margin_losses import (
    cosine_embedding_loss,
    hinge_embedding_loss,
    margin_ranking_loss,
    soft_margin_loss,
    triplet_margin_loss,
)
from minigrad.ops.max_poolings import adaptive_max_pool1d, adaptive_max_pool2d, max_pool1d, max_pool2d
from minigrad.ops.padding import pad
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
from minigrad.ops.pixels import pixel_shuffle, pixel_unshuffle
from minigrad.ops.resampling import interpolate
from minigrad.ops.robust_losses import huber_loss, smooth_l1_loss
from minigrad.ops.similarities import cosine_similarity, normalize, pairwise_distance
from minigrad.ops.softmaxes import log_softmax, softmax
from minigrad.ops.transposed_convolutions import conv_transpose1d, conv_transpose2d
from minigrad.ops.unfolding import fold, unfold

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "avg_pool1d",
    "avg_pool2d",
    "batch_norm",
    "bilinear",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "celu",
    "cosine_embedding_loss",
    "conv1d",
    "conv2d",
    "conv_transpose1d",
    "conv_transpose2d",
    "cosine_similarity",
    "cross_entropy",
    "dropout",
    "dropout2d",
    "elu",
    "gaussian_nll_loss",
    "fold",
    "embedding",
    "embedding_bag",
    "gelu",
    "glu",
    "group_norm",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "hinge_embedding_loss",
    "huber_loss",
    "kl_div",
    "interpolate",
    "instance_norm",
    "l1_loss",
    "layer_norm",
    "leaky_relu",
    "linear",
    "local_response_norm",
    "log_softmax",
    "logsigmoid",
    "margin_ranking_loss",
    "max_pool1d",
    "max_pool2d",
    "mish",
    "mse_loss",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "nll_loss",
    "normalize",
    "one_hot",
    "pad",
    "pairwise_distance",
    "poisson_nll_loss",
    "pixel_shuffle",
    "pixel_unshuffle",
    "pdist",
    "prelu",
    "relu",
    "relu6",
    "rms_norm",
    "rrelu",
    "scaled_dot_product_attention",
    "selu",
    "sigmoid",
    "silu",
    "smooth_l1_loss",
    "soft_margin_loss",
    "softmax",
    "softmin",
    "softplus",
    "softshrink",
    "softsign",
    "swiglu",
    "tanh",
    "tanhshrink",
    "threshold",
    "triplet_margin_loss",
    "unfold",
]
