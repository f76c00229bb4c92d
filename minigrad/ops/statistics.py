"""The functions that run along an axis, order and count, and special products, one family a file."""

from minigrad.ops.covariances import (
    CovarianceMethods,
    corrcoef,
    cov,
)
from minigrad.ops.cumulative import (
    CumulativeMethods,
    cumprod,
    cumsum,
    logcumsumexp,
)
from minigrad.ops.distances import (
    DistanceMethods,
    cdist,
    dist,
    renorm,
)
from minigrad.ops.einsums import (
    EinsumMethods,
    einsum,
    inner,
    tensordot,
    vdot,
)
from minigrad.ops.histograms import (
    HistogramMethods,
    bincount,
    histc,
)
from minigrad.ops.medians import (
    MedianMethods,
    kthvalue,
    median,
    mode,
    nanmedian,
)
from minigrad.ops.numerical_calculus import (
    NumericalCalculusMethods,
    diff,
    trapezoid,
)
from minigrad.ops.product_sums import (
    ProductSumMethods,
    addbmm,
    addmv,
    addr,
    baddbmm,
)
from minigrad.ops.quantiles import (
    QuantileMethods,
    quantile,
)
from minigrad.ops.running_extremes import (
    RunningExtremeMethods,
    cummax,
    cummin,
)
from minigrad.ops.sampled_slopes import (
    gradient,
)
from minigrad.ops.sorting import (
    SortingMethods,
    argsort,
    msort,
    sort,
    topk,
)
from minigrad.ops.total_products import (
    TotalProductMethods,
    prod,
)
from minigrad.ops.variances import (
    VarianceMethods,
    std,
    std_mean,
    var,
    var_mean,
)

__all__ = [
    "addbmm",
    "addmv",
    "addr",
    "argsort",
    "baddbmm",
    "bincount",
    "cdist",
    "corrcoef",
    "cov",
    "cummax",
    "cummin",
    "cumprod",
    "cumsum",
    "diff",
    "dist",
    "einsum",
    "gradient",
    "histc",
    "inner",
    "kthvalue",
    "logcumsumexp",
    "median",
    "mode",
    "msort",
    "nanmedian",
    "prod",
    "quantile",
    "renorm",
    "sort",
    "std",
    "std_mean",
    "tensordot",
    "topk",
    "trapezoid",
    "var",
    "var_mean",
    "vdot",
]


class StatisticalMethods(
    CovarianceMethods,
    CumulativeMethods,
    DistanceMethods,
    EinsumMethods,
    HistogramMethods,
    MedianMethods,
    NumericalCalculusMethods,
    ProductSumMethods,
    QuantileMethods,
    RunningExtremeMethods,
    SortingMethods,
    TotalProductMethods,
    VarianceMethods,
):
    """The methods of these families."""

    __slots__ = ()
