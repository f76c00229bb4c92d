"""Nested containers of tensors: taken apart into their leaves, and put together again.

Containers are tuples (named ones too), lists, dicts and dataclass objects; everything else is a leaf.
"""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

from minigrad.errors import describe, message


class Structure:
    """The containers around the leaves of a tree.

    Attributes:
        template: the container that was taken apart; None for a leaf.
        keys: the indices, keys or field names of its parts.
        parts: the structure of each part.
        count: how many leaves there are in it.
    """

    __slots__ = ("count", "keys", "parts", "template")

    def __init__(self, template: Any, keys: list[Any], parts: list[Structure]) -> None:
        """Hold the parts and count the leaves."""
        self.template = template
        self.keys = keys
        self.parts = parts
        self.count: int = sum([part.count for part in parts]) if template is not None else 1

    def __repr__(self) -> str:
        """Return the containers with a star in the place of each leaf."""
        return repr(unflatten(self, [STAR] * self.count))


class _Star:
    """What a leaf is shown as."""

    def __repr__(self) -> str:
        return "*"


STAR = _Star()
LEAF = Structure(None, [], [])


def parts_of(tree: Any) -> tuple[list[Any], list[Any]] | None:
    """Return the keys and the values of a container, or None for a leaf."""
    if isinstance(tree, (tuple, list)):
        return list(range(len(tree))), list(tree)
    if type(tree) in (dict, OrderedDict):
        return list(tree.keys()), list(tree.values())
    # A model may be a dataclass too; what can be called is no container.
    if dataclasses.is_dataclass(tree) and not isinstance(tree, type) and not callable(tree):
        names = [field.name for field in dataclasses.fields(tree) if field.init]
        return names, [getattr(tree, name) for name in names]
    return None


def flatten(tree: Any) -> tuple[list[Any], Structure]:
    """Return the leaves of a tree in order, and what was around them.

    Examples:
        >>> flatten({"w": [1, 2], "b": (3,)})
        ([1, 2, 3], {'w': [*, *], 'b': (*,)})
    """
    leaves: list[Any] = []
    return leaves, collect(tree, leaves)


def collect(tree: Any, leaves: list[Any]) -> Structure:
    """Append the leaves of a tree to a list and return the structure around them."""
    found = parts_of(tree)
    if found is None:
        leaves.append(tree)
        return LEAF
    keys, values = found
    parts = []
    for value in values:
        parts.append(collect(value, leaves))
    return Structure(tree, keys, parts)


def unflatten(structure: Structure, leaves: list[Any]) -> Any:
    """Return a tree of a structure with other leaves: what ``flatten`` took apart, put together."""
    return build(structure, iter(leaves))


def build(structure: Structure, leaves: Iterator[Any]) -> Any:
    """Return the tree of a structure, its leaves taken from an iterator."""
    if structure.template is None:
        return next(leaves)
    values = []
    for part in structure.parts:
        values.append(build(part, leaves))
    template = structure.template
    if isinstance(template, (tuple, list)):
        kind = type(template)
        # A named tuple takes its fields one by one.
        return kind(*values) if hasattr(template, "_fields") else kind(values)
    if isinstance(template, dict):
        return type(template)(zip(structure.keys, values))
    return dataclasses.replace(template, **dict(zip(structure.keys, values)))


def leaves_like(who: str, what: str, tree: Any, structure: Structure) -> list[Any]:
    """Return the leaves of a tree that must have a structure, in the order of that structure's keys.

    Raises:
        ValueError: naming both structures, if they differ.
    """
    leaves: list[Any] = []
    if not gather(tree, structure, leaves, False):
        raise ValueError(
            message(
                who,
                f"{what} must have the structure {structure!r}, got {flatten(tree)[1]!r}.",
                "Nest tensors in the same tuples, lists and dicts.",
            )
        )
    return leaves


def spread(who: str, what: str, prefix: Any, structure: Structure) -> list[Any]:
    """Return one value for each leaf of a structure: a value in ``prefix`` counts for all leaves in its place.

    Raises:
        ValueError: if ``prefix`` is not a beginning of the structure.

    Examples:
        >>> spread("vmap", "in_dims", (0, None), flatten(([1, 2], 3))[1])
        [0, 0, None]
    """
    values: list[Any] = []
    if not gather(prefix, structure, values, True):
        raise ValueError(
            message(
                who,
                f"{what}={describe(prefix)} does not fit the structure {structure!r}.",
                "Give one value for all, or as many as there are arguments (or parts of one), nested in the same way.",
            )
        )
    return values


def gather(tree: Any, structure: Structure, found: list[Any], repeat: bool) -> bool:
    """Append what stands in a tree at each leaf of a structure; return False if it has no such place.

    Args:
        tree: the tree to read.
        structure: whose leaves to look for.
        found: the list to append to.
        repeat: take a leaf of the tree for all leaves of the structure in its place.
    """
    pieces = parts_of(tree)
    if pieces is None:
        if structure.template is not None and not repeat:
            return False
        found += [tree] * structure.count
        return True
    keys, values = pieces
    if structure.template is None or len(keys) != len(structure.keys):
        return False
    by_key = dict(zip(keys, values))
    for key, part in zip(structure.keys, structure.parts):
        if key not in by_key or not gather(by_key[key], part, found, repeat):
            return False
    return True
