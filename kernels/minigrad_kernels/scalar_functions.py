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
    EXP2_32,
    EXP_32,
    EXP_64,
    LOG_32,
    LOG_64,
    TANH_32,
)

Scalar = Any  # np.float32 or np.float64

# Numba turns int32 with an int64 literal into int64, and float32 with a float64 literal into float64.
ZERO_32, ONE_32, TWO_32, HALF_32 = np.float32(0), np.float32(1), np.float32(2), np.float32(0.5)
INFINITY_32, NAN_32 = np.float32(np.inf), np.float32(np.nan)
SHIFT_ONE_32, SHIFT_ONE_64 = np.int32(1), np.int64(1)

# The layout of IEEE 754 numbers: bits of the fraction, and the bits of 1.0.
FRACTION_BITS_32, BITS_OF_ONE_32 = np.int32(23), np.int32(0x3F800000)
FRACTION_BITS_64, BITS_OF_ONE_64 = np.int64(52), np.int64(0x3FF0000000000000)

# 1.5·2²³ and 1.5·2⁵²: a small number plus this is rounded to an integer, which stands in the sum's lowest bits. It
# takes the place of a rounding and a conversion to an integer, and has no undefined result for NaN.
ROUNDER_32, ROUNDER_64 = np.float32(1.5 * 2**23), 1.5 * 2**52

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
# From here on 1 − 2/(exp(2x) + 1) is within 1.5 ulp, because the quotient is small; below it is not.
TANH_NEAR_32 = np.float32(1.1)
ERF_HIGH_32, ERF_HIGH_64 = np.float32(4), 6.0


@ordered_helper
def polynomial(x: Scalar, coefficients: tuple[Scalar, ...]) -> Scalar:
    """Horner's scheme in x² over pairs of coefficients, highest power first: each pair waits for no other one.

    A core has room for some 200 instructions that wait. With half the chain, more numbers are under way at a time.
    """
    square = x * x
    first = 2 - len(coefficients) % 2
    total = coefficients[0] if first == 1 else coefficients[0] * x + coefficients[1]
    for i in range(first, len(coefficients), 2):
        total = total * square + (coefficients[i] * x + coefficients[i + 1])
    return total


@ordered_helper
def power_of_two_float32(n: np.int32) -> np.float32:
    """2ⁿ for −126 ≤ n ≤ 127, made from n's lowest 9 bits; the others may be anything."""
    return np.int32(np.int32(n << FRACTION_BITS_32) + BITS_OF_ONE_32).view(np.float32)


@ordered_helper
def power_of_two_float64(n: np.int64) -> np.float64:
    """2ⁿ for −1022 ≤ n ≤ 1023, made from n's lowest 12 bits; the others may be anything."""
    return np.int64(np.int64(n << FRACTION_BITS_64) + BITS_OF_ONE_64).view(np.float64)


@ordered_helper
def exp_float32(x: np.float32) -> np.float32:
    """exp(x) = 2ⁿ·exp(r), where n = round(x/ln 2) and r = x − n·ln 2."""
    # A NaN fails every comparison and goes through to the result.
    bounded = EXP_LOW_32 if x < EXP_LOW_32 else x
    bounded = EXP_HIGH_32 if bounded > EXP_HIGH_32 else bounded
    rounded = bounded * LOG2_E_32 + ROUNDER_32
    n = rounded - ROUNDER_32
    r = (bounded - n * LN2_HIGH_32) - n * LN2_LOW_32
    power = ONE_32 + (r + r * r * polynomial(r, EXP_32))
    # In two factors, because 2ⁿ itself may not be a normal number. The second product alone rounds.
    exponent = np.float32(rounded).view(np.int32)
    half = np.int32(exponent >> SHIFT_ONE_32)
    return power * power_of_two_float32(half) * power_of_two_float32(np.int32(exponent - half))


@ordered_helper
def exp_float64(x: float) -> float:
    """exp(x) as in `exp_float32`."""
    bounded = EXP_LOW_64 if x < EXP_LOW_64 else x
    bounded = EXP_HIGH_64 if bounded > EXP_HIGH_64 else bounded
    rounded = bounded * LOG2_E_64 + ROUNDER_64
    n = rounded - ROUNDER_64
    r = (bounded - n * LN2_HIGH_64) - n * LN2_LOW_64
    power = 1.0 + (r + r * r * polynomial(r, EXP_64))
    exponent = np.float64(rounded).view(np.int64)
    half = exponent >> SHIFT_ONE_64
    return power * power_of_two_float64(half) * power_of_two_float64(exponent - half)


@ordered_helper
def log_float32(x: np.float32) -> np.float32:
    """log(x) = k·ln 2 + log(1 + f), where x = 2ᵏ·(1 + f) and √½ ≤ 1 + f < √2."""
    # What comes of 0, of numbers below, and of NaN is replaced at the end.
    subnormal = x < SMALLEST_NORMAL_32
    normal = x * SCALE_32 if subnormal else x
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
    subnormal = x < SMALLEST_NORMAL_64
    normal = x * SCALE_64 if subnormal else x
    bits = np.float64(normal).view(np.int64)
    k = np.int64((bits - ROOT_HALF_BITS_64) >> FRACTION_BITS_64)
    f = np.int64(bits - (k << FRACTION_BITS_64)).view(np.float64) - 1.0
    exponent = np.float64(np.int32(k)) - (SCALE_EXPONENT_64 if subnormal else 0.0)
    s = f / (2.0 + f)
    z = s * s
    # 2s + s·R = f − s·(f − R): s has two roundings, and here counts for little.
    result = exponent * LN2_HIGH_64 + (f - (s * (f - z * polynomial(z, LOG_64)) - exponent * LN2_LOW_64))
    outside = -np.inf if x == 0.0 else np.nan
    result = result if x > 0.0 else outside
    return result if x < np.inf else x


@ordered_helper
def tanh_float32(x: np.float32) -> np.float32:
    """tanh(x) = x − x³/p(x²) near 0, beyond 1 − 2/(exp(2x) + 1), with the sign of x; one division for both."""
    size = abs(x)
    square = x * x
    bounded = TANH_HIGH_32 if size > TANH_HIGH_32 else size
    exponent = bounded * (TWO_32 * LOG2_E_32)
    # exp(2x) = 2ⁿ·2ᶠ, where n + f = 2x/ln 2. The product's rounding does no harm, because 2/(exp(2x) + 1) is small.
    rounded = exponent + ROUNDER_32
    f = exponent - (rounded - ROUNDER_32)
    power = polynomial(f, EXP2_32) * power_of_two_float32(np.float32(rounded).view(np.int32))
    near = size < TANH_NEAR_32
    whole = size if near else ONE_32
    numerator = size * square if near else TWO_32
    denominator = polynomial(square, TANH_32) if near else power + ONE_32
    return np.copysign(whole - numerator / denominator, x)


@ordered_helper
def tanh_float64(x: float) -> float:
    """tanh(x) as in `tanh_float32`."""
    size = abs(x)
    bounded = TANH_HIGH_64 if size > TANH_HIGH_64 else size
    rounded = bounded * (2.0 * LOG2_E_64) + ROUNDER_64
    n = rounded - ROUNDER_64
    r = (2.0 * bounded - n * LN2_HIGH_64) - n * LN2_LOW_64
    scale = power_of_two_float64(np.float64(rounded).view(np.int64))
    excess = scale * (r + r * r * polynomial(r, EXP_64)) + (scale - 1.0)
    return np.copysign(excess / (excess + 2.0), x)


@ordered_helper
def erf_float32(x: np.float32) -> np.float32:
    """erf(x): up to |x| = 1 a polynomial, beyond 1 − exp(polynomial), with the sign of x."""
    size = abs(x)
    bounded = ERF_HIGH_32 if size > ERF_HIGH_32 else size
    near = x + x * polynomial(x * x, ERF_NEAR_32)
    far = np.copysign(ONE_32 - exp_float32(polynomial(bounded, ERF_FAR_32)), x)
    return near if size < ONE_32 else far


@ordered_helper
def erf_float64(x: float) -> float:
    """erf(x) as in `erf_float32`."""
    size = abs(x)
    bounded = ERF_HIGH_64 if size > ERF_HIGH_64 else size
    near = x + x * polynomial(x * x, ERF_NEAR_64)
    # In two halves: LLVM does not unroll Horner's scheme with 18 coefficients, nor vectorise what is not unrolled.
    square = bounded * bounded
    power = square * square * square * square * bounded
    exponent = power * polynomial(bounded, ERF_FAR_64[:9]) + polynomial(bounded, ERF_FAR_64[9:])
    far = np.copysign(1.0 - exp_float64(exponent), x)
    return near if size < 1.0 else far


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
