"""When features count as rank-deficient: data, weights and hidden features, each with the bound that it has."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.debug.layer_figures import EPSILON, Layer, noise, singular_values
from minigrad.debug.report import Finding
from minigrad.debug.unit_faults import is_dead

#: A weight may have been rounded a few times on its way: drawn, scaled, updated, written to a file.
ROUNDINGS = 4


def weight_rank(layer: Layer) -> int | None:
    """Return the rank of a weight: its singular values above what rounding its numbers gives; None if not known."""
    if len(layer.singular_values) == 0:
        return None
    return int(np.sum(layer.singular_values > noise(layer.weight, ROUNDINGS)))


def feature_rank(layer: Layer) -> int | None:
    """Return the rank of the features that vary: their singular values above what rounding sums of them gives."""
    features, values = layer.features, layer.feature_values
    if features is None or values is None or (features.size and len(values) == 0):
        return None
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
    findings: list[Finding] = []
    poor: set[Layer] = set()
    for layer in found.layers:
        told = [None if layer.hidden else deficient_data(layer), deficient_weight(layer)]
        # What dead units or a poor weight have done to the features is told there.
        if told[1] is None and layer.hidden and not (dead | poor).intersection(layer.before):
            told.append(deficient_features(layer))
        for finding in told:
            if finding is not None:
                findings.append(finding)
                poor.add(layer)
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
        f"What layer {layer.name} is fed, {features.shape}, has rank {rank} of {features.shape[1]}: the condition "
        f"number is {values[0] / max(values[-1], 1e-300):.1e}. Along {features.shape[1] - rank} directions of the "
        "weights the loss does not change."
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
    values = layer.singular_values if np.all(rows) and np.all(columns) else singular_values(weight)
    if len(values) == 0 or values[-1] > noise(weight, ROUNDINGS):
        return None
    rank = int(np.sum(values > noise(weight, ROUNDINGS)))
    sentence = (
        f"The weight of layer {layer.name}, {layer.weight.shape}, has rank {rank} of {len(values)}: singular value "
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
    if features.size and len(values) == 0:
        return None
    rank = int(np.sum(values > noise(features, max(features.shape[1], 1))))
    # One direction may go: a normalisation takes the mean out, a softmax fixes the sum.
    if rank >= room - 1:
        return None
    sentence = (
        f"The features that layer {layer.name} is fed have rank {rank}, where layer {before.name} was given {sure} "
        f"directions: {room - rank} are lost, and no layer behind brings them back."
    )
    figures = {"rank": rank, "rank_before": sure, "width": before.width}
    remedy = f"Draw the starting values of layer {before.name} at random (nn.init.xavier_uniform_), or widen it."
    return Finding("rank-deficient features", layer.name, figures, sentence, remedy)
