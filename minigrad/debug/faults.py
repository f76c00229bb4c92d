"""What counts as a fault, and why the bound is where it is. Each judge returns the findings of one kind.

No bound is a number that was tried out: each follows from a theorem, from how numbers are rounded in float32, or from
the symmetry of starting values, and its docstring says how.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad import tensors
from minigrad.debug.layer_figures import EPSILON, FLAT, Layer, Slopes, noise, singular_values, varying
from minigrad.debug.report import Finding, shown
from minigrad.debug.trials import losses_ahead, steps_to_grow
from minigrad.errors import describe_node
from minigrad.optim.sgd import SGD

#: The chance of a false alarm that a judgement by chance accepts, for one layer at its start.
CHANCE = 0.01


def exploding_loss(found: Any, known: list[Finding]) -> list[Finding]:
    """A loss that is not finite, or one that no output of a healthy size can have.

    A network whose weights keep the variance of what passes through returns outputs of the size of its inputs. For
    hidden layers of n units chance changes the logarithm of the squared size by a standard deviation of
    ``sqrt(sum(5 / n))``, and the output is a normal number of that size; three standard deviations of each are allowed.
    The loss is then compared with that of wrong outputs of the largest such size: the model's own, shrunk and given to
    the wrong samples. So a model with large outputs that are right is not accused.

    Source: Hanin and Nica, "Products of many large random matrices and gradients in deep neural networks", 2018.
    """
    loss = found.loss.item()
    remedy = "Start from smaller weights (nn.init), or put a normalisation or a smaller learning rate where it grows."
    if not math.isfinite(loss):
        where = first_bad(found.tape)
        figures = {"loss": loss, "first": where}
        sentence = f"The loss is {loss}; the first number that is not finite came from {where}."
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
        f"The loss is {loss:.3g}; that of an output of zeros is {shown(found.zero_loss)}, and outputs of the inputs' "
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
    return root_mean_square(features) * 3 * math.exp(1.5 * math.sqrt(variance))


def root_mean_square(array: np.ndarray) -> float:
    """Return the root of the mean of the squares, in float64."""
    return float(np.sqrt(np.mean(np.square(array.astype(np.float64)))))


def first_bad(tape: list[Any]) -> str:
    """Return which operation of the model was the first to return a number that is not finite."""
    for op, _, result, _ in tape:
        if isinstance(result, tensors.Tensor) and not np.all(np.isfinite(result._data)):
            node = result.grad_fn
            return op.__name__ if node is None else describe_node(node)
    return "the loss"


def uneven_gradients(found: Any, known: list[Finding]) -> list[Finding]:
    """Layers that learn nothing that the loss could show.

    A small step of gradient descent lowers the loss by lr times the sum of the layers' squared gradient norms. Where a
    layer's share of that sum is below EPSILON, the loss in float32 is the same number whether the layer learns or not.
    """
    layers = [layer for layer in found.layers if found.gradients[layer.index] is not None]
    total = sum([layer.grad_norm**2 for layer in layers])
    if not found.finite or not total > 0:
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


def uneven(name: str, weak: list[Layer], strongest: Layer, layers: list[Layer]) -> Finding:
    """Return the finding about layers whose gradient is lost beside that of another."""
    least = min(weak, key=Layer.gradient)
    ratio = least.grad_norm / strongest.grad_norm
    distance = abs(layers.index(strongest) - layers.index(least))
    factor = ratio ** (1 / distance)
    places = least.name if len(weak) == 1 else f"{least.name} and {len(weak) - 1} more"
    sentence = (
        f"The gradient's norm is {least.grad_norm:.2g} at {least.name} and {strongest.grad_norm:.2g} at "
        f"{strongest.name}, a factor of {factor:.2g} a layer: its share of what a step gains is "
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


def weight_rank(layer: Layer) -> int:
    """Return the rank of a weight: its singular values above what rounding its numbers gives."""
    return int(np.sum(layer.singular_values > noise(layer.weight)))


def feature_rank(layer: Layer) -> int:
    """Return the rank of the features that vary: their singular values above what rounding sums of them gives."""
    features, values = layer.features, layer.feature_values
    if features is None or values is None:
        return 0
    return int(np.sum(values > noise(features, max(features.shape[1], 1))))


def rank_deficient(found: Any, known: list[Finding]) -> list[Finding]:
    """Layers that are fed, or let through, fewer directions than they have room for.

    Three matrices are looked at. The *data*: columns of one length whose smallest singular value is below
    ``sqrt(EPSILON)`` of the largest, because the Hessian of a linear layer has the squares, and the smallest is then
    lost in rounding beside the largest. A *weight* of less than full rank, up to the rounding of its numbers: a matrix
    of random numbers has full rank with probability 1. *Hidden features* of a lower rank than what their layer was
    given: an activation of independent directions, one each, does not make them dependent.
    """
    dead = {each.layer for each in found.slopes if each.layer is not None and is_dead(each)}
    findings = []
    for layer in found.layers:
        finding = deficient_data(layer) if not layer.hidden else None
        finding = finding or deficient_weight(layer)
        if finding is None and layer.hidden and not dead.intersection(layer.before):
            finding = deficient_features(layer)
        if finding is not None:
            findings.append(finding)
    return findings


def deficient_data(layer: Layer) -> Finding | None:
    """Return a finding if the columns of the data depend on each other, and there are enough rows to see it."""
    if layer.features is None:
        return None
    features = supported(layer.features)
    if features.size == 0:
        return None
    values = singular_values(features / np.linalg.norm(features, axis=0))
    if len(values) == 0 or values[-1] >= math.sqrt(EPSILON) * values[0]:
        return None
    rank = int(np.sum(values >= math.sqrt(EPSILON) * values[0]))
    sentence = (
        f"What {layer.name} is fed, {features.shape}, has rank {rank} of {features.shape[1]}: the condition number is "
        f"{values[0] / max(values[-1], 1e-300):.1e}. Along {features.shape[1] - rank} directions of the weights the "
        "loss does not change."
    )
    figures = {"rank": rank, "columns": features.shape[1], "condition": float(values[0] / max(values[-1], 1e-300))}
    remedy = "Drop columns that follow from others, or project onto the leading singular vectors (PCA)."
    return Finding("rank-deficient features", layer.name, figures, sentence, remedy)


def supported(features: np.ndarray) -> np.ndarray:
    """Return those columns that vary in enough rows to tell whether they depend on each other.

    A column that differs from its commonest number in m rows is a combination of d other columns there by chance if
    m <= d: so many equations have a solution. Rare pixels of a small batch are such columns.
    """
    variations = []
    for column in features.T:
        _, counts = np.unique(column, return_counts=True)
        variations.append(len(column) - int(np.max(counts, initial=0)))
    kept = np.ones(features.shape[1], bool)
    while np.any(kept):
        enough = kept & (np.array(variations) >= int(np.sum(kept)))
        if np.array_equal(enough, kept):
            break
        kept = enough
    return features[:, kept]


def deficient_weight(layer: Layer) -> Finding | None:
    """Return a finding if the rows and columns of a weight that are not zeros depend on each other."""
    rows, columns = np.any(layer.weight, axis=1), np.any(layer.weight, axis=0)
    weight = layer.weight[rows][:, columns]
    values = singular_values(weight)
    if len(values) == 0 or values[-1] > noise(weight):
        return None
    rank = int(np.sum(values > noise(weight)))
    sentence = (
        f"The weight of {layer.name}, {layer.weight.shape}, has rank {rank} of {len(values)}: singular value "
        f"{rank + 1} is {values[rank]:.1e} beside {values[0]:.2g}, so its features have rank {rank} too."
    )
    figures = {"rank": rank, "full_rank": len(values), "sigma_max": float(values[0]), "sigma_min": float(values[-1])}
    remedy = "Draw the starting values at random (nn.init.xavier_uniform_): equal units stay equal for ever."
    return Finding("rank-deficient features", layer.name, figures, sentence, remedy)


def deficient_features(layer: Layer) -> Finding | None:
    """Return a finding if hidden features have a lower rank than what the layer before them was given."""
    before = layer.before[-1] if layer.before else None
    if before is None or layer.features is None or before.features is None:
        return None
    given = before.features
    if before.has_bias:
        given = np.concatenate([given, np.ones((len(given), 1))], axis=1)
    values = singular_values(given)
    # With room to spare between what counts as a direction before and after.
    sure = int(np.sum(values > math.sqrt(EPSILON) * values[:1]))
    features = supported(layer.features)
    # Features that vary in few rows tell nothing; that none varies at all does.
    room = min(features.shape[1] if layer.features.size else before.width, sure)
    values = singular_values(features)
    rank = int(np.sum(values > noise(features, max(features.shape[1], 1))))
    if rank >= room - (before.has_bias and not layer.features.size):
        return None
    sentence = (
        f"The features that {layer.name} is fed have rank {rank}, where {before.name} was given {sure} directions: "
        f"{room - rank} are lost, and no layer behind brings them back."
    )
    figures = {"rank": rank, "rank_before": sure, "width": before.width}
    remedy = f"Draw the starting values of {before.name} at random (nn.init.xavier_uniform_), or widen it."
    return Finding("rank-deficient features", layer.name, figures, sentence, remedy)


def is_dead(slopes: Slopes) -> bool:
    """Return whether the units of a one-sided activation are off by more than chance: see ``flat_units``."""
    if slopes.off == slopes.units:
        return True
    by_chance = tail(slopes.off, slopes.off + slopes.on)
    return 2 * slopes.off > slopes.units and by_chance < CHANCE and 1 - slopes.flat_share < 0.5 / 2


def flat_units(found: Any, known: list[Finding]) -> list[Finding]:
    """Units that pass no gradient back: dead (one-sided activations) or saturated (two-sided ones).

    A slope is flat below 1% of the activation's largest, tanh's at 3: pre-activations of variance 1, which starting
    values and normalisation aim at, are beyond that once in 370. Tanh and sigmoid are *saturated* where most of their
    slopes on the batch are flat, so that the typical one is.

    For a relu half of the slopes are flat by right, because starting values are symmetric about 0; the weights are
    scaled for the other half. For the same reason a unit is as likely to be on for all samples as to be off for all.
    Units are *dead* where most of a layer's are off for every sample, a fair coin would give so many more off than on
    with a probability below CHANCE, and the layer passes less than half of the half; or where none is left.
    """
    findings = []
    for each in found.slopes:
        if each.two_sided and each.flat_share > 0.5:
            findings.append(saturated(each))
        elif not each.two_sided and is_dead(each):
            findings.append(dead(each))
    return findings


def dead(slopes: Slopes) -> Finding:
    """Return the finding about dead units."""
    share = slopes.off / slopes.units
    sentence = (
        f"{slopes.off} of {slopes.units} units ({share:.0%}) are off for all {len(slopes.relative)} samples, and "
        f"{slopes.on} on for all: no gradient passes the {slopes.off}, so they stay off."
    )
    figures = {"off": slopes.off, "on": slopes.on, "units": slopes.units, "share": share}
    remedy = "Lower the learning rate, set the biases to 0 and draw the weights anew, or use leaky_relu."
    return Finding("dead units", slopes.name, figures, sentence, remedy)


def saturated(slopes: Slopes) -> Finding:
    """Return the finding about saturated units."""
    median = float(np.median(slopes.relative))
    sentence = (
        f"{slopes.flat_share:.0%} of the slopes are below {FLAT:.2g} of the largest, half of them below {median:.1g}: "
        "for most samples the units pass almost no gradient back."
    )
    figures = {"flat_share": slopes.flat_share, "median_slope": median, "off": slopes.off, "units": slopes.units}
    remedy = "Standardise the inputs, start from smaller weights (nn.init.xavier_uniform_), or normalise before it."
    return Finding("saturated units", slopes.name, figures, sentence, remedy)


def tail(heads: int, throws: int) -> float:
    """Return the probability of at least so many heads in throws of a fair coin."""
    return sum([math.comb(throws, each) for each in range(heads, throws + 1)]) / 2**throws


def large_learning_rate(found: Any, known: list[Finding]) -> list[Finding]:
    """A step beyond which a quadratic loss diverges: for gradient descent lr > 2 / lambda_max.

    Before the first step theory is all that is known, and it decides for SGD; as it does of a model that is worse than
    an output of zeros. One that has learned something at a rate is another matter: training settles where lambda_max is
    about 2 / lr and stays there, because the curvature falls when the steps grow. So then a factor of 2 is needed,
    where this no longer holds (lr > 4 / lambda_max), or that the optimizer's next steps, tried on copies, make the
    model worse than it is and than an output of zeros. The same trial decides for Adam, whose scales mean nothing
    before the first step.

    Source: Cohen et al. 2021 (as in ``curvature.py``); Lewkowycz et al., "The large learning rate phase of deep
    learning: the catapult mechanism", 2020 (the factor of 2).
    """
    optimizer = found.optimizer
    if optimizer is None or found.excess is None or not math.isfinite(found.excess):
        return adam_at_start(found)
    if found.excess <= 1:
        return []
    losses: list[float] = []
    learned = found.zero_loss is None or found.loss.item() <= found.zero_loss
    if optimizer.has_stepped and learned and (found.excess <= 2 or not isinstance(optimizer, SGD)):
        momentum = max([momentum_of(optimizer, group) for group in optimizer.param_groups])
        losses = losses_ahead(found.subject, optimizer, min(steps_to_grow(found.excess, momentum), 50))
        if not worsens(found, losses):
            return []
    return [too_large(found, losses)]


def momentum_of(optimizer: Any, group: dict[str, Any]) -> float:
    """Return the share of the last step that the next one keeps."""
    return float(group["momentum"] if isinstance(optimizer, SGD) else group["betas"][0])


def adam_at_start(found: Any) -> list[Finding]:
    """Judge an Adam that has no moments yet by the steps that its momentum remembers, ``1 / (1 - beta1)``."""
    from minigrad.debug.curvature import has_theory

    optimizer = found.optimizer
    if optimizer is None or not found.finite or not has_theory(optimizer) or isinstance(optimizer, SGD):
        return []
    memory = max([1 / (1 - group["betas"][0]) for group in optimizer.param_groups])
    losses = losses_ahead(found.subject, optimizer, min(math.ceil(memory), 50))
    return [too_large(found, losses)] if worsens(found, losses) else []


def worsens(found: Any, losses: list[float]) -> bool:
    """Return whether the last loss is above the first, and above that of an output of zeros."""
    bound = max(losses[0], losses[0] if found.zero_loss is None else found.zero_loss)
    return not losses[-1] <= bound


def too_large(found: Any, losses: list[float]) -> Finding:
    """Return the finding about a learning rate."""
    optimizer = found.optimizer
    lr = max([float(group["lr"]) for group in optimizer.param_groups])
    figures: dict[str, Any] = {"lr": lr, "lambda_max": found.largest}
    sentence = f"lr is {lr:.3g}"
    remedy = "Lower it by a factor of 10, or warm it up."
    if found.excess is not None:
        limit = lr / found.excess
        plain = isinstance(optimizer, SGD) and momentum_of(optimizer, optimizer.param_groups[0]) == 0
        what = "2 / lambda_max" if plain else f"what {type(optimizer).__name__} allows at this curvature"
        sentence += (
            f", {found.excess:.3g} times {what} = {limit:.3g} (lambda_max {found.largest:.3g}): along that eigenvector "
            f"each step overshoots"
        )
        figures.update(limit=limit, excess=found.excess)
        remedy = f"Lower it below {limit:.2g}; half of that is a good start."
    if losses:
        sentence += f"; {len(losses) - 1} steps tried on copies take the loss from {losses[0]:.3g} to {losses[-1]:.3g}"
        figures["losses"] = losses
    return Finding("learning rate too large", "", figures, sentence + ".", remedy)


JUDGES = (exploding_loss, uneven_gradients, rank_deficient, large_learning_rate, flat_units)
