"""What the subscripts of ``einsum`` say: which axes of its operands are the same, and which are in the result."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from minigrad.errors import message

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#: The axes of an ellipsis are numbered from here on, the last one first.
ELLIPSIS = len(LETTERS)

FORM = 'Write it like einsum("bij,bjk->bik", x, y), or einsum("...i,i", x, y).'


class Labels(NamedTuple):
    """Which axes are the same.

    Attributes:
        inputs: a number for each axis of each operand; equal numbers are the same axis.
        output: the numbers of the result's axes; what is missing is summed over.
        sizes: pairs of a label and its length.
    """

    inputs: tuple[tuple[int, ...], ...]
    output: tuple[int, ...]
    sizes: tuple[tuple[int, int], ...]


@lru_cache(1024)
def labels_of(
    terms: tuple[tuple[Any, ...], ...], output: tuple[Any, ...] | None, shapes: tuple[tuple[int, ...], ...]
) -> Labels:
    """Return the labels of the operands' and the result's axes; kept for the next call.

    Args:
        terms: for each operand numbers of letters, and at most one Ellipsis.
        output: likewise for the result; None for what is not repeated, in the order of the letters, behind the axes of
            the ellipsis.
        shapes: of the operands.

    Raises:
        ValueError: if they do not fit.
    """
    inputs = []
    for number, (term, shape) in enumerate(zip(terms, shapes, strict=True)):
        inputs.append(expanded(term, len(shape), number))
    sizes = sizes_of(inputs, shapes)
    covered = sorted([label for label in sizes if label >= ELLIPSIS], reverse=True)
    result: list[int] = []
    if output is None:
        named = [label for labels in inputs for label in labels if label < ELLIPSIS]
        result = covered + sorted([label for label in set(named) if named.count(label) == 1])
    else:
        for each in output:
            result += covered if each is Ellipsis else [each]
    for label in result:
        if label not in sizes or result.count(label) > 1:
            problem = "is in no operand" if label not in sizes else "is named twice"
            raise ValueError(message("einsum", f"the subscript {shown(label)} of the result {problem}.", FORM))
    return Labels(tuple(inputs), tuple(result), tuple(sorted(sizes.items())))


def expanded(term: Sequence[Any], ndim: int, number: int) -> tuple[int, ...]:
    """Return the labels of one operand's axes, with those of its ellipsis."""
    covered = ndim - len(term) + 1 if Ellipsis in term else 0
    if covered < 0 or (Ellipsis not in term and len(term) != ndim):
        written = "".join([shown(each) for each in term])
        raise ValueError(
            message(
                "einsum",
                f"operand {number} has {ndim} axes, and {len(term) - (Ellipsis in term)} subscripts, {written!r}.",
                "Give each axis a letter, or let an ellipsis stand for some: '...i'.",
            )
        )
    labels: list[int] = []
    for each in term:
        labels += range(ELLIPSIS + covered - 1, ELLIPSIS - 1, -1) if each is Ellipsis else [each]
    return tuple(labels)


def sizes_of(inputs: Sequence[tuple[int, ...]], shapes: Sequence[tuple[int, ...]]) -> dict[int, int]:
    """Return the length of each label, which broadcasts between operands.

    Raises:
        ValueError: if two lengths do not agree.
    """
    sizes: dict[int, int] = {}
    for number, (labels, shape) in enumerate(zip(inputs, shapes, strict=True)):
        own: dict[int, int] = {}
        for label, size in zip(labels, shape, strict=True):
            known = sizes.get(label, 1)
            if own.setdefault(label, size) != size or (known != size and 1 not in (known, size)):
                other = own[label] if own[label] != size else known
                raise ValueError(
                    message(
                        "einsum",
                        f"the subscript {shown(label)} stands for axes of length {other} and {size}; operand {number} "
                        f"is {shape}.",
                        "Equal subscripts need equal lengths, or 1 between operands.",
                    )
                )
            if known == 1:
                sizes[label] = size
    return sizes


def shown(label: Any) -> str:
    """Return a label as it was written."""
    return "..." if label is Ellipsis or label >= ELLIPSIS else LETTERS[label]


@lru_cache(1024)
def parsed(equation: str, number: int) -> tuple[tuple[tuple[Any, ...], ...], tuple[Any, ...] | None]:
    """Return the terms of an equation, and that of the result or None; kept for the next call.

    Raises:
        ValueError: if it is not well-formed, or not for this number of operands.
    """
    left, arrow, right = equation.partition("->")
    terms = tuple([term_of(part, equation) for part in left.split(",")])
    if len(terms) != number:
        raise ValueError(message("einsum", f"{equation!r} is for {len(terms)} operands, got {number}.", FORM))
    return terms, term_of(right, equation) if arrow else None


def term_of(part: str, equation: str) -> tuple[Any, ...]:
    """Return the numbers of the letters of one operand, with an Ellipsis where three dots stand."""
    pieces = part.split("...")
    found: list[Any] = []
    for place, piece in enumerate(pieces):
        found += [Ellipsis] if place > 0 else []
        for letter in piece.replace(" ", ""):
            if letter not in LETTERS or len(pieces) > 2:
                raise ValueError(
                    message(
                        "einsum",
                        f"subscripts are letters, and at most one '...' an operand; got {part!r} in {equation!r}.",
                        FORM,
                    )
                )
            found.append(LETTERS.index(letter))
    return tuple(found)


def listed(part: Any) -> tuple[Any, ...]:
    """Return one sublist of the form ``einsum(x, [0, 1], y, [1, 2])``.

    Raises:
        TypeError: if it is no list; ValueError: if it holds something else than Ellipsis and integers below 52.
    """
    if not isinstance(part, (list, tuple)):
        raise TypeError(message("einsum", f"behind each operand a list of subscripts is needed, got {part!r}.", FORM))
    for each in part:
        if each is not Ellipsis and (isinstance(each, bool) or not isinstance(each, int) or not 0 <= each < ELLIPSIS):
            raise ValueError(
                message("einsum", f"subscripts are Ellipsis and integers from 0 to 51, got {each!r}.", FORM)
            )
    if list(part).count(Ellipsis) > 1:
        raise ValueError(message("einsum", "Ellipsis stands once in a list of subscripts.", FORM))
    return tuple(part)
