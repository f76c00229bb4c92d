"""Linear regression four ways: normal equations, pseudo-inverse, least squares, gradient descent.

The last data set comes with scikit-learn (pip install 'minigrad[examples]'); without it, the lesson ends before it.

    python examples/linear_regression.py
"""

from typing import Any

import numpy as np

import minigrad as mg
from minigrad import linalg, optim
from minigrad.data import load_diabetes


def with_ones(X: mg.Tensor) -> mg.Tensor:
    """Return X with a column of ones in front: its coefficient is the intercept."""
    return mg.cat([mg.ones(len(X), 1, dtype=X.dtype), X], dim=1)


def mean_squared_error(X: mg.Tensor, y: mg.Tensor, w: mg.Tensor) -> mg.Tensor:
    """Return the mean of the squared distances of the predictions ``X @ w`` from ``y``."""
    return ((X @ w - y) ** 2).mean()


def gradient_descent(X: mg.Tensor, y: mg.Tensor, lr: float, steps: int) -> mg.Tensor:
    """Return the coefficients after a number of full-batch steps from 0."""
    w = mg.zeros(X.shape[1], dtype=X.dtype, requires_grad=True)
    optimizer = optim.SGD([w], lr=lr)
    for _ in range(steps):
        optimizer.zero_grad()
        mean_squared_error(X, y, w).backward()
        optimizer.step()
    return w.detach()


def largest_eigenvalue(A: mg.Tensor) -> float:
    """Return the largest eigenvalue of a symmetric matrix: applied often enough, it turns any vector that way."""
    v = mg.ones(len(A), dtype=A.dtype) + mg.arange(len(A)) / len(A)
    for _ in range(200):
        v = A @ v / (A @ v).norm()
    return (v @ A @ v).item()


def houses() -> dict[str, Any]:
    """Five houses on a line: price = -40 + 0.2 * area, found in four ways."""
    print("Five houses: area in square feet, price in 1000 $")
    area = mg.tensor([[1200], [1400], [1600], [1800], [2000]], dtype=mg.float64)
    price = mg.tensor([200, 240, 280, 320, 360], dtype=mg.float64)
    X = with_ones(area)
    found = {
        "normal equations": linalg.solve(X.T @ X, X.T @ price),
        "pseudo-inverse": linalg.pinv(X) @ price,
        "least squares": linalg.lstsq(X, price).solution,
    }
    # Areas in the thousands beside a column of ones make a narrow valley; standardised, the valley is round.
    mean, deviation = area.mean(), area.std()
    w = gradient_descent(with_ones((area - mean) / deviation), price, lr=0.1, steps=300)
    slope = w[1] / deviation
    found["gradient descent"] = mg.stack([w[0] - slope * mean, slope])
    for name, (intercept, slope) in found.items():
        print(f"  {name:17} intercept {intercept.item():.6f}, slope {slope.item():.6f}")
    return {name: coefficients.tolist() for name, coefficients in found.items()}


def noisy() -> dict[str, Any]:
    """A hundred noisy samples with three features: the coefficients come out close to the true ones."""
    print("y = 2 x1 - 3 x2 + 1.5 x3 + 0.1 noise, 100 samples (NumPy's legacy seed 123)")
    random = np.random.RandomState(123)
    X = mg.tensor(random.randn(100, 3))
    y = X @ mg.tensor([2.0, -3.0, 1.5], dtype=mg.float64) + 0.1 * mg.tensor(random.randn(100))
    by_pinv = linalg.pinv(X) @ y
    by_inverse = linalg.inv(X.T @ X) @ X.T @ y
    numbers = {
        "coefficients": by_pinv.tolist(),
        "mse": mean_squared_error(X, y, by_pinv).item(),
        "pinv against inverse": (by_pinv - by_inverse).abs().max().item(),
    }
    print(f"  coefficients ({', '.join(f'{each:.4f}' for each in numbers['coefficients'])}), MSE {numbers['mse']:.6f}")
    print(f"  pseudo-inverse against inverse of X.T @ X: apart by {numbers['pinv against inverse']:.0e}")
    return numbers


def diabetes(steps: int) -> dict[str, float]:
    """Real data, 442 patients with ten measurements: gradient descent arrives at the closed form's loss."""
    print("Diabetes: 442 patients, 10 measurements")
    table = load_diabetes(dtype=mg.float64)
    y = table.target
    X = with_ones((table.data - table.data.mean(0)) / table.data.std(0))
    closed = mean_squared_error(X, y, linalg.lstsq(X, y).solution).item()

    # Along each eigenvector of the Hessian, a step multiplies the error by 1 - lr * its eigenvalue: with the inverse of
    # the largest, no direction overshoots. Measurements that say nearly the same make the smallest, and progress slow.
    largest = largest_eigenvalue(2 / len(X) * X.T @ X)
    w = gradient_descent(X, y, lr=1 / largest, steps=steps)
    descended = mean_squared_error(X, y, w).item()
    numbers = {
        "closed form": closed,
        "gradient descent loss": descended,
        "relative difference": (descended - closed) / closed,
        "R2": 1 - descended / y.var(correction=0).item(),
    }
    print(f"  closed form: loss {closed:.4f}")
    print(f"  gradient descent: loss {descended:.4f} after {steps} steps with lr 1/{largest:.2f}")
    print(f"  relative difference {numbers['relative difference']:.1e}; R2 {numbers['R2']:.3f}")
    return numbers


def main(quick: bool = False) -> dict[str, Any]:
    """Print the lesson and return its numbers; ``quick`` takes fewer steps on the real data."""
    numbers = houses() | noisy()
    try:
        numbers |= diabetes(steps=300 if quick else 3000)
    except ImportError as error:
        print(f"  left out: {error}")
    return numbers


if __name__ == "__main__":
    main()
