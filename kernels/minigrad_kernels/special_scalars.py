"""erfc, erfinv, lgamma, digamma and the Hurwitz zeta function of one float64.

float32 is computed in float64 and rounded once. The forms are those of the sources below; the polynomials are minimax,
made by tests/kernels/derive_special_coefficients.py. Measured errors are in `special_functions.py`.

Source: DLMF (dlmf.nist.gov), 5.5.1 to 5.5.4, 5.11.1, 5.11.2 and 5.15.1 for lgamma and digamma, 25.11.5 for zeta;
Shepherd and Laframboise, "Chebyshev approximation of (1 + 2x)exp(x²)erfc x", Math. Comp. 36, 1981; Giles,
"Approximating the erfinv function", GPU Computing Gems, 2011.
"""

import math

import numpy as np

from minigrad_kernels.jit import ordered_helper
from minigrad_kernels.scalar_functions import erf_float64, exp_float64, log_float64, polynomial
from minigrad_kernels.special_polynomials import (
    DIGAMMA,
    DIGAMMA_ROOT_HIGH,
    DIGAMMA_ROOT_LOW,
    ERFC,
    ERFINV_FAR,
    ERFINV_MIDDLE,
    ERFINV_NEAR,
    LGAMMA,
)

# Beyond it erfc is 0: exp(−28²) is below half the smallest subnormal.
ERFC_HIGH = 28.0
# All but the lower 27 bits of the fraction: the square of what is left is exact.
UPPER_BITS = np.int64(-1 << 27)

HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)
# Below it lgamma(x) is −log|x| to the last place, and x·sin(πx) might underflow.
TINY = 1e-20
# From here on the eight terms below leave an error under 2⁻⁵³ (DLMF 5.11.1 and 5.11.2).
STIRLING_FROM, PSI_FROM = 8.0, 10.0

# B₂ₖ/(2k(2k − 1)), B₂ₖ/(2k) and B₂ₖ/(2k)! for k from 8 (10) down to 1, B₂ₖ the Bernoulli numbers (DLMF 24.2.1).
STIRLING = (
    -3617 / 122400,
    1 / 156,
    -691 / 360360,
    1 / 1188,
    -1 / 1680,
    1 / 1260,
    -1 / 360,
    1 / 12,
)
PSI = (-3617 / 8160, 1 / 12, -691 / 32760, 1 / 132, -1 / 240, 1 / 252, -1 / 120, 1 / 12)
ZETA = (
    1 / 12,
    -1 / 720,
    1 / 30240,
    -1 / 1209600,
    1 / 47900160,
    -691 / 1307674368000,
    1 / 74724249600,
    -3617 / 10670622842880000,
    43867 / 5109094217170944000,
    -174611 / 802857662698291200000,
)


@ordered_helper
def erfc_float64(x: float) -> float:
    """erfc(x): up to ½ it is 1 − erf(x), beyond exp(−x²)·p(t)/(1 + 2x), t = (x − 4)/(x + 4)."""
    near = 1.0 - erf_float64(x)
    bounded = x if x > 0.5 else 0.5
    bounded = bounded if bounded < ERFC_HIGH else ERFC_HIGH
    t = (bounded - 4.0) / (bounded + 4.0)
    square = t * t
    power = square * square * square * square * square * t
    ratio = power * polynomial(t, ERFC[:11]) + polynomial(t, ERFC[11:])
    # x² in two parts: exp would turn the rounding of 26², 7e-14, into as large a relative error.
    upper = np.int64(np.float64(bounded).view(np.int64) & UPPER_BITS).view(np.float64)
    far = exp_float64(-upper * upper) * exp_float64((upper - bounded) * (upper + bounded)) * ratio
    far = far / (1.0 + 2.0 * bounded)
    result = near if x < 0.5 else far
    return result if x == x else x


@ordered_helper
def erfinv_float64(x: float) -> float:
    """The y with erf(y) = x: x·p(w) or x·p(√w), w = −log(1 − x²); infinite at ±1, NaN beyond."""
    w = -log_float64((1.0 - x) * (1.0 + x))
    if w < 6.25:
        return x * polynomial(w - 3.125, ERFINV_NEAR)
    root = np.sqrt(w)
    if w < 16.0:
        return x * polynomial(root - 3.25, ERFINV_MIDDLE)
    if w < np.inf:
        return x * polynomial(root - 5.0, ERFINV_FAR)
    return w * x


@ordered_helper
def lgamma_float64(x: float) -> float:
    """log|Γ(x)|: Stirling's series from 8 up, below the recurrence down to |x − 2| ≤ ½; reflection below 0."""
    if x > 0.0:
        return lgamma_of_positive(x)
    if x == np.floor(x):
        return np.inf
    if x > -TINY:
        return -np.log(-x)
    # sin(πx) of what x lies beside an integer, which is exact.
    sine = abs(np.sin(np.pi * (x - np.rint(x))))
    return np.log(np.pi / (-x * sine)) - lgamma_of_positive(-x) if x == x else x


@ordered_helper
def lgamma_of_positive(x: float) -> float:
    """Log Γ(x), x > 0."""
    if x >= STIRLING_FROM:
        series = polynomial(1.0 / (x * x), STIRLING) / x
        return (x - 0.5) * (np.log(x) - 1.0) + (HALF_LOG_TWO_PI - 0.5 + series)
    if x < 0.5:
        return x * polynomial(x, LGAMMA) - np.log1p(x) - np.log(x)
    if x < 1.5:
        beyond = x - 1.0
        return beyond * polynomial(beyond, LGAMMA) - np.log1p(beyond)
    product = 1.0
    while x >= 2.5:
        x -= 1.0
        product *= x
    return (x - 2.0) * polynomial(x - 2.0, LGAMMA) + np.log(product)


@ordered_helper
def digamma_float64(x: float) -> float:
    """The slope of lgamma: ∓∞ at ±0, NaN at the other poles; reflection below 0."""
    if x > 0.0:
        return digamma_of_positive(x)
    if x == 0.0:
        return np.copysign(np.inf, -x)
    if x == np.floor(x):
        return np.nan
    return digamma_of_positive(1.0 - x) - np.pi / np.tan(np.pi * (x - np.rint(x))) if x == x else x


@ordered_helper
def digamma_of_positive(x: float) -> float:
    """digamma(x), x > 0: its asymptotic series from 10 up, below the recurrence to [1, 2]."""
    if x >= PSI_FROM:
        z = 1.0 / (x * x)
        return np.log(x) - 0.5 / x - z * polynomial(z, PSI)
    total = 0.0
    if x < 1.0:
        total = -1.0 / x
        x += 1.0
    while x > 2.0:
        x -= 1.0
        total += 1.0 / x
    return total + ((x - DIGAMMA_ROOT_HIGH) - DIGAMMA_ROOT_LOW) * polynomial(x - 1.5, DIGAMMA)


@ordered_helper
def zeta_float64(s: float, q: float) -> float:
    """The sum of (k + q)⁻ˢ over k = 0, 1, 2, …, of an integer s ≥ 2; infinite at the poles, q = 0 and below."""
    if q > 0.0:
        return zeta_of_positive(s, q)
    if q == np.floor(q):
        return np.inf
    if q != q:
        return q
    # Of the terms with k + q < 0 each is that of −k − q but for its sign; their sum is a difference of two zetas.
    beside = q - np.rint(q)
    above = beside if beside > 0.0 else 1.0 + beside
    below = -beside if beside < 0.0 else 1.0 - beside
    negative = zeta_of_positive(s, below) - zeta_of_positive(s, 1.0 - q)
    return zeta_of_positive(s, above) + (negative if s % 2.0 == 0.0 else -negative)


@ordered_helper
def zeta_of_positive(s: float, q: float) -> float:
    """zeta(s, q), q > 0: the terms up to q = 10 + s, and the Euler-Maclaurin formula for the rest."""
    total = 0.0
    while q < 10.0 + s:
        total += q**-s
        q += 1.0
    power = q**-s
    total += power * (q / (s - 1.0) + 0.5) if q < np.inf else 0.0
    factor = power * s / q
    for k in range(len(ZETA)):
        total += ZETA[k] * factor
        factor *= (s + (2 * k + 1)) * (s + (2 * k + 2)) / (q * q)
    return total
