"""The largest eigenvalue of a loss' Hessian, by products with vectors, and the learning rate that it allows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.debug.subjects import Subject
from minigrad.graph import ndarray, wrap
from minigrad.optim.adam import Adam
from minigrad.optim.optimizers import Optimizer
from minigrad.optim.sgd import SGD

#: Products with the Hessian at most. A Lanczos value only grows, towards the eigenvalue from below, so stopping early
#: can overlook a rate that is too large by a little, and never accuses one that is not.
PRODUCTS = 40
#: The vectors of that many products are kept; with many parameters fewer, in 256 MB or ten of them.
KEPT = 2**25
#: The residual at which a Lanczos value is good enough, of its size: the error is at most that, as a rule its square.
RESIDUAL = 0.01


def hessian_product(subject: Subject, scale: ndarray | None = None, decay: ndarray | None = None) -> Any:
    """Return what multiplies a vector with the Hessian H; with a scale s, with ``sqrt(s) * (H + decay) * sqrt(s)``."""
    from minigrad.func import hvp

    parameters = tuple([each.detach() for each in subject.parameters])
    root = None if scale is None else np.sqrt(scale)
    shift = 0.0 if scale is None or decay is None else scale * decay

    def loss(*variables: Any) -> Any:
        return subject.run(variables)[1]

    def product(vector: ndarray) -> ndarray:
        directions = unflatten(vector if root is None else root * vector, subject.parameters)
        _, result = hvp(loss, parameters, directions)
        flat = flatten([each._data for each in result])
        return flat if root is None else root * flat + shift * vector

    return product


def flatten(arrays: list[ndarray]) -> ndarray:
    """Return the numbers of several arrays in one vector of float64."""
    return np.concatenate([each.reshape(-1).astype(np.float64) for each in arrays])


def unflatten(vector: ndarray, like: list[Any]) -> tuple[Any, ...]:
    """Return a vector cut into tensors of the shapes and dtypes of others."""
    found = []
    start = 0
    for each in like:
        piece = vector[start : start + each.numel()].reshape(each.shape)
        found.append(wrap(piece.astype(each.dtype)))
        start += each.numel()
    return tuple(found)


def largest_eigenvalue(product: Any, start: ndarray) -> tuple[float, int]:
    """Return the largest eigenvalue of a symmetric matrix that is known by its products, and how many it took.

    Args:
        product: multiplies a vector with the matrix.
        start: where to begin; some random numbers are added, lest it be orthogonal to the eigenvector.

    Source: Golub and Van Loan, Matrix Computations, 4th edition, section 10.1 (Lanczos, with full orthogonalisation).
    """
    noise = np.random.default_rng(0).standard_normal(len(start))
    length = float(np.linalg.norm(start))
    vector = noise / np.linalg.norm(noise) + (start / length if length > 0 else 0)
    vector /= np.linalg.norm(vector)
    basis: list[ndarray] = []
    diagonal: list[float] = []
    beside: list[float] = []
    value = 0.0
    most = min(PRODUCTS, len(start), max(KEPT // len(start), 10))
    while len(basis) < most:
        basis.append(vector)
        image = product(vector)
        diagonal.append(float(vector @ image))
        for each in (*basis, *basis):  # twice is enough (Parlett)
            image = image - (each @ image) * each
        length = float(np.linalg.norm(image))
        values, vectors = np.linalg.eigh(np.diag(diagonal) + np.diag(beside, 1) + np.diag(beside, -1))
        value = float(values[-1])
        if not math.isfinite(value) or length * abs(vectors[-1, -1]) <= RESIDUAL * abs(value):
            break
        beside.append(length)
        vector = image / length
    return value, len(basis)


def step_scale(optimizer: Optimizer, subject: Subject) -> tuple[ndarray, ndarray]:
    """Return for each number of the parameters the s for which a quadratic loss diverges where s * lambda > 1.

    For heavy-ball momentum b it is ``lr * (1 - dampening) / (2 * (1 + b))``; with Nesterov's
    ``lr * (1 + 2 * b) / (2 * (1 + b))``; for Adam ``lr * (1 - b) / (2 * (1 + b)) / (sqrt(v) + eps)``: the roots of the
    recursion's characteristic polynomial reach the unit circle there. A parameter that the optimizer does not have does
    not move.

    Returns:
        The vector, and another of the weight decay that is part of the gradient, which adds to each lambda.

    Source: Cohen et al., "Gradient descent on neural networks typically occurs at the edge of stability", 2021,
    appendix B, and "Adaptive gradient methods at the edge of stability", 2022.
    """
    scales: list[Any] = [np.zeros(each.shape) for each in subject.parameters]
    decays: list[Any] = [np.zeros(each.shape) for each in subject.parameters]
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            for index, each in enumerate(subject.parameters):
                if each is parameter:
                    scales[index] = scale_of(optimizer, group, parameter)
                    if not group.get("decoupled_weight_decay"):
                        decays[index] = np.full(each.shape, float(group["weight_decay"]))
    return flatten(scales), flatten(decays)


def has_theory(optimizer: Any) -> bool:
    """Return whether ``step_scale`` knows how an optimizer moves."""
    return isinstance(optimizer, (SGD, Adam)) and type(optimizer).step is Optimizer.step


def scale_of(optimizer: Optimizer, group: dict[str, Any], parameter: Any) -> ndarray:
    """Return the scale of one parameter, as ``step_scale`` says."""
    lr = float(group["lr"])
    if isinstance(optimizer, SGD):
        momentum, dampening = float(group["momentum"]), float(group["dampening"])
        factor = 1 + 2 * momentum if group["nesterov"] else 1 - dampening * (momentum > 0)
        return np.full(parameter.shape, lr * factor / (2 * (1 + momentum)))
    beta1, beta2 = group["betas"]
    state = optimizer.state[parameter]
    if not state:
        return np.zeros(parameter.shape)
    second = state["max_exp_avg_sq" if group["amsgrad"] else "exp_avg_sq"]._data
    count = float(state["step"]._data)
    size = np.sqrt(second / (1 - beta2**count)) + group["eps"]
    return lr * (1 - beta1) / (2 * (1 + beta1)) / size
