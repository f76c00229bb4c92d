"""Activations of each number alone that are smooth, and those that clip at 0."""

from __future__ import annotations

from minigrad.nn.modules import Module
from minigrad.nn.settings import shown
from minigrad.ops.activations import celu, elu, gelu, logsigmoid, mish, selu, silu, softplus, softsign, tanhshrink
from minigrad.ops.elementwise import relu, sigmoid, tanh
from minigrad.ops.operands import Operand, Tensor
from minigrad.ops.piecewise import relu6


class Activation(Module):
    """What activations share: settings that are kept under their names, and shown.

    Attributes:
        settings: the names of the settings, in the order of the arguments.
    """

    settings: tuple[str, ...] = ()

    def extra_repr(self) -> str:
        """Return the settings, ``inplace`` only where it is so."""
        return shown(self, *self.settings)


class ReLU(Activation):
    """``max(x, 0)``, elementwise.

    Args:
        inplace: write the result over the input.
    """

    settings = ("inplace",)

    def __init__(self, inplace: bool = False) -> None:
        """Keep the settings."""
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Operand) -> Tensor:
        """Return the input's shape."""
        return relu(input, self.inplace)


class ReLU6(Activation):
    """``min(max(x, 0), 6)``, elementwise.

    Args:
        inplace: write the result over the input.

    Source: Howard et al., "MobileNets: efficient convolutional neural networks for mobile vision", 2017.
    """

    settings = ("inplace",)

    def __init__(self, inplace: bool = False) -> None:
        """Keep the settings."""
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Operand) -> Tensor:
        """Return the input's shape."""
        return relu6(input, self.inplace)


class Tanh(Activation):
    """The hyperbolic tangent, elementwise."""

    def forward(self, input: Operand) -> Tensor:
        """Return the input's shape."""
        return tanh(input)


class Sigmoid(Activation):
    """``1 / (1 + exp(-x))``, elementwise."""

    def forward(self, input: Operand) -> Tensor:
        """Return the input's shape."""
        return sigmoid(input)


class LogSigmoid(Activation):
    """The logarithm of the sigmoid, elementwise, exact where that underflows."""

    def forward(self, input: Operand) -> Tensor:
        """Return the input's shape."""
        return logsigmoid(input)


class SiLU(Activation):
    """``x * sigmoid(x)``, elementwise; also called swish.

    Args:
        inplace: write the result over the input.
    """

    settings = ("inplace",)

    def __init__(self, inplace: bool = False) -> None:
        """Keep the settings."""
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Operand) -> Tensor:
        """Return the input's shape."""
        return silu(input, self.inplace)


class GELU(Activation):
    """``x`` times the share of the normal distribution below it, elementwise.

    Args:
        approximate: ``"none"``, or ``"tanh"`` for an approximation by a hyperbolic tangent.
    """

    settings = ("approximate",)

    def __init__(self, approximate: str = "none") -> None:
        """Keep the settings."""
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Operand) -> Tensor:
        """Return the input's shape."""
        return gelu(input, self.approximate)


class Mish(Activation):
    """``x * tanh(softplus(x))``, elementwise.

    Args:
        inplace: write the result over the input.
    """

    settings = ("inplace",)

    def __init__(self, inplace: bool = False) -> None:
        """Keep the settings."""
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Operand) -> Tensor:
        """Return the input's shape."""
        return mish(input, self.inplace)


class Softplus(Activation):
    """``log(1 + exp(beta * x)) / beta``, elementwise: a smooth relu.

    Args:
        beta: how sharp the bend is.
        threshold: where ``beta * x`` is above it, the result is x.
    """

    settings = ("beta", "threshold")

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        """Keep the settings."""
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Operand) -> Tensor:
        """Return the input's shape."""
        return softplus(input, self.beta, self.threshold)


class Softsign(Activation):
    """``x / (1 + |x|)``, elementwise."""

    def forward(self, input: Operand) -> Tensor:
        """Return the input's shape."""
        return softsign(input)


class Tanhshrink(Activation):
    """``x - tanh(x)``, elementwise."""

    def forward(self, input: Operand) -> Tensor:
        """Return the input's shape."""
        return tanhshrink(input)


class ELU(Activation):
    """``x`` where it is positive, else ``alpha * (exp(x) - 1)``.

    Args:
        alpha: the size of the negative end.
        inplace: write the result over the input.
    """

    settings = ("alpha", "inplace")

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        """Keep the settings."""
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Operand) -> Tensor:
        """Return the input's shape."""
        return elu(input, self.alpha, self.inplace)


class CELU(Activation):
    """``x`` where it is positive, else ``alpha * (exp(x / alpha) - 1)``, whose gradient is continuous.

    Args:
        alpha: the size of the negative end.
        inplace: write the result over the input.
    """

    settings = ("alpha", "inplace")

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        """Keep the settings."""
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Operand) -> Tensor:
        """Return the input's shape."""
        return celu(input, self.alpha, self.inplace)


class SELU(Activation):
    """A scaled ``ELU`` that keeps mean 0 and variance 1.

    Args:
        inplace: write the result over the input.

    Source: Klambauer et al., "Self-normalizing neural networks", 2017.
    """

    settings = ("inplace",)

    def __init__(self, inplace: bool = False) -> None:
        """Keep the settings."""
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Operand) -> Tensor:
        """Return the input's shape."""
        return selu(input, self.inplace)
