"""exp, expm1, log, tanh, sigmoid and erf of one number, without branches, so that LLVM vectorises loops over them.

Each works in the precision of its argument in three steps: reduce the argument to a short interval, evaluate a
polynomial there, undo the reduction. Where a language would branch, both sides are computed and one is selected, and
NaN, infinities, overflow and subnormal results are selected at the end. Measured errors are in kernels/README.md.

The polynomials are minimax, made by tests/kernels/derive_coefficients.py; their approximation error is below 0.2 units
in the last place (ulp).

Source: Muller, Elementary Functions, 3rd edition, chapter 11; Cody and Waite 1980 for the argument reduction; fdlibm
(Sun Microsystems 1993) for the float64 logarithm.
"""

from typing import Any

import numpy as np

from minigrad_kernels.jit import choose_by_width, ordered_helper
from minigrad_kernels.polynomials import (
    ERF_FAR_32,
    ERF_FAR_64,
    ERF_NEAR_32,
    ERF_NEAR_64,
    EXP_32,
    EXP_64,
    LOG_32,
    LOG_64,
)

Scalar = Any  # np.float32 or np.float64

# Numba turns int32 with an int64 literal into int64, and float32 with a float64 literal into float64.
ZERO_32, ONE_32, TWO_32, HALF_32 = np.float32(0), np.float32(1), np.float32(2), np.float32(0.5)
INFINITY_32, NAN_32 = np.float32(np.inf), np.float32(np.nan)

# The layout of IEEE 754 numbers: bits of the fraction, and the exponent's bias.
FRACTION_BITS_32, BIAS_32 = np.int32(23), np.int32(127)
FRACTION_BITS_64, BIAS_64 = np.int64(52), np.int64(1023)

# ln 2 in two parts. The upper ones (fdlibm's) have so many zero bits at their ends that a product with an exponent is
# exact, with or without fused multiply-add.
LOG2_E_32 = np.float32(1.4426950408889634)
LN2_HIGH_32 = np.float32(6.9313812256e-01)
LN2_LOW_32 = np.float32(9.0580006145e-06)
LOG2_E_64 = 1.4426950408889634
LN2_HIGH_64 = 6.93147180369123816490e-01
LN2_LOW_64 = 1.90821492927058770002e-10

# Beyond these exp is 0 or infinite: half the smallest subnormal is exp(−103.97) and exp(−745.13), the largest number
# exp(88.73) and exp(709.78).
EXP_LOW_32, EXP_HIGH_32 = np.float32(-104), np.float32(89)
EXP_LOW_64, EXP_HIGH_64 = -746.0, 710.0

# Subnormals are scaled into the normal range before their exponent is read.
SMALLEST_NORMAL_32, SCALE_32, SCALE_EXPONENT_32 = np.float32(2.0**-126), np.float32(2.0**24), np.float32(24)
SMALLEST_NORMAL_64, SCALE_64, SCALE_EXPONENT_64 = 2.0**-1022, 2.0**54, 54.0
# The bits of √½: significands are taken from [√½, √2), so that the logarithm of a number near 1 needs no exponent.
ROOT_HALF_BITS_32 = np.int32(0x3F3504F3)
ROOT_HALF_BITS_64 = np.int64(0x3FE6A09E667F3BCD)

# Beyond these tanh rounds to 1: 1 − tanh(x) = 2·exp(−2x) is below a quarter ulp. And so does erf (DLMF 7.12.1).
TANH_HIGH_32, TANH_HIGH_64 = np.float32(9.5), 19.5
ERF_HIGH_32, ERF_HIGH_64 = np.float32(4), 6.0


@ordered_helper
def polynomial(x: Scalar, coefficients: tuple[Scalar, ...]) -> Scalar:
    """Horner's scheme, highest power first."""
    total = coefficients[0]
    for coefficient in coefficients[1:]:
        total = total * x + coefficient
    return total


@ordered_helper
def power_of_two_float32(n: np.int32) -> np.float32:
    """2ⁿ for −126 ≤ n ≤ 127, made from its bits."""
    return np.int32(np.int32(n + BIAS_32) << FRACTION_BITS_32).view(np.float32)


@ordered_helper
def power_of_two_float64(n: np.int64) -> np.float64:
    """2ⁿ for −1022 ≤ n ≤ 1023, made from its bits."""
    return np.int64((n + BIAS_64) << FRACTION_BITS_64).view(np.float64)


@ordered_helper
def exp_float32(x: np.float32) -> np.float32:
    """exp(x) = 2ⁿ·exp(r), where n = round(x/ln 2) and r = x − n·ln 2."""
    # A NaN fails every comparison: it becomes the bound here and comes back at the end.
    bounded = x if x > EXP_LOW_32 else EXP_LOW_32
    bounded = bounded if bounded < EXP_HIGH_32 else EXP_HIGH_32
    n = np.rint(bounded * LOG2_E_32)
    r = (bounded - n * LN2_HIGH_32) - n * LN2_LOW_32
    power = ONE_32 + (r + r * r * polynomial(r, EXP_32))
    # In two factors, because 2ⁿ itself may not be a normal number. The second product alone rounds.
    exponent = np.int32(n)
    half = np.int32(exponent >> np.int32(1))
    result = power * power_of_two_float32(half) * power_of_two_float32(np.int32(exponent - half))
    return result if x == x else x


@ordered_helper
def exp_float64(x: float) -> float:
    """exp(x) as in `exp_float32`."""
    bounded = x if x > EXP_LOW_64 else EXP_LOW_64
    bounded = bounded if bounded < EXP_HIGH_64 else EXP_HIGH_64
    n = np.rint(bounded * LOG2_E_64)
    r = (bounded - n * LN2_HIGH_64) - n * LN2_LOW_64
    power = 1.0 + (r + r * r * polynomial(r, EXP_64))
    # By way of int32, because AVX2 has no conversion of vectors to int64.
    exponent = np.int64(np.int32(n))
    half = exponent >> np.int64(1)
    result = power * power_of_two_float64(half) * power_of_two_float64(exponent - half)
    return result if x == x else x


@ordered_helper
def log_float32(x: np.float32) -> np.float32:
    """log(x) = k·ln 2 + log(1 + f), where x = 2ᵏ·(1 + f) and √½ ≤ 1 + f < √2."""
    positive = x if x > ZERO_32 else ONE_32
    subnormal = positive < SMALLEST_NORMAL_32
    normal = positive * SCALE_32 if subnormal else positive
    bits = np.float32(normal).view(np.int32)
    k = np.int32(np.int32(bits - ROOT_HALF_BITS_32) >> FRACTION_BITS_32)
    f = np.int32(bits - np.int32(k << FRACTION_BITS_32)).view(np.float32) - ONE_32
    exponent = np.float32(k) - (SCALE_EXPONENT_32 if subnormal else ZERO_32)
    square = f * f
    # From the smallest term to the largest.
    tail = exponent * LN2_LOW_32 + f * square * polynomial(f, LOG_32)
    result = exponent * LN2_HIGH_32 + (f + (tail - HALF_32 * square))
    outside = -INFINITY_32 if x == ZERO_32 else NAN_32
    result = result if x > ZERO_32 else outside
    return result if x < INFINITY_32 else x


@ordered_helper
def log_float64(x: float) -> float:
    """log(x) as in `log_float32`, with log(1 + f) = 2·artanh(s), s = f/(2 + f): a shorter polynomial, one division."""
    positive = x if x > 0.0 else 1.0
    subnormal = positive < SMALLEST_NORMAL_64
    normal = positive * SCALE_64 if subnormal else positive
    bits = np.float64(normal).view(np.int64)
    k = np.int64((bits - ROOT_HALF_BITS_64) >> FRACTION_BITS_64)
    f = np.int64(bits - (k << FRACTION_BITS_64)).view(np.float64) - 1.0
    exponent = np.float64(np.int32(k)) - (SCALE_EXPONENT_64 if subnormal else 0.0)
    s = f / (2.0 + f)
    z = s * s
    half_square = 0.5 * f * f
    tail = s * (half_square + z * polynomial(z, LOG_64)) + exponent * LN2_LOW_64
    result = exponent * LN2_HIGH_64 + (f - (half_square - tail))
    outside = -np.inf if x == 0.0 else np.nan
    result = result if x > 0.0 else outside
    return result if x < np.inf else x


@ordered_helper
def tanh_float32(x: np.float32) -> np.float32:
    """tanh(x) = E/(E + 2), where E = exp(2·|x|) − 1 = 2ⁿ·(exp(r) − 1) + (2ⁿ − 1), with the sign of x."""
    size = abs(x)
    bounded = size if size < TANH_HIGH_32 else TANH_HIGH_32
    n = np.rint(bounded * (TWO_32 * LOG2_E_32))
    r = (TWO_32 * bounded - n * LN2_HIGH_32) - n * LN2_LOW_32
    scale = power_of_two_float32(np.int32(n))
    excess = scale * (r + r * r * polynomial(r, EXP_32)) + (scale - ONE_32)
    total = excess + TWO_32
    result = excess / total
    # What the sum lost (Dekker's fast two-sum, the larger one first) is worth up to 1 ulp: result·(1 − lost/total),
    # where 1/total = (1 − tanh)/2.
    larger = excess if excess > TWO_32 else TWO_32
    smaller = TWO_32 if excess > TWO_32 else excess
    lost = smaller - (total - larger)
    result = result - result * (lost * (HALF_32 - HALF_32 * result))
    result = np.copysign(result, x)
    return result if x == x else x


@ordered_helper
def tanh_float64(x: float) -> float:
    """tanh(x) as in `tanh_float32`."""
    size = abs(x)
    bounded = size if size < TANH_HIGH_64 else TANH_HIGH_64
    n = np.rint(bounded * (2.0 * LOG2_E_64))
    r = (2.0 * bounded - n * LN2_HIGH_64) - n * LN2_LOW_64
    scale = power_of_two_float64(np.int64(np.int32(n)))
    excess = scale * (r + r * r * polynomial(r, EXP_64)) + (scale - 1.0)
    result = np.copysign(excess / (excess + 2.0), x)
    return result if x == x else x


@ordered_helper
def erf_float32(x: np.float32) -> np.float32:
    """erf(x): up to |x| = 1 a polynomial, beyond 1 − exp(polynomial), with the sign of x."""
    size = abs(x)
    bounded = size if size < ERF_HIGH_32 else ERF_HIGH_32
    near = x + x * polynomial(x * x, ERF_NEAR_32)
    far = np.copysign(ONE_32 - exp_float32(polynomial(bounded, ERF_FAR_32)), x)
    result = near if size < ONE_32 else far
    return result if x == x else x


@ordered_helper
def erf_float64(x: float) -> float:
    """erf(x) as in `erf_float32`."""
    size = abs(x)
    bounded = size if size < ERF_HIGH_64 else ERF_HIGH_64
    near = x + x * polynomial(x * x, ERF_NEAR_64)
    # In two halves: LLVM does not unroll Horner's scheme with 18 coefficients, nor vectorise what is not unrolled.
    square = bounded * bounded
    power = square * square * square * square * bounded
    exponent = power * polynomial(bounded, ERF_FAR_64[:9]) + polynomial(bounded, ERF_FAR_64[9:])
    far = np.copysign(1.0 - exp_float64(exponent), x)
    result = near if size < 1.0 else far
    return result if x == x else x


@ordered_helper
def sigmoid_float32(x: np.float32) -> np.float32:
    """1/(1 + exp(−x)), from exp(−|x|), which does not overflow."""
    small = exp_float32(-abs(x))
    total = ONE_32 + small
    result = (ONE_32 if x >= ZERO_32 else small) / total
    # What the sum lost (fast two-sum) is worth up to 1 ulp: result·(1 − lost/total), where 1 − small/2 is
    # 1/total within 13 %.
    lost = small - (total - ONE_32)
    return result - result * (lost * (ONE_32 - HALF_32 * small))


@ordered_helper
def sigmoid_float64(x: float) -> float:
    """1/(1 + exp(−x)) as in `sigmoid_float32`."""
    small = exp_float64(-abs(x))
    return (1.0 if x >= 0.0 else small) / (1.0 + small)


@choose_by_width(exp_float32, exp_float64)
def exp_of(x: Scalar) -> Scalar:
    """exp(x) in the precision of x, which is a NumPy scalar."""
    return exp_float32(x) if isinstance(x, np.float32) else exp_float64(x)


@choose_by_width(log_float32, log_float64)
def log_of(x: Scalar) -> Scalar:
    """log(x), natural, in the precision of x."""
    return log_float32(x) if isinstance(x, np.float32) else log_float64(x)


@choose_by_width(tanh_float32, tanh_float64)
def tanh_of(x: Scalar) -> Scalar:
    """tanh(x) in the precision of x."""
    return tanh_float32(x) if isinstance(x, np.float32) else tanh_float64(x)


@choose_by_width(sigmoid_float32, sigmoid_float64)
def sigmoid_of(x: Scalar) -> Scalar:
    """1/(1 + exp(−x)) in the precision of x."""
    return sigmoid_float32(x) if isinstance(x, np.float32) else sigmoid_float64(x)


@choose_by_width(erf_float32, erf_float64)
def erf_of(x: Scalar) -> Scalar:
    """erf(x) in the precision of x."""
    return erf_float32(x) if isinstance(x, np.float32) else erf_float64(x)
