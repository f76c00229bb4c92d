"""The layers and losses as functions."""

from minigrad.ops.binary_losses import binary_cross_entropy, binary_cross_entropy_with_logits
from minigrad.ops.classification import cross_entropy, nll_loss
from minigrad.ops.dropouts import dropout
from minigrad.ops.elementwise import relu, sigmoid, tanh
from minigrad.ops.gathering import one_hot
from minigrad.ops.linears import linear
from minigrad.ops.losses import l1_loss, mse_loss
from minigrad.ops.normalisations import log_softmax, softmax

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "dropout",
    "l1_loss",
    "linear",
    "log_softmax",
    "mse_loss",
    "nll_loss",
    "one_hot",
    "relu",
    "sigmoid",
    "softmax",
    "tanh",
]
