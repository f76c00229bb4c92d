"""Write ``special_values.npz``: special functions with all digits of float64, by mpmath.

    python -m tests.kernels.make_special_values

Needs mpmath; the tests need only the file. For each function it holds ``<name>/x``, float32 numbers, so that both
dtypes have the same arguments, and ``<name>/value``, float64.
"""

from pathlib import Path

import mpmath
import numpy as np

COUNT = 120


def spread(generator: np.random.Generator, low: float, high: float) -> np.ndarray:
    """Numbers evenly spaced between two bounds, at random."""
    return generator.uniform(low, high, COUNT)


def log_spread(generator: np.random.Generator, low: float, high: float) -> np.ndarray:
    """Numbers evenly spaced in the logarithm."""
    return np.exp(generator.uniform(np.log(low), np.log(high), COUNT))


def lgamma(x: mpmath.mpf) -> mpmath.mpf:
    """log|Γ(x)|."""
    return mpmath.re(mpmath.loggamma(x))


def arguments(generator: np.random.Generator) -> dict[str, list[np.ndarray]]:
    """The arguments of each function: every piece of its definition, both ends, the neighbourhood of its zeros."""
    near = 1 + log_spread(generator, 1e-6, 0.1) * generator.choice([-1, 1], COUNT)
    gamma = [spread(generator, 0, 3), spread(generator, 3, 12), log_spread(generator, 1e-30, 1e30), near, 1 + near]
    below = [spread(generator, -12, 0), -log_spread(generator, 1e-30, 1)]
    root = 1.4616321449683623 + spread(generator, -1e-3, 1e-3)
    positive = [spread(generator, 0, 12), log_spread(generator, 1e-3, 1e6)]
    return {
        "erfc": [spread(generator, -6, 0.5), spread(generator, 0.5, 9), log_spread(generator, 1e-30, 0.5)],
        "erfinv": [spread(generator, -1, 1), 1 - log_spread(generator, 6e-8, 1), log_spread(generator, 1e-30, 1)],
        "lgamma": gamma,
        "lgamma_below": below,
        "digamma": [*gamma, root],
        "digamma_below": below,
        "polygamma1": positive,
        "polygamma2": positive,
        "polygamma5": positive,
        "polygamma1_below": [spread(generator, -12, 0)],
        "polygamma2_below": [spread(generator, -12, 0)],
    }


FUNCTIONS = {
    "erfc": mpmath.erfc,
    "erfinv": mpmath.erfinv,
    "lgamma": lgamma,
    "digamma": mpmath.digamma,
}


def main() -> None:
    """Write the file."""
    generator = np.random.default_rng(20261122)
    stored = {}
    with mpmath.workdps(50):
        for name, parts in arguments(generator).items():
            x = np.concatenate(parts).astype(np.float32)
            function = FUNCTIONS.get(name.removesuffix("_below"))
            values = []
            for number in x.tolist():
                argument = mpmath.mpf(number)
                if function is None:
                    value = mpmath.polygamma(int(name.removesuffix("_below")[-1]), argument)
                else:
                    value = function(argument)
                values.append(float(value))
            stored[f"{name}/x"], stored[f"{name}/value"] = x, np.array(values)
    np.savez_compressed(Path(__file__).with_name("special_values.npz"), **stored)


if __name__ == "__main__":
    main()
