"""Parts of a data set: at random, or with the classes in equal proportion."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.data.arguments import check_generator, real_number
from minigrad.data.datasets import Dataset, Subset, check_dataset
from minigrad.errors import describe, message
from minigrad.ops import Generator, as_tensor, from_numpy, randperm
from minigrad.tensors import Tensor


def random_split(dataset: Dataset, lengths: Sequence[float], generator: Generator | None = None) -> list[Subset]:
    """Return parts of a data set that do not overlap, each with random samples.

    Args:
        dataset: has a length and samples by index.
        lengths: the number of samples of each part, integers that add up to the length of the data set; or fractions
            that add up to 1, rounded down, what is left going to the parts in turn, one sample each, as in PyTorch.
        generator: where the order is drawn from. Default: the generator that ``manual_seed`` seeds.

    Returns:
        A ``Subset`` for each length.

    Raises:
        TypeError: if an argument is of another type.
        ValueError: if a length is negative, or they do not add up.

    Examples:
        >>> import minigrad as mg
        >>> train, test = random_split(range(10), [0.8, 0.2], generator=mg.Generator(0))
        >>> len(train), len(test)
        (8, 2)
        >>> sorted([*train, *test]) == list(range(10))
        True
    """
    check_dataset("random_split", dataset)
    check_generator("random_split", generator)
    counts = part_lengths(lengths, len(dataset))
    order = randperm(len(dataset), generator=generator).numpy()
    parts = []
    start = 0
    for count in counts:
        parts.append(Subset(dataset, order[start : start + count]))
        start += count
    return parts


def part_lengths(lengths: Any, total: int) -> list[int]:
    """Return the number of samples of each part.

    Raises:
        TypeError: if the lengths are no sequence of numbers; ValueError: if they do not add up.
    """
    if not isinstance(lengths, (list, tuple)):
        raise TypeError(
            message(
                "random_split",
                f"lengths must be a list or tuple, got {describe(lengths)}.",
                "Write the length of each part, [80, 20], or its fraction, [0.8, 0.2].",
            )
        )
    for length in lengths:
        if not real_number("random_split", "a length", length) >= 0:
            raise ValueError(message("random_split", f"lengths must not be negative, got {list(lengths)}."))
    if all(isinstance(length, (int, np.integer)) for length in lengths):
        if sum(lengths) != total:
            raise ValueError(
                message(
                    "random_split",
                    f"the lengths {list(lengths)} add up to {sum(lengths)}, but the data set has {total} samples.",
                    "Give fractions that add up to 1, such as [0.8, 0.2], to have them worked out.",
                )
            )
        return [int(length) for length in lengths]
    if not math.isclose(sum(lengths), 1):
        raise ValueError(
            message(
                "random_split",
                f"the fractions {list(lengths)} must add up to 1, they add up to {sum(lengths)}.",
                "Let the last be what the others leave: [0.7, 1 - 0.7]; integers count samples instead.",
            )
        )
    counts = [math.floor(total * length) for length in lengths]
    for k in range(total - sum(counts)):
        counts[k % len(counts)] += 1
    return counts


def stratified_split(
    target: Tensor | np.ndarray | Sequence[int], fraction: float = 0.2, seed: int = 0
) -> tuple[Tensor, Tensor]:
    """Return indices for training and for testing, with the classes in equal proportion in both.

    Args:
        target: (N,) integers or bools, the class of each sample; at least two of each.
        fraction: how much of each class is for testing, between 0 and 1. The number is rounded, and both sides get at
            least one sample of each class.
        seed: the same seed gives the same split; independent of ``manual_seed``.

    Returns:
        ``(train_index, test_index)``, both 1-d int64 and in random order; together each index once.

    Raises:
        TypeError: if the classes are no integers, or an argument is of another type.
        ValueError: if ``target`` is empty or not 1-d, a class has a single sample, or ``fraction`` is not between 0
            and 1.

    Examples:
        >>> import minigrad as mg
        >>> target = mg.tensor([0] * 10 + [1] * 5)
        >>> train_index, test_index = stratified_split(target, fraction=0.2, seed=0)
        >>> sorted(target[test_index].tolist())
        [0, 0, 1]
    """
    share = real_number("stratified_split", "fraction", fraction)
    if not 0 < share < 1:
        raise ValueError(
            message(
                "stratified_split",
                f"fraction must be between 0 and 1, got {fraction}.",
                "It is the share for testing; divide a number of samples by len(target).",
            )
        )
    labels = checked_classes(target)
    order = randperm(len(labels), generator=Generator(seed)).numpy()
    shuffled = labels[order]
    for_test = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        places = np.flatnonzero(shuffled == label)
        count = min(max(round(share * len(places)), 1), len(places) - 1)
        for_test[places[:count]] = True
    return from_numpy(order[~for_test]), from_numpy(order[for_test])


def checked_classes(target: Any) -> np.ndarray:
    """Return the class of each sample as an array.

    Raises:
        TypeError: if they are no integers; ValueError: if they are not in one axis, or a class has a single sample.
    """
    labels = as_tensor(target).detach().numpy()
    if labels.ndim != 1 or len(labels) == 0:
        raise ValueError(
            message(
                "stratified_split",
                f"target must have one axis and at least one element, got {describe(labels)}.",
                "Flatten (N, 1) with target.flatten(); make labels of one-hot rows with target.argmax(1).",
            )
        )
    if labels.dtype.kind == "f":
        raise TypeError(
            message(
                "stratified_split",
                f"the classes must be integers, got {describe(target)}.",
                "random_split splits without classes.",
            )
        )
    classes, counts = np.unique(labels, return_counts=True)
    if counts.min() < 2:
        raise ValueError(
            message(
                "stratified_split",
                f"class {classes[counts.argmin()]} has a single sample, which cannot be on both sides.",
                "Leave it out, or use random_split.",
            )
        )
    return labels
