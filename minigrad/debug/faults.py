"""What counts as a fault, and why the bound is where it is. Each judge returns the findings of one kind.

No bound is a number that was tried out: each follows from a theorem, from how numbers are rounded in float32, or from
the symmetry of starting values, and its docstring says how. Ranks, units and
learning rates have files of their own.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad import tensors
from minigrad.debug.layer_figures import EPSILON, Layer
from minigrad.debug.rank_faults import rank_deficient
from minigrad.debug.rate_faults import large_learning_rate
from minigrad.debug.report import Finding, shown
from minigrad.debug.unit_faults import flat_units
from minigrad.errors import describe_node

#: What a model is given, and what may be bad before it runs.
GIVEN = ("the inputs", "the target", "the parameters")


def exploding_loss(found: Any, known: list[Finding]) -> list[Finding]:
    """A loss that is not finite, or one that no output of a healthy size can have.

    A network whose weights keep the variance of what passes through returns outputs of the size of its inputs, or of 1,
    the size of normalised ones, of what biases stand for and of what a sigmoid makes of nothing. For hidden layers of n
    units chance changes the logarithm of the squared size by a standard deviation of ``sqrt(sum(5 / n))``, and the
    output is a normal number of that size; three standard deviations of each are allowed.
    The loss is then compared with that of wrong outputs of the largest such size: the model's own, shrunk and given to
    the wrong samples. So a model with large outputs that are right is not accused.

    Source: Hanin and Nica, "Products of many large random matrices and gradients in deep neural networks", 2018.
    """
    loss = found.loss.item()
    remedy = "Start from smaller weights (nn.init), or put a normalisation or a smaller learning rate where it grows."
    if not math.isfinite(loss):
        where = first_bad(found)
        figures = {"loss": loss, "first": where}
        sentence = f"The loss is {loss}; the first number that is not finite came from {where}."
        if where in GIVEN:
            remedy = "Clean the data, or start again from parameters that were saved before."
        return [Finding("exploding loss", "", figures, sentence, remedy)]
    largest = healthy_size(found)
    if largest is None:
        return []
    output = found.output._data
    size = root_mean_square(output)
    if size <= largest:
        return []
    wrong = found.loss_of(Shrunk(largest / size))
    if wrong is None or loss <= wrong:
        return []
    sentence = (
        f"The loss is {loss:.3g}; that of an output of zeros is {shown(found.zero_loss)}, and outputs of a healthy "
        f"size, at random, would give {wrong:.3g}. The output has a root mean square of {size:.3g} where "
        f"{largest:.3g} would be large."
    )
    figures = {"loss": loss, "zero_loss": found.zero_loss, "output_size": size, "largest_healthy_size": largest}
    return [Finding("exploding loss", "", figures, sentence, remedy)]


class Shrunk:
    """Outputs of another size that have nothing to do with the target: half of the batch further, each times a factor.

    Args:
        factor: the factor.
    """

    def __init__(self, factor: float) -> None:
        """Keep the factor."""
        self.factor = factor

    def __call__(self, output: np.ndarray) -> np.ndarray:
        """Return them."""
        return (np.roll(output, max(len(output) // 2, 1), axis=0) * self.factor).astype(output.dtype)


def healthy_size(found: Any) -> float | None:
    """Return the largest size that variance-preserving layers would give the output; None where nothing is known."""
    output = found.output
    if not isinstance(output, tensors.Tensor) or output.ndim == 0 or output.dtype.kind != "f" or not found.layers:
        return None
    features = found.layers[0].features
    if features is None or features.size == 0:
        return None
    variance = sum([5 / max(layer.width, 1) for layer in found.layers[:-1]])
    return max(root_mean_square(features), 1.0) * 3 * math.exp(1.5 * math.sqrt(variance))


def root_mean_square(array: np.ndarray) -> float:
    """Return the root of the mean of the squares, in float64."""
    return float(np.sqrt(np.mean(np.square(array.astype(np.float64)))))


def first_bad(found: Any) -> str:
    """Return what was the first to hold a number that is not finite: what was given, or an operation of the model."""
    subject = found.subject
    for name, given in zip(GIVEN, (subject.inputs, [subject.target], subject.parameters)):
        for each in given:
            if isinstance(each, tensors.Tensor) and not np.all(np.isfinite(each._data)):
                return name
    for op, _, result, _ in found.tape:
        if isinstance(result, tensors.Tensor) and not np.all(np.isfinite(result._data)):
            node = result.grad_fn
            return op.__name__ if node is None else describe_node(node)
    return "the loss"


def uneven_gradients(found: Any, known: list[Finding]) -> list[Finding]:
    """Layers that learn nothing that the loss could show.

    A small step of gradient descent lowers the loss by lr times the sum of the layers' squared gradient norms. Where a
    layer's share of that sum is below EPSILON, the loss in float32 is the same number whether the layer learns or not.
    """
    if not found.finite:
        return infinite_gradients(found)
    layers = [layer for layer in found.layers if found.gradients[layer.index] is not None]
    total = sum([layer.grad_norm**2 for layer in layers])
    if not total > 0:
        return []
    strongest = max(layers, key=Layer.gradient)
    lost: dict[str, list[Layer]] = {"vanishing gradient": [], "exploding gradient": []}
    place = layers.index(strongest)
    for index, layer in enumerate(layers):
        if layer.grad_norm**2 < EPSILON * total and not is_cut(found, layer):
            lost["vanishing gradient" if index < place else "exploding gradient"].append(layer)
    findings = []
    for name, weak in lost.items():
        if weak:
            findings.append(uneven(name, weak, strongest, layers))
    return findings


def infinite_gradients(found: Any) -> list[Finding]:
    """Return the finding about gradients that are not finite where the loss is."""
    names = []
    for name, gradient in zip(found.subject.names, found.gradients):
        if gradient is not None and not np.all(np.isfinite(gradient)):
            names.append(name)
    if not names or not math.isfinite(found.loss.item()):
        return []
    sentence = f"The loss is {found.loss.item():.3g}, and the gradient of {', '.join(names)} is not finite."
    remedy = "Look for a slope without bound, as sqrt and log have at 0; add a small number before them."
    return [Finding("exploding gradient", names[0], {"parameters": names}, sentence, remedy)]


def uneven(name: str, weak: list[Layer], strongest: Layer, layers: list[Layer]) -> Finding:
    """Return the finding about layers whose gradient is lost beside that of another."""
    least = min(weak, key=Layer.gradient)
    ratio = least.grad_norm / strongest.grad_norm
    distance = abs(layers.index(strongest) - layers.index(least))
    factor = ratio ** (1 / distance)
    places = least.name if len(weak) == 1 else f"{least.name} and {len(weak) - 1} more"
    sentence = (
        f"The gradient's norm is {least.grad_norm:.2g} in layer {least.name} and {strongest.grad_norm:.2g} in "
        f"layer {strongest.name}, a factor of {factor:.2g} a layer: its share of what a step gains is "
        f"{ratio**2:.1g}, below the {EPSILON:.1g} that a loss in float32 can show."
    )
    remedy = "Use skips (x + f(x)), a normalisation, or starting values that keep the variance (kaiming for relu)."
    if name == "exploding gradient":
        remedy = "Start from smaller weights, or put a normalisation between the layers; clip_grad_norm_ limits a step."
    figures = {
        "grad_norm": least.grad_norm,
        "largest_grad_norm": strongest.grad_norm,
        "share": ratio**2,
        "factor_a_layer": factor,
        "layers": [layer.name for layer in weak],
    }
    return Finding(name, places, figures, sentence, remedy)


def is_cut(found: Any, layer: Layer) -> bool:
    """Return whether a gradient is exactly 0 for another reason: dead units after it, or a weight of zeros."""
    if layer.grad_norm > 0:
        return False
    for each in found.slopes:
        if each.off == each.units:
            return True
    return any(not np.any(other.weight) for other in found.layers)


JUDGES = (exploding_loss, uneven_gradients, rank_deficient, large_learning_rate, flat_units)
