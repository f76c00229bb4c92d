"""Derives the coefficients of `minigrad_kernels/special_polynomials.py`; needs mpmath and some minutes.

    python -m tests.kernels.derive_special_coefficients

The forms are those of the sources that `special_scalars.py` names; the polynomials are minimax, by Remez's exchange
algorithm, and the printed bound is relative to the function's value, in units of 2⁻⁵³.
"""

import mpmath
from mpmath import mpf

from tests.kernels.derive_coefficients import Fit, minimax

#: The positive zero of digamma.
ROOT = mpmath.findroot(mpmath.digamma, mpf("1.4616321449683623"))
ERFC_CENTRE = mpf(4)
#: −log(1 − x²) for the float64 below 1, the largest argument of erfinv with a finite value.
LARGEST = -mpmath.log(1 - (1 - mpf(2) ** -53) ** 2) + mpf(10) ** -6


def erfc_argument(t: mpf) -> mpf:
    """The x of t = (x − 4)/(x + 4)."""
    return ERFC_CENTRE * (1 + t) / (1 - t)


def scaled_erfc(t: mpf) -> mpf:
    """(1 + 2x)·exp(x²)·erfc(x)."""
    x = erfc_argument(t)
    return (1 + 2 * x) * mpmath.exp(x * x) * mpmath.erfc(x)


def erfc_place(x: mpf) -> mpf:
    """T = (x − 4)/(x + 4)."""
    return (x - ERFC_CENTRE) / (x + ERFC_CENTRE)


def erfinv_ratio(w: mpf) -> mpf:
    """erfinv(x)/x, w = −log(1 − x²)."""
    x = mpmath.sqrt(-mpmath.expm1(-w))
    return mpmath.erfinv(x) / x


def lgamma_ratio(f: mpf) -> mpf:
    """lgamma(2 + f)/f."""
    return mpmath.loggamma(2 + f) / f


def digamma_ratio(h: mpf) -> mpf:
    """digamma(1.5 + h)/(1.5 + h − root)."""
    x = mpf(3) / 2 + h
    return mpmath.digamma(x) / (x - ROOT)


FITS = [
    Fit(
        "ERFC: erfc(x) = exp(−x²)·p((x − 4)/(x + 4))/(1 + 2x), ½ ≤ x ≤ 28",
        scaled_erfc,
        lambda t: 1 / scaled_erfc(t),
        erfc_place(mpf("0.5")),
        erfc_place(mpf(28)),
        (-1, 21),
    ),
    Fit(
        "ERFINV_NEAR: erfinv(x) = x·p(w − 3.125), w = −log(1 − x²) ≤ 6.25",
        lambda u: erfinv_ratio(u + mpf("3.125")),
        lambda u: 1 / erfinv_ratio(u + mpf("3.125")),
        mpf("-3.125") + mpf(10) ** -20,
        mpf("3.125"),
        (-1, 24),
    ),
    Fit(
        "ERFINV_MIDDLE: erfinv(x) = x·p(√w − 3.25), 6.25 ≤ w ≤ 16",
        lambda s: erfinv_ratio((s + mpf("3.25")) ** 2),
        lambda s: 1 / erfinv_ratio((s + mpf("3.25")) ** 2),
        mpf("-0.75"),
        mpf("0.75"),
        (-1, 18),
    ),
    Fit(
        "ERFINV_FAR: erfinv(x) = x·p(√w − 5), 16 ≤ w",
        lambda s: erfinv_ratio((s + 5) ** 2),
        lambda s: 1 / erfinv_ratio((s + 5) ** 2),
        mpf(-1),
        mpmath.sqrt(LARGEST) - 5,
        (-1, 17),
    ),
    Fit(
        "LGAMMA: lgamma(2 + f) = f·p(f), |f| ≤ ½",
        lgamma_ratio,
        lambda f: 1 / lgamma_ratio(f),
        mpf("-0.5"),
        mpf("0.5"),
        (-1, 17),
    ),
    Fit(
        "DIGAMMA: digamma(x) = (x − root)·p(x − 1.5), 1 ≤ x ≤ 2",
        digamma_ratio,
        lambda h: 1 / digamma_ratio(h),
        mpf("-0.5"),
        mpf("0.5"),
        (-1, 21),
    ),
]


def print_coefficients() -> None:
    """Print every polynomial, highest power first, and the zero of digamma in two parts."""
    for fit in FITS:
        coefficients, largest = minimax(fit, fit.degrees[1])
        print(f"# {fit.name}; error {float(largest * 2**53):.3f}·2⁻⁵³.")
        for coefficient in coefficients[::-1]:
            print(f"    {float(coefficient)!r},")
    print(f"root {float(ROOT)!r} + {float(ROOT - mpf(float(ROOT)))!r}")


if __name__ == "__main__":
    print_coefficients()
