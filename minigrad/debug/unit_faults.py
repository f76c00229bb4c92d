"""When units count as dead or saturated."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.debug.layer_figures import FLAT, Slopes
from minigrad.debug.report import Finding

#: The chance of a false alarm that a judgement by chance accepts, for one layer at its start.
CHANCE = 0.01


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
    slopes on the batch are flat, so that the typical one is, in a model that does not explain most of its loss. One
    that does saturates by right: on separable classes the weights of a healthy training grow for ever.

    For a relu half of the slopes are flat by right, because starting values are symmetric about 0; the weights are
    scaled for the other half. For the same reason a unit is as likely to be on for all samples as to be off for all.
    Units are *dead* where most of a layer's are off for every sample, a fair coin would give so many more off than on
    with a probability below CHANCE, and the layer passes less than half of the half; or where none is left.

    Source: Soudry et al., "The implicit bias of gradient descent on separable data", 2018 (weights that grow); He et
    al., "Delving deep into rectifiers", 2015 (the half that weights are scaled for).
    """
    findings = []
    for each in found.slopes:
        if each.two_sided and each.flat_share > 0.5 and not explains_most(found):
            findings.append(saturated(each))
        elif not each.two_sided and is_dead(each):
            findings.append(dead(each))
    return findings


def explains_most(found: Any) -> bool:
    """Return whether the loss is below half of that of the model's own average answer, given to every sample."""
    average = found.loss_of(average_answer)
    return average is not None and found.loss.item() < average / 2


def average_answer(output: np.ndarray) -> np.ndarray:
    """Return an output in which every sample has the average of all."""
    return np.broadcast_to(np.mean(output, axis=0), output.shape).astype(output.dtype)


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
