"""Sine and cosine of an angle in turns, without branches, so that LLVM vectorises loops over them.

Source: fdlibm (Sun Microsystems 1993), k_sin.c and k_cos.c, for the polynomials.
"""

import math

import numpy as np

from minigrad_kernels.jit import ordered_helper
from minigrad_kernels.scalar_functions import ROUNDER_64, polynomial

# (sin x − x)/x³ and (cos x − 1 + x²/2)/x⁴ for |x| ≤ π/4, in powers of x², highest first; the error of sine and cosine
# is below 2⁻⁵⁷.
SINE = (
    1.58969099521155010221e-10, -2.50507602534068634195e-08, 2.75573137070700676789e-06,
    -1.98412698298579493134e-04, 8.33333333332248946124e-03, -1.66666666666666324348e-01,
)  # fmt: skip
COSINE = (
    -1.13596475577881948265e-11, 2.08757232129817482790e-09, -2.75573143513906633035e-07,
    2.48015872894767294178e-05, -1.38888888888741095749e-03, 4.16666666666666019037e-02,
)  # fmt: skip
FULL_TURN = 2.0 * math.pi
ONE, TWO = np.int64(1), np.int64(2)


@ordered_helper
def sine_and_cosine(turns: float) -> tuple[float, float]:
    """sin(2π·turns) and cos(2π·turns) for 0 ≤ turns ≤ 1, to 2⁻⁵² of 1: the quarter, and what is left of at most π/4."""
    rounded = 4.0 * turns + ROUNDER_64
    quarters = rounded - ROUNDER_64
    quarter = np.float64(rounded).view(np.int64)
    # Exact: a quarter is a multiple of the last place of what it is taken from.
    angle = FULL_TURN * (turns - 0.25 * quarters)
    square = angle * angle
    sine = angle + angle * square * polynomial(square, SINE)
    cosine = 1.0 - (0.5 * square - square * square * polynomial(square, COSINE))
    odd = (quarter & ONE) == ONE
    # After two quarters the signs are turned round; of the cosine after one already.
    sine_sign = -1.0 if (quarter & TWO) == TWO else 1.0
    cosine_sign = -1.0 if ((quarter + ONE) & TWO) == TWO else 1.0
    return sine_sign * (cosine if odd else sine), cosine_sign * (sine if odd else cosine)
