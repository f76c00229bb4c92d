"""The linear algebra of a model on a batch: what layers are fed, what weights pass on, where slopes are flat."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad import autograd, tensors
from minigrad.graph import Node, ndarray, wrap
from minigrad.ops.linears import ACTIVATIONS
from minigrad.positions import resolve

#: The precision that networks are trained in; tensors of float64 are held to the same, as a fault is one in both.
EPSILON = float(np.finfo(np.float32).eps)
#: Rows of features beyond this many times their columns are left out: a column space is known by then.
ROWS = 8
#: tanh'(3) / tanh'(0). Starting values and normalisation aim at pre-activations of variance 1, three standard
#: deviations of which stay below 3; one in 370 normal numbers does not.
FLAT = 1 / math.cosh(3) ** 2
#: Products with a weight: the place of the features and of the weight among the operation's inputs.
PRODUCTS = {"linear": (0, 1), "matmul": (0, 1), "addmm": (1, 2)}
#: A singular value decomposition takes about 20 m n min(m, n) operations: larger ones than of 1024 x 1024 are left out,
#: because they would take longer than everything else together.
LARGEST = 2**30
CONVOLUTIONS = ("conv1d", "conv2d", "convolution")


class Layer:
    """A weight of a model and what it is multiplied with.

    Attributes:
        name: the path of its weight without ``.weight``: ``0``, ``mlp.2``.
        index: of its weight among the subject's parameters.
        weight: (out, in), as a matrix; a convolution's kernel with its last axes as one.
        features: (N, in), what it is fed; None for a convolution.
        hidden: whether the features were computed by layers before it.
        has_bias: whether it adds one.
        node: what it recorded.
        before: the layers that its features were computed by, the nearest last.
        grad_norm: the norm of the weight's gradient.
        singular_values: of the weight, largest first.
        feature_values: the singular values of the features; None where there are none.
    """

    def __init__(self, name: str, index: int, weight: ndarray, node: Node) -> None:
        """Hold what is known at once."""
        self.name = name
        self.index = index
        self.weight = weight.reshape(len(weight), -1).astype(np.float64)
        self.node = node
        self.features: ndarray | None = None
        self.hidden = False
        self.has_bias = False
        self.before: list[Layer] = []
        self.grad_norm = 0.0
        self.singular_values = singular_values(self.weight)
        self.feature_values: ndarray | None = None

    @property
    def width(self) -> int:
        """The number of its outputs."""
        return len(self.weight) if self.node.op.__name__ in ("linear", *CONVOLUTIONS) else self.weight.shape[1]

    def gradient(self) -> float:
        """Return the norm of the weight's gradient, to sort by."""
        return self.grad_norm


class Slopes:
    """The derivatives of an activation at what it was given, as shares of the largest that it has anywhere.

    Attributes:
        name: the operation and its place in the model: ``relu in 1``.
        relative: (N, units), between 0 and 1.
        two_sided: whether it flattens out on both sides (tanh), or on one (relu).
        layer: the layer that feeds it, or None.
    """

    def __init__(self, name: str, relative: ndarray, two_sided: bool, layer: Layer | None) -> None:
        """Hold them."""
        self.name = name
        self.relative = relative
        self.two_sided = two_sided
        self.layer = layer

    @property
    def units(self) -> int:
        """The number of units."""
        return self.relative.shape[1]

    @property
    def off(self) -> int:
        """The number of units that are flat for every sample: nothing is passed back through them."""
        return int(np.sum(np.all(self.relative <= FLAT, axis=0)))

    @property
    def on(self) -> int:
        """The number of units that are flat for no sample and steep for all: they do nothing but multiply."""
        return int(np.sum(np.all(self.relative >= 1 - FLAT, axis=0)))

    @property
    def flat_share(self) -> float:
        """The share of units and samples where the slope is flat."""
        return float(np.mean(self.relative <= FLAT))


def singular_values(matrix: ndarray) -> ndarray:
    """Return the singular values, largest first; none of a matrix that is not finite, or too large."""
    if matrix.size == 0 or matrix.size * min(matrix.shape) > LARGEST or not np.all(np.isfinite(matrix)):
        return np.empty(0)
    return np.linalg.svd(matrix, compute_uv=False)


def find_layers(tape: list[Any], variables: list[Any], names: list[str]) -> list[Layer]:
    """Return the layers of a model in the order in which they ran."""
    places = {}
    for index, variable in enumerate(variables):
        places[id(variable)] = index
    layers: list[Layer] = []
    for op, inputs, result, _ in tape:
        name = op.__name__
        if not isinstance(result, tensors.Tensor) or result.grad_fn is None:
            continue
        if name in PRODUCTS:
            operands = [inputs[place] for place in PRODUCTS[name]]
        elif name in CONVOLUTIONS:
            operands = list(inputs[:2])
        else:
            continue
        layer = layer_of(name, operands, inputs, result.grad_fn, places, names)
        if layer is not None and all(layer.index != each.index for each in layers):
            below = set(autograd.collect(layer.node.parents))
            layer.before = [each for each in layers if each.node in below]
            layers.append(layer)
    return layers


def layer_of(
    name: str, operands: list[Any], inputs: tuple[Any, ...], node: Node, places: dict[int, int], names: list[str]
) -> Layer | None:
    """Return the layer that a product of features and a weight is, transposed or not; None for any other product."""
    for given, weight in (operands, operands[::-1]):
        index = weight_index(weight, places)
        if index is None or not isinstance(given, tensors.Tensor) or given.ndim < 2 or weight.ndim < 2:
            continue
        path = names[index].removesuffix(".weight")
        layer = Layer(path, index, weight._data, node)
        if name in PRODUCTS and weight is operands[1]:
            layer.features = given._data.reshape(-1, given.shape[-1])
            layer.has_bias = name == "addmm" or (name == "linear" and inputs[2] is not None)
        layer.hidden = given.requires_grad
        return layer
    return None


def weight_index(weight: Any, places: dict[int, int]) -> int | None:
    """Return which parameter a tensor is, itself or transposed; None if it is none."""
    if not isinstance(weight, tensors.Tensor):
        return None
    leaf: Any = weight
    node = weight.grad_fn
    if node is not None and weight.ndim == 2 and all(each is None for each in node.edges[1:]):
        leaf = node.edges[0]
    return places.get(id(leaf))


def measure_features(layer: Layer) -> None:
    """Work out the singular values of the features of a layer."""
    if layer.features is not None:
        layer.features = varying(layer.features)
        layer.feature_values = singular_values(layer.features)


def varying(features: ndarray) -> ndarray:
    """Return those columns of the features that are not the same number for every sample, in float64.

    A pixel that is always black, or a unit that is always off, is no direction that a layer could use, and harmless.
    """
    rows = features[: max(ROWS * features.shape[1], 256)].astype(np.float64)
    return rows[:, np.any(rows != rows[:1], axis=0)] if len(rows) else rows


def noise(matrix: ndarray, terms: int = 1) -> float:
    """Return the largest singular value that rounding alone gives a matrix of these numbers.

    Each is off by a uniform error of up to half a unit in the last place, EPSILON / sqrt(12) of its size as a standard
    deviation, and by sqrt(terms) of that if it is a sum of so many; the norm of an m x n matrix of independent errors
    is (sqrt(m) + sqrt(n)) standard deviations.

    Source: Davidson and Szarek, "Local operator theory, random matrices and Banach spaces", 2001, theorem II.13.
    """
    if matrix.size == 0:
        return 0.0
    m, n = matrix.shape
    size = float(np.sqrt(np.mean(np.square(matrix))))
    return math.sqrt(terms) * (math.sqrt(m) + math.sqrt(n)) * EPSILON / math.sqrt(12) * size


def find_slopes(tape: list[Any], layers: list[Layer]) -> list[Slopes]:
    """Return the slopes of every activation that layers follow on, in the order in which they ran."""
    if not layers:
        return []
    hidden = set(autograd.collect([layers[-1].node]))
    found = []
    for op, inputs, result, _ in tape:
        if not isinstance(result, tensors.Tensor):
            continue
        node = result.grad_fn
        if node is None or node not in hidden or node.several or result.ndim < 2:
            continue
        relative, two_sided = slopes_of(op, inputs, node)
        if relative is None:
            continue
        below = [layer for layer in layers if layer.node is node or layer.node in set(autograd.collect([node]))]
        by_channel = bool(below) and below[-1].node.op.__name__ in CONVOLUTIONS
        relative = np.moveaxis(relative, 1, -1) if by_channel else relative
        relative = relative.reshape(-1, relative.shape[-1])
        found.append(Slopes(place_of(node), relative, two_sided, below[-1] if below else None))
    return found


def slopes_of(op: Any, inputs: tuple[Any, ...], node: Node) -> tuple[Any, bool]:
    """Return the slopes of an operation as shares of its largest, and whether both its ends are flat; None if none.

    An activation works on each number of one tensor alone: its Jacobian is diagonal, which is tried with a random
    vector. It is flat somewhere, and not flat everywhere.
    """
    if op.__name__ == "linear":
        activation = inputs[3]
        if activation == "none":
            return None, False
        output = (node.saved or ())[2]
        slopes: Any = ACTIVATIONS[activation](np.ones_like(output), output)
        return share_of_largest(slopes, PROBES[activation])
    if len([each for each in inputs if hasattr(each, "shape") or isinstance(each, (tuple, list))]) != 1:
        return None, False
    if len(node.edges) == 0 or type(node.edges[0]) is list or op.__name__ in NO_ACTIVATIONS:
        return None, False
    shape = edge_shape(node.edges[0])
    if shape != node.shape:
        return None, False
    slopes = first(node.vjp(np.ones(shape, node.dtype), *node.saved or ()))
    vector = np.random.default_rng(0).standard_normal(shape).astype(node.dtype)
    if slopes is None or np.shape(slopes) != shape:
        return None, False
    along = first(node.vjp(vector, *node.saved or ()))
    if not np.allclose(along, slopes * vector, rtol=1e-4, atol=1e-6):
        return None, False
    probe = wrap(PROBE.astype(node.dtype))
    probe.requires_grad = True
    try:
        (profile,) = autograd.grad(op(probe, *inputs[1:]).sum(), probe)
    except (TypeError, ValueError, RuntimeError):
        return None, False
    return share_of_largest(slopes, np.abs(profile._data))


#: Pre-activations between which every activation in use rises, and beyond which it is flat or straight.
PROBE = np.linspace(-20, 20, 401)
PROBES = {
    "relu": (PROBE > 0).astype(np.float64),
    "tanh": 1 / np.cosh(PROBE) ** 2,
    "sigmoid": 0.25 / np.cosh(PROBE / 2) ** 2,
}
#: They drop numbers at random.
NO_ACTIVATIONS = ("drop", "dropout", "dropout2d", "rrelu")


def share_of_largest(slopes: ndarray, profile: ndarray) -> tuple[Any, bool]:
    """Return the slopes as shares of the largest of a profile; None if it is flat nowhere, or the same everywhere."""
    largest = np.max(profile)
    if not np.all(np.isfinite(profile)) or not largest > 0:
        return None, False
    # One that goes on to become steeper (exp, square) has no largest slope to compare with.
    if profile[0] > 1.01 * profile[20] or profile[-1] > 1.01 * profile[-21]:
        return None, False
    low, high = profile[0] <= FLAT * largest, profile[-1] <= FLAT * largest
    if not (low or high):
        return None, False
    return np.minimum(np.abs(slopes) / largest, 1.0), bool(low and high)


def first(grads: Any) -> Any:
    """Return the first of what a rule gave."""
    return grads[0] if isinstance(grads, (tuple, list)) else grads


def edge_shape(edge: Any) -> Any:
    """Return the shape of the tensor behind an edge."""
    if type(edge) is tuple:
        return edge[0].shape[edge[1]]
    return getattr(edge, "shape", None)


def place_of(node: Node) -> str:
    """Return ``relu in mlp.1``, or ``relu at train.py:17`` outside of a module of its own."""
    if node.module and node.code is None:
        return f"{node.name} in {node.module}"
    where = "" if node.code is None else str(resolve(node.code, node.lasti))
    if node.module:
        return f"{node.name} in {node.module}"
    return f"{node.name} at {where}" if where else node.name
