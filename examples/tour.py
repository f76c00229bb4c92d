"""Scalars, vectors, matrices and tensors; then lengths, distances and angles.

A network is made of a handful of operations on arrays of numbers. This is each of them once, small enough to check by
hand.

    python examples/tour.py
"""

import math
from typing import Any

import numpy as np

import minigrad as mg
from minigrad import nn


def vectors() -> dict[str, Any]:
    """Vectors are added element by element, stretched by scalars, and multiplied to one number."""
    print("Vectors")
    x, y = mg.tensor([1, 2, 3]), mg.tensor([4, 5, 6])
    numbers = {"sum": (x + y).tolist(), "scaled": (2 * x).tolist(), "dot": mg.dot(x, y).item()}
    print(f"  [1, 2, 3] + [4, 5, 6] = {numbers['sum']}")
    print(f"  2 * [1, 2, 3]         = {numbers['scaled']}")
    print(f"  [1, 2, 3] . [4, 5, 6] = 1*4 + 2*5 + 3*6 = {numbers['dot']}")
    return numbers


def matrices() -> dict[str, Any]:
    """A matrix is added like a vector, but its product combines rows with columns, and the order matters."""
    print("Matrices")
    A, B = mg.tensor([[1, 2], [3, 4]]), mg.tensor([[5, 6], [7, 8]])
    numbers: dict[str, Any] = {
        "A + B": (A + B).tolist(),
        "A @ B": (A @ B).tolist(),
        "B @ A": (B @ A).tolist(),
        "A * B": (A * B).tolist(),
    }
    for name, value in numbers.items():
        print(f"  {name} = {value}")
    numbers["commutes"] = mg.equal(A @ B, B @ A)
    print(f"  A @ B is B @ A: {numbers['commutes']}; the elementwise product A * B is neither")
    C = mg.tensor([[1, 2, 3], [4, 5, 6]])
    numbers["C @ v"] = (C @ mg.tensor([2, 1, 1])).tolist()
    numbers["shapes"] = (C.shape, C.T.shape)
    print(f"  [[1, 2, 3], [4, 5, 6]] @ [2, 1, 1] = {numbers['C @ v']}: a dot product for each row")
    print(f"  the transpose turns {C.shape} into {C.T.shape}")
    return numbers


def layer() -> dict[str, Any]:
    """A layer of neurons is a matrix times the input, plus one number a neuron."""
    print("A layer: two neurons with three inputs each")
    W = mg.tensor([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]], dtype=mg.float64)
    x = mg.tensor([1, 2, 3], dtype=mg.float64)
    b = mg.tensor([0.1, 0.2], dtype=mg.float64)
    numbers = {"W @ x": (W @ x).tolist(), "W @ x + b": (W @ x + b).tolist()}
    for name, value in numbers.items():
        print(f"  {name} = [{value[0]:.1f}, {value[1]:.1f}]")
    return numbers


def shapes() -> dict[str, Any]:
    """The shapes that data and weights have in practice: the first axis counts the samples."""
    print("Shapes")
    mg.manual_seed(0)
    images = mg.zeros(32, 3, 224, 224)
    text = mg.zeros(10, 64, 300)
    products = mg.randn(32, 10, 20) @ mg.randn(32, 20, 30)
    weight = nn.Linear(512, 256).weight
    # A sentence is a row of numbers of words; indexing a table with it takes the row of each word.
    table, tokens = mg.randn(1000, 16), mg.tensor([12, 7, 999, 7])
    found = {
        "images": (images.shape, "32 images, 3 colours, 224 x 224 pixels"),
        "text": (text.shape, "10 sentences, 64 words, 300 numbers a word"),
        "batched product": (products.shape, "(32, 10, 20) @ (32, 20, 30): 32 products at once"),
        "Linear(512, 256).weight": (weight.shape, "one row an output, one column an input"),
        "embedded tokens": (table[tokens].shape, "4 words, 16 numbers each"),
    }
    for name, (shape, meaning) in found.items():
        print(f"  {name:24} {shape!s:20} {meaning}")
    return {name: shape for name, (shape, _) in found.items()}


def lengths() -> dict[str, float]:
    """A norm measures how long a vector is; which one says what counts as long."""
    print("Lengths")
    v = mg.tensor([3.0, 4.0], dtype=mg.float64)
    numbers = {"L2": v.norm().item(), "L1": v.norm(1).item(), "Linf": v.norm(math.inf).item()}
    print(f"  of [3, 4]: L2 {numbers['L2']:g}, L1 {numbers['L1']:g}, Linf {numbers['Linf']:g}")
    A = mg.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=mg.float64)
    numbers["Frobenius squared"] = A.norm().item() ** 2
    numbers["trace(A.T @ A)"] = (A.T @ A).trace().item()
    # A singular value says how much a matrix stretches in one direction.
    numbers["sum of squared singular values"] = float(np.sum(np.linalg.svd(A.numpy(), compute_uv=False) ** 2))
    for name in ("Frobenius squared", "trace(A.T @ A)", "sum of squared singular values"):
        print(f"  {name} of [[1, 2], [3, 4]]: {numbers[name]:.12g}")
    zero = mg.zeros(3, dtype=mg.float64, requires_grad=True)
    zero.norm().backward()
    numbers["gradient of the norm at 0"] = zero.grad.abs().max().item()
    print(f"  the norm has a kink at 0; its gradient there: {zero.grad.tolist()}")
    return numbers


def distances_and_angles() -> dict[str, float]:
    """The distance of two vectors is the norm of their difference; the cosine compares directions alone."""
    print("Distances and angles")
    a, b = mg.tensor([1.0, 2.0], dtype=mg.float64), mg.tensor([4.0, 6.0], dtype=mg.float64)
    numbers = {"Euclidean": (a - b).norm().item(), "Manhattan": (a - b).norm(1).item()}
    print(f"  from [1, 2] to [4, 6]: Euclidean {numbers['Euclidean']:g}, Manhattan {numbers['Manhattan']:g}")
    right_angle = mg.tensor([-2.0, 1.0], dtype=mg.float64)
    numbers["orthogonal dot"] = mg.dot(a, right_angle).item()
    print(f"  [1, 2] and [-2, 1] are orthogonal: their dot product is {numbers['orthogonal dot']:g}")
    for name, other in {"same": 3 * a, "close": b, "orthogonal": right_angle, "opposite": -a}.items():
        numbers[f"cosine {name}"] = cosine(a, other).item()
        print(f"  cosine of [1, 2] with {other.tolist()!s:13} {numbers[f'cosine {name}']:6.3f}  {name}")
    mg.manual_seed(0)
    pairs = mg.randn(2, 10_000, 50, dtype=mg.float64)
    between = (pairs[0] * pairs[1]).sum(1) / (pairs[0].norm(dim=1) * pairs[1].norm(dim=1))
    numbers["cosine least"], numbers["cosine most"] = between.min().item(), between.max().item()
    print(f"  of 10000 random pairs with 50 numbers (seed 0): {between.min().item():.2f} to {between.max().item():.2f}")
    return numbers


def cosine(x: mg.Tensor, y: mg.Tensor) -> mg.Tensor:
    """Return the cosine of the angle between two vectors."""
    return mg.dot(x, y) / (x.norm() * y.norm())


def main(quick: bool = False) -> dict[str, Any]:
    """Print the tour and return its numbers; it is quick as it is."""
    numbers: dict[str, Any] = {}
    for part in (vectors, matrices, layer, shapes, lengths, distances_and_angles):
        numbers |= part()
    return numbers


if __name__ == "__main__":
    main()
