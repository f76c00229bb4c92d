"""A batch from a list of samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from minigrad.errors import describe, message
from minigrad.ops import as_tensor, stack, tensor
from minigrad.tensors import Tensor

ARRAYS = (Tensor, np.ndarray, np.generic)
NUMBERS = (bool, int, float)
#: Strings come first: NumPy's are NumPy scalars too.
FAMILIES: tuple[Any, ...] = (str, ARRAYS, NUMBERS, Mapping, (tuple, list))


def default_collate(samples: list[Any]) -> Any:
    """Return a batch: each part of the samples, joined along a new first axis.

    Args:
        samples: of one structure: tensors, arrays, numbers, strings, and tuples, lists and dicts of them.

    Returns:
        For tensors and arrays of one shape (...) a tensor (B, ...) of their dtype; for Python numbers a tensor (B,),
        float32 (or the default dtype) for floats, int64 for ints; for strings the list of them; for tuples, lists
        and dicts the same with a batch in the place of each part.

    Raises:
        TypeError: if a part is something else, or the parts of two samples are of different kinds.
        ValueError: if there is no sample, or shapes, lengths or keys differ.

    Examples:
        >>> default_collate([(1.5, {"label": 0}), (2.5, {"label": 1})])
        (Tensor((2,) float32 | 1.5 2.5), {'label': Tensor((2,) int64 | 0 1)})
    """
    if not isinstance(samples, (list, tuple)):
        raise TypeError(
            message(
                "default_collate",
                f"a list of samples is needed, got {describe(samples)}.",
                "Put a single sample into a list: [sample].",
            )
        )
    if len(samples) == 0:
        raise ValueError(message("default_collate", "at least one sample is needed, got none."))
    return collate(samples, "sample")


def collate(parts: list[Any], where: str) -> Any:
    """Return the batch of one part of the samples, which an error calls ``where``, such as ``sample[0]['image']``."""
    first = parts[0]
    family = family_of(first, where)
    for part in parts:
        if not isinstance(part, family):
            raise TypeError(
                message(
                    "default_collate",
                    f"{where} is {describe(first)} in one sample, {describe(part)} in another.",
                    "Return one type at this place for every sample, or pass DataLoader a collate_fn.",
                )
            )
    if family is ARRAYS:
        return stacked(parts, where)
    if family is NUMBERS:
        return tensor(parts)
    if family is str:
        return parts
    if family is Mapping:
        return collated_mapping(parts, where)
    return collated_sequence(parts, where)


def family_of(part: Any, where: str) -> Any:
    """Return the types that may stand in for each other in a part of the samples.

    Raises:
        TypeError: if there is no batch of such parts.
    """
    for family in FAMILIES:
        if isinstance(part, family):
            return family
    raise TypeError(
        message(
            "default_collate",
            f"{where} must be a tensor, array, number, string, or a tuple, list or dict of them, got {describe(part)}.",
            "Pass DataLoader a collate_fn, a function that makes a batch of a list of samples.",
        )
    )


def stacked(parts: list[Any], where: str) -> Tensor:
    """Return tensors of one shape stacked along a new first axis.

    Raises:
        ValueError: if the shapes differ.
    """
    for part in parts:
        if part.shape != parts[0].shape:
            raise ValueError(
                message(
                    "default_collate",
                    f"{where} has shape {parts[0].shape} in one sample and {part.shape} in another.",
                    "Pad them to one shape, or pass DataLoader a collate_fn.",
                )
            )
    return stack([as_tensor(part) for part in parts])


def collated_mapping(parts: list[Any], where: str) -> dict[Any, Any]:
    """Return the dict of the batches under each key.

    Raises:
        ValueError: if the keys differ.
    """
    keys = list(parts[0])
    for part in parts:
        if set(part) != set(keys):
            raise ValueError(
                message(
                    "default_collate",
                    f"{where} has the keys {keys} in one sample and {list(part)} in another.",
                    "Return the same keys for every sample, or pass DataLoader a collate_fn.",
                )
            )
    return {key: collate([part[key] for part in parts], f"{where}[{key!r}]") for key in keys}


def collated_sequence(parts: list[Any], where: str) -> Any:
    """Return the batches at each place, in a sequence of the first part's type.

    Raises:
        ValueError: if the lengths differ.
    """
    first = parts[0]
    for part in parts:
        if len(part) != len(first):
            raise ValueError(
                message(
                    "default_collate",
                    f"{where} has length {len(first)} in one sample and {len(part)} in another.",
                    "Pad them to one length, or pass DataLoader a collate_fn.",
                )
            )
    batches = [collate([part[k] for part in parts], f"{where}[{k}]") for k in range(len(first))]
    if hasattr(first, "_fields"):
        return type(first)(*batches)
    return batches if isinstance(first, list) else tuple(batches)
