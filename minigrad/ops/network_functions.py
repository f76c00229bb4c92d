"""The functions of networks that have a name beside the one in ``nn.functional``, one family a file."""

from minigrad.ops.average_poolings import (
    adaptive_avg_pool1d,
    avg_pool1d,
)
from minigrad.ops.convolutions import (
    conv1d,
    conv2d,
)
from minigrad.ops.layer_norms import (
    group_norm,
    layer_norm,
    rms_norm,
)
from minigrad.ops.linears import (
    linear,
)
from minigrad.ops.max_poolings import (
    max_pool1d,
    max_pool2d,
)
from minigrad.ops.softmaxes import (
    SoftmaxMethods,
    log_softmax,
    softmax,
)
from minigrad.ops.transposed_convolutions import (
    conv_transpose1d,
    conv_transpose2d,
)

__all__ = [
    "adaptive_avg_pool1d",
    "avg_pool1d",
    "conv1d",
    "conv2d",
    "conv_transpose1d",
    "conv_transpose2d",
    "group_norm",
    "layer_norm",
    "linear",
    "log_softmax",
    "max_pool1d",
    "max_pool2d",
    "rms_norm",
    "softmax",
]


class NetworkMethods(
    SoftmaxMethods,
):
    """The methods of these families."""

    __slots__ = ()
