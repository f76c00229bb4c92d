"""Special functions under PyTorch's names: ``minigrad.special.entr`` and its like.

Examples:
    >>> import minigrad as mg
    >>> mg.special.entr(mg.tensor([0.0, 0.5]))
    Tensor((2,) float32 | 0 0.3466)
"""

from minigrad.ops.elementwise import sigmoid
from minigrad.ops.entropies import entr, xlog1py, xlogy
from minigrad.ops.logarithms import exp2, expm1, log1p, logit
from minigrad.ops.reductions import logsumexp
from minigrad.ops.rounding import round
from minigrad.ops.softmaxes import log_softmax, softmax
from minigrad.ops.special_functions import digamma, erf, erfc, erfinv, lgamma, polygamma
from minigrad.ops.trigonometric import sinc

__all__ = [
    "digamma",
    "entr",
    "erf",
    "erfc",
    "erfinv",
    "exp2",
    "expit",
    "expm1",
    "gammaln",
    "log1p",
    "log_softmax",
    "logit",
    "logsumexp",
    "polygamma",
    "psi",
    "round",
    "sinc",
    "softmax",
    "xlog1py",
    "xlogy",
]

expit = sigmoid
gammaln = lgamma
psi = digamma
