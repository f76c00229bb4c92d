"""Numbers moved to mean 0 and variance 1 over a batch, or over each sample's places, with statistics that are kept."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad import dtypes
from minigrad.errors import describe, message
from minigrad.modes import no_grad
from minigrad.nn import init
from minigrad.nn.modules import Module
from minigrad.nn.parameters import Parameter
from minigrad.nn.settings import new_parameter, positive_integer
from minigrad.ops.batch_norms import batch_norm
from minigrad.ops.creation import as_tensor
from minigrad.ops.in_place import add_, fill_, zero_
from minigrad.ops.instance_norms import instance_norm
from minigrad.ops.operands import Operand, Tensor


class ChannelNorm(Module):
    """What normalisations of channels keep.

    Args:
        num_features: the number of channels.
        eps: what is added to the variances, so that none is 0.
        momentum: the weight of a batch in the running statistics; None for the mean over all batches.
        affine: whether the result is scaled and moved by learned numbers.
        track_running_stats: whether statistics are kept while training and used in ``eval()``.
        dtype: float32 or float64; default: the default floating dtype.

    Attributes:
        weight, bias: (num_features,), or None; ones and zeros at the start.
        running_mean, running_var: (num_features,), or None; zeros and ones at the start.
        num_batches_tracked: 0-d int64, or None.

    Raises:
        ValueError: if the number of channels is not positive; TypeError: if it is no integer.
    """

    #: The numbers of axes that the input may have, and what they are.
    ndims: tuple[int, ...] = (2, 3)
    shapes = "(N, C) or (N, C, length)"
    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        dtype: Any = None,
    ) -> None:
        """Make the parameters and the statistics."""
        super().__init__()
        who = type(self).__name__
        self.num_features = positive_integer(who, "num_features", num_features)
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        shape = (self.num_features,)
        self.weight = self.bias = None
        self.register_parameter("weight", new_parameter(type(self), shape, dtype) if affine else None)
        self.register_parameter("bias", new_parameter(type(self), shape, dtype) if affine else None)
        wanted = dtypes.get_default_dtype() if dtype is None else dtypes.as_dtype(who, dtype)
        kept = track_running_stats
        self.register_buffer("running_mean", as_tensor(np.zeros(shape, wanted)) if kept else None)
        self.register_buffer("running_var", as_tensor(np.ones(shape, wanted)) if kept else None)
        self.register_buffer("num_batches_tracked", as_tensor(np.zeros((), np.int64)) if kept else None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget the batches that have been seen."""
        if self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None:
            zero_(self.running_mean)
            fill_(self.running_var, 1)
            zero_(self.num_batches_tracked)

    def reset_parameters(self) -> None:
        """Begin anew: no batch seen, nothing scaled or moved."""
        self.reset_running_stats()
        if self.weight is not None and self.bias is not None:
            init.ones_(self.weight)
            init.zeros_(self.bias)

    def check_input(self, input: Any) -> None:
        """Raise a ValueError unless the input has one of the numbers of axes that this layer is for."""
        if len(input.shape) not in self.ndims:
            raise ValueError(message(type(self).__name__, f"{self.shapes} is needed, got {describe(input)}."))

    def share(self) -> float:
        """Return the weight of this batch in the running statistics, after counting it."""
        if self.num_batches_tracked is None or not self.training:
            return 0.0 if self.momentum is None else self.momentum
        with no_grad():
            add_(self.num_batches_tracked, 1)
        return 1 / int(self.num_batches_tracked) if self.momentum is None else self.momentum

    def extra_repr(self) -> str:
        """Return the settings."""
        text = f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}"
        return f"{text}, track_running_stats={self.track_running_stats}"


class BatchNorm1d(ChannelNorm):
    """Each channel moved to mean 0 and variance 1 over the batch; arguments as for ``ChannelNorm``.

    In ``eval()`` the running statistics take the batch's place. The running variance is the unbiased one.

    Examples:
        >>> import minigrad as mg
        >>> BatchNorm1d(2)(mg.tensor([[1.0, 0.0], [3.0, 4.0]])).detach().round(decimals=3)
        Tensor((2, 2) float32 | -1 -1 1 1)

    Source: Ioffe and Szegedy, "Batch normalization", 2015.
    """

    def forward(self, input: Operand) -> Tensor:
        """Return the input's shape."""
        self.check_input(input)
        batch = self.training or self.running_mean is None
        settings = (self.running_mean, self.running_var, self.weight, self.bias, batch, self.share(), self.eps)
        return batch_norm(input, *settings)


class BatchNorm2d(BatchNorm1d):
    """Each channel of (N, C, H, W) moved to mean 0 and variance 1; see ``BatchNorm1d`` and, for arguments, its base."""

    ndims = (4,)
    shapes = "(N, C, H, W)"


class InstanceNorm1d(ChannelNorm):
    """Each channel of each sample moved to mean 0 and variance 1 over its places; arguments as for ``ChannelNorm``.

    Without learned numbers and without running statistics unless they are asked for.

    Source: Ulyanov, Vedaldi and Lempitsky, "Instance normalization: the missing ingredient for fast stylization", 2016.
    """

    shapes = "(N, C, length) or (C, length)"

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        *,
        dtype: Any = None,
    ) -> None:
        """Make the parameters and the statistics."""
        super().__init__(num_features, eps, momentum, affine, track_running_stats, dtype=dtype)

    def forward(self, input: Any) -> Tensor:
        """Return the input's shape."""
        self.check_input(input)
        source = input if len(input.shape) == self.ndims[1] else input[None]
        batch = self.training or self.running_mean is None
        share = 0.0 if self.momentum is None else self.momentum
        settings = (self.running_mean, self.running_var, self.weight, self.bias, batch, share, self.eps)
        result = instance_norm(source, *settings)
        return result if source is input else result[0]


class InstanceNorm2d(InstanceNorm1d):
    """Each channel of each image moved to mean 0 and variance 1 over its places; see ``InstanceNorm1d``."""

    ndims = (3, 4)
    shapes = "(N, C, H, W) or (C, H, W)"
