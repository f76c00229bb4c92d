"""Systems of linear equations: as many equations as unknowns, more, and fewer.

python examples/systems.py
"""

from typing import Any

import numpy as np

import minigrad as mg
from minigrad import linalg


def matrix(rows: Any) -> mg.Tensor:
    """Return a float64 tensor: the bounds below are those of double precision."""
    return mg.tensor(rows, dtype=mg.float64)


def square() -> dict[str, Any]:
    """As many equations as unknowns: one solution, unless two equations say the same."""
    print("Square: 2x + 3y = 13 and x - y = -1")
    A, b = matrix([[2, 3], [1, -1]]), matrix([13, -1])
    x = linalg.solve(A, b)
    print(f"  solve(A, b) = ({x[0]:g}, {x[1]:g})")
    print(f"  det(A) = {linalg.det(A):g}: not 0, so there is exactly one solution")
    return {"solution": x.tolist(), "determinant": linalg.det(A).item()}


def solution_gradient() -> dict[str, float]:
    """The solution is a function of A and b like any other, so it has derivatives."""
    A, b = matrix([[2, 3], [1, -1]]).requires_grad_(), matrix([13, -1]).requires_grad_()
    x = linalg.solve(A, b)
    x.sum().backward()
    by_hand = linalg.inv(A.detach()).T @ mg.ones(2, dtype=mg.float64)
    apart = (b.grad - by_hand).abs().max().item()
    print(f"  d(x + y)/db = inv(A).T @ [1, 1] = {np.round(b.grad.numpy(), 12).tolist()}, apart by {apart:.0e}")
    return {"gradient apart": apart}


def singular() -> dict[str, str]:
    """Two equations that say the same: the error tells the rank."""
    print("Singular: x + 2y = 3 and 2x + 4y = 6")
    try:
        linalg.solve(matrix([[1, 2], [2, 4]]), matrix([3, 6]))
    except linalg.LinAlgError as error:
        for line in str(error).splitlines():
            print(f"  {line.strip()}")
        return {"singular": str(error)}
    return {}


def overdetermined() -> dict[str, Any]:
    """More equations than unknowns: nothing solves them all, and least squares comes closest."""
    print("Overdetermined: a line through (0, 1), (1, 2), (2, 2), (3, 4)")
    A, b = matrix([[1, 0], [1, 1], [1, 2], [1, 3]]), matrix([1, 2, 2, 4])
    x = linalg.lstsq(A, b).solution
    residual = b - A @ x
    orthogonal = (A.T @ residual).abs().max().item()
    print(f"  least squares: intercept {x[0]:.3f}, slope {x[1]:.3f}, residual {residual.norm():.4f}")
    print(f"  what is left over is orthogonal to the columns of A: A.T @ residual is 0 to {orthogonal:.0e}")
    normal = linalg.solve(A.T @ A, A.T @ b)
    print(f"  the normal equations A.T A x = A.T b say the same, apart by {(normal - x).abs().max():.0e}")
    return {
        "least squares": x.tolist(),
        "A.T @ residual": orthogonal,
        "normal equations apart": (normal - x).abs().max().item(),
    }


def underdetermined() -> dict[str, Any]:
    """Fewer equations than unknowns: a whole line of solutions, of which the pseudo-inverse takes the shortest."""
    print("Underdetermined: x + y + z = 6 and x - z = 0")
    A, b = matrix([[1, 1, 1], [1, 0, -1]]), matrix([6, 0])
    shortest = linalg.pinv(A) @ b
    # A @ [1, -2, 1] = 0, so any multiple of it can be added to a solution.
    free = matrix([1, -2, 1])
    norms = {}
    for multiple in (-1.0, 0.0, 1.0):
        x = shortest + multiple * free
        norms[multiple] = x.norm().item()
        left = (A @ x - b).abs().max().item()
        print(f"  {np.round(x.numpy(), 12).tolist()!s:17} norm {norms[multiple]:.4f}  equations missed by {left:.0e}")
    print("  the middle one is pinv(A) @ b: no other solution is shorter")
    return {"minimum norm": shortest.tolist(), "norms": norms, "misses": (A @ shortest - b).abs().max().item()}


def polynomial() -> dict[str, Any]:
    """A polynomial is linear in its coefficients, so fitting one is least squares too."""
    print("A polynomial fit: 1 - 2t + 0.5t^3 from 12 points with noise 0.01 (seed 0)")
    t = mg.linspace(-2, 2, 12, dtype=mg.float64)
    powers = mg.stack([t**0, t, t**2, t**3], dim=1)
    exact = 1 - 2 * t + 0.5 * t**3
    noisy = exact + 0.01 * mg.randn(12, dtype=mg.float64, generator=mg.Generator(0))
    numbers = {}
    for name, values in {"exact": exact, "noisy": noisy}.items():
        numbers[f"polynomial {name}"] = linalg.lstsq(powers, values).solution.tolist()
        text = ", ".join(f"{each + 0.0:.4f}" for each in np.round(numbers[f"polynomial {name}"], 9))
        print(f"  from {name} values: [{text}]")
    return numbers


def pseudo_inverse() -> dict[str, float]:
    """The pseudo-inverse, from the singular values: turn, divide by them where they are not 0, turn back."""
    print("The pseudo-inverse by hand, of a 4 x 3 matrix of rank 2")
    A = matrix([[1, 2, 3], [2, 4, 6], [1, 0, 1], [0, 2, 2]])
    U, sigma, V_T = (matrix(part) for part in np.linalg.svd(A.numpy(), full_matrices=False))
    counts = sigma > 1e-12 * sigma[0]
    inverted = mg.where(counts, 1 / sigma, 0)
    by_hand = V_T.T @ (inverted.unsqueeze(1) * U.T)
    apart = (by_hand - linalg.pinv(A)).abs().max().item()
    print(f"  singular values {', '.join(f'{each:.4f}' for each in sigma.tolist())}: rank {counts.sum().item()}")
    print(f"  V @ diag(1/sigma) @ U.T equals pinv(A) to {apart:.0e}")
    return {"pinv apart": apart, "rank": counts.sum().item()}


def main(quick: bool = False) -> dict[str, Any]:
    """Print the lesson and return its numbers; it is quick as it is."""
    numbers: dict[str, Any] = {}
    parts = (square, solution_gradient, singular, overdetermined, underdetermined, polynomial, pseudo_inverse)
    for part in parts:
        numbers |= part()
    return numbers


if __name__ == "__main__":
    main()
